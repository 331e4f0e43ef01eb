"""Which secrets a credential had before, for whoever sets a new one: read from the versions themselves, as far as the actor can open them.

A version that a person set, or that was staged alone, carries the fingerprints of all before it. One that was generated among many carries none:
it can't repeat anything, and opening a thousand versions is what a departure has no time for. Its confirmation carries them on instead, sealed
beside it, before the wraps of what came before end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from govern.errors import IntegrityError, Locked, Malformed
from govern.procedures import sealing
from govern.register.queries import rotations
from govern.vault import fingerprint

if TYPE_CHECKING:
    from govern.register.queries.rotations import Rotation, Staged
    from govern.register.transaction import Transaction


class Of(Protocol):
    """Whatever names a credential: a rotation of it, for one."""

    @property
    def account(self) -> str: ...
    @property
    def credential(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Remembered(NamedTuple):
    """Fingerprints (key and those seen), None where there are none; `whole`: of every sealed version; `locked`: one is missing that others may
    be able to open."""

    marks: Mapping[str, Any] | None
    whole: bool
    locked: bool


def earlier(tx: Transaction, of: Of, before: Sequence[Staged]) -> Remembered:
    """Fingerprints of every secret in the versions `before` (the newest first), back to one that carries those of all before it.

    What was damaged or destroyed in the store never keeps a secret from being changed: reuse is then not compared, and that is said.
    """
    beside = rotations.remembered(tx.register, of.credential)
    sealed = [version for version in before if version.manifest]
    locked, read = set[int](), set[int]()
    alone, marks = list[tuple[int, str]](), None
    for version in sealed:
        try:
            fields = opened(tx, of, version, beside.get(version.n))
            text = text_of(fields)
            if fingerprint.FIELD in fields:
                known = fingerprint.reused(fields, text) == version.n
                marks = fingerprint.marks(fields)
                alone += [(version.n, text)] if text and not known else []  # whoever sealed it kept none of its own
                break
        except (Locked, IntegrityError, Malformed) as error:
            if isinstance(error, Locked):
                locked.add(version.n)
            continue
        read.add(version.n)
        alone += [(version.n, text)] if text else []
    for n, text in reversed(alone):
        marks = fingerprint.remember(marks, text, n, tx.workspace.random)
    unread = {version.n for version in sealed} - read - {n for n, _ in (marks or {}).get("seen", ())}
    return Remembered(marks, not unread, bool(unread & locked))


def carried_on(tx: Transaction, rotation: Rotation, n: int) -> tuple[bytes | None, bool]:
    """What the confirmation of version `n` seals beside it, None where it carries them itself or they can't all be read; and whether nothing
    is lost when the wraps of the other versions end."""
    versions = rotations.versions(tx.register, rotation.credential)
    [confirmed] = [version for version in versions if version.n == n]
    if not confirmed.manifest or confirmed.origin != "generated":
        return None, True
    stored = _stored(rotation, confirmed)
    try:
        fields, key = sealing.open_with_key(tx, stored)
    except (Locked, IntegrityError):
        return None, False
    if fingerprint.FIELD in fields:
        return None, True
    found = earlier(tx, rotation, versions)
    if found.locked or found.marks is None:  # in part is worse than not at all: nobody would look further back
        return None, not found.locked
    return fingerprint.seal_beside(found.marks, stored.context(tx.workspace.vault), key, random=tx.workspace.random), True


def opened(tx: Transaction, of: Of, version: Staged, beside: bytes | None = None) -> dict[str, Any]:
    """The fields of a version, with the fingerprints that were sealed `beside` it. Raises what `sealing.open_fields` raises, and Malformed."""
    stored = _stored(of, version)
    fields, key = sealing.open_with_key(tx, stored)
    if beside is not None and fingerprint.FIELD not in fields:
        fields[fingerprint.FIELD] = fingerprint.open_beside(beside, stored.context(tx.workspace.vault), key)
    return fields


def text_of(fields: Mapping[str, Any]) -> str:
    """The secret as it is compared."""
    secret = fields.get("secret")
    return "\n".join(map(str, secret)) if isinstance(secret, list) else str(secret or "")


def _stored(of: Of, version: Staged) -> sealing.Stored:
    return sealing.Stored(of.account, of.credential, of.kind, version.n, bytes.fromhex(version.manifest))
