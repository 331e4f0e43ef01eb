"""Departures that are none: a new post, a pause, a lost machine; and an agency whose people all go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import NotFound, Refused, Usage
from govern.offboarding.kinds import CaseKind
from govern.procedures import offboard
from govern.register import connection
from govern.register.queries import cases, rotations, ties

from .conftest import Company, copied


def kinds(company: Any, case: Any) -> list[str]:
    return [f"{e.item.kind} {e.handle or e.about[:4]}" for e in company.items(case)]


def opened(company: Any, person: str, kind: CaseKind, *, by: str = "mia", **more: Any) -> list[Any]:
    """Every case that one opening gave."""
    opening = offboard.Opening(person=person, kind=kind, cut_at=(company.later(minutes=1), company.now)[1], **more)
    return [case for case, _ in company.do(offboard.open_all, opening, by=by)]


def key_of(company: Any, person: str) -> str:
    return str(company.members[person].keys.id.hex())


def rebuilt(company: Any, by: str = "mia") -> None:
    """The register of a member, thrown away and replayed, is the same."""
    workspace = company.members[by]
    before = list(connection.dump(workspace.view()))
    workspace.close()
    connection.remove(workspace.home / "register.db")
    assert list(connection.dump(workspace.view())) == before


@copied
def firm(folder: Path) -> Company:
    """Mia and Bo are admins, Eva is HR; Anna has keys and holds two accounts that Mia and Bo hold as well."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("eva", "hr")
    company.enrol("anna")
    for handle in ("shop", "blog"):
        company.account(handle, "mia", "anna", "bo")
        company.ids[f"{handle}-password"] = company.secret(handle)
    return company


# --- another post ---------------------------------------------------------------------------------------------------------------------------


def test_a_mover_keeps_what_is_named_and_all_else_ends(firm: Any) -> None:
    case = firm.offboard("anna", kind=CaseKind.MOVER, keep=["shop"])
    held = firm.db().execute("SELECT account FROM grants WHERE person = ? AND ended_at IS NULL", (firm.ids["anna"],)).fetchall()
    assert held == [(firm.ids["shop"],)]
    assert kinds(firm, case) == ["end-grant blog", "rotate blog"]
    assert rotations.open_of(firm.db(), firm.ids["shop-password"]) is None
    assert ties.sealed_accounts(firm.db(), firm.ids["anna"], live=True) == (firm.ids["shop"],)
    firm.rotate(firm.ids["blog-password"])
    assert firm.close_case(case, by="bo").state == "closed"
    rebuilt(firm)


def test_what_a_mover_keeps_stays_known_and_what_ended_holds_up_the_closing(firm: Any) -> None:
    case = firm.offboard("anna", kind=CaseKind.MOVER, keep=["shop"])
    with pytest.raises(Refused) as refused:
        firm.close_case(case)
    assert refused.value.rule == "items-open"
    assert [one.account for one in ties.unanswered(firm.db(), case.id, firm.ids["anna"])] == [firm.ids["blog"]]
    assert len(ties.known(firm.db(), firm.ids["anna"])) == 2


def test_what_is_granted_in_the_new_post_is_none_of_the_cases_business(firm: Any) -> None:
    """The control: a grant that a leaver came by could not have been given."""
    case = firm.offboard("anna", kind=CaseKind.MOVER)
    firm.account("news", "mia", "bo")
    firm.secret("news")
    firm.fact("grant.issued", {"grant": "c" * 32, "account": firm.ids["news"], "person": firm.ids["anna"]})
    for name in ("shop-password", "blog-password"):
        firm.rotate(firm.ids[name])
    firm.end(case, next(e.number for e in firm.items(case) if e.item.kind == "revoke-key"), "not-applicable")
    assert firm.close_case(case, by="bo").state == "closed"
    leaver = firm.offboard("anna")
    with pytest.raises(Refused) as refused:
        firm.fact("grant.issued", {"grant": "d" * 32, "account": firm.ids["shop"], "person": firm.ids["anna"]})
    assert (refused.value.rule, leaver.state) == ("leaver", "cut")


@pytest.mark.parametrize("kind", [kind for kind in CaseKind if kind is not CaseKind.MOVER])
def test_nobody_else_keeps_an_account_and_the_replay_says_so(firm: Any, kind: CaseKind) -> None:
    told = "whoever joins has nothing to end" if kind is CaseKind.JOINER else "kept"
    with pytest.raises(Usage, match=told):
        firm.offboard("anna", kind=kind, keep=["shop"])
    with pytest.raises(Refused) as refused:
        firm.fact("case.opened", opening(firm, kind, kept=[firm.ids["shop"]]))
    assert refused.value.rule == "case-scope"
    firm.fact("case.opened", opening(firm, CaseKind.MOVER, kept=[firm.ids["shop"]]))


def opening(firm: Any, kind: CaseKind, **more: Any) -> dict[str, Any]:
    return {
        "case": "f" * 32, "person": firm.ids["anna"], "kind": kind.value, "cut_at": firm.now, "items": 0, "frozen": "e" * 64, "frozen_at": 9,
        **more,
    }  # fmt: skip


def test_an_embargoed_departure_keeps_nothing(firm: Any) -> None:
    with pytest.raises(Usage, match="size would tell"):
        firm.offboard("anna", kind=CaseKind.MOVER, keep=["shop"], embargo=True)


# --- a pause --------------------------------------------------------------------------------------------------------------------------------


def test_who_pauses_holds_nothing_until_it_is_given_again_and_keeps_their_key(firm: Any) -> None:
    case = firm.offboard("anna", kind=CaseKind.PAUSE)
    assert kinds(firm, case) == ["end-grant blog", "end-grant shop", "rotate blog", "rotate shop"]
    assert firm.db().execute("SELECT state FROM keys WHERE id = ?", (key_of(firm, "anna"),)).fetchone() == ("active",)
    for name in ("shop-password", "blog-password"):
        firm.rotate(firm.ids[name])
    assert ties.sealed_accounts(firm.db(), firm.ids["anna"], live=True) == ()
    assert firm.close_case(case, by="bo").state == "closed"
    assert cases.held_before(firm.db(), firm.case(case)) == ["blog", "shop"]
    firm.fact("grant.issued", {"grant": "c" * 32, "account": firm.ids["shop"], "person": firm.ids["anna"]})
    assert cases.held_before(firm.db(), firm.case(case)) == ["blog"]
    assert firm.db().execute("SELECT leaving, left_on FROM people WHERE handle = 'anna'").fetchone() == (0, None)


# --- a lost machine -------------------------------------------------------------------------------------------------------------------------


def test_after_a_lost_machine_the_person_goes_on_holding_and_what_it_could_show_changes(firm: Any) -> None:
    key = key_of(firm, "anna")
    case = firm.offboard("anna", kind=CaseKind.DEVICE_LOST)
    assert kinds(firm, case) == [f"revoke-key {key[:4]}", "rotate blog", "rotate shop"]
    assert firm.items(case)[0].state == "done"
    grants = firm.db().execute("SELECT count(*) FROM grants WHERE person = ? AND ended_at IS NULL", (firm.ids["anna"],)).fetchone()
    assert grants == (2,)
    assert {r.trigger for r in rotations.rotations(firm.db(), only_open=True)} == {"compromise"}
    assert firm.db().execute("SELECT cause FROM revocations WHERE key = ?", (key,)).fetchone() == ("lost",)
    for name in ("shop-password", "blog-password"):
        firm.rotate(firm.ids[name])
    assert firm.close_case(case, by="bo").state == "closed"
    rebuilt(firm)


def test_what_came_after_the_machine_was_cut_off_is_none_of_its_business(firm: Any) -> None:
    """The person holds the account still, so they could know the new secret: the thief of their machine could not."""
    case = firm.offboard("anna", kind=CaseKind.DEVICE_LOST)
    for name in ("shop-password", "blog-password"):
        firm.rotate(firm.ids[name])
    firm.declare(firm.ids["shop-password"], "anna")
    assert ties.known(firm.db(), firm.ids["anna"]) != ()
    assert ties.unanswered(firm.db(), case.id, firm.ids["anna"]) == ()
    assert firm.close_case(case, by="bo").state == "closed"


def test_what_may_have_lain_on_it_in_any_other_way_changes_too(firm: Any) -> None:
    """Somebody without keys who lost their phone: whatever they were given."""
    firm.person("cy")
    firm.declare(firm.ids["shop-password"], "cy")
    case = firm.offboard("cy", kind=CaseKind.DEVICE_LOST)
    assert kinds(firm, case) == ["rotate shop"]
    with pytest.raises(Refused):
        firm.close_case(case)
    firm.rotate(firm.ids["shop-password"])
    assert firm.close_case(case, by="bo").state == "closed"


def test_hr_opens_it_and_the_key_waits_for_an_admin(firm: Any) -> None:
    case = firm.offboard("anna", kind=CaseKind.DEVICE_LOST, by="eva")
    assert [e.state for e in firm.items(case)] == ["open", "open", "open"]
    for name in ("shop-password", "blog-password"):
        firm.rotate(firm.ids[name])  # sealed to the lost machine once more
    assert len(firm.items(case)) == 5
    firm.fact("key.revoked", {"key": key_of(firm, "anna"), "cause": "lost"})
    with pytest.raises(Refused):
        firm.close_case(case)
    for name in ("shop-password", "blog-password"):
        firm.rotate(firm.ids[name])
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case)))
    assert firm.close_case(case, by="bo").state == "closed"


def test_a_change_signed_with_the_lost_key_proves_nothing(firm: Any) -> None:
    """The control: the same person's change with another key counts; it is their machine that is in other hands."""
    firm.fact("account.custody", {"account": firm.ids["shop"], "custodian": firm.ids["anna"]})
    case = firm.offboard("anna", kind=CaseKind.DEVICE_LOST, by="eva")
    firm.rotate(firm.ids["shop-password"], by="anna")
    entry = next(e for e in firm.items(case) if e.handle == "shop")
    with pytest.raises(Refused) as refused:
        firm.end(case, entry.number)
    assert refused.value.rule == "own-rotation"
    with pytest.raises(Refused) as refused:
        firm.fact("case.item_ended", {"case": case.id, "item": entry.id, "state": "done"})
    assert refused.value.rule == "own-rotation"
    other = firm.offboard("bo", kind=CaseKind.DEVICE_LOST, keys=[key_of(firm, "bo")], by="eva")
    firm.rotate(firm.ids["shop-password"])
    assert {e.state.value for e in firm.items(other) if e.handle == "shop" and e.item.version == 1} <= {"done"}


def test_only_keys_of_the_person_are_named(firm: Any) -> None:
    with pytest.raises(NotFound):
        firm.offboard("anna", kind=CaseKind.DEVICE_LOST, keys=[key_of(firm, "bo")])
    with pytest.raises(Refused) as refused:
        firm.fact("case.opened", opening(firm, CaseKind.DEVICE_LOST, keys=[key_of(firm, "bo")]))
    assert refused.value.rule == "unknown-reference"
    with pytest.raises(Refused) as refused:
        firm.fact("case.opened", opening(firm, CaseKind.LEAVER, keys=[key_of(firm, "anna")]))
    assert refused.value.rule == "case-scope"
    firm.fact("case.opened", opening(firm, CaseKind.DEVICE_LOST, keys=[key_of(firm, "anna")]))


@pytest.mark.parametrize("more", [{"cut_in": 1}, {"embargo": True}])
def test_a_lost_machine_waits_for_nothing(firm: Any, more: dict[str, Any]) -> None:
    with pytest.raises(Usage, match="waits for nothing"):
        firm.offboard("anna", kind=CaseKind.DEVICE_LOST, **more)


# --- an agency ------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def agency(firm: Any) -> Any:
    from govern.procedures import people

    for handle, name in (("ada", "Loud"), ("ben", "loud"), ("cam", "Quiet")):
        firm.ids[handle] = firm.do(people.add, people.NewPerson(name=handle.title(), handle=handle, agency=name)).id
    firm.declare(firm.ids["shop-password"], "ada")
    return firm


@pytest.mark.parametrize("named", ["Loud", "LOUD", "ada", "ben"])
def test_with_an_agency_all_of_its_people_go(agency: Any, named: str) -> None:
    cases = opened(agency, named, CaseKind.AGENCY_ENDED)
    names = {id_: name for name, id_ in agency.ids.items()}
    assert sorted(names[case.person] for case in cases) == ["ada", "ben"]
    assert named not in agency.ids or names[cases[0].person] == named
    gone = agency.db().execute("SELECT handle FROM people WHERE leaving ORDER BY handle").fetchall()
    assert gone == [("ada",), ("ben",)]
    ada = next(case for case in cases if names[case.person] == "ada")
    assert kinds(agency, ada) == ["rotate shop", "destroy-copies "]


def test_whoever_of_the_agency_has_a_case_already_is_left_out(agency: Any) -> None:
    agency.offboard("ben")
    assert [case.person for case in opened(agency, "Loud", CaseKind.AGENCY_ENDED)] == [agency.ids["ada"]]


def test_that_no_copy_is_kept_is_told_by_people_with_evidence(agency: Any) -> None:
    (case,) = [case for case in opened(agency, "Loud", CaseKind.AGENCY_ENDED) if case.items]
    agency.rotate(agency.ids["shop-password"])
    with pytest.raises(Refused):
        agency.close_case(case)
    agency.end(case, 2, evidence="e" * 64)
    assert agency.close_case(case, by="bo").state == "closed"


def test_somebody_of_no_agency_goes_alone(agency: Any) -> None:
    assert [case.person for case in opened(agency, "anna", CaseKind.AGENCY_ENDED)] == [agency.ids["anna"]]
