"""What lies inside a KeePass database: groups, entries, their strings, references between them, earlier versions, the recycle bin.

Knows the XML below `KeePassFile`; opens nothing. Source: keepass.info/help/kb/kdbx_4.html and help/base/fieldrefs.html.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from govern.errors import Malformed
from govern.importers import claims, keepass_seeds
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import MOST_TEXT, NO_LOGIN, gather, is_login, one_by_one, secret, seeds_of

_REFERENCE = re.compile(r"\{REF:([TUPAN])@([TUPANI]):([^}]*)\}", re.IGNORECASE)
_FIELDS = {"T": "Title", "U": "UserName", "P": "Password", "A": "URL", "N": "Notes"}
_STANDARD = frozenset(_FIELDS.values())
_URLS = re.compile(r"KP2A_URL(_.*)?", re.IGNORECASE)
_NONE = "AAAAAAAAAAAAAAAAAAAAAA=="
_DEEPEST = 100


class Node(Protocol):
    """What is used of an XML element."""

    def find(self, path: str, /) -> Node | None: ...

    def findall(self, path: str, /) -> Sequence[Node]: ...

    def findtext(self, path: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, not of the history: where it lies, its strings, and whether it was thrown away."""

    folder: str
    strings: Mapping[str, str]
    element: Node
    binned: bool
    damaged: bool

    @property
    def place(self) -> str:
        return "/".join(part for part in (self.folder, self.strings.get("Title") or "(no title)") if part)


def read(root: Node, broken: frozenset[Node]) -> Reading:
    """Every entry with a login name, a password or a seed; `broken` are values that could not be decrypted."""
    found = list(_entries(root, broken))
    index = Index(found)
    left: list[str] = []
    warnings: list[str] = []

    def one(place: str, entry: Entry) -> Login | Skipped:
        if entry.binned:
            return Skipped(place, "it lies in the recycle bin")
        if entry.damaged:
            return Skipped(place, "a protected field of it can't be decrypted")
        values = {name: value if name == "Notes" else index.resolved(value) for name, value in entry.strings.items()}
        if None in values.values():
            warnings.append(f"{place}: a reference to another entry leads nowhere; the field is left empty")
        strings = {name: value or "" for name, value in values.items()}
        seeds, used, remarks = keepass_seeds.find(strings)
        if (
            any(name not in used and name not in _STANDARD and not _URLS.fullmatch(name) for name in strings)
            or entry.element.find("Binary") is not None
        ):
            left.append(place)
        warnings.extend(f"{place}: {remark}" for remark in remarks)
        login = Login(
            row=place,
            title=strings.get("Title", ""),
            username=strings.get("UserName", ""),
            password=secret(strings.get("Password", "")),
            totp=seeds_of(seeds),
            urls=tuple(dict.fromkeys(value for name, value in strings.items() if value and (name == "URL" or _URLS.fullmatch(name)))),
            folder=entry.folder,
            password_changed=_changed(entry),
            note_present=bool(strings.get("Notes", "").strip()),
        )
        return login if is_login(login) else Skipped(place, NO_LOGIN)

    return gather("kdbx", list(one_by_one(((entry.place, entry) for entry in found), one)), warnings, left=left)


class Index:
    """Finds the entry that a reference means, by its id or by the text of a field."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by: dict[tuple[str, str], Entry] = {}
        self._done: dict[tuple[int, str], str | None] = {}
        for entry in entries:
            self._by.setdefault(("I", _id(entry.element)), entry)
            for key, name in _FIELDS.items():
                if value := entry.strings.get(name):
                    self._by.setdefault((key, value.casefold()), entry)

    def resolved(self, value: str, depth: int = 0) -> str | None:
        """The text with every reference replaced, None where one leads nowhere or in a circle."""
        if "{" not in value:
            return value
        parts: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(value):
            wanted, by, key = match[1].upper(), match[2].upper(), match[3]
            entry = self._by.get((by, key.replace("-", "").upper() if by == "I" else key.casefold()))
            if entry is None or depth == _DEEPEST:
                return None
            which = (id(entry), wanted)
            if which not in self._done:
                self._done[which] = None  # for as long as it is being resolved: a circle leads nowhere
                self._done[which] = self.resolved(entry.strings.get(_FIELDS[wanted], ""), depth + 1)
            inner = self._done[which]
            if inner is None or len(inner) > MOST_TEXT:
                return None
            parts += [value[end : match.start()], inner]
            end = match.end()
        return "".join([*parts, value[end:]])


def _entries(root: Node, broken: frozenset[Node]) -> Iterator[Entry]:
    """Entries in the order of the file, groups before what lies in them; the root group's name is no folder."""
    top = root.find("Root/Group")
    if top is None:
        raise Malformed("a KDBX file without groups")
    thrown = root.findtext("Meta/RecycleBinUUID") or _NONE
    waiting = [(top, "", False)]
    while waiting:
        group, folder, binned = waiting.pop()
        binned = binned or (thrown != _NONE and group.findtext("UUID") == thrown)
        for element in group.findall("Entry"):
            yield Entry(folder, _strings(element), element, binned, _damaged(element, broken))
        inner = [
            (each, "/".join(part for part in (folder, each.findtext("Name") or "") if part), binned) for each in group.findall("Group")
        ]
        waiting.extend(reversed(inner))


def _strings(element: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in element.findall("String"):
        found.setdefault(each.findtext("Key") or "", each.findtext("Value") or "")
    return found


def _damaged(element: Node, broken: frozenset[Node]) -> bool:
    return bool(broken) and any(value in broken for value in element.findall("String/Value"))


def _id(element: Node) -> str:
    try:
        return base64.b64decode(element.findtext("UUID") or "").hex().upper()
    except (binascii.Error, ValueError):
        return ""


def _changed(entry: Entry) -> str | None:
    """When the password last became another one: the first version after the last that had a different password.

    Not derivable, hence None, where no earlier version with another password is kept, or the password stands in another entry.
    """
    password = entry.strings.get("Password", "")
    if _REFERENCE.search(password):
        return None  # it changes with the entry it refers to
    since = _modified(entry.element)
    history = sorted(entry.element.findall("History/Entry"), key=lambda each: _modified(each) or "")
    for earlier in history[::-1]:
        if _strings(earlier).get("Password", "") != password:
            return since
        since = _modified(earlier)
    return None


def _modified(element: Node) -> str | None:
    return claims.from_kdbx(element.findtext("Times/LastModificationTime"))
