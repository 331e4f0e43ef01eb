"""The seed record: which custody was chosen for the seed, where it lies, and what this machine trusted when it was enrolled.

Knows a JSON file and its fields; holds no secret, yet is private, since whoever changes it changes what is trusted.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from govern.canonical import canonical, decode
from govern.errors import Locked, Malformed
from govern.vault.custody.files import present, read_private, write_private

WHAT: Final = "the seed record"
PENDING: Final = "joining.json"
"""Beside it, and in its place, on a machine that has asked to join and was not approved yet."""
_FIELDS: Final = {"v", "custody", "where", "key", "vault", "checkpoint", "person"}


class Custody(StrEnum):
    """Where a seed lies; chosen at enrolment, never drifting."""

    KEYFILE = "keyfile"
    PASSPHRASE = "passphrase"
    KEYRING = "keyring"


class SeedRecord(NamedTuple):
    """`where`: path of the file or name of the keyring entry; `key`: key id (16 bytes); `vault`: id (32 bytes); `checkpoint`: signed
    note; `person`: id (16 bytes)."""

    custody: Custody
    where: str
    key: bytes
    vault: bytes
    checkpoint: str
    person: bytes


def write_record(path: Path, record: SeedRecord, *, replace: bool = False) -> None:
    """Write with mode 0600; raises Refused (code `exists`) unless told to replace, Failed, Malformed for ids of another length."""
    _check_lengths(record, path)
    write_private(
        path,
        canonical(
            {
                "v": 1,
                "custody": record.custody.value,
                "where": record.where,
                "key": record.key.hex(),
                "vault": record.vault.hex(),
                "checkpoint": record.checkpoint,
                "person": record.person.hex(),
            }
        )
        + b"\n",
        WHAT,
        replace=replace,
    )


def read_record(path: Path) -> SeedRecord:
    """The record; raises Locked (absent, another's, open to others) and Malformed (anything but such a record)."""
    if not present(path, WHAT):
        if present(path.with_name(PENDING), "the record of a joining machine"):
            raise Locked(
                "this machine has asked to join a vault, and is not yet a member's",
                code="not-approved",
                hint="once it is approved: govern join",
            )
        raise Locked(
            f"this machine has no keys: {path} is not there",
            hint="a new vault: govern init; invited: govern join INVITE; with the sheets of the vault here: govern vault recover --sheet FILE --handle H",
        )
    content = read_private(path, WHAT)
    try:
        fields = decode(content.removesuffix(b"\n"))
        if not isinstance(fields, dict) or set(fields) != _FIELDS or type(fields["v"]) is not int or fields["v"] != 1:
            raise Malformed("other fields")
        if not isinstance(fields["where"], str) or not isinstance(fields["checkpoint"], str):
            raise Malformed("a field of another type")
        record = SeedRecord(
            custody=Custody(fields["custody"]),
            where=fields["where"],
            key=bytes.fromhex(fields["key"]),
            vault=bytes.fromhex(fields["vault"]),
            checkpoint=fields["checkpoint"],
            person=bytes.fromhex(fields["person"]),
        )
    except (Malformed, ValueError, TypeError) as error:
        raise Malformed(f"{WHAT} {path} can't be read", hint="take it from a backup, or enrol this machine anew") from error
    _check_lengths(record, path)
    return record


def _check_lengths(record: SeedRecord, path: Path) -> None:
    if (len(record.key), len(record.vault), len(record.person)) != (16, 32, 16):
        raise Malformed(f"{WHAT} {path} names ids of another length")
