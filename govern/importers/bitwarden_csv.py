"""Bitwarden's CSV: personal (`folder`), organisation (`collections`), and that of its authenticator, whose rows are longer than the header.

Knows the columns and that several addresses share one cell. Source: bitwarden.com/help/condition-bitwarden-import.
"""

from __future__ import annotations

import re

from govern.importers import seeds, table
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import gather, secret, seeds_of

HEADERS = tuple(frozenset({"type", "name", column}) for column in ("login_totp", "login_password", "login_username", "login_uri"))
_ADDRESSES = re.compile(r",(?=[A-Za-z][A-Za-z0-9+.-]*://)")


def read(data: bytes) -> Reading:
    """Every row of type login, or of type 1 as the authenticator writes it, is a login, whatever it holds."""
    found = table.opened(data, *HEADERS)
    left: list[str] = []

    def one(row: table.Row) -> Login | Skipped:
        match row.get("type").strip().casefold():
            case "login" | "1":
                pass
            case "note" | "2":
                return Skipped(row.place, "a secure note, not a login")
            case _:
                return Skipped(row.place, "not of type login")
        fields = [line.partition(": ") for line in row.get("fields").splitlines()]
        extra = [value for name, _, value in fields if seeds.is_uri(value) or (value and seeds.is_further(name))]
        if len(fields) > len(extra):
            left.append(row.place)
        return Login(
            row=row.place,
            title=row.get("name"),
            username=row.get("login_username"),
            password=secret(row.get("login_password")),
            totp=seeds_of([row.get("login_totp"), *extra]),
            urls=tuple(url for url in (part.strip() for part in _ADDRESSES.split(row.get("login_uri"))) if url),
            folder=row.get("folder"),
            collections=tuple(name for name in (part.strip() for part in row.get("collections").split(",")) if name),
            note_present=bool(row.get("notes").strip()),
        )

    outcomes = list(table.each(found, one, ragged=True))
    return gather("bitwarden-csv", outcomes, found.warnings, left=left)
