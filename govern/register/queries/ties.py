"""What ties a person to the company's accounts: what they hold, answer for and could know. Grows with the person, not with the vault.

Every version counts until a rotation of its credential is confirmed, one that the platform is said to have refused included.
"""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache
from typing import Final

from govern.errors import NotFound
from govern.offboarding.checklist import Account, Circumstances, Known
from govern.offboarding.items import ItemKind
from govern.offboarding.kinds import WHOLE, Scope
from govern.policy.platforms import profile
from govern.register.queries import scopes, ties_beside


def known(db: sqlite3.Connection, person: str, scope: Scope = WHOLE) -> tuple[Known, ...]:
    """Every live version that the person could know, with all bases, as far as the case is about it.

    Of a machine that is lost: what its keys could open, and whatever the person had in any other way, which may have lain on it. Of a client's
    accounts nothing: it is the client who changes them.
    """
    if scope.rules.of_accounts:
        return ()
    rows = db.execute(
        """
        SELECT c.account, e.credential, c.kind, e.n, group_concat(e.basis) FROM exposures e
        JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL JOIN credentials c ON c.id = e.credential
        WHERE e.person = :person AND (NOT :before OR v.entry < :before) AND (:keys = '[]' OR e.basis <> 'sealed' OR EXISTS (
          SELECT 1 FROM wraps w WHERE w.credential = e.credential AND w.n = e.n AND w.key IN (SELECT value FROM json_each(:keys))))
        GROUP BY e.credential, e.n ORDER BY e.credential, e.n
        """,
        {"person": person, "before": scope.before, "keys": json.dumps(sorted(scope.keys))},
    )
    return tuple(
        Known(account, credential, kind, n, _bases(bases)) for account, credential, kind, n, bases in rows if account not in scope.kept
    )


@lru_cache(maxsize=256)
def _bases(listed: str) -> frozenset[str]:
    return frozenset(listed.split(","))


def unanswered(db: sqlite3.Connection, case: str, person: str) -> tuple[Known, ...]:
    """Live versions that the person could know, as far as the case is about them, and that no item of it gave up by a waiver: nothing else
    gives up what is live."""
    given_up = {
        (credential, n)
        for credential, n in db.execute(
            "SELECT credential, n FROM items WHERE case_id = ? AND kind = 'rotate' AND state = 'waived'", (case,)
        )
    }
    return tuple(one for one in known(db, person, scopes.of_case(db, case)) if (one.credential, one.version) not in given_up)


_IN_OFFICE: Final = """
SELECT 'revoke-key', '', id FROM keys WHERE person = :person AND state = 'active' AND (:keys = '[]' OR id IN (SELECT value FROM json_each(:keys)))
UNION ALL SELECT 'withdraw-role', '', role FROM roles WHERE person = :person AND (until IS NULL OR until > :at)
UNION ALL SELECT 'custody', id, '' FROM accounts WHERE custodian = :person AND state = 'active'
UNION ALL SELECT 'deputy', id, '' FROM accounts WHERE deputy = :person AND state = 'active'
"""


def in_office(db: sqlite3.Connection, case: str, person: str, scope: Scope, *, at: str) -> int:
    """How many keys, roles and accounts to answer for the person has still at this time (UTC), of those that end with such a case, and that no item of
    it gave up."""
    if not scope.rules.cause:
        return 0
    given_up = set(db.execute(
        "SELECT kind, coalesce(account, ''), coalesce(about, '') FROM items WHERE case_id = ? AND state IN ('waived', 'not-applicable')", (case,)
    ))  # fmt: skip
    found = db.execute(_IN_OFFICE, {"person": person, "at": at, "keys": json.dumps(sorted(scope.keys))})
    return sum(scope.takes(ItemKind(row[0]), row[1]) and tuple(row) not in given_up for row in found)


def grants_left(db: sqlite3.Connection, person: str, scope: Scope) -> int:
    """How many grants of the person run that the cut should have ended."""
    if not scope.rules.ends_grants:
        return 0
    if scope.rules.of_accounts:
        listed = json.dumps(sorted(scope.accounts))
        query = "SELECT count(*) FROM grants WHERE ended_at IS NULL AND account IN (SELECT value FROM json_each(?))"
        return int(db.execute(query, (listed,)).fetchone()[0])
    rows = db.execute("SELECT account FROM grants WHERE person = ? AND ended_at IS NULL", (person,))
    return sum(account not in scope.kept for (account,) in rows)


def not_given_up(db: sqlite3.Connection, credential: str, n: int) -> list[str]:
    """Ids of those who are leaving or have left, could know a version, and of whom no case gave it up."""
    rows = db.execute(
        """
        SELECT DISTINCT e.person FROM exposures e JOIN people p ON p.id = e.person AND (p.leaving OR p.left_on IS NOT NULL)
        WHERE e.credential = :credential AND e.n = :n AND NOT EXISTS (
          SELECT 1 FROM items i JOIN cases c ON c.id = i.case_id WHERE c.person = e.person AND i.credential = e.credential AND i.n = e.n
            AND i.state = 'waived')
        ORDER BY e.person
        """,
        {"credential": credential, "n": n},
    )
    return [row[0] for row in rows]


def circumstances(db: sqlite3.Connection, person: str, at: str, scope: Scope = WHOLE) -> Circumstances:
    """Everything that a departure of the person has to undo, at this time (UTC), as far as the case is about it."""

    def column(query: str, *values: str) -> tuple[str, ...]:
        return tuple(row[0] for row in db.execute(query, values))

    if scope.rules.of_accounts:
        held = column("SELECT DISTINCT account FROM grants WHERE ended_at IS NULL AND account IN (SELECT value FROM json_each(?))",
            json.dumps(sorted(scope.accounts)))  # fmt: skip
        return Circumstances(accounts=_accounts(db, person, set(scope.accounts), set()), granted=held)
    found, roles = known(db, person, scope), "SELECT role FROM roles WHERE person = ? AND (until IS NULL OR until > ?) ORDER BY role"
    granted = column("SELECT DISTINCT account FROM grants WHERE person = ? AND ended_at IS NULL", person)
    custody = column("SELECT id FROM accounts WHERE custodian = ? AND state = 'active'", person)
    deputy = column("SELECT id FROM accounts WHERE deputy = ? AND state = 'active'", person)
    sealed = sealed_accounts(db, person, live=True)
    beside = ties_beside.of_person(db, person, lost=not scope.rules.of_the_person)
    concerned = {*granted, *custody, *deputy, *sealed, *(one.account for one in found), *(tie.account for tie in beside if tie.account)}
    return Circumstances(
        accounts=_accounts(db, person, concerned, {*custody, *granted, *sealed, *(tie.account for tie in beside if tie.sole)}),
        granted=granted,
        custody=custody,
        deputy=deputy,
        known=found,
        sealed=sealed,
        ties=beside,
        places=column(
            "SELECT DISTINCT m.place FROM place_people m JOIN places p ON p.id = m.place WHERE m.person = ? AND (m.until IS NULL OR m.until >= ?)"
            " AND (EXISTS (SELECT 1 FROM place_accounts h WHERE h.place = m.place AND h.cleaned_at IS NULL)"
            "  OR EXISTS (SELECT 1 FROM place_versions h WHERE h.place = m.place AND h.cleaned_at IS NULL)"
            "  OR EXISTS (SELECT 1 FROM credentials c WHERE c.kept_in = m.place)) ORDER BY p.entry",
            person,
            at[:10],
        ),
        roles=column(roles, person, at),
        only_admin="admin" in column(roles, person, at) and not another_admin(db, person, at),
        recovery_keys=column(
            "SELECT DISTINCT s.key FROM keepers s JOIN keys k ON k.id = s.key AND k.state = 'recovery' WHERE s.person = ?", person
        ),
        keys=tuple(
            key for key in column("SELECT id FROM keys WHERE person = ? AND state = 'active' ORDER BY id", person)
            if not scope.keys or key in scope.keys
        ),
    )  # fmt: skip


def sealed_accounts(db: sqlite3.Connection, person: str, *, live: bool = False) -> tuple[str, ...]:
    """Accounts with a version that the person's keys have a wrap of: of whatever age, or a live one."""
    rows = db.execute(
        "SELECT DISTINCT c.account FROM keys k JOIN wraps w ON w.key = k.id AND w.ended IS NULL JOIN credentials c ON c.id = w.credential"
        " JOIN versions v ON v.credential = w.credential AND v.n = w.n WHERE k.person = ? AND (v.ended_at IS NULL OR NOT ?)",
        (person, live),
    )
    return tuple(row[0] for row in rows)


def another_admin(db: sqlite3.Connection, person: str, at: str) -> bool:
    """Whether somebody else who stays has the role admin at this time (UTC), and a key."""
    row = db.execute(
        "SELECT 1 FROM roles r JOIN people p ON p.id = r.person WHERE r.role = 'admin' AND r.person <> ? AND (r.until IS NULL OR r.until > ?)"
        " AND NOT p.leaving AND p.left_on IS NULL AND EXISTS (SELECT 1 FROM keys k WHERE k.person = r.person AND k.state = 'active') LIMIT 1",
        (person, at),
    ).fetchone()
    return row is not None


def lead_days(platform: str) -> int:
    """How long the platform makes a successor wait at most; 0 where nothing is known of it."""
    try:
        return max((one.days for one in profile(platform).lead_times), default=0)
    except NotFound:
        return 0


def _accounts(db: sqlite3.Connection, person: str, ids: set[str], held: set[str]) -> dict[str, Account]:
    wanted = json.dumps(sorted(ids))
    needs: dict[str, set[str]] = {}
    for account, needed in db.execute("SELECT account, needs FROM depends WHERE account IN (SELECT value FROM json_each(?))", (wanted,)):
        needs.setdefault(account, set()).add(needed)
    rows = db.execute("SELECT id, handle, tier, platform FROM accounts WHERE id IN (SELECT value FROM json_each(?))", (wanted,)).fetchall()
    alone, closed = unattended(db, wanted, person), not_openable(db, wanted, person)
    days = {platform: lead_days(platform) for platform in {row[3] for row in rows}}
    return {
        id_: Account(
            id_, handle, tier, frozenset(needs.get(id_, ())), id_ not in alone, id_ not in closed, days[platform] if id_ in held else 0
        )
        for id_, handle, tier, platform in rows
    }


def unattended(db: sqlite3.Connection, accounts: str, person: str) -> set[str]:
    """Those of these accounts (a JSON list of ids) that nobody else who stays holds or answers for."""
    rows = db.execute(
        """
        SELECT j.value FROM json_each(:accounts) j LEFT JOIN accounts a ON a.id = j.value
        WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id IN (a.custodian, a.deputy) AND p.id <> :person AND NOT p.leaving AND p.left_on IS NULL)
          AND NOT EXISTS (
            SELECT 1 FROM grants g JOIN people p ON p.id = g.person AND NOT p.leaving AND p.left_on IS NULL
            WHERE g.account = j.value AND g.person <> :person AND g.ended_at IS NULL)
        """,
        {"accounts": accounts, "person": person},
    )
    return {row[0] for row in rows}


def not_openable(db: sqlite3.Connection, accounts: str, person: str) -> set[str]:
    """Those of these accounts (a JSON list of ids) of which a live version that was ever sealed to the person can be opened by nobody else who
    stays; recovery is not counted."""
    rows = db.execute(
        """
        SELECT c.account FROM json_each(:accounts) j JOIN credentials c ON c.account = j.value
        JOIN versions v ON v.credential = c.id AND v.ended_at IS NULL AND v.manifest IS NOT NULL AND v.state <> 'rejected'
        WHERE EXISTS (SELECT 1 FROM wraps w JOIN keys k ON k.id = w.key WHERE w.credential = v.credential AND w.n = v.n AND k.person = :person)
          AND NOT EXISTS (
            SELECT 1 FROM wraps w JOIN keys k ON k.id = w.key AND k.state = 'active' JOIN people p ON p.id = k.person
            WHERE w.credential = v.credential AND w.n = v.n AND w.ended IS NULL AND p.id <> :person AND NOT p.leaving AND p.left_on IS NULL
              AND p.id NOT IN (SELECT person FROM services))
        """,
        {"accounts": accounts, "person": person},
    )
    return {row[0] for row in rows}
