"""Whose hand counts at a closing: people's. What the ledger shows is nobody's own work, and a service is nobody's second person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import custody, cut, offboard

from .conftest import Company, copied


class Firm(Company):
    """`night` is a service that makes cuts, authorised before it has a key."""

    def person(self, handle: str) -> str:
        added = super().person(handle)
        if handle == "night":
            self.fact("service.authorised", {"service": added, "purposes": ["run-due"]})
        return added


@copied
def firm(folder: Path) -> Firm:
    """Mia and Bo are admins, Hanne is HR with keys; `night` makes cuts. Anna answers for the shop and holds nothing of it."""
    company = Firm(folder)
    company.enrol("bo", "admin")
    company.enrol("hanne", "hr")
    company.person("anna")
    company.account("shop", custodian="anna")
    company.enrol("night")
    return company


def test_what_the_ledger_shows_stands_under_nobodys_name_and_is_nobodys_own_work(firm: Company) -> None:
    """Bo makes somebody else responsible; Hanne only asks the ledger, and may close what Mia opened."""
    case = firm.offboard("anna", by="mia")
    firm.do(custody.hand, "shop", "mia", by="bo")
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case, by="hanne")), by="hanne")
    ended = {entry.item.kind.value: (entry.state.value, entry.ended_by) for entry in firm.items(case)}
    assert ended["custody"] == ("done", "")
    with pytest.raises(Refused) as refused:
        firm.end(case, 1, "verify", by="bo")  # who has done it does not sign that it was looked at
    assert refused.value.rule == "shown"
    assert firm.close_case(case, by="hanne").signed_by_one is False


def test_the_control_what_somebody_says_is_their_own_work(firm: Company) -> None:
    firm.account("blog", "mia")
    firm.fact("place.added", {"place": "b" * 32, "kind": "sheet"}, {"name": "Sheet"})
    firm.fact("place.member", {"place": "b" * 32, "person": firm.ids["anna"]})
    firm.fact("place.holds", {"place": "b" * 32, "accounts": [firm.ids["blog"]]})
    case = firm.offboard("anna", by="mia")
    firm.do(custody.hand, "shop", "mia", by="bo")
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case)))
    (entry,) = [entry for entry in firm.items(case) if entry.state == "open"]
    firm.end(case, entry.number, by="hanne")
    with pytest.raises(Refused, match="own work"):
        firm.close_case(case, by="hanne")
    firm.end(case, entry.number, "verify", by="bo")
    assert firm.close_case(case, by="hanne").signed_by_one is False


def _cut_by(firm: Company, who: str) -> Any:
    """Opened by mia, cut by another when it is due, and settled by mia."""
    case = firm.offboard("anna", by="mia", cut_in=1)
    firm.do(custody.hand, "shop", "mia", by="bo")
    firm.later(days=2)
    firm.do(lambda tx: cut.cut(tx, firm.case(case, by=who)), by=who)
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case)))
    return case


def test_a_service_is_nobodys_second_hand(firm: Company) -> None:
    """It acts for whoever authorised it: an opener whose service made the cut was still alone with the case."""
    firm.account("blog", "mia", "anna")
    case = _cut_by(firm, "night")
    assert any(entry.ended_by == firm.ids["night"] for entry in firm.items(case))
    with pytest.raises(Refused, match="own work"):
        firm.close_case(case)
    with pytest.raises(Refused) as refused:
        firm.fact("case.closed", {"case": case.id, "signed_by_one": False})
    assert refused.value.rule == "four-eyes"
    assert firm.close_case(case, by="bo").signed_by_one is False


def test_the_control_a_person_who_made_the_cut_is_one(firm: Company) -> None:
    firm.account("blog", "mia", "anna")
    assert firm.close_case(_cut_by(firm, "hanne")).signed_by_one is False


def test_codes_that_reach_their_phone_again_hold_up_the_closing(firm: Company) -> None:
    firm.fact("account.edited", {"account": firm.ids["shop"], "prompts_reach": firm.ids["anna"]})
    case = firm.offboard("anna", by="mia")
    firm.do(custody.hand, "shop", "mia", by="bo")
    prompts = {"account": firm.ids["shop"], "prompts_reach": firm.ids["mia"]}
    firm.fact("account.edited", prompts, by="bo")
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case)))
    assert {entry.state.value for entry in firm.items(case)} == {"done"}
    firm.fact("account.edited", prompts | {"prompts_reach": firm.ids["anna"]}, by="bo")
    with pytest.raises(Refused) as refused:
        firm.close_case(case, by="hanne")
    assert refused.value.rule == "still-tied"
    with pytest.raises(Refused) as refused:
        firm.fact("case.closed", {"case": case.id, "signed_by_one": False}, by="hanne")
    assert refused.value.rule == "still-tied"
    firm.fact("account.edited", prompts, by="bo")
    assert firm.close_case(case, by="hanne").state == "closed"


def test_codes_that_reach_their_phone_can_be_given_up_with_a_reason(firm: Company) -> None:
    firm.fact("account.edited", {"account": firm.ids["shop"], "prompts_reach": firm.ids["anna"]})
    case = firm.offboard("anna", by="mia")
    firm.do(custody.hand, "shop", "mia", by="bo")
    firm.do(lambda tx: offboard.refresh(tx, firm.case(case)))
    (entry,) = [entry for entry in firm.items(case) if entry.state == "open"]
    assert entry.item.kind == "prompts"
    with pytest.raises(Refused):
        firm.close_case(case, by="hanne")
    firm.end(case, entry.number, "waived", by="bo")
    assert firm.close_case(case, by="hanne").state == "closed"
