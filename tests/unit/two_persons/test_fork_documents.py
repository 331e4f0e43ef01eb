"""What a fork carries of documents, signed sheets, trainings, incidents, and of who answers for accounts that ask for something."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from govern.holdings.exceptions import latest
from govern.policy.incident import playbook
from govern.procedures import custody, documents, exceptions, freezing, incidents, training
from govern.register.queries import documents as asked
from govern.register.queries import incidents as seen
from govern.register.queries import policies
from govern.register.queries.lapsed import lapsed

from ..departing.conftest import copied
from .test_fork import Forked, ended

NAME = "corporate-accounts"


class Ruled(Forked):
    """cleo has keys, dora has none. In yesterday's copy the first version was published. All else is of the tail."""

    incident: str = ""
    drill: str = ""

    def ahead(self, days: int) -> str:
        return (date.fromisoformat(self.now[:10]) + timedelta(days=days)).isoformat()

    def said(self) -> list[tuple[Any, ...]]:
        return [
            (one.document, one.version, one.n, bool(one.place), one.audience, asked.texts(self.db(), one))
            for one in asked.versions(self.db())
        ]

    def signed(self) -> set[tuple[str, ...]]:
        return {(one.id, one.person, one.version, one.how, one.on, one.evidence) for one in asked.acknowledgements(self.db())}

    def trained(self) -> set[tuple[str, ...]]:
        return {(one.id, one.person, one.subject, one.on) for one in asked.trainings(self.db())}


@copied
def ruled(folder: Path) -> Ruled:
    firm = Ruled(folder)
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    firm.person("dora")
    firm.account("shop", "mia")
    firm.shop_secret = firm.secret("shop")
    firm.do(documents.adopt, NAME, {"en": "first", "fr": "premier"}, {})
    firm.do(documents.publish, NAME, deadline=firm.ahead(10))
    firm.do(documents.sign, NAME, asked.in_force(firm.db(), NAME).version)
    firm.keep()
    firm.do(documents.sign, NAME, asked.in_force(firm.db("cleo"), NAME).version, by="cleo")
    firm.do(documents.record_sheet, NAME, "dora", evidence="5" * 64, by="ben")
    firm.do(custody.hand, "shop", "cleo")
    firm.do(documents.adopt, NAME, {"en": "second"}, {})
    firm.do(documents.publish, NAME, deadline=firm.ahead(3), to=("dora",))
    firm.do(documents.adopt, "extra", {"en": "not published"}, {})
    firm.do(training.add, "dora", subject="social-media", on="2026-11-20")
    firm.do(training.add, "mia", subject="social-media", on="2026-11-20", by="ben")
    rules = playbook()
    told = firm.do(incidents.report, account="shop", kind="takeover", note="a post at night", playbook=rules, on_behalf="dora")
    opened = firm.do(incidents.open_, told.id[:8], kind="", lead="cleo", second="ben", playbook=rules).incident
    firm.do(freezing.freeze, "shop", playbook=rules)
    firm.do(incidents.end_step, opened, "evidence", state="skipped", note="the post is gone")
    firm.do(incidents.report, account="", kind="phishing", note="a mail", playbook=rules, by="cleo")
    firm.drill = firm.do(incidents.open_, "shop", kind="leak", lead="", second="", playbook=rules, drill=True).incident.id
    firm.incident = opened.id
    firm.db("ben")
    firm.db("mia")
    return firm


def test_versions_stand_as_they_were_adopted_and_published(ruled: Ruled) -> None:
    before = ruled.said()
    ended(ruled)
    assert ruled.said() == before
    assert [one.deadline for one in asked.versions(ruled.db(), NAME)] == ["2026-12-01", "2026-11-24"]


def test_a_deadline_that_has_passed_is_the_day_of_the_fork(ruled: Ruled) -> None:
    ruled.later(days=30)
    ended(ruled)
    assert asked.in_force(ruled.db(), NAME).deadline == ruled.now[:10]


def test_sheets_are_recorded_again_and_what_was_signed_by_keys_is_signed_again(ruled: Ruled) -> None:
    before = ruled.signed()
    ended(ruled)
    lost = {row for row in before if row[1] == ruled.ids["cleo"]}
    assert len(lost) == 1
    assert ruled.signed() == before - lost, "mia had signed before the copy was made"


def test_trainings_are_recorded_again_but_for_those_of_whoever_restores(ruled: Ruled) -> None:
    before = ruled.trained()
    ended(ruled)
    assert before - ruled.trained() == {row for row in before if row[1] == ruled.ids["mia"]}


def test_who_answers_for_an_account_still_does_though_what_they_signed_is_lost_and_is_found(ruled: Ruled) -> None:
    made = ended(ruled)
    ruled.accept("ben", approve=made.proposal.id)
    for who in ("mia", "ben"):
        assert ruled.db(who).execute("SELECT custodian FROM accounts WHERE handle = 'shop'").fetchone() == (ruled.ids["cleo"],)
    ruled.later(days=15)
    told = [one for one in lapsed(ruled.db(), policies.policy(ruled.db()), ruled.now[:10]) if one.name == "cleo"]
    assert [(one.handle, one.grant, one.what) for one in told] == [("shop", "", NAME)]


def test_open_reports_and_incidents_go_on_with_the_steps_that_were_done(ruled: Ruled) -> None:
    before = {one.number: (one.name, one.hand, one.state, one.note) for one in seen.steps(ruled.db(), ruled.incident)}
    made = ended(ruled)
    ruled.accept("ben", approve=made.proposal.id)
    for who in ("mia", "ben"):
        one = seen.by_id(ruled.db(who), ruled.incident)
        assert (one.kind, one.handle, one.lead, one.second, one.state) == ("takeover", "shop", ruled.ids["cleo"], ruled.ids["ben"], "open")
        assert {step.number: (step.name, step.hand, step.state, step.note) for step in seen.steps(ruled.db(who), one.id)} == before
    reports = ruled.db().execute("SELECT kind, on_behalf, note, incident FROM reports ORDER BY kind").fetchall()
    assert [tuple(row) for row in reports] == [
        ("phishing", ruled.ids["cleo"], "a mail", None),
        ("takeover", ruled.ids["dora"], "a post at night", ruled.incident),
    ]
    assert ruled.db().execute("SELECT incident FROM freezes WHERE ended_at IS NULL").fetchone() == (ruled.incident,)


def test_a_drill_is_not_carried(ruled: Ruled) -> None:
    assert ruled.drill in {row[0] for row in ruled.db().execute("SELECT id FROM incidents")}, "control: it is in the tail"
    ended(ruled)
    assert ruled.drill not in {row[0] for row in ruled.db().execute("SELECT id FROM incidents")}


def test_an_incident_of_somebody_who_has_gone_since_is_led_by_whoever_restores(ruled: Ruled) -> None:
    ruled.fact("person.leaving", {"person": ruled.ids["cleo"]})
    ended(ruled)
    one = seen.by_id(ruled.db(), ruled.incident)
    assert (one.lead, one.second) == (ruled.ids["mia"], ruled.ids["ben"])


def test_nothing_of_it_is_void(ruled: Ruled) -> None:
    ended(ruled)
    assert ruled.db().execute("SELECT message FROM findings").fetchall() == []


def test_attack_whoever_records_what_lies_ahead_keeps_nobody_from_going_on(ruled: Ruled) -> None:
    """By a clock half a year ahead: a report, which anybody with keys makes, and what HR records. Each is of today afterwards, or waits until it has come."""
    moment, rules = "2027-06-01T09:00:00Z", playbook()
    ruled.person("eva")

    def ahead(work: Any, *arguments: Any, by: str, **more: Any) -> Any:
        with ruled.members[by].transaction(moment) as tx:
            return work(tx, *arguments, **more)

    told = ahead(incidents.report, account="", kind="negative", note="a page", playbook=rules, by="cleo")
    ahead(training.add, "eva", subject="social-media", on=moment[:10], by="ben")
    ahead(documents.record_sheet, NAME, "eva", evidence="6" * 64, by="ben")
    ahead(exceptions.add, "", point="training", person="eva", until="2027-12-01", reason="ill", by="ben")
    db = ruled.db()
    assert db.execute("SELECT answer_by > ? FROM reports WHERE id = ?", (moment, told.id)).fetchone() == (1,), (
        "control: it stood in the tail"
    )
    made = ended(ruled)
    ruled.accept("ben", approve=made.proposal.id)
    db, today, eva = ruled.db(), ruled.now[:10], ruled.ids["eva"]
    assert db.execute("SELECT answer_by FROM reports WHERE id = ?", (told.id,)).fetchone()[0][:10] == ruled.ahead(7)
    assert [one.on for one in asked.acknowledgements(db) if one.person == eva] == [today]
    assert [row for row in ruled.trained() if row[1] == eva] == []
    assert db.execute("SELECT until FROM exceptions WHERE person = ?", (eva,)).fetchall() == [(latest(ruled.now),)]


def test_from_a_copy_of_years_ago_history_goes_on_with_what_lies_further_ahead_of_it_than_any_ledger_counts(ruled: Ruled) -> None:
    """The control: what was recorded in time for the copy's own year keeps its days."""
    ruled.person("eva")
    ruled.later(days=700)
    for by in ("mia", "ben", "mia"):
        ruled.fact("place.added", {"place": os.urandom(16).hex(), "kind": "paper"}, {"name": "wall"}, by=by)
    ruled.do(training.add, "eva", subject="social-media", on=ruled.now[:10], by="ben")
    ruled.do(documents.record_sheet, NAME, "eva", evidence="6" * 64, by="ben")
    ruled.do(exceptions.add, "", point="training", person="eva", until=ruled.ahead(360), reason="ill", by="ben")
    ruled.db("ben")
    ruled.db("mia")
    made = ended(ruled)
    ruled.accept("ben", approve=made.proposal.id)
    days = {row[1]: row[3] for row in ruled.trained()}
    assert days[ruled.ids["dora"]] == "2026-11-20"
    assert "2027-11-20" < days[ruled.ids["eva"]] < ruled.now[:10]
    assert ruled.db().execute("SELECT until < ? FROM exceptions WHERE person = ?", (ruled.ahead(360), ruled.ids["eva"])).fetchall() == [
        (1,)
    ]
