"""Whoever answers for an account has acknowledged what its tier asks for, as its holders have: judged in replay, whatever wrote the entry."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import Any

import pytest

from govern.canonical import canonical
from govern.errors import Refused
from govern.holdings.proposals import Act
from govern.importers.login import Login, Reading
from govern.procedures import accounts, custody, exceptions, import_, lapsed_acknowledgements, proposals, training
from govern.register.queries import policies
from govern.register.queries.findings import findings
from govern.vault.secret import Secret

from .conftest import House
from .test_documents import NAME, adopt, ahead, decide, give, publish, refused, sheet, sign

NEW = "7" * 32


@pytest.fixture
def gated(house: House) -> House:
    """The document is published; mia has signed it, cy (who answers for the page) and bo (who answers for nothing) have not."""
    adopt(house)
    publish(house)
    sign(house, "mia")
    return house


def added(house: House, **more: Any) -> int:
    return house.fact(
        "account.added", {"account": NEW, "handle": "new", "platform": "x", "tier": "standard", "custodian": house.ids["mia"]} | more
    )


def page_of(house: House, **more: Any) -> int:
    return house.fact("account.edited", {"account": house.ids["shop"], **more})


def custody_of(house: House, who: str, account: str = "shop") -> int:
    return house.fact("account.custody", {"account": house.ids[account], "custodian": house.ids[who]})


def holders_alone(house: House) -> None:
    """A policy as they were before there was the rule: two persons take the rule away."""
    record = policies.policy(house.db()).to_record()
    del record["documents"]["answering"]
    told = {"policy": record, "digest": hashlib.sha256(canonical(record)).hexdigest()}
    house.do(proposals.approve, house.do(proposals.propose, Act.POLICY, told), by="bo")


def answering(house: House, account: str = "shop") -> tuple[str, str | None]:
    names = {id_: name for name, id_ in house.ids.items()}
    custodian, deputy = house.db().execute("SELECT custodian, deputy FROM accounts WHERE id = ?", (house.ids[account],)).fetchone()
    return names[custodian], names.get(deputy)


# --- every way to come to answer for an account ---------------------------------------------------------------------------------------


def test_whoever_has_not_signed_is_not_made_responsible_whatever_wrote_the_entry(gated: House) -> None:
    for attack in (
        lambda: added(gated, custodian=gated.ids["bo"]),
        lambda: added(gated, deputy=gated.ids["bo"]),
        lambda: page_of(gated, deputy=gated.ids["anna"]),
        lambda: custody_of(gated, "bo"),
    ):
        told = refused(attack)
        assert (told.rule, told.control) == ("acknowledgement", "PL-4")
        assert NAME in told.message
    assert answering(gated) == ("mia", None)
    sign(gated, "bo")
    sheet(gated, "anna")
    added(gated, custodian=gated.ids["bo"], deputy=gated.ids["anna"])
    page_of(gated, deputy=gated.ids["anna"])
    custody_of(gated, "bo")
    assert answering(gated) == ("bo", "anna")


def test_the_commands_say_so_before_they_record_anything_and_how_to_get_it(gated: House) -> None:
    told = refused(custody.plan, gated.db(), "shop", "anna", gated.now)
    assert f"govern document sheet {NAME} --person anna --out FILE" in (told.hint or "")
    assert "govern exception add shop --point acknowledgement --person anna --reason R --until DATE" in (told.hint or "")
    asked = accounts.Asked(deputy="cy")
    assert f"cy signs: govern document ack {NAME}" in (refused(accounts.plan_edit, gated.db(), "shop", asked, gated.now[:10]).hint or "")
    assert refused(gated.do, custody.hand, "shop", "bo").rule == "acknowledgement"
    assert refused(gated.do, accounts.edit, "shop", asked).rule == "acknowledgement"
    told = refused(gated.do, accounts.add, "new", accounts.Asked(platform="x"), custodian="bo")
    assert told.rule == "acknowledgement"
    assert "govern exception add --point acknowledgement --person bo" in (told.hint or ""), "no exception is for what is not there yet"


def test_an_import_leaves_accounts_with_whoever_imports_where_the_named_one_may_not_answer_yet(gated: House) -> None:
    login = Login(
        row="row 2", title="x", username="acme", urls=("https://x.com",), password=Secret("a-long-enough-secret-9"), responsible="bo"
    )

    def asked(who: str) -> import_.Asked:
        one = replace(login, responsible=who)
        return import_.Asked(
            reading=Reading(format="spreadsheet", logins=(one,), skipped=()),
            logins=import_.places([one]),
            path="in.csv",
            file="in.csv",
            sealed=False,
        )

    told = import_.preview(gated.members["mia"], asked("bo"), gated.now, random=os.urandom)
    assert told.warnings.responsible_lacks == {f"bo has yet to acknowledge {NAME}": ["row 2"]}
    assert refused(import_.preview, gated.members["bo"], asked("mia"), gated.now, random=os.urandom).rule == "acknowledgement", (
        "bo's they are not"
    )
    made = import_.bring_in(gated.members["mia"], asked("bo"), gated.now)
    query = "SELECT custodian FROM accounts WHERE handle = ?"
    assert gated.db().execute(query, (made.created[0],)).fetchone() == (gated.ids["mia"],)


def test_an_account_of_a_tier_that_asks_for_nothing_is_anybodys(gated: House) -> None:
    added(gated, tier="low", custodian=gated.ids["bo"], deputy=gated.ids["anna"])
    page_of(gated, tier="low")
    custody_of(gated, "bo")


def test_the_tier_that_counts_is_the_one_that_the_same_entry_gives(gated: House) -> None:
    page_of(gated, tier="low")
    assert refused(page_of, gated, tier="critical", deputy=gated.ids["bo"]).rule == "acknowledgement"
    page_of(gated, tier="low", deputy=gated.ids["bo"])


def test_nothing_is_asked_of_who_answers_for_it_already_or_no_more(gated: House) -> None:
    """cy has not signed: the page can be described anew, and taken from them."""
    gated.fact("account.edited", {"account": gated.ids["page"], "department": "Marketing"})
    custody_of(gated, "cy", "page")
    custody_of(gated, "mia", "page")
    assert refused(custody_of, gated, "cy", "page").rule == "acknowledgement", "and is asked for once they come back"


def test_a_retired_account_asks_for_nothing(gated: House) -> None:
    gated.fact("account.retired", {"account": gated.ids["page"]})
    custody_of(gated, "bo", "page")


def test_a_policy_that_asks_holders_alone_asks_nothing_of_those_who_answer(gated: House) -> None:
    """As every ledger says that was written before there was this rule."""
    holders_alone(gated)
    custody_of(gated, "bo")
    assert gated.told("acknowledgement-lapsed") == set()
    assert refused(give, gated, "shop", "bo").rule == "acknowledgement", "control: holders are asked"


def test_a_training_is_asked_of_them_as_well(gated: House) -> None:
    decide(gated, training={"critical": 0, "standard": 365, "low": 0})
    sign(gated, "bo")
    told = refused(custody_of, gated, "bo")
    assert (told.rule, told.control) == ("training", "AT-3")
    assert "govern training add bo --subject social-media" in (told.hint or "")
    gated.do(training.add, "bo", subject="social-media", on="2026-11-20", by="hr")
    custody_of(gated, "bo")


# --- the way round -------------------------------------------------------------------------------------------------------------------------


def test_an_exception_with_reason_and_end_is_the_way_round_for_them_too(gated: House) -> None:
    gated.do(exceptions.add, "page", point="acknowledgement", person="bo", until=ahead(gated, 5), reason="on leave")
    assert refused(custody_of, gated, "bo").rule == "acknowledgement", "it is for another account"
    custody_of(gated, "bo", "page")
    gated.do(exceptions.add, "", point="acknowledgement", person="anna", until=ahead(gated, 5), reason="on leave")
    page_of(gated, deputy=gated.ids["anna"])
    gated.later(days=30)
    assert gated.told("acknowledgement-lapsed") == {
        ("acknowledgement-lapsed", "page", "critical"),
        ("acknowledgement-lapsed", "shop", "critical"),
    }


def test_a_fork_that_is_only_said_to_be_one_names_nobody_without_it_being_found(gated: House) -> None:
    """What a fork carries is let through, for what was signed with keys in the tail is lost: the same person is found from then on, with the grace."""
    body = {"proposal": "6" * 32, "act": "restore", "parameters": {"size": 1, "root": "0" * 64, "note": "0" * 64}}

    def forked(tx: Any) -> None:
        tx.record("proposal.made", body)
        tx.record("account.custody", {"account": gated.ids["shop"], "custodian": gated.ids["bo"]})

    gated.do(forked)
    gated.later(days=11)
    assert ("acknowledgement-lapsed", "shop", "warning") in gated.told("acknowledgement-lapsed")
    assert refused(custody_of, gated, "hr", "box").rule == "acknowledgement", "not once its transaction is over"


def test_attack_a_fork_that_was_proposed_lets_nobody_through_by_its_second(gated: House) -> None:
    """An admin says the time of the proposal again, behind what others have recorded since. The control: in that very transaction."""
    body = {"proposal": "6" * 32, "act": "restore", "parameters": {"size": 1, "root": "0" * 64, "note": "0" * 64}}
    gated.fact("proposal.made", body)
    (at,) = gated.db().execute("SELECT made_at FROM proposals WHERE act = 'restore'").fetchone()
    gated.fact("place.added", {"place": "7" * 32, "kind": "paper"}, {"name": "wall"}, by="hr")

    def again() -> None:
        with gated.members["mia"].transaction(at) as tx:
            tx.record("account.custody", {"account": gated.ids["shop"], "custodian": gated.ids["bo"]})

    assert refused(again).rule == "acknowledgement"


# --- those who answered before --------------------------------------------------------------------------------------------------------------


def test_who_answers_already_is_found_after_the_deadline_and_critical_after_the_grace(gated: House) -> None:
    found = gated.told("acknowledgement-lapsed")
    assert found == set(), "the deadline lies ahead"
    gated.later(days=11)
    assert gated.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "page", "warning")}
    gated.later(days=14)
    assert gated.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "page", "critical")}
    (one,) = [
        f for f in findings(gated.db(), policies.policy(gated.db()), gated.now[:10], gated.ids["mia"]) if f.code == "acknowledgement-lapsed"
    ]
    assert one.message == f"cy answers for it and has not acknowledged {NAME}"
    sign(gated, "cy")
    assert gated.told("acknowledgement-lapsed") == set()


def test_nobody_is_told_twice_of_one_who_holds_it_and_answers_for_it(gated: House) -> None:
    gated.fact("account.edited", {"account": gated.ids["shop"], "deputy": gated.ids["mia"]})
    adopt(gated, "second")
    publish(gated, days=1)
    sign(gated, "cy")
    gated.later(days=3)
    some = [
        f for f in findings(gated.db(), policies.policy(gated.db()), gated.now[:10], gated.ids["mia"]) if f.code == "acknowledgement-lapsed"
    ]
    assert sorted((one.subject, one.message.split(" has")[0]) for one in some) == [
        ("box", "mia answers for it and"),
        ("shop", "mia holds it and"),
    ]


def test_a_higher_tier_gives_them_the_grace_from_that_day_on(gated: House) -> None:
    gated.fact("account.edited", {"account": gated.ids["page"], "tier": "low"})
    gated.later(days=60)
    assert gated.told("acknowledgement-lapsed") == set()
    gated.fact("account.edited", {"account": gated.ids["page"], "tier": "critical"})
    gated.later(days=1)
    assert gated.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "page", "warning")}
    gated.later(days=14)
    assert gated.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "page", "critical")}


def test_a_policy_that_comes_to_ask_it_of_them_gives_the_grace_from_that_day_on(gated: House) -> None:
    holders_alone(gated)
    gated.later(days=60)
    assert gated.told("acknowledgement-lapsed") == set()
    decide(gated, answering=True)
    gated.later(days=1)
    assert gated.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "page", "warning")}


def test_where_the_policy_ends_grants_whoever_answers_stays_and_stays_found(gated: House) -> None:
    """Who answers instead is for people to say; the account would be nobody's."""
    decide(gated, consequence="end", grace=1)
    gated.later(days=30)
    assert lapsed_acknowledgements.end(gated.members["hr"], gated.now) == []
    assert answering(gated, "page") == ("cy", None)
    assert gated.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "page", "critical")}


def test_who_leaves_is_not_asked_any_more(gated: House) -> None:
    gated.fact("person.leaving", {"person": gated.ids["cy"]})
    gated.later(days=30)
    assert gated.told("acknowledgement-lapsed") == set()


def test_an_unknown_person_is_refused_as_ever(gated: House) -> None:
    with pytest.raises(Refused) as told:
        added(gated, custodian="5" * 32)
    assert told.value.rule == "unknown-reference"


def test_attack_whoever_is_leaving_is_made_responsible_by_an_entry_and_opens_everything_without_a_grant(house: House) -> None:
    """Grants refuse it; so does every way to answer for an account, judged in replay."""
    house.fact("person.leaving", {"person": house.ids["bo"]})
    gone = {"deputy": house.ids["bo"]}
    for told in (
        refused(custody_of, house, "bo"), refused(page_of, house, **gone), refused(added, house, **gone), refused(added, house, custodian=house.ids["bo"]),
    ):  # fmt: skip
        assert (told.rule, told.control) == ("leaver", "PS-4")
    custody_of(house, "cy")  # the control: somebody who stays
    page_of(house, deputy=house.ids["mia"])


def test_whoever_answers_already_when_they_leave_does_so_until_somebody_takes_over(house: House) -> None:
    """Nothing that is said of the account besides is held up by it."""
    custody_of(house, "bo")
    house.fact("person.leaving", {"person": house.ids["bo"]})
    custody_of(house, "bo")
    page_of(house, tier="low")
    assert answering(house)[0] == "bo"


def test_attack_who_has_not_signed_makes_the_account_one_of_a_tier_that_asks_for_nothing(gated: House) -> None:
    """Cy answers for the page, and lacks what its tier asks for: another tier is an exception for oneself, without a reason or an end."""
    decide(gated, required={"low": [], "standard": [NAME], "critical": [NAME]})
    change = {"account": gated.ids["page"], "tier": "low"}
    told = refused(gated.fact, "account.edited", change, by="cy")
    assert (told.rule, told.control, NAME in told.hint) == ("own-exception", "AC-5", True)
    gated.fact("account.edited", {**change, "tier": "critical"}, by="cy")  # the control: a tier that asks for as much
    gated.fact("account.edited", change, by="bo")  # and another admin
    gated.fact("account.edited", {**change, "tier": "standard"}, by="bo")
    sign(gated, "cy")
    gated.fact("account.edited", change, by="cy")


def test_a_holder_who_answers_for_it_no_more_is_held_to_the_same(gated: House) -> None:
    """Mia is an admin and holds the shop, whose responsible person is bo."""
    sign(gated, "bo")
    custody_of(gated, "bo")
    adopt(gated, name="another")
    publish(gated, name="another")
    sign(gated, "bo", name="another")
    decide(gated, required={"low": [], "standard": ["another", NAME], "critical": [NAME]})
    assert refused(page_of, gated, tier="low").rule == "own-exception"
    gated.fact("account.edited", {"account": gated.ids["shop"], "tier": "low"}, by="bo")
