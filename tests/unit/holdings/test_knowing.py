"""The words for who holds and who could know: nobody who could know is ever told as knowing nothing."""

from __future__ import annotations

from itertools import product

import pytest

from govern.holdings.knowing import Relation, standing, strongest, summary


@pytest.mark.parametrize("strength", ["seen", "possible", "claimed"])
def test_a_revoked_person_still_knows_until_a_rotation(strength: str) -> None:
    assert standing(Relation(revoked=True), strength=strength, live=True) == "revoked, still knows"
    assert standing(Relation(revoked=True, left=True), strength=strength, live=True) == "revoked, still knows"
    assert standing(Relation(revoked=True), strength=strength, live=False) == "knew"


def test_somebody_who_left_without_ever_having_a_grant_still_knows() -> None:
    assert standing(Relation(left=True), strength="claimed", live=True) == "has left, still knows"


def test_a_holder_again_is_told_as_holder() -> None:
    assert standing(Relation(holds=True, revoked=True), strength="seen", live=True) == "holds, knows"


@pytest.mark.parametrize(("strength", "words"), [("seen", "knows"), ("possible", "could know"), ("claimed", "is said to know")])
def test_others_are_told_by_the_strength(strength: str, words: str) -> None:
    assert standing(Relation(), strength=strength, live=True) == words


def test_what_works_no_more_is_told_in_the_past_whoever_it_is() -> None:
    for holds, responsible, revoked, left in product((True, False), repeat=4):
        relation = Relation(holds=holds, responsible=responsible, revoked=revoked, left=left)
        assert standing(relation, strength="seen", live=False) == "knew"


def test_one_sentence_about_a_person() -> None:
    assert summary("anna", holds=0, revoked=True, knows=3) == "anna is revoked, still knows 3 secrets"
    assert summary("anna", holds=0, revoked=True, knows=0) == "anna knows nothing that works"
    assert summary("anna", holds=1, revoked=True, knows=1) == "anna holds 1 account and knows 1 secret that works"
    assert summary("anna", holds=0, revoked=False, knows=2) == "anna holds nothing and knows 2 secrets that work"


def test_the_strongest_basis_counts() -> None:
    assert strongest({"claimed", "possible"}) == "possible"
    assert strongest({"claimed", "seen", "possible"}) == "seen"
