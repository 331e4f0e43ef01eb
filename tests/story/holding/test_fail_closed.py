"""Write first, show after: where the fact can't be written, not one byte of the secret is shown and the exit code is 1.

Tried for real: folders and files that can't be written, a database that another process has locked, limits on the size of files and a
full file system; and with every write of journal and pin failing. Beside each stands a control that shows the secret when nothing is wrong.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import PASSWORD, SEED, Firm

SHOWING = [
    ("reveal", "shop", "--stdout"),
    ("reveal", "shop", "--kind", "totp", "--stdout", "--json"),
    ("code", "shop", "--json"),
    ("handover", "shop", "anna", "--kind", "password", "--stdout"),
    ("handover", "shop", "anna", "--kind", "totp", "--qr"),
]
"""Every command of this folder that lets out a secret or a code."""

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


@pytest.fixture
def ready(shop: Firm) -> Firm:
    shop.ok("grant", "shop", "anna")
    return shop


def failed_closed(firm: Firm, told: Any) -> bool:
    """Exit 1, a sentence on stderr or as JSON, and no part of a secret nor a code anywhere."""
    said = set(json.loads(told.out)) == {"error"} if told.out else told.err.startswith("error: ")
    return told.code == 1 and said and not firm.shows(told) and not firm.shows(told, SEED) and "defect" not in told.err + told.out


# --- folders and files that can't be written ------------------------------------------------------------------------------------------

DRIVER = """
import io, json, os, sys
from govern.cli.main import run

def govern(home, words):
    os.environ["GOVERN_HOME"], os.environ["GOVERN_KEY_FILE"] = home + "/home", home + "/key"
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    kept, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), out, err
    try:
        run(words)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout, sys.stderr = kept
    out.flush(), err.flush()
    return [code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()]

plan = json.load(sys.stdin)
for words in plan["words"]:
    assert govern(plan["warm"], words)[0] == 0  # as we are: loads all that the unprivileged could not read
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.chdir(plan["folder"])
print(json.dumps([[govern(home, words) for words in plan["words"]] for home in plan["homes"]]))
"""


@contextmanager
def owned() -> Iterator[Path]:
    """A folder that belongs to nobody in particular (65534), outside of pytest's, which only root may enter."""
    folder = Path(tempfile.mkdtemp(prefix="govern-test-"))
    try:
        yield folder
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder)


def give(folder: Path, *, deep: bool = True) -> None:
    """Make it 65534's."""
    if os.geteuid() == 0:
        for path in [folder, *(folder.rglob("*") if deep else ())]:
            if path.exists():
                os.chown(path, 65534, 65534)


LOCKS: dict[str, Callable[[Path], list[Path]]] = {
    "the database": lambda home: [home / "vault.db", *home.glob("vault.db-*")],
    "the whole state folder": lambda home: [home, *home.iterdir()],
    "the journal": lambda home: [home / "journal"],
    "the pin": lambda home: [home / "pin"],
    "the register": lambda home: [*home.glob("register.db*")],
}
"""What can't be written -> the paths of it."""


@linux
def test_what_can_not_be_written_shows_nothing(ready: Firm) -> None:
    """As a process without privileges, since nothing is read-only to root."""
    with owned() as folder:
        homes = {}
        for number, name in enumerate(("warm", "nothing", *LOCKS)):
            homes[name] = folder / str(number)
            shutil.copytree(ready.story.folder, homes[name], ignore=shutil.ignore_patterns("recovery"))
            give(homes[name] if name != "warm" else folder / "none")
        give(folder, deep=False)
        for name, paths in LOCKS.items():
            for path in paths(homes[name] / "home"):
                path.chmod(0o500 if path.is_dir() else 0o400)
        plan = {"warm": str(homes["warm"]), "folder": str(folder), "homes": [str(homes[n]) for n in ("nothing", *LOCKS)], "words": SHOWING}
        done = subprocess.run(
            [sys.executable, "-c", DRIVER], input=json.dumps(plan), capture_output=True, text=True, timeout=180, check=False,
            env={**ready.story.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        (control, *locked) = json.loads(done.stdout)
        assert [code for code, _, _ in control] == [0] * len(SHOWING), f"the control shows what it should: {control}"
        assert control[0][1] == PASSWORD
        for name, results in zip(LOCKS, locked, strict=True):
            for words, (code, out, err) in zip(SHOWING, results, strict=True):
                told = ready.told(code, out, err)
                assert failed_closed(ready, told), (name, words, told)


# --- a database that another process has locked ---------------------------------------------------------------------------------------

HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process is in the middle of writing this database."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == b"held\n"
        yield
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


def test_a_database_that_another_process_holds_shows_nothing(ready: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govern.store.sqlite.BUSY_MS", 50)
    before = ready.types()
    with held(ready.story.home / "vault.db"):
        for words in SHOWING:
            told = ready.run(*words)
            assert failed_closed(ready, told), (words, told)
            assert "in use by another process" in told.err + told.out
    assert ready.types() == before
    for words in SHOWING:
        assert ready.run(*words).code == 0, "the control: once it is let go"


@pytest.mark.slow
def test_the_installed_command_waits_and_then_shows_nothing(ready: Firm) -> None:
    with held(ready.story.home / "vault.db"):
        told = ready.story.spawn("reveal", "shop", "--stdout")
    assert failed_closed(ready, told), told
    assert ready.story.spawn("reveal", "shop", "--stdout").out == PASSWORD, "the control"


# --- no room --------------------------------------------------------------------------------------------------------------------------


def sizes(home: Path) -> list[int]:
    """Limits on the size of a file at which, somewhere on the way, one of the files of a vault can't grow."""
    now = sorted({path.stat().st_size for path in home.iterdir() if path.is_file()})
    return sorted({0, 1, 4096, 8192, *(size + more for size in now for more in (0, 1, 300, 4096))})


@linux
def test_whatever_file_can_not_grow_shows_nothing_unless_the_fact_was_written(ready: Firm) -> None:
    """Every limit either lets the whole of it through, or shows nothing. (RLIMIT_FSIZE; Python ignores the signal, writes fail.)"""
    import resource

    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    saved = ready.story.folder.parent / "saved"
    shutil.copytree(ready.story.folder, saved)
    outcomes = set()
    for limit in sizes(ready.story.home):
        shutil.rmtree(ready.story.folder)
        shutil.copytree(saved, ready.story.folder)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
        try:
            told = ready.run("reveal", "shop", "--stdout")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        if told.code == 0:
            assert told.out == PASSWORD
            assert ready.types()[-1] == "secret.revealed"
        else:
            assert failed_closed(ready, told), (limit, told)
            assert ready.run("reveal", "shop", "--stdout").out == PASSWORD, "and with room again it goes on"
        outcomes.add(told.code)
    assert outcomes == {0, 1}, "limits low enough and high enough were tried"


@linux
def test_the_installed_command_shows_nothing_where_files_can_not_grow(ready: Firm) -> None:
    code = (
        "import os, resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\nos.execv(sys.argv[2], sys.argv[2:])"
    )
    command = str(Path(sys.executable).parent / "govern")
    for limit, expected in ((0, 1), (8192, 1), (10**9, 0)):
        done = subprocess.run(
            [sys.executable, "-c", code, str(limit), command, "reveal", "shop", "--stdout"], capture_output=True, env=ready.story.environment(),
            timeout=60, check=False,
        )  # fmt: skip
        told = ready.told(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert told.code == expected
        assert failed_closed(ready, told) if expected else told.out == PASSWORD, told


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(bytes(4096)):
            pass


@linux
def test_a_full_file_system_shows_nothing(ready: Firm, tiny: Path) -> None:
    shutil.copytree(ready.story.folder, tiny / "member", ignore=shutil.ignore_patterns("tiny"))
    ready.story.home, ready.story.key = tiny / "member" / "home", tiny / "member" / "key"
    assert ready.run("reveal", "shop", "--stdout").out == PASSWORD, "the control: there is room"
    fill(tiny / "filler")
    for words in SHOWING:
        told = ready.run(*words)
        assert failed_closed(ready, told), (words, told)
    told = ready.story.spawn("reveal", "shop", "--stdout")
    assert failed_closed(ready, told), told
    (tiny / "filler").unlink()
    assert ready.run("reveal", "shop", "--stdout").out == PASSWORD, "and with room again it goes on"


# --- every single write of journal and pin --------------------------------------------------------------------------------------------


@contextmanager
def failing(name: str, after: int, monkeypatch: pytest.MonkeyPatch, *, short: bool = False) -> Iterator[list[int]]:
    """The writes to the file of this name, from the n-th on, fail for want of room; `short`: after having written a part of it."""
    write, seen = os.write, [0]

    def limited(descriptor: int, data: Any) -> int:
        if Path(os.readlink(f"/proc/self/fd/{descriptor}")).name != name:
            return write(descriptor, data)
        seen[0] += 1
        if seen[0] < after:
            return write(descriptor, data)
        if short and len(data) > 1 and seen[0] == after:
            return write(descriptor, bytes(data)[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", limited)
        yield seen


@linux
@pytest.mark.parametrize("short", [False, True], ids=["nothing", "half"])
@pytest.mark.parametrize("name", ["journal", "journal.personal", "pin"])
@pytest.mark.parametrize(
    "words", [SHOWING[0], *(pytest.param(words, marks=pytest.mark.slow) for words in SHOWING[1:3])], ids=lambda words: " ".join(words)
)
def test_a_failing_write_of_journal_or_pin_shows_nothing(
    ready: Firm, name: str, words: tuple[str, ...], short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*words, "--reason", "so that there is a personal part")
    with failing(name, 10**9, monkeypatch) as seen:
        assert ready.run(*words).code == 0, "the control: nothing fails"
    writes = seen[0]
    assert writes >= 1
    for number in range(1, writes + 1):
        with failing(name, number, monkeypatch, short=short):
            told = ready.run(*words)
        assert failed_closed(ready, told), (name, number, told)
    assert ready.run(*words).code == 0, "and with room again it goes on"
    assert ready.run("ledger", "verify", "--deep").code == 0
