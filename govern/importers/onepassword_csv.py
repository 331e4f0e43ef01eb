"""1Password's CSV (version 8): one row per login or password, archived ones included, a seed as otpauth URI in `OTPAuth`."""

from __future__ import annotations

from govern.importers import table
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import NO_LOGIN, gather, is_login, secret, seeds_of

HEADER = frozenset({"title", "username", "password"})
SIGNATURE = HEADER | {"otpauth", "archived"}


def read(data: bytes) -> Reading:
    """Every row that has a login name, a password or a seed."""
    found = table.opened(data, HEADER)

    def one(row: table.Row) -> Login | Skipped:
        login = Login(
            row=row.place,
            title=row.get("title"),
            username=row.get("username"),
            password=secret(row.get("password")),
            totp=seeds_of([row.get("otpauth")]),
            urls=tuple(row.get("url").split()),
            note_present=bool(row.get("notes").strip()),
        )
        return login if is_login(login) else Skipped(row.place, NO_LOGIN)

    return gather("1password-csv", list(table.each(found, one)), found.warnings)
