"""What only one person could do: it comes first, it holds up the closing, and it never stops a cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.offboarding.kinds import CaseKind
from govern.procedures import keepers, offboard, proposals, replace_recovery, succession
from govern.procedures.recovery import read_sheets
from govern.register.queries import cases, ties

from .conftest import Company, Originals, copied


def kinds(company: Any, case: Any, by: str = "mia") -> list[str]:
    return [e.item.kind.value for e in company.items(case, by=by)]


def refresh(company: Any, case: Any, by: str = "mia") -> None:
    company.do(lambda tx: offboard.refresh(tx, cases.by_id(tx.register, case.id, reader=tx.actor)), by=by)


@copied
def firm(folder: Path) -> Company:
    """Mia is the only admin, Eva is HR, Anna has keys and no role."""
    company = Company(folder)
    company.enrol("eva", "hr")
    company.enrol("anna")
    return company


# --- the only admin -------------------------------------------------------------------------------------------------------------------------


def test_a_sole_admins_own_departure_begins_with_a_successor(firm: Any) -> None:
    """HR opens it and makes the cut; it closes once there is another admin."""
    case = firm.offboard("mia", by="eva")
    first = firm.items(case, by="eva")[0]
    assert (first.item.kind, first.item.blocking, case.state) == ("successor-admin", True, "cut")
    with pytest.raises(Refused) as refused:
        firm.end(case, 1, by="eva")
    assert (refused.value.rule, "govern person role PERSON admin" in refused.value.hint) == ("not-yet", True)
    with pytest.raises(Refused) as refused:  # and no program gets past the replay
        firm.fact("case.item_ended", {"case": case.id, "item": first.id, "state": "done"}, by="eva")
    assert refused.value.rule == "not-yet"


def test_who_would_open_their_own_as_the_only_one_is_told_to_name_a_successor(originals: Originals) -> None:
    with originals.copy(Company) as alone:
        with pytest.raises(Refused) as refused:
            alone.offboard("mia")
        assert (refused.value.rule, "successor" in refused.value.hint) == ("not-oneself", True)


def test_with_another_admin_the_item_ends(firm: Any) -> None:
    case = firm.offboard("mia", by="eva", cut_in=3)
    assert kinds(firm, case, "eva")[0] == "successor-admin"
    firm.promote("anna")
    refresh(firm, case, "eva")
    assert firm.items(case, by="eva")[0].state == "done"
    firm.later(days=4)
    firm.do(offboard.run_due, by="eva")
    assert firm.case(case, by="eva").state == "cut"
    assert firm.db("eva").execute("SELECT count(*) FROM keys WHERE person = ? AND state = 'active'", (firm.ids["mia"],)).fetchone() == (0,)


def test_where_there_is_another_admin_nobody_is_asked_for(firm: Any) -> None:
    firm.promote("anna")
    assert "successor-admin" not in kinds(firm, firm.offboard("mia", by="eva"), "eva")


@pytest.mark.parametrize(("kind", "asked"), [(CaseKind.PAUSE, True), (CaseKind.MOVER, True), (CaseKind.DEVICE_LOST, False)])
def test_it_hangs_on_what_happens_to_the_person(firm: Any, kind: CaseKind, asked: bool) -> None:
    assert ("successor-admin" in kinds(firm, firm.offboard("mia", by="eva", kind=kind), "eva")) is asked


# --- sheets of the recovery key ---------------------------------------------------------------------------------------------------------------


def replace(company: Any, *, old: Any) -> Any:
    """Another recovery key, approved with the sheets of the one before; the new sheets."""
    company.later(minutes=1)
    folder = company.folder / f"sheets-{company.moment.timestamp():.0f}"
    proposed = replace_recovery.propose(company.members["mia"], 1, 1, folder, company.now)
    company.later(minutes=1)
    proposals.approve_with_sheets(company.members["mia"], old, proposed.proposal.id, company.now)
    return read_sheets(proposed.sheets)


def test_who_keeps_a_sheet_leaves_and_the_key_is_replaced(firm: Any) -> None:
    firm.do(keepers.give, 1, "anna")
    case = firm.offboard("anna")
    first = firm.items(case)[0]
    assert (first.item.kind, first.item.blocking, case.state) == ("recovery-sheet", True, "cut")
    with pytest.raises(Refused) as refused:
        firm.end(case, 1)
    assert (refused.value.rule, "govern recovery replace" in refused.value.hint) == ("not-yet", True)
    replace(firm, old=firm.sheets())
    refresh(firm, case)
    assert firm.items(case)[0].state == "done"
    assert kinds(firm, firm.offboard("eva")) == ["withdraw-role", "revoke-key"]


def test_who_gave_a_sheet_on_may_have_read_it(firm: Any) -> None:
    firm.do(keepers.give, 1, "anna")
    found = firm.do(keepers.give, 1, "eva")
    assert [(one.person, one.now) for one in found] == [("eva", True), ("anna", False)]
    assert kinds(firm, firm.offboard("anna"))[0] == "recovery-sheet"


@pytest.mark.parametrize("sheet", [0, 2])
def test_only_sheets_that_there_are_are_kept(firm: Any, sheet: int) -> None:
    with pytest.raises(Refused) as refused:
        firm.do(keepers.give, sheet, "anna")
    assert refused.value.rule == "recovery-sheet"


def test_sheets_of_a_replaced_key_are_nobodys_business(firm: Any) -> None:
    firm.do(keepers.give, 1, "anna")
    old = firm.db().execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()[0]
    replace(firm, old=firm.sheets())
    assert keepers.keepers(firm.db()) == []
    with pytest.raises(Refused) as refused:
        firm.fact("recovery.entrusted", {"key": old, "sheet": 1, "person": firm.ids["anna"]})
    assert refused.value.rule == "recovery-key"


def test_an_admin_notes_it_and_nobody_else(firm: Any) -> None:
    with pytest.raises(Refused) as refused:
        firm.do(keepers.give, 1, "anna", by="eva")
    assert refused.value.rule == "authority"


# --- the last wrap ------------------------------------------------------------------------------------------------------------------------------


def test_a_cut_is_made_where_only_the_leaver_could_open_a_secret_and_nothing_is_lost(firm: Any) -> None:
    """The recovery key was replaced, and the only one who could have sealed to the new one leaves: their wrap of it stays, all others end."""
    firm.account("shop", "anna", custodian="anna")
    firm.account("blog", "mia", "anna")
    shop, blog = firm.secret("shop"), firm.secret("blog")
    replace(firm, old=firm.sheets())
    replace_recovery.rewrap(firm.members["mia"], firm.now)
    case = firm.offboard("anna")
    live = "SELECT count(*) FROM wraps WHERE credential = ? AND ended IS NULL AND key = ?"
    key = firm.members["anna"].keys.id.hex()
    assert [firm.db().execute(live, (one, key)).fetchone()[0] for one in (shop, blog)] == [1, 0]
    assert (case.state, kinds(firm, case)[0]) == ("cut", "sole-holder")
    with pytest.raises(Refused):
        firm.close_case(case, by="eva")
    firm.fact("account.custody", {"account": firm.ids["shop"], "custodian": firm.ids["mia"]})
    firm.rotate(shop, "a-new-secret")
    refresh(firm, case)
    assert firm.items(case)[0].state == "done"


def test_what_recovery_can_open_is_left_to_recovery(firm: Any) -> None:
    """The control: no wrap of the leaver stays."""
    firm.account("shop", "anna", custodian="anna")
    firm.secret("shop")
    firm.offboard("anna")
    assert ties.sealed_accounts(firm.db(), firm.ids["anna"]) == ()


# --- what platforms ask for -----------------------------------------------------------------------------------------------------------------------


def waits(company: Any, case: Any) -> list[tuple[str, int, str, bool]]:
    last = company.case(case).last_day or company.case(case).cut_at
    found = succession.waits(company.db(), company.items(case), last=last, now=company.now)
    return [(one.account, one.days, one.by, one.late) for one in found]


def test_the_wait_of_a_platform_is_reckoned_backwards_from_the_last_day(firm: Any) -> None:
    """A new owner of a brand account waits seven days."""
    firm.account("channel", "mia", "anna", custodian="anna", platform="youtube")
    firm.account("shop", "mia", "anna", custodian="anna")
    case = firm.offboard("anna", cut_in=9, last_day="2026-11-30")
    assert waits(firm, case) == [("channel", 7, "2026-11-23", False)]
    due = {e.handle: e.item.due for e in firm.items(case) if e.item.kind == "custody"}
    assert due["channel"] == "2026-11-23T00:00:00Z"
    assert due["shop"] > "2026-11-30"


def test_too_late_is_told_and_the_cut_is_made_all_the_same(firm: Any) -> None:
    firm.account("channel", "mia", "anna", custodian="anna", platform="youtube")
    case = firm.offboard("anna", last_day="2026-11-24")
    assert waits(firm, case) == [("channel", 7, "2026-11-17", True)]
    assert case.state == "cut"


def test_who_merely_holds_the_account_beside_others_keeps_nobody_waiting(firm: Any) -> None:
    firm.account("channel", "mia", "anna", platform="youtube")
    assert waits(firm, firm.offboard("anna")) == []


def test_once_a_successor_is_named_nothing_is_told(firm: Any) -> None:
    firm.account("channel", "mia", "anna", custodian="anna", platform="youtube")
    case = firm.offboard("anna", last_day="2026-11-30")
    firm.fact("account.custody", {"account": firm.ids["channel"], "custodian": firm.ids["mia"]})
    refresh(firm, case)
    assert waits(firm, case) == []


def test_until_the_cut_an_only_admin_is_an_admin_like_any_other(firm: Any) -> None:
    """Else nobody could name the successor. The control: with another admin they are leaving from the opening on."""
    leaving = "SELECT leaving FROM people WHERE id = ?"
    firm.offboard("mia", by="eva", cut_in=3)
    assert firm.db("eva").execute(leaving, (firm.ids["mia"],)).fetchone() == (0,)
    firm.later(days=4)
    firm.do(offboard.run_due, by="eva")
    assert firm.db("eva").execute(leaving, (firm.ids["mia"],)).fetchone() == (1,)


def test_where_another_admin_is_they_are_leaving_from_the_opening_on(firm: Any) -> None:
    firm.promote("anna")
    firm.offboard("mia", by="eva", cut_in=3)
    assert firm.db("eva").execute("SELECT leaving FROM people WHERE id = ?", (firm.ids["mia"],)).fetchone() == (1,)


def test_who_alone_gives_roles_on_such_a_platform_keeps_their_successor_waiting(firm: Any) -> None:
    """Without being responsible for the account here. The control: with a second admin there nobody waits."""
    firm.account("channel", "mia", "anna", platform="youtube")
    role = {"account": firm.ids["channel"], "role": "owner", "admin": True}
    firm.fact("entitlement.recorded", {"entitlement": "a" * 32, "person": firm.ids["anna"], **role})
    assert planned_waits(firm, "anna") == [("channel", "2026-11-23")]
    firm.fact("entitlement.recorded", {"entitlement": "b" * 32, "person": firm.ids["mia"], **role})
    assert planned_waits(firm, "anna") == []


def planned_waits(company: Any, person: str) -> list[tuple[str, str]]:
    opening = offboard.Opening(person=person, kind=CaseKind.LEAVER, cut_at=company.now, last_day="2026-11-30")
    [(_, entries)] = offboard.plan(company.db(), opening, company.now)
    return [(one.account, one.by) for one in succession.waits(company.db(), entries, last="2026-11-30", now=company.now)]


# --- the only one who runs an account -------------------------------------------------------------------------------------------------------------


def test_an_account_that_only_leavers_run_holds_up_the_closing_until_somebody_who_stays_answers_for_it(firm: Any) -> None:
    """Neither has keys, so nothing is sealed to them: that nobody is left is enough."""
    for handle in ("hal", "gil"):
        firm.person(handle)
    firm.account("shop", "gil", custodian="hal")
    firm.declare(firm.secret("shop"), "gil")
    firm.offboard("hal")
    case = firm.offboard("gil")
    assert kinds(firm, case)[0] == "sole-holder"
    refresh(firm, case)
    assert firm.items(case)[0].state == "open"
    with pytest.raises(Refused):
        firm.end(case, 1, "done")
    with pytest.raises(Refused):
        firm.close_case(case, by="eva")
    firm.fact("account.custody", {"account": firm.ids["shop"], "custodian": firm.ids["mia"]})
    refresh(firm, case)
    assert firm.items(case)[0].state == "done"
