"""What a SQLite store's schema must be, to the letter: a planted trigger or view is seen before the first row is read.

Kept apart from the table declarations, so that a reading command can check it without loading SQLAlchemy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from govern.errors import Failed, GovernError, IntegrityError

SCHEMA_QUERY: Final = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name"
VERSION_QUERY: Final = "PRAGMA schema_version"
"""The version in the file's header. Asked first in a transaction, it opens the snapshot before SQLite parses any schema."""
PARSE_ANEW: Final = "PRAGMA writable_schema=RESET"
"""Makes SQLite forget what it has parsed (sqlite.org/pragma.html#pragma_writable_schema): the next question parses what stands in this very snapshot."""
SCHEMA: Final = (
    ("index", "sqlite_autoindex_checkpoint_1", "checkpoint", ""),
    ("index", "sqlite_autoindex_entry_1", "entry", ""),
    ("index", "sqlite_autoindex_mailbox_1", "mailbox", ""),
    ("index", "sqlite_autoindex_meta_1", "meta", ""),
    ("index", "sqlite_autoindex_version_1", "version", ""),
    ("index", "sqlite_autoindex_wrap_1", "wrap", ""),
    ("table", "checkpoint", "checkpoint", "CREATE TABLE checkpoint ( size BIGINT NOT NULL, note BLOB NOT NULL, PRIMARY KEY (size) )"),
    (
        "table",
        "entry",
        "entry",
        (
            "CREATE TABLE entry ( idx BIGINT NOT NULL, compartment BLOB NOT NULL, epoch BLOB NOT NULL, "
            "commitment BLOB NOT NULL, sealed BLOB NOT NULL, personal BLOB, PRIMARY KEY (idx) )"
        ),
    ),
    ("table", "mailbox", "mailbox", "CREATE TABLE mailbox ( id BLOB NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (id) )"),
    ("table", "meta", "meta", 'CREATE TABLE meta ( "key" TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY ("key") )'),
    (
        "table",
        "version",
        "version",
        "CREATE TABLE version ( digest BLOB NOT NULL, commitment BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (digest) )",
    ),
    (
        "table",
        "wrap",
        "wrap",
        "CREATE TABLE wrap ( target BLOB NOT NULL, recipient BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (target, recipient) )",
    ),
)
"""The rows of SCHEMA_QUERY as format 1 creates them, white space folded; a test creates them and compares."""


def folded(rows: Iterable[Any]) -> tuple[tuple[str, ...], ...]:
    """Schema rows with their white space folded."""
    return tuple(tuple(" ".join(str(value).split()) for value in row) for row in rows)


def check_schema(rows: Iterable[Any]) -> None:
    """Refuse (IntegrityError) a schema with anything added, changed or missing."""
    found = folded(rows)
    if found != SCHEMA:
        odd = sorted({str(row[1])[:40] for row in found if row[0] not in ("table", "index")})
        named = f": {', '.join(odd)}" if odd else ""
        raise IntegrityError(
            f"the vault's database has another schema than govern's{named}",
            code="schema",
            hint="somebody changed the database itself; compare with a backup, and see docs/security/threats.md",
        )


NO_ROOM: Final = "make room on the disk and try again"


def from_sqlite(error: sqlite3.Error | UnicodeDecodeError, where: str) -> GovernError:
    """The error of our own tree for what SQLite says of the file `where`."""
    said = str(error)
    if isinstance(error, UnicodeDecodeError) or "decode" in said:  # text where bytes belong; what SQLite says of it quotes the row
        return IntegrityError(
            f"{where}: a column of a row is not of its type",
            code="damaged",
            hint="restore it: govern vault restore FILE, or --from-journal",
        )
    if "too big" in said:
        return IntegrityError(
            f"{where}: a value is larger than any of govern's",
            code="damaged",
            hint="restore it: govern vault restore FILE, or --from-journal",
        )
    if "locked" in said or "busy" in said:
        return Failed(f"{where} is in use by another process", code="busy", hint="try again in a moment")
    if "readonly" in said or "read-only" in said:
        return Failed(
            f"{where} can't be written",
            code="read-only",
            hint=f"check the permissions of the file, of {where}-wal and {where}-shm, and of the folder",
        )
    if "full" in said:
        return Failed(f"the disk of {where} is full", code="disk-full", hint="make room and run the command again; nothing was lost")
    if "unable to open" in said:
        return Failed(f"{where} can't be opened", code="unreadable", hint="check the permissions of the file and of its folder")
    if isinstance(error, sqlite3.IntegrityError):
        return Failed(f"{where} was written by somebody else at the same moment", code="race", hint="run the command again")
    if "I/O" in said:
        return Failed(f"{where}: {said}", code="io", hint=NO_ROOM)
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in said or "not a database" in said or "no such" in said):
        return IntegrityError(
            f"{where} is damaged or no vault ({said})", code="damaged", hint="restore it: govern vault restore FILE, or --from-journal"
        )
    return Failed(f"{where}: {said}", code="database")
