"""A service key gone astray, and people who use what belongs to services: judged by everybody's replay, void where no authority stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from govern.ledger.commitment import EpochKey
from govern.offboarding.kinds import CaseKind
from govern.procedures import offboard
from govern.vault.epoch import wrap_epoch

from .insider import Insider
from .vaults import Machine


def hours(number: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Firm:
    """mia and ben are admins; ben has authorised the service `night` to make cuts; dora holds accounts whose grants it may end."""

    def __init__(self, machine: Machine) -> None:
        self.mia, self.ben = machine, machine.of("ben")
        self.machine = machine.of("night")
        self.machine.home = self.ben.home / "services" / "night"
        self.machine.key = self.machine.home / "key"
        self.refresh()
        self.authority = self.by_night_authority("night")

    def refresh(self) -> None:
        """Insiders with the epochs of now."""
        self.by_mia = Insider(self.mia)
        self.night = Insider(self.machine)
        self.ids = dict(self.mia.ask("SELECT handle, id FROM people"))

    def by_night_authority(self, name: str) -> str:
        return str(self.mia.ask("SELECT id FROM services WHERE person = ? ORDER BY entry DESC", self.ids[name])[0][0])

    def grant(self) -> str:
        """A grant of dora's, on an account of its own."""
        account, grant = os.urandom(16).hex(), os.urandom(16).hex()
        body = {"account": account, "handle": f"a-{account[:8]}", "platform": "x", "tier": "standard", "custodian": self.ids["mia"]}
        self.by_mia.write(
            self.by_mia.event("account.added", body),
            self.by_mia.event("grant.issued", {"grant": grant, "account": account, "person": self.ids["dora"]}),
        )
        return grant

    def verdict(self, index: int) -> str:
        rows = self.mia.ask("SELECT code FROM findings WHERE entry = ?", index)
        return str(rows[0][0]) if rows else ""

    def tells(self, by: Insider, type_: str, body: dict[str, Any], **envelope: Any) -> str:
        return self.verdict(by.write(by.event(type_, body, **envelope)))

    def acts(self, type_: str = "", body: dict[str, Any] | None = None, **envelope: Any) -> str:
        """What becomes of an entry of the service, which ends a grant as a cut does: the rule against it, or nothing where it counts."""
        grant = self.grant()
        if body is None:
            type_, body = "grant.ended", {"grants": [grant], "cause": "departure"}
        envelope = {"authority": self.authority, **envelope}
        found = self.tells(self.night, type_, body, **{key: value for key, value in envelope.items() if value is not None})
        ended = self.mia.ask("SELECT ended_at FROM grants WHERE id = ?", grant)[0][0]
        assert bool(ended) is (found == "" and type_ == "grant.ended"), "a void entry changes nothing"
        return found


@pytest.fixture(scope="module")
def served(original: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Never to be touched: take `firm`, which is on a copy."""
    machine = original.copy(tmp_path_factory.mktemp("served"))
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    machine.of("ben").ok("key", "add-service", "night", "--purpose", "run-due", "--until", "2099-01-01")
    return machine


@pytest.fixture
def firm(served: Machine, tmp_path: Path) -> Firm:
    return Firm(served.copy(tmp_path / "copy"))


def test_control_a_standing_authority_is_enough(firm: Firm) -> None:
    assert firm.acts() == ""


def withdrawn(firm: Firm) -> str:
    assert firm.tells(firm.by_mia, "service.withdrawn", {"authority": firm.authority}) == "", "any admin may"
    return firm.acts()


def expired(firm: Firm) -> str:
    fields = {"service": firm.ids["night"], "purposes": ["run-due"], "until": hours(1)}
    assert firm.tells(firm.by_mia, "service.authorised", fields) == ""
    short = firm.by_night_authority("night")
    assert firm.acts(authority=short) == "", "the control: it stands for an hour"
    firm.mia.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}), now=hours(2))
    return firm.acts(authority=short, at=hours(0))  # backdated: the ledger's time decides


def of_another(firm: Firm) -> str:
    firm.mia.ok("key", "add-service", "probes", "--purpose", "probe")
    firm.refresh()
    return firm.acts(authority=firm.by_night_authority("probes"))


def authoriser_revoked(firm: Firm) -> str:
    firm.mia.ok("key", "revoke", Insider(firm.ben).keys.id.hex(), "--cause", "compromise")
    firm.refresh()
    return firm.acts()


def authoriser_demoted(firm: Firm) -> str:
    assert firm.tells(firm.by_mia, "role.withdrawn", {"person": firm.ids["ben"], "role": "admin"}) == ""
    return firm.acts()


def authoriser_back(firm: Firm) -> str:
    """An authority that has ended does not come back with the role."""
    assert authoriser_demoted(firm) == "authority-gone"
    firm.tells(firm.by_mia, "role.given", {"person": firm.ids["ben"], "role": "admin"})
    assert firm.mia.ask("SELECT 1 FROM roles WHERE person = ? AND role = 'admin'", firm.ids["ben"])
    return firm.acts()


def wrong_purpose(firm: Firm) -> str:
    firm.mia.write(
        lambda tx: tx.record("service.authorised", {"service": firm.ids["night"], "purposes": ["remind", "probe"]}),
    )
    return firm.acts(authority=firm.by_night_authority("night"))


CITED: dict[str, tuple[str, Callable[[Firm], str]]] = {
    "none": ("authority-missing", lambda f: f.acts(authority=None)),
    "one that the ledger does not have": ("authority-unknown", lambda f: f.acts(authority=os.urandom(16).hex())),
    "some other entry": ("authority-unknown", lambda f: f.acts(authority=f.mia.ask("SELECT id FROM entries WHERE idx = 4")[0][0])),
    "no id": ("malformed", lambda f: f.acts(authority="x")),
    "another service's": ("authority-other", of_another),
    "one that was withdrawn": ("authority-withdrawn", withdrawn),
    "one that has expired": ("authority-expired", expired),
    "one whose giver's key was revoked": ("authority-gone", authoriser_revoked),
    "one whose giver is no admin any more": ("authority-gone", authoriser_demoted),
    "one whose giver became admin again": ("authority-gone", authoriser_back),
    "one for another purpose": ("authority-purpose", wrong_purpose),
}


@pytest.mark.parametrize("case", CITED)
def test_an_entry_of_a_service_without_a_standing_authority_is_void(firm: Firm, case: str) -> None:
    rule, attack = CITED[case]
    assert attack(firm) == rule


def test_a_service_key_that_was_revoked_signs_nothing(firm: Firm) -> None:
    """No signature of it is taken at all: the store is refused, not the entry."""
    firm.mia.ok("key", "revoke", "--person", "night", "--cause", "compromise")
    firm.night.write(firm.night.event("grant.ended", {"grants": [], "cause": "departure"}, authority=firm.authority))
    told = firm.mia.refuses("ledger", "verify", "--json")
    assert "sign" in told.json()["error"]["message"]


BEYOND: dict[str, Callable[[Firm], tuple[str, dict[str, Any]]]] = {
    "grants": lambda f: ("grant.issued", {"grant": "1" * 32, "account": "2" * 32, "person": f.ids["dora"]}),
    "a revocation that is no cut's": lambda f: ("grant.ended", {"grants": [], "cause": "revoked"}),
    "an admin of its own": lambda f: ("role.given", {"person": f.ids["dora"], "role": "admin"}),
    "another authority for itself": lambda f: ("service.authorised", {"service": f.ids["night"], "purposes": ["probe"]}),
    "another machine for itself": lambda f: (
        "invite.issued", {"invite": "1" * 32, "person": f.ids["night"], "purpose": "device", "token": "0" * 64, "expires": hours(24)},
    ),
    "a key that is lost": lambda f: ("key.revoked", {"key": f.by_mia.keys.id.hex(), "cause": "lost"}),
    "a person": lambda f: ("person.added", {"person": "1" * 32}),
    "a departure": lambda f: ("person.leaving", {"person": f.ids["mia"]}),
    "a proposal": lambda f: (
        "proposal.made", {"proposal": "1" * 32, "act": "role", "parameters": {"person": f.ids["dora"], "role": "admin"}},
    ),
    "a reveal": lambda f: ("secret.revealed", {"credential": "1" * 32, "version": 1, "purpose": "reveal"}),
    "a probe": lambda f: ("secret.revealed", {"credential": "1" * 32, "version": 1, "purpose": "probe"}),
    "an export": lambda f: ("secrets.exported", {"export": "1" * 32, "versions": [], "part": 1, "of": 1}),
    "a rotation as if it were a compromise": lambda f: ("rotation.opened", {"rotation": "1" * 32, "credential": "2" * 32, "trigger": "compromise"}),
    "rotations as if it were a compromise": lambda f: ("rotations.opened", {"rotations": [["1" * 32, "2" * 32, ""]], "trigger": "compromise"}),
    "candidates": lambda f: ("candidates.staged", {"candidates": [], "recipients": [], "wraps": "0" * 64}),
    "a rotation that never was": lambda f: ("rotation.confirmed", {"rotation": "1" * 32, "version": 2, "grade": "probed"}),
    "a backup": lambda f: ("backup.made", {"size": 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", BEYOND)
def test_a_stray_key_for_cuts_records_nothing_else(firm: Firm, case: str) -> None:
    assert firm.acts(*BEYOND[case](firm)) == "authority-purpose"


def test_a_stray_key_revokes_nobody_who_stays(firm: Firm) -> None:
    revoke = ("key.revoked", {"key": firm.by_mia.keys.id.hex(), "cause": "departure"})
    assert firm.acts(*revoke) == "authority"
    ben = {"key": Insider(firm.ben).keys.id.hex(), "cause": "departure"}
    firm.mia.ok("key", "add-service", "night", "--purpose", "run-due")
    assert firm.tells(firm.by_mia, "person.leaving", {"person": firm.ids["ben"]}) == ""
    assert firm.acts("key.revoked", ben, authority=firm.by_night_authority("night")) == "", "the control: of somebody who leaves"


def test_a_stray_key_takes_nothing_from_recovery(firm: Firm) -> None:
    query = (
        "SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN versions v USING (credential, n) JOIN keys k ON k.id = w.key"
        " WHERE w.ended IS NULL AND k.state {} 'recovery' LIMIT 1"
    )
    rows = {which: firm.mia.ask(query.format(which))[0] for which in ("=", "<>")}
    body = {which: {"wraps": [[credential, n, key, "0" * 64]]} for which, (credential, n, key, _) in rows.items()}
    assert firm.acts("wraps.ended", body["="]) == "service-recovery"
    assert firm.acts("wraps.ended", body["<>"]) in ("", "no-secret-lost"), "the control: another's"


def test_a_stray_key_shuts_no_reader_of_the_cases_out(firm: Firm) -> None:
    def start(*without: str) -> str:
        compartment, before = firm.night.case
        after = EpochKey(os.urandom(32))
        number, last = firm.mia.ask("SELECT number, id FROM epochs WHERE compartment = ? ORDER BY number DESC", compartment.hex())[0]
        rows = firm.mia.ask("SELECT w.key FROM epoch_wraps w JOIN keys k ON k.id = w.key WHERE w.epoch = ? AND k.state <> 'revoked'", last)
        people = {"mia": firm.by_mia.keys, "ben": Insider(firm.ben).keys, "night": firm.night.keys}
        gone = {people[who].id.hex() for who in without}
        body = {
            "compartment": compartment.hex(), "epoch": after.id.hex(), "number": number + 1, "previous": before.id.hex(),
            "recipients": sorted({key for (key,) in rows} - gone), "wraps": "0" * 64, "previous_wrap": "0" * 64,
        }  # fmt: skip
        event = firm.night.event("epoch.started", body, authority=firm.authority)
        with firm.mia.database() as db:
            for keys in people.values():
                db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (after.id, keys.id, wrap_epoch(after.key, after.id, keys.recipient)))
        return firm.verdict(firm.night.write(event, under=(compartment, after)))

    assert start("ben") == "epoch-recipients"
    assert start() == "", "the control: with everybody who reads them"


def test_a_service_makes_no_cut_of_whoever_authorised_it(firm: Firm) -> None:
    """With their key its authority would end halfway. Others' cuts go on, and it makes this one too once somebody else authorises it."""
    for who in ("ben", "dora"):
        opening = offboard.Opening(person=who, kind=CaseKind.LEAVER, cut_at=hours(1))
        firm.mia.write(lambda tx, opening=opening: offboard.open_(tx, opening))
    made = firm.machine.write(offboard.run_due, now=hours(2))
    assert [one.case.person for one in made] == [firm.ids["dora"]]
    firm.mia.write(lambda tx: tx.record("service.authorised", {"service": firm.ids["night"], "purposes": ["run-due"]}), now=hours(2))
    made = firm.machine.write(offboard.run_due, now=hours(2))
    assert [one.case.person for one in made] == [firm.ids["ben"]]
    assert firm.mia.ask("SELECT 1 FROM findings") == []


def test_a_service_ticks_nothing_that_only_people_can_see(firm: Firm) -> None:
    """It ends what the ledger shows. The control: the same entry by a person."""
    place = "b" * 32
    for type_, body in (
        ("place.added", {"place": place, "kind": "sheet"}),
        ("place.member", {"place": place, "person": firm.ids["dora"]}),
        ("place.holds", {"place": place, "accounts": [firm.mia.ask("SELECT id FROM accounts LIMIT 1")[0][0]]}),
    ):
        assert firm.tells(firm.by_mia, type_, body) == ""
    firm.mia.write(lambda tx: offboard.open_(tx, offboard.Opening(person="dora", kind=CaseKind.LEAVER, cut_at=tx.now)))
    case, item = firm.mia.ask("SELECT case_id, id FROM items WHERE kind = 'clean-place'")[0]
    body = {"case": case, "item": item, "state": "done", "grade": "one-person"}
    event = firm.night.event("case.item_ended", body, authority=firm.authority)
    assert firm.verdict(firm.night.write(event, under=firm.night.case)) == "service-item"
    by_person = firm.by_mia.event("case.item_ended", body)
    assert firm.verdict(firm.by_mia.write(by_person, under=firm.by_mia.case)) == ""


# --- what people do with services ------------------------------------------------------------------------------------------------------


def test_nobody_but_a_service_names_an_authority(firm: Firm) -> None:
    place = {"place": os.urandom(16).hex(), "kind": "paper"}
    assert firm.tells(firm.by_mia, "place.added", place, authority=firm.authority) == "authority-needless"
    assert firm.tells(firm.by_mia, "place.added", place) == "", "the control: without one"


def test_only_an_admin_authorises_and_withdraws(firm: Firm) -> None:
    by_ben = Insider(firm.ben)
    fields = {"service": firm.ids["night"], "purposes": ["run-due"]}
    assert firm.tells(by_ben, "service.authorised", fields) == "", "the control"
    assert firm.tells(firm.by_mia, "role.withdrawn", {"person": firm.ids["ben"], "role": "admin"}) == ""
    assert firm.tells(by_ben, "service.authorised", fields) == "authority"
    assert firm.tells(by_ben, "service.withdrawn", {"authority": firm.authority}) == "authority"


MISUSES: dict[str, tuple[str, Callable[[Firm], tuple[str, dict[str, Any]]]]] = {
    "a person made a service": ("service-person", lambda f: ("service.authorised", {"service": f.ids["ben"], "purposes": ["probe"]})),
    "a service without a purpose": ("service-purpose", lambda f: ("service.authorised", {"service": f.ids["night"], "purposes": []})),
    "of nobody": ("unknown-reference", lambda f: ("service.authorised", {"service": "1" * 32, "purposes": ["probe"]})),
    "an admin that is a service": ("service-role", lambda f: ("role.given", {"person": f.ids["night"], "role": "hr"})),
    "a person in the role": ("service-role", lambda f: ("role.given", {"person": f.ids["dora"], "role": "service"})),
    "the role taken away": ("service-role", lambda f: ("role.withdrawn", {"person": f.ids["night"], "role": "service"})),
    "an account": (
        "service-grant",
        lambda f: (
            "account.added",
            {"account": "1" * 32, "handle": "mine", "platform": "x", "tier": "standard", "custodian": f.ids["night"]},
        ),
    ),
    "a grant": (
        "service-grant",
        lambda f: (
            "grant.issued", {"grant": "1" * 32, "account": f.mia.ask("SELECT id FROM accounts LIMIT 1")[0][0], "person": f.ids["night"]},
        ),
    ),
    "the answer for an account": (
        "service-grant",
        lambda f: ("account.custody", {"account": f.mia.ask("SELECT id FROM accounts LIMIT 1")[0][0], "custodian": f.ids["night"]}),
    ),
    "the place of a deputy": (
        "service-grant",
        lambda f: ("account.edited", {"account": f.mia.ask("SELECT id FROM accounts LIMIT 1")[0][0], "deputy": f.ids["night"]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISUSES)
def test_what_no_admin_makes_of_a_service(firm: Firm, case: str) -> None:
    rule, fact = MISUSES[case]
    type_, body = fact(firm)
    if type_ == "grant.issued":
        firm.mia.write(lambda tx: tx.record("account.added", body_of(firm)))
        body["account"] = "9" * 32
    assert firm.tells(firm.by_mia, type_, body) == rule


def body_of(firm: Firm) -> dict[str, Any]:
    return {"account": "9" * 32, "handle": "new", "platform": "x", "tier": "standard", "custodian": firm.ids["mia"]}


def test_a_register_made_again_has_the_same_services(firm: Firm) -> None:
    withdrawn(firm)
    before = firm.mia.register()
    firm.mia.forget("register")
    assert firm.mia.register() == before
