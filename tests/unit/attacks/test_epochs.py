"""New epochs: whoever no longer reads a compartment opens nothing that comes after, and whoever begins to reads all of it.

A member who has left keeps their keys and a copy of the database; the program refuses them, and so does what they hold.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from govern.canonical import canonical
from govern.cli import settings
from govern.errors import IntegrityError
from govern.ledger.commitment import EpochKey
from govern.register.epochs import EpochKeys
from govern.vault.epoch import wrap_epoch
from govern.vault.keys import Keys
from govern.vault.seal import set_digest, wrap_digest

from .insider import Insider
from .vaults import Machine, enrol


@pytest.fixture
def dora(machine: Machine) -> Machine:
    """A keyholder without a role: she reads `base` alone."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    dora = enrol(machine, "dora", person(machine, "dora"), reads=("base",))
    dora.ok("status")
    return dora


def person(machine: Machine, handle: str) -> str:
    return str(machine.ask("SELECT id FROM people WHERE handle = ?", handle)[0][0])


def place(machine: Machine, name: str = "wall") -> int:
    return int(machine.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}, {"name": name})))


def openable(machine: Machine) -> set[int]:
    """Indices of the entries that the machine's keys open, with everything that stands in the store and no rule of any program."""
    keys = EpochKeys(machine.keys())
    with machine.opened() as workspace, workspace.store.reading() as reading:
        keys.load(reading)
        rows = reading.entries(0, 10_000)
    return {row[0] for row in rows if keys.get(row[2]) is not None}


# --- a key that ends -----------------------------------------------------------------------------------------------------------------


def test_whoever_was_revoked_opens_nothing_that_comes_after(dora: Machine, machine: Machine) -> None:
    before = place(machine)
    assert before in openable(dora), "the control"
    machine.ok("key", "revoke", "--person", "dora", "--cause", "departure")
    after = place(machine, "another wall")
    assert before in openable(dora)
    assert after not in openable(dora)
    assert max(openable(dora)) < after - 1, "what was recorded with the revocation is not for her either"
    assert openable(machine) == set(range(after + 1))
    assert machine.verify().code == 0


def test_her_program_says_so_and_shows_nothing(dora: Machine, machine: Machine) -> None:
    machine.ok("key", "revoke", "--person", "dora", "--cause", "lost")
    told = dora.refuses("status", "--json", code=5).json()["error"]
    assert told["code"] == "revoked"
    dora.refuses("person", "add", "Eve", code=5)
    dora.forget("register").refuses("status", code=5)


def test_the_next_epoch_holds_the_key_of_the_one_before(machine: Machine, dora: Machine) -> None:
    """Somebody enrolled after two new epochs reads all of the past."""
    machine.ok("key", "revoke", "--person", "dora", "--cause", "lost")
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    emil = enrol(machine, "emil", person(machine, "emil"))
    machine.ok("key", "revoke", "--person", "emil", "--cause", "lost")
    machine.ok("person", "add", "Finn Dahl", "--handle", "finn")
    finn = enrol(machine, "finn", person(machine, "finn"))
    assert finn.register() == machine.register()
    assert finn.verify().code == machine.verify().code == machine.of("ben").verify().code == 0
    assert emil.run("status").code == 5


@pytest.mark.parametrize("of", ["base", "case"])
def test_a_withheld_key_of_an_earlier_epoch_is_named(machine: Machine, dora: Machine, of: str) -> None:
    """Of the cases as well, where it would only seem that somebody reads none."""
    machine.ok("person", "role", "dora", "hr")
    machine.ok("key", "revoke", "--person", "dora", "--cause", "lost")
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    emil = enrol(machine, "emil", person(machine, "emil")).forget("register", "journal", "journal.personal", "pin")
    compartment = Insider(machine).base[0] if of == "base" else Insider(machine).case[0]
    query = "SELECT id, previous FROM epochs WHERE compartment = ? AND previous IS NOT NULL"
    ((epoch, before),) = machine.ask(query, compartment.hex())
    with machine.database() as db:
        wrap = db.execute(
            "SELECT sealed FROM wrap WHERE target = ? AND recipient = ?", (bytes.fromhex(epoch), bytes.fromhex(before))
        ).fetchone()
        db.execute("DELETE FROM wrap WHERE target = ? AND recipient = ?", (bytes.fromhex(epoch), bytes.fromhex(before)))
    with pytest.raises(IntegrityError) as refused:
        emil.begin_anew()
    assert refused.value.code == "epoch"
    assert not (emil.home / "pin").exists()
    with machine.database() as db:
        db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (bytes.fromhex(epoch), bytes.fromhex(before), *wrap))
    assert emil.begin_anew().register() == machine.register(), "the control"


def test_every_secret_that_a_lost_machine_could_open_is_to_be_changed(machine: Machine) -> None:
    told = machine.json("key", "revoke", "--person", "ben", "--cause", "lost")
    assert (told["wraps"], told["rotations"], told["epochs"], told["changing"]) == (2, 2, 2, [])
    opened = machine.json("rotation", "list", "--open")["rotations"]
    assert {(one["account"], one["kind"], one["trigger"]) for one in opened} == {
        ("shop", "password", "compromise"),
        ("shop", "totp", "compromise"),
    }
    assert all(one["due"] <= settings.now() for one in opened)
    assert machine.ask("SELECT 1 FROM wraps WHERE key = ? AND ended IS NULL", machine.of("ben").keys().id.hex()) == []
    assert machine.verify().code == 0


def test_keys_replaced_without_loss_open_no_rotations(machine: Machine) -> None:
    assert machine.json("key", "revoke", "--person", "ben", "--cause", "replaced")["rotations"] == 0


def test_a_departure_ends_the_keys_with_the_cut(machine: Machine, dora: Machine) -> None:
    machine.ok("offboard", "open", "dora")
    assert machine.ask("SELECT state FROM keys WHERE person = ?", person(machine, "dora")) == [("revoked",)]
    items = machine.ask("SELECT i.kind, i.state FROM items i JOIN cases c ON c.id = i.case_id WHERE c.person = ?", person(machine, "dora"))
    assert items == [("revoke-key", "done")]
    dora.refuses("status", code=5)
    assert place(machine) not in openable(dora)


def test_the_cut_of_the_last_admin_leaves_the_key_as_work_to_do(machine: Machine) -> None:
    """Cutting is never held up: what only recovery can end stays an open item."""
    hanne = machine
    machine.ok("person", "add", "Hanne Vik", "--handle", "hanne")
    machine.ok("person", "role", "hanne", "hr")
    hanne = enrol(machine, "hanne", person(machine, "hanne"))
    machine.ok("person", "role", "ben", "admin", "--withdraw")
    hanne.ok("offboard", "open", "mia")
    assert hanne.ask("SELECT state FROM keys WHERE person = ?", person(hanne, "mia")) == [("active",)]
    assert hanne.ask("SELECT i.state FROM items i WHERE kind = 'revoke-key'") == [("open",)]


def test_hr_makes_the_cut_of_a_keyholder(machine: Machine, dora: Machine) -> None:
    machine.ok("person", "add", "Hanne Vik", "--handle", "hanne")
    machine.ok("person", "role", "hanne", "hr")
    hanne = enrol(machine, "hanne", person(machine, "hanne"))
    hanne.ok("offboard", "open", "dora")
    after = place(machine)
    assert after not in openable(dora)
    assert machine.verify().code == hanne.verify().code == 0


# --- roles and the cases ---------------------------------------------------------------------------------------------------------------


def test_a_role_gives_the_cases_with_all_of_their_past(machine: Machine, dora: Machine) -> None:
    assert dora.json("offboard", "list")["cases"] == []
    machine.ok("person", "role", "dora", "hr")
    assert dora.json("offboard", "list") == machine.json("offboard", "list")
    assert dora.register() == machine.register()
    assert dora.forget("register").register() == machine.register()
    assert dora.verify().code == machine.verify().code == 0


def test_a_role_withdrawn_ends_with_what_was_there(machine: Machine, dora: Machine) -> None:
    machine.ok("person", "role", "dora", "hr")
    assert dora.json("offboard", "list")["cases"]
    machine.ok("person", "role", "dora", "hr", "--withdraw")
    case = machine.json("offboard", "list")["cases"][0]["id"]
    machine.ok("offboard", "cut", case)
    newest = machine.ask("SELECT max(idx) FROM entries")[0][0]
    assert newest not in openable(dora)
    dora.ok("status")
    assert dora.ask("SELECT type FROM entries WHERE idx = ?", newest) == [("sealed",)]
    before = dora.register()
    assert dora.forget("register").register() == before
    assert dora.verify().code == machine.verify().code == 0
    place(dora)
    assert machine.verify().code == 0


def test_a_role_given_again_gives_what_was_missed(machine: Machine, dora: Machine) -> None:
    for more in ((), ("--withdraw",)):
        machine.ok("person", "role", "dora", "auditor", *more)
        dora.ok("status")
    machine.ok("offboard", "cut", machine.json("offboard", "list")["cases"][0]["id"])
    dora.ok("status")
    machine.ok("person", "role", "dora", "hr")
    assert dora.register() == machine.register()
    assert dora.verify().code == 0


def test_whoever_keeps_a_role_goes_on_reading(machine: Machine, dora: Machine) -> None:
    for role in ("hr", "auditor"):
        machine.ok("person", "role", "dora", role)
    machine.ok("person", "role", "dora", "auditor", "--withdraw")
    machine.ok("offboard", "cut", machine.json("offboard", "list")["cases"][0]["id"])
    assert dora.register() == machine.register()


def test_a_role_that_ran_out_ends_with_a_renewal(machine: Machine, dora: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    later = [(datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (30, 60)]
    machine.ok("person", "role", "dora", "hr", "--until", later[0][:10])
    assert dora.json("offboard", "list")["cases"]
    monkeypatch.setattr(settings, "now", lambda: later[1])
    place(machine)
    told = machine.run("doctor", "--json").json()["findings"]
    assert [one["subject"] for one in told if one["code"] == "epoch-stale"] == ["dora"]
    assert machine.json("key", "renew")["epochs"] == 1
    assert machine.json("key", "renew")["epochs"] == 0
    dora.ok("status")
    assert machine.verify().code == dora.verify().code == 0


def test_a_base_reader_who_revokes_leaves_the_cases_to_those_who_read_them(machine: Machine, dora: Machine) -> None:
    """An admin who was never given the cases: the next one who reads them begins their new epoch."""
    machine.write(lambda tx: tx.record("role.given", {"person": person(machine, "dora"), "role": "admin"}))
    dora.ok("key", "revoke", "--person", "ben", "--cause", "lost")
    told = machine.run("doctor", "--json").json()["findings"]
    assert [one["subject"] for one in told if one["code"] == "epoch-stale"] == ["ben"]
    assert machine.json("key", "renew")["epochs"] == 1
    assert machine.verify().code == dora.verify().code == 0


# --- an insider's epochs ---------------------------------------------------------------------------------------------------------------


class Starter:
    """Writes the start of an epoch of `base` to whatever keys, with wraps that really stand in the store."""

    def __init__(self, machine: Machine, by: str) -> None:
        self.insider = Insider(machine.of(by))
        self.machine = machine

    def start(self, keys: list[Keys]) -> int:
        compartment, before = self.insider.base
        after = EpochKey(os.urandom(32))
        recovery = self.machine.ask("SELECT id, seal FROM keys WHERE state = 'recovery'")[0]
        from govern.vault.keys import Recipient

        recipients = [one.recipient for one in keys] + [Recipient(bytes.fromhex(recovery[0]), recovery[1])]
        wraps = [(after.id, to.key, wrap_epoch(after.key, after.id, to)) for to in recipients]
        with self.machine.database() as db:
            db.executemany("INSERT INTO wrap VALUES (?, ?, ?)", wraps)
        body: dict[str, Any] = {
            "compartment": compartment.hex(), "epoch": after.id.hex(), "number": 2, "recipients": sorted(to.key.hex() for to in recipients),
            "wraps": set_digest([wrap_digest(*wrap) for wrap in wraps]).hex(), "previous": before.id.hex(),
        }  # fmt: skip
        return self.insider.write(canonical(self.insider.event("epoch.started", body)), under=(compartment, after))


def finding(machine: Machine, index: int) -> list[Any]:
    return [code for (code,) in machine.ask("SELECT code FROM findings WHERE entry = ?", index)]


def test_an_epoch_for_somebody_who_is_not_enrolled_is_void(machine: Machine) -> None:
    everybody = [machine.keys(), machine.of("ben").keys()]
    index = Starter(machine, "ben").start([*everybody, Keys.from_seed(os.urandom(32))])
    assert finding(machine, index) == ["epoch-recipients"]
    assert machine.verify().code == 7


def test_an_epoch_for_a_revoked_key_is_void(machine: Machine, dora: Machine) -> None:
    machine.write(lambda tx: tx.record("key.revoked", {"key": dora.keys().id.hex(), "cause": "lost"}))
    index = Starter(machine, "ben").start([machine.keys(), machine.of("ben").keys(), dora.keys()])
    assert finding(machine, index) == ["epoch-recipients"]


def test_an_epoch_that_leaves_a_keyholder_out_is_void(machine: Machine, dora: Machine) -> None:
    """For those who can open it; whoever was left out can't tell it from a withheld wrap and stops."""
    index = Starter(machine, "ben").start([machine.keys(), machine.of("ben").keys()])
    assert finding(machine, index) == ["epoch-recipients"]
    assert dora.refuses("status", "--json").json()["error"]["code"] == "epoch"


def test_control_an_epoch_for_all_who_read_counts(machine: Machine, dora: Machine) -> None:
    index = Starter(machine, "ben").start([machine.keys(), machine.of("ben").keys(), dora.keys()])
    assert finding(machine, index) == []
    assert dora.ask("SELECT max(number) FROM epochs") == [(2,)]
    place(dora)


def test_a_reader_is_not_ended_whose_role_reads(machine: Machine) -> None:
    ben, mia = Insider(machine.of("ben")), machine.keys().id.hex()
    index = ben.write(ben.event("readers.ended", {"epoch": ben.case[1].id.hex(), "keys": [mia]}))
    assert finding(machine, index) == ["still-entitled"]
