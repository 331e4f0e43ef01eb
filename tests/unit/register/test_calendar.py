"""What is due, found by date, is what a look at every credential finds; and the calendar that it is found by follows from the other tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.register import connection
from govern.register.projection import APPLY, Scene
from govern.register.queries import calendar, rotatable
from govern.rotation.schedule import IDS, brought_before, days_before, due_on, first_due
from govern.vocabulary import KINDS, TIERS

TODAY = date(2026, 11, 22)


@cache
def policy() -> Policy:
    return parse_policy(policy_text(), name="default.yaml", preset="team")


def register() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    connection.create(db)
    return db


def naive(db: sqlite3.Connection, day: str) -> set[tuple[str, str]]:
    found = {
        (one.credential, due_on(policy(), one.tier, one.kind, one.since, imported=one.imported, credential=one.credential) or "")
        for one in rotatable.of_active(db)
    }
    return {(credential, due) for credential, due in found if due}


def rows(db: sqlite3.Connection) -> list[Any]:
    return db.execute("SELECT * FROM calendar ORDER BY credential").fetchall()


def recomputed(db: sqlite3.Connection) -> list[Any]:
    return db.execute(
        "SELECT c.kind, a.tier, v.others_unknown, substr(iif(v.others_unknown, v.current_at, coalesce(v.changed_at, v.current_at)), 1, 10), c.id"
        " FROM credentials c JOIN accounts a ON a.id = c.account AND a.state = 'active'"
        " JOIN versions v ON v.credential = c.id AND v.state = 'current' ORDER BY c.id"
    ).fetchall()


DAYS = st.integers(0, 800).map(lambda days: (TODAY - timedelta(days=days)).isoformat()) | st.just("2026-02-31")
CREDENTIAL = st.tuples(
    st.integers(0, IDS - 1), st.sampled_from(KINDS), st.sampled_from(TIERS), st.booleans(), DAYS, st.none() | DAYS, st.booleans()
)


def fill(db: sqlite3.Connection, found: list[Any]) -> None:
    for number, (id_, kind, tier, brought, current, changed, retired) in enumerate(found):
        credential = f"{id_:08x}{number:024x}"
        db.execute(
            "INSERT INTO accounts (id, handle, platform, tier, state, entry) VALUES (?, ?, 'x', ?, 'active', ?)",
            (f"a{number}", f"a{number}", tier, number),
        )
        db.execute("INSERT INTO credentials VALUES (?, ?, ?, NULL, ?)", (credential, f"a{number}", kind, number))
        body: dict[str, Any] = {"credential": credential, "version": 1, "state": "current", "origin": "claimed", "others_unknown": brought}
        body |= {"changed_at": f"{changed}T00:00:00Z"} if changed else {}
        APPLY["version.staged"](Scene(db, number, "version.staged", "mia", f"{current}T08:00:00Z", body, {}, "key"))
        if retired:
            db.execute("UPDATE accounts SET state = 'retired' WHERE id = ?", (f"a{number}",))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CREDENTIAL, max_size=30), st.integers(-3, 400))
@example([(0, "password", "standard", False, "2026-02-31", None, False)], 98)
def test_what_is_due_on_a_day_is_what_a_look_at_everything_finds(found: list[Any], ahead: int) -> None:
    db, day = register(), (TODAY + timedelta(days=ahead)).isoformat()
    fill(db, found)
    assert rows(db) == recomputed(db)
    everything = naive(db, day)
    assert set(calendar.due_by(db, policy(), day)) == {(credential, due) for credential, due in everything if due <= day}
    following = calendar.next_after(db, policy(), day)
    assert (following.day if following else None) == min((due for _, due in everything if due > day), default=None)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TIERS), st.sampled_from(KINDS), st.integers(0, 250), st.integers(0, IDS - 1))
def test_ids_below_the_bound_are_those_that_are_due(tier: str, kind: str, days: int, id_: int) -> None:
    """Of what an import brought so many days ago."""
    due = first_due(policy(), tier, kind, (TODAY - timedelta(days=days)).isoformat(), f"{id_:08x}")
    assert (due is not None and due <= TODAY.isoformat()) == (id_ < brought_before(policy(), tier, kind, days))


@settings(max_examples=100, deadline=None)
@given(st.dates(date(2, 1, 1), date(9000, 1, 1)), st.integers(0, 800))
def test_so_many_days_before_includes_a_day_that_its_month_does_not_have(day: date, days: int) -> None:
    text = days_before(day.isoformat(), days)
    last = day - timedelta(days=days)
    assert text >= last.isoformat()
    assert text < (last + timedelta(days=1)).isoformat()


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    found = register()
    fill(
        found, [(1, "password", "standard", True, "2026-01-01", None, False), (2, "totp", "low", False, "2026-02-01", "2025-12-01", False)]
    )
    yield found
    found.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE accounts SET tier = 'critical' WHERE id = 'a0'",
        "UPDATE accounts SET state = 'retired' WHERE id = 'a1'",
        "UPDATE accounts SET handle = 'other' WHERE id = 'a1'",
        "INSERT INTO versions (credential, n, state) SELECT id, 2, 'candidate' FROM credentials",
        "UPDATE versions SET state = 'current', current_at = '2026-05-05T00:00:00Z', others_unknown = 0 WHERE n = 1",
    ],
)
def test_the_calendar_follows_every_change(db: sqlite3.Connection, change: str) -> None:
    db.execute(change)
    assert rows(db) == recomputed(db)


def test_a_confirmed_rotation_moves_a_secret_from_what_an_import_brought(db: sqlite3.Connection) -> None:
    (credential,) = db.execute("SELECT id FROM credentials WHERE account = 'a0'").fetchone()
    db.execute("INSERT INTO versions (credential, n, state) VALUES (?, 2, 'candidate')", (credential,))
    db.execute("UPDATE versions SET state = 'previous' WHERE credential = ? AND state = 'current'", (credential,))
    db.execute("UPDATE versions SET state = 'current', current_at = '2026-11-20T00:00:00Z' WHERE credential = ? AND n = 2", (credential,))
    assert rows(db) == recomputed(db)
    assert rows(db)[0][:4] == ("password", "standard", 0, "2026-11-20")
