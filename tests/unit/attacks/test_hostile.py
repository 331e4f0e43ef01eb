"""The classes of attack on a vault whose database somebody else owns, T1 to T17, each by direct SQL on both engines.

Each class has at least one line here; its variants stand in the files that docs/security/threats.md names. The control of each: the same
commands on the same machine before the attack give what was asked for, and where a defence is left out the attack works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from govern.vault.seal import SealedVersion, manifest_digest, open_sealed

from .strikes import (
    MIA,
    another_data_key,
    appended_by,
    bad_note,
    ben,
    command,
    enrolment,
    forged,
    huge,
    mia,
    other_signer,
    password,
    planted_recipient,
    recovery,
    sql,
    stranger,
    swapped_versions,
    swapped_wraps,
    tail,
    totp,
)
from .test_every_entry import flipped
from .test_sealed import context
from .vaults import SECOND, SIZE, Machine

VERIFY, REVEAL, PEOPLE = ("ledger", "verify", "--deep"), ("reveal", "shop", "--stdout"), ("person", "list")
NOT_ACTIVE = f"entry {SIZE}: the checkpoint of entry {SIZE} is not to be trusted: signed by a key that is not active"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What is done to the database; which commands must end with exit 6, each with what it names."""

    strike: Callable[[Machine], None]
    refused: dict[tuple[str, ...], str]


ATTACKS: dict[str, Attack] = {
    "T1 a forged secret": Attack(
        strike=forged, refused={REVEAL: "version 2 (password) of credential", VERIFY: "entry 25: the version"}
    ),
    "T2 a recipient's key planted": Attack(strike=planted_recipient, refused={VERIFY: "a wrap that no entry commits to"}),
    "T2 an enrolment by nobody": Attack(
        strike=appended_by(stranger, "key.enrolled", enrolment), refused=dict.fromkeys((PEOPLE, REVEAL, VERIFY), NOT_ACTIVE)
    ),
    "T3 a role by nobody": Attack(
        strike=appended_by(stranger, "role.given", lambda machine: {"person": ben(machine), "role": "hr"}),
        refused=dict.fromkeys((PEOPLE, REVEAL, VERIFY), NOT_ACTIVE),
    ),
    "T4 the recovery's wrap for another key": Attack(
        strike=sql(f"UPDATE wrap SET recipient = ? WHERE {MIA}", lambda machine: stranger(machine).id, password, recovery),
        refused={VERIFY: "entry 25: a wrap"},
    ),
    "T5 versions exchanged": Attack(
        strike=swapped_versions,
        refused={
            REVEAL: "version 2 (password) of credential",
            ("code", "shop"): "version 1 (totp) of credential",
            VERIFY: ": the version that it commits to was altered",
        },
    ),
    "T5 wraps exchanged": Attack(strike=swapped_wraps, refused={REVEAL: "version 2 (password)", VERIFY: "entry 25: the wraps"}),
    "T6 parameters planted": Attack(strike=sql("INSERT INTO meta VALUES ('kdf', ?)", lambda _: b"m=8,t=1"), refused={VERIFY: "table meta"}),
    "T7 another format": Attack(strike=sql("UPDATE meta SET value = ?", lambda _: b"0"), refused={VERIFY: "table meta"}),
    "T7 another ciphertext": Attack(
        strike=sql("UPDATE version SET sealed = ? WHERE digest = ?", lambda _: bytes(400), password),
        refused={REVEAL: "version 2 (password)", VERIFY: "entry 25: the version"},
    ),
    "T8 the whole of yesterday": Attack(
        strike=command("yesterday's file"), refused=dict.fromkeys((PEOPLE, REVEAL, VERIFY), f"at least {SIZE + 2} entries")
    ),
    "T8 another vault": Attack(
        strike=command("another vault's file"), refused={PEOPLE: "another vault's file", REVEAL: "another vault's file", VERIFY: "entry 0: its compartment"}
    ),
    "T9 an entry altered": Attack(
        strike=sql("UPDATE entry SET sealed = ? WHERE idx = 17", lambda _: bytes(300)), refused={VERIFY: "entry 17: its sealed"}
    ),
    "T9 a checkpoint by another member": Attack(strike=other_signer, refused={VERIFY: "entry 12: its checkpoint"}),
    "T10 a fork": Attack(strike=command("a fork"), refused={PEOPLE: "forked", REVEAL: "forked", VERIFY: "entry 31: its commitment"}),
    "T11 a personal part dropped": Attack(
        strike=sql("UPDATE entry SET personal = NULL WHERE idx = 9"), refused={VERIFY: "entry 9: its personal part is gone"}
    ),
    "T12 a wrap of another data key": Attack(
        strike=another_data_key, refused={REVEAL: "version 2 (password)", VERIFY: "entry 25: the wraps"}
    ),
    "T13 a leaver's wrap removed": Attack(
        strike=sql(f"DELETE FROM wrap WHERE {MIA}", password, lambda machine: machine.of("ben").keys().id),
        refused={VERIFY: "entry 25: a wrap"},
    ),
    "T14 the evidence withheld": Attack(
        strike=tail, refused=dict.fromkeys((PEOPLE, REVEAL, ("code", "shop"), VERIFY), f"at least {SIZE} entries")
    ),
    "T15 ten megabytes in a wrap": Attack(strike=huge, refused={REVEAL: "version 2 (password)", VERIFY: "entry 25: the wraps"}),
    "T15 control characters in a checkpoint": Attack(
        strike=bad_note, refused=dict.fromkeys((PEOPLE, REVEAL, VERIFY), "entry 30: ")
    ),
    "T17 a trigger": Attack(
        strike=sql("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM wrap; END"),
        refused=dict.fromkeys((PEOPLE, REVEAL, VERIFY), "another schema"),
    ),
    "T17 a view": Attack(
        strike=sql("CREATE VIEW v AS SELECT * FROM entry"), refused=dict.fromkeys((PEOPLE, REVEAL, VERIFY), "another schema")
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_refused_named_shows_and_writes_nothing(either: Machine, attack: str) -> None:
    struck = ATTACKS[attack]
    struck.strike(either)
    for words, named in struck.refused.items():
        told = either.refuses(*words)
        assert named in told.err, (words, told)
        assert "\x1b" not in told.err


def test_control_all_of_it_answers_before_an_attack(either: Machine) -> None:
    assert either.ok(*VERIFY).out
    assert "Ben Bos" in either.ok(*PEOPLE).out
    assert either.ok("code", "shop").out
    assert either.ok(*REVEAL).out == SECOND


def test_every_class_has_its_line() -> None:
    """T16 has a test of its own below: it compares what several attacks are told."""
    assert {name.split()[0] for name in ATTACKS} == {f"T{number}" for number in range(1, 18)} - {"T16"}


def test_control_a_forged_secret_opens_where_only_context_and_wrap_are_checked(either: Machine) -> None:
    """T1: whoever knows a public key can seal to it; only the manifest in the ledger tells."""
    forged(either)
    bound = context(either)
    with either.database() as db:
        commitment, sealed = map(
            bytes, db.execute("SELECT commitment, sealed FROM version WHERE digest = ?", (password(either),)).fetchone()
        )
        (wrapped,) = db.execute(f"SELECT sealed FROM wrap WHERE {MIA}", (password(either), mia(either))).fetchone()
    believed = manifest_digest(bound, sealed, commitment)
    version = SealedVersion(believed, commitment, sealed)
    assert open_sealed(version, bound, either.keys(), bytes(wrapped), expected=believed) == {"secret": "typed-by-the-attacker"}


def test_why_a_secret_does_not_open_is_told_alike(either: Machine) -> None:
    """T16: tag, key or context: one text, so that nobody learns from it."""
    row = (password(either), mia(either))
    with either.database() as db:
        wrap = bytes(db.execute(f"SELECT sealed FROM wrap WHERE {MIA}", row).fetchone()[0])
        elsewhere = bytes(db.execute(f"SELECT sealed FROM wrap WHERE {MIA}", (totp(either), mia(either))).fetchone()[0])
        others = bytes(db.execute(f"SELECT sealed FROM wrap WHERE {MIA}", (password(either), either.of("ben").keys().id)).fetchone()[0])
    told = set()
    for new in (flipped(wrap, 0), flipped(wrap, 17), wrap[:-1], b"", elsewhere, others):
        with either.database() as db:
            db.execute(f"UPDATE wrap SET sealed = ? WHERE {MIA}", (new, *row))
        told.add(either.refuses(*REVEAL).err)
    assert len(told) == 1, told
