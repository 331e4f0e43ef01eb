"""Who holds what, and who could know it: one line for each account and person. Reads a register, of today or of a day gone by."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from govern.holdings.exposures import OTHERS_UNKNOWN
from govern.offboarding.wording import Say, as_written
from govern.register.queries import accounts, exposures, holdings, people

HEAD: Final = ("account", "platform", "tier", "person", "name", "external", "is", "since", "until", "granted", "knows", "seen")
IS: Final = ("custodian", "deputy", "holder", "knows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person and an account. `is_`: custodian, deputy, holder, or knows, where they hold it no more or never did; `since`, `until`: of the grant, UTC
    or empty; `granted`: kinds, empty for all; `knows`: kinds of which they could know what works; `seen`: any of it was before their eyes."""

    account: str
    platform: str
    tier: str
    person: str
    name: str
    external: bool
    is_: tuple[str, ...]
    since: str = ""
    until: str = ""
    granted: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    seen: bool = False


def collect(db: sqlite3.Connection) -> list[Holder]:
    """By account, those who answer for it first."""
    everybody = {one.id: one for one in people.people(db)}
    found = []
    for account in (one for one in accounts.every(db) if one.state == "active"):
        grants = {one.person: one for one in holdings.of_accounts(db, [account.id])}
        known: dict[str, set[str]] = {}
        seen = set()
        for exposure in exposures.of_account(db, account.id):
            if exposure.live:
                known.setdefault(exposure.person, set()).add(exposure.kind)
                if exposure.strength == "seen":
                    seen.add(exposure.person)
        answering = [one for one in (account.custodian, account.deputy) if one]
        for id_ in dict.fromkeys((*answering, *grants, *sorted(known))):
            person, grant = everybody.get(id_), grants.get(id_)
            titles = zip(IS, (id_ == account.custodian, id_ == account.deputy, grant is not None), strict=False)
            found.append(
                Holder(
                    account=account.handle, platform=account.platform, tier=account.tier, person=person.handle if person else id_,
                    name=person.name if person else "others unknown" if id_ == OTHERS_UNKNOWN else "",
                    external=person.external if person else False, is_=tuple(name for name, true in titles if true) or ("knows",),
                    since=grant.since if grant else "", until=grant.until if grant else "", granted=grant.kinds if grant else (),
                    knows=tuple(sorted(known.get(id_, ()))), seen=id_ in seen,
                )
            )  # fmt: skip
    return found


def cells(one: Holder, say: Say = as_written) -> tuple[str, ...]:
    """As a table shows it, under HEAD."""
    yes, between = say("yes", "column"), " " if say is as_written else ", "
    return (
        one.account, one.platform, one.tier, one.person, one.name, yes if one.external else "", between.join(say(word, "holder") for word in one.is_),
        one.since, one.until, between.join(one.granted), between.join(one.knows), yes if one.seen else "",
    )  # fmt: skip
