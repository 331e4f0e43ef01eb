"""The CSV of KeePassXC, and that of KeePass 1.x, which writes quotes with a backslash where it was told to.

KeePassXC puts the name of the root group before every group; it is no folder.
"""

from __future__ import annotations

import re
from dataclasses import replace

from govern.importers import encoding, table
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import NO_LOGIN, gather, is_login, secret, seeds_of

KEEPASSXC = frozenset({"group", "title", "username", "password", "url"})
KEEPASS_1 = frozenset({"account", "login name", "password", "web site"})
_BINS = frozenset({"recycle bin", "corbeille", "prullenbak", "papirkurv", "papelera", "papelera de reciclaje", "papierkorb"})
_BACKSLASHES = re.compile(r"\\.?", re.DOTALL)


def read(data: bytes) -> Reading:
    """Every row that has a login name, a password or a seed and does not lie in the recycle bin."""
    found = table.opened(data, KEEPASSXC, KEEPASS_1)
    warnings = list(found.warnings)
    if found.header[:2] == ("account", "login name") and _escapes(encoding.decode(data)[0]):
        other = table.opened(data, KEEPASS_1, escaped=True)
        if _faults(other) <= _faults(found):
            found = other
            warnings.append("a backslash was read as KeePass 1.x writes it, as the sign before a quote or a backslash")
    one = _keepass_1 if set(found.header) >= KEEPASS_1 else _keepassxc
    reading = gather("keepassxc-csv", list(table.each(found, one)), warnings)
    return replace(reading, program="KeePass") if one is _keepass_1 else reading


def _keepassxc(row: table.Row) -> Login | Skipped:
    group = row.get("group").partition("/")[2]
    if group.partition("/")[0].casefold() in _BINS:
        return Skipped(row.place, "it lies in the recycle bin")
    login = Login(
        row=row.place,
        title=row.get("title"),
        username=row.get("username"),
        password=secret(row.get("password")),
        totp=seeds_of([row.get("totp")]),
        urls=tuple(row.get("url").split()),
        folder=group,
        note_present=bool(row.get("notes").strip()),
    )
    return login if is_login(login) else Skipped(row.place, NO_LOGIN)


def _keepass_1(row: table.Row) -> Login | Skipped:
    login = Login(
        row=row.place,
        title=row.get("account"),
        username=row.get("login name"),
        password=secret(row.get("password")),
        urls=tuple(row.get("web site").split()),
        note_present=bool(row.get("comments").strip()),
    )
    return login if is_login(login) else Skipped(row.place, NO_LOGIN)


def _escapes(text: str) -> bool:
    """Whether every backslash of the file stands before a quote or a backslash, as only a file with escapes would have it."""
    found = _BACKSLASHES.findall(text)
    return bool(found) and all(pair in ('\\"', "\\\\") for pair in found)


def _faults(found: table.Table) -> int:
    """How many rows have not the width of the header; KeePass 1.x writes every cell of every row."""
    return sum(1 for record in found.records if not table.is_blank(record) and len(record.cells) != len(found.header))
