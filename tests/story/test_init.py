"""`govern init`: a vault with keys, sheets and policy, or nothing at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from govern.cli import prompt
from govern.errors import Usage

from ..conftest import Story

FOUND = ("init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>")


def test_init_tells_the_vault_id_and_where_the_sheets_are(story: Story) -> None:
    told = story.json(*FOUND)
    assert len(told["vault"]) == 64
    assert len(told["fingerprint"]) == 32
    assert told["founder"] == "mia.holm"
    assert told["custody"] == "keyfile"
    assert len(told["sheets"]) == 3
    assert all(told["vault"][:4] in Path(sheet).read_text().replace(" ", "") for sheet in told["sheets"])


def test_every_file_of_a_vault_is_its_members_alone(story: Story) -> None:
    story.init()
    for path in [story.key, *(path for path in story.home.rglob("*") if path.is_file())]:
        if not path.name.endswith(("-wal", "-shm")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_second_init_changes_nothing(story: Story) -> None:
    story.init()
    before = {path: path.read_bytes() for path in story.home.rglob("*") if path.is_file()}
    again = story.run(*FOUND)
    assert again.code == 2
    assert {path: path.read_bytes() for path in story.home.rglob("*") if path.is_file()} == before


def test_without_a_place_for_keys_init_stops_with_the_ways_on(story: Story) -> None:
    """Exit 5: no key file named, no allow-listed keyring, no terminal for a passphrase; nothing is left behind."""
    story.environment = lambda **more: {**Story.environment(story, **more), "GOVERN_KEY_FILE": ""}  # type: ignore[method-assign]
    told = story.spawn(*FOUND)
    assert told.code == 5
    assert "--key-file" in told.err
    assert "passphrase" in told.err
    assert not (story.home / "vault.db").exists()


@pytest.mark.parametrize("folder", ["Dropbox", "OneDrive - Firm", "Library/Mobile Documents/com~apple~CloudDocs"])
def test_a_synchronised_folder_is_refused_with_the_way_on(story: Story, folder: str) -> None:
    path = story.folder / folder / "vault.db"
    path.parent.mkdir(parents=True)
    told = story.run(*FOUND, "--vault", str(path))
    assert told.code == 4
    assert "synchronises" in told.err
    assert "--vault" in told.err
    assert not path.exists()
    assert story.run(*FOUND, "--vault", str(story.folder / "vault.db")).code == 0, "control: an ordinary folder is taken"


@pytest.mark.parametrize("split", ["1-of-2", "3-of-2", "2-of-17", "two-of-three", "2of3", ""])
def test_an_impossible_split_is_wrong_usage(story: Story, split: str) -> None:
    assert story.run(*FOUND, "--recovery", split).code == 2


def test_what_is_missing_is_named_where_nobody_can_be_asked(story: Story) -> None:
    assert "--founder" in story.run("init", "--organisation", "Acme").err
    assert "--organisation" in story.run("init", "--founder", "Mia").err


def test_a_failed_init_leaves_nothing_of_a_vault(story: Story) -> None:
    """The folder for the sheets can't be made: no database, no pin, no journal; a second try works."""
    blocked = story.folder / "file"
    blocked.write_text("")
    told = story.run(*FOUND, "--recovery-out", str(blocked / "sheets"))
    assert told.code == 1
    assert "Traceback" not in told.err
    assert [path.name for path in story.home.iterdir()] == []
    assert story.run(*FOUND).code == 0


def test_the_command_works_as_a_process(story: Story) -> None:
    assert story.spawn(*FOUND, "--json", cold=True).json()["location"] == str(story.home / "vault.db")
    assert "mia.holm" in story.spawn("person", "list", cold=True).out
    assert os.listdir(story.home / "recovery")


def test_a_passphrase_that_is_too_short_is_asked_for_again_three_times_in_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed: list[str] = []
    asked: list[str] = []

    def getpass(question: str, **_stream: object) -> str:
        asked.append(question)
        return typed.pop(0)

    monkeypatch.setattr(prompt, "getpass", getpass)
    typed[:] = ["short", "four random words", "four random wurds", "four random words", "four random words"]
    assert prompt.new_passphrase().reveal() == "four random words"
    assert "at least 12 characters" in asked[0], "told before anything is typed"
    told = capsys.readouterr().err
    assert "fewer than 12 characters" in told
    assert "differ" in told
    assert "short" not in told
    typed[:] = ["short"] * 9
    with pytest.raises(Usage, match="fewer than 12"):
        prompt.new_passphrase()
    assert len(typed) == 6
