"""Who counts as a second person: nobody whom one person alone could have made up, through however many hands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.holdings.second_person import GENESIS, Key, Ties, controlled, independent


def ties(*told: str) -> Ties:
    """Lines as `KEY of PERSON by KEY KEY…` (an enrolment) and `PERSON admin by KEY KEY…`; recovery's key is `r`, the founder's `x1`."""
    keys = {"r": Key(person=None, sponsors=frozenset()), "x1": Key(person="x", sponsors=frozenset({GENESIS}))}
    admins = {"x": frozenset({GENESIS})}
    for line in told:
        what, _, by = line.partition(" by ")
        if " of " in what:
            key, _, person = what.partition(" of ")
            keys[key] = Key(person=person, sponsors=frozenset(by.split()))
        else:
            admins[what.split()[0]] = frozenset(by.split())
    return Ties(keys=keys, admins=admins)


HONEST = ("y1 of y by x1 r", "y admin by x1 r")
"""x founded, enrolled y alone; recovery was the second when y became admin, and so vouched for y's key."""

SCENARIOS = {
    "somebody whom recovery has vouched for": (HONEST, "x1", "y1", True),
    "the same key": (HONEST, "x1", "x1", False),
    "two keys of one person": ((*HONEST, "x2 of x by x1"), "x1", "x2", False),
    "enrolled and promoted by X alone": (("y1 of y by x1", "y admin by x1"), "x1", "y1", False),
    "promoted by two, but enrolled by X alone since": (("y2 of y by x1", "y admin by x1 r"), "x1", "y2", False),
    "promoted by X alone, enrolled by others": ((*HONEST, "w1 of w by x1 y1", "w admin by x1"), "x1", "w1", False),
    "re-keyed by X alone": ((*HONEST, "y2 of y by x1"), "x1", "y2", False),
    "re-keyed by X alone, signing with the older key": ((*HONEST, "y2 of y by x1"), "x1", "y1", True),
    "a second key that they enrolled themselves": ((*HONEST, "y2 of y by y1"), "x1", "y2", True),
    "a key that a key re-keyed by X has enrolled": ((*HONEST, "y2 of y by x1", "y3 of y by y2"), "x1", "y3", False),
    "the sock puppet of a sock puppet": (
        ("y1 of y by x1", "y admin by x1", "w1 of w by y1", "w admin by x1 y1"), "x1", "w1", False,
    ),
    "two puppets of one who stays in the dark": (
        (*HONEST, "p1 of p by x1", "p admin by x1", "q1 of q by x1", "q admin by x1"), "p1", "q1", False,
    ),
    "the puppet proposes and its maker approves": ((*HONEST, "p1 of p by x1", "p admin by x1"), "p1", "x1", False),
    "another admin beside X's puppet": ((*HONEST, "p1 of p by x1", "p admin by x1"), "p1", "y1", True),
    "enrolled by one admin and promoted by two": ((*HONEST, "w1 of w by x1 y1", "w admin by x1 y1"), "x1", "w1", True),
    "recovered from sheets": (("y1 of y by r", "y admin by r"), "x1", "y1", True),
    "made by two who are one": (
        ("y1 of y by x1", "y admin by x1", "w1 of w by x1 y1", "w admin by x1 y1"), "x1", "w1", False,
    ),
    "recovery itself": (HONEST, "x1", "r", True),
    "a key that was never enrolled": (HONEST, "x1", "z9", False),
}  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_keys_are_two_persons_only_where_nobody_can_hold_both(scenario: str) -> None:
    told, one, other, expected = SCENARIOS[scenario]
    assert independent(one, other, ties(*told)) is expected
    assert independent(other, one, ties(*told)) is expected, "whoever proposes and whoever approves"


PEOPLE, KEYS = tuple("xabc"), ("x1", "a1", "a2", "b1", "c1")


@st.composite
def made_up(draw: st.DrawFn) -> Ties:
    signers = st.sets(st.sampled_from((*KEYS, "r")), min_size=1, max_size=3)
    keys = [f"{key} of {key[0]} by {' '.join(sorted(draw(signers)))}" for key in KEYS[1:]]
    return ties(*keys, *(f"{person} admin by {' '.join(sorted(draw(signers)))}" for person in PEOPLE[1:] if draw(st.booleans())))


@settings(max_examples=150, deadline=None)
@given(made_up(), st.sampled_from(PEOPLE))
def test_who_holds_a_key_holds_what_it_alone_has_made_and_nothing_that_recovery_vouched_for(web: Ties, person: str) -> None:
    held = controlled(person, web)
    assert {key for key, of in web.keys.items() if of.person == person} <= held
    for id_, key in web.keys.items():
        if key.person is None or key.person == person:
            continue
        role = web.admins.get(key.person, frozenset({"nobody"}))
        assert (id_ in held) is (key.sponsors <= held or role <= held)
    assert "r" not in held


@settings(max_examples=100, deadline=None)
@given(made_up(), st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_one_more_who_vouches_never_makes_anybody_less_of_a_person(web: Ties, one: str, other: str) -> None:
    before = independent(one, other, web)
    vouched = {id_: Key(person=key.person, sponsors=key.sponsors | {"r"}) if id_ == other else key for id_, key in web.keys.items()}
    after = independent(one, other, Ties(keys=vouched, admins=web.admins))
    assert after or not before
