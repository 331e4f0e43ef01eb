"""A returned checklist: entered on behalf of whoever did the work, graded so, and never a way around a second person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import NotFound, Refused
from govern.procedures import offboard_sheet

from .conftest import Company, copied

PLACES = ("b" * 32, "c" * 32)


@copied
def firm(folder: Path) -> Company:
    """Mia and Bo are admins, Eva is HR, Carl has no keys; Anna knew one password and is in two places."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("eva", "hr")
    for person in ("anna", "carl"):
        company.person(person)
    company.declare(company.shop("mia", "bo"), "anna")
    for place in PLACES:
        company.fact("place.added", {"place": place, "kind": "sheet"}, {"name": f"Sheet {place[0]}"})
        company.fact("place.member", {"place": place, "person": company.ids["anna"]})
        company.fact("place.holds", {"place": place, "accounts": [company.ids["shop"]]})
    return company


def enter(company: Any, case: Any, codes: list[str], person: str = "carl", *, by: str = "mia", **more: Any) -> Any:
    return company.do(lambda tx: offboard_sheet.enter(tx, company.case(case, by=by), codes, person, **more), by=by)


def codes_of(company: Any, case: Any, kind: str = "clean-place") -> list[str]:
    return [e.code for e in company.items(case) if e.item.kind == kind]


def test_what_a_sheet_says_is_recorded_as_done_by_whoever_returned_it(firm: Any) -> None:
    case = firm.offboard("anna")
    done = enter(firm, case, codes_of(firm, case), evidence="e" * 64, note="by post")
    assert len(done.items) == 2
    for entry in (e for e in firm.items(case) if e.item.kind == "clean-place"):
        assert (entry.state, entry.grade, entry.evidence, entry.note) == ("done", "on-behalf", "e" * 64, "by post")
        assert (entry.ended_by, entry.entered_by) == (firm.ids["carl"], firm.ids["mia"])


def test_paper_ends_no_rotation(firm: Any) -> None:
    case = firm.offboard("anna")
    (code,) = codes_of(firm, case, "rotate")
    entered = enter(firm, case, [code, *codes_of(firm, case)])
    assert ([one.code for one in entered.left], len(entered.items)) == ([code], 2)
    assert "rotation" in entered.left[0].why
    firm.rotate(firm.items(case)[0].item.credential)
    [left] = enter(firm, case, [code]).left
    assert (left.code, left.rule, left.why) == (code, "", "is done already")
    assert firm.items(case)[0].grade == "one-person"


@pytest.mark.parametrize("wrong", ["9-K7Q", "1-000"])
def test_a_slip_of_the_pen_enters_nothing_at_all(firm: Any, wrong: str) -> None:
    case = firm.offboard("anna")
    with pytest.raises(NotFound, match=wrong):
        enter(firm, case, [*codes_of(firm, case), wrong])
    assert {e.state for e in firm.items(case)} == {"open"}


def test_the_sheet_of_another_case_is_noticed(firm: Any) -> None:
    firm.person("ben")
    firm.fact("place.member", {"place": PLACES[0], "person": firm.ids["ben"]})
    anna, ben = firm.offboard("anna"), firm.offboard("ben")
    with pytest.raises(NotFound):
        enter(firm, anna, codes_of(firm, ben))


def test_nobody_enters_a_sheet_of_the_subject_or_of_their_own(firm: Any) -> None:
    case = firm.offboard("anna")
    item = firm.items(case)[1]
    body = {"case": case.id, "item": item.id, "state": "done", "grade": "on-behalf"}
    for person, rule in (("anna", "own-case"), ("mia", "on-behalf")):
        with pytest.raises(Refused) as refused:
            enter(firm, case, [item.code], person)
        assert refused.value.rule == rule
        with pytest.raises(Refused) as refused:  # and the replay says so too
            firm.fact("case.item_ended", body | {"on_behalf": firm.ids[person]})
        assert refused.value.rule == rule
    firm.fact("case.item_ended", body | {"on_behalf": firm.ids["carl"]})


@pytest.mark.parametrize("change", [{"state": "waived"}, {"state": "not-applicable"}, {"grade": "two-people"}, {"grade": "probed"}])
def test_on_behalf_of_somebody_nothing_is_given_up_and_no_better_grade_claimed(firm: Any, change: dict[str, str]) -> None:
    case = firm.offboard("anna")
    item = firm.items(case)[1]
    body = {"case": case.id, "item": item.id, "state": "done", "grade": "on-behalf", "on_behalf": firm.ids["carl"]}
    with pytest.raises(Refused) as refused:
        firm.fact("case.item_ended", body | change)
    assert refused.value.rule == "on-behalf"


def test_a_grade_is_what_the_ledger_knows_and_not_what_is_claimed(firm: Any) -> None:
    case = firm.offboard("anna")
    firm.fact("case.item_ended", {"case": case.id, "item": firm.items(case)[1].id, "state": "done", "grade": "probed"})
    assert firm.items(case)[1].grade == "one-person"


def test_neither_the_doer_nor_whoever_entered_it_verifies_it(firm: Any) -> None:
    """Else the paper of an obliging name would be the second person. The control: a third one verifies."""
    case = firm.offboard("anna")
    enter(firm, case, codes_of(firm, case), "eva")
    for who in ("mia", "eva"):
        with pytest.raises(Refused) as refused:
            firm.end(case, 2, "verify", by=who)
        assert refused.value.rule == "four-eyes"
        with pytest.raises(Refused) as refused:
            firm.fact("case.item_verified", {"case": case.id, "item": firm.items(case)[1].id}, by=who)
        assert refused.value.rule == "four-eyes"
    firm.end(case, 2, "verify", by="bo")


def test_whoever_entered_a_sheet_does_not_close_on_it_alone(firm: Any) -> None:
    case = firm.offboard("anna")
    enter(firm, case, codes_of(firm, case))
    firm.rotate(firm.items(case)[0].item.credential)
    with pytest.raises(Refused) as refused:
        firm.close_case(case)
    assert refused.value.rule == "four-eyes"
    assert firm.close_case(case, by="bo").signed_by_one is False


def test_opened_again_an_item_was_entered_by_nobody(firm: Any) -> None:
    case = firm.offboard("anna")
    enter(firm, case, codes_of(firm, case))
    firm.end(case, 2, "reopen")
    assert (firm.items(case)[1].state, firm.items(case)[1].entered_by) == ("open", "")
