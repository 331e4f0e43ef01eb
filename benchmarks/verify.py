"""Verifying the ledger and rebuilding the register, beside the bare loop over the same rows.

The bare loop does what no verification can do without, and nothing else: row, decrypt, HMAC-SHA-256, SHA-256, JSON of every entry, and
one Ed25519 verification per checkpoint. It checks no order, no root, no canonical form, no rule. Beside a rebuild, which can't do without the
personal parts, it decrypts, authenticates and reads those as well.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, medians, per_second
from member import NOW, add_account, found

if TYPE_CHECKING:
    from govern.register.workspace import Workspace


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    from govern.register.reread import reread

    scale = 1 if quick else 5
    for name, accounts, days in (("one import", 2_500 * scale, 0), ("daily use", 100 * scale, 1_000 * scale)):
        member = found(folder / name.replace(" ", "-"))
        with member.workspace() as workspace:
            size = fill(workspace, accounts, days)
            bare, whole = BareLoop(workspace), BareLoop(workspace, personal=True)

            def rebuild(workspace: Workspace = workspace) -> None:
                workspace.close()
                (workspace.home / "register.db").unlink()
                workspace.view()

            def verify(workspace: Workspace = workspace) -> None:
                reread(workspace, deep=False)

            ours, again, floor, floor_whole = medians(3 if quick else 5, verify, rebuild, bare, whole)
            yield Result(
                work=f"verify, {name} ({size:,} entries)", subject=per_second(size, ours), floor=f"bare loop {per_second(size, floor)}",
                ratio=floor / ours, bar=0.55, at_least=True,
            )  # fmt: skip
            yield Result(
                work=f"rebuild of the register, {name} ({size:,} entries)", subject=per_second(size, again),
                floor=f"bare loop with personal parts {per_second(size, floor_whole)}", ratio=floor_whole / again, bar=0.25, at_least=True,
            )  # fmt: skip


def fill(workspace: Workspace, accounts: int, days: int) -> int:
    """One import of so many accounts, then so many transactions of one event each; the ledger's size."""
    with workspace.transaction(NOW) as tx:
        place = tx.new_id()
        tx.record("place.added", {"place": place, "kind": "manager"}, {"name": "the old manager"})
        credentials = [add_account(tx, number, place)[1] for number in range(accounts)]
        size = tx.size
    for day in range(days):
        with workspace.transaction(NOW) as tx:
            tx.record(
                "secret.revealed", {"credential": credentials[day % accounts], "version": 1, "purpose": "reveal"}, {"reason": "a post"}
            )
            size = tx.size
    return size


class BareLoop:
    """The loop over one vault's database, with the keys that its member has; over the personal parts as well where they are wanted."""

    def __init__(self, workspace: Workspace, *, personal: bool = False) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        workspace.view()
        with workspace.store.reading() as reading:
            workspace.open_epochs(reading)
        self.path, self.vault, self.epochs = workspace.path, workspace.vault, workspace.epochs
        self.personal = personal
        self.public = Ed25519PublicKey.from_public_bytes(workspace.keys.sign_public)

    def __call__(self) -> None:
        db = sqlite3.connect(self.path)
        decrypt = {epoch: self.epochs.get(epoch).aead.decrypt for (epoch,) in db.execute("SELECT DISTINCT epoch FROM entry")}
        for index, compartment, epoch, commitment, sealed, part in db.execute("SELECT * FROM entry ORDER BY idx"):
            place = self.vault + index.to_bytes(8, "big") + compartment + epoch
            plain = decrypt[epoch](sealed[:12], sealed[12:], place + b"event")
            event = plain[32:].rstrip(b"\x00")[:-1]
            assert hmac.digest(plain[:32], event, "sha256") == commitment
            sha256(b"\x00\x01" + compartment + epoch + commitment + sha256(sealed).digest()).digest()
            told = json.loads(event)
            if part is not None and self.personal:
                plain = decrypt[epoch](part[:12], part[12:], place + b"personal")
                data = plain[32:].rstrip(b"\x00")[:-1]
                assert hmac.digest(plain[:32], data, "sha256").hex() == told["personal"]
                json.loads(data)
        for (note,) in db.execute("SELECT note FROM checkpoint"):
            text, _, line = note.rpartition(b"\n\n")
            self.public.verify(_signature(line), text + b"\n")
        db.close()


def _signature(line: bytes) -> bytes:
    from base64 import b64decode

    return b64decode(line.split()[2])[4:]
