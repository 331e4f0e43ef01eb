"""A vault of thirty-one entries with two members, built once as files; copies of it to attack; and what a copy may be asked.

Genesis is one transaction of four entries; each of the other 27 entries is a transaction of its own. `mia` founded the vault, `ben` was
enrolled through the internal interface and signs some entries. `PERSONAL`, `VERSIONS` and `WRAPS` say where what stands.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from govern.canonical import canonical
from govern.cli import settings
from govern.procedures.enrol import invite
from govern.procedures.epochs import wrap
from govern.procedures.sealing import add_wraps, end_each, recipients, seal, stored
from govern.register.pin import read_pin
from govern.register.queries import people
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.vault.custody.choose import create_seed, load_seed
from govern.vault.custody.record import Custody, SeedRecord, read_record, write_record
from govern.vault.keys import Keys
from govern.vault.seal import Context

from ...conftest import Story, Told

SIZE = 31
GENESIS = 4
PASSWORD, SEED, SECOND = "correct-horse-battery-staple", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "tribune-lattice-48-omelette"
SECRETS = (PASSWORD, SEED, SECOND)
NAMES = ("Mia Holm", "Ben Bos", "Cleo Ray", "acme.shop", "chat of the team", "said so at lunch")
"""What a refused command must not show."""
TABLES = ("meta", "entry", "checkpoint", "version", "wrap", "mailbox")


class Machine(Story):
    """One member's machine on a vault, with what the command has no word for yet."""

    member = "mia"

    @property
    def store(self) -> Path:
        return self.folder / "vault.db"

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(GOVERN_VAULT=str(self.store), **more)

    def of(self, member: str) -> Machine:
        """Another member's machine on the same store."""
        other = Machine(self.folder)
        other.member, other.home, other.key = member, self.folder / f"{member}-home", self.folder / f"{member}-key"
        return other

    def keys(self) -> Keys:
        return Keys(load_seed(read_record(self.home / "seed.json"), key_file=self.key))

    def workspace(self, **more: Any) -> Workspace:
        record = read_record(self.home / "seed.json")
        return Workspace(
            path=self.store, home=self.home, vault=record.vault, person=record.person.hex(), checkpoint=record.checkpoint.encode(),
            unlock=self.keys, **more,
        )  # fmt: skip

    @contextmanager
    def opened(self, **more: Any) -> Iterator[Workspace]:
        workspace = self.workspace(**more)
        try:
            yield workspace
        finally:
            workspace.close()

    def write(self, work: Callable[[Transaction], Any], now: str = "") -> Any:
        """One transaction of this member."""
        with self.opened() as workspace:
            with workspace.transaction(now or settings.now()) as tx:
                result = work(tx)
            return result

    def ask(self, query: str, *values: Any) -> list[Any]:
        """Rows of the trusted register."""
        with self.opened() as workspace:
            return workspace.view().execute(query, values).fetchall()

    def register(self) -> list[Any]:
        """The whole register, in its canonical order."""
        from govern.register import connection

        with self.opened() as workspace:
            return list(connection.dump(workspace.view()))

    # --- the attacker's side --------------------------------------------------------------------------------------------------------

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The store as whoever owns the disk sees it: plain SQLite. All of it is in the one file afterwards."""
        db = sqlite3.connect(self.store, isolation_level=None)
        try:
            yield db
        finally:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.close()

    def rows(self) -> dict[str, list[Any]]:
        """Every row of the store."""
        with self.database() as db:
            return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}

    def put_rows(self, rows: dict[str, list[Any]]) -> None:
        """These rows, and no others, in the tables named."""
        with self.database() as db:
            for table, wanted in rows.items():
                db.execute(f"DELETE FROM {table}")
                if wanted:
                    db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(wanted[0]))})", wanted)

    def kept(self) -> Any:
        """A copy of the whole database as it is now, for `put_back`."""
        with self.database():
            pass
        return self.store.read_bytes()

    def put_back(self, kept: Any) -> None:
        with self.database():
            pass
        self.store.write_bytes(kept)

    def state(self) -> tuple[Any, ...]:
        """Everything that a refused command must leave alone: the pin, the journal, and each row of the store."""
        files = [
            path.read_bytes() if path.exists() else b""
            for path in (self.home / "pin", self.home / "journal", self.home / "journal.personal")
        ]
        return files, self.rows()

    def refuses(self, *words: str, stdin: str = "", code: int = 6) -> Told:
        """Run a command; it must end with this exit code, show nothing, and write nothing."""
        before = self.state()
        told = self.run(*words, stdin=stdin)
        shown = told.out + told.err
        assert told.code == code, f"govern {' '.join(words)}: exit {told.code}\n{shown}"
        assert told.out == "" or "--json" in words, f"govern {' '.join(words)} showed {told.out!r}"
        assert not [word for word in (*SECRETS, *NAMES) if word in shown], shown
        assert "defect" not in shown
        assert "Traceback" not in shown
        assert self.state() == before, f"govern {' '.join(words)} wrote something"
        return told

    def verify(self) -> Told:
        return self.run("ledger", "verify", "--deep", "--json")

    def named(self) -> int | None:
        """The index that `ledger verify --deep` names; it must exit 6, show nothing else and write nothing."""
        told = self.refuses("ledger", "verify", "--deep", "--json")
        error = told.json()["error"]
        index: int | None = error.get("index")
        if index is not None:
            assert error["message"].startswith(f"entry {index}: ")
        return index

    def forget(self, *names: str) -> Machine:
        """Remove files of the state folder; `register` with its companions."""
        for name in names:
            for path in self.home.glob("register.db*") if name == "register" else [self.home / name]:
                path.unlink(missing_ok=True)
        return self

    def begin_anew(self) -> Machine:
        """Verify everything as a machine does that has just joined and remembers nothing but its checkpoint."""
        with self.opened(anew=True) as workspace:
            workspace.view()
        return self

    def copy(self, folder: Path) -> Machine:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        other = Machine(folder)
        return other if self.member == "mia" else other.of(self.member)


def enrol(machine: Machine, handle: str, person: str, *, reads: tuple[str, ...] = ("base", "case")) -> Machine:
    """Give a person keys and a machine of their own on the same store, as an enrolment would: an invite, and the entry that uses it."""
    other = machine.of(handle)
    other.home.mkdir(mode=0o700, parents=True)
    keys = Keys(create_seed(Custody.KEYFILE, str(other.key), random=os.urandom))

    issued = machine.write(lambda tx: invite(tx, people.by_id(tx.register, person).handle, "join"))

    def work(tx: Transaction) -> None:
        epochs, digest = wrap(tx, keys.recipient, reads)
        tx.record(
            "key.enrolled",
            {
                "person": person, "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "custody": "keyfile",
                "epochs": epochs, "wraps": digest, "invite": issued.id.hex(),
            },
        )  # fmt: skip

    machine.write(work)
    pin = read_pin(machine.home / "pin")
    assert pin is not None
    record = SeedRecord(
        custody=Custody.KEYFILE, where=str(other.key), key=keys.id, vault=read_record(machine.home / "seed.json").vault,
        checkpoint=pin.note.decode(), person=bytes.fromhex(person),
    )  # fmt: skip
    write_record(other.home / "seed.json", record)
    return other.begin_anew()


def found(folder: Path, *, preset: str = "solo") -> Machine:
    """A machine with a fresh vault: four entries."""
    machine = Machine(folder)
    machine.init(preset=preset)
    return machine


class Builder:
    """Writes the entries behind genesis, each in a transaction of its own."""

    def __init__(self, machine: Machine) -> None:
        self.mia = machine
        self.ben = machine
        self.ids: dict[str, str] = {}

    def id(self, name: str) -> str:
        return self.ids.setdefault(name, os.urandom(16).hex())

    def fact(self, type_: str, body: dict[str, Any], personal: dict[str, Any] | None = None, *, by: Machine | None = None) -> None:
        (by or self.mia).write(lambda tx: tx.record(type_, body, personal))

    def version(self, credential: str, kind: str, n: int, fields: dict[str, Any], **more: Any) -> None:
        def work(tx: Transaction) -> None:
            account = self.id("shop")
            context = Context(tx.workspace.vault, bytes.fromhex(account), bytes.fromhex(credential), kind, n)
            named = seal(tx, context, fields, recipients(tx.register, account, kind=kind))
            tx.record("version.staged", {"credential": credential, "version": n, **named, **more})

        self.mia.write(work)

    def build(self) -> Machine:
        mia, id_ = self.mia, self.id
        self.fact("person.added", {"person": id_("ben")}, {"handle": "ben", "name": "Ben Bos", "mail": "ben@acme.example"})  # 4
        self.ben = enrol(mia, "ben", id_("ben"))  # 5, 6
        ben = self.ben
        self.fact("role.given", {"person": id_("ben"), "role": "admin"})  # 7
        self.fact("person.added", {"person": id_("cleo"), "external": True}, {"handle": "cleo", "name": "Cleo Ray", "agency": "Rays"})  # 8
        who = mia.ask("SELECT id FROM people WHERE handle = 'mia'")[0][0]
        account = {"account": id_("shop"), "handle": "shop", "platform": "instagram", "tier": "standard", "custodian": who}
        self.fact("account.added", account, {"login": "acme.shop"})  # 9
        grant = {"account": id_("shop"), "until": "2099-11-20T23:59:59Z"}
        self.fact("grant.issued", {"grant": id_("g1"), "person": who, "founding": True, **grant})  # 10
        self.fact("credential.added", {"credential": id_("password"), "account": id_("shop"), "kind": "password"})  # 11
        self.version(id_("password"), "password", 1, {"secret": PASSWORD}, state="current", origin="imported", others_unknown=True)  # 12
        self.fact("grant.issued", {"grant": id_("g2"), "person": id_("ben"), **grant}, {"reason": "said so at lunch"})  # 13
        mia.write(lambda tx: add_wraps(tx, [stored(tx.register, id_("password"), 1)], [ben.keys().recipient]))  # 14
        self.fact("place.added", {"place": id_("chat"), "kind": "chat"}, {"name": "chat of the team"}, by=ben)  # 15
        self.fact("place.member", {"place": id_("chat"), "person": id_("cleo")}, by=ben)  # 16
        self.fact("place.holds", {"place": id_("chat"), "accounts": [id_("shop")]}, by=ben)  # 17
        self.fact("knowledge.declared", {"credential": id_("password"), "person": id_("cleo")}, {"note": "said so at lunch"}, by=ben)  # 18
        self.fact("secret.revealed", {"credential": id_("password"), "version": 1, "purpose": "reveal"}, {"reason": "login"}, by=ben)  # 19
        self.fact("credential.added", {"credential": id_("totp"), "account": id_("shop"), "kind": "totp"})  # 20
        self.version(id_("totp"), "totp", 1, {"secret": SEED}, state="current", origin="imported")  # 21
        self.fact("grant.issued", {"grant": id_("g3"), "person": id_("cleo"), **grant}, {"reason": "campaign"})  # 22
        self.fact("secret.handed_over", {"credential": id_("password"), "version": 1, "person": id_("cleo"), "via": "call"})  # 23
        self.fact("rotation.opened", {"rotation": id_("rotation"), "credential": id_("password"), "trigger": "first-import"})  # 24
        self.version(
            id_("password"), "password", 2, {"secret": SECOND}, state="candidate", origin="generated", rotation=id_("rotation")
        )  # 25
        self.fact("secret.revealed", {"credential": id_("password"), "version": 2, "purpose": "rotation"})  # 26
        self.fact("rotation.confirmed", {"rotation": id_("rotation"), "version": 2, "grade": "one-person"})  # 27
        mia.write(self._end_old_wrap)  # 28
        self.fact(
            "case.opened",
            {
                "case": id_("case"), "person": id_("cleo"), "kind": "agency-ended", "cut_at": "2099-02-01T09:00:00Z", "items": 0,
                "frozen": hashlib.sha256(canonical([])).hexdigest(), "frozen_at": 27,
            },
        )  # 29 # fmt: skip
        self.fact("backup.made", {"size": 30}, {"path": "/mnt/usb/vault-copy.db"})  # 30
        for member in (mia, ben):
            told = member.verify()
            assert told.code == 0, told
        with mia.database() as db:
            assert db.execute("SELECT count(*), (SELECT count(*) FROM checkpoint) FROM entry").fetchone() == (SIZE, SIZE - GENESIS + 1)
        return mia

    def _end_old_wrap(self, tx: Transaction) -> None:
        old = stored(tx.register, self.id("password"), 1)
        assert end_each(tx, [(old.credential, 1, self.ben.keys().id.hex(), old.manifest.hex())]) == 1


@functools.cache
def rows_of_another() -> dict[str, list[Any]]:
    """Every row of another vault with the same history."""
    with tempfile.TemporaryDirectory() as folder:
        return Builder(found(Path(folder))).build().rows()
