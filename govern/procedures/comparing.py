"""Opening what the vault holds only to compare it: nothing of it leaves, so it is no reveal and leaves no entry.

A file that is imported may hold secrets that are here already. Whether two are the same is answered inside the process, with yes or no, to
somebody who has the file's value before their eyes and whose key opens ours anyhow; the value itself goes neither to the screen nor into the
result. It is compared whole, not by the fingerprints that lie beside it: those tell of earlier secrets as well, which are no matter here.
What is remembered between two logins of one file is a mark under a key that ends with the process.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from govern.errors import IntegrityError, Locked, Malformed
from govern.vault import otp

if TYPE_CHECKING:
    from govern.procedures.sealing import Stored
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace
    from govern.store.reading import Reading

Fields = Callable[["Stored"], Mapping[str, Any] | None]
"""The fields of a sealed version; None where it is not sealed to this member."""

Mark = Callable[[str, str], bytes]


class _Rows(Protocol):
    def version(self, digest: bytes) -> tuple[bytes, bytes] | None: ...

    def wrap(self, target: bytes, recipient: bytes) -> bytes | None: ...


def marker(key: bytes) -> Mark:
    """(kind, value) -> 32 bytes that are equal where both are."""
    return lambda kind, value: hmac.digest(key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), "sha256")


def in_transaction(tx: Transaction) -> Fields:
    """Opens inside a write transaction."""
    from govern.procedures.sealing import open_fields

    def fields(stored: Stored) -> Mapping[str, Any] | None:
        try:
            return open_fields(tx, stored)
        except Locked:
            return None

    return fields


def in_snapshot(workspace: Workspace, reading: Reading) -> Fields:
    """Opens without the write lock, for a preview; asks for the keys only when it is called."""
    return lambda stored: _open(workspace, reading, stored)


def _open(workspace: Workspace, rows: _Rows, stored: Stored) -> Mapping[str, Any] | None:
    from govern.vault.seal import SealedVersion, open_sealed

    wrapped = rows.wrap(stored.manifest, workspace.keys.id)
    if wrapped is None:
        return None
    found = rows.version(stored.manifest)
    if found is None:
        raise IntegrityError(f"version {stored.n} of a {stored.kind} is gone from the store", code="missing")
    sealed = SealedVersion(digest=stored.manifest, commitment=found[0], sealed=found[1])
    return open_sealed(sealed, stored.context(workspace.vault), workspace.keys, wrapped, expected=stored.manifest)


def spelled(kind: str, fields: Mapping[str, Any]) -> str | None:
    """The value in the form in which two are compared: of a seed what makes its codes, without names. None where there is none."""
    if kind == "totp":
        try:
            return spelled_otp(otp.from_fields(fields))
        except Malformed:
            pass  # kept as it was found: compared as it is
    value = fields.get("secret")
    return value if isinstance(value, str) else None


def spelled_otp(seed: otp.Otp) -> str:
    return f"{seed.kind.value} {seed.algorithm.value} {seed.digits} {seed.period} {seed.secret.reveal()}"
