"""A policy told in rows: every rule is there, with its control and what that means."""

from __future__ import annotations

import pytest

from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.show import describe
from govern.vocabulary import KINDS, PRESETS, TIERS


def rows(preset: str) -> dict[str, tuple[str, str, str]]:
    policy = parse_policy(policy_text(), name="default.yaml", preset=preset)
    return {row.rule: (row.value, row.control, row.means) for row in describe(policy)}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_rule_of_the_shipped_policy_has_a_control_and_a_meaning(preset: str) -> None:
    told = rows(preset)
    assert told.pop("preset")[0] == preset
    assert all(control and means for _value, control, means in told.values())
    assert {f"rotation, {tier}, {kind}" for tier in TIERS for kind in KINDS} <= set(told)


def test_values_are_told_in_words() -> None:
    told = {rule: value for rule, (value, _control, _means) in rows("small").items()}
    assert told["holders, critical"] == "2 to 4"
    assert told["grant, critical"] == "365 days at most, with a reason"
    assert told["grant, low"] == "365 days at most"
    assert told["grant to oneself"] == "refused"
    assert told["rotation, critical, api-token"] == "every 90 days"
    assert told["rotation, low, passkey"] == "never by the calendar"
    assert told["change after a holder left, critical"] == "within 1 day"
    assert rows("small")["training, critical"][1] == "AT-3", "what a refusal names"
    assert told["second person"] == "needed where there are two"


def test_what_differs_between_presets_shows() -> None:
    differing = {rule for rule, told in rows("solo").items() if rows("small")[rule] != told}
    assert differing == {
        "preset",
        "holders, critical",
        "holders, standard",
        "keyholders who can open each secret",
        "second person",
    }
