"""A full disk and a lost network in the middle of a rotation: nothing is lost, it is told, and going on brings it to an end.

Full disks are played at every boundary (from there on nothing can be written any more), and are real ones: limits on the size of files for the whole of
a rotation, and a file system of four megabytes without room. The network goes at each request of a real connector, for good, and comes back later.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from govern.errors import GovernError
from govern.testing.platform import Platform
from govern.vault.keys import Keys
from tests.unit.attacks.vaults import Machine, found
from tests.unit.rotation.boundaries import Boundaries, changing, watching
from tests.unit.rotation.by_hand import ByHand
from tests.unit.rotation.crashing import Brand, asking, ends, keepers, steps
from tests.unit.rotation.served import Served, served
from tests.unit.rotation.test_crash_killed import Connected, installed

WAYS = [(Brand, "password"), (Brand, "app-password"), (ByHand, "password"), (ByHand, "totp")]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


def ends_in_words(brand: Brand) -> bool:
    """Whether a run was stopped by an error of ours, raised or told on the screen; any other error is a defect."""
    told = None
    try:
        brand.run()
    except GovernError as error:
        told = error
    assert told is None or told.code != "defect", told
    return told is not None or (isinstance(brand, ByHand) and "error: " in brand.said)


# --- no room --------------------------------------------------------------------------------------------------------------------------


class Full(Boundaries):
    """From its boundary on, whatever would make a file grow fails. What is undone needs no room."""

    def around(self, name: str, do: Any, half: Any = None) -> Any:
        grows = name.endswith((" INSERT", " UPDATE", " COMMIT", " write", " fdatasync", " fsync"))

        def made(*args: Any, **more: Any) -> Any:
            number = len(self.seen)
            self.seen.append(name)
            if grows and 0 <= self.at <= number:
                if half is not None and number == self.at:
                    half(*args, **more)
                self.full(name)
            return do(*args, **more)

        return made

    @staticmethod
    def full(name: str) -> NoReturn:
        if name.startswith("file"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.slow
@pytest.mark.parametrize(("way", "kind"), WAYS)
def test_the_disk_is_full_from_any_boundary_on(
    machine: Machine, keys: list[Keys], way: type[Brand], kind: str, record_property: Any
) -> None:
    names = steps(way(machine, kind))
    cells = [at for at in changing(names) if not names[at].startswith("platform")]
    stopped = 0
    for at in cells:
        brand = way(machine, kind)
        full = Full(lambda: None, at=at)
        with watching(full), asking(full):
            stopped += ends_in_words(brand)
        ends(brand, keys, (at, names[at]))
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} cells, {stopped} of them told as errors")
    assert stopped > len(cells) // 2


@contextmanager
def room(limit: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


@linux
@pytest.mark.slow
@pytest.mark.parametrize(("way", "kind"), [WAYS[0], WAYS[3]])
def test_whatever_room_there_is(tmp_path: Path, way: type[Brand], kind: str, record_property: Any) -> None:
    """A vault of its own for every limit, so that now the journal, now the database, now the register is what can't grow."""
    (tmp_path / "original").mkdir()
    original = found(tmp_path / "original")
    limits = [*range(2_000, 40_000, 3_000), *range(40_000, 400_000, 30_000)]
    stopped = 0
    for limit in limits:
        machine = original.copy(tmp_path / str(limit))
        for sheets in machine.home.rglob("recovery-sheets"):
            sheets.write_bytes(sheets.read_bytes().replace(os.fsencode(original.folder), os.fsencode(machine.folder)))
        brand = way(machine, kind)
        with room(limit):
            stopped += ends_in_words(brand)
        ends(brand, keepers(machine), limit)
    record_property("crash cells", len(limits))
    record_property("load", f"{len(limits)} limits, {stopped} of them told as errors")
    assert 0 < stopped < len(limits)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@linux
def test_the_file_system_fills_up_while_the_platform_is_changed(tiny: Path) -> None:
    """The installed command: there was room for the candidate, none for a word of what the platform said to it."""
    machine = found(tiny)
    with served(Platform(password="")) as link:
        brand = Connected(machine, link)
        filler = tiny / "filler"
        change = brand.platform.change_password

        def fill(*values: str) -> None:
            change(*values)
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass

        object.__setattr__(link, "platform", _Filling(brand.platform, fill))
        told = installed(machine, *brand.words)
        link.platform = brand.platform
        assert told.code == 1, told
        assert told.err.splitlines()[-2].startswith("error: ")
        assert brand.platform.password != brand.first
        filler.unlink()
        ends(brand, keepers(machine), "full")


class _Filling:
    """A platform during whose change something else happens."""

    def __init__(self, platform: Platform, change: Any) -> None:
        self._platform, self.change_password = platform, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)


# --- no network -----------------------------------------------------------------------------------------------------------------------


def gone_at(machine: Machine, keys: list[Keys], link: Served, at: int, *, forwarded: bool) -> None:
    """It is told, nothing is concluded from it, and once the network is back the same rotation goes on."""
    brand = Connected(machine, link)
    link.asked.clear()
    link.at, link.forwarded, link.down = at, forwarded, True
    told = machine.run(*brand.words)
    assert told.code == 1, (at, told)
    assert "broke off" in told.err, (at, told)
    assert brand.state() in ("staged", "unknown", "applied", "verified"), at
    ends(brand, keys, (at, forwarded))


def requests(machine: Machine, link: Served) -> list[str]:
    undisturbed = Connected(machine, link)
    link.asked.clear()
    machine.ok(*undisturbed.words)
    return list(link.asked)


@pytest.mark.slow
@pytest.mark.parametrize("forwarded", [False, True], ids=["not applied", "applied"])
def test_the_network_goes_at_any_request(machine: Machine, keys: list[Keys], forwarded: bool, record_property: Any) -> None:
    with served(Platform(password="")) as link:
        asked = requests(machine, link)
        assert len(asked) >= 6
        for at in range(len(asked)):
            gone_at(machine, keys, link, at, forwarded=forwarded)
    record_property("crash cells", len(asked))
    record_property("load", f"{len(asked)} requests at which the network goes")


def test_the_network_goes_while_the_platform_changes_it(machine: Machine, keys: list[Keys], record_property: Any) -> None:
    with served(Platform(password="")) as link:
        asked = requests(machine, link)
        last = max(at for at, what in enumerate(asked) if what.endswith("/account/password"))
        gone_at(machine, keys, link, last, forwarded=True)
    record_property("crash cells", 1)
