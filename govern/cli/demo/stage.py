"""Types commands into a vault of the demo's own, in this process, and keeps what they print. Knows the entry point, nothing of the story."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_OURS: Final = ("GOVERN_HOME", "GOVERN_KEY_FILE", "GOVERN_VAULT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One command as it would be typed, its exit code, and all that it printed, in order."""

    command: str
    code: int
    output: str


class Stopped(Exception):
    """A command of the demo ended otherwise than it should."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.command)
        self.said = said


class _Screen(io.TextIOWrapper):
    """Where a command prints: a buffer that calls itself a terminal, so that a secret and the line behind it are kept apart as on one."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A folder with a vault in it. `tell` gets every line; `played` every command with what it said."""

    folder: Path
    tell: Callable[[str], None]
    played: list[Said] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "vault"

    @property
    def key_file(self) -> Path:
        return self.folder / "mia.key"

    def chapter(self, title: str, *lines: str) -> None:
        """A heading and what it is about; without a title a remark in between."""
        for line in ("", *([title] if title else []), *(f"   {line}" for line in lines), ""):
            self.tell(line)

    def govern(self, *words: str, expect: int = 0) -> Said:
        """Type `govern WORDS`, tell the command and what it prints; Stopped where it ends with another code than expected."""
        self.tell(f"$ {shlex.join(['govern', *words])}")
        return self._keep(shlex.join(["govern", *words]), *self._run(words, together=True), expect)

    def ask(self, *words: str) -> dict[str, Any]:
        """What a reading command says with `--json`; told to nobody."""
        code, output = self._run([*words, "--json"], together=False)
        if code:
            raise Stopped(Said(command=shlex.join(["govern", *words]), code=code, output=output))
        told: dict[str, Any] = json.loads(output)
        return told

    def python(self, *words: str) -> Said:
        """Run another program of Python's in the folder."""
        self.tell(f"$ {shlex.join(['python', *words])}")
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return self._keep(shlex.join(["python", *words]), done.returncode, done.stdout.decode(errors="replace"), 0)

    def remove(self, *names: str) -> None:
        """Delete files of the folder, as anybody would."""
        self.tell(f"$ rm {shlex.join(names)}")
        for name in names:
            (self.folder / name).unlink()

    def _keep(self, command: str, code: int, output: str, expect: int) -> Said:
        said = Said(command=command, code=code, output=output)
        self.played.append(said)
        for line in output.rstrip().splitlines():
            self.tell(line.rstrip())
        if code:
            self.tell(f"[exit {code}]")
        if code != expect:
            raise Stopped(said)
        return said

    def _run(self, words: Sequence[str], *, together: bool) -> tuple[int, str]:
        """Exit code and what was printed; without `together` only what was meant for stdout."""
        from govern.cli.main import run

        out = io.BytesIO()
        screen = _Screen(out, "utf-8", write_through=True, newline="\n")
        aside = screen if together else _Screen(io.BytesIO(), "utf-8", write_through=True, newline="\n")
        with self._here(), redirect_stdout(screen), redirect_stderr(aside):
            try:
                run(words)
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        return code, out.getvalue().decode("utf-8", "replace")

    @contextmanager
    def _here(self) -> Iterator[None]:
        """The folder, the environment and the settings of the demo's member, and those of before again."""
        from govern.cli import settings

        before, folder = {name: os.environ.get(name) for name in _OURS}, Path.cwd()
        stdin, current = sys.stdin, settings.current
        sys.stdin = io.TextIOWrapper(io.BytesIO(), "utf-8")  # no terminal: nobody is asked
        os.environ |= {"GOVERN_HOME": str(self.home), "GOVERN_KEY_FILE": str(self.key_file)}
        os.environ.pop("GOVERN_VAULT", None)
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(folder)
            sys.stdin = stdin
            settings.use(current)
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
