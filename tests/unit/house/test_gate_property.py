"""No holder of a gated account without a current acknowledgement, at no time, except as a recorded exception.

Holder: whoever has a grant, is responsible for the account or its deputy. What "current" means is said here once more, from days and numbers alone:

- To come to hold or to answer for an account, the version in force is signed, or one before it while no deadline since then is over; a training is no older
  than the policy lets it be. Whatever wrote the entry. An exception that runs is the only way round.
- Time and new versions make what was current lapse. From the day on which it does (and not before the day on which the policy first asked, or the account came
  to its tier) they have the days of grace. Behind these they are found as critical, every one of them and nobody else, and a run ends their grants where the
  policy ends grants. Who answers for an account stays, and stays found.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from govern.errors import Refused
from govern.holdings import documents as texts
from govern.procedures import lapsed_acknowledgements
from govern.register.queries import policies
from govern.register.queries.lapsed import lapsed

from ..departing.conftest import Originals
from .conftest import House
from .test_documents import NAME, decide

EXTRA = "extra"
SUBJECT = "social-media"
SCAN = "5" * 64
KEYED, BARE = ("mia", "bo", "hr", "cy"), ("anna", "dan")
PEOPLE = st.sampled_from([*KEYED, *BARE])
ACCOUNTS = st.sampled_from(["shop", "page", "box", "new"])
TIERS = st.sampled_from(["critical", "standard", "low"])
DOCUMENTS = st.sampled_from([NAME, NAME, EXTRA])
GATES = ("acknowledgement", "training")


def plus(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


class Gate(RuleBasedStateMachine):
    """The company, and beside it what a person with a calendar would write down."""

    originals: Originals
    consequence = ""

    @initialize()
    def begin(self) -> None:
        self.kept = self.originals.copy(House)
        self.house = self.kept.__enter__()
        self.house.person("dan")
        self.tier = dict.fromkeys(("shop", "page", "box"), "standard")
        self.answers: dict[str, list[str]] = {"shop": ["mia"], "page": ["cy"], "box": ["mia"]}
        self.grants = {
            (self.name(account), self.name(person)): grant
            for grant, account, person in self.house.db().execute("SELECT id, account, person FROM grants WHERE ended_at IS NULL")
        }
        self.deadlines: dict[str, list[str]] = {NAME: [], EXTRA: []}
        self.versions: dict[str, list[tuple[str, str]]] = {NAME: [], EXTRA: []}
        self.signed: dict[tuple[str, str], int] = {}
        self.trained: dict[str, str] = {}
        self.excepted: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.since = {(tier, NAME): (0, self.today) for tier in ("critical", "standard")}
        self.tiered: dict[str, str] = {}
        self.grace, self.count = 14, 0
        self.consequence = "finding"

    # --- the company -------------------------------------------------------------------------------------------------------------------

    @property
    def today(self) -> str:
        return self.house.now[:10]

    def name(self, id_: str) -> str:
        return {id_: name for name, id_ in self.house.ids.items()}[id_]

    def new_id(self) -> str:
        self.count += 1
        return f"{self.count:032x}"

    def named(self, people: list[str], account: str, type_: str, body: dict[str, Any], *, tier: str = "", by: str = "mia") -> bool:
        """Record a fact by which these people come to hold an account or to answer for it; it is refused by the gate just where the calendar says so."""
        wanted, refused = tier or self.tier[account], ""
        try:
            self.house.fact(type_, body, by=by)
        except Refused as told:
            refused = told.rule
        assert (refused in GATES) == any(self.lacks(person, account, wanted) for person in people), (type_, refused)
        return not refused

    @rule(account=ACCOUNTS, person=PEOPLE, emergency=st.booleans())
    def grant(self, account: str, person: str, emergency: bool) -> None:
        if account in self.tier and (account, person) not in self.grants:
            id_ = self.new_id()
            body = {"grant": id_, "account": self.house.ids[account], "person": self.house.ids[person]}
            if self.named(
                [person], account, "grant.issued", body | ({"emergency": True} if emergency else {}), by="bo" if person == "mia" else "mia"
            ):
                self.grants[account, person] = id_

    @rule(which=st.integers(0, 9))
    def revoke(self, which: int) -> None:
        if self.grants:
            key = sorted(self.grants)[which % len(self.grants)]
            self.house.fact("grant.ended", {"grants": [self.grants.pop(key)], "cause": "revoked"})

    @rule(account=ACCOUNTS, person=PEOPLE)
    def custody(self, account: str, person: str) -> None:
        if account in self.tier:
            new = [] if self.answers[account][0] == person else [person]
            if self.named(new, account, "account.custody", {"account": self.house.ids[account], "custodian": self.house.ids[person]}):
                self.answers[account][0] = person

    @rule(account=ACCOUNTS, person=st.none() | PEOPLE, tier=st.none() | TIERS)
    def edit(self, account: str, person: str | None, tier: str | None) -> None:
        if account not in self.tier:
            return
        body: dict[str, Any] = {"account": self.house.ids[account]}
        body |= {"tier": tier} if tier else {}
        body |= {"deputy": self.house.ids[person]} if person else {"cleared": ["deputy"]}
        new = [person] if person and self.answers[account][1:] != [person] else []
        if self.named(new, account, "account.edited", body, tier=tier or ""):
            self.answers[account][1:] = [person] if person else []
            if tier and tier != self.tier[account]:
                self.tier[account], self.tiered[account] = tier, self.today

    @rule(person=PEOPLE, deputy=st.none() | PEOPLE, tier=TIERS)
    def add(self, person: str, deputy: str | None, tier: str) -> None:
        if "new" in self.tier:
            return
        body = {"account": "f" * 32, "handle": "new", "platform": "x", "tier": tier, "custodian": self.house.ids[person]}
        body |= {"deputy": self.house.ids[deputy]} if deputy else {}
        if self.named([person, *([deputy] if deputy else [])], "new", "account.added", body, tier=tier):
            self.house.ids["new"], self.tier["new"] = "f" * 32, tier
            self.answers["new"] = [person, *([deputy] if deputy else [])]

    # --- what people sign ----------------------------------------------------------------------------------------------------------------

    @rule(document=DOCUMENTS, days=st.integers(0, 20))
    def publish(self, document: str, days: int) -> None:
        digests = {"en": texts.text_digest(f"{document} {len(self.versions[document])}")}
        id_, version = document.encode().hex().ljust(32, "0")[:32], texts.version_of(digests)
        self.house.fact(
            "document.adopted", {"document": id_, "name": document, "version": version, "texts": [["en", digests["en"], 20]]}, by="hr"
        )
        deadline = plus(self.today, days)
        self.house.fact("document.published", {"document": id_, "version": version, "deadline": deadline, "audience": "everybody"}, by="hr")
        self.versions[document].append((id_, version))
        self.deadlines[document].append(deadline)

    @rule(document=DOCUMENTS, person=PEOPLE, older=st.sampled_from([0, 0, 0, 1]))
    def sign(self, document: str, person: str, older: int) -> None:
        """The newest version, or the one before, by their own key or on paper."""
        number = len(self.versions[document]) - older
        if number < 1:
            return
        id_, version = self.versions[document][number - 1]
        body = {"acknowledgement": self.new_id(), "document": id_, "version": version, "person": self.house.ids[person]}
        if person in KEYED:
            self.house.fact("acknowledgement.given", body | {"how": "signature"}, by=person)
        else:
            self.house.fact(
                "acknowledgement.given", body | {"how": "sheet", "evidence": SCAN}, by="hr" if self.answering("hr") is False else "bo"
            )
            if self.answering("hr") and self.answering("bo"):
                self.house.fact("acknowledgement.verified", {"acknowledgement": body["acknowledgement"]}, by="hr")
        self.signed[person, document] = max(number, self.signed.get((person, document), 0))

    def answering(self, person: str) -> bool:
        """Whether they answer for any account that asks for something: then a sheet that they record waits for another."""
        return any(person in self.answers[account] and any(key[0] == tier for key in self.since) for account, tier in self.tier.items())

    @rule(person=PEOPLE, days=st.integers(0, 40))
    def train(self, person: str, days: int) -> None:
        on = plus(self.today, -days)
        body = {"training": self.new_id(), "person": self.house.ids[person], "subject": SUBJECT, "on": on}
        self.house.fact("training.recorded", body, by="bo" if person == "hr" else "hr")
        self.trained[person] = max(on, self.trained.get(person, ""))

    @rule(point=st.sampled_from(GATES), account=st.none() | ACCOUNTS, person=PEOPLE, days=st.integers(0, 30))
    def except_(self, point: str, account: str | None, person: str, days: int) -> None:
        if account is None or account in self.tier:
            id_, until = self.new_id(), plus(self.today, days)
            body = {"exception": id_, "point": point, "person": self.house.ids[person], "until": until}
            body |= {"account": self.house.ids[account]} if account else {}
            self.house.fact("exception.granted", body, {"reason": "on leave"}, by="bo" if person == "hr" else "hr")
            self.excepted[point, account or "", person] = id_, until

    @rule(which=st.integers(0, 9))
    def end_exception(self, which: int) -> None:
        if self.excepted:
            key = sorted(self.excepted)[which % len(self.excepted)]
            self.house.fact("exception.ended", {"exception": self.excepted.pop(key)[0]})

    # --- time and rules --------------------------------------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 12))
    def later(self, days: int) -> None:
        self.house.later(days=days)

    @rule(what=st.sampled_from(["training", "shorter", "low", "extra", "end", "end"]))
    def stricter(self, what: str) -> None:
        """A policy that asks for more; one that asks for less takes two, and gives nobody anything."""
        record = policies.policy(self.house.db()).to_record()["documents"]
        required, training = record["required"], record["training"]
        more: dict[str, Any] = {}
        if what == "training":
            more = {"training": {"critical": 20, "standard": training["standard"] or 60, "low": training["low"]}}
        elif what == "shorter":
            more = {"grace": max(self.grace - 5, 0)}
        elif what == "end":
            more = {"consequence": "end"}
        else:
            tier, name = ("low", NAME) if what == "low" else ("standard", EXTRA)
            more = {"required": required | {tier: sorted({*required[tier], name})}}
        decide(self.house, **more)
        self.grace, self.consequence = more.get("grace", self.grace), more.get("consequence", self.consequence)
        for tier, names in more.get("required", {}).items():
            for name in names:
                self.since.setdefault((tier, name), (0, self.today))
        for tier, days in more.get("training", {}).items():
            before = self.since.get((tier, f"training:{SUBJECT}"))
            if days and (before is None or days < before[0]):
                self.since[tier, f"training:{SUBJECT}"] = days, self.today

    @rule()
    def run(self) -> None:
        """A run of all that is due: behind the grace nobody goes on holding an account, where the policy says so; and nobody else's grant ends."""
        over = {(account, person) for account, person, holds, *_, how in self.expected() if holds and how == "critical"}
        ended = {(one.handle, one.name) for one in lapsed_acknowledgements.end(self.house.members["hr"], self.house.now)}
        assert ended == (over if self.consequence == "end" else set())
        for key in ended:
            del self.grants[key]

    # --- the calendar ------------------------------------------------------------------------------------------------------------------------

    def last(self, person: str, what: str, days: int) -> tuple[bool, str]:
        """Whether they ever did it, and the last day on which what they did counts; empty: it goes on counting, or nobody could have done it yet."""
        if days:
            on = self.trained.get(person, "")
            return bool(on), plus(on, days) if on else ""
        number = self.signed.get((person, what), 0)
        return number > 0, min(self.deadlines[what][number:], default="")

    def is_asked(self, what: str, days: int) -> bool:
        return bool(days or self.deadlines[what])

    def runs(self, point: str, account: str, person: str) -> bool:
        return any(self.excepted.get((point, on, person), ("", ""))[1] >= self.today for on in ("", account))

    def lacks(self, person: str, account: str, tier: str) -> bool:
        """Whether they may not come to hold an account of this tier, or to answer for it, today."""
        for (of, what), (days, _) in self.since.items():
            if of == tier and self.is_asked(what, days):
                ever, last = self.last(person, what, days)
                lacking = not ever or "" < last < self.today
                if lacking and not self.runs("training" if days else "acknowledgement", account, person):
                    return True
        return False

    def expected(self) -> set[tuple[str, str, bool, str, str]]:
        """(account, person, whether they hold it, what is lacking, how that is told) of everybody who holds or answers for one without."""
        found = set()
        for account, tier in self.tier.items():
            holders = {person for handle, person in self.grants if handle == account}
            for person in holders | set(self.answers[account]):
                for (of, what), (days, since) in self.since.items():
                    if of != tier or not self.is_asked(what, days):
                        continue
                    ever, last = self.last(person, what, days)
                    if ever and not last:
                        continue
                    last = max(last, since, self.tiered.get(account, ""))
                    if last < self.today:
                        excepted = self.runs("training" if days else "acknowledgement", account, person)
                        how = "excepted" if excepted else "grace" if self.today <= plus(last, self.grace) else "critical"
                        found.add((account, person, person in holders, what.removeprefix("training:"), how))
        return found

    @invariant()
    def everybody_without_is_found_and_nobody_else(self) -> None:
        if not self.consequence:
            return
        db, today = self.house.db(), self.today
        told = [
            (
                one.handle,
                one.name,
                bool(one.grant),
                one.what,
                "excepted" if one.excepted >= today else "grace" if one.until >= today else "critical",
            )
            for one in lapsed(db, policies.policy(db), today)
        ]
        assert len(told) == len(set(told))
        assert set(told) == self.expected()

    def teardown(self) -> None:
        """Another member's machine, which replays all of it from the store, has it so too, and found nothing void."""
        if not self.consequence:
            return
        try:
            mine, theirs = (self.house.db(who) for who in ("mia", "bo"))
            assert lapsed(theirs, policies.policy(theirs), self.today) == lapsed(mine, policies.policy(mine), self.today)
            query = "SELECT handle, custodian, deputy, tier FROM accounts ORDER BY handle"
            assert theirs.execute(query).fetchall() == mine.execute(query).fetchall()
            assert theirs.execute("SELECT count(*) FROM entries WHERE type = 'void'").fetchone() == (0,)
        finally:
            self.kept.__exit__(None, None, None)


def tried(originals: Originals, *, examples: int, steps: int) -> None:
    Gate.originals = originals
    run_state_machine_as_test(
        Gate,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
        ),
    )


@pytest.mark.property
def test_nobody_holds_a_gated_account_without_a_current_acknowledgement_except_by_an_exception(originals: Originals) -> None:
    tried(originals, examples=6, steps=25)


@pytest.mark.slow
@pytest.mark.property
def test_the_same_in_long_histories(originals: Originals) -> None:
    tried(originals, examples=60, steps=60)
