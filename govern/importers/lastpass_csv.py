"""LastPass' CSV: secure notes stand beside logins under the address `http://sn`, sub-folders are written with a backslash."""

from __future__ import annotations

import re

from govern.importers import table
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import NO_LOGIN, gather, is_login, places, secret, seeds_of

HEADER = frozenset({"url", "username", "password", "extra", "name", "grouping"})
_ENTITY = re.compile(r"&(amp|lt|gt|quot|#39);")


def read(data: bytes) -> Reading:
    """Every row that has a login name, a password or a seed and is no secure note."""
    found = table.opened(data, HEADER)
    doubtful: list[str] = []

    def one(row: table.Row) -> Login | Skipped:
        url = row.get("url").strip()
        if url == "http://sn":
            return Skipped(row.place, "a secure note, not a login")
        if url == "http://group":
            return Skipped(row.place, "a folder, not a login")
        if _ENTITY.search(row.get("password")):
            doubtful.append(row.place)
        login = Login(
            row=row.place,
            title=row.get("name"),
            username=row.get("username"),
            password=secret(row.get("password")),
            totp=seeds_of([row.get("totp")]),
            urls=(url,) if url and url != "http://" else (),
            folder=row.get("grouping").replace("\\", "/"),
            note_present=bool(row.get("extra").strip()),
        )
        return login if is_login(login) else Skipped(row.place, NO_LOGIN)

    outcomes = list(table.each(found, one))
    warnings = list(found.warnings)
    if doubtful:
        warnings.append(f"passwords that look like HTML (&amp; for &), as older exports wrote them; kept as found: {places(doubtful)}")
    return gather("lastpass-csv", outcomes, warnings)
