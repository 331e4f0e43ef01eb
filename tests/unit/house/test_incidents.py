"""Something went wrong: who may report it, who works on it, what has to be done before somebody else says that all is clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from markupsafe import escape

from govern.cli.incident_told import step_named
from govern.errors import Malformed, Refused, Usage
from govern.incidents.steps import Standing, StepState, may_clear, may_close, may_end
from govern.incidents.timing import clock, minutes
from govern.languages import LOCALES, language
from govern.policy.files import policy_text
from govern.policy.incident import playbook
from govern.policy.platforms import contacts, profile
from govern.policy.profile import TRUST
from govern.procedures import freezing
from govern.procedures import incidents as procedure
from govern.register.queries import incidents, rotations
from govern.reports import incident as page
from govern.vocabulary import INCIDENT_KINDS, INCIDENT_STEPS

from .conftest import House

BOOK = playbook()
CODES = ("report-unanswered", "incident-alone", "lessons-missing", "freeze-old")


def refused(work: Any, *arguments: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    assert told.value.hint
    return told.value.rule, told.value.control


def report(house: House, account: str = "page", kind: str = "takeover", *, by: str = "cy", **more: Any) -> Any:
    return house.do(procedure.report, account=account, kind=kind, note="somebody posts as us", playbook=BOOK, by=by, **more)


def opened(
    house: House, what: str = "page", kind: str = "takeover", *, by: str = "mia", lead: str = "mia", second: str = "bo", **more: Any
) -> Any:
    return house.do(procedure.open_, what, kind=kind, lead=lead, second=second, playbook=BOOK, by=by, **more)


def end(house: House, incident: Any, step: str, *, by: str = "mia", **more: Any) -> Any:
    return house.do(procedure.end_step, incident, step, by=by, **more)


def through(house: House, incident: Any, *, but: str = "") -> None:
    for step in incidents.steps(house.db(), incident.id):
        if step.state is StepState.OPEN and step.name != but:
            state = "skipped" if step.name == "freeze" else "done"
            end(house, incident, step.name, state=state, note="not needed" if state == "skipped" else "")


# --- the playbook ------------------------------------------------------------------------------------------------------------------


def test_the_playbook_has_every_kind_and_steps_that_the_ledger_knows() -> None:
    assert set(BOOK.kinds) == set(INCIDENT_KINDS)
    assert {step for rule in BOOK.kinds.values() for step, _ in rule.steps} <= set(INCIDENT_STEPS)


def test_whatever_may_have_shown_a_secret_changes_every_secret() -> None:
    changing = {kind for kind, rule in BOOK.kinds.items() if "rotate" in dict(rule.steps)}
    assert changing == set(INCIDENT_KINDS) - {"negative"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{step: freeze, by: lead}", "{step: panic, by: lead}", "kinds.takeover"),
        ("{step: evidence, by: second}", "{step: freeze, by: second}", "twice"),
        ("takeover: 30", "takeover: 0", "answer.minutes"),
        ("  negative:\n", "  nothing:\n", "kinds"),
    ],
)
def test_a_playbook_that_is_wrong_is_told_by_line_and_key(before: str, after: str, told: str) -> None:
    text = policy_text("incident").decode()
    assert before in text
    with pytest.raises(Malformed, match=r"own\.yaml:\d+") as error:
        playbook(text.replace(before, after, 1).encode(), name="own.yaml")
    assert told in error.value.message


# --- steps and minutes, as tables --------------------------------------------------------------------------------------------------

LEAD, SECOND, NOBODY = Standing(lead=True, team=True, runs=False), Standing(False, True, False), Standing(False, False, False)
OPEN, DONE, SKIPPED = StepState.OPEN, StepState.DONE, StepState.SKIPPED


@pytest.mark.parametrize(
    ("state", "step", "more", "rule"),
    [
        (OPEN, "evidence", {}, ""),
        (DONE, "evidence", {}, "step-ended"),
        (SKIPPED, "evidence", {}, "step-ended"),
        (OPEN, "warn", {"skipped": True}, "skip-reason"),
        (OPEN, "warn", {"skipped": True, "reason": True}, ""),
        (OPEN, "rotate", {"rotating": True}, "rotations-open"),
        (OPEN, "rotate", {}, ""),
        (OPEN, "rotate", {"rotating": True, "skipped": True, "reason": True}, ""),
        (OPEN, "warn", {"rotating": True}, ""),
    ],
)
def test_a_step_ends_once_and_for_a_reason_where_it_is_skipped(state: StepState, step: str, more: dict[str, bool], rule: str) -> None:
    asked = {"skipped": False, "reason": False, "rotating": False, **more}
    if rule:
        assert refused(may_end, state, step=step, **asked) == (rule, "IR-4")
    else:
        may_end(state, step=step, **asked)


@pytest.mark.parametrize(
    ("states", "standing", "rule"),
    [
        ([DONE, SKIPPED], SECOND, ""),
        ([DONE, OPEN], SECOND, "steps-open"),
        ([DONE], LEAD, "all-clear"),
        ([DONE], LEAD._replace(alone=True), ""),
        ([DONE], SECOND._replace(did=True), ""),
        ([DONE], SECOND._replace(fresh=True), ""),
        ([DONE], SECOND._replace(did=True, fresh=True), "all-clear"),
        ([DONE], NOBODY, "incident-team"),
        ([DONE], NOBODY._replace(runs=True), ""),
    ],
)
def test_all_is_clear_when_a_second_person_says_so(states: list[StepState], standing: Standing, rule: str) -> None:
    if rule:
        assert refused(may_clear, states, standing)[0] == rule
    else:
        may_clear(states, standing)


def test_it_is_closed_once_all_is_clear_and_something_was_learned() -> None:
    assert refused(may_close, cleared=False, lessons=True, standing=LEAD)[0] == "not-clear"
    assert refused(may_close, cleared=True, lessons=False, standing=LEAD)[0] == "lessons"
    may_close(cleared=True, lessons=True, standing=LEAD)


def test_what_is_refused_says_what_to_type_for_this_incident(house: House) -> None:
    one = opened(house).incident
    short, hints = one.id[:8], []
    for work in (
        procedure.all_clear,
        lambda tx, one: procedure.close(tx, one, "more care"),
        lambda tx, one: procedure.join(tx, one, "mia"),
    ):
        with pytest.raises(Refused) as told:
            house.do(work, one, by="bo")
        hints.append(told.value.hint)
    assert hints == [
        f"end or skip each: govern incident show {short}", f"a second person: govern incident all-clear {short}",
        f"name another one: govern incident second {short} PERSON",
    ]  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_says_how_the_platform_is_told_in_each_language(house: House, locale: str) -> None:
    """The accounts lie on X: its help page, its form, and how far each is to be trusted. Control: without a platform the page has no such part."""
    one, speech = opened(house).incident, language(locale)
    told = page.collect(house.db(), one, now=house.now)
    shown = page.html(replace(told, reached=page.reached("x", "")), locale)
    ways = [way for way, _ in contacts(profile("x"))]
    assert len(ways) == 2
    for way in ways:
        assert escape("".join(piece for piece, _ in speech.there(way.text))) in shown
        assert escape(speech.say(TRUST[way.grade], "trust")) in shown
    assert "https://help.x.com/en/safety-and-security/x-account-compromised" in shown
    assert escape(speech.say("How the platform is told of it")) not in page.html(replace(told, reached=()), locale)


def test_a_step_in_the_terminal_is_called_as_on_the_page_with_the_word_to_type() -> None:
    """Control: in English that is the name."""
    assert step_named("platform", language("fr")) == "prévenir la plateforme (platform)"
    assert step_named("platform", language("en")) == "platform"


@pytest.mark.parametrize(("until", "told"), [("09:00:00", "+0:00"), ("09:59:59", "+0:59"), ("11:05:00", "+2:05"), ("08:00:00", "+0:00")])
def test_minutes_are_whole_and_never_negative(until: str, told: str) -> None:
    assert clock(minutes("2026-11-21T09:00:00Z", f"2026-11-21T{until}Z")) == told


# --- reports -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["mia", "hr", "cy"])
def test_anybody_with_keys_reports_also_what_somebody_else_has_seen(house: House, by: str) -> None:
    made = report(house, "shop", by=by, on_behalf="anna")
    assert (made.reporter, made.on_behalf, made.note) == (house.ids[by], house.ids["anna"], "somebody posts as us")
    assert minutes(made.at, made.answer_by) == 30
    assert house.told(*CODES) == {("report-unanswered", "shop", "warning")}
    house.later(days=1)
    assert house.told(*CODES) == {("report-unanswered", "shop", "critical")}


def test_whoever_has_to_hear_of_it_is_named_the_responsible_person_first(house: House) -> None:
    house.fact("account.edited", {"account": house.ids["page"], "deputy": house.ids["anna"]})
    calls = [(who.handle, why) for who, why in procedure.whom_to_call(house.db(), house.ids["page"], house.now)]
    assert calls[:2] == [("cy", "responsible"), ("anna", "deputy")]
    assert set(calls[2:]) == {("mia", "admin"), ("bo", "admin")}


@pytest.mark.parametrize(("by", "may"), [("cy", True), ("mia", True), ("hr", False)])
def test_a_report_is_answered_by_whoever_answers_for_the_account(house: House, by: str, may: bool) -> None:
    made = report(house)
    if not may:
        assert refused(house.do, procedure.answer, made.id[:8], by=by)[0] == "authority"
        return
    assert house.do(procedure.answer, made.id[:8], by=by).answerer == house.ids[by]
    assert house.told(*CODES) == set()
    assert refused(house.do, procedure.answer, made.id[:8])[0] == "ended"


def test_nobody_gives_themselves_longer_for_an_answer_than_a_week(house: House) -> None:
    body = {"report": "7" * 32, "kind": "leak", "answer_by": "2027-11-22T09:00:00Z"}
    assert refused(house.fact, "incident.reported", body, by="cy") == ("answer-clock", "IR-6")
    house.fact("incident.reported", {**body, "answer_by": "2026-11-24T09:00:00Z"}, by="cy")


# --- incidents ---------------------------------------------------------------------------------------------------------------------


def test_opening_one_changes_every_secret_of_the_account_and_of_its_mailbox(house: House) -> None:
    other = house.secret("shop")
    house.fact("account.edited", {"account": house.ids["page"], "depends_on": [house.ids["box"]]})
    secrets = [house.secret("page"), house.secret("page", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), house.secret("box")]
    made = opened(house, report(house).id[:8], kind="")
    assert sorted(made.rotations) == [("box", "password"), ("page", "password"), ("page", "totp")]
    found = [rotations.open_of(house.db(), one) for one in secrets]
    assert {one.trigger for one in found if one} == {"compromise"}
    assert rotations.open_of(house.db(), other) is None
    assert house.told(*CODES) == set(), "opening it answers the report"


def test_a_drill_answers_no_report(house: House) -> None:
    """Else it would silence the reminders of a real one."""
    body = {"report": "9" * 32, "kind": "leak", "answer_by": house.now, "account": house.ids["page"]}
    house.later(minutes=-1)
    house.fact("incident.reported", {**body, "answer_by": "2026-11-22T00:00:00Z"})
    opening = {
        "incident": "8" * 32,
        "kind": "leak",
        "account": house.ids["page"],
        "lead": house.ids["mia"],
        "report": "9" * 32,
        "steps": [["inform", "lead"]],
    }
    answered = "SELECT answered_at IS NOT NULL FROM reports"
    house.fact("incident.opened", {**opening, "incident": "7" * 32, "drill": True})
    assert house.db().execute(answered).fetchall() == [(0,)]
    house.fact("incident.opened", opening)
    assert house.db().execute(answered).fetchall() == [(1,)]


def test_a_drill_touches_nothing(house: House) -> None:
    secret = house.secret("page")
    made = opened(house, drill=True).incident
    assert rotations.open_of(house.db(), secret) is None
    body = {
        "freeze": "7" * 32,
        "look_again": "2026-12-01",
        "allowed": [house.ids["mia"]],
        "account": house.ids["page"],
        "incident": made.id,
    }
    assert refused(house.fact, "freeze.begun", body) == ("drill", "IR-4")
    for step in incidents.steps(house.db(), made.id):
        end(house, made, step.name)
    house.do(procedure.all_clear, made, by="bo")
    assert house.do(procedure.close, made, "we were slow").closed_at
    assert incidents.freezes(house.db(), every=True) == []
    assert house.told(*CODES) == set()


def test_what_a_custodian_may_not_change_somebody_else_begins(house: House) -> None:
    house.fact("account.edited", {"account": house.ids["page"], "depends_on": [house.ids["box"]]})
    house.secret("page")
    house.secret("box")
    made = opened(house, by="cy", lead="cy")
    assert (made.rotations, made.others) == ((("page", "password"),), ("box",))


def test_the_step_rotate_ends_when_nothing_is_to_be_changed_any_more(house: House) -> None:
    secret = house.secret("page")
    made = opened(house).incident
    assert refused(end, house, made, "rotate") == ("rotations-open", "IR-4")
    house.rotate(secret, by="cy")
    assert end(house, made, "rotate").state is StepState.DONE


def test_only_the_team_admins_and_the_responsible_person_work_on_it(house: House) -> None:
    made = opened(house, "shop", lead="mia", second="cy").incident
    assert refused(end, house, made, "evidence", by="hr") == ("incident-team", "IR-4")
    end(house, made, "evidence", by="cy")
    end(house, made, "warn", by="bo")
    assert refused(end, house, made, "evidence", by="cy")[0] == "step-ended"


def test_a_step_is_skipped_for_a_reason(house: House) -> None:
    made = opened(house).incident
    assert refused(end, house, made, "warn", state="skipped") == ("skip-reason", "IR-4")
    assert end(house, made, "warn", state="skipped", note="nobody saw it").note == "nobody saw it"


def test_whoever_leads_does_not_say_that_all_is_clear_where_another_could(house: House) -> None:
    made = opened(house).incident
    through(house, made, but="inform")
    assert refused(house.do, procedure.all_clear, made, by="bo")[0] == "steps-open"
    end(house, made, "inform")
    assert refused(house.do, procedure.all_clear, made) == ("all-clear", "AC-5")
    assert refused(house.do, procedure.close, made, "x")[0] == "not-clear"
    clear = house.do(procedure.all_clear, made, by="bo")
    assert (clear.clearer, clear.alone) == (house.ids["bo"], False)
    assert house.told(*CODES) == {("lessons-missing", "page", "warning")}
    assert refused(house.do, procedure.close, made, "")[0] == "lessons"
    closed = house.do(procedure.close, made, "two factors everywhere")
    assert (closed.state, closed.lessons) == ("closed", "two factors everywhere")
    assert refused(end, house, made, "warn")[0] == "ended"


def test_attack_whoever_did_the_steps_does_not_say_that_all_is_clear(house: House) -> None:
    """With a lead who is a name and no more, the second did all of it, and could sign it off."""
    made = opened(house, lead="mia", second="bo").incident
    for step in incidents.steps(house.db(), made.id):
        end(house, made, step.name, state="skipped", note="not needed", by="bo")
    assert refused(house.do, procedure.all_clear, made, by="bo") == ("all-clear", "AC-5")
    # The control: somebody who answers for the page, and did none of it.
    clear = house.do(procedure.all_clear, made, by="cy")
    assert (clear.clearer, clear.alone) == (house.ids["cy"], False)


def test_where_everybody_did_a_part_it_is_signed_by_one(house: House) -> None:
    made = opened(house, "shop", kind="negative", lead="mia", second="bo").incident
    every = incidents.steps(house.db(), made.id)
    end(house, made, every[0].name, by="bo")
    for step in every[1:]:
        end(house, made, step.name, by="mia")
    assert refused(house.do, procedure.all_clear, made, by="mia") == ("all-clear", "AC-5"), "whoever leads is still the last"
    clear = house.do(procedure.all_clear, made, by="bo")
    assert (clear.clearer, clear.alone) == (house.ids["bo"], True)


def test_whoever_is_alone_says_it_and_it_shows(company: Any) -> None:
    company.account("shop", "mia")
    made = company.do(procedure.open_, "shop", kind="negative", lead="", second="", playbook=BOOK).incident
    for step in incidents.steps(company.db(), made.id):
        company.do(procedure.end_step, made, step.name)
    assert company.do(procedure.all_clear, made).alone


def test_two_people_work_on_it(house: House) -> None:
    assert refused(opened, house, lead="bo", second="bo") == ("second-person", "AC-5")
    made = opened(house, second="").incident
    assert house.told(*CODES) == {("incident-alone", "page", "warning")}
    assert refused(house.do, procedure.join, made, "mia")[0] == "second-person"
    assert house.do(procedure.join, made, "cy").second == house.ids["cy"]
    assert house.told(*CODES) == set()


def test_a_step_that_is_none_is_a_mistake_in_typing(house: House) -> None:
    made = opened(house).incident
    for wrong in ("0", "99", "panic", "²"):
        with pytest.raises(Usage, match="no step"):
            end(house, made, wrong)


def test_freezing_ends_the_step_and_nothing_else_does(house: House) -> None:
    made = opened(house).incident
    assert refused(end, house, made, "freeze") == ("not-frozen", "IR-4")
    frozen = house.do(freezing.freeze, "page", playbook=BOOK)
    assert frozen.step
    assert frozen.step.state is StepState.DONE
    assert set(frozen.freeze.allowed) == {house.ids["mia"], house.ids["bo"]}, "those who work on it go on"


def test_what_is_worked_on_is_found_until_all_is_clear_and_a_drill_never(house: House) -> None:
    house.do(procedure.open_, "page", kind="negative", lead="", second="bo", playbook=BOOK, drill=True)
    assert house.told("incident-open") == set()
    made = opened(house).incident
    assert house.told("incident-open") == {("incident-open", made.handle, "warning")}
