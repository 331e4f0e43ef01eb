"""The control of each class of attack, T2 to T17: where the one defence is left out, what was done to the database works. T1's stands in `test_hostile`."""

from __future__ import annotations

import json
import os

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from govern.canonical import canonical, decode
from govern.errors import GovernError, Malformed
from govern.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note
from govern.ledger.commitment import Entry, open_event
from govern.ledger.merkle import CompactRange
from govern.ledger.note import verify_note
from govern.vault.keys import Keys
from govern.vault.seal import Context, SealedVersion, manifest_digest, open_sealed, seal_version, unwrap_version, wrap_version

from .insider import Insider
from .strikes import (
    MIA,
    appended_by,
    ben,
    command,
    enrolment,
    huge,
    mia,
    other_signer,
    password,
    recovery,
    sql,
    stranger,
    swapped_versions,
    swapped_wraps,
    tail,
    totp,
)
from .test_sealed import context
from .vaults import SECOND, SEED, Machine


def row(machine: Machine, digest: bytes, recipient: bytes) -> tuple[bytes, bytes, bytes]:
    """Commitment and sealed bytes of a version as they lie there, and the wrap of it for one key."""
    with machine.database() as db:
        commitment, sealed = db.execute("SELECT commitment, sealed FROM version WHERE digest = ?", (digest,)).fetchone()
        (wrap,) = db.execute(f"SELECT sealed FROM wrap WHERE {MIA}", (digest, recipient)).fetchone()
    return bytes(commitment), bytes(sealed), bytes(wrap)


def entries(machine: Machine) -> list[Entry]:
    with machine.database() as db:
        rows = db.execute("SELECT * FROM entry ORDER BY idx").fetchall()
    return [Entry(index, *(None if cell is None else bytes(cell) for cell in rest)) for index, *rest in rows]


def hangs_together(machine: Machine) -> bool:
    """Steps 1 to 3 of the replay: as many entries as the newest checkpoint says, under its root; whoever signed it."""
    tree = CompactRange()
    for entry in entries(machine):
        tree.append(entry.leaf())
    return (tree.size, tree.root()) == newest(machine)[1][:2]


def newest(machine: Machine) -> tuple[bytes, tuple[int, bytes, Checkpoint]]:
    with machine.database() as db:
        (note,) = db.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    read = parse_checkpoint(parse_note(bytes(note)).text)
    return bytes(note), (read.size, read.root, read)


def size_for_whoever_remembers_nothing(machine: Machine) -> int:
    """How long the ledger is for a machine that has neither pin nor journal."""
    machine.forget("pin", "journal", "journal.personal", "register")
    with machine.opened(anew=True) as workspace:
        return int(workspace.view().execute("SELECT count(*) FROM entries").fetchone()[0])


# --- whose keys (T2, T3, T4) -------------------------------------------------------------------------------------------------------------


def test_t2_a_secret_sealed_to_a_planted_key_opens_for_the_attacker(either: Machine) -> None:
    """If recipients came from the database: HPKE seals to whatever key it is given."""
    attacker, bound = Keys.from_seed(os.urandom(32)), context(either)
    commitment, sealed, wrap = row(either, password(either), mia(either))
    version = SealedVersion(password(either), commitment, sealed)
    key = unwrap_version(wrap, bound, either.keys(), version, expected=password(either))
    given = wrap_version(key, bound, attacker.recipient)
    assert open_sealed(version, bound, attacker, given, expected=password(either))["secret"] == SECOND


@pytest.mark.parametrize("type_", ["key.enrolled", "role.given"])
def test_t2_t3_an_entry_by_nobody_is_a_good_one_but_for_its_signer(either: Machine, type_: str) -> None:
    """It stands under the root, opens with the epoch's key, commits and decodes: the signature alone, by an active key, tells."""
    body = enrolment if type_ == "key.enrolled" else lambda machine: {"person": ben(machine), "role": "hr"}
    epoch = Insider(either).base[1]
    appended_by(stranger, type_, body)(either)
    assert hangs_together(either)
    last = entries(either)[-1]
    assert decode(open_event(last, vault=either.workspace().vault, epoch=epoch)[1])["type"] == type_


def test_t3_the_same_role_by_an_admin_counts(either: Machine) -> None:
    insider = Insider(either)
    insider.write(insider.event("role.given", {"person": ben(either), "role": "hr"}))
    assert ("hr",) in either.ask("SELECT role FROM roles WHERE person = ?", ben(either))


def test_t4_counted_the_wraps_are_all_there(either: Machine) -> None:
    """Only their digests, which the entry commits to, tell that recovery's is another's now."""
    count = "SELECT count(*) FROM wrap WHERE target = ?"
    with either.database() as db:
        before = db.execute(count, (password(either),)).fetchone()[0]
    sql(f"UPDATE wrap SET recipient = ? WHERE {MIA}", lambda machine: stranger(machine).id, password, recovery)(either)
    with either.database() as db:
        assert db.execute(count, (password(either),)).fetchone()[0] == before


# --- what belongs together (T5, T7, T12) -------------------------------------------------------------------------------------------------


def test_t5_an_exchanged_version_opens_where_the_row_says_what_it_is(either: Machine) -> None:
    swapped_versions(either)
    account, credential = either.ask("SELECT account, id FROM credentials WHERE kind = 'totp'")[0]
    bound = Context(either.workspace().vault, bytes.fromhex(account), bytes.fromhex(credential), "totp", 1)
    commitment, sealed, _ = row(either, password(either), mia(either))
    _, _, wrap = row(either, totp(either), mia(either))
    believed = manifest_digest(bound, sealed, commitment)
    opened = open_sealed(SealedVersion(believed, commitment, sealed), bound, either.keys(), wrap, expected=believed)
    assert opened["secret"] == SEED


def test_t5_an_exchanged_wrap_opens_where_nobody_asks_whose_it_is(either: Machine) -> None:
    swapped_wraps(either)
    others = either.of("ben").keys()
    commitment, sealed, wrap = row(either, password(either), mia(either))
    bound = context(either)
    version = SealedVersion(password(either), commitment, sealed)
    assert open_sealed(version, bound, others, wrap, expected=password(either))["secret"] == SECOND


def test_t7_the_cipher_itself_takes_any_suite_that_a_row_claims(either: Machine) -> None:
    key, nonce = os.urandom(32), os.urandom(12)
    for suite in (0, 1, 2):
        aad = canonical({"suite": suite})
        assert AESGCM(key).decrypt(nonce, AESGCM(key).encrypt(nonce, b"x", aad), aad) == b"x"
    bound = context(either, suite=2)
    commitment, sealed, wrap = row(either, password(either), mia(either))
    with pytest.raises(GovernError):
        open_sealed(SealedVersion(password(either), commitment, sealed), bound, either.keys(), wrap, expected=password(either))


def _times(x: int, y: int) -> int:
    """Product in GF(2^128) as GCM has it (NIST SP 800-38D section 6.3)."""
    z = 0
    for bit in range(127, -1, -1):
        if y >> bit & 1:
            z ^= x
        x = (x >> 1) ^ (0xE1 << 120 if x & 1 else 0)
    return z


def _inverse(x: int) -> int:
    result, power = 1 << 127, x
    for _ in range(127):
        power = _times(power, power)
        result = _times(result, power)
    return result


def _block(key: bytes, data: bytes) -> int:
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  the bare block, of which GCM is made
    return int.from_bytes(cipher.update(data), "big")


def two_keys(one: bytes, other: bytes, nonce: bytes, aad: bytes) -> bytes:
    """A ciphertext of two blocks with its tag, that AES-GCM takes as genuine under both keys."""
    blocks = [aad[start : start + 16].ljust(16, b"\0") for start in range(0, len(aad), 16)]
    fixed = [int.from_bytes(block, "big") for block in blocks] + [int.from_bytes(os.urandom(16), "big")]
    lengths = (len(aad) * 8) << 64 | 32 * 8
    rest, factors = [], []
    for key in (one, other):
        h, mask = _block(key, bytes(16)), _block(key, nonce + b"\0\0\0\1")
        hashed = 0
        for value in fixed:
            hashed = _times(hashed ^ value, h)
        square = _times(h, h)
        rest.append(_times(hashed, square) ^ _times(lengths, h) ^ mask)
        factors.append(square)
    free = _times(rest[0] ^ rest[1], _inverse(factors[0] ^ factors[1]))
    tag = rest[0] ^ _times(free, factors[0])
    return b"".join(value.to_bytes(16, "big") for value in (fixed[-1], free, tag))


def test_t12_one_ciphertext_opens_under_two_keys_where_none_was_committed_to(either: Machine) -> None:
    """AES-GCM does not bind its key: two holders would be shown two secrets, both genuine. The commitment to the data key tells them apart."""
    bound, nonce = context(either), os.urandom(12)
    aad, ours, theirs = bound.encode(), either.keys(), either.of("ben").keys()
    genuine, one = seal_version(bound, {"secret": "x"}, random=os.urandom)
    other = seal_version(bound, {"secret": "x"}, random=os.urandom)[1]
    sealed = nonce + two_keys(one.key, other.key, nonce, aad)
    shown = {AESGCM(key.key).decrypt(nonce, sealed[12:], aad) for key in (one, other)}
    assert len(shown) == 2
    version = SealedVersion(manifest_digest(bound, sealed, genuine.commitment), genuine.commitment, sealed)
    unwrap_version(wrap_version(one, bound, ours.recipient), bound, ours, version, expected=version.digest)
    with pytest.raises(GovernError):
        unwrap_version(wrap_version(other, bound, theirs.recipient), bound, theirs, version, expected=version.digest)


# --- how much, and which history (T6, T8, T9, T10, T14) ------------------------------------------------------------------------------------


def test_t6_the_library_derives_with_whatever_parameters_it_is_given() -> None:
    """The floor is ours, and the parameters are not in the database."""
    assert len(Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8).derive(b"x")) == 32


@pytest.mark.parametrize("attack", ["T8 yesterday's file", "T10 a fork", "T14 the tail withheld"])
def test_t8_t10_t14_a_machine_that_remembers_nothing_takes_it_for_the_truth(either: Machine, attack: str) -> None:
    """Every row is genuine and signed; only what was verified before tells that something is missing, or other."""
    strike = {"T8 yesterday's file": command("yesterday's file"), "T10 a fork": command("a fork"), "T14 the tail withheld": tail}[attack]
    strike(either)
    assert hangs_together(either)
    assert size_for_whoever_remembers_nothing(either) == len(entries(either))


def test_t9_a_checkpoint_by_another_member_is_validly_signed(either: Machine) -> None:
    """By a key that is enrolled and active: only the journal, which has the note that was verified, tells."""
    other_signer(either)
    keys = either.of("ben").keys()
    with either.database() as db:
        note = bytes(db.execute("SELECT note FROM checkpoint WHERE size = 13").fetchone()[0])
    assert parse_checkpoint(verify_note(note, name=keys.id.hex(), public=keys.sign_public)).size == 13


# --- what stands outside of the entries (T11, T13) -----------------------------------------------------------------------------------------


def test_t11_a_personal_part_is_under_no_leaf(either: Machine) -> None:
    """So that it can be erased; that it is gone, or another, tells the event that commits to it."""
    sql("UPDATE entry SET personal = NULL WHERE idx = 9")(either)
    assert hangs_together(either)


def test_t13_whoever_counts_wraps_says_that_the_leaver_never_knew(either: Machine) -> None:
    key = either.of("ben").keys().id
    sql(f"DELETE FROM wrap WHERE {MIA}", password, lambda _: key)(either)
    with either.database() as db:
        assert key not in {bytes(one) for (one,) in db.execute("SELECT recipient FROM wrap WHERE target = ?", (password(either),))}
    basis = "SELECT e.basis FROM exposures e JOIN versions v USING (credential, n) WHERE e.person = ? AND v.manifest = ?"
    assert ("sealed",) in either.ask(basis, ben(either), password(either).hex()), "the ledger does not forget"


# --- hostile bytes (T15, T16, T17) ---------------------------------------------------------------------------------------------------------


def test_t15_engine_and_json_take_what_we_refuse(either: Machine) -> None:
    huge(either)
    assert len(row(either, password(either), mia(either))[2]) == 10_000_000
    for text in ('{"a":1,"a":2}', '{"a":NaN}', "1e400", "[" * 500 + "]" * 500, '{"b":1, "a":2}'):
        json.loads(text)
        with pytest.raises(Malformed):
            decode(text.encode())


def test_t16_the_library_says_in_different_words_why_it_does_not_open(either: Machine) -> None:
    _, sealed, _ = row(either, password(either), mia(either))
    told = set()
    for nonce in (sealed[:4], sealed[:12]):
        with pytest.raises((ValueError, InvalidTag)) as raised:
            AESGCM(bytes(32)).decrypt(nonce, sealed[12:], b"")
        told.add(type(raised.value))
    assert told == {ValueError, InvalidTag}


def test_t17_a_trigger_does_what_it_was_planted_for(either: Machine) -> None:
    with either.database() as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM wrap; END")
        last = db.execute("SELECT idx, compartment, epoch, commitment, sealed, personal FROM entry ORDER BY idx DESC LIMIT 1").fetchone()
        db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", (last[0] + 1, *last[1:]))
        assert db.execute("SELECT count(*) FROM wrap").fetchone()[0] == 0
