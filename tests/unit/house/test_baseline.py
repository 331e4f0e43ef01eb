"""Findings that are accepted for now: until when, and which never are, judged in replay, whatever wrote the entry."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings.findings import LONGEST, NEVER_ACCEPTED, acceptable, latest
from govern.procedures import status
from govern.register.queries import findings, policies

from .conftest import House


def day(house: House, days: int) -> str:
    return (date.fromisoformat(house.now[:10]) + timedelta(days=days)).isoformat()


def baseline(house: House, *keys: str, until: str = "", by: str = "bo") -> int:
    return house.fact("baseline.accepted", {"until": until or day(house, 30), "findings": list(keys)}, by=by)


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    return told.value


@pytest.mark.parametrize("key", [f"{beginning}:7" for beginning in NEVER_ACCEPTED])
def test_attack_an_admin_accepts_what_speaks_against_them_before_they_do_it(house: House, key: str) -> None:
    """Bo's program knows which entry will be void, and of whom it will say that they leave: everybody's status would call it accepted."""
    told = refused(baseline, house, "no-credential:1", key)
    assert (told.rule, told.control) == ("baseline-never", "RA-7")
    baseline(house, "no-credential:1")  # the control


def test_attack_findings_accepted_for_good(house: House) -> None:
    told = refused(baseline, house, "no-credential:1", until="9999-12-31")
    assert (told.rule, day(house, LONGEST) in told.hint) == ("baseline-long", True)
    baseline(house, "no-credential:1", until=day(house, LONGEST))


def test_attack_a_clock_that_is_years_ahead_makes_no_later_end(house: House) -> None:
    """An admin's counts for a year beyond the ledger's, once, as everywhere."""
    said, house.moment = house.moment, house.moment + timedelta(days=3000)
    told = refused(baseline, house, "no-credential:1", until=day(house, 300))
    house.moment = said
    assert told.rule == "baseline-long"


def test_who_is_said_to_leave_without_a_case_stays_critical_whatever_is_accepted(house: House) -> None:
    """The command leaves out what is never accepted, and takes in the rest."""
    house.fact("person.leaving", {"person": house.ids["cy"]}, by="hr")

    def told() -> dict[str, str]:
        db = house.db()
        today = house.now[:10]
        found = findings.findings(db, policies.policy(db), today, house.ids["mia"])
        return {one.code: one.severity for one in status.accept(found, findings.accepted(db, today))}

    before = told()
    assert before["leaving-without-case"] == "critical"
    assert set(before.values()) > {"critical"}
    status.accept_baseline(house.members["mia"], day(house, 20), house.now)
    assert {code for code, severity in told().items() if severity != "info"} == {"leaving-without-case"}
    house.later(days=21)
    assert told()["leaving-without-case"] == "critical"


def test_the_last_day_stays_within_the_calendar() -> None:
    assert latest("9999-12-30") == "9999-12-30"
    assert not acceptable("")
    assert acceptable("sole-native-admin:1")


def test_attack_two_handles_are_exchanged_and_what_is_typed_goes_to_another(house: House) -> None:
    """HR may correct names; a program of theirs exchanges two handles, so that no two are alike, and mia grants the account to somebody else."""
    for who, handle in (("cy", "zz"), ("bo", "cy"), ("cy", "bo")):
        house.fact("person.edited", {"person": house.ids[who]}, {"handle": handle, "name": handle.title()}, by="hr")
    rows = dict(house.db().execute("SELECT handle, id FROM people"))
    assert {who: rows[who] for who in ("bo", "cy")} == {who: house.ids[who] for who in ("bo", "cy")}
    assert house.db().execute("SELECT name FROM people WHERE id = ?", (house.ids["cy"],)).fetchone() == ("Bo",), "the control: names change"
