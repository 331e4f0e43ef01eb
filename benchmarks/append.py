"""Appending to the ledger: one event made durable, and many in one transaction without sealing a secret.

Floor of the durable append: the raw commit of one row into a plain SQLite file of the same folder at `synchronous=FULL`. Ours writes
journal, store, pin and register, of which three are synchronised with the disk.
"""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Iterator
from pathlib import Path

from measure import Result, medians, ms, per_second, timed
from member import NOW, add_account, found


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    member = found(folder / "append")
    with member.workspace() as workspace:
        with workspace.transaction(NOW) as tx:
            place = tx.new_id()
            tx.record("place.added", {"place": place, "kind": "manager"}, {"name": "the old manager"})
            credential = add_account(tx, 0, place)[1]
        revealed = {"credential": credential, "version": 1, "purpose": "reveal"}

        def append() -> None:
            with workspace.transaction(NOW) as tx:
                tx.record("secret.revealed", revealed)

        raw = RawCommit(folder / "raw.db")
        ours, floor = medians(100 if quick else 400, append, raw)
        raw.db.close()
        yield Result(
            work="durable append of one event",
            subject=ms(ours),
            floor=f"raw commit {ms(floor)}",
            ratio=floor / ours,
            bar=0.2,
            at_least=True,
        )

        count = 5_000 if quick else 20_000

        def alike() -> None:
            with workspace.transaction(NOW) as tx:
                for _ in range(count):
                    tx.record("secret.revealed", revealed)

        def import_shaped() -> None:
            with workspace.transaction(NOW) as tx:
                start = tx.size
                for number in range(count // 4):
                    add_account(tx, start + number, place)

        for name, action, bar in (("short entries", alike, 1.0), ("entries of an import", import_shaped, None)):
            seconds = statistics.median(timed(action)() for _ in range(3))
            yield Result(
                work=f"bulk append without sealing, {name}", subject=per_second(count, seconds), floor="10,000 entries/s",
                ratio=count / seconds / 10_000, bar=bar, at_least=True,
            )  # fmt: skip


class RawCommit:
    """One row of an entry's size into a file of its own: what SQLite itself needs to make it durable."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, row BLOB)")

    def __call__(self) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO entry (row) VALUES (?)", (bytes(600),))
        self.db.execute("COMMIT")
