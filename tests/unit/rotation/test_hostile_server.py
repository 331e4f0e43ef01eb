"""A server that answers what nobody would expect, at each request of a rotation: the working secret stays among those we can open, no answer
moves the cursor or fills the screen, and once the server is itself again the same rotation ends well.

The control is the same rotation with an honest server, which counts the requests.
"""

from __future__ import annotations

from typing import Any

import pytest

from govern.testing.platform import Platform
from tests.unit.attacks.vaults import Machine

from .served import AtProto, Served, served

OLD = "first-password"


def deep() -> Any:
    found: list[Any] = []
    for _ in range(900):
        found = [found]
    return found


WEIRD: dict[str, Any] = {
    "long": "x" * 300_000, "half a sign": "\ud800", "control": "\x1b[2J\x00\u202e", "header": "a\r\nX-Evil: 1", "number": 0, "huge": 10**400,
    "none": None, "list": [], "deep": deep(),
}  # fmt: skip


def spoilt(value: Any, weird: Any) -> Any:
    """The same answer with this in place of everything in it."""
    match value:
        case dict():
            return {name: spoilt(one, weird) for name, one in value.items()}
        case list() if value:
            return [spoilt(one, weird) for one in value]
        case _:
            return weird


class _Hostile:
    """`spoils`: the number, from 0, of the request whose answer is spoilt."""

    spoils, weird = -1, None

    def answer(self, method: str, path: str, value: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        number = len(self.asked) - 1  # type: ignore[attr-defined]
        status, said = super().answer(method, path, value)  # type: ignore[misc]
        return status, spoilt(said, self.weird) if number == self.spoils else said


class Matrix(_Hostile, Served):
    pass


class Sky(_Hostile, AtProto):
    pass


FLOWS = {"password": (Matrix, "matrix"), "app-password": (Sky, "bluesky")}


def rotated(machine: Machine, kind: str, handle: str, spoils: int = -1, weird: Any = None) -> int:
    """How many requests the first run made; everything that must hold is looked at here."""
    make, name = FLOWS[kind]
    platform = Platform(password=OLD, sessions={"phone"}, app_passwords={"tool": "t"})
    with served(platform, make) as server:
        machine.ok("account", "add", handle, "--platform", name, "--login", "brand", "--url", server.url)
        machine.ok("credential", "add", handle, "--kind", "password", stdin=OLD)
        if kind == "app-password":
            machine.ok("credential", "add", handle, "--kind", kind, stdin="nobody knows it")
        server.spoils, server.weird = spoils, weird
        words = ("rotate", handle, "--kind", kind, "--connector", name)
        told = machine.run(*words)
        said, requests = told.out + told.err, len(server.asked)
        assert not {"\x1b", "\x00", "\u202e"} & set(said), said
        assert len(said) < 3000
        assert "defect" not in said
        server.spoils = -1
        for _ in range(2):
            if [one for one in machine.json("rotation", "list", "--open")["rotations"] if one["account"] == handle]:
                told = machine.run(*words)
        assert told.code == 0, told
        works = platform.password if kind == "password" else next(s for label, s in platform.app_passwords.items() if label != "tool")
        assert machine.ok("reveal", handle, "--kind", kind, "--stdout").out == works
        assert works not in said
    return requests


@pytest.mark.parametrize("kind", FLOWS)
@pytest.mark.parametrize("weird", ["long", *(pytest.param(one, marks=pytest.mark.slow) for one in WEIRD if one != "long")])
def test_whatever_it_answers_at_each_request(machine: Machine, kind: str, weird: str) -> None:
    requests = rotated(machine, kind, "honest")
    assert requests >= 6
    for number in range(requests):
        rotated(machine, kind, f"shop{number}", number, WEIRD[weird])
    assert machine.json("ledger", "verify")["findings"] == []
