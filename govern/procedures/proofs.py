"""Proof of many entries in one file: all under one checkpoint, with the enrolments behind their keys once, and every hash of a path once.

The form is that of `docs/formats/proof.md`, version 2 of its extra line. Opens entries that this member reads; writes no file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govern import events
from govern.errors import IntegrityError
from govern.events import Event
from govern.ledger.commitment import Entry, open_event
from govern.ledger.note import signer_name
from govern.ledger.paths import Paths, shared
from govern.ledger.proof import write_proof
from govern.procedures.ledger import enrolments, is_what_was_verified, verified
from govern.register.connection import state

if TYPE_CHECKING:
    from govern.register.workspace import Workspace
    from govern.store.reading import Reading


@dataclass(slots=True, kw_only=True)
class Opened:
    """Entries as they were opened at one state of the ledger: the newest checkpoint that this machine has verified."""

    note: bytes
    size: int
    hashes: list[bytes]
    rows: dict[int, tuple[Entry, bytes, bytes]] = field(default_factory=dict)
    """Index -> entry, salt, event bytes."""
    read: dict[int, Event] = field(default_factory=dict)


def begin(workspace: Workspace, reading: Reading) -> Opened:
    """Raises IntegrityError where the rows behind it are not what this machine has verified."""
    note = bytes(state(workspace.db, "note") or b"")
    hashes = list(verified(workspace, reading))
    is_what_was_verified(workspace, note, hashes)
    workspace.open_epochs(reading)
    return Opened(note=note, size=len(hashes), hashes=hashes)


def open_entries(workspace: Workspace, reading: Reading, opened: Opened, indexes: Iterable[int]) -> None:
    """Read these entries as well. Raises IntegrityError where the key of an epoch is missing, or an entry does not open."""
    for index in sorted(set(indexes) - opened.read.keys()):
        entry = Entry(*reading.entries(index, index + 1)[0])
        key = workspace.epochs.get(entry.epoch)
        if key is None:
            raise IntegrityError("no key for its epoch: the wrap was withheld or replaced", index=index, code="epoch")
        salt, event = open_event(entry, vault=workspace.vault, epoch=key)
        opened.rows[index] = entry, salt, event
        opened.read[index] = events.decode_event(event)


def proof(workspace: Workspace, reading: Reading, opened: Opened, indexes: Iterable[int]) -> bytes:
    """The file that proves these entries (at least one); its own index and path are those of the last."""
    shown = sorted(set(indexes))
    open_entries(workspace, reading, opened, shown)
    chain = enrolments(workspace, {opened.read[index].key for index in shown} | {signer_name(opened.note)})
    open_entries(workspace, reading, opened, chain)
    paths = Paths(opened.hashes)
    nodes, pointed = shared(paths.of(index) for index in (*chain, *shown))
    told = [_record(opened, index, path) for index, path in zip((*chain, *shown), pointed, strict=True)]
    extra = {"v": 2, "chain": told[: len(chain)], "entries": told[len(chain) :], "nodes": [node.hex() for node in nodes]}
    spelled = json.dumps(extra, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return write_proof(index=shown[-1], path=paths.of(shown[-1]), checkpoint_note=opened.note, extra=spelled)


def _record(opened: Opened, index: int, path: list[int]) -> dict[str, Any]:
    entry, salt, event = opened.rows[index]
    return {
        "index": index, "compartment": entry.compartment.hex(), "epoch": entry.epoch.hex(), "commitment": entry.commitment.hex(),
        "sealed_sha256": hashlib.sha256(entry.sealed).hexdigest(), "event": event.decode(), "salt": salt.hex(), "path": path,
    }  # fmt: skip
