"""Machines that share one vault: each has a home and a key file of its own."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from ...conftest import Story

SECRET = "correct-horse-battery-staple"


class Member(Story):
    """One machine with a home and a key file of its own, on a vault that others use as well."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.home, self.key = folder / f"{name}-home", folder / f"{name}-key"

    def other(self, name: str) -> Self:
        """Another machine on the same vault; the part of its name before a dash says whose."""
        return type(self)(self.folder, name)

    def put_back(self, copy: Path) -> None:
        """What a host does who puts yesterday's copy in place of the database."""
        store = self.folder / "vault.db"
        for suffix in ("-wal", "-shm"):
            Path(f"{store}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(copy, store)

    def mailbox(self) -> list[tuple[bytes, str, bytes]]:
        """What lies there, as whoever keeps the database sees it."""
        with closing(sqlite3.connect(self.folder / "vault.db")) as db:
            return db.execute("SELECT id, kind, body FROM mailbox").fetchall()

    def post(self, id_: bytes, body: bytes) -> None:
        """What whoever keeps the database can put there."""
        with closing(sqlite3.connect(self.folder / "vault.db")) as db, db:
            db.execute("INSERT OR REPLACE INTO mailbox VALUES (?, 'request', ?)", (id_, body))

    def may_replace(self) -> None:
        """Be let to put another database in the place of this one: a file's owner may."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(
            GOVERN_VAULT=str(self.folder / "vault.db"), PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring", **more
        )

    def refused(self, *words: str, code: int = 4, stdin: str = "") -> dict[str, Any]:
        told = self.run(*words, "--json", stdin=stdin)
        assert told.code == code, told
        error: dict[str, Any] = told.json()["error"]
        return error


def founded(mia: Member) -> Member:
    """Founder and admin; she answers for the shop, whose password ben holds as well; ben has no keys yet."""
    mia.init(preset="small")
    mia.ok("person", "add", "Ben Bos <ben@acme.example>", "--handle", "ben")
    for account in ("shop", "blog"):
        mia.ok("account", "add", account, "--platform", "instagram", "--login", f"acme.{account}")
        mia.ok("credential", "add", account, "--kind", "password", stdin=f"{SECRET}-{account}")
    mia.ok("grant", "shop", "ben", "--reason", "work")
    return mia


def enrolled(mia: Member, handle: str, machine: str = "", *, purpose: tuple[str, ...] = ()) -> Member:
    """A machine of this person, enrolled by mia."""
    member = mia.other(machine or handle)
    line = mia.json(*(purpose or ("person", "invite", handle)))["invite"]
    asked = member.json("join", "-", stdin=line)
    mia.ok("person", "approve", handle, "--fingerprint", asked["words"])
    member.ok("join")
    return member
