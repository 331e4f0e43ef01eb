"""Every entry of a ledger of thirty-one entries, attacked in every way that whoever owns the database has: each is refused, and the index named.

The control stands in `test_control`: the untouched copy passes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from govern.errors import IntegrityError
from govern.ledger.note import parse_note, sign_note
from govern.vault.keys import Keys

from .vaults import GENESIS, SIZE, Machine

COLUMNS = ("compartment", "epoch", "commitment", "sealed", "personal")
OTHERS = "compartment, epoch, commitment, sealed, personal"


def first_of(entry: int) -> int:
    """First entry of the transaction that the entry is of."""
    return 0 if entry < GENESIS else entry


def end_of(entry: int) -> int:
    """Size of the checkpoint over that transaction."""
    return max(GENESIS, entry + 1)


def flipped(value: bytes, at: int) -> bytes:
    """The same bytes with one bit turned; which one is spread over the whole length."""
    position = (at * 37) % (8 * len(value))
    changed = bytearray(value)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


def flip(column: str) -> Callable[[sqlite3.Connection, int], int]:
    """Turn a bit of a column of the entry. Where there is no personal part, one is planted."""

    def attack(db: sqlite3.Connection, entry: int) -> int:
        (value,) = db.execute(f"SELECT {column} FROM entry WHERE idx = ?", (entry,)).fetchone()
        db.execute(f"UPDATE entry SET {column} = ? WHERE idx = ?", (flipped(value or bytes(284), entry), entry))
        return entry

    return attack


def flip_index(db: sqlite3.Connection, entry: int) -> int:
    db.execute("UPDATE entry SET idx = ? WHERE idx = ?", (entry ^ 1 << (5 + entry % 40), entry))
    return entry


def flip_size(db: sqlite3.Connection, entry: int) -> int:
    db.execute("UPDATE checkpoint SET size = ? WHERE size = ?", (end_of(entry) ^ 1 << (5 + entry % 40), end_of(entry)))
    return first_of(entry)


def flip_note(db: sqlite3.Connection, entry: int) -> int:
    (note,) = db.execute("SELECT note FROM checkpoint WHERE size = ?", (end_of(entry),)).fetchone()
    db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (flipped(note, 5 * entry + 3), end_of(entry)))
    return first_of(entry)


def delete(db: sqlite3.Connection, entry: int) -> int:
    db.execute("DELETE FROM entry WHERE idx = ?", (entry,))
    return entry


def delete_and_close_up(db: sqlite3.Connection, entry: int) -> int:
    delete(db, entry)
    for later in range(entry + 1, SIZE):
        db.execute("UPDATE entry SET idx = ? WHERE idx = ?", (later - 1, later))
    return entry


def delete_checkpoint(db: sqlite3.Connection, entry: int) -> int:
    db.execute("DELETE FROM checkpoint WHERE size = ?", (end_of(entry),))
    return first_of(entry)


def delete_transaction(db: sqlite3.Connection, entry: int) -> int:
    """The whole of it, as if it had never been; the ones behind move up."""
    length = GENESIS if entry < GENESIS else 1
    db.execute("DELETE FROM entry WHERE idx >= ? AND idx < ?", (first_of(entry), end_of(entry)))
    delete_checkpoint(db, entry)
    for later in range(end_of(entry), SIZE):
        db.execute("UPDATE entry SET idx = ? WHERE idx = ?", (later - length, later))
        db.execute("UPDATE checkpoint SET size = ? WHERE size = ?", (later + 1 - length, later + 1))
    return first_of(entry)


def swap_with_next(db: sqlite3.Connection, entry: int) -> int:
    """The last one with the one before it."""
    one, other = (entry, entry + 1) if entry + 1 < SIZE else (entry - 1, entry)
    db.execute("UPDATE entry SET idx = -1 WHERE idx = ?", (one,))
    db.execute("UPDATE entry SET idx = ? WHERE idx = ?", (one, other))
    db.execute("UPDATE entry SET idx = ? WHERE idx = -1", (other,))
    return one


def duplicate_behind_it(db: sqlite3.Connection, entry: int) -> int:
    for later in reversed(range(entry + 1, SIZE)):
        db.execute("UPDATE entry SET idx = ? WHERE idx = ?", (later + 1, later))
    db.execute(f"INSERT INTO entry SELECT {entry + 1}, {OTHERS} FROM entry WHERE idx = ?", (entry,))
    return entry + 1


def duplicate_at_the_end(db: sqlite3.Connection, entry: int) -> int:
    db.execute(f"INSERT INTO entry SELECT {SIZE}, {OTHERS} FROM entry WHERE idx = ?", (entry,))
    return SIZE


def duplicate_over_next(db: sqlite3.Connection, entry: int) -> int:
    """The next one (of the last: the one before) becomes a copy."""
    over = entry + 1 if entry + 1 < SIZE else entry - 1
    db.execute("DELETE FROM entry WHERE idx = ?", (over,))
    db.execute(f"INSERT INTO entry SELECT {over}, {OTHERS} FROM entry WHERE idx = ?", (entry,))
    return over


ATTACKS: dict[str, Callable[[sqlite3.Connection, int], int]] = {
    "a bit of its index": flip_index,
    **{f"a bit of its {column}": flip(column) for column in COLUMNS},
    "a bit of its checkpoint's size": flip_size,
    "a bit of its checkpoint's note": flip_note,
    "deleted": delete,
    "deleted and closed up": delete_and_close_up,
    "its checkpoint deleted": delete_checkpoint,
    "its transaction deleted": delete_transaction,
    "swapped with the next": swap_with_next,
    "duplicated behind itself": duplicate_behind_it,
    "duplicated over the next": duplicate_over_next,
    "duplicated at the end": duplicate_at_the_end,
}


ENDS = (0, 3, 4, 18, 30)
"""Genesis and its end, what stands behind it, somewhere in the middle, the last."""


def chosen(attack: str, entry: int) -> bool:
    """Each attack on a sixth of the entries, so that each entry has two or three, and on the ends; all of them in the slow tests."""
    return entry in ENDS or (entry + list(ATTACKS).index(attack)) % 6 == 0


EVERY = [
    pytest.param(attack, entry, id=f"{attack}-{entry}", marks=[] if chosen(attack, entry) else [pytest.mark.slow])
    for attack in ATTACKS
    for entry in range(SIZE)
]


@pytest.mark.parametrize(("attack", "entry"), EVERY)
def test_an_altered_entry_or_checkpoint_is_named(machine: Machine, attack: str, entry: int) -> None:
    with machine.database() as db:
        expected = ATTACKS[attack](db, entry)
    # Without its last transaction the store is sound and shorter: a rollback, for which no entry is to blame.
    assert machine.named() == (None if attack == "its transaction deleted" and entry == SIZE - 1 else expected)


@pytest.mark.parametrize("note", [b"", b"\n" * 6, b"a\n1\nb\n\n\xe2\x80\x94 name AAAA\nBBBB\n", b"\xff" * 40])
def test_a_checkpoint_that_is_no_checkpoint_is_named(machine: Machine, note: bytes) -> None:
    """One flipped bit can make two lines of its signature."""
    with machine.database() as db:
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note, end_of(7)))
    assert machine.named() == first_of(7)


def signed_by_another(machine: Machine, entry: int, keys: Keys) -> None:
    with machine.database() as db:
        (note,) = db.execute("SELECT note FROM checkpoint WHERE size = ?", (end_of(entry),)).fetchone()
        again = sign_note(parse_note(note).text, name=keys.id.hex(), public=keys.sign_public, sign=keys.sign)
        assert again != note
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (again, end_of(entry)))


@pytest.mark.parametrize("entry", [pytest.param(entry, marks=[] if entry in ENDS else [pytest.mark.slow]) for entry in range(SIZE)])
def test_a_checkpoint_that_another_enrolled_key_validly_signed_is_named(machine: Machine, entry: int) -> None:
    ben = machine.of("ben")
    with machine.database() as db:
        (note,) = db.execute("SELECT note FROM checkpoint WHERE size = ?", (end_of(entry),)).fetchone()
    author = ben if ben.keys().id.hex().encode() in note else machine
    signed_by_another(machine, entry, (machine if author is ben else ben).keys())
    assert machine.named() == first_of(entry)
    assert ben.named() == first_of(entry)


# --- on a machine that remembers nothing but the pin -------------------------------------------------------------------------------------


ALONE = [attack for attack in ATTACKS if attack != "its checkpoint deleted"]
"""Two transactions of one signer with the checkpoint between them removed are one transaction to whoever has not seen it: only a journal tells."""


@pytest.mark.slow
@pytest.mark.parametrize("entry", range(SIZE))
@pytest.mark.parametrize("attack", ALONE)
def test_without_a_journal_the_transaction_is_named_by_the_replay(machine: Machine, attack: str, entry: int) -> None:
    machine.forget("journal", "journal.personal")
    with machine.database() as db:
        expected = ATTACKS[attack](db, entry)
    named = machine.named()
    if attack == "a bit of its checkpoint's size" or expected == SIZE:
        assert named is not None  # which of the sizes is wrong, only a journal can tell
    elif named is None:
        assert attack == "its transaction deleted"  # all that the store can show is that it is shorter
    else:
        assert first_of(named) <= first_of(expected) <= named + GENESIS


@pytest.mark.slow
@pytest.mark.parametrize("entry", range(SIZE))
@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack != "its checkpoint deleted"])
def test_a_new_machine_refuses_the_altered_store_before_it_shows_anything(machine: Machine, attack: str, entry: int) -> None:
    if attack == "its transaction deleted" and entry == SIZE - 1:
        pytest.skip("a shorter ledger that is sound: who has seen nothing later can't tell")
    with machine.database() as db:
        ATTACKS[attack](db, entry)
    machine.forget("pin", "journal", "journal.personal", "register")
    with pytest.raises(IntegrityError):
        machine.begin_anew()
    assert not (machine.home / "pin").exists()


@pytest.mark.parametrize("entry", [GENESIS - 1, 9, 16, SIZE - 2])
def test_fewer_checkpoints_of_one_signer_give_a_new_machine_the_same_register(machine: Machine, entry: int) -> None:
    """Two transactions of one member look like one: nothing is gained by it, and only a machine that saw both can tell."""
    before = machine.register()
    with machine.database() as db:
        delete_checkpoint(db, entry)
    machine.forget("pin", "journal", "journal.personal", "register")
    if entry == GENESIS - 1:
        with pytest.raises(IntegrityError):  # the one that it joined with
            machine.begin_anew()
    else:
        assert machine.begin_anew().register() == before


def test_an_entry_under_anothers_checkpoint_is_void_for_a_new_machine_and_told(machine: Machine) -> None:
    ben, mia = 19, 20
    with machine.database() as db:
        delete_checkpoint(db, ben)
    told = machine.forget("pin", "journal", "journal.personal", "register").begin_anew().verify()
    assert told.code == 7
    assert [(finding["index"], finding["code"]) for finding in told.json()["findings"]] == [(ben, "signer")]
    assert machine.ask("SELECT type FROM entries WHERE idx IN (?, ?) ORDER BY idx", ben, mia) == [("void",), ("credential.added",)]
