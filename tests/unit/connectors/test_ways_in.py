"""What gets into an account besides its secrets: listed by a connector, ended after that was recorded, and settled after a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Failed, Refused
from govern.procedures import ways, ways_in
from govern.procedures.connecting import Way
from govern.register.queries.accounts import find
from govern.testing.connector import Double
from govern.testing.platform import Crash, Fault, Platform
from tests.conftest import Prepared
from tests.unit.attacks.insider import Insider
from tests.unit.attacks.vaults import Machine
from tests.unit.rotation.crashing import DOUBLE

NOW = "2099-01-01T08:00:00Z"


class Shop:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.platform = Platform(password="first-password", sessions={"phone of anna", "old laptop"}, app_passwords={"a tool": "x"})

    @property
    def way(self) -> Way:
        return Way(found=DOUBLE, connect=lambda target: Double(target, self.platform))

    def listed(self) -> list[ways_in.WayIn]:
        with self.machine.opened() as workspace:
            return ways_in.look(workspace, find(workspace.view(), "shop"), self.way, lambda: NOW)

    def look(self) -> set[tuple[str, str, str]]:
        return {(one.way.kind, one.way.name, one.ours) for one in self.listed()}

    def end(self, *names: str) -> dict[str, bool | None]:
        def choose(found: Any) -> Any:
            return [one for one in found if one.way.name in names]

        with self.machine.opened() as workspace:
            done = ways_in.end(workspace, find(workspace.view(), "shop"), self.way, choose, lambda: NOW)
        return {one.way.name: one.gone for one in done}

    def recorded(self) -> list[Any]:
        return self.machine.ask("SELECT kind, name, gone FROM ways ORDER BY entry")

    def types(self) -> list[str]:
        return [row[0] for row in self.machine.ask("SELECT type FROM entries ORDER BY idx")]


def kept(machine: Machine) -> None:
    machine.init()
    machine.ok("account", "add", "shop", "--platform", "matrix", "--login", "shop", "--url", "https://matrix.acme.example")
    machine.ok("credential", "add", "shop", "--kind", "password", stdin="first-password")


@pytest.fixture
def shop(tmp_path: Path, prepared: Prepared) -> Shop:
    return Shop(prepared.into(Machine(tmp_path), kept))


def test_what_the_platform_lists_after_the_use_of_the_secret_was_recorded(shop: Shop) -> None:
    seen: list[str] = []
    shop.platform.during = lambda what: seen.append(shop.types()[-1]) if what == "list" else None
    assert shop.look() == {("session", "phone of anna", ""), ("session", "old laptop", ""), ("app-password", "a tool", "")}
    assert seen == ["secret.revealed"]
    assert shop.platform.calls[-1] == "log out"


def test_one_is_ended_after_that_was_recorded_and_looked_for_again(shop: Shop) -> None:
    seen: list[str] = []
    shop.platform.during = lambda what: seen.append(shop.types()[-1]) if what == "remove" else None
    assert shop.end("old laptop", "a tool") == {"old laptop": True, "a tool": True}
    assert seen == ["way.ending", "way.ending"]
    assert shop.types()[-2:] == ["way.ended", "way.ended"]
    assert shop.recorded() == [("session", "old laptop", 1), ("app-password", "a tool", 1)]
    assert shop.look() == {("session", "phone of anna", "")}


@pytest.mark.parametrize(("fault", "gone"), [(Fault.NOT_APPLIED, False), (Fault.APPLIED, True), (Fault.LATE, False)])
def test_silence_is_no_answer_and_the_list_decides(shop: Shop, fault: Fault, gone: bool) -> None:
    shop.platform.faults = {1: fault}  # list, remove, list
    assert shop.end("old laptop") == {"old laptop": gone}
    assert shop.recorded() == [("session", "old laptop", int(gone))]


@pytest.mark.parametrize(("fault", "gone"), [(Fault.CRASH_BEFORE, 0), (Fault.CRASH_AFTER, 1)])
def test_after_a_crash_the_next_look_says_what_came_of_it(shop: Shop, fault: Fault, gone: int) -> None:
    shop.platform.faults = {1: fault}
    with pytest.raises(Crash):
        shop.end("old laptop")
    assert shop.recorded() == [("session", "old laptop", None)]
    shop.platform.faults = {}
    assert (("session", "old laptop", "") in shop.look()) is not bool(gone)
    assert shop.recorded() == [("session", "old laptop", gone)]


def test_no_answer_to_the_last_look_leaves_it_open(shop: Shop) -> None:
    shop.platform.faults = {2: Fault.NOT_APPLIED}
    assert shop.end("old laptop") == {"old laptop": None}
    assert shop.recorded() == [("session", "old laptop", None)]


def test_nothing_is_recorded_where_there_is_no_list(shop: Shop) -> None:
    shop.platform.faults = {0: Fault.NOT_APPLIED}
    with pytest.raises(Failed, match="no answer came in time"):
        shop.end("old laptop")
    assert "way.ending" not in shop.types()


def test_our_own_app_password_is_not_ended_but_rotated(shop: Shop) -> None:
    """The control: one of the same kind that is nobody's here."""
    from govern.procedures import rotate
    from govern.procedures.connected import carry_on
    from govern.register.queries import rotatable
    from govern.rotation.triggers import Trigger

    shop.machine.ok("credential", "add", "shop", "--kind", "app-password", stdin="first-app-password")
    shop.platform.app_passwords["by hand"] = "first-app-password"
    with shop.machine.opened() as workspace:
        found = rotatable.of_account(workspace.view(), find(workspace.view(), "shop").id, "app-password")
        with workspace.transaction(NOW) as tx:
            (started,), _ = rotate.start(tx, found, Trigger.MANUAL)
        carry_on(workspace, started.rotation.id, shop.way, lambda: NOW)
    (own,) = [name for kind, name, ours in shop.look() if ours == "app-password"]
    with pytest.raises(Refused, match="is the present app-password of shop here"):
        shop.end(own)
    shop.platform.sessions.add(own)
    assert ("session", own, "") in shop.look(), "the name alone makes nothing ours: whoever signs in chooses it"
    assert shop.end("a tool") == {"a tool": True}
    assert own in shop.platform.app_passwords


def test_all_of_a_kind_are_not_ended_while_one_of_them_may_be_ours(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed in by hand: nobody here knows its name. By name each can be ended, and sessions, of which none is kept here, all at once."""
    monkeypatch.setattr(ways, "way", lambda *_, **__: shop.way)
    shop.machine.ok("credential", "add", "shop", "--kind", "app-password", stdin="x")
    told = shop.machine.run("credential", "end-way", "shop", "--all-of", "app-password", "--json")
    assert (told.code, told.json()["error"]["rule"]) == (4, "own-way")
    assert shop.platform.app_passwords == {"a tool": "x"}
    shop.machine.ok("credential", "end-way", "shop", "--all-of", "session")
    shop.machine.ok("credential", "end-way", "shop", "a tool")
    assert (shop.platform.sessions, shop.platform.app_passwords) == (set(), {})


@pytest.mark.parametrize(
    "name",
    ["x" * 512, "x" * 100_000, "\ud800 half a sign", "\x1b[2J\u202e\r\nnext: rm", ""],
    ids=["long", "endless", "half", "control", "none"],
)
@pytest.mark.parametrize("kind", ["session", "app-password"])
def test_no_name_that_a_leaver_chose_keeps_their_way_open(shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    """Whoever signs in names the session; the control is one that anybody would choose."""
    monkeypatch.setattr(ways, "way", lambda *_, **__: shop.way)
    (shop.platform.sessions.add if kind == "session" else shop.platform.app_passwords.setdefault)(name)
    told = shop.machine.ok("credential", "ways-in", "shop")
    assert not {"\x1b", "\r", "\u202e"} & set(told.out + told.err)
    assert max(len(one.way.name) for one in shop.listed()) <= 120
    told = shop.machine.json("credential", "end-way", "shop", "--all-of", kind)
    assert {one["gone"] for one in told["ended"]} == {True}
    assert not (shop.platform.sessions if kind == "session" else shop.platform.app_passwords)
    assert [gone for _, _, gone in shop.recorded()] == [1] * len(told["ended"])


def test_the_commands(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "way", lambda *_, **__: shop.way)
    told = shop.machine.ok("credential", "ways-in", "shop")
    assert [line.split()[0] for line in told.out.splitlines()] == ["ID", "old", "phone", "a"]
    assert "next: govern credential end-way shop ID" in told.err
    assert "session old laptop: ended" in shop.machine.ok("credential", "end-way", "shop", "old laptop").err
    listed = shop.machine.json("credential", "ways-in", "shop")
    assert [(one["kind"], one["name"]) for one in listed["ways"]] == [("session", "phone of anna"), ("app-password", "a tool")]
    assert [(one["name"], one["by"], one["gone"]) for one in listed["ended"]] == [("old laptop", "mia", True)]
    assert [one["gone"] for one in shop.machine.json("credential", "end-way", "shop", "--all-of", "app-password")["ended"]] == [True]
    assert shop.machine.run("credential", "end-way", "shop", "nothing").code == 3
    assert shop.machine.run("credential", "end-way", "shop").code == 2
    assert shop.machine.json("ledger", "verify")["findings"] == []


def test_a_platform_that_no_connector_lists(shop: Shop) -> None:
    shop.machine.ok("account", "add", "insta", "--platform", "instagram", "--login", "i")
    told = shop.machine.run("credential", "ways-in", "insta")
    assert (told.code, "no connector lists what gets into an account on instagram" in told.err) == (3, True)


BODY = {"kind": "session", "connector": "matrix", "distribution": "govern", "release": "1", "server": "matrix.acme.example"}


def forged(shop: Shop, type_: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """The rule against an entry that somebody writes past every procedure; empty where it counts."""
    account = shop.machine.ask("SELECT id FROM accounts WHERE handle = 'shop'")[0][0]
    insider = Insider(shop.machine)
    way = "ab" * 16
    insider.write(insider.event("way.ending", {"way": way, "account": account, **BODY}))
    body = {"way": "cd" * 16, "account": account, **BODY} if type_ == "way.ending" else {"way": way, "account": account, "gone": True}
    index = insider.write(insider.event(type_, change(body)))
    rows = shop.machine.ask("SELECT code FROM findings WHERE entry = ?", index)
    return str(rows[0][0]) if rows else ""


@pytest.mark.parametrize(
    ("type_", "change", "rule"),
    [
        ("way.ending", lambda body: body, ""),
        ("way.ending", lambda body: {**body, "connector": "evil"}, "connector-allowed"),
        ("way.ending", lambda body: {**body, "account": "0" * 32}, "unknown-reference"),
        ("way.ending", lambda body: {**body, "way": "ab" * 16}, "contradiction"),
        ("way.ended", lambda body: body, ""),
        ("way.ended", lambda body: {**body, "way": "0" * 32}, "unknown-reference"),
    ],
)
def test_what_an_insider_claims_is_judged_in_replay(shop: Shop, type_: str, change: Any, rule: str) -> None:
    assert forged(shop, type_, change) == rule
