"""Merkle trees of RFC 6962 over SHA-256: roots, compact ranges, proofs and their verification.

Knows hashes and positions only; what a leaf stands for is decided in `govern.ledger.commitment`. Leaf and node hashes are 32 bytes.
Verification follows RFC 9162 §2.1.3.2 and §2.1.4.2, which are written for RFC 6962's trees as well. govern itself replays every entry and asks
for no proof; consistency proofs and both verifications are what strangers who hold only checkpoints need, and what its own inclusion proofs are
tried against.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from govern.errors import IntegrityError, Malformed, NotFound

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 §2.1)."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data), RFC 6962 §2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The least that must be kept of a tree in order to append to it and know its root: one hash per perfect subtree.

    `size` is the number of leaves, `hashes` go from left to right, which is from the largest subtree to the smallest: one for each
    bit that is set in `size`. Raises Malformed where these do not fit each other.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        kept = list(hashes)
        if size < 0 or size.bit_count() != len(kept) or any(len(item) != HASH_BYTES for item in kept):
            raise Malformed(f"a compact range of size {size} does not have {len(kept)} hashes of these lengths")
        self.size = size
        self._hashes = kept

    @property
    def hashes(self) -> tuple[bytes, ...]:
        return tuple(self._hashes)

    def append(self, leaf_hash: bytes) -> None:
        """Take in one leaf hash (32 bytes, unchecked: this is the hot path) on the right."""
        hashes, rest, node = self._hashes, self.size, leaf_hash
        while rest & 1:
            node = sha256(b"\x01" + hashes.pop() + node).digest()
            rest >>= 1
        hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree with these leaves."""
        if not self._hashes:
            return EMPTY_ROOT
        node = self._hashes[-1]
        for left in self._hashes[-2::-1]:
            node = node_hash(left, node)
        return node

    def copy(self) -> CompactRange:
        return CompactRange(self.size, self._hashes)

    def encode(self) -> bytes:
        """`size` as 8 bytes big-endian, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self._hashes)

    @classmethod
    def decode(cls, data: bytes) -> CompactRange:
        """What `encode` wrote, and nothing else (Malformed)."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH_BYTES * size.bit_count():
            raise Malformed(f"{len(data)} bytes are no compact range of size {size}")
        return cls(size, (data[at : at + HASH_BYTES] for at in range(8, len(data), HASH_BYTES)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompactRange):
            return NotImplemented
        return self.size == other.size and self._hashes == other._hashes

    __hash__ = None  # type: ignore[assignment]  # it changes with every append

    def __repr__(self) -> str:
        return f"CompactRange(size={self.size}, root={self.root().hex()})"


def _root(leaves: Sequence[bytes], start: int, stop: int) -> bytes:
    """Root over `leaves[start:stop]`."""
    tree = CompactRange()
    for at in range(start, stop):
        tree.append(leaves[at])
    return tree.root()


def _split(count: int) -> int:
    """The largest power of two below `count`, for `count` > 1: the size of the left subtree."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """Path of the leaf at `index` in the tree of the first `size` leaf hashes, from its sibling upwards (RFC 6962 §2.1.1).

    Takes time in proportion to `size`. Raises NotFound where there is no such leaf.
    """
    if not 0 <= index < size <= len(leaves):
        raise NotFound(f"there is no entry {index} in a ledger of {min(size, len(leaves))} entries")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_root(leaves, middle, high))
            high = middle
        else:
            path.append(_root(leaves, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(leaves: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """Proof that the tree of the first `new` leaf hashes continues that of the first `old` (RFC 6962 §2.1.2).

    Raises NotFound for sizes that the ledger never had, and for `old` = 0: every tree continues the empty one, so nothing is proved.
    """
    if not 0 < old <= new <= len(leaves):
        raise NotFound(f"there is no consistency proof from size {old} to size {new} in a ledger of {len(leaves)} entries")
    path, low, high = [], 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_root(leaves, middle, high))
            high = middle
        else:
            path.append(_root(leaves, low, middle))
            low = middle
    if low:
        path.append(_root(leaves, low, high))
    return path[::-1]


def _hashes_only(hashes: Iterable[bytes], what: str, index: int | None = None) -> None:
    for item in hashes:
        if len(item) != HASH_BYTES:
            raise IntegrityError(f"{what} has a hash of another length", index=index, expected=str(HASH_BYTES), found=str(len(item)))


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise IntegrityError unless `proof` leads from `leaf` (a leaf hash) at `index` to `root` of the tree of `size` leaves."""
    if not 0 <= index < size:
        raise IntegrityError(f"lies outside a ledger of {size} entries", index=index)
    _hashes_only((leaf, root, *proof), "its inclusion proof", index)
    at, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise IntegrityError("its inclusion proof is too long", index=index)
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while at and not at & 1:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        at >>= 1
        last >>= 1
    if last:
        raise IntegrityError("its inclusion proof is too short", index=index)
    if node != root:
        raise IntegrityError("its inclusion proof leads to another root", index=index, expected=root.hex(), found=node.hex())


def verify_consistency(*, old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise IntegrityError unless `proof` shows that the tree of `new` leaves continues the tree of `old` leaves.

    `old` = 0 is refused: a tree of any content "continues" the empty tree, and a caller who pinned nothing would believe it.
    """
    if not 0 < old <= new:
        raise IntegrityError(f"nothing is proved about a ledger of {old} entries growing to {new}")
    _hashes_only((old_root, new_root, *proof), "the consistency proof")
    if old == new:
        if proof:
            raise IntegrityError("the consistency proof between equal sizes is not empty")
        if old_root != new_root:
            raise IntegrityError(f"two roots for one size {old}", expected=old_root.hex(), found=new_root.hex())
        return
    # a perfect old tree is itself a node of the new one, so the proof leaves it out
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise IntegrityError("the consistency proof is empty")
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    was = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise IntegrityError("the consistency proof is too long")
        if at & 1 or at == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while at and not at & 1:
                at >>= 1
                last >>= 1
        else:
            now = node_hash(now, sibling)
        at >>= 1
        last >>= 1
    if last:
        raise IntegrityError("the consistency proof is too short")
    if was != old_root:
        raise IntegrityError(f"the consistency proof does not start at the root of size {old}", expected=old_root.hex(), found=was.hex())
    if now != new_root:
        raise IntegrityError(f"the consistency proof does not end at the root of size {new}", expected=new_root.hex(), found=now.hex())
