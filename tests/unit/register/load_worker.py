"""One member who works: `load_worker.py NUMBER COUNT FILE`, mixed procedures in one process, one after another.

Each is written into FILE once its transaction was acknowledged, and not before: what it was, the ids of its entries (none where a rule refused
it), how long it took, and how often it was tried. Started again, it goes on behind the last line. A database that is busy or gone is asked
again; anything else that fails ends the process with that.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from govern.cli import settings
from govern.errors import Failed, NotFound, Refused
from govern.holdings.grants import Asked
from govern.holdings.proposals import Act
from govern.procedures import grant, people, proposals, reveal, revoke, rotate
from govern.procedures import rotation as steps
from govern.register.queries import proposals as proposals_of
from govern.register.queries import rotatable, rotations
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.rotation.triggers import Trigger
from govern.vault.secret import Secret

sys.path.insert(0, str(Path(__file__).parent))
from load_names import PLAIN, SCARCE, SHOPS

PASSING = ("busy", "race", "connection", "unknown")


def add_person(tx: Transaction, chance: random.Random, name: str) -> None:
    people.add(tx, people.NewPerson(name="Some One", handle=name))


def give(tx: Transaction, chance: random.Random, name: str) -> None:
    asked = Asked(days=30, reason=name)
    grant.grant(tx, grant.Request(selector=chance.choice(SCARCE), person=chance.choice(PLAIN), like="", asked=asked))


def take(tx: Transaction, chance: random.Random, name: str) -> None:
    revoke.revoke(tx, chance.choice(SCARCE), chance.choice(PLAIN), name)


def start(tx: Transaction, chance: random.Random, name: str) -> None:
    account = tx.register.execute("SELECT id FROM accounts WHERE handle = ?", (chance.choice(SHOPS),)).fetchone()[0]
    rotate.start(tx, rotatable.of_account(tx.register, account), Trigger.MANUAL, given=Secret(f"secret-{name}-{chance.random()}"))


def finish(tx: Transaction, chance: random.Random, name: str) -> None:
    under_way = rotations.rotations(tx.register, only_open=True)
    if under_way:
        rotation = chance.choice(under_way)
        (steps.confirm if chance.random() < 0.7 else steps.abort)(tx, rotation)


def show(tx: Transaction, chance: random.Random, name: str) -> None:
    reveal.reveal(tx, chance.choice(SHOPS), "password", name)


def propose(tx: Transaction, chance: random.Random, name: str) -> None:
    person = tx.register.execute("SELECT id FROM people WHERE handle = ?", (chance.choice(PLAIN),)).fetchone()[0]
    proposals.propose(tx, Act.ROLE, {"person": person, "role": "auditor"}, name)


def decide(tx: Transaction, chance: random.Random, name: str) -> None:
    waiting = proposals_of.proposals(tx.register, open_at=tx.now)
    if waiting:
        proposal = chance.choice(waiting)
        (proposals.approve if chance.random() < 0.8 else proposals.withdraw)(tx, proposal)


PROCEDURES: tuple[tuple[Callable[[Transaction, random.Random, str], None], int], ...] = (
    (add_person, 25), (give, 20), (take, 8), (start, 10), (finish, 10), (show, 12), (propose, 7), (decide, 8),
)  # fmt: skip


def standing() -> Workspace:
    """This member's workspace, which stays open from one procedure to the next."""
    if not _standing:
        _standing.append(settings.workspace())
    return _standing[0]


_standing: list[Workspace] = []


def let_go() -> None:
    _standing.clear()
    settings.close()


def work(procedure: Callable[[Transaction, random.Random, str], None], chance: random.Random, name: str) -> dict[str, Any]:
    """Once, until it is known how it ended."""
    began, tries = time.perf_counter(), 0
    while True:
        tries += 1
        try:
            with standing().transaction(settings.now()) as tx:
                procedure(tx, chance, name)
                ids = [row[0] for row in tx.register.execute("SELECT id FROM entries WHERE idx >= ?", (tx.first,))]
            told: dict[str, Any] = {"ids": ids, "refused": ""}
        except (Refused, NotFound) as refused:
            told = {"ids": [], "refused": getattr(refused, "rule", "") or refused.code}
        except Failed as failed:
            if chance.random() < 0.5:  # half of them begin anew, half go on with what they have
                let_go()
            if failed.code not in PASSING and procedure is not add_person:
                raise
            if failed.code in PASSING:
                time.sleep(chance.uniform(0.01, 0.1))
                continue
            told = {"ids": [], "refused": failed.code}
        if procedure is add_person and not told["ids"]:
            told = {"ids": added_before(name), "refused": ""}
        return {"name": name, "what": procedure.__name__, "seconds": time.perf_counter() - began, "tries": tries, **told}


def added_before(name: str) -> list[str]:
    """The handle is taken: by this worker, before it was killed or lost the connection. The entry that did it."""
    while True:
        try:
            db = standing().view()
            return [row[0] for row in db.execute("SELECT e.id FROM people p JOIN entries e ON e.idx = p.entry WHERE p.handle = ?", (name,))]
        except Failed as failed:
            if failed.code not in PASSING:
                raise
            let_go()


def main(number: int, count: int, file: Path) -> None:
    whole = file.read_bytes().rpartition(b"\n") if file.exists() else (b"", b"", b"")
    done = whole[0].count(b"\n") + len(whole[1])
    if whole[2]:
        os.truncate(file, len(whole[0]) + 1)  # the half of a line that a kill left
    with file.open("a") as told:
        for n in range(done, count):
            chance = random.Random(f"{number} {n} {os.getpid()}")
            (procedure,) = random.Random(f"{number} {n}").choices(*zip(*PROCEDURES, strict=True))
            told.write(json.dumps(work(procedure, chance, f"w{number}n{n}")) + "\n")
            told.flush()


main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
