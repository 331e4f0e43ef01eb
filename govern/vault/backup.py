"""A whole backup file sealed to recipients. Knows bytes and recipients, not what a backup holds, and vouches for no author.

`GOVERN-BACKUP-1` and a line end; 2 bytes: number of wraps; 32 bytes: commitment to the file key; per wrap 16 bytes key id, 80 bytes
HPKE; then pieces of 64 KiB, each AES-256-GCM with 16 bytes more. The nonce of a piece is its 11-byte number and one byte that says
whether it is the last (the STREAM construction, Hoang et al. 2015), so that pieces can't be cut off, moved or left out; the head is
bound to every piece. The file key is drawn anew for each file, so that numbers may serve as nonces.
"""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final

from govern.errors import IntegrityError, Locked, Malformed, Refused
from govern.vault import hpke
from govern.vault.keys import Keys, Recipient

MAGIC: Final = b"GOVERN-BACKUP-1\n"
PIECE: Final = 65_536
"""Bytes of content per piece: what is held in memory at a time, whatever the size of the file."""

_TAG: Final = 16
_WRAP: Final = 16 + 32 + hpke.OVERHEAD
_COMMITMENT: Final = b"govern/backup-key/v1\0"


def seal_backup(data: bytes, recipients: Iterable[Recipient], random: Callable[[int], bytes]) -> bytes:
    """`data` sealed to all of them; raises Refused without recipients."""
    target = io.BytesIO()
    seal_stream(io.BytesIO(data), target, recipients, random)
    return target.getvalue()


def open_backup(data: bytes, keys: Keys) -> bytes:
    """The content; raises as `open_stream` does."""
    target = io.BytesIO()
    open_stream(io.BytesIO(data), target, keys)
    return target.getvalue()


def seal_stream(source: BinaryIO, target: BinaryIO, recipients: Iterable[Recipient], random: Callable[[int], bytes]) -> None:
    """As `seal_backup`, piece by piece from file to file."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    recipients = sorted(set(recipients), key=lambda recipient: recipient.key)
    if not 0 < len(recipients) < 65_536:
        raise Refused("a backup sealed to nobody could never be opened", code="backup-recipients")
    key = random(32)
    commitment = _commit(key)
    wraps = [r.key + hpke.seal(key, r.public, hpke.info(hpke.BACKUP, commitment, r.key)) for r in recipients]
    head = MAGIC + len(wraps).to_bytes(2, "big") + commitment + b"".join(wraps)
    target.write(head)
    cipher, bound = AESGCM(key), hashlib.sha256(head).digest()
    for nonce, piece in _pieces(source, PIECE):
        target.write(cipher.encrypt(nonce, piece, bound))


def open_stream(source: BinaryIO, target: BinaryIO, keys: Keys) -> None:
    """As `open_backup`, piece by piece. What was written to `target` before an error is genuine but incomplete: throw it away.

    Raises Malformed (no such file), Locked (not sealed to these keys), IntegrityError (code `sealed`: altered, cut off, another key).
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head, commitment, wrap = _read_head(source, keys)
    key = keys.unseal(wrap, hpke.info(hpke.BACKUP, commitment, keys.id))
    if key is not None and hmac.compare_digest(_commit(key), commitment):
        cipher, bound = AESGCM(key), hashlib.sha256(head).digest()
        try:
            for nonce, piece in _pieces(source, PIECE + _TAG):
                target.write(cipher.decrypt(nonce, piece, bound))
            return
        except (InvalidTag, ValueError):
            pass
    raise IntegrityError("the backup does not open: it was altered or cut off", code="sealed", hint="use another copy of it")


def _read_head(source: BinaryIO, keys: Keys) -> tuple[bytes, bytes, bytes]:
    """(head, commitment, our wrap)."""
    head = source.read(len(MAGIC) + 2 + 32)
    if not head.startswith(MAGIC) or len(head) != len(MAGIC) + 2 + 32:
        raise Malformed("not a backup of govern")
    size = int.from_bytes(head[len(MAGIC) : len(MAGIC) + 2], "big") * _WRAP
    wraps = source.read(size)
    if len(wraps) != size:
        raise Malformed("a backup that ends before it begins")
    for start in range(0, size, _WRAP):
        if wraps[start : start + 16] == keys.id:
            return head + wraps, head[-32:], wraps[start + 16 : start + _WRAP]
    raise Locked(f"the backup is not sealed to key {keys.id.hex()}", hint="open it on a machine whose key it was sealed to, or by recovery")


def _pieces(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """(nonce, piece): an empty source is one empty last piece."""
    piece, number = _fill(source, size), 0
    while True:
        following = _fill(source, size) if len(piece) == size else b""
        yield number.to_bytes(11, "big") + bytes([not following]), piece
        if not following:
            return
        piece, number = following, number + 1


def _fill(source: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes unless the source ends: a pipe may give fewer at a time."""
    parts: list[bytes] = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _commit(key: bytes) -> bytes:
    return hashlib.sha256(_COMMITMENT + key).digest()
