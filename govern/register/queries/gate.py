"""What somebody has not acknowledged or been trained in, and has to before they hold an account: one question, asked by the rules and by commands alike."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.holdings import documents
from govern.holdings.documents import Publication
from govern.policy.house_rules import TRAINING


class Missing(NamedTuple):
    """One thing that the tier asks for. `what`: the document's name, or the subject of a training; `rule`: of `govern.vocabulary.EXCEPTIONS`."""

    rule: str
    what: str


_ASKED: Final = """
SELECT k.what, k.days, d.id FROM accounts a JOIN asked k ON k.tier = a.tier LEFT JOIN documents d ON d.name = k.what
WHERE a.id = ? AND (k.days > 0 OR EXISTS (SELECT 1 FROM document_versions v WHERE v.document = d.id AND v.place IS NOT NULL)) ORDER BY k.what
"""
_EXCEPTED: Final = """
SELECT 1 FROM exceptions WHERE point = ? AND person = ? AND (account IS NULL OR account = ?) AND ended_at IS NULL AND until >= ? LIMIT 1
"""


def publications(db: sqlite3.Connection, document: str) -> list[Publication]:
    """Of one document (id), in order."""
    rows = db.execute(
        "SELECT place, version, deadline FROM document_versions WHERE document = ? AND place IS NOT NULL ORDER BY place", (document,)
    )
    return [Publication(*row) for row in rows]


def acknowledged(db: sqlite3.Connection, document: str, person: str) -> int:
    """The place of the latest publication that this person acknowledged so that it counts; 0 for none."""
    row = db.execute(
        "SELECT max(v.place) FROM acknowledgements k JOIN document_versions v ON v.document = k.document AND v.version = k.version"
        " WHERE k.person = ? AND k.document = ? AND k.counts",
        (person, document),
    ).fetchone()
    return int(row[0] or 0)


def missing(db: sqlite3.Connection, account: str, person: str, today: str) -> list[Missing]:
    """What a person (id) lacks on this day (ISO date) to be granted an account (id), exceptions left out. Nothing that nobody could have signed yet."""
    found = []
    for what, days, document in db.execute(_ASKED, (account,)).fetchall():
        if days:
            subject = what.removeprefix(TRAINING)
            row = db.execute("SELECT max(on_day) FROM trainings WHERE person = ? AND subject = ?", (person, subject)).fetchone()
            lacks, one = not row[0] or documents.trained_until(row[0], days) < today, Missing("training", subject)
        else:
            place = acknowledged(db, document, person)
            last = documents.lapses(publications(db, document), place)
            lacks, one = not place or "" < last < today, Missing("acknowledgement", what)
        if lacks and db.execute(_EXCEPTED, (one.rule, person, account, today)).fetchone() is None:
            found.append(one)
    return found


def must_hold(db: sqlite3.Connection, account: str, person: str, today: str) -> None:
    """Refuse (PL-4, AT-3) a grant to somebody who lacks something."""
    found = missing(db, account, person, today)
    if not found:
        return
    row = db.execute("SELECT handle, tier FROM accounts WHERE id = ?", (account,)).fetchone()
    keys = db.execute(
        "SELECT handle, EXISTS (SELECT 1 FROM keys WHERE person = p.id AND state = 'active') FROM people p WHERE id = ?", (person,)
    )
    who, signs = keys.fetchone() or (None, 0)
    handle, tier, one = row[0], row[1], found[0]
    name = who or "PERSON"
    if one.rule == "training":
        message, control = f"{handle}, of the tier {tier}, asks for a training in {one.what} that is not too old", "AT-3"
        hint = f"govern training add {name} --subject {one.what} --on DATE"
    else:
        message, control = f"{handle}, of the tier {tier}, asks for an acknowledgement of {one.what}", "PL-4"
        hint = (
            f"they sign: govern document ack {one.what}"
            if signs
            else f"print what they sign: govern document sheet {one.what} --person {name} --out FILE"
        )
    raise Refused(
        message, rule=one.rule, control=control,
        hint=f"{hint}; else, with a reason: govern exception add {handle} --point {one.rule} --person {name} --until DATE",
    )  # fmt: skip
