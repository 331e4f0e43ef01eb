"""`govern proposal`: acts of two persons at the command line, where the recovery quorum is the second of the only admin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.policy.files import policy_text


@pytest.fixture
def small(story: Any) -> Any:
    """A firm whose only admin is mia, and ben, whom she adds."""
    story.init(preset="small")
    story.ok("person", "add", "Ben Bos <ben@acme.example>", "--handle", "ben")
    return story


def sheets(story: Any, folder: str = "recovery", *numbers: int) -> list[str]:
    return [word for n in numbers or (1, 2) for word in ("--sheet", str(story.home / folder / f"recovery-sheet-{n}-of-3.txt"))]


def only(told: dict[str, Any]) -> dict[str, Any]:
    (proposal,) = told["proposals"]
    return dict(proposal)


def test_a_role_is_proposed_and_takes_effect_with_the_second_person(small: Any) -> None:
    told = small.ok("person", "role", "ben", "admin", "--reason", "takes over")
    assert "takes a second person" in told.err
    assert "govern proposal approve" in told.err
    assert "--sheet" in told.err
    proposal = only(small.json("proposal", "list"))
    assert (proposal["act"], proposal["by"], proposal["state"], proposal["about"]) == ("role", "mia", "open", "ben")
    shown = only(small.json("proposal", "show", proposal["id"]))
    assert shown["reason"] == "takes over"
    assert "takes over" in small.ok("proposal", "show", proposal["id"][:8]).out
    assert small.json("person", "show", "ben")["people"][0]["roles"] == []
    refused = small.run("proposal", "approve", proposal["id"])
    assert refused.code == 4
    assert "--sheet FILE" in refused.err
    approved = only(small.json("proposal", "approve", proposal["id"][:8], *sheets(small)))
    assert (approved["state"], approved["second"]) == ("approved", "recovery")
    assert small.json("person", "show", "ben")["people"][0]["roles"] == ["admin"]
    assert small.json("proposal", "list", "--open")["proposals"] == []
    assert small.run("ledger", "verify", "--deep").code == 0


def test_too_few_sheets_approve_nothing(small: Any) -> None:
    proposal = only(small.json("person", "role", "ben", "auditor"))
    told = small.run("proposal", "approve", proposal["id"], *sheets(small, "recovery", 2), "--json")
    assert (told.code, told.json()["error"]["code"]) == (4, "recovery-sheet")
    assert only(small.json("proposal", "show", proposal["id"]))["state"] == "open"


def test_a_proposal_is_withdrawn_and_then_over(small: Any) -> None:
    proposal = only(small.json("person", "role", "ben", "admin"))
    assert only(small.json("proposal", "withdraw", proposal["id"]))["state"] == "withdrawn"
    assert small.run("proposal", "approve", proposal["id"], *sheets(small)).code == 4
    assert small.run("proposal", "show", "ffffff").code == 3
    assert small.run("proposal", "show", "no").code == 2


def test_what_waits_is_told_by_status(small: Any) -> None:
    small.ok("person", "role", "ben", "admin")
    findings = small.json("status")["findings"]
    assert [one["severity"] for one in findings if one["code"] == "proposal-open"] == ["info"]


def test_in_a_vault_of_one_the_step_is_taken_at_once(vault: Any) -> None:
    vault.ok("person", "add", "Ben Bos", "--handle", "ben")
    told = vault.ok("person", "role", "ben", "admin", "--json")
    assert told.json()["people"][0]["roles"] == ["admin"]
    assert "signed by one" in told.err
    assert vault.json("proposal", "list")["proposals"] == []


def test_a_weaker_policy_is_proposed_and_a_stricter_one_adopted(small: Any, tmp_path: Path) -> None:
    weak, strict = tmp_path / "weak.yaml", tmp_path / "strict.yaml"
    weak.write_bytes(policy_text().replace(b"low: P30D", b"low: P90D"))
    strict.write_bytes(policy_text().replace(b"low: P30D", b"low: P10D"))
    told = small.ok("policy", "adopt", str(weak))
    assert "asks for less than before: grace, low" in told.err
    proposal = only(small.json("proposal", "list"))
    assert "grace, low" in small.ok("proposal", "show", proposal["id"]).out
    assert small.json("policy", "adopt", str(strict))["changed"] is True
    small.ok("proposal", "approve", proposal["id"], *sheets(small))
    assert any(row["rule"] == "grace, low" and row["value"] == "90 days" for row in small.json("policy", "show")["rules"])


def test_somebody_is_forgotten_by_two(small: Any) -> None:
    small.ok("person", "add", "Lea Lund <lea@acme.example>", "--handle", "lea", "--left", "2019-05-31")
    small.ok("person", "add", "Jo Falk", "--handle", "jo", "--left", "2026-11-01")
    early = small.run("person", "erase", "jo", "--json")
    assert (early.code, early.json()["error"]["rule"]) == (4, "retention")
    assert small.run("person", "erase", "ben", "--json").json()["error"]["rule"] == "still-here"
    proposal = only(small.json("person", "erase", "lea", "--reason", "Lea Lund asks for it"))
    assert small.json("person", "show", "lea")["people"][0]["name"] == "Lea Lund"
    small.ok("proposal", "approve", proposal["id"], *sheets(small))
    former = [one for one in small.json("person", "list")["people"] if one["handle"].startswith("former.")]
    assert [one["name"] for one in former] == [f"former person {former[0]['handle'][-4:]}"]
    assert small.json("person", "show", former[0]["handle"])["people"] == former
    assert small.run("person", "show", "lea").code == 3
    files = b"".join(path.read_bytes() for path in small.folder.rglob("*") if path.is_file())
    assert b"Lea Lund" not in files
    assert b"Ben Bos" in files, "the control: it would be found"
    assert small.run("ledger", "verify", "--deep").code == 0
    assert small.run("doctor", "--json").json()["findings"]


def test_the_recovery_key_is_replaced_by_two(small: Any) -> None:
    small.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    small.ok("credential", "add", "shop", "--kind", "password", stdin="correct-horse")
    told = small.json("recovery", "replace", "--recovery-out", str(small.home / "new"))
    assert len(told["sheets"]) == 3
    proposal = only(told)
    assert small.run("recovery", "drill", *sheets(small, "new")).code == 4
    assert small.json("recovery", "drill", *sheets(small))["opened"] == 1
    followed = small.json("proposal", "approve", proposal["id"], *sheets(small))["followed"]
    assert followed == ["sealed to the new recovery key: live secrets 1, compartments 2"]
    assert small.json("recovery", "drill", *sheets(small, "new"))["opened"] == 1
    assert small.run("recovery", "drill", *sheets(small)).code == 4
    assert small.json("recovery", "rewrap") == {"schema": "govern.recovery.rewrap/1", "sealed": 0, "epochs": 0, "left": 0}
    assert small.run("ledger", "verify", "--deep").code == 0


def test_a_sheet_is_printed_with_its_words_and_a_code(small: Any) -> None:
    pytest.importorskip("segno")
    files = [str(small.home / "recovery" / f"recovery-sheet-{n}-of-3.txt") for n in (1, 2)]
    told = small.json("recovery", "print", *files)
    assert told["codes"] is True
    pages = [Path(path) for path in told["pages"]]
    assert [path.stat().st_mode & 0o777 for path in pages] == [0o600, 0o600]
    text = pages[0].read_text(encoding="utf-8")
    assert "GOVERN RECOVERY SHEET 1" in text
    assert "<svg" in text
    assert not [word for word in ("http://", "https://", "<script", "<link") if word in text.replace("http://www.w3.org/2000/svg", "")]
    lying = [one for one in small.json("status")["findings"] if one["code"] == "sheets-lying"]
    assert "5 recovery sheets" in lying[0]["message"]
    elsewhere = small.folder / "stick"
    small.json("recovery", "replace", "--recovery-out", str(elsewhere))
    pages[0].unlink()
    small.json("recovery", "print", files[0])
    (told,) = [one for one in small.json("status")["findings"] if one["code"] == "sheets-lying"]
    assert told["subject"] == f"{small.home / 'recovery'}, {elsewhere}", "each folder"
    assert "8 recovery sheets" in told["message"], "each once, however often it was printed"
    sheets_given = [word for path in pages for word in ("--sheet", str(path))]
    assert small.json("recovery", "drill", *sheets_given)["opened"] == 0, "a page is as good as the sheet"
