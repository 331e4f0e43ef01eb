"""One account in a vault and on a platform of its own, rotated by a connector, with a crash somewhere; and what must hold afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from govern.connectors.load import Found
from govern.procedures import rotate
from govern.procedures.connected import carry_on
from govern.procedures.connecting import Way
from govern.procedures.recovery import read_sheets
from govern.procedures.sealing import Stored
from govern.register.queries import rotatable
from govern.rotation.kinds import FACTS
from govern.rotation.triggers import Trigger
from govern.testing.connector import Double
from govern.testing.platform import LISTED, Crash, Fault, Platform
from govern.vault.keys import Keys
from govern.vault.recovery import combine
from govern.vault.seal import SealedVersion, open_sealed
from govern.vault.secret import Secret
from tests.unit.attacks.vaults import Machine
from tests.unit.rotation.boundaries import Boundaries, watching

DOUBLE = Found(name="matrix", make=Double, distribution="govern", release="0")  # type: ignore[arg-type]
"""The double under the name of a connector that the policy allows."""

FIRST = {"password": "first-password", "totp": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "backup-codes": "0000 0001\n0000 0002"}
"""What an account has before its first rotation."""

_NUMBERS = itertools.count(1)


class Brand:
    """One account in the vault and on a platform of its own; each run of the program is a workspace of its own, as a new process has."""

    def __init__(self, machine: Machine, kind: str) -> None:
        self.machine, self.kind, self.handle = machine, kind, f"brand-{next(_NUMBERS)}"
        self.platform = Platform(
            password=FIRST["password"], app_passwords={"by hand": "first-app-password"}, api_tokens={"by hand": "first-api-token"},
            seed=FIRST["totp"], codes=tuple(FIRST["backup-codes"].split("\n")),
        )  # fmt: skip
        machine.ok("account", "add", self.handle, "--platform", "matrix", "--login", "brand", "--url", "https://matrix.acme.example")
        machine.ok("credential", "add", self.handle, "--kind", kind, stdin=self.first)
        self.time = datetime.now(UTC)

    @property
    def first(self) -> str:
        return FIRST.get(self.kind, f"first-{self.kind}")

    def clock(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def run(self) -> Any:
        """What `govern rotate --connector` and `govern rotation reconcile` do: begin, or go on with what is open. May end in a Crash."""
        way = Way(found=DOUBLE, connect=lambda target: Double(target, self.platform))
        with self.machine.opened() as workspace:
            found = rotatable.of_account(workspace.view(), self.account(workspace), self.kind)
            with workspace.transaction(self.clock()) as tx:
                (started,), _ = rotate.start(tx, found, Trigger.MANUAL)
            return self.carry(workspace, started.rotation.id, way)

    def carry(self, workspace: Any, rotation: str, way: Way) -> Any:
        return carry_on(workspace, rotation, way, self.clock)

    def recover(self) -> int:
        """Go on, again and again, some minutes apart, until it is done; how many runs that took."""
        for number in range(1, 6):
            self.time += timedelta(minutes=10)
            if self.state() == "done":
                return number
            carried = self.run()
            if self.state() == "done":
                return number
        raise AssertionError(f"it is not done: {carried}, {self.platform.calls}")

    def state(self) -> str:
        with self.machine.opened() as workspace:
            row = (
                workspace.view()
                .execute(
                    "SELECT r.state FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = ? ORDER BY r.entry DESC",
                    (self.account(workspace),),
                )
                .fetchone()
            )
        return row[0] if row else ""

    def account(self, workspace: Any) -> str:
        return str(workspace.view().execute("SELECT id FROM accounts WHERE handle = ?", (self.handle,)).fetchone()[0])

    def openable(self, keys: Keys, *, state: str = "") -> set[str]:
        """The secrets of the account that these keys open, as the next process finds the vault; of one state only where it is given."""
        found = set()
        with self.machine.opened() as workspace:
            rows = (
                workspace.view()
                .execute(
                    "SELECT c.account, c.id, c.kind, v.n, v.manifest, v.state FROM versions v JOIN credentials c ON c.id = v.credential"
                    " JOIN accounts a ON a.id = c.account WHERE a.handle = ? AND v.manifest IS NOT NULL",
                    (self.handle,),
                )
                .fetchall()
            )
            with workspace.store.reading() as reading:
                for account, credential, kind, n, manifest, was in rows:
                    if state and was != state:
                        continue
                    digest = bytes.fromhex(manifest)
                    version, wrapped = reading.version(digest), reading.wrap(digest, keys.id)
                    if version is None or wrapped is None:
                        continue
                    sealed = SealedVersion(digest=digest, commitment=version[0], sealed=version[1])
                    context = Stored(account, credential, kind, n, digest).context(workspace.vault)
                    secret = open_sealed(sealed, context, keys, wrapped, expected=digest)["secret"]
                    found.add("\n".join(secret) if isinstance(secret, list) else secret)
        return found

    def lost(self, keepers: list[Keys]) -> set[str]:
        """What the platform takes and somebody of these can't open.

        A secret that was issued, and whose answer nobody got, is nobody's: where others of its kind go on working, one of those has to be here;
        backup codes go by the set, so that another one is asked for.
        """
        taken = self.platform.secrets(self.kind)
        if self.kind in LISTED:
            return set() if all(self.openable(keys) & taken for keys in keepers) else taken
        if self.kind == "backup-codes" and self.state() in ("", "planned", "rejected"):
            return set()
        return {secret for keys in keepers for secret in taken - self.openable(keys)}


class Mailed(Brand):
    """An account whose password the platform changes by a code that it mails; somebody reads the mail and types it in, if there is any."""

    def __init__(self, machine: Machine, kind: str) -> None:
        super().__init__(machine, kind)
        self.platform.mails = True

    def carry(self, workspace: Any, rotation: str, way: Way) -> Any:
        def read(_found: Any) -> Secret | None:
            return Secret(self.platform.mailed) if self.platform.mailed else None

        return carry_on(workspace, rotation, replace(way, code=read, anew=not self.platform.mailed), self.clock)


def ends(brand: Brand, keys: list[Keys], cell: object) -> None:
    """Nothing is lost now; and going on ends with one secret, which is current here and the only one there."""
    assert not brand.lost(keys), (cell, brand.platform.calls)
    if brand.kind in FACTS and brand.state() == "done":
        assert brand.platform.facts.get(brand.kind), cell
    brand.recover()
    brand.platform.settle()
    brand.recover()
    current = brand.openable(keys[0], state="current")
    assert current == brand.openable(keys[1], state="current")
    if brand.kind in FACTS:
        assert brand.platform.facts[brand.kind], cell
    else:
        assert current == brand.platform.secrets(brand.kind), (cell, brand.platform.calls)
        assert len(current) == 1, cell
    assert brand.first not in current


@contextmanager
def dying(at: int) -> Iterator[Boundaries]:
    """The program dies at that boundary, of which calls of the platform are some; the block goes on behind it."""
    with watching(Boundaries(crash, at=at)) as one, asking(one):
        try:
            yield one
        except Crash:
            pass


@contextmanager
def asking(one: Boundaries) -> Iterator[None]:
    """Calls of the platform count as well."""
    call = Platform.call
    with mock.patch.object(Platform, "call", lambda self, what, do: one.around(f"platform {what}", call)(self, what, do)):
        yield


def crash() -> NoReturn:
    raise Crash


def steps(brand: Brand, faults: dict[int, Fault] | None = None) -> list[str]:
    """The boundaries of a rotation to which nothing happens but those faults, and of going on with it in the same run."""
    brand.platform.faults = faults or {}
    with dying(-1) as one:
        brand.run()
    return list(one.seen)


def disturbed(brand: Brand, faults: dict[int, Fault], *, at: int = -1) -> None:
    """One run with that in its way."""
    brand.platform.faults = faults
    with dying(at):
        brand.run()
    brand.platform.faults = {}


def keepers(machine: Machine) -> list[Keys]:
    """Those who must be able to open whatever works: the responsible person, and recovery by its sheets."""
    sheets = read_sheets(sorted((machine.home / "recovery").glob("*")))
    with machine.opened() as workspace:
        row = workspace.view().execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()
        recovery = Keys(combine(sheets, vault=workspace.vault, recovery_key_id=bytes.fromhex(row[0])))
    return [machine.keys(), recovery]


def founded(folder: Path) -> Machine:
    machine = Machine(folder)
    machine.init()
    return machine
