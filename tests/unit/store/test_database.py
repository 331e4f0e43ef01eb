"""The store as it is opened: durable settings on every connection, errors in our own words, rows given back in order and of their types."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from govern.errors import Failed, GovernError, IntegrityError, NotFound, Usage
from govern.store import location
from govern.store.address import typed
from govern.store.database import Store, Writing, create_store, open_store
from govern.store.location import check_location
from govern.store.peek import Peek, peek
from govern.store.schema import from_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_store(tmp_path / "vault.db")
    return tmp_path / "vault.db"


@pytest.fixture
def store(path: Path) -> Store:
    return open_store(path)


def fill(writing: Writing, first: int, count: int) -> None:
    writing.insert_entries([(index, b"c" * 16, b"e" * 16, b"m" * 32, b"s%d" % index, None) for index in range(first, first + count)])
    writing.insert_checkpoint(first + count, b"note %d" % (first + count))


def test_every_connection_is_durable_and_trusts_no_schema(store: Store) -> None:
    settings = store.settings()
    assert {name for name, _, _ in settings} == {"journal_mode", "synchronous", "secure_delete", "trusted_schema"}
    assert [found for _, _, found in settings] == [wanted for _, wanted, _ in settings]


def test_a_store_is_its_owners_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_store_is_never_made_over_another(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Failed) as refused:
        create_store(path)
    assert (refused.value.code, path.read_bytes()) == ("exists", before)


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    for opening in (open_store, peek):
        with pytest.raises(NotFound) as refused:
            opening(tmp_path / "none.db")
        assert "none.db" in refused.value.message


def test_nothing_is_kept_without_a_commit(store: Store, path: Path) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
    assert peek(path) == Peek(-1, b"", -1)
    with store.writing() as writing:
        fill(writing, 0, 3)
        writing.commit()
    assert peek(path) == Peek(3, b"note 3", 2)


def test_a_row_is_never_written_over(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
        writing.commit()
    with pytest.raises(Failed) as refused, store.writing() as writing:
        fill(writing, 2, 1)
    assert refused.value.code == "race"


def test_the_head_is_refused_where_entries_and_checkpoints_do_not_end_together(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
        assert writing.head() == (3, b"note 3")
        writing.insert_entries([(3, b"c" * 16, b"e" * 16, b"m" * 32, b"s", None)])
        with pytest.raises(IntegrityError) as refused:
            writing.head()
        assert refused.value.index == 3


def test_checkpoints_come_in_order_however_many_pages_they_fill(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writing() as writing:
        for first in range(0, 4100, 2):
            fill(writing, first, 2)
        sizes = [size for size, _ in writing.checkpoints(7)]
        assert sizes == list(range(8, 4101, 2))
        assert writing.checkpoint(10) == b"note 10"
        assert writing.checkpoint(11) is None


def test_strays_are_rows_outside_the_ledger(store: Store) -> None:
    with store.writing() as writing:
        fill(writing, 0, 3)
        assert writing.strays(3) == (0, 0)
        writing.insert_entries([(-1, b"c" * 16, b"e" * 16, b"m" * 32, b"s", None)])
        writing.insert_checkpoint(0, b"")
        assert writing.strays(3) == (1, 1)


@pytest.mark.parametrize(
    ("said", "kind", "exit_code", "code"),
    [
        ("database is locked", sqlite3.OperationalError, 1, "busy"),
        ("database table is locked: entry", sqlite3.OperationalError, 1, "busy"),
        ("attempt to write a readonly database", sqlite3.OperationalError, 1, "read-only"),
        ("database or disk is full", sqlite3.OperationalError, 1, "disk-full"),
        ("unable to open database file", sqlite3.OperationalError, 1, "unreadable"),
        ("disk I/O error", sqlite3.OperationalError, 1, "io"),
        ("UNIQUE constraint failed: entry.idx", sqlite3.IntegrityError, 1, "race"),
        ("database disk image is malformed", sqlite3.DatabaseError, 6, "damaged"),
        ("malformed database schema (entry)", sqlite3.DatabaseError, 6, "damaged"),
        ("file is not a database", sqlite3.DatabaseError, 6, "damaged"),
        ("no such table: entry", sqlite3.OperationalError, 6, "damaged"),
        ("Could not decode to UTF-8 column 'sealed' with text 'x'", sqlite3.OperationalError, 6, "damaged"),
    ],
)
def test_what_sqlite_says_becomes_an_error_of_ours(said: str, kind: type[sqlite3.Error], exit_code: int, code: str) -> None:
    error = from_sqlite(kind(said), "/srv/vault.db")
    assert isinstance(error, GovernError)
    assert (error.exit_code, error.code) == (exit_code, code)
    assert "/srv/vault.db" in error.message
    assert "with text" not in error.message


@pytest.mark.parametrize(
    ("named", "path"), [("vault.db", "vault.db"), ("sqlite:///vault.db", "vault.db"), ("sqlite:////srv/v.db", "/srv/v.db")]
)
def test_a_vault_is_named_by_path_or_address(named: str, path: str) -> None:
    assert typed(named) == Path(path).absolute()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(Usage):
        typed("mysql://db/vault")


def test_a_network_folder_is_refused_with_the_way_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_text
    told = f"/dev/vda / ext4 rw 0 0\nnas:/team {tmp_path.resolve()} nfs4 rw 0 0\n"
    monkeypatch.setattr(location.Path, "read_text", lambda self, **more: told if str(self) == "/proc/mounts" else real(self, **more))
    monkeypatch.setattr(location.Path, "exists", lambda self: True)
    with pytest.raises(GovernError) as refused:
        check_location(tmp_path / "vault.db")
    assert (refused.value.exit_code, "nfs4" in refused.value.message, bool(refused.value.hint)) == (4, True, True)


def test_control_a_folder_of_ones_own_is_allowed(tmp_path: Path) -> None:
    check_location(tmp_path / "vault.db")
