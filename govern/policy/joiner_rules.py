"""By when somebody new has read, signed, learned and been given what they need: the rule of a policy, plain and cheap to import.

A policy that has no such section has the times of `DEFAULT`. Control: NIST SP 800-53 rev 5 PS-6 (agreements are signed), with PL-4 and AT-3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from govern.policy.fields import MAX_DAYS, control, number, section

_AFTER: Final = ("acknowledge", "training", "keys", "accounts")


class JoinerRule(NamedTuple):
    """Days: `before` the first day for what is handed out; after it for the rest."""

    before: int
    acknowledge: int
    training: int
    keys: int
    accounts: int
    control: str


DEFAULT: Final = JoinerRule(before=3, acknowledge=3, training=30, keys=3, accounts=5, control="PS-6")


def to_record(rule: JoinerRule) -> dict[str, Any]:
    """The section of a policy's record."""
    after = {"acknowledge": rule.acknowledge, "training": rule.training, "keys": rule.keys, "accounts": rule.accounts}
    return {"control": rule.control, "before": rule.before, "after": after}


def from_record(value: Any) -> JoinerRule:
    """The rule of such a section; raises Malformed, naming the field, for what `to_record` would not have written."""
    root = section(value, "joiners", ("control", "before", "after"))
    after: Mapping[str, Any] = section(root["after"], "joiners.after", _AFTER)
    acknowledge, training, keys, accounts = (number(after[name], f"joiners.after.{name}", 0, MAX_DAYS) for name in _AFTER)
    return JoinerRule(
        before=number(root["before"], "joiners.before", 0, MAX_DAYS), acknowledge=acknowledge, training=training, keys=keys, accounts=accounts,
        control=control(root["control"], "joiners.control"),
    )  # fmt: skip
