"""Defects that programs of this sort have had, each under its name; none of them may come back here."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import erase, offboard, proposals
from govern.procedures import rotation as steps
from govern.register.queries import cases, people, rotations, ties

from .conftest import Company

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def shop(company: Company) -> Any:
    """Mia holds it, Anna and Ben knew its password."""
    for person in ("anna", "ben"):
        company.person(person)
    company.ids["password"] = company.shop("mia")
    for person in ("anna", "ben"):
        company.declare(company.ids["password"], person)
    return company


def rotate_items(company: Any, case: Any) -> list[tuple[str, int, str]]:
    return [(e.credential_kind, e.item.version, e.state.value) for e in company.items(case) if e.item.kind == "rotate"]


def test_a_second_leaver_does_not_overwrite_the_first(shop: Any) -> None:
    """One flag per item of the vault was one leaver's evidence at a time."""
    first = shop.offboard("anna")
    frozen = shop.case(first).frozen, shop.case(first).frozen_at
    second = shop.offboard("ben")
    assert (shop.case(first).frozen, shop.case(first).frozen_at) == frozen
    assert {case.person for case in (shop.case(first), shop.case(second))} == {shop.ids["anna"], shop.ids["ben"]}
    done = shop.rotate(shop.ids["password"])
    assert {one.case.id for one in done.cases} == {first.id, second.id}
    for case in (first, second):
        assert rotate_items(shop, case) == [("password", 1, "done")]
    shop.end(first, 1, "reopen")
    assert rotate_items(shop, second) == [("password", 1, "done")]


def test_what_only_the_leaver_held_is_listed_and_listed_first(company: Any) -> None:
    """Reports that compare holders with one another left out what nobody else held."""
    company.enrol("anna")
    company.account("shop", "anna", custodian="anna")
    company.secret("shop")
    case = company.offboard("anna")
    assert company.items(case)[0].item.kind == "sole-holder"
    assert rotate_items(company, case) == [("password", 1, "open")]


def test_an_edit_of_the_account_clears_nothing(shop: Any) -> None:
    """A changed note took the mark off a secret that had not changed."""
    case = shop.offboard("anna")
    shop.fact("account.edited", {"account": shop.ids["shop"], "tier": "critical"}, {"title": "Another title", "login": "another"})
    shop.do(lambda tx: offboard.refresh(tx, shop.case(case)))
    assert rotate_items(shop, case) == [("password", 1, "open")]
    with pytest.raises(Refused):
        shop.close_case(case)
    assert shop.knows("anna") == {("password", 1)}


def test_another_seed_clears_no_password_and_another_password_no_seed(shop: Any) -> None:
    """One revision for password and seed was cleared as a whole by either."""
    seed = shop.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    shop.declare(seed, "anna")
    case = shop.offboard("anna")
    shop.start(seed, SEED)
    shop.do(lambda tx: steps.show_code(tx, rotations.open_of(tx.register, seed)))
    shop.confirm(seed)
    assert sorted(rotate_items(shop, case)) == [("password", 1, "open"), ("totp", 1, "done")]
    ben = shop.offboard("ben")
    shop.rotate(shop.ids["password"])
    assert rotate_items(shop, ben) == [("password", 1, "done")]
    shop.declare(seed, "ben")
    shop.do(lambda tx: offboard.refresh(tx, shop.case(ben)))
    assert sorted(rotate_items(shop, ben)) == [("password", 1, "done"), ("totp", 2, "open")]


def test_an_old_password_with_a_new_seed_is_still_known(shop: Any) -> None:
    """A hash over both made the old password look new."""
    seed = shop.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    shop.rotate(shop.ids["password"], "second-secret")
    shop.start(seed, SEED)
    shop.do(lambda tx: steps.show_code(tx, rotations.open_of(tx.register, seed)))
    shop.confirm(seed)
    shop.rotate(shop.ids["password"], "first-secret")
    assert shop.knows("anna") == {("password", 3)}


def test_what_was_lost_before_the_departure_still_counts(company: Any) -> None:
    """A list of what somebody can open on their last day leaves out what they could open the year before."""
    company.enrol("anna")
    company.account("shop", "mia", "anna")
    company.secret("shop")
    grant = company.db().execute("SELECT id FROM grants WHERE person = ?", (company.ids["anna"],)).fetchone()[0]
    company.fact("grant.ended", {"grants": [grant], "cause": "revoked"})
    company.do(lambda tx: accounts_closed(tx, company))
    assert ties.sealed_accounts(company.db(), company.ids["anna"]) == ()
    company.later(days=300)
    assert rotate_items(company, company.offboard("anna")) == [("password", 1, "open")]


def accounts_closed(tx: Any, company: Any) -> None:
    from govern.procedures.opening import close_to

    assert close_to(tx, company.ids["shop"], company.ids["anna"])


def test_a_change_before_the_last_exposure_does_not_count(shop: Any) -> None:
    """Changed on Monday, shown to them on Tuesday: Monday's change is no answer."""
    case = shop.offboard("anna", cut_in=3)
    shop.rotate(shop.ids["password"])
    shop.declare(shop.ids["password"], "anna")
    shop.later(days=4)
    shop.do(offboard.run_due)
    assert sorted(rotate_items(shop, case)) == [("password", 1, "done"), ("password", 2, "open")]
    with pytest.raises(Refused):
        shop.close_case(case)
    shop.rotate(shop.ids["password"])
    assert shop.close_case(case).state == "closed"


def test_a_leavers_own_change_does_not_clear_the_leaver(company: Any) -> None:
    company.enrol("anna", "admin")
    password = company.shop("mia", "anna")
    case = company.offboard("anna", cut_in=1)
    company.rotate(password, "set-by-anna", by="anna")
    company.later(days=2)
    company.do(offboard.run_due)
    assert sorted(rotate_items(company, case)) == [("password", 1, "open"), ("password", 2, "open")]


def test_names_survive_the_persons_removal_and_vanish_on_erasure(shop: Any) -> None:
    """ "Unknown user" in the evidence of those who were deleted; or names that nothing removes."""
    case = shop.offboard("anna")
    shop.rotate(shop.ids["password"])
    shop.close_case(case)
    assert (people.find(shop.db(), "anna").name, people.find(shop.db(), "anna").status) == ("Anna", "former")
    assert people.handles(shop.db())[shop.case(case).person] == "anna"
    shop.later(days=4000)
    forget(shop, "anna")
    former = people.by_id(shop.db(), shop.ids["anna"])
    assert (former.handle, former.name) == (f"former.{former.id[:4]}", f"former person {former.id[:4]}")
    again = shop.case(case)
    assert (again.person, again.frozen, again.state) == (former.id, case.frozen, "closed")
    assert rotate_items(shop, case) == [("password", 1, "done")]


def forget(company: Any, person: str) -> None:
    """Two persons, the second being the recovery quorum."""
    proposal = company.do(erase.propose, company.ids[person])
    company.later(minutes=1)
    proposals.approve_with_sheets(company.members["mia"], company.sheets(), proposal.id, company.now)


def test_a_restored_old_secret_does_not_count_as_changed(shop: Any) -> None:
    """Putting back a version of the history took the mark off."""
    shop.rotate(shop.ids["password"], "second-secret")
    case = shop.offboard("anna")
    assert rotate_items(shop, case) == []
    shop.rotate(shop.ids["password"], "first-secret")
    shop.do(lambda tx: offboard.refresh(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    assert rotate_items(shop, case)[0][2] == "open"
