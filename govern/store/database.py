"""The store opened: reading snapshots and writing transactions over SQLAlchemy Core. Gives and takes bytes; believes nothing it reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event as listening

from govern.errors import Failed, GovernError, IntegrityError, Usage
from govern.store import tables
from govern.store.peek import BUSY_MS, MOST_NOTE, bound, check_beside, no_vault, real
from govern.store.schema import SCHEMA_QUERY, check_schema, from_sqlite

EntryRow = tuple[int, bytes, bytes, bytes, bytes, bytes | None]
"""index, compartment, epoch, commitment, sealed, personal"""

_ENTRY_TYPES = (int, bytes, bytes, bytes, bytes)
_BATCH = 2_000
_FEW = 500
"""So many values stand in one question."""

META: Final = [("format", b"1")]
"""What `meta` holds in a store of format 1."""

_HEAD = f"""
SELECT last.idx, newest.size, newest.note FROM (SELECT max(idx) AS idx FROM entry) last
LEFT JOIN (
  SELECT size, CASE WHEN typeof(note) = 'blob' AND length(note) <= {MOST_NOTE} THEN note END AS note FROM checkpoint ORDER BY size DESC LIMIT 1
) newest ON TRUE
"""  # noqa: S608  a number of ours
_note = tables.checkpoint.c.note
_NOTE = sa.case((sa.and_(sa.func.typeof(_note) == "blob", sa.func.length(_note) <= MOST_NOTE), _note))
"""A checkpoint's note; None where it is none, or larger than any."""
_ENTRIES = (
    sa.select(tables.entry)
    .where(tables.entry.c.idx >= sa.bindparam("first"), tables.entry.c.idx < sa.bindparam("until"))
    .order_by(tables.entry.c.idx)
)
_CHECKPOINT = sa.select(_NOTE).where(tables.checkpoint.c.size == sa.bindparam("size"))
_CHECKPOINTS = (
    sa.select(tables.checkpoint.c.size, _NOTE)
    .where(tables.checkpoint.c.size > sa.bindparam("after"))
    .order_by(tables.checkpoint.c.size)
    .limit(_BATCH)
)  # fmt: skip
_VERSION = sa.select(tables.version.c.commitment, tables.version.c.sealed).where(tables.version.c.digest == sa.bindparam("digest"))
_MAIL = sa.select(tables.mailbox.c.body).where(tables.mailbox.c.id == sa.bindparam("of"))
_WRAP = sa.select(tables.wrap.c.sealed).where(
    tables.wrap.c.target == sa.bindparam("target"), tables.wrap.c.recipient == sa.bindparam("recipient")
)
_DROP_WRAP = sa.delete(tables.wrap).where(
    tables.wrap.c.target == sa.bindparam("t"), tables.wrap.c.recipient == sa.bindparam("r")
)  # fmt: skip


class Store:
    """One vault's database. `path` is the SQLite file."""

    def __init__(self, path: Path, engine: sa.Engine) -> None:
        self.path = path
        self._engine = engine

    def close(self) -> None:
        self._engine.dispose()

    def settings(self) -> list[tuple[str, str, str]]:
        """Name, wanted and found value of what durability and safety depend on, as a connection of ours has it."""
        wanted = {"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "trusted_schema": "0"}
        with self._translated(), self._engine.connect() as connection:
            return [(name, value, str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())) for name, value in wanted.items()]

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead file, which may still hold what was dropped; left for another time where somebody reads just now."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._translated(), self._engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # type: ignore[union-attr]

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A consistent snapshot; the schema is checked first."""
        with self._translated(), self._engine.connect() as connection:
            check_schema(connection.exec_driver_sql(SCHEMA_QUERY))
            yield Reading(connection)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """The write lock, taken at once (BEGIN IMMEDIATE). Nothing is kept unless `Writing.commit` was called."""
        with self._translated(), self._engine.connect().execution_options(govern_write=True) as connection:
            connection.begin()
            check_schema(connection.exec_driver_sql(SCHEMA_QUERY))
            yield Writing(connection)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except GovernError:
            raise
        except sa.exc.DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise from_sqlite(error.orig, str(self.path)) from error
            raise Failed(f"{self.path}: the database refused ({type(error.orig).__name__})", code="database") from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise from_sqlite(error, str(self.path)) from error


class Reading:
    """Queries over one snapshot."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def head(self) -> tuple[int, bytes]:
        """Size and note of the newest checkpoint, (0, b"") in an empty store. Entries beyond it are an IntegrityError."""
        last, newest, note = self._connection.exec_driver_sql(_HEAD).one()
        size = 0 if newest is None else newest
        if not isinstance(size, int) or (newest is not None and not isinstance(note, bytes)):
            raise IntegrityError("the newest checkpoint is no checkpoint", code="damaged")
        if last is not None and not isinstance(last, int):
            raise IntegrityError("the last entry has no index", code="damaged")
        found = 0 if last is None else last + 1
        if found != size:
            raise IntegrityError(
                "entries and checkpoints do not end together",
                index=self._first_hole(min(found, size)),
                expected=f"{size} entries",
                found=str(found),
                code="tail",
            )
        return (size, note) if newest is not None else (0, b"")

    def _first_hole(self, otherwise: int) -> int:
        """The first index that has no row of its own, else `otherwise`: where the entries stopped being a ledger."""
        rows = self._connection.execute(sa.select(tables.entry.c.idx).order_by(tables.entry.c.idx))
        return next((number for number, (index,) in enumerate(rows) if index != number), otherwise)

    def checkpoint(self, size: int) -> bytes | None:
        """The note of the checkpoint of just this size."""
        note = self._connection.execute(_CHECKPOINT, {"size": size}).scalar()
        return note if isinstance(note, bytes) else None

    def checkpoints(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Size and note of every checkpoint of a size above `after`, in order; a page of rows at a time."""
        rows: Sequence[Any] = (None,) * _BATCH
        while len(rows) == _BATCH:
            rows = self._connection.execute(_CHECKPOINTS, {"after": after}).fetchall()
            for size, note in rows:
                if not isinstance(size, int) or not isinstance(note, bytes):
                    raise IntegrityError("a column of its checkpoint is not of its type", index=after, code="damaged")
                yield size, note
                after = size

    def entries(self, first: int, until: int) -> list[EntryRow]:
        """Rows with first <= index < until, in order; columns are of their types (else IntegrityError), nothing else is checked."""
        try:
            rows = [tuple(row) for row in self._connection.execute(_ENTRIES, {"first": first, "until": until})]
        except (sa.exc.DBAPIError, UnicodeDecodeError):
            self._name_odd(first, until)
            raise
        for number, row in enumerate(rows, first):
            if tuple(map(type, row[:5])) != _ENTRY_TYPES or not (row[5] is None or isinstance(row[5], bytes)):
                raise IntegrityError("a column of the row is not of its type", index=number, code="damaged")
        return rows

    def _name_odd(self, first: int, until: int) -> None:
        """IntegrityError for the first row in which text stands that is no text, so that the driver can't read it."""
        typed = " OR ".join(f"typeof({column}) <> 'blob'" for column in ("compartment", "epoch", "commitment", "sealed"))
        odd = self._connection.exec_driver_sql(
            f"SELECT min(idx) FROM entry WHERE idx >= ? AND idx < ? AND ({typed} OR typeof(personal) NOT IN ('blob', 'null'))",  # noqa: S608
            (first, until),
        ).scalar()
        if odd is not None:
            raise IntegrityError("a column of the row is not of its type", index=odd, code="damaged")

    def transactions(self, after: int) -> Iterator[tuple[bytes, list[EntryRow]]]:
        """Each later transaction: its checkpoint's note and its rows. Rows are read transaction by transaction."""
        first = after
        for size, note in list(self.checkpoints(after)):
            yield note, self.entries(first, size)
            first = size

    def strays(self, size: int) -> tuple[int, int]:
        """How many entries and checkpoints have an index or a size that a ledger of `size` entries does not have."""
        idx, sizes = tables.entry.c.idx, tables.checkpoint.c.size
        entries = self._connection.execute(sa.select(sa.func.count()).where(~idx.between(0, size - 1))).scalar_one()
        return entries, self._connection.execute(sa.select(sa.func.count()).where(~sizes.between(1, size))).scalar_one()

    def check_pages(self) -> None:
        """SQLite's own check: an index that gives other rows than its table would show different things to different questions."""
        found = self._connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if found != "ok":
            raise IntegrityError(f"the database file is damaged ({found})", code="damaged", hint="restore it: govern vault restore")

    def with_personal(self, indices: Sequence[int]) -> list[int]:
        """Those of these entries that have a personal part."""
        found: list[int] = []
        for start in range(0, len(indices), _FEW):
            wanted = tables.entry.c.idx.in_(indices[start : start + _FEW])
            found += self._connection.execute(sa.select(tables.entry.c.idx).where(wanted, tables.entry.c.personal.is_not(None))).scalars()
        return found

    def version(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """Commitment to the data key and sealed bytes, or None."""
        row = self._connection.execute(_VERSION, {"digest": digest}).fetchone()
        if row is None or not (isinstance(row[0], bytes) and isinstance(row[1], bytes)):
            return None
        return row[0], row[1]

    def wrap(self, target: bytes, recipient: bytes) -> bytes | None:
        sealed = self._connection.execute(_WRAP, {"target": target, "recipient": recipient}).scalar()
        return sealed if isinstance(sealed, bytes) else None

    def epoch_wraps(self, recipient: bytes) -> list[tuple[bytes, bytes]]:
        """Target (16-byte epoch id) and sealed key of every epoch wrap to this recipient."""
        found = self._connection.execute(
            sa.select(tables.wrap.c.target, tables.wrap.c.sealed).where(
                tables.wrap.c.recipient == recipient, sa.func.length(tables.wrap.c.target) == 16
            )
        )
        return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and len(row[0]) == 16 and isinstance(row[1], bytes)]

    def chained(self, target: bytes) -> list[tuple[bytes, bytes]]:
        """Recipient id and sealed bytes of every wrap of one target; an epoch's previous key stands among them under its own epoch id."""
        found = self._connection.execute(sa.select(tables.wrap.c.recipient, tables.wrap.c.sealed).where(tables.wrap.c.target == target))
        return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and isinstance(row[1], bytes)]

    def meta(self) -> list[tuple[Any, ...]]:
        """Every row of `meta`."""
        return [tuple(row) for row in self._connection.execute(sa.select(tables.meta))]

    def mail(self, id_: bytes) -> bytes | None:
        """What was posted under this id. Anybody may have: it is to be checked before any of it is believed."""
        body = self._connection.execute(_MAIL, {"of": id_}).scalar()
        return body if isinstance(body, bytes) else None

    def all_wraps(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        for row in self._connection.execute(sa.select(tables.wrap)).yield_per(_BATCH):
            yield tuple(row)

    def all_versions(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        for row in self._connection.execute(sa.select(tables.version)).yield_per(_BATCH):
            yield tuple(row)


class Writing(Reading):
    """Inserts under the write lock. A lost race fails on a primary key, it never forks."""

    def insert_entries(self, rows: Sequence[EntryRow]) -> None:
        if rows:
            names = ("idx", "compartment", "epoch", "commitment", "sealed", "personal")
            self._connection.execute(sa.insert(tables.entry), [dict(zip(names, row, strict=True)) for row in rows])

    def drop_personal(self, indices: Sequence[int]) -> None:
        """Forget the personal parts of these entries: the only thing in a ledger that is ever taken away."""
        for start in range(0, len(indices), _FEW):
            wanted = tables.entry.c.idx.in_(indices[start : start + _FEW])
            self._connection.execute(sa.update(tables.entry).where(wanted).values(personal=None))

    def insert_checkpoint(self, size: int, note: bytes) -> None:
        self._connection.execute(sa.insert(tables.checkpoint), {"size": size, "note": note})

    def insert_versions(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        values = [{"digest": digest, "commitment": commitment, "sealed": sealed} for digest, commitment, sealed in rows]
        if values:
            self._connection.execute(sa.insert(tables.version), values)

    def insert_wraps(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        values = [{"target": target, "recipient": recipient, "sealed": sealed} for target, recipient, sealed in rows]
        if values:
            self._connection.execute(sa.insert(tables.wrap).prefix_with("OR REPLACE", dialect="sqlite"), values)

    def drop_wraps(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        values = [{"t": target, "r": recipient} for target, recipient in rows]
        if values:
            self._connection.execute(_DROP_WRAP, values)

    def post(self, id_: bytes, kind: str, body: bytes) -> None:
        """Put a request in the place of one that was posted under the same id."""
        self.drop_mail(id_)
        self._connection.execute(sa.insert(tables.mailbox), {"id": id_, "kind": kind, "body": body})

    def drop_mail(self, id_: bytes) -> None:
        self._connection.execute(sa.delete(tables.mailbox).where(tables.mailbox.c.id == id_))

    def set_meta(self, key: str, value: bytes) -> None:
        self._connection.execute(sa.insert(tables.meta), {"key": key, "value": value})

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def begin(self) -> None:
        """Take the write lock again after a commit in the same context."""
        self._connection.begin()


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite+pysqlite", database=str(real(path))))

    @listening.listens_for(engine, "do_connect")
    def _look_first(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        check_beside(path)

    @listening.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        check_beside(path)
        connection.isolation_level = None
        bound(connection)
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "trusted_schema=OFF",
            "cell_size_check=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @listening.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("govern_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def sqlite_path(vault: str) -> Path:
    """The file that `--vault` names: a path or a `sqlite:///` URL. Other databases are refused (Usage)."""
    if "://" in vault:
        scheme, rest = vault.split("://", 1)
        if not scheme.startswith("sqlite"):
            raise Usage(f"a {scheme} vault is not supported by this version", hint="name a SQLite file")
        return Path(rest[1:] if rest.startswith("/") else rest)
    return Path(vault)


def open_store(path: Path) -> Store:
    """Open the existing vault at `path` (NotFound where there is none)."""
    if not path.is_file():
        raise no_vault(path)
    return Store(path, _engine(path))


def create_store(path: Path) -> None:
    """Create the six tables in a new file; refuses to touch an existing one."""
    if path.exists():
        raise Failed(
            f"{path} exists already",
            code="exists",
            hint="name another file with --vault, or go on with the vault that is there: govern status",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    store = Store(path, _engine(path))
    with store._translated():
        tables.metadata.create_all(store._engine)
    with store.writing() as writing:
        writing.set_meta("format", b"1")
        writing.commit()
    store.close()
