"""What every test may use: the shared samples and vectors, a fixed clock and a fixed source of bytes."""

from __future__ import annotations

import copy
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import pytest
from hypothesis import settings

from . import compiling, once, telling, warm
from .postgres import Cluster, any_cluster

ROOT = Path(__file__).resolve().parent.parent
"""The project's own folder."""

once.everything()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in the background ignores Ctrl-C for them; every command that they start and interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

IN_MEMORY = Path("/dev/shm")


def in_memory() -> str | None:
    """A folder in memory, where the system has one with room enough: nothing here is about disks, which would be waited for at every commit."""
    roomy = os.access(IN_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(IN_MEMORY).free > 2 * 2**30
    return str(IN_MEMORY) if roomy else None


def pytest_configure(config: pytest.Config) -> None:
    """Tests' own folders are made in memory, unless `--basetemp`, `PYTEST_DEBUG_TEMPROOT` or `TMPDIR` says where."""
    place = in_memory()
    if place and not config.option.basetemp:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)
        tempfile.tempdir = os.environ.get("TMPDIR", place)
    telling.less(config)
    compiling.share(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A property is tried on a third of its examples, and on all of them where properties are asked for (make test-slow)."""
    all_of_them, seen = "property" in config.option.markexpr, set()
    for item in items:
        tried = getattr(item, "obj", None)
        if getattr(tried, "is_hypothesis_test", False):
            item.add_marker(pytest.mark.property)
            tried = getattr(tried, "__func__", tried)
            if not all_of_them and tried not in seen:
                seen.add(tried)
                asked = getattr(tried, _ASKED)
                setattr(tried, _ASKED, settings(asked, max_examples=max(asked.max_examples // 3, min(asked.max_examples, 8))))


_ASKED = "_hypothesis_internal_use_settings"


def pytest_collection_finish() -> None:
    once.collected()


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
        kept = {name: os.environ[name] for name in warm.KEPT if name in os.environ}
        return {
            **kept,
            "GOVERN_HOME": str(self.home),
            "GOVERN_KEY_FILE": str(self.key),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            **({"GOVERN_VAULT": self.vault} if self.vault else {}),
            **more,
        }

    def started(self, *words: str, stdin: Any = subprocess.DEVNULL, stdout: Any = subprocess.PIPE, stderr: Any = subprocess.PIPE) -> Any:
        """The installed command as a process of its own (`subprocess.Popen`), which goes on while we do."""
        return warm.Popen([govern_command(), *words], stdin=stdin, stdout=stdout, stderr=stderr, env=self.environment())

    def spawn(self, *words: str, stdin: str | bytes = b"", timeout: float = 120, cold: bool = False, **more: str) -> Told:
        """Run the installed command as a process of its own; `cold`: from the very start of Python."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        start = subprocess.Popen if cold else warm.Popen
        with start(
            [govern_command(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(**more)
        ) as process:
            try:
                out, err = process.communicate(data, timeout)
            except BaseException:
                process.kill()
                raise
        return Told(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def run(self, *words: str, stdin: str | bytes = b"") -> Told:
        """The same command inside this process: faster; for everything that is not about processes."""
        from govern.cli.main import run

        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
        given = io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin), "utf-8")
        before, limit = dict(os.environ), getattr(sys, "tracebacklimit", None)
        _become(self.environment())
        try:
            with mock.patch.object(sys, "stdout", out), mock.patch.object(sys, "stderr", err), mock.patch.object(sys, "stdin", given):
                try:
                    run(list(words))
                    code = 0
                except SystemExit as ended:
                    code = int(ended.code or 0)
        finally:
            _become(before)
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


def _become(environment: dict[str, str]) -> None:
    """Make this process's environment just this one; what is in both is not set again."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment.items() - os.environ.items())


S = TypeVar("S", bound=Story)


class Prepared:
    """Machines that were set up once per process, and are given out as copies: whoever writes to one has it alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[Callable[..., Any], Story] = {}

    def into(self, story: S, make: Callable[[S], Any]) -> S:
        """Put into the empty machine `story` what `make` makes of one; files that name their own place are written anew."""
        if make not in self.kept:
            first = copy.copy(story)
            first.folder = self.folder / str(len(self.kept))
            first.folder.mkdir()
            first.home, first.key = (first.folder / path.relative_to(story.folder) for path in (story.home, story.key))
            make(first)
            self.kept[make] = first
        kept = self.kept[make]
        shutil.copytree(kept.folder, story.folder, dirs_exist_ok=True)
        for name in ("seed.json", "recovery-sheets"):
            for path in story.folder.rglob(name):
                path.write_bytes(path.read_bytes().replace(os.fsencode(kept.folder), os.fsencode(story.folder)))
        return story


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("prepared"))


def small(story: Story) -> None:
    """Founded by `mia` under the rules for a small firm."""
    story.init(preset="small")


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
def vault(story: Story, prepared: Prepared) -> Story:
    """A machine with a vault in which nothing was done yet (preset solo), founded by `mia`."""
    return prepared.into(story, Story.init)


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
    cells = sum(
        value for report in terminalreporter.stats.get("passed", ()) for name, value in report.user_properties if name == "crash cells"
    )
    if cells:
        terminalreporter.write_line(f"crash matrix: {cells} cells, no secret lost in any")
    altered = Counter[str]()
    for report in tried:
        altered.update(dict(report.user_properties).get("cells altered", {}))
    if altered:
        terminalreporter.write_line(f"cells of the store altered: {', '.join(f'{count} {what}' for what, count in altered.items())}")
