"""Before and after an import: what would come in, what of it is wanted, which secret is right, and the file that still lies there."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.register.queries.imports import lying_exports

from .conftest import SEED, Inside, row

INSTAGRAM = "https://www.instagram.com/"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


class TestDryRun:
    def test_it_needs_no_vault(self, story: Any, bitwarden: Callable[..., str]) -> None:
        told = story.run("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)), "--dry-run")
        assert told.code == 0
        assert "instagram.acme" in told.out
        assert "govern init" in told.err
        assert not story.home.exists()

    def test_it_writes_nothing(self, vault: Any, bitwarden: Callable[..., str], sheet: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)))
        before = contents(vault.home)
        vault.ok(
            "import", bitwarden(row("Acme", "acme", "second-password", uri=INSTAGRAM), row("New", "new", "x"), name="b.csv"), "--dry-run"
        )
        vault.ok("import", sheet("account,login,password,known to", "Shop,shop,password,Anna Smith"), "--dry-run", "--without-secrets")
        assert contents(vault.home) == before

    def test_it_tells_what_the_import_then_does(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM), row("Same", "same", "password-s")))
        path = bitwarden(
            row("Acme", "acme", "second-password", uri=INSTAGRAM), row("Same", "same", "password-s"), row("Same", "same", "", totp=SEED),
            row("New", "new", "password-n"), row("New", "newer", "password-n"), row("New", "new", "password-n"), name="b.csv",
        )  # fmt: skip
        before = vault.json("import", path, "--dry-run")
        after = vault.json("import", path)
        assert before.pop("dry_run") is True
        assert after.pop("dry_run") is False
        assert before == after

    def test_the_next_step_is_the_same_import_with_every_option_as_it_was_typed(
        self, vault: Any, bitwarden: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bitwarden(row("A", "a", "password-a", folder="Social media"), row("B", "b", "password-b", folder="-old"), name="my file.csv")
        vault.ok("person", "add", "Anna Smith", "--handle", "anna")
        monkeypatch.chdir(tmp_path)
        words = (
            "my file.csv", "--format", "bitwarden-csv", "--known-to", "anna", "--folder", "Social media", "--folder=-old",
            "--platform", "other", "--exclude=-old", "--without-secrets",
        )  # fmt: skip
        told = vault.run("import", *words, "--dry-run")
        assert told.code == 0, told.err
        line = next(line for line in told.err.splitlines() if line.startswith("next: "))
        command = line.removeprefix("next: ").removesuffix("    (nothing was written)")
        assert shlex.split(command) == ["govern", "import", *words[:7], "--folder=-old", *words[8:]]
        assert vault.json(*shlex.split(command)[1:])["created"] == ["a"]

    def test_a_file_in_another_folder_is_named_with_it(self, vault: Any, sheet: Callable[..., str], tmp_path: Path) -> None:
        path, columns = sheet("Wer;Geheimnis", "shop;password-one"), tmp_path / "our map"
        columns.write_text("login = Wer\npassword = Geheimnis\n", encoding="utf-8")
        told = vault.ok("import", path, "--map", str(columns), "--dry-run")
        assert f"next: govern import {path} --map '{columns}'    (nothing was written)" in told.err

    def test_to_compare_nothing_no_key_is_needed(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        path = bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM))
        vault.key.rename(vault.folder / "key-elsewhere")
        assert vault.run("import", path, "--dry-run").code == 0
        assert vault.run("import", path).code == 5, "the control: to write, it is"


class TestChoosing:
    @pytest.mark.usefixtures("terminal")
    @pytest.mark.parametrize(
        ("answer", "created"),
        [("\n", ["a", "b", "x.c"]), ("y\n", ["a", "b", "x.c"]), ("n\n", []), ("1\n", ["a"]), ("1, 4\n", ["a", "x.c"])],
    )
    def test_on_a_terminal_folders_and_platforms_are_shown_and_chosen(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside, answer: str, created: list[str]
    ) -> None:
        rows = (
            row("A", "a", "password-a", folder="Bank"), row("B", "b", "password-b", folder="Work"),
            row("C", "c", "password-c", uri="https://x.com"),
        )  # fmt: skip
        told = vault.run("import", bitwarden(*rows), stdin=answer)
        assert told.code == 0
        for shown in ("Bank", "Work", "x"):
            assert shown in told.err
        assert [handle for (handle,) in inside.register("SELECT handle FROM accounts ORDER BY 1")] == created

    @pytest.mark.usefixtures("terminal")
    def test_one_login_is_told_as_one(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        assert "1 login:" in vault.run("import", bitwarden(row("A", "a", "password-a")), stdin="n\n").err.splitlines()
        two = bitwarden(row("A", "a", "password-a"), row("B", "b", "password-b"))
        assert "2 logins:" in vault.run("import", two, stdin="n\n").err.splitlines()

    @pytest.mark.usefixtures("terminal")
    def test_an_answer_that_is_none_is_refused(self, vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
        assert vault.run("import", bitwarden(row("A", "a", "password-a")), stdin="seven\n").code == 2
        assert inside.register("SELECT count(*) FROM accounts") == [(0,)]


class TestConflicts:
    @pytest.mark.usefixtures("terminal")
    @pytest.mark.parametrize(("answer", "password"), [("y", "second-password"), ("n", "first-password"), ("", "first-password")])
    def test_on_a_terminal_it_is_asked_which_secret_works(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside, answer: str, password: str
    ) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)), stdin="y\n")
        told = vault.run(
            "import", bitwarden(row("Acme", "acme", "second-password", uri=INSTAGRAM, totp=SEED), name="b.csv"), stdin=f"y\n{answer}\n"
        )
        assert told.code == 0
        assert "-password" not in told.out + told.err
        assert vault.ok("reveal", "instagram.acme", "--stdout").out == password
        taken = answer == "y"
        assert inside.register("SELECT state, grade FROM rotations") == ([("done", "claimed")] if taken else [])
        assert inside.register("SELECT count(*) FROM credentials WHERE kind = 'totp'") == [(int(taken),)]

    @pytest.mark.usefixtures("terminal")
    def test_nothing_is_asked_where_the_answer_could_not_be_used(self, vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
        """A rotation is under way: its outcome decides, not the file. The control is the test above, where the question comes."""
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)), stdin="y\n")
        vault.spawn("rotate", "instagram.acme", "--because", "manual")
        told = vault.run("import", bitwarden(row("Acme", "acme", "second-password", uri=INSTAGRAM), name="b.csv"), stdin="y\ny\n")
        assert told.code == 0
        assert "Does the file's work?" not in told.err
        assert "a rotation of it is under way" in told.err
        assert inside.register("SELECT count(*) FROM rotations WHERE ended_at IS NULL") == [(1,)]
        assert inside.register("SELECT count(*) FROM versions WHERE origin = 'imported'") == [(1,)]

    @pytest.mark.usefixtures("terminal")
    def test_the_files_secret_is_known_to_others_and_the_earlier_one_no_longer_works(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside
    ) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)), stdin="y\n")
        vault.ok("import", bitwarden(row("Acme", "acme", "second-password", uri=INSTAGRAM), name="b.csv"), stdin="y\ny\n")
        told = vault.json("who", "instagram.acme")["exposed"]
        assert {each["version"] for each in told if each["live"]} == {2}
        assert ("others-unknown", 2) in {(each["person"], each["version"]) for each in told}

    @pytest.mark.usefixtures("terminal")
    def test_an_earlier_password_that_comes_back_is_recorded_as_reused(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside
    ) -> None:
        for number, word in enumerate(("first-password", "second-password", "first-password")):
            vault.ok("import", bitwarden(row("Acme", "acme", word, uri=INSTAGRAM), name=f"{number}.csv"), stdin="y\ny\n")
        assert inside.register("SELECT n, reuses FROM versions ORDER BY n") == [(1, None), (2, None), (3, 1)]


class TestTheFile:
    def lying(self, vault: Any) -> list[str]:
        db = sqlite3.connect(vault.home / "register.db")
        try:
            return [each.path for each in lying_exports(db)]
        finally:
            db.close()

    def test_a_plaintext_export_is_named_until_it_is_gone(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        path = bitwarden(row("A", "a", "password-a"))
        told = vault.ok("import", path)
        assert f"this plaintext export still lies at {path}; delete it, in the bin and the cloud too" in told.err
        assert self.lying(vault) == [path]
        assert path in str(vault.json("status")["findings"])
        Path(path).unlink()
        assert self.lying(vault) == []
        assert path not in str(vault.json("status")["findings"])

    def test_a_file_without_secrets_may_stay(self, vault: Any, sheet: Callable[..., str]) -> None:
        told = vault.ok("import", sheet("account,login", "Shop,shop"))
        assert "plaintext" not in told.err
        assert self.lying(vault) == []

    def test_a_sheet_with_a_column_that_was_not_read_may_hold_secrets(self, vault: Any, sheet: Callable[..., str]) -> None:
        path = sheet("Konto;Plattform;Login;Hasło", "Shop;X;shop;tajne-haslo")
        told = vault.run("import", path, "--json")
        assert (told.code, told.json()["lies_at"]) == (0, path)
        assert any("not read: Hasło" in warning and "password = Hasło" in warning for warning in told.json()["warnings"])
        assert f"still lies at {path}" in told.err
        assert self.lying(vault) == [path]
        assert path in str(vault.json("status")["findings"])
        assert "tajne" not in told.out + told.err

    def test_a_managers_export_should_go_even_where_its_secrets_stay_in_the_manager(
        self, vault: Any, bitwarden: Callable[..., str]
    ) -> None:
        path = bitwarden(row("A", "a", "password-a"))
        assert "plaintext" in vault.ok("import", path, "--without-secrets").err
        assert self.lying(vault) == [path]

    def test_a_sheet_in_which_secrets_are_kept_is_a_place_and_no_leftover(self, vault: Any, sheet: Callable[..., str]) -> None:
        path = sheet("account,login,password", "Shop,shop,password-one")
        assert "plaintext" not in vault.ok("import", path, "--without-secrets").err
        assert self.lying(vault) == []
        assert "plaintext" in vault.ok("import", sheet("account,login,password", "B,b,password-two", name="c.csv")).err, "the control"
