"""Populations: the register of a day gone by is what it was then, and everybody who left is in the list of leavers, whatever they knew."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import NotFound
from govern.register import connection
from govern.register.past import as_of
from govern.reports import holders, leavers

from .test_departing import anna as anna  # the fixture


def rows(db: Any) -> list[Any]:
    return [row for row in connection.dump(db) if row[0] != "state"]


def test_the_past_is_row_for_row_the_register_of_that_moment(anna: Any) -> None:
    before = []
    steps = (
        lambda: anna.enrol("ben"), lambda: anna.promote("ben"), lambda: anna.secret("shop", "api-token"), lambda: anna.offboard("anna"),
        lambda: anna.person("cleo"),
    )  # fmt: skip
    for step in steps:
        step()
        before.append((anna.now, rows(anna.db())))
    for moment, then in before:
        with as_of(anna.members["mia"], moment) as past:
            assert rows(past.db) == then
            assert past.note
    assert before[0][1] != before[-1][1]


def test_there_is_no_past_before_the_founding(anna: Any) -> None:
    with pytest.raises(NotFound), as_of(anna.members["mia"], "2026-11-20T00:00:00Z"):
        pass


def test_an_entry_whose_time_is_off_moves_nothing(anna: Any) -> None:
    now = anna.now
    with anna.members["mia"].transaction("2031-01-01T00:00:00Z") as tx:
        tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}, {"name": "drawer"})
    anna.person("cleo")
    assert anna.db().execute("SELECT code FROM findings").fetchall()
    with as_of(anna.members["mia"], anna.now) as past:
        assert past.db.execute("SELECT count(*) FROM people WHERE handle = 'cleo'").fetchone()[0] == 1
    with as_of(anna.members["mia"], now) as past:
        assert past.db.execute("SELECT count(*) FROM people WHERE handle = 'cleo'").fetchone()[0] == 0


def test_what_was_erased_since_stays_away_from_the_past(anna: Any) -> None:
    anna.person("gone")
    then = anna.now
    person = anna.ids["gone"]
    index = anna.db().execute("SELECT entry FROM concerns WHERE person = ?", (person,)).fetchone()[0]
    mia = anna.members["mia"]
    with mia.store.writing() as writing:  # as an erasure leaves it: the part is gone from store and journal
        writing.drop_personal([index])
        writing.commit()
    mia.journal.forget({index}, set(), mia.ends())
    with as_of(mia, then) as past:
        assert past.db.execute("SELECT name FROM people WHERE id = ?", (person,)).fetchone()[0] is None


def of(found: list[Any], account: str, person: str) -> Any:
    return next((one for one in found if (one.account, one.person) == (account, person)), None)


def test_a_holder_of_yesterday_is_one_who_knows_today(anna: Any) -> None:
    then = anna.now
    anna.offboard("anna")
    with as_of(anna.members["mia"], then) as past:
        before = of(holders.collect(past.db), "shop", "anna")
    after = of(holders.collect(anna.db()), "shop", "anna")
    assert (before.is_, before.knows) == (("holder",), ("password", "totp"))
    assert (after.is_, after.knows) == (("knows",), ("password", "totp"))
    assert of(holders.collect(anna.db()), "shop", "mia").is_ == ("custodian", "holder")
    assert of(holders.collect(anna.db()), "blog", "anna").is_ == ("knows",)
    assert {len(holders.cells(after))} == {len(holders.HEAD)}


def listed(company: Any, **more: Any) -> dict[str, Any]:
    span = {"since": "0000", "until": "9999", "reader": company.ids["mia"], "now": company.now} | more
    return {one.person: one for one in leavers.collect(company.db(), **span)}


def test_a_leaver_is_told_with_removal_changes_and_lag(anna: Any) -> None:
    case = anna.offboard("anna")
    removed = anna.now
    first = listed(anna)["anna"]
    assert (first.result, first.removed_at, first.secrets, first.rotated, first.lag) == ("still knows", removed, 3, 0, None)
    anna.later(hours=2)
    for entry in anna.items(case):
        if entry.credential_kind == "password":
            anna.rotate(entry.item.credential)
    told = listed(anna)["anna"]
    assert (told.secrets, told.rotated, told.still_knows) == (3, 2, 1)
    assert told.lag is not None
    assert 120 <= told.lag < 180
    assert {len(leavers.cells(told))} == {len(leavers.HEAD)}


def test_whoever_held_nothing_is_in_the_list(anna: Any) -> None:
    anna.person("cleo")
    anna.offboard("cleo")
    told = listed(anna)["cleo"]
    assert (told.held_nothing, told.secrets, told.result) == (True, 0, "held nothing")


def test_whoever_left_without_a_case_is_in_the_list(anna: Any) -> None:
    anna.person("dora")
    anna.fact("person.left", {"person": anna.ids["dora"], "on": "2026-11-10"})
    told = listed(anna)["dora"]
    assert (told.case, told.left, told.result) == ("", "2026-11-10", "no case")
    assert "dora" not in listed(anna, since="2026-11-11")
    assert "dora" in listed(anna, until="2026-11-10")


def test_before_its_cut_nobody_finds_their_own(anna: Any) -> None:
    anna.offboard("anna", cut_in=5)
    assert listed(anna)["anna"].result == "cut not made"
    assert "anna" not in listed(anna, reader=anna.ids["anna"])
