"""The ledger's time goes neither back nor far ahead on one person's word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.register.clock import Clock

NOON, LATER, NEXT_WEEK, FAR = "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z", "2026-11-27T12:00:00Z", "9999-12-31T23:59:59Z"
Claim = tuple[str, bool, str, str | None]


def told(*claims: Claim) -> Clock:
    """A clock after these claims (person, is an admin, time, code of the finding), each held against what it should give."""
    clock = Clock()
    for person, admin, at, code in claims:
        off = clock.claim(person, at, admin=admin)
        assert (off and off[0]) == code, (person, at, off)
    return clock


def test_it_follows_those_who_claim() -> None:
    assert told(("mia", True, NOON, None), ("dora", False, LATER, None), ("mia", True, NEXT_WEEK, None)).now == NEXT_WEEK


def test_it_never_goes_back() -> None:
    assert told(("mia", True, LATER, None), ("ben", True, NOON, "backdated"), ("mia", True, "2026-11-21T12:56:00Z", None)).now == LATER


def test_one_person_puts_it_no_further_than_a_year_ahead() -> None:
    """And what the others say afterwards is not held against them."""
    assert told(("mia", True, NOON, None), ("ben", True, FAR, "ahead"), ("mia", True, LATER, None)).now == LATER


def test_a_mere_keyholder_puts_it_no_further_than_a_week_ahead_however_slowly() -> None:
    """The control: an admin, who can end roles anyway, does."""
    steps = [f"2026-{month:02}-{day:02}T12:00:00Z" for month, day in ((11, 24), (11, 27), (12, 2), (12, 8), (12, 15), (12, 22))]
    assert told(("mia", True, NOON, None), *(("dora", False, at, None) for at in steps)).now == NEXT_WEEK
    assert told(("mia", True, NOON, None), *(("ben", True, at, None) for at in steps)).now == steps[-1]


def test_after_years_of_silence_two_people_put_it_right() -> None:
    back, also = "2029-05-01T09:00:00Z", "2029-05-02T09:00:00Z"
    clock = told(("mia", True, NOON, None), ("ben", True, LATER, None), ("mia", True, back, "ahead"), ("mia", True, back, None))
    assert clock.now == LATER
    assert clock.claim("ben", also, admin=True) is None
    assert clock.now == also


def test_two_services_bear_out_nobody() -> None:
    """Both keys may lie on one machine. The control: two people do."""
    far = ("2029-05-01T09:00:00Z", "2029-05-02T09:00:00Z")
    for services in (True, False):
        clock = told(("mia", True, NOON, None))
        for person, at in zip(("night", "post"), far, strict=True):
            clock.claim(person, at, admin=False, service=services)
        assert clock.now == (NOON if services else far[1])


def test_whoever_is_alone_but_for_services_goes_by_their_own_time() -> None:
    clock = told(("mia", True, NOON, None))
    clock.claim("night", LATER, admin=False, service=True)
    assert clock.elapsed("mia", FAR, admin=True) == FAR
    assert clock.claim("mia", "2029-05-01T09:00:00Z", admin=True) is not None
    assert clock.now == LATER
    assert clock.claim("mia", "2029-05-01T09:05:00Z", admin=True) is None
    assert clock.now == "2029-05-01T09:05:00Z", "said twice, it counts"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["mia", "ben", "dora"]), st.booleans(), st.datetimes())))
def test_what_is_saved_goes_on_as_it_was(claims: list[tuple[str, bool, Any]]) -> None:
    clock, before = Clock(), ""
    for person, admin, moment in claims:
        at = moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
        again = Clock.load(clock.save())
        assert again.claim(person, at, admin=admin) == clock.claim(person, at, admin=admin)
        assert again.save() == clock.save()
        assert clock.now >= before
        before = clock.now


def test_what_is_no_time_is_told() -> None:
    with pytest.raises(ValueError, match=r"."):
        Clock().claim("mia", "2026-02-30T12:00:00Z", admin=True)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["mia", "ben"]),
            st.booleans(),
            st.sampled_from([NOON, FAR, "9999-12-31T23:59:58Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z"]),
        )
    )
)
def test_no_time_that_a_calendar_has_is_too_much_for_it(claims: list[tuple[str, bool, str]]) -> None:
    clock = Clock()
    for index, (person, admin, at) in enumerate(claims):
        assert clock.elapsed(person, at, admin=admin) >= clock.now
        assert clock.borne_out(person, at, admin=admin) >= clock.now
        clock.contradicted(person, at)
        clock.claim(person, at, admin=admin)
        clock.leapt(person, at, index)
