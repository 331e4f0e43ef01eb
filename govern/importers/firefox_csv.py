"""Firefox' CSV: no titles, no notes, addresses that may be none, and the time at which each password was last changed.

The guid is no key: copies of a profile have the same one.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from govern.importers import claims, table
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import NO_LOGIN, gather, is_login, secret

HEADER = frozenset({"url", "username", "password", "httprealm", "guid"})

_HOST = re.compile(r"[^\s@/]+\.[^\s@/]+(/\S*)?")


def read(data: bytes) -> Reading:
    """Every row that has a login name or a password; the browser's own sync account is none of the company's."""
    found = table.opened(data, HEADER)

    def one(row: table.Row) -> Login | Skipped:
        url = row.get("url").strip()
        if url.casefold() == "chrome://firefoxaccounts":
            return Skipped(row.place, "the sync account of the browser itself")
        login = Login(
            row=row.place,
            title=_title(url),
            username=row.get("username"),
            password=secret(row.get("password")),
            urls=(url,) if "://" in url or _HOST.fullmatch(url) else (),
            password_changed=claims.from_milliseconds(row.get("timepasswordchanged")),
        )
        return login if is_login(login) else Skipped(row.place, NO_LOGIN)

    return gather("firefox-csv", list(table.each(found, one)), found.warnings)


def _title(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
