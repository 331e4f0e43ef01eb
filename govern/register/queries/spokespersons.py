"""Who may publish in whose name, and what of it is not in order. One query each, however many accounts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.holdings.spokespersons import SILENT, trained_until
from govern.policy.rules import Policy


class Spokesperson(NamedTuple):
    """Somebody (id) who may publish in an account's name. Days are ISO dates; texts are empty for nothing."""

    id: str
    account: str
    handle: str
    platform: str
    login: str
    url: str
    person: str
    trained_on: str
    evidence: str
    named_at: str
    namer: str
    ended_at: str
    ended_on: str
    ender: str
    entry: int
    ended_entry: int


_SPOKESPERSONS: Final = """
SELECT t.id, t.account, a.handle, a.platform, a.login, a.url, t.person, t.trained_on, t.evidence, t.at, t.namer, t.ended_at, t.ended_on, t.ender,
  t.entry, t.ended_entry
FROM spokespersons t CROSS JOIN accounts a ON a.id = t.account WHERE (:all OR (t.ended_at IS NULL AND a.state = 'active'))
"""


def spokespersons(db: sqlite3.Connection, *, account: str = "", person: str = "", ended: bool = False) -> list[Spokesperson]:
    """Of one account or person (ids), or all, by account; also those who are so no more where `ended`."""
    where = (" AND t.account = :account" if account else "") + (" AND t.person = :person" if person else "")
    asked = {"account": account, "person": person, "all": ended}
    rows = db.execute(f"{_SPOKESPERSONS}{where} ORDER BY a.handle, t.entry", asked)
    return [
        Spokesperson(
            id=row[0], account=row[1], handle=row[2], platform=row[3], login=row[4] or "", url=row[5] or "", person=row[6], trained_on=row[7],
            evidence=row[8] or "", named_at=row[9], namer=row[10], ended_at=row[11] or "", ended_on=row[12] or "", ender=row[13] or "", entry=row[14],
            ended_entry=row[15] or 0,
        )
        for row in rows
    ]  # fmt: skip


_HOLDERS: Final = """
SELECT a.handle, a.id, p.handle, p.id, s.trained_on,
  EXISTS (SELECT 1 FROM spokespersons o WHERE o.account = a.id AND o.ended_at IS NULL)
FROM grants g CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active' JOIN people p ON p.id = g.person
LEFT JOIN spokespersons s ON s.account = g.account AND s.person = g.person AND s.ended_at IS NULL
WHERE g.ended_at IS NULL AND a.platform NOT IN (SELECT value FROM json_each(:silent)) AND (s.id IS NULL OR s.trained_on < :latest)
GROUP BY a.id, p.id ORDER BY a.tier = 'critical' DESC, a.handle, p.handle
"""


def holders(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """Holders of an account that publishes who are not named for it, or whose training is too old (AC-22). Nothing while nobody is named anywhere."""
    rule = policy.later.spokespersons
    if rule is None or db.execute("SELECT 1 FROM spokespersons LIMIT 1").fetchone() is None:
        return
    latest = (date.fromisoformat(today) - timedelta(days=min(rule.training, date.fromisoformat(today).toordinal() - 1))).isoformat()
    for account, id_, person, who, trained_on, begun in db.execute(_HOLDERS, {"silent": json.dumps(SILENT), "latest": latest}):
        told = person or "a former person"
        if trained_on is None:
            yield Finding(
                code="not-spokesperson", severity="warning" if begun else "info", subject=account, key=f"not-spokesperson:{id_}:{who}",
                message=f"{told} holds it, and is not named as one who may publish there",
                command=f"govern spokesperson add {account} {person or 'PERSON'} --trained-on DATE",
                why="or take the account back: govern revoke",
            )  # fmt: skip
        else:
            yield Finding(
                code="training-too-old", severity="warning", subject=account, key=f"training-too-old:{id_}:{who}",
                message=f"{told} may publish there, and was last trained on {trained_on}", due=trained_until(trained_on, rule.training),
                command=f"govern spokesperson add {account} {person or 'PERSON'} --trained-on DATE", why="train them first",
            )  # fmt: skip


def former(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Named people who have left or are leaving: the switchboard would still put people through to them."""
    rows = db.execute(
        "SELECT a.handle, s.id, p.handle FROM spokespersons s CROSS JOIN accounts a ON a.id = s.account AND a.state = 'active'"
        " JOIN people p ON p.id = s.person AND (p.leaving = 1 OR p.left_on IS NOT NULL) WHERE s.ended_at IS NULL ORDER BY a.handle, p.handle"
    )
    for account, id_, person in rows:
        yield Finding(
            code="spokesperson-of-former", severity="warning", subject=account, key=f"spokesperson-of-former:{id_}",
            message=f"{person or 'a former person'} has left or is leaving, and is named as one who may publish there",
            command=f"govern spokesperson end {account} {person or 'PERSON'}", why="and name somebody who stays",
        )  # fmt: skip


QUESTIONS: Final = (holders, former)
