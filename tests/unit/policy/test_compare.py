"""Which rules ask for less than before: told when a policy is adopted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest

from govern.errors import GovernError
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
    "reminders, quiet hours": lambda r: r["reminders"]["quiet"].update({"from": 8}),
    "kept after somebody left": lambda r: r["retention"].update(days=30),
    "overdue past grace, banner": lambda r: r["overdue"].update({"banner": False}),
    "overdue past grace, new grants": lambda r: r["overdue"].update({"no-grants": False}),
    "overdue past grace, reveals": lambda r: r["overdue"].update({"no-reveals": []}),
    "first rotation after an import, low": lambda r: r["first-import"]["within"].update(low=400),
    "weak passwords": lambda r: r["typed"].update(guesses=3),
    "exposures that force a change": lambda r: r["exposures"]["force"].remove("place"),
    "what comes first when somebody left": lambda r: r["departures"]["first"].remove("declared"),
    "change of what a leaver could merely know, standard": lambda r: r["departures"]["possible"].update(standard=30),
    "somebody new, handed out": lambda r: r["joiners"].update(before=2),
    "somebody new, signed": lambda r: r["joiners"]["after"].update(acknowledge=4),
    "somebody new, trained": lambda r: r["joiners"]["after"].update(training=31),
    "somebody new, keys": lambda r: r["joiners"]["after"].update(keys=4),
    "somebody new, accounts": lambda r: r["joiners"]["after"].update(accounts=6),
    "review of access, critical": lambda r: r["reviews"]["every"].update(critical=91),
    "review of access, decided": lambda r: r["reviews"].update(within=15),
    "review of access, missed": lambda r: r["reviews"].update(missed="notify"),
    "review of access, unused": lambda r: r["reviews"].update(unused=46),
    "training of spokespersons": lambda r: r["spokespersons"].update(training=1000),
    "documents, critical": lambda r: r["documents"]["required"].update(critical=[]),
    "lapsed acknowledgements": lambda r: r["documents"].update(grace=15),
    "second person": lambda r: r["second-person"].update(required=False),
}


@pytest.mark.parametrize("rule", CHANGES)
def test_a_rule_that_asks_for_less_is_named_as_the_policy_names_it(rule: str) -> None:
    after = changed(CHANGES[rule])
    assert weaker(policy("small"), after) == [rule]
    assert rule in {row.rule for row in describe(after)}
    assert weaker(after, policy("small")) == [], "the other way it is stricter"


@pytest.mark.parametrize(
    ("section", "rules"),
    [
        ("overdue", ["overdue past grace, banner", "overdue past grace, new grants", "overdue past grace, reveals"]),
        ("first-import", [f"first rotation after an import, {tier}" for tier in ("critical", "standard", "low")]),
        ("typed", ["weak passwords"]),
        ("exposures", ["exposures that force a change"]),
        ("spokespersons", ["training of spokespersons"]),
        (
            "reviews",
            [
                *(f"review of access, {tier}" for tier in ("critical", "standard", "low")),
                "review of access, decided",
                "review of access, missed",
                "review of access, unused",
            ],
        ),
        (
            "documents",
            ["documents, critical", "documents, standard", "lapsed acknowledgements", "documents of those who answer for accounts"],
        ),
    ],
)
def test_leaving_out_a_section_asks_for_less_and_putting_it_in_does_not(section: str, rules: list[str]) -> None:
    after = changed(lambda record: record.pop(section))
    assert weaker(policy("small"), after) == rules
    assert weaker(after, policy("small")) == []


def test_a_policy_that_says_nothing_of_departures_has_a_rule_all_the_same() -> None:
    """What was merely possible has twice the days of membership, as it had before policies said so."""
    silent = changed(lambda record: record.pop("departures"))
    assert weaker(policy("small"), silent) == weaker(silent, policy("small")) == []
    longer = changed(lambda record: record["departures"]["possible"].update(low=15))
    assert weaker(silent, longer) == ["change of what a leaver could merely know, low"]


def test_no_longer_refusing_weak_passwords_asks_for_less() -> None:
    strict = changed(lambda record: record["typed"].update({"refuse-weak": True}))
    assert weaker(strict, policy("small")) == ["weak new passwords"]
    assert "weak new passwords" in {row.rule for row in describe(strict)}


def test_an_older_training_no_training_or_one_in_something_else_asks_for_less() -> None:
    trained = changed(lambda record: record["documents"]["training"].update(low=365))
    assert weaker(policy("small"), trained) == []
    for looser in ({"training": {"critical": 0, "standard": 0, "low": 400}}, {"training": {"critical": 0, "standard": 0, "low": 0}}):
        assert weaker(trained, changed(lambda record, looser=looser: record["documents"].update(looser))) == ["training, low"]
    other = changed(lambda record: record["documents"].update(subject="fire-safety", training={"critical": 0, "standard": 0, "low": 30}))
    assert weaker(trained, other) == ["training, low"]
    apart = changed(
        lambda record: record["documents"].update(subjects={"low": "crisis"}, training={"critical": 0, "standard": 0, "low": 365})
    )
    assert weaker(trained, apart) == weaker(apart, trained) == ["training, low"]
    elsewhere = changed(
        lambda record: record["documents"].update(subjects={"critical": "crisis"}, training={"critical": 0, "standard": 0, "low": 365})
    )
    assert weaker(trained, elsewhere) == []
    assert "in crisis, counts for 365 days" in {row.value for row in describe(apart)}


def test_a_finding_where_the_grant_ended_asks_for_less() -> None:
    ends = changed(lambda record: record["documents"].update(consequence="end"))
    assert weaker(ends, policy("small")) == ["lapsed acknowledgements"]
    assert weaker(policy("small"), ends) == []


@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_a_policy_is_not_weaker_than_itself(preset: str) -> None:
    assert weaker(policy(preset), policy(preset)) == []


def test_solo_is_weaker_than_small() -> None:
    assert "second person" in weaker(policy("small"), policy("solo"))


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def others(value: Any) -> list[Any]:
    """Values that may stand in the place of one: less, more, none, another."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value * 2, value - 1, 0, 1]
        case list():
            return [[], value[:-1], [*value, "matrix"], [*value, "sealed"], [*value, 1]]
        case _:
            return ["notify", "end", "solo", "info", "critical", "another"]


NEITHER_MORE_NOR_LESS = {
    ("v",), ("reminders", "zone"), ("reminders", "lease"), ("documents", "subject"), ("documents", "answering"), ("documents", "audience"),
}  # fmt: skip
"""The subject counts where it is trained in, and that those who answer are asked is left out of a record rather than said to be untrue: both have tests. Who
is to read a document is said where it is published."""


def test_attack_no_rule_of_a_policy_is_left_out_so_that_one_admin_could_ask_for_less_alone() -> None:
    record = policy("team").to_record()
    before, silent = policy("team"), set()
    for path, value in leaves(record):
        told = False
        for other in others(value):
            changed = deepcopy(record)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = other
            with suppress(GovernError):
                after = Policy.from_record(changed)
                told |= bool(weaker(before, after) or weaker(after, before))
        if not told and path[-1] != "control":
            silent.add(path)
    assert silent == NEITHER_MORE_NOR_LESS
