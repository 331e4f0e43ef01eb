"""Replay, steps 1 to 4: from rows and checkpoints to a verified head, before anything of an entry is decoded.

Knows indices, leaves, roots and signatures. What an event says, who may record it and which keys are active is asked of a `Judge`.

For each transaction, which is the entries up to one checkpoint:

1. indices are contiguous, from the size of the previous checkpoint to the size of this one;
2. leaves are rebuilt from the rows;
3. their root equals the checkpoint's;
4. the checkpoint is of this vault, larger than the previous one, and signed by a key that was active after the *previous* checkpoint;
   genesis alone vouches for itself, against the trusted vault id.

Then the judge: 5. opens, commits, decodes, is the signer's; 6. may do this. Failing 1 to 4 is an IntegrityError that names the index
(of a transaction with several entries: the first one, with the range in the message, since a root does not tell them apart).

Rows are walked once. A store that is asked twice may give other rows the second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

from govern.errors import IntegrityError
from govern.ledger.checkpoint import Checkpoint, origin, parse_checkpoint
from govern.ledger.commitment import Entry, vault_id
from govern.ledger.merkle import CompactRange
from govern.ledger.note import parse_note, signer_name, verify_note

_KEY_NAME: Final = re.compile(r"[0-9a-f]{32}")

HELD: Final = 20_000
"""Entries of one transaction that are held in memory, some 20 MB, until their root has held. More are judged as they come."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far a ledger is verified: its compact range and the last checkpoint's note, None before genesis."""

    tree: CompactRange
    note: bytes | None

    @property
    def size(self) -> int:
        return self.tree.size


class Entries(Protocol):
    """One transaction's entries in order, which are walked once."""

    def __iter__(self) -> Iterator[Entry]: ...

    def __len__(self) -> int: ...


class Judge(Protocol):
    """What the replay asks about events and keys. Each may raise IntegrityError; everything else that is wrong is its own to keep."""

    def public_key(self, key: bytes) -> bytes | None:
        """Ed25519 public key of `key` (16-byte key id) if that was active after the previous checkpoint, else None."""

    def found(self, entry: Entry, key: bytes) -> bytes:
        """Genesis only: the founder's Ed25519 public key, read from entry 0, whose commitment is that of the vault id."""

    def judge(self, entry: Entry, key: bytes) -> None:
        """Steps 5 and 6 for one entry (entry 0 too), in a transaction signed by `key`."""

    def close(self, checkpoint: Checkpoint, note: bytes) -> None:
        """The transaction of this checkpoint was verified and all of its entries judged."""


def replay(head: Head, transactions: Iterable[tuple[bytes, Entries]], judge: Judge, *, vault: bytes) -> Head:
    """Verify `transactions` (a checkpoint's note, its entries in order) on top of `head` and have them judged; the new head.

    `vault` is the vault id that this machine trusts, never one that the store names. IntegrityError at the first failure: the
    transactions before it were closed; `head` itself is left as it was. The failing one was not judged, but for one that is too long to be
    held: what its entries have changed is the caller's to take back, as of every one that fails in the judge's hands.
    """
    for note, entries in transactions:
        head = _transaction(head, note, entries, judge, vault)
    return head


def _transaction(head: Head, note: bytes, entries: Entries, judge: Judge, vault: bytes) -> Head:
    first, tree = head.size, head.tree.copy()
    checkpoint = _read(note, vault, first)
    verified = _verified(entries, tree, first, checkpoint)
    if len(entries) <= HELD:
        verified = iter(list(verified))
    opening = next(verified)
    key = _verify_signer(note, first, checkpoint.size, opening, judge, vault)
    for entry in chain((opening,), verified):
        judge.judge(entry, key)
    judge.close(checkpoint, note)
    return Head(tree, note)


def _verified(entries: Entries, tree: CompactRange, first: int, checkpoint: Checkpoint) -> Iterator[Entry]:
    """Steps 1 to 3: each entry in its place, once it is in the `tree`; what was given is to be believed when it has ended without an error."""
    expected, size = first, checkpoint.size
    for entry in entries:
        if expected == size:
            raise _another_number(size, first, expected + 1)
        if entry.index != expected:
            raise IntegrityError("not where the ledger continues", index=expected, expected=str(expected), found=ascii(entry.index)[:40])
        tree.append(entry.leaf())
        expected += 1
        yield entry
    if expected != size:
        raise _another_number(size, first, expected)
    root = tree.root()
    if root != checkpoint.root:
        raise IntegrityError(
            f"altered since it was signed: {_range(first, size)} gives another root than its checkpoint",
            index=first,
            expected=checkpoint.root.hex(),
            found=root.hex(),
        )


def _read(note: bytes, vault: bytes, first: int) -> Checkpoint:
    """The checkpoint that the note claims, of this vault and larger than `first`; its signature is not yet verified."""
    try:
        checkpoint = parse_checkpoint(parse_note(note).text)
    except IntegrityError as error:
        raise _at(first, "its checkpoint can't be read", error) from None
    if checkpoint.origin != origin(vault):
        found = ascii(checkpoint.origin)[1:-1][:100]
        raise IntegrityError("its checkpoint is of another vault", index=first, expected=origin(vault), found=found)
    if checkpoint.size <= first:
        raise IntegrityError(
            "its checkpoint does not continue the ledger", index=first, expected=f"a size above {first}", found=str(checkpoint.size)
        )
    return checkpoint


def _verify_signer(note: bytes, first: int, size: int, opening: Entry, judge: Judge, vault: bytes) -> bytes:
    """Key id of the checkpoint's signer, with the signature verified. `opening` is the transaction's first entry."""
    where = _range(first, size)
    try:
        name = signer_name(note)
        if not _KEY_NAME.fullmatch(name):
            raise IntegrityError("signed under a name that is no key id")
        key = bytes.fromhex(name)
        public = _founder(opening, key, judge, vault) if first == 0 else judge.public_key(key)
        if public is None:
            raise IntegrityError("signed by a key that is not active", found=name)
        verify_note(note, name=name, public=public)
    except IntegrityError as error:
        if error.index is not None:
            raise
        raise _at(first, f"the checkpoint of {where} is not to be trusted", error) from None
    return key


def _founder(entry: Entry, key: bytes, judge: Judge, vault: bytes) -> bytes:
    found = vault_id(entry.commitment)
    if found != vault:
        raise IntegrityError("the ledger of another vault", index=0, expected=vault.hex(), found=found.hex())
    return judge.found(entry, key)


def _another_number(size: int, first: int, reached: int) -> IntegrityError:
    return IntegrityError(
        f"the checkpoint of size {size} stands for another number of entries",
        index=min(reached, size),
        expected=str(size - first),
        found=str(reached - first),
    )


def _at(index: int, what: str, error: IntegrityError) -> IntegrityError:
    """The same failure with its index named."""
    named = IntegrityError(f"{what}: {error.message}", index=index)
    named.expected, named.found = error.expected, error.found
    return named


def _range(first: int, stop: int) -> str:
    return f"entry {first}" if stop - first == 1 else f"entries {first}..{stop - 1}"
