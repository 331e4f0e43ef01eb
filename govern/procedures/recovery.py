"""Recovery sheets read from files, and the drill that shows that they would open everything. Recovery in earnest: `recovering`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govern import bounded
from govern.errors import GovernError, IntegrityError, Malformed
from govern.procedures.sealing import Stored
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.vault.keys import Keys
from govern.vault.recovery import combine
from govern.vault.seal import DataKey, SealedVersion, unwrap_version
from govern.vault.sheet import Sheet, parse_sheet

_MOST_SHEET: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """Versions whose recovery wrap opened, and what failed: (account id, kind, version)."""

    opened: int
    failed: tuple[tuple[str, str, int], ...]


def read_sheets(files: Sequence[Path]) -> list[Sheet]:
    """Sheets from files; NotFound for one that is not there, Failed for one that can't be read, Malformed for one that is no sheet."""
    sheets = []
    for file in files:
        try:
            text = bounded.contents(file, _MOST_SHEET).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(f"{file} is no recovery sheet") from error
        sheets.append(parse_sheet(text))
    return sheets


def drill(workspace: Workspace, sheets: Sequence[Sheet], now: str) -> Drilled:
    """Combine the sheets, open the recovery wrap of every live version, check its key commitment, show nothing; record the result."""
    opened, failed = 0, []
    with workspace.transaction(now) as tx:
        recovery = _recovery_keys(tx, sheets)
        for version in live_versions(tx):
            try:
                data_key(tx, version, recovery)
                opened += 1
            except GovernError:
                failed.append((version.account, version.kind, version.n))
        tx.record("recovery.drilled", {"versions": opened, "failed": len(failed)})
    return Drilled(opened=opened, failed=tuple(failed))


def _recovery_keys(tx: Transaction, sheets: Sequence[Sheet]) -> Keys:
    row = tx.register.execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()
    return Keys(combine(sheets, vault=tx.workspace.vault, recovery_key_id=bytes.fromhex(row[0])))


def live_versions(tx: Transaction) -> list[Stored]:
    """Every version that is sealed here and has not ended, in the order of the ledger."""
    rows = tx.register.execute(
        "SELECT c.account, v.credential, c.kind, v.n, v.manifest FROM versions v JOIN credentials c ON c.id = v.credential"
        " WHERE v.manifest IS NOT NULL AND v.ended_at IS NULL ORDER BY v.entry"
    ).fetchall()
    return [Stored(account, credential, kind, n, bytes.fromhex(manifest)) for account, credential, kind, n, manifest in rows]


def data_key(tx: Transaction, version: Stored, keys: Keys) -> DataKey:
    """Its data key, from its wrap to `keys`; IntegrityError where the version or that wrap is gone or not what the ledger says."""
    found = tx.read_version(version.manifest)
    wrapped = tx.read_wrap(version.manifest, keys.id)
    if found is None or wrapped is None:
        raise IntegrityError(f"version {version.n} of a {version.kind} or its recovery wrap is gone", code="missing")
    sealed = SealedVersion(digest=version.manifest, commitment=found[0], sealed=found[1])
    return unwrap_version(wrapped, version.context(tx.workspace.vault), keys, sealed, expected=version.manifest)
