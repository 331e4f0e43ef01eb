"""This machine's memory of a vault: what it has verified, and putting all of that aside where another history is followed. Nothing of it is removed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from govern.errors import Refused
from govern.register import connection
from govern.register.pin import Pin, read_pin

MEMORY: Final = ("pin", "journal", "journal.personal", "register.db", "register.db-wal", "register.db-shm")


def pinned(home: Path) -> Pin:
    pin = read_pin(home / "pin")
    if pin is None:
        raise Refused("this machine has verified nothing of this vault yet", rule="no-pin", hint="another admin restores it")
    with closing(register_at(home)) as db:
        if not connection.is_usable(db) or connection.state(db, "note") != pin.note:
            raise Refused(
                "the register of this machine does not stand at its pin", rule="register-behind", hint="another admin restores it"
            )
    return pin


def register_at(home: Path) -> sqlite3.Connection:
    return connection.connect(home / "register.db")


def set_aside(home: Path) -> Path:
    number = 1
    while (memory := home / f"before-fork-{number}").exists():
        number += 1
    memory.mkdir(mode=0o700)
    for name in MEMORY:
        if (home / name).exists():
            os.replace(home / name, memory / name)
    return memory


def bring_back(home: Path, memory: Path) -> None:
    for name in MEMORY:
        (home / name).unlink(missing_ok=True)
        if (memory / name).exists():
            os.replace(memory / name, home / name)
    memory.rmdir()
