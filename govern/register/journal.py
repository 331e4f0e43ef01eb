"""The journal: every row that this machine has written to the store, and every entry and checkpoint of others that it has verified.

An append-only file of frames, and a side file for personal parts, so that somebody can be forgotten by rewriting the small one. Both
are on disk before the store is asked to commit: what was acknowledged can be put back into a damaged database, and a commit whose
outcome is unknown is retried with the same bytes, never with new ones. Frames are not trusted when read: they are verified like rows.

A frame is type (1 byte), length (4), payload, CRC-32 (4; finds a torn tail, nothing else). A transaction ends with its checkpoint.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from govern.errors import Failed
from govern.register.durable import BINARY, sync, sync_folder, write_all

ENTRY: Final = b"E"
VERSION: Final = b"V"
WRAP: Final = b"W"
DROPPED: Final = b"D"
CHECKPOINT: Final = b"C"
PERSONAL: Final = b"P"

_LIMIT: Final = 64 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_FEW: Final = 20_000
"""Rows of one transaction that are held in memory, some 20 MB, rather than read each time that they are walked."""


def _frame(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "big") + payload + zlib.crc32(kind + payload).to_bytes(4, "big")


def _frames(file: BinaryIO, start: int, only: bytes = b"") -> Iterator[tuple[bytes, bytes, int]]:
    """Type, payload and end offset of each whole frame from `start` on; stops at the first torn one.

    With `only`, frames of another type are stepped over by their length, unread.
    """
    file.seek(start)
    chunk, at = b"", 0  # `start` is where the chunk begins
    while True:
        end = at + 9 + int.from_bytes(chunk[at + 1 : at + 5], "big")
        if end - at > _LIMIT:
            return
        if end > len(chunk):
            more = file.read(max(_CHUNK, end - len(chunk)))
            if not more:
                return
            start += at
            chunk, at = chunk[at:] + more, 0
            continue
        kind = chunk[at : at + 1]
        if only and kind != only:
            at = end
            continue
        payload = chunk[at + 5 : end - 4]
        if zlib.crc32(payload, zlib.crc32(kind)) != int.from_bytes(chunk[end - 4 : end], "big"):
            return
        at = end
        yield kind, payload, start + end


EntryRow = tuple[int, bytes, bytes, bytes, bytes, bytes | None]
"""index, compartment, epoch, commitment, sealed, personal: the columns of the store's table."""


class Written:
    """The rows of one transaction, in the column order of the store's tables, and where its frames end in both files."""

    __slots__ = ("dropped", "end", "entries", "note", "size", "versions", "wraps")  # no dataclass: every command that writes would make it

    def __init__(self, *, note: bytes = b"", size: int = 0, end: tuple[int, int] = (0, 0), entries: Sequence[EntryRow] = ()) -> None:
        self.note, self.size, self.end, self.entries = note, size, end, list(entries)
        self.versions: list[tuple[bytes, bytes, bytes]] = []
        self.wraps: list[tuple[bytes, bytes, bytes]] = []
        self.dropped: list[tuple[bytes, bytes]] = []

    def encode(self) -> tuple[bytes, bytes]:
        """Frames for the journal and for its side file."""
        frames, personal = [], []
        for index, compartment, epoch, commitment, sealed, part in self.entries:
            frames.append(_frame(ENTRY, index.to_bytes(8, "big") + compartment + epoch + commitment + sealed))
            if part is not None:
                personal.append(_frame(PERSONAL, index.to_bytes(8, "big") + part))
        frames += [_frame(VERSION, b"".join(row)) for row in self.versions]
        frames += [_frame(WRAP, bytes([len(target)]) + target + recipient + sealed) for target, recipient, sealed in self.wraps]
        frames += [_frame(DROPPED, bytes([len(target)]) + target + recipient) for target, recipient in self.dropped]
        if self.note:
            frames.append(_frame(CHECKPOINT, self.size.to_bytes(8, "big") + self.note))
        return b"".join(frames), b"".join(personal)


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

    def forget(self, indices: set[int], ends: tuple[int, int]) -> tuple[int, int]:
        """Write the side file anew without the personal parts of these entries; the new ends. Copies of it kept as damaged go altogether.

        The caller holds the register's lock. Where it is interrupted, the register no longer fits the file and is rebuilt.
        """
        for copy in self.side.parent.glob(f"{self.side.name}.*"):
            copy.unlink(missing_ok=True)
        with self.open_side() as side:
            if not any(int.from_bytes(part[:8], "big") in indices for _, part, _ in _frames(side, 0)):
                return ends
            fresh, end, written = self.side.with_name(f"{self.side.name}.fresh"), 0, 0
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                for kind, part, at in _frames(side, 0):
                    if int.from_bytes(part[:8], "big") not in indices:
                        written += file.write(_frame(kind, part))
                    if at <= ends[1]:
                        end = written
                file.flush()
                os.fsync(file.fileno())
        os.replace(fresh, self.side)
        sync_folder(self.side.parent)
        return ends[0], end

    def open_side(self) -> BinaryIO:
        return self.side.open("rb") if self.side.exists() else BytesIO()

    def rows(self, start: tuple[int, int], end: int) -> Iterator[EntryRow]:
        """Entries between the offsets, with their personal parts."""
        with self.path.open("rb") as main, self.open_side() as side:
            parts = _frames(side, start[1])
            part = next(parts, None)
            for kind, payload, at in _frames(main, start[0]):
                if kind == ENTRY:
                    while part is not None and part[1][:8] < payload[:8]:
                        part = next(parts, None)
                    yield _row(payload, part[1] if part is not None else b"")
                if at >= end:
                    return

    def transactions(self, start: tuple[int, int] = (0, 0)) -> Iterator[Recorded]:
        """Whole transactions from the offsets `start` on; a torn or unfinished tail is not given."""
        if not self.path.exists():
            return
        with self.path.open("rb") as main, self.open_side() as side:
            parts = _frames(side, start[1])
            part = next(parts, None)
            rows: list[EntryRow] = []
            first, count, side_end = 0, 0, start[1]
            for kind, payload, end in _frames(main, start[0]):
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
                        rows.append(_row(payload, part[1] if part is not None else b""))
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
            for _, payload, end in _frames(main, 0, only=CHECKPOINT):
                size = int.from_bytes(payload[:8], "big")
                yield Recorded(journal=self, note=payload[8:], first=first, size=size, start=(start, 0), end=(end, 0), few=None)
                start, first = end, size

    def wraps(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Target, recipient and sealed bytes of every wrap, of unfinished transactions too."""
        if self.path.exists():
            with self.path.open("rb") as main:
                for _, payload, _ in _frames(main, 0, only=WRAP):
                    yield _wrap(payload)

    def read(self, start: tuple[int, int] = (0, 0)) -> Iterator[Written]:
        """The same transactions with all of their rows; each is held in memory."""
        for recorded in self.transactions(start):
            written = Written(note=recorded.note, size=recorded.size, end=recorded.end, entries=[*recorded.rows()])
            with self.path.open("rb") as main:
                for kind, payload, end in _frames(main, recorded.start[0]):
                    if kind == VERSION:
                        written.versions.append((payload[:32], payload[32:64], payload[64:]))
                    elif kind == WRAP:
                        written.wraps.append(_wrap(payload))
                    elif kind == DROPPED:
                        written.dropped.append(_wrap(payload)[:2])
                    if end >= recorded.end[0]:
                        break
            yield written


def _row(entry: bytes, part: bytes) -> EntryRow:
    """From the payload of an entry and that of a personal part, which may be another's."""
    personal = part[8:] if part[:8] == entry[:8] else None
    return int.from_bytes(entry[:8], "big"), entry[8:24], entry[24:40], entry[40:72], entry[72:], personal


def _wrap(payload: bytes) -> tuple[bytes, bytes, bytes]:
    """Target, recipient and sealed bytes (empty of one that was dropped)."""
    end = 1 + payload[0]
    return payload[1:end], payload[end : end + 16], payload[end + 16 :]
