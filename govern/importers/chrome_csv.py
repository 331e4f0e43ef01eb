"""The CSV of Chrome, Chromium and Edge: name, url, username, password, note; rows end early where the note is missing."""

from __future__ import annotations

from govern.importers import table
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import NO_LOGIN, gather, is_login, secret

HEADER = frozenset({"name", "url", "username", "password"})


def read(data: bytes) -> Reading:
    """Every row that has a login name or a password."""
    found = table.opened(data, HEADER)

    def one(row: table.Row) -> Login | Skipped:
        url = row.get("url").strip()
        login = Login(
            row=row.place,
            title=row.get("name"),
            username=row.get("username"),
            password=secret(row.get("password")),
            urls=(url,) if url else (),
            note_present=bool(row.get("note").strip()),
        )
        return login if is_login(login) else Skipped(row.place, NO_LOGIN)

    return gather("chrome-csv", list(table.each(found, one)), found.warnings)
