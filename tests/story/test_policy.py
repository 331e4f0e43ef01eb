"""`govern policy`: the rules in force with their controls; a file is checked with file and line, and adopted as a fact."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from govern.policy.files import policy_text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_bytes(policy_text())
    return path


def change(file: Path, before: str, after: str) -> int:
    """Replace a piece of the file; the number of its line."""
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    return text[: text.index(before)].count("\n") + 1


def rule(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in told["rules"] if row["rule"] == name)


def test_the_rules_in_force_are_shown_with_their_controls(vault: Any) -> None:
    told = vault.json("policy", "show")
    assert told["schema"] == "govern.policy.show/1"
    assert told["preset"] == "solo"
    assert rule(told, "grant to oneself") == {
        "rule": "grant to oneself", "value": "refused", "control": "AC-5", "means": "nobody approves, does and checks the same thing alone",
    }  # fmt: skip
    assert "AC-6" in vault.ok("policy", "show").out


def test_a_right_file_is_told_as_rules_even_where_there_is_no_vault(story: Any, file: Path) -> None:
    told = story.json("policy", "check", str(file), "--preset", "team")
    assert (told["preset"], told["weaker"]) == ("team", [])
    assert rule(told, "grant, critical")["value"] == "180 days at most, with a reason"


@pytest.mark.parametrize(("before", "after"), [("critical: {least: 2, most: 4}", "critical: {least: 2, most: none}"), ("P180D", "180")])
def test_what_is_wrong_is_told_with_file_and_line(vault: Any, file: Path, before: str, after: str) -> None:
    assert vault.run("policy", "check", str(file)).code == 0, "the control"
    line = change(file, before, after)
    for command in ("check", "adopt"):
        told = vault.run("policy", command, str(file))
        assert told.code == 1
        assert f"{file}:{line}: " in told.err


def test_an_adopted_policy_is_in_force_at_once_and_after_a_replay(vault: Any, file: Path) -> None:
    change(file, "critical: {least: 2, most: 4}", "critical: {least: 2, most: 3}")
    told = vault.json("policy", "adopt", str(file))
    assert (told["changed"], told["weaker"]) == (True, [])
    for _ in range(2):
        shown = vault.json("policy", "show")
        assert rule(shown, "holders, critical")["value"] == "1 to 3"
        assert shown["digest"] == told["digest"]
        for path in vault.home.glob("register.db*"):
            path.unlink()
    again = vault.json("policy", "adopt", str(file))
    assert again["changed"] is False, "what is in force already is not recorded twice"


def test_a_weaker_policy_is_adopted_and_what_is_weaker_is_named(vault: Any, file: Path) -> None:
    change(file, "low: P365D", "low: P400D")
    checked = vault.run("policy", "check", str(file))
    assert "asks for less than before: grant, low" in checked.err
    told = vault.run("policy", "adopt", str(file))
    assert told.code == 0
    assert "asks for less than before: grant, low" in told.err
    assert "next: govern policy show" in told.err


def test_another_preset_is_adopted_where_it_is_named(vault: Any, file: Path) -> None:
    vault.ok("policy", "adopt", str(file), "--preset", "team")
    assert vault.json("policy", "show")["preset"] == "team"
    assert vault.run("policy", "adopt", str(file), "--preset", "huge").code == 3


def test_files_that_are_none_end_with_a_sentence(vault: Any, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"#" * 1_100_000)
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    for name, code in (("missing", 3), (".", 1), ("large", 1), ("binary", 1)):
        told = vault.run("policy", "check", str(tmp_path / name))
        assert told.code == code
        assert told.err.startswith("error: ")
        assert "defect" not in told.err


@pytest.mark.parametrize(
    "text", ["version: 1\nname: [", "version: 1\n\tname: x", "- a\n- b", "", "a: &x 1\nb: *x", "version: \x07", 'version: "\\U99999999"']
)
def test_every_mistake_in_a_file_has_its_line_and_what_to_do(story: Any, text: str) -> None:
    file = story.folder / "rules.yaml"
    file.write_text(text)
    error = story.run("policy", "check", str(file), "--json").json()["error"]
    assert re.match(r".*rules\.yaml:\d+: ", error["message"]), error
    assert error["hint"]
