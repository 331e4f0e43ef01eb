"""Somebody who was invited and has asked, on the vault of thirty-one entries: both machines, the line, the words, and the mailbox between."""

from __future__ import annotations

import os
from typing import Any

from govern.vault.invite import read_invite
from govern.vault.keys import Keys

from .vaults import Machine


def thief() -> Keys:
    return Keys.from_seed(os.urandom(32))


def body(invite_id: str, person: str, keys: Keys) -> dict[str, Any]:
    return {
        "person": person, "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "custody": "keyfile",
        "invite": invite_id,
    }  # fmt: skip


class Joining:
    """mia invites dora, who has asked: her machine, the line, and the fingerprint that she reads to mia."""

    def __init__(self, mia: Machine, who: str = "dora", *, asked: bool = True) -> None:
        self.mia, self.who = mia, who
        mia.ok("person", "add", f"{who.title()} Lund", "--handle", who)
        self.line = str(mia.json("person", "invite", who)["invite"])
        self.machine = mia.of(who)
        if asked:
            self.ask()

    def ask(self) -> None:
        self.fingerprint = str(self.machine.json("join", "-", stdin=self.line)["words"])

    def approve(self, fingerprint: str = "") -> Any:
        return self.mia.run("person", "approve", self.who, "--fingerprint", fingerprint or self.fingerprint, "--json")

    def refused(self, fingerprint: str = "") -> dict[str, Any]:
        """The approval must be refused, and leave everything as it was."""
        told = self.mia.refuses("person", "approve", self.who, "--fingerprint", fingerprint or self.fingerprint, "--json", code=4)
        error: dict[str, Any] = told.json()["error"]
        return error

    @property
    def id(self) -> bytes:
        return read_invite(self.line).id

    def posted(self, body: bytes) -> None:
        with self.mia.database() as db:
            db.execute("DELETE FROM mailbox WHERE id = ?", (self.id,))
            db.execute("INSERT INTO mailbox VALUES (?, 'request', ?)", (self.id, body))

    def found(self) -> bytes:
        with self.mia.database() as db:
            body: bytes = db.execute("SELECT body FROM mailbox WHERE id = ?", (self.id,)).fetchone()[0]
        return body
