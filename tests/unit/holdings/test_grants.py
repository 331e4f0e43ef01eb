"""When a grant may be given: most holders, longest time, leavers, oneself, reasons. Every refusal names its rule and control."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import Refused, Usage
from govern.holdings.grants import Asked, Held, Issue, Receiver, Target, issue
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.vocabulary import PRESETS, TIERS

NOW = "2026-11-21T09:00:00Z"
POLICIES = {preset: parse_policy(policy_text(), name="default.yaml", preset=preset) for preset in PRESETS}
RULES: Policy = POLICIES["small"]
ANNA = Receiver(id="a" * 32, handle="anna", status="active")
MIA = "b" * 32


def held(*people: str, until: str = "2027-01-01T00:00:00Z", kinds: tuple[str, ...] = ()) -> tuple[Held, ...]:
    return tuple(Held(grant=f"g-{person}", person=person, until=until, kinds=kinds) for person in people)


def target(tier: str = "standard", *, of: tuple[Held, ...] = (), active: bool = True, custodian: str = MIA) -> Target:
    return Target(id="c" * 32, handle="shop", tier=tier, custodian=custodian, active=active, held=of)


def asked(**more: Any) -> Asked:
    return Asked(**{"reason": "holiday", **more})


def grant(target_: Target, receiver: Receiver = ANNA, rules: Policy = RULES, actor: str = MIA, **more: Any) -> Issue:
    found = issue(rules, target_, receiver, asked(**more), actor=actor, now=NOW)
    assert found is not None
    return found


def test_a_grant_lasts_as_long_as_the_policy_lets_it() -> None:
    assert grant(target()).until == "2027-11-21T09:00:00Z"
    assert grant(target("critical"), rules=POLICIES["team"]).until == "2027-05-20T09:00:00Z"


def test_days_and_dates_are_kept_as_asked() -> None:
    assert grant(target(), days=7).until == "2026-11-28T09:00:00Z"
    assert grant(target(), until="2026-12-01").until == "2026-12-01T23:59:59Z"
    assert grant(target(), until="2027-11-21").until == "2027-11-21T23:59:59Z"


def test_an_emergency_lasts_a_day_and_says_so() -> None:
    found = grant(target(), emergency=True)
    assert (found.until, found.emergency) == ("2026-11-22T09:00:00Z", True)
    assert found.body("d" * 32)["emergency"] is True


@pytest.mark.parametrize("more", [{"days": 366}, {"until": "2027-11-22"}, {"days": 10**12}])
def test_a_longer_grant_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="365 days at most") as refused:
        grant(target(), **more)
    assert (refused.value.rule, refused.value.control) == ("longest-grant", "AC-2")
    assert "--days 365" in refused.value.hint


@pytest.mark.parametrize(
    "more",
    [{"days": 0}, {"days": -3}, {"until": "2026-11-20"}, {"until": "2026-02-30"}, {"until": "tomorrow"}, {"days": 1, "emergency": True}],
)
def test_an_end_that_is_none_is_wrong_usage(more: dict[str, Any]) -> None:
    with pytest.raises(Usage):
        grant(target(), **more)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("tier", TIERS)
def test_the_most_holders_are_let_in_and_nobody_more(preset: str, tier: str) -> None:
    rules = POLICIES[preset]
    most = rules.holders[tier].most
    assert grant(target(tier, of=held(*(f"p{i}" for i in range(most - 1)))), rules=rules)
    with pytest.raises(Refused) as refused:
        grant(target(tier, of=held(*(f"p{i}" for i in range(most)))), rules=rules)
    assert (refused.value.rule, refused.value.control) == ("most-holders", "AC-6")


def test_one_of_the_most_holders_may_have_their_grant_renewed() -> None:
    full = held("p1", "p2", "p3", ANNA.id)
    assert grant(target("critical", of=full)).replaces == f"g-{ANNA.id}"


@pytest.mark.parametrize(("status", "words"), [("leaving", "is leaving"), ("former", "has left")])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_leaver_is_granted_nothing(status: str, words: str, preset: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        grant(target(), Receiver(id=ANNA.id, handle="anna", status=status), POLICIES[preset])
    assert (refused.value.rule, refused.value.control) == ("leaver", "PS-4")


def test_the_responsible_person_may_take_the_first_grant() -> None:
    found = grant(target(), Receiver(id=MIA, handle="mia", status="active"))
    assert found.founding
    assert found.body("d" * 32)["founding"] is True


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "of", [target(of=held("p1")), target(custodian="e" * 32), target(custodian="e" * 32, of=held("p1"))], ids=["second", "foreign", "both"]
)
def test_any_other_grant_to_oneself_is_refused(preset: str, of: Target) -> None:
    with pytest.raises(Refused) as refused:
        grant(of, Receiver(id=MIA, handle="mia", status="active"), POLICIES[preset])
    assert (refused.value.rule, refused.value.control) == ("self-grant", "AC-5")


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_needed_on_the_critical_tier_only(reason: str) -> None:
    for tier in ("standard", "low"):
        assert grant(target(tier), reason=reason)
    with pytest.raises(Refused, match="--reason") as refused:
        grant(target("critical"), reason=reason)
    assert (refused.value.rule, refused.value.control) == ("reason", "AC-2")
    assert grant(target("critical"), reason="cover")


def test_a_retired_account_is_granted_to_nobody() -> None:
    with pytest.raises(Refused, match="retired"):
        grant(target(active=False))


def test_what_is_held_just_so_is_left_as_it_is() -> None:
    of = held(ANNA.id, until="2027-11-21T03:00:00Z")
    assert issue(RULES, target(of=of), ANNA, asked(), actor=MIA, now=NOW) is None
    endless = held(ANNA.id, until="")
    assert issue(RULES, target(of=endless), ANNA, asked(), actor=MIA, now=NOW) is None
    assert issue(RULES, target(of=of), ANNA, asked(emergency=True), actor=MIA, now=NOW) is None


def test_a_grant_that_has_run_out_ends_as_expired_and_one_that_runs_is_replaced() -> None:
    over = grant(target(of=held(ANNA.id, until="2026-11-20T00:00:00Z")))
    assert (over.replaces, over.ended) == (f"g-{ANNA.id}", "expired")
    runs = grant(target(of=held(ANNA.id, until="2026-12-20T00:00:00Z")))
    assert (runs.replaces, runs.ended) == (f"g-{ANNA.id}", "revoked")
    shorter = grant(target(of=held(ANNA.id, until="2027-11-21T09:00:00Z")), days=3)
    assert (shorter.replaces, shorter.until) == (f"g-{ANNA.id}", "2026-11-24T09:00:00Z")
    assert grant(target()).replaces == ""


def test_kinds_are_kept_in_order_and_narrowing_needs_a_revocation() -> None:
    assert grant(target(), kinds=("totp", "password", "totp")).kinds == ("password", "totp")
    assert grant(target()).body("d" * 32)["kinds"] is None
    wider = grant(target(of=held(ANNA.id, kinds=("totp",))), kinds=("totp", "password"))
    assert wider.replaces
    for before in ((), ("password", "totp")):
        with pytest.raises(Refused, match="more of shop"):
            grant(target(of=held(ANNA.id, kinds=before)), kinds=("totp",))
    with pytest.raises(Usage, match="no kind"):
        grant(target(), kinds=("pasword",))


@given(
    tier=st.sampled_from(TIERS), preset=st.sampled_from(PRESETS), days=st.none() | st.integers(-5, 5000), holders=st.integers(0, 30),
    receiver=st.sampled_from([MIA, ANNA.id]), custodian=st.sampled_from([MIA, ANNA.id, "e" * 32]), emergency=st.booleans(),
)  # fmt: skip
def test_whatever_is_issued_obeys_every_limit(
    tier: str, preset: str, days: int | None, holders: int, receiver: str, custodian: str, emergency: bool
) -> None:
    rules = POLICIES[preset]
    of = target(tier, of=held(*(f"p{i}" for i in range(holders))), custodian=custodian)
    try:
        found = issue(
            rules, of, Receiver(id=receiver, handle="x", status="active"), asked(days=days, emergency=emergency), actor=MIA, now=NOW
        )  # fmt: skip
    except (Refused, Usage):
        return
    assert found is not None
    assert holders + 1 <= rules.holders[tier].most
    assert NOW < found.until <= f"{2026 + (rules.grants[tier].longest_days + 325) // 365}-12-31T23:59:59Z"
    assert found.founding == (receiver == MIA)
    assert receiver != MIA or (custodian == MIA and holders == 0)
