"""A company that goes on living for a year, and a second opinion on who is to be told what: made of plain lists of days, asking govern nothing about reminders.

Every run is held against it: what was sent is exactly what was open, had reached a stage and had not been told, to exactly those who answer for it.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock
from zoneinfo import ZoneInfo

from govern.errors import Refused
from govern.holdings.notices import thing
from govern.notices.digest import Digest
from govern.notices.message import Delivery, Message, Outcome
from govern.policy.parse import parse_policy
from govern.procedures import documents, lease
from govern.procedures import policy as policies
from govern.procedures import remind as procedure
from govern.procedures.notices import acknowledge
from govern.procedures.posts import Post
from govern.procedures.remind import remind
from govern.procedures.sealing import recipients, seal
from govern.register.queries import documents as asked
from govern.register.queries import people
from govern.vault.seal import Context
from tests.unit.rotation.boundaries import Boundaries, watching

from .conftest import Office

POLICY = Path(__file__).resolve().parents[3] / "policies" / "default.yaml"

TIERS = ("critical", "standard", "low")
DEADLINE = {"critical": 1, "standard": 3, "low": 7}
AGE = {
    ("critical", "password"): 180, ("critical", "api-token"): 90, ("standard", "password"): 365, ("standard", "api-token"): 180,
    ("low", "password"): 365, ("low", "api-token"): 365,
}  # fmt: skip
STAGES = {
    "critical": [-14, -7, -1, *range(800)],
    "standard": [-14, -3, *range(0, 800, 3)],
    "low": [-7, *range(0, 800, 7)],
}
STALE = 20
LATE = {"critical": (0, 1), "standard": (1, 7), "low": (7, 21)}
"""Days past the due day from which deputy and admins hear of it."""

RULES = "house-rules"
"""No tier asks for it: whoever has not signed it is reminded, and refused nothing."""

Key = tuple[str, str, str, str]
"""Kind, what it is about, whom it is about, and its due day in UTC."""


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Account:
    id: str
    tier: str
    custodian: str
    deputy: str


@dataclass
class Credential:
    id: str
    kind: str
    account: Account
    changed: str
    since: str
    """From when the version counts (UTC)."""
    rotated: bool = False
    rotation: tuple[str, str] | None = None
    given: set[str] = field(default_factory=set)
    """Who has the version that counts."""
    known: dict[str, str] = field(default_factory=dict)
    """Person -> since when (UTC) they hold the account no longer, and know the version that counts."""


@dataclass
class Grant:
    id: str
    account: Account
    person: str
    since: str
    until: str


class Year:
    """`office`: where it takes place, founded by mia. Beside her nina has keys, and uses them when she is reminded of it. Everything else is drawn from
    `seed`."""

    def __init__(self, office: Office, seed: int, *, people: int, accounts: int, begins: datetime) -> None:
        self.office, self.draw = office, random.Random(seed)
        office.members["mia"].random = self.draw.randbytes
        self.zone = "UTC"
        self.founded = office.moment.date()
        office.moment = begins
        self.gone: set[str] = set()
        self.told: dict[tuple[Key, str], int] = {}
        self.letters: list[str] = []
        self.crashes = 0
        self.refused: list[str] = []
        self.repeated: list[str] = []
        """Messages that went and were not recorded: the next run sends each once more."""
        self.pending: set[str] = set()
        self.answers: list[str] = []
        self.holders: list[str] = []
        self.grants: list[Grant] = []
        self.credentials: list[Credential] = []
        self.papers, self.signed = random.Random(seed + 1000), dict[str, int]()
        self.deadlines: list[str] = []
        """Of each version of the rules of the house, which everybody signs; `signed`: person -> the number of the last version that they signed."""
        self._people(people)
        office.enrol("nina")
        self.nina, self.used = office.members["nina"].keys.id.hex(), office.now
        self._accounts(accounts)
        self.move("Europe/Copenhagen")

    # --- the company ------------------------------------------------------------------------------------------------------------------

    def _people(self, number: int) -> None:
        def work(tx: Any) -> None:
            for n in range(number):
                person = tx.new_id()
                tx.record("person.added", {"person": person}, {"name": f"P{n}", "handle": f"p{n}", "mail": f"p{n}@acme.example"})
                (self.holders if n % 2 else self.answers).append(person)

        self.office.do(work)

    def _accounts(self, number: int) -> None:
        def work(tx: Any) -> None:
            for n in range(number):
                account = Account(tx.new_id(), TIERS[n % 3], *self.draw.sample(self.answers, 2))
                tx.record(
                    "account.added",
                    {"account": account.id, "handle": f"a{n}", "platform": "x", "tier": account.tier, "custodian": tx.actor, "deputy": account.deputy},
                )  # fmt: skip
                tx.record("grant.issued", {"grant": tx.new_id(), "account": account.id, "person": tx.actor, "founding": True})
                tx.record("account.custody", {"account": account.id, "custodian": account.custodian})
                for kind in ("password", "api-token"):
                    self._credential(tx, account, kind)
                for person in self.draw.sample(self.holders, self.draw.randrange(3)):
                    self._grant(tx, account, person)

        self.office.do(work)

    def _credential(self, tx: Any, account: Account, kind: str) -> None:
        changed = (self.office.moment.date() - timedelta(days=self.draw.randrange(90))).isoformat()
        one = Credential(tx.new_id(), kind, account, changed, tx.now)
        tx.record("credential.added", {"credential": one.id, "account": account.id, "kind": kind})
        context = Context(self.office.vault, bytes.fromhex(account.id), bytes.fromhex(one.id), kind, 1)
        sealed = seal(tx, context, {"secret": "a-secret"}, recipients(tx.register, account.id, kind=kind))
        body = {"credential": one.id, "version": 1, "state": "current", "origin": "set", "changed_at": changed + "T12:00:00Z", **sealed}
        tx.record("version.staged", body)
        self.credentials.append(one)

    def _grant(self, tx: Any, account: Account, person: str, until: str = "") -> None:
        if any((one.account, one.person) == (account, person) for one in self.grants):
            return
        one = Grant(tx.new_id(), account, person, tx.now, until)
        body = {"grant": one.id, "account": account.id, "person": person} | ({"until": until} if until else {})
        tx.record("grant.issued", body, {"reason": "work"})
        self.grants.append(one)
        for each in self.credentials:
            if each.account is account:
                each.known.pop(person, None)

    def move(self, zone: str) -> None:
        """The policy of another zone; quiet from 20 to 7 there."""
        rules = POLICY.read_text(encoding="utf-8").replace("zone: UTC", f"zone: {zone}").replace("stale-pin: P90D", f"stale-pin: P{STALE}D")
        self.office.do(policies.adopt, parse_policy(rules.encode(), name="rules.yaml", preset="small"))
        self.zone = zone

    # --- what happens on a day ----------------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Some of what can happen: things are done, before their time or late; grants begin and end; people leave."""
        office, draw = self.office, self.draw
        for one in self.credentials:
            due = date.fromisoformat(self._by_age(one))
            if one.rotation is None:
                near = (due - office.moment.date()).days < 16
                if draw.random() < (0.06 if near or one.known else 0.0003):
                    self._open(one)
            elif draw.random() < 0.2:
                self._confirm(one)
        for grant in list(self.grants):
            for one in self.credentials:
                if one.account is grant.account and grant.person not in one.given and not grant.until and draw.random() < 0.02:
                    self._give(one, grant.person)
            if draw.random() < (0.03 if grant.until else 0.001):
                self._end(grant)
        if draw.random() < 0.4:
            account, person = draw.choice(self.credentials).account, draw.choice(self.holders)
            hours = draw.randrange(24 * 3, 24 * 60)
            until = (office.moment + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") if draw.random() < 0.7 else ""
            try:
                office.do(lambda tx: self._grant(tx, account, person, until))
            except Refused as refused:  # nobody is given what is overdue, nor more than the policy allows
                self.refused.append(refused.rule)
        if draw.random() < 0.1:
            account = draw.choice(self.credentials).account
            heir = draw.choice([one for one in self.answers if one not in self.gone and one != account.deputy])
            if heir != account.custodian:
                office.fact("account.custody", {"account": account.id, "custodian": heir})
                account.custodian = heir
        if draw.random() < 0.1 and _plus(self.used, STALE) <= office.now[:10]:
            office.do(acknowledge, thing("stale-pin", self.nina), by="nina")
            self.used = office.now
        if draw.random() < 0.02 and len(self.gone) < len(self.answers) // 2:
            person = draw.choice([one for one in self.answers if one not in self.gone])
            office.fact("person.leaving", {"person": person})
            self.gone.add(person)
        self._papers()

    def _papers(self) -> None:
        """Now and then there is another version of the rules; people sign the newest, those without keys on paper."""
        if self.papers.random() < (0.02 if self.deadlines else 0.3):
            self.office.do(documents.adopt, RULES, {"en": f"version {len(self.deadlines)}"}, {})
            self.deadlines.append(_plus(self.office.now, self.papers.randrange(30)))
            self.office.do(documents.publish, RULES, deadline=self.deadlines[-1], to=("everybody",))
        for person in self._unsigned():
            if self.papers.random() < 0.05:
                if by := self._with_keys().get(person):
                    self.office.do(documents.sign, RULES, asked.in_force(self.office.db(), RULES).version, by=by)
                    self.used = self.office.now if by == "nina" else self.used
                else:
                    handle = people.by_id(self.office.db(), person).handle
                    self.office.do(documents.record_sheet, RULES, handle, evidence="5" * 64)
                self.signed[person] = len(self.deadlines)

    def _with_keys(self) -> dict[str, str]:
        """Person -> whose machine they sign with: those for whom nobody else does."""
        return {self.office.ids[one]: one for one in ("mia", "nina")}

    def _unsigned(self) -> list[str]:
        everybody = [self.office.ids[one] for one in ("mia", "nina", "anna", "ben", "cleo")] + self.answers + self.holders
        return [one for one in everybody if one not in self.gone and self.signed.get(one, 0) < len(self.deadlines)]

    def _open(self, one: Credential) -> None:
        self.office.start(one.id, f"secret-{self.draw.random()}")
        id_, due = self.office.db().execute(
            "SELECT id, due FROM rotations WHERE credential = ? AND ended_at IS NULL", (one.id,)
        ).fetchone()  # fmt: skip
        one.rotation = (id_, due[:10] if due else _plus(self.office.now, DEADLINE[one.account.tier]))

    def _confirm(self, one: Credential) -> None:
        self.office.confirm(one.id)
        one.changed, one.since, one.rotated, one.rotation = self.office.now, self.office.now, True, None
        one.given.clear()
        one.known.clear()

    def _give(self, one: Credential, person: str) -> None:
        row = self.office.db().execute("SELECT n FROM versions WHERE credential = ? AND state = 'current'", (one.id,)).fetchone()
        self.office.fact("secret.handed_over", {"credential": one.id, "version": row[0], "person": person, "via": "call"})
        one.given.add(person)

    def _end(self, grant: Grant) -> None:
        self.office.fact("grant.ended", {"grants": [grant.id], "cause": "revoked"})
        self.grants.remove(grant)
        for one in self.credentials:
            if one.account is grant.account and grant.person in one.given:
                one.known[grant.person] = self.office.now

    # --- the second opinion --------------------------------------------------------------------------------------------------------------

    def _by_age(self, one: Credential) -> str:
        return _plus(one.changed, AGE[one.account.tier, one.kind])

    def open(self) -> Iterator[tuple[Key, str, Account | None, str]]:
        """Everything that is to be done: its key, its due day here, its account, and who else hears of it until then."""
        now = self.office.now
        for one in self.credentials:
            if one.rotation is not None:
                yield ("rotation", *one.rotation[:1], "", one.rotation[1]), one.rotation[1], one.account, ""
            else:
                day = self._by_age(one)
                yield ("schedule", one.id, "", day), day, one.account, ""
                if one.known:
                    day = min(_plus(since, DEADLINE[one.account.tier]) for since in one.known.values())
                    yield ("former", one.id, "", day), day, one.account, ""
            for grant in self.grants:
                lacks = grant.account is one.account and grant.person not in one.given and (one.kind == "password" or one.rotated)
                if lacks and (not grant.until or grant.until[:10] >= now[:10]):
                    day = _plus(max(one.since, grant.since), DEADLINE[one.account.tier])
                    yield ("hand-over", one.id, grant.person, day), day, one.account, ""
        for grant in self.grants:
            if grant.until:
                moment = datetime.fromisoformat(grant.until).astimezone(ZoneInfo(self.zone))
                yield ("grant", grant.id, "", grant.until[:10]), moment.date().isoformat(), grant.account, grant.person
        mia, paper = self.office.ids["mia"], []
        for person in self._unsigned():
            day = min(self.deadlines[self.signed.get(person, 0) :])
            if person in self._with_keys():
                yield ("acknowledgement", self._rules(), person, day), day, Account("", "standard", person, person), ""
            else:
                paper.append(day)
        if paper:
            yield ("acknowledgement", self._rules(), "", min(paper)), min(paper), Account("", "standard", mia, mia), ""
        day = _plus(self.used, STALE)
        yield ("stale-pin", self.nina, "", day), day, None, ""
        day = _plus(self.founded.isoformat(), 30)
        yield ("drill", "", "", day), day, None, ""

    def _rules(self) -> str:
        return asked.in_force(self.office.db(), RULES).document

    def waiting(self) -> dict[tuple[Key, str], int]:
        """(thing, person) -> the stage that they are to be told now."""
        local = self.office.moment.astimezone(ZoneInfo(self.zone))
        if not 7 <= local.hour < 20:
            return {}
        mia, found = self.office.ids["mia"], {}
        for key, day, account, also in self.open():
            past = (local.date() - date.fromisoformat(day)).days
            tier = account.tier if account else "low"
            reached = [stage for stage in STAGES[tier] if stage <= past]
            if not reached or (key[0] == "stale-pin" and past < 0):
                continue
            answer = [one for one in (account.custodian, account.deputy) if one not in self.gone] if account else []
            heard = set(answer[:1]) or {self.office.ids["nina"] if key[0] == "stale-pin" else mia}
            if also and past <= 0:
                heard.add(also)
            if account and past >= LATE[tier][0] and account.deputy not in self.gone:
                heard.add(account.deputy)
            if past >= LATE[tier][1]:
                heard.add(mia)
            for person in heard:
                if self.told.get((key, person), -999) < reached[-1]:
                    found[key, person] = reached[-1]
        return found

    # --- runs -----------------------------------------------------------------------------------------------------------------------------

    def run(self, crash: str = "") -> None:
        """One run of reminders, held against the second opinion. `crash`: "sent": right after a sending; "record": at any statement or write of a recording."""
        self.office.moment = self.office.moment.replace(second=0)
        expected = self.waiting()
        sent: dict[tuple[Key, str], int] = {}
        try:
            self._remind(sent, crash)
            crashed = False
        except Crash:
            crashed = True
        if crashed:
            self.crashes += 1
            self._after_crash()
        for (key, person), stage in sent.items():
            assert expected.get((key, person)) == stage, (
                crash,
                self.pending,
                [(k, a) for k, d, a, _ in self.open() if k == key],
                self.office.now,
                self.zone,
                key,
                person,
                stage,
                expected.get((key, person)),
            )
        if not crash:
            assert sent == expected, (self.office.now, self.zone, set(expected.items()) - set(sent.items()))
            assert self.pending <= set(self._mails), "what was lost in a crash comes again as the same message"
        self.told |= {one: stage for one, stage in sent.items() if one not in self._lost}
        self.pending -= set(self._mails) - self._unrecorded
        self.letters += [one for one in self._mails if one not in self._unrecorded]
        assert len(self.letters) == len(set(self.letters)), "no message is recorded twice"

    def _remind(self, sent: dict[tuple[Key, str], int], crash: str) -> None:
        self._mails: list[str] = []
        self._lost: set[tuple[Key, str]] = set()
        self._unrecorded: set[str] = set()
        self._flight: Digest | None = None
        record, given_back = procedure._record, lease.give_back
        dies_at = self.draw.randrange(3) if crash else -1
        dead = []

        def end() -> NoReturn:
            dead.append(1)
            raise Crash

        def posts(_workspace: Any, _clock: Any, digests: Sequence[Digest]) -> list[Post]:
            by_id = {one.message.message_id: one for one in digests}

            def send(messages: Iterable[Message]) -> Iterator[tuple[Message, Delivery]]:
                for number, message in enumerate(messages):
                    self._flight = by_id[message.message_id]
                    self._mails.append(message.message_id)
                    for each in self._flight.notices:
                        assert each.point is not None
                        sent[self._key(each.thing), each.person] = each.point
                    if crash == "sent" and number == dies_at:
                        end()
                    yield message, Delivery(outcome=Outcome.DELIVERED)

            return [Post("list", send)]

        def recorded(*arguments: Any) -> None:
            if crash == "record" and len(self._mails) == dies_at + 1:
                with watching(Boundaries(end, at=self.draw.randrange(40), after=self.draw.random() < 0.5)):
                    self._again()  # connections that are watched
                    record(self.office.members["mia"], *arguments[1:])
                end()
            record(*arguments)

        def give_back(*arguments: Any) -> None:
            if not dead:
                given_back(*arguments)

        with mock.patch.object(procedure, "_record", recorded), mock.patch.object(lease, "give_back", give_back):
            remind(self.office.members["mia"], lambda: self.office.now, posts=posts)

    def _key(self, thing: Any) -> Key:
        of = "" if thing.kind == "drill" else thing.of
        return (thing.kind, of, thing.about, thing.due[:10])

    def _again(self) -> None:
        """The machine's next process."""
        mia = self.office.members["mia"]
        keys = mia.keys
        mia.close()
        self.office._join("mia", keys)
        self.office.members["mia"].random = self.draw.randbytes

    def _after_crash(self) -> None:
        """What was on its way counts as told where the ledger has it; if not, the next run has to say it once more, and nothing else."""
        self._again()
        gc.collect()  # what the crash left open is closed with a process
        assert self._flight is not None
        flight = self._flight
        rows = {
            (thing, due, person): point
            for thing, due, person, point in self.office.db().execute("SELECT thing, due, person, point FROM reminded")
        }
        kept = {rows.get((one.thing.id, one.thing.due[:10], one.person)) == one.point for one in flight.notices}
        assert len(kept) == 1, "a message is recorded as a whole or not at all"
        if kept == {False}:
            self._lost = {(self._key(one.thing), one.person) for one in flight.notices}
            self._unrecorded = {flight.message.message_id}
            self.repeated.append(flight.message.message_id)
            self.pending.add(flight.message.message_id)


def _plus(day: str, days: int) -> str:
    return (date.fromisoformat(day[:10]) + timedelta(days=days)).isoformat()
