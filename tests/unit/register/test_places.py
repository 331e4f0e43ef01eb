"""Places: whoever was present while a place held a version that was current could know it."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.register import connection
from govern.register.projection import APPLY, Scene

from ...counting import steps

PLACE, ACCOUNT, OTHER, PASSWORD, TOTP, ELSEWHERE = (f"{n:032x}" for n in range(1, 7))
ANNA, BEN, MIA = (f"{n:032x}" for n in range(11, 14))


class Told:
    """A register in memory that is told facts; days of November 2026 are their times."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        connection.create(self.db)
        self.index = 0
        self.rotation = 0x100
        for person in (ANNA, BEN, MIA):
            self.fact(1, "person.added", person=person)
        for account, handle in ((ACCOUNT, "shop"), (OTHER, "blog")):
            self.fact(1, "account.added", account=account, handle=handle, platform="x", tier="standard", custodian=MIA)
        self.fact(1, "place.added", place=PLACE, kind="sheet")
        self.fact(1, "place.added", place=ELSEWHERE, kind="chat")

    def fact(self, when: int | str, type_: str, **body: Any) -> Told:
        self.index += 1
        at = when if isinstance(when, str) else f"2026-11-{when:02}T09:00:00Z"
        APPLY[type_](Scene(self.db, self.index, type_, MIA, at, body, {}))
        return self

    def password(self, when: int, *, kept_in: str | None = None, changed: str | None = None, origin: str = "imported") -> Told:
        body = {"credential": PASSWORD, "account": ACCOUNT, "kind": "password"}
        self.fact(when, "credential.added", **(body | ({"kept_in": kept_in} if kept_in else {})))
        return self.version(when, 1, origin=origin, **({"changed_at": changed} if changed else {}))

    def version(self, when: int, n: int, **more: Any) -> Told:
        return self.fact(
            when, "version.staged", **({"credential": PASSWORD, "version": n, "state": "current", "origin": "imported"} | more)
        )

    def staged(self, when: int, n: int, **more: Any) -> Told:
        self.rotation += 1
        self.fact(when, "rotation.opened", rotation=f"{self.rotation:032x}", credential=PASSWORD, trigger="manual")
        return self.version(when, n, state="candidate", rotation=f"{self.rotation:032x}", **({"origin": "generated"} | more))

    def confirmed(self, when: int, n: int) -> Told:
        rotation = f"{self.rotation:032x}"
        self.fact(when, "rotation.connected", rotation=rotation, version=n, connector="matrix", distribution="govern", release="1")
        self.fact(when, "rotation.probed", rotation=rotation, version=n, answer="valid")
        for (old,) in self.db.execute("SELECT n FROM versions WHERE credential = ? AND state = 'current'", (PASSWORD,)).fetchall():
            self.fact(when, "rotation.probed", rotation=rotation, version=old, answer="invalid")
        return self.fact(when, "rotation.confirmed", rotation=rotation, version=n, grade="probed")

    def member(self, when: int, person: str, **days: str) -> Told:
        return self.fact(when, "place.member", place=PLACE, person=person, **days)

    def holds(self, when: int, account: str = ACCOUNT, place: str = PLACE) -> Told:
        return self.fact(when, "place.holds", place=place, accounts=[account])

    def cleaned(self, when: int, account: str = ACCOUNT) -> Told:
        return self.fact(when, "place.cleaned", place=PLACE, accounts=[account])

    def known(self, person: str, basis: str = "place") -> list[int]:
        """Versions of the password that this person could know."""
        rows = self.db.execute(
            "SELECT n FROM exposures WHERE person = ? AND credential = ? AND basis = ? ORDER BY n", (person, PASSWORD, basis)
        )
        return [n for (n,) in rows]

    def since(self, person: str, n: int = 1) -> str:
        return str(
            self.db.execute("SELECT since FROM exposures WHERE person = ? AND credential = ? AND n = ?", (person, PASSWORD, n)).fetchone()[
                0
            ]
        )


@pytest.fixture
def told() -> Told:
    return Told()


# --- who was present -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["member first", "place first", "secret last"])
def test_who_is_in_a_place_that_holds_the_account_could_know_it_in_whatever_order_it_is_told(told: Told, order: str) -> None:
    steps = {
        "secret": lambda: told.password(2),
        "member": lambda: told.member(2, ANNA),
        "holds": lambda: told.holds(2),
    }
    for step in {
        "member first": ("member", "secret", "holds"),
        "place first": ("secret", "holds", "member"),
        "secret last": ("holds", "member", "secret"),
    }[order]:
        steps[step]()
    assert told.known(ANNA) == [1]
    assert told.known(BEN) == []


def test_a_place_that_does_not_hold_the_account_tells_nothing(told: Told) -> None:
    assert told.password(2).member(2, ANNA).holds(2, account=OTHER).known(ANNA) == []
    assert told.holds(3, place=ELSEWHERE).known(ANNA) == []


def test_every_kind_of_an_account_lies_in_the_place(told: Told) -> None:
    told.password(2).fact(2, "credential.added", credential=TOTP, account=ACCOUNT, kind="totp")
    told.fact(2, "version.staged", credential=TOTP, version=1, state="current", origin="imported")
    told.member(3, ANNA).holds(3)
    assert told.db.execute("SELECT credential, n FROM exposures WHERE person = ? ORDER BY 1", (ANNA,)).fetchall() == [
        (PASSWORD, 1),
        (TOTP, 1),
    ]


@pytest.mark.parametrize(("until", "knows"), [("2025-12-31", []), ("2026-01-01", [1]), ("2026-06-01", [1]), (None, [1])])
def test_who_was_gone_before_the_claimed_change_does_not_know_the_new_secret(told: Told, until: str | None, knows: list[int]) -> None:
    told.password(2, changed="2026-01-01T12:00:00Z").holds(2).member(3, ANNA, since="2024-01-01", **({"until": until} if until else {}))
    assert told.known(ANNA) == knows


def test_without_a_claimed_change_a_secret_was_always_current(told: Told) -> None:
    assert told.password(2).holds(2).member(3, ANNA, until="2019-05-01").known(ANNA) == [1]


def test_a_presence_is_counted_from_the_later_of_joining_and_change(told: Told) -> None:
    told.password(2, changed="2026-01-01T12:00:00Z").holds(2)
    told.member(3, ANNA, since="2025-01-01").member(3, BEN, since="2026-03-01")
    assert told.since(ANNA) == "2026-01-01T12:00:00Z"
    assert told.since(BEN) == "2026-03-01T00:00:00Z"


def test_without_any_date_a_presence_is_counted_from_when_it_was_recorded(told: Told) -> None:
    assert told.password(2).holds(3).member(4, ANNA).since(ANNA) == "2026-11-04T09:00:00Z"


def test_a_presence_that_goes_on_is_ended_by_the_next_word_about_it(told: Told) -> None:
    told.member(2, ANNA, since="2026-01-01").member(3, ANNA, until="2026-11-02")
    assert told.db.execute("SELECT since, until FROM place_people").fetchall() == [("2026-01-01", "2026-11-02")]


def test_a_second_presence_stands_beside_the_one_that_ended(told: Told) -> None:
    told.member(2, ANNA, since="2026-01-01", until="2026-02-01").member(3, ANNA, since="2026-10-01")
    assert told.db.execute("SELECT since, until FROM place_people ORDER BY since").fetchall() == [
        ("2026-01-01", "2026-02-01"), ("2026-10-01", None),
    ]  # fmt: skip


def test_an_earlier_presence_does_not_end_the_one_that_goes_on(told: Told) -> None:
    told.member(2, ANNA, since="2026-01-01").member(3, ANNA, since="2024-01-01", until="2024-06-01")
    assert ("2026-01-01", None) in told.db.execute("SELECT since, until FROM place_people").fetchall()


def test_ending_a_presence_ends_no_exposure(told: Told) -> None:
    told.password(2).holds(2).member(3, ANNA)
    assert told.known(ANNA) == [1]
    assert told.member(4, ANNA, until="2020-01-01").known(ANNA) == [1]


# --- rotations -----------------------------------------------------------------------------------------------------------------------


def test_a_rotation_takes_the_secret_out_of_a_place_that_held_a_copy(told: Told) -> None:
    told.password(2).holds(2).member(3, ANNA).staged(4, 2).confirmed(5, 2)
    assert told.known(ANNA) == [1]


def test_within_one_second_the_order_of_the_ledger_decides_what_the_place_held(told: Told) -> None:
    told.password(2).member(2, ANNA).holds(4).staged(4, 2).confirmed(4, 2)
    assert told.known(ANNA) == [1]
    assert told.holds(4).known(ANNA) == [1, 2]


def test_who_joins_after_the_rotation_learns_neither_the_old_nor_the_new_secret(told: Told) -> None:
    told.password(2).holds(2).staged(4, 2).confirmed(5, 2)
    assert told.member(8, BEN, since="2026-11-07").known(BEN) == []


def test_who_is_said_later_to_have_been_there_before_the_rotation_could_know_the_old_secret(told: Told) -> None:
    told.password(2).holds(2).staged(4, 2).confirmed(5, 2)
    assert told.member(8, BEN, since="2026-01-01", until="2026-11-03").known(BEN) == [1]


def test_recording_anew_that_the_place_holds_the_account_brings_the_new_secret_in(told: Told) -> None:
    told.password(2).holds(2).member(3, ANNA).staged(4, 2).confirmed(5, 2)
    assert told.holds(6).known(ANNA) == [1, 2]


def test_a_new_secret_of_a_credential_kept_in_the_place_lies_there_again(told: Told) -> None:
    told.password(2, kept_in=PLACE, origin="claimed").member(3, ANNA)
    assert told.known(ANNA) == [1]
    assert told.staged(4, 2, origin="claimed").confirmed(5, 2).known(ANNA) == [1, 2]


def test_a_secret_that_is_now_sealed_here_no_longer_lies_where_it_was_kept(told: Told) -> None:
    told.password(2, kept_in=PLACE, origin="claimed").member(3, ANNA)
    assert told.staged(4, 2, manifest="ab" * 32).confirmed(5, 2).known(ANNA) == [1]


def test_who_left_a_place_before_the_rotation_does_not_know_what_is_kept_there_since(told: Told) -> None:
    told.password(2, kept_in=PLACE, origin="claimed").member(3, ANNA).member(4, ANNA, until="2026-11-03")
    assert told.staged(5, 2, origin="claimed").confirmed(5, 2).known(ANNA) == [1]


def test_on_the_day_itself_the_order_of_the_ledger_decides(told: Told) -> None:
    """Removed from the place, then changed, all on one day: the usual departure."""
    told.password(2, kept_in=PLACE, origin="claimed").member(3, ANNA).member(3, BEN)
    told.member(5, ANNA, until="2026-11-05").staged(5, 2, origin="claimed").member(5, BEN, until="2026-11-05").confirmed(5, 2)
    assert told.known(ANNA) == [1]
    assert told.known(BEN) == [1, 2]


def test_who_joins_between_staging_and_confirming_could_know_what_is_kept_in_the_place(told: Told) -> None:
    told.password(2, kept_in=PLACE, origin="claimed").staged(4, 2, origin="claimed").member(5, BEN, since="2026-11-05").confirmed(6, 2)
    assert told.known(BEN) == [1, 2]


def test_a_change_that_is_claimed_for_earlier_counts_from_then(told: Told) -> None:
    """--already-changed: the new secret lay in the place before govern heard of it."""
    told.password(2, kept_in=PLACE, origin="claimed").member(3, ANNA, until="2026-11-04")
    told.staged(8, 2, origin="claimed", changed_at="2026-11-03T00:00:00Z").confirmed(8, 2)
    assert told.known(ANNA) == [1, 2]


# --- cleaning ------------------------------------------------------------------------------------------------------------------------


def test_cleaning_ends_no_exposure(told: Told) -> None:
    told.password(2).holds(2).member(3, ANNA)
    assert told.cleaned(4).known(ANNA) == [1]


@pytest.mark.parametrize(("since", "knows"), [("2026-11-04", [1]), ("2026-11-05", []), (None, [1])])
def test_who_came_after_the_cleaning_finds_nothing(told: Told, since: str | None, knows: list[int]) -> None:
    told.password(2).holds(2).cleaned(4).member(6, BEN, **({"since": since} if since else {}))
    assert told.known(BEN) == knows


def test_cleaning_one_account_leaves_the_others(told: Told) -> None:
    told.password(2).holds(2).holds(2, account=OTHER).cleaned(4, account=OTHER)
    assert told.member(6, BEN, since="2026-11-05").known(BEN) == [1]


def test_a_secret_that_changed_after_the_cleaning_never_lay_there(told: Told) -> None:
    told.holds(2).member(2, ANNA).cleaned(3)
    assert told.password(5, changed="2026-11-04T00:00:00Z").known(ANNA) == []


def test_an_old_secret_that_comes_in_after_the_cleaning_did_lie_there(told: Told) -> None:
    """Control of the rule above: without a claimed change it may be as old as the place."""
    told.holds(2).member(2, ANNA).cleaned(3)
    assert told.password(5).known(ANNA) == [1]


def test_a_cleaned_place_can_hold_the_account_again(told: Told) -> None:
    told.password(2).holds(2).cleaned(4).holds(6)
    assert told.member(8, BEN, since="2026-11-07").known(BEN) == [1]


# --- declared ------------------------------------------------------------------------------------------------------------------------


def test_a_declaration_is_about_the_current_version_and_not_about_a_candidate(told: Told) -> None:
    told.password(2).staged(3, 2).fact(4, "knowledge.declared", credential=PASSWORD, person=ANNA)
    assert told.known(ANNA, "declared") == [1]
    assert told.confirmed(5, 2).known(ANNA, "declared") == [1]


def test_a_declared_date_is_kept(told: Told) -> None:
    told.password(2).fact(4, "knowledge.declared", credential=PASSWORD, person=ANNA, since="2024-02-01")
    assert told.since(ANNA) == "2024-02-01T00:00:00Z"


# --- any order, against a plain reading of the rule ------------------------------------------------------------------------------------


_days = st.integers(1, 20)


@settings(max_examples=150, deadline=None)
@given(
    presence=st.tuples(st.none() | _days, st.none() | _days).filter(lambda p: None in p or p[0] <= p[1]),
    changed=st.none() | _days,
    cleaned=st.none() | st.integers(21, 24),
    rotated=st.none() | st.integers(21, 24),
    order=st.permutations(["member", "secret", "holds"]),
)
def test_present_while_current_and_held_is_exposed_and_nobody_else(
    presence: tuple[int | None, int | None], changed: int | None, cleaned: int | None, rotated: int | None, order: list[str]
) -> None:
    told = Told()
    since, until = presence
    days = {name: f"2026-11-{day:02}" for name, day in (("since", since), ("until", until)) if day is not None}
    for step in order:
        if step == "member":
            told.member(20, ANNA, **days)
        elif step == "secret":
            told.password(20, changed=f"2026-11-{changed:02}T00:00:00Z" if changed else None)
        else:
            told.holds(20)
    if cleaned:
        told.cleaned(cleaned)
    if rotated:
        told.staged(rotated, 2).confirmed(rotated, 2)
    expected = until is None or changed is None or until >= changed
    assert told.known(ANNA) == ([1] if expected else [])


def test_attack_a_presence_said_again_costs_nothing_for_everybody_else_who_is_there() -> None:
    """A keyholder says it as often as they like, and every machine judges each. Control: what the place holds, said again, does cost a step for each."""

    def costs(others: int) -> tuple[int, int]:
        told = Told().password(1).holds(2)
        for number in range(others):
            person = f"{1000 + number:032x}"
            told.fact(2, "person.added", person=person)
            told.member(3, person)
        told.member(3, ANNA)
        return steps(told.db, lambda: told.member(4, ANNA)), steps(told.db, lambda: told.holds(4))

    (member, holds), (member_of_many, holds_of_many) = costs(1), costs(60)
    assert member_of_many < 2 * member
    assert holds_of_many > 5 * holds
