"""Adding accounts and changing what is said of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from govern.errors import Refused, Usage
from govern.holdings import accounts as rules
from govern.holdings.custody import check_pair, check_responsible
from govern.holdings.importing import place
from govern.holdings.names import check_handle
from govern.policy.platforms import load_profiles
from govern.procedures import opening
from govern.register.queries import accounts, gate, people
from govern.register.queries.accounts import Account

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: people and accounts by handle, the rest as texts; empty for nothing."""

    platform: str = ""
    login: str = ""
    url: str = ""
    title: str = ""
    tier: str = ""
    department: str = ""
    client: str = ""
    deputy: str = ""
    prompts_reach: str = ""
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One account of an edit. `fields`: what changes; `sealed` tells whether a new deputy with keys can open all of it."""

    account: Account
    fields: tuple[str, ...]
    sealed: bool = True


def add(tx: Transaction, handle: str, asked: Asked, *, custodian: str = "") -> Account:
    """Add an account for which the actor answers, or whom `custodian` names. Raises Refused for a handle that is taken, and for leavers."""
    db = tx.register
    if accounts.handle_taken(db, check_handle(handle)):
        raise Refused(
            f"there is an account {handle} already", rule="handle-taken", hint=f"choose another handle, or: govern account show {handle}"
        )
    responsible = people.find(db, custodian) if custodian else people.by_id(db, tx.actor)
    check_responsible(role="responsible person", handle=responsible.handle, status=responsible.status)
    about, account = _about(db, asked), tx.new_id()
    check_pair(responsible.id, about.deputy)
    tx.record(
        "account.added",
        {
            "account": account, "handle": handle, "platform": about.platform, "tier": about.tier or "standard", "custodian": responsible.id,
            "deputy": about.deputy or None, "department": about.department or None, "client": about.client or None,
            "tags": list(rules.tags(about.tags)) or None, "depends_on": list(rules.depends_on(account, about.depends_on)) or None,
            "prompts_reach": about.prompts_reach or None,
        },
        {"login": about.login, "url": about.url, "title": about.title},
    )  # fmt: skip
    return accounts.by_id(db, account)


def notes(db: sqlite3.Connection, account: Account) -> list[str]:
    """What is worth saying of a new account, and no reason to refuse it."""
    said = []
    if account.platform not in load_profiles():
        said.append(f"{account.platform} is no platform that govern knows: its steps will be general ones")
    same = db.execute(
        "SELECT handle FROM accounts WHERE platform = ? AND login = ? AND id <> ? AND state = 'active' ORDER BY handle LIMIT 3",
        (account.platform, account.login, account.id),
    ).fetchall()
    if same and account.login:
        said.append(f"{', '.join(handle for (handle,) in same)} has the same platform and login")
    return said


def edit(tx: Transaction, selector: str, asked: Asked, *, cleared: Collection[str] = (), untagged: Collection[str] = ()) -> list[Edited]:
    """Record what is otherwise than before, and seal to a new deputy what the actor can open."""
    done = []
    for planned, body, personal in _edits(tx.register, selector, asked, cleared, untagged, tx.now[:10]):
        account, sealed = planned.account, True
        if body or personal:
            tx.record("account.edited", {"account": account.id, **body, "sets": sorted(personal) or None}, personal)
        if "deputy" in body:
            sealed = opening.open_to(tx, account.id, body["deputy"])
        if account.deputy and account.deputy != accounts.by_id(tx.register, account.id).deputy:
            opening.close_to(tx, account.id, account.deputy)
        done.append(replace(planned, account=accounts.by_id(tx.register, account.id), sealed=sealed))
    return done


def plan_edit(
    db: sqlite3.Connection, selector: str, asked: Asked, today: str, *, cleared: Collection[str] = (), untagged: Collection[str] = ()
) -> list[Edited]:
    """What `edit` would change on this day (ISO date)."""
    return [planned for planned, *_ in _edits(db, selector, asked, cleared, untagged, today)]


def _edits(
    db: sqlite3.Connection, selector: str, asked: Asked, cleared: Collection[str], untagged: Collection[str], today: str
) -> list[tuple[Edited, dict[str, Any], dict[str, str]]]:
    chosen = accounts.select(db, selector)
    if len(chosen) > 1 and (asked.login or asked.url or asked.title):
        raise Usage(f"{selector} are {len(chosen)} accounts, and each has its own login, url and title", hint="name one account")
    about = _about(db, asked)
    found = []
    for account in chosen:
        if account.state != "active":
            raise Refused(f"{account.handle} is retired", rule="retired", hint="govern account list shows those in use")
        check_pair(account.custodian, about.deputy)
        body, personal = rules.changes(_now(db, account), about, cleared=cleared, untagged=untagged)
        if "depends_on" in body:
            rules.depends_on(account.id, body["depends_on"])
        if "deputy" in body:
            gate.must_answer(db, body.get("tier", account.tier), (body["deputy"],), today, account=account.id, handle=account.handle)
        cleared_now = body.get("cleared", [])
        fields = tuple(sorted({*(body.keys() - {"cleared"}), *personal, *cleared_now}))
        found.append((Edited(account=account, fields=fields), body, personal))
    return found


def _about(db: sqlite3.Connection, asked: Asked) -> rules.About:
    deputy = people.find(db, asked.deputy) if asked.deputy else None
    if deputy is not None:
        check_responsible(role="deputy", handle=deputy.handle, status=deputy.status)
    platform = rules.text(asked.platform, "platform")
    return rules.About(
        platform=place((), "", platform).platform if platform else "",
        tier=rules.tier(asked.tier) if asked.tier else "",
        deputy=deputy.id if deputy else "",
        department=rules.text(asked.department, "department"),
        client=rules.text(asked.client, "client"),
        prompts_reach=people.find(db, asked.prompts_reach).id if asked.prompts_reach else "",
        login=rules.text(asked.login, "login"),
        url=rules.text(asked.url, "url"),
        title=rules.text(asked.title, "title"),
        tags=asked.tags,
        depends_on=tuple(accounts.find(db, handle).id for handle in asked.depends_on),
    )


def _now(db: sqlite3.Connection, account: Account) -> rules.About:
    def column(query: str) -> tuple[str, ...]:
        return tuple(value for (value,) in db.execute(query, (account.id,)))

    return rules.About(
        platform=account.platform, tier=account.tier, deputy=account.deputy, department=account.department, client=account.client,
        prompts_reach=account.prompts_reach, login=account.login, url=account.url, title=account.title,
        tags=tuple(sorted(column("SELECT tag FROM tags WHERE account = ?"), key=str.casefold)),
        depends_on=column("SELECT needs FROM depends WHERE account = ? ORDER BY needs"),
    )  # fmt: skip
