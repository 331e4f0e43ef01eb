"""Enrolment on the joiner's side: what can be checked before anything can be read, the request, and the first full replay.

Nothing of the vault is shown by this machine before that replay: there is no seed record, and every other command asks for one. What is
replayed stands in a folder of its own until it has held.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govern.canonical import canonical, decode
from govern.errors import GovernError, IntegrityError, Locked, Malformed, Refused
from govern.ledger.checkpoint import Checkpoint, origin, parse_checkpoint, parse_note
from govern.ledger.commitment import Entry, vault_id
from govern.ledger.merkle import CompactRange
from govern.ledger.note import signer_name, verify_note
from govern.register import sync
from govern.register.queries import keys as queries
from govern.register.queries import people
from govern.register.workspace import Workspace
from govern.store.address import Location
from govern.store.database import Store, open_store
from govern.store.reading import Reading
from govern.vault.custody.files import present, read_private, write_private
from govern.vault.custody.record import PENDING, Custody, SeedRecord, write_record
from govern.vault.invite import Invite, make_request, token_digest
from govern.vault.keys import Keys
from govern.vault.secret import SecretBytes

_WHAT: Final = "the record of a joining machine"
_STAGE: Final = "joining"
_MADE: Final = ("pin", "journal", "journal.personal", "register.db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A machine that has asked: its custody and key as a seed record will name them, the invite's id and token digest, and the request."""

    record: SeedRecord
    invite: bytes
    token: bytes
    request: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Whose machine this is by now, and how many entries were verified."""

    handle: str
    name: str
    key: str
    entries: int


# --- before anything can be read ---------------------------------------------------------------------------------------------------


def check_history(path: Location, invite: Invite) -> bytes:
    """The root of the invite's checkpoint, once the store's rows give it: entry 0 founds this vault, the root recomputed from the rows is the
    signed one, the store's checkpoint of that size is the invite's, byte for byte, and it is signed by the inviter. Raises IntegrityError."""
    checkpoint = _checkpoint(invite)
    store = open_store(path)
    try:
        with store.reading() as reading:
            return _check(reading, invite, checkpoint)
    finally:
        store.close()


def _checkpoint(invite: Invite) -> Checkpoint:
    key = invite.inviter.hex()
    try:
        checkpoint = parse_checkpoint(parse_note(invite.checkpoint).text)
        signed = signer_name(invite.checkpoint) == key
        verify_note(invite.checkpoint, name=key, public=invite.sign)
    except GovernError as error:
        raise IntegrityError("the invite's checkpoint is not signed by its inviter", code="invite") from error
    if not signed or checkpoint.origin != origin(invite.vault):
        raise IntegrityError("the invite's checkpoint is of another vault or by another signer", code="invite")
    return checkpoint


def _check(reading: Reading, invite: Invite, checkpoint: Checkpoint) -> bytes:
    size, _ = reading.head()
    if size < checkpoint.size:
        raise IntegrityError(
            "the vault was rolled back: it is older than the invite", expected=f"at least {checkpoint.size} entries", found=str(size),
            code="rolled-back", hint="is this the right database? ask the inviter",
        )  # fmt: skip
    tree = CompactRange()
    for row in sync.stored(reading, 0, checkpoint.size).raw():
        entry = Entry(*row)
        if entry.index == 0 and vault_id(entry.commitment) != invite.vault:
            raise IntegrityError(
                "this is another vault than the invite's", index=0, code="another-vault", hint="name the right one with --vault"
            )
        tree.append(entry.leaf())
    if tree.root() != checkpoint.root or reading.checkpoint(checkpoint.size) != invite.checkpoint:
        raise IntegrityError(
            f"the history of the vault up to size {checkpoint.size} is not the one that the inviter has signed", index=checkpoint.size - 1,
            code="forked", hint="tell the inviter, over the same way by which the invite came",
        )  # fmt: skip
    return checkpoint.root


# --- asking ------------------------------------------------------------------------------------------------------------------------


def ask(path: Location, home: Path, invite: Invite, *, custody: Custody, where: str, seed: SecretBytes, root: bytes) -> Pending:
    """Remember the request on this machine, then post it. `root`: what `check_history` gave."""
    keys = Keys(seed)
    record = SeedRecord(
        custody=custody, where=where, key=keys.id, vault=invite.vault, checkpoint=invite.checkpoint.decode("utf-8"), person=invite.person
    )
    pending = Pending(
        record=record, invite=invite.id, token=token_digest(invite.token), request=make_request(keys, invite, root, custody.value)
    )
    write_pending(home, pending)
    post(path, pending)
    return pending


def post(path: Location, pending: Pending) -> bool:
    """Put the request into the mailbox where it is not there; whether it had to be."""
    store = open_store(path)
    try:
        if _mail(store, pending.invite) == pending.request:
            return False
        with store.writing() as writing:
            writing.post(pending.invite, "request", pending.request)
            writing.commit()
        return True
    finally:
        store.close()


def _mail(store: Store, id_: bytes) -> bytes | None:
    with store.reading() as reading:
        return reading.mail(id_)


def write_pending(home: Path, pending: Pending) -> None:
    record = pending.record
    fields = {
        "v": 1, "custody": record.custody.value, "where": record.where, "key": record.key.hex(), "vault": record.vault.hex(),
        "checkpoint": record.checkpoint, "person": record.person.hex(), "invite": pending.invite.hex(), "token": pending.token.hex(),
        "request": pending.request.decode("utf-8"),
    }  # fmt: skip
    write_private(home / PENDING, canonical(fields) + b"\n", _WHAT, replace=True)


def read_pending(home: Path) -> Pending | None:
    """The request that this machine has posted, or None; Malformed for anything but such a record."""
    path = home / PENDING
    if not present(path, _WHAT):
        return None
    try:
        fields: Any = decode(read_private(path, _WHAT).removesuffix(b"\n"))
        record = SeedRecord(
            custody=Custody(fields["custody"]), where=str(fields["where"]), key=bytes.fromhex(fields["key"]),
            vault=bytes.fromhex(fields["vault"]), checkpoint=str(fields["checkpoint"]), person=bytes.fromhex(fields["person"]),
        )  # fmt: skip
        return Pending(
            record=record, invite=bytes.fromhex(fields["invite"]), token=bytes.fromhex(fields["token"]),
            request=str(fields["request"]).encode("utf-8"),
        )  # fmt: skip
    except (Malformed, ValueError, TypeError, KeyError) as error:
        raise Malformed(f"{_WHAT} {path} can't be read", hint="remove it, and ask for a new invite") from error


# --- after the approval --------------------------------------------------------------------------------------------------------------


def is_approved(path: Location, pending: Pending) -> bool:
    """Whether something is sealed to this machine's key: a sign that it may try, and no more than that."""
    store = open_store(path)
    try:
        with store.reading() as reading:
            return bool(reading.epoch_wraps(pending.record.key))
    finally:
        store.close()


def finish(
    path: Location, home: Path, pending: Pending, unlock: Callable[[], Keys], *, random: Callable[[int], bytes] = os.urandom
) -> Joined:
    """Replay everything from entry 0, hold it against the invite, and only then make this machine a member's: its pin, then its seed record."""
    stage = home / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o700, parents=True)
    record = pending.record
    workspace = Workspace(
        path=path, home=stage, vault=record.vault, person=record.person.hex(), checkpoint=record.checkpoint.encode(), unlock=unlock, anew=True,
        random=random,
    )  # fmt: skip
    try:
        db = workspace.view()
        _is_ours(workspace, pending)
        who = people.by_id(db, record.person.hex())
        entries = int(db.execute("SELECT count(*) FROM entries").fetchone()[0])
        workspace.close()
        _take_over(stage, home)
        write_record(home / "seed.json", record)
    finally:
        workspace.close()
        shutil.rmtree(stage, ignore_errors=True)
    (home / PENDING).unlink(missing_ok=True)
    return Joined(handle=who.handle, name=who.name, key=record.key.hex(), entries=entries)


def _is_ours(workspace: Workspace, pending: Pending) -> None:
    """The ledger must say: this very invite was used to enrol exactly these keys for exactly this person. Raises Refused, Locked."""
    db, keys, record = workspace.db, workspace.keys, pending.record
    row = db.execute("SELECT person, sign, seal, state, entry FROM keys WHERE id = ?", (keys.id.hex(),)).fetchone()
    if row is None:
        raise Locked("the ledger does not name the keys of this machine", code="not-approved", hint="ask the inviter")
    if row[3] != "active":
        raise Locked("the keys of this machine were enrolled and revoked again", code="revoked", hint="ask for a new invite")
    used = queries.invite(db, pending.invite.hex())
    if (
        tuple(row[:3]) != (record.person.hex(), keys.sign_public, keys.seal_public)
        or used is None
        or (used.state, used.ended, used.token, used.person) != ("used", row[4], pending.token.hex(), record.person.hex())
    ):
        raise Refused(
            "the ledger enrols these keys otherwise than by the invite that this machine was given",
            rule="enrolment", control="IA-5 a", hint="tell the inviter, over the same way by which the invite came",
        )  # fmt: skip


def _take_over(stage: Path, home: Path) -> None:
    for name in _MADE:
        for beside in ("-wal", "-shm"):
            (home / f"{name}{beside}").unlink(missing_ok=True)
        if (stage / name).exists():
            os.replace(stage / name, home / name)
