"""What every reader of a foreign file hands back: logins, what was left out and why, and warnings.

Knows the shape of one login as files hold it; knows neither accounts nor platforms nor people of the vault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from govern.vault.secret import Secret

PROGRAMS: Final = {
    "bitwarden-json": "Bitwarden", "bitwarden-csv": "Bitwarden", "1password-csv": "1Password", "1pux": "1Password",
    "lastpass-csv": "LastPass", "chrome-csv": "Chrome", "firefox-csv": "Firefox", "keepassxc-csv": "KeePassXC", "kdbx": "KeePass",
}  # fmt: skip
"""The program that a format tells of, as people call it."""

BROWSERS: Final = frozenset({"Chrome", "Firefox"})
"""Those programs that are browsers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """One login of a foreign file, as found there.

    `row` is its place in the file for a person to look up ("row 7", "item 3", "Emails/WS/aib"). `password` is None where the file has
    none. `totp` holds every seed of the login: an otpauth URI or bare base32. `password_changed` is what the file claims, in UTC
    (ISO 8601, seconds, Z). A note is told of and not taken. The fields from `account` on are filled by spreadsheets only.
    """

    row: str
    title: str
    username: str
    password: Secret | None
    totp: tuple[Secret, ...] = ()
    urls: tuple[str, ...] = ()
    folder: str = ""
    collections: tuple[str, ...] = ()
    password_changed: str | None = None
    note_present: bool = False
    account: str = ""
    platform: str = ""
    responsible: str = ""
    department: str = ""
    known_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that did not come in: its place and the reason, which never quotes the record."""

    row: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """All of one file. Every record of it is either a login or skipped.

    `program`: whose format it is, empty where the format does not tell. `unread`: columns and sheets that nobody said the meaning of, by
    heading or title; there may be secrets in them.
    """

    format: str
    logins: tuple[Login, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...] = ()
    program: str = ""
    unread: tuple[str, ...] = ()
