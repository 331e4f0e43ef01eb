"""Acme: mia founded the vault and holds two accounts; anna, who has no keys, is said to know one of them, and holds it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ... import warm
from ...conftest import govern_command

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def acme(story: Any, prepared: Any) -> Any:
    return prepared.into(story, _acme)


def _acme(vault: Any) -> None:
    vault.init()
    vault.ok("person", "add", "Anna Sø <anna@acme.example>", "--handle", "anna")
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme", "--url", "https://instagram.com/acme")
    vault.ok("account", "add", "blog", "--platform", "wordpress", "--login", "acme")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="first-secret")
    vault.ok("credential", "add", "shop", "--kind", "totp", stdin=SEED)
    vault.ok("credential", "add", "blog", "--kind", "password", stdin="blog-secret")
    vault.ok("grant", "shop", "anna")
    vault.ok("handover", "shop", "anna", "--kind", "password", "--stdout")


class Screen:
    """The installed command on a terminal of its own: what it says, and keys for it."""

    def __init__(self, story: Any, *words: str) -> None:
        import pty

        self.main, other = pty.openpty()
        environment = story.environment(TERM="dumb", NO_COLOR="1", COLUMNS="200")
        self.process = warm.Popen(
            [govern_command(), *words], stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True, close_fds=True
        )
        os.close(other)
        self.seen = ""

    def until(self, text: str, seconds: float = 60) -> str:
        """Read until the text has come; what was said since the last time."""
        import select

        start, end = len(self.seen), time.monotonic() + seconds
        while text not in self.seen[start:]:
            assert time.monotonic() < end, f"{text!r} did not come:\n{self.seen[start:]}"
            if select.select([self.main], [], [], 0.5)[0]:
                try:
                    data = os.read(self.main, 65536)
                except OSError:
                    data = b""
                assert data, f"it ended before {text!r}:\n{self.seen[start:]}"
                self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return self.seen[start:]

    def type(self, text: str) -> None:
        os.write(self.main, text.encode() + b"\n")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def end(self, seconds: float = 60) -> int:
        """Read to the end; the exit code."""
        import select

        end = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while True:
                assert time.monotonic() < end, f"it goes on:\n{self.seen[-500:]}"
                if select.select([self.main], [], [], 0.5)[0]:
                    data = os.read(self.main, 65536)
                    if not data:
                        break
                    self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        os.close(self.main)


@pytest.fixture
def screen() -> Iterator[Any]:
    """Opens terminals and closes them afterwards."""
    if os.name == "nt":
        pytest.skip("needs a pseudo terminal")
    opened: list[Screen] = []

    def open_(story: Any, *words: str) -> Screen:
        opened.append(Screen(story, *words))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()
