"""Whoever declares former staff is not overdue for having said so: the policy's time runs from what the ledger came to know."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import credentials, people
from govern.procedures.status import status
from govern.register.queries import accounts
from govern.register.queries.overdue import past_grace
from govern.register.queries.policies import policy
from govern.vault.secret import Secret

from .test_overdue import codes, give, overdue

DEADLINE = {"critical": 1, "standard": 3, "low": 7}
GRACE = {"critical": 7, "standard": 14, "low": 30}
"""Tier -> days of membership and of grace, by the shipped policy."""


def former(company: Any, handle: str, left: str) -> None:
    company.ids[handle] = company.do(people.add, people.NewPerson(name=handle.title(), handle=handle, left=left)).id


def known(company: Any) -> list[Any]:
    return [one for one in status(company.members["mia"], company.now[:10]).findings if one.code == "known-by-former"]


def day(company: Any, days: int) -> str:
    return (date.fromisoformat(company.now[:10]) + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("tier", DEADLINE)
@pytest.mark.parametrize("left", ["2024-01-01", "2026-11-21"])
def test_what_a_former_person_knew_is_due_from_the_day_on_which_it_was_said(company: Any, tier: str, left: str) -> None:
    """Also where they were added long before it was said what they knew."""
    former(company, "bob", left)
    company.person("ben")
    company.later(days=100)
    credential = company.shop("mia", tier=tier)
    company.declare(credential, "bob")
    assert [(one.severity, day(company, 1) <= one.due <= day(company, DEADLINE[tier])) for one in known(company)] == [("critical", True)]
    assert overdue(company) == []
    give(company, "ben", days=90)
    due = known(company)[0].due
    company.later(days=(date.fromisoformat(due) - date.fromisoformat(company.now[:10])).days + GRACE[tier])
    assert ("shop", "password", "event") not in overdue(company)
    company.later(days=1)
    assert overdue(company) == [("shop", "password", "event")], "the control: it does not wait for ever"
    db = company.db()
    assert [one.due for one in past_grace(db, policy(db), company.now[:10], company.ids["shop"])] == [due], "of one account as of all"
    assert "past-grace-event" in codes(company)
    company.person("carl")
    with pytest.raises(Refused, match="given to nobody else"):
        give(company, "carl", days=1)


def test_where_somebody_declares_all_that_former_people_knew_it_is_spread_passwords_first(company: Any) -> None:
    former(company, "bob", "2024-01-01")
    company.account("shop", "mia", tier="low")
    kinds = ("password", "totp", "recovery-email")
    for kind in kinds:
        company.declare(company.secret("shop", kind, secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), "bob")
    found = {kind: one.due for one in known(company) for kind in kinds if f"--kind {kind} " in one.command}
    assert day(company, 1) <= found["password"] <= found["totp"] <= found["recovery-email"] <= day(company, DEADLINE["low"])
    assert found["password"] < found["recovery-email"]


def test_who_left_by_a_case_is_counted_from_their_last_day(company: Any) -> None:
    company.person("anna")
    credential = company.shop("mia")
    company.declare(credential, "anna")
    case = company.offboard("anna")
    company.fact("person.left", {"person": company.ids["anna"], "on": company.now[:10]})
    left = company.now[:10]
    company.later(days=3)
    assert company.case(case).state == "cut"
    assert [one.due for one in known(company)] == [(date.fromisoformat(left) + timedelta(days=DEADLINE["standard"])).isoformat()]


def changed(company: Any, on: str) -> str:
    """An account whose password was changed that day, as somebody claims."""
    company.account("shop", "mia", tier="critical")
    added = company.do(
        lambda tx: credentials.add_sealed(
            tx, accounts.find(tx.register, "shop"), "password", Secret("a-long-secret"), changed_at=f"{on}T00:00:00Z"
        )
    )
    return str(added.credential)


@pytest.mark.parametrize(("on", "mild"), [("2024-01-02", True), ("2024-01-01", False), ("2023-01-01", False), ("2030-01-01", False)])
def test_who_left_before_a_claimed_change_is_a_warning_and_never_due(company: Any, on: str, mild: bool) -> None:
    """A change on the very day, before it, or in days to come says nothing of the sort."""
    former(company, "bob", "2024-01-01")
    company.declare(changed(company, on), "bob")
    (found,) = known(company)
    company.later(days=1 + 7 + 1)
    events = [one for one in overdue(company) if one[2] == "event"]
    db = company.db()
    of_one = past_grace(db, policy(db), company.now[:10], company.ids["shop"])
    if not mild:
        assert (found.severity, events) == ("critical", [("shop", "password", "event")])
        return
    assert (found.severity, found.due) == ("warning", "")
    assert found.message == f"bob left on 2024-01-01 and may know only an earlier password: changed {on}, as somebody claims"
    assert (events, [one for one in of_one if one.cause == "event"]) == ([], [])
    assert company.knows("bob") == {("password", 1)}, "what a date claims ends no exposure"


@pytest.mark.parametrize("seen", [True, False])
def test_a_claimed_change_says_nothing_against_what_was_seen(company: Any, seen: bool) -> None:
    company.person("bob")
    credential = changed(company, "2026-10-02")
    company.declare(credential, "bob")
    if seen:
        give(company, "bob", days=1)
        company.fact("secret.handed_over", {"credential": credential, "version": 1, "person": company.ids["bob"], "via": "in-person"})
    company.fact("person.left", {"person": company.ids["bob"], "on": "2026-10-01"})
    assert [one.severity for one in known(company)] == ["critical" if seen else "warning"]
    company.later(days=1 + 7 + 1)
    assert (("shop", "password", "event") in overdue(company)) is seen
