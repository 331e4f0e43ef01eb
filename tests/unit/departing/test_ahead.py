"""What a clock that is ahead wins: nothing more than a year ahead, no exception beyond its bounds, and a finding once somebody else shows the right time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.register import connection
from govern.register.clock import Clock
from govern.register.queries import findings, policies

from .conftest import Company, copied


class Firm(Company):
    """Mia and bo are admins, hal is HR, anna has no keys and holds the shop until the end of 2028. All have recorded something."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("hal", "hr")
        self.person("anna")
        self.account("shop", "mia")
        self.grant = "a1" * 16
        self.fact(
            "grant.issued", {"grant": self.grant, "account": self.ids["shop"], "person": self.ids["anna"], "until": "2028-12-31T12:00:00Z"}
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


@pytest.mark.parametrize("by", ["hal", "bo"])
def test_attack_a_grant_is_ended_as_run_out_years_before_it_has(firm: Firm, by: str) -> None:
    assert refused(firm.expire, "2029-01-01T12:00:00Z", by) == ("grant-runs", "AC-2 d")
    # The control: it runs out, and whoever makes it so has been silent like everybody else for a year all but a day.
    firm.later(days=410)
    firm.note("mia")
    firm.note("bo")
    firm.later(days=365)
    assert firm.now > "2028-12-31T12:00:00Z"
    firm.expire(firm.now, by)


def test_attack_whoever_says_too_late_a_time_is_named_once_somebody_else_shows_the_right_one(firm: Firm) -> None:
    firm.fact(
        "grant.issued", {"grant": "b2" * 16, "account": firm.ids["shop"], "person": firm.person("eva"), "until": "2027-06-01T12:00:00Z"}
    )
    index = firm.at("2027-06-02T12:00:00Z", "grant.ended", {"grants": ["b2" * 16], "cause": "expired"}, by="hal")
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
