"""The installed command, really killed (SIGKILL) at each of its boundaries and of its requests, while it changes a password or an authenticator.

By a connector, as `govern rotate --connector`, against a server on this machine; and by hand without a terminal, as a script does it: `rotate --stdin`,
`rotation show`, `rotation confirm`. Within a transaction of the register nothing is durable before its COMMIT, so that of it alone the COMMIT is
a cell. What `test_crash_matrix` says holds here, for whoever comes back and types what `govern rotation list` names.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from govern.cli import settings
from govern.testing.platform import Platform
from govern.vault.keys import Keys
from tests.conftest import Told, govern_command
from tests.unit.attacks.vaults import Machine
from tests.unit.rotation.boundaries import READING
from tests.unit.rotation.crashing import Brand, ends
from tests.unit.rotation.served import Served, served

STOPPING = Path(__file__).with_name("stopping")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")

COMMIT = "vault.db COMMIT"


def installed(
    machine: Machine, *words: str, stdin: str = "", at: int = -1, of: str = "", names: Path | None = None, link: Served | None = None
) -> Told:
    """The installed command, killed at that boundary of its own, or at the request that `link` waits for."""
    path = os.pathsep.join([str(STOPPING), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = machine.environment(PYTHONPATH=path, GOVERN_TEST_STOP=f"{at}:{of}:{names or ''}")
    with subprocess.Popen(
        [govern_command(), *words], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if link is not None:
            link.victim = process.pid
        out, err = process.communicate(stdin, timeout=120)
    return Told(process.returncode, out, err)


def durable(names: Sequence[str]) -> list[int]:
    """The boundaries at which something more, or something else, would be on the disk."""
    return [
        at for at, name in enumerate(names)
        if not name.partition(" ")[2].startswith(READING) and (name.endswith("COMMIT") or not name.startswith("register.db"))
    ]  # fmt: skip


class Killed(Brand):
    """An account whose rotation is typed in a shell. `kill`: the number of the command that is the last, of its boundary, and which are counted."""

    def __init__(self, machine: Machine, kind: str, *, names: Path | None = None) -> None:
        super().__init__(machine, kind)
        self.kill, self.names, self.typed = (-1, -1, ""), names, 0
        self.found: list[list[str]] = []

    class Dead(Exception):
        """The command was killed; whoever typed it has gone home."""

    def govern(self, *words: str, stdin: str = "") -> Told:
        """The installed command where it is to be killed or counted, else the same within this process."""
        number, self.typed = self.typed, self.typed + 1
        if number == self.kill[0]:
            told = installed(self.machine, *words, stdin=stdin, at=self.kill[1], of=self.kill[2])
            assert told.code == -signal.SIGKILL, (words, told)
            raise Killed.Dead
        if self.names is None:
            return self.machine.ok(*words, stdin=stdin)
        told = installed(self.machine, *words, stdin=stdin, names=self.names)
        assert told.code == 0, told
        self.found.append(self.names.read_text().split("\n"))
        return told

    def rotation(self) -> dict[str, Any] | None:
        found = [one for one in self.machine.json("rotation", "list", "--open")["rotations"] if one["account"] == self.handle]
        return found[0] if found else None

    def run(self) -> None:
        try:
            self.change_password() if self.kind == "password" else self.change_seed()
        except Killed.Dead:
            self.kill = (-1, -1, "")

    def change_password(self) -> None:
        if (open_ := self.rotation()) is None:
            self.govern("rotate", self.handle)
            open_ = self.rotation()
            assert open_ is not None
        new = self.govern("rotation", "show", open_["id"], "--secret", "new", "--stdout").out
        if not self.platform.log_in("password", new):  # else it was changed before the command died
            current = self.govern("rotation", "show", open_["id"], "--secret", "current", "--stdout").out
            self.platform.change_password(current, new)
        self.govern("rotation", "confirm", open_["id"])

    def change_seed(self) -> None:
        open_ = self.rotation()
        if open_ is not None and open_["version"]:
            code = self.govern("rotation", "show", open_["id"], "--code").out.strip()
            if self.platform.log_in_with_code(code, settings.seconds()):
                self.govern("rotation", "confirm", open_["id"])
                return
            self.govern("rotation", "reject", open_["id"])  # the page that showed it is gone
        self.govern("rotate", self.handle, "--kind", "totp", "--stdin", stdin=self.platform.offer(os.urandom))
        open_ = self.rotation()
        assert open_ is not None
        code = self.govern("rotation", "show", open_["id"], "--code").out.strip()
        self.platform.take_code(code, settings.seconds())
        self.govern("rotation", "confirm", open_["id"])


Cell = tuple[int, int, str]
"""Number of the command, number of the boundary in it, and the name of those that are counted, if not all are."""


def typed_and_killed(machine: Machine, keys: list[Keys], kind: str, cells: Sequence[Cell], record_property: Any) -> None:
    for cell in cells:
        brand = Killed(machine, kind)
        brand.kill = cell
        brand.run()
        ends(brand, keys, cell)
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} kills of the installed command ({kind}, by hand)")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["password", "totp"])
def test_by_hand_killed_at_every_boundary(machine: Machine, keys: list[Keys], kind: str, tmp_path: Path, record_property: Any) -> None:
    brand = Killed(machine, kind, names=tmp_path / "names")
    brand.run()
    assert brand.state() == "done"
    cells = [(number, at, "") for number, found in enumerate(brand.found) for at in durable(found)]
    typed_and_killed(machine, keys, kind, cells, record_property)


def test_by_hand_killed_as_the_store_commits(machine: Machine, keys: list[Keys], record_property: Any) -> None:
    """Of every day: a seed is being sealed; its code recorded."""
    typed_and_killed(machine, keys, "totp", [(0, 0, COMMIT), (1, 0, COMMIT)], record_property)


# --- by a connector -----------------------------------------------------------------------------------------------------------------


class Connected(Brand):
    """An account on the server of `link`; going on is `govern rotation reconcile`, or the same command again where nothing was touched yet."""

    def __init__(self, machine: Machine, link: Served) -> None:
        super().__init__(machine, "password")
        self.link = link
        link.platform = self.platform
        self.words = ("rotate", self.handle, "--connector", "matrix")
        machine.ok("account", "edit", self.handle, "--url", link.url)

    def run(self) -> None:
        self.link.at, self.link.victim = -1, 0
        self.link.asked.clear()
        open_ = next((one for one in self.machine.json("rotation", "list", "--open")["rotations"] if one["account"] == self.handle), None)
        untouched = open_ is None or open_["connector"] is None
        self.machine.ok(*(self.words if untouched else ("rotation", "reconcile", open_["id"])))


@pytest.fixture
def link() -> Any:
    with served(Platform(password="")) as one:
        yield one


def counted(machine: Machine, link: Served, names: Path) -> tuple[list[str], int]:
    """The boundaries of the command, and its requests."""
    brand = Connected(machine, link)
    link.asked.clear()
    told = installed(machine, *brand.words, names=names)
    assert told.code == 0, told
    assert brand.state() == "done"
    return names.read_text().split("\n"), len(link.asked)


def killed_at(machine: Machine, link: Served, keys: list[Keys], at: int, name: str, *, of: str = "") -> list[str]:
    """What the platform had been asked when the command was killed."""
    brand = Connected(machine, link)
    told = installed(machine, *brand.words, at=at, of=of)
    assert told.code == -signal.SIGKILL, (name, told)
    asked = list(brand.platform.calls)
    ends(brand, keys, (at, name))
    return asked


@pytest.mark.slow
def test_a_connector_killed_at_every_boundary(
    machine: Machine, keys: list[Keys], link: Served, tmp_path: Path, record_property: Any
) -> None:
    found, _ = counted(machine, link, tmp_path / "names")
    cells = durable(found)
    for at in cells:
        killed_at(machine, link, keys, at, found[at])
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} kills of the installed command (password, by a connector)")


def test_a_connector_killed_between_the_change_and_the_first_word_of_it(
    machine: Machine, keys: list[Keys], link: Served, record_property: Any
) -> None:
    """Of every day: as the store commits the first thing that is written after the change."""
    assert killed_at(machine, link, keys, 2, COMMIT, of=COMMIT)[-2:] == ["change", "log in"]
    record_property("crash cells", 1)
    record_property("load", "1 kill of the installed command (password, by a connector)")


@pytest.mark.slow
@pytest.mark.parametrize("forwarded", [False, True], ids=["not applied", "applied"])
def test_a_connector_killed_at_every_request(
    machine: Machine, keys: list[Keys], link: Served, forwarded: bool, tmp_path: Path, record_property: Any
) -> None:
    _, requests = counted(machine, link, tmp_path / "names")
    assert requests >= 6
    for at in range(requests):
        brand = Connected(machine, link)
        link.asked.clear()
        link.at, link.forwarded, link.down = at, forwarded, False
        told = installed(machine, *brand.words, link=link)
        assert told.code == -signal.SIGKILL, (at, told)
        ends(brand, keys, (at, forwarded))
    record_property("crash cells", requests)
    record_property("load", f"{requests} kills of the installed command at its requests")


# --- the control --------------------------------------------------------------------------------------------------------------------


def test_who_changes_first_loses_the_secret_to_the_same_kill(machine: Machine, keys: list[Keys]) -> None:
    """The control: somebody makes one up, changes it there, and then has it stored (`--already-changed`)."""

    class Naive(Killed):
        def run(self) -> None:
            self.platform.change_password(self.first, "made-up-and-typed-in-there-1")
            try:
                self.govern("rotate", self.handle, "--already-changed", stdin="made-up-and-typed-in-there-1")
            except Killed.Dead:
                pass

    brand = Naive(machine, "password")
    brand.kill = (0, 0, COMMIT)
    brand.run()
    assert brand.lost(keys)
    untouched = Naive(machine, "password")
    untouched.run()
    assert not untouched.lost(keys)
