"""Whatever people do, in whatever order: no joiner's case closes over something that is asked and nobody did, gave up or looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from govern.errors import GovernError
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.kinds import CaseKind
from govern.procedures import documents, entitlements, grant, offboard, offboard_items, onboard
from govern.register.queries import cases

from ..departing.conftest import Originals
from .conftest import House

NAME = "corporate-accounts"
BY = st.sampled_from(["mia", "bo", "hr", "cy"])
ACCOUNT = st.sampled_from(["shop", "page", "feed"])
END = st.sampled_from(["done", "done", "verify", "waived", "waived", "not-applicable", "reopen"])


class Firm(House):
    """A document is asked for on two platforms with roles and one without."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.account("feed", platform="mastodon")
        self.do(documents.adopt, NAME, {"en": "# Rules\n\nBe kind.\n"}, {}, by="hr")
        self.do(documents.publish, NAME, deadline="2026-12-31", by="hr")


class Joining(RuleBasedStateMachine):
    originals: Originals

    def __init__(self) -> None:
        super().__init__()
        self.kept = self.originals.copy(Firm)
        self.firm = self.kept.__enter__()
        self.closed: set[str] = set()
        self.done(onboard.open_, onboard.Opening(person="anna", starts_on="2026-11-24", accounts=("shop", "feed")), by="hr")

    def teardown(self) -> None:
        """Another member's machine, which replays all of it, has the same, and found nothing void."""
        try:
            mine, theirs = (self.firm.db(who) for who in ("mia", "bo"))
            query = "SELECT case_id, kind, account, about, state, ended_by, cites FROM items ORDER BY case_id, seq"
            assert mine.execute(query).fetchall() == theirs.execute(query).fetchall()
            assert theirs.execute("SELECT count(*) FROM findings").fetchone() == (0,)
        finally:
            self.kept.__exit__(None, None, None)

    def done(self, work: Any, *arguments: Any, by: str) -> None:
        """Refusals are answers; anything else is a defect."""
        try:
            self.firm.do(work, *arguments, by=by)
        except GovernError:
            pass

    def on(self, work: Any, *more: Any, by: str, pick: int) -> None:
        found = [case for case in cases.cases(self.firm.db(), reader="") if case.joins]
        case = found[pick % len(found)]
        self.done(lambda tx: work(tx, cases.by_id(tx.register, case.id, reader=tx.actor), *more), by=by)

    @rule(by=BY, person=st.sampled_from(["anna", "hr", "bo"]), account=ACCOUNT, hand=st.booleans())
    def opened(self, by: str, person: str, account: str, hand: bool) -> None:
        self.done(onboard.open_, onboard.Opening(person=person, starts_on="2026-11-24", accounts=(account,), by_hand=hand), by=by)

    @rule(by=BY, pick=st.integers(0, 2), account=ACCOUNT)
    def added(self, by: str, pick: int, account: str) -> None:
        self.on(onboard.add, [account], by=by, pick=pick)

    @rule(act=END, by=BY, pick=st.integers(0, 2), number=st.integers(0, 7))
    def ended(self, act: str, by: str, pick: int, number: int) -> None:
        def work(tx: Any, case: Any) -> None:
            entries = cases.items(tx.register, case.id)
            entry = entries[number % len(entries)]
            if act in ("waived", "not-applicable"):
                offboard_items.give_up(tx, case, entry, ItemState(act), "tried")
            else:
                getattr(offboard_items, act)(tx, case, entry)

        self.on(work, by=by, pick=pick)

    @rule(person=st.sampled_from(["anna", "hr", "bo"]), account=ACCOUNT, by=BY, what=st.sampled_from(["sign", "role", "grant", "leave"]))
    def given(self, person: str, account: str, by: str, what: str) -> None:
        match what:
            case "sign" if person == "anna":
                self.done(lambda tx: documents.record_sheet(tx, NAME, person, evidence="5" * 64), by=by)
            case "sign":
                self.done(lambda tx: documents.sign(tx, NAME, documents.documents.in_force(tx.register, NAME).version), by=person)
            case "role":
                self.done(entitlements.add, account, person, entitlements.Role(name="editor"), by=by)
            case "grant":
                self.done(grant.grant, grant.Request(selector=account, person=person, like="", asked=grant.grants.Asked()), by=by)
            case _ if person == "anna" and account == "feed":
                self.done(lambda tx: offboard.open_(tx, offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at=tx.now)), by=by)

    @rule(by=BY, other=BY, pick=st.integers(0, 2), skip=st.integers(0, 12), verified=st.booleans())
    def worked_off(self, by: str, other: str, pick: int, skip: int, verified: bool) -> None:
        """One item after the other as it asks, but for one perhaps; the rest is waived; then both try to close."""
        found = [case for case in cases.cases(self.firm.db(), reader="") if case.joins]
        case = found[pick % len(found)]
        handles = {id_: handle for handle, id_ in self.firm.ids.items()}
        for _ in range(2):
            for entry in cases.items(self.firm.db(), case.id):
                if entry.number == skip or entry.state is not ItemState.OPEN:
                    continue
                does = {ItemKind.ACKNOWLEDGE: "sign", ItemKind.NATIVE_ROLE: "role", ItemKind.GRANT: "grant"}.get(entry.item.kind)
                if does:
                    self.given(handles[case.person], entry.handle, "mia", does)
                act = "done" if does or entry.item.kind in (ItemKind.HAND_OUT, ItemKind.ADDRESS) else "waived"
                self.ended(act, other if act == "waived" else by, pick, entry.number - 1)
            self.settled(by, pick, close=False)
        for entry in cases.items(self.firm.db(), case.id) if verified else ():
            self.ended("verify", other, pick, entry.number - 1)
        for member in (by, other):
            self.settled(member, pick, close=True)

    @rule(by=BY, pick=st.integers(0, 2), close=st.booleans())
    def settled(self, by: str, pick: int, close: bool) -> None:
        self.on(offboard_items.close if close else offboard.refresh, by=by, pick=pick)

    @invariant()
    def what_is_done_was_done(self) -> None:
        """Each item that the ledger can show cites the entry that did it, and nobody ended or looked at one of their own case."""
        db = self.firm.db()
        for case in cases.cases(db, reader=""):
            if not case.joins:
                continue
            for entry in cases.items(db, case.id):
                told = entry.item.kind in (ItemKind.HAND_OUT, ItemKind.ADDRESS)
                assert (entry.cites is not None) is (entry.state is ItemState.DONE and not told)
                assert case.person != entry.verifier
                assert case.person != entry.ended_by or entry.item.kind is ItemKind.ACKNOWLEDGE, (
                    "their own signature, which is what is asked"
                )

    @invariant()
    def a_closed_case_leaves_nothing_open(self) -> None:
        db = self.firm.db()
        for case in cases.cases(db, reader=""):
            if not case.joins or case.state != "closed" or case.id in self.closed:
                continue
            self.closed.add(case.id)
            entries = cases.items(db, case.id)
            assert case.closer != case.person
            assert not [entry for entry in entries if entry.state is ItemState.OPEN]
            leaves = db.execute("SELECT leaving OR left_on IS NOT NULL FROM people WHERE id = ?", (case.person,)).fetchone()[0]
            signed = db.execute("SELECT 1 FROM acknowledgements WHERE person = ? AND counts", (case.person,)).fetchone()
            waived = [entry for entry in entries if entry.item.kind is ItemKind.ACKNOWLEDGE and entry.state is ItemState.WAIVED]
            held = [entry for entry in entries if entry.item.kind is ItemKind.GRANT and entry.state is ItemState.DONE]
            assert leaves or signed or waived or not held
            unseen = [entry for entry in entries if case.closer in (entry.ended_by, entry.entered_by) and not entry.verifier]
            assert not unseen, "three people could have looked"


def tried(originals: Originals, *, examples: int, steps: int) -> None:
    Joining.originals = originals
    run_state_machine_as_test(
        Joining, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck))
    )


@pytest.mark.property
def test_no_sequence_closes_a_case_over_what_nobody_did(originals: Originals) -> None:
    tried(originals, examples=4, steps=25)


@pytest.mark.slow
@pytest.mark.property
def test_the_same_in_long_histories(originals: Originals) -> None:
    tried(originals, examples=80, steps=60)
