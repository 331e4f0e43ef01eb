"""Bringing a member's register to the head of a snapshot: from the journal where the register is lost, then from the store; journal, pin.

Refuses (IntegrityError) a store that was rolled back, forked or altered, before anything of it is shown. Knows no lock: the caller holds
the register's.
"""

from __future__ import annotations

from govern.errors import IntegrityError
from govern.ledger.audit import Head
from govern.ledger.merkle import CompactRange
from govern.register import connection, rebuild, sync
from govern.register.parts import Parts
from govern.register.pin import Pin, read_pin, write_pin
from govern.store.reading import Reading


def advance(parts: Parts, reading: Reading) -> bytes | None:
    """Verify and apply everything behind the register, journal it, move the pin; the note of the head, None of an empty store."""
    known = parts.knows_epochs
    parts.open_epochs(reading)
    journal, pin = parts.journal, read_pin(parts.pin_path)
    size, _ = sync.check_against_pin(reading, pin)
    usable, whole = connection.is_usable(parts.db), True
    if known and (not usable or sync.head_of(parts.db).size < size):
        parts.epochs.load(reading)  # others may have made this member a reader of more
    if pin is None and not usable and not journal.path.exists() and not parts.anew:
        raise IntegrityError(
            "this machine's memory of the vault is gone: pin, journal and register; an older copy could not be told from the newest",
            code="memory",
            hint="hold it against a checkpoint kept on paper or in a mail: govern vault trust NOTE",
        )
    if usable:
        sync.check_against_register(reading, sync.head_of(parts.db))
    if not usable or journal.is_shorter_than(parts.ends()):
        whole = rebuild.from_journal(parts, journal, reading, pin)
        sync.check_against_register(reading, sync.head_of(parts.db))
    head = sync.head_of(parts.db)
    parts.remember_epochs()
    anew = None if whole else rebuild.Anew(journal, parts.ends())
    kept = sync.Kept(anew.journal if anew else journal, parts.ends(), sync.transactions(reading, head.size))
    start = head.size
    try:
        head = sync.advance(parts.db, head, kept, vault=parts.vault, keys=parts.epochs)
        if start and _was_given_more(parts, start):
            head = _again(parts, reading, head)
        _reads_its_epochs(parts)
        if pin is None and head.note is not None:
            _expect(parts, reading)
    except BaseException:
        anew.discard() if anew else kept.undo()
        raise
    if anew is not None:
        anew.take_place()
    parts.save_ends(kept.ends)
    if head.note is not None and (pin is None or head.size > pin.size):
        write_pin(parts.pin_path, Pin(head.tree.encode(), head.note), pin)
    return head.note


def _was_given_more(parts: Parts, since: int) -> bool:
    """Whether an entry behind `since` gives this member a compartment's key, or is about one that they have and whose start they passed
    over, since its wrap was not there then: what was passed over is to be read now."""
    rows = parts.db.execute(
        "SELECT w.epoch, w.key FROM entries e JOIN epoch_wraps w ON w.entry = e.idx WHERE e.idx >= ? AND e.type = 'epoch.wrapped'",
        (since,),
    ).fetchall()
    passed = {epoch for epoch, _ in rows if parts.db.execute("SELECT 1 FROM epochs WHERE id = ?", (epoch,)).fetchone() is None}
    own = parts.keys.id.hex()
    return any(key == own for _, key in rows) or any(parts.epochs.get(bytes.fromhex(epoch)) is not None for epoch in passed)


def _again(parts: Parts, reading: Reading, head: Head) -> Head:
    """The register from the first entry on, up to the very checkpoint just verified, with every key that this member has by now."""
    parts.open_epochs(reading, anew=True)
    connection.create(parts.db)
    source = sync.transactions(reading, 0)
    again = sync.advance(parts.db, Head(CompactRange(), None), source, vault=parts.vault, keys=parts.epochs)
    if again.note != head.note:
        raise IntegrityError("the vault changed while it was read", code="forked")
    return again


def _reads_its_epochs(parts: Parts) -> None:
    """Each epoch wrapped to this member is one whose start was read: else an earlier key of its compartment is withheld."""
    query = "SELECT epoch FROM epoch_wraps WHERE key = ? AND NOT EXISTS (SELECT 1 FROM epochs WHERE id = epoch) ORDER BY entry"
    row = parts.db.execute(query, (parts.keys.id.hex(),)).fetchone()
    if row is not None:
        raise IntegrityError("the key of an earlier epoch was withheld", expected=f"the keys up to epoch {row[0]}", code="epoch")


def _expect(parts: Parts, reading: Reading) -> None:
    """What this machine was told when it joined must be a point of the history just verified, before it is pinned."""
    if all(note != parts.checkpoint for _, note in reading.checkpoints(0)):
        raise IntegrityError("the vault does not contain the checkpoint that this machine joined with", code="forked")
