"""How long an account is left alone because a platform has asked for it: what an entry claims is bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from govern.register.connection import create
from govern.register.queries.connecting import wait_until

NOW = "2026-11-22T09:00:00Z"


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        create(db)
        db.execute("INSERT INTO credentials (id, account, kind) VALUES ('c', 'a', 'password')")
        db.execute("INSERT INTO rotations (id, credential) VALUES ('r', 'c')")
        yield db


@pytest.mark.parametrize(
    ("retry_at", "at", "until"),
    [
        ("2026-11-22T11:00:00Z", NOW, "2026-11-22T11:00:00Z"),
        ("2026-11-22T08:00:00Z", "2026-11-22T07:00:00Z", ""),
        ("9999-01-01T00:00:00Z", NOW, "2026-11-23T09:00:00Z"),
        ("9999-01-01T00:00:00Z", "2026-11-20T09:00:00Z", ""),
        ("9999-01-01T00:00:00Z", "2099-01-01T00:00:00Z", ""),
    ],
    ids=["the control: two hours are kept", "it has passed", "for ever: a day", "for ever, two days ago", "said in the future"],
)
def test_nobody_holds_connectors_back_for_longer_than_a_day(db: sqlite3.Connection, retry_at: str, at: str, until: str) -> None:
    db.execute("INSERT INTO probes VALUES (1, 'r', 2, 'inconclusive', ?, 'k', ?)", (retry_at, at))
    assert wait_until(db, "a", NOW) == until


def test_nothing_was_said(db: sqlite3.Connection) -> None:
    assert wait_until(db, "a", NOW) == ""
