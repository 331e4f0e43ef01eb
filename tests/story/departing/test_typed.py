"""Passwords that somebody types: a weak one is told and recorded, refused only where the policy says so and it isn't in force yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from govern.policy.files import policy_text


def weak(vault: Any, account: str) -> bool:
    (one,) = vault.json("credential", "list", account)["credentials"]
    return bool(one["weak"])


def codes(vault: Any) -> set[str]:
    return {one["code"] for one in vault.json("status")["findings"]}


def test_a_weak_one_is_told_recorded_and_gone_with_a_generated_one(vault: Any) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    told = vault.ok("credential", "add", "shop", "--kind", "password", stdin="Summer2024!")
    assert "this password is easy to guess" in told.err
    assert "Summer" not in told.out + told.err
    assert weak(vault, "shop")
    assert "weak-password" in codes(vault)
    told = vault.ok("rotate", "shop", "--stdin", stdin="acme2026")
    assert "shop password: this password is easy to guess, and is recorded as weak" in told.err
    id_ = vault.json("rotation", "list")["rotations"][0]["id"]
    told = vault.ok("rotation", "reject", id_)
    vault.ok("rotation", "show", id_, "--secret", "new", "--stdout")
    vault.ok("rotation", "confirm", id_)
    assert not weak(vault, "shop")
    assert "weak-password" not in codes(vault)


def test_a_strong_one_is_not_weak(vault: Any) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    told = vault.ok("credential", "add", "shop", "--kind", "password", stdin="violet-anchor-mends-eleven-clocks")
    assert "easy to guess" not in told.err
    assert not weak(vault, "shop")


def test_where_the_policy_refuses_weak_ones_a_new_one_is_refused_and_one_in_force_is_kept(vault: Any, tmp_path: Path) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="violet-anchor-mends-eleven-clocks")
    rules = tmp_path / "rules.yaml"
    rules.write_text(policy_text().decode().replace("refuse-weak: false", "refuse-weak: true"))
    vault.ok("policy", "adopt", str(rules))
    size = vault.json("ledger", "verify")["size"]
    told = vault.run("rotate", "shop", "--stdin", stdin="password1")
    assert told.code == 4
    assert "this password stands on a list of common ones" in told.err
    assert "[weak-password, IA-5(1)]" in told.err
    assert "password1" not in told.out + told.err
    assert vault.json("ledger", "verify")["size"] == size, "nothing of it is recorded"
    told = vault.run("rotate", "shop", "--stdin", stdin="shop2026")
    assert "this password takes fewer than 10^8 guesses" in told.err
    vault.ok("rotate", "shop", "--already-changed", stdin="password1")
    assert vault.ok("reveal", "shop", "--stdout").out == "password1"
    assert weak(vault, "shop")
