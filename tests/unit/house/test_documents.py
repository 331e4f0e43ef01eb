"""Documents that people sign: what a version is, who has acknowledged it and how, and that nobody is granted an account without what its tier asks for."""

from __future__ import annotations

from typing import Any

import pytest

from govern.cli.document_signed import counted
from govern.errors import Malformed, NotFound, Refused, Usage
from govern.holdings import documents as rules
from govern.holdings.documents import Publication
from govern.procedures import documents, exceptions, grant, lapsed_acknowledgements, training
from govern.procedures.documents import starting_point, starting_points
from govern.procedures.tick import run as tick
from govern.register.queries import documents as asked
from govern.register.queries import holdings, policies, versions
from govern.register.queries.lapsed import lapsed
from govern.register.queries.lapsed import over as queries_over
from govern.reports import acknowledged, document_sheet
from govern.vocabulary import LANGUAGES

from ...counting import steps
from .conftest import House

NAME = "corporate-accounts"
SCAN = "5" * 64


def texts(word: str = "first", *locales: str) -> dict[str, str]:
    return {locale: f"# Rules\n\n{word} in {locale}, for {{organisation}}\n" for locale in locales or LANGUAGES}


def adopt(house: House, word: str = "first", *locales: str, name: str = NAME, by: str = "hr") -> Any:
    return house.do(documents.adopt, name, texts(word, *locales), {"organisation": "Acme"}, by=by)[0]


def publish(house: House, *, days: int = 10, by: str = "hr", name: str = NAME, **more: Any) -> Any:
    return house.do(documents.publish, name, deadline=ahead(house, days), by=by, **more)


def ahead(house: House, days: int) -> str:
    from datetime import timedelta

    return (house.moment + timedelta(days=days)).date().isoformat()


def give(house: House, account: str, person: str, *, by: str = "mia", **more: Any) -> Any:
    return house.do(grant.grant, grant.Request(selector=account, person=person, like="", asked=grant.grants.Asked(**more)), by=by)


def sign(house: House, person: str, name: str = NAME) -> bool:
    return bool(house.do(documents.sign, name, asked.in_force(house.db(), name).version, by=person))


def sheet(house: House, person: str, *, by: str = "hr", **more: Any) -> Any:
    return house.do(documents.record_sheet, NAME, person, evidence=SCAN, by=by, **more)


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    return told.value


def holders(house: House, account: str) -> set[str]:
    names = {id_: name for name, id_ in house.ids.items()}
    return {names[one.person] for one in holdings.of_accounts(house.db(), [house.ids[account]])}


def decide(house: House, **more: Any) -> None:
    """Another policy, whose rule for documents says this; None: says it no more."""
    record = policies.policy(house.db()).to_record()
    record["documents"] = {key: value for key, value in (record["documents"] | more).items() if value is not None}
    import hashlib

    from govern.canonical import canonical

    house.fact("policy.adopted", {"policy": record, "digest": hashlib.sha256(canonical(record)).hexdigest()})


# --- versions ------------------------------------------------------------------------------------------------------------------------


def test_a_version_is_the_hash_of_all_its_texts(house: House) -> None:
    first = adopt(house)
    again, new = house.do(documents.adopt, NAME, texts(), {"organisation": "Acme"}, by="hr")
    assert (again, new) == (first, False), "the same texts are the same version"
    changed = texts() | {"da": "another {organisation}"}
    second, new = house.do(documents.adopt, NAME, changed, {"organisation": "Acme"}, by="hr")
    assert new
    assert second.version != first.version
    assert (first.document, first.n, second.n) == (second.document, 1, 2)
    assert asked.texts(house.db(), second)["da"] == "another Acme"


def test_the_order_of_languages_makes_no_other_version() -> None:
    digests = {locale: rules.text_digest(text) for locale, text in texts().items()}
    assert rules.version_of(digests) == rules.version_of(dict(reversed(digests.items())))
    assert rules.version_of(digests) != rules.version_of({**digests, "en": digests["fr"], "fr": digests["en"]})


def test_a_text_with_gaps_is_refused_and_the_hint_fills_them(house: House) -> None:
    told = refused(house.do, documents.adopt, NAME, texts(), {}, by="hr")
    assert (told.rule, told.control, told.hint) == ("document-gaps", "PL-4", "--set organisation=…")
    assert asked.versions(house.db()) == []


def test_a_gap_says_something_else_in_another_language_and_is_left_in_none() -> None:
    """Control: without a word for the others the gap is named with their language."""
    some = {"en": "ask {who}", "fr": "demandez à {who}", "nl": "niemand"}
    filled = rules.fill(some, {"who": "the press office", "who.fr": "la presse"})
    assert filled == {"en": "ask the press office", "fr": "demandez à la presse", "nl": "niemand"}
    assert rules.fill(some, {"who.en": "Ann", "who.fr": "Anne"})["en"] == "ask Ann"
    told = refused(rules.fill, some, {"who.fr": "la presse"})
    assert (told.rule, told.hint) == ("document-gaps", "--set who.en=…")
    assert refused(rules.fill, some, {}).hint == "--set who=…"


@pytest.mark.parametrize("name", ["corporate-accounts", "exit-duties", "personal-use"])
def test_what_comes_with_the_program_can_be_adopted_in_every_language(house: House, name: str) -> None:
    assert name in starting_points()
    gaps = {gap for text in starting_point(name).values() for gap in rules._GAP.findall(text)}
    one, _ = house.do(documents.adopt, name, starting_point(name), dict.fromkeys(gaps, "somebody"), by="hr")
    assert one.locales == LANGUAGES
    with pytest.raises(NotFound, match="comes with the program"):
        starting_point("../default")


def test_steps_are_printed_as_numbered_steps_and_points_as_points() -> None:
    """Control: a sentence that begins with a year is a sentence."""
    body = document_sheet.body(
        "## If it goes wrong\n\n1. Report it,\n   at once.\n2. Keep evidence.\n\n- a point\n- another\n\n2026. A year.\n"
    )
    assert '<ol start="1"><li>Report it, at once.</li><li>Keep evidence.</li></ol>' in body
    assert "<ul><li>a point</li><li>another</li></ul>" in body
    assert "<p>2026. A year.</p>" in body


def test_too_long_an_empty_and_no_text_is_refused(house: House) -> None:
    assert refused(house.do, documents.adopt, NAME, {"en": "x" * (49 * 1024)}, {}, by="hr").rule == "document-size"
    assert refused(house.do, documents.adopt, NAME, {"en": " \n"}, {}, by="hr").rule == "document-empty"
    assert house.do(documents.adopt, NAME, {"en": "x" * (48 * 1024)}, {}, by="hr")[1]
    for data in (b"\xff\xfe", b"a\0b"):
        with pytest.raises(Malformed):
            documents.read(data, "en.md")
    assert documents.read(b"\xef\xbb\xbfa\r\nb\rc", "en.md") == "a\nb\nc"


def test_a_missing_language_is_found(house: House) -> None:
    adopt(house, "first", "en", "fr")
    assert house.told("document-language") == {("document-language", NAME, "info")}
    adopt(house, "second")
    assert house.told("document-language") == set()


def test_only_admins_and_hr_adopt_and_publish(house: House) -> None:
    for by in ("mia", "hr"):
        adopt(house, by, by=by)
    assert refused(adopt, house, "third", by="cy").rule == "authority"
    assert refused(publish, house, by="cy").rule == "authority"


def test_a_version_is_published_once_so_that_nobody_gets_more_time(house: House) -> None:
    adopt(house)
    with pytest.raises(Usage):
        publish(house, to=("everybody", "anna"))
    assert refused(publish, house, days=-1).rule == "document-deadline"
    publish(house)
    assert refused(publish, house, days=100).rule == "document-published"


def test_a_date_that_is_none_is_refused_whatever_wrote_it(house: House) -> None:
    one = adopt(house)
    body = {"document": one.document, "version": one.version, "deadline": "2027-02-30", "audience": "everybody"}
    assert refused(house.fact, "document.published", body).rule == "no-date"
    house.fact("document.published", body | {"deadline": "2027-02-28"})


def test_texts_that_are_not_what_the_digests_say_are_not_shown(house: House) -> None:
    digests = {"en": rules.text_digest("what was signed")}
    body = {"document": "8" * 32, "name": "rules", "version": rules.version_of(digests), "texts": [["en", digests["en"], 15]]}
    house.fact("document.adopted", body, {"en": "what is shown"})
    assert asked.texts(house.db(), asked.chosen(house.db(), "rules")) == {}


# --- until when an acknowledgement counts ----------------------------------------------------------------------------------------------

TWO = (Publication(10, "a", "2026-01-10"), Publication(20, "b", "2026-02-10"))


@pytest.mark.parametrize(
    ("published", "place", "last"),
    [
        ((), 0, ""),
        (TWO[:1], 0, "2026-01-10"),
        (TWO[:1], 10, ""),
        (TWO, 0, "2026-01-10"),  # another version gives whoever never signed no more time
        (TWO, 10, "2026-02-10"),
        (TWO, 20, ""),
        ((*TWO, Publication(30, "c", "2026-01-31")), 10, "2026-01-31"),
    ],
)
def test_an_acknowledgement_counts_until_the_deadline_of_the_next_version(published: Any, place: int, last: str) -> None:
    assert rules.lapses(published, place) == last


# --- acknowledging ---------------------------------------------------------------------------------------------------------------------


def test_a_keyholder_signs_what_they_were_shown(house: House) -> None:
    first = adopt(house)
    publish(house, to=("everybody",))
    assert {one.person for one in asked.outstanding(house.db())} == {house.ids[who] for who in ("mia", "bo", "hr", "cy", "anna")}
    assert sign(house, "cy")
    assert not sign(house, "cy"), "once is enough"
    assert house.ids["cy"] not in {one.person for one in asked.outstanding(house.db())}
    adopt(house, "second")
    publish(house, to=("everybody",))
    assert refused(house.do, documents.sign, NAME, first.version, by="cy").rule == "document-other"
    assert house.ids["cy"] in {one.person for one in asked.outstanding(house.db())}, "another version asks anew"


def test_a_new_version_is_for_whom_the_one_before_was_unless_somebody_else_is_named(house: House) -> None:
    """Control: without one before, the policy says whom it is for."""
    adopt(house)
    assert publish(house).audience == "holders"
    adopt(house, "second")
    publish(house, to=("everybody",))
    asked_of = {one.person for one in asked.outstanding(house.db())}
    adopt(house, "third")
    assert publish(house).audience == "everybody"
    assert {one.person for one in asked.outstanding(house.db())} == asked_of, "what everybody reads is not quietly for few once it changes"
    adopt(house, "fourth")
    assert publish(house, to=("holders",)).audience == "holders"


@pytest.mark.parametrize("to", [(), ("everybody",), ("holders",), ("anna", "bo")])
def test_whom_a_version_would_be_for_is_told_before_it_is_published_and_is_who_is_asked_then(house: House, to: tuple[str, ...]) -> None:
    adopt(house)
    until = ahead(house, 10)
    plan, would = documents.plan(house.db(), NAME, today=house.now[:10], deadline=until, to=to)
    assert asked.outstanding(house.db()) == [], "nothing is recorded"
    one = publish(house, to=to)
    assert (plan.version, plan.deadline, plan.audience) == (one.version, one.deadline, one.audience)
    assert would == asked.outstanding(house.db()) != []
    assert refused(documents.plan, house.db(), NAME, today=house.now[:10], deadline=until).rule == "document-published"


def test_people_who_were_named_are_asked_again_but_for_those_who_are_gone(house: House) -> None:
    adopt(house)
    publish(house, to=("anna", "bo"))
    house.offboard("anna", cut_in=3)
    adopt(house, "second")
    one = publish(house)
    assert (one.audience, asked.named_here(house.db(), one)) == ("people", [house.ids["bo"]])
    house.offboard("bo", cut_in=3)
    adopt(house, "third")
    assert publish(house).audience == "holders", "none of them is here: as the policy says"


def test_nobody_signs_for_somebody_else_nor_records_a_sheet_of_their_own(house: House) -> None:
    one = adopt(house)
    publish(house)
    body = {"acknowledgement": "9" * 32, "document": one.document, "version": one.version, "how": "signature"}
    for by, person, how in (("mia", "anna", "signature"), ("mia", "mia", "sheet"), ("cy", "hr", "signature")):
        told = refused(house.fact, "acknowledgement.given", body | {"person": house.ids[person], "how": how, "evidence": SCAN}, by=by)
        assert (told.rule, told.control) == ("own-signature", "PL-4")
    house.fact("acknowledgement.given", body | {"person": house.ids["mia"]})


def test_a_sheet_is_for_people_without_keys_and_is_recorded_by_admins_and_hr(house: House) -> None:
    adopt(house)
    publish(house)
    assert refused(sheet, house, "cy").rule == "own-signature", "cy has keys"
    assert refused(sheet, house, "anna", by="cy").rule == "authority"
    with pytest.raises(Usage, match="lies ahead"):
        sheet(house, "anna", on="2027-01-01")
    one = sheet(house, "anna", on="2026-11-20")
    assert (one.counts, one.evidence, one.on) == (True, SCAN, "2026-11-20")
    assert sheet(house, "anna").id == one.id, "nothing new is recorded"


def test_a_sheet_without_its_digest_is_refused(house: House) -> None:
    one = adopt(house)
    publish(house)
    body = {"acknowledgement": "9" * 32, "document": one.document, "version": one.version, "person": house.ids["anna"], "how": "sheet"}
    assert refused(house.fact, "acknowledgement.given", body).rule == "sheet-evidence"
    house.fact("acknowledgement.given", body | {"evidence": SCAN})


def test_a_sheet_that_the_responsible_person_records_counts_once_another_has_looked(house: House) -> None:
    adopt(house)
    publish(house)
    one = sheet(house, "anna", by="mia")
    assert not one.counts, "mia answers for the shop"
    assert house.told("sheet-unverified") == {("sheet-unverified", NAME, "warning")}
    told = refused(give, house, "page", "anna", by="cy")
    assert (told.rule, f"govern document verify {NAME} anna" in (told.hint or "")) == ("acknowledgement", True)
    assert refused(house.do, documents.verify, NAME, "anna", by="mia").rule == "second-person"
    assert refused(house.do, documents.verify, NAME, "anna", by="cy").rule == "authority"
    house.do(documents.verify, NAME, "anna", by="bo")
    assert give(house, "page", "anna", by="cy")
    assert house.told("sheet-unverified") == set()
    with pytest.raises(NotFound):
        house.do(documents.verify, NAME, "anna", by="bo")


def test_a_sheet_that_waits_is_not_counted_among_those_who_signed() -> None:
    assert counted(["current", "waits", "current", "outstanding"]) == (
        "4 lines: 2 signed the version in force, 1 signed on a sheet that a second person has yet to look at, 1 yet to sign"
    )
    assert counted([]) == "0 lines"


def test_a_sheet_counts_at_once_where_nobody_else_could_look(company: Any) -> None:
    company.account("shop", "mia")
    company.person("anna")
    company.do(documents.adopt, NAME, {"en": "text"}, {})
    company.do(documents.publish, NAME, deadline="2026-12-01")
    assert company.do(documents.record_sheet, NAME, "anna", evidence=SCAN).counts


# --- grants ------------------------------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_for_before_the_document_is_published(house: House) -> None:
    give(house, "shop", "anna")
    assert house.told("document-missing", "acknowledgement-lapsed") == set(), "who keeps no documents is not told of it"
    adopt(house)
    give(house, "page", "anna", by="cy")
    assert house.told("document-missing") == {("document-missing", NAME, "info")}
    publish(house)
    assert house.told("document-missing") == set()


def test_a_grant_is_refused_without_an_acknowledgement_and_says_how_to_get_it(house: House) -> None:
    adopt(house)
    publish(house)
    told = refused(give, house, "shop", "anna")
    assert (told.rule, told.control) == ("acknowledgement", "PL-4")
    assert NAME in told.message
    assert f"govern document sheet {NAME} --person anna" in (told.hint or "")
    assert f"govern document ack {NAME}" in (refused(give, house, "shop", "cy").hint or "")
    body = {"grant": "7" * 32, "account": house.ids["shop"], "person": house.ids["anna"]}
    for more in ({}, {"emergency": True}):
        assert refused(house.fact, "grant.issued", body | more).rule == "acknowledgement", "whatever wrote the entry, and in an emergency"
    sheet(house, "anna")
    give(house, "shop", "anna")
    sign(house, "cy")
    give(house, "shop", "cy")
    assert holders(house, "shop") >= {"anna", "cy"}


def test_an_account_of_a_tier_that_asks_for_nothing_is_given_all_the_same(house: House) -> None:
    adopt(house)
    publish(house)
    house.fact("account.edited", {"account": house.ids["shop"], "tier": "low"}, by="bo")
    give(house, "shop", "anna")


def test_a_new_account_has_no_holder_while_whoever_answers_for_it_has_not_signed(house: House) -> None:
    from govern.procedures.holding import become_first_holder

    adopt(house)
    publish(house)
    assert not house.do(become_first_holder, house.ids["page"], by="cy")
    sign(house, "cy")
    assert house.do(become_first_holder, house.ids["page"], by="cy")
    assert holders(house, "page") == {"cy"}


def except_(house: House, point: str = "acknowledgement", *, account: str = "shop", days: int = 5) -> Any:
    return house.do(exceptions.add, account, point=point, person="anna", until=ahead(house, days), reason="on leave")


def test_an_exception_with_reason_and_end_is_the_only_way_round(house: House) -> None:
    adopt(house)
    publish(house)
    except_(house, "training")
    assert refused(give, house, "shop", "anna").rule == "acknowledgement", "an exception from something else"
    (one,) = except_(house)
    assert refused(give, house, "page", "anna").rule == "acknowledgement", "on another account"
    give(house, "shop", "anna")
    house.do(exceptions.end, one.id)
    house.fact("grant.ended", {"grants": [one.id for one in holdings.of_person(house.db(), house.ids["anna"])], "cause": "revoked"})
    assert refused(give, house, "shop", "anna").rule == "acknowledgement"
    except_(house, account="")
    give(house, "page", "anna")


def test_a_training_is_asked_for_where_the_policy_does(house: House) -> None:
    decide(house, training={"critical": 30, "standard": 365, "low": 0})
    told = refused(give, house, "shop", "anna")
    assert (told.rule, told.control) == ("training", "AT-3")
    assert "govern training add anna --subject social-media" in (told.hint or "")
    house.do(training.add, "anna", subject="fire-safety", on="2026-11-20", by="hr")
    assert refused(give, house, "shop", "anna").rule == "training"
    house.do(training.add, "anna", subject="social-media", on="2025-11-20", by="hr")
    assert refused(give, house, "shop", "anna").rule == "training", "too old by a day"
    house.do(training.add, "anna", subject="social-media", on="2025-11-21", by="hr")
    give(house, "shop", "anna")


def test_a_tier_may_ask_for_a_training_in_something_else(house: House) -> None:
    """Control: the subject that the other tiers ask for does not count there, and theirs not here."""
    house.account("feed", "mia", tier="critical")
    decide(house, training={"critical": 30, "standard": 365, "low": 0}, subjects={"critical": "crisis"})
    told = refused(give, house, "feed", "anna", reason="the press desk")
    assert (told.rule, "govern training add anna --subject crisis" in (told.hint or "")) == ("training", True)
    house.do(training.add, "anna", subject="social-media", on="2026-11-20", by="hr")
    give(house, "shop", "anna")
    assert "crisis" in str(refused(give, house, "feed", "anna", reason="the press desk"))
    house.do(training.add, "anna", subject="crisis", on="2026-11-20", by="hr")
    give(house, "feed", "anna", reason="the press desk")
    house.later(days=31 + 14)
    lacking = {(one.handle, one.name, one.what) for one in lapsed(house.db(), policies.policy(house.db()), house.now[:10])}
    assert ("feed", "anna", "crisis") in lacking
    assert ("shop", "anna", "social-media") not in lacking
    assert refused(decide, house, subjects=None).rule == "two-persons", "asking for it no more asks for less"


def test_nobody_records_their_own_training_or_one_to_come(house: House) -> None:
    assert refused(house.do, training.add, "mia", subject="social-media", on="2026-11-20").rule == "own-training"
    with pytest.raises(Usage):
        house.do(training.add, "anna", subject="social-media", on="2027-01-01", by="hr")
    with pytest.raises(Usage, match="no name"):
        house.do(training.add, "anna", subject="Social Media", on="2026-11-20", by="hr")
    one, new = house.do(training.add, "mia", subject="social-media", on="2026-11-20", by="hr")
    assert new
    assert house.do(training.add, "mia", subject="social-media", on="2026-11-20", by="hr") == (one, False)


# --- what has lapsed -----------------------------------------------------------------------------------------------------------------------


def test_holders_have_until_the_deadline_then_the_grace_then_the_grant_ends_where_the_policy_says_so(house: House) -> None:
    give(house, "shop", "anna")
    decide(house, consequence="end", grace=3)
    adopt(house)
    publish(house, days=10)
    for who in ("mia", "bo", "cy"):
        sign(house, who)
    over = lapsed_acknowledgements.end
    house.later(days=9)
    assert (house.told("acknowledgement-lapsed"), over(house.members["mia"], house.now)) == (set(), [])
    house.later(days=2)
    assert house.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "shop", "warning")}
    assert over(house.members["mia"], house.now) == []
    house.later(days=3)
    assert house.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "shop", "critical")}
    by_grant = {grant: lapsed_over(house, [grant]) for (grant,) in house.db().execute("SELECT id FROM grants WHERE ended_at IS NULL")}
    assert sorted(one for found in by_grant.values() for one in found) == sorted(lapsed_over(house)) != [], "asked of one or of all"
    assert all(one == grant for grant, found in by_grant.items() for one in found)
    assert [one.name for one in over(house.members["hr"], house.now)] == ["anna"]
    assert holders(house, "shop") == {"mia"}
    assert house.told("acknowledgement-lapsed") == set()
    assert over(house.members["mia"], house.now) == [], "once"


def test_a_run_of_all_that_is_due_ends_what_lapsed(house: House) -> None:
    give(house, "shop", "anna")
    decide(house, consequence="end", grace=3)
    adopt(house)
    publish(house, days=10)
    for who in ("mia", "bo", "cy"):
        sign(house, who)

    def ended() -> list[str]:
        ran = tick.run(house.members["hr"], lambda: house.now, monotonic=lambda: 0.0, posts=lambda *_: (), check=False)
        return [one.person for one in ran.done if one.what == "grant-ended"]

    house.later(days=13)
    assert ended() == []
    house.later(days=2)
    assert ended() == ["anna"]
    assert ended() == []


def test_a_lapsed_grant_without_which_nobody_could_open_the_account_stays(house: House) -> None:
    """Its responsible person has no keys: bo's wrap is the last besides recovery. Once another can open it, it ends."""
    house.account("desk", "mia", custodian="anna")
    house.secret("desk")
    give(house, "desk", "bo")
    decide(house, consequence="end", grace=1)
    adopt(house)
    publish(house, days=1)
    house.later(days=5)
    ended = [one.name for one in lapsed_acknowledgements.end(house.members["hr"], house.now) if one.handle == "desk"]
    assert len(ended) <= 1
    assert holders(house, "desk"), "one of the two stays"
    assert versions.openers(house.db(), [house.ids["desk"]]) == {(house.ids["desk"], "password", 1): 1}
    assert house.told("acknowledgement-lapsed") >= {("acknowledgement-lapsed", "desk", "critical")}


def test_attack_the_end_of_one_lapsed_grant_costs_no_walk_through_all_that_have_lapsed(house: House) -> None:
    """Whoever ends them writes an entry for each, and every machine judges each: counted beside the list of all."""

    def hold(tx: Any) -> None:
        for number in range(60):
            account = tx.new_id()
            tx.record(
                "account.added",
                {"account": account, "handle": f"held-{number}", "platform": "x", "tier": "standard", "custodian": tx.actor},
            )
            tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": tx.actor, "founding": True})

    house.do(hold)
    decide(house, consequence="end", grace=3)
    adopt(house)
    publish(house, days=10)
    house.later(days=14)
    every, db = lapsed_over(house), house.db()
    assert len(every) > 60
    whole = steps(db, lambda: queries_over(db, policies.policy(db), house.now[:10]))
    assert steps(db, lambda: queries_over(db, policies.policy(db), house.now[:10], every[:1])) * 5 < whole


def lapsed_over(house: House, grants: list[str] | None = None) -> list[str]:
    return [one.grant for one in queries_over(house.db(), policies.policy(house.db()), house.now[:10], grants)]


def test_nobody_ends_a_grant_as_lapsed_that_has_not(house: House) -> None:
    give(house, "shop", "anna")
    adopt(house)
    publish(house, days=1)
    body = {"grants": [one.id for one in holdings.of_person(house.db(), house.ids["anna"])], "cause": "lapsed"}
    house.later(days=10)
    assert refused(house.fact, "grant.ended", body).rule == "grant-current", "the grace is not over"
    house.later(days=10)
    assert refused(house.fact, "grant.ended", body).rule == "grant-current", "the policy makes it a finding"
    decide(house, consequence="end")
    house.fact("grant.ended", body)


def test_without_that_consequence_it_stays_a_finding(house: House) -> None:
    give(house, "shop", "anna")
    adopt(house)
    publish(house, days=1)
    sign(house, "mia")
    sign(house, "cy")
    house.later(days=100)
    assert house.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "shop", "critical")}
    assert lapsed_acknowledgements.end(house.members["mia"], house.now) == []
    assert "anna" in holders(house, "shop")


def test_another_version_lapses_what_was_signed_after_its_deadline(house: House) -> None:
    adopt(house)
    publish(house)
    sign(house, "mia")
    sign(house, "cy")
    sheet(house, "anna")
    give(house, "shop", "anna")
    adopt(house, "second")
    publish(house, days=5)
    house.later(days=5)
    house.fact("grant.ended", {"grants": [one.id for one in holdings.of_person(house.db(), house.ids["anna"])], "cause": "revoked"})
    give(house, "shop", "anna")
    house.later(days=1)
    assert {one.name for one in lapsed(house.db(), policies.policy(house.db()), house.now[:10])} == {"anna", "mia", "cy"}
    sheet(house, "anna")
    assert {one.name for one in lapsed(house.db(), policies.policy(house.db()), house.now[:10])} == {"mia", "cy"}


def test_a_higher_tier_or_another_policy_gives_the_grace_from_then_on(house: House) -> None:
    house.fact("account.edited", {"account": house.ids["shop"], "tier": "low"})
    give(house, "shop", "anna")
    adopt(house)
    publish(house, days=1)
    sign(house, "mia")
    sign(house, "cy")
    house.later(days=60)
    assert house.told("acknowledgement-lapsed") == set()
    house.fact("account.edited", {"account": house.ids["shop"], "tier": "standard"})
    assert house.told("acknowledgement-lapsed") == set(), "not on the day itself"
    house.later(days=1)
    assert house.told("acknowledgement-lapsed") == {("acknowledgement-lapsed", "shop", "warning")}


def test_an_exception_is_told_as_one_and_what_is_lacking_counts_after_it(house: House) -> None:
    give(house, "shop", "anna")
    adopt(house)
    publish(house, days=1)
    sign(house, "mia")
    sign(house, "cy")
    except_(house, days=60)
    house.later(days=30)
    assert house.told("acknowledgement-lapsed", "exception-runs") == {("exception-runs", "shop", "info")}
    house.later(days=31)
    assert house.told("acknowledgement-lapsed", "exception-runs") == {("acknowledgement-lapsed", "shop", "critical")}


def test_a_training_lapses_by_the_day(house: House) -> None:
    house.do(training.add, "anna", subject="social-media", on="2026-11-20", by="hr")
    house.do(training.add, "mia", subject="social-media", on="2026-11-20", by="hr")
    house.do(training.add, "cy", subject="social-media", on="2026-11-20", by="hr")
    decide(house, training={"critical": 0, "standard": 30, "low": 0})
    give(house, "shop", "anna")
    house.later(days=29)
    assert house.now[:10] == "2026-12-20"
    assert house.told("training-lapsed") == set(), "on the last day it counts"
    house.later(days=1)
    assert house.told("training-lapsed") == {("training-lapsed", account, "warning") for account in ("shop", "page", "box")}, (
        "who answers for one, too"
    )


# --- populations ---------------------------------------------------------------------------------------------------------------------------


def test_the_population_tells_everybody_and_what_they_signed(house: House) -> None:
    first = adopt(house)
    publish(house, to=("everybody",))
    sheet(house, "anna")
    second = adopt(house, "second")
    publish(house, to=("anna",))
    sign(house, "hr")
    told = {(one.person, one.version, one.state) for one in acknowledged.collect(house.db())}
    assert {one for one in told if one[0] in ("anna", "hr", "cy", "mia")} == {
        ("anna", first.version, "earlier"),
        ("anna", second.version, "outstanding"),
        ("hr", second.version, "current"),
        ("cy", second.version, "outstanding"),
        ("mia", second.version, "outstanding"),
    }, "cy and mia answer for accounts that ask for it, whoever it was published to"
    assert ("bo", second.version, "not asked") in told
