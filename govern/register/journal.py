"""The journal: every row that this machine has written to the store, and every entry and checkpoint of others that it has verified.

An append-only file of frames, and a side file for personal parts, so that somebody can be forgotten by rewriting the small one. Both
are on disk before the store is asked to commit: what was acknowledged can be put back into a damaged database, and a commit whose
outcome is unknown is retried with the same bytes, never with new ones. Frames are not trusted when read: they are verified like rows.
How frames are spelled is known in `frames`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from govern.errors import Failed
from govern.register.durable import BINARY, sync, sync_folder, write_all
from govern.register.frames import CHECKPOINT, DROPPED, ENTRY, VERSION, WRAP, EntryRow, Written, frame, frames, row_of, sealed_of, wrap_of

_FEW: Final = 20_000
"""Rows of one transaction that are held in memory, some 20 MB, rather than read each time that they are walked."""


def _length(path: Path) -> int | None:
    """Bytes of the file, None where there is none."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def _put(path: Path, start: int, data: bytes, *, durable: bool, waits: bool) -> bool:
    """Write `data` at `start` and end the file there; whether bytes now wait to be made durable, as they did before with `waits`."""
    if not data and not (durable and waits) and (_length(path) or 0) == start:
        return waits
    new = False
    try:
        descriptor = os.open(path, os.O_RDWR | BINARY)
    except FileNotFoundError:
        if start:
            raise
        descriptor, new = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o600), True
    try:
        length = os.fstat(descriptor).st_size
        if length < start:
            raise OSError(errno.EIO, "shorter than it was")
        if length > start:
            os.ftruncate(descriptor, start)
        write_all(descriptor, start, data)
        if durable:
            sync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        sync_folder(path.parent)
    return not durable


def _without(path: Path, goes: Callable[[bytes, bytes], bool], end: int) -> int:
    """Write a file of frames anew without those that go, where there are any; the new offset of what stood at `end`."""
    if not path.exists():
        return end
    with path.open("rb") as old:
        if not any(goes(kind, payload) for kind, payload, _ in frames(old, 0)):
            return end
        fresh, kept, written = path.with_name(f"{path.name}.fresh"), 0, 0
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for kind, payload, at in frames(old, 0):
                if not goes(kind, payload):
                    written += file.write(frame(kind, payload))
                if at <= end:
                    kept = written
            file.flush()
            os.fsync(file.fileno())
    os.replace(fresh, path)
    sync_folder(path.parent)
    return kept


class Recorded(NamedTuple):
    """One whole transaction of the journal: its checkpoint, its first index, where it stands in both files, and its rows if they are few."""

    journal: Journal
    note: bytes
    first: int
    size: int
    start: tuple[int, int]
    end: tuple[int, int]
    few: list[EntryRow] | None

    def rows(self) -> Iterator[EntryRow]:
        """Its entries with their personal parts; many are read anew, so that memory stays bounded."""
        return iter(self.few) if self.few is not None else self.journal.rows(self.start, self.end[0])


class Journal:
    """The two files of one member's state folder."""

    def __init__(self, home: Path, suffix: str = "") -> None:
        self.path = home / f"journal{suffix}"
        self.side = home / f"journal.personal{suffix}"
        self._side_waits = False

    def files(self) -> tuple[Path, Path]:
        return self.path, self.side

    def ends(self) -> tuple[int, int]:
        """Present lengths of both files in bytes."""
        return _length(self.path) or 0, _length(self.side) or 0

    def is_shorter_than(self, ends: tuple[int, int]) -> bool:
        """Whether something is gone that was there: the file was removed, or a power cut took what others had written."""
        return any(present < end for present, end in zip(self.ends(), ends, strict=True))

    def append(self, at: tuple[int, int], written: Written, *, durable: bool) -> tuple[int, int]:
        """Write the frames at offsets `at` (what stands behind them is cut off) and return the new ends.

        The side file goes first: where a checkpoint is found on disk, all of its transaction is there.
        """
        main, side = written.encode()
        try:
            self._side_waits = _put(self.side, at[1], side, durable=durable, waits=self._side_waits)
            _put(self.path, at[0], main, durable=durable, waits=False)
        except OSError as error:
            raise Failed(
                f"the journal at {self.path} can't be written ({error.strerror})", code="disk-full", hint="make room and try again"
            ) from error
        return at[0] + len(main), at[1] + len(side)

    def cut(self, at: tuple[int, int]) -> None:
        """Remove what was appended for a transaction that the store did not take."""
        for path, end in zip((self.path, self.side), at, strict=True):
            if path.exists() and path.stat().st_size > end:
                os.truncate(path, end)

    def forget(self, indices: set[int], targets: set[bytes], ends: tuple[int, int]) -> tuple[int, int]:
        """Write the files anew without the personal parts of these entries, and without these versions (manifest digests) and their wraps; the
        new ends. Copies kept as damaged go altogether.

        The caller holds the register's lock. Where it is interrupted, the register no longer fits the files and is rebuilt.
        """
        copies = [*self.side.parent.glob(f"{self.side.name}.*")]
        if targets:
            copies += [path for path in self.path.parent.glob(f"{self.path.name}.*") if not path.name.startswith(self.side.name)]
        for copy in copies:
            copy.unlink(missing_ok=True)
        side = _without(self.side, lambda _, part: int.from_bytes(part[:8], "big") in indices, ends[1])
        main = (
            _without(self.path, lambda kind, payload: bool(targets) and sealed_of(kind, payload) in targets, ends[0])
            if targets
            else ends[0]
        )
        return main, side

    def open_side(self) -> BinaryIO:
        return self.side.open("rb") if self.side.exists() else BytesIO()

    def rows(self, start: tuple[int, int], end: int) -> Iterator[EntryRow]:
        """Entries between the offsets, with their personal parts."""
        with self.path.open("rb") as main, self.open_side() as side:
            parts = frames(side, start[1])
            part = next(parts, None)
            for kind, payload, at in frames(main, start[0]):
                if kind == ENTRY:
                    while part is not None and part[1][:8] < payload[:8]:
                        part = next(parts, None)
                    yield row_of(payload, part[1] if part is not None else b"")
                if at >= end:
                    return

    def transactions(self, start: tuple[int, int] = (0, 0)) -> Iterator[Recorded]:
        """Whole transactions from the offsets `start` on; a torn or unfinished tail is not given."""
        if not self.path.exists():
            return
        with self.path.open("rb") as main, self.open_side() as side:
            parts = frames(side, start[1])
            part = next(parts, None)
            rows: list[EntryRow] = []
            first, count, side_end = 0, 0, start[1]
            for kind, payload, end in frames(main, start[0]):
                if kind not in (ENTRY, CHECKPOINT):
                    continue
                while part is not None and part[1][:8] < payload[:8]:
                    side_end = part[2]
                    part = next(parts, None)
                if kind == ENTRY:
                    if count == 0:
                        first = int.from_bytes(payload[:8], "big")
                    count += 1
                    if count <= _FEW:
                        rows.append(row_of(payload, part[1] if part is not None else b""))
                    else:
                        rows.clear()
                    continue
                yield Recorded(
                    journal=self, note=payload[8:], size=int.from_bytes(payload[:8], "big"), start=start, end=(end, side_end),
                    first=first, few=rows if count <= _FEW else None,
                )  # fmt: skip
                start, rows, first, count = (end, side_end), [], 0, 0

    def checkpoints(self) -> Iterator[Recorded]:
        """The same transactions without their rows, in a fraction of the time: what else stands in them is stepped over, unread."""
        if not self.path.exists():
            return
        start, first = 0, 0
        with self.path.open("rb") as main:
            for _, payload, end in frames(main, 0, only=CHECKPOINT):
                size = int.from_bytes(payload[:8], "big")
                yield Recorded(journal=self, note=payload[8:], first=first, size=size, start=(start, 0), end=(end, 0), few=None)
                start, first = end, size

    def wraps(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Target, recipient and sealed bytes of every wrap, of unfinished transactions too."""
        if self.path.exists():
            with self.path.open("rb") as main:
                for _, payload, _ in frames(main, 0, only=WRAP):
                    yield wrap_of(payload)

    def read(self, start: tuple[int, int] = (0, 0)) -> Iterator[Written]:
        """The same transactions with all of their rows; each is held in memory."""
        for recorded in self.transactions(start):
            written = Written(note=recorded.note, size=recorded.size, end=recorded.end, entries=[*recorded.rows()])
            with self.path.open("rb") as main:
                for kind, payload, end in frames(main, recorded.start[0]):
                    if kind == VERSION:
                        written.versions.append((payload[:32], payload[32:64], payload[64:]))
                    elif kind == WRAP:
                        written.wraps.append(wrap_of(payload))
                    elif kind == DROPPED:
                        written.dropped.append(wrap_of(payload)[:2])
                    if end >= recorded.end[0]:
                        break
            yield written
