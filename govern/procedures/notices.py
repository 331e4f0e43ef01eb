"""Answers to reminders: a due thing is put off for a while, or acknowledged, so that it is not repeated. What bounds both is judged with the fact."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from govern.errors import NotFound, Refused, Usage
from govern.holdings.notices import CHANGE, CONFIDENTIAL
from govern.notices.due import notices
from govern.register.queries import policies

if TYPE_CHECKING:
    from govern.register.queries.due import Thing
    from govern.register.transaction import Transaction

_ID = re.compile(r"[0-9a-f]{6,32}\Z").match


def find(db: sqlite3.Connection, text: str, now: str, *, reader: str) -> Thing:
    """The due thing whose id begins so (six hex digits at least)."""
    wanted = text.strip().casefold()
    if not _ID(wanted):
        raise Usage(f"{text[:40]!r} is no item", hint="six or more of its hex digits: govern remind --explain PERSON")
    found = {
        one.thing.id: one.thing
        for one in notices(db, policies.policy(db), now, reader=reader, every=True)
        if one.thing.id.startswith(wanted)
    }
    if not found:
        raise NotFound(f"nothing of the id {wanted} is due, or will be soon", hint="govern remind --explain PERSON")
    if len(found) > 1:
        raise Refused(f"{wanted} could be {len(found)} items", rule="ambiguous", hint="type more of its digits")
    return next(iter(found.values()))


def snooze(tx: Transaction, text: str, until: str, reason: str) -> Thing:
    """Put a thing off until a day (ISO date), for a reason. Raises Refused beyond the bounds of the policy."""
    found = find(tx.register, text, tx.now, reader=tx.actor)
    with _named(found):
        tx.record(*_fact(found, "snoozed", {"until": until}), {"reason": reason})
    return found


def acknowledge(tx: Transaction, text: str) -> Thing:
    """Say that the actor has seen it."""
    found = find(tx.register, text, tx.now, reader=tx.actor)
    with _named(found):
        tx.record(*_fact(found, "acknowledged", {}))
    return found


@contextmanager
def _named(found: Thing) -> Iterator[None]:
    """A refusal says what to type for this very thing."""
    try:
        yield
    except Refused as error:
        if not error.hint or CHANGE not in error.hint or not found.command:
            raise
        raise Refused(error.message, rule=error.rule, control=error.control, hint=error.hint.replace(CHANGE, found.command)) from None


def _fact(found: Thing, what: str, more: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if found.kind in CONFIDENTIAL:
        return f"case.notice_{what}", {"case": found.of, **({"item": found.about} if found.about else {}), **more}
    if not found.of:
        raise Refused(
            "what was accepted for now is put off by accepting it again", rule="not-due", control="AC-2 h",
            hint="govern status --accept-baseline --until DATE",
        )  # fmt: skip
    return f"notice.{what}", {"kind": found.kind, "of": found.of, **({"about": found.about} if found.about else {}), **more}
