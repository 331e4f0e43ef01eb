"""What a clock that is ahead wins: a quarter, an admin's a year, no exception beyond its bounds, and a finding once somebody else shows the right time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings.services import Purpose
from govern.procedures.services import authorise
from govern.procedures.tick import looking as tick
from govern.register import connection
from govern.register.clock import Clock
from govern.register.queries import drills, findings, policies, reminded
from govern.register.queries import proposals as proposals_of
from govern.vault.keys import Keys
from govern.vault.secret import SecretBytes

from .conftest import Company, copied


class Firm(Company):
    """Mia and bo are admins, hal is HR, anna has no keys and holds the shop for a year. All have recorded something."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("hal", "hr")
        self.person("anna")
        self.account("shop", "mia")
        self.grant = "a1" * 16
        self.fact(
            "grant.issued", {"grant": self.grant, "account": self.ids["shop"], "person": self.ids["anna"], "until": "2027-11-21T12:00:00Z"}
        )
        for one in ("bo", "hal"):
            self.note(one)

    def note(self, by: str) -> int:
        return self.fact("place.added", {"place": self.new(), "kind": "paper"}, {"name": "wall"}, by=by)

    def new(self) -> str:
        return self.members["mia"].random(16).hex()

    def at(self, moment: str, type_: str, body: dict[str, Any], personal: dict[str, Any] | None = None, *, by: str) -> int:
        """A fact of somebody whose clock says this; the firm's own goes on from where it was."""
        with self.members[by].transaction(moment) as tx:
            return int(tx.record(type_, body, personal))

    def service(self, handle: str) -> None:
        """A service for what a date makes due."""
        keys = Keys(SecretBytes(os.urandom(32)))
        self.ids[handle] = self.do(authorise, handle, (Purpose.RUN_DUE,), "2030-12-31T23:59:59Z", keys, []).person
        self._join(handle, keys)

    def expire(self, moment: str, by: str) -> int:
        return self.at(moment, "grant.ended", {"grants": [self.grant], "cause": "expired"}, by=by)

    def excuse(self, moment: str, until: str, by: str) -> int:
        body = {"exception": self.new(), "point": "training", "person": self.ids["anna"], "until": until}
        return self.at(moment, "exception.granted", body, {"reason": "ill"}, by=by)

    def off(self) -> list[tuple[int, str]]:
        return self.db().execute("SELECT entry, code FROM findings ORDER BY entry").fetchall()


firm = copied(Firm)


def refused(work: Any, *arguments: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as told:
        work(*arguments)
    assert told.value.hint
    return told.value.rule, told.value.control


@pytest.mark.parametrize(
    ("by", "says"), [("hal", "2027-11-21T12:01:00Z"), ("night", "2027-11-21T12:01:00Z"), ("bo", "2028-12-01T12:00:00Z")]
)
def test_attack_a_grant_is_ended_as_run_out_long_before_it_has(firm: Firm, by: str, says: str) -> None:
    """An admin could end it anyway; anybody else, HR or the stolen key of a service, goes by what others have said."""
    if by == "night":
        firm.service("night")
    if by == "bo":
        firm.fact(
            "grant.issued", {"grant": "c3" * 16, "account": firm.ids["shop"], "person": firm.person("eva"), "until": "2028-11-30T12:00:00Z"}
        )
        firm.grant = "c3" * 16
    assert refused(firm.expire, says, by) == ("grant-runs", "AC-2 d")
    # The control: it has run out, and nobody else has recorded anything for a month and more.
    firm.later(days=330 if by != "bo" else 700)
    firm.note("mia")
    firm.note("bo")
    firm.later(days=45)
    firm.expire(firm.now, by)


def test_a_run_leaves_to_an_admin_what_no_other_person_can_bear_out(firm: Firm) -> None:
    """And does not try it every hour."""
    firm.service("night")
    firm.later(days=480)
    db = firm.db("night")
    due = tick.look(db, firm.ids["night"], firm.now)
    assert (due.grants, [(one.what, one.number) for one in due.left if one.what == "grant-ended"]) == ([], [("grant-ended", 1)])
    due = tick.look(firm.db("mia"), firm.ids["mia"], "2027-11-22T12:00:00Z")
    assert [one.handle for one in due.grants] == ["shop"], "the control"
    firm.note("mia")
    firm.note("bo")
    assert [one.handle for one in tick.look(firm.db("night"), firm.ids["night"], firm.now).grants] == ["shop"]


def test_attack_whoever_says_too_late_a_time_is_named_once_somebody_else_shows_the_right_one(firm: Firm) -> None:
    firm.fact(
        "grant.issued", {"grant": "b2" * 16, "account": firm.ids["shop"], "person": firm.person("eva"), "until": "2027-01-01T12:00:00Z"}
    )
    index = firm.at("2027-01-02T12:00:00Z", "grant.ended", {"grants": ["b2" * 16], "cause": "expired"}, by="hal")
    assert firm.off() == [], "nobody can tell yet"
    later = firm.note("mia")
    assert firm.off() == [(index, "ahead")]
    (message,) = firm.db().execute("SELECT message FROM findings").fetchone()
    assert f"entry {later} of somebody else" in message
    db = firm.db("bo")
    told = findings.findings(db, policies.policy(db), firm.now[:10], firm.ids["bo"])
    assert [(one.subject, one.severity) for one in told if one.code == "void-entry"] == [(f"entry {index}", "warning")]


def test_after_a_long_silence_nobody_is_accused(firm: Firm) -> None:
    """A machine that runs by itself is the only one to say anything for half a year."""
    firm.later(days=180)
    firm.note("hal")
    firm.later(days=3)
    firm.note("mia")
    firm.note("bo")
    assert firm.off() == []


def test_what_is_found_is_found_again(firm: Firm) -> None:
    """By a register made again, and where a later fact of the same transaction is refused."""
    firm.at("2027-06-02T12:00:00Z", "place.added", {"place": firm.new(), "kind": "paper"}, {"name": "wall"}, by="hal")

    def work(tx: Any) -> None:
        tx.record("place.added", {"place": firm.new(), "kind": "paper"}, {"name": "wall"})
        with pytest.raises(Refused):
            tx.record("grant.ended", {"grants": ["0" * 32], "cause": "revoked"})

    firm.do(work)
    assert [code for _, code in firm.off()] == ["ahead"]
    assert list(connection.dump(firm.db("bo"))) == list(connection.dump(firm.db()))


def test_attack_an_exception_lasts_no_longer_by_a_clock_that_is_ahead(firm: Firm) -> None:
    assert refused(firm.excuse, "2031-01-01T12:00:00Z", "2031-12-01", "hal") == ("exception-long", "AT-3")
    assert refused(firm.excuse, "2031-01-01T12:00:00Z", "2031-12-01", "bo") == ("exception-long", "AT-3")
    assert refused(firm.excuse, "2027-06-01T12:00:00Z", "2028-05-31", "hal") == ("exception-long", "AT-3"), "HR moves no clock by a year"
    firm.excuse(firm.now, "2027-11-01", "hal")  # the control


def test_whoever_is_alone_goes_on_after_any_silence(company: Company) -> None:
    company.account("shop", "mia")
    company.person("anna")
    company.fact(
        "grant.issued",
        {"grant": "a1" * 16, "account": company.ids["shop"], "person": company.ids["anna"], "until": "2027-01-01T12:00:00Z"},
    )
    company.later(days=1500)
    company.fact("grant.ended", {"grants": ["a1" * 16], "cause": "expired"})
    company.person("eva")
    assert Clock.load(connection.state(company.db(), "clock")).now == company.now, "said twice, it counts"
    assert [row[0] for row in company.db().execute("SELECT code FROM findings")] == ["ahead"]


def test_attack_nobody_makes_the_roles_of_others_run_out_by_a_clock_that_is_ahead(tmp_path: Path) -> None:
    """Bo is an admin until 2030, and could record it instead; the control: once that is over for everybody, whoever is left does."""
    firm = Company(tmp_path, preset="solo")
    firm.enrol("bo")
    firm.fact("role.given", {"person": firm.ids["bo"], "role": "admin", "until": "2030-01-01T00:00:00Z"})
    firm.fact("place.added", {"place": "1" * 32, "kind": "paper"}, {"name": "wall"}, by="bo")

    def trained(moment: str, by: str = "mia") -> None:
        with firm.members[by].transaction(moment) as tx:
            tx.record("training.recorded", {"training": tx.new_id(), "person": firm.ids[by], "subject": "social-media", "on": "2026-11-20"})

    assert refused(trained, "2030-01-02T00:00:00Z") == ("own-training", "AT-3")
    for year in range(2027, 2031):
        firm.moment = firm.moment.replace(year=year)
        for one in ("mia", "bo"):
            firm.fact("place.added", {"place": firm.members[one].random(16).hex(), "kind": "paper"}, {"name": "wall"}, by=one)
    trained(firm.now)
    firm.close()


def test_attack_a_time_at_the_end_of_the_calendar_stops_nobodys_replay(firm: Firm) -> None:
    """Said twice, a year is added to it; the control: whoever was away reads all of it, and judges what follows as everybody does."""
    first = firm.at("9999-12-31T00:00:00Z", "place.added", {"place": firm.new(), "kind": "paper"}, {"name": "wall"}, by="hal")
    firm.at("9999-12-31T00:01:00Z", "place.added", {"place": firm.new(), "kind": "paper"}, {"name": "wall"}, by="hal")
    later = firm.note("mia")
    assert firm.off() == [(first, "ahead"), (first + 1, "ahead")]
    assert firm.db("bo").execute("SELECT max(idx) FROM entries").fetchone() == (later,)
    assert list(connection.dump(firm.db("bo"))) == list(connection.dump(firm.db()))


def test_attack_a_proposal_stands_open_no_longer_by_a_clock_that_is_ahead(firm: Firm) -> None:
    """Bo's says 2090: open for a year and a month at most, not for two lifetimes. The control: made a minute ago, by whoever's clock is right."""
    body = {"act": "role", "parameters": {"person": firm.ids["hal"], "role": "auditor"}}
    firm.at("2090-01-01T00:00:00Z", "proposal.made", {**body, "proposal": "6" * 32}, by="bo")
    one = proposals_of.by_id(firm.db(), "6" * 32)
    assert (one.expires[:7], one.stands("2028-06-01T00:00:00Z").value) == ("2027-12", "expired")
    for _ in range(3):
        firm.later(days=200)
        firm.note("mia")
        firm.note("hal")
    assert refused(firm.fact, "proposal.approved", {"proposal": "6" * 32}) == ("proposal-expired", "AC-3(2)")
    firm.fact("proposal.made", {**body, "proposal": "7" * 32}, by="bo")
    firm.fact("proposal.approved", {"proposal": "7" * 32})


def test_after_a_long_silence_two_still_agree_on_what_they_propose(firm: Firm) -> None:
    """The ledger counts a year of it; whoever approves bears out the rest."""
    firm.later(days=1500)
    firm.fact("proposal.made", {"proposal": "6" * 32, "act": "role", "parameters": {"person": firm.ids["hal"], "role": "auditor"}}, by="bo")
    assert proposals_of.by_id(firm.db(), "6" * 32).stands(firm.now).value == "open"
    firm.fact("proposal.approved", {"proposal": "6" * 32})


def test_attack_a_training_lasts_no_longer_by_a_clock_that_is_ahead(firm: Firm) -> None:
    def trained(moment: str, on: str) -> None:
        firm.at(
            moment, "training.recorded", {"training": firm.new(), "person": firm.ids["anna"], "subject": "social-media", "on": on}, by="hal"
        )

    assert refused(trained, "2030-01-01T12:00:00Z", "2030-01-01") == ("training-ahead", "AT-3")
    trained(firm.now, firm.now[:10])
    firm.later(days=60)
    trained(firm.now, firm.now[:10])  # the control: nobody else has recorded anything for two months


def test_attack_nobody_is_kept_from_hearing_of_a_thing_by_a_clock_that_is_ahead(firm: Firm) -> None:
    """HR says, three months ahead, that anna was told of the last stage. The control: what is told at its time is not told again."""
    thing, due = "9" * 32, "2026-11-28"
    line = {"person": firm.ids["anna"], "message": "m", "channel": "c", "locale": "en"}

    def told() -> dict[tuple[str, str, str], int]:
        return reminded.points(firm.db(), [thing], firm.now)

    firm.at("2027-02-21T12:00:00Z", "digest.sent", {**line, "lines": [[thing, due, "+28"]]}, by="hal")
    assert told() == {}
    firm.fact("digest.sent", {**line, "lines": [[thing, due, "-7"]]})
    assert told() == {(thing, due, firm.ids["anna"]): -7}
    firm.later(days=10)
    firm.fact("digest.sent", {**line, "lines": [[thing, due, "+3"]]}, by="hal")
    firm.fact("digest.sent", {**line, "lines": [[thing, due, "0"]]})
    assert told() == {(thing, due, firm.ids["anna"]): 3}, "an earlier stage takes nothing back"


def test_attack_no_drill_is_put_off_for_years_by_a_clock_that_is_ahead(firm: Firm) -> None:
    """By anybody with keys. The control: one that was made today is none of the due ones for a year."""
    due = {one.code for one in drills.findings(firm.db(), policies.policy(firm.db()), firm.now[:10])}
    assert due == {"drill-due"}
    firm.at("2090-01-01T00:00:00Z", "recovery.drilled", {"versions": 9, "failed": 0}, by="hal")
    assert [one.code for one in drills.findings(firm.db(), policies.policy(firm.db()), firm.now[:10])] == ["drill-due"]
    firm.fact("recovery.drilled", {"versions": 9, "failed": 0}, by="hal")
    assert list(drills.findings(firm.db(), policies.policy(firm.db()), firm.now[:10])) == []


def test_attack_nobody_is_trained_to_speak_by_a_clock_that_is_ahead(firm: Firm) -> None:
    def named(moment: str, on: str) -> None:
        body = {"spokesperson": firm.new(), "account": firm.ids["shop"], "person": firm.ids["anna"], "trained_on": on}
        firm.at(moment, "spokesperson.named", body, by="bo")

    assert refused(named, "2040-01-01T12:00:00Z", "2040-01-01") == ("training-ahead", "AC-22")
    firm.later(days=60)
    named(firm.now, firm.now[:10])
