"""The export of an HR program, taken in: what is recorded is judged like what is typed, and nothing comes of a question without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.offboarding.employees import NONE, Answers, Employee
from govern.offboarding.feed import Kind
from govern.policy.hr import rules
from govern.procedures import hr, offboard
from govern.register import connection
from govern.register.queries import cases, people

from .conftest import Company, Originals

RULES = rules(b"version: 1\nzone: Europe/Copenhagen\n", name="map")
YESTERDAY, SOON = "2026-11-20", "2026-12-01"


@pytest.fixture
def firm(originals: Originals) -> Iterator[Company]:
    with originals.copy(_firm) as made:
        yield made


def _firm(folder: Path) -> Company:
    """Mia and Bo are admins, Eva is HR; Anna has keys and holds the shop; Dan has neither keys nor anything."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("eva", "hr")
    company.enrol("anna")
    company.person("dan")
    company.account("shop", "mia", "anna", "bo")
    company.ids["shop-password"] = company.secret("shop")
    return company


def row(name: str, last_day: str = "", department: str = "", **more: Any) -> Employee:
    return Employee(place=f"row {name}", name=name, departments=(department,) if department else (), last_day=last_day, **more)


def everybody(*others: Employee) -> list[Employee]:
    said = {one.name for one in others}
    return [*(row(name) for name in ("Mia Holm", "Bo", "Eva", "Anna", "Dan") if name not in said), *others]


def take(firm: Company, rows: list[Employee], answers: Answers = NONE, *, by: str = "eva") -> hr.Taken:
    taken: hr.Taken = firm.do(hr.take_in, rows, RULES, answers, by=by)
    return taken


def size(firm: Company, by: str = "mia") -> int:
    return int(firm.db(by).execute("SELECT count(*) FROM entries").fetchone()[0])


@pytest.mark.parametrize(
    ("said", "begins"), [("2026-12-01", "2026-12-01"), ("", "2026-11-21"), ("2019-04-01", "2026-11-21"), ("2062-12-01", "2026-11-21")]
)
def test_the_case_of_somebody_new_begins_on_their_first_day_where_it_lies_ahead(firm: Company, said: str, begins: str) -> None:
    taken = take(firm, everybody(row("Finn Gram", first_day=said)))
    assert [case.starts_on for _, case in taken.opened] == [begins]


@pytest.mark.parametrize(("new", "cases_of_them"), [(1, 1), (5, 5), (6, 0)])
def test_whoever_is_new_has_a_case_but_for_all_of_a_first_file(firm: Company, new: int, cases_of_them: int) -> None:
    """Five others are in the file: six new ones are more than half of it."""
    taken = take(firm, everybody(*(row(f"New {'ABCDEF'[n]}") for n in range(new))))
    assert len(taken.added) == new
    opened = [case for _, case in taken.opened if case.joins]
    assert (len(opened), {case.starts_on for case in opened}) == (cases_of_them, {firm.now[:10]} if cases_of_them else set())
    assert take(firm, everybody(*(row(f"New {'ABCDEF'[n]}") for n in range(new)))).opened == []


def test_whoever_joins_and_leaves_by_one_file_has_the_departure_alone(firm: Company) -> None:
    taken = take(firm, everybody(row("Gil Holt", SOON)))
    assert [case.kind for _, case in taken.opened] == ["leaver"]


def test_hr_opens_departures_with_it_and_the_ledger_agrees(firm: Company) -> None:
    taken = take(firm, everybody(row("Anna", SOON), row("Dan", YESTERDAY), row("Finn Gram")))
    told = {case.person: (case.kind, case.state, case.last_day, case.cut_at) for _, case in taken.opened}
    assert told[firm.ids["anna"]] == ("leaver", "open", SOON, "2026-12-01T23:00:00Z"), "at midnight in Copenhagen"
    assert told[firm.ids["dan"]][:3] == ("leaver", "cut", YESTERDAY)
    assert people.find(firm.db(), "finn.gram").keyholder is False
    workspace = firm.members["mia"]
    before = list(connection.dump(workspace.view()))
    workspace.close()
    connection.remove(workspace.home / "register.db")
    assert list(connection.dump(workspace.view())) == before


def test_the_same_file_again_records_nothing(firm: Company) -> None:
    rows = everybody(row("Anna", SOON), row("Dan", YESTERDAY), row("Finn Gram", department="PR"), row("Mia Holm", department="IT"))
    assert any(change.acts for change in take(firm, rows).changes)
    firm.later(days=1)
    before = size(firm, "eva")
    assert not any(change.acts for change in hr.compare(firm.db("eva"), firm.ids["eva"], rows, RULES, firm.now))
    take(firm, rows)
    assert size(firm, "eva") == before


@pytest.mark.parametrize(("by", "allowed"), [("anna", False), ("eva", True), ("bo", True)])
@pytest.mark.parametrize(
    "rows", [everybody(row("Finn Gram")), everybody(row("Dan", YESTERDAY)), everybody(row("Dan", mail="dan@acme.example"))]
)
def test_who_may_not_type_it_may_not_import_it(firm: Company, rows: list[Employee], by: str, allowed: bool) -> None:
    before = size(firm, by)
    if allowed:
        take(firm, rows, by=by)
        assert size(firm, by) > before
        return
    with pytest.raises(Refused) as refused:
        take(firm, rows, by=by)
    assert (refused.value.rule, refused.value.control) == ("authority", "AC-3")
    assert size(firm, by) == before


def test_a_rule_that_refuses_one_change_refuses_all(firm: Company) -> None:
    before = size(firm, "anna")
    with pytest.raises(Refused):
        take(firm, everybody(row("Finn Gram"), row("Dan", YESTERDAY)), by="anna")
    assert size(firm, "anna") == before
    assert len(people.people(firm.db("anna"))) == 5


def test_nobody_opens_their_own_departure_by_a_file(firm: Company) -> None:
    rows = everybody(row("Eva", YESTERDAY))
    (own,) = [one for one in take(firm, rows).changes if one.kind is Kind.LEFT_OUT]
    assert "own departure" in own.why
    assert cases.cases(firm.db("mia"), reader=firm.ids["mia"]) == []
    assert len(take(firm, rows, by="mia").opened) == 1, "the control: another admin does"


def test_who_has_vanished_stays_until_somebody_says_since_when(firm: Company) -> None:
    rows = [one for one in everybody() if one.name != "Anna"]
    before = size(firm, "eva")
    (gone,) = [one for one in take(firm, rows).changes if one.kind is Kind.VANISHED]
    assert (gone.person, gone.asks, size(firm, "eva")) == (firm.ids["anna"], True, before)
    taken = take(firm, rows, Answers(gone={firm.ids["anna"]: YESTERDAY}))
    assert [(case.person, case.state) for _, case in taken.opened] == [(firm.ids["anna"], "cut")]


def test_half_a_file_is_refused_whatever_is_answered(firm: Company) -> None:
    answers, before = Answers(gone={firm.ids[name]: YESTERDAY for name in ("anna", "bo", "dan")}), size(firm, "eva")
    with pytest.raises(Refused) as refused:
        take(firm, [row("Mia Holm"), row("Eva")], answers)
    assert refused.value.rule == "feed-vanished"
    assert size(firm, "eva") == before


def test_a_move_is_a_case_with_time_to_decide_only_where_somebody_says_so(firm: Company) -> None:
    firm.do(lambda tx: tx.record("person.edited", {"person": firm.ids["anna"]}, {"department": "PR"}))
    rows = everybody(row("Anna", department="Sales"))
    assert [one.kind for one in take(firm, rows).changes if one.asks] == [Kind.MOVER]
    assert people.find(firm.db("eva"), "anna").department == "PR", "left as it was, so that it is asked again"
    taken = take(firm, rows, Answers(moved={firm.ids["anna"]}))
    ((_, case),) = taken.opened
    assert (case.kind, case.state, case.cut_at) == ("mover", "open", "2026-11-28T23:00:00Z")
    assert people.find(firm.db("eva"), "anna").department == "Sales"
    assert not any(change.acts or change.asks for change in hr.compare(firm.db("eva"), firm.ids["eva"], rows, RULES, firm.now))


def test_who_comes_back_is_added_anew(firm: Company) -> None:
    """What they knew before stays with who they were; no id is used again."""
    firm.do(lambda tx: tx.record("person.left", {"person": firm.ids["dan"], "on": YESTERDAY}))
    rows = everybody(row("Dan", mail=""))
    assert [one.kind for one in take(firm, rows).changes if one.asks] == [Kind.UNCLEAR], (
        "without a mail address it could be anybody of that name"
    )
    take(firm, rows, Answers(same={"row Dan": firm.ids["dan"]}))
    found = people.find(firm.db("eva"), "dan-2")
    assert (found.status, found.id != firm.ids["dan"]) == ("active", True)
    assert not any(change.acts or change.asks for change in hr.compare(firm.db("eva"), firm.ids["eva"], rows, RULES, firm.now))


def test_an_embargoed_departure_shows_itself_to_nobody_by_a_file(firm: Company) -> None:
    """Whoever was not named opens one of their own, as if nothing were; whoever was named sees that there is one."""
    opening = offboard.Opening(person="anna", kind=offboard.CaseKind.LEAVER, cut_at="", embargo=True)
    firm.do(offboard.open_, opening)
    rows = everybody(row("Anna", SOON))
    named = hr.compare(firm.db("mia"), firm.ids["mia"], rows, RULES, firm.now)
    other = hr.compare(firm.db("eva"), firm.ids["eva"], rows, RULES, firm.now)
    assert {one.kind for one in named if one.person == firm.ids["anna"]} == {Kind.UNCHANGED}
    assert {one.kind for one in other if one.person == firm.ids["anna"]} == {Kind.LEAVER}
    assert len(take(firm, rows).opened) == 1


def test_people_of_agencies_and_services_are_not_missed(firm: Company) -> None:
    firm.fact("person.edited", {"person": firm.ids["dan"], "external": True}, {"agency": "Bureau"})
    rows = [one for one in everybody() if one.name != "Dan"]
    assert not any(one.asks for one in hr.compare(firm.db("eva"), firm.ids["eva"], rows, RULES, firm.now))
