"""`govern rotate` over many accounts by connector: two servers at a time, a table in the end, a failure that stops nobody, and Ctrl-C.

The servers are real, on loopback; the connector is the page's, installed beside govern and named by the policy.
"""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from govern.policy.files import policy_text

from ..conftest import govern_command
from ..loopback import answering, said

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """One server with several accounts, each with a password. `meets` is called while a change is being answered."""

    def __init__(self, **passwords: str) -> None:
        self.passwords, self.url = dict(passwords), ""
        self.says: dict[str, int] = {}
        self.meets: Callable[[], object] = lambda: None
        self.inside, self.most, self.lock = 0, 0, threading.Lock()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            self._answer(request)
        finally:
            with self.lock:
                self.inside -= 1

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        login = str(request.headers["X-Login"])
        right = self.passwords.get(login) == request.headers["X-Password"]
        status = self.says.get(login) or (200 if right else 403)
        if request.command == "POST":
            self.meets()
            if status == 200:
                self.passwords[login] = json.loads(body)["new"]
        said(request, status)


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    with ExitStack() as running:

        def begin(**passwords: str) -> Server:
            server = Server(**passwords)
            server.url = running.enter_context(answering(server.answer))
            return server

        yield begin


@pytest.fixture
def firm(vault: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A vault whose policy names the page's connector, which is found beside govern."""
    page = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", page)
    about = tmp_path / "site" / "acme_many-1.2.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-many\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[govern.connectors]\nacme = acme_many:Acme\n")
    (tmp_path / "site" / "acme_many.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    policy = vault.folder / "policy.yaml"
    policy.write_text(policy_text().decode().replace("allowed: [bluesky, matrix, wordpress]", "allowed: [acme, matrix]"))
    vault.ok("policy", "adopt", str(policy))
    return vault


def add(firm: Any, server: Server, *handles: str) -> None:
    for handle in handles:
        firm.ok("account", "add", handle, "--platform", "acme", "--login", handle, "--url", server.url, "--tag", "all")
        firm.ok("credential", "add", handle, "--kind", "password", stdin=server.passwords[handle])


def agree(firm: Any, server: Server) -> bool:
    return all(firm.ok("reveal", handle, "--stdout").out == password for handle, password in server.passwords.items())


def test_two_servers_at_a_time_one_account_at_a_time_on_each_and_a_table(firm: Any, start: Any) -> None:
    """Each server's first change is answered once the other's is under way too: in turn neither would ever be."""
    barrier, first, second = threading.Barrier(2), start(a1="old-a1", a2="old-a2"), start(b1="old-b1")
    for server in (first, second):
        server.meets = lambda: barrier.n_waiting < 2 and not done.is_set() and (barrier.wait(20), done.set())
    done = threading.Event()
    add(firm, first, "a1", "a2")
    add(firm, second, "b1")
    told = firm.ok("rotate", "tag:all", "--connector", "acme")
    assert not barrier.broken
    assert done.is_set()
    assert (first.most, second.most) == (1, 1)
    rows = [line.split() for line in told.out.splitlines()]
    assert rows == [
        ["ACCOUNT", "KIND", "OUTCOME", "GRADE", "NEXT", "STEP"],
        *([name, "password", "done", "probed"] for name in ("a1", "a2", "b1")),
    ]
    assert told.err.count("by the connector acme, acme-many 1.2, at http://127.0.0.1:") == 3
    assert agree(firm, first)
    assert agree(firm, second)


def test_one_that_fails_leaves_the_others_done_and_says_what_is_next(firm: Any, start: Any) -> None:
    first, second = start(a1="old-a1", a2="old-a2"), start(b1="old-b1")
    add(firm, first, "a1", "a2")
    add(firm, second, "b1")
    firm.ok("account", "add", "guided-one", "--platform", "instagram", "--login", "g", "--tag", "all")
    firm.ok("credential", "add", "guided-one", "--kind", "password", stdin="old-guided")
    first.says["a1"] = 500
    told = firm.run("rotate", "tag:all", "--connector", "acme")
    assert told.code == 1
    assert "left out: guided-one password: the connector acme can't change the password of an account on instagram" in told.err
    rows = {line.split()[0]: line.split()[2:] for line in told.out.splitlines()[1:]}
    (open_,) = firm.json("rotation", "list", "--open")["rotations"]
    assert rows == {
        "a1": ["failed", "govern", "rotation", "reconcile", open_["id"][:8]], "a2": ["done", "probed"], "b1": ["done", "probed"],
    }  # fmt: skip
    first.says.clear()
    again = firm.run("rotate", "tag:all", "--connector", "acme", "--json")
    found = again.json()
    assert again.code == 0
    assert {row["account"]: row["outcome"] for row in found["rotations"]} == dict.fromkeys(("a1", "a2", "b1"), "done")
    assert next(row for row in found["rotations"] if row["account"] == "a1")["id"] == open_["id"]
    assert [row["account"] for row in found["skipped"]] == ["guided-one"]
    assert agree(firm, first)


def test_any_connector_that_can_and_a_person_for_the_rest(firm: Any, start: Any) -> None:
    """Without a terminal the ones that are changed by hand are sealed, and told with what to type."""
    firm.ok("account", "add", "chat", "--platform", "matrix", "--login", "c", "--tag", "all", "--url", "http://127.0.0.1:9")
    firm.ok("account", "add", "insta", "--platform", "instagram", "--login", "i", "--tag", "all")
    for handle in ("chat", "insta"):
        firm.ok("credential", "add", handle, "--kind", "password", stdin=f"old-{handle}")
    planned = firm.json("rotate", "tag:all", "--connector", "any", "--dry-run")
    assert {row["account"]: row["connector"] for row in planned["rotations"]} == {"chat": "matrix", "insta": None}
    told = firm.run("rotate", "tag:all", "--connector", "any")
    assert told.code == 1
    assert "chat password: by the connector matrix" in told.err
    by_hand = next(row for row in firm.json("rotation", "list", "--open")["rotations"] if row["account"] == "insta")
    assert f"next: govern rotation show {by_hand['id'][:8]} --secret new --stdout" in told.err


def spawn(firm: Any, *words: str, **streams: Any) -> subprocess.Popen[bytes]:
    environment = firm.environment(PYTHONPATH=os.environ["PYTHONPATH"])
    return subprocess.Popen([govern_command(), *words], env=environment, stdin=subprocess.DEVNULL, **streams)


def test_ctrl_c_lets_what_was_asked_be_answered_and_leaves_the_rest_to_be_gone_on_with(firm: Any, start: Any) -> None:
    server, changing, answer = start(a1="old-a1", a2="old-a2"), threading.Event(), threading.Event()
    server.meets = lambda: (changing.set(), answer.wait(30))
    add(firm, server, "a1", "a2")
    process = spawn(firm, "rotate", "tag:all", "--connector", "acme", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert changing.wait(60)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = b""
    while b"Ctrl-C again leaves at once" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    answer.set()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line.split()[:3] for line in out.decode().splitlines()[1:]] == [
        ["a1", "password", "interrupted"],
        ["a2", "password", "interrupted"],
    ]
    assert server.passwords["a1"] != "old-a1"
    assert server.passwords["a2"] == "old-a2"
    server.meets = lambda: None
    firm.ok("rotate", "tag:all", "--connector", "acme")
    assert agree(firm, server)


def test_a_second_ctrl_c_leaves_at_once_and_loses_nothing(firm: Any, start: Any) -> None:
    server, changing, answer = start(a1="old-a1", a2="old-a2"), threading.Event(), threading.Event()
    server.meets = lambda: (changing.set(), answer.wait(60))
    add(firm, server, "a1", "a2")
    process = spawn(firm, "rotate", "tag:all", "--connector", "acme", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert changing.wait(60)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while b"again leaves at once" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=25)  # the server has still not answered
    assert process.returncode == 130
    answer.set()
    server.meets = lambda: None
    firm.ok("rotate", "tag:all", "--connector", "acme")
    assert agree(firm, server)


def test_a_terminal_shows_a_bar_and_rich_is_imported_for_nothing_else(firm: Any, start: Any) -> None:
    server = start(a1="old-a1", a2="old-a2")
    add(firm, server, "a1", "a2")
    ours, theirs = pty.openpty()
    process = spawn(firm, "rotate", "tag:all", "--connector", "acme", stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):
        while part := os.read(ours, 65_536):
            shown += part
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, shown
    assert "━" in shown.decode()
    assert "0/2" in shown.decode()
    assert "by the connector" not in shown.decode()
    assert [line.split()[2] for line in out.decode().splitlines()[1:]] == ["done", "done"]


def test_nothing_due_says_what_will_be(firm: Any) -> None:
    assert firm.ok("rotate", "--all-due").err == "nothing is due\n"
    assert firm.json("rotate", "--all-due")["next_due"] is None
    firm.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme", "--tier", "critical")
    firm.ok("credential", "add", "shop", "--kind", "password", stdin="old-shop")
    following = firm.json("rotate", "--all-due")
    assert (following["rotations"], following["next_due"]["account"], following["next_due"]["kind"]) == ([], "shop", "password")
    told = firm.ok("rotate", "--all-due")
    assert told.err == f"nothing is due\nthe next: shop password, on {following['next_due']['due'][:10]}\n"
    assert firm.ok("rotate", "--all-due", "--dry-run").err.splitlines()[0] == "nothing is due"
    assert firm.json("rotation", "list")["rotations"] == []


def test_many_by_hand_without_a_terminal_are_sealed_and_counted(firm: Any) -> None:
    for handle in ("one", "two", "three", "four"):
        firm.ok("account", "add", handle, "--platform", "instagram", "--login", handle, "--tag", "all")
        firm.ok("credential", "add", handle, "--kind", "password", stdin=f"old-{handle}")
    planned = firm.ok("rotate", "tag:all", "--because", "compromise", "--dry-run")
    assert "4 rotations to open, 0 under way; nothing was recorded" in planned.err
    assert firm.json("rotation", "list")["rotations"] == []
    firm.ok("rotate", "tag:all", "--because", "compromise")
    told = firm.ok("rotate", "--all-due")
    assert len(told.out.splitlines()) == 5
    assert "4 wait for somebody to change them" in told.err
    assert told.err.count("next: govern rotation show ") == 3
    assert "4 under way" in firm.ok("rotate", "--all-due", "--dry-run").err
