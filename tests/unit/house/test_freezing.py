"""A frozen account: who is still shown its secrets, who is not, that the change of its secrets goes on, and that nobody is locked out."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from govern.errors import NotFound, Refused
from govern.holdings.freezing import able, must_leave_one
from govern.policy.incident import playbook
from govern.procedures import carrying_beside, freezing, reveal
from govern.procedures import incidents as procedure
from govern.register.queries import incidents

from .conftest import House

BOOK = playbook()


def refused(work: Any, *arguments: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    assert told.value.hint
    return told.value.rule, told.value.control


def freeze(house: House, account: str = "page", *, by: str = "mia", **more: Any) -> Any:
    return house.do(freezing.freeze, account, playbook=BOOK, by=by, **more)


@pytest.fixture
def page(house: House) -> str:
    """The page's password; cy answers for it, bo and dan hold it."""
    house.enrol("dan")
    house.grant("page", "bo")
    house.grant("page", "dan")
    return house.secret("page")


def see(house: House, by: str) -> str:
    return str(house.do(reveal.reveal, "page", "password", "", by=by).secret.reveal())


def test_a_deputy_does_not_become_able_by_naming_themselves_responsible(house: House, page: str) -> None:
    """A control: without the freeze they may."""
    body = {"account": house.ids["page"], "custodian": house.ids["dan"]}
    house.fact("account.edited", {"account": house.ids["page"], "deputy": house.ids["dan"]})
    freeze(house, allow=["bo"])
    assert refused(house.fact, "account.custody", body, by="dan")[0] == "frozen"
    house.do(freezing.thaw, "page")
    house.fact("account.custody", body, by="dan")


def test_an_incident_of_another_account_shows_nothing_of_a_frozen_one(house: House, page: str) -> None:
    """Whoever runs an account could say that it depends on the frozen one, and open an incident of it with themselves as lead."""
    house.enrol("kim")
    house.account("own", custodian="kim")
    house.grant("page", "kim")
    house.start(page)
    freeze(house)
    house.fact("account.edited", {"account": house.ids["own"], "depends_on": [house.ids["page"]]}, by="kim")
    body = {"incident": "8" * 32, "kind": "takeover", "account": house.ids["own"], "lead": house.ids["kim"], "steps": [["freeze", "lead"]]}
    house.fact("incident.opened", body, by="kim")
    shown = {"credential": page, "version": 1, "purpose": "rotation"}
    assert refused(house.fact, "secret.revealed", shown, by="kim")[0] == "frozen"
    house.do(freezing.thaw, "page")
    house.fact("secret.revealed", shown, by="kim")


@pytest.mark.parametrize(
    ("named", "custodian", "admins", "who"),
    [
        ({"a"}, "c", {"a"}, {"a", "c"}),
        ({"x"}, "c", {"c"}, {"x", "c"}),
        ({"x"}, "c", {"a", "b"}, {"x", "c", "a", "b"}),
        (set(), "c", {"a"}, {"c", "a"}),
        (set(), "c", set(), {"c"}),
    ],
)
def test_the_responsible_person_and_an_admin_are_always_able(named: set[str], custodian: str, admins: set[str], who: set[str]) -> None:
    assert able(named, custodian, admins) == who


def test_a_freeze_names_an_admin() -> None:
    assert refused(must_leave_one, {"x"}, {"c"}, {"a"}) == ("freeze-lockout", "IR-4")
    must_leave_one({"a"}, {"c"}, {"a"})
    must_leave_one(set(), {"a"}, {"a"})


def test_nobody_but_the_named_is_shown_a_secret_until_it_is_thawed(house: House, page: str) -> None:
    assert see(house, "dan"), "before the freeze"
    freeze(house)
    assert refused(see, house, "dan") == ("frozen", "IR-4")
    assert refused(see, house, "bo") == ("frozen", "IR-4"), "an admin who is not named"
    assert see(house, "cy"), "answers for it"
    house.do(freezing.thaw, "page", by="bo")
    assert see(house, "dan")


def test_a_named_holder_goes_on(house: House, page: str) -> None:
    freeze(house, allow=["dan"])
    assert see(house, "dan")


def test_a_client_that_records_a_reveal_all_the_same_is_void_and_still_knows(house: House, page: str) -> None:
    """The attack: whoever holds a wrap writes the entry past their own client. Replay refuses it on every other machine."""
    body = {"credential": page, "version": 1, "purpose": "reveal"}
    house.fact("secret.revealed", body, by="dan")
    freeze(house)
    assert refused(house.fact, "secret.revealed", body, by="dan") == ("frozen", "IR-4")
    assert refused(house.fact, "secret.revealed", {**body, "purpose": "rotation"}, by="dan") == ("frozen", "IR-4"), "nor as a change of it"
    handed = {"credential": page, "version": 1, "person": house.ids["anna"], "via": "call"}
    assert refused(house.fact, "secret.handed_over", handed, by="cy") == ("frozen", "IR-4")
    exported = {"export": "7" * 32, "versions": [[page, 1]], "part": 1, "of": 1}
    assert refused(house.fact, "secrets.exported", exported, by="bo") == ("frozen", "IR-4")
    house.fact("secrets.exported", exported, by="mia")


def test_grants_are_paused_but_for_the_named(house: House, page: str) -> None:
    freeze(house, allow=["anna"])
    with pytest.raises(Refused) as told:
        house.grant("page", "hr")
    assert (told.value.rule, told.value.control) == ("frozen", "IR-4")
    house.grant("page", "anna")
    house.grant("shop", "hr")


def test_the_change_of_its_secrets_goes_on_in_the_hands_of_those_who_work_on_it(house: House, page: str) -> None:
    """A rotation that could not be shown would leave a candidate that nobody can type in."""
    house.do(procedure.open_, "page", kind="takeover", lead="mia", second="dan", playbook=BOOK)
    freeze(house)
    assert house.start(page, by="bo").rotation.credential == page
    assert house.show(page, by="bo"), "an admin who changes it, though not named"
    assert house.show(page, by="cy")
    assert refused(see, house, "bo") == ("frozen", "IR-4"), "yet looks at nothing else"
    house.confirm(page, by="cy")
    assert ("password", 2) in house.knows("cy")


def test_everything_is_frozen_by_one_command_and_thawed_by_any_admin(house: House, page: str) -> None:
    freeze(house, "", everything=True)
    assert refused(see, house, "dan")[0] == "frozen"
    assert refused(house.do, freezing.thaw, "page", by="bo") == ("one-freeze", "IR-4")
    assert refused(house.do, freezing.thaw, "", everything=True, by="cy") == ("authority", "AC-3")
    house.do(freezing.thaw, "", everything=True, by="bo")
    assert see(house, "dan")
    with pytest.raises(NotFound, match="not frozen"):
        house.do(freezing.thaw, "page")


def test_who_answers_for_an_account_freezes_it_and_an_admin_stays_able(house: House, page: str) -> None:
    frozen = freeze(house, by="cy")
    assert set(frozen.added) == {house.ids["mia"], house.ids["bo"]}
    assert refused(freeze, house, "shop", by="cy")[0] == "authority"
    assert refused(freeze, house, "", everything=True, by="cy")[0] == "authority"
    body = {"freeze": "7" * 32, "look_again": "2026-12-01", "allowed": [house.ids["cy"]], "account": house.ids["page"]}
    house.do(freezing.thaw, "page")
    assert refused(house.fact, "freeze.begun", body, by="cy") == ("freeze-lockout", "IR-4")
    house.fact("freeze.begun", {**body, "allowed": [house.ids["bo"]]}, by="cy")


def test_where_no_named_admin_is_one_any_more_every_admin_is_able(house: House, page: str) -> None:
    freeze(house, allow=["bo"], by="bo")
    house.fact("account.custody", {"account": house.ids["page"], "custodian": house.ids["dan"]})
    house.fact("role.withdrawn", {"person": house.ids["bo"], "role": "admin"})
    assert {one.account for one in incidents.freezes(house.db())} == {house.ids["page"]}
    exported = {"export": "7" * 32, "versions": [[page, 1]], "part": 1, "of": 1}
    house.fact("secrets.exported", exported, by="mia")


def test_an_old_freeze_is_found(house: House, page: str) -> None:
    freeze(house)
    assert house.told("freeze-old") == set()
    house.later(days=3)
    assert house.told("freeze-old") == set()
    house.later(days=1)
    assert house.told("freeze-old") == {("freeze-old", "page", "warning")}


def test_two_freezes_leave_whoever_both_name_and_an_admin(house: House, page: str) -> None:
    freeze(house, allow=["dan"])
    freeze(house, "", everything=True, by="bo")
    assert refused(see, house, "dan")[0] == "frozen"
    assert see(house, "cy")
    assert see(house, "bo"), "nobody is named by both, so every admin is able"


def test_going_on_from_an_earlier_point_thaws_nothing(house: House, page: str, tmp_path: Path) -> None:
    """The head that is given up has a freeze that the new history lacks; whoever carries it goes on beside those it names."""
    given_up = house.copied(tmp_path / "given up")
    freeze(given_up, allow=["dan"])
    old = sqlite3.connect(":memory:")
    for statement in given_up.db().iterdump():
        if "freezes" in statement:
            old.execute(statement)
    anew = house.copied(tmp_path / "anew")
    assert see(anew, "bo")
    anew.do(lambda tx: carrying_beside._freezes(tx, old), by="mia")
    (carried,) = incidents.freezes(anew.db())
    assert set(carried.allowed) == {house.ids["mia"], house.ids["dan"]}
    assert refused(see, anew, "bo") == ("frozen", "IR-4")
    anew.do(lambda tx: carrying_beside._freezes(tx, old), by="mia")
    assert len(incidents.freezes(anew.db())) == 1, "once"


def test_attack_a_freeze_that_is_looked_at_again_in_years_is_told_to_nobody(house: House, page: str) -> None:
    body = {"freeze": "7" * 32, "allowed": [house.ids["bo"]], "account": house.ids["page"]}
    assert refused(house.fact, "freeze.begun", {**body, "look_again": "9999-12-31"}, by="cy") == ("freeze-long", "IR-4")
    latest = (house.moment + timedelta(days=92)).date().isoformat()
    house.fact("freeze.begun", {**body, "look_again": latest}, by="cy")
    house.later(days=93)
    assert house.told("freeze-old"), "the control: it is found behind that day"
