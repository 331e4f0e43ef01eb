"""Hand-overs that are due, found among those who may lack a secret, are those that a look at every grant finds, whatever happens."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from govern.errors import Refused
from govern.holdings.handing_over import AT_FIRST, NOT_HANDED
from govern.register import connection
from govern.register.projection import APPLY, Scene
from govern.register.queries import handovers

TODAY: Final = "2026-11-22"
NOW: Final = f"{TODAY}T09:00:00Z"
PEOPLE: Final = ("p0", "p1")
ACCOUNTS: Final = ("a0", "a1")
KINDS: Final = ("password", "totp", "backup-codes")

EVERY: Final = """
SELECT DISTINCT v.credential, v.n, p.id
FROM people p JOIN grants g ON g.person = p.id AND g.ended_at IS NULL AND (g.until IS NULL OR substr(g.until, 1, 10) >= :today)
JOIN credentials c ON c.account = g.account AND c.kind NOT IN (SELECT value FROM json_each(:never))
JOIN versions v ON v.credential = c.id AND v.state = 'current' AND v.manifest IS NOT NULL
  AND (v.rotation IS NOT NULL OR c.kind IN (SELECT value FROM json_each(:first)))
JOIN accounts a ON a.id = g.account AND a.state = 'active'
WHERE NOT p.leaving AND p.left_on IS NULL AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active')
  AND NOT EXISTS (SELECT 1 FROM exposures e WHERE e.person = p.id AND e.credential = v.credential AND e.n = v.n AND e.strength <> 'possible')
  AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = c.kind))
"""
"""The same asked of everything."""


class Firm:
    """A register to which facts are applied as they come; those that a rule refuses change nothing."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        connection.create(self.db)
        self.index = 0
        for person in ("mia", *PEOPLE):
            self.db.execute("INSERT INTO people (id, handle, entry) VALUES (?, ?, 0)", (person, person))
        self.db.execute("INSERT INTO keys VALUES ('k-mia', 'mia', NULL, NULL, 'file', 'active', 0)")
        for account in ACCOUNTS:
            self.db.execute("INSERT INTO accounts (id, handle, tier, custodian, entry) VALUES (?, ?, 'low', 'mia', 0)", (account, account))
            for kind in KINDS:
                self.db.execute("INSERT INTO credentials VALUES (?, ?, ?, NULL, 0)", (f"{account}-{kind}", account, kind))

    def fact(self, type_: str, **body: Any) -> None:
        self.index += 1
        self.db.execute("SAVEPOINT fact")
        try:
            APPLY[type_](Scene(self.db, self.index, type_, "mia", NOW, body, {}, "k-mia", now=NOW))
        except (Refused, sqlite3.IntegrityError):
            self.db.execute("ROLLBACK TO fact")
        self.db.execute("RELEASE fact")

    def newest(self, credential: str) -> int:
        return int(self.db.execute("SELECT coalesce(max(n), 0) FROM versions WHERE credential = ?", (credential,)).fetchone()[0])

    def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("grant", account, person, kinds, until):
                optional = ({"kinds": kinds} if kinds else {}) | ({"until": until} if until else {})
                self.fact("grant.issued", grant=f"g{self.index}", account=account, person=person, **optional)
            case ("end", account, person):
                rows = self.db.execute("SELECT id FROM grants WHERE account = ? AND person = ? AND ended_at IS NULL", (account, person))
                self.fact("grant.ended", grants=[id_ for (id_,) in rows.fetchall()], cause="revoked")
            case ("stage", credential):
                body = {"version": 1, "state": "current", "origin": "set", "manifest": "m"}
                self.fact("version.staged", credential=credential, **body)
            case ("rotate", credential) if self.newest(credential):
                n = self.newest(credential) + 1
                self.db.execute(
                    "INSERT INTO versions (credential, n, state, manifest, rotation, current_at) VALUES (?, ?, 'candidate', 'm', 'r', ?)",
                    (credential, n, NOW),
                )
                self.db.execute("UPDATE versions SET state = 'previous' WHERE credential = ? AND state = 'current'", (credential,))
                self.db.execute("UPDATE versions SET state = 'current' WHERE credential = ? AND n = ?", (credential, n))
            case ("back", credential):  # nothing brings one back today; the table would follow
                self.db.execute(
                    "UPDATE versions SET state = 'current' WHERE credential = ? AND state = 'previous' AND n = 1", (credential,)
                )
                self.db.execute(
                    "UPDATE versions SET state = 'previous' WHERE credential = ? AND state = 'current' AND n > 1", (credential,)
                )
            case ("hand", credential, person, earlier):
                self.fact(
                    "secret.handed_over",
                    credential=credential,
                    version=max(self.newest(credential) - earlier, 0),
                    person=person,
                    via="call",
                )
            case ("declare", credential, person):
                self.fact("knowledge.declared", credential=credential, person=person)
            case ("enrol", person):
                self.db.execute(
                    "INSERT INTO keys VALUES (?, ?, NULL, NULL, 'file', 'active', ?)", (f"k{self.index}-{person}", person, self.index)
                )
                self.index += 1
            case ("revoke", person):
                self.db.execute("UPDATE keys SET state = 'revoked' WHERE person = ? AND state = 'active'", (person,))
            case ("leave", person, back):
                self.db.execute("UPDATE people SET leaving = ? WHERE id = ?", (int(not back), person))
            case ("account", account, state):
                self.db.execute("UPDATE accounts SET state = ? WHERE id = ?", (state, account))

    def due(self) -> set[tuple[str, int, str]]:
        return {(one.credential, one.n, one.person) for one in handovers.due(self.db, TODAY)}

    def every(self) -> set[tuple[str, int, str]]:
        asked = {"never": json.dumps(sorted(NOT_HANDED)), "first": json.dumps(sorted(AT_FIRST)), "today": TODAY}
        return set(self.db.execute(EVERY, asked).fetchall())


person, account = st.sampled_from(PEOPLE), st.sampled_from(ACCOUNTS)
credential = st.builds("{}-{}".format, account, st.sampled_from(KINDS))
step = st.one_of(
    st.tuples(st.just("grant"), account, person, st.sampled_from([None, ["password"], ["totp"]]), st.sampled_from(["", NOW, "2026-01-01T00:00:00Z"])),
    st.tuples(st.just("end"), account, person),
    st.tuples(st.just("stage"), credential),
    st.tuples(st.just("rotate"), credential),
    st.tuples(st.just("back"), credential),
    st.tuples(st.just("hand"), credential, person, st.integers(0, 1)),
    st.tuples(st.just("declare"), credential, person),
    st.tuples(st.just("enrol"), person),
    st.tuples(st.just("revoke"), person),
    st.tuples(st.just("leave"), person, st.booleans()),
    st.tuples(st.just("account"), account, st.sampled_from(["active", "retired"])),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, max_size=40))
@example([("stage", "a0-password"), ("grant", "a0", "p0", None, ""), ("rotate", "a0-totp"), ("stage", "a0-totp"), ("rotate", "a0-totp")])
@example([("grant", "a0", "p0", None, ""), ("stage", "a0-password"), ("hand", "a0-password", "p0", 0), ("rotate", "a0-password")])
@example([("stage", "a0-password"), ("enrol", "p0"), ("grant", "a0", "p0", None, ""), ("rotate", "a0-password"), ("revoke", "p0")])
@example([("grant", "a0", "p0", None, ""), ("stage", "a0-password"), ("rotate", "a0-password"), ("hand", "a0-password", "p0", 1)])
def test_what_is_due_is_what_a_look_at_every_grant_finds(steps: list[tuple[Any, ...]]) -> None:
    firm = Firm()
    for one in steps:
        firm.do(one)
        assert firm.due() == firm.every(), one


def test_the_steps_make_hand_overs_due_and_end_them() -> None:
    """Else the rule above would say nothing."""
    firm = Firm()
    for one in [("grant", "a0", "p0", None, ""), ("stage", "a0-password")]:
        firm.do(one)
    assert firm.due() == {("a0-password", 1, "p0")}
    firm.do(("hand", "a0-password", "p0", 0))
    assert firm.due() == set()
    assert firm.db.execute("SELECT count(*) FROM may_lack").fetchone() == (0,), "nobody is looked at again who was given it"
    firm.do(("rotate", "a0-password"))
    assert firm.due() == {("a0-password", 2, "p0")}
    firm.do(("end", "a0", "p0"))
    assert firm.db.execute("SELECT count(*) FROM may_lack").fetchone() == (0,)
