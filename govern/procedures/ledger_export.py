"""The whole ledger as lines that a stranger can replay without a vault: every entry that we read, opened, under the signed checkpoints.

One proof shows that an entry is there; only all of them show that none is missing. Without personal parts people and accounts are ids alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from govern.errors import IntegrityError
from govern.ledger.commitment import Entry, Unopenable, open_event, opened_personal
from govern.ledger.merkle import CompactRange
from govern.register import sync

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

FORMAT: Final = "govern-ledger/1"


@dataclass(slots=True)
class Counted:
    """What was written so far: entries, those of them that stand in compartments that we don't read, those that count for nothing."""

    size: int = 0
    sealed: int = 0
    void: int = 0


def lines(workspace: Workspace, counted: Counted, *, pseudonymous: bool) -> Iterator[bytes]:
    """Lines of canonical JSON (`docs/formats/export.md`), each with its end. `counted` follows.

    Raises IntegrityError after the last line where the store's rows are not what this machine has verified: what was written is then worth nothing.
    """
    db = workspace.view()
    void = {row[0] for row in db.execute("SELECT idx FROM entries WHERE type = 'void'")}
    tree = CompactRange()
    yield _line({"format": FORMAT, "vault": workspace.vault.hex(), "pseudonymous": pseudonymous})
    with workspace.store.reading() as reading:
        workspace.open_epochs(reading)
        for note, rows in sync.transactions(reading, 0):
            for entry in rows:
                tree.append(entry.leaf())
                told = _entry(workspace, entry, pseudonymous=pseudonymous)
                counted.size += 1
                counted.sealed += "event" not in told
                if entry.index in void:
                    counted.void += 1
                    told["void"] = True
                yield _line(told)
            yield _line({"checkpoint": note.decode()})
            if tree.size == sync.head_of(db).size:
                break
    if tree.root() != sync.head_of(db).tree.root():
        raise IntegrityError(
            "the rows behind the export are not what was verified", code="altered", hint="govern ledger verify --deep names the row"
        )


def _entry(workspace: Workspace, entry: Entry, *, pseudonymous: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "index": entry.index, "compartment": entry.compartment.hex(), "epoch": entry.epoch.hex(), "commitment": entry.commitment.hex(),
        "sealed_sha256": hashlib.sha256(entry.sealed).hexdigest(),
    }  # fmt: skip
    epoch = workspace.epochs.get(entry.epoch)
    if epoch is None:
        return told
    try:
        salt, event = open_event(entry, vault=workspace.vault, epoch=epoch)
        text = event.decode()
    except (Unopenable, UnicodeDecodeError):
        return told
    told |= {"event": text, "salt": salt.hex()}
    committed = None if pseudonymous or entry.personal is None else _committed(text)
    if committed:
        salt, part = opened_personal(entry, vault=workspace.vault, epoch=epoch, committed=bytes.fromhex(committed))
        told["personal"] = {"part": part.decode(), "salt": salt.hex()}
    return told


def _committed(event: str) -> str:
    """The commitment to its personal part that an event names, or nothing."""
    try:
        found = json.loads(event)
    except ValueError:
        return ""
    return str(found.get("personal", "")) if isinstance(found, dict) else ""


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
