"""A look at the head of a SQLite store through the standard library alone: what a reading command needs to see that nothing has changed.

Loads neither SQLAlchemy nor cryptography. What it returns is not verified: it is only ever compared with what this machine has pinned.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from govern.errors import IntegrityError, NotFound
from govern.store.schema import SCHEMA_QUERY, VERSION_QUERY, check_schema, from_sqlite

BUSY_MS = 5_000
MOST_VALUE = 16 << 20
"""Bytes of the largest value or row that is read or written."""
MOST_LETTER = 4_096
"""Bytes of the largest request to be enrolled, as in `vault.invite`."""
_POSTED = "SELECT CASE WHEN typeof(body) = 'blob' AND length(body) <= ? THEN body END FROM mailbox WHERE id = ?"
MOST_NOTE = 131_072
"""Bytes of the largest checkpoint that is read, as in `ledger.note`."""


HEAD = f"""
SELECT max(idx), (SELECT max(size) FROM checkpoint), (
  SELECT CASE WHEN typeof(note) = 'blob' AND length(note) <= {MOST_NOTE} THEN note END FROM checkpoint ORDER BY size DESC LIMIT 1)
FROM entry
"""  # noqa: S608  a number of ours
"""Greatest index, size and note of the newest checkpoint; None for a note that is none, or larger than any."""


class Peek(NamedTuple):
    """Size and note of the newest checkpoint row, and the greatest entry index, as the store shows them; -1 where there is none."""

    size: int
    note: bytes
    last: int


def bound(connection: sqlite3.Connection) -> None:
    """Nothing of ours comes near this: a planted value of gigabytes is refused where it is read, before there is room made for it."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE)


def no_vault(path: object) -> NotFound:
    return NotFound(
        f"there is no vault at {path}",
        hint="govern init --organisation NAME --founder 'Name <mail>', or name it with --vault; one that is lost: govern vault restore FILE, or --from-journal",
    )


def real(path: Path) -> Path:
    """The file that a path leads to: SQLite follows links, and looks for WAL and journal beside the file itself."""
    return Path(os.path.realpath(path))


def check_beside(path: Path) -> None:
    """Refuse (IntegrityError) a rollback journal beside a database, before SQLite opens it and once more before it reads.

    SQLite would play it back into the database, and delete whatever other file it names. Ours are in WAL mode and never leave one
    (sqlite.org/fileformat2.html, section 3). One that is put there between this look and SQLite's own is not seen.
    """
    journal = next((beside for place in (path, real(path)) if os.path.lexists(beside := Path(f"{place}-journal"))), None)
    if journal is not None:
        raise IntegrityError(
            f"a rollback journal lies beside the database: {journal}",
            code="planted-journal",
            hint="govern leaves none: somebody put it there to change the database; look at it, then remove it",
        )


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise no_vault(path)
    check_beside(path)
    try:
        connection = sqlite3.connect(f"{real(path).as_uri()}?mode=rw", uri=True, timeout=BUSY_MS / 1000, isolation_level=None)
    except sqlite3.OperationalError:
        connection = sqlite3.connect(f"{real(path).as_uri()}?mode=ro", uri=True, timeout=BUSY_MS / 1000, isolation_level=None)
    try:
        check_beside(path)
        bound(connection)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        connection.execute(
            "BEGIN"
        )  # what is compared is what everything else is read by: nothing was parsed before, and the snapshot stays
        connection.execute(VERSION_QUERY).fetchone()
        yield connection
    finally:
        connection.close()


def peek(path: Path) -> Peek:
    """Head of the store at `path`; raises NotFound, Failed, or IntegrityError for a changed schema or a row of the wrong type."""
    try:
        with _reading(path) as connection:
            check_schema(connection.execute(SCHEMA_QUERY))
            last, size, note = connection.execute(HEAD).fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise from_sqlite(error, str(path)) from error
    return seen(last, size, note)


def seen(last: object, size: object, note: object) -> Peek:
    """From what HEAD asks for; IntegrityError where it is not of its types."""
    if size is None or last is None:
        return Peek(-1, b"", -1)
    if not (isinstance(size, int) and isinstance(note, bytes) and isinstance(last, int)):
        raise IntegrityError("the newest checkpoint is no checkpoint", code="damaged")
    return Peek(size, note, last)


def posted(path: Path, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """What lies in the mailbox of the store at `path` under these ids, by whomever; empty for what is larger than any request, or no bytes."""
    try:
        with _reading(path) as connection:
            check_schema(connection.execute(SCHEMA_QUERY))
            rows = ((id_, connection.execute(_POSTED, (MOST_LETTER, id_)).fetchone()) for id_ in ids)
            return {id_: row[0] or b"" for id_, row in rows if row is not None}
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise from_sqlite(error, str(path)) from error
