"""Files and streams that somebody made hostile, or the caller forgot: no command hangs, grows without end, or leaves a file open to others."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Story, govern_command
from ..unit.attacks.insider import Insider
from ..unit.attacks.vaults import Machine, enrol, found

READERS = (
    ("ledger", "compare", "{}"),
    ("vault", "trust", "{}"),
    ("vault", "recover", "--sheet", "{}", "--handle", "mia"),
    ("vault", "recover", "--sheet", "{sheet}", "--checkpoint", "{}", "--handle", "mia"),
    ("recovery", "drill", "--sheet", "{}"),
    ("known", "--import", "{}"),
    ("policy", "check", "{}"),
    ("policy", "adopt", "{}"),
)


TABLES = (
    ("import", "{}", "--dry-run"),
    ("hr", "import", "{}", "--dry-run"),
    ("person", "import", "{}", "--dry-run"),
    ("report", "leavers", "--against", "{}"),
)


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_a_pipe_or_a_device_is_no_table(vault: Story, words: tuple[str, ...]) -> None:
    """Nobody writes into the pipe: to open it would wait for ever."""
    os.mkfifo(vault.folder / "pipe")
    for path in (Path("/dev/full"), vault.folder / "pipe"):
        told = vault.run(*(word.replace("{}", str(path)) for word in words))
        assert (told.code, told.out) == (1, "")
        assert "not a regular file" in told.err
        assert "hint: " in told.err


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_what_is_no_file_or_too_large_a_file_is_not_read(vault: Story, words: tuple[str, ...]) -> None:
    pipe, large = vault.folder / "pipe", vault.folder / "large"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(100 << 20)
    sheet = str(sorted((vault.home / "recovery").iterdir())[0])
    for path, said in ((Path("/dev/full"), "not a regular file"), (pipe, "not a regular file"), (large, "larger than any such file")):
        told = vault.run(*(word.replace("{sheet}", sheet).replace("{}", str(path)) for word in words))
        assert told.code in (1, 2, 6)
        assert said in told.err


def listed(vault: Story) -> Path:
    return vault.home / "recovery-sheets"


def test_a_list_of_sheets_is_read_whatever_bytes_lie_there(vault: Story) -> None:
    def lying() -> list[str]:
        return [row["subject"] for row in vault.run("doctor", "--json").json()["findings"] if row["code"] == "sheets-lying"]

    assert lying() == [str(vault.home / "recovery")], "control"
    before = json.loads(listed(vault).read_text())
    for data in (b"\xff\xfe\n/caf\xe9\n", b"{}", b"[[[[", b"[" * 60_000, b"[1, null]", b"\0\n", b"x" * 5000):
        listed(vault).write_bytes(data)
        assert lying() == []
        assert vault.run("status").code == 0
    listed(vault).write_text("\n".join(before))
    assert lying() == [str(vault.home / "recovery")], "as it was once written: one in a line"


def test_a_path_with_a_line_break_is_one_path_in_the_list_and_one_word_in_the_command(story: Story) -> None:
    folder = story.folder / "two\nlines\x1b[31m"
    story.ok("init", "--organisation", "A", "--founder", "Mia <m@a.example>", "--handle", "mia", "--recovery-out", str(folder))
    step = next(step for step in story.json("status")["next"] if step["action"] == "sheets-lying")
    assert step["command"].isprintable()
    assert len(list(folder.iterdir())) == len(json.loads(listed(story).read_text())) > 1
    assert subprocess.run(["bash", "-c", step["command"]], check=False).returncode == 0
    assert list(folder.iterdir()) == []


def test_a_next_step_is_one_line_that_a_shell_reads_as_it_is_meant(vault: Story) -> None:
    out = vault.folder / "p\n\x1b[31mz; touch PWNED"
    said = vault.ok("ledger", "prove", "3", "--out", str(out)).err
    assert "\x1b" not in said
    step = next(line for line in said.splitlines() if line.startswith("next: ")).removeprefix("next: ").partition("    (")[0]
    words = subprocess.run(["bash", "-c", f"printf '%s\\0' {step}"], capture_output=True, check=True).stdout.decode().split("\0")
    assert words[3] == str(out)
    vault.ok("place", "add", "wall", "--kind", "paper")
    said = vault.ok("place", "add", "it's $(here)", "--kind", "paper").err
    assert "'it'\"'\"'s $(here)'" in said


def test_a_sheet_shows_control_characters_of_a_login_as_escapes(vault: Story) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "me\x1b[2J\u202e")
    vault.ok("account", "add", "plain", "--platform", "x", "--login", "Jürgen")
    sheet = vault.folder / "sheet.csv"
    vault.ok("known", "--sheet", str(sheet))
    text = sheet.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "Jürgen" in text, "control"


def damage(path: Path) -> None:
    """Overwrite every page but the first few with noise, where tables begin."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = [row[0] for row in db.execute("SELECT rootpage FROM sqlite_schema WHERE name IN ('versions', 'baseline', 'people')")]
    with path.open("r+b") as file:
        for root in roots:
            file.seek((root - 1) * 4096)
            file.write(b"\xff" * 4096)


def test_a_damaged_page_of_the_register_is_told_with_the_way_on(vault: Story) -> None:
    assert vault.run("doctor").code in (0, 7), "control"
    damage(vault.home / "register.db")
    for words in (("doctor",), ("status",), ("person", "list")):
        told = vault.run(*words)
        assert told.code == 1
        assert "the register is damaged" in told.err
        assert "remove register.db" in told.err
    (vault.home / "register.db").unlink()
    assert vault.run("doctor").code in (0, 7)


@pytest.mark.parametrize(
    "words",
    [("reveal", "shop", "--stdout"), ("handover", "shop", "anna", "--kind", "password", "--stdout"), ("code", "shop")],
    ids=" ".join,
)
def test_nothing_is_recorded_as_shown_where_stdout_is_closed(vault: Story, words: tuple[str, ...]) -> None:
    vault.ok("person", "add", "Anna", "--handle", "anna")
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "a")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="made-up-password")
    vault.ok("credential", "add", "shop", "--kind", "totp", stdin="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    vault.ok("grant", "shop", "anna")

    def size() -> int:
        return int(vault.json("ledger", "verify")["size"])

    before = size()
    closed = subprocess.run(
        ["bash", "-c", '"$@" >&-', "-", govern_command(), *words], env=vault.environment(), capture_output=True, text=True, check=False
    )
    assert (closed.returncode, size()) == (2, before)
    assert "stdout is closed" in closed.stderr
    assert vault.run(*words).code == 0
    assert size() > before, "control"


def test_a_rotations_secret_and_code_need_a_stdout_too(vault: Story) -> None:
    for words in (("rotation", "show", "012345", "--code"), ("rotation", "show", "012345", "--secret", "new", "--stdout")):
        called = ["bash", "-c", '"$@" >&-', "-", govern_command(), *words]
        closed = subprocess.run(called, env=vault.environment(), capture_output=True, text=True, check=False)
        assert (closed.returncode, "stdout is closed" in closed.stderr) == (2, True)
        assert vault.run(*words).code == 3, "control: there is no such rotation"


def test_whatever_the_umask_files_are_0600_and_folders_0700(story: Story) -> None:
    def spawn(*words: str) -> None:
        called = ["bash", "-c", 'umask 0; "$@"', "-", govern_command(), *words]
        done = subprocess.run(called, env=story.environment(), capture_output=True, text=True, check=False)
        assert done.returncode in (0, 7), done.stderr

    def run(*words: str, stdin: str = "") -> None:
        before = os.umask(0)
        try:
            assert story.run(*words, stdin=stdin).code in (0, 7)
        finally:
            os.umask(before)

    vault = story.folder / "new" / "deep" / "vault.db"
    story.vault = str(vault)
    story.folder.chmod(0o700)
    spawn("init", "--organisation", "A", "--founder", "Mia <m@a.example>", "--handle", "mia")
    run("account", "add", "shop", "--platform", "x", "--login", "a")
    run("credential", "add", "shop", "--kind", "password", stdin="made-up-password")
    run("person", "add", "Anna", "--handle", "anna")
    out = story.folder / "out"
    out.mkdir(mode=0o700)
    run("ledger", "prove", "3", "--out", str(out / "proof"))
    run("known", "--sheet", str(out / "sheet.csv"))
    spawn("vault", "backup", "--out", str(out / "copy.db"))
    run("export", "--out", str(out / "export.json"), "--reason", "moving")
    run("offboard", "open", "anna")
    case = story.json("offboard", "list")["cases"][0]["id"]
    run("offboard", "report", case, "--out", str(story.folder / "reports" / "deep"))
    subprocess.run(["bash", "-c", 'umask 0; touch "$1"', "-", str(story.folder / "control")], check=True)
    held = sqlite3.connect(vault)
    held.execute("SELECT * FROM meta").fetchall()  # a reader keeps -wal and -shm there
    spawn("person", "add", "Bo")
    modes = {str(path.relative_to(story.folder)): stat.S_IMODE(path.stat().st_mode) for path in story.folder.rglob("*")}
    held.close()
    assert modes.pop("control") == 0o666
    assert {"new/deep/vault.db-wal", "new/deep/vault.db-shm", "out/proof", "out/sheet.csv", "reports/deep"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


# --- what another member records ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return found(tmp_path, preset="solo")


def member(machine: Machine, handle: str) -> Machine:
    machine.ok("person", "add", f"{handle.title()} Lund", "--handle", handle)
    return enrol(machine, handle, machine.ask("SELECT id FROM people WHERE handle = ?", handle)[0][0])


def told(machine: Machine, code: str) -> list[dict[str, Any]]:
    return [row for row in machine.run("status", "--json").json()["findings"] if row["code"] == code]


def test_only_what_a_member_recorded_themselves_is_named_for_removal(machine: Machine) -> None:
    precious, own = machine.folder / "precious.doc", machine.folder / "own.csv"
    precious.write_text("x")
    own.write_text("x")
    ben = member(machine, "ben")
    who = machine.ask("SELECT id FROM people WHERE handle = 'ben'")[0][0]
    machine.write(lambda tx: tx.record("role.given", {"person": who, "role": "admin"}))
    body = {"format": "x", "created": 1, "merged": 0, "conflicts": 0, "unchanged": 0, "skipped": 0, "sealed": False}
    for recorder, path in ((ben, precious), (machine, own)):
        recorder.write(lambda tx, path=path: tx.record("import.recorded", body, {"path": str(path)}))
    commands = " ".join(step["command"] for step in machine.json("status")["next"])
    assert f"rm {own}" in commands, "control"
    assert "precious" not in commands
    assert [row["subject"] for row in told(machine, "export-lying")] == [str(own)]
    assert [(row["subject"], row["severity"]) for row in told(machine, "export-elsewhere")] == [(str(precious), "info")]
    assert "ben recorded" in told(machine, "export-elsewhere")[0]["message"]
    theirs = " ".join(step["command"] for step in ben.json("status")["next"])
    assert str(precious) in theirs
    assert "own.csv" not in theirs


def test_only_a_drill_that_opened_what_is_live_counts(machine: Machine) -> None:
    machine.ok("account", "add", "shop", "--platform", "x", "--login", "a")
    machine.ok("credential", "add", "shop", "--kind", "password", stdin="made-up-password")
    dora = Insider(member(machine, "dora"))
    assert told(machine, "drill-due")
    dora.write(dora.event("recovery.drilled", {"versions": 0, "failed": 0}))
    assert told(machine, "drill-due"), "a drill of nothing"
    sheets = sorted((machine.home / "recovery").iterdir())
    machine.ok("recovery", "drill", *(word for sheet in sheets[:2] for word in ("--sheet", str(sheet))))
    assert not told(machine, "drill-due"), "control"
