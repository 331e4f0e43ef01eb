"""Who may publish and speak for which account, as a sheet for the switchboard and the press office. Reads the register; holds no secret and no login."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from govern.holdings.spokespersons import trained_until
from govern.languages import language
from govern.policy.platforms import load_profiles
from govern.register.queries import people, policies, spokespersons
from govern.reports import page


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person at one account. `url` and `mail` are empty where nobody wrote them down; `trained_on`: an ISO date. `too_old`: longer ago than the policy
    allows, so that they are trained again before they speak."""

    account: str
    platform: str
    url: str
    name: str
    mail: str
    department: str
    trained_on: str
    too_old: bool = False


def collect(db: sqlite3.Connection, *, today: str) -> list[Line]:
    """By account and name, as of this day (ISO date). Whoever is leaving or has left is on no list of people to be put through to."""
    rule, known = policies.policy(db).later.spokespersons, load_profiles()
    everybody = {one.id: one for one in people.people(db) if one.status == "active"}
    found = [
        Line(
            account=one.handle, platform=known[one.platform].name if one.platform in known else one.platform, url=one.url,
            name=everybody[one.person].name or everybody[one.person].handle,
            mail=everybody[one.person].mail, department=everybody[one.person].department, trained_on=one.trained_on,
            too_old=rule is not None and trained_until(one.trained_on, rule.training) < today,
        )
        for one in spokespersons.spokespersons(db)
        if one.person in everybody
    ]  # fmt: skip
    return sorted(found, key=lambda line: (line.account, line.name.casefold()))


def html(lines: Sequence[Line], locale: str, *, now: str) -> str:
    """One page that loads nothing, in one of `govern.languages.LOCALES`; `now` UTC ISO 8601."""
    accounts = [(account, list(some)) for account, some in groupby(lines, key=lambda line: line.account)]
    return page.environment(language(locale)).get_template("switchboard.html.j2").render(accounts=accounts, now=now)
