"""An embargoed departure: who is not named for it learns that there is a sealed compartment, and nothing else, until the cut."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.events import FACTS
from govern.ledger.commitment import EpochKey
from govern.procedures import epochs
from govern.vault.epoch import wrap_epoch
from govern.vault.keys import Recipient
from govern.vault.seal import set_digest, wrap_digest

from ..register.test_stopped import steps, stopped
from .embargoed import NAMED, UNNAMED, Company, build
from .insider import Insider


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Never to be touched: take `company`, which is a copy."""
    return build(tmp_path_factory.mktemp("company"))


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    return Company(whole.mia.copy(tmp_path / "copy"))


def types(company: Company, member: str) -> list[str]:
    return [row[0] for row in company.of[member].ask("SELECT type FROM entries ORDER BY idx")]


def wrapped_to(company: Company, case: str) -> set[str]:
    """Keys with a wrap of the case's newest epoch, as whoever owns the database sees it."""
    with company.mia.database() as db:
        epoch = db.execute("SELECT epoch FROM entry WHERE compartment = ? ORDER BY idx DESC", (bytes.fromhex(case),)).fetchone()[0]
        return {row[0].hex() for row in db.execute("SELECT recipient FROM wrap WHERE target = ?", (epoch,))}


def recovery(company: Company) -> str:
    return str(company.mia.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0])


# --- before the cut ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", UNNAMED)
def test_who_is_not_named_is_told_the_same_before_and_after(company: Company, member: str) -> None:
    """On the machines of the subject, of another admin, and of a keyholder without a role alike, by every command that reads."""
    before = company.tells(member)
    company.open("--name-reader", "nora")
    after = company.tells(member)
    for command, told in before.items():
        assert after[command] == told, command
    assert types(company, member)[-2:] == ["sealed", "sealed"]


@pytest.mark.parametrize("member", UNNAMED)
def test_control_an_ordinary_opening_is_seen(company: Company, member: str) -> None:
    before = company.tells(member)
    company.mia.ok("offboard", "open", "ben", "--cut-at", "2099-01-01T09:00+00:00")
    after = company.tells(member)
    assert after["person list --json"] != before["person list --json"]
    assert after["ledger show"] != before["ledger show"]


def test_the_subject_learns_what_every_other_who_is_not_named_learns(company: Company) -> None:
    """Whether the case is about them or about somebody else, the store's new rows are of the same kinds, sizes and recipients."""
    shapes = []
    for number, subject in enumerate(("ben", "dora")):
        other = Company(company.mia.copy(company.mia.folder.parent / f"case-of-{number}"))
        case = other.open("--name-reader", "nora", of=subject)["case"]["id"]
        assert wrapped_to(other, case) == {other.key("mia"), other.key("nora"), recovery(other)}
        with other.mia.database() as db:
            rows = db.execute("SELECT length(sealed), length(personal) FROM entry WHERE compartment = ?", (bytes.fromhex(case),)).fetchall()
            shapes.append((rows, db.execute("SELECT count(*) FROM wrap").fetchone()))
    assert shapes[0] == shapes[1]


def test_those_named_see_the_case_and_what_the_cut_will_ask_for(company: Company) -> None:
    opened = company.open("--name-reader", "nora", "--cut-at", "2099-01-01T09:00+00:00")
    assert (opened["case"]["state"], opened["case"]["embargoed"], opened["case"]["person"]) == ("open", True, "ben")
    assert {item["kind"] for item in opened["items"]} >= {"end-grant", "withdraw-role", "revoke-key"}
    for member in NAMED:
        assert [case["id"] for case in company.of[member].json("offboard", "list")["cases"]] == [opened["case"]["id"]]
        assert "case.opened" in types(company, member)
        assert "cut of ben" in company.of[member].run("status").out
    for member in UNNAMED:
        assert company.of[member].json("offboard", "list")["cases"] == []
        assert company.of[member].run("offboard", "show", opened["case"]["id"]).code == 3


def test_nothing_of_base_changes_on_any_machine(company: Company) -> None:
    before = {member: company.base(member) for member in company.of}
    company.open("--name-reader", "nora")
    assert {member: company.base(member) for member in company.of} == before
    assert company.clock("mia") == company.clock("dora") == company.clock("kim")


def test_a_rotation_by_a_reader_writes_nothing_into_the_case(company: Company) -> None:
    """Else its entry beside the rotation's would tell which secrets the subject knows."""
    case = company.open()["case"]["id"]
    company.mia.ok("rotate", "shop", "--already-changed", stdin="quite-another-secret")
    with company.mia.database() as db:
        assert db.execute("SELECT count(*) FROM entry WHERE compartment = ?", (bytes.fromhex(case),)).fetchone() == (2,)


@pytest.mark.parametrize(("reader", "rule"), [("ben", "whom the case is about"), ("kim", "does not read cases")])
def test_only_those_who_read_cases_are_named_and_never_the_subject(company: Company, reader: str, rule: str) -> None:
    told = company.mia.refuses("offboard", "open", "ben", "--embargo", "--name-reader", reader, code=4)
    assert rule in told.err
    assert company.open("--name-reader", "dora")["case"]["state"] == "open"


def test_readers_are_named_under_embargo_alone(company: Company) -> None:
    assert company.mia.run("offboard", "open", "ben", "--name-reader", "nora").code == 2


def test_a_second_case_is_refused_to_readers_and_open_to_those_who_know_of_none(company: Company) -> None:
    case = company.open()["case"]["id"]
    assert company.mia.run("offboard", "open", "ben", "--embargo").code == 4
    assert company.mia.run("offboard", "open", "ben").code == 4
    company.of["dora"].ok("offboard", "open", "ben", "--cut-at", "2099-01-01T09:00+00:00")
    assert [one["embargoed"] for one in company.mia.json("offboard", "list")["cases"]] == [False, True]
    company.cut(case)
    assert company.mia.verify().code == company.of["dora"].verify().code == 0
    assert len(company.of["dora"].json("offboard", "list")["cases"]) == 2


def test_items_are_not_worked_on_before_the_cut(company: Company) -> None:
    case = company.open()["case"]["id"]
    assert "drawn up at its cut" in company.mia.run("offboard", "done", case, "1").err


def test_a_drill_a_backup_and_a_policy_of_others_go_on(company: Company) -> None:
    company.open("--name-reader", "nora")
    sheets = [word for path in sorted((company.mia.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    company.of["dora"].ok("recovery", "drill", *sheets)
    company.of["dora"].ok("key", "renew")
    for member in company.of:
        assert company.of[member].verify().code == 0


# --- the cut -----------------------------------------------------------------------------------------------------------------------------


def test_at_the_cut_everybody_entitled_reads_the_whole_case(company: Company) -> None:
    opened = company.open("--name-reader", "nora")
    cut = company.cut(opened["case"]["id"], by="nora")
    assert (cut["case"]["state"], cut["case"]["embargoed"]) == ("cut", False)
    told = [company.of[member].json("offboard", "show", cut["case"]["id"]) for member in ("mia", "nora", "dora")]
    assert told[0] == told[1] == told[2]
    assert [item["kind"] for item in told[0]["items"] if item["state"] == "done"] == ["end-grant", "revoke-key"]
    assert company.mia.json("holds", "ben")["grants"] == []
    assert company.mia.json("rotation", "list")["rotations"]
    assert [row["status"] for row in company.mia.json("person", "list")["people"] if row["handle"] == "ben"] == ["leaving"]
    assert company.key("ben") not in wrapped_to(company, cut["case"]["id"])


def test_after_the_cut_all_registers_are_equal_row_for_row_however_they_were_made(company: Company) -> None:
    """A reader's, who followed; a non-reader's, who read it again; both rebuilt from nothing."""
    company.of["dora"].ok("status")
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.of["dora"].ok("status")
    company.cut(case)
    first = company.mia.register()
    for member in ("nora", "dora"):
        assert company.of[member].register() == first
        assert company.of[member].forget("register").register() == first
        assert company.of[member].verify().code == 0
    assert company.mia.forget("register").register() == first
    assert company.base("kim") == company.base("mia")
    assert company.of["kim"].verify().code == 0


def test_a_time_planned_is_kept_by_run_due_of_a_reader_alone(company: Company) -> None:
    case = company.open("--cut-at", "2099-01-01T09:00+00:00")["case"]["id"]
    now = "2099-01-01T09:00:01Z"
    for member, made in (("dora", 0), ("mia", 1), ("mia", 0)):
        from govern.procedures.offboard import run_due

        assert len(company.of[member].write(run_due, now)) == made, member
    assert company.of["dora"].ask("SELECT state FROM cases WHERE id = ?", case) == [("cut",)]


def test_a_case_that_waits_is_never_due(company: Company) -> None:
    assert company.open()["case"]["cut_at"] is None
    from govern.procedures.offboard import run_due

    assert company.mia.write(run_due, "2099-01-01T09:00:00Z") == []


def test_a_cut_at_once_is_an_ordinary_one(company: Company) -> None:
    assert company.open("--cut-at", "now")["case"]["state"] == "cut"
    assert company.of["dora"].json("offboard", "list")["cases"][0]["person"] == "ben"


def test_work_goes_on_in_the_case_after_its_cut_and_a_newcomer_reads_it(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.cut(case)
    items = company.of["dora"].json("offboard", "show", case)["items"]
    waived = next(str(item["number"]) for item in items if item["kind"] == "rotate")
    company.of["dora"].ok("offboard", "waive", case, waived, "--reason", "the account closes on Friday")
    company.mia.ok("person", "role", "kim", "auditor")
    assert company.of["kim"].json("offboard", "show", case)["items"] == company.mia.json("offboard", "show", case)["items"]
    assert {company.of[member].verify().code for member in ("mia", "nora", "dora", "kim")} == {0}


def test_somebody_who_stays_is_not_given_the_case_about_them(company: Company) -> None:
    """A mover keeps key and role; theirs is wrapped to all readers but to them."""
    case = company.open("--kind", "mover")["case"]["id"]
    company.cut(case)
    assert company.key("ben") not in wrapped_to(company, case)
    assert company.of["ben"].verify().code == 0
    assert company.of["ben"].json("offboard", "list")["cases"] == []
    assert company.of["dora"].json("offboard", "list")["cases"][0]["id"] == case


# --- readers who come and go -------------------------------------------------------------------------------------------------------------


def test_a_reader_whose_key_is_revoked_by_somebody_unnamed_stops_nobody(company: Company) -> None:
    """Whoever does not read the case can't renew it; the next who does is told to."""
    case = company.open("--name-reader", "nora")["case"]["id"]
    gone = company.key("nora")
    company.of["dora"].ok("key", "revoke", "--person", "nora", "--cause", "lost")
    assert gone in wrapped_to(company, case)
    assert "epoch-stale" in company.mia.run("doctor", "--json").out
    company.mia.ok("key", "renew")
    assert wrapped_to(company, case) == {company.key("mia"), recovery(company), *previous(company, case)}
    company.cut(case)
    assert {company.of[member].verify().code for member in ("mia", "dora", "kim")} == {0}
    assert company.of["dora"].register() == company.mia.register()


def previous(company: Company, case: str) -> set[str]:
    """The epoch before, whose key is sealed under the newest as a wrap row."""
    rows = company.mia.ask("SELECT previous FROM epochs WHERE compartment = ? AND previous IS NOT NULL", case)
    return {row[0] for row in rows}


def test_a_named_reader_who_loses_the_role_reads_no_further(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.mia.ok("person", "role", "nora", "hr", "--withdraw")
    assert company.key("nora") not in wrapped_to(company, case)
    company.cut(case)
    assert company.of["nora"].verify().code == 0
    assert company.of["dora"].json("offboard", "show", case)["case"]["state"] == "cut"


def test_recovery_gives_the_subject_nothing_of_their_case(company: Company, tmp_path: Path) -> None:
    """The sheets read all; the admin whom they enrol reads no embargoed case about them, nor keeps what recovery has read."""
    case = company.open()["case"]["id"]
    sheets = [word for path in sorted((company.mia.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    fresh = company.mia.of("fresh")
    fresh.ok("vault", "recover", *sheets, "--handle", "ben")
    assert fresh.keys().id.hex() not in wrapped_to(company, case)
    assert fresh.ask("SELECT count(*) FROM cases") == [(0,)]
    assert fresh.json("offboard", "list")["cases"] == []
    assert fresh.verify().code == 0
    other = company.mia.of("other")
    other.ok("vault", "recover", *sheets, "--handle", "mia")
    assert [one["id"] for one in other.json("offboard", "list")["cases"]] == [case]


# --- attacks -----------------------------------------------------------------------------------------------------------------------------


def tampered(company: Company, to: str) -> tuple[str, int]:
    """The opener's program wraps the key to `to` as well: rows that a sound one would not write, validly signed. Compartment, first entry."""
    insider, compartment, epoch = Insider(company.mia), os.urandom(16), EpochKey(os.urandom(32))
    recipients = [
        key
        for (key,) in company.mia.ask("SELECT id FROM keys WHERE state = 'recovery' OR id IN (?, ?)", company.key("mia"), company.key(to))
    ]
    wraps = []
    for key in recipients:
        seal = company.mia.ask("SELECT seal FROM keys WHERE id = ?", key)[0][0]
        wraps.append((epoch.id, bytes.fromhex(key), wrap_epoch(epoch.key, epoch.id, Recipient(bytes.fromhex(key), seal))))
    with company.mia.database() as db:
        db.executemany("INSERT INTO wrap VALUES (?, ?, ?)", wraps)
    started = {
        "compartment": compartment.hex(), "epoch": epoch.id.hex(), "number": 1, "recipients": sorted(recipients),
        "wraps": set_digest([wrap_digest(*wrap) for wrap in wraps]).hex(),
    }  # fmt: skip
    opened = {"case": compartment.hex(), "person": company.id("ben"), "kind": "leaver", "items": 0, "frozen": "00" * 32, "frozen_at": 1}
    first = insider.write(insider.event("epoch.started", started), insider.event("case.opened", opened), under=(compartment, epoch))
    return compartment.hex(), first


def test_an_opening_that_is_sealed_to_its_subject_is_void(company: Company) -> None:
    _, first = tampered(company, "ben")
    for member in ("mia", "ben"):
        assert company.of[member].ask("SELECT entry, code FROM findings") == [(first + 1, "embargo-subject")]
        assert company.of[member].ask("SELECT count(*) FROM cases") == [(0,)]
    assert company.of["dora"].ask("SELECT count(*) FROM findings") == [(0,)]
    assert company.of["dora"].verify().code == 0


def test_control_the_same_rows_sealed_to_another_stand(company: Company) -> None:
    case, _ = tampered(company, "nora")
    for member in NAMED:
        assert company.of[member].ask("SELECT id FROM cases") == [(case,)]
        assert company.of[member].verify().code == 0
    assert company.of["ben"].ask("SELECT count(*) FROM cases") == [(0,)]


def give_away(company: Company, case: str) -> None:
    """Past the procedures: the key of the case, wrapped to its subject, by somebody who has it."""
    seal = company.mia.ask("SELECT seal FROM keys WHERE id = ?", company.key("ben"))[0][0]
    to = Recipient(bytes.fromhex(company.key("ben")), seal)
    company.mia.write(lambda tx: epochs.share(tx, bytes.fromhex(case), [to]))


def test_a_case_given_away_later_is_a_finding_and_no_later_key_reaches_them(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    assert "embargo-broken" not in company.of["nora"].run("status", "--json").out
    give_away(company, case)
    assert company.of["ben"].ask("SELECT count(*) FROM cases") == [(1,)]
    told = company.of["nora"].run("status", "--json").json()["findings"]
    assert [one["severity"] for one in told if one["code"] == "embargo-broken"] == ["critical"]
    company.mia.ok("key", "revoke", "--person", "nora", "--cause", "lost")
    assert company.key("ben") not in wrapped_to(company, case)
    assert company.of["ben"].run("status").code == 0
    assert company.of["ben"].verify().code == 0
    assert company.of["ben"].json("offboard", "list")["cases"] == []


def test_a_later_key_sealed_to_the_subject_is_void(company: Company) -> None:
    case = company.open()["case"]["id"]

    def work(tx: Any) -> None:
        compartment = bytes.fromhex(case)
        rows = tx.register.execute(
            "SELECT id, seal FROM keys WHERE state = 'recovery' OR id IN (?, ?)", (company.key("mia"), company.key("ben"))
        )
        recipients = [Recipient(bytes.fromhex(key), seal) for key, seal in rows.fetchall()]
        epochs.begin(tx, compartment, recipients, number=2, before=tx.workspace.epochs.newest(compartment))

    with pytest.raises(Refused) as refused:
        company.mia.write(work)
    assert refused.value.rule == "embargo-subject"
    company.mia.write(lambda tx: epochs.start(tx, bytes.fromhex(case)))


def own(company: Company, case: str) -> tuple[Insider, tuple[bytes, EpochKey]]:
    insider = Insider(company.mia)
    return insider, next(one for one in insider.epochs if one[0].hex() == case)


@pytest.mark.parametrize(
    "type_", sorted(name for name, fact in FACTS.items() if fact.compartment == "base" and name not in ("vault.founded", "epoch.started"))
)
def test_no_fact_of_base_counts_in_a_sealed_compartment(company: Company, type_: str, sample: Any) -> None:
    case = company.open()["case"]["id"]
    insider, under = own(company, case)
    body = sample(type_)
    before = {member: company.base(member) for member in ("mia", "dora")}
    at = insider.write(insider.event(type_, body), under=under)
    assert company.mia.ask("SELECT code FROM findings WHERE entry = ?", at) == [("compartment",)]
    assert company.of["dora"].ask("SELECT type FROM entries WHERE idx = ?", at) == [("sealed",)]
    assert {member: company.base(member) for member in ("mia", "dora")} == before


def test_a_reveal_told_in_a_sealed_compartment_decides_nothing_about_a_rotation(company: Company) -> None:
    """A candidate that was shown is not aborted: whether it was must be judged alike by those who don't read the case."""
    case = company.open()["case"]["id"]
    company.mia.ok("rotate", "shop")
    credential, n = company.mia.ask("SELECT credential, n FROM versions WHERE state = 'candidate'")[0]
    insider, under = own(company, case)
    told = {"credential": credential, "version": n, "purpose": "rotation"}
    for where in (under, insider.case):
        insider.write(insider.event("secret.revealed", told), under=where)
    assert company.base("mia") == company.base("dora") == company.base("kim")
    knows = "SELECT count(*) FROM exposures WHERE person = ? AND credential = ? AND n = ? AND strength = 'seen'"
    assert company.mia.ask(knows, company.id("dora"), credential, n) == [(0,)]
    dora = Insider(company.of["dora"])
    dora.write(dora.event("secret.revealed", told))  # the control: void as well, but everybody reads it
    for member in ("mia", "kim"):
        assert company.of[member].ask(knows, company.id("dora"), credential, n) == [(1,)]


@pytest.fixture
def sample(company: Company) -> Any:
    """A body of each type's shape, with ids that nobody has."""
    by_check: list[Any] = ["00" * 16, "00" * 32, "2026-11-21T09:00:00Z", "2026-11-21", "word", 1, True, {}, [], "00" * 64]

    def make(type_: str) -> dict[str, Any]:
        body = {}
        for field, check in FACTS[type_].body.items():
            words = [
                w for cell in (check.__closure__ or ()) if isinstance(cell.cell_contents, frozenset) for w in sorted(cell.cell_contents)
            ]
            body[field] = next(value for value in (*words, *by_check) if _fits(check, value))
        return body

    return make


def _fits(check: Any, value: Any) -> bool:
    try:
        return bool(check(value))
    except (TypeError, AttributeError):
        return False


def test_an_id_used_in_a_sealed_compartment_can_be_used_in_base(company: Company) -> None:
    """Else a bad insider could have an entry of `base` count for those who don't read the case, and not for those who do."""
    case = company.open()["case"]["id"]
    insider, under = own(company, case)
    event_id = os.urandom(16).hex()
    insider.write(insider.event("case.item_verified", {"case": case, "item": "00" * 16}, id=event_id), under=under)
    place = os.urandom(16).hex()
    insider.write(insider.event("place.added", {"place": place, "kind": "paper"}, id=event_id))
    for member in ("mia", "dora", "kim"):
        assert company.of[member].ask("SELECT count(*) FROM places WHERE id = ?", place) == [(1,)]
    again = insider.write(insider.event("place.added", {"place": os.urandom(16).hex(), "kind": "paper"}, id=event_id))
    assert company.mia.ask("SELECT code FROM findings WHERE entry = ?", again) == [("id-used",)]


def test_a_time_claimed_in_a_sealed_compartment_moves_no_clock(company: Company) -> None:
    """Expiries are judged by the ledger's time: it must be the same for those who don't read the case."""
    case = company.open()["case"]["id"]
    insider, under = own(company, case)
    before = company.clock("dora")
    insider.write(insider.event("case.item_verified", {"case": case, "item": "00" * 16}, at="2027-06-01T09:00:00Z"), under=under)
    assert company.clock("mia") == company.clock("dora") == before


def test_an_epoch_wrapped_twice_is_judged_alike_by_those_who_do_not_read_it(company: Company) -> None:
    case = company.open()["case"]["id"]
    epoch = company.mia.ask("SELECT id FROM epochs WHERE compartment = ?", case)[0][0]
    insider = Insider(company.mia)
    at = insider.write(insider.event("epoch.wrapped", {"wraps": [[epoch, company.key("mia")]], "digest": "00" * 32}))
    for member in ("mia", "dora", "kim"):
        assert company.of[member].ask("SELECT type FROM entries WHERE idx = ?", at) == [("epoch.wrapped",)]


def test_a_sealed_key_that_serves_base_afterwards_is_judged_alike(company: Company) -> None:
    """A key that began a sealed compartment begins, by the hand of the same insider, an epoch of `base`: nobody may refuse it whom others follow."""
    case = company.open()["case"]["id"]
    insider, (_, key) = own(company, case)
    base, last = insider.base
    recipients = [row[0] for row in company.mia.ask("SELECT id FROM keys WHERE state IN ('active', 'recovery') ORDER BY id")]
    wraps = []
    for recipient in recipients:
        seal = company.mia.ask("SELECT seal FROM keys WHERE id = ?", recipient)[0][0]
        wraps.append((key.id, bytes.fromhex(recipient), wrap_epoch(key.key, key.id, Recipient(bytes.fromhex(recipient), seal))))
    number = company.mia.ask("SELECT max(number) FROM epochs WHERE compartment = ?", base.hex())[0][0]
    with company.mia.database() as db:
        db.executemany("INSERT OR REPLACE INTO wrap VALUES (?, ?, ?)", wraps)
    body = {
        "compartment": base.hex(), "epoch": key.id.hex(), "number": number + 1, "previous": last.id.hex(), "previous_wrap": "00" * 32,
        "recipients": sorted(recipients), "wraps": set_digest([wrap_digest(*wrap) for wrap in wraps]).hex(),
    }  # fmt: skip
    at = insider.write(insider.event("epoch.started", body), under=(base, key))
    assert {company.of[member].ask("SELECT type FROM entries WHERE idx = ?", at)[0][0] for member in ("mia", "dora", "kim")} == {
        "epoch.started"
    }


def test_an_ordinary_case_does_not_bear_the_id_of_a_sealed_one(company: Company) -> None:
    """Else it would be void for those who read the sealed one, and stand for the others."""
    case = company.open()["case"]["id"]
    insider = Insider(company.mia)
    body = {
        "case": case,
        "person": company.id("dora"),
        "kind": "leaver",
        "cut_at": "2099-01-01T09:00:00Z",
        "items": 0,
        "frozen": "00" * 32,
        "frozen_at": 1,
    }
    at = insider.write(insider.event("case.opened", body), under=insider.case)
    for member in ("mia", "nora"):
        assert company.of[member].ask("SELECT code FROM findings WHERE entry = ?", at) == [("compartment",)]


def test_facts_of_a_case_stand_in_its_own_compartment(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    insider, under = own(company, case)
    at = insider.write(insider.event("case.cut", {"case": case}), under=insider.case)
    assert company.mia.ask("SELECT code FROM findings WHERE entry = ?", at) == [("compartment",)]
    second = {"case": os.urandom(16).hex(), "person": company.id("dora"), "kind": "leaver", "items": 0, "frozen": "00" * 32, "frozen_at": 1}
    at = insider.write(insider.event("case.opened", second), under=under)
    assert company.mia.ask("SELECT code FROM findings WHERE entry = ?", at) == [("compartment",)]
    without_time = {**second, "case": os.urandom(16).hex()}
    at = insider.write(insider.event("case.opened", without_time), under=insider.case)
    assert company.mia.ask("SELECT code FROM findings WHERE entry = ?", at) == [("shape",)]


def test_a_wrap_withheld_at_the_opening_is_made_up_for_at_the_cut(company: Company) -> None:
    """A named reader whose wrap was hidden passes over the case as others do, and reads all of it once the wrap is back and the cut is made."""
    case = company.open("--name-reader", "nora")["case"]["id"]
    own_key = bytes.fromhex(company.key("nora"))
    with company.mia.database() as db:
        epoch = db.execute("SELECT epoch FROM entry WHERE compartment = ?", (bytes.fromhex(case),)).fetchone()[0]
        row = db.execute("SELECT * FROM wrap WHERE target = ? AND recipient = ?", (epoch, own_key)).fetchone()
        db.execute("DELETE FROM wrap WHERE target = ? AND recipient = ?", (epoch, own_key))
    assert company.of["nora"].json("offboard", "list")["cases"] == []
    with company.mia.database() as db:
        db.execute("INSERT INTO wrap VALUES (?, ?, ?)", row)
    company.cut(case)
    assert company.of["nora"].register() == company.mia.register()


# --- stopped in between, and put back ----------------------------------------------------------------------------------------------------


def test_an_opening_killed_on_its_way_is_whole_or_nothing(company: Company, tmp_path: Path) -> None:
    words = ("offboard", "open", "ben", "--embargo", "--name-reader", "nora")
    names = steps(company.mia, tmp_path / "count", *words)
    for number, at in enumerate(
        (names.index("store insert_entries") + 1, names.index("store insert_wraps") + 1, names.index("store commit") + 1)
    ):
        other = Company(company.mia.copy(tmp_path / f"at{number}"))
        before = types(other, "dora")
        assert stopped(other.mia, at, "kill", *words).returncode == -9
        assert types(other, "dora") == before
        other.mia.ok("place", "add", "wall", "--kind", "paper")
        there = types(other, "nora")[len(before) :]
        assert there in (["place.added"], ["epoch.started", "case.opened", "place.added"])
        assert ("case.opened" in there) is (names[at - 1] == "store commit")
        assert {other.of[member].verify().code for member in other.of} == {0}


def test_a_database_of_yesterday_is_refilled_from_the_openers_journal(company: Company, tmp_path: Path) -> None:
    company.mia.ok("vault", "backup", "--out", str(tmp_path / "yesterday.db"))
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.of["dora"].ok("status")
    company.mia.ok("vault", "restore", str(tmp_path / "yesterday.db"))
    assert {company.of[member].verify().code for member in company.of} == {0}
    assert company.of["nora"].json("offboard", "list")["cases"][0]["id"] == case


def test_no_word_of_the_case_stands_in_database_or_in_the_journals_of_others(company: Company) -> None:
    case = company.open()["case"]["id"]
    for member in UNNAMED:
        company.of[member].ok("status")
        home = company.of[member].home
        with sqlite3.connect(home / "register.db") as db:
            assert db.execute("SELECT count(*) FROM cases").fetchone() == (0,)
        for path in (home / "register.db", home / "journal", company.mia.store):
            assert b"case.opened" not in path.read_bytes()
    assert len(case) == 32


# --- what readers do besides -------------------------------------------------------------------------------------------------------------


def test_a_second_machine_of_the_opener_reads_the_case_and_a_new_one_of_another_does_not(company: Company) -> None:
    case = company.open()["case"]["id"]
    for member, sees in (("mia", [case]), ("dora", [])):
        machine = company.of[member]
        issued = machine.json("key", "add-device")
        second = machine.of(f"{member}-second")
        words = second.json("join", issued["invite"])["fingerprint"]
        machine.ok("person", "approve", member, "--fingerprint", words)
        second.ok("join", issued["invite"])
        assert [one["id"] for one in second.json("offboard", "list")["cases"]] == sees
        assert second.verify().code == 0


def test_a_named_reader_with_a_new_key_goes_on_reading(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    issued = company.mia.json("person", "rekey", "nora")
    again = company.mia.of("nora-again")
    words = again.json("join", issued["invite"])["fingerprint"]
    company.mia.ok("person", "approve", "nora", "--fingerprint", words)
    again.ok("join", issued["invite"])
    assert [one["id"] for one in again.json("offboard", "list")["cases"]] == [case]
    assert company.key("nora") not in wrapped_to(company, case)
    assert again.verify().code == company.mia.verify().code == company.of["dora"].verify().code == 0


def test_an_embargoed_case_is_reported_to_its_readers(company: Company, tmp_path: Path) -> None:
    case = company.open()["case"]["id"]
    files = company.mia.json("offboard", "report", case, "--out", str(tmp_path / "report"))["files"]
    told = json.loads(Path(next(name for name in files if name.endswith(".json"))).read_text())
    assert (told["case"]["state"], told["case"]["cut_at"]) == ("open", None)


def test_another_recovery_key_comes_to_read_it_by_its_readers(company: Company, tmp_path: Path) -> None:
    """Somebody unnamed replaces recovery; the doctor of a reader says what is left to do, and no other's does."""
    case = company.open()["case"]["id"]
    dora = company.of["dora"]
    dora.ok("recovery", "replace", "--recovery", "1-of-1", "--recovery-out", str(tmp_path / "sheets"))
    proposed = dora.json("proposal", "list")["proposals"][0]["id"]
    sheets = [word for path in sorted((company.mia.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    dora.ok("proposal", "approve", proposed, *sheets)
    assert recovery(company) not in wrapped_to(company, case)
    assert "recovery-epoch" in company.mia.run("doctor", "--json").out
    dora.ok("recovery", "rewrap")
    assert "recovery-epoch" not in dora.run("doctor", "--json").out
    company.mia.ok("recovery", "rewrap")
    assert recovery(company) in wrapped_to(company, case)
    assert company.key("ben") not in wrapped_to(company, case)
    assert {company.of[member].verify().code for member in company.of} == {0}
