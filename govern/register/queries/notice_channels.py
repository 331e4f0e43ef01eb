"""Questions about notice channels: by which ways messages go out, whose secret opens them, and what is wrong with one. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.errors import NotFound, Refused
from govern.holdings.findings import Finding
from govern.holdings.near import near_matches
from govern.policy.rules import Policy


class NoticeChannel(NamedTuple):
    """One channel in use. Empty: `account` (handle) to `credential` (id) where it has no secret; of a chat, all of a server; `login` where it
    is the account's own. `works`: None where nothing was sent yet; `since`: UTC time since when it does, or does not; `setter`: person id."""

    id: str
    name: str
    kind: str
    account: str
    credential_kind: str
    credential: str
    tls: str
    port: int
    host: str
    sender: str
    login: str
    reply_to: str
    works: bool | None
    since: str
    setter: str
    at: str
    entry: int


_IN_USE: Final = """
SELECT n.id, n.name, n.kind, coalesce(a.handle, ''), coalesce(c.kind, ''), coalesce(n.credential, ''), coalesce(n.tls, ''), coalesce(n.port, 0),
  coalesce(n.host, ''), coalesce(n.sender, ''), coalesce(n.login, ''), coalesce(n.reply_to, ''), n.works, coalesce(n.since, ''), n.setter, n.at, n.entry
FROM notice_channels n LEFT JOIN credentials c ON c.id = n.credential LEFT JOIN accounts a ON a.id = c.account
WHERE n.ended_at IS NULL ORDER BY n.name
"""


def in_use(db: sqlite3.Connection) -> list[NoticeChannel]:
    """All that have not ended, by name."""
    found = map(NoticeChannel._make, db.execute(_IN_USE))
    return [one._replace(works=None if one.works is None else bool(one.works)) for one in found]


def find(db: sqlite3.Connection, name: str) -> NoticeChannel:
    """The channel of this name; NotFound names near ones."""
    every = {one.name: one for one in in_use(db)}
    if name.casefold() in every:
        return every[name.casefold()]
    near = near_matches(name.casefold(), list(every), n=3)
    raise NotFound(f"there is no channel {name[:60]!r}", hint=f"did you mean {', '.join(near)}?" if near else "govern channel list")


_ANSWERS: Final = """
SELECT 1 FROM accounts WHERE id = :account AND :person IN (custodian, deputy)
UNION ALL SELECT 1 FROM grants WHERE account = :account AND person = :person AND ended_at IS NULL AND (until IS NULL OR until > :now)
  AND (kinds IS NULL OR instr(kinds, '"' || :kind || '"'))
LIMIT 1
"""
_ACCOUNT: Final = "SELECT a.id, a.handle, c.kind FROM credentials c JOIN accounts a ON a.id = c.account WHERE c.id = ?"
_GOES: Final = "SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)"


def answers(db: sqlite3.Connection, person: str, account: str, kind: str, now: str) -> bool:
    """Whether a person answers for the account (both ids), or has a grant on this kind of secret that runs at this UTC time."""
    return db.execute(_ANSWERS, {"account": account, "person": person, "now": now, "kind": kind}).fetchone() is not None


_OPENS: Final = """
SELECT 1 FROM versions v JOIN wraps w ON w.credential = v.credential AND w.n = v.n AND w.ended IS NULL
JOIN keys k ON k.id = w.key AND k.state = 'active' AND k.person = ?
WHERE v.credential = ? AND v.state = 'current' LIMIT 1
"""


def opens(db: sqlite3.Connection, person: str, credential: str) -> bool:
    """Whether a key of this person opens the secret in use of this credential (both ids)."""
    return db.execute(_OPENS, (person, credential)).fetchone() is not None


def setter_gone(db: sqlite3.Connection, setter: str, credential: str, now: str) -> str:
    """Why a secret goes no longer where this person (id) had it sent, or nothing. What they said of a server holds as long as they may know it."""
    account, handle, kind = db.execute(_ACCOUNT, (credential,)).fetchone()
    if db.execute(_GOES, (setter,)).fetchone() is not None:
        return "is leaving or has left"
    return "" if answers(db, setter, account, kind, now) else f"neither answers for {handle} nor holds it"


def must_be_set_again(name: str, gone: str) -> Refused:
    """The refusal to open a channel whose setter is gone; `gone`: as `setter_gone` says it."""
    return Refused(
        f"who set the channel {name} {gone}, so no secret goes where they said", rule="channel-setter", control="AC-6",
        hint=f"whoever answers for the account or holds it looks at the server, and sets it again: govern channel edit {name}",
    )  # fmt: skip


_OPENERS: Final = """
SELECT EXISTS (SELECT 1 FROM services s WHERE s.person = k.person), EXISTS (SELECT 1 FROM services s WHERE s.person = k.person AND s.ended IS NULL
  AND instr(' ' || s.purposes || ' ', ' remind ')) FROM wraps w JOIN keys k ON k.id = w.key AND k.state = 'active'
JOIN versions v ON v.credential = w.credential AND v.n = w.n AND v.state = 'current' AND v.manifest IS NOT NULL
WHERE w.credential = ? AND w.ended IS NULL
"""
_REMINDS: Final = """
SELECT 1 FROM services s WHERE s.ended IS NULL AND (s.until IS NULL OR s.until > ?) AND instr(' ' || s.purposes || ' ', ' remind ')
  AND EXISTS (SELECT 1 FROM keys k WHERE k.person = s.person AND k.state = 'active') LIMIT 1
"""


def findings(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """What keeps a channel from sending: its account retired, its setter gone, its secret not there or not open to who sends, or the server itself."""
    for one in in_use(db):
        if one.works is False:
            yield Finding(
                code="channel-failing", severity="warning", subject=one.name, key=f"channel-failing:{one.id}",
                message=f"nothing has gone out by the channel {one.name} since {one.since[:10]}", command=f"govern channel test {one.name} --to PERSON",
                why="say what is wrong, and try again",
            )  # fmt: skip
        if not one.credential:
            continue
        state = db.execute("SELECT state FROM accounts WHERE handle = ?", (one.account,)).fetchone()[0]
        if state != "active":
            yield Finding(
                code="channel-account-retired", severity="warning", subject=one.name, key=f"channel-retired:{one.id}",
                message=f"the account {one.account}, whose secret opens the channel {one.name}, is retired",
                command=f"govern channel edit {one.name} --credential-of ACCOUNT", why="name the account that is used now, or end the channel",
            )  # fmt: skip
            continue
        gone = setter_gone(db, one.setter, one.credential, today)
        if gone:
            yield Finding(
                code="channel-setter", severity="warning", subject=one.name, key=f"channel-setter:{one.id}",
                message=f"nothing goes out by the channel {one.name}: who set it {gone}", command=f"govern channel edit {one.name}",
                why=f"somebody who answers for {one.account} or holds it looks at its server, and says so again",
            )  # fmt: skip
        yield from _unopened(db, one, today)


def _unopened(db: sqlite3.Connection, one: NoticeChannel, today: str) -> Iterator[Finding]:
    openers = db.execute(_OPENERS, (one.credential,)).fetchall()
    if any(reminds for _, reminds in openers):
        return
    attended = db.execute(_REMINDS, (today,)).fetchone() is None
    if attended and any(not service for service, _ in openers):
        return  # nobody has set up unattended reminders: people send them, and one of them can
    yield Finding(
        code="channel-unopened", severity="warning", subject=one.name, key=f"channel-unopened:{one.id}",
        message=f"no {'key' if attended else 'service for reminders'} opens the {one.credential_kind} of {one.account}, by which {one.name} sends",
        command=f"govern key add-service NAME --purpose remind --accounts {one.account}", why="entrust it to the service that sends the reminders",
    )  # fmt: skip
