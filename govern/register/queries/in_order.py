"""Accounts in order: what is missing or off, by the points of the CISA guide on protecting social media accounts. One question per kind of thing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.holdings.spokespersons import SILENT
from govern.policy.rules import Policy
from govern.register.queries.accounts import Account
from govern.vocabulary import TIERS

POINTS: Final = {
    1: "policy", 2: "credentials", 3: "second factor", 4: "privacy settings", 5: "trusted devices", 6: "tools and agencies", 7: "threats", 8: "incidents",
}  # fmt: skip
"""The eight headings of the guide. What govern can't know of them, it does not call in order: `UNKNOWN`."""

UNKNOWN: Final = {4: "privacy settings are looked at on the platform: govern platform show PLATFORM"}


class Off(NamedTuple):
    """One thing about one account (handle) that is not in order."""

    account: str
    point: int
    code: str
    told: str
    command: str


class Description(NamedTuple):
    """What is said of an account; None or empty where nobody has said it."""

    business: bool | None = None
    second_factor: str = ""
    mail: str = ""
    phone: str = ""
    purpose: str = ""


def description(db: sqlite3.Connection, account: str) -> Description:
    row = db.execute("SELECT business, second_factor, mail, phone, purpose FROM descriptions WHERE account = ?", (account,)).fetchone()
    return Description(None if row[0] is None else bool(row[0]), *(value or "" for value in row[1:])) if row else Description()


_EXCEPTED: Final = """
EXISTS (SELECT 1 FROM exceptions x WHERE x.account = a.id AND x.point = 'second-factor' AND x.ended_at IS NULL AND x.until >= :today)
"""
_BREACH: Final = """
EXISTS (SELECT 1 FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = a.id AND r.ended_at IS NULL
  AND r.trigger IN ('breach', 'compromise'))
"""
_HOMELESS: Final = "a.department IS NULL AND a.platform NOT IN (SELECT value FROM json_each(:silent))"
_WITHOUT: Final = (
    (1, "purpose", "nobody has written down what it is for", "d.purpose IS NULL", "govern account describe {} --purpose TEXT"),
    (2, "deputy", "nobody stands in for its responsible person", "a.deputy IS NULL", "govern account edit {} --deputy PERSON"),
    (2, "mail-personal", "the mail address registered there is not the company's", "d.mail IN ('personal', 'none')",
     "govern account describe {} --mail company"),
    (2, "mail-unknown", "nobody has said whose mail address is registered there", "d.mail IS NULL", "govern account describe {} --mail company"),
    (2, "business", "the platform's business feature is not used", "d.business = 0", "govern account describe {} --business"),
    (2, "mailbox", "no mailbox is named that it is recovered by", "NOT EXISTS (SELECT 1 FROM depends n WHERE n.account = a.id)",
     "govern account edit {} --depends-on MAILBOX"),
    (3, "factor-unknown", "nobody has said which second factor it has", "d.second_factor IS NULL", "govern account describe {} --second-factor totp"),
    (3, "factor-off", "it has no second factor, and no exception stands",
     f"d.second_factor = 'none' AND NOT {_EXCEPTED}", "govern account describe {} --second-factor totp"),
    (3, "factor-excepted", "it has no second factor, by exception",
     f"d.second_factor = 'none' AND {_EXCEPTED}", "govern exception list {}"),
    (3, "factor-sms", "its second factor is a text message, which is easily caught", "d.second_factor = 'sms'",
     "govern account describe {} --second-factor totp"),
    (5, "phone-personal", "the phone registered there is somebody's own", "d.phone = 'personal'", "govern account describe {} --phone company"),
    (5, "device-lost", "a lost device is signed in",
     "EXISTS (SELECT 1 FROM device_accounts s JOIN devices v ON v.id = s.device AND v.state = 'lost' WHERE s.account = a.id AND s.out_entry IS NULL)",
     "govern device list {}"),
    (6, "app-former", "a tool is connected by somebody who has left",
     "EXISTS (SELECT 1 FROM apps t JOIN people p ON p.id = t.person AND p.left_on IS NOT NULL WHERE t.account = a.id AND t.ended_at IS NULL)",
     "govern app list {}"),
    (6, "app-scopes", "of a connected tool nobody knows what it may do",
     "EXISTS (SELECT 1 FROM apps t WHERE t.account = a.id AND t.ended_at IS NULL AND t.scopes IS NULL)", "govern app list {}"),
    (7, "others-unknown", "nobody can say who else knows a secret of it",
     "EXISTS (SELECT 1 FROM credentials c JOIN versions v ON v.credential = c.id AND v.state = 'current' AND v.others_unknown = 1 WHERE c.account = a.id)",
     "govern rotate {} --because first-import"),
    (7, "breach-open", "a change after a breach is not finished",
     _BREACH, "govern rotation list"),
    (8, "department", "it belongs to no department that would answer for it in public", _HOMELESS,
     "govern account edit {} --department NAME"),
)  # fmt: skip
"""Point, code, what is said, when it is so (of account `a` and its description `d`), and what to type."""

_MOST: Final = """
(SELECT count(*) FROM grants g WHERE g.account = a.id AND g.ended_at IS NULL)
  > CASE a.tier WHEN 'critical' THEN :critical WHEN 'standard' THEN :standard ELSE :low END
"""


def off(db: sqlite3.Connection, policy: Policy, accounts: Sequence[Account], today: str) -> list[Off]:
    """Everything that is not in order of these accounts, by point and handle."""
    asked: dict[str, str | int] = {
        "accounts": json.dumps([one.id for one in accounts]), "today": today, "silent": json.dumps(SILENT),
        **{tier: policy.holders[tier].most for tier in TIERS},
    }  # fmt: skip
    questions = (*_WITHOUT, (2, "holders", "more people hold it than the policy has", _MOST, "govern who {}"))
    found = []
    for point, code, told, where, command in questions:
        rows = db.execute(
            "SELECT a.handle FROM accounts a LEFT JOIN descriptions d ON d.account = a.id WHERE a.state = 'active'"  # noqa: S608  texts are ours
            f" AND a.id IN (SELECT value FROM json_each(:accounts)) AND {where} ORDER BY a.handle",
            asked,
        )
        found += [Off(handle, point, code, told, command.format(handle)) for (handle,) in rows]
    return sorted(found, key=lambda one: (one.point, one.account, one.code))


def factor_off(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """Accounts that are without a second factor though no exception stands any more."""
    rows = db.execute(
        "SELECT a.handle, a.id, a.tier FROM descriptions d CROSS JOIN accounts a ON a.id = d.account AND a.state = 'active'"
        " WHERE d.second_factor = 'none' AND NOT EXISTS (SELECT 1 FROM exceptions x WHERE x.account = a.id AND x.point = 'second-factor'"
        " AND x.ended_at IS NULL AND x.until >= ?) ORDER BY a.tier = 'critical' DESC, a.handle",
        (today,),
    )
    for handle, id_, tier in rows:
        yield Finding(
            code="second-factor-off", severity="critical" if tier == "critical" else "warning", subject=handle, key=f"second-factor-off:{id_}",
            message="it has no second factor, and no exception stands any more", command=f"govern account describe {handle} --second-factor totp",
            why="switch it on there first; or decide anew: govern exception add",
        )  # fmt: skip


QUESTIONS: Final = (factor_off,)
