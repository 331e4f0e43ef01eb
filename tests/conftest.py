"""What every test may use: the shared samples and vectors, a fixed clock and a fixed source of bytes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from .postgres import Cluster, any_cluster

ROOT = Path(__file__).resolve().parent.parent
"""The project's own folder."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of samples and vectors that others made; tests that need it are skipped, with the reason, where it is absent."""
    path = Path(os.environ.get("GOVERN_TEST_SHARED", ROOT.parent / "shared"))
    if not (path / "vectors").is_dir():
        pytest.skip(f"samples and vectors are not at {path} (set GOVERN_TEST_SHARED)")
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real PostgreSQL server, one per process of tests; started by the first test that asks for it."""
    with any_cluster() as found:
        yield found
        found.drop(_DATABASE)


@pytest.fixture
def postgres(cluster: Cluster) -> Iterator[str]:
    """The address of an empty database, for one test at a time."""
    yield cluster.emptied(_DATABASE)
    cluster.disconnect(_DATABASE)


_DATABASE = f"govern_test_{os.getpid()}"


class Story:
    """One member's machine: a state folder, a key file, and the `govern` command run against them."""

    def __init__(self, folder: Path, *, vault: str = "") -> None:
        """`vault`: where the store is, if not in the state folder."""
        self.folder = folder
        self.home = folder / "home"
        self.key = folder / "key"
        self.vault = vault

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT") if name in os.environ}
        return {
            **kept,
            "GOVERN_HOME": str(self.home),
            "GOVERN_KEY_FILE": str(self.key),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            **({"GOVERN_VAULT": self.vault} if self.vault else {}),
            **more,
        }

    def spawn(self, *words: str, stdin: str | bytes = b"", timeout: float = 120, **more: str) -> Told:
        """Run the installed command as a process of its own."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [govern_command(), *words], input=data, capture_output=True, env=self.environment(**more), timeout=timeout, check=False
        )
        return Told(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def run(self, *words: str, stdin: str | bytes = b"") -> Told:
        """The same command inside this process: faster; for everything that is not about processes."""
        from govern.cli.main import run

        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
        given = io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin), "utf-8")
        before, limit = dict(os.environ), getattr(sys, "tracebacklimit", None)
        os.environ.clear()
        os.environ.update(self.environment())
        try:
            with mock.patch.object(sys, "stdout", out), mock.patch.object(sys, "stderr", err), mock.patch.object(sys, "stdin", given):
                try:
                    run(list(words))
                    code = 0
                except SystemExit as ended:
                    code = int(ended.code or 0)
        finally:
            os.environ.clear()
            os.environ.update(before)
            if limit is None and hasattr(sys, "tracebacklimit"):
                del sys.tracebacklimit
        for stream in (out, err):
            stream.flush()
        return Told(code, out.buffer.getvalue().decode(errors="replace"), err.buffer.getvalue().decode(errors="replace"))  # type: ignore[attr-defined]

    def ok(self, *words: str, stdin: str | bytes = b"") -> Told:
        """Run in process and expect exit 0."""
        told = self.run(*words, stdin=stdin)
        assert told.code == 0, f"govern {' '.join(words)}: exit {told.code}\n{told.out}\n{told.err}"
        return told

    def json(self, *words: str, stdin: str | bytes = b"") -> dict[str, Any]:
        """Run in process with --json, expect exit 0, and read the object."""
        return self.ok(*words, "--json", stdin=stdin).json()

    def init(self, *, preset: str = "solo") -> Story:
        self.ok("init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>", "--handle", "mia", "--preset", preset)
        return self


@dataclass(frozen=True)
class Told:
    """What a command said: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


def govern_command() -> str:
    """The installed `govern` beside the Python that runs the tests."""
    path = Path(sys.executable).parent / ("govern.exe" if os.name == "nt" else "govern")
    assert path.exists(), f"{path} is missing: install the project first (make test does)"
    return str(path)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """An empty machine: no vault yet."""
    return Story(tmp_path)


@pytest.fixture
def vault(story: Story) -> Story:
    """A machine with a fresh vault (preset solo), founded by `mia`."""
    return story.init()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many attacks on the store were tried, wherever some were."""
    tried = [
        report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())
        if report.when == "call" and "unit/attacks/" in report.nodeid
    ]  # fmt: skip
    if tried:
        failed = sum(report.outcome == "failed" for report in tried)
        terminalreporter.write_line(f"attacks on the store: {len(tried)} cases, {failed} not refused or not told as they should be")
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "load":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")
    altered = Counter[str]()
    for report in tried:
        altered.update(dict(report.user_properties).get("cells altered", {}))
    if altered:
        terminalreporter.write_line(f"cells of the store altered: {', '.join(f'{count} {what}' for what, count in altered.items())}")
