"""A policy and its record: the record is what the ledger keeps, so one policy has one record and rubbish is no policy."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.canonical import canonical, decode
from govern.errors import Malformed, Refused
from govern.policy.files import policy_text
from govern.policy.house_rules import CONSEQUENCES, TO, DocumentRule
from govern.policy.joiner_rules import JoinerRule
from govern.policy.later_rules import (
    FORCING,
    SECTIONS,
    DepartureRule,
    ExposureRule,
    FirstImportRule,
    Later,
    OverdueRule,
    SpokespersonRule,
    TypedRule,
)
from govern.policy.parse import parse_policy
from govern.policy.reminder_rules import MAX_BEFORE, MAX_MINUTES, MIN_STALE, ReminderRule, TierReminders
from govern.policy.review_rules import MISSED, ReviewRule
from govern.policy.rules import (
    CONNECTORS,
    MAX_DAYS,
    MAX_HOLDERS,
    SEVERITIES,
    ConnectorRule,
    GrantRule,
    HolderRule,
    OpenerRule,
    Policy,
    Rule,
)
from govern.vocabulary import KINDS, PRESETS, TIERS

controls = st.sampled_from(["AC-6", "AC-2 k", "IA-5(1)", "A.5.18", "x"])
days = st.integers(0, MAX_DAYS)


def some(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(words)).map(lambda chosen: tuple(word for word in words if word in chosen))


NAMES = st.lists(st.sampled_from(["corporate-accounts", "exit-duties", "x"]), unique=True).map(sorted).map(tuple)
LATER = st.builds(
    Later,
    overdue=st.none() | st.builds(OverdueRule, banner=st.booleans(), no_grants=st.booleans(), no_reveals=some(TIERS), control=controls),
    first_import=st.none()
    | st.builds(FirstImportRule, within=st.fixed_dictionaries({tier: st.integers(1, MAX_DAYS) for tier in TIERS}), control=controls),
    typed=st.none() | st.builds(TypedRule, guesses=st.integers(0, 30), refuse_weak=st.booleans(), control=controls),
    exposures=st.none() | st.builds(ExposureRule, force=some(FORCING), control=controls),
    departures=st.none()
    | st.builds(DepartureRule, first=some(FORCING), possible=st.fixed_dictionaries(dict.fromkeys(TIERS, days)), control=controls),
    reminders=st.none()
    | st.builds(
        ReminderRule,
        tiers=st.fixed_dictionaries(
            {
                tier: st.builds(
                    TierReminders,
                    before=st.sets(st.integers(1, MAX_BEFORE), max_size=5).map(lambda ahead: tuple(sorted(ahead, reverse=True))),
                    repeat=st.integers(1, MAX_DAYS),
                    deputy=days,
                    admin=days,
                )
                for tier in TIERS
            }
        ),
        zone=st.sampled_from(["UTC", "Europe/Oslo", "America/Argentina/Ushuaia", "Etc/GMT+12"]),
        quiet_from=st.integers(0, 23),
        quiet_until=st.integers(0, 23),
        snooze=days,
        snoozes=st.integers(0, 100),
        ack=days,
        undelivered=days,
        lease=st.integers(1, MAX_MINUTES),
        stale_pin=st.just(90) | st.integers(MIN_STALE, MAX_DAYS),
        control=controls,
    ),
    reviews=st.none()
    | st.builds(
        ReviewRule,
        every=st.fixed_dictionaries({tier: st.integers(1, MAX_DAYS) for tier in TIERS}),
        within=st.integers(0, MAX_DAYS),
        missed=st.sampled_from(MISSED),
        unused=st.integers(1, MAX_DAYS),
        control=controls,
    ),
    joiners=st.none()
    | st.builds(
        JoinerRule,
        **dict.fromkeys(("before", "acknowledge", "training", "keys", "accounts"), st.integers(0, MAX_DAYS)),
        control=controls,
    ),
    documents=st.none()
    | st.builds(
        DocumentRule,
        required=st.fixed_dictionaries(dict.fromkeys(TIERS, NAMES)),
        training=st.fixed_dictionaries({tier: st.integers(0, MAX_DAYS) for tier in TIERS}),
        subject=st.sampled_from(["social-media", "a"]),
        subjects=st.dictionaries(st.sampled_from(TIERS), st.sampled_from(["crisis", "b"])),
        grace=st.integers(0, MAX_DAYS),
        consequence=st.sampled_from(CONSEQUENCES),
        audience=st.sampled_from(TO),
        control=controls,
    ),
    spokespersons=st.none() | st.builds(SpokespersonRule, training=st.integers(1, MAX_DAYS), control=controls),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    holder_control, grant_control = draw(controls), draw(controls)
    least = {tier: draw(st.integers(1, 50)) for tier in TIERS}
    return Policy(
        preset=draw(st.sampled_from(PRESETS)),
        holders={
            tier: HolderRule(least=least[tier], most=draw(st.integers(least[tier], MAX_HOLDERS)), control=holder_control) for tier in TIERS
        },
        openers=OpenerRule(least=draw(st.integers(1, 9)), severity=draw(st.sampled_from(SEVERITIES)), control=draw(controls)),
        grants={
            tier: GrantRule(longest_days=draw(st.integers(1, MAX_DAYS)), reason=draw(st.booleans()), control=grant_control)
            for tier in TIERS
        },
        self_grant=Rule(allowed=draw(st.booleans()), control=draw(controls)),
        leaver_grant=Rule(allowed=draw(st.booleans()), control=draw(controls)),
        rotation=draw(
            st.dictionaries(st.tuples(st.sampled_from(TIERS), st.sampled_from(KINDS)), st.none() | st.integers(1, MAX_DAYS), max_size=24)
        ),
        rotation_control=draw(controls),
        membership_deadline_days={tier: draw(days) for tier in TIERS},
        membership_control=draw(controls),
        grace_days={tier: draw(days) for tier in TIERS},
        grace_control=draw(controls),
        second_person=draw(st.booleans()),
        second_person_control=draw(controls),
        retention_days=draw(days),
        retention_control=draw(controls),
        later=draw(LATER),
        connectors=ConnectorRule(
            allowed=tuple(sorted(draw(st.sets(st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,39}\Z"), max_size=4)))), control=draw(controls)
        ),
    )


@settings(max_examples=60, deadline=None)
@given(policies())
def test_a_policy_survives_its_record_and_the_ledgers_bytes(policy: Policy) -> None:
    record = policy.to_record()
    assert Policy.from_record(record) == policy
    assert Policy.from_record(decode(canonical(record))).to_record() == record


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]


@settings(max_examples=20, deadline=None)
@given(policies())
def test_a_record_holds_text_whole_numbers_and_booleans_only(policy: Policy) -> None:
    assert {type(leaf) for leaf in leaves(policy.to_record())} <= {str, int, bool}


RECORD = parse_policy(policy_text(), name="default.yaml", preset="small").to_record()


def test_never_by_the_calendar_and_no_rule_are_two_things() -> None:
    record = copy.deepcopy(RECORD)
    del record["rotation"]["low"]["totp"]
    policy = Policy.from_record(record)
    assert policy.rotation["low", "passkey"] is None
    assert ("low", "totp") not in policy.rotation


def places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += places(one, (*path, key))
    return found


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    at = record
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return record


OPTIONAL = (
    {("rotation", tier, kind) for tier in TIERS for kind in KINDS}
    | {(name,) for name in (*SECTIONS, "connectors")}
    | {("documents", "answering")}
)


def test_a_record_from_before_a_section_has_no_such_rule_and_stays_as_it_was() -> None:
    """What was adopted then replays to the same record, and asks for nothing that it did not ask for."""
    old = {name: value for name, value in RECORD.items() if name not in SECTIONS}
    policy = Policy.from_record(old)
    assert policy.later == Later()
    assert policy.to_record() == old
    assert all(Policy.from_record(RECORD).later), "the control: what is shipped has them all"


@pytest.mark.parametrize("path", [path for path in places(RECORD) if path not in OPTIONAL], ids=".".join)
def test_every_field_of_a_record_is_needed(path: tuple[str, ...]) -> None:
    with pytest.raises(Malformed, match=r"^policy: "):
        Policy.from_record(changed(path, None))


def test_a_record_from_before_those_who_answer_were_asked_asks_holders_alone_and_is_spelled_in_one_way() -> None:
    old = changed(("documents", "answering"), None)
    policy = Policy.from_record(old)
    assert policy.later.documents is not None
    assert not policy.later.documents.answering
    assert policy.to_record() == old
    with pytest.raises(Malformed, match="answering"):
        Policy.from_record(changed(("documents", "answering"), False))


def test_a_record_from_before_policies_named_connectors_allows_those_that_come_with_the_program() -> None:
    assert Policy.from_record(changed(("connectors",), None)).connectors.allowed == CONNECTORS


def test_a_connector_that_the_policy_does_not_name_is_refused_with_rule_control_and_hint() -> None:
    none = Policy.from_record(changed(("connectors", "allowed"), []))
    Policy.from_record(RECORD).must_allow_connector("matrix")
    with pytest.raises(Refused) as refused:
        none.must_allow_connector("matrix")
    assert (refused.value.rule, refused.value.control) == ("connector-allowed", "CM-7(5)")
    assert "govern policy adopt" in refused.value.hint


RUBBISH: list[Any] = [-1, 10**6, 1.0, "", "nonsense\n", [], ["nonsense"], {}, {"nonsense": 1}, b"x"]


@pytest.mark.parametrize("path", places(RECORD), ids=".".join)
def test_rubbish_in_any_field_is_refused(path: tuple[str, ...]) -> None:
    empty: list[Any] = []
    if path in (("grants", "reason"), ("overdue", "no-reveals"), ("exposures", "force"), ("departures", "first")):
        empty = [[]]  # for no tier, on no basis
    if path[0] == "reminders" and path[-1] == "before":
        empty = [[]]  # never ahead of the day
    if path[0] == "rotation" and len(path) == 2 and path[1] in TIERS:
        empty = [{}]  # no kind has a rule
    if path == ("connectors", "allowed"):
        empty = [[], ["nonsense"]]  # none, or one that a policy may name before it is installed
    if path[:2] == ("documents", "required") and len(path) == 3:
        empty = [[], ["nonsense"]]  # none, or one that a policy may name before it is adopted
    for rubbish in RUBBISH:
        if rubbish in empty:
            assert Policy.from_record(changed(path, rubbish))
            continue
        with pytest.raises(Malformed, match=r"^policy: "):
            Policy.from_record(changed(path, rubbish))


@pytest.mark.parametrize("path", [path for path in places(RECORD) if isinstance(RECORD[path[0]], dict) and path[-1] in ("least", "most")])
def test_a_truth_value_is_no_number(path: tuple[str, ...]) -> None:
    with pytest.raises(Malformed, match="whole number"):
        Policy.from_record(changed(path, True))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("extra",), 1),
        (("holders", "extra"), 1),
        (("holders", "low", "least"), 99),
        (("grants", "reason"), ["low", "critical"]),
        (("grants", "reason"), ["critical", "critical"]),
        (("rotation", "low", "pin"), 3),
        (("overdue", "no-reveals"), ["low", "critical"]),
        (("exposures", "force"), ["unknown"]),
        (("departures", "first"), ["set", "revealed"]),
        (("departures", "possible", "low"), -1),
        (("exposures", "force"), ["revealed", "sealed"]),
        (("typed", "guesses"), 31),
        (("spokespersons", "training"), 0),
        (("joiners", "after", "keys"), -1),
        (("joiners", "before"), True),
        (("reviews", "every", "low"), 0),
        (("reviews", "missed"), "forget"),
        (("reviews", "unused"), True),
        (("documents", "required", "low"), ["b", "a"]),
        (("documents", "required", "low"), ["training:social-media"]),
        (("documents", "training", "low"), -1),
        (("documents", "subject"), "Social Media"),
        (("documents", "subjects"), {}),
        (("documents", "subjects"), {"critical": "social-media"}),
        (("documents", "subjects"), {"critical": "Crisis"}),
        (("documents", "subjects"), {"highest": "crisis"}),
        (("documents", "subjects"), ["crisis"]),
        (("documents", "consequence"), "fired"),
        (("first-import", "within", "low"), 0),
        (("v",), 2),
        (("v",), True),
        (("preset",), "huge"),
    ],
)
def test_what_to_record_would_not_have_written_is_refused(path: tuple[str, ...], value: Any) -> None:
    with pytest.raises(Malformed, match=r"^policy: "):
        Policy.from_record(changed(path, value))


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RECORD, "x"]), inner, max_size=8),
        max_leaves=12,
    )
)
def test_anything_else_is_no_policy(value: Any) -> None:
    with pytest.raises(Malformed):
        Policy.from_record(value)


def test_rules_and_platforms_are_read_without_yaml_and_models() -> None:
    """Commands that only read must not pay for what only reads files."""
    program = (
        "import sys, govern.policy.rules, govern.policy.show, govern.policy.platforms as p; p.recognise('x.com');"
        "print([m for m in ('pydantic', 'ruamel.yaml') if m in sys.modules])"
    )
    control = "import sys, govern.policy.parse; print([m for m in ('pydantic',) if m in sys.modules])"
    run = [subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout for text in (program, control)]
    assert run == ["[]\n", "['pydantic']\n"]
