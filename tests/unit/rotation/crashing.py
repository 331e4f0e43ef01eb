"""Crashes of a rotation by a connector: at every write of a commit and at every call of the platform; and what must hold afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from govern.connectors.load import Found
from govern.procedures import rotate
from govern.procedures.connected import carry_on
from govern.procedures.connecting import Way
from govern.procedures.recovery import read_sheets
from govern.register import transaction
from govern.register.journal import Journal
from govern.register.queries import rotations
from govern.rotation.triggers import Trigger
from govern.store.writing import Writing
from govern.testing.connector import Double
from govern.testing.platform import Crash, Platform
from govern.vault.keys import Keys
from govern.vault.recovery import combine
from govern.vault.seal import SealedVersion, open_sealed
from tests.unit.attacks.vaults import Machine

DOUBLE = Found(name="matrix", make=Double, distribution="govern", release="0")  # type: ignore[arg-type]
"""The double under the name of a connector that the policy allows."""

_NUMBERS = itertools.count(1)
_WRITES = (
    (Writing, ("insert_entries", "insert_versions", "insert_wraps", "drop_wraps", "insert_checkpoint", "commit")),
    (Journal, ("append",)),
)


@dataclass
class Cuts:
    """Counts the writes of commits, and dies at one of them: before it is made, or right after."""

    at: int = -1
    after: bool = False
    seen: int = 0

    def around(self, do: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **more: Any) -> Any:
            number, self.seen = self.seen, self.seen + 1
            if number == self.at and not self.after:
                raise Crash
            result = do(*args, **more)
            if number == self.at:
                raise Crash
            return result

        return made

    @contextmanager
    def armed(self) -> Iterator[None]:
        self.seen = 0
        with mock.patch.object(transaction, "write_pin", self.around(transaction.write_pin)):
            patches = [mock.patch.object(where, name, self.around(getattr(where, name))) for where, names in _WRITES for name in names]
            for one in patches:
                one.start()
            try:
                yield
            finally:
                for one in patches:
                    one.stop()


class Brand:
    """One account in the vault and on a platform of its own; each run of the program is a workspace of its own, as a new process has."""

    def __init__(self, machine: Machine, kind: str) -> None:
        self.machine, self.kind, self.handle = machine, kind, f"brand-{next(_NUMBERS)}"
        self.platform = Platform(password="first-password", app_passwords={"by hand": "first-app-password"})
        first = next(iter(self.platform.secrets(kind)))
        machine.ok("account", "add", self.handle, "--platform", "matrix", "--login", "brand", "--url", "https://matrix.acme.example")
        machine.ok("credential", "add", self.handle, "--kind", kind, stdin=first)
        self.time = datetime.now(UTC)

    def clock(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def run(self) -> Any:
        """What `govern rotate --connector` and `govern rotation reconcile` do: begin, or go on with what is open. May end in a Crash."""
        way = Way(found=DOUBLE, connect=lambda target: Double(target, self.platform))
        with self.machine.opened() as workspace:
            found = rotations.of_account(workspace.view(), self._account(workspace), self.kind)
            with workspace.transaction(self.clock()) as tx:
                (started,), _ = rotate.start(tx, found, Trigger.MANUAL)
            return carry_on(workspace, started.rotation.id, way, self.clock)

    def recover(self) -> int:
        """Go on, again and again, some minutes apart, until it is done; how many runs that took."""
        for number in range(1, 6):
            self.time += timedelta(minutes=10)
            if self.state() == "done":
                return number
            carried = self.run()
            if carried.rotation.state.value == "done":
                return number
        raise AssertionError(f"it is not done: {carried}, {self.platform.calls}")

    def state(self) -> str:
        with self.machine.opened() as workspace:
            row = (
                workspace.view()
                .execute(
                    "SELECT r.state FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = ? ORDER BY r.entry DESC",
                    (self._account(workspace),),
                )
                .fetchone()
            )
        return row[0] if row else ""

    def _account(self, workspace: Any) -> str:
        return str(workspace.view().execute("SELECT id FROM accounts WHERE handle = ?", (self.handle,)).fetchone()[0])

    def openable(self, keys: Keys, *, state: str = "") -> set[str]:
        """The secrets of the account that these keys open, as the next process finds the vault; of one state only where it is given."""
        found = set()
        with self.machine.opened() as workspace:
            rows = (
                workspace.view()
                .execute(
                    "SELECT c.account, c.id, c.kind, v.n, v.manifest, v.state FROM versions v JOIN credentials c ON c.id = v.credential"
                    " JOIN accounts a ON a.id = c.account WHERE a.handle = ?",
                    (self.handle,),
                )
                .fetchall()
            )
            from govern.procedures.sealing import Stored

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
                    found.add(open_sealed(sealed, context, keys, wrapped, expected=digest)["secret"])
        return found

    def lost(self, keepers: list[Keys]) -> set[str]:
        """What the platform takes and somebody of these can't open. An app password that was issued and never told is nobody's secret."""
        taken = self.platform.secrets(self.kind)
        if self.kind == "app-password":
            usable = self.openable(keepers[0]) & taken
            return set() if usable else taken
        return {secret for keys in keepers for secret in taken - self.openable(keys)}


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
