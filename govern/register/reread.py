"""Reading the whole ledger again: every row of the store against this machine's journal, against the rules, against the register.

What `view` and `transaction` never do, since it costs as much as the ledger is long. Names the exact entry, where a root could not.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from govern import events
from govern.errors import GovernError, IntegrityError
from govern.ledger.audit import Head, replay
from govern.ledger.checkpoint import Checkpoint
from govern.ledger.commitment import Entry, open_event
from govern.ledger.merkle import CompactRange
from govern.register import connection, sync
from govern.register.journal import Journal, Written
from govern.register.judge import Judge
from govern.register.pin import read_pin
from govern.vault.seal import Context, manifest_digest, set_digest, wrap_digest

if TYPE_CHECKING:
    from govern.register.epochs import EpochKeys
    from govern.register.workspace import Workspace
    from govern.store.database import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What was verified: `size` entries under `root` (hex), `versions` and `wraps` read (0 unless deep)."""

    size: int
    root: str
    versions: int = 0
    wraps: int = 0


class _Opener:
    """A judge of steps 4 and 5 only: opens and decodes every entry, and follows which keys are active; the register knows what is void."""

    def __init__(self, db: sqlite3.Connection, keys: EpochKeys, vault: bytes) -> None:
        self._void = {row[0] for row in db.execute("SELECT idx FROM entries WHERE type IN ('void', 'sealed')")}
        self._full = Judge(db, vault=vault, keys=keys)
        self._keys, self._vault = keys, vault
        self._active: dict[bytes, bytes] = {}

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
            event = events.decode_event(open_event(entry, vault=self._vault, epoch=epoch)[1])
        except GovernError as error:
            raise IntegrityError("no longer opens as it did", index=entry.index, code="altered") from error
        if event.key != key.hex():
            raise IntegrityError(
                "under a checkpoint that another key signed", index=entry.index, expected=event.key, found=key.hex(), code="signer"
            )
        if event.type == "vault.founded":
            self._active[bytes.fromhex(event.body["recovery_key"])] = bytes.fromhex(event.body["recovery_sign"])
        elif event.type == "key.enrolled":
            self._active[bytes.fromhex(event.body["key"])] = bytes.fromhex(event.body["sign"])
        elif event.type == "key.revoked":
            self._active.pop(bytes.fromhex(event.body["key"]), None)

    def close(self, checkpoint: Checkpoint, note: bytes) -> None:
        pass


def reread(workspace: Workspace, *, deep: bool) -> Reread:
    """Verify every entry of the store; with `deep` also personal parts, versions and wraps, and rebuild the register and compare it.

    Raises IntegrityError at the first failure, naming the index.
    """
    with workspace.store.reading() as reading:
        pin = read_pin(workspace.pin_path)
        sync.check_against_pin(reading, pin)
        _against_journal(reading, Journal(workspace.home), deep=deep)
    db = workspace.view()
    with workspace.store.reading() as reading:
        workspace.open_epochs(reading)
        if not deep:
            judge = _Opener(db, workspace.epochs, workspace.vault)
            head = replay(Head(CompactRange(), None), sync.transactions(reading, 0), judge, vault=workspace.vault)
            return Reread(size=head.size, root=head.tree.root().hex())
        head = _rebuild_and_compare(workspace, reading, db)
        versions = _versions(reading, db, workspace.vault)
        wraps = _wraps(reading, db)
    return Reread(size=head.size, root=head.tree.root().hex(), versions=versions, wraps=wraps)


def _against_journal(reading: Reading, journal: Journal, *, deep: bool) -> None:
    """Each transaction of the store must be, byte for byte, the one that this machine wrote or verified."""
    stored = sync.transactions(reading, 0)
    for written, standing in zip_longest(journal.read(), stored):
        if written is None or standing is None:
            return  # the longer one is what the pin is for
        note, rows = standing
        first = written.entries[0][0] if written.entries else 0
        if deep or note != written.note or len(rows) != len(written.entries):
            _same_rows(written, rows, deep=deep)
        if note != written.note:
            raise IntegrityError(
                "its checkpoint is not the one that this machine has verified",
                index=first,
                expected=_name(written.note),
                found=_name(note),
                code="forked",
            )


def _same_rows(written: Written, rows: sync.Rows, *, deep: bool) -> None:
    names = ("index", "compartment", "epoch", "commitment", "sealed", "personal")
    for mine, theirs in zip_longest(written.entries, rows.raw()):
        if mine is None:
            return  # the checkpoint between was removed: the caller compares the notes
        if theirs is None:
            raise IntegrityError("the row is missing", index=mine[0], code="missing")
        for name, one, other in zip(names, mine, theirs, strict=True):
            if one != other and (deep or name != "personal"):
                raise IntegrityError(f"its {name} is not what this machine has verified", index=mine[0], code="altered")


def _name(note: bytes) -> str:
    lines = note.split(b"\n")
    return (
        f"size {lines[1].decode(errors='replace')}, signed by {lines[-2].split(b' ')[1].decode(errors='replace')}"
        if len(lines) > 4
        else "no checkpoint"
    )


def _rebuild_and_compare(workspace: Workspace, reading: Reading, db: sqlite3.Connection) -> Head:
    with tempfile.TemporaryDirectory(dir=workspace.home, prefix="reread-") as folder:
        scratch = connection.connect(Path(folder) / "register.db")
        try:
            with connection.transaction(scratch):
                connection.create(scratch)
                head = sync.advance(
                    scratch, Head(CompactRange(), None), sync.transactions(reading, 0), vault=workspace.vault, keys=workspace.fresh_epochs(reading)
                )  # fmt: skip
            for mine, again in zip_longest(connection.dump(db), connection.dump(scratch)):
                if mine != again:
                    raise IntegrityError(f"the register's {(mine or again or ('?',))[0]} does not follow from the ledger", code="register")
        finally:
            scratch.close()
    return head


def _versions(reading: Reading, db: sqlite3.Connection, vault: bytes) -> int:
    """Every version that the ledger commits to is there and is what it was; nothing else is there."""
    known = {
        bytes.fromhex(manifest): (index, Context(vault, bytes.fromhex(account), bytes.fromhex(credential), kind, n))
        for manifest, index, account, credential, kind, n in db.execute(
            "SELECT v.manifest, v.entry, c.account, v.credential, c.kind, v.n FROM versions v JOIN credentials c ON c.id = v.credential"
            " WHERE v.manifest IS NOT NULL"
        )
    }
    count = len(known)
    for digest, commitment, sealed in reading.all_versions():
        if digest not in known:
            raise IntegrityError("the store holds a version that no entry commits to", code="version", found=_hex(digest))
        index, context = known.pop(digest)
        if not (isinstance(commitment, bytes) and isinstance(sealed, bytes)) or manifest_digest(context, sealed, commitment) != digest:
            raise IntegrityError("the version that it commits to was altered", index=index, code="version")
    if known:
        raise IntegrityError("the version that it commits to is missing", index=min(index for index, _ in known.values()), code="version")
    return count


def _wraps(reading: Reading, db: sqlite3.Connection) -> int:
    """Every set of wraps that an entry commits to, recomputed from the rows that stand and the digests of those that were ended."""
    standing: dict[tuple[bytes, bytes], bytes] = {}
    for target, recipient, sealed in reading.all_wraps():
        if not all(isinstance(part, bytes) for part in (target, recipient, sealed)):
            raise IntegrityError("a wrap row is not of its type", code="wrap")
        standing[target, recipient] = sealed
    sets = dict(db.execute("SELECT entry, digest FROM wrap_sets"))
    digests: dict[int, list[bytes]] = {entry: [] for entry in sets}
    for entry, target, key, ended in _expected(db):
        if ended is not None:
            digests[entry].append(bytes.fromhex(ended))
            continue
        if (target, key) not in standing:
            raise IntegrityError("a wrap that it commits to is missing", index=entry, code="wrap", expected=f"a wrap to {key.hex()}")
        digests[entry].append(wrap_digest(target, key, standing.pop((target, key))))
    for entry, wanted in sets.items():
        if set_digest(digests[entry]).hex() != wanted:
            raise IntegrityError("the wraps that it commits to were altered", index=entry, code="wrap")
    chained = {
        (bytes.fromhex(epoch), bytes.fromhex(previous))
        for epoch, previous in db.execute("SELECT id, previous FROM epochs WHERE previous IS NOT NULL")
    }
    planted = set(standing) - chained
    if planted:
        target, key = min(planted)
        raise IntegrityError("the store holds a wrap that no entry commits to", code="wrap", found=f"to {_hex(key)}")
    return sum(len(found) for found in digests.values())


def _expected(db: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes, str | None]]:
    """Entry, target, recipient, and the digest where the wrap was ended: of every wrap that was ever added."""
    for entry, manifest, key, ended, digest in db.execute(
        "SELECT w.added, v.manifest, w.key, w.ended, w.digest FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n"
    ):
        yield entry, bytes.fromhex(manifest), bytes.fromhex(key), digest if ended is not None else None
    for entry, epoch, key in db.execute("SELECT entry, epoch, key FROM epoch_wraps"):
        yield entry, bytes.fromhex(epoch), bytes.fromhex(key), None


def _hex(value: object) -> str:
    return value.hex()[:32] if isinstance(value, bytes) else "no bytes"


def leaves(reading: Reading, size: int) -> Sequence[bytes]:
    """Leaf hashes of the first `size` entries."""
    return [entry.leaf() for entry in sync.Rows(reading, 0, size)]
