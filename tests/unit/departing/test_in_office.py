"""What ends with a departure besides grants and secrets: keys, roles here, accounts to answer for. No case closes over one, whatever wrote its items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused

from .conftest import Company, copied

CASE = "c" * 32


@copied
def firm(folder: Path) -> Company:
    """Mia and bo are admins, eva and carl are HR; carl has keys, and answers for nothing."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("eva", "hr")
    company.enrol("carl", "hr")
    company.account("page", custodian="mia")
    return company


def opened(firm: Any, **more: Any) -> None:
    """By a program that draws up no item: eva is in it with carl."""
    body = {"case": CASE, "person": firm.ids["carl"], "kind": "leaver", "cut_at": firm.now, "items": 0, "frozen": "0" * 64, "frozen_at": 1}
    firm.fact("case.opened", body | more, by="eva")
    firm.fact("case.cut", {"case": CASE}, by="eva")


def closing(firm: Any) -> Refused | None:
    try:
        firm.fact("case.closed", {"case": CASE, "signed_by_one": True}, by="bo")
    except Refused as refused:
        return refused
    return None


def of_carl(firm: Any, *kept: str) -> None:
    """What eva's program leaves undone: his keys, his role, an account of his; what is not kept ends."""
    if "custody" in kept or "deputy" in kept:
        how = {"custodian": firm.ids["carl"]} if "custody" in kept else {"deputy": firm.ids["carl"]}
        firm.fact("account.custody" if "custody" in kept else "account.edited", {"account": firm.ids["page"], **how})
    opened(firm)
    if "key" not in kept:
        for (key,) in firm.db().execute("SELECT id FROM keys WHERE person = ? AND state = 'active'", (firm.ids["carl"],)).fetchall():
            firm.fact("key.revoked", {"key": key, "cause": "departure"})
    if "role" not in kept:
        firm.fact("role.withdrawn", {"person": firm.ids["carl"], "role": "hr"})


@pytest.mark.parametrize("kept", ["key", "role", "custody", "deputy"])
def test_attack_a_case_without_items_does_not_close_over_what_its_person_still_is_here(firm: Any, kept: str) -> None:
    of_carl(firm, kept)
    refused = closing(firm)
    assert refused is not None
    assert (refused.rule, refused.control, refused.message.startswith("1 ")) == ("still-here", "PS-4", True)


def test_the_control_without_any_it_closes(firm: Any) -> None:
    of_carl(firm)
    assert closing(firm) is None


def test_what_somebody_gave_up_with_a_reason_does_not_hold_it_up(firm: Any) -> None:
    of_carl(firm, "role")
    item = {"id": "d" * 32, "kind": "withdraw-role", "about": "hr", "due": firm.now}
    firm.fact("case.items", {"case": CASE, "part": 1, "of": 1, "items": [item]}, by="eva")
    assert closing(firm).rule == "items-open"  # type: ignore[union-attr]
    firm.fact("case.item_ended", {"case": CASE, "item": item["id"], "state": "waived"}, {"note": "it has ended there"}, by="mia")
    assert closing(firm) is None
