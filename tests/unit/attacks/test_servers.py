"""Somebody who answers for an account points its url at a server of theirs, and leaves: no secret goes there before somebody who stays has said so.

Refused before the first byte is sent, and void in everybody's replay; the control of each goes through with the confirmation of somebody who stays.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from govern.canonical import canonical
from govern.cli import prompt, settings
from govern.connectors import address
from govern.connectors.load import Found
from govern.errors import Refused
from govern.ledger.commitment import commit
from govern.procedures import rotate, ways_in
from govern.procedures.connected import carry_on
from govern.procedures.connecting import Way
from govern.register.queries import accounts, rotatable
from govern.rotation.triggers import Trigger
from govern.testing.connector import Double
from govern.testing.platform import Fault, Platform

from .insider import Insider
from .vaults import Machine, enrol

OWN, THEIRS = "https://matrix.acme.example", "https://matrix.evil.example"
BY = {"connector": "matrix", "distribution": "govern", "release": "1"}
DOUBLE = Found(name="matrix", make=Double, distribution="govern", release="1")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """mia answers for `brand`, ben is her deputy, cleo will leave without ever touching it."""
    mia = Machine(tmp_path_factory.mktemp("servers"))
    mia.init()
    for name in ("ben", "cleo"):
        mia.ok("person", "add", f"{name.title()} Bos", "--handle", name)
    enrol(mia, "ben", mia.ask("SELECT id FROM people WHERE handle = 'ben'")[0][0])
    mia.ok("account", "add", "brand", "--platform", "matrix", "--login", "brand", "--deputy", "ben", "--url", OWN)
    mia.ok("credential", "add", "brand", "--kind", "password", stdin="first-password")
    return mia


@pytest.fixture
def brand(built: Machine, tmp_path: Path) -> Brand:
    return Brand(built.copy(tmp_path / "copy"))


class Brand:
    """The account, the platform behind whichever url it has, and those who change both."""

    def __init__(self, mia: Machine) -> None:
        self.mia, self.ben = mia, mia.of("ben")
        self.platform = Platform(password="first-password")
        self.ids = dict(mia.ask("SELECT handle, id FROM people"))
        self.account = str(mia.ask("SELECT id FROM accounts")[0][0])

    def rotate(self, named: str = "", *, by: Machine | None = None, person: str = "", rotation: str = "") -> Any:
        """By the connector; `named`: what was given as --server. Returns how far it came, or raises Refused."""
        way = Way(found=DOUBLE, connect=lambda target: Double(target, self.platform), server=named)
        with (by or self.mia).opened() as workspace:
            if not rotation:
                found = rotatable.of_account(workspace.view(), self.account, "password")
                with workspace.transaction(settings.now()) as tx:
                    if person:
                        body = {"rotation": os.urandom(16).hex(), "credential": found[0].credential, "trigger": "membership"}
                        tx.record("rotation.opened", {**body, "person": self.ids[person]})
                    (started,), _ = rotate.start(tx, found, Trigger.MANUAL)
                rotation = started.rotation.id
            return carry_on(workspace, rotation, way, settings.now)

    def refuses(self, named: str = "", **more: Any) -> Refused:
        """The connector must not even be made."""
        calls = len(self.platform.calls)
        with pytest.raises(Refused) as refused:
            self.rotate(named, **more)
        assert (refused.value.rule, bool(refused.value.control), bool(refused.value.hint)) == ("server-confirmed", True, True)
        assert len(self.platform.calls) == calls
        return refused.value

    def goes(self, named: str = "", **more: Any) -> None:
        carried = self.rotate(named, **more)
        assert carried.rotation.state == "done", carried
        assert carried.rotation.grade == "probed"

    def move(self, url: str, by: Machine) -> None:
        by.ok("account", "edit", "brand", "--url", url)

    def leaves(self, handle: str) -> None:
        self.mia.write(lambda tx: tx.record("person.leaving", {"person": self.ids[handle]}))

    def open(self, by: Machine | None = None) -> str:
        """A rotation with its candidate, 2."""
        (by or self.mia).ok("rotate", "brand")
        return str(self.mia.ask("SELECT id FROM rotations WHERE ended_at IS NULL")[0][0])

    def claim(self, rotation: str, by: Machine, n: int = 2, **body: Any) -> str:
        """What becomes of a `rotation.connected` that is written past our program: the rule against it, or nothing."""
        insider = Insider(by)
        index = insider.write(insider.event("rotation.connected", {"rotation": rotation, "version": n, **BY, **body}))
        found = self.mia.ask("SELECT code FROM findings WHERE entry = ?", index)
        return found[0][0] if found else ""


# --- before anything is sent --------------------------------------------------------------------------------------------------------------


def test_the_server_is_in_the_ledger_and_nothing_else_of_the_url(brand: Brand) -> None:
    brand.move(f"{OWN.upper().replace('HTTPS', 'https')}:443/path/", brand.mia)
    brand.goes()
    assert brand.mia.ask("SELECT server FROM rotations") == [(OWN,)]


def test_a_url_that_was_changed_since_a_rotation_succeeded_elsewhere(brand: Brand) -> None:
    brand.goes()
    brand.goes()
    brand.move(THEIRS, brand.ben)
    refused = brand.refuses()
    assert f"it was changed at {OWN} before" in refused.message
    assert "--server matrix.evil.example" in refused.hint
    assert "not at matrix.acme.example" in brand.refuses("matrix.acme.example").message
    brand.move(OWN, brand.ben)
    brand.goes()


def test_control_a_person_who_names_it_lets_it_pass_and_is_not_asked_again(brand: Brand) -> None:
    brand.goes()
    brand.move(f"{THEIRS}:8448", brand.ben)
    brand.refuses("matrix.evil.example")  # another port is another server
    brand.goes("Matrix.Evil.Example:8448")
    brand.goes()
    brand.move(OWN, brand.ben)  # and back is a change as well
    brand.refuses()
    brand.goes(OWN)


def test_a_url_that_a_leaver_set_before_any_rotation(brand: Brand) -> None:
    brand.move(THEIRS, brand.ben)
    brand.leaves("ben")
    assert "its url was set by ben" in brand.refuses().message
    brand.refuses("matrix.evil.example", by=brand.ben)  # nor can whoever leaves confirm it
    brand.goes("matrix.evil.example")
    brand.goes()


def test_control_a_leaver_who_never_set_it(brand: Brand) -> None:
    brand.ben.ok("account", "edit", "brand", "--title", "The brand", "--login", "brand2")
    brand.leaves("cleo")
    brand.leaves("ben")
    brand.goes()


def test_setting_it_anew_by_somebody_who_stays_is_a_confirmation(brand: Brand) -> None:
    brand.move(THEIRS, brand.ben)
    brand.leaves("ben")
    brand.refuses()
    brand.move(OWN, brand.mia)
    brand.goes()


def test_the_one_whom_the_rotation_is_to_clear_counts_as_a_leaver(brand: Brand) -> None:
    brand.move(THEIRS, brand.ben)
    assert "its url was set by ben" in brand.refuses(person="ben").message


def test_the_subject_of_a_case_counts_as_a_leaver_for_whoever_reads_it(brand: Brand) -> None:
    brand.move(THEIRS, brand.ben)
    brand.mia.ok("offboard", "open", "ben", "--cut-at", "2099-01-01T09:00:00Z")
    brand.refuses()
    brand.goes("matrix.evil.example")


def test_a_confirmation_is_older_than_what_is_changed_afterwards(brand: Brand) -> None:
    brand.goes("matrix.acme.example")
    brand.move(THEIRS, brand.mia)
    brand.move(OWN, brand.ben)
    brand.leaves("ben")
    brand.refuses()


def test_a_rotation_under_way_does_not_follow_the_url_to_another_server(brand: Brand) -> None:
    """What the first server answered proves nothing about the second."""
    brand.platform.faults = dict.fromkeys(range(4, 40), Fault.NOT_APPLIED)
    carried = brand.rotate()
    assert carried.rotation.state in ("unknown", "applied", "verified")
    brand.platform.faults = {}
    brand.move(THEIRS, brand.ben)
    brand.refuses(rotation=carried.rotation.id)
    brand.goes("matrix.evil.example", rotation=carried.rotation.id)
    assert [server for (server,) in brand.mia.ask("SELECT server FROM rotations")] == [THEIRS]


# --- past our program ---------------------------------------------------------------------------------------------------------------------


def test_replay_finds_the_same_void(brand: Brand) -> None:
    brand.goes()
    rotation = brand.open()
    assert brand.claim(rotation, brand.ben, 3, server=THEIRS) == "server-confirmed"
    assert brand.claim(rotation, brand.ben, 3) == "server-named"
    assert brand.claim(rotation, brand.ben, 3, server=OWN) == ""
    assert brand.claim(rotation, brand.ben, 3, server=THEIRS, confirmed=False) == "server-confirmed"
    assert brand.claim(rotation, brand.ben, 3, server=THEIRS, confirmed=True) == ""


def test_replay_takes_no_leavers_word_for_a_server(brand: Brand) -> None:
    brand.move(THEIRS, brand.ben)
    rotation = brand.open()
    brand.leaves("ben")
    assert brand.claim(rotation, brand.ben, server=THEIRS, confirmed=True) == "server-confirmed"
    assert brand.claim(rotation, brand.mia, server=THEIRS) == "server-confirmed"
    assert brand.claim(rotation, brand.mia, server=THEIRS, confirmed=True) == ""
    assert brand.claim(rotation, brand.ben, server=THEIRS) == ""


def test_a_ledger_from_before_servers_were_named_counts_as_it_did(brand: Brand) -> None:
    assert brand.claim(brand.open(), brand.mia) == ""


def edit(brand: Brand, url: str, **body: Any) -> None:
    """Ben writes an edit of the url past our program."""
    insider = Insider(brand.ben)
    part = canonical({"url": url})
    salt = os.urandom(32)
    event = insider.event("account.edited", {"account": brand.account, **body}, personal=commit(salt, part).hex())
    insider.write(event, personal=(salt, part))


def test_an_edit_that_does_not_say_what_it_sets_is_taken_to_set_the_url(brand: Brand) -> None:
    edit(brand, THEIRS)
    assert brand.mia.ask("SELECT url FROM accounts") == [(THEIRS,)]
    brand.leaves("ben")
    brand.refuses()


def test_an_edit_that_says_it_sets_something_else_sets_no_url(brand: Brand) -> None:
    edit(brand, THEIRS, sets=["title"])
    assert brand.mia.ask("SELECT url FROM accounts") == [(OWN,)]
    edit(brand, THEIRS, sets=["url"])
    assert brand.mia.ask("SELECT url FROM accounts") == [(THEIRS,)]


# --- the command --------------------------------------------------------------------------------------------------------------------------


def test_without_a_terminal_the_command_names_the_option(brand: Brand) -> None:
    brand.move("http://127.0.0.1:1", brand.ben)
    brand.leaves("ben")
    told = brand.mia.run("rotate", "brand", "--connector", "matrix", "--json")
    assert told.code == 4
    error = json.loads(told.out)["error"]
    assert "--server 127.0.0.1:1" in error["hint"]
    assert "its url was set by ben" in error["message"]
    told = brand.mia.run("rotate", "brand", "--connector", "matrix", "--server", "127.0.0.1:1")
    assert (told.code, "can't be reached" in told.err) == (1, True)  # the control: it tried
    told = brand.mia.run("rotate", "brand", "--server", "127.0.0.1:1")
    assert (told.code, "--server is for a connector" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("typed", "code", "told"), [("127.0.0.1:1", 1, "can't be reached"), ("", 4, "nothing is sent to"), ("own", 4, "not at own")]
)
def test_on_a_terminal_its_name_is_typed(brand: Brand, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, told: str) -> None:
    brand.move("http://127.0.0.1:1", brand.ben)
    brand.leaves("ben")
    asked: list[str] = []
    monkeypatch.setattr(settings.Settings, "terminal", True)
    monkeypatch.setattr(prompt, "ask", lambda question: asked.append(question) or typed)
    said = brand.mia.run("rotate", "brand", "--connector", "matrix")
    assert (said.code, told in said.err, len(asked)) == (code, True, 1), said


# --- looking at what else gets in, and ending some of it -----------------------------------------------------------------------------------


def looked(brand: Brand) -> int:
    """How much the platform lists to whoever looks with the account's password."""
    way = Way(found=DOUBLE, connect=lambda target: Double(target, brand.platform))
    with brand.mia.opened() as workspace:
        return len(ways_in.look(workspace, accounts.find(workspace.view(), "brand"), way, settings.now))


def ending(brand: Brand, url: str) -> str:
    """What becomes of a `way.ending` that is written past our program: the rule against it, or nothing."""
    insider = Insider(brand.ben)
    server = address.read(url, "brand").server
    body = {"way": os.urandom(16).hex(), "account": brand.account, "kind": "session", "server": server, **BY}
    index = insider.write(insider.event("way.ending", body))
    found = brand.mia.ask("SELECT code FROM findings WHERE entry = ?", index)
    return found[0][0] if found else ""


def test_nobody_looks_with_the_password_at_a_server_that_is_in_doubt(brand: Brand) -> None:
    """The control: the same look before its url was moved by somebody who leaves."""
    brand.platform.sessions = {"a phone"}
    assert looked(brand) == 1
    brand.move(THEIRS, by=brand.ben)
    brand.leaves("ben")
    calls = len(brand.platform.calls)
    with pytest.raises(Refused) as refused:
        looked(brand)
    assert (refused.value.rule, len(brand.platform.calls)) == ("server-confirmed", calls)


def test_ending_a_way_in_at_a_server_in_doubt_is_void(brand: Brand) -> None:
    assert ending(brand, OWN) == "", "the control"
    brand.move(THEIRS, by=brand.ben)
    brand.leaves("ben")
    assert ending(brand, THEIRS) == "server-confirmed"
