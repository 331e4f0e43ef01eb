"""`govern account custody`, a deputy, and retiring: who can open what an account has follows who answers for it."""

from __future__ import annotations

import pytest

from .conftest import PASSWORD, Firm


@pytest.fixture
def anna(firm: Firm) -> Firm:
    """Anna has keys; the shop is mia's."""
    firm.person("anna")
    firm.enrol("anna")
    firm.secret(firm.account("shop"))
    return firm


def opens(firm: Firm, member: str) -> bool:
    told = firm.machines[member].run("reveal", "shop", "--stdout")
    assert not firm.shows(told) or told.code == 0
    return bool(told.out == PASSWORD)


def test_the_new_responsible_person_can_open_it(anna: Firm) -> None:
    assert not opens(anna, "anna")
    told = anna.json("account", "custody", "shop", "anna")["accounts"]
    assert [(a["handle"], a["custodian"], a["before"], a["sealed"]) for a in told] == [("shop", "anna", "mia", True)]
    assert opens(anna, "anna")


def test_the_former_one_keeps_what_they_hold(anna: Firm) -> None:
    anna.ok("account", "custody", "shop", "anna")
    assert opens(anna, "mia")


def test_a_former_one_who_holds_nothing_opens_it_no_more_but_still_knows(firm: Firm) -> None:
    firm.person("anna")
    firm.enrol("anna")
    firm.secret(firm.account("shop", held=False))
    assert opens(firm, "mia")
    firm.ok("account", "custody", "shop", "anna")
    assert not opens(firm, "mia")
    assert opens(firm, "anna")
    assert "mia" in {one["person"] for one in firm.json("who", "shop")["exposed"] if one["live"]}


def test_nobody_is_left_without_an_opener(firm: Firm) -> None:
    """Ben has no keys: until somebody else can open it, the former one keeps what they have."""
    firm.person("ben")
    firm.secret(firm.account("shop", held=False))
    told = firm.ok("account", "custody", "shop", "ben")
    assert "has no keys" in told.err
    assert firm.read("SELECT count(DISTINCT key) FROM wraps WHERE ended IS NULL") == [(2,)]


def test_a_responsible_person_who_is_no_admin_hands_over_to_a_holder(anna: Firm) -> None:
    anna.ok("account", "custody", "shop", "anna")
    anna.ok("account", "custody", "shop", "mia")
    anna.ok("account", "custody", "shop", "anna")
    told = anna.machines["anna"].json("account", "custody", "shop", "mia")
    assert [(a["handle"], a["custodian"], a["before"], a["sealed"]) for a in told["accounts"]] == [("shop", "mia", "anna", True)]
    assert not opens(anna, "anna")


def test_a_deputy_who_takes_over_is_deputy_no_more(anna: Firm) -> None:
    anna.ok("account", "edit", "shop", "--deputy", "anna")
    anna.machines["anna"].ok("account", "custody", "shop", "anna")
    (shown,) = anna.json("account", "show", "shop")["accounts"]
    assert (shown["custodian"], shown["deputy"]) == ("anna", None)
    assert opens(anna, "anna")


def test_nobody_without_a_part_in_it_takes_an_account_over(anna: Firm) -> None:
    told = anna.machines["anna"].run("account", "custody", "shop", "anna")
    assert (told.code, told.out) == (4, "")
    assert anna.json("account", "show", "shop")["accounts"][0]["custodian"] == "mia"


def test_a_deputy_can_open_it_until_they_are_cleared(anna: Firm) -> None:
    anna.ok("account", "edit", "shop", "--deputy", "anna")
    assert opens(anna, "anna")
    anna.ok("account", "edit", "shop", "--clear", "deputy")
    assert not opens(anna, "anna")


def test_a_deputy_is_replaced_by_another(anna: Firm) -> None:
    anna.person("ben")
    anna.enrol("ben")
    anna.ok("account", "edit", "shop", "--deputy", "anna")
    anna.ok("account", "edit", "shop", "--deputy", "ben")
    assert (opens(anna, "anna"), opens(anna, "ben")) == (False, True)


def test_what_the_actor_cannot_open_is_said_to_be_not_sealed_yet(anna: Firm) -> None:
    """An admin who is neither holder nor responsible records the custody; whoever can open it seals it afterwards."""
    anna.person("ben")
    anna.enrol("ben")
    anna.admin("ben")
    told = anna.machines["ben"].ok("account", "custody", "shop", "ben", "--json")
    assert told.json()["accounts"][0]["sealed"] is False
    assert not opens(anna, "ben")
    assert anna.json("account", "custody", "shop", "ben")["accounts"][0]["sealed"] is True
    assert opens(anna, "ben")


def test_whoever_leaves_becomes_neither_responsible_nor_deputy(firm: Firm) -> None:
    firm.person("old", left="2025-01-31")
    firm.account("shop")
    for words in (("custody", "shop", "old"), ("edit", "shop", "--deputy", "old")):
        told = firm.run("account", *words)
        assert (told.code, "PS-4" in told.err) == (4, True)


def test_a_dry_run_hands_nothing_over(anna: Firm) -> None:
    size = len(anna.types())
    told = anna.json("account", "custody", "platform:instagram", "anna", "--dry-run")
    assert [one["handle"] for one in told["accounts"]] == ["shop"]
    assert len(anna.types()) == size


def test_holders_of_a_retired_account_open_it_no_more(anna: Firm) -> None:
    anna.ok("grant", "shop", "anna")
    assert opens(anna, "anna")
    anna.ok("account", "retire", "shop")
    assert not opens(anna, "anna")
    assert anna.read("SELECT cause FROM grants WHERE ended_at IS NOT NULL") == [("retired",), ("retired",)]
    assert anna.types()[-1] == "account.retired"
    assert "anna" in {one["person"] for one in anna.json("who", "shop")["exposed"] if one["live"]}


def test_the_register_rebuilds_to_the_same_rows(anna: Firm) -> None:
    from govern.register import connection

    anna.ok("place", "add", "Sheet", "--kind", "sheet")
    anna.ok("place", "holds", "Sheet", "--accounts", "shop")
    anna.ok("place", "member", "Sheet", "anna", "--since", "2025-01-01")
    anna.ok("known", "shop", "anna")
    anna.ok("account", "edit", "shop", "--deputy", "anna", "--tag", "a")
    anna.ok("account", "custody", "shop", "anna")
    anna.ok("account", "retire", "shop")
    workspace = anna.workspace()
    before = list(connection.dump(workspace.view()))
    workspace.close()
    connection.remove(anna.story.home / "register.db")
    workspace = anna.workspace()
    assert list(connection.dump(workspace.view())) == before
    workspace.close()
    assert anna.run("ledger", "verify", "--deep").code == 0
