"""`govern status` and `govern doctor`: what comes next, what is wrong, and when it stops being so."""

from __future__ import annotations

from pathlib import Path

from ..conftest import Story


def codes(told: dict[str, list[dict[str, str]]]) -> set[str]:
    return {finding["code"] for finding in told["findings"]}


def test_an_empty_vault_says_what_to_do_first(vault: Story) -> None:
    told = vault.json("status")
    assert told["next"][0]["command"].startswith("govern import")
    assert 1 <= len(told["next"]) <= 5
    assert all(set(step) == {"action", "command", "why"} for step in told["next"])


def test_recovery_sheets_are_a_finding_until_they_are_gone(vault: Story) -> None:
    assert "sheets-lying" in codes(vault.json("status"))
    told = vault.run("doctor", "--json")
    assert told.code == 7
    assert "sheets-lying" in codes(told.json())
    for sheet in (vault.home / "recovery").iterdir():
        sheet.unlink()
    assert "sheets-lying" not in codes(vault.json("status"))


def test_check_exits_7_only_for_findings_above_info(vault: Story) -> None:
    assert vault.run("status", "--check").code == 7
    for sheet in (vault.home / "recovery").iterdir():
        sheet.unlink()
    assert vault.run("status", "--check").code == 0


def test_an_accepted_baseline_is_info_until_it_runs_out(vault: Story) -> None:
    vault.ok("status", "--accept-baseline", "--until", "2999-01-01")
    told = vault.run("status", "--check", "--json")
    assert told.code == 0
    assert {finding["severity"] for finding in told.json()["findings"]} == {"info"}
    assert vault.run("status", "--accept-baseline", "--until", "2020-01-01").code == 4
    assert vault.run("status", "--accept-baseline").code == 2


def test_what_a_former_person_knows_comes_first(vault: Story) -> None:
    vault.ok("person", "add", "Otto", "--handle", "otto", "--left", "2026-01-31")
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse")
    vault.ok("known", "shop", "otto")
    told = vault.json("status")
    assert told["next"][0]["command"].startswith("govern rotate shop")
    assert "otto" in told["next"][0]["why"]
    former = next(finding for finding in told["findings"] if finding["code"] == "known-by-former")
    assert (former["severity"], former["subject"]) == ("critical", "shop")


def test_doctor_is_content_with_a_machine_in_order(vault: Story) -> None:
    for sheet in (vault.home / "recovery").iterdir():
        sheet.unlink()
    told = vault.run("doctor", "--json")
    assert told.code == 0, told.out
    assert {"keys", "pin", "journal", "store", "recovery"} <= codes(told.json())


def test_doctor_names_a_key_beside_the_database_and_an_open_database(vault: Story) -> None:
    vault.key.rename(vault.home / "key")
    vault.key = vault.home / "key"
    Path(vault.home / "vault.db").chmod(0o644)
    found = codes(vault.run("doctor", "--json").json())
    assert "store-mode" in found


def test_doctor_says_that_the_keys_do_not_open(vault: Story) -> None:
    vault.key.unlink()
    told = vault.run("doctor", "--json")
    assert told.code in (5, 7)
