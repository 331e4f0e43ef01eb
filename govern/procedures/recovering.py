"""Recovery in earnest, on a machine that has only the database and k sheets: a new key for an admin, who then takes over.

The recovery key may do little: say that it was used, be the second person, enrol one admin, revoke keys. All else is done by the admin whom it enrols.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from govern.errors import GovernError, IntegrityError, NotFound, Refused
from govern.ledger.note import parse_note
from govern.procedures import epochs
from govern.procedures.recovery import data_key, live_versions
from govern.register import connection, sync
from govern.register.pin import read_pin
from govern.register.queries import keys, people, policies
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.rotation.triggers import Trigger, due
from govern.store.address import Location
from govern.store.database import open_store
from govern.vault.custody.record import Custody, SeedRecord, write_record
from govern.vault.epoch import wrap_epoch
from govern.vault.keys import Keys
from govern.vault.recovery import combine
from govern.vault.seal import set_digest, wrap_digest, wrap_version
from govern.vault.secret import SecretBytes
from govern.vault.sheet import Sheet

_MADE: Final = ("pin", "journal", "journal.personal", "register.db", "register.db-wal", "register.db-shm")
"""What a recovery that fails leaves nothing of, where it was not there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """The new key (hex), versions sealed to it, rotations opened because recovery was used; the notes of the checkpoint after it, and of the
    one that the database `held` before it, which is what paper can be held against."""

    key: str
    sealed: int
    rotations: int
    checkpoint: str
    held: str = ""


def recover(
    path: Location,
    home: Path,
    sheets: Sequence[Sheet],
    handle: str,
    *,
    custody: Custody,
    where: str,
    seed: SecretBytes,
    now: str,
    noted: bytes | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> Recovered:
    """Enrol a new key for the admin `handle` on a machine that has nothing but the database and k sheets.

    The vault id comes from the sheets and binds the whole history; `noted` is a checkpoint kept on paper, which a rolled-back copy lacks.
    """
    if (home / "seed.json").exists():
        raise Refused(f"{home} already belongs to a member", code="exists", hint="name an empty folder with GOVERN_HOME")
    if not sheets:
        raise Refused("no recovery sheet was given", rule="recovery-sheet", hint="--sheet FILE, as often as the sheets say")
    headed = next((sheet for sheet in sheets if sheet.vault and sheet.key), None)
    if headed is None or headed.vault is None or headed.key is None:
        raise Refused("none of the sheets names its vault", rule="recovery-sheet", hint="give one whole sheet, not its words alone")
    vault, key_id = headed.vault, headed.key
    recovery = Keys(combine(sheets, vault=vault, recovery_key_id=key_id))
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = [home / name for name in _MADE if not (home / name).exists()]
    first = _first_note(path)
    workspace = Workspace(
        path=path, home=home, vault=vault, person=recovery.id.hex(), checkpoint=first if noted is None else noted, unlock=lambda: recovery, anew=True,
        random=random,
    )  # fmt: skip
    try:
        _view(workspace, recovery)
        _is_the_ledgers(workspace, recovery)
        held = read_pin(workspace.pin_path)
        assert held is not None  # noqa: S101  the view above wrote it
        return replace(_enrol(workspace, recovery, Keys(seed), handle, custody, where, now), held=held.note.decode())
    except BaseException:
        workspace.close()
        if not (home / "seed.json").exists():
            for file in made:
                file.unlink(missing_ok=True)
        raise


def _first_note(path: Location) -> bytes:
    store = open_store(path)
    try:
        with store.reading() as reading:
            note = next((note for _, note in reading.checkpoints(0)), None)
    finally:
        store.close()
    if note is None:
        raise IntegrityError("the database holds no ledger", code="empty")
    parse_note(note)
    return note


def _view(workspace: Workspace, recovery: Keys) -> None:
    """Verify everything. A recovery key that was replaced can't read what came after: that is no sign of a withheld key."""
    try:
        workspace.view()
    except IntegrityError as error:
        if error.code == "epoch" and _was_replaced(workspace, recovery):
            raise _older() from error
        raise


def _was_replaced(workspace: Workspace, recovery: Keys) -> bool:
    """Whether the ledger, as far as this key reads it, has put another one in its place."""
    from contextlib import closing, suppress

    with closing(connection.scratch()) as scratch, workspace.store.reading() as reading:
        connection.create(scratch)
        epochs = workspace.fresh_epochs(reading)
        with suppress(GovernError):
            sync.advance(scratch, sync.head_of(scratch), sync.transactions(reading, 0), vault=workspace.vault, keys=epochs)
        row = scratch.execute("SELECT state FROM keys WHERE id = ?", (recovery.id.hex(),)).fetchone()
        return row is not None and row[0] != "recovery"


def _older() -> Refused:
    return Refused("these sheets are of a recovery key that was replaced", rule="recovery-sheet", hint="find the newer sheets")


def _is_the_ledgers(workspace: Workspace, recovery: Keys) -> None:
    row = workspace.db.execute("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", (recovery.id.hex(),)).fetchone()
    if row is None:
        raise _older()


def _enrol(workspace: Workspace, recovery: Keys, new: Keys, handle: str, custody: Custody, where: str, now: str) -> Recovered:
    with workspace.transaction(now) as tx:
        person = _named(tx, handle)
        tx.record("recovery.used", {"purpose": "recover"})
        wrapped, digests, all_of_it = _wrap_epochs(tx, new, person.id)
        tx.record(
            "key.enrolled",
            {
                "person": person.id, "key": new.id.hex(), "sign": new.sign_public.hex(), "seal": new.seal_public.hex(),
                "custody": custody.value, "epochs": wrapped, "wraps": set_digest(digests).hex(),
            },
        )  # fmt: skip
        if "admin" not in person.roles:
            tx.record("role.given", {"person": person.id, "role": "admin"})
        for (old,) in tx.register.execute(
            "SELECT id FROM keys WHERE person = ? AND state = 'active' AND id <> ?", (person.id, new.id.hex())
        ).fetchall():
            tx.record("key.revoked", {"key": old, "cause": "lost"})
    pin = read_pin(workspace.pin_path)
    assert pin is not None  # noqa: S101  the commit above wrote it
    record = SeedRecord(
        custody=custody, where=where, key=new.id, vault=workspace.vault, checkpoint=pin.note.decode(), person=bytes.fromhex(person.id)
    )  # fmt: skip
    write_record(workspace.home / "seed.json", record)
    workspace.close()
    if not all_of_it:  # recovery has read what this admin is not to read: their register is made again, with their own keys
        connection.remove(workspace.home / "register.db")
    admin = Workspace(
        path=workspace.path, home=workspace.home, vault=workspace.vault, person=person.id, checkpoint=pin.note, unlock=lambda: new,
        random=workspace.random,
    )  # fmt: skip
    try:
        sealed, rotations = _take_over(admin, recovery, new, now)
        pin = read_pin(workspace.pin_path)
        assert pin is not None  # noqa: S101
        return Recovered(key=new.id.hex(), sealed=sealed, rotations=rotations, checkpoint=pin.note.decode())
    finally:
        admin.close()


def _named(tx: Transaction, handle: str) -> people.Person:
    """The person to be enrolled; the hint names the admins, since nobody here can list people yet."""
    try:
        return people.find(tx.register, handle)
    except NotFound as error:
        admins = ", ".join(person.handle for person in people.people(tx.register) if "admin" in person.roles)
        raise NotFound(error.message, hint=f"--handle of one who is in the vault; its admins: {admins}") from error


def _wrap_epochs(tx: Transaction, new: Keys, person: str) -> tuple[list[str], list[bytes], bool]:
    """Ids and digests of the wraps; and whether all that recovery reads is for this person (id): an embargoed case may not be."""
    wrapped_epochs, digests = [], []
    theirs, rest = set(keys.own_compartments(tx.register, person)), 0
    of_one_case = {row[0] for row in tx.register.execute("SELECT id FROM compartments")}
    for compartment, epoch in tx.register.execute("SELECT compartment, id FROM epochs ORDER BY entry").fetchall():
        if compartment in of_one_case - theirs:
            rest += 1
            continue
        key = tx.workspace.epochs.get(bytes.fromhex(epoch))
        if key is None:
            continue  # a compartment that recovery does not read
        wrapped = wrap_epoch(key.key, key.id, new.recipient)
        tx.put_wrap(key.id, new.id, wrapped)
        digests.append(wrap_digest(key.id, new.id, wrapped))
        wrapped_epochs.append(epoch)
    return wrapped_epochs, digests, not rest


def _take_over(admin: Workspace, recovery: Keys, new: Keys, now: str) -> tuple[int, int]:
    """Seal every live version to the new key, and open a rotation, due now, for each of an account in use: what lay on the lost machine
    may be known."""
    rotations = 0
    with admin.transaction(now) as tx:
        epochs.renew(tx, [key for (key,) in tx.register.execute("SELECT key FROM revocations WHERE cause = 'lost'").fetchall()])
        rows: list[list[Any]] = []
        digests: list[bytes] = []
        for version in live_versions(tx):
            try:
                key = data_key(tx, version, recovery)
            except GovernError:
                continue  # named by the drill and by doctor
            wrapped = wrap_version(key, version.context(admin.vault), new.recipient)
            tx.put_wrap(version.manifest, new.id, wrapped)
            rows.append([version.credential, version.n, new.id.hex()])
            digests.append(wrap_digest(version.manifest, new.id, wrapped))
        for start in range(0, len(rows), 500):
            part = slice(start, start + 500)
            tx.record("wraps.added", {"wraps": rows[part], "digest": set_digest(digests[part]).hex()})
        open_ = {row[0] for row in tx.register.execute("SELECT credential FROM rotations WHERE ended_at IS NULL")}
        tiers = dict(
            tx.register.execute(
                "SELECT c.id, a.tier FROM credentials c JOIN accounts a ON a.id = c.account WHERE a.state = 'active'"
            ).fetchall()
        )
        rules = policies.policy(tx.register)
        for credential in sorted(({row[0] for row in rows} & set(tiers)) - open_):
            by = due(rules, Trigger.COMPROMISE, tiers[credential], now)
            tx.record(
                "rotation.opened", {"rotation": tx.new_id(), "credential": credential, "trigger": Trigger.COMPROMISE.value, "due": by}
            )
            rotations += 1
    return len(rows), rotations
