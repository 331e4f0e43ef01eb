"""What to know before a departure is worked through: what stops with it, whom codes reach, how long it takes, who is free. Reads only.

Told from the items that are open, so that nothing is said of what the case is not about.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.on_platform import minutes
from govern.offboarding.whose import whose
from govern.policy.profile import Profile, Statement
from govern.register.queries import holdings, inventory, item_steps, policies, work
from govern.register.queries.cases import Entry


class Change(NamedTuple):
    """One account whose password changes. `others`: ids of those who hold it besides; `tools`: connected by others than the person; `about` is None
    for a platform that is not known."""

    account: str
    platform: str
    others: tuple[str, ...]
    tools: tuple[str, ...]
    about: Profile | None

    @property
    def logged_out(self) -> Statement | None:
        return self.about.before.logged_out if self.about else None

    @property
    def scheduled(self) -> Statement | None:
        return self.about.before.scheduled if self.about else None


class Tool(NamedTuple):
    """One tool that the person connected to an account (handles); what waits in it to be published may not be."""

    account: str
    tool: str


class Free(NamedTuple):
    """Somebody (id) who could do items of this departure: how many of these, and how many other things are open for them."""

    person: str
    items: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Accounts and tools by handle and name. `minutes` is a guess of ours; `unknown`: platforms among them of which nothing is known."""

    prompts: tuple[str, ...]
    channels: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    tools: tuple[Tool, ...]
    minutes: int
    unknown: tuple[str, ...]
    free: tuple[Free, ...]


def leaving(db: sqlite3.Connection, person: str, entries: Sequence[Entry], now: str, *, reader: str) -> Leaving:
    """The pre-flight of one departure, by its items that are open; `reader` is the id of whoever asks."""
    waiting = [entry for entry in entries if entry.state is ItemState.OPEN]
    platforms = {entry.item.account: where for entry in waiting if (where := item_steps.of_item(db, entry)) is not None}
    changed = {entry.item.account: entry.handle for entry in waiting if _changes_password(entry)}
    held: dict[str, list[str]] = {}
    for grant in holdings.of_accounts(db, list(changed)):
        if grant.person != person:
            held.setdefault(grant.account, []).append(grant.person)
    known = {account: where.about.before.minutes for account, where in platforms.items() if where.about is not None}
    return Leaving(
        prompts=tuple(_handles(waiting, ItemKind.PROMPTS)),
        channels=tuple((entry.handle, entry.credential_kind) for entry in waiting if entry.item.kind is ItemKind.RECOVERY_CHANNEL),
        changes=tuple(
            Change(handle, platforms[account].platform, tuple(held.get(account, ())), _tools(db, account, person), platforms[account].about)
            for account, handle in changed.items()
        ),
        tools=tuple(Tool(entry.handle, entry.about) for entry in waiting if entry.item.kind is ItemKind.APP),
        minutes=minutes([(entry.item.kind, entry.item.account) for entry in waiting], known),
        unknown=tuple(sorted({where.platform for where in platforms.values() if where.about is None})),
        free=_free(db, person, waiting, now, reader),
    )


def _tools(db: sqlite3.Connection, account: str, person: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.tool for one in inventory.apps(db, account=account) if one.person != person))


def _changes_password(entry: Entry) -> bool:
    return entry.item.kind is ItemKind.ROTATE and entry.credential_kind == "password"


def _handles(entries: Iterable[Entry], kind: ItemKind) -> dict[str, None]:
    return dict.fromkeys(entry.handle for entry in entries if entry.item.kind is kind)


def _free(db: sqlite3.Connection, person: str, entries: Sequence[Entry], now: str, reader: str) -> tuple[Free, ...]:
    """Everybody who could do some of it, those with the least open work first."""
    there = work.staff(db, now)
    could: Counter[str] = Counter()
    for entry in entries:
        answers = work.answers(db, entry.item.account)
        could.update(whose(entry.item.kind, assignee=entry.assignee, answers=answers, subject=person, staff=there))
    own = {entry.id for entry in entries} | {
        (entry.handle, entry.credential_kind) for entry in entries if entry.item.kind is ItemKind.ROTATE
    }
    others = (one for one in work.work(db, policies.policy(db), now, reader=reader) if not own & {one.id, (one.account, one.kind)})
    burden = Counter(who for one in others for who in one.of)
    return tuple(sorted((Free(who, could[who], burden[who]) for who in could), key=lambda one: (one.open, -one.items, one.person)))
