"""The ledger shown to people and strangers: its entries, its checkpoint, a proof of one entry, a comparison with noted checkpoints."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govern import events
from govern.errors import IntegrityError, NotFound, Refused
from govern.ledger.checkpoint import Checkpoint, parse_checkpoint
from govern.ledger.commitment import Entry, open_event
from govern.ledger.merkle import CompactRange, inclusion_proof
from govern.ledger.note import signer_name, verify_note
from govern.ledger.proof import write_proof
from govern.procedures.noted import read_noted
from govern.register import sync
from govern.register.reread import leaves
from govern.register.workspace import Workspace
from govern.store.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One noted checkpoint held against our ledger: it is a point of it."""

    file: str
    size: int
    signer: str


def checkpoint(workspace: Workspace) -> bytes:
    """The newest checkpoint's signed note."""
    workspace.view()
    return remembered(workspace.pin_path)


def remembered(path: Path) -> bytes:
    """The signed note that the pin at `path` keeps: what this machine has verified last, whatever the database shows now."""
    from govern.register.pin import read_pin

    pin = read_pin(path)
    if pin is None:
        raise NotFound("this machine has verified no checkpoint yet", hint="govern status verifies what is there")
    return pin.note


def compare(workspace: Workspace, files: Sequence[Path]) -> list[Compared]:
    """Each note must be a point of our history, signed by a key of it; of one size there is one root. Else IntegrityError.

    Two notes that contradict each other prove a fork by themselves, also where this vault does not reach as far as they do.
    """
    db = workspace.view()
    keys: dict[str, bytes] = dict(db.execute("SELECT id, sign FROM keys").fetchall())
    named = [_claimed(workspace, keys, file) for file in files]
    _agree(files, named)
    roots = _roots(workspace, {claimed.size for _, claimed in named})
    for file, (name, claimed) in zip(files, named, strict=True):
        if claimed.size not in roots:
            raise IntegrityError(
                f"{file} stands for more than this vault holds: it was rolled back, or that is another fork of it",
                expected=f"at least {claimed.size} entries", found=str(max(roots)), code="rolled-back",
            )  # fmt: skip
        if (ours := roots[claimed.size]) != claimed.root:
            raise _forked(f"{file}, signed by {name}, and this vault", claimed.size, ours, claimed.root)
    return [Compared(file=str(file), size=claimed.size, signer=name) for file, (name, claimed) in zip(files, named, strict=True)]


def _agree(files: Sequence[Path], named: Sequence[tuple[str, Checkpoint]]) -> None:
    first: dict[int, tuple[Path, str, bytes]] = {}
    for file, (name, claimed) in zip(files, named, strict=True):
        other, its, root = first.setdefault(claimed.size, (file, name, claimed.root))
        if root != claimed.root:
            raise _forked(f"{other}, signed by {its}, and {file}, signed by {name},", claimed.size, root, claimed.root)


def _forked(which: str, size: int, one: bytes, other: bytes) -> IntegrityError:
    return IntegrityError(
        f"{which} are two forks of one ledger", index=size - 1, expected=one.hex(), found=other.hex(), code="forked",
        hint="keep both: together they prove it, though not whose doing it is; all members decide which goes on (docs/restore.md, Compare)",
    )  # fmt: skip


def _claimed(workspace: Workspace, keys: Mapping[str, bytes], file: Path) -> tuple[str, Checkpoint]:
    """Who signed the note in the file, and what it says."""
    note = read_noted(file)
    name = signer_name(note)
    if name not in keys:
        raise IntegrityError(f"{file} is signed by a key that this ledger does not have", found=name, code="forked")
    claimed = _signed(file, note, name, keys[name])
    if claimed.origin != f"govern/{workspace.vault.hex()}":
        hint = "name the vault that it is of with --vault"
        raise Refused(f"{file} is a checkpoint of another vault", rule="other-vault", control="SI-7", hint=hint)
    return name, claimed


def _roots(workspace: Workspace, sizes: Collection[int]) -> dict[int, bytes]:
    """The roots of these sizes, as far as there are so many entries, and that of the head."""
    tree, roots = CompactRange(), {}
    with workspace.store.reading() as reading:
        for leaf in verified(workspace, reading):
            tree.append(leaf)
            if tree.size in sizes:
                roots[tree.size] = tree.root()
    return roots | {tree.size: tree.root()}


def verified(workspace: Workspace, reading: Reading) -> Sequence[bytes]:
    """Leaf hashes up to the head that this machine has verified.

    The rows are the store's, which can show another history behind a head that is ours, even one that other members have signed: they must give
    our own head's root, else IntegrityError.
    """
    head = sync.head_of(workspace.db)
    hashes, tree = leaves(reading, head.size), CompactRange()
    for leaf in hashes:
        tree.append(leaf)
    if tree.root() != head.tree.root():
        hint = "govern ledger verify --deep names the row"
        raise IntegrityError("the rows behind it are not what this machine has verified", code="altered", hint=hint)
    return hashes


def _signed(file: Path, note: bytes, name: str, public: bytes) -> Checkpoint:
    try:
        return parse_checkpoint(verify_note(note, name=name, public=public))
    except IntegrityError as error:
        raise IntegrityError(
            f"{file} was altered after it was signed, or never was: {error.message}", code="altered",
            hint="ask whoever gave it for the same checkpoint over another way",
        ) from error  # fmt: skip


def prove(workspace: Workspace, index: int) -> bytes:
    """A C2SP tlog-proof of entry `index` under its own transaction's checkpoint, with its event, salt and the enrolments behind it."""
    db = workspace.view()
    row = db.execute("SELECT type FROM entries WHERE idx = ?", (index,)).fetchone()
    if row is None:
        raise NotFound(f"there is no entry {index}", hint="govern ledger show")
    if row[0] == "sealed":
        raise Refused(
            f"entry {index} is in a compartment that you don't read",
            rule="compartment",
            control="AC-3",
            hint="whoever reads it can prove it: govern key list",
        )
    with workspace.store.reading() as reading:
        workspace.open_epochs(reading)
        note, size = next((note, size) for size, note in reading.checkpoints(index))
        hashes = verified(workspace, reading)[:size]
        is_what_was_verified(workspace, note, hashes)
        shown = _opened(workspace, reading, index)
        wanted = {events.decode_event(shown[1]).key, signer_name(note)}
        chain = [_record(workspace, reading, hashes, at) for at in enrolments(workspace, wanted)]
        extra = {"v": 1, "entry": _record(workspace, reading, hashes, index), "chain": chain}
        path = inclusion_proof(hashes, index, size)
    return write_proof(index=index, path=path, checkpoint_note=note, extra=_spell(extra))


def is_what_was_verified(workspace: Workspace, note: bytes, hashes: Sequence[bytes]) -> None:
    """The rows that a proof is made of must give the root of their own checkpoint, signed by a key of this ledger."""
    name = signer_name(note)
    row = workspace.db.execute("SELECT sign FROM keys WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise IntegrityError(
            "its checkpoint is signed by a key that this ledger does not have", index=len(hashes) - 1, found=name, code="altered"
        )
    claimed = parse_checkpoint(verify_note(note, name=name, public=row[0]))
    tree = CompactRange()
    for leaf in hashes:
        tree.append(leaf)
    if (claimed.size, claimed.root) != (len(hashes), tree.root()):
        raise IntegrityError(
            "the rows behind the proof are not what was signed",
            index=len(hashes) - 1,
            code="altered",
            hint="govern ledger verify --deep names the row",
        )


def _spell(extra: dict[str, Any]) -> bytes:

    # The pieces are canonical and bounded each; together they may pass the bound of one event.
    return json.dumps(extra, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def enrolments(workspace: Workspace, wanted: set[str]) -> list[int]:
    """Entry 0 and every enrolment that leads from the founder to the wanted keys, in order; of a later recovery key, proposal and approval.

    Where a person has two of these keys, the end of the earlier one as well: it is what lets somebody else have given them another.
    """
    db = workspace.view()
    found = {0}
    waiting = list(wanted)
    keys: set[str] = set()
    while waiting or (waiting := _enders(db, keys, found)):
        keys.add(key := waiting.pop())
        row = db.execute("SELECT k.entry, e.key FROM keys k JOIN entries e ON e.idx = k.entry WHERE k.id = ?", (key,)).fetchone()
        if row is not None and row[0] not in found:
            found.add(row[0])
            waiting.append(row[1])
            for entry, key in db.execute("SELECT entry, key FROM proposals WHERE ended_entry = ? AND state = 'approved'", (row[0],)):
                found.add(entry)
                waiting.append(key)
    return sorted(found)


def _enders(db: sqlite3.Connection, keys: Collection[str], found: set[int]) -> list[str]:
    """Put the revocations that the chain still needs among its entries; the keys that recorded them."""
    rows = db.execute(
        """
        SELECT r.entry, e.key FROM revocations r JOIN keys k ON k.id = r.key JOIN entries e ON e.idx = r.entry
        WHERE r.key IN (SELECT value FROM json_each(:keys)) AND EXISTS (
          SELECT 1 FROM keys later WHERE later.person = k.person AND later.entry > r.entry AND later.id IN (SELECT value FROM json_each(:keys)))
        """,
        {"keys": json.dumps(sorted(keys))},
    ).fetchall()
    new = [(entry, key) for entry, key in rows if entry not in found]
    found.update(entry for entry, _ in new)
    return [key for _, key in new]


def _opened(workspace: Workspace, reading: Reading, index: int) -> tuple[bytes, bytes]:
    entry = Entry(*reading.entries(index, index + 1)[0])
    key = workspace.epochs.get(entry.epoch)
    if key is None:
        raise IntegrityError("no key for its epoch: the wrap was withheld or replaced", index=index, code="epoch")
    return open_event(entry, vault=workspace.vault, epoch=key)


def _record(workspace: Workspace, reading: Reading, hashes: Sequence[bytes], index: int) -> dict[str, Any]:
    import hashlib

    entry = Entry(*reading.entries(index, index + 1)[0])
    salt, event = _opened(workspace, reading, index)
    return {
        "index": index, "compartment": entry.compartment.hex(), "epoch": entry.epoch.hex(), "commitment": entry.commitment.hex(),
        "sealed_sha256": hashlib.sha256(entry.sealed).hexdigest(), "event": event.decode(), "salt": salt.hex(),
        "path": [node.hex() for node in inclusion_proof(hashes, index, len(hashes))],
    }  # fmt: skip
