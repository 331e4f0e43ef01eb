"""Where an item is done on its platform, and how: the account's profile, asked for what the item is about."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from govern.errors import NotFound
from govern.offboarding.items import ItemKind
from govern.offboarding.on_platform import There, there
from govern.policy.platforms import profile
from govern.policy.profile import Profile
from govern.register.queries import accounts
from govern.register.queries.cases import Entry


class Where(NamedTuple):
    """The account of an item on its platform; `about` is None where nothing is known of it."""

    platform: str
    login: str
    about: Profile | None
    there: There


def of_item(db: sqlite3.Connection, entry: Entry) -> Where | None:
    """None for an item of no account."""
    if not entry.item.account:
        return None
    account = accounts.by_id(db, entry.item.account)
    about = known(account.platform)
    if about is None:
        return Where(account.platform, account.login, None, There())
    tool = known(entry.about.casefold()) if entry.item.kind is ItemKind.APP else None
    found = there(entry.item.kind, about, credential=entry.credential_kind, url=account.url, tool=tool)
    return Where(about.name, account.login, about, found)


def known(platform: str) -> Profile | None:
    """The profile of that id, or None."""
    try:
        return profile(platform)
    except NotFound:
        return None
