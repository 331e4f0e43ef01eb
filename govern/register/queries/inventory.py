"""Questions about what ties people to accounts beside secrets: roles on platforms, connected tools, devices, recovery channels.

One query each, however many rows. What has ended is left out where nothing else is said.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class Entitlement(NamedTuple):
    """One role that a person (id) has on a platform under their own login. Texts are empty for nothing; days are ISO dates."""

    id: str
    account: str
    handle: str
    platform: str
    person: str
    role: str
    admin: bool
    """It gives and takes the roles of others."""
    since: str
    login: str
    evidence: str
    recorded_at: str
    ended_at: str
    ended_on: str
    ender: str
    entry: int
    ended_entry: int


class App(NamedTuple):
    """One tool that is connected to an account. `person` is whose connection it is, or empty."""

    id: str
    account: str
    handle: str
    platform: str
    person: str
    tool: str
    scopes: tuple[str, ...]
    since: str
    login: str
    evidence: str
    recorded_at: str
    ended_at: str
    ended_on: str
    ender: str
    entry: int
    ended_entry: int


class Device(NamedTuple):
    """One device of the company that a person has. `state`: held, lost, returned or wiped; `accounts`: handles of what is signed in on it."""

    id: str
    person: str
    kind: str
    name: str
    state: str
    accounts: tuple[str, ...]
    since: str
    evidence: str
    recorded_at: str
    ended_at: str
    ended_on: str
    ender: str
    entry: int
    ended_entry: int

    @property
    def called(self) -> str:
        """What to call it: its name, or its kind and the beginning of its id."""
        return self.name or f"{self.kind} {self.id[:8]}"


class Channel(NamedTuple):
    """One recovery mail address or phone number as it counts now. `reach`: company, personal, or empty where nobody said."""

    credential: str
    account: str
    handle: str
    kind: str
    version: int
    reach: str
    person: str
    told_at: str
    teller: str
    entry: int


_ENTITLEMENTS = """
SELECT t.id, t.account, a.handle, a.platform, t.person, t.role, t.admin, t.since, t.login, t.evidence, t.at, t.ended_at, t.ended_on, t.ender, t.entry,
  t.ended_entry
FROM entitlements t CROSS JOIN accounts a ON a.id = t.account WHERE
"""
_APPS = """
SELECT t.id, t.account, a.handle, a.platform, t.person, t.tool, t.scopes, t.since, t.login, t.evidence, t.at, t.ended_at, t.ended_on, t.ender, t.entry,
  t.ended_entry
FROM apps t CROSS JOIN accounts a ON a.id = t.account WHERE
"""
_DEVICES = """
SELECT t.id, t.person, t.kind, t.name, t.state,
  (SELECT json_group_array(handle) FROM (
    SELECT a.handle FROM device_accounts d JOIN accounts a ON a.id = d.account WHERE d.device = t.id AND d.out_entry IS NULL ORDER BY a.handle)),
  t.since, t.evidence, t.at, t.ended_at, t.ended_on, t.ender, t.entry, t.ended_entry
FROM devices t WHERE
"""
_CHANNELS = """
SELECT c.id, c.account, a.handle, c.kind, v.n, t.reach, t.person, t.at, t.teller, t.entry
FROM credentials c JOIN accounts a ON a.id = c.account JOIN versions v ON v.credential = c.id AND v.state = 'current'
LEFT JOIN channels t ON t.credential = v.credential AND t.n = v.n WHERE c.kind IN ('recovery-email', 'recovery-phone') AND
"""
_OPEN = "(t.ended_at IS NULL OR :all)"
_HELD = "(t.state IN ('held', 'lost') OR :all)"


def entitlements(db: sqlite3.Connection, *, account: str = "", person: str = "", ended: bool = False) -> list[Entitlement]:
    """Roles, of one account or person (ids) or of all, by account and person; also those that have ended where `ended`."""
    rows = db.execute(f"{_ENTITLEMENTS}{_OPEN}{_of(account, person)} ORDER BY a.handle, t.entry", _asked(account, person, ended=ended))
    return [_entitlement(row) for row in rows]


def apps(db: sqlite3.Connection, *, account: str = "", person: str = "", ended: bool = False) -> list[App]:
    """Connected tools, in the same way."""
    rows = db.execute(f"{_APPS}{_OPEN}{_of(account, person)} ORDER BY a.handle, t.entry", _asked(account, person, ended=ended))
    return [_app(row) for row in rows]


def devices(db: sqlite3.Connection, *, person: str = "", ended: bool = False) -> list[Device]:
    """Devices that people have, or have lost, the oldest first; also those that came back where `ended`."""
    rows = db.execute(f"{_DEVICES}{_HELD}{_of('', person)} ORDER BY t.entry", _asked("", person, ended=ended))
    return [_device(row) for row in rows]


def channels(db: sqlite3.Connection, *, account: str = "", person: str = "") -> list[Channel]:
    """Recovery channels that count now, of accounts in use."""
    where = "a.state = 'active'" + (" AND c.account = :account" if account else "") + (" AND t.person = :person" if person else "")
    rows = db.execute(f"{_CHANNELS}{where} ORDER BY a.handle, c.kind, c.entry", _asked(account, person))
    return [
        Channel(
            credential=row[0], account=row[1], handle=row[2], kind=row[3], version=row[4], reach=row[5] or "", person=row[6] or "",
            told_at=row[7] or "", teller=row[8] or "", entry=row[9] or 0,
        )
        for row in rows
    ]  # fmt: skip


def signed_in(db: sqlite3.Connection, account: str) -> list[Device]:
    """Devices in people's hands, or lost, on which an account is signed in."""
    here = " AND EXISTS (SELECT 1 FROM device_accounts d WHERE d.device = t.id AND d.account = :account AND d.out_entry IS NULL) ORDER BY t.entry"
    return [_device(row) for row in db.execute(_DEVICES + _HELD + here, _asked(account, ""))]


def reaching(db: sqlite3.Connection, person: str) -> list[str]:
    """Ids of accounts in use whose codes and prompts go to this person."""
    rows = db.execute("SELECT id FROM accounts WHERE prompts_reach = ? AND state = 'active' ORDER BY handle", (person,))
    return [row[0] for row in rows]


def _of(account: str, person: str) -> str:
    return (" AND t.account = :account" if account else "") + (" AND t.person = :person" if person else "")


def _asked(account: str, person: str, *, ended: bool = False) -> dict[str, object]:
    return {"account": account, "person": person, "all": ended}


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value or "") for value in values]


def _entitlement(row: tuple[object, ...]) -> Entitlement:
    texts = _texts(row)
    return Entitlement(
        id=texts[0], account=texts[1], handle=texts[2], platform=texts[3], person=texts[4], role=texts[5], admin=bool(row[6]), since=texts[7],
        login=texts[8], evidence=texts[9], recorded_at=texts[10], ended_at=texts[11], ended_on=texts[12], ender=texts[13], entry=int(texts[14]),
        ended_entry=int(texts[15] or 0),
    )  # fmt: skip


def _app(row: tuple[object, ...]) -> App:
    texts = _texts(row)
    return App(
        id=texts[0], account=texts[1], handle=texts[2], platform=texts[3], person=texts[4], tool=texts[5],
        scopes=tuple(json.loads(texts[6])) if texts[6] else (), since=texts[7], login=texts[8], evidence=texts[9], recorded_at=texts[10],
        ended_at=texts[11], ended_on=texts[12], ender=texts[13], entry=int(texts[14]), ended_entry=int(texts[15] or 0),
    )  # fmt: skip


def _device(row: tuple[object, ...]) -> Device:
    texts = _texts(row)
    return Device(
        id=texts[0], person=texts[1], kind=texts[2], name=texts[3], state=texts[4], accounts=tuple(json.loads(texts[5])), since=texts[6],
        evidence=texts[7], recorded_at=texts[8], ended_at=texts[9], ended_on=texts[10], ender=texts[11], entry=int(texts[12]),
        ended_entry=int(texts[13] or 0),
    )  # fmt: skip
