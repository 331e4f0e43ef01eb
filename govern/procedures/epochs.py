"""Who reads which compartment: its newest key for those who join its readers, a new one where somebody leaves them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from govern.errors import GovernError
from govern.ledger.commitment import EpochKey
from govern.register.queries import keys as queries
from govern.vault.epoch import open_previous, seal_previous, wrap_epoch
from govern.vault.keys import Recipient
from govern.vault.seal import set_digest, wrap_digest

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_PART: Final = 500
"""Wraps in one `epoch.wrapped`."""


def wrap(tx: Transaction, to: Recipient, names: Sequence[str | bytes]) -> tuple[list[str], str]:
    """Put wraps of the newest epochs of these compartments (`base`, `case`, ids of others) for one key; epoch ids and digest of the set, for
    the fact."""
    epochs, digests = [], []
    for name in names:
        epoch = tx.workspace.epochs.current(name)[1] if isinstance(name, str) else tx.workspace.epochs.newest(name)
        sealed = wrap_epoch(epoch.key, epoch.id, to)
        tx.put_wrap(epoch.id, to.key, sealed)
        digests.append(wrap_digest(epoch.id, to.key, sealed))
        epochs.append(epoch.id.hex())
    return epochs, set_digest(digests).hex()


def reads(tx: Transaction, name: str) -> bool:
    """Whether this member reads the compartment of that name."""
    compartment = tx.workspace.epochs.compartment(name)
    return compartment is not None and tx.workspace.epochs.reads(compartment)


def of_cases(tx: Transaction, person: str) -> list[bytes]:
    """Compartments of cases that a person (id) should read by their role, and that this member reads: `case` first, then those of one case."""
    if not reads(tx, "case") or not queries.entitled(tx.register, person, tx.now):
        return []
    own = [bytes.fromhex(one) for one in queries.own_compartments(tx.register, person)]
    return [tx.workspace.epochs.current("case")[0], *(one for one in own if tx.workspace.epochs.reads(one))]


def renew(tx: Transaction, revoked: Collection[str]) -> int:
    """A new epoch, which these revoked keys (hex ids) are not given, of every compartment that one of them could read; how many.

    Of a compartment that this member does not read, somebody who does has to.
    """
    found = [bytes.fromhex(one) for one in queries.read_by(tx.register, revoked)]
    ours = [compartment for compartment in found if tx.workspace.epochs.reads(compartment)]
    for compartment in ours:
        start(tx, compartment, without=revoked)
    return len(ours)


def start(tx: Transaction, compartment: bytes, *, without: Collection[str] = ()) -> None:
    """The next epoch of a compartment, wrapped to those who read it, but for `without`, and to recovery; the key before sealed under it."""
    number = queries.newest_epoch(tx.register, compartment.hex())[1] + 1
    recipients = [Recipient(bytes.fromhex(key), seal) for key, seal in queries.readers(tx.register, compartment.hex(), without=without)]
    begin(tx, compartment, recipients, number=number, before=tx.workspace.epochs.newest(compartment))


def begin(
    tx: Transaction, compartment: bytes, recipients: Sequence[Recipient], *, number: int = 1, before: EpochKey | None = None
) -> EpochKey:
    """Start an epoch for these recipients, the first of a compartment where there is none `before`; its key."""
    after = EpochKey(tx.workspace.random(32))
    digests = []
    for recipient in recipients:
        sealed = wrap_epoch(after.key, after.id, recipient)
        tx.put_wrap(after.id, recipient.key, sealed)
        digests.append(wrap_digest(after.id, recipient.key, sealed))
    follows = {}
    if before is not None:
        chained = seal_previous(before.key, after.key, after.id, random=tx.workspace.random)
        tx.put_wrap(after.id, before.id, chained)
        follows = {"previous": before.id.hex(), "previous_wrap": wrap_digest(after.id, before.id, chained).hex()}
    tx.workspace.epochs.take(after.key)
    tx.record(
        "epoch.started",
        {
            "compartment": compartment.hex(), "epoch": after.id.hex(), "number": number,
            "recipients": sorted(recipient.key.hex() for recipient in recipients), "wraps": set_digest(digests).hex(),
            **follows,
        },
        under=(compartment, after),
    )  # fmt: skip
    return after


def stale(tx: Transaction) -> list[tuple[bytes, list[str]]]:
    """Compartments that this member reads and whose newest key somebody has who should not: revoked keys, and of the cases those without a
    role that reads them. (compartment, key ids)"""
    found = []
    for compartment, keys in queries.stale(tx.register, tx.now).items():
        if tx.workspace.epochs.reads(bytes.fromhex(compartment)):
            found.append((bytes.fromhex(compartment), keys))
    return found


def renew_stale(tx: Transaction) -> int:
    """A new epoch of each of these; how many were started."""
    found = stale(tx)
    for compartment, keys in found:
        _without(tx, compartment, keys)
    return len(found)


def renew_all(tx: Transaction) -> int:
    """A new epoch of every compartment that this member reads, and every link of their chains that does not open made anew; how many were started.

    For wraps of an epoch that are not what the ledger says of them, because somebody lied or the store was altered: nobody needs them afterwards.
    """
    ended = dict(stale(tx))
    found = [compartment for compartment in map(bytes.fromhex, queries.compartments(tx.register)) if tx.workspace.epochs.reads(compartment)]
    for compartment in found:
        _mend_chain(tx, compartment)
        _without(tx, compartment, ended.get(compartment, []))
    return len(found)


def _without(tx: Transaction, compartment: bytes, keys: Sequence[str]) -> None:
    active = [key for key in keys if queries.find(tx.register, key).state == "active"]
    if active:
        tx.record("readers.ended", {"epoch": queries.newest_epoch(tx.register, compartment.hex())[0], "keys": active})
    start(tx, compartment, without=keys)


def _mend_chain(tx: Transaction, compartment: bytes) -> None:
    """An epoch's id commits to its key, so that whoever knows two keys that follow each other can seal the one under the other again."""
    for epoch, previous in queries.links(tx.register, compartment.hex()):
        after, before = tx.workspace.epochs.get(bytes.fromhex(epoch)), tx.workspace.epochs.get(bytes.fromhex(previous))
        if after is None or before is None:
            continue
        try:
            open_previous(tx.read_wrap(after.id, before.id) or b"", after.key, after.id, before.id)
        except GovernError:
            tx.put_wrap(after.id, before.id, seal_previous(before.key, after.key, after.id, random=tx.workspace.random))


def share_cases(tx: Transaction, person: str) -> int:
    """Wrap the keys of the cases to a person's keys (id) that lack them, where a role of theirs reads them; how many keys were given `case`.

    Nothing where the actor does not read cases: somebody who does has to.
    """
    rows = tx.register.execute("SELECT id, seal FROM keys WHERE person = ? AND state = 'active' ORDER BY id", (person,)).fetchall()
    recipients = [Recipient(bytes.fromhex(key), seal) for key, seal in rows]
    given = [share(tx, compartment, recipients) for compartment in of_cases(tx, person)]
    return given[0] if given else 0


def share(tx: Transaction, compartment: bytes, recipients: Sequence[Recipient]) -> int:
    """Wrap the newest key of a compartment to those of the recipients that lack it; how many did."""
    epoch = tx.workspace.epochs.newest(compartment)
    have = {row[0] for row in tx.register.execute("SELECT key FROM epoch_wraps WHERE epoch = ?", (epoch.id.hex(),))}
    missing = [recipient for recipient in recipients if recipient.key.hex() not in have]
    for start_ in range(0, len(missing), _PART):
        part, digests = missing[start_ : start_ + _PART], []
        for recipient in part:
            sealed = wrap_epoch(epoch.key, epoch.id, recipient)
            tx.put_wrap(epoch.id, recipient.key, sealed)
            digests.append(wrap_digest(epoch.id, recipient.key, sealed))
        tx.record(
            "epoch.wrapped", {"wraps": [[epoch.id.hex(), recipient.key.hex()] for recipient in part], "digest": set_digest(digests).hex()}
        )
    return len(missing)


def end_cases(tx: Transaction, person: str) -> int:
    """A new epoch of the cases, embargoed ones included, without a person (id) of whom no role reads them any more; how many of their keys
    read no further."""
    if not reads(tx, "case") or queries.entitled(tx.register, person, tx.now):
        return 0
    theirs, base = {key.id for key in queries.active(tx.register, person)}, tx.workspace.epochs.current("base")[0]
    gone: set[str] = set()
    for compartment in [bytes.fromhex(one) for one in queries.read_by(tx.register, theirs)]:
        if compartment == base or not tx.workspace.epochs.reads(compartment):
            continue
        ended = sorted(theirs & {key for key, _ in queries.readers(tx.register, compartment.hex())})
        if ended:
            tx.record("readers.ended", {"epoch": tx.workspace.epochs.newest(compartment).id.hex(), "keys": ended})
            start(tx, compartment, without=ended)
            gone.update(ended)
    return len(gone)
