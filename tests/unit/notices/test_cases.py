"""Departures: told to those who work on them, recorded where the case is, and under embargo without a word of whom it is about."""

from __future__ import annotations

import pytest

from govern.errors import Refused

from .conftest import Office


def types(office: Office, by: str = "mia") -> list[str]:
    return [type_ for (type_,) in office.db(by).execute("SELECT type FROM entries WHERE type LIKE '%digest%' ORDER BY idx")]


def role(office: Office) -> None:
    """cleo has a role of her own on the platform of the shop."""
    office.fact(
        "entitlement.recorded", {"entitlement": "e" * 32, "account": office.ids["shop"], "person": office.ids["cleo"], "role": "editor"}
    )


def test_items_of_a_case_are_told_to_whoever_they_are_for_and_recorded_in_its_compartment(office: Office) -> None:
    role(office)
    case = office.offboard("cleo")
    ran = office.remind()
    kinds = {one.thing.kind for sent in ran.sent for one in sent.digest.notices}
    assert "case-item" in kinds
    assert "case.digest_sent" in types(office)
    assert office.ids["cleo"] not in {one.digest.person for one in ran.sent}
    assert office.remind().sent == ()
    body = {"case": case.id, "person": office.ids["cleo"], "message": "m", "channel": "c", "locale": "en", "lines": []}
    with pytest.raises(Refused) as refused:
        office.fact("case.digest_sent", body)
    assert refused.value.rule == "own-case"
    office.fact("case.digest_sent", {**body, "person": office.ids["ben"]})


def test_who_does_not_read_cases_learns_nothing_of_them_from_what_reminders_record(office: Office) -> None:
    office.enrol("dora", cases=False)
    role(office)
    office.offboard("cleo")
    office.remind()
    assert "case.digest_sent" in types(office)
    assert "case.digest_sent" not in types(office, "dora")
    office.members["dora"].view()
