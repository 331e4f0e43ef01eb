"""Mending the database where it lies, from this machine's journal: entries that it lost, and versions and wraps that this machine has written.

A journal holds everybody's entries, and of versions and wraps those of its own member. So where a database went back to yesterday, each member who has
written since puts back what is theirs; what is missing still, and whose journal has it, is told. Nothing but what the ledger commits to is put
in, and nothing that stands is changed, but for wraps that were ended since and have come back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from govern.errors import Failed, IntegrityError, Refused
from govern.procedures.lacking import remember
from govern.register import connection, sealed_rows, sync, wipe
from govern.register.journal import Journal
from govern.register.pin import Pin, read_pin
from govern.register.queries.people import handles
from govern.register.workspace import Workspace
from govern.store.reading import Reading
from govern.store.writing import Writing

_EPOCH: Final = 16
"""Bytes of an epoch's id, which tell its wraps from those of versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A live version, or its wrap, that the database lacks: account handle, kind, number, and whose machine wrote it (handle). `what` is `version`
    or `wrap`; `epoch` where it is a compartment's key, which has no account."""

    what: str
    account: str
    kind: str
    version: int
    by: str
    row: tuple[bytes, bytes]
    """Target and recipient, of a version nothing: what would have to be put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refilled:
    """How many rows were put back, how many ended wraps were dropped again, and what only others can put back."""

    entries: int
    versions: int
    wraps: int
    dropped: int
    lacking: tuple[Lacking, ...]


def refill(workspace: Workspace) -> Refilled:
    """Put back whatever this machine's journal has and the database lacks.

    Raises IntegrityError where the database is not of the history that was verified here, or journal and database together do not reach it.
    """
    pin = read_pin(workspace.pin_path)
    if pin is None:
        raise Refused(
            "this machine has verified nothing of this vault yet", rule="no-pin", hint="another member refills it: govern vault restore --refill"
        )  # fmt: skip
    own = _own(workspace.journal)
    with workspace.store.writing() as writing:
        entries = _entries(writing, workspace.journal, pin)
        db = _remembered(workspace, writing.head()[1])
        epochs = _put(writing, Own({}, {wrap: sealed for wrap, sealed in own.wraps.items() if len(wrap[0]) == _EPOCH}), _committed(db))
        writing.commit()
    db = db or workspace.view()  # which needs the keys of all epochs
    with workspace.store.writing() as writing:
        if writing.head()[1] != connection.state(db, "note"):
            raise Failed("others are writing", code="busy", hint="run it again")
        versions, wraps = _put(writing, own, _committed(db))
        dropped = _ended(writing, db)
        writing.commit()
    with suppress(Failed):  # a login that may not; `doctor` looks
        wipe.from_store(workspace, wipe.erased(db))
    with workspace.store.reading() as reading:
        lacking = tuple(_lacking(reading, db))
    remember(workspace.home, [one.row for one in lacking])
    return Refilled(entries=entries, versions=versions, wraps=epochs[1] + wraps, dropped=dropped, lacking=lacking)


def _remembered(workspace: Workspace, note: bytes) -> sqlite3.Connection | None:
    """The register, where it stands at this checkpoint: it was verified here, whatever else the database has lost."""
    usable = connection.is_usable(workspace.db) and connection.state(workspace.db, "note") == note
    return workspace.db if usable else None


def _entries(writing: Writing, journal: Journal, pin: Pin) -> int:
    """Add the transactions that the database lacks, up to the pin; how many entries."""
    taken, added = writing.head()[0], 0
    if taken >= pin.size:
        sync.check_against_pin(writing, pin)
        return 0
    notes = dict(writing.checkpoints(0))
    for recorded in journal.transactions():
        if recorded.size > pin.size:
            break
        if recorded.size <= taken:
            if notes.get(recorded.size) != recorded.note:
                raise IntegrityError(
                    "the database is not of the history that this machine has verified", index=recorded.first, code="forked",
                )  # fmt: skip
            continue
        rows = list(recorded.rows())
        writing.insert_entries(rows)
        writing.insert_checkpoint(recorded.size, recorded.note)
        added += len(rows)
    if writing.head() != (pin.size, pin.note):
        raise IntegrityError(
            "database and journal together do not reach what this machine has verified", expected=f"{pin.size} entries",
            found=str(writing.head()[0]), code="restore", hint="another member refills it first: govern vault restore --refill",
        )  # fmt: skip
    return added


Wanted = set[tuple[bytes, bytes]]


def _committed(db: sqlite3.Connection | None) -> Wanted | None:
    """(target, recipient) of every wrap, and (manifest digest, nothing) of every version, that the ledger has standing; None where no register
    says so."""
    if db is None:
        return None
    wanted: Wanted = {
        (bytes.fromhex(manifest), b"") for (manifest,) in db.execute("SELECT manifest FROM versions WHERE manifest IS NOT NULL")
    }
    wanted |= {(target, key) for _, target, key, ended in sealed_rows.expected(db) if ended is None}
    chain = db.execute("SELECT id, previous FROM epochs WHERE previous IS NOT NULL")
    return wanted | {(bytes.fromhex(epoch), bytes.fromhex(previous)) for epoch, previous in chain}


class Own(NamedTuple):
    """What this machine has written: versions by digest, wraps by target and recipient, as it last left them."""

    versions: dict[bytes, tuple[bytes, bytes, bytes]]
    wraps: dict[tuple[bytes, bytes], bytes]


def _own(journal: Journal) -> Own:
    own = Own({}, {})
    for written in journal.read():
        own.versions.update((row[0], row) for row in written.versions)
        own.wraps.update(((target, recipient), sealed) for target, recipient, sealed in written.wraps)
        for wrap in written.dropped:
            own.wraps.pop(wrap, None)
    return own


def _put(writing: Writing, own: Own, wanted: Wanted | None) -> tuple[int, int]:
    """Insert what is wanted and lacking; how many versions and wraps."""
    versions = [row for digest, row in own.versions.items() if _is_wanted(wanted, digest, b"") and writing.version(digest) is None]
    wraps = [(*wrap, sealed) for wrap, sealed in own.wraps.items() if _is_wanted(wanted, *wrap) and writing.wrap(*wrap) is None]
    writing.insert_versions(versions)
    writing.insert_wraps(wraps)
    return len(versions), len(wraps)


def _is_wanted(wanted: Wanted | None, target: bytes, recipient: bytes) -> bool:
    return wanted is None or (target, recipient) in wanted


def _ended(writing: Writing, db: sqlite3.Connection) -> int:
    """Drop wraps that were ended and have come back with an older database; how many."""
    standing: Wanted = set()
    ended: Wanted = set()
    for _, target, key, digest in sealed_rows.expected(db):
        (standing if digest is None else ended).add((target, key))
    back = [wrap for wrap in sorted(ended - standing) if writing.wrap(*wrap) is not None]
    writing.drop_wraps(back)
    return len(back)


def _lacking(reading: Reading, db: sqlite3.Connection) -> Iterator[Lacking]:
    names = handles(db)
    for manifest, account, kind, n, setter in db.execute(
        "SELECT v.manifest, a.handle, c.kind, v.n, e.actor FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account"
        " LEFT JOIN entries e ON e.idx = v.entry WHERE v.manifest IS NOT NULL ORDER BY a.handle, c.kind, v.n"
    ).fetchall():
        if reading.version(bytes.fromhex(manifest)) is None:
            yield Lacking(
                what="version", account=account, kind=kind, version=n, by=names.get(setter, ""), row=(bytes.fromhex(manifest), b"")
            )
    for manifest, account, kind, n, key, adder in db.execute(
        "SELECT v.manifest, a.handle, c.kind, v.n, w.key, e.actor FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n"
        " JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account LEFT JOIN entries e ON e.idx = w.added"
        " WHERE w.ended IS NULL AND v.manifest IS NOT NULL ORDER BY a.handle, c.kind, v.n, w.key"
    ).fetchall():
        if reading.wrap(bytes.fromhex(manifest), bytes.fromhex(key)) is None:
            row = (bytes.fromhex(manifest), bytes.fromhex(key))
            yield Lacking(what="wrap", account=account, kind=kind, version=n, by=names.get(adder, ""), row=row)
    for epoch, key, starter in db.execute(
        "SELECT w.epoch, w.key, e.actor FROM epoch_wraps w LEFT JOIN entries e ON e.idx = w.entry ORDER BY w.entry, w.key"
    ).fetchall():
        if reading.wrap(bytes.fromhex(epoch), bytes.fromhex(key)) is None:
            row = (bytes.fromhex(epoch), bytes.fromhex(key))
            yield Lacking(what="epoch", account="", kind="", version=0, by=names.get(starter, ""), row=row)
