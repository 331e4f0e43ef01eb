"""Makes a golden ledger: run once for a format, never again. `python -m tests.golden.make tests/golden/format-N` refuses a folder that is there.

Two members write what members write; then one of them what no rule allows, and what nobody can read.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from tests.golden.judgement import judgement
from tests.unit.attacks.insider import Insider
from tests.unit.attacks.vaults import Builder, Machine, enrol, found


def misbehave(machine: Machine) -> None:
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    dora = Insider(enrol(machine, "dora", machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0]))
    version = machine.ask("SELECT credential, n FROM versions WHERE state = 'current' ORDER BY n DESC")[0]
    revealed = {"credential": version[0], "version": version[1], "purpose": "reveal"}
    dora.write(dora.event("person.added", {"person": os.urandom(16).hex()}))  # no role for it
    dora.write(dora.event("secret.revealed", revealed))  # she holds nothing, and may have seen it
    dora.write(dora.event("no.such_fact", {}))
    dora.write(b'{"v": 1}')  # not canonical
    dora.write(dora.garbage(len(machine.ask("SELECT idx FROM entries"))))
    dora.write(dora.event("place.added", {"place": os.urandom(16).hex(), "kind": "paper"}, at="2020-01-01T09:00:00Z"))  # backdated
    machine.ok("person", "add", "Emil Dahl")  # and everybody goes on


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as made:
        machine = Builder(found(Path(made))).build()
        misbehave(machine)
        assert machine.verify().code == 7
        with sqlite3.connect(machine.store) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(machine.store, folder / "vault.db")
        shutil.copyfile(machine.key, folder / "mia.key")
        record = json.loads((machine.home / "seed.json").read_text()) | {"where": "/nowhere/mia.key"}
        with machine.opened() as workspace:
            told = judgement(workspace.view())
    (folder / "judged.json").write_text(json.dumps({"seed_record": record, "judged": told}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
