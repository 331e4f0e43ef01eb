"""Names in the cells of a foreign file: whom of the vault's people they mean, and who is new. Nobody is merged by a likeness."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from govern.errors import Usage
from govern.holdings.importing import numbering
from govern.holdings.likeness import Alike
from govern.holdings.names import slug, split_name
from govern.register.queries import people

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One person that a file names. `near`: handles of people of a like name, for somebody who is new."""

    id: str
    handle: str
    name: str
    mail: str = ""
    status: str = "active"
    left_on: str = ""
    near: tuple[str, ...] = ()


@dataclass(slots=True)
class Directory:
    """Everybody of the register and everybody new; `unclear` are names that two people have, or that nobody can have."""

    db: sqlite3.Connection
    new_id: Callable[[], str]
    unclear: dict[str, str] = field(default_factory=dict)
    _known: dict[str, list[Named]] = field(default_factory=dict)
    _alike: Alike = field(default_factory=Alike)
    _answers: dict[str, Named | None] = field(default_factory=dict)
    _number: Callable[[str], str] = field(init=False)

    def __post_init__(self) -> None:
        self._number = numbering(lambda handle: people.handle_taken(self.db, handle))
        for person in people.people(self.db):
            self._add(
                Named(
                    id=person.id, handle=person.handle, name=person.name, mail=person.mail, status=person.status, left_on=person.left_on
                )
            )  # fmt: skip

    def find(self, text: str) -> tuple[Named | None, bool]:
        """Whom the text means (handle, mail address or full name), and whether they are new by it. None where that is unclear."""
        wanted = " ".join(text.split())
        if wanted in self._answers:
            return self._answers[wanted], False
        found, is_new = self._find(wanted)
        self._answers[wanted] = found
        return found, is_new

    def known(self, text: str) -> Named | None:
        """Whom of those seen so far the text means, None where it is nobody or unclear; adds nobody."""
        wanted = " ".join(text.split())
        try:
            name, mail = _parts(wanted)
        except Usage:
            return None
        found = self._same(wanted, mail, name)
        return found[0] if len(found) == 1 else None

    def _find(self, text: str) -> tuple[Named | None, bool]:
        try:
            name, mail = _parts(text)
        except Usage:
            self.unclear[text] = "is no name"
            return None, False
        if max(len(name), len(mail)) > _LONGEST_NAME:
            self.unclear[text[:40]] = f"is longer than {_LONGEST_NAME} characters"
            return None, False
        same = self._same(text, mail, name)
        if len(same) == 1:
            return same[0], False
        if same:
            self.unclear[text] = f"could be {', '.join(sorted(each.handle for each in same))}"
            return None, False
        new = Named(
            id=self.new_id(), handle=self._number(slug(name)), name=name, mail=mail, near=tuple(self._alike.near(name))
        )  # fmt: skip
        self._add(new)
        return new, True

    def _same(self, *keys: str) -> list[Named]:
        """Everybody whom the first key that means anybody means."""
        for key in keys:
            if key and (found := self._known.get(key.casefold())):
                return list({each.id: each for each in found}.values())
        return []

    def _add(self, person: Named) -> None:
        for key in {person.handle.casefold(), person.mail.casefold(), person.name.casefold()} - {""}:
            self._known.setdefault(key, []).append(person)
        self._alike.add(person.name, person.handle)


def _parts(text: str) -> tuple[str, str]:
    """Name and mail address; a mail address alone gives its first part as the name. Raises Usage for no name at all."""
    name, mail = split_name(text)
    if not mail and "@" in name[1:] and " " not in name:
        return name.split("@")[0], name
    return name, mail
