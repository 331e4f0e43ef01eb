"""What is wrong or due about roles on platforms, tools, devices, and where codes and recovery go. One set-based question per code.

Each begins with what was recorded, of which there is little, and not with the accounts (`CROSS JOIN` keeps SQLite from turning it round).
Whoever leaves is told of in a finding even before a case is opened, and for as long as the ledger shows that something still reaches them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.shell import quoted

_GONE: Final = "(p.leaving = 1 OR p.left_on IS NOT NULL)"
_CHANNELS: Final = """
SELECT a.handle, a.tier, c.id, c.kind, p.handle, t.reach, p.id IS NOT NULL AND (p.leaving = 1 OR p.left_on IS NOT NULL)
FROM credentials c CROSS JOIN accounts a ON a.id = c.account AND a.state = 'active' JOIN versions v ON v.credential = c.id AND v.state = 'current'
LEFT JOIN channels t ON t.credential = v.credential AND t.n = v.n LEFT JOIN people p ON p.id = t.person
WHERE c.kind IN ('recovery-email', 'recovery-phone') ORDER BY a.tier = 'critical' DESC, a.handle, c.kind
"""


def channels(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Recovery channels that reach somebody who is gone, that are somebody's own, or of which nobody has said whose they are."""
    for account, tier, credential, kind, person, reach, gone in db.execute(_CHANNELS):
        who, change = person or "a former person", f"govern rotate {account} --kind {kind}"
        if gone:
            yield Finding(
                code="channel-of-former", severity="critical", subject=account, message=f"its {kind} reaches {who}, who has left or is leaving",
                key=f"channel-of-former:{credential}", command=change,
            )  # fmt: skip
        elif reach == "personal":
            yield Finding(
                code="personal-channel", severity="critical" if tier == "critical" else "warning", subject=account,
                message=f"its {kind} is {who}'s own: whoever has it can take the account", key=f"personal-channel:{credential}", command=change,
                why=f"put a {_of_company(kind)} of the company in its place",
            )  # fmt: skip
        elif reach is None:
            yield Finding(
                code="channel-unknown", severity="info", subject=account, message=f"nobody has said whose its {kind} is",
                key=f"channel-unknown:{credential}", command=f"govern credential reaches {account} --kind {kind} --company",
            )  # fmt: skip


def _of_company(kind: str) -> str:
    return "mailbox" if kind == "recovery-email" else "number"


def prompts(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Codes that go to somebody who is gone; or to somebody of whom no company phone is known, so that it is their own."""
    rows = db.execute(
        f"""
        SELECT a.handle, a.tier, a.id, p.handle, {_GONE} FROM accounts a JOIN people p ON p.id = a.prompts_reach
        WHERE a.state = 'active' AND ({_GONE} OR NOT EXISTS (
          SELECT 1 FROM devices d WHERE d.person = p.id AND d.kind IN ('phone', 'sim') AND d.state = 'held'))
        ORDER BY a.tier = 'critical' DESC, a.handle
        """  # noqa: S608  texts are ours
    )
    for account, tier, id_, person, gone in rows:
        if gone:
            yield Finding(
                code="prompts-of-former", severity="critical", subject=account,
                message=f"its codes reach {person or 'a former person'}, who has left or is leaving", key=f"prompts-of-former:{id_}",
                command=f"govern account edit {account} --prompts-reach PERSON",
            )  # fmt: skip
        else:
            yield Finding(
                code="personal-prompts", severity="warning" if tier == "critical" else "info", subject=account,
                message=f"its codes reach {person}, of whom no company phone is recorded", key=f"personal-prompts:{id_}",
                command=f"govern device add {person} --kind phone", why="or let them reach a phone of the company",
            )  # fmt: skip


def logins(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Logins that are the mail address of a person: whoever has that mailbox can have the password changed, and nobody can once it is gone."""
    rows = db.execute(
        f"SELECT a.handle, a.tier, a.id, p.handle, {_GONE} FROM accounts a CROSS JOIN people p ON p.mail = a.login COLLATE NOCASE"  # noqa: S608
        " WHERE a.state = 'active' AND p.mail <> '' ORDER BY a.tier = 'critical' DESC, a.handle"
    )
    for account, tier, id_, person, gone in rows:
        yield Finding(
            code="login-of-person", severity="critical" if gone else "warning" if tier == "critical" else "info", subject=account,
            message=f"its login is the mail address of {person}" + (", who has left or is leaving" if gone else ": a mailbox of the company should be"),
            key=f"login-of-person:{id_}", command=f"govern account edit {account} --login LOGIN", why="change it on the platform first",
        )  # fmt: skip


def sole_admins(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Accounts on whose platform only one person gives and takes roles. Platforms remove no last admin."""
    rows = db.execute(
        f"""
        SELECT a.handle, a.id, p.handle, t.role, {_GONE} FROM entitlements t CROSS JOIN accounts a ON a.id = t.account AND a.state = 'active'
        JOIN people p ON p.id = t.person WHERE t.admin = 1 AND t.ended_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM entitlements o JOIN people q ON q.id = o.person WHERE o.account = t.account AND o.admin = 1 AND o.ended_at IS NULL
            AND o.person <> t.person AND NOT q.leaving AND q.left_on IS NULL)
        GROUP BY a.id, p.id ORDER BY a.tier = 'critical' DESC, a.handle
        """  # noqa: S608
    )
    for account, id_, person, role, gone in rows:
        who = person or "a former person"
        yield Finding(
            code="sole-native-admin", severity="critical" if gone else "warning", subject=account,
            message=f"{who} is the only {role} there" + (", and has left or is leaving" if gone else ": nobody could take their place"),
            key=f"sole-native-admin:{id_}", command=f"govern entitlement add {account} PERSON --role {quoted(role)} --admin",
            why="make somebody else one there first",
        )  # fmt: skip


def of_former(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Roles and tools of people who have left or are leaving."""
    rows = db.execute(
        f"SELECT a.handle, t.id, p.handle, t.role FROM entitlements t CROSS JOIN accounts a ON a.id = t.account AND a.state = 'active'"  # noqa: S608
        f" JOIN people p ON p.id = t.person AND {_GONE} WHERE t.ended_at IS NULL ORDER BY a.tier = 'critical' DESC, a.handle"
    )
    for account, id_, person, role in rows:
        who = person or "a former person"
        yield Finding(
            code="role-of-former", severity="critical", subject=account, message=f"{who} has left or is leaving, and is {role} there",
            key=f"role-of-former:{id_}", command=f"govern entitlement end {account} {person or 'PERSON'} --role {quoted(role)}",
            why="remove it there first: no changed password ends it",
        )  # fmt: skip
    rows = db.execute(
        f"SELECT a.handle, t.id, p.handle, t.tool FROM apps t CROSS JOIN accounts a ON a.id = t.account AND a.state = 'active'"  # noqa: S608
        f" JOIN people p ON p.id = t.person AND {_GONE} WHERE t.ended_at IS NULL ORDER BY a.tier = 'critical' DESC, a.handle"
    )
    for account, id_, person, tool in rows:
        who = person or "a former person"
        yield Finding(
            code="app-of-former", severity="warning", subject=account, message=f"{tool} is connected by {who}, who has left or is leaving",
            key=f"app-of-former:{id_}", command=f"govern app end {account} {quoted(tool)} --by {person or 'PERSON'}",
            why="connect it anew under another name first",
        )  # fmt: skip


def devices(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Devices that are lost, and those that somebody who has left still has."""
    rows = db.execute(
        "SELECT t.id, coalesce(t.name, t.kind || ' ' || substr(t.id, 1, 8)), t.state, p.handle,"
        " (SELECT count(*) FROM device_accounts d JOIN accounts a ON a.id = d.account AND a.state = 'active' WHERE d.device = t.id AND d.out_entry IS NULL)"
        " FROM devices t JOIN people p ON p.id = t.person WHERE t.state = 'lost' OR (t.state = 'held' AND p.left_on IS NOT NULL) ORDER BY t.entry"
    )
    for id_, name, state, person, signed_in in rows:
        who = person or "a former person"
        if state == "lost":
            told = f", and {signed_in} accounts are signed in on it" if signed_in else ""
            yield Finding(
                code="device-lost", severity="critical" if signed_in else "warning", subject=name, message=f"{who} has lost it{told}",
                key=f"device-lost:{id_}", command=f"govern device return {quoted(name)} --wiped", why="sign it out or wipe it first",
            )  # fmt: skip
        else:
            yield Finding(
                code="device-of-former", severity="warning", subject=name, message=f"{who} has left, and has it", key=f"device-of-former:{id_}",
                command=f"govern device return {quoted(name)}",
            )  # fmt: skip


QUESTIONS: Final = (of_former, channels, prompts, logins, sole_admins, devices)
