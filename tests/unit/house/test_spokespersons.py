"""Who may publish in whose name: who names them, when a training is too old, what is found, and what the switchboard gets to read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from govern.errors import NotFound, Refused, Usage
from govern.holdings.spokespersons import trained_until
from govern.languages import LOCALES, language
from govern.procedures import spokespersons
from govern.register.queries import spokespersons as asked
from govern.reports import switchboard

from .conftest import House

CODES = ("not-spokesperson", "training-too-old", "spokesperson-of-former")
TRAINED = "2026-10-01"


def name(house: House, account: str, person: str, *, by: str = "mia", on: str = TRAINED) -> Any:
    return house.do(spokespersons.add, account, person, trained_on=on, by=by)


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    return told.value


@pytest.mark.parametrize(("account", "by"), [("shop", "mia"), ("shop", "bo"), ("page", "cy")])
def test_admins_and_the_responsible_person_name_whom_they_trained(house: House, account: str, by: str) -> None:
    named = name(house, account, "anna", by=by)
    assert [(one.handle, one.trained_on) for one in named.spokespersons] == [(account, TRAINED)]


@pytest.mark.parametrize(("account", "by"), [("shop", "hr"), ("shop", "cy"), ("page", "hr")])
def test_nobody_else_does(house: House, account: str, by: str) -> None:
    told = refused(name, house, account, "anna", by=by)
    assert (told.rule, told.control) == ("authority", "AC-3")
    assert asked.spokespersons(house.db()) == []


def test_nobody_names_themselves_where_another_admin_could(house: House) -> None:
    told = refused(name, house, "page", "cy", by="cy")
    assert (told.rule, told.control) == ("own-naming", "AC-22")
    assert refused(name, house, "shop", "mia").rule == "own-naming"
    assert name(house, "page", "cy").spokespersons, "another admin may"
    assert name(house, "shop", "mia", by="bo").spokespersons


def test_whoever_is_alone_names_themselves(company: Any) -> None:
    company.account("shop", "mia")
    assert company.do(spokespersons.add, "shop", "mia", trained_on=TRAINED).spokespersons


def test_whoever_leaves_is_named_for_nothing_and_is_found_where_they_are_named(house: House) -> None:
    name(house, "shop", "anna")
    assert house.told(*CODES) == {("not-spokesperson", "shop", "warning")}, "mia holds it"
    house.offboard("anna", cut_in=3)
    told = refused(name, house, "page", "anna")
    assert (told.rule, told.control) == ("to-leavers", "PS-4")
    assert ("spokesperson-of-former", "shop", "warning") in house.told(*CODES)
    assert switchboard.collect(house.db(), today=house.now[:10]) == [], "nobody is put through to them"
    house.do(spokespersons.end, "shop", "anna", by="hr")
    assert ("spokesperson-of-former", "shop", "warning") not in house.told(*CODES)


def test_a_training_lies_behind(house: House) -> None:
    with pytest.raises(Usage, match="lies ahead"):
        name(house, "shop", "anna", on="2027-01-01")
    body = {"spokesperson": "7" * 32, "account": house.ids["shop"], "person": house.ids["anna"], "trained_on": "2027-01-01"}
    assert refused(house.fact, "spokesperson.named", body).rule == "training-ahead", "whatever wrote the entry"
    house.fact("spokesperson.named", {**body, "trained_on": TRAINED})


def test_an_account_that_publishes_nothing_needs_nobody(house: House) -> None:
    assert refused(name, house, "box", "anna").rule == "silent"
    house.fact("account.edited", {"account": house.ids["box"], "tags": ["all"]})
    house.fact("account.edited", {"account": house.ids["shop"], "tags": ["all"]})
    named = name(house, "tag:all", "anna")
    assert ([one.handle for one in named.spokespersons], named.silent) == (["shop"], ("box",))


def test_a_later_training_takes_the_place_of_the_earlier_one(house: House) -> None:
    name(house, "shop", "anna")
    assert name(house, "shop", "anna").known == ("shop",), "nothing new is recorded"
    name(house, "shop", "anna", on="2026-11-01")
    assert [one.trained_on for one in asked.spokespersons(house.db())] == ["2026-11-01"]
    assert [one.trained_on for one in asked.spokespersons(house.db(), ended=True)] == [TRAINED, "2026-11-01"]


def test_nothing_is_found_before_anybody_is_named(house: House) -> None:
    """A company that keeps no such list is not told of every holder it has."""
    assert house.told(*CODES) == set()


def test_holders_who_are_not_named_are_found_once_the_list_is_begun(house: House) -> None:
    house.grant("page", "anna")
    name(house, "shop", "mia", by="bo")
    assert house.told(*CODES) == {("not-spokesperson", "page", "info")}, "nobody is named for the page yet"
    name(house, "page", "cy")
    assert house.told(*CODES) == {("not-spokesperson", "page", "warning")}
    name(house, "page", "anna")
    assert house.told(*CODES) == set()


def test_a_training_is_too_old_after_the_days_of_the_policy(house: House) -> None:
    name(house, "shop", "mia", by="bo", on="2024-12-01")
    assert trained_until("2024-12-01", 730) == "2026-12-01"
    house.later(days=10)
    assert house.now[:10] == "2026-12-01"
    assert house.told(*CODES) == set(), "on the last day it counts"
    house.later(days=1)
    assert house.told(*CODES) == {("training-too-old", "shop", "warning")}


def test_an_end_names_what_there_is(house: House) -> None:
    with pytest.raises(NotFound, match="is not named there"):
        house.do(spokespersons.end, "shop", "anna")
    one = name(house, "shop", "anna").spokespersons[0]
    body = {"spokesperson": one.id, "account": house.ids["page"]}
    assert refused(house.fact, "spokesperson.ended", body, by="cy").rule == "unknown-reference", "cy answers for the page alone"
    house.fact("spokesperson.ended", {**body, "account": house.ids["shop"]})
    assert refused(house.fact, "spokesperson.ended", {**body, "account": house.ids["shop"]}).rule == "ended"


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sheet_names_them_in_every_language_and_takes_no_markup_from_names(house: House, locale: str) -> None:
    house.ids["eve"] = house.do(lambda tx: _added(tx, "<script>alert(1)</script>"))
    name(house, "shop", "anna")
    name(house, "shop", "eve")
    page = switchboard.html(switchboard.collect(house.db(), today=house.now[:10]), locale, now=house.now)
    assert f'<html lang="{locale}">' in page
    assert "Anna" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("locale", LOCALES)
def test_whose_training_is_too_old_is_marked_on_the_sheet(house: House, locale: str) -> None:
    """Control: on the last day on which it counts nothing is marked."""
    name(house, "shop", "anna")
    mark, until = language(locale).say("too long ago"), trained_until(TRAINED, 730)
    assert mark not in switchboard.html(switchboard.collect(house.db(), today=until), locale, now=house.now)
    after = (date.fromisoformat(until) + timedelta(days=1)).isoformat()
    page = switchboard.html(switchboard.collect(house.db(), today=after), locale, now=house.now)
    assert page.count(f"<strong>{mark}</strong>") == 1


def test_an_empty_sheet_says_so(house: House) -> None:
    assert "Nobody is named." in switchboard.html([], "en", now=house.now)


def _added(tx: Any, called: str) -> str:
    from govern.procedures import people

    return people.add(tx, people.NewPerson(name=called, handle="eve")).id


def test_nobody_stops_before_they_were_trained(house: House) -> None:
    name(house, "shop", "anna")
    with pytest.raises(Refused):
        house.do(spokespersons.end, "shop", "anna", on="2026-09-30")
    house.do(spokespersons.end, "shop", "anna", on=TRAINED)
