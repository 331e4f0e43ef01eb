"""When each machine has last shown itself: keys in force, and the last entry that each has signed. What a machine only reads nobody can know of it.

A machine that has not written for long may not have read either. Then its pin and its journal are old: somebody who put an old database back would be
noticed there no further than these reach, and less can be filled in again from what it keeps. Control: NIST SP 800-53 rev 5 AC-2(3), SI-7.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from govern.holdings import notices
from govern.holdings.findings import Finding
from govern.policy import later_rules
from govern.policy.rules import Policy
from govern.register.queries.rotation_findings import plus


class Machine(NamedTuple):
    """One key in force (id) and its person (id, handle). `shown`: when it signed its last entry, or was enrolled (UTC)."""

    key: str
    person: str
    handle: str
    shown: str
    is_service: bool

    def due(self, policy: Policy) -> str:
        """The day (ISO date) by which it shows itself."""
        return plus(self.shown[:10], later_rules.reminders(policy.later).stale_pin)

    @property
    def item(self) -> str:
        """What to type of the thing that somebody is reminded of."""
        return notices.thing("stale-pin", self.key)[:8]

    @property
    def command(self) -> str:
        """What its person types there."""
        return "govern tick" if self.is_service else f"govern ack {self.item}"

    @property
    def otherwise(self) -> str:
        """What others type where the machine is not used any more."""
        return f"govern key revoke {self.key[:8]}"


_SHOWN = """
SELECT k.id, p.id, coalesce(p.handle, 'former.' || substr(p.id, 1, 4)), m.at, EXISTS (SELECT 1 FROM services s WHERE s.person = p.id)
FROM keys k CROSS JOIN machines m ON m.key = k.id CROSS JOIN people p ON p.id = k.person
WHERE k.state = 'active' AND NOT p.leaving AND p.left_on IS NULL ORDER BY m.at, k.id
"""


def machines(db: sqlite3.Connection) -> Iterator[Machine]:
    """Of everybody who stays; those that have been silent longest first."""
    for key, person, handle, shown, is_service in db.execute(_SHOWN):
        yield Machine(key, person, handle, shown, bool(is_service))


def silent(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Machine]:
    """Those whose day has come by `today` (ISO date)."""
    return (one for one in machines(db) if "" < one.due(policy) <= today)


def is_silent(db: sqlite3.Connection, policy: Policy, key: str, today: str) -> bool:
    """Whether the machine of this key (id) is to show itself by a day (ISO date)."""
    return any(one.key == key for one in silent(db, policy, today))


def findings(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    for one in silent(db, policy, today):
        yield Finding(
            code="stale-pin", severity="warning", subject=one.handle, due=one.due(policy), key=f"stale-pin:{one.key}",
            message=f"the machine with the key {one.key[:8]} has written nothing since {one.shown[:10]}: what it would notice of a database put back grows old",
            command=one.otherwise if one.is_service else "", why=f"unless it is still used: there, {one.command}",
        )  # fmt: skip
