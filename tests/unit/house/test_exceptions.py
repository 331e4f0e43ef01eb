"""Exceptions from the rules of the house: for what, by whom, for how long, and what is found once they have run out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from govern.errors import NotFound, Refused, Usage
from govern.holdings.exceptions import CONTROLS, LONGEST, latest
from govern.notices import due
from govern.procedures import exceptions
from govern.register.queries import exceptions as asked
from govern.register.queries import policies

from .conftest import House

OVER = "exception-over"


def granted(
    house: House,
    id_: str = "e" * 32,
    *,
    by: str = "mia",
    point: str = "second-factor",
    reason: str = "it sends codes to no phone",
    **more: Any,
) -> Any:
    body = {"exception": id_, "point": point, "until": day(house, 30), **more}
    return house.fact("exception.granted", body, {"reason": reason} if reason else None, by=by)


def day(house: House, days: int) -> str:
    return (date.fromisoformat(house.now[:10]) + timedelta(days=days)).isoformat()


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    return told.value


def test_it_counts_until_its_day_and_is_found_the_day_after(house: House) -> None:
    granted(house, account=house.ids["page"], until=day(house, 2))
    for days, counts in ((0, True), (2, True), (3, False)):
        assert (asked.standing(house.db(), "second-factor", day(house, days)) == {(house.ids["page"], "")}) is counts
    house.later(days=2)
    assert house.told(OVER) == set()
    house.later(days=1)
    assert house.told(OVER) == {(OVER, "page", "warning")}
    house.fact("exception.ended", {"exception": "e" * 32})
    assert house.told(OVER) == set()


def test_a_new_one_takes_the_place_of_what_ran_out(house: House) -> None:
    granted(house, account=house.ids["page"], until=day(house, 2))
    house.later(days=3)
    granted(house, "f" * 32, account=house.ids["page"])
    assert house.told(OVER) == set()
    assert [one.id for one in asked.exceptions(house.db(), account=house.ids["page"])] == ["f" * 32]
    assert [one.id for one in asked.exceptions(house.db(), ended=True)] == ["e" * 32, "f" * 32]


@pytest.mark.parametrize("days", [-1, LONGEST + 1])
def test_it_ends_on_a_day_to_come_within_a_year(house: House, days: int) -> None:
    told = refused(granted, house, account=house.ids["page"], until=day(house, days))
    assert (told.rule, told.control) == ("exception-long", "IA-2(1)")
    granted(house, account=house.ids["page"], until=day(house, 0 if days < 0 else LONGEST))


def test_it_has_a_reason(house: House) -> None:
    assert refused(granted, house, account=house.ids["page"], reason="").rule == "exception-reason"
    granted(house, account=house.ids["page"])


@pytest.mark.parametrize(
    ("point", "about", "fits"),
    [
        ("second-factor", ("page", ""), True), ("second-factor", ("", ""), False), ("second-factor", ("page", "anna"), False),
        ("second-factor", ("", "anna"), False), ("acknowledgement", ("", "anna"), True), ("acknowledgement", ("page", "anna"), True),
        ("acknowledgement", ("page", ""), False), ("training", ("", "anna"), True), ("training", ("", ""), False),
    ],
)  # fmt: skip
def test_each_point_is_about_an_account_or_a_person(house: House, point: str, about: tuple[str, str], fits: bool) -> None:
    more = {name: house.ids[value] for name, value in zip(("account", "person"), about, strict=True) if value}
    if fits:
        granted(house, point=point, **more)
    else:
        told = refused(granted, house, point=point, **more)
        assert (told.rule, told.control) == ("exception-about", CONTROLS[point])


@pytest.mark.parametrize(
    ("by", "point", "may"),
    [
        ("bo", "second-factor", True),
        ("hr", "second-factor", False),
        ("cy", "second-factor", False),
        ("hr", "training", True),
        ("cy", "training", False),
    ],
)
def test_admins_decide_on_accounts_and_hr_on_people(house: House, by: str, point: str, may: bool) -> None:
    about = {"account": house.ids["page"]} if point == "second-factor" else {"person": house.ids["anna"]}
    if may:
        granted(house, by=by, point=point, **about)
    else:
        told = refused(granted, house, by=by, point=point, **about)
        assert (told.rule, told.control) == ("authority", "AC-3")


def test_nobody_excepts_themselves_or_what_they_answer_for_where_another_admin_could(house: House) -> None:
    for about, point in ((("person", "mia"), "training"), (("account", "shop"), "second-factor")):
        told = refused(granted, house, point=point, **{about[0]: house.ids[about[1]]})
        assert (told.rule, told.control) == ("own-exception", "AC-5")
        granted(house, point[0].encode().hex() * 16, by="bo", point=point, **{about[0]: house.ids[about[1]]})


def test_whoever_is_alone_decides_for_themselves(company: Any) -> None:
    company.account("shop", "mia")
    granted(company, account=company.ids["shop"])


def test_an_end_names_what_there_is_once(house: House) -> None:
    assert refused(house.fact, "exception.ended", {"exception": "e" * 32}).rule == "unknown-reference"
    granted(house, account=house.ids["page"])
    house.fact("exception.ended", {"exception": "e" * 32}, by="hr")
    assert refused(house.fact, "exception.ended", {"exception": "e" * 32}).rule == "ended"


def test_a_day_that_is_none_has_no_later_one() -> None:
    assert latest("2026-02-31T09:00:00Z") == "2026-02-31"
    assert latest("2026-01-01T09:00:00Z") == "2027-01-02"


def test_people_are_reminded_before_it_runs_out_and_go_on_to_be(house: House) -> None:
    granted(house, account=house.ids["page"], until=day(house, 20))
    granted(house, "f" * 32, point="training", person=house.ids["cy"], until=day(house, 20))

    def told() -> set[tuple[str, str]]:
        names = {id_: name for name, id_ in house.ids.items()}
        found = due.notices(house.db(), policies.policy(house.db()), house.now, reader=house.ids["mia"])
        return {(names[one.person], one.thing.account or one.thing.name) for one in found if one.thing.kind == "exception"}

    assert told() == set(), "twenty days ahead nobody is"
    house.later(days=6)
    assert told() == {("cy", "page"), ("mia", "cy"), ("bo", "cy"), ("hr", "cy")}, "the person it is about does not decide on it"
    house.later(days=15)
    assert ("cy", "page") in told()
    house.fact("exception.ended", {"exception": "e" * 32})
    assert ("cy", "page") not in told()


def test_one_is_granted_on_every_account_of_a_selector_or_on_none(house: House) -> None:
    made = house.do(exceptions.add, "platform:linkedin", point="second-factor", until=day(house, 9), reason="no phone of the company yet")
    assert [(one.handle, one.until) for one in made] == [("page", day(house, 9))]
    assert (
        refused(house.do, exceptions.add, "platform:instagram", point="second-factor", until=day(house, 9), reason="x").rule
        == "own-exception"
    )
    assert house.do(exceptions.end, "page").id == made[0].id
    with pytest.raises(NotFound, match="no exception"):
        house.do(exceptions.end, "page")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"point": "colour"}, "nothing that an exception"), ({"selector": ""}, "is missing"), ({"reason": " "}, "why is missing"),
        ({"until": "soon"}, "is no date"), ({"person": "anna"}, "an account and nobody"),
    ],
)  # fmt: skip
def test_what_is_asked_for_has_to_make_sense(house: House, more: dict[str, str], told: str) -> None:
    asked_for = {"selector": "page", "point": "second-factor", "until": day(house, 9), "reason": "why", **more}
    with pytest.raises(Usage, match=told):
        house.do(lambda tx: exceptions.add(tx, asked_for.pop("selector"), **asked_for))


def test_attack_the_deputy_opens_what_the_responsible_person_opens_and_sets_no_rule_of_the_account_aside(house: House) -> None:
    """Bo is an admin, and deputy for the shop."""
    house.fact("account.edited", {"account": house.ids["shop"], "deputy": house.ids["bo"]})
    told = refused(granted, house, account=house.ids["shop"], by="bo")
    assert (told.rule, told.control) == ("own-exception", "AC-5")
    granted(house, account=house.ids["page"], by="bo")  # the control: an account of others


def test_attack_an_exception_that_has_run_out_excuses_nothing_by_a_clock_put_back(house: House) -> None:
    granted(house, account=house.ids["shop"], until=day(house, 3), by="bo")
    before = house.moment
    off = {"account": house.ids["shop"], "second_factor": "none"}
    house.later(days=30)
    house.fact("place.added", {"place": "a" * 32, "kind": "paper"}, {"name": "wall"}, by="bo")
    after, house.moment = house.moment, before
    told = refused(house.fact, "account.described", off)
    assert (told.rule, told.control) == ("second-factor-off", "IA-2(1)")
    house.moment = after
    granted(house, "f" * 32, account=house.ids["shop"], by="bo")
    house.moment = before
    house.fact("account.described", off)  # the control: one that still runs
