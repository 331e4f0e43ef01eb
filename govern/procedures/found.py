"""Founding a vault: its first keys, its recovery sheets, its two compartments, its policy, all in one transaction."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from govern.canonical import canonical
from govern.errors import Refused
from govern.events import FORMAT
from govern.ledger.commitment import EpochKey
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.procedures.sheets import LIST, remember
from govern.register.pin import read_pin
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.store.address import Location
from govern.store.database import create_store, discard_store
from govern.store.location import check_location
from govern.vault.custody.record import PENDING, Custody, SeedRecord, write_record
from govern.vault.epoch import wrap_epoch
from govern.vault.keys import Keys
from govern.vault.recovery import make_sheets
from govern.vault.seal import set_digest, wrap_digest
from govern.vault.secret import SecretBytes
from govern.vault.sheet import Say, Sheet, write_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What `found` was asked for. `threshold` of `shares` sheets recover the vault."""

    path: Location
    home: Path
    organisation: str
    name: str
    mail: str
    handle: str
    preset: str
    threshold: int
    shares: int
    sheets: Path
    locale: str = ""
    """In which the founder is written for; empty where that is not said."""
    say: Say = str
    """How the recovery sheets tell what to do with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """`vault`: 64 hex digits; `key`: the founder's key id, 32 hex digits; `sheets`: files to print and then remove."""

    vault: str
    key: str
    person: str
    sheets: tuple[Path, ...]


def found(
    asked: Founding,
    *,
    custody: Custody,
    where: str,
    seed: SecretBytes,
    now: str,
    random: Callable[[int], bytes] = os.urandom,
) -> Founded:
    """Create store, register, journal, pin, seed record and recovery sheets. On failure nothing of a vault is left behind."""
    check_location(asked.path)
    home = asked.home
    if (home / "seed.json").exists():
        raise Refused(
            f"{home} already belongs to a member of a vault",
            code="exists",
            hint="go on with it: govern status; for another vault name another folder with GOVERN_HOME",
        )
    if (home / PENDING).exists():
        raise Refused(
            f"{home} is a machine that has asked to join a vault",
            code="exists",
            hint="name another folder with GOVERN_HOME, or: govern join",
        )
    if any((home / name).exists() for name in ("pin", "journal")):
        raise Refused(
            f"{home} holds what a machine has verified of a vault, perhaps of one whose init was interrupted", code="exists",
            hint="name another folder with GOVERN_HOME; remove this one only if no vault was ever founded with it",
        )  # fmt: skip
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    made = False
    try:
        made = create_store(asked.path)
        result = _found(asked, custody, where, Keys(seed), now, random, written)
    except BaseException:
        if made:
            discard_store(asked.path)
        for path in (*written, *(home / name for name in ("pin", "journal", "journal.personal", LIST))):
            path.unlink(missing_ok=True)
        for path in home.glob("register.db*"):
            path.unlink(missing_ok=True)
        raise
    return result


def _found(
    asked: Founding, custody: Custody, where: str, keys: Keys, now: str, random: Callable[[int], bytes], written: list[Path]
) -> Founded:
    recovery_seed = SecretBytes(random(32))
    recovery = Keys(recovery_seed)
    person, base, case = (random(16) for _ in range(3))
    epochs = {"base": (base, EpochKey(random(32))), "case": (case, EpochKey(random(32)))}
    policy = parse_policy(policy_text(), name="policies/default.yaml", preset=asked.preset).to_record()
    workspace = Workspace(
        path=asked.path, home=asked.home, vault=b"", person=person.hex(), checkpoint=b"", unlock=lambda: keys, anew=True, random=random
    )  # fmt: skip
    try:
        with workspace.transaction(now) as tx:
            for name, (compartment, key) in epochs.items():
                workspace.epochs.take(key.key)
                workspace.epochs.remember(name, compartment, key.id)
            tx.record(
                "vault.founded",
                {
                    "format": FORMAT, "organisation": asked.organisation, "preset": asked.preset,
                    "founder": person.hex(), "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(),
                    "custody": custody.value, "base": base.hex(), "case": case.hex(),
                    "base_epoch": epochs["base"][1].id.hex(), "case_epoch": epochs["case"][1].id.hex(),
                    "recovery_key": recovery.id.hex(), "recovery_sign": recovery.sign_public.hex(),
                    "recovery_seal": recovery.seal_public.hex(), "recovery_threshold": asked.threshold, "recovery_shares": asked.shares,
                },
                {"handle": asked.handle, "name": asked.name, "mail": asked.mail},
            )  # fmt: skip
            for compartment, key in epochs.values():
                _start_epoch(tx, compartment, key, (keys, recovery))
            tx.record("policy.adopted", {"policy": policy, "digest": hashlib.sha256(canonical(policy)).hexdigest()})
            if asked.locale:
                tx.record("person.edited", {"person": person.hex()}, {"locale": asked.locale})
            sheets = make_sheets(
                recovery_seed, asked.threshold, asked.shares, vault=workspace.vault, organisation=asked.organisation, random=random
            )
            write_sheets(asked.sheets, sheets, written, asked.say)
        pin = read_pin(workspace.pin_path)
        assert pin is not None  # noqa: S101  the commit above wrote it
        remember(asked.home, written)
        record = SeedRecord(custody=custody, where=where, key=keys.id, vault=workspace.vault, checkpoint=pin.note.decode(), person=person)
        write_record(asked.home / "seed.json", record)
    finally:
        workspace.close()
    return Founded(vault=workspace.vault.hex(), key=keys.id.hex(), person=person.hex(), sheets=tuple(written))


def _start_epoch(tx: Transaction, compartment: bytes, key: EpochKey, members: tuple[Keys, ...]) -> None:
    digests = []
    for member in members:
        wrapped = wrap_epoch(key.key, key.id, member.recipient)
        tx.put_wrap(key.id, member.id, wrapped)
        digests.append(wrap_digest(key.id, member.id, wrapped))
    tx.record(
        "epoch.started",
        {
            "compartment": compartment.hex(), "epoch": key.id.hex(), "number": 1,
            "recipients": sorted(member.id.hex() for member in members), "wraps": set_digest(digests).hex(),
        },
        under=(compartment, key),
    )  # fmt: skip


def write_sheets(folder: Path, sheets: Sequence[Sheet], written: list[Path], say: Say = str) -> None:
    """Each sheet into a file of its own (0600), none of which may be there; `written` is added to as they are made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for sheet in sheets:
        path = folder / f"recovery-sheet-{sheet.index}-of-{sheet.count}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        written.append(path)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(write_sheet(sheet, say))
            file.flush()
            os.fsync(file.fileno())
