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
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from govern.errors import Failed
from govern.register.durable import sync_folder, write_all

ENTRY: Final = b"E"
VERSION: Final = b"V"
WRAP: Final = b"W"
DROPPED: Final = b"D"
CHECKPOINT: Final = b"C"
PERSONAL: Final = b"P"

_LIMIT: Final = 64 * 1024 * 1024


def _frame(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "big") + payload + zlib.crc32(kind + payload).to_bytes(4, "big")


def _frames(file: BinaryIO, start: int) -> Iterator[tuple[bytes, bytes, int]]:
    """Type, payload and end offset of each whole frame from `start` on; stops at the first torn one."""
    file.seek(start)
    at = start
    while len(head := file.read(5)) == 5:
        length = int.from_bytes(head[1:], "big")
        if length > _LIMIT:
            return
        payload, crc = file.read(length), file.read(4)
        if len(crc) != 4 or zlib.crc32(head[:1] + payload) != int.from_bytes(crc, "big"):
            return
        at += 9 + length
        yield head[:1], payload, at


@dataclass(slots=True)
class Written:
    """The rows of one transaction, in the column order of the store's tables, and where its frames end in both files."""

    note: bytes = b""
    size: int = 0
    entries: list[tuple[int, bytes, bytes, bytes, bytes, bytes | None]] = field(default_factory=list)
    versions: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    wraps: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    dropped: list[tuple[bytes, bytes]] = field(default_factory=list)
    end: tuple[int, int] = (0, 0)

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

    def take(self, kind: bytes, payload: bytes) -> None:
        """Add what one frame holds."""
        if kind == ENTRY:
            index = int.from_bytes(payload[:8], "big")
            self.entries.append((index, payload[8:24], payload[24:40], payload[40:72], payload[72:], None))
        elif kind == VERSION:
            self.versions.append((payload[:32], payload[32:64], payload[64:]))
        elif kind in (WRAP, DROPPED):
            target, rest = payload[1 : 1 + payload[0]], payload[1 + payload[0] :]
            if kind == WRAP:
                self.wraps.append((target, rest[:16], rest[16:]))
            else:
                self.dropped.append((target, rest[:16]))
        elif kind == CHECKPOINT:
            self.size, self.note = int.from_bytes(payload[:8], "big"), payload[8:]


def _put(path: Path, start: int, data: bytes, *, durable: bool, waits: bool) -> bool:
    """Write `data` at `start` and end the file there; whether bytes now wait to be made durable, as they did before with `waits`."""
    length = path.stat().st_size if path.exists() else 0
    if length < start:
        raise OSError(errno.EIO, "shorter than it was")
    if not data and length == start and not (durable and waits):
        return waits
    created = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        if length != start:
            os.ftruncate(descriptor, start)
        write_all(descriptor, start, data)
        if durable:
            getattr(os, "fdatasync", os.fsync)(descriptor)
    finally:
        os.close(descriptor)
    if created:
        sync_folder(path.parent)
    return not durable


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
        return tuple(path.stat().st_size if path.exists() else 0 for path in (self.path, self.side))  # type: ignore[return-value]

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

    def read(self, start: tuple[int, int] = (0, 0)) -> Iterator[Written]:
        """Whole transactions from the offsets `start` on, personal parts joined in; a torn or unfinished tail is not given."""
        if not self.path.exists():
            return
        with self.path.open("rb") as main, self.side.open("rb") if self.side.exists() else BytesIO() as side:
            parts = _frames(side, start[1])
            waiting, side_end = next(parts, None), start[1]
            written = Written()
            for kind, payload, end in _frames(main, start[0]):
                written.take(kind, payload)
                if kind != CHECKPOINT:
                    continue
                for position, row in enumerate(written.entries):
                    while waiting is not None and (index := int.from_bytes(waiting[1][:8], "big")) <= row[0]:
                        if index == row[0]:
                            written.entries[position] = (*row[:5], waiting[1][8:])
                        side_end = waiting[2]
                        waiting = next(parts, None)
                written.end = (end, side_end)
                yield written
                written = Written()
