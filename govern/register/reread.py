"""Reading the whole ledger again: every row of the store against this machine's journal, against the rules, against the register.

What `view` and `transaction` never do, since it costs as much as the ledger is long. Names the exact entry, where a root could not.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from govern.errors import Failed, GovernError, IntegrityError
from govern.ledger.audit import Head, replay
from govern.ledger.checkpoint import Checkpoint
from govern.ledger.commitment import Entry, open_event
from govern.ledger.merkle import CompactRange
from govern.register import connection, sealed_rows, sync
from govern.register.journal import Journal, Recorded
from govern.register.judge import Judge
from govern.register.pin import Pin, read_pin
from govern.store.reading import META

if TYPE_CHECKING:
    from govern.register.epochs import EpochKeys
    from govern.register.workspace import Workspace
    from govern.store.reading import Reading


_TRIES = 20
_CHANGES_KEYS: Final = frozenset({"vault.founded", "key.enrolled", "key.revoked", "proposal.made", "proposal.approved"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What was verified: `size` entries under `root` (hex), `versions` and `wraps` read (0 unless deep).

    `findings`: what only reading versions and wraps tells against signers, as `ledger verify --json` gives it; nothing of it is the store's doing.
    """

    size: int
    root: str
    versions: int = 0
    wraps: int = 0
    findings: Sequence[Mapping[str, Any]] = ()


class _Opener:
    """A judge of steps 4 and 5 only: opens every entry, and follows which keys are active; the register knows what is void.

    Decodes plainly. Whatever is not void was decoded strictly when it came in, and under the same root its commitment, and so its bytes, are
    the same; `deep` does all of it again.
    """

    def __init__(self, db: sqlite3.Connection, keys: EpochKeys, vault: bytes) -> None:
        self._void = {row[0] for row in db.execute("SELECT idx FROM entries WHERE type IN ('void', 'sealed')")}
        self._full = Judge(db, vault=vault, keys=keys)
        self._keys, self._vault = keys, vault
        self._active: dict[bytes, bytes] = {}
        self._recovery = b""
        self._proposed: dict[str, Mapping[str, Any]] = {}

    def public_key(self, key: bytes) -> bytes | None:
        return self._active.get(key)

    def found(self, entry: Entry, key: bytes) -> bytes:
        public = self._full.found(entry, key)
        self._active[key] = public
        return public

    def judge(self, entry: Entry, key: bytes) -> None:
        if entry.index in self._void:
            return
        epoch = self._keys.get(entry.epoch)
        if epoch is None:
            raise IntegrityError("no key for its epoch", index=entry.index, code="epoch")
        try:
            event = json.loads(open_event(entry, vault=self._vault, epoch=epoch)[1])
            signer, type_ = event["key"], event["type"]
        except (GovernError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError("no longer opens as it did", index=entry.index, code="altered") from error
        if signer != key.hex():
            raise IntegrityError(
                "under a checkpoint that another key signed", index=entry.index, expected=signer, found=key.hex(), code="signer"
            )
        if type_ in _CHANGES_KEYS:
            self._follow(type_, event["body"])

    def _follow(self, type_: str, body: Mapping[str, Any]) -> None:
        match type_:
            case "vault.founded":
                self._recovery = bytes.fromhex(body["recovery_key"])
                self._active[self._recovery] = bytes.fromhex(body["recovery_sign"])
            case "key.enrolled":
                self._active[bytes.fromhex(body["key"])] = bytes.fromhex(body["sign"])
            case "key.revoked":
                self._active.pop(bytes.fromhex(body["key"]), None)
            case "proposal.made":
                if body["act"] == "recovery-replaced":
                    self._proposed[body["proposal"]] = body["parameters"]
            case _:
                replaced = self._proposed.pop(body["proposal"], None)
                if replaced is not None:
                    self._active.pop(self._recovery, None)
                    self._recovery = bytes.fromhex(replaced["key"])
                    self._active[self._recovery] = bytes.fromhex(replaced["sign"])

    def close(self, checkpoint: Checkpoint, note: bytes) -> None:
        pass


def reread(workspace: Workspace, *, deep: bool) -> Reread:
    """Verify every entry of the store; with `deep` also personal parts, versions and wraps, and rebuild the register and compare it.

    Raises IntegrityError at the first failure, naming the index.
    """
    pin = read_pin(workspace.pin_path)  # before the snapshot, which is then at least as new
    with workspace.store.reading() as reading:
        if pin is not None:
            _against_journal(reading, Journal(workspace.home), pin, deep=deep)
        try:
            _nothing_beside(reading)
            if reading.meta() != META:
                raise IntegrityError("the store's table meta is not as it was made", code="planted")
            sync.check_against_pin(reading, pin)
        except IntegrityError as error:
            if error.code == "tail":
                _name_the_entry(workspace, reading)
            raise
    for _ in range(_TRIES):
        db = workspace.view()
        with connection.reading(db), workspace.store.reading() as reading:
            if connection.state(db, "note") == reading.head()[1]:
                workspace.open_epochs(reading)
                return _whole(workspace, reading, db, deep=deep)
    raise Failed("others are writing all the time", code="busy", hint="run it again in a quieter moment")


def _name_the_entry(workspace: Workspace, reading: Reading) -> None:
    """Replay as far as it goes: where entries and checkpoints do not end together, the replay knows which entry is the first one wrong."""
    workspace.open_epochs(reading)
    opener = _Opener(workspace.db, workspace.epochs, workspace.vault)
    replay(Head(CompactRange(), None), sync.transactions(reading, 0), opener, vault=workspace.vault)


def _whole(workspace: Workspace, reading: Reading, db: sqlite3.Connection, *, deep: bool) -> Reread:
    if not deep:
        opener = _Opener(db, workspace.epochs, workspace.vault)
        head = replay(Head(CompactRange(), None), sync.transactions(reading, 0), opener, vault=workspace.vault)
        return Reread(size=head.size, root=head.tree.root().hex())
    reading.check_pages()
    head, judge = _rebuild_and_compare(workspace, reading, db)
    spare = sealed_rows.named(db, judge.named)
    versions = sealed_rows.versions(reading, db, workspace.vault, spare)
    wraps, findings = sealed_rows.wraps(reading, db, workspace.epochs, spare, judge.passed)
    return Reread(
        size=head.size,
        root=head.tree.root().hex(),
        versions=versions,
        wraps=wraps,
        findings=findings,
    )


def _not_rolled_back(reading: Reading, pin: Pin) -> None:
    """A store that ends well, only earlier, was rolled back: no single entry is to blame."""
    try:
        size, _ = reading.head()
    except IntegrityError:
        return
    if size < pin.size:
        sync.check_against_pin(reading, pin)


def _nothing_beside(reading: Reading) -> None:
    """No row stands outside the ledger's indices and sizes: such a row is never read, and was put there by somebody."""
    size, _ = reading.head()
    entries, checkpoints = reading.strays(size)
    if entries or checkpoints:
        raise IntegrityError(
            f"the store holds {entries} entries and {checkpoints} checkpoints outside the ledger",
            expected=f"entries 0..{size - 1}",
            code="planted",
        )


def _against_journal(reading: Reading, journal: Journal, pin: Pin, *, deep: bool) -> None:
    """Each transaction of the store up to the pin must be, byte for byte, the one that this machine wrote or verified.

    What the journal holds beyond is not yet pinned, and what it lacks (it was torn or lost) only the replay can tell.
    """
    stored, start, pages = reading.checkpoints(0), 0, sync.Pages(reading)
    for recorded in journal.transactions() if deep else journal.checkpoints():
        if recorded.size > pin.size:
            return
        present, note = next(stored, (0, b""))
        if not note:
            _not_rolled_back(reading, pin)
            raise IntegrityError("its checkpoint is missing", index=recorded.first, expected=_name(recorded.note), code="missing")
        if note == recorded.note and present != recorded.size:
            raise IntegrityError(
                "its checkpoint stands at another size",
                index=recorded.first,
                expected=str(recorded.size),
                found=str(present),
                code="altered",
            )
        if deep or note != recorded.note:
            _same_rows(recorded, sync.stored(reading, start, present, pages), deep=deep)
        if note != recorded.note:
            raise IntegrityError(
                "its checkpoint is not the one that this machine has verified",
                index=recorded.first,
                expected=_name(recorded.note),
                found=_name(note),
                code="forked",
            )
        start = present


def _same_rows(recorded: Recorded, rows: sync.Rows, *, deep: bool) -> None:
    names = ("index", "compartment", "epoch", "commitment", "sealed", "personal")
    raw = rows.raw()
    for mine in recorded.rows():
        theirs = next(raw, None)
        if theirs is None:
            raise IntegrityError("the row is missing", index=mine[0], code="missing")
        if mine == theirs:
            continue
        for name, one, other in zip(names, mine, theirs, strict=True):
            if name == "personal" and (not deep or one is None or other is None):
                continue  # whether it is gone rightly, the erasures say: the replay asks them
            if one != other:
                raise IntegrityError(f"its {name} is not what this machine has verified", index=mine[0], code="altered")


def _name(note: bytes) -> str:
    """Size and signer that a note names, which may be no note at all."""
    lines = note.split(b"\n")
    signed = lines[-2].split(b" ") if len(lines) > 4 else []
    if len(signed) < 2:
        return "no checkpoint"
    return f"size {lines[1].decode(errors='replace')}, signed by {signed[1].decode(errors='replace')}"


def _rebuild_and_compare(workspace: Workspace, reading: Reading, db: sqlite3.Connection) -> tuple[Head, Judge]:
    """The head, and the judge that saw every entry. IntegrityError where the register is not, row for row, what the ledger gives."""
    with closing(connection.scratch()) as scratch:
        with connection.transaction(scratch):
            connection.create(scratch)
            judge = Judge(scratch, vault=workspace.vault, keys=workspace.fresh_epochs(reading))
            head = replay(Head(CompactRange(), None), sync.transactions(reading, 0), judge, vault=workspace.vault)
            judge.save(head.tree.encode())
        for mine, again in zip_longest(connection.dump(db), connection.dump(scratch)):
            if mine != again:
                table = (mine or again or ("?",))[0]
                raise IntegrityError(
                    f"the register's {table} does not follow from the ledger", index=_differs(db, scratch), code="register"
                )
    return head, judge


def _differs(db: sqlite3.Connection, scratch: sqlite3.Connection) -> int | None:
    """The first entry that the two judge differently, where it is one."""
    query = "SELECT e.*, f.code FROM entries e LEFT JOIN findings f ON f.entry = e.idx ORDER BY e.idx, f.code"
    for mine, again in zip_longest(db.execute(query), scratch.execute(query)):
        if mine != again:
            return int((mine or again)[0])
    return None


def leaves(reading: Reading, size: int) -> Sequence[bytes]:
    """Leaf hashes of the first `size` entries."""
    return [entry.leaf() for entry in sync.stored(reading, 0, size)]
