"""An import's outcome in sentences: what a person should look at afterwards. Names rows, handles and people, never a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from govern.importers.login import Login, Reading
from govern.importers.records import places
from govern.procedures.import_ import Result

_MOST: Final = 20


def sentences(result: Result, reading: Reading, taken: Sequence[Login]) -> list[str]:
    """Every warning, those of the reader first. `taken`: the logins of it that were chosen."""
    return [*_of_reader(result, reading), *_of_notes(taken), *_of_secrets(result), *_of_conflicts(result), *_of_people(result)]


def _of_reader(result: Result, reading: Reading) -> Iterator[str]:
    """The reader names each odd seed; those that no code can be made of are told once, together."""
    odd = tuple(f"{row}: " for row in result.warnings.odd_seeds)
    for warning in reading.warnings:
        if not (odd and warning.startswith(odd) and "kept" in warning):
            yield warning


def _of_notes(taken: Sequence[Login]) -> Iterator[str]:
    """What stands in a note is often a secret, or says where one lies; it must not get lost with the file."""
    rows = [login.row for login in taken if login.note_present]
    if rows:
        yield f"has a note that was not taken: {_each(rows)}; read it before the file goes, there may be a secret in it"


def _of_secrets(result: Result) -> Iterator[str]:
    found = result.warnings
    if found.odd_seeds:
        yield f"TOTP seeds of which no code can be made, kept as they are written: {_each(found.odd_seeds)}; set them up anew"
    if found.several_seeds:
        yield f"more than one TOTP seed, each came in as a credential of its own: {_each(found.several_seeds)}"
    if result.without_password:
        yield f"came in without a password: {_each(list(result.without_password))}; govern credential add ACCOUNT --kind password"
    if result.weak:
        yield f"TOTP seeds below 128 bits, as the platform gave them: {_each(result.weak)}"
    if result.easy:
        yield f"passwords that are easily guessed, recorded as weak: {_each(result.easy)}"
    if found.kept_elsewhere:
        yield f"recorded as kept elsewhere, so the file's secret was not taken in: {_each(found.kept_elsewhere)}"
    if found.not_compared:
        yield f"not sealed to your key, so nothing could be compared: {_each(found.not_compared)}"
    if found.retired:
        yield f"retired here, left as they are: {_each(found.retired)}"


def _of_conflicts(result: Result) -> Iterator[str]:
    """The file says who knows its own secret. Which is not ours, so nothing of it is recorded, and nothing of it is lost in silence."""
    said: dict[tuple[str, ...], list[str]] = {}
    for conflict in result.undecided:
        if conflict.said:
            said.setdefault(conflict.said, []).append(f"{conflict.handle} ({conflict.found[0].row})")
    for names, where in list(said.items())[:_MOST]:
        yield (
            f"the file's secret of {_each(where)} is not the one here, so it was not recorded as known to {_each(names)};"
            " whoever knows ours: govern known ACCOUNT PERSON"
        )
    if len(said) > _MOST:
        more = sum(len(where) for where in list(said.values())[_MOST:])
        yield f"who knows the file's secret of {more} more conflicts was not recorded either: --json lists them"


def _of_people(result: Result) -> Iterator[str]:
    found = result.warnings
    near = [person for person in result.people if person.near]
    for person in near[:_MOST]:
        yield f"{person.name} is new as {person.handle}, and written like {', '.join(person.near)}: one person or two?"
    if len(near) > _MOST:
        yield f"{len(near) - _MOST} more new people are written like others"
    for name, why in list(result.unclear.items())[:_MOST]:
        yield f"{name} {why}: nothing was recorded of them; govern known ACCOUNT PERSON"
    if len(result.unclear) > _MOST:
        yield f"{len(result.unclear) - _MOST} more names are unclear"
    for handle, accounts in found.gone_before.items():
        yield f"{handle} left before the password was changed, as the file claims, and may know only an earlier one: {_each(accounts)}"
    for handle, rows in found.responsible_gone.items():
        yield f"{handle} is leaving or has left and was not made responsible: {_each(rows)}; you are"
    for what, rows in found.responsible_lacks.items():
        yield f"{what}, and was not made responsible: {_each(rows)}; you are"
    if found.no_secret_to_know:
        yield f"there is no secret to know, so nobody was recorded to know one: {_each(found.no_secret_to_know)}"


def _each(names: Sequence[str]) -> str:
    return places(list(dict.fromkeys(names)))
