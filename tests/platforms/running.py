"""Servers of others, on this machine alone: a folder that they are installed into, free ports, and processes that end with the tests."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GOVERN_TEST_PLATFORMS", ROOT / ".platforms"))
"""Where servers are installed, once; ignored by git and found again by the next run."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def run(*words: str | Path, cwd: Path | None = None, seconds: float = 900, env: Mapping[str, str] | None = None) -> str:
    """One command of an installation; what it said where it fails."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One process of tests after the other: what the first installs the next ones find."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def debian(*packages: str) -> None:
    """Install Debian's packages; that needs root, and fails the run without it."""
    noninteractive = {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", env=noninteractive)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, env=noninteractive)


def once(name: str, version: str, install: Callable[[Path], None]) -> Path:
    """The folder of an installation: made anew where it is not there whole, or of another version."""
    import shutil

    folder, mark = FOLDER / name, FOLDER / f"{name}.installed"
    with alone(name):
        if not (folder.is_dir() and mark.exists() and mark.read_text() == version):
            shutil.rmtree(folder, ignore_errors=True)
            mark.unlink(missing_ok=True)
            folder.mkdir(parents=True)
            install(folder)
            mark.write_text(version)
    return folder


@contextmanager
def server(
    words: Sequence[str | Path], *, cwd: Path, ready: Callable[[], bool], seconds: float = 90, env: Mapping[str, str] | None = None
) -> Iterator[int]:
    """A process in a session of its own, from when it is ready to the end of the block; its id. What it says goes to `server.log` in `cwd`."""
    with (cwd / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [str(word) for word in words], cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + seconds
        while not ready():
            assert process.poll() is None, f"{words[0]} ended: {(cwd / 'server.log').read_text(errors='replace')[-3000:]}"
            assert time.monotonic() < end, f"{words[0]} is not ready: {(cwd / 'server.log').read_text(errors='replace')[-3000:]}"
            time.sleep(0.1)
        yield process.pid
    finally:
        for what in (signal.SIGTERM, signal.SIGKILL):
            # its own session: the children that PHP's server leaves behind go with it
            try:
                os.killpg(process.pid, what)
            except ProcessLookupError:
                break
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue


def answers(url: str) -> bool:
    """Whether a web server says anything there."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  loopback
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
