"""A company in one process: members with keys and machines of their own, accounts, secrets, and a clock that the test moves."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

from govern.holdings.proposals import TWO_PERSON_ROLES, Act
from govern.offboarding.kinds import CaseKind
from govern.procedures import enrol, offboard, offboard_items, people, proposals, rotate
from govern.procedures import rotation as steps
from govern.procedures.epochs import wrap
from govern.procedures.found import Founding, found
from govern.procedures.recovery import read_sheets
from govern.procedures.sealing import recipients, seal
from govern.register.pin import read_pin
from govern.register.queries import cases, rotatable, rotations
from govern.register.queries import proposals as proposals_of
from govern.register.workspace import Workspace
from govern.rotation.triggers import Trigger
from govern.vault import fingerprint
from govern.vault.custody.record import Custody
from govern.vault.keys import Keys
from govern.vault.seal import Context
from govern.vault.secret import Secret, SecretBytes
from govern.vault.sheet import Sheet

from ...conftest import in_memory

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Company:
    """Founded by `mia`. Every step takes a minute."""

    def __init__(self, folder: Path, preset: str = "small") -> None:
        self.folder, self.moment = folder, datetime(2026, 11, 21, 9, tzinfo=UTC)
        self.members: dict[str, Workspace] = {}
        self.ids: dict[str, str] = {}
        seed = SecretBytes(os.urandom(32))
        made = found(
            Founding(
                path=folder / "vault.db", home=folder / "mia", organisation="Acme", name="Mia Holm", mail="", handle="mia", preset=preset,
                threshold=1, shares=1, sheets=folder / "sheets",
            ),
            custody=Custody.KEYFILE, where=str(folder / "key"), seed=seed, now=self.now,
        )  # fmt: skip
        self.vault = bytes.fromhex(made.vault)
        self.ids["mia"] = made.person
        self._join("mia", Keys(seed))

    # --- time and members --------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> str:
        return self.moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def later(self, **time: int) -> None:
        self.moment += timedelta(**time)

    def _join(self, handle: str, keys: Keys) -> None:
        pin = read_pin(self.folder / "mia" / "pin")
        home = self.folder / handle
        home.mkdir(exist_ok=True)
        self.members[handle] = Workspace(
            path=self.folder / "vault.db", home=home, vault=self.vault, person=self.ids[handle], checkpoint=pin.note if pin else b"",
            unlock=lambda: keys, anew=handle != "mia",
        )  # fmt: skip

    def copied(self, folder: Path) -> Self:
        """The same company once more, to go on apart from this one."""
        self.close()
        other = copy.copy(self)
        other.folder, other.ids, other.members = folder, dict(self.ids), {}
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        for handle, member in self.members.items():
            other._join(handle, member.keys)
        return other

    def do(self, work: Any, *arguments: Any, by: str = "mia", **more: Any) -> Any:
        """One transaction of a member, a minute later."""
        self.later(minutes=1)
        with self.members[by].transaction(self.now) as tx:
            return work(tx, *arguments, **more)

    def fact(self, type_: str, body: dict[str, Any], personal: dict[str, Any] | None = None, *, by: str = "mia") -> int:
        return int(self.do(lambda tx: tx.record(type_, body, personal), by=by))

    def db(self, by: str = "mia") -> Any:
        return self.members[by].view()

    def close(self) -> None:
        for member in self.members.values():
            member.close()

    # --- people and accounts --------------------------------------------------------------------------------------------------------

    def person(self, handle: str) -> str:
        self.ids[handle] = self.do(people.add, people.NewPerson(name=handle.title(), handle=handle)).id
        return self.ids[handle]

    def enrol(self, handle: str, *roles: str, cases: bool = True) -> None:
        """Somebody with keys and a machine of their own, as an enrolment would leave them."""
        person = self.person(handle)
        keys = Keys(SecretBytes(os.urandom(32)))

        def work(tx: Any) -> None:
            issued = enrol.invite(tx, handle, "join")
            epochs, digest = wrap(tx, keys.recipient, ("base", "case") if cases else ("base",))
            tx.record(
                "key.enrolled",
                {
                    "person": person, "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(),
                    "custody": "keyfile", "epochs": epochs, "wraps": digest, "invite": issued.id.hex(),
                },
            )  # fmt: skip
            for role in roles:
                if role not in TWO_PERSON_ROLES:
                    tx.record("role.given", {"person": person, "role": role})

        self.do(work)
        self._join(handle, keys)
        for role in sorted(TWO_PERSON_ROLES.intersection(roles)):
            self.promote(handle, role)

    def promote(self, handle: str, role: str = "admin", *, by: str = "mia", second: str = "") -> None:
        """A role that two persons give: the second is the recovery quorum where nobody is named and no other admin could be."""
        proposal = self.do(proposals.propose, Act.ROLE, {"person": self.ids[handle], "role": role}, by=by)
        seconds = second or next(iter(proposals_of.seconds(self.db(), proposal, self.now)), "")
        names = {id_: name for name, id_ in self.ids.items()}
        if seconds:
            self.do(proposals.approve, proposal, by=names.get(seconds, seconds))
        else:
            self.later(minutes=1)
            proposals.approve_with_sheets(self.members[by], self.sheets(), proposal.id, self.now)

    def sheets(self) -> list[Sheet]:
        return read_sheets(sorted((self.folder / "sheets").glob("*.txt")))

    def account(
        self, handle: str, *holders: str, custodian: str = "mia", tier: str = "standard", platform: str = "instagram", **more: Any
    ) -> str:
        """An account with its holders, mia first where she is one; then its responsible person."""

        def work(tx: Any) -> str:
            account: str = tx.new_id()
            tx.record(
                "account.added", {"account": account, "handle": handle, "platform": platform, "tier": tier, "custodian": tx.actor, **more}
            )
            for holder in holders:
                founding = {"founding": True} if holder == "mia" else {}
                tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": self.ids[holder], **founding})
            if custodian != "mia":
                tx.record("account.custody", {"account": account, "custodian": self.ids[custodian]})
            return account

        self.ids[handle] = str(self.do(work))
        return self.ids[handle]

    def secret(
        self, account: str, kind: str = "password", secret: str = "first-secret", *, kept_in: str = "", origin: str = "imported"
    ) -> str:
        """A credential with its first version."""

        def work(tx: Any) -> str:
            credential: str = tx.new_id()
            body = {"credential": credential, "account": self.ids[account], "kind": kind}
            tx.record("credential.added", body | ({"kept_in": kept_in} if kept_in else {}))
            staged: dict[str, Any] = {"credential": credential, "version": 1, "state": "current", "origin": origin, "others_unknown": True}
            if not kept_in:
                context = Context(self.vault, bytes.fromhex(self.ids[account]), bytes.fromhex(credential), kind, 1)
                fields = {"secret": secret, "fingerprints": fingerprint.remember(None, secret, 1, os.urandom)}
                staged |= seal(tx, context, fields, recipients(tx.register, self.ids[account], kind=kind))
            tx.record("version.staged", staged)
            return credential

        return str(self.do(work))

    def shop(self, *holders: str, **more: Any) -> str:
        """The usual account with its usual password; the credential's id."""
        self.account("shop", *holders, **more)
        return self.secret("shop")

    def declare(self, credential: str, person: str) -> None:
        self.fact("knowledge.declared", {"credential": credential, "person": self.ids[person]})

    # --- rotations --------------------------------------------------------------------------------------------------------------------

    def start(self, credential: str, given: str = "", trigger: Trigger = Trigger.MANUAL, *, by: str = "mia") -> Any:
        """Open or go on with a rotation of one credential."""
        secret = Secret(given) if given else None
        found = rotatable.of_credential(self.db(by), credential)
        return self.do(rotate.start, [found], trigger, given=secret, by=by)[0][0]

    def open(self, credential: str, *, by: str = "mia") -> Any:
        rotation = rotations.open_of(self.db(by), credential)
        assert rotation is not None
        return rotation

    def show(self, credential: str, which: str = "new", *, by: str = "mia") -> str:
        return str(self.do(lambda tx: steps.show(tx, rotations.open_of(tx.register, credential), which), by=by).secret.reveal())

    def confirm(self, credential: str, *, by: str = "mia", **more: Any) -> Any:
        return self.do(lambda tx: steps.confirm(tx, rotations.open_of(tx.register, credential), **more), by=by)

    def rotate(self, credential: str, given: str = "", *, by: str = "mia") -> Any:
        """A whole rotation: started, shown where it was generated, confirmed."""
        self.start(credential, given, by=by)
        if not given and not self.open(credential, by=by).kept_in:
            self.show(credential, by=by)
        return self.confirm(credential, by=by)

    def knows(self, person: str, *, live: bool = True) -> set[tuple[str, int]]:
        """(kind, version) of everything that the person could know; `live`: and that still counts."""
        rows = self.db().execute(
            "SELECT c.kind, e.n, v.ended_at FROM exposures e JOIN credentials c ON c.id = e.credential"
            " JOIN versions v ON v.credential = e.credential AND v.n = e.n WHERE e.person = ?",
            (self.ids.get(person, person),),
        )
        return {(kind, n) for kind, n, ended in rows if not (live and ended)}

    def bases(self, person: str, credential: str, n: int) -> set[str]:
        rows = self.db().execute(
            "SELECT basis FROM exposures WHERE person = ? AND credential = ? AND n = ?", (self.ids.get(person, person), credential, n)
        )
        return {row[0] for row in rows}

    # --- departures ---------------------------------------------------------------------------------------------------------------------

    def offboard(self, person: str, *, by: str = "mia", cut_in: int = 0, kind: CaseKind = CaseKind.LEAVER, **more: Any) -> Any:
        """Open a case; the cut is made at once unless it lies `cut_in` days ahead."""
        at = (self.moment + timedelta(minutes=1, days=cut_in)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.do(offboard.open_, offboard.Opening(person=person, kind=kind, cut_at=at, **more), by=by)[0]

    def items(self, case: Any, *, by: str = "mia") -> list[Any]:
        return cases.items(self.db(by), case.id)

    def case(self, case: Any, *, by: str = "mia") -> Any:
        return cases.by_id(self.db(by), case.id, reader=self.ids[by])

    def end(self, case: Any, number: int, how: str = "done", *, by: str = "mia", **more: Any) -> Any:
        """Act on the item of this number: done, verify, waive, not-applicable, reopen."""

        def work(tx: Any) -> Any:
            from govern.offboarding.items import ItemState

            found, entry = cases.by_id(tx.register, case.id, reader=tx.actor), cases.item(tx.register, case.id, str(number))
            match how:
                case "waived" | "not-applicable":
                    return offboard_items.give_up(tx, found, entry, ItemState(how), more.get("reason", "because"))
                case _:
                    return getattr(offboard_items, how)(tx, found, entry, **more)

        return self.do(work, by=by)

    def close_case(self, case: Any, *, by: str = "mia") -> Any:
        return self.do(lambda tx: offboard_items.close(tx, cases.by_id(tx.register, case.id, reader=tx.actor)), by=by)


def somewhere() -> Path:
    """A folder to remove afterwards; in memory where the system has such a place, since nothing here is about disks."""
    return Path(tempfile.mkdtemp(prefix="govern-", dir=in_memory()))


C = TypeVar("C", bound=Company)


class Originals:
    """Companies that were set up once per process, each by the function that makes it."""

    def __init__(self) -> None:
        self.made: dict[Callable[[Path], Any], Any] = {}

    @contextmanager
    def copy(self, make: Callable[[Path], C]) -> Iterator[C]:
        """One of one's own, removed afterwards."""
        if make not in self.made:
            self.made[make] = make(somewhere())
        folder = somewhere()
        made: C = self.made[make].copied(folder)
        yield made
        made.close()
        shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        for company in self.made.values():
            company.close()
            shutil.rmtree(company.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def originals() -> Iterator[Originals]:
    kept = Originals()
    yield kept
    kept.remove()


def copied(make: Callable[[Path], C]) -> Any:
    """A fixture that gives each test a copy of its own of what this makes in an empty folder; it is made once per process."""

    @pytest.fixture
    def one(originals: Originals) -> Iterator[C]:
        with originals.copy(make) as made:
            yield made

    return one


@pytest.fixture
def company(originals: Originals) -> Iterator[Company]:
    """A firm with one admin."""
    with originals.copy(Company) as made:
        yield made
