"""Merkle trees: RFC 6962's own hashes, others' good and bad proofs, and a naive tree that the fast one must equal."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, IntegrityError, Malformed, NotFound
from govern.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(bytes([number])) for number in range(70)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 §2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_hashes_are_those_that_others_compute() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


def _vectors(shared: Path, kind: str) -> list[tuple[str, dict[str, object]]]:
    folder = shared / "vectors" / "merkle" / kind
    return [(str(path.relative_to(folder)), json.loads(path.read_text())) for path in sorted(folder.rglob("*.json"))]


def _bytes(value: object) -> bytes:
    return b64decode(value) if isinstance(value, str) else b""


def _wrong(cases: list[tuple[str, bool, bool]]) -> list[str]:
    return [name for name, expected, accepted in cases if expected is not accepted]


def test_every_inclusion_vector_is_accepted_or_refused_as_it_says(shared: Path) -> None:
    cases = []
    for name, case in _vectors(shared, "inclusion"):
        proof = [_bytes(item) for item in case["proof"] or []]  # type: ignore[attr-defined]
        try:
            verify_inclusion(
                index=case["leafIdx"],  # type: ignore[arg-type]
                size=case["treeSize"],  # type: ignore[arg-type]
                leaf=_bytes(case["leafHash"]),
                proof=proof,
                root=_bytes(case["root"]),
            )
            accepted = True
        except IntegrityError:
            accepted = False
        cases.append((name, not case["wantErr"], accepted))
    assert len(cases) == 49
    assert sum(accepted for _, _, accepted in cases) == 3
    assert _wrong(cases) == []


def test_every_consistency_vector_is_accepted_or_refused_as_it_says(shared: Path) -> None:
    cases = []
    for name, case in _vectors(shared, "consistency"):
        proof = [_bytes(item) for item in case["proof"] or []]  # type: ignore[attr-defined]
        try:
            verify_consistency(
                old=case["size1"],  # type: ignore[arg-type]
                new=case["size2"],  # type: ignore[arg-type]
                proof=proof,
                old_root=_bytes(case["root1"]),
                new_root=_bytes(case["root2"]),
            )
            accepted = True
        except IntegrityError:
            accepted = False
        cases.append((name, not case["wantErr"], accepted))
    assert len(cases) == 49
    assert sum(accepted for _, _, accepted in cases) == 4
    assert _wrong(cases) == []


@pytest.mark.parametrize("size", range(71))
def test_a_compact_range_has_the_root_of_the_naive_tree(size: int) -> None:
    tree = CompactRange()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    assert tree.size == size
    assert tree.root() == naive_root(LEAVES[:size])


def test_the_hashes_of_a_compact_range_are_its_perfect_subtrees_from_the_left() -> None:
    tree = CompactRange()
    for leaf in LEAVES[:13]:
        tree.append(leaf)
    assert tree.hashes == (naive_root(LEAVES[:8]), naive_root(LEAVES[8:12]), LEAVES[12])


@given(size=st.integers(0, 70), more=st.integers(0, 20))
@settings(deadline=None, max_examples=60)
def test_a_compact_range_goes_on_after_being_written_and_read(size: int, more: int) -> None:
    more = min(more, 70 - size)
    tree = CompactRange()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    again = CompactRange.decode(tree.encode())
    assert again == tree
    for leaf in LEAVES[size : size + more]:
        again.append(leaf)
    assert again.root() == naive_root(LEAVES[: size + more])


def test_a_copy_does_not_follow_its_original() -> None:
    tree = CompactRange(1, [LEAVES[0]])
    copy = tree.copy()
    tree.append(LEAVES[1])
    assert (copy.size, copy.root()) == (1, LEAVES[0])
    assert copy != tree


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        b"\0" * 9,
        (1).to_bytes(8, "big"),
        (3).to_bytes(8, "big") + LEAVES[0],
        (2).to_bytes(8, "big") + LEAVES[0] * 2,
        (1).to_bytes(8, "big") + LEAVES[0] + b"\0",
        (1).to_bytes(8, "big") + LEAVES[0][:31],
        b"\xff" * 8,
    ],
)
def test_bytes_that_are_no_compact_range_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        CompactRange.decode(data)


def test_a_size_must_have_as_many_hashes_as_it_has_set_bits() -> None:
    CompactRange(3, [LEAVES[0], LEAVES[1]])
    for size, hashes in ((3, [LEAVES[0]]), (-1, [LEAVES[0]]), (1, [b"short"]), (0, [LEAVES[0]])):
        with pytest.raises(Malformed):
            CompactRange(size, hashes)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_each_leaf_is_proved_in_each_tree_and_nowhere_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(LEAVES, index, size)
    root = naive_root(LEAVES[:size])
    verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=proof, root=root)

    other = data.draw(st.integers(0, 80).filter(lambda value: value != index))
    bit = data.draw(st.integers(0, 255))
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    changed = [flipped(item, bit) if number == at else item for number, item in enumerate(proof)]
    attacks = [
        {"index": other},
        {"leaf": flipped(LEAVES[index], bit)},
        {"root": flipped(root, bit)},
        {"proof": [*proof, root]},
        {"proof": [LEAVES[index], *proof]},
        {"leaf": LEAVES[index][:31]},
        {"size": index},
    ]
    if proof:
        attacks += [{"proof": changed}, {"proof": proof[:-1]}, {"proof": proof[1:]}]
    for attack in attacks:
        good = {"index": index, "size": size, "leaf": LEAVES[index], "proof": proof, "root": root}
        with pytest.raises(IntegrityError):
            verify_inclusion(**(good | attack))  # type: ignore[arg-type]


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_each_tree_is_shown_to_continue_each_earlier_one_and_no_other(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(LEAVES, old, new)
    roots = naive_root(LEAVES[:old]), naive_root(LEAVES[:new])
    verify_consistency(old=old, new=new, proof=proof, old_root=roots[0], new_root=roots[1])

    bit = data.draw(st.integers(0, 255))
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    attacks: list[dict[str, object]] = [
        {"old_root": flipped(roots[0], bit)},
        {"new_root": flipped(roots[1], bit)},
        {"proof": [*proof, roots[1]]},
        {"old": 0},
        {"old": new + 1},
        {"old_root": b""},
    ]
    if old < new:
        attacks += [{"proof": [flipped(item, bit) if number == at else item for number, item in enumerate(proof)]}]
        attacks += [{"proof": proof[1:]}, {"proof": proof[:-1]}, {"proof": []}, {"new": old}]
    for attack in attacks:
        good: dict[str, object] = {"old": old, "new": new, "proof": proof, "old_root": roots[0], "new_root": roots[1]}
        with pytest.raises(IntegrityError):
            verify_consistency(**(good | attack))  # type: ignore[arg-type]


def test_nothing_is_proved_from_an_empty_ledger() -> None:
    """A verifier that says "consistent" from size 0 lets a store show any ledger to whoever has pinned none."""
    verify_consistency(old=1, new=1, proof=[], old_root=LEAVES[0], new_root=LEAVES[0])
    for new, root in ((0, EMPTY_ROOT), (1, LEAVES[0])):
        with pytest.raises(IntegrityError):
            verify_consistency(old=0, new=new, proof=[], old_root=EMPTY_ROOT, new_root=root)
    with pytest.raises(NotFound):
        consistency_proof(LEAVES, 0, 5)


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0), (0, 71)])
def test_there_is_no_proof_of_an_entry_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(NotFound):
        inclusion_proof(LEAVES, index, size)


def test_a_refused_inclusion_names_its_index_and_both_roots() -> None:
    proof = inclusion_proof(LEAVES, 3, 7)
    with pytest.raises(IntegrityError) as caught:
        verify_inclusion(index=3, size=7, leaf=LEAVES[4], proof=proof, root=naive_root(LEAVES[:7]))
    assert caught.value.index == 3
    assert caught.value.expected == naive_root(LEAVES[:7]).hex()


@given(data=st.binary(max_size=120))
@settings(deadline=None, max_examples=100)
def test_random_bytes_are_a_compact_range_or_a_refusal(data: bytes) -> None:
    try:
        assert CompactRange.decode(data).encode() == data
    except GovernError:
        pass
