"""What a review asked and what was decided, by whom and why: as a page, as JSON and as CSV. Names are those of the day on which it was opened."""

from __future__ import annotations

import csv as _csv
import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from govern.holdings.marks import safe_cell
from govern.languages import language
from govern.policy.platforms import load_profiles
from govern.register.queries import reviews
from govern.register.queries.reviews import Review
from govern.reports import page

HEAD: Final = (
    "number", "what", "account", "platform", "tier", "person", "name", "role", "since", "reviewer", "state", "decided_by", "decided_at", "reason",
    "still_there",
)  # fmt: skip


def html(db: sqlite3.Connection, review: Review, locale: str, *, now: str) -> str:
    """One page that loads nothing, in one of `govern.languages.LOCALES`; `now` UTC ISO 8601."""
    known = load_profiles()
    lines = [one._replace(platform=known[one.platform].name) if one.platform in known else one for one in reviews.lines(db, review.id)]
    return page.environment(language(locale)).get_template("review.html.j2").render(review=review, lines=lines, now=now)


def as_json(told: Mapping[str, Any]) -> str:
    """The same for programs."""
    return json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line for each, `HEAD` first; no cell is a formula to a spreadsheet program, and no control character stays as it is."""
    out = io.StringIO()
    writer = _csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows([safe_cell(page.plain("" if row[name] is None else str(row[name]))) for name in HEAD] for row in rows)
    return out.getvalue()
