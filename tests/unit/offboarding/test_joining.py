"""Which items the case of somebody new has, in which order, and by when."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Refused, Usage
from govern.offboarding import case
from govern.offboarding.case import CaseState
from govern.offboarding.items import Item, ItemKind, read
from govern.offboarding.joining import Arriving, Planned, day, draw_up
from govern.offboarding.kinds import DEPARTURES, JOINING, RULES, CaseKind, read_kind, verb
from govern.policy.joiner_rules import DEFAULT

FIRST, TODAY = "2026-12-01", "2026-11-20"
BEFORE, SIGNED, TRAINED, HELD = ("2026-11-28", "2026-12-04", "2026-12-31", "2026-12-06")
DOCUMENT, SHOP, PAGE = "d" * 32, "a" * 32, "b" * 32

SCENARIOS: dict[str, tuple[Arriving, list[tuple[str, str, str]]]] = {
    "nothing is planned, and nothing asked": (Arriving(), []),
    "a document for everybody": (Arriving(documents=[DOCUMENT]), [("hand-out", "", BEFORE), ("acknowledge", DOCUMENT, SIGNED)]),
    "a training": (Arriving(trainings=["social-media"]), [("training", "social-media", TRAINED)]),
    "nobody knows where to write to": (Arriving(mail=False), [("mail-address", "", BEFORE)]),
    "a shared password, and no keys": (
        Arriving(accounts=[Planned(SHOP, "shop")]), [("enrol-key", "", SIGNED), ("grant", SHOP, HELD)],
    ),
    "a shared password, with keys": (Arriving(accounts=[Planned(SHOP, "shop")], keys=True), [("grant", SHOP, HELD)]),
    "a shared password, by hand": (
        Arriving(accounts=[Planned(SHOP, "shop")], by_hand=True), [("grant", SHOP, HELD), ("hand-over", SHOP, HELD)],
    ),
    "by hand, and keys after all": (Arriving(accounts=[Planned(SHOP, "shop")], by_hand=True, keys=True), [("grant", SHOP, HELD)]),
    "a platform with roles asks for no password and no keys": (
        Arriving(accounts=[Planned(SHOP, "shop", native=True)]), [("native-role", SHOP, HELD)],
    ),
    "who has a role is granted nothing": (Arriving(accounts=[Planned(SHOP, "shop", native=True, has_role=True)]), []),
    "who has a role where none was known is granted nothing": (Arriving(accounts=[Planned(SHOP, "shop", has_role=True)]), []),
    "what is granted already": (Arriving(accounts=[Planned(SHOP, "shop", granted=True)], keys=True), []),
    "handed over already": (Arriving(accounts=[Planned(SHOP, "shop", granted=True, handed=True)], by_hand=True), []),
    "who will publish": (
        Arriving(accounts=[Planned(SHOP, "shop", native=True, publishes=True)]), [("native-role", SHOP, HELD), ("spokesperson", SHOP, HELD)],
    ),
    "all of it, accounts by handle": (
        Arriving(
            accounts=[Planned(SHOP, "shop"), Planned(PAGE, "page", native=True, publishes=True)], documents=[DOCUMENT], trainings=["press"], mail=False,
        ),
        [
            ("hand-out", "", BEFORE), ("acknowledge", DOCUMENT, SIGNED), ("training", "press", TRAINED), ("mail-address", "", BEFORE),
            ("enrol-key", "", SIGNED), ("native-role", PAGE, HELD), ("spokesperson", PAGE, HELD), ("grant", SHOP, HELD),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_items_are_exactly_what_they_lack(name: str) -> None:
    found, expected = SCENARIOS[name]
    items = draw_up(found, None, starts_on=FIRST, today=TODAY)
    assert [(item.kind.value, item.account or item.about, item.due[:10]) for item in items] == expected
    assert all(item.due.endswith("T23:59:59Z") for item in items)


def test_the_policy_says_by_when_counted_from_the_first_day() -> None:
    rule = DEFAULT._replace(before=10, acknowledge=0, training=7)
    found = draw_up(Arriving(documents=[DOCUMENT], trainings=["press"]), rule, starts_on=FIRST, today="2026-11-01")
    assert [item.due[:10] for item in found] == ["2026-11-21", "2026-12-01", "2026-12-08"]


def test_nothing_is_due_before_the_day_on_which_it_is_asked_for() -> None:
    found = draw_up(Arriving(documents=[DOCUMENT]), None, starts_on="2026-01-01", today=TODAY)
    assert [item.due[:10] for item in found] == [TODAY, "2026-11-23"], "the control: with a first day ahead it is three days before it"


@given(st.dates().map(str), st.integers(-4000, 4000))
@settings(max_examples=40, deadline=None)
def test_a_due_day_never_leaves_the_calendar(first: str, days: int) -> None:
    found = day(first, days)
    assert len(found) == 20
    assert (found[:10] > first) is (days > 0 and found[:10] != first)


PLANS = st.lists(
    st.builds(Planned, st.sampled_from([SHOP, PAGE]), st.just("shop"), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    max_size=2, unique_by=lambda one: one.id,
)  # fmt: skip


@given(PLANS, st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_password_is_shared_only_where_there_is_no_role_and_then_it_reaches_them(plans: list[Planned], keys: bool, by_hand: bool) -> None:
    items = draw_up(Arriving(accounts=plans, keys=keys, by_hand=by_hand), None, starts_on=FIRST, today=TODAY)
    kinds = {(item.kind, item.account) for item in items}
    for one in plans:
        assert not {(ItemKind.NATIVE_ROLE, one.id), (ItemKind.GRANT, one.id)} <= kinds
        if one.native or one.has_role:
            assert (ItemKind.GRANT, one.id) not in kinds
        elif not keys:
            assert {(ItemKind.ENROL_KEY, ""), (ItemKind.HAND_OVER, one.id)} & kinds or one.handed
    assert [read(item.record("e" * 32))[1] for item in items] == list(items), "they are items that the ledger takes"
    assert {item.kind for item in items} <= JOINING


@pytest.mark.parametrize("kind", ItemKind)
def test_no_departure_has_an_item_of_a_joiner(kind: ItemKind) -> None:
    theirs = [one for one, rules in RULES.items() if kind in rules.items]
    assert (theirs == [CaseKind.JOINER]) is (kind in JOINING)
    assert theirs, "no kind is forgotten"


def test_a_joiner_is_no_kind_of_departure() -> None:
    assert CaseKind.JOINER not in DEPARTURES
    assert [verb(kind) for kind in (CaseKind.JOINER, CaseKind.LEAVER)] == ["onboard", "offboard"]
    with pytest.raises(Usage) as refused:
        read_kind("joiner")
    assert refused.value.hint == "govern onboard open PERSON"
    assert read_kind("mover") is CaseKind.MOVER, "the control"


CLOSINGS: dict[str, tuple[CaseState, int, int, str]] = {
    "something is open": (CaseState.OPEN, 1, 0, "items-open"),
    "a document came up since": (CaseState.OPEN, 0, 1, "still-lacking"),
    "it is closed": (CaseState.CLOSED, 0, 0, "case-open"),
    "it was cut, which none of them is": (CaseState.CUT, 0, 0, "case-open"),
}


@pytest.mark.parametrize("name", CLOSINGS)
def test_a_case_is_closed_once_nothing_is_left(name: str) -> None:
    state, left, lacking, rule = CLOSINGS[name]
    with pytest.raises(Refused) as refused:
        case.close_joining(state, items_left=left, still_lacking=lacking)
    assert refused.value.rule == rule
    assert case.close_joining(CaseState.OPEN, items_left=0, still_lacking=0) is CaseState.CLOSED, "the control"


def test_an_acknowledgement_is_about_a_document_by_its_id() -> None:
    record = Item(kind=ItemKind.ACKNOWLEDGE, about="corporate-accounts", due=f"{FIRST}T00:00:00Z").record("e" * 32)
    with pytest.raises(Refused):
        read(record)
    assert read(record | {"about": DOCUMENT})[1].about == DOCUMENT, "the control"
