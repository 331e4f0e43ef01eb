"""Roles, tools, devices and whose recovery channels are, as the tail that a fork gives up has them: they exist outside, whatever the ledger lost.

They are recorded anew under the ids that they had, and what had ended is ended, but for what is the actor's own: nobody tells that of themselves.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from govern.holdings.exceptions import latest
from govern.procedures.carrying_documents import carry_documents
from govern.procedures.carrying_incidents import carry_incidents
from govern.register.queries.ledger_time import elapsed

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def carry_beside(tx: Transaction, old: sqlite3.Connection) -> None:
    """Record what the new history lacks. Accounts, credentials and people are there already."""
    _entitlements(tx, old)
    _apps(tx, old)
    _devices(tx, old)
    _channels(tx, old)
    _spokespersons(tx, old)
    carry_incidents(tx, old)
    _freezes(tx, old)
    _exceptions(tx, old)
    _descriptions(tx, old)
    carry_documents(tx, old)


def _there(tx: Transaction, table: str) -> dict[str, str | None]:
    """Id -> when it ended, of what the new history has."""
    return dict(tx.register.execute(f"SELECT id, ended_at FROM {table}").fetchall())  # noqa: S608  names are ours


def _entitlements(tx: Transaction, old: sqlite3.Connection) -> None:
    there = _there(tx, "entitlements")
    rows = old.execute(
        "SELECT id, account, person, role, admin, since, evidence, login, ended_at, ended_on FROM entitlements ORDER BY entry"
    ).fetchall()
    for id_, account, person, role, admin, since, evidence, login, ended_at, ended_on in rows:
        if id_ not in there:
            body = {"entitlement": id_, "account": account, "person": person, "role": role, "admin": bool(admin) or None}
            tx.record("entitlement.recorded", {**body, "since": since, "evidence": evidence}, {"login": login})
        if ended_at and not there.get(id_) and person != tx.actor:
            tx.record("entitlement.ended", {"entitlement": id_, "account": account, "on": ended_on})


def _apps(tx: Transaction, old: sqlite3.Connection) -> None:
    there = _there(tx, "apps")
    rows = old.execute(
        "SELECT id, account, tool, person, scopes, since, evidence, login, ended_at, ended_on FROM apps ORDER BY entry"
    ).fetchall()
    for id_, account, tool, person, scopes, since, evidence, login, ended_at, ended_on in rows:
        if id_ not in there:
            body = {"app": id_, "account": account, "tool": tool, "person": person, "scopes": json.loads(scopes) if scopes else None}
            tx.record("app.connected", {**body, "since": since, "evidence": evidence}, {"login": login})
        if ended_at and not there.get(id_) and person != tx.actor:
            tx.record("app.ended", {"app": id_, "account": account, "on": ended_on})


def _devices(tx: Transaction, old: sqlite3.Connection) -> None:
    there = dict(tx.register.execute("SELECT id, state FROM devices").fetchall())
    signed_in, signed_in_then = _signed_in(tx.register), _signed_in(old)
    rows = old.execute("SELECT id, person, kind, name, since, evidence, state, ended_on FROM devices ORDER BY entry").fetchall()
    for id_, person, kind, name, since, evidence, state, ended_on in rows:
        accounts = signed_in_then.get(id_, [])
        if id_ not in there:
            body: dict[str, Any] = {"device": id_, "person": person, "kind": kind, "accounts": accounts or None, "since": since}
            tx.record("device.given", {**body, "evidence": evidence}, {"name": name})
        elif there[id_] in ("held", "lost") and not set(accounts) <= set(signed_in.get(id_, [])):
            tx.record("device.signed_in", {"device": id_, "accounts": sorted({*accounts, *signed_in.get(id_, [])})})
        now = there.get(id_, "held")
        if state != now and now in ("held", "lost") and state != "held" and (state == "lost" or person != tx.actor):
            tx.record("device.ended", {"device": id_, "how": state, "on": ended_on})


def _signed_in(db: sqlite3.Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for device, account in db.execute("SELECT device, account FROM device_accounts WHERE out_entry IS NULL ORDER BY device, account"):
        found.setdefault(device, []).append(account)
    return found


def _channels(tx: Transaction, old: sqlite3.Connection) -> None:
    """Of versions that are there still; of what came in the tail the address is gone with its secret."""
    there = {
        (credential, n): (reach, person)
        for credential, n, reach, person in tx.register.execute("SELECT credential, n, reach, person FROM channels")
    }
    versions = set(tx.register.execute("SELECT credential, n FROM versions"))
    for credential, n, reach, person in old.execute("SELECT credential, n, reach, person FROM channels ORDER BY entry").fetchall():
        before = there.get((credential, n))
        if (credential, n) in versions and before != (reach, person) and not (before and before[1] == tx.actor):
            tx.record("channel.reaches", {"credential": credential, "version": n, "reach": reach, "person": person})


def _spokespersons(tx: Transaction, old: sqlite3.Connection) -> None:
    """Those who are named still: whom the tail ended, or who has gone since, is named no more. Their own naming waits for another admin."""
    there = _there(tx, "spokespersons")
    gone = {id_ for (id_,) in tx.register.execute("SELECT id FROM people WHERE leaving OR left_on IS NOT NULL")}
    today = min(tx.now, elapsed(tx.register, tx.actor, tx.now))[:10]  # no training lies further ahead than the ledger counts
    rows = old.execute("SELECT id, account, person, trained_on, evidence, ended_at, ended_on FROM spokespersons ORDER BY entry").fetchall()
    for id_, account, person, trained_on, evidence, ended_at, ended_on in rows:
        if id_ not in there and not ended_at and person not in gone and person != tx.actor:
            body = {"spokesperson": id_, "account": account, "person": person, "trained_on": min(trained_on, today), "evidence": evidence}
            tx.record("spokesperson.named", body)
        elif id_ in there and ended_at and not there[id_]:
            tx.record("spokesperson.ended", {"spokesperson": id_, "account": account, "on": ended_on})


def _exceptions(tx: Transaction, old: sqlite3.Connection) -> None:
    """Those that count still, for as long as any may. What somebody granted for their own sake, and what has lost its reason, is decided anew."""
    there = _there(tx, "exceptions")
    rows = old.execute("SELECT id, point, account, person, until, reason, ended_at FROM exceptions ORDER BY entry").fetchall()
    own = {id_ for (id_,) in tx.register.execute("SELECT id FROM accounts WHERE custodian = ?", (tx.actor,))}
    most = latest(min(tx.now, elapsed(tx.register, tx.actor, tx.now)))
    for id_, point, account, person, until, reason, ended_at in rows:
        mine = person == tx.actor or (person is None and account in own)
        if id_ not in there and not ended_at and reason and min(until, most) >= tx.now[:10] and not mine:
            tx.record(
                "exception.granted",
                {"exception": id_, "point": point, "account": account, "person": person, "until": min(until, most)},
                {"reason": reason},
            )
        elif id_ in there and ended_at and not there[id_]:
            tx.record("exception.ended", {"exception": id_})


def _descriptions(tx: Transaction, old: sqlite3.Connection) -> None:
    """As the tail has them; of an account without a second factor only where its exception was carried."""
    query = "SELECT d.account, d.business, d.second_factor, d.mail, d.phone, d.purpose FROM descriptions d JOIN accounts a ON a.id = d.account AND NOT a.erased"
    there = {row[0]: row[1:] for row in tx.register.execute(query)}
    excepted = {id_ for (id_,) in tx.register.execute(
        "SELECT account FROM exceptions WHERE point = 'second-factor' AND ended_at IS NULL AND until >= ?", (tx.now[:10],)
    )}  # fmt: skip
    known = {id_ for (id_,) in tx.register.execute("SELECT id FROM accounts WHERE NOT erased")}
    for account, business, factor, mail, phone, purpose in old.execute(query).fetchall():
        if account in known and there.get(account) != (business, factor, mail, phone, purpose):
            kept = None if factor == "none" and account not in excepted else factor
            body = {
                "account": account,
                "business": None if business is None else bool(business),
                "second_factor": kept,
                "mail": mail,
                "phone": phone,
            }
            tx.record("account.described", body, {"purpose": purpose} if purpose else None)


def _freezes(tx: Transaction, old: sqlite3.Connection) -> None:
    """Those that hold still, so that going on from an earlier point thaws nothing; of an incident that the new history lacks, without it. Whoever
    carries it is named as well."""
    there = _there(tx, "freezes")
    incidents = {id_ for (id_,) in tx.register.execute("SELECT id FROM incidents")}
    known = {id_ for (id_,) in tx.register.execute("SELECT id FROM people")}
    held = {account for (account,) in tx.register.execute("SELECT account FROM freezes WHERE ended_at IS NULL")}
    rows = old.execute("SELECT id, account, allowed, look_again, incident, ended_at FROM freezes ORDER BY entry").fetchall()
    for id_, account, allowed, look_again, incident, ended_at in rows:
        if id_ not in there and not ended_at and account not in held:
            named = sorted({*known.intersection(json.loads(allowed)), tx.actor})
            body = {"freeze": id_, "account": account, "allowed": named, "look_again": look_again}
            tx.record("freeze.begun", {**body, "incident": incident if incident in incidents else None})
        elif id_ in there and ended_at and not there[id_]:
            tx.record("freeze.ended", {"freeze": id_})
