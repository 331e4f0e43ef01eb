"""Paths of many leaves are the paths of RFC 9162, whatever the size of the tree."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.ledger.merkle import CompactRange, inclusion_proof, verify_inclusion
from govern.ledger.paths import Paths, shared


def leaves(size: int) -> list[bytes]:
    return [sha256(b"%d" % number).digest() for number in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
def test_every_path_and_the_root_are_those_that_are_computed_one_by_one(size: int) -> None:
    hashes, tree = leaves(size), CompactRange()
    for leaf in hashes:
        tree.append(leaf)
    paths = Paths(hashes)
    assert paths.root == tree.root()
    assert [paths.of(index) for index in range(size)] == [inclusion_proof(hashes, index, size) for index in range(size)]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.data())
def test_any_path_leads_to_the_root(size: int, data: st.DataObject) -> None:
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    paths = Paths(hashes)
    verify_inclusion(index=index, size=size, leaf=hashes[index], proof=paths.of(index), root=paths.root)


def test_a_shared_node_stands_once_in_the_order_of_its_first_use() -> None:
    paths = Paths(leaves(8))
    nodes, pointed = shared(paths.of(index) for index in (0, 1, 7))
    assert len(nodes) == len(set(nodes)) < 9
    assert [[nodes[at] for at in path] for path in pointed] == [paths.of(index) for index in (0, 1, 7)]
    assert list(dict.fromkeys(at for path in pointed for at in path)) == list(range(len(nodes)))


def test_a_leaf_that_is_not_there_has_no_path() -> None:
    for index in (-1, 3):
        with pytest.raises(Malformed):
            Paths(leaves(3)).of(index)
    with pytest.raises(Malformed):
        Paths([])
