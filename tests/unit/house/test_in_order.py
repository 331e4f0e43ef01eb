"""Accounts in order: no second factor takes an exception, and what is off is told by the point of the guide."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from govern.cli.account_order import one_of
from govern.errors import Refused, Usage
from govern.procedures import describing, exceptions
from govern.register.queries import accounts, in_order, policies
from govern.register.queries.in_order import Description
from govern.vocabulary import FACTORS

from .conftest import House


def describe(house: House, account: str, *, by: str = "mia", **said: Any) -> Any:
    return house.do(describing.describe, account, Description(**said), by=by)


def off(house: House, account: str) -> set[tuple[int, str]]:
    db = house.db()
    found = in_order.off(db, policies.policy(db), [accounts.find(db, account)], house.now[:10])
    return {(one.point, one.code) for one in found}


def excepted(house: House, account: str, days: int) -> None:
    until = (date.fromisoformat(house.now[:10]) + timedelta(days=days)).isoformat()
    house.do(exceptions.add, account, point="second-factor", until=until, reason="its phone is lost")


def test_no_second_factor_takes_an_exception_and_is_found_once_that_is_over(house: House) -> None:
    with pytest.raises(Refused) as told:
        describe(house, "page", second_factor="none")
    assert (told.value.rule, told.value.control) == ("second-factor-off", "IA-2(1)")
    excepted(house, "page", 2)
    describe(house, "page", second_factor="none")
    assert (3, "factor-excepted") in off(house, "page")
    assert house.told("second-factor-off") == set()
    house.later(days=3)
    assert (3, "factor-off") in off(house, "page")
    assert house.told("second-factor-off", "exception-over") == {
        ("second-factor-off", "page", "warning"),
        ("exception-over", "page", "warning"),
    }
    describe(house, "page", second_factor="passkey")
    assert house.told("second-factor-off") == set()


def test_another_accounts_exception_is_none(house: House) -> None:
    excepted(house, "page", 2)
    with pytest.raises(Refused):
        describe(house, "shop", second_factor="none")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"purpose": "News for customers"}, (1, "purpose")), ({"mail": "company"}, (2, "mail-unknown")), ({"second_factor": "totp"}, (3, "factor-unknown")),
    ],
)  # fmt: skip
def test_what_is_said_is_in_order(house: House, said: dict[str, str], code: tuple[int, str]) -> None:
    assert code in off(house, "page")
    assert describe(house, "page", **said)[0][1] == tuple(said)
    assert code not in off(house, "page")
    assert describe(house, "page", **said)[0][1] == (), "said once"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"mail": "personal"}, (2, "mail-personal")), ({"business": False}, (2, "business")), ({"second_factor": "sms"}, (3, "factor-sms")),
        ({"phone": "personal"}, (5, "phone-personal")),
    ],
)  # fmt: skip
def test_what_is_off_is_told_and_the_rest_is_not(house: House, said: dict[str, Any], code: tuple[int, str]) -> None:
    assert code not in off(house, "page")
    describe(house, "page", **said)
    assert code in off(house, "page")
    assert code not in off(house, "shop")


def test_who_runs_an_account_describes_it_and_nobody_else(house: House) -> None:
    describe(house, "page", purpose="News", by="cy")
    with pytest.raises(Refused) as told:
        describe(house, "shop", purpose="News", by="cy")
    assert told.value.rule == "authority"
    assert in_order.description(house.db(), house.ids["page"]).purpose == "News"


def test_nothing_said_is_nothing_asked_for(house: House) -> None:
    with pytest.raises(Usage, match="missing"):
        describe(house, "page")


def test_every_point_of_the_guide_is_answered_or_said_to_be_unknown(house: House) -> None:
    asked = {question[0] for question in in_order._WITHOUT}
    assert asked | set(in_order.UNKNOWN) == set(in_order.POINTS) == set(range(1, 9))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("app", "--second-factor totp"), ("OFF", "--second-factor none"), ("pass-key", "--second-factor passkey"), ("smoke", "--help")],
)
def test_a_word_that_is_none_of_ours_is_answered_with_the_one_that_was_meant(typed: str, hint: str) -> None:
    """No second factor is never what a slip leads to. Control: our own words pass."""
    with pytest.raises(Usage) as told:
        one_of(typed, "--second-factor", FACTORS)
    assert str(told.value.hint).endswith(hint)
    assert [one_of(word, "--second-factor", FACTORS) for word in FACTORS] == list(FACTORS)
