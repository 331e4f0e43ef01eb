"""What is put into a store under its write lock. A lost race fails on a primary key, it never forks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from govern.store import tables
from govern.store.reading import FEW, EntryRow, Reading


class Writing(Reading):
    """Inserts under the write lock. A lost race fails on a primary key, it never forks."""

    def _put(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._store.put_rows(self._connection, table, rows)

    def insert_entries(self, rows: Sequence[EntryRow]) -> None:
        self._put(tables.entry, rows)

    def drop_personal(self, indices: Sequence[int]) -> None:
        """Forget the personal parts of these entries: the only thing in a ledger that is ever taken away."""
        for start in range(0, len(indices), FEW):
            wanted = tables.entry.c.idx.in_(indices[start : start + FEW])
            self._connection.execute(sa.update(tables.entry).where(wanted).values(personal=None))

    def drop_sealed(self, targets: Sequence[bytes]) -> None:
        """Forget these versions (manifest digests) and every wrap of them: what nobody is to open again."""
        for start in range(0, len(targets), FEW):
            few = targets[start : start + FEW]
            self._connection.execute(sa.delete(tables.version).where(tables.version.c.digest.in_(few)))
            self._connection.execute(sa.delete(tables.wrap).where(tables.wrap.c.target.in_(few)))

    def insert_checkpoint(self, size: int, note: bytes) -> None:
        self.insert_checkpoints([(size, note)])

    def insert_checkpoints(self, rows: Iterable[tuple[int, bytes]]) -> None:
        self._put(tables.checkpoint, list(rows))

    def insert_versions(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        self._put(tables.version, list(rows))

    def insert_wraps(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        found = list(rows)
        if found:
            self._store.put_wraps(self._connection, found)

    def drop_wraps(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        found = list(rows)
        if found:
            self._store.drop_wraps(self._connection, found)

    def insert_letters(self, rows: Iterable[tuple[bytes, str, bytes]]) -> None:
        self._put(tables.mailbox, list(rows))

    def post(self, id_: bytes, kind: str, body: bytes) -> None:
        """Put a request in the place of one that was posted under the same id."""
        self.drop_mail([id_])
        self.insert_letters([(id_, kind, body)])

    def drop_mail(self, ids: Sequence[bytes]) -> None:
        """Remove what was posted under these ids."""
        for start in range(0, len(ids), FEW):
            self._connection.execute(sa.delete(tables.mailbox).where(tables.mailbox.c.id.in_(ids[start : start + FEW])))

    def set_meta(self, key: str, value: bytes) -> None:
        self._connection.execute(sa.insert(tables.meta), {"key": key, "value": value})

    def commit(self) -> None:
        self._store.commit(self._connection)

    def rollback(self) -> None:
        self._store.roll_back(self._connection)

    def begin(self) -> None:
        """Take the write lock again after a commit in the same context."""
        self._store.begin(self._connection)

    def passes(self, error: BaseException, *, waiting: bool = True) -> bool:
        """Whether the same may succeed in a moment, in a transaction begun anew: `Store.passes`."""
        return self._store.passes(error, waiting=waiting)

    def renew(self) -> None:
        """Take the write lock again where the connection was lost, or its transaction failed; what was put in is gone."""
        self._store.renew(self._connection)
