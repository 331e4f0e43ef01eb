"""Reading a policy file: what is wrong is named with file, line and key."""

from __future__ import annotations

from typing import get_args

import pytest

from govern.errors import Malformed, NotFound
from govern.policy.files import policy_text
from govern.policy.model import Kind, Tier
from govern.policy.parse import parse_policy
from govern.policy.policy_model import PolicyRules
from govern.vocabulary import KINDS, PRESETS, TIERS

NAME = "policies/default.yaml"
TEXT = policy_text().decode()


def line_of(fragment: str, *, text: str = TEXT) -> int:
    return text[: text.index(fragment)].count("\n") + 1


def refused(old: str, new: str) -> tuple[str, int]:
    """The message for the default file with one place changed, and the line of that place."""
    assert old in TEXT
    changed = TEXT.replace(old, new, 1)
    with pytest.raises(Malformed) as caught:
        parse_policy(changed.encode(), name=NAME, preset="small")
    return caught.value.message, line_of(old)


def test_the_shipped_file_is_read_under_every_preset() -> None:
    assert [parse_policy(policy_text(), name=NAME, preset=preset).preset for preset in PRESETS] == list(PRESETS)


def test_a_tier_names_a_training_of_its_own_and_one_that_all_have_is_not_spelled_twice() -> None:
    said = "  subject: social-media\n"
    other = TEXT.replace(said, f"{said}  subjects: {{critical: crisis, low: social-media}}\n")
    record = parse_policy(other.encode(), name=NAME, preset="small").to_record()["documents"]
    assert record["subjects"] == {"critical": "crisis"}
    assert "subjects" not in parse_policy(TEXT.encode(), name=NAME, preset="small").to_record()["documents"]


def test_the_shipped_file_leads_editors_to_its_schema() -> None:
    assert TEXT.startswith("# yaml-language-server: $schema=schema/policy.schema.json\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("critical: {least: 2, most: 4}", "critical: {least: 2, most: four}", "holders.critical.most: is no whole number"),
        ("critical: {least: 2, most: 4}", "critical: {least: 2, most: 4.5}", "holders.critical.most: is no whole number"),
        ("critical: {least: 2, most: 4}", "critical: {least: 2, most: true}", "holders.critical.most: is no whole number"),
        ("critical: {least: 2, most: 4}", "critical: {least: 5, most: 4}", "holders.critical: least is more than most"),
        ("critical: {least: 2, most: 4}", "critical: {least: 0, most: 4}", "holders.critical.least: input should be greater"),
        ("critical: {least: 2, most: 4}", "critical: {least: 2}", "holders.critical.most: is missing"),
        ("critical: {least: 2, most: 4}", "critical: 4", "holders.critical: is no section of keys and values"),
        ("critical: {least: 2, most: 4}", "critical: {least: 2, least: 2, most: 4}", "holders.critical.least: stands here twice"),
        ("severity: warning", "severity: NO", "openers.severity: input should be 'info'"),
        ("severity: warning", "severity: warning\n  colour: red", "openers.colour: no such key"),
        ("to-oneself: {allowed: false", "to-oneself: {allowed: no", "grants.to-oneself.allowed: is neither true nor false"),
        ("reason: [critical]", "reason: [critcal]", "grants.reason.0: input should be"),
        ("critical: P365D", "critical: P12M", "grants.longest.critical: no duration in whole days or weeks"),
        ("critical: P365D", "critical: 365", "grants.longest.critical: no duration in whole days or weeks"),
        ("critical: P365D", "critical: P0D", "grants.longest.critical: input should be greater"),
        ("critical: P365D", "critical: P9999D", "grants.longest.critical: input should be less"),
        ("password: P180D", "pasword: P180D", "rotation.critical.pasword: input should be"),
        ("password: P180D", "password: P0D", "rotation.critical.password: no time at all"),
        ("control: AC-6", "control: ''", "holders.control: is not of the right form"),
        ("version: 1", "version: 2", "version: input should be less"),
        ("version: 1", "version: true", "version: is no whole number"),
    ],
)
def test_a_wrong_value_names_file_line_and_key(old: str, new: str, message: str) -> None:
    told, line = refused(old, new)
    lines = (line, line + 1) if "\n" in new else (line,)
    assert any(told.startswith(f"{NAME}:{number}: {message}") for number in lines), told


def test_a_missing_section_is_told_at_the_head_of_the_file() -> None:
    told, _ = refused("second-person: {control: AC-5, required: true}", "")
    assert told == f"{NAME}:{line_of('version: 1')}: second-person: is missing"


def test_tabs_and_other_encodings_are_refused_with_their_line() -> None:
    told, line = refused("  critical: {least: 2", "\tcritical: {least: 2")
    assert told == f"{NAME}:{line}: a tab where only spaces may indent"
    with pytest.raises(Malformed, match=rf"{NAME}:{line_of('AC-6')}: not UTF-8"):
        parse_policy(TEXT.replace("AC-6", "AC-é", 1).encode("latin-1"), name=NAME, preset="small")


def test_the_first_of_several_mistakes_leads_and_the_hint_has_the_others() -> None:
    changed = TEXT.replace("most: 4", "most: x", 1).replace("most: 8", "most: y", 1)
    with pytest.raises(Malformed) as caught:
        parse_policy(changed.encode(), name=NAME, preset="small")
    assert caught.value.message == f"{NAME}:{line_of('most: 4')}: holders.critical.most: is no whole number"
    assert caught.value.hint == f"also line {line_of('most: 8')}: holders.standard.most: is no whole number"


class TestPresets:
    """What stands below `presets` is laid over the rules and judged with them."""

    def test_a_preset_changes_what_it_names_and_nothing_else(self) -> None:
        small, team = (parse_policy(policy_text(), name=NAME, preset=preset) for preset in ("small", "team"))
        assert (small.holders["standard"].most, team.holders["standard"].most) == (8, 12)
        assert small.holders["standard"].least == team.holders["standard"].least
        assert small.rotation == team.rotation

    def test_a_file_without_presets_means_its_rules_under_every_name(self) -> None:
        plain = TEXT[: TEXT.index("\npresets:")].encode()
        solo, team = (parse_policy(plain, name=NAME, preset=preset) for preset in ("solo", "team"))
        assert (solo.holders, solo.second_person) == (team.holders, True)

    @pytest.mark.parametrize("asked", PRESETS)
    def test_a_mistake_in_any_preset_is_found_whichever_is_asked_for(self, asked: str) -> None:
        changed = TEXT.replace("severity: info", "severity: infos", 1)
        with pytest.raises(Malformed, match=rf"{NAME}:{line_of('openers: {severity: info}')}: openers.severity: "):
            parse_policy(changed.encode(), name=NAME, preset=asked)

    def test_a_contradiction_between_preset_and_rules_is_told_in_the_preset(self) -> None:
        changed = TEXT.replace("low: {least: 2, most: 25}", "low: {least: 99}", 1)
        told = rf"{NAME}:{line_of('low: {least: 2, most: 25}')}: holders.low: least is more than most"
        with pytest.raises(Malformed, match=told):
            parse_policy(changed.encode(), name=NAME, preset="small")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ("small: {}\n  large: {}", "presets.large: no such preset"),
            ("small: 3", "presets.small: is no section of rules"),
            ("small: {version: 1}", "presets.small.version: can't be set by a preset"),
            ("small: {presets: {}}", "presets.small.presets: can't be set by a preset"),
            ("small: {holder: {}}", "holder: no such key"),
        ],
    )
    def test_what_is_no_preset_is_refused(self, change: str, message: str) -> None:
        told, _ = refused("small: {}", change)
        assert message in told

    def test_a_preset_that_no_policy_knows_is_not_found(self) -> None:
        with pytest.raises(NotFound, match="no preset is called 'huge'"):
            parse_policy(policy_text(), name=NAME, preset="huge")


def test_models_know_exactly_the_tiers_and_kinds_of_the_ledger() -> None:
    assert (get_args(Tier), get_args(Kind)) == (TIERS, KINDS)


def test_every_kind_has_a_rule_on_every_tier_of_the_shipped_policy() -> None:
    policy = parse_policy(policy_text(), name=NAME, preset="small")
    assert set(policy.rotation) == {(tier, kind) for tier in TIERS for kind in KINDS}


def test_every_section_of_rules_names_its_control() -> None:
    fields = [field.annotation for name, field in PolicyRules.model_fields.items() if name != "version"]
    sections = [next(iter(get_args(one)), one) for one in fields]
    assert all(section is not None and "control" in section.model_fields for section in sections)
