"""Which format a file has, by what stands at its beginning.

Knows the marks of formats, those that are not read too, so that a refusal can say what the file is. Never quotes the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from govern.errors import Malformed
from govern.importers import (
    bitwarden_csv,
    encoding,
    firefox_csv,
    headings,
    kdbx_header,
    keepassxc_csv,
    lastpass_csv,
    nordpass,
    onepassword_csv,
    table,
)

FORMATS: dict[str, str] = {
    "bitwarden-json": "Bitwarden, Vaultwarden: .json, plain or protected by a password",
    "bitwarden-csv": "Bitwarden, Bitwarden Authenticator: .csv",
    "1password-csv": "1Password: .csv",
    "1pux": "1Password: .1pux",
    "lastpass-csv": "LastPass: .csv",
    "chrome-csv": "Chrome, Chromium, Edge: .csv",
    "firefox-csv": "Firefox: .csv",
    "keepassxc-csv": "KeePassXC, KeePass 1.x: .csv",
    "kdbx": "KeePass, KeePassXC: .kdbx (versions 3.1 and 4)",
    "spreadsheet": "any table with headings: .csv, .xlsx",
}
"""The formats that are read, each with the programs that write it."""

HEAD = 1 << 16
"""How many bytes are enough: of a zip file, so many from its beginning and so many from its end."""

_SIGNATURES = (
    ("firefox-csv", (firefox_csv.HEADER,)),
    ("lastpass-csv", (lastpass_csv.HEADER,)),
    ("bitwarden-csv", bitwarden_csv.HEADERS),
    ("NordPass", (nordpass.HEADER,)),
    ("keepassxc-csv", (keepassxc_csv.KEEPASSXC, keepassxc_csv.KEEPASS_1)),
    ("1password-csv", (onepassword_csv.SIGNATURE,)),
)
_CHROME = ({"name", "url", "username", "password"}, {"name", "url", "username", "password", "note"})

_LONGEST_HEADER = 300

_KEY = re.compile(r'"(\w{1,40})"\s*:')
_JSON_KEYS = (
    (("encKeyValidation_DO_NOT_EDIT",), "bitwarden-json"),
    (("exporterRpId",), "the Credential Exchange Format"),
    (("credentials",), "the Credential Exchange Format"),
    (("services", "schemaVersion"), "a 2FAS backup"),
    (("header", "db"), "an Aegis backup"),
    (("encrypted", "items"), "bitwarden-json"),
    (("encrypted", "folders"), "bitwarden-json"),
    (("encrypted", "collections"), "bitwarden-json"),
    (("encrypted", "data"), "bitwarden-json"),
    (("items", "folders"), "bitwarden-json"),
    (("items", "collections"), "bitwarden-json"),
    (("items", "login"), "bitwarden-json"),
)


def detect(head: bytes, name: str) -> str:
    """The format, one of `FORMATS`. Malformed, with the ways on, where it is none of them.

    `head`: `HEAD` bytes, of a zip file those of its end too. `name`: that of the file; it decides only between zip files that look alike.
    """
    if head.startswith((kdbx_header.SIGNATURE, kdbx_header.SIGNATURE_KDB)):
        return "kdbx"
    if head.startswith(b"PK"):
        return _zip(head, name)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise _no_text(name, "an old Excel file or a workbook with a password", "save it as .xlsx without a password, or as CSV")
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF")):
        ways = "no login can be read from it; the seed in a QR code comes in with govern credential add ACCOUNT --kind totp"
        raise _no_text(name, "a picture or a PDF", ways)
    text, _ = encoding.decode(head)
    if text.count("\0") * 20 > len(text):
        raise _no_text(name, "no text", "no login can be read from it")
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return _json(start, name)
    if start.startswith("<"):
        return _xml(start, name)
    lines = [line for line in start.splitlines() if line.strip() and not line.startswith("#")]
    if lines and all(line.startswith(("otpauth://", "otpauth-migration://")) for line in lines):
        raise _unread(name, "a list of seeds of an authenticator")
    return _table(head, name)


def _zip(head: bytes, name: str) -> str:
    if b"export.data" in head or b"export.attributes" in head:
        return "1pux"
    if b"xl/workbook" in head or b"[Content_Types].xml" in head:
        return "spreadsheet"
    if b"opendocument.spreadsheet" in head:
        raise _no_text(name, "an OpenDocument sheet", "save it as .xlsx or as CSV")
    for ending, format in ((".1pux", "1pux"), (".xlsx", "spreadsheet")):
        if name.casefold().endswith(ending):
            return format
    raise _no_text(name, "a zip file", "unpack it, then import what lies in it")


def _json(text: str, name: str) -> str:
    keys = set(_KEY.findall(text))
    for wanted, format in _JSON_KEYS:
        if keys.issuperset(wanted):
            if format in FORMATS:
                return format
            raise _unread(name, format)
    raise _unread(name, "JSON of an unknown program")


def _xml(text: str, name: str) -> str:
    if "<KeePassFile" in text:
        raise _unread(name, "KeePass XML, which lies open on the disk", "import the .kdbx itself")
    if "<KeyFile" in text:
        raise _unread(name, "a KeePass key file", "import the .kdbx and give this file with --kdbx-keyfile")
    raise _unread(name, "XML or HTML")


def _table(head: bytes, name: str) -> str:
    widest: tuple[str, ...] = ()
    for delimiter in table.DELIMITERS:
        records, _ = table.split(head, delimiter, most=20)
        first = next((record for record in records if not table.is_blank(record)), None)
        if first is None:
            continue
        names = set(table.named(first.cells))
        widest = max(widest, first.cells, key=len)
        for format, signatures in _SIGNATURES:
            if any(signature <= names for signature in signatures):
                if format in FORMATS:
                    return format
                found = ", ".join(cell for cell in table.named(first.cells) if cell)[:_LONGEST_HEADER]
                raise _unread_table(name, f"a {format} export", f"--format spreadsheet takes its logins in; its columns: {found}")
        if names - {""} in _CHROME:
            return "chrome-csv"
        if any(headings.assigned(record.cells, {}) for record in records):
            return "spreadsheet"
    raise _unread_table(
        name, "a text without headings that say account, platform, login or password", f"{_columns(widest)}; put such a row on top"
    )


def _columns(cells: Sequence[str]) -> str:
    """What is known of a first row: only words of ours are repeated, since a row that is none of headings may hold secrets."""
    known = [" ".join(cell.split()) for cell in cells if headings.is_word(cell)]
    others = len(cells) - len(known)
    rest = f"{others} {'column' if others == 1 else 'columns'} of another or no heading"
    return f"found {', '.join([*known, rest] if others else known)}" if cells else "found no column"


def _unread_table(name: str, what: str, hint: str) -> Malformed:
    """For a table, whose columns can be said."""
    ways = f"or say with --map FILE which column is what, in lines like: login = HEADING; or name it with --format ({', '.join(FORMATS)})"
    return Malformed(f"{name} is not a format govern reads yet: it looks like {what}", hint=f"{hint}; {ways}")


def _no_text(name: str, what: str, hint: str) -> Malformed:
    """For what no map of columns would open."""
    return Malformed(f"{name} is not a format govern reads yet: it looks like {what}", hint=f"{hint}; what is read: {', '.join(FORMATS)}")


def _unread(name: str, what: str, hint: str = "") -> Malformed:
    ways = (
        f"name it with --format ({', '.join(FORMATS)}), or export it as CSV and say with --map FILE which column is what,"
        " in lines like: login = HEADING"
    )  # fmt: skip
    return Malformed(f"{name} is not a format govern reads yet: it looks like {what}", hint=f"{hint}; or {ways}" if hint else ways)
