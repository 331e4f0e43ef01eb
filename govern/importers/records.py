"""From single outcomes to one Reading: what holds for every format, and the typed look into foreign JSON.

Knows that one bad record must not cost the rest, and which text can't be kept. Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from govern.errors import Malformed
from govern.importers import seeds
from govern.importers.login import PROGRAMS, Login, Reading, Skipped
from govern.vault.secret import Secret

MOST_TEXT = 65_536
"""Characters of the longest field that is kept; an event could not hold a longer one."""

NO_LOGIN = "neither a login name, a password nor a TOTP seed"

_LONE = re.compile("[\ud800-\udfff]")

Record = TypeVar("Record")


def secret(value: str) -> Secret | None:
    """None for an empty text: an empty password is no password."""
    return Secret(value) if value else None


def seeds_of(values: Iterable[str]) -> tuple[Secret, ...]:
    """Every seed once, in the order found; empty ones are none."""
    return tuple(Secret(value) for value in dict.fromkeys(values) if value.strip())


def is_login(login: Login) -> bool:
    """Where a format has no types, a record is a login that has a login name, a password or a seed."""
    return bool(login.username or login.password is not None or login.totp)


def one_by_one(records: Iterable[tuple[str, Record]], one: Callable[[str, Record], Login | Skipped]) -> Iterator[Login | Skipped]:
    """Read each record by itself: a malformed one is skipped with its reason, the rest comes in."""
    for place, record in records:
        try:
            yield one(place, record)
        except Malformed as trouble:
            yield Skipped(place, trouble.message)


def gather(format: str, outcomes: Iterable[Login | Skipped], warnings: Iterable[str] = (), *, left: Sequence[str] = ()) -> Reading:
    """The Reading of one file. `left` names the places of records with fields or files that were not taken."""
    logins: list[Login] = []
    skipped: list[Skipped] = []
    notices = list(warnings)
    for outcome in outcomes:
        if isinstance(outcome, Skipped):
            skipped.append(outcome)
        elif reason := _unkeepable(outcome):
            skipped.append(Skipped(_printable(outcome.row), reason))
        else:
            logins.append(outcome)
            notices += [f"{outcome.row}: {trouble}" for seed in outcome.totp if (trouble := seeds.trouble(seed))]
    if left:
        notices.append(f"further fields, attachments or passkeys were not taken from {places(left)}")
    return Reading(
        format=format, logins=tuple(logins), skipped=tuple(skipped), warnings=tuple(notices), program=PROGRAMS.get(format, "")
    )  # fmt: skip


def places(found: Sequence[str]) -> str:
    """The first ten places, and how many more there are."""
    named = ", ".join(found[:10])
    return named if len(found) <= 10 else f"{named} and {len(found) - 10} more"


def _unkeepable(login: Login) -> str:
    texts = [login.row, login.title, login.username, login.folder, *login.urls, *login.collections]
    texts += [login.account, login.platform, login.responsible, login.department, *login.known_to]
    texts += [held.reveal() for held in (login.password, *login.totp) if held is not None]
    if any(len(text) > MOST_TEXT for text in texts):
        return f"a field is longer than {MOST_TEXT} characters"
    together = "\n".join(texts)
    if not together.isascii() and _LONE.search(together):
        return "a field is not valid Unicode text"
    return ""


def _printable(place: str) -> str:
    return place[:200].encode("utf-8", "replace").decode("utf-8")


def text(record: Mapping[str, object], name: str) -> str:
    """The text of a field, empty where it is absent or null. Malformed for any other kind of value."""
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"field {name} is no text")
    return value


def mapping(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The object in a field, empty where it is absent or null. Malformed for any other kind of value."""
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"field {name} is no object")
    return value


def mappings(record: Mapping[str, object], name: str) -> tuple[Mapping[str, object], ...]:
    """The objects of the list in a field, empty where it is absent or null. Malformed for any other kind of value."""
    found = entries(record, name)
    if not all(isinstance(each, dict) for each in found):
        raise Malformed(f"field {name} holds something that is no object")
    return tuple(each for each in found if isinstance(each, dict))


def entries(record: Mapping[str, object], name: str) -> Sequence[object]:
    """The list in a field, empty where it is absent or null. Malformed for any other kind of value."""
    value = record.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"field {name} is no list")
    return value
