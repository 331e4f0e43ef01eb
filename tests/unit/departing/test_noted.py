"""What a change means for the departures that ask for it: noted at once by whoever works on them, else by the next one who does, and told as done meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govern.errors import NotFound, Refused, Usage
from govern.offboarding.kinds import CaseKind
from govern.procedures import accounts, custody, offboard
from govern.procedures.ending_items import after_answering
from govern.procedures.settling import shown_done, stale
from govern.register.queries import accounts as account_rows
from govern.register.queries import cases, findings, people, policies, work
from govern.reports import checklist

from .conftest import Company, copied
from .pack_files import Files


@copied
def firm(folder: Path) -> Company:
    """Mia and Bo are admins, Hanne is HR, Cy answers for the blog and works on no cases. Anna answers for the shop, and knows the blog's password,
    as Ben does."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("hanne", "hr")
    company.enrol("cy", cases=False)
    for person in ("anna", "ben"):
        company.person(person)
    company.account("shop", custodian="anna", prompts_reach=company.ids["anna"])
    company.account("page", deputy=company.ids["anna"])
    company.account("blog", "mia", custodian="cy")
    company.ids["password"] = company.secret("blog")
    for person in ("anna", "ben"):
        company.declare(company.ids["password"], person)
    return company


def states(firm: Any, case: Any) -> dict[str, str]:
    return {entry.item.kind.value + (f" {entry.handle}" if entry.handle else ""): entry.state.value for entry in firm.items(case)}


def changed(firm: Any, selector: str, work: Any, *, by: str) -> list[str]:
    """A change of accounts and what it meant, in one transaction, as the command does; kinds of the items that ended."""

    def both(tx: Any) -> list[str]:
        before = account_rows.select(tx.register, selector)
        work(tx)
        return [entry.item.kind.value for _, entry in after_answering(tx, before)]

    return list(firm.do(both, by=by))


def test_another_responsible_person_ends_the_item_that_asks_for_one(firm: Any) -> None:
    case = firm.offboard("anna", by="hanne")
    assert changed(firm, "shop", lambda tx: custody.hand(tx, "shop", "bo"), by="bo") == ["custody", "sole-holder"]
    assert states(firm, case)["custody shop"] == "done"
    assert (states(firm, case)["deputy page"], states(firm, case)["prompts shop"]) == ("open", "open")


def test_another_deputy_and_other_prompts_end_theirs(firm: Any) -> None:
    case = firm.offboard("anna", by="hanne")
    asked = accounts.Asked(deputy="bo")
    assert changed(firm, "page", lambda tx: accounts.edit(tx, "page", asked), by="mia") == ["deputy"]
    asked = accounts.Asked(prompts_reach="bo")
    assert changed(firm, "shop", lambda tx: accounts.edit(tx, "shop", asked), by="mia") == ["prompts"]
    assert (states(firm, case)["deputy page"], states(firm, case)["prompts shop"]) == ("done", "done")


def test_an_edit_that_leaves_them_where_they_are_ends_nothing(firm: Any) -> None:
    """The control: the same call, about the same account and the same person."""
    case = firm.offboard("anna", by="hanne")
    assert changed(firm, "page", lambda tx: accounts.edit(tx, "page", accounts.Asked(tier="low")), by="mia") == []
    assert states(firm, case)["deputy page"] == "open"


def seen(firm: Any, case: Any, *, by: str = "hanne") -> list[tuple[str, str]]:
    """Kind and account of open items that the ledger shows as done."""
    db, found = firm.db(by), firm.case(case, by=by)
    done = shown_done(db, found, cases.items(db, case.id), firm.now)
    assert bool(done) is stale(db, found, firm.now)
    return [(entry.item.kind.value, entry.handle) for entry in cases.items(db, case.id) if entry.id in done]


def on_paper(firm: Any, case: Any) -> dict[str, list[str]]:
    """Whose sheet has items of which kinds."""
    sheets = checklist.sheets(firm.db("hanne"), firm.case(case, by="hanne"), now=firm.now)
    return {sheet.of.handle: [task.line.what for task in sheet.tasks] for sheet in sheets}


def todo(firm: Any, person: str, *, by: str = "hanne") -> list[str]:
    db = firm.db(by)
    found = work.work(db, policies.policy(db), firm.now, reader=firm.ids[by], person=firm.ids[person])
    return [one.command for one in found if one.what in ("case-item", "rotation")]


def test_what_somebody_who_works_on_no_cases_has_done_is_told_as_done_and_is_nobodys_work_any_more(firm: Any) -> None:
    """Cy, who changed the secret, was still asked for it, and HR read that it was open."""
    case = firm.offboard("anna", by="hanne")
    command = "govern rotate blog --kind password"
    assert command in todo(firm, "cy")
    assert seen(firm, case) == []
    assert on_paper(firm, case)["cy"] == ["change the password (version 1)"]
    firm.rotate(firm.ids["password"], "another-Secret-of-the-blog", by="cy")
    assert "cy" not in on_paper(firm, case)  # and everybody else's sheet is as it was
    assert states(firm, case)["rotate blog"] == "open"
    assert seen(firm, case) == [("rotate", "blog")]
    assert command not in todo(firm, "cy")
    note = f"govern offboard refresh {case.id[:8]}"
    assert note in todo(firm, "hanne")
    assert note not in todo(firm, "cy")
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case, by="hanne")), by="hanne")
    assert (states(firm, case)["rotate blog"], seen(firm, case)) == ("done", [])
    assert note not in todo(firm, "hanne")


def test_one_rotation_ends_items_of_two_departures_and_each_keeps_its_own_frozen_list_and_evidence(firm: Any, tmp_path: Path) -> None:
    first = firm.offboard("anna", by="hanne")
    firm.account("mail", "mia")
    firm.declare(firm.secret("mail", secret="mail-secret"), "ben")
    second = firm.offboard("ben", by="hanne")
    before = [(firm.case(case, by="hanne").frozen, firm.case(case, by="hanne").frozen_at) for case in (first, second)]
    assert before[0] != before[1]
    done = firm.rotate(firm.ids["password"], "another-Secret-of-the-blog")
    assert {one.case.id for one in done.cases} == {first.id, second.id}
    packs = []
    for case in (first, second):
        files = Files(firm, firm.case(case), tmp_path / case.id)
        assert f"case {case.id} of person {case.person} (leaver)" in files.told()
        packs.append(json.loads(files.json)["claims"])
    assert [(pack["case"]["frozen"], pack["case"]["frozen_at"]) for pack in packs] == before
    items = [next(one for one in pack["items"] if one["credential"] == firm.ids["password"]) for pack in packs]
    assert items[0]["rotated"] == items[1]["rotated"]
    assert items[0]["revoked"]["entry"] != items[1]["revoked"]["entry"]
    assert items[0]["id"] != items[1]["id"]
    firm.do(lambda tx: offboard.refresh(tx, firm.case(first)))
    assert [(firm.case(case, by="hanne").frozen, firm.case(case, by="hanne").frozen_at) for case in (first, second)] == before


# --- a case by the person whom it is about -----------------------------------------------------------------------------------------


def found(firm: Any, text: str, *, by: str = "hanne") -> str:
    return str(cases.find_of(firm.db(by), text, reader=firm.ids[by]).id)


def test_a_case_is_found_by_the_person_whom_it_is_about(firm: Any) -> None:
    case = firm.offboard("anna", by="hanne")
    assert found(firm, "anna") == found(firm, case.id[:8]) == case.id
    for nobody in ("ben", "nobody", "", "anna "[:2], "%", "a' OR '1'='1"):
        with pytest.raises(Usage):
            found(firm, nobody)
    with pytest.raises(NotFound):
        found(firm, "abcdef0123")


def test_of_several_departures_the_one_that_is_open_is_meant_and_of_several_open_ones_none(firm: Any) -> None:
    first = firm.offboard("ben", by="hanne")
    firm.rotate(firm.ids["password"], "another-Secret-of-the-blog")
    firm.close_case(first, by="hanne")
    assert found(firm, "ben") == first.id
    hidden = firm.do(
        lambda tx: offboard.open_(tx, offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at="", embargo=True)), by="hanne"
    )[0]
    assert found(firm, "anna") == hidden.id
    with pytest.raises(Usage, match="no id of a case, nor a person with one"):
        found(firm, "anna", by="mia")  # who is not named learns nothing by asking
    other = firm.offboard("anna", by="mia")
    assert found(firm, "anna", by="mia") == other.id
    with pytest.raises(Refused) as several:
        found(firm, "anna")
    assert (several.value.rule, hidden.id[:8] in several.value.hint) == ("ambiguous", True)


def test_nobody_finds_their_own_departure_before_its_cut(firm: Any) -> None:
    """Bo reads every other case."""
    case = firm.offboard("bo", by="hanne", cut_in=3)
    assert found(firm, "bo") == found(firm, "bo", by="mia") == case.id
    with pytest.raises(Usage, match="no id of a case, nor a person with one"):
        found(firm, "bo", by="bo")


# --- what to type next -------------------------------------------------------------------------------------------------------------


def test_a_secret_whose_change_is_under_way_is_one_step_and_not_two(firm: Any) -> None:
    """The same change stood twice among the five things to do next, once with a trigger that it had already."""

    def steps() -> set[str]:
        db = firm.db()
        told = findings.findings(db, policies.policy(db), firm.now[:10], firm.ids["mia"])
        return {one.command for one in told if one.code in ("known-by-former", "rotation-open") and one.subject == "blog"}

    firm.fact("person.left", {"person": people.find(firm.db(), "ben").id, "on": "2026-11-20"})
    assert steps() == {"govern rotate blog --kind password --because membership"}
    firm.offboard("anna", by="hanne")
    assert steps() == {"govern rotate blog --kind password"}
