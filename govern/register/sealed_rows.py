"""Versions and wraps held against what the ledger commits to: all of it is there, unaltered, and nothing else is.

Knows digests; opens nothing but the key of an epoch before, which no digest in the register covers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from govern.errors import GovernError, IntegrityError
from govern.vault.epoch import open_previous
from govern.vault.seal import Context, manifest_digest, set_digest, wrap_digest

if TYPE_CHECKING:
    from govern.register.epochs import EpochKeys
    from govern.store.reading import Reading

Named = tuple[str, Mapping[str, Any]]
"""Type and body of a void entry's fact."""

_RENEW: Final = "an admin who reads it begins new epochs: govern key renew --all"

Spare = set[tuple[bytes, bytes]]
"""(target, recipient) of wraps, (manifest digest, nothing) of versions."""


def named(db: sqlite3.Connection, facts: Sequence[Named]) -> Spare:
    """Digests of versions, as (digest, b""), and (target, recipient) of wraps that void entries name: rows that may stand, and count for nothing."""
    found = _erased(db)
    for type_, body in facts:
        match type_:
            case "version.staged":
                target = bytes.fromhex(body.get("manifest", ""))
                found |= {(target, b""), *((target, bytes.fromhex(key)) for key in body.get("recipients", ()))}
            case "candidates.staged":
                for _, _, _, manifest, _ in body["candidates"]:
                    target = bytes.fromhex(manifest)
                    found |= {(target, b""), *((target, bytes.fromhex(key)) for key in body["recipients"])}
            case "wraps.added":
                for credential, n, key in body["wraps"]:
                    row = db.execute("SELECT manifest FROM versions WHERE credential = ? AND n = ?", (credential, n)).fetchone()
                    found.add((bytes.fromhex(row[0] or "") if row else b"", bytes.fromhex(key)))
            case "epoch.started":
                found |= {(bytes.fromhex(body["epoch"]), bytes.fromhex(key)) for key in (*body["recipients"], body.get("previous", ""))}
            case "epoch.wrapped":
                found |= {(bytes.fromhex(epoch), bytes.fromhex(key)) for epoch, key in body["wraps"]}
            case "key.enrolled":
                found |= {(bytes.fromhex(epoch), bytes.fromhex(body["key"])) for epoch in body.get("epochs", ())}
    return found


def _erased(db: sqlite3.Connection) -> Spare:
    """What was erased, in case that a copy has brought it back: it is dropped again (`wipe`), and is nobody's to answer for."""
    targets = [bytes.fromhex(manifest) for (manifest,) in db.execute("SELECT manifest FROM erased_versions")]
    if not targets:
        return set()
    keys = [bytes.fromhex(key) for (key,) in db.execute("SELECT id FROM keys")]
    return {(target, key) for target in targets for key in (b"", *keys)}


def versions(reading: Reading, db: sqlite3.Connection, vault: bytes, spare: Spare) -> int:
    """Every version that the ledger commits to is there and is what it was; nothing else is there."""
    known = {
        bytes.fromhex(manifest): (index, Context(vault, bytes.fromhex(account), bytes.fromhex(credential), kind, n))
        for manifest, index, account, credential, kind, n in db.execute(
            "SELECT v.manifest, v.entry, c.account, v.credential, c.kind, v.n FROM versions v JOIN credentials c ON c.id = v.credential"
            " WHERE v.manifest IS NOT NULL"
        )
    }
    count = len(known)
    for digest, commitment, sealed in reading.all_versions():
        if (digest, b"") in spare and digest not in known:
            continue
        if digest not in known:
            raise IntegrityError("the store holds a version that no entry commits to", code="version", found=_hex(digest))
        index, context = known.pop(digest)
        if not (isinstance(commitment, bytes) and isinstance(sealed, bytes)) or manifest_digest(context, sealed, commitment) != digest:
            raise IntegrityError("the version that it commits to was altered", index=index, code="version")
    if known:
        raise IntegrityError("the version that it commits to is missing", index=min(index for index, _ in known.values()), code="version")
    return count


def wraps(
    reading: Reading, db: sqlite3.Connection, keys: EpochKeys, spare: Spare, passed: set[bytes]
) -> tuple[int, list[Mapping[str, Any]]]:
    """Every set of wraps that an entry commits to, recomputed from the rows that stand and the digests of those that were ended: how many wraps, and
    findings, as `ledger verify --json` gives them.

    A set that comes to something else was altered in the store, or somebody lied who added it or ended a wrap of it. As long as a wrap of it stands
    nobody can tell which, and it is an IntegrityError. Once none stands, the store has no part in it: that is a finding, and stops nobody. So it is of
    wraps of an epoch that another follows: readers have its key from the next one, and need them no more.
    `passed`: epochs of compartments that this member does not read, whose wraps only their readers can account for.
    """
    standing: dict[tuple[bytes, bytes], bytes] = {}
    for target, recipient, sealed in reading.all_wraps():
        if not all(isinstance(part, bytes) for part in (target, recipient, sealed)):
            raise IntegrityError("a wrap row is not of its type", code="wrap")
        standing[target, recipient] = sealed
    sets = dict(db.execute("SELECT entry, digest FROM wrap_sets"))
    digests: dict[int, list[bytes]] = {entry: [] for entry in sets}
    accounted: Spare = set()
    findings, stand, gone, over = [], set(), set(), _followed(db)
    for entry, target, key, ended in expected(db):
        if ended is not None:
            digests[entry].append(bytes.fromhex(ended))
            gone.add((target, key))
            continue
        if target not in over:
            stand.add(entry)
        if (target, key) not in standing:
            if target in over:
                continue
            raise IntegrityError(
                "a wrap that it commits to is missing",
                index=entry,
                code="wrap",
                expected=f"a wrap to {key.hex()}",
                hint=_renewed(db, entry),
            )
        digests[entry].append(wrap_digest(target, key, standing[target, key]))
        accounted.add((target, key))
    for entry, wanted in sets.items():
        if set_digest(digests[entry]).hex() == wanted:
            continue
        if entry in stand:
            raise IntegrityError(
                "the wraps that it commits to were altered", index=entry, code="wrap", hint=_anew(db, entry) or _renewed(db, entry)
            )
        findings.append(_finding(db, entry))
    for entry, epoch, previous in db.execute("SELECT entry, id, previous FROM epochs WHERE previous IS NOT NULL"):
        _chained(standing.pop((bytes.fromhex(epoch), bytes.fromhex(previous)), None), entry, epoch, previous, keys)
    planted = {wrap for wrap in standing if wrap[0] not in passed} - spare - accounted
    if planted:
        target, key = min(planted)
        hint = "it was ended, and has come back or was never removed: govern vault restore --refill" if (target, key) in gone else ""
        raise IntegrityError("the store holds a wrap that no entry commits to", code="wrap", found=f"to {_hex(key)}", hint=hint)
    return sum(len(found) for found in digests.values()), findings


def _followed(db: sqlite3.Connection) -> set[bytes]:
    """Epochs that another follows."""
    return {bytes.fromhex(epoch) for (epoch,) in db.execute("SELECT previous FROM epochs WHERE previous IS NOT NULL")}


def _renewed(db: sqlite3.Connection, entry: int) -> str:
    """The way on where wraps of an epoch are concerned; nothing where they are of versions."""
    row = db.execute("SELECT 1 FROM epoch_wraps WHERE entry = ?", (entry,)).fetchone()
    return _RENEW if row is not None else ""


def _anew(db: sqlite3.Connection, entry: int) -> str:
    """The way on where wraps of versions are concerned; nothing where they are of an epoch."""
    rows = db.execute(
        "SELECT DISTINCT a.handle FROM wraps w JOIN credentials c ON c.id = w.credential JOIN accounts a ON a.id = c.account"
        " WHERE w.added = ? AND w.ended IS NULL ORDER BY 1",
        (entry,),
    ).fetchall()
    return f"whoever answers for it seals it anew: {', '.join(f'govern credential reseal {handle}' for (handle,) in rows)}" if rows else ""


def _finding(db: sqlite3.Connection, entry: int) -> Mapping[str, Any]:
    """Of a set that adds up to something else than its entry says, by the words of the ledger alone."""
    ended = db.execute(
        "SELECT DISTINCT w.ended, e.key FROM wraps w JOIN entries e ON e.idx = w.ended WHERE w.added = ? ORDER BY 1", (entry,)
    ).fetchall()
    (signer,) = db.execute("SELECT key FROM entries WHERE idx = ?", (entry,)).fetchone()
    if not ended:
        return {
            "index": entry, "code": "wrap-digest", "expected": "", "signer": signer,
            "found": f"the wraps that it added to an epoch, which another follows by now, are not those that stand: key {signer} says what is not so,"
            " or the store was altered",
        }  # fmt: skip
    told = ", ".join(f"{index} (key {key})" for index, key in ended)
    return {
        "index": entry, "code": "wrap-digest", "expected": "", "signer": signer,
        "found": f"the wraps that it added are not those that were ended by {told}: one of these says what is not so, or the store had been altered",
    }  # fmt: skip


def _chained(sealed: bytes | None, entry: int, epoch: str, previous: str, keys: EpochKeys) -> None:
    """The previous epoch's key, sealed under the one that follows it."""
    key = keys.get(bytes.fromhex(epoch))
    try:
        if sealed is not None and key is not None:
            open_previous(sealed, key.key, bytes.fromhex(epoch), bytes.fromhex(previous))
    except GovernError:
        sealed = None
    if sealed is None:
        raise IntegrityError("the key of the epoch before is missing or altered", index=entry, code="wrap", hint=_RENEW)


def expected(db: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes, str | None]]:
    """Entry, target (empty of a version that was erased), recipient, and the digest where the wrap was ended: of every wrap that was ever added."""
    for entry, manifest, key, ended, digest in db.execute(
        "SELECT w.added, v.manifest, w.key, w.ended, w.digest FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n"
    ):
        yield entry, bytes.fromhex(manifest or ""), bytes.fromhex(key), digest if ended is not None else None
    for entry, epoch, key in db.execute("SELECT entry, epoch, key FROM epoch_wraps"):
        yield entry, bytes.fromhex(epoch), bytes.fromhex(key), None


def _hex(value: object) -> str:
    return value.hex()[:32] if isinstance(value, bytes) else "no bytes"
