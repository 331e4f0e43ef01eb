"""Sealing the secrets of an account anew, to everybody who can open them and still may: every wrap is made afresh, and the old ones end.

For wraps that are not what the ledger says of them, because somebody lied or the store was altered. Changes no secret, and seals none to anybody
who had no wrap of it, but to recovery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.errors import GovernError, IntegrityError, Locked, NotFound
from govern.procedures import candidates, sealing
from govern.procedures.sealing import Stored
from govern.register.queries import accounts
from govern.vault.seal import DataKey, set_digest, wrap_digest, wrap_version

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.keys import Recipient

_TOGETHER: Final = 300
"""Wraps that one fact adds or ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """`versions` were sealed anew, with so many `wraps`; `ended` old ones are gone. `others`: versions that are not sealed to whoever asked."""

    account: str
    versions: int
    wraps: int
    ended: int
    others: int


class _Opened(NamedTuple):
    """A version with its data key, the keys (hex) that have a wrap of it, and those of them that still may."""

    version: Stored
    key: DataKey
    standing: Sequence[str]
    to: Sequence[Recipient]


_VERSIONS: Final = """
SELECT v.credential, c.kind, v.n, v.manifest, v.ended_at IS NULL FROM versions v JOIN credentials c ON c.id = v.credential
WHERE c.account = ? AND v.manifest IS NOT NULL ORDER BY v.entry, v.credential, v.n
"""


def reseal(tx: Transaction, handle: str) -> Resealed:
    """Seal every version of the account that this member can open anew, to recovery as it is in force too. NotFound where there is none; Refused for
    whoever does not answer for it.

    Nothing is lost on the way: first the wraps of others are ended and made anew, then this member's own.
    """
    account, own = accounts.find(tx.register, handle), tx.workspace.keys.id.hex()
    opened, others = list[_Opened](), 0
    damaged: GovernError | None = None
    recovery = [id_ for (id_,) in tx.register.execute("SELECT id FROM keys WHERE state = 'recovery'")]
    for credential, kind, n, manifest, works in tx.register.execute(_VERSIONS, (account.id,)).fetchall():
        version = Stored(account.id, credential, kind, n, bytes.fromhex(manifest))
        standing = _standing(tx, version)
        if own not in standing:
            others += 1
            continue
        holders = sealing.recipients(tx.register, account.id, tx.actor, kind=kind)
        may = {one.key.hex(): one for one in (*holders, *candidates.served_to(tx.register, account.id, kind, tx.now))}
        try:
            key = sealing.open_with_key(tx, version)[1]
        except (Locked, IntegrityError) as error:  # one that can't be opened keeps no other from being sealed anew
            others, damaged = others + 1, error
            continue
        opened.append(
            _Opened(version, key, standing, [may[one] for one in sorted({*standing, *(recovery if works else ())}) if one in may])
        )
    if not opened and damaged is not None:
        raise damaged
    if not opened:
        raise NotFound(
            f"no secret of {account.handle} is sealed to you", code="no-wrap", hint=f"whoever holds it can: govern who {account.handle}"
        )
    ended = wraps = 0
    for mine in (False, True):
        # A version that is sealed to nobody else who may have it keeps the one wrap that it has.
        taken = [one for one in opened if not mine or len(one.to) > 1]
        ended += _end(tx, [(one.version, key) for one in taken for key in one.standing if (key == own) is mine])
        wraps += _add(tx, [(one.version, one.key, to) for one in taken for to in one.to if (to.key.hex() == own) is mine])
    return Resealed(account=account.handle, versions=len(opened), wraps=wraps, ended=ended, others=others)


def _standing(tx: Transaction, version: Stored) -> list[str]:
    query = "SELECT DISTINCT key FROM wraps WHERE credential = ? AND n = ? AND ended IS NULL ORDER BY key"
    return [key for (key,) in tx.register.execute(query, (version.credential, version.n))]


def _end(tx: Transaction, wraps: Sequence[tuple[Stored, str]]) -> int:
    """End these, each with the digest of what stands in the store, which may be nothing."""
    for start in range(0, len(wraps), _TOGETHER):
        rows = []
        for version, key in wraps[start : start + _TOGETHER]:
            recipient = bytes.fromhex(key)
            digest = wrap_digest(version.manifest, recipient, tx.read_wrap(version.manifest, recipient) or b"")
            tx.drop_wrap(version.manifest, recipient)
            rows.append([version.credential, version.n, key, digest.hex()])
        tx.record("wraps.ended", {"wraps": rows})
    return len(wraps)


def _add(tx: Transaction, wraps: Sequence[tuple[Stored, DataKey, Recipient]]) -> int:
    for start in range(0, len(wraps), _TOGETHER):
        rows, digests = [], []
        for version, key, recipient in wraps[start : start + _TOGETHER]:
            sealed = wrap_version(key, version.context(tx.workspace.vault), recipient)
            tx.put_wrap(version.manifest, recipient.key, sealed)
            digests.append(wrap_digest(version.manifest, recipient.key, sealed))
            rows.append([version.credential, version.n, recipient.key.hex()])
        tx.record("wraps.added", {"wraps": rows, "digest": set_digest(digests).hex()})
    return len(wraps)
