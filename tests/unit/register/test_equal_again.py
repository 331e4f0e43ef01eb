"""The register is what the ledger says and nothing else: deleted and rebuilt, it is the same row for row, whatever was done before.

Random sequences of commands by two members, beside facts that no command records yet; every now and then a register, a journal or a
pin is lost on the way. At the end the register, its rebuild from the journal, its rebuild from the store, the other member's and
the deep verification agree.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from govern.cli import settings as clock
from govern.errors import GovernError, Refused
from govern.vocabulary import KINDS, ROLES, TIERS

from ..attacks.vaults import Machine, enrol

PEOPLE = st.sampled_from(["mia", "ben", "cleo", "dora", "emil", "finn"])
ACCOUNTS = st.sampled_from(["shop", "news", "jobs", "club"])
SELECTORS = st.one_of(ACCOUNTS, st.sampled_from(["platform:x", "department:press", "tag:old"]))
KIND = st.sampled_from([kind for kind in KINDS if kind != "totp"])
PLACES = st.sampled_from(["chat of the team", "wall", "sheet"])
DOCUMENTS = st.sampled_from(["corporate-accounts", "house-rules"])
DATES = st.sampled_from(["2020-02-03", "2024-06-30", "2025-11-30"])
MEMBERS = st.sampled_from(["mia", "ben"])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
SECRETS = st.sampled_from(["first-secret-of-all", "second-secret-of-all", "third-secret-of-all"])
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ"


OF_CASES = ("state", "entries", "findings", "epochs", "wrap_sets", "epoch_wraps", "cases", "items")


def of_base(rows: list[Any]) -> list[Any]:
    """What every keyholder has alike, whether or not they read the cases."""
    return [row for row in rows if row[0] not in OF_CASES]


class Company(RuleBasedStateMachine):
    """What two members may do to a vault in any order."""

    original: Machine

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="equal-"))
        self.mia = self.original.copy(self.folder)
        self.members = {"mia": self.mia, "ben": self.mia.of("ben")}
        self.time = datetime.now(UTC)
        self.patch = mock.patch.object(clock, "now", self.now)
        self.patch.start()
        self.enrolled = False

    def now(self) -> str:
        self.time += timedelta(minutes=7)
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def do(self, by: str, *words: str, stdin: str = "") -> Any:
        told = self.members[by].run(*words, stdin=stdin)
        assert told.code in (0, 2, 3, 4, 5, 7), (words, told)
        return told

    def fact(self, by: str, type_: str, body: dict[str, Any], personal: dict[str, Any] | None = None) -> None:
        try:
            self.members[by].write(lambda tx: tx.record(type_, body, personal))
        except GovernError as error:
            if error.exit_code not in (2, 3, 4, 5):
                raise

    def one(self, query: str, which: int) -> str:
        found = self.mia.ask(query)
        return str(found[which % len(found)][0]) if found else "0" * 32

    # --- people, accounts, places -----------------------------------------------------------------------------------------------------

    @rule(by=MEMBERS, who=PEOPLE, name=TEXTS, left=st.none() | DATES)
    def person(self, by: str, who: str, name: str, left: str | None) -> None:
        self.do(by, "person", "add", f"{name} <{who}@acme.example>", "--handle", who, *(["--left", left] if left else []))

    @rule(by=MEMBERS, who=PEOPLE, role=st.sampled_from(ROLES), more=st.sampled_from([[], ["--withdraw"], ["--until", "2099-01-01"]]))
    def role(self, by: str, who: str, role: str, more: list[str]) -> None:
        self.do(by, "person", "role", who, role, *more)

    @rule(by=MEMBERS, which=st.integers(0, 9), on=DATES, gone=st.booleans())
    def leaving(self, by: str, which: int, on: str, gone: bool) -> None:
        person = self.one("SELECT id FROM people ORDER BY entry", which)
        self.fact(by, "person.left", {"person": person, "on": on}) if gone else self.fact(by, "person.leaving", {"person": person})

    @rule(by=MEMBERS, which=st.integers(0, 9), name=TEXTS)
    def edited(self, by: str, which: int, name: str) -> None:
        self.fact(
            by, "person.edited", {"person": self.one("SELECT id FROM people ORDER BY entry", which), "external": True}, {"name": name}
        )

    @rule(by=MEMBERS, account=ACCOUNTS, tier=st.sampled_from(TIERS), who=PEOPLE, platform=st.sampled_from(["x", "instagram"]))
    def account(self, by: str, account: str, tier: str, who: str, platform: str) -> None:
        words = ("--platform", platform, "--login", f"{account}@acme", "--tier", tier, "--tag", "old", "--department", "press")
        self.do(by, "account", "add", account, *words, *(["--custodian", who] if who != by else []))

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, change=st.sampled_from(["tier", "deputy", "tag", "untag", "custody", "retire"]))
    def account_changed(self, by: str, account: str, who: str, change: str) -> None:
        words = {
            "tier": ("account", "edit", account, "--tier", "critical"),
            "deputy": ("account", "edit", account, "--deputy", who),
            "tag": ("account", "edit", account, "--tag", "new"),
            "untag": ("account", "edit", account, "--untag", "old", "--clear", "department"),
            "custody": ("account", "custody", account, who),
            "retire": ("account", "retire", account),
        }
        self.do(by, *words[change])

    @rule(
        by=MEMBERS,
        place=PLACES,
        who=PEOPLE,
        account=SELECTORS,
        since=st.none() | DATES,
        what=st.sampled_from(["add", "member", "holds", "clean"]),
    )
    def place(self, by: str, place: str, who: str, account: str, since: str | None, what: str) -> None:
        words = {
            "add": ("place", "add", place, "--kind", "sheet"),
            "member": ("place", "member", place, who, *(["--since", since] if since else [])),
            "holds": ("place", "holds", place, "--accounts", account),
            "clean": ("place", "clean", place, "--accounts", account),
        }
        self.do(by, *words[what])

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, note=TEXTS)
    def known(self, by: str, account: str, who: str, note: str) -> None:
        self.do(by, "known", account, who, "--note", note)

    # --- beside secrets ------------------------------------------------------------------------------------------------------------------

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, on=DATES, what=st.sampled_from(["add", "add", "end"]))
    def spokesperson(self, by: str, account: str, who: str, on: str, what: str) -> None:
        self.do(by, "spokesperson", what, account, who, *(["--trained-on", on] if what == "add" else []))

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, role=st.sampled_from(["owner", "editor"]), what=st.sampled_from(["add", "add", "end"]))
    def entitlement(self, by: str, account: str, who: str, role: str, what: str) -> None:
        more = ("--login", f"{who}@private.example", "--since", "2024-06-30") if what == "add" else ()
        self.do(by, "entitlement", what, account, who, "--role", role, *more)

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, what=st.sampled_from(["add", "add", "end"]))
    def app(self, by: str, account: str, who: str, what: str) -> None:
        self.do(by, "app", what, account, "buffer", "--by", who, *(("--scope", "publish,read") if what == "add" else ()))

    @rule(by=MEMBERS, who=PEOPLE, account=SELECTORS, what=st.sampled_from(["add", "add", "in", "out", "--lost", "--wiped", "returned"]))
    def device(self, by: str, who: str, account: str, what: str) -> None:
        words = {
            "add": ("add", who, "--kind", "phone", "--name", f"phone of {who}", "--signed-in", account),
            "in": ("signed-in", f"phone of {who}", "--accounts", account),
            "out": ("signed-in", f"phone of {who}", "--accounts", account, "--out"),
            "returned": ("return", f"phone of {who}"),
        }
        self.do(by, "device", *words.get(what, ("return", f"phone of {who}", what)))

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, reach=st.sampled_from(["--company", "--personal"]), prompts=st.booleans())
    def channel(self, by: str, account: str, who: str, reach: str, prompts: bool) -> None:
        self.do(by, "credential", "reaches", account, "--kind", "recovery-email", reach, "--person", who)
        if prompts:
            self.do(by, "account", "edit", account, "--prompts-reach", who)

    # --- the rules of the house ----------------------------------------------------------------------------------------------------------

    @rule(by=MEMBERS, scope=st.sampled_from(["all", "account:shop", "account:news", "department:press", "person:dora", "person:ben"]))
    def review(self, by: str, scope: str) -> None:
        self.do(by, "review", "open", "--scope", scope)

    @rule(by=MEMBERS, which=st.integers(0, 9), line=st.sampled_from(["1", "2"]), decision=st.sampled_from(["keep", "end"]), reason=TEXTS)
    def review_decided(self, by: str, which: int, line: str, decision: str, reason: str) -> None:
        self.do(by, "review", "decide", self.one("SELECT id FROM reviews ORDER BY entry", which), line, decision, f"--reason={reason}")

    @rule(by=MEMBERS, which=st.integers(0, 9))
    def review_closed(self, by: str, which: int) -> None:
        self.do(by, "review", "close", self.one("SELECT id FROM reviews ORDER BY entry", which))

    @rule(
        by=MEMBERS, name=DOCUMENTS, text=TEXTS, to=st.none() | st.just("everybody") | PEOPLE, day=st.sampled_from(["2099-01-01", "today"])
    )
    def document(self, by: str, name: str, text: str, to: str | None, day: str) -> None:
        (self.folder / "en.md").write_text(text, encoding="utf-8")
        self.do(by, "document", "adopt", name, "--from", str(self.folder / "en.md"))
        day = self.time.date().isoformat() if day == "today" else day
        self.do(by, "document", "publish", name, "--deadline", day, *(["--to", to] if to else []))

    @rule(by=MEMBERS, name=DOCUMENTS, who=st.none() | PEOPLE, what=st.sampled_from(["ack", "ack", "verify", "training", "exception"]))
    def signed(self, by: str, name: str, who: str | None, what: str) -> None:
        paper = self.folder / "scan"
        paper.write_bytes(b"signed")
        version = self.one(
            f"SELECT version FROM document_versions v JOIN documents d ON d.id = v.document WHERE d.name = '{name}' ORDER BY v.n DESC", 0
        )
        words = {
            "ack": ("document", "ack", name, "--person", who or "", "--on-behalf", "--evidence", str(paper))
            if who
            else ("document", "ack", name, "--version", version),
            "verify": ("document", "verify", name, who or "dora"),
            "training": ("training", "add", who or "dora", "--subject", "social-media", "--on", "2025-11-30"),
            "exception": (
                "exception",
                "add",
                "--point",
                "acknowledgement",
                "--person",
                who or "dora",
                "--until",
                self.until(),
                "--reason",
                "away",
            ),
        }
        self.do(by, *words[what])

    def until(self) -> str:
        return (self.time + timedelta(days=30)).date().isoformat()

    # --- secrets ----------------------------------------------------------------------------------------------------------------------

    @rule(by=MEMBERS, account=ACCOUNTS, kind=KIND, secret=SECRETS)
    def credential(self, by: str, account: str, kind: str, secret: str) -> None:
        self.do(by, "credential", "add", account, "--kind", kind, stdin=secret)

    @rule(by=MEMBERS, account=ACCOUNTS)
    def seed(self, by: str, account: str) -> None:
        self.do(by, "credential", "add", account, "--kind", "totp", stdin=SEED)

    @rule(by=MEMBERS, account=ACCOUNTS, kind=KIND, place=PLACES)
    def kept_elsewhere(self, by: str, account: str, kind: str, place: str) -> None:
        self.do(by, "credential", "add", account, "--kind", kind, "--kept-in", place)

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE, reason=TEXTS, kind=st.none() | KIND)
    def grant(self, by: str, account: str, who: str, reason: str, kind: str | None) -> None:
        self.do(by, "grant", account, who, "--reason", reason, *(["--kind", kind] if kind else []))

    @rule(by=MEMBERS, account=SELECTORS, who=PEOPLE)
    def revoke(self, by: str, account: str, who: str) -> None:
        self.do(by, "revoke", account, who)

    @rule(by=MEMBERS, account=ACCOUNTS, who=PEOPLE, kind=KIND, what=st.sampled_from(["reveal", "code", "handover", "export"]))
    def shown(self, by: str, account: str, who: str, kind: str, what: str) -> None:
        words = {
            "reveal": ("reveal", account, "--kind", kind, "--stdout", "--reason", "work"),
            "code": ("code", account, "--reason", "work"),
            "handover": ("handover", account, who, "--kind", kind, "--stdout", "--reason", "work"),
            "export": ("export", "--format", "bitwarden-json", "--out", str(self.folder / os.urandom(8).hex()), "--reason", "moving"),
        }
        self.do(by, *words[what])

    # --- rotations and departures -----------------------------------------------------------------------------------------------------

    @rule(by=MEMBERS, account=SELECTORS, kind=KIND, secret=SECRETS, way=st.sampled_from(["make", "give", "changed"]))
    def rotate(self, by: str, account: str, kind: str, secret: str, way: str) -> None:
        words = {"make": (), "give": ("--stdin",), "changed": ("--already-changed", "--stdin")}
        self.do(by, "rotate", account, "--kind", kind, *words[way], stdin=secret)

    @rule(
        by=MEMBERS,
        which=st.integers(0, 9),
        step=st.sampled_from(["show", "code", "confirm", "reject", "unsure", "lost", "abort", "reconcile"]),
    )
    def rotation(self, by: str, which: int, step: str) -> None:
        id_ = self.one("SELECT id FROM rotations ORDER BY ended_at IS NOT NULL, entry", which)
        words = {
            "show": ("rotation", "show", id_, "--secret", "new", "--stdout"),
            "code": ("rotation", "show", id_, "--code"),
        }
        self.do(by, *words.get(step, ("rotation", step, id_)))

    @rule(by=MEMBERS, who=PEOPLE, at=st.sampled_from(["now", "2099-01-01T09:00:00Z"]), kind=st.sampled_from(["leaver", "mover", "pause"]))
    def offboard(self, by: str, who: str, at: str, kind: str) -> None:
        if who != "mia":  # hers is the machine that everything is asked of: her keys stay
            self.do(by, "offboard", "open", who, "--cut-at", at, "--kind", kind)

    @rule(
        by=MEMBERS, which=st.integers(0, 9), item=st.integers(0, 30), who=PEOPLE,
        step=st.sampled_from(["cut", "refresh", "close", "assign", "done", "verify", "waive", "not-applicable", "reopen", "run-due"]),
    )  # fmt: skip
    def case(self, by: str, which: int, item: int, who: str, step: str) -> None:
        case = self.one("SELECT id FROM cases ORDER BY entry DESC", which)
        id_ = self.one(f"SELECT id FROM items WHERE case_id = '{case}' ORDER BY seq", item)
        words = {
            "cut": (case,), "refresh": (case,), "close": (case,), "assign": (case, id_, who), "done": (case, id_), "verify": (case, id_),
            "waive": (case, id_, "--reason", "gone"), "not-applicable": (case, id_, "--reason", "gone"), "reopen": (case, id_), "run-due": (),
        }  # fmt: skip
        self.do(by, "offboard", step, *words[step])

    # --- keys, and what befalls a machine -----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.enrolled)
    @rule(which=st.integers(0, 9), base_alone=st.booleans())
    def enrol(self, which: int, base_alone: bool) -> None:
        person = self.one("SELECT id FROM people ORDER BY entry DESC", which)
        self.enrolled = True
        try:
            self.members["third"] = enrol(self.mia, "third", person, reads=("base",) if base_alone else ("base", "case"))
        except Refused:
            pass  # mia is no admin any more

    @rule(by=MEMBERS, who=PEOPLE, what=st.sampled_from(["invite", "withdraw", "rekey", "device", "seal"]))
    def keys_and_invites(self, by: str, who: str, what: str) -> None:
        words = {
            "invite": ("person", "invite", who),
            "withdraw": ("person", "invite", who, "--withdraw"),
            "rekey": ("person", "rekey", who),
            "device": ("key", "add-device"),
            "seal": ("key", "seal", who),
        }
        self.do(by, *words[what])

    @precondition(lambda self: "third" in self.members)
    @rule(by=MEMBERS, cause=st.sampled_from(["lost", "compromise", "replaced"]))
    def key_revoked_by_command(self, by: str, cause: str) -> None:
        self.do(by, "key", "revoke", self.members["third"].keys().id.hex(), "--cause", cause)

    @precondition(lambda self: "third" in self.members)
    @rule(by=MEMBERS)
    def key_revoked(self, by: str) -> None:
        key = self.members["third"].keys().id.hex()
        self.fact(by, "key.revoked", {"key": key, "cause": "departure"})

    @rule(by=MEMBERS)
    def noted(self, by: str) -> None:
        self.do(by, "status", "--accept-baseline", "--until", (self.time + timedelta(days=300)).date().isoformat())
        self.fact(by, "backup.made", {"size": 30}, {"path": "/mnt/usb/copy.db"})
        self.fact(by, "recovery.drilled", {"versions": 1, "failed": 0})

    @rule(
        by=MEMBERS,
        what=st.sampled_from([("register",), ("register", "journal", "journal.personal"), ("pin",), ("register", "pin"), ("journal",)]),
    )
    def lost(self, by: str, what: tuple[str, ...]) -> None:
        self.without(self.members[by], *what)

    @rule(by=MEMBERS)
    def reads(self, by: str) -> None:
        self.do(by, "status")

    def without(self, member: Machine, *what: str) -> Machine:
        """The machine after these files are lost. With no memory at all it would rightly refuse: it begins anew."""
        member.forget(*what)
        if not any((member.home / name).exists() for name in ("pin", "register.db", "journal")):
            member.begin_anew()
        return member

    def teardown(self) -> None:
        try:
            self.agree()
        finally:
            self.patch.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def agree(self) -> None:
        mia, ben = self.mia, self.members["ben"]
        before = mia.register()
        staying = [mia] if ben.run("status").code == 5 else [mia, ben]  # his keys may have ended
        if ben in staying:
            assert of_base(ben.register()) == of_base(before)
            assert self.reads_cases(mia) != self.reads_cases(ben) or ben.register() == before
        for member in staying:
            told = member.verify()
            assert told.code == 0, told
        assert self.without(mia, "register").register() == before
        assert self.without(mia, "register", "journal", "journal.personal").register() == before
        if ben in staying:
            own = ben.register()
            assert self.without(ben, "register", "pin").register() == own
            assert self.without(ben, "register", "journal", "journal.personal", "pin").register() == own
        assert {member.verify().code for member in staying} == {0}

    def reads_cases(self, member: Machine) -> bool:
        return not member.ask("SELECT 1 FROM entries WHERE type = 'sealed'")


def run(original: Machine, *, examples: int, steps: int) -> None:
    Company.original = original
    run_state_machine_as_test(
        Company,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
        ),
    )


def test_whatever_was_done_the_register_is_equal_after_every_rebuild(original: Machine) -> None:
    run(original, examples=3, steps=16)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_whatever_was_done_in_long_histories_the_register_is_equal_after_every_rebuild(original: Machine, part: int) -> None:
    run(original, examples=6, steps=50)
