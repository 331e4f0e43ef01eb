"""A command that was forked off warm is the installed one: it says, writes and ends as one that Python was started for."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .. import warm
from ..conftest import Story, govern_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="every command is started cold here")


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("--version",), "", 0), (("person", "list", "--json"), "", 0), (("account", "add", "shop", "--platform", "x", "--login", "ü"), "", 0),
        (("person",), "", 2), (("person", "show", "nobody", "--json"), "", 3), (("credential", "add", "nothing", "--kind", "api-token"), "1234", 3),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)  # fmt: skip
def test_it_says_the_same_as_one_that_was_started_cold(vault: Story, tmp_path: Path, words: tuple[str, ...], stdin: str, code: int) -> None:
    shutil.copytree(vault.home, kept := tmp_path / "kept")
    cold = vault.spawn(*words, stdin=stdin, cold=True)
    shutil.rmtree(vault.home)
    kept.rename(vault.home)
    assert vault.spawn(*words, stdin=stdin) == cold
    assert cold.code == code


def begun(vault: Story, *words: str, **more: str) -> warm.Popen:
    """A command that waits for what it is to read."""
    return warm.Popen(
        [govern_command(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=vault.environment(**more)
    )


def test_it_is_a_process_of_its_own_and_a_child_of_ours_and_a_signal_ends_it_alone(vault: Story) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    with (
        begun(vault, "credential", "add", "shop", "--kind", "api-token") as first,
        begun(vault, "credential", "add", "shop", "--kind", "password") as second,
    ):
        assert len({first.pid, second.pid, os.getpid()}) == 3
        status = Path(f"/proc/{first.pid}/status").read_text()
        assert f"PPid:\t{os.getpid()}\n" in status
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert first.returncode == -signal.SIGKILL
        _, err = second.communicate(b"a-good-password", timeout=60)
        assert second.returncode == 0, err
    assert [one["kind"] for one in vault.json("credential", "list", "shop")["credentials"]] == ["password"]


def test_what_python_reads_before_the_first_line_is_read_anew(vault: Story, tmp_path: Path) -> None:
    """Code of one's own to run before the command is run, which no fork would do; and the control: without it the command is warm."""
    (tmp_path / "early").mkdir()
    (tmp_path / "early" / "sitecustomize.py").write_text("import sys; sys.stderr.write('early\\n')\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "early"), os.environ.get("PYTHONPATH")]))
    assert vault.spawn("--version", PYTHONPATH=path).err == "early\n"
    with begun(vault, "credential", "add", "shop", "--kind", "api-token") as process:
        assert b"warm_server" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.kill()


def test_folder_and_umask_are_those_of_whoever_asks(vault: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    before = os.umask(0o022)
    try:
        with begun(vault, "credential", "add", "shop", "--kind", "api-token") as process:
            assert os.readlink(f"/proc/{process.pid}/cwd") == str(tmp_path / "elsewhere")
            process.kill()
    finally:
        os.umask(before)
