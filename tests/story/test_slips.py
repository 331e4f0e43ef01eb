"""What a slip of the hand is answered with: the same exit code for the same slip everywhere, before anything is done, with the way on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ..conftest import Story


@pytest.mark.parametrize("group", ["offboard", "vault", "account"])
def test_a_group_without_a_verb_prints_its_help(story: Story, group: str) -> None:
    told = story.run(group)
    assert (told.code, told.err) == (2, "")
    assert told.out.startswith(f"Usage: govern {group}")
    assert "\\u{" not in told.out
    assert story.run(group, "--json").json()["error"]["code"] == "usage"


def test_a_missing_argument_leads_to_the_help_of_that_command(story: Story) -> None:
    told = story.run("person", "show")
    assert told.code == 2
    assert "hint: govern person show --help" in told.err


def test_a_restore_that_is_only_tried_speaks_json_and_changes_nothing(vault: Story) -> None:
    copy = vault.folder / "copy.db"
    vault.ok("vault", "backup", "--out", str(copy))
    told = vault.json("vault", "restore", str(copy), "--dry-run")
    assert (told["dry_run"], told["taken"], told["refilled"]) == (True, None, None)
    assert not list(vault.home.glob("*.before-restore-*"))
    assert vault.json("vault", "restore", str(copy))["dry_run"] is False


@pytest.mark.parametrize("tried", [("--dry-run",), ()])
def test_a_backup_that_is_not_there_is_named_as_such(vault: Story, tried: tuple[str, ...]) -> None:
    told = vault.run("vault", "restore", "absent.db", *tried)
    assert told.code == 3
    assert "there is no backup at" in told.err
    assert "govern init" not in told.err


def test_an_output_file_that_exists_is_refused_alike_by_all(vault: Story) -> None:
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse")
    there = vault.folder / "there"
    there.write_text("mine")
    for words in (
        ("known", "--sheet", str(there)),
        ("export", "--out", str(there), "--reason", "drill"),
        ("ledger", "prove", "0", "--out", str(there)),
        ("vault", "backup", "--out", str(there)),
    ):
        told = vault.run(*words, "--json")
        assert (told.code, told.json()["error"]["code"]) == (4, "exists"), words
    assert there.read_text() == "mine"


@pytest.mark.parametrize("option", ["--passphrase-file", "--kdbx-keyfile"])
def test_a_file_that_was_named_must_be_there_even_where_it_is_not_needed(vault: Story, option: str) -> None:
    table = vault.folder / "logins.csv"
    table.write_text("platform,login,password\ninstagram,acme,correct horse\n")
    told = vault.run("import", str(table), option, str(vault.folder / "absent"))
    assert told.code == 3
    assert "absent" in told.err
    assert vault.json("account", "list")["accounts"] == []
    vault.ok("import", str(table))


def test_evidence_that_is_not_there_is_not_found(vault: Story) -> None:
    vault.ok("person", "add", "Otto Berg", "--handle", "otto")
    told = vault.run("offboard", "open", "otto", "--evidence", str(vault.folder / "absent.pdf"))
    assert told.code == 3
    assert "absent.pdf" in told.err


def test_a_person_and_a_sheet_exclude_each_other(vault: Story) -> None:
    told = vault.run("known", "shop", "mia", "--sheet", str(vault.folder / "sheet.csv"))
    assert told.code == 2
    assert not (vault.folder / "sheet.csv").exists()


def test_a_seed_that_is_none_is_a_wrong_call(vault: Story) -> None:
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    told = vault.run("credential", "add", "shop", "--kind", "totp", stdin="not a seed!")
    assert told.code == 2
    assert "hint:" in told.err
    assert "not a seed" not in told.err


def test_a_last_day_that_lies_ahead_makes_nobody_former(vault: Story) -> None:
    told = vault.run("person", "add", "Otto Berg", "--handle", "otto", "--left", "2999-01-31")
    assert told.code == 2
    assert "lies ahead" in told.err
    assert "govern offboard open otto --last-day 2999-01-31" in told.err
    assert [each["handle"] for each in vault.json("person", "list")["people"]] == ["mia"]


def test_a_locale_is_one_of_ours(vault: Story) -> None:
    assert vault.run("person", "add", "Otto Berg", "--locale", "tlh").code == 2
    for locale in ("en", "fr", "nl", "da", "nb", "es", "no", "NN"):
        vault.ok("person", "add", f"Otto {locale}", "--locale", locale)


def test_a_key_file_that_is_not_there_gets_the_ways_on(vault: Story) -> None:
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse")
    vault.key.unlink()
    told = vault.run("reveal", "shop", "--stdout")
    assert told.code == 5
    assert "is not there" in told.err
    assert "GOVERN_KEY_FILE" in told.err


def test_verify_calls_a_rolled_back_store_what_every_command_calls_it(vault: Story) -> None:
    yesterday = vault.folder / "yesterday.db"
    vault.ok("vault", "backup", "--out", str(yesterday))
    vault.ok("person", "add", "Otto Berg")
    for suffix in ("-wal", "-shm"):
        Path(f"{vault.home / 'vault.db'}{suffix}").unlink(missing_ok=True)
    shutil.copy(yesterday, vault.home / "vault.db")
    listed, verified = (vault.run(*words, "--json").json()["error"] for words in (("person", "list"), ("ledger", "verify")))
    assert listed["code"] == verified["code"] == "rolled-back"
    assert listed["hint"] == verified["hint"] != ""


def test_one_is_not_counted_as_many(vault: Story) -> None:
    told = vault.ok("status")
    assert "1 person (1 with keys)" in told.out


def test_somebody_whom_a_table_has_twice_is_listed_once(vault: Story) -> None:
    table = vault.folder / "people.csv"
    table.write_text("name,mail\nOtto Berg,otto@acme.example\nOtto Berg,otto@acme.example\n")
    told = vault.json("person", "import", str(table))
    assert (len(told["created"]), told["unchanged"]) == (1, [])
