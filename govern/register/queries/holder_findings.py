"""Findings about who holds what: known by somebody who left, held or opened by too few or too many, answered for by nobody, run out, bare."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.register.queries import former


def known_by_former(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    """A warning only, and never due, where they may know but an earlier one: what a file claims of its change proves nothing, and is something."""
    rows = db.execute(
        f"""
        SELECT a.handle, a.tier, c.kind, c.id, p.handle, p.left_on, min({former.SINCE}), min(EXISTS (SELECT 1 FROM items i
          JOIN cases k ON k.id = i.case_id WHERE k.person = p.id AND i.credential = c.id AND i.n = v.n AND i.state = 'waived')),
          min({former.EARLIER}), min(substr(v.changed_at, 1, 10)), min(v.origin = 'imported')
        FROM people p JOIN exposures e ON e.person = p.id
        JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL
        JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
        WHERE p.left_on IS NOT NULL OR p.leaving = 1
        GROUP BY c.id, p.id ORDER BY a.tier = 'critical' DESC, a.handle
        """  # noqa: S608
    )
    under_way = {credential for (credential,) in db.execute("SELECT credential FROM rotations WHERE ended_at IS NULL")}
    for account, tier, kind, credential, person, left_on, since, given_up, earlier, changed, exported in rows:
        because = (
            "" if credential in under_way else " --because membership"
        )  # one that is under way has its trigger: one step, not two of the same
        who, command = person or "a former person", f"govern rotate {account} --kind {kind}{because}"
        if earlier and not given_up:
            yield Finding(
                code="known-by-former", severity="warning", subject=account, key=f"known-by-former:{credential}:earlier", command=command,
                message=f"{who} left on {left_on} and may know only an earlier {kind}: changed {changed}, as "
                + ("the export claims" if exported else "somebody claims"),
                why=f"{who} may know it all the same",
            )  # fmt: skip
            continue
        yield Finding(
            code="known-by-former", severity="info" if given_up else "critical", subject=account,
            message=f"{who} has left or is leaving, and knows the {kind}" + (", which their case gave up" if given_up else ""),
            due=former.due(policy, tier, kind, credential, since, told_late=since > left_on) if left_on else "",
            key=f"known-by-former:{credential}", command=command, why=f"{who} still knows it",
        )  # fmt: skip


def holders(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.id, a.handle, a.tier, count(DISTINCT g.person) FROM accounts a LEFT JOIN grants g ON g.account = a.id AND g.ended_at IS NULL"
        " WHERE a.state = 'active' GROUP BY a.id ORDER BY a.handle"
    )
    for id_, account, tier, held in rows:
        rule = policy.holders[tier]
        if held > rule.most:
            yield Finding(
                code="holders-most", severity="warning", subject=account, message=f"{held} people hold it, {rule.most} at most should ({rule.control})",
                key=f"holders-most:{id_}", command=f"govern who {account}",
            )  # fmt: skip
        elif held < rule.least:
            yield Finding(
                code="holders-least", severity=policy.openers.severity, subject=account,
                message=f"{held} hold it, at least {rule.least} should ({rule.control})", key=f"holders-least:{id_}",
                command=f"govern grant {account} PERSON",
            )  # fmt: skip


def openers(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        """
        SELECT a.handle, c.id, c.kind, count(DISTINCT k.person) AS openers, EXISTS (
          SELECT 1 FROM wraps o JOIN keys r ON r.id = o.key AND r.state IN ('active', 'recovery')
          WHERE o.credential = v.credential AND o.n = v.n AND o.ended IS NULL)
        FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
        LEFT JOIN wraps w ON w.credential = v.credential AND w.n = v.n AND w.ended IS NULL
        LEFT JOIN keys k ON k.id = w.key AND k.state = 'active' AND k.person NOT IN (SELECT person FROM services)
        WHERE v.manifest IS NOT NULL AND v.ended_at IS NULL
        GROUP BY v.credential, v.n HAVING openers < ? ORDER BY openers, a.handle
        """,
        (policy.openers.least,),
    )
    for account, credential, kind, openers, opens in rows:
        if not opens:
            yield Finding(
                code="opens-for-nobody", severity="critical", subject=account, message=f"no key in force can open its {kind}, recovery neither (CP-9)",
                key=f"opens-for-nobody:{credential}", command=f"govern rotate {account} --kind {kind}", why="changes it on the platform",
            )  # fmt: skip
            continue
        yield Finding(
            code="openers", severity=policy.openers.severity, subject=account,
            message=f"its {kind} can be opened by {openers} besides recovery, {policy.openers.least} should ({policy.openers.control})",
            key=f"openers:{credential}",
        )  # fmt: skip


def custodians(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.handle, a.id, p.handle FROM accounts a JOIN people p ON p.id = a.custodian"
        " WHERE a.state = 'active' AND (p.left_on IS NOT NULL OR p.leaving = 1) ORDER BY a.handle"
    )
    for account, id_, person in rows:
        yield Finding(
            code="custodian-left", severity="critical", subject=account,
            message=f"{person or 'a former person'} is responsible for it and has left or is leaving",
            key=f"custodian-left:{id_}", command=f"govern account custody {account} PERSON",
        )  # fmt: skip


def grants(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.handle, p.handle, g.until, g.id FROM grants g JOIN accounts a ON a.id = g.account JOIN people p ON p.id = g.person"
        " WHERE g.ended_at IS NULL AND g.until IS NOT NULL AND substr(g.until, 1, 10) < ? ORDER BY g.until",
        (today,),
    )
    for account, person, until, id_ in rows:
        yield Finding(
            code="grant-past", severity="warning", subject=account, message=f"the grant of {person} ran out on {until[:10]}", due=until[:10],
            key=f"grant:{id_}", command=f"govern revoke {account} {person}",
        )  # fmt: skip


def bare(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT handle, id FROM accounts a WHERE state = 'active' AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.account = a.id) ORDER BY handle"
    )
    for account, id_ in rows:
        yield Finding(
            code="no-credential", severity="info", subject=account, message="no credential of it is known", key=f"no-credential:{id_}",
            command=f"govern credential add {account} --kind password",
        )  # fmt: skip
