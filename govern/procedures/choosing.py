"""Which credentials are to be rotated: those of a SELECTOR, of a departure's open items, and of these only what is due. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from govern.errors import NotFound, Refused
from govern.holdings.services import SERVED_KINDS
from govern.register.queries import accounts, calendar, cases, policies, rotatable, rotations, services, serving
from govern.register.queries.rotatable import Rotatable
from govern.rotation.schedule import due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be rotated: the credentials of a SELECTOR, of a case's open items, and of these only what is due. Empty `kind`: all.

    `credential` begins the id of one of several of a kind.
    """

    selector: str = ""
    kind: str = ""
    credential: str = ""
    case: str = ""
    all_due: bool = False


def chosen(db: sqlite3.Connection, wanted: Wanted, *, reader: str, now: str) -> list[Rotatable]:
    """The credentials asked for. NotFound where there is none, unless what is due was asked for; Refused for accounts that are retired."""
    if wanted.all_due and not (wanted.selector or wanted.case or wanted.credential):
        return _whatever_is_due(db, wanted, reader, now)
    found = _all(db, wanted, reader, now)
    return [one for one, by in _due(db, found) if by and by <= now] if wanted.all_due else found


def _whatever_is_due(db: sqlite3.Connection, wanted: Wanted, reader: str, now: str) -> list[Rotatable]:
    """The same of the whole vault, found from what is due and not from what there is."""
    opened = {one.credential for one in rotations.rotations(db, due_by=now)}
    by_date = [one.credential for one in calendar.due_by(db, policies.policy(db), now[:10])]
    later = rotations.under_way(db, by_date)  # an open rotation has a due time of its own
    found = rotatable.active_among(db, [*opened, *(one for one in by_date if one not in later)])
    return _of_reader(db, _that(found, wanted), reader, now)


def next_due(db: sqlite3.Connection, wanted: Wanted, *, reader: str, now: str) -> tuple[Rotatable, str] | None:
    """Which of these is due first, and by when (a UTC time or date); None where none ever is."""
    if not (wanted.selector or wanted.case or wanted.kind or wanted.credential or services.is_service(db, reader)):
        return _next_of_all(db, now)
    found = [(one, by) for one, by in _due(db, _all(db, wanted, reader, now)) if by]
    return min(found, key=lambda row: (row[1][:10], row[0].handle, row[0].kind), default=None)


def _next_of_all(db: sqlite3.Connection, now: str) -> tuple[Rotatable, str] | None:
    """The same of the whole vault, without looking at all of it."""
    day, policy = now[:10], policies.policy(db)
    waiting = (one for one in rotations.rotations(db, only_open=True) if one.due)  # what is due first comes first
    opened = next((one for one in waiting if rotatable.active_among(db, [one.credential])), None)
    while (following := calendar.next_after(db, policy, day)) is not None:
        if opened is not None and opened.due[:10] <= following.day:
            break
        by_date = [one.credential for one in calendar.due_by(db, policy, following.day) if one.day == following.day]
        free = [one for one in by_date if one not in rotations.under_way(db, by_date)]
        if free:
            return rotatable.active_among(db, free)[0], following.day
        day = following.day
    return (rotatable.of_credential(db, opened.credential), opened.due) if opened is not None else None


def _all(db: sqlite3.Connection, wanted: Wanted, reader: str, now: str) -> list[Rotatable]:
    """Whatever is wanted, due or not; for a service of that only what is entrusted to it."""
    return _of_reader(db, _found(db, wanted, reader), reader, now)


def _of_reader(db: sqlite3.Connection, found: list[Rotatable], reader: str, now: str) -> list[Rotatable]:
    if not services.is_service(db, reader):
        return found
    served = set(serving.accounts(db, reader, now))
    return [one for one in found if one.account in served and one.kind in SERVED_KINDS]


def _found(db: sqlite3.Connection, wanted: Wanted, reader: str) -> list[Rotatable]:
    if wanted.case:
        found = _of_case(db, wanted, reader)
    elif wanted.selector:
        selected = accounts.select(db, wanted.selector)
        if selected and all(account.state != "active" for account in selected):
            names = ", ".join(account.handle for account in selected[:3]) + (" …" if len(selected) > 3 else "")
            raise Refused(
                f"{names} {'is' if len(selected) == 1 else 'are'} retired", rule="retired", hint="govern account list shows those in use"
            )
        kind = wanted.kind or ("" if wanted.all_due else "password")
        found = [
            credential for account in selected if account.state == "active" for credential in rotatable.of_account(db, account.id, kind)
        ]
        if not found and not wanted.all_due:
            have = sorted({one.kind for account in selected for one in rotatable.of_account(db, account.id)})
            hint = f"there is {', '.join(have)}: --kind" if have else f"govern credential add {selected[0].handle} --kind {kind}"
            raise NotFound(f"{wanted.selector} has no {kind}", hint=hint)
    else:
        found = rotatable.of_active(db)
    return _that(found, wanted)


def _that(found: list[Rotatable], wanted: Wanted) -> list[Rotatable]:
    """Those of the kind and id that were named. NotFound where an id was and is nobody's."""
    of_kind = [one for one in found if wanted.kind in ("", one.kind)]
    if not wanted.credential:
        return of_kind
    named = [one for one in of_kind if one.credential.startswith(wanted.credential.strip().casefold())]
    if not named:
        raise NotFound(f"no credential's id begins with {wanted.credential[:40]!r}", hint="govern credential list ACCOUNT")
    return named


def _of_case(db: sqlite3.Connection, wanted: Wanted, reader: str) -> list[Rotatable]:
    case = cases.find_of(db, wanted.case, reader=reader)
    found = rotatable.of_credentials(db, cases.open_credentials(db, case.id))
    if wanted.selector:
        within = {account.id for account in accounts.select(db, wanted.selector)}
        found = [one for one in found if one.account in within]
    return [one for one in found if wanted.kind in ("", one.kind)]


def _due(db: sqlite3.Connection, found: Sequence[Rotatable]) -> Iterator[tuple[Rotatable, str]]:
    """Each with the time by which it is due: that of its open rotation, where it has one, else by the calendar; empty where nothing asks for it."""
    policy = policies.policy(db)
    under_way = {one.credential: one for one in rotations.rotations(db, only_open=True)}
    for one in found:
        rotation = under_way.get(one.credential)
        if rotation is not None:
            yield one, rotation.due
        else:
            yield one, due_on(policy, one.tier, one.kind, one.since, imported=one.imported, credential=one.credential) or ""
