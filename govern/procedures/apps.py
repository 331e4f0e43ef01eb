"""Tools that are connected to accounts: recorded with whoever connected them, and ended once they were removed there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused
from govern.holdings import inventory as rules
from govern.holdings.dates import past_day
from govern.offboarding.items import ItemKind
from govern.procedures import ending_items
from govern.procedures.selecting import in_use
from govern.register.queries import inventory, people
from govern.register.queries.cases import Case, Entry
from govern.register.queries.inventory import App
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What was typed of a tool. `by`: handle of whoever connected it, empty where nobody knows; `login`: its own login or organisation."""

    tool: str
    by: str = ""
    scopes: Sequence[str] = ()
    login: str = ""
    since: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Connections that were ended, and the items of departures that ended with them."""

    apps: tuple[App, ...]
    items: tuple[tuple[Case, Entry], ...] = ()


def add(tx: Transaction, selector: str, connection: Connection) -> tuple[list[App], list[str]]:
    """Record it on every account of the selector; also handles of accounts where the same one is recorded already."""
    db, tool = tx.register, rules.label(connection.tool, "the tool's name")
    chosen, who = in_use(db, selector), people.find(db, connection.by).id if connection.by else ""
    scopes = rules.scopes(connection.scopes)
    if connection.since:
        past_day(connection.since, "--since", tx.now)
    recorded = {one.account: one for one in inventory.apps(db) if one.tool.casefold() == tool.casefold() and one.person == who}
    have = {account.id for account in chosen if account.id in recorded}
    for account_id in sorted(have):
        one, by = recorded[account_id], f" --by {quoted(connection.by)}" if connection.by else ""
        rules.same_as_recorded(
            f"{one.tool} is recorded as connected to {one.handle}", f"govern app end {one.handle} {quoted(one.tool)}{by}",
            {"--scope": (scopes, tuple(one.scopes)), "--login": (connection.login.strip(), one.login), "--since": (connection.since, one.since),
             "--evidence": (connection.evidence, one.evidence)},
        )  # fmt: skip
    made = []
    for account in chosen:
        if account.id in have:
            continue
        made.append(tx.new_id())
        tx.record(
            "app.connected",
            {
                "app": made[-1], "account": account.id, "tool": tool, "person": who or None, "scopes": list(scopes) or None,
                "since": connection.since or None, "evidence": connection.evidence or None,
            },
            {"login": connection.login.strip()},
        )  # fmt: skip
    return [one for one in inventory.apps(db) if one.id in made], [account.handle for account in chosen if account.id in have]


def plan_end(db: sqlite3.Connection, selector: str, tool: str, by: str = "") -> list[App]:
    """The connections that `end` would end. NotFound where there is none; Refused where several people connected the same tool there."""
    accounts = {account.id for account in in_use(db, selector, retired=True)}
    who = people.find(db, by).id if by else ""
    wanted = " ".join(tool.split()).casefold()
    chosen = [one for one in inventory.apps(db) if one.account in accounts and one.tool.casefold() == wanted and who in ("", one.person)]
    if not chosen:
        raise NotFound(f"no connection of {tool[:40]!r} is recorded there", hint="govern app list")
    several = sorted({one.handle for one in chosen if sum(other.account == one.account for other in chosen) > 1})
    if several:
        raise Refused(
            f"several people connected it to {', '.join(several[:3])}", rule="ambiguous", hint="name one of them with --by: govern app list"
        )
    return chosen


def end(tx: Transaction, selector: str, tool: str, by: str = "", *, on: str = "", evidence: str = "") -> Ended:
    """Record that the tool was disconnected on the platform (`on` that day), all or none; items of open departures end with it."""
    if on:
        past_day(on, "--on", tx.now)
    chosen = plan_end(tx.register, selector, tool, by)
    items: list[tuple[Case, Entry]] = []
    for one in chosen:
        tx.record("app.ended", {"app": one.id, "account": one.account, "on": on or None, "evidence": evidence or None})
        if one.person:
            items += ending_items.after(tx, one.person, ItemKind.APP, about=one.id)
    return Ended(apps=tuple(chosen), items=tuple(items))
