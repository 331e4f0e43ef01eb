"""Who is told when those who answer are gone, and how far a due thing can be put off: judged with the fact, whoever writes it."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.notices.due import Notice, notices
from govern.notices.message import Delivery, Outcome
from govern.procedures import notices as procedure
from govern.register.queries import findings, policies

from .conftest import Office


def waiting(office: Office, kind: str, by: str = "mia") -> list[Notice]:
    db = office.db(by)
    return [one for one in notices(db, policies.policy(db), office.now, reader=office.ids[by], every=True) if one.thing.kind == kind]


def heard(office: Office, kind: str) -> set[str]:
    names = {id_: name for name, id_ in office.ids.items()}
    return {names[one.person] for one in waiting(office, kind)}


def told(office: Office) -> list[str]:
    """Who hears of a hand-over in a run; first changes after an import have days drawn by lot."""
    return [who for who, lines in office.told(office.remind()).items() if any(kind == "hand-over" for kind, _, _ in lines)]


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        work(*arguments, **more)
    assert refusal.value.hint
    assert refusal.value.control
    return refusal.value


def test_where_the_responsible_person_leaves_it_goes_to_the_deputy_then_to_admins(office: Office) -> None:
    office.secret("shop")
    assert heard(office, "hand-over") == {"anna"}
    office.fact("person.leaving", {"person": office.ids["anna"]})
    assert heard(office, "hand-over") == {"ben"}
    office.fact("person.leaving", {"person": office.ids["ben"]})
    assert heard(office, "hand-over") == {"mia"}


def gone(office: Office) -> str:
    """cleo, who was told the password of the shop, holds it no more: it has to change within a day."""
    credential = office.secret("shop")
    office.declare(credential, "cleo")
    (grant,) = office.db().execute(
        "SELECT id FROM grants WHERE person = ? AND account = ?", (office.ids["cleo"], office.ids["shop"])
    ).fetchone()  # fmt: skip
    office.fact("grant.ended", {"grants": [grant], "cause": "revoked"})
    return credential


def test_revoked_still_knows_is_told_and_never_put_off_once_it_is_overdue(office: Office) -> None:
    credential = gone(office)
    (one,) = waiting(office, "former")
    day = one.thing.due[:10]
    body = {"kind": "former", "of": credential}
    beyond = (office.moment.replace(day=office.moment.day + 5)).date().isoformat()
    assert refused(office.fact, "notice.snoozed", {**body, "until": beyond}).rule == "snooze-membership"
    change = "change it: govern rotate shop --kind password --because membership"
    too_far = refused(office.do, procedure.snooze, one.thing.id[:8], beyond, "she is on a plane")
    assert too_far.hint == f"--until {day} at the latest, or {change}"
    office.do(procedure.snooze, one.thing.id[:8], day, "she is on a plane")
    office.do(procedure.acknowledge, one.thing.id[:8])
    office.later(days=2)
    assert {each.point for each in waiting(office, "former")} == {1}, "neither holds it back once it is overdue"
    soon = (office.moment.replace(day=office.moment.day + 1)).date().isoformat()
    assert refused(office.fact, "notice.snoozed", {**body, "until": soon}).rule == "snooze-membership"
    assert refused(office.fact, "notice.acknowledged", body).rule == "snooze-membership"
    assert refused(office.do, procedure.acknowledge, one.thing.id[:8]).hint == change
    office.rotate(credential)
    assert waiting(office, "former") == [], "after it was done there is none"


def test_putting_off_is_bounded_in_length_in_number_and_by_who_answers(office: Office) -> None:
    office.enrol("dora")
    office.secret("till")
    (one,) = waiting(office, "hand-over")
    thing = one.thing.id
    today = office.now[:10]
    body = {"kind": "hand-over", "of": one.thing.of, "about": one.thing.about}
    for until, rule in ((today, "snooze-past"), ("2027-02-31", "snooze-past"), ("2027-06-01", "snooze-most")):
        assert refused(office.do, procedure.snooze, thing, until, "later").rule == rule
        assert refused(office.fact, "notice.snoozed", {**body, "until": until}).rule == rule
    assert refused(office.fact, "notice.snoozed", {**body, "until": "2026-11-23"}, by="dora").rule == "not-yours"
    assert refused(office.fact, "notice.acknowledged", {**body, "of": "0" * 32}).rule == "not-due"
    assert refused(office.fact, "notice.snoozed", {"kind": "case-item", "of": "0" * 32, "until": "2026-11-23"}).rule == "compartment"
    for _ in range(2):
        office.do(procedure.snooze, thing, "2026-11-23", "later")
    assert told(office) == []
    assert refused(office.do, procedure.snooze, thing, "2026-11-24", "later").rule == "snooze-times"


def test_attack_a_clock_that_is_ahead_puts_nothing_off_for_longer(office: Office) -> None:
    """Of somebody without a role, who answers for the account; the control: by the right time they may, for as long as the policy lets them."""
    office.enrol("dora")
    office.secret("till")
    office.fact("account.custody", {"account": office.ids["till"], "custodian": office.ids["dora"]})
    office.fact("place.added", {"place": "1" * 32, "kind": "paper"}, {"name": "wall"}, by="dora")
    (one,) = waiting(office, "hand-over")
    body = {"kind": "hand-over", "of": one.thing.of, "about": one.thing.about}

    def ahead() -> None:
        with office.members["dora"].transaction("2027-09-01T09:00:00Z") as tx:
            tx.record("notice.snoozed", {**body, "until": "2027-09-04"}, {"reason": "later"})

    assert refused(ahead).rule == "snooze-most"
    office.fact("notice.snoozed", {**body, "until": "2026-11-24"}, {"reason": "later"}, by="dora")


def test_what_was_put_off_is_told_on_its_day_and_an_acknowledgement_is_one_persons_own(office: Office) -> None:
    office.secret("till")
    (one,) = waiting(office, "hand-over")
    office.do(procedure.snooze, one.thing.id, "2026-11-23", "later")
    assert told(office) == []
    office.later(days=2)
    assert told(office) == ["mia"]


def test_a_digest_names_stages_that_are_some_and_people_that_there_are(office: Office) -> None:
    body = {"person": office.ids["anna"], "message": "m", "channel": "c", "locale": "en"}
    for spelled in ("", "x", "+0", "--1", "1", "-0", "99999"):
        assert refused(office.fact, "digest.sent", {**body, "lines": [["0" * 32, "2026-12-01", spelled]]}).rule == "stage"
    assert refused_reference(office, {**body, "person": "f" * 32, "lines": []})
    assert refused(office.fact, "digest.sent", {**body, "lines": [["0" * 32, "2026-02-31", "0"]]}).rule == "stage"
    office.fact(
        "digest.sent", {**body, "lines": [["0" * 32, "2026-12-01", "-14"], ["0" * 32, "2026-11-20", "0"], ["0" * 32, "2026-11-17", "+3"]]}
    )


def test_nobody_is_silenced_by_an_entry_that_they_were_told_of_a_stage_that_has_not_come(office: Office) -> None:
    """The attack: whoever may send records one entry of a far stage, past their own client. Every replay refuses it."""
    office.secret("shop")
    (one,) = [each for each in waiting(office, "hand-over") if each.person == office.ids["anna"]]
    body = {"person": office.ids["anna"], "message": "m", "channel": "c", "locale": "en"}
    far = {**body, "lines": [[one.thing.id, one.known_as, "+900"]]}
    assert refused(office.fact, "digest.sent", far).rule == "stage-ahead"
    assert "anna" in told(office)


def test_the_control_a_stage_that_has_come_is_not_told_again(office: Office) -> None:
    office.secret("shop")
    (one,) = [each for each in waiting(office, "hand-over") if each.person == office.ids["anna"]]
    body = {"person": office.ids["anna"], "message": "m", "channel": "c", "locale": "en"}
    office.fact("digest.sent", {**body, "lines": [[one.thing.id, one.known_as, "-1"]]})
    assert "anna" not in told(office)


def refused_reference(office: Office, body: dict[str, Any]) -> bool:
    with pytest.raises(Refused) as refusal:
        office.fact("digest.sent", body)
    return refusal.value.rule == "unknown-reference"


def test_whom_nothing_reaches_admins_hear_of_after_two_days_and_no_longer_once_something_did(office: Office) -> None:
    office.secret("shop")
    no = office.answering(
        lambda one: Delivery(outcome=Outcome.REFUSED if one.to_name == "Anna" else Outcome.DELIVERED, reason="no such mailbox")
    )
    for _ in range(3):
        office.remind(no)
        office.later(hours=2)
    assert office.db().execute("SELECT tries FROM undelivered").fetchall() == [(1,)], "recorded once a day"
    assert [one.point for one in waiting(office, "undelivered")] == [None]
    office.later(days=2)
    assert ("undelivered", "", 0) in office.told(office.remind(no))["mia"]
    office.remind()
    assert office.db().execute("SELECT count(*) FROM undelivered").fetchone() == (0,)


def test_of_whom_nothing_waits_any_more_nobody_hears_that_they_are_not_reached(office: Office) -> None:
    office.secret("shop")
    no = office.answering(lambda _: Delivery(outcome=Outcome.REFUSED, reason="no such mailbox"))

    def found() -> list[str]:
        rules = policies.policy(office.db())
        return [
            one.subject
            for one in findings.findings(office.db(), rules, office.now[:10], office.ids["mia"])
            if one.code == "digest-undelivered"
        ]

    office.remind(no)
    office.fact("secret.handed_over", {"credential": _shop(office), "version": 1, "person": office.ids["cleo"], "via": "call"})
    office.later(days=7)
    assert "anna" in found(), "she is tried again, as far as is known"
    assert waiting(office, "undelivered")
    office.later(days=1)
    assert "anna" not in found()
    assert waiting(office, "undelivered") == []


def _shop(office: Office) -> str:
    (credential,) = office.db().execute("SELECT id FROM credentials WHERE account = ?", (office.ids["shop"],)).fetchone()
    return str(credential)


def test_in_quiet_hours_nothing_is_sent_and_behind_them_everything(office: Office) -> None:
    office.moment = office.moment.replace(hour=21)
    assert office.remind().quiet_until == "", "nothing is held back where nothing waits"
    office.secret("shop")
    ran = office.remind()
    assert (ran.sent, ran.quiet_until) == ((), "2026-11-22T07:00:00Z")
    assert office.db().execute("SELECT count(*) FROM leases").fetchone() == (0,)
    office.later(hours=11)
    assert told(office) == ["anna", "ben"], "the deputy as well: it is the day itself, of a critical account"


def test_an_emergency_is_told_to_every_admin_at_once_and_to_no_deputy(office: Office) -> None:
    office.enrol("dora", "admin")
    until = (office.moment.replace(day=office.moment.day + 1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    office.person("eve")
    given = {"account": office.ids["shop"], "person": office.ids["eve"], "until": until}
    office.fact("grant.issued", {"grant": "ab" * 16, **given, "emergency": True}, {"reason": "nobody else is there"}, by="dora")
    assert heard(office, "emergency") == {"mia", "dora"}
    assert {one.digest.handle for one in office.remind().sent if any(each.thing.kind == "emergency" for each in one.digest.notices)} == {
        "mia", "dora"
    }  # fmt: skip
