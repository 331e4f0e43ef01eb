"""An embargoed departure whose cut a service makes: which services read it, that the cut is whole, and what a stray service key can't do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from govern.errors import Locked, Refused
from govern.procedures import epochs
from govern.procedures.offboard import Cut, left_to_others, run_due
from govern.register import cut_order
from govern.vault.keys import Recipient

from .embargoed import UNNAMED, Company, recovery, wrapped_to
from .insider import Insider
from .test_sealed_compartment import tampered
from .vaults import Machine

CUT = "2099-01-01T09:00+00:00"
BEFORE, AT = "2099-01-01T08:59:59Z", "2099-01-01T09:00:00Z"


def service(company: Company, by: str, name: str, purpose: str = "run-due") -> Machine:
    """A service that `by` has authorised and made the key of; its machine."""
    company.of[by].ok("key", "add-service", name, "--purpose", purpose)
    machine = company.mia.of(name)
    machine.home = company.of[by].home / "services" / name
    machine.key = machine.home / "key"
    company.of[name] = machine
    return machine


@pytest.fixture
def night(company: Company) -> Machine:
    return service(company, "mia", "night")


def due(machine: Machine, now: str) -> list[Cut]:
    made: list[Cut] = machine.write(run_due, now)
    return made


def unanimous(company: Company, *members: str) -> bool:
    """Everything verifies on these machines, and nothing is void; that the tests write from another century is told, and moves nothing."""
    codes = {company.of[who].verify().code for who in members}
    found = {row for who in members for row in company.of[who].ask("SELECT code FROM findings WHERE code <> 'ahead'")}
    return codes <= {0, 7} and not found


# --- the cut, unattended -----------------------------------------------------------------------------------------------------------------


def test_a_service_makes_the_cut_at_its_time_and_not_before(company: Company, night: Machine) -> None:
    opened = company.open("--name-reader", "nora", "--cut-at", CUT)["case"]["id"]
    assert wrapped_to(company, opened) == {company.key(who) for who in ("mia", "nora", "night")} | {recovery(company)}
    assert due(night, BEFORE) == []
    assert [one.case.id for one in due(night, AT)] == [opened]
    assert due(night, AT) == []
    readers = {company.key(who) for who in ("mia", "nora", "dora", "night")} | {recovery(company)}
    assert wrapped_to(company, opened) == readers, "at the cut the members of the cases, and never its subject"
    assert company.mia.ask("SELECT state FROM keys WHERE id = ?", company.key("ben")) == [("revoked",)]
    assert company.mia.json("holds", "ben")["grants"] == []
    assert company.mia.json("rotation", "list")["rotations"]
    told = [company.of[who].json("offboard", "show", opened) for who in ("mia", "nora", "dora")]
    assert told[0] == told[1] == told[2]
    assert unanimous(company, "mia", "nora", "dora", "kim", "night")
    assert company.of["dora"].forget("register").register() == company.mia.register()


def test_every_entry_of_that_cut_cites_the_authority(company: Company, night: Machine) -> None:
    """What does not is void: here nothing is, so each of them does."""
    company.open("--cut-at", CUT)
    due(night, AT)
    acted = company.mia.ask("SELECT type FROM entries WHERE actor = ? ORDER BY idx", company.id("night"))
    assert {"epoch.wrapped", "person.leaving", "key.revoked", "epoch.started", "grant.ended", "case.cut"} <= {type_ for (type_,) in acted}
    assert unanimous(company, "mia", "dora")


@pytest.mark.parametrize("member", [UNNAMED[0], *(pytest.param(member, marks=pytest.mark.slow) for member in UNNAMED[1:])])
def test_with_a_service_nobody_unnamed_learns_more(company: Company, night: Machine, member: str) -> None:
    before = company.tells(member)
    company.open("--name-reader", "nora", "--cut-at", CUT)
    assert due(night, BEFORE) == []
    after = company.tells(member)
    for command, told in before.items():
        assert after[command] == told, command


def test_who_is_given_the_case_does_not_hang_on_whom_it_is_about(company: Company, night: Machine) -> None:
    """Each admin has a service. Were that of the subject passed over, and theirs alone, the wraps would tell of whom the case is."""
    for who in ("ben", "dora"):
        service(company, who, f"night-of-{who}")
    given = []
    for number, subject in enumerate(("ben", "dora")):
        other = Company(company.mia.copy(company.mia.folder.parent / f"case-of-{number}"))
        given.append(wrapped_to(other, other.open("--cut-at", CUT, of=subject)["case"]["id"]))
    assert given[0] == given[1] == {company.key("mia"), company.key("night"), recovery(company)}


def test_a_case_that_waits_for_a_person_is_given_to_no_service(company: Company, night: Machine) -> None:
    assert company.key("night") not in wrapped_to(company, company.open()["case"]["id"])
    assert due(night, AT) == []


def test_a_service_of_somebody_unnamed_is_given_it_by_name_alone(company: Company) -> None:
    machine = service(company, "dora", "late")
    first = company.open("--cut-at", CUT, of="kim")["case"]["id"]
    assert company.key("late") not in wrapped_to(company, first)
    second = company.open("--cut-at", CUT, "--name-reader", "late")["case"]["id"]
    assert company.key("late") in wrapped_to(company, second)
    assert [one.case.id for one in due(machine, AT)] == [second]


# --- services that are given nothing -------------------------------------------------------------------------------------------------------


def test_a_service_for_something_else_is_given_nothing(company: Company) -> None:
    service(company, "mia", "probes", "probe")
    case = company.open("--cut-at", CUT)["case"]["id"]
    assert company.key("probes") not in wrapped_to(company, case)
    told = company.mia.refuses("offboard", "open", "dora", "--embargo", "--cut-at", CUT, "--name-reader", "probes", code=4)
    assert "no service that could make this cut" in told.err


@pytest.mark.parametrize("purpose", ["probe", "run-due"])
def test_an_opening_sealed_to_a_service_that_makes_no_cuts_is_void(company: Company, purpose: str) -> None:
    """Past the procedures; the control is the same opening, sealed to one that makes them."""
    service(company, "mia", "some", purpose)
    case, first = tampered(company, "some")
    stands = purpose == "run-due"
    assert company.mia.ask("SELECT entry, code FROM findings") == ([] if stands else [(first + 1, "embargo-service")])
    assert company.mia.ask("SELECT id FROM cases") == ([(case,)] if stands else [])


def test_a_service_whose_authority_was_withdrawn_is_given_nothing(company: Company, night: Machine) -> None:
    authority = company.mia.ask("SELECT id FROM services")[0][0]
    company.mia.write(lambda tx: tx.record("service.withdrawn", {"authority": authority}))
    assert company.key("night") not in wrapped_to(company, company.open("--cut-at", CUT)["case"]["id"])
    _, first = tampered(company, "night")
    assert (first + 1, "embargo-service") in company.mia.ask("SELECT entry, code FROM findings")


@pytest.mark.parametrize(("maker", "rule"), [("ben", "embargo-subject"), ("dora", "")])
def test_a_service_of_the_subject_is_given_nothing(company: Company, maker: str, rule: str) -> None:
    """Its key was made on the machine of the person whom the case is about, whoever else has authorised it since."""
    service(company, maker, "late")
    company.mia.write(lambda tx: tx.record("service.authorised", {"service": company.id("late"), "purposes": ["run-due"]}))
    words = ("offboard", "open", "ben", "--embargo", "--cut-at", CUT, "--name-reader", "late")
    if rule:
        assert "made by whom the case is about" in company.mia.refuses(*words, code=4).err
    case, first = tampered(company, "late")
    assert company.mia.ask("SELECT entry, code FROM findings") == ([(first + 1, rule)] if rule else [])
    assert company.mia.ask("SELECT id FROM cases") == ([] if rule else [(case,)])


def test_a_member_without_a_role_is_made_no_reader_by_another_program(company: Company) -> None:
    _, first = tampered(company, "kim")
    assert company.mia.ask("SELECT entry, code FROM findings") == [(first + 1, "embargo-reader")]


# --- between the opening and the cut -------------------------------------------------------------------------------------------------------


def test_a_service_withdrawn_in_between_makes_no_cut_and_reads_no_further(company: Company, night: Machine) -> None:
    """The case goes on waiting for those named; they are told that the cut is due, and the next of them makes it."""
    case = company.open("--name-reader", "nora", "--cut-at", CUT)["case"]["id"]
    key = company.key("night")
    company.mia.ok("key", "withdraw-service", "night")
    assert key not in wrapped_to(company, case)
    with pytest.raises(Locked):
        due(night, AT)
    assert "cut of ben" in company.of["nora"].run("status").out
    assert [one.case.id for one in due(company.of["nora"], AT)] == [case]
    assert unanimous(company, "mia", "nora", "dora", "kim")


def test_a_service_whose_authority_alone_has_ended_makes_no_cut(company: Company, night: Machine) -> None:
    """Its key is active still, and reads the case until somebody who reads it renews the keys."""
    case = company.open("--cut-at", CUT)["case"]["id"]
    authority = company.mia.ask("SELECT id FROM services")[0][0]
    company.of["dora"].write(lambda tx: tx.record("service.withdrawn", {"authority": authority}))
    with pytest.raises(Refused) as refused:
        due(night, AT)
    assert refused.value.rule == "authority"
    assert "epoch-stale" in company.mia.run("doctor", "--json").out
    company.mia.ok("key", "renew")
    assert company.key("night") not in wrapped_to(company, case)
    company.mia.ok("key", "add-service", "night", "--purpose", "run-due")
    assert [one.case.id for one in due(night, AT)] == [case], "authorised anew, by somebody who reads the case, it is given it back"
    assert unanimous(company, "mia", "nora", "dora", "kim", "night")


def test_a_service_withdrawn_by_somebody_unnamed_stops_nobody(company: Company, night: Machine) -> None:
    case = company.open("--cut-at", CUT)["case"]["id"]
    company.of["dora"].ok("key", "withdraw-service", "night")
    assert "epoch-stale" in company.mia.run("doctor", "--json").out
    company.mia.ok("key", "renew")
    assert company.key("night") not in wrapped_to(company, case)
    assert [one.case.id for one in due(company.mia, AT)] == [case]
    assert unanimous(company, "mia", "nora", "dora", "kim")


def test_a_cut_ordered_by_somebody_who_lost_the_role_is_left_to_a_person(company: Company, night: Machine) -> None:
    case = company.open("--name-reader", "mia", "--cut-at", CUT, by="nora")["case"]["id"]
    assert company.key("night") in wrapped_to(company, case)
    company.mia.ok("person", "role", "nora", "hr", "--withdraw")
    assert due(night, AT) == []
    with night.opened() as workspace:
        assert [one.id for one in left_to_others(workspace.view(), workspace.person, AT)] == [case]
    assert [one.case.id for one in due(company.mia, AT)] == [case]


def test_control_a_cut_ordered_by_somebody_who_kept_it_is_made(company: Company, night: Machine) -> None:
    """The control of the one before."""
    case = company.open("--name-reader", "mia", "--cut-at", CUT, by="nora")["case"]["id"]
    assert [one.case.id for one in due(night, AT)] == [case]


# --- a stray key ---------------------------------------------------------------------------------------------------------------------------


class Stray:
    """The key of `night`, in the hands of somebody who writes what our program never would."""

    def __init__(self, company: Company, night: Machine) -> None:
        self.company, self.night = company, Insider(night)
        self.authority = company.mia.ask("SELECT id FROM services")[0][0]

    def tells(self, type_: str, body: dict[str, Any]) -> str:
        """The rule against an entry of the service, or nothing where it counts."""
        at = self.night.write(self.night.event(type_, body, authority=self.authority))
        rows = self.company.mia.ask("SELECT code FROM findings WHERE entry = ?", at)
        return str(rows[0][0]) if rows else ""

    def leaving(self, by: str, *, of: str = "dora", told: str = "", start: str = "", from_: str = "", case: str = "1" * 32) -> str:
        """`person.leaving` by an order that `by` has signed about `of`, told of somebody else or with another start."""
        start = start or _hours(-1)
        person = self.company.id(of)
        signed = cut_order.sign(self.company.of[by].keys(), case=case, person=person, start=start)
        order = [case, from_ or start, self.company.key(by), signed]
        return self.tells("person.leaving", {"person": self.company.id(told or of), "order": order})


def _hours(number: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def stray(company: Company, night: Machine) -> Stray:
    return Stray(company, night)


def test_control_an_order_of_an_admin_or_of_hr_is_enough(stray: Stray) -> None:
    assert stray.leaving("mia") == ""
    assert stray.leaving("nora", of="kim") == ""
    assert stray.company.mia.ask("SELECT handle FROM people WHERE leaving ORDER BY handle") == [("dora",), ("kim",)]


ORDERS: dict[str, dict[str, str]] = {
    "of its own": {"by": "night"},
    "of somebody without a role": {"by": "kim"},
    "of the person's own": {"by": "dora"},
    "about somebody else": {"by": "mia", "told": "kim"},
    "for a later time": {"by": "mia", "start": "2098-01-01T00:00:00Z"},
    "brought forward": {"by": "mia", "start": "2098-01-01T00:00:00Z", "from_": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("which", ORDERS)
def test_a_stray_key_makes_nobody_a_leaver_by_an_order(stray: Stray, which: str) -> None:
    assert stray.leaving(**ORDERS[which]) == "cut-order"
    assert stray.company.mia.ask("SELECT count(*) FROM people WHERE leaving") == [(0,)]


def test_an_order_ends_with_the_key_of_whoever_gave_it(stray: Stray) -> None:
    stray.company.mia.ok("key", "revoke", "--person", "nora", "--cause", "lost")
    stray.night = Insider(stray.company.of["night"])
    assert stray.leaving("nora", of="kim") == "cut-order"


def test_a_stray_key_reads_the_order_and_can_not_bring_it_forward(stray: Stray) -> None:
    """It reads the case, since it is to make its cut: what it finds there counts at the time of the cut and no earlier."""
    case = stray.company.open("--cut-at", CUT)["case"]["id"]
    machine = stray.company.of["night"]
    key, signature = machine.ask("SELECT e.key, c.cut_order FROM cases c JOIN entries e ON e.idx = c.entry WHERE c.id = ?", case)[0]
    stray.night = Insider(machine)
    body = {"person": stray.company.id("ben"), "order": [case, AT, key, signature]}
    assert stray.tells("person.leaving", body) == "cut-order"
    machine.write(lambda tx: tx.record("person.leaving", body), AT)
    assert stray.company.mia.ask("SELECT handle FROM people WHERE leaving") == [("ben",)], "the control: at its time"


@pytest.mark.parametrize(("to", "rule"), [("kim", "service-reads"), ("dora", "")])
def test_a_stray_key_gives_cases_to_nobody_who_does_not_read_them(stray: Stray, to: str, rule: str) -> None:
    assert stray.tells("epoch.wrapped", {"wraps": [["1" * 32, stray.company.key(to)]], "digest": "0" * 64}) == rule


@pytest.mark.parametrize(("purpose", "rule"), [("probe", "service-reads"), ("run-due", "")])
def test_no_case_is_given_later_to_a_service_that_makes_no_cuts(company: Company, purpose: str, rule: str) -> None:
    machine = service(company, "mia", "some", purpose)
    case = company.open()["case"]["id"]
    to = Recipient(machine.keys().id, machine.keys().seal_public)
    if not rule:
        company.mia.write(lambda tx: epochs.share(tx, bytes.fromhex(case), [to]))
        assert company.key("some") in wrapped_to(company, case)
        return
    with pytest.raises(Refused) as refused:
        company.mia.write(lambda tx: epochs.share(tx, bytes.fromhex(case), [to]))
    assert refused.value.rule == rule


def test_a_case_given_later_to_a_service_of_its_subject_is_a_finding(company: Company) -> None:
    """Others can't judge it, since they don't know of whom the case is; whoever reads it is told."""
    machine = service(company, "ben", "late")
    case = company.open("--name-reader", "nora")["case"]["id"]
    to = Recipient(machine.keys().id, machine.keys().seal_public)
    assert "embargo-broken" not in company.of["nora"].run("status", "--json").out
    company.mia.write(lambda tx: epochs.share(tx, bytes.fromhex(case), [to]))
    assert "embargo-broken" in company.of["nora"].run("status", "--json").out
    company.mia.ok("key", "revoke", "--person", "nora", "--cause", "lost")
    assert company.key("late") not in wrapped_to(company, case)
