"""Who has yet to sign a document or be trained is reminded before the day, on it and after it; whoever has no keys by way of HR, who records them."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from govern.canonical import canonical
from govern.languages import language
from govern.notices.due import notices
from govern.notices.lines import line
from govern.procedures import documents, exceptions, training
from govern.procedures import notices as putting_off
from govern.register.queries import documents as asked
from govern.register.queries import policies, signing
from govern.register.queries.work import work

from ..departing.conftest import copied
from .conftest import Office, _office

NAME = "corporate-accounts"
KIND = "acknowledgement"


class Ruled(Office):
    """Besides: gus, who has keys and a mail address and holds nothing, and eva of HR. The rules are published to everybody, and asked for within 30 days.
    anna, ben and cleo have no keys."""

    def day(self, days: int) -> str:
        return (self.moment.date() + timedelta(days=days)).isoformat()

    def heard(self, ran: Any) -> dict[str, set[tuple[str, int | None, int]]]:
        """Handle -> (name of what is to be signed, stage, how many)."""
        found = {
            one.digest.handle: {
                (each.thing.document, each.point, each.thing.number) for each in one.digest.notices if each.thing.kind == KIND
            }
            for one in ran.sent
        }
        return {who: some for who, some in found.items() if some}

    def at(self, days_before: int) -> dict[str, set[tuple[str, int | None, int]]]:
        """What is heard at noon of the day that is so many days before the deadline."""
        self.moment = self.moment.replace(hour=12, minute=0)
        self.moment += timedelta(days=(date.fromisoformat(self.deadline) - self.moment.date()).days - days_before)
        return self.heard(self.remind())

    deadline = ""


@copied
def ruled(folder: Path) -> Ruled:
    firm = _office(folder, Ruled)
    firm.enrol("gus")
    firm.mail("gus")
    firm.enrol("eva", "hr")
    firm.mail("eva")
    firm.do(documents.adopt, NAME, {"en": "first"}, {})
    firm.deadline = firm.day(30)
    firm.do(documents.publish, NAME, deadline=firm.deadline, to=("everybody",))
    return firm


def sign(firm: Ruled, who: str) -> None:
    firm.do(documents.sign, NAME, asked.in_force(firm.db(), NAME).version, by=who)


def test_keyholders_hear_it_themselves_and_those_without_keys_through_hr(ruled: Ruled) -> None:
    assert ruled.at(15) == {}, "not yet"
    own = {(NAME, -14, 0)}
    assert ruled.at(14) == {"mia": own, "gus": own, "eva": own | {(NAME, -14, 3)}}
    assert ruled.at(13) == {}, "each stage once"


def test_it_is_told_on_the_day_and_after_it_and_admins_hear_of_others_when_it_is_late(ruled: Ruled) -> None:
    ruled.at(14)
    sign(ruled, "mia")
    sign(ruled, "eva")
    on_paper = (NAME, 0, 3)
    assert ruled.at(0) == {"gus": {(NAME, 0, 0)}, "eva": {on_paper}}
    late = ruled.at(-9)
    assert late["gus"] == {(NAME, 9, 0)}
    assert {"mia", "eva"} <= set(late), "admins and HR hear that gus has not"


def test_nothing_more_is_told_once_it_is_signed(ruled: Ruled) -> None:
    for who in ("mia", "gus", "eva"):
        sign(ruled, who)
    for who in ("anna", "ben", "cleo"):
        ruled.do(documents.record_sheet, NAME, who, evidence="5" * 64, by="eva")
    assert ruled.at(0) == ruled.at(-30) == {}


def test_who_signed_the_version_before_has_until_the_deadline_of_the_new_one(ruled: Ruled) -> None:
    sign(ruled, "gus")
    ruled.do(documents.adopt, NAME, {"en": "second"}, {})
    ruled.do(documents.publish, NAME, deadline=ruled.day(60), to=("everybody",))
    days = {one.handle: one.day for one in signing.documents_owed(ruled.db())}
    assert (days["gus"], days["mia"]) == (ruled.day(60), ruled.deadline), "mia never signed: another version gives her no more time"


def test_who_came_after_the_deadline_is_asked_on_the_day_on_which_they_came(ruled: Ruled) -> None:
    ruled.later(days=100)
    ruled.enrol("hans")
    days = {one.handle: one.day for one in signing.documents_owed(ruled.db())}
    assert (days["hans"], days["mia"]) == (ruled.now[:10], ruled.deadline)


def test_an_exception_puts_it_off_until_it_is_over(ruled: Ruled) -> None:
    until = ruled.day(50)
    ruled.do(exceptions.add, "", point="acknowledgement", person="gus", until=until, reason="on leave")
    assert "gus" not in ruled.at(14)
    assert {one.handle: one.day for one in signing.documents_owed(ruled.db())}["gus"] == until


def test_who_leaves_is_not_asked(ruled: Ruled) -> None:
    ruled.fact("person.leaving", {"person": ruled.ids["gus"]})
    assert set(ruled.at(0)) == {"mia", "eva"}


def test_without_hr_admins_hear_of_those_without_keys(ruled: Ruled) -> None:
    ruled.fact("role.withdrawn", {"person": ruled.ids["eva"], "role": "hr"})
    assert ruled.at(14)["mia"] == {(NAME, -14, 0), (NAME, -14, 3)}


def test_it_can_be_put_off_by_whoever_it_is_for_and_changes_no_rule(ruled: Ruled) -> None:
    ruled.at(14)
    (thing,) = {one.thing.id for one in due(ruled) if one.thing.kind == KIND and one.thing.name == "gus"}
    ruled.do(putting_off.snooze, thing[:8], ruled.day(5), "at sea", by="gus")
    assert "gus" not in ruled.at(11)
    assert "gus" in ruled.at(3)


def due(firm: Ruled) -> list[Any]:
    return notices(firm.db(), policies.policy(firm.db()), firm.now, reader=firm.ids["mia"], every=True)


def test_a_training_is_told_to_whoever_needs_it_and_those_without_keys_through_hr(ruled: Ruled) -> None:
    for who in ("mia", "gus", "eva"):
        sign(ruled, who)
    for who in ("anna", "ben", "cleo"):
        ruled.do(documents.record_sheet, NAME, who, evidence="5" * 64, by="eva")
        ruled.do(training.add, who, subject="social-media", on=ruled.day(0), by="eva")
    ruled.do(training.add, "mia", subject="social-media", on=ruled.day(-10), by="eva")
    record = policies.policy(ruled.db()).to_record()
    record["documents"] |= {"training": {"critical": 40, "standard": 40, "low": 40}}
    ruled.fact("policy.adopted", {"policy": record, "digest": hashlib.sha256(canonical(record)).hexdigest()})
    what = "social-media"
    assert ruled.at(14) == {"mia": {(what, -14, 0)}}, "her training counts until the day of the deadline"
    ruled.do(training.add, "mia", subject="social-media", on=ruled.day(0), by="eva")
    assert ruled.at(0) == {"eva": {(what, -14, 0)}}
    assert ruled.at(-7) == {"eva": {(what, -3, 0)}}, "anna's, ben's and cleo's end ten days after the deadline"


@pytest.mark.parametrize("locale", ["en", "fr", "nl", "da", "nb", "es"])
def test_everybody_reads_what_to_do_in_their_language_and_nobody_signs_for_another(ruled: Ruled, locale: str) -> None:
    ruled.moment += timedelta(days=60)
    speech = language(locale)
    said = {(one.thing.name, one.person == one.thing.subject): line(one, speech) for one in due(ruled) if one.thing.kind == KIND}
    assert NAME in said["gus", True].what
    assert said["gus", True].command == f"govern document ack {NAME}"
    assert "gus" in said["gus", False].what
    assert said["gus", False].command == said["", False].command == f"govern document outstanding {NAME}"
    assert "3" in said["", False].what
    if locale != "en":
        english = language("en")
        for one in due(ruled):
            if one.thing.kind == KIND:
                assert line(one, speech).what != line(one, english).what
                assert line(one, speech).how != line(one, english).how


def test_todo_lists_it_for_whoever_signs_and_the_sheets_for_hr(ruled: Ruled) -> None:
    def listed(who: str) -> set[tuple[str, str, str]]:
        found = work(ruled.db(), policies.policy(ruled.db()), ruled.now, reader=ruled.ids["mia"], person=ruled.ids[who])
        return {(one.what, one.subject, one.command) for one in found if one.what == "acknowledge"}

    assert listed("gus") == {("acknowledge", "gus", f"govern document ack {NAME}")}
    assert ("acknowledge", "", f"govern document outstanding {NAME}") in listed("eva")
    assert listed("anna") == set()


def test_a_vault_without_documents_asks_nothing(office: Office) -> None:
    db, policy, statements = office.db(), policies.policy(office.db()), list[str]()
    db.set_trace_callback(statements.append)
    assert signing.owed(db, policy, office.now, office.now[:10]) == []
    db.set_trace_callback(None)
    assert len(statements) == 2


def test_its_next_reminder_is_known_long_before_anybody_is_told(ruled: Ruled) -> None:
    db = ruled.db()
    told = [one for one in notices(db, policies.policy(db), ruled.now, reader=ruled.ids["mia"], every=True) if one.thing.kind == KIND]
    assert {one.next[:10] for one in told} == {ruled.day(30 - 14)}
    assert all(one.point is None for one in told)
    assert not [one for one in notices(db, policies.policy(db), ruled.now, reader=ruled.ids["mia"]) if one.thing.kind == KIND]
