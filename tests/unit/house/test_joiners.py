"""Somebody new: what their case asks for, by what each item ends, and that nobody takes the ledger's place or their own."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.offboarding.items import ItemState
from govern.offboarding.kinds import CaseKind
from govern.procedures import (
    documents,
    entitlements,
    exceptions,
    grant,
    handover,
    offboard,
    offboard_items,
    onboard,
    people,
    spokespersons,
    training,
)
from govern.register.queries import cases, findings, policies
from govern.register.queries.due_cases import of_cases
from govern.register.queries.work import work

from .conftest import House

NAME, FIRST, SCAN = "corporate-accounts", "2026-11-24", "5" * 64


@pytest.fixture
def firm(house: House) -> House:
    """The house asks for a document; the shop is on a platform with roles, the feed is on one without."""
    house.account("feed", platform="mastodon")
    house.secret("feed")
    house.do(documents.adopt, NAME, {"en": "# Rules\n\nBe kind.\n"}, {}, by="hr")
    house.do(documents.publish, NAME, deadline="2026-12-31", by="hr")
    return house


def open_(firm: House, person: str = "anna", *accounts: str, by: str = "hr", **more: Any) -> Any:
    return firm.do(onboard.open_, onboard.Opening(person=person, starts_on=FIRST, accounts=accounts, **more), by=by)


def again(firm: House, case: Any) -> Any:
    return cases.by_id(firm.db(), case.id, reader=firm.ids["mia"])


def states(firm: House, case: Any) -> dict[tuple[str, str], str]:
    """(kind, handle or subject) -> state."""
    return {(one.item.kind.value, one.handle or one.about): one.state.value for one in cases.items(firm.db(), case.id)}


def item(firm: House, case: Any, kind: str) -> Any:
    return next(one for one in cases.items(firm.db(), case.id) if one.item.kind == kind)


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    return told.value


def sign(firm: House, person: str = "anna") -> None:
    firm.do(documents.record_sheet, NAME, person, evidence=SCAN, by="hr")


def give(firm: House, account: str, person: str = "anna") -> None:
    firm.do(grant.grant, grant.Request(selector=account, person=person, like="", asked=grant.grants.Asked()))


def test_a_role_of_their_own_comes_before_a_shared_password(firm: House) -> None:
    case = open_(firm, "anna", "shop", "feed")
    assert states(firm, case) == {
        ("hand-out", ""): "open", ("acknowledge", NAME): "open", ("mail-address", ""): "open", ("enrol-key", ""): "open",
        ("grant", "feed"): "open", ("native-role", "shop"): "open",
    }  # fmt: skip
    assert (case.kind, case.state, case.starts_on, case.cut_at) == (CaseKind.JOINER, "open", FIRST, "")


def test_each_item_ends_by_the_entry_that_does_it_whoever_records_that(firm: House) -> None:
    case = open_(firm, "anna", "shop", "feed")
    firm.do(offboard_items.done, again(firm, case), item(firm, case, "hand-out"), by="hr")
    sign(firm)
    with pytest.raises(Refused) as ended:
        firm.do(offboard_items.done, again(firm, case), item(firm, case, "hand-out"), by="hr")
    assert ended.value.hint == f"govern onboard reopen {case.id[:8]} 1"
    firm.do(people.edit, "anna", {"mail": "anna@acme.example"}, by="hr")
    firm.do(entitlements.add, "shop", "anna", entitlements.Role(name="editor"))
    give(firm, "feed")
    assert {name: state for name, state in states(firm, case).items() if state == "open"} == {("enrol-key", ""): "open"}
    signed = item(firm, case, "acknowledge")
    entry = firm.db().execute("SELECT entry FROM acknowledgements").fetchone()[0]
    assert (signed.cites, signed.ended_by) == (entry, firm.ids["hr"]), "who recorded the sheet did the work"
    assert item(firm, case, "grant").ended_by == firm.ids["mia"]


@pytest.mark.parametrize("kind", ["acknowledge", "enrol-key", "grant", "native-role"])
def test_nobodys_word_takes_the_place_of_the_entry(firm: House, kind: str) -> None:
    case = open_(firm, "anna", "shop", "feed")
    entry = item(firm, case, kind)
    told = refused(firm.do, offboard_items.done, again(firm, case), entry, by="hr")
    assert (told.rule, told.control) == ("not-yet", {"acknowledge": "PL-4", "enrol-key": "IA-5"}.get(kind, "AC-2"))
    assert "PERSON" not in told.hint
    body = {"case": case.id, "item": entry.id, "state": "done", "grade": "one-person"}
    assert refused(firm.fact, "case.item_ended", body, by="hr").rule == "not-yet", "replay judges it too"
    assert firm.fact("case.item_ended", body | {"item": item(firm, case, "hand-out").id}, by="hr"), "the control: what only people see"


def test_attack_a_joiners_case_gives_up_no_secret_for_the_day_on_which_they_leave(firm: House) -> None:
    """A waived rotation stands for that person, whatever case it is of: HR draws one up where nobody looks for it. The control: in a departure it stands."""
    case = open_(firm, "anna", "shop")
    (credential,) = (
        firm.db().execute("SELECT c.id FROM credentials c JOIN accounts a ON a.id = c.account WHERE a.handle = 'feed'").fetchone()
    )
    rotate = {
        "id": "9" * 32, "kind": "rotate", "account": firm.ids["feed"], "credential": credential, "version": 1, "due": "2027-01-01T00:00:00Z",
    }  # fmt: skip
    told = refused(firm.fact, "case.items", {"case": case.id, "items": [rotate], "part": 1, "of": 1}, by="hr")
    assert (told.rule, told.control) == ("case-scope", "PS-6")
    leaves = firm.offboard("anna", by="hr")
    firm.fact("case.items", {"case": leaves.id, "items": [rotate], "part": 1, "of": 1}, by="hr")
    sheet = {"id": "8" * 32, "kind": "hand-out", "due": "2027-01-01T00:00:00Z"}
    told = refused(firm.fact, "case.items", {"case": leaves.id, "items": [sheet], "part": 1, "of": 1}, by="hr")
    assert (told.rule, told.control) == ("case-scope", "PS-4")
    firm.fact("case.items", {"case": case.id, "items": [sheet], "part": 1, "of": 1}, by="hr")


def test_what_is_asked_of_them_can_not_be_told_not_to_apply(firm: House) -> None:
    case = open_(firm, "anna", "feed")
    entry = item(firm, case, "acknowledge")
    told = refused(firm.do, offboard_items.give_up, again(firm, case), entry, ItemState.NOT_APPLICABLE, "no", by="mia")
    assert (told.rule, told.control) == ("still-asked", "PL-4")
    body = {"case": case.id, "item": entry.id, "state": "not-applicable"}
    assert refused(firm.fact, "case.item_ended", body, by="mia").rule == "still-asked", "replay judges it too"
    assert firm.fact("case.item_ended", body | {"item": item(firm, case, "mail-address").id}, by="mia"), "the control"


def test_a_waived_role_is_granted_instead_and_one_that_does_not_apply_is_not(firm: House) -> None:
    case = open_(firm, "anna", "shop", "page")
    by_handle = {one.handle: one for one in cases.items(firm.db(), case.id) if one.item.kind == "native-role"}
    told = refused(firm.do, offboard_items.give_up, again(firm, case), by_handle["shop"], ItemState.WAIVED, "no seat", by="hr")
    assert (told.rule, told.control) == ("four-eyes", "AC-5"), "who opened it does not spare themselves"
    firm.do(offboard_items.give_up, again(firm, case), by_handle["shop"], ItemState.WAIVED, "no seat", by="bo")
    firm.do(offboard_items.give_up, again(firm, case), by_handle["page"], ItemState.NOT_APPLICABLE, "another team", by="bo")
    firm.do(offboard.refresh, again(firm, case), by="hr")
    assert {name for name, state in states(firm, case).items() if name[0] in ("grant", "enrol-key")} == {
        ("grant", "shop"),
        ("enrol-key", ""),
    }


def test_whoever_makes_no_keys_is_handed_what_they_need(firm: House) -> None:
    case = open_(firm, "anna", "feed")
    firm.do(offboard_items.give_up, again(firm, case), item(firm, case, "enrol-key"), ItemState.NOT_APPLICABLE, "has no computer", by="mia")
    firm.do(offboard.refresh, again(firm, case), by="hr")
    assert states(firm, case)["hand-over", "feed"] == "open"
    sign(firm)
    give(firm, "feed")
    assert states(firm, case)["hand-over", "feed"] == "open", "the control: a grant hands nothing over"


def test_by_hand_from_the_beginning(firm: House) -> None:
    case = open_(firm, "anna", "feed", by_hand=True)
    kinds = {kind for kind, _ in states(firm, case)}
    assert ("hand-over" in kinds, "enrol-key" in kinds) == (True, False)
    firm.do(exceptions.add, "feed", point="acknowledgement", person="anna", reason="first week", until="2026-12-31")
    firm.do(grant.grant, grant.Request(selector="feed", person="anna", like="", asked=grant.grants.Asked()))
    firm.do(handover.hand_over, "feed", "anna", "password", "in-person", "")
    assert states(firm, case)["hand-over", "feed"] == "done"


def test_a_training_and_a_spokesperson_end_with_their_entries(firm: House) -> None:
    firm.do(spokespersons.add, "shop", "bo", trained_on="2026-10-01")
    case = open_(firm, "anna", "shop")
    assert states(firm, case)["spokesperson", "shop"] == "open", "where some are named everybody who publishes is"
    firm.do(spokespersons.add, "shop", "anna", trained_on="2026-11-20")
    assert states(firm, case)["spokesperson", "shop"] == "done"
    firm.do(training.add, "anna", subject="social-media", on="2026-11-20", by="hr")


def test_nobody_works_on_their_own_case_nor_closes_it(firm: House) -> None:
    assert refused(open_, firm, "hr", by="hr").rule == "not-oneself"
    case = open_(firm, "hr", "feed", by="mia")
    for work_ in (
        lambda: firm.do(offboard_items.done, again(firm, case), item(firm, case, "hand-out"), by="hr"),
        lambda: firm.do(offboard_items.close, again(firm, case), by="hr"),
        lambda: firm.fact("case.closed", {"case": case.id, "signed_by_one": True}, by="hr"),
    ):
        told = refused(work_)
        assert (told.rule, told.control) == ("own-case", "AC-5")
    assert refused(open_, firm, by="cy").rule == "authority", "who has no role runs no cases"
    assert firm.do(offboard_items.done, again(firm, case), item(firm, case, "hand-out"), by="bo"), "the control"


def test_it_closes_once_all_is_done_and_somebody_else_has_looked(firm: House) -> None:
    case = open_(firm, "anna", "shop")
    firm.do(people.edit, "anna", {"mail": "anna@acme.example"}, by="hr")
    sign(firm)
    firm.do(entitlements.add, "shop", "anna", entitlements.Role(name="editor"))
    told = refused(firm.do, offboard_items.close, again(firm, case), by="bo")
    assert (told.rule, told.control) == ("items-open", "PS-6")
    firm.do(offboard_items.done, again(firm, case), item(firm, case, "hand-out"), by="hr")
    told = refused(firm.do, offboard_items.close, again(firm, case), by="hr")
    assert told.rule == "four-eyes"
    closed = firm.do(offboard_items.close, again(firm, case), "all there", by="bo")
    assert (closed.state, closed.signed_by_one, closed.statement) == ("closed", False, "all there")
    assert firm.db().execute("SELECT left_on FROM people WHERE id = ?", (firm.ids["anna"],)).fetchone() == (None,)


def test_what_is_published_since_is_taken_in_before_it_closes(firm: House) -> None:
    case = open_(firm, "anna", "feed")
    firm.do(documents.adopt, "personal-use", {"en": "# Mine\n\nText.\n"}, {}, by="hr")
    firm.do(documents.publish, "personal-use", deadline="2026-12-31", to=["everybody"], by="hr")
    for one in cases.items(firm.db(), case.id):
        firm.do(offboard_items.give_up, again(firm, case), one, ItemState.WAIVED, "tried", by="bo")
    told = refused(firm.fact, "case.closed", {"case": case.id, "signed_by_one": False}, by="mia")
    assert (told.rule, told.control) == ("still-lacking", "PL-4")
    firm.do(offboard.refresh, again(firm, case), by="hr")
    assert states(firm, case)["acknowledge", "personal-use"] == "open"


def test_one_case_of_joining_and_one_of_leaving(firm: House) -> None:
    case = open_(firm, "anna", "feed")
    told = refused(open_, firm, "anna")
    assert (told.rule, told.control) == ("one-open-case", "PS-6")
    leaving = offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at=firm.now)
    left, made = firm.do(offboard.open_, leaving)
    assert (left.kind, made is not None) == (CaseKind.LEAVER, True), "who has just come may go"
    assert refused(open_, firm, "anna").rule in ("one-open-case", "leaver")
    closed = firm.do(offboard_items.close, again(firm, case), by="bo")
    assert (closed.state, set(states(firm, case).values())) == ("closed", {"not-applicable"})
    told = refused(open_, firm, "anna")
    assert (told.rule, told.control) == ("leaver", "PS-4")


OPENINGS: dict[str, tuple[dict[str, Any], str]] = {
    "without a first day": ({"starts_on": None}, "case-scope"),
    "with a cut": ({"cut_at": "2026-12-01T09:00:00Z"}, "case-scope"),
    "with a last day": ({"last_day": "2026-12-01"}, "case-scope"),
    "on no day": ({"starts_on": "2026-02-30"}, "no-date"),
    "with accounts that are kept": ({"kept": []}, "case-scope"),
    "as a departure": ({"kind": "leaver"}, "shape"),
    "as a departure with both": ({"kind": "leaver", "cut_at": "2026-12-01T09:00:00Z"}, "case-scope"),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_another_program_opens_no_case_of_another_shape(firm: House, name: str) -> None:
    more, rule = OPENINGS[name]
    body = {
        "case": "c" * 32,
        "person": firm.ids["anna"],
        "kind": "joiner",
        "items": 0,
        "frozen": "0" * 64,
        "frozen_at": 1,
        "starts_on": FIRST,
    }
    wrong = {key: value for key, value in (body | more).items() if value is not None}
    assert refused(firm.fact, "case.opened", wrong, by="hr").rule == rule
    assert firm.fact("case.opened", body, by="hr"), "the control"
    assert refused(firm.fact, "case.cut", {"case": "c" * 32}, by="hr").rule == "case-scope"


def test_accounts_are_added_later_and_what_is_there_is_not_doubled(firm: House) -> None:
    case = open_(firm, "anna", "feed")
    assert firm.do(onboard.add, again(firm, case), ["feed"], by="hr") == 0
    assert firm.do(onboard.add, again(firm, case), ["shop", "feed"], by="hr") == 1
    assert states(firm, case)["native-role", "shop"] == "open"
    assert firm.do(offboard.refresh, again(firm, case), by="hr").added == 0


def test_it_stands_in_the_work_the_reminders_and_the_findings(firm: House) -> None:
    case = open_(firm, "anna", "page")
    db, policy = firm.db(), policies.policy(firm.db())
    listed = {one.command.split(" ")[1]: one.of for one in work(db, policy, firm.now, reader=firm.ids["mia"]) if one.case == case.id}
    assert listed["entitlement"] == {firm.ids["cy"]}, "a role is given by whoever answers for the account"
    assert listed["document"] == {firm.ids["mia"], firm.ids["bo"], firm.ids["hr"]}
    told = [one for one in of_cases(db, firm.now, "2027-01-01", reader=firm.ids["mia"]) if one.of == case.id]
    assert len(told) == len(states(firm, case))
    assert not [one for one in told if one.kind == "cut"]
    found = [one for one in findings.findings(db, policy, firm.now[:10], firm.ids["mia"]) if one.key == f"case:{case.id}"]
    assert [(one.code, one.severity) for one in found] == [("case-open", "info")]
    firm.do(people.edit, "cy", {"mail": "cy@acme.example"}, by="hr")
    empty = open_(firm, "cy")
    told_ = {one.key: one.command for one in findings.findings(firm.db(), policy, firm.now[:10], firm.ids["mia"])}
    assert told_[f"case:{empty.id}"] == f"govern onboard add {empty.id[:8]} --accounts SELECTOR"
    sign(firm, "anna")
    assert "document" not in {
        one.command.split(" ")[1] for one in work(firm.db(), policy, firm.now, reader=firm.ids["mia"]) if one.case == case.id
    }
