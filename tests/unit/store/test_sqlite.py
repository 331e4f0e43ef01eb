"""A SQLite file as it is opened: its owner's alone, refused where it must not lie, its errors in our own words."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from govern.errors import Failed, GovernError, IntegrityError, NotFound
from govern.store import location
from govern.store.database import create_store, open_store
from govern.store.location import check_location
from govern.store.peek import Peek, peek
from govern.store.schema import from_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_store(tmp_path / "vault.db")
    return tmp_path / "vault.db"


def test_a_store_is_its_owners_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_never_written_over(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Failed) as refused:
        create_store(path)
    assert (refused.value.code, path.read_bytes()) == ("exists", before)


def test_a_look_without_sqlalchemy_sees_what_the_store_shows(path: Path, tmp_path: Path) -> None:
    assert peek(path) == Peek(-1, b"", -1)
    with pytest.raises(NotFound):
        peek(tmp_path / "none.db")


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
        ("string or blob too big", sqlite3.DataError, 6, "damaged"),
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
    assert error.hint


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


def test_a_note_that_is_text_is_none(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO checkpoint VALUES (1, CAST(zeroblob(4194304) AS TEXT))")
        db.execute("INSERT INTO entry VALUES (0, x'00', x'00', x'00', x'00', NULL)")
    with closing(open_store(path)) as store, store.reading() as reading:
        assert reading.checkpoint(1) is None
        for look in (reading.head, lambda: peek(path)):
            with pytest.raises(IntegrityError):
                look()
