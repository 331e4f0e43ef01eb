"""What the register relies on, of either engine: nothing without a commit, no row written over, rows in order and of their types."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from govern.errors import Failed, GovernError, IntegrityError, NotFound
from govern.store.address import Location
from govern.store.copy import copy
from govern.store.database import Store, check_free, create_store, discard_store, open_store
from govern.store.peek import MOST_NOTE, MOST_VALUE, Peek, peek
from govern.store.reading import META

from ...conftest import ROOT
from .conftest import entry, fill

ByHand = Callable[..., None]


def test_every_connection_is_durable(store: Store) -> None:
    found = {name: (wanted, value) for name, wanted, value in store.settings()}
    lax = {name for name, (wanted, value) in found.items() if wanted != value}
    if store.server:
        assert set(found) == {"synchronous_commit", "fsync", "full_page_writes"}
        assert lax == {"fsync", "full_page_writes"}, "the tests' own server is told to be quick; doctor says so"
    else:
        assert set(found) == {"journal_mode", "synchronous", "secure_delete", "trusted_schema"}
        assert lax == set()


def test_a_store_that_is_not_there_is_named(empty: Location) -> None:
    with pytest.raises(NotFound) as refused, closing(open_store(empty)) as store:
        store.peek()
    assert str(empty) in refused.value.message
    assert refused.value.hint


def test_a_store_is_never_made_over_a_vault(location: Location, store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 1)
        writing.commit()
    for attempt in (create_store, check_free):
        with pytest.raises(Failed) as refused:
            attempt(location)
        assert refused.value.code == "exists"
    assert store.peek() == Peek(1, b"note 1", 0)


def test_a_store_taken_back_leaves_room_for_another(empty: Location) -> None:
    assert create_store(empty)
    discard_store(empty)
    check_free(empty)
    assert create_store(empty)


def test_nothing_is_kept_without_a_commit(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
    assert store.peek() == Peek(-1, b"", -1)
    with suppress(ZeroDivisionError), store.writing() as writing:
        fill(writing, 0, 3)
        raise ZeroDivisionError
    assert store.peek() == Peek(-1, b"", -1)
    with store.writing() as writing:
        fill(writing, 0, 3)
        writing.commit()
    assert store.peek() == Peek(3, b"note 3", 2)


def test_the_lock_can_be_taken_again_in_the_same_context(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 1)
        writing.commit()
        writing.begin()
        fill(writing, 1, 1)
        writing.rollback()
        writing.begin()
        assert writing.head() == (1, b"note 1")
        fill(writing, 1, 2)
        writing.commit()
    assert store.peek() == Peek(3, b"note 3", 2)


def test_a_row_is_never_written_over(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
        writing.insert_versions([(b"d" * 32, b"k" * 32, b"v")])
        writing.commit()
    for again in (
        lambda writing: writing.insert_entries([entry(2)]),
        lambda writing: writing.insert_checkpoint(3, b"another"),
        lambda writing: writing.insert_versions([(b"d" * 32, b"k" * 32, b"another")]),
    ):
        with pytest.raises(Failed) as refused, store.writing() as writing:
            again(writing)
        assert refused.value.code == "race"
    assert store.peek() == Peek(3, b"note 3", 2)


def test_a_wrap_that_is_sealed_anew_takes_the_place_of_the_old_one(store: Store) -> None:
    target, ours, theirs = b"t" * 32, b"r" * 16, b"x" * 16
    with store.writing() as writing:
        writing.insert_wraps([(target, ours, b"old"), (target, theirs, b"theirs")])
        writing.insert_wraps([(target, ours, b"new"), (b"u" * 16, ours, b"epoch")])
        assert writing.wrap(target, ours) == b"new"
        assert sorted(writing.chained(target)) == [(ours, b"new"), (theirs, b"theirs")]
        assert writing.epoch_wraps(ours) == [(b"u" * 16, b"epoch")]
        writing.drop_wraps([(target, ours), (b"none" * 8, ours)])
        assert writing.wrap(target, ours) is None
        assert len(list(writing.all_wraps())) == 2


def test_a_snapshot_does_not_change_while_others_write(store: Store) -> None:
    with store.reading() as reading:
        assert reading.head() == (0, b"")
        with store.writing() as writing:
            fill(writing, 0, 2)
            writing.commit()
        assert reading.head() == (0, b"")
    assert store.peek().size == 2


def test_a_reader_can_write_nothing_on_a_server(server: Location) -> None:
    with pytest.raises(Failed) as refused, closing(open_store(server)) as store, store.reading() as reading:
        reading._connection.exec_driver_sql("DELETE FROM entry")
    assert refused.value.code == "read-only"


def test_the_head_is_refused_where_entries_and_checkpoints_do_not_end_together(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
        assert writing.head() == (3, b"note 3")
        writing.insert_entries([entry(3)])
        with pytest.raises(IntegrityError) as refused:
            writing.head()
        assert refused.value.index == 3


def test_entries_come_in_order_with_their_personal_parts(store: Store) -> None:
    with store.writing() as writing:
        writing.insert_entries([entry(2, b"p"), entry(0), entry(1, b"")])
        assert writing.entries(0, 3) == [entry(0), entry(1, b""), entry(2, b"p")]
        assert writing.entries(1, 2) == [entry(1, b"")]


def test_checkpoints_come_in_order_however_many_pages_they_fill(store: Store) -> None:
    with store.writing() as writing:
        writing.insert_checkpoints([(size, b"note %d" % size) for size in range(2, 4102, 2)])
        sizes = [size for size, _ in writing.checkpoints(7)]
        assert sizes == list(range(8, 4101, 2))
        assert writing.checkpoint(10) == b"note 10"
        assert writing.checkpoint(11) is None


LARGE = MOST_VALUE + (1 << 20)
_BYTES = {"sqlite": f"zeroblob({LARGE})", "postgres": f"pg_catalog.convert_to(pg_catalog.repeat('0', {LARGE}), 'UTF8')"}


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE $checkpoint SET note = {large}",
        "UPDATE $entry SET compartment = {large} WHERE idx = 1",
        "UPDATE $entry SET sealed = {large} WHERE idx = 1",
        "UPDATE $entry SET personal = {large} WHERE idx = 1",
        "INSERT INTO $meta VALUES ('large', {large})",
        "INSERT INTO $version VALUES ('a', 'a', {large})",
        "INSERT INTO $wrap VALUES ('a', 'a', {large})",
        "INSERT INTO $mailbox VALUES ('a', 'request', {large})",
    ],
)
def test_a_planted_value_of_any_length_is_refused_before_there_is_room_made_for_it(
    store: Store, location: Location, by_hand: ByHand, planted: str
) -> None:
    def everything() -> None:
        if isinstance(location, Path):
            peek(location)
        store.peek()
        with store.reading() as reading:
            reading.head()
            list(reading.checkpoints(0))
            reading.entries(0, 3)
            if reading.meta() != META:
                raise IntegrityError("the store's table meta is not as it was made")
            for rows in (reading.all_versions(), reading.all_wraps(), reading.letters()):
                list(rows)

    with store.writing() as writing:
        fill(writing, 0, 3)
        writing.commit()
    everything()  # control
    by_hand(planted.format(large=_BYTES["postgres" if store.server else "sqlite"]))
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError) as refused:
            everything()
        assert tracemalloc.get_traced_memory()[1] < LARGE
    finally:
        tracemalloc.stop()
    assert refused.value.exit_code == 6


def test_the_bounds_are_those_that_are_documented() -> None:
    told = (ROOT / "docs" / "security" / "postgresql.md").read_text(encoding="utf-8")
    assert f"larger than {MOST_VALUE >> 20} MiB, or a checkpoint larger than {MOST_NOTE >> 10} KiB, is not fetched" in told
    assert (MOST_VALUE % (1 << 20), MOST_NOTE % (1 << 10)) == (0, 0)


def test_what_is_too_large_is_none_where_one_row_is_asked_for(store: Store) -> None:
    """A checkpoint's bound is tighter than that of other values."""
    with store.writing() as writing:
        writing.insert_checkpoints([(1, bytes(MOST_NOTE)), (2, bytes(MOST_NOTE + 1))])
        assert writing.checkpoint(1) == bytes(MOST_NOTE)
        assert writing.checkpoint(2) is None
        with pytest.raises(IntegrityError):
            writing.head()


def test_a_request_is_posted_answered_and_posted_in_the_place_of_another(store: Store) -> None:
    ours, theirs = b"i" * 16, b"j" * 16
    with store.writing() as writing:
        writing.post(ours, "request", b"first")
        writing.post(theirs, "request", b"theirs")
        writing.post(ours, "request", b"second")
        writing.commit()
    with store.reading() as reading:
        assert (reading.mail(ours), reading.mail(theirs), reading.mail(b"k" * 16)) == (b"second", b"theirs", None)
    with store.writing() as writing:
        writing.drop_mail([ours])
        writing.drop_mail([ours])
        assert list(writing.letters()) == [(theirs, "request", b"theirs")]


def test_personal_parts_are_dropped_and_nothing_else_of_the_entry(store: Store) -> None:
    with store.writing() as writing:
        writing.insert_entries([entry(index, b"part %d" % index if index % 3 else None) for index in range(1600)])
        writing.insert_checkpoint(1600, b"note")
        wanted = [index for index in range(1600) if index % 3]
        assert sorted(writing.with_personal(range(1600))) == wanted
        writing.drop_personal([0, 1, 2, *range(700, 1400), 9_999])
        writing.commit()
    store.truncate_log()
    with store.reading() as reading:
        assert reading.entries(0, 3) == [entry(0), entry(1), entry(2)]
        assert reading.entries(4, 6) == [entry(4, b"part 4"), entry(5, b"part 5")]
        assert sorted(reading.with_personal(range(1600))) == [index for index in wanted if 2 < index < 700 or index >= 1400]
        assert reading.with_personal([]) == []


def test_strays_are_rows_outside_the_ledger(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
        assert writing.strays(3) == (0, 0)
        writing.insert_entries([entry(-1)])
        writing.insert_checkpoint(0, b"")
        assert writing.strays(3) == (1, 1)


def test_the_engines_own_check_passes_what_was_written(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 50)
        writing.commit()
    with store.reading() as reading:
        reading.check_pages()
        assert reading.head()[0] == 50


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE $more (x int)",
        "CREATE VIEW $v AS SELECT * FROM $entry",
        "CREATE INDEX i ON $entry (epoch)",
        "ALTER TABLE $entry ADD COLUMN more int",
        "DROP TABLE $mailbox",
    ],
)
def test_a_changed_schema_is_refused_at_every_opening(store: Store, by_hand: ByHand, statement: str) -> None:
    store.peek()  # control: as it was made it is accepted
    by_hand(statement)
    for opening in (store.reading, store.writing):
        with pytest.raises(IntegrityError) as refused, opening():
            pass
        assert refused.value.code == "schema"


def test_a_changed_schema_is_seen_by_a_connection_that_was_open_before(store: Store, by_hand: ByHand) -> None:
    with store.writing() as writing:
        fill(writing, 0, 1)
        writing.commit()
        by_hand("CREATE TABLE $more (x int)")
    with pytest.raises(IntegrityError), store.writing():
        pass


def test_a_copy_holds_the_same_rows_and_none_outside_the_ledger(store: Store, tmp_path: Path) -> None:
    with store.writing() as writing:
        writing.insert_entries([entry(index, b"p" if index % 2 else None) for index in range(4500)])
        writing.insert_checkpoints([(4, b"first"), (4500, b"last")])
        writing.insert_versions([(b"%032d" % n, b"k" * 32, b"v" * n) for n in range(30)])
        writing.insert_wraps([(b"%032d" % n, b"r" * 16, b"w") for n in range(30)])
        writing.insert_letters([(b"i" * 16, "request", b"body")])
        writing.insert_entries([entry(-1)])
        writing.commit()
    target = tmp_path / "copy.db"
    create_store(target)
    other = open_store(target)
    with store.reading() as reading, other.writing() as writing:
        done = copy(reading, writing)
        assert (done.size, done.versions, done.wraps) == (4500, 30, 30)
        assert writing.entries(0, 5000) == reading.entries(0, 5000)
        for rows in ("all_versions", "all_wraps", "letters"):
            assert sorted(getattr(writing, rows)()) == sorted(getattr(reading, rows)())
        assert list(writing.checkpoints(0)) == list(reading.checkpoints(0))
        assert writing.strays(4500) == (0, 0)
    other.close()


def test_an_error_of_the_database_is_told_in_our_own_words(store: Store) -> None:
    with pytest.raises(GovernError) as refused, store.reading() as reading:
        reading._connection.exec_driver_sql("SELECT nonsense FROM entry")
    assert "nonsense" not in refused.value.message or not store.server
