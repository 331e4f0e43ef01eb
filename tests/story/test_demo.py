"""The demo: the whole story, played by the very program, in a folder of its own."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ..conftest import ROOT, Story, Told

FILES = ROOT / "govern" / "cli" / "demo" / "files"


@dataclass(frozen=True)
class Played:
    """One demo that was kept: what it printed, and its vault as anybody may go on exploring it."""

    folder: Path
    told: Told
    story: Story

    @property
    def vault(self) -> str:
        return re.findall(r"(?m)^vault +([0-9a-f]{64})$", self.told.out)[0]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """`govern demo --keep DIR`, run as the installed command."""
    place = tmp_path_factory.mktemp("machine")
    folder = place / "kept"
    told = Story(place).spawn("demo", "--keep", str(folder))
    explorer = Story(place)
    explorer.home, explorer.key = folder / "vault", folder / "mia.key"
    yield Played(folder, told, explorer)
    shutil.rmtree(folder)


def test_it_ends_well_and_says_what_it_shows(played: Played) -> None:
    assert (played.told.code, played.told.err) == (0, "")
    for sentence in (
        "   Anna: revoked, still knows 3",
        "anna is revoked, still knows 3 secrets",
        "   Anna knows nothing that works",
        "anna knows nothing that works",
        "anna is leaving, and is granted nothing [leaver, PS-4]",
        "the actor's own signature",
    ):
        assert played.told.out.count(sentence) == 1 + (sentence == "anna knows nothing that works"), sentence
    assert re.search(r"(?m)^verified \d+ sealed versions, \d+ wraps, and the register row for row$", played.told.out)


def test_knowing_ends_with_the_rotations_and_not_before(played: Played) -> None:
    said = played.told.out
    order = [
        said.index(words)
        for words in ("$ govern offboard open", "still knows 3", "$ govern rotate --case", "$ govern offboard close", "Anna knows nothing")
    ]
    assert order == sorted(order)
    assert said.count("password: done, version 2 is current") == 3


def test_what_it_shows_as_typed_is_what_was_run(played: Played) -> None:
    """Every command in it exists and ended as it is told: the refused one with its exit code, all others with none."""
    typed = [line for line in played.told.out.splitlines() if line.startswith("$ govern ")]
    assert len(typed) > 25
    assert re.findall(r"(?m)^\[exit \d+\]$", played.told.out) == ["[exit 4]"]


def test_it_has_five_people_and_eight_accounts_on_six_platforms(played: Played) -> None:
    accounts = played.story.json("account", "list")["accounts"]
    people = {person["handle"]: person for person in played.story.json("person", "list")["people"]}
    assert (len(accounts), len({account["platform"] for account in accounts})) == (8, 6)
    assert len(people) == 5
    assert not people["kim"]["keyholder"]
    assert people["anna"]["status"] == "former"


def test_one_can_go_on_exploring(played: Played) -> None:
    """The lines at the end work as they stand."""
    lines = re.findall(r"(?m)^  (GOVERN_HOME=\S+ GOVERN_KEY_FILE=\S+ .+)$", played.told.out)
    assert len(lines) == 3
    done = subprocess.run(["bash", "-c", lines[0]], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "8 accounts" in done.stdout) == (0, True), done.stderr
    assert played.story.json("holds", "anna")["exposures"]
    assert not any(one["live"] for one in played.story.json("holds", "anna")["exposures"])


def test_a_stranger_accepts_its_proof_for_its_vault_and_no_other(played: Played) -> None:
    other = played.vault[:-1] + ("0" if played.vault[-1] != "0" else "1")
    script = ROOT / "docs" / "verify.py"
    for vault, code in ((played.vault, 0), (other, 1)):
        words = [sys.executable, str(script), vault, str(played.folder / "handover.proof")]
        assert subprocess.run(words, capture_output=True, check=False, timeout=60).returncode == code
    assert (played.folder / "verify.py").read_bytes() == script.read_bytes()


def secrets(told: Told) -> set[str]:
    """The made-up passwords of the two files, their seeds, and the new passwords that the demo showed."""
    found = set(re.findall(r"made-up [\w ]+\d\d", told.out))
    for item in json.loads((FILES / "bitwarden-export.json").read_text())["items"]:
        found |= {item.get("login", {}).get("password"), item.get("login", {}).get("totp")} - {None}
    for row in (FILES / "kanaler.csv").read_text(encoding="utf-8-sig").splitlines()[1:]:
        found.add(row.split(";")[3])
    found |= set(re.findall(r"(?m)^\$ govern rotation show \S+ --secret new --stdout\n(.+)$", told.out))
    return found


def test_the_report_is_there_and_holds_no_secret(played: Played) -> None:
    named = re.findall(r"(?m)^  (.+\.html)$", played.told.out)
    assert len(named) == 1
    pages = [Path(named[0]), *(played.folder / "report").glob("*.json")]
    assert len(pages) == 2
    hidden = secrets(played.told)
    assert len(hidden) == 8 + 2 + 3
    for text in (html.unescape(pages[0].read_text("utf-8")), json.dumps(json.loads(pages[1].read_bytes()), ensure_ascii=False)):
        assert "Anna Sørensen" in text
        assert [secret for secret in hidden if secret in text or json.dumps(secret)[1:-1] in text] == []


def test_the_imported_files_are_gone_and_no_secret_lies_in_the_folder(played: Played) -> None:
    hidden = [secret.encode() for secret in secrets(played.told)]
    shipped = b"".join(path.read_bytes() for path in FILES.iterdir() if path.is_file())
    assert sum(secret in shipped for secret in hidden) == 8 + 2
    files = [path for path in played.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    assert [path.name for path in files for secret in hidden if secret in path.read_bytes()] == []


def test_a_folder_that_holds_something_is_refused_and_left_alone(played: Played) -> None:
    before = sorted(path.name for path in played.folder.iterdir())
    told = played.story.spawn("demo", "--keep", str(played.folder))
    assert (told.code, told.out) == (2, "")
    assert "is not empty" in told.err
    assert sorted(path.name for path in played.folder.iterdir()) == before


def as_json(story: Story) -> dict[str, Any]:
    told = story.run("demo", "--json")
    assert told.code == 0, told.out
    return told.json()


def test_without_a_folder_it_is_kept_in_a_fresh_one_each_time(story: Story) -> None:
    first, second = as_json(story), as_json(story)
    assert first["folder"] != second["folder"]
    for told in (first, second):
        assert Path(told["report"]).is_file()
        assert Path(told["key_file"]).is_file()
        assert (Path(told["home"]) / "vault.db").is_file()
        assert sorted({step["exit"] for step in told["steps"]}) == [0, 4]
        assert told["schema"] == "govern.demo/1"


def test_the_members_own_vault_is_not_touched(vault: Story) -> None:
    before = {path: path.read_bytes() for path in vault.home.rglob("*") if path.is_file()}
    as_json(vault)
    assert {path: path.read_bytes() for path in vault.home.rglob("*") if path.is_file()} == before
    assert vault.json("account", "list")["accounts"] == []


def test_where_a_step_fails_it_stops_with_that_exit_code_and_leaves_nothing(story: Story) -> None:
    folder = story.folder / "Dropbox" / "tried"
    told = story.run("demo", "--keep", str(folder))
    assert (told.code, "keep the vault on a local disk" in told.out) == (4, True)
    assert "the demo stopped: govern init" in told.err
    assert list(folder.iterdir()) == []
    stopped = story.run("demo", "--keep", str(folder), "--json")
    assert (stopped.code, stopped.json()["error"]["code"]) == (4, "demo")
