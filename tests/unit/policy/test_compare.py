"""Which rules ask for less than before: told when a policy is adopted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from govern.policy.compare import weaker
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.policy.show import describe


def policy(preset: str) -> Policy:
    return parse_policy(policy_text(), name="default.yaml", preset=preset)


def changed(change: Callable[[dict[str, Any]], None]) -> Policy:
    record = policy("small").to_record()
    change(record)
    return Policy.from_record(record)


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "holders, low": lambda r: r["holders"]["low"].update(most=99),
    "holders, critical": lambda r: r["holders"]["critical"].update(least=1),
    "keyholders who can open each secret": lambda r: r["openers"].update(severity="info"),
    "grant, low": lambda r: r["grants"]["longest"].update(low=400),
    "grant, critical": lambda r: r["grants"].update(reason=[]),
    "grant to oneself": lambda r: r["grants"]["to-oneself"].update(allowed=True),
    "grant to a leaver": lambda r: r["grants"]["to-leavers"].update(allowed=True),
    "rotation, critical, password": lambda r: r["rotation"]["critical"].update(password=0),
    "rotation, low, totp": lambda r: r["rotation"]["low"].pop("totp"),
    "change after a holder left, low": lambda r: r["membership"]["deadline"].update(low=30),
    "grace, standard": lambda r: r["grace"].update(standard=90),
    "preset": lambda r: r.update(preset="solo"),
    "kept after somebody left": lambda r: r["retention"].update(days=30),
    "second person": lambda r: r["second-person"].update(required=False),
}


@pytest.mark.parametrize("rule", CHANGES)
def test_a_rule_that_asks_for_less_is_named_as_the_policy_names_it(rule: str) -> None:
    after = changed(CHANGES[rule])
    assert weaker(policy("small"), after) == [rule]
    assert rule in {row.rule for row in describe(after)}
    assert weaker(after, policy("small")) == [], "the other way it is stricter"


@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_a_policy_is_not_weaker_than_itself(preset: str) -> None:
    assert weaker(policy(preset), policy(preset)) == []


def test_solo_is_weaker_than_small() -> None:
    assert "second person" in weaker(policy("small"), policy("solo"))
