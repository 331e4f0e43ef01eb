"""What the register shows of secrets that are due, overdue, weak or known to nobody knows whom: one set-based question per code."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta

from govern.holdings.findings import Finding
from govern.policy.platforms import load_profiles
from govern.policy.rules import Policy
from govern.register.queries import connecting, logins
from govern.register.queries import overdue as queries
from govern.rotation.kinds import label
from govern.rotation.schedule import Cause, first_due, is_ruled
from govern.vocabulary import KINDS, TIERS


def others_unknown(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        """
        SELECT a.handle, a.tier, c.kind, c.id, v.current_at
        FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account
        WHERE v.others_unknown = 1 AND v.ended_at IS NULL AND v.state = 'current' AND a.state = 'active'
        ORDER BY a.tier = 'critical' DESC, a.handle, c.kind
        """
    )
    for account, tier, kind, credential, imported in rows:
        critical = tier == "critical"
        due = first_due(policy, tier, kind, imported, credential) or ""
        late = bool(due) and due < today
        yield Finding(
            code="critical-others-unknown" if critical else "others-unknown", severity="warning" if critical or late else "info", subject=account,
            message=f"nobody can say who else knows the {kind}: it was imported and never changed since", key=f"others-unknown:{credential}",
            due=due,
            command=f"govern rotate {account} --kind {kind} --because first-import", why="imported, never changed since",
        )  # fmt: skip


def rotations(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT r.id, r.state, r.due, r.candidate, a.handle, c.kind, r.connector, r.awaits FROM rotations r JOIN credentials c ON c.id = r.credential"
        " JOIN accounts a ON a.id = c.account WHERE r.ended_at IS NULL ORDER BY r.due IS NULL, r.due, r.opened_at"
    )
    for id_, rotation_state, due, candidate, account, kind, connector, awaits in rows:
        command = f"govern rotate {account} --kind {kind}" if candidate is None else f"govern rotation show {id_[:8]}"
        mailed = awaits is not None and rotation_state == "unknown"
        if connector:
            command = f"govern rotation reconcile {id_[:8]}" + (" --mailed-code" if mailed else "")
        overdue = bool(due) and due[:10] < today
        unknown = rotation_state in ("unknown", "lost") and not mailed
        standing = "waiting for a code that was mailed" if mailed else rotation_state
        yield Finding(
            code="rotation-unknown" if unknown else "rotation-open", severity="critical" if overdue or unknown else "warning", subject=account,
            message=f"the rotation of its {kind} is {standing}" + (" and overdue" if overdue else ""), due=(due or "")[:10], key=f"rotation:{id_}",
            command=command, why=f"rotation {standing}",
        )  # fmt: skip


def left_behind(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Rotations that were given up after the platform may have issued a secret: it works there, and nobody knows it."""
    for id_, account, kind in connecting.left_behind(db):
        yield Finding(
            code="issued-left", severity="warning", subject=account, key=f"issued-left:{id_}",
            message=f"the platform may still take the {kind} called {label(id_)}: its rotation was given up after it was asked for",
            command=f"govern rotation reconcile {id_[:8]}", why="a secret that nobody keeps works there",
        )  # fmt: skip


def overdue(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """What is due by the calendar and has no rotation under way. What came with an import is told as that."""
    under_way = {row[0] for row in db.execute("SELECT credential FROM rotations WHERE ended_at IS NULL")}
    found = queries.aged(db, policy, today, imported=policy.later.first_import is None)
    for one in sorted(found, key=lambda one: (one.due, one.handle, one.kind)):
        if one.credential in under_way:
            continue
        days = policy.rotation[one.tier, one.kind]
        yield Finding(
            code="rotation-overdue", severity="warning", subject=one.handle, message=f"its {one.kind} was last changed on {plus(one.due, -(days or 0))}",
            due=one.due, key=f"rotation-overdue:{one.credential}", command=f"govern rotate {one.handle} --kind {one.kind} --because schedule",
            why=f"{days} days are the rule for {one.tier} accounts",
        )  # fmt: skip


def past_grace(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """What is overdue past the grace of its tier: what an event asks for apart from what the calendar does."""
    rule = policy.later.overdue
    if rule is None:
        return
    for one in queries.past_grace(db, policy, today):
        event = one.cause is Cause.EVENT
        yield Finding(
            code=f"past-grace-{one.cause}", severity="critical" if event or one.tier == "critical" else "warning", subject=one.handle,
            message=f"its {one.kind} was to be changed by {one.due}, and the grace of {policy.grace_days[one.tier]} days is over ({rule.control})",
            due=one.due, key=f"past-grace:{one.credential}",
            command=f"govern rotate {one.handle} --kind {one.kind} --because {'membership' if event else 'schedule'}",
            why="an account that waits so long is given to nobody else",
        )  # fmt: skip


def unruled(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    """Accounts with a kind of credential of which the policy says nothing, not even that it never changes."""
    for tier, kind in ((tier, kind) for tier in TIERS for kind in KINDS if not is_ruled(policy, tier, kind)):
        query = """
            SELECT a.handle, c.id FROM credentials c JOIN accounts a ON a.id = c.account AND a.state = 'active'
            WHERE a.tier = ? AND c.kind = ? ORDER BY a.handle"""
        for account, credential in db.execute(query, (tier, kind)):
            yield Finding(
                code="no-rule", severity="warning", subject=account, key=f"no-rule:{credential}",
                message=f"the policy says nothing of when its {kind} changes ({policy.rotation_control})", command="govern policy show",
                why=f"add {kind} below rotation, {tier}: a time, or never",
            )  # fmt: skip


def weak(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.handle, a.tier, c.id, c.kind FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account"
        " WHERE v.weak = 1 AND v.state = 'current' AND a.state = 'active' ORDER BY a.handle"
    )
    for account, tier, credential, kind in rows:
        if kind != "totp":
            yield Finding(
                code="weak-password", severity="warning" if tier == "critical" else "info", subject=account, key=f"weak:{credential}",
                message=f"its {kind} is easy to guess", command=f"govern rotate {account} --kind {kind}",
                why="a generated one takes its place",
            )  # fmt: skip
            continue
        yield Finding(
            code="weak-totp", severity="warning", subject=account, message=f"its {kind} seed has fewer than 128 bits; the platform may issue a longer one",
            key=f"weak:{credential}", command=f"govern rotate {account} --kind {kind} --because manual",
        )  # fmt: skip


def shared_login(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Secrets that were changed by way of another account with the same login, and not recorded here."""
    profiles = load_profiles()
    pairs = [(one.id, other) for one in profiles.values() for other in one.shared_with]
    for found in logins.stale(db, pairs):
        yield Finding(
            code="shared-login", severity="warning", subject=found.account, key=f"shared-login:{found.credential}",
            message=f"its login is that of {found.by}, whose {found.kind} was changed on {found.day}: what is stored here may work no more",
            command=f"govern rotate {found.account} --kind {found.kind} --already-changed --changed-on {found.day}",
            why="record the same change here",
        )  # fmt: skip


def plus(day: str | None, days: int | None) -> str:
    """The ISO date so many days later; empty for none, and beyond the calendar: due never."""
    try:
        return (date.fromisoformat(day[:10]) + timedelta(days=days)).isoformat() if day and days is not None else ""
    except (OverflowError, ValueError):
        return ""
