"""A password that a file brings is estimated as one that somebody types: recorded as weak, told, and never refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.policy.files import policy_text

WEAK = {
    "listed": "password1", "login": "brand1-acme", "season": "Summer2026!", "walk": "qwertyuiop12", "repeated": "aB3$xaB3$xaB3$x",
    "word": "congratulations",
}  # fmt: skip
STRONG = {"generated": "d0c2f81ab39e77c104", "phrase": "tribune-lattice-48-omelette", "long": "9f$KvXq2#Lm8Zr4TwB7!pD1^" * 3}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "logins.csv"
    rows = (f"{name},instagram,brand{n}-acme,{password}" for n, (name, password) in enumerate((WEAK | STRONG).items()))
    path.write_text("\n".join(["account,platform,login,password", *rows, ""]))
    return path


def weak(vault: Any) -> set[str]:
    """Handles of accounts with a finding."""
    return {one["subject"] for one in vault.json("status")["findings"] if one["code"] == "weak-password"}


def test_it_is_recorded_as_weak_and_told(vault: Any, file: Path) -> None:
    told = vault.json("import", str(file))
    expected = set(WEAK)
    assert set(told["easily_guessed"]) == expected
    assert (len(told["created"]), told["weak"]) == (len(WEAK | STRONG), [])
    assert any("easily guessed" in one for one in told["warnings"])
    assert weak(vault) == expected
    assert not any(password in str(told) for password in WEAK.values())


def test_a_preview_tells_the_same_and_a_second_import_nothing(vault: Any, file: Path) -> None:
    told = vault.json("import", str(file), "--dry-run")
    assert len(told["easily_guessed"]) == len(WEAK)
    vault.ok("import", str(file))
    again = vault.json("import", str(file))
    assert (len(again["unchanged"]), again["easily_guessed"]) == (len(WEAK | STRONG), [])


@pytest.mark.parametrize(("rule", "told"), [("refuse-weak: true", len(WEAK)), ("", 0)])
def test_the_rule_of_the_policy_decides_and_refuses_none(vault: Any, file: Path, rule: str, told: int) -> None:
    text, whole = policy_text().decode(), "typed: {control: IA-5(1), guesses: 8, refuse-weak: false}\n"
    policy = vault.folder / "policy.yaml"
    policy.write_text(text.replace(whole, whole.replace("refuse-weak: false", rule) if rule else ""))
    vault.ok("policy", "adopt", str(policy))
    found = vault.json("import", str(file))
    assert (len(found["created"]), len(found["easily_guessed"])) == (len(WEAK | STRONG), told)
