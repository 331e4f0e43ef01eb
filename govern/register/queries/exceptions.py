"""Exceptions from the rules of the house: which stand, which run out, and which have. One query each, however many."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.policy.rules import Policy


class Granted(NamedTuple):
    """One exception. `account`, `person`, `granter`, `ender` are ids, empty for nobody; `until` the last day (ISO) on which it counts."""

    id: str
    point: str
    account: str
    handle: str
    person: str
    until: str
    reason: str
    granter: str
    granted_at: str
    ended_at: str
    ender: str
    entry: int


_EXCEPTIONS: Final = """
SELECT x.id, x.point, x.account, a.handle, x.person, x.until, x.reason, x.granter, x.at, x.ended_at, x.ender, x.entry
FROM exceptions x LEFT JOIN accounts a ON a.id = x.account WHERE (:all OR (x.ended_at IS NULL AND a.state IS NOT 'retired'))
"""


def exceptions(db: sqlite3.Connection, *, point: str = "", account: str = "", person: str = "", ended: bool = False) -> list[Granted]:
    """Of one point, account or person (ids), or all, the one that ends first before the others; also those that were ended where `ended`."""
    where = "".join(f" AND x.{name} = :{name}" for name, value in (("point", point), ("account", account), ("person", person)) if value)
    rows = db.execute(
        f"{_EXCEPTIONS}{where} ORDER BY x.until, x.entry", {"all": ended, "point": point, "account": account, "person": person}
    )
    return [Granted._make(value or "" for value in row) for row in rows]


def standing(db: sqlite3.Connection, point: str, today: str) -> set[tuple[str, str]]:
    """(account or "", person or "") ids of all that count for a point on a day (ISO date)."""
    rows = db.execute(
        "SELECT coalesce(account, ''), coalesce(person, '') FROM exceptions WHERE point = ? AND ended_at IS NULL AND until >= ?",
        (point, today),
    )
    return set(rows)


def ran_out(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """Exceptions whose day has passed without anybody ending or renewing them: the rule counts again, and nobody has said how it is kept."""
    rows = db.execute(
        "SELECT x.id, x.point, a.handle, p.id, p.handle, x.until FROM exceptions x LEFT JOIN accounts a ON a.id = x.account"
        " LEFT JOIN people p ON p.id = x.person WHERE x.ended_at IS NULL AND x.until < ? AND a.state IS NOT 'retired' AND p.left_on IS NULL"
        " ORDER BY x.until, x.entry",
        (today,),
    )
    for id_, point, account, person, who, until in rows:
        subject = account or who or f"former.{(person or id_)[:4]}"
        yield Finding(
            code="exception-over", severity="warning", subject=subject, key=f"exception-over:{id_}", due=until,
            message=f"the exception from {point} ran out on {until}", command=f"govern exception end {id_[:8]}",
            why="once the rule is kept again; or decide anew: govern exception add",
        )  # fmt: skip


QUESTIONS: Final = (ran_out,)
