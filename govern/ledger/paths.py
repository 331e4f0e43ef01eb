"""Inclusion paths of many leaves of one tree (RFC 9162 §2.1.3), with every node counted once. Knows hashes alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from govern.errors import Malformed
from govern.ledger.merkle import node_hash


class Paths:
    """All levels of the tree over these leaf hashes: a path costs its own length, where `inclusion_proof` hashes the whole tree again."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise Malformed("a path in a tree without leaves")
        self._levels = [list(leaves)]
        while len(level := self._levels[-1]) > 1:
            above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
            self._levels.append([*above, *level[len(level) & ~1 :]])

    @property
    def root(self) -> bytes:
        """32 bytes."""
        return self._levels[-1][0]

    def of(self, index: int) -> list[bytes]:
        """From the leaf's sibling upwards; Malformed for an index outside the tree."""
        if not 0 <= index < len(self._levels[0]):
            raise Malformed("a path of a leaf that the tree does not have")
        return [level[(index >> depth) ^ 1] for depth, level in enumerate(self._levels[:-1]) if (index >> depth) ^ 1 < len(level)]


def shared(paths: Iterable[Sequence[bytes]]) -> tuple[list[bytes], list[list[int]]]:
    """The same paths as places in one list of nodes, in which each stands once."""
    places: dict[bytes, int] = {}
    pointed = [[places.setdefault(node, len(places)) for node in path] for path in paths]
    return list(places), pointed
