"""Whatever people do, in whatever order: no case closes while its person could know a secret that works and nobody gave it up.

Two members with keys (mia, and bo who is an admin too), a third who comes to be HR and is it no more, people without keys, some of an agency, two
accounts; grants, places, declared knowledge, roles there, tools, devices, recovery channels, reveals, rotations by either, old secrets brought
back, departures planned and cut, items ended in every way, on paper too. Each refusal is part of the game, and what must hold is worked out from
plain rows and from what was told here.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from govern.errors import GovernError
from govern.offboarding import checklist
from govern.offboarding.items import ItemState
from govern.offboarding.kinds import CaseKind
from govern.procedures import apps, channels, devices, entitlements, offboard, offboard_items, offboard_sheet, people
from govern.procedures import rotation as steps
from govern.procedures.apps import Connection
from govern.procedures.devices import Given
from govern.procedures.entitlements import Role
from govern.procedures.people import NewPerson
from govern.register.queries import cases, rotatable, rotations, ties

from . import oracle
from .conftest import Company, Originals

PLACE = "b" * 32

WHO = st.sampled_from(["anna", "cy", "bo"])
MEMBER = st.sampled_from(["mia", "bo"])
SECRET = st.integers(0, 2)
TYPED = st.sampled_from(["", "", "first-secret", "second-secret"])
LEARN = ("declare", "place", "leave place", "hand over", "grant", "custody", "reveal", "wait", "role", "tool", "device", "channel", "end")
LATE = st.sampled_from(["", "declare", "hand over", ""])
"""What somebody still comes to know when all is worked off."""
PEOPLE = ("somebody new", "hr", "no hr", "recover through")
ROTATE = st.sampled_from(["rotate", "rotate", "start", "show", "confirm", "reject", "unsure", "lose", "abort"])
DEPART = st.sampled_from([
    "open", "open", "plan", "work off", "work off", "work off", "close", "refresh", "run due", "cut", "done", "verify", "waived", "not-applicable",
    "reopen", "sheet",
])  # fmt: skip
KIND = st.sampled_from([CaseKind.DEVICE_LOST, CaseKind.LEAVER, CaseKind.MOVER, CaseKind.LEAVER, CaseKind.PAUSE, CaseKind.AGENCY_ENDED])
KEEP = st.sampled_from([(), ("shop",), ("blog",)])


class Firm(Company):
    """The beginning of every sequence."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("olga", "auditor")  # looks on, and is nobody's second: the keys of the others may end
        self.person("anna")
        self.agency("cy")
        self.account("shop", "mia", "bo")
        self.account("blog", "mia", "cy", tier="critical")
        self.fact("place.added", {"place": PLACE, "kind": "manager"}, {"name": "Elsewhere"})
        self.secret("shop", "recovery-phone", "004512345678")
        self.secrets = (
            self.secret("shop"),
            self.secret("blog"),
            self.secret("blog", "api-token", kept_in=PLACE, origin="claimed"),
        )

    def agency(self, handle: str) -> None:
        """Somebody of the agency whose contract can end."""
        new = NewPerson(name=handle.title(), handle=handle, agency="Studio")
        self.ids[handle] = self.do(people.add, new).id


class Departures(RuleBasedStateMachine):
    originals: Originals

    def __init__(self) -> None:
        super().__init__()
        self.end = ExitStack()
        self.company = self.end.enter_context(self.originals.copy(Firm))
        self.secrets = self.company.secrets
        self.closed: set[str] = set()
        self.told: dict[str, set[tuple[str, int]]] = {}
        """Who was told of which version here, remembered apart from the register."""

    def teardown(self) -> None:
        """Every frozen list is what the ledger says for that instant, replayed up to the index that the case names."""
        try:
            for case in cases.cases(self.company.db("olga"), reader="")[:3]:
                with closing(oracle.as_of(self.company, case.frozen_at)) as then:
                    assert oracle.frozen(then, case.person) == case.frozen
        finally:
            self.end.close()

    def attempt(self, work: Any, *arguments: Any, **more: Any) -> bool:
        """Whether it was done: refusals are answers; anything else is a defect."""
        try:
            work(*arguments, **more)
        except GovernError:
            return False
        return True

    def tell(self, secret: int, person: str, work: Any, *arguments: Any, **more: Any) -> None:
        """Something by which the person could know the secret in force, if it is done."""
        credential = self.secrets[secret]
        current = rotatable.of_credential(self.company.db("olga"), credential).current
        if self.attempt(work, *arguments, **more):
            self.told.setdefault(self.company.ids[person], set()).add((credential, current))

    def on_case(self, work: Any, case: Any, by: str) -> None:
        self.attempt(self.company.do, lambda tx: work(tx, cases.by_id(tx.register, case.id, reader=tx.actor)), by=by)

    @rule(what=st.sampled_from(LEARN), secret=SECRET, person=WHO)
    def learn(self, what: str, secret: int, person: str) -> None:
        company, credential, who = self.company, self.secrets[secret], self.company.ids[person]
        account = company.ids["shop" if secret == 0 else "blog"]
        match what:
            case "declare":
                self.tell(secret, person, company.declare, credential, person)
            case "place":
                self.tell(2, person, company.fact, "place.member", {"place": PLACE, "person": who})
            case "leave place":
                self.attempt(company.fact, "place.member", {"place": PLACE, "person": who, "until": company.now[:10]})
            case "hand over":
                current = rotatable.of_credential(company.db("olga"), credential).current
                given = {"credential": credential, "version": current, "person": who, "via": "call"}
                self.tell(secret, person, company.fact, "secret.handed_over", given)
            case "grant":
                grant = f"{company.moment.timestamp():032.0f}"
                self.attempt(company.fact, "grant.issued", {"grant": grant, "account": account, "person": who})
            case "role":
                self.attempt(company.do, entitlements.add, "shop" if secret == 0 else "blog", person, Role(name="owner"))
            case "tool":
                self.attempt(company.do, apps.add, "shop" if secret == 0 else "blog", Connection(tool="buffer", by=person))
            case "device":
                self.attempt(company.do, devices.add, person, Given(kind="phone", signed_in=("shop",)))
            case "channel":
                self.attempt(company.do, channels.reaches, "shop", "recovery-phone", "personal", person)
            case "end":
                self.attempt(company.do, entitlements.end, "shop" if secret == 0 else "blog", person, by="bo")
                self.attempt(company.do, apps.end, "shop" if secret == 0 else "blog", "buffer", person, by="bo")
            case "custody":
                self.attempt(company.fact, "account.custody", {"account": account, "custodian": who})
            case "reveal":
                current = rotatable.of_credential(company.db("olga"), credential).current
                shown = {"credential": credential, "version": current, "purpose": "reveal"}
                self.tell(secret, "bo", company.fact, "secret.revealed", shown, by="bo")
            case "wait":
                company.later(hours=30)
            case _:
                raise AssertionError(what)

    @rule(what=st.sampled_from(PEOPLE), person=WHO)
    def people(self, what: str, person: str) -> None:
        """Who there is, and who else could sign: olga becomes HR and is it no more; somebody from the agency comes, and knows the shop's secret."""
        company, olga = self.company, self.company.ids["olga"]
        match what:
            case "somebody new":
                if "dina" not in company.ids:
                    self.attempt(company.agency, "dina")
                if "dina" in company.ids:
                    self.tell(0, "dina", company.declare, self.secrets[0], "dina")
            case "hr" | "no hr":
                self.attempt(company.fact, "role.given" if what == "hr" else "role.withdrawn", {"person": olga, "role": "hr"})
            case "recover through":
                self.attempt(company.do, channels.reaches, "shop", "recovery-phone", "personal", person)
            case _:
                raise AssertionError(what)

    @rule(act=ROTATE, secret=SECRET, by=MEMBER, typed=TYPED)
    def rotation(self, act: str, secret: int, by: str, typed: str) -> None:
        credential, given = self.secrets[secret], "" if secret == 2 else typed
        if act in ("rotate", "start"):
            self.attempt(getattr(self.company, act), credential, given, by=by)
        elif rotations.open_of(self.company.db("olga"), credential) is not None:
            step = (lambda tx, found: steps.show(tx, found, "new")) if act == "show" else getattr(steps, act)
            self.attempt(self.company.do, lambda tx: step(tx, rotations.open_of(tx.register, credential)), by=by)

    @rule(
        ways=st.lists(st.tuples(st.sampled_from(LEARN), SECRET), min_size=1, max_size=4),
        person=WHO,
        by=MEMBER,
        other=MEMBER,
        own=st.booleans(),
        kind=KIND,
        late=LATE,
    )
    def affair(self, ways: list[tuple[str, int]], person: str, by: str, other: str, own: bool, kind: CaseKind, late: str) -> None:
        """Somebody comes to know this and that, leaves, perhaps changing it themselves on their last day, and it is worked off: what random steps
        seldom come to in this order."""
        for what, secret in ways:
            self.learn(what, secret, person)
        self.attempt(self.company.offboard, person, by=by, cut_in=int(own), kind=kind)
        if own and person in self.company.members:
            for credential in self.secrets:
                self.attempt(self.company.rotate, credential, by=person)
        for case in cases.cases(self.company.db("olga"), reader=""):
            if case.person == self.company.ids[person] and case.state != "closed":
                self.work_off(case, other, other if own else by, "", skip=0, late=(late, person))

    @rule(
        act=DEPART,
        pick=st.integers(0, 2),
        number=st.integers(1, 5),
        by=MEMBER,
        other=MEMBER,
        typed=TYPED,
        person=st.sampled_from(["anna", "cy", "bo", "mia"]),
        kind=KIND,
        keep=KEEP,
    )
    def departure(self, act: str, pick: int, number: int, by: str, other: str, typed: str, person: str, kind: CaseKind, keep: Any) -> None:
        company, found = self.company, cases.cases(self.company.db("olga"), reader="")
        if act in ("open", "plan") or not found:
            keep = keep if kind is CaseKind.MOVER else ()
            self.attempt(company.offboard, person, by=by, cut_in=int(act == "plan"), kind=kind, keep=keep)
            return
        case = found[pick % len(found)]
        match act:
            case "work off":
                self.work_off(case, by, other, typed, skip=number * pick)
            case "run due":
                self.attempt(company.do, offboard.run_due, by=by)
            case "close" | "refresh" | "cut":
                self.on_case({"close": offboard_items.close, "refresh": offboard.refresh, "cut": offboard.cut}[act], case, by)
            case "sheet":
                self.on_case(lambda tx, case: offboard_sheet.enter(tx, case, self.codes(case, number), person), case, by)
            case _:
                self.attempt(company.end, case, number, act, by=by)

    def codes(self, case: Any, number: int) -> list[str]:
        """Those of the items up to this one, as a sheet would bring them back."""
        return [entry.code for entry in self.company.items(case, by="olga") if entry.number <= number]

    def work_off(self, case: Any, by: str, other: str, typed: str, *, skip: int, late: tuple[str, str] = ("", "")) -> None:
        """One item after the other, by one or two people, perhaps leaving one out or bringing an old secret back; then both try to close."""
        self.on_case(offboard.cut, case, by)
        for entry in self.company.items(case, by="olga"):
            if entry.state is not ItemState.OPEN or entry.number == skip:
                continue
            if entry.item.kind == "rotate":
                self.attempt(self.company.rotate, entry.item.credential, "" if entry.credential_kind == "api-token" else typed, by=by)
            elif entry.number % 2:
                self.on_case(lambda tx, case, code=entry.code: offboard_sheet.enter(tx, case, [code], "cy"), case, by)
            else:
                self.attempt(self.company.end, case, entry.number, "not-applicable", by=by)
        for entry in self.company.items(case, by="olga"):
            if entry.state is ItemState.OPEN and entry.item.kind != "rotate" and entry.number != skip:
                self.attempt(self.company.end, case, entry.number, "waived", by=other)
            self.attempt(self.company.end, case, entry.number, "verify", by=other)
        if late[0]:
            self.learn(late[0], 0, late[1])
        for member in (other, by):
            self.on_case(offboard_items.close, case, member)

    # --- what must hold ---------------------------------------------------------------------------------------------------------------

    @invariant()
    def a_closed_case_leaves_nothing_known(self) -> None:
        """Looked at when it closes: what is declared about somebody years later is a matter of the next case."""
        db = self.company.db("olga")
        for case in cases.cases(db, reader=""):
            if case.state != "closed" or case.id in self.closed:
                continue
            self.closed.add(case.id)
            assert not case.left
            assert oracle.still_known(db, case, self.told.get(case.person, ())) == set()
            assert oracle.still_tied(db, case) == set()
            if case.kind in ("leaver", "agency-ended"):
                assert db.execute("SELECT count(*) FROM grants WHERE person = ? AND ended_at IS NULL", (case.person,)).fetchone() == (0,)
            oracle.nobody_signed_off_their_own(db, case)
            assert oracle.others_who_could_sign(db, case) == set() or not case.signed_by_one

    @invariant()
    def nobody_verifies_their_own_work(self) -> None:
        oracle.nobody_verified_their_own(self.company.db("olga"))

    @invariant()
    def what_works_can_be_opened(self) -> None:
        """Recovery can open every live sealed version, and a rotation item that is done is about a version that has ended."""
        db = self.company.db("olga")
        rows = db.execute(
            "SELECT count(*) FROM versions v WHERE v.manifest IS NOT NULL AND v.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM wraps w"
            " JOIN keys k ON k.id = w.key WHERE w.credential = v.credential AND w.n = v.n AND w.ended IS NULL AND k.state = 'recovery')"
        )
        assert rows.fetchone() == (0,)
        early = db.execute(
            "SELECT count(*) FROM items i JOIN versions v ON v.credential = i.credential AND v.n = i.n"
            " WHERE i.kind = 'rotate' AND i.state = 'done' AND v.ended_at IS NULL"
        )
        assert early.fetchone() == (0,)

    @invariant()
    def one_current_version_each(self) -> None:
        rows = self.company.db("olga").execute("SELECT count(*) FROM versions WHERE state = 'current' GROUP BY credential")
        assert {count for (count,) in rows} <= {1}


@pytest.mark.parametrize("examples", [4, pytest.param(200, marks=pytest.mark.slow)])
def test_no_sequence_closes_a_case_whose_person_still_knows(originals: Originals, examples: int) -> None:
    Departures.originals = originals
    run_state_machine_as_test(
        Departures,
        settings=settings(max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)),
    )


def test_the_frozen_list_of_any_case_is_what_the_ledger_said_at_that_instant(company: Any) -> None:
    """Recomputed from a replay up to the index that the case names."""
    for person in ("anna", "cy"):
        company.person(person)
    shop = company.shop("mia", "anna")
    company.declare(shop, "anna")
    company.later(days=1)
    case = company.offboard("anna")
    company.rotate(shop)
    company.declare(shop, "anna")
    replayed = oracle.as_of(company, case.frozen_at)
    assert checklist.frozen(ties.known(replayed, case.person)) == case.frozen == oracle.frozen(replayed, case.person)
    assert checklist.frozen(ties.known(company.db(), case.person)) != case.frozen
