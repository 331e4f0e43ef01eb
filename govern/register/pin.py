"""The pin: the last checkpoint that this member has verified, and the tree up to it. It only ever moves forward.

Two slots of 4 KiB in one file are written in turn, each with a sequence number and a CRC-32 over itself, so that a write torn by a
power cut leaves the other slot whole. `fdatasync` before any output; a rename with a folder sync would cost ten times that.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from govern.errors import Failed, IntegrityError
from govern.register.durable import BINARY, sync, sync_folder, write_all

_SLOT: Final = 4096
_MAGIC: Final = b"govern pin 1\n"
_FIELDS: Final = Struct(">13sQHH")
"""Magic, sequence number, then the lengths of tree and note, which follow."""
_HEAD: Final = _FIELDS.size
_SUM: Final = 4


class Pin(NamedTuple):
    """`tree` is the compact range as `ledger.merkle.CompactRange.encode` writes it: its first eight bytes are the size."""

    tree: bytes
    note: bytes
    sequence: int = 0

    @property
    def size(self) -> int:
        return int.from_bytes(self.tree[:8], "big")


def _sum(data: bytes) -> bytes:
    """CRC-32: finds a write torn by a power cut, which is all that it is for, and needs no cryptography to be loaded."""
    return zlib.crc32(data).to_bytes(_SUM, "big")


def _encode(pin: Pin) -> bytes:
    length = _HEAD + len(pin.tree) + len(pin.note)
    if length + _SUM > _SLOT:
        raise Failed(f"a pin of {length} bytes does not fit its slot")
    body = _FIELDS.pack(_MAGIC, pin.sequence, len(pin.tree), len(pin.note)) + pin.tree + pin.note
    return (body + _sum(body)).ljust(_SLOT, b"\0")


def _decode(data: bytes, start: int) -> Pin | None:
    """The slot that begins there, None unless it is whole."""
    if len(data) < start + _SLOT:
        return None
    magic, sequence, tree, note = _FIELDS.unpack_from(data, start)
    between = start + _HEAD + tree
    end = between + note
    if magic != _MAGIC or end + _SUM > start + _SLOT or _sum(data[start:end]) != data[end : end + _SUM]:
        return None
    return Pin(data[start + _HEAD : between], data[between:end], sequence)


def read_pin(path: Path) -> Pin | None:
    """The newer whole slot; None where there is no file. A file with no whole slot is an IntegrityError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY)
        try:
            data = os.read(descriptor, 2 * _SLOT)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failed(f"{path} can't be read ({error.strerror})") from error
    one, other = _decode(data, 0), _decode(data, _SLOT)
    newer = other if one is None or (other is not None and other.sequence > one.sequence) else one
    if newer is None:
        raise IntegrityError(
            f"the pin at {path} is damaged",
            code="pin",
            hint="hold the vault against a checkpoint kept on paper or in a mail: govern vault trust NOTE",
        )
    return newer


def set_damaged_aside(path: Path) -> Path | None:
    """Move a pin without a whole slot aside, so that one can be written anew; where it went. None where it is readable, or there is none."""
    try:
        read_pin(path)
    except IntegrityError:
        aside = path.with_name(path.name + ".damaged")
        os.replace(path, aside)
        return aside
    return None


def write_pin(path: Path, pin: Pin, before: Pin | None) -> Pin:
    """Write the next slot durably; returns the pin with its sequence number. Moving backwards is a programmer's fault and refused."""
    if before is not None and pin.size < before.size:
        raise IntegrityError(f"the pin never moves back from {before.size} to {pin.size}", code="pin")
    pin = Pin(pin.tree, pin.note, (before.sequence if before else 0) + 1)
    try:
        target = path
        try:
            descriptor = os.open(path, os.O_RDWR | BINARY)
        except FileNotFoundError:
            target = path.with_name(path.name + ".new")  # a new one appears whole: others may look at any moment
            descriptor = os.open(target, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
        try:
            if (size := os.fstat(descriptor).st_size) < 2 * _SLOT:
                write_all(descriptor, size, bytes(2 * _SLOT - size))  # no hole: later writes need no room
            write_all(descriptor, _SLOT * (pin.sequence % 2), _encode(pin))
            sync(descriptor)
        finally:
            os.close(descriptor)
        if target is not path:
            os.replace(target, path)
        if before is None:
            sync_folder(path.parent)
    except OSError as error:
        raise Failed(
            f"the pin at {path} can't be written ({error.strerror})", hint="make room or mend the permissions of GOVERN_HOME"
        ) from error
    return pin
