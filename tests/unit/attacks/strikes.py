"""What whoever owns the database does to it, in SQL that both engines run; see `test_hostile` for what comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable

from govern.ledger.note import parse_note, sign_note
from govern.vault.keys import Keys
from govern.vault.seal import seal_version, wrap_version

from . import test_every_command
from .insider import Insider
from .test_sealed import context, manifest
from .vaults import SIZE, Machine

MIA = "target = ? AND recipient = ?"


def sql(statement: str, *values: Callable[[Machine], object]) -> Callable[[Machine], None]:
    def strike(machine: Machine) -> None:
        given = [value(machine) for value in values]
        with machine.database() as db:
            assert db.execute(statement, given).rowcount != 0, "nothing was there to attack"

    return strike


def password(machine: Machine) -> bytes:
    return manifest(machine, "password", 2)


def totp(machine: Machine) -> bytes:
    return manifest(machine, "totp", 1)


def mia(machine: Machine) -> bytes:
    return machine.keys().id


def forged(machine: Machine) -> None:
    """A secret of the attacker's, properly sealed to mia under the genuine context, in the place of the genuine one."""
    bound, digest = context(machine), password(machine)
    version, key = seal_version(bound, {"secret": "typed-by-the-attacker"}, random=os.urandom)
    with machine.database() as db:
        db.execute("UPDATE version SET commitment = ?, sealed = ? WHERE digest = ?", (version.commitment, version.sealed, digest))
        wrapped = wrap_version(key, bound, machine.keys().recipient)
        db.execute(f"UPDATE wrap SET sealed = ? WHERE {MIA}", (wrapped, digest, machine.keys().id))


def another_data_key(machine: Machine) -> None:
    """A wrap of another key: a ciphertext made to open under two would show two holders two secrets."""
    bound = context(machine)
    _, key = seal_version(bound, {"secret": "typed-by-the-attacker"}, random=os.urandom)
    with machine.database() as db:
        wrapped = wrap_version(key, bound, machine.keys().recipient)
        db.execute(f"UPDATE wrap SET sealed = ? WHERE {MIA}", (wrapped, password(machine), mia(machine)))


def planted_recipient(machine: Machine) -> None:
    with machine.database() as db:
        db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (password(machine), Keys.from_seed(os.urandom(32)).id, os.urandom(80)))


def appended_by(keys: Callable[[Machine], Keys], type_: str, body: Callable[[Machine], dict[str, object]]) -> Callable[[Machine], None]:
    """An entry, well sealed under a stolen epoch key, signed by keys that the ledger does not have (or no longer)."""

    def strike(machine: Machine) -> None:
        insider = Insider(machine.of("ben"))
        insider.keys = keys(machine)
        insider.write(insider.event(type_, dict(body(machine))))

    return strike


def stranger(_machine: Machine) -> Keys:
    return Keys.from_seed(os.urandom(32))


def ben(machine: Machine) -> str:
    return str(machine.ask("SELECT id FROM people WHERE handle = 'ben'")[0][0])


def enrolment(machine: Machine) -> dict[str, object]:
    keys = stranger(machine)
    return {
        "person": ben(machine), "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "custody": "keyfile",
        "invite": os.urandom(16).hex(),
    }  # fmt: skip


def recovery(machine: Machine) -> bytes:
    return bytes.fromhex(machine.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0])


def swapped_versions(machine: Machine) -> None:
    one, other = password(machine), totp(machine)
    with machine.database() as db:
        rows = {
            digest: db.execute("SELECT commitment, sealed FROM version WHERE digest = ?", (digest,)).fetchone() for digest in (one, other)
        }
        for digest, source in ((one, other), (other, one)):
            db.execute("UPDATE version SET commitment = ?, sealed = ? WHERE digest = ?", (*rows[source], digest))


def swapped_wraps(machine: Machine) -> None:
    digest, ours, theirs = password(machine), mia(machine), machine.of("ben").keys().id
    with machine.database() as db:
        sealed = {key: db.execute(f"SELECT sealed FROM wrap WHERE {MIA}", (digest, key)).fetchone()[0] for key in (ours, theirs)}
        for key, source in ((ours, theirs), (theirs, ours)):
            db.execute(f"UPDATE wrap SET sealed = ? WHERE {MIA}", (sealed[source], digest, key))


def other_signer(machine: Machine) -> None:
    keys = machine.of("ben").keys()
    with machine.database() as db:
        note = bytes(db.execute("SELECT note FROM checkpoint WHERE size = 13").fetchone()[0])
        again = sign_note(parse_note(note).text, name=keys.id.hex(), public=keys.sign_public, sign=keys.sign)
        db.execute("UPDATE checkpoint SET note = ? WHERE size = 13", (again,))


def command(name: str) -> Callable[[Machine], None]:
    return lambda machine: test_every_command.ATTACKS[name](machine, machine.folder)


def tail(machine: Machine) -> None:
    """The last reveal's entry withheld, with its checkpoint."""
    with machine.database() as db:
        db.execute("DELETE FROM entry WHERE idx = ?", (SIZE - 1,))
        db.execute("DELETE FROM checkpoint WHERE size = ?", (SIZE,))


def huge(machine: Machine) -> None:
    with machine.database() as db:
        db.execute(f"UPDATE wrap SET sealed = ? WHERE {MIA}", (bytes(10_000_000), password(machine), mia(machine)))


def bad_note(machine: Machine) -> None:
    with machine.database() as db:
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", ("\x1b[2Jgovern\u202e\n999999999999999999999\n".encode(), SIZE))
