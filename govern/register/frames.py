"""Frames: how the rows of a transaction are spelled in a journal and its side file. Knows bytes and rows; not where they are kept.

A frame is type (1 byte), length (4), payload, CRC-32 (4; finds a torn tail, nothing else). A transaction ends with its checkpoint.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import BinaryIO, Final

ENTRY: Final = b"E"
VERSION: Final = b"V"
WRAP: Final = b"W"
DROPPED: Final = b"D"
CHECKPOINT: Final = b"C"
PERSONAL: Final = b"P"

_HEAD: Final = Struct(">cI").unpack_from
_NUMBER: Final = Struct(">I").pack
_LENGTHS: Final = [bytes([length]) for length in range(256)]
_LIMIT: Final = 64 * 1024 * 1024
_CHUNK: Final = 256 * 1024


def frame(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "big") + payload + zlib.crc32(kind + payload).to_bytes(4, "big")


def _framed(kind: bytes, payloads: Iterable[bytes]) -> Iterator[bytes]:
    """`frame` of each of these, in half the time: a rotation of a thousand secrets has five thousand wraps."""
    crc32, begin, pack = zlib.crc32, zlib.crc32(kind), _NUMBER
    return (kind + pack(len(payload)) + payload + pack(crc32(payload, begin)) for payload in payloads)


def frames(file: BinaryIO, start: int, only: bytes = b"") -> Iterator[tuple[bytes, bytes, int]]:
    """Type, payload and end offset of each whole frame from `start` on; stops at the first torn one.

    With `only`, frames of another type are stepped over by their length, unread.
    """
    file.seek(start)
    chunk, at = b"", 0  # `start` is where the chunk begins
    begins: dict[bytes, int] = {}
    """Type -> its own check sum, with which that of its frames begins."""
    while True:
        end = at + 9
        if end <= len(chunk):
            kind, length = _HEAD(chunk, at)
            end += length
            if length > _LIMIT:
                return
        if end > len(chunk):
            more = file.read(max(_CHUNK, end - len(chunk)))
            if not more:
                return
            start += at
            chunk, at = chunk[at:] + more, 0
            continue
        if only and kind != only:
            at = end
            continue
        payload = chunk[at + 5 : end - 4]
        begin = begins.get(kind)
        if begin is None:
            begin = begins[kind] = zlib.crc32(kind)
        if zlib.crc32(payload, begin) != int.from_bytes(chunk[end - 4 : end], "big"):
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
            frames.append(frame(ENTRY, index.to_bytes(8, "big") + compartment + epoch + commitment + sealed))
            if part is not None:
                personal.append(frame(PERSONAL, index.to_bytes(8, "big") + part))
        frames += _framed(VERSION, map(b"".join, self.versions))
        frames += _framed(WRAP, (_LENGTHS[len(target)] + target + recipient + sealed for target, recipient, sealed in self.wraps))
        frames += _framed(DROPPED, (_LENGTHS[len(target)] + target + recipient for target, recipient in self.dropped))
        if self.note:
            frames.append(frame(CHECKPOINT, self.size.to_bytes(8, "big") + self.note))
        return b"".join(frames), b"".join(personal)


def row_of(entry: bytes, part: bytes) -> EntryRow:
    """From the payload of an entry and that of a personal part, which may be another's."""
    personal = part[8:] if part[:8] == entry[:8] else None
    return int.from_bytes(entry[:8], "big"), entry[8:24], entry[24:40], entry[40:72], entry[72:], personal


def wrap_of(payload: bytes) -> tuple[bytes, bytes, bytes]:
    """Target, recipient and sealed bytes (empty of one that was dropped)."""
    end = 1 + payload[0]
    return payload[1:end], payload[end : end + 16], payload[end + 16 :]


def sealed_of(kind: bytes, payload: bytes) -> bytes:
    """Which version (manifest digest) or epoch a frame of these belongs to: a sealed version, a wrap, or a wrap that was dropped. Empty of others."""
    if kind == VERSION:
        return payload[:32]
    return payload[1 : 1 + payload[0]] if kind in (WRAP, DROPPED) and payload else b""
