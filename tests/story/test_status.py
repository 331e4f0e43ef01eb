"""`govern status` and `govern doctor`: what comes next, what is wrong, and when it stops being so."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
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
    told = vault.run("status", "--accept-baseline", "--until", "2999-01-01")
    assert (told.code, "at the latest" in told.err) == (4, True)
    vault.ok("status", "--accept-baseline", "--until", (datetime.now(UTC) + timedelta(days=300)).date().isoformat())
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


def test_files_that_lie_open_are_one_step_and_first_rotations_show_beside_them(vault: Story) -> None:
    """Each file is a finding of its own, once however often it came in; one command removes them all."""
    files = [vault.folder / f"logins {number}.csv" for number in range(7)]
    for number, file in enumerate(files):
        file.write_text(f"platform,login,password\ninstagram,acme{number},correct horse\n")
        vault.ok("import", str(file))
    files[0].write_text(files[0].read_text() + "instagram,acme.more,correct horse\n")
    vault.ok("import", str(files[0]))
    told = vault.json("status")
    lying = [finding["subject"] for finding in told["findings"] if finding["code"] == "export-lying"]
    assert sorted(lying) == sorted(map(str, files))
    removing = [step["command"] for step in told["next"] if step["action"] == "export-lying"]
    assert len(removing) == 1
    assert sorted(shlex.split(removing[0])[1:]) == sorted(map(str, files))
    assert any(step["command"].startswith("govern rotate ") for step in told["next"])


def test_the_drill_comes_before_the_sheets_go_away(vault: Story) -> None:
    steps = [step["action"] for step in vault.json("status")["next"]]
    assert steps.index("drill-due") == steps.index("sheets-lying") - 1


def test_what_govern_exported_is_a_finding_until_it_is_gone(vault: Story) -> None:
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse")
    out = vault.folder / "everything.json"
    vault.ok("export", "--out", str(out), "--reason", "drill")
    assert str(out) in {f["subject"] for f in vault.json("status")["findings"] if f["code"] == "export-lying"}
    out.unlink()
    assert "export-lying" not in codes(vault.json("status"))
    vault.ok("ledger", "verify", "--deep")
