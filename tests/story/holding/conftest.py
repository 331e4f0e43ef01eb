"""A firm with accounts, secrets and a second keyholder, made through the register, so that these stories need no other command."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ...conftest import small

PASSWORD = "correct-horse-battery-staple"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Firm:
    """A vault founded by `mia`; accounts and secrets are put into it as a procedure would."""

    def __init__(self, story: Any) -> None:
        self.story = story
        self.machines = {"mia": story}

    # --- the command, as mia -----------------------------------------------------------------------------------------------------

    def ok(self, *words: str, **more: Any) -> Any:
        return self.story.ok(*words, **more)

    def run(self, *words: str, **more: Any) -> Any:
        return self.story.run(*words, **more)

    def json(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = self.story.json(*words)
        return found

    # --- the ledger --------------------------------------------------------------------------------------------------------------

    def workspace(self, member: str = "mia") -> Any:
        from govern.register.workspace import Workspace
        from govern.vault.custody.choose import load_seed
        from govern.vault.custody.record import read_record
        from govern.vault.keys import Keys

        home = self.machines[member].home
        record = read_record(home / "seed.json")
        return Workspace(
            path=self.story.home / "vault.db", home=home, vault=record.vault, person=record.person.hex(),
            checkpoint=record.checkpoint.encode(), unlock=lambda: Keys(load_seed(record)),
        )  # fmt: skip

    def write(self, work: Callable[[Any], Any], member: str = "mia", now: str = "") -> Any:
        """One transaction of a member."""
        from govern.cli import settings

        workspace = self.workspace(member)
        try:
            with workspace.transaction(now or settings.now()) as tx:
                result = work(tx)
        finally:
            workspace.close()
        return result

    def read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        workspace = self.workspace()
        try:
            return workspace.view().execute(query, values).fetchall()  # type: ignore[no-any-return]
        finally:
            workspace.close()

    def types(self) -> list[str]:
        """Every fact of the ledger, in order."""
        return [row[0] for row in self.read("SELECT type FROM entries ORDER BY idx")]

    def id_of(self, handle: str) -> str:
        return str(self.read("SELECT id FROM people WHERE handle = ?", handle)[0][0])

    # --- people, accounts, secrets -----------------------------------------------------------------------------------------------

    def person(self, handle: str, name: str = "", **fields: Any) -> str:
        """Somebody without keys."""

        def work(tx: Any) -> str:
            id_: str = tx.new_id()
            tx.record("person.added", {"person": id_, **fields}, {"handle": handle, "name": name or handle.title()})
            return id_

        return str(self.write(work))

    def admin(self, handle: str) -> None:
        """Somebody becomes admin; the recovery quorum is the second person."""
        (proposal,) = self.json("person", "role", handle, "admin")["proposals"]
        sheets = [word for n in (1, 2) for word in ("--sheet", str(self.story.home / "recovery" / f"recovery-sheet-{n}-of-3.txt"))]
        self.ok("proposal", "approve", proposal["id"], *sheets)

    def enrol(self, handle: str) -> Any:
        """Give somebody keys and a machine of their own, as an enrolment would."""
        from govern.procedures.enrol import invite
        from govern.procedures.epochs import wrap
        from govern.register.pin import read_pin
        from govern.vault.custody.choose import create_seed
        from govern.vault.custody.record import Custody, SeedRecord, write_record
        from govern.vault.keys import Keys

        folder = self.story.folder / handle
        machine = type(self.story)(folder)
        machine.home.mkdir(parents=True, mode=0o700)
        keys = Keys(create_seed(Custody.KEYFILE, str(machine.key), random=os.urandom))
        person = self.id_of(handle)

        def work(tx: Any) -> None:
            issued = invite(tx, handle, "join")
            epochs, digest = wrap(tx, keys.recipient, ("base", "case"))
            tx.record(
                "key.enrolled",
                {
                    "person": person, "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(),
                    "custody": "keyfile", "epochs": epochs, "wraps": digest, "invite": issued.id.hex(),
                },
            )  # fmt: skip

        self.write(work)
        pin = read_pin(self.story.home / "pin")
        assert pin is not None
        vault = bytes.fromhex(self.vault_id())
        write_record(
            machine.home / "seed.json",
            SeedRecord(
                custody=Custody.KEYFILE, where=str(machine.key), key=keys.id, vault=vault, checkpoint=pin.note.decode(),
                person=bytes.fromhex(person),
            ),
        )  # fmt: skip
        environment = machine.environment
        machine.environment = lambda **more: environment(GOVERN_VAULT=str(self.story.home / "vault.db"), **more)
        self.machines[handle] = machine
        note = machine.folder / "note"  # handed over by mia: what an enrolled machine begins from
        note.write_bytes(pin.note)
        machine.ok("vault", "trust", str(note))
        return machine

    def vault_id(self) -> str:
        from govern.vault.custody.record import read_record

        return read_record(self.story.home / "seed.json").vault.hex()

    def account(
        self, handle: str, *, tier: str = "standard", custodian: str = "mia", held: bool = True, platform: str = "instagram", **more: Any
    ) -> str:
        """An account, and the custodian's founding grant where it is mia's own and `held`."""

        def work(tx: Any) -> str:
            id_: str = tx.new_id()
            tx.record(
                "account.added",
                {"account": id_, "handle": handle, "platform": platform, "tier": tier, "custodian": self.id_of(custodian), **more},
                {"login": f"{handle}-login"},
            )
            if held and custodian == "mia":
                tx.record(
                    "grant.issued",
                    {"grant": tx.new_id(), "account": id_, "person": tx.actor, "until": "2099-11-20T23:59:59Z", "founding": True},
                )
            return id_

        return str(self.write(work))

    def secret(self, account: str, kind: str = "password", secret: Any = PASSWORD, **staged: Any) -> str:
        """A credential with its first version, sealed to everybody who holds it."""

        def work(tx: Any) -> str:
            from govern.procedures.sealing import recipients, seal
            from govern.vault.seal import Context

            credential: str = tx.new_id()
            tx.record("credential.added", {"credential": credential, "account": account, "kind": kind})
            context = Context(tx.workspace.vault, bytes.fromhex(account), bytes.fromhex(credential), kind, 1)
            fields = secret if isinstance(secret, dict) else {"secret": secret}
            named = seal(tx, context, fields, recipients(tx.register, account, kind=kind))
            tx.record(
                "version.staged",
                {"credential": credential, "version": 1, "state": "current", "origin": "imported", **named, **staged},
            )
            return credential

        return str(self.write(work))

    def rotated(self, credential: str, secret: str = "another-and-better-one", *, confirm: bool = True) -> None:
        """A rotation of the credential, opened, staged, and confirmed as probed by a program."""

        def work(tx: Any) -> None:
            from govern.procedures.sealing import recipients, seal
            from govern.vault.seal import Context

            account, kind, last = tx.register.execute(
                "SELECT c.account, c.kind, max(v.n) FROM credentials c JOIN versions v ON v.credential = c.id WHERE c.id = ?", (credential,)
            ).fetchone()
            rotation = tx.new_id()
            tx.record("rotation.opened", {"rotation": rotation, "credential": credential, "trigger": "membership"})
            context = Context(tx.workspace.vault, bytes.fromhex(account), bytes.fromhex(credential), kind, last + 1)
            named = seal(tx, context, {"secret": secret}, recipients(tx.register, account, kind=kind))
            tx.record(
                "version.staged",
                {"credential": credential, "version": last + 1, "state": "candidate", "origin": "generated", "rotation": rotation, **named},
            )
            if confirm:
                made_by = {"connector": "matrix", "distribution": "govern", "release": "1"}
                tx.record("rotation.connected", {"rotation": rotation, "version": last + 1, **made_by})
                tx.record("rotation.probed", {"rotation": rotation, "version": last + 1, "answer": "valid"})
                tx.record("rotation.probed", {"rotation": rotation, "version": last, "answer": "invalid"})
                tx.record("rotation.confirmed", {"rotation": rotation, "version": last + 1, "grade": "probed"})

        self.write(work)

    def told(self, code: int, out: str, err: str) -> Any:
        """The same shape as what a run of the command gives."""
        return SimpleNamespace(code=code, out=out, err=err)

    # --- looking for a secret ------------------------------------------------------------------------------------------------------

    def shows(self, told: Any, secret: str = PASSWORD) -> bool:
        """Whether a command let out the secret or a part of it, in plain text, hex or base64."""
        import base64

        text = told.out + told.err
        parts = {
            secret,
            secret.encode().hex(),
            base64.b64encode(secret.encode()).decode(),
            *(secret[i : i + 6] for i in range(len(secret) - 5)),
        }
        return any(part in text for part in parts)


@pytest.fixture
def firm(story: Any, prepared: Any) -> Firm:
    """mia alone, under the rules for a small firm."""
    return Firm(prepared.into(story, small))


@pytest.fixture
def shop(story: Any, prepared: Any) -> Firm:
    """mia holds `shop` (standard) with a password and a TOTP seed; `anna` and `ben` have no keys."""
    return Firm(prepared.into(story, _shop))


def _shop(story: Any) -> None:
    small(story)
    firm = Firm(story)
    account = firm.account("shop")
    firm.secret(account)
    firm.secret(account, "totp", SEED)
    firm.person("anna", "Anna Ros")
    firm.person("ben", "Ben Bos")
