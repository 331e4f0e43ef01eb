"""Eight members who work at once, killed again and again: what was acknowledged is in the ledger once, and no rule is broken by a race.

`GOVERN_TEST_LOAD` is how many procedures each of them does, 500 where it is not set. What it took is told at the end of the run.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from govern import events
from govern.cli import settings
from govern.holdings.proposals import Act
from govern.ledger.commitment import Entry, open_event
from govern.procedures import people, proposals
from govern.procedures.recovery import read_sheets
from govern.procedures.sealing import recipients, seal
from govern.register.queries import proposals as proposals_of
from govern.register.transaction import Transaction
from govern.vault.seal import Context

from ...postgres import Cluster
from ..attacks.vaults import Machine, enrol
from .histories import Witness
from .load_names import PLAIN, SCARCE, SHOPS
from .on_server import OnServer

COUNT = int(os.environ.get("GOVERN_TEST_LOAD", "500"))
KILLS = 5
"""How often each of them is killed, at least; on a slow machine, more often would be nothing but starting them."""
MEMBERS = ("ben", "cleo", "dora", "emil", "fay", "gus", "hedda")
MOST = 4
"""Who may hold a critical account, in the preset small."""
WORKER = Path(__file__).with_name("load_worker.py")

pytestmark = pytest.mark.slow


# --- the vault ---------------------------------------------------------------------------------------------------------------------------


def prepared(mia: Machine) -> list[Machine]:
    """The machines of eight admins, none of whom stands alone behind another, on one vault with accounts to work on."""
    mia.init(preset="small")
    ids = {"mia": mia.ask("SELECT id FROM people")[0][0]}

    def add(tx: Transaction) -> None:
        ids.update({handle: people.add(tx, people.NewPerson(name=handle.title(), handle=handle)).id for handle in (*MEMBERS, *PLAIN)})

    mia.write(add)
    machines = [mia, *(enrol(mia, handle, ids[handle]) for handle in MEMBERS)]
    for machine in machines[1:]:
        promote(mia, machines[1], ids[machine.member])
    mia.write(lambda tx: fill(tx, ids))
    return machines


def promote(mia: Machine, ben: Machine, person: str) -> None:
    """mia proposes it; the recovery quorum is the second for ben, and ben for the others."""
    proposal = mia.write(lambda tx: proposals.propose(tx, Act.ROLE, {"person": person, "role": "admin"}))
    with mia.opened() as workspace:
        if not proposals_of.seconds(workspace.view(), proposal, settings.now()):
            sheets = read_sheets(sorted((mia.home / "recovery").glob("*.txt"))[:2])
            proposals.approve_with_sheets(workspace, sheets, proposal.id, settings.now())
            return
    ben.write(lambda tx: proposals.approve(tx, proposals_of.by_id(tx.register, proposal.id)))


def fill(tx: Transaction, ids: dict[str, str]) -> None:
    held = {**dict.fromkeys(SHOPS, ("mia", *MEMBERS)), **dict.fromkeys(SCARCE, ("mia", *PLAIN[: MOST - 2]))}
    for handle, holders in held.items():
        account, credential = tx.new_id(), tx.new_id()
        tier = "critical" if handle in SCARCE else "standard"
        tx.record("account.added", {"account": account, "handle": handle, "platform": "x", "tier": tier, "custodian": tx.actor})
        for holder in holders:
            founding = {"founding": True} if holder == "mia" else {}
            tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": ids[holder], **founding})
        tx.record("credential.added", {"credential": credential, "account": account, "kind": "password"})
        context = Context(tx.workspace.vault, bytes.fromhex(account), bytes.fromhex(credential), "password", 1)
        named = seal(tx, context, {"secret": "the first one"}, recipients(tx.register, account, kind="password"))
        tx.record("version.staged", {"credential": credential, "version": 1, "state": "current", "origin": "imported", **named})


# --- the work ----------------------------------------------------------------------------------------------------------------------------


class Worker:
    """One member's process, which is started again where it was killed."""

    def __init__(self, number: int, machine: Machine, folder: Path) -> None:
        self.number, self.machine, self.file, self.kills = number, machine, folder / f"acknowledged-{number}", 0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        words = [sys.executable, str(WORKER), str(self.number), str(COUNT), str(self.file)]
        return subprocess.Popen(words, env=self.machine.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @property
    def works(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.kills += 1
        self.process = self._start()

    def told(self) -> list[dict[str, Any]]:
        """What it acknowledged, all of it."""
        said, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, said
        found = [json.loads(line) for line in self.file.read_text().splitlines()]
        assert len(found) == COUNT
        return found


def work(workers: list[Worker], disturb: Callable[[], None]) -> tuple[list[list[dict[str, Any]]], float]:
    """Everything that they acknowledged, and the seconds that it took; `disturb` is called all the time until they are done."""
    began = time.perf_counter()
    while any(worker.works for worker in workers):
        assert time.perf_counter() - began < 120 + 4 * COUNT, "they don't come to an end"
        disturb()
    seconds = time.perf_counter() - began
    return [worker.told() for worker in workers], seconds


def under_load(machines: list[Machine], folder: Path, disturb: Callable[[], None], report: Callable[[str, object], None]) -> None:
    (alone,), seconds_alone = work([Worker(0, machines[0], folder)], lambda: time.sleep(0.05))
    workers = [Worker(number, machine, folder) for number, machine in enumerate(machines, 1)]
    chance = random.Random(0)

    def kill_one() -> None:
        time.sleep(chance.uniform(0.2, 1.5))
        alive = [worker for worker in workers if worker.works]
        if alive and chance.random() < 0.5 and min(worker.kills for worker in alive) < KILLS:
            chance.choice(alive).kill()
        disturb()

    told, seconds = work(workers, kill_one)
    holds(machines, [*alone, *(one for each in told for one in each)])
    everything = [one for each in told for one in each]
    times = statistics.quantiles([one["seconds"] for one in everything], n=100)
    refused = Counter(one["refused"] for one in everything if one["refused"])
    report(
        "load",
        f"{len(workers)} writers × {COUNT} procedures: {len(everything) / seconds:.1f}/s (one writer: {COUNT / seconds_alone:.1f}/s), p50 "
        f"{times[49] * 1e3:.0f} ms, p99 {times[98] * 1e3:.0f} ms, {sum(one['tries'] - 1 for one in everything)} retries, "
        f"{sum(worker.kills for worker in workers)} kills, {sum(refused.values())} refused ({dict(refused)})",
    )


# --- what must hold ----------------------------------------------------------------------------------------------------------------------


def holds(machines: list[Machine], acknowledged: list[dict[str, Any]]) -> None:
    registers = []
    for machine in machines:
        told = machine.verify()
        assert told.code == 0, (machine.member, told)
        registers.append(machine.register())
    assert all(register == registers[0] for register in registers)
    Witness(*machines)
    mia = machines[0]
    assert mia.forget("register").register() == registers[0]
    ids = Counter(row[0] for row in mia.ask("SELECT id FROM entries WHERE type <> 'void'"))
    for one in acknowledged:
        assert all(ids[id_] == 1 for id_ in one["ids"]), one
    assert len({id_ for one in acknowledged for id_ in one["ids"]}) == sum(len(one["ids"]) for one in acknowledged)
    added = [one for one in acknowledged if one["what"] == "add_person"]
    assert all(len(one["ids"]) == 1 for one in added)
    names = Counter(row[0] for row in mia.ask("SELECT handle FROM people"))
    assert all(names[one["name"]] == 1 for one in added)
    assert mia.ask("SELECT * FROM entries WHERE type = 'void'") == []
    no_rule_is_broken(list(history(mia)))


def history(machine: Machine) -> Iterator[events.Event]:
    """Every event, read from the store itself."""
    with machine.opened() as workspace:
        workspace.view()
        with workspace.store.reading() as reading:
            epochs = workspace.fresh_epochs(reading)
            for row in reading.entries(0, reading.head()[0]):
                entry = Entry(*row)
                epoch = epochs.get(entry.epoch)
                assert epoch is not None
                yield events.decode_event(open_event(entry, vault=workspace.vault, epoch=epoch)[1])


def no_rule_is_broken(told: list[events.Event]) -> None:
    """Never more holders than a tier allows, one open rotation per credential, four eyes: counted anew from the events alone."""
    scarce: set[str] = set()
    grants: dict[str, tuple[str, str]] = {}
    rotating: dict[str, str] = {}
    made: dict[str, events.Event] = {}
    crowd = 0
    for event in told:
        body = event.body
        match event.type:
            case "account.added" if body["tier"] == "critical":
                scarce.add(body["account"])
            case "grant.issued":
                assert (body["account"], body["person"]) not in grants.values()
                grants[body["grant"]] = (body["account"], body["person"])
                holders = sum(account == body["account"] for account, _ in grants.values())
                if body["account"] in scarce:
                    assert holders <= MOST
                    crowd = max(crowd, holders)
            case "grant.ended":
                for grant in body["grants"]:
                    del grants[grant]
            case "rotation.opened":
                assert body["credential"] not in rotating.values()
                rotating[body["rotation"]] = body["credential"]
            case "rotations.opened":
                for rotation, credential, _ in body["rotations"]:
                    assert credential not in rotating.values()
                    rotating[rotation] = credential
            case "rotation.confirmed" | "rotation.aborted":
                del rotating[body["rotation"]]
            case "proposal.made":
                made[body["proposal"]] = event
            case "proposal.approved":
                first = made.pop(body["proposal"])
                assert event.actor != first.actor
                assert event.key != first.key
                assert event.actor != first.body["parameters"].get("person")
            case "proposal.withdrawn":
                del made[body["proposal"]]
    assert crowd == MOST, "nobody came to where the rule begins"


# --- the tests ---------------------------------------------------------------------------------------------------------------------------


def test_eight_members_on_one_file_lose_nothing_and_break_no_rule(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    under_load(prepared(Machine(tmp_path)), tmp_path, lambda: None, record_property)


def test_eight_members_on_a_server_that_crashes_lose_nothing_and_break_no_rule(
    postgres: str, cluster: Cluster, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    name = postgres.rpartition("/")[2].partition("?")[0]
    chance, crashes = random.Random(1), [0]

    def disturb() -> None:
        if chance.random() < 0.3 and crashes[0] < 8:
            crashes[0] += 1
            cluster.crash() if cluster.crash is not None else cluster.disconnect(name)

    under_load(prepared(OnServer(tmp_path, postgres)), tmp_path, disturb, record_property)
    record_property("load", f"the server was restarted {crashes[0]} times among them")
    assert crashes[0]
