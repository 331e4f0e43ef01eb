"""What a sealed compartment can't do: reach the person it is about, or change what is decided outside of it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from govern.errors import Refused
from govern.facts import FACTS
from govern.ledger.commitment import EpochKey
from govern.procedures import epochs
from govern.vault.epoch import wrap_epoch
from govern.vault.keys import Recipient
from govern.vault.seal import set_digest, wrap_digest

from .embargoed import NAMED, Company, wrapped_to
from .insider import Insider


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


OF_BASE = sorted(name for name, fact in FACTS.items() if fact.compartment == "base" and name not in ("vault.founded", "epoch.started"))


@pytest.mark.parametrize(
    "type_", [pytest.param(name, marks=[] if number % 4 == 0 else [pytest.mark.slow]) for number, name in enumerate(OF_BASE)]
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
