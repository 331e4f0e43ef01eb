"""Entries: what is sealed opens again, whole and only in its place; whatever was touched does not."""

from __future__ import annotations

import copy
import hmac
import pickle
from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import IntegrityError, Malformed
from govern.ledger.commitment import (
    Entry,
    EpochKey,
    Unopenable,
    commit,
    epoch_id,
    open_event,
    open_personal,
    pad,
    seal_entry,
    unpad,
    vault_id,
)

VAULT, COMPARTMENT, SALT, PERSONAL_SALT = b"V" * 32, b"C" * 16, b"S" * 32, b"P" * 32
KEY = EpochKey(b"K" * 32)
EVENT, PERSONAL = b'{"type":"person.added"}', b'{"name":"Anna"}'


def sealed(**changes: Any) -> Entry:
    given: dict[str, Any] = {
        "vault": VAULT, "index": 7, "compartment": COMPARTMENT, "epoch": KEY, "event": EVENT, "salt": SALT,
        "personal": (PERSONAL_SALT, PERSONAL), "random": Random(1).randbytes,
    }  # fmt: skip
    return seal_entry(**(given | changes))


ENTRY = sealed()
COMMITTED = commit(PERSONAL_SALT, PERSONAL)


def flips(data: bytes) -> list[bytes]:
    return [data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] for at in range(len(data)) for bit in range(8)]


def test_what_is_sealed_opens_again() -> None:
    assert open_event(ENTRY, vault=VAULT, epoch=KEY) == (SALT, EVENT)
    assert open_personal(ENTRY, vault=VAULT, epoch=KEY, committed=COMMITTED) == PERSONAL
    assert sealed(personal=None).personal is None


@given(event=st.binary(max_size=700), personal=st.binary(max_size=700), index=st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=60)
def test_any_bytes_survive_sealing(event: bytes, personal: bytes, index: int) -> None:
    entry = sealed(event=event, index=index, personal=(PERSONAL_SALT, personal))
    assert open_event(entry, vault=VAULT, epoch=KEY) == (SALT, event)
    assert open_personal(entry, vault=VAULT, epoch=KEY, committed=commit(PERSONAL_SALT, personal)) == personal


def test_the_formats_are_as_written_down() -> None:
    aad = VAULT + (7).to_bytes(8, "big") + COMPARTMENT + KEY.id
    aead = AESGCM(b"K" * 32)
    plain = aead.decrypt(ENTRY.sealed[:12], ENTRY.sealed[12:], aad + b"event")
    assert plain == SALT + EVENT + b"\x80" + b"\0" * (256 - 32 - len(EVENT) - 1)
    assert ENTRY.personal is not None
    assert aead.decrypt(ENTRY.personal[:12], ENTRY.personal[12:], aad + b"personal").startswith(PERSONAL_SALT + PERSONAL + b"\x80")
    assert KEY.id == ENTRY.epoch == sha256(b"govern/epoch/v1\0" + b"K" * 32).digest()[:16] == epoch_id(b"K" * 32)
    assert ENTRY.commitment == hmac.new(SALT, EVENT, "sha256").digest()
    leaf_data = b"\x01" + COMPARTMENT + KEY.id + ENTRY.commitment + sha256(ENTRY.sealed).digest()
    assert len(leaf_data) == 97
    assert ENTRY.leaf() == sha256(b"\0" + leaf_data).digest()
    assert vault_id(ENTRY.commitment) == sha256(ENTRY.commitment).digest()


def test_sealed_parts_do_not_show_the_length_of_what_they_hold() -> None:
    assert len({len(sealed(event=b"x" * size).sealed) for size in (0, 1, 100, 223)}) == 1
    assert len(sealed(event=b"x" * 224).sealed) == len(ENTRY.sealed) + 256


def test_each_part_is_sealed_with_a_nonce_of_its_own() -> None:
    assert ENTRY.personal is not None
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return bytes([len(asked)]) * size

    entry = sealed(random=random)
    assert asked == [12, 12]
    assert entry.personal is not None
    assert (entry.sealed[:12], entry.personal[:12]) == (b"\x01" * 12, b"\x02" * 12)


def test_a_flipped_bit_of_the_sealed_event_is_refused() -> None:
    texts = set()
    for data in flips(ENTRY.sealed):
        with pytest.raises(Unopenable) as caught:
            open_event(replace(ENTRY, sealed=data), vault=VAULT, epoch=KEY)
        texts.add(caught.value.message)
    assert len(texts) == 1
    assert open_event(ENTRY, vault=VAULT, epoch=KEY) == (SALT, EVENT)


def test_a_flipped_bit_of_the_personal_part_is_an_integrity_error_that_names_the_index() -> None:
    assert ENTRY.personal is not None
    for data in flips(ENTRY.personal)[::7]:
        with pytest.raises(IntegrityError) as caught:
            open_personal(replace(ENTRY, personal=data), vault=VAULT, epoch=KEY, committed=COMMITTED)
        assert caught.value.index == 7
    with pytest.raises(IntegrityError):
        open_personal(replace(ENTRY, personal=None), vault=VAULT, epoch=KEY, committed=COMMITTED)
    with pytest.raises(IntegrityError):
        open_personal(ENTRY, vault=VAULT, epoch=KEY, committed=commit(PERSONAL_SALT, b"other"))


@pytest.mark.parametrize(
    "moved",
    [
        {"index": 8},
        {"index": -1},
        {"index": 2**64},
        {"index": None},
        {"compartment": b"D" * 16},
        {"compartment": b"C" * 15},
        {"compartment": None},
        {"epoch": b"E" * 16},
        {"commitment": b"X" * 32},
        {"sealed": b""},
        {"sealed": b"x" * 12},
        {"sealed": b"x" * 300},
        {"sealed": "text"},
        {"sealed": None},
    ],
    ids=str,
)
def test_an_entry_opens_in_its_own_place_only(moved: dict[str, Any]) -> None:
    assert open_event(replace(ENTRY), vault=VAULT, epoch=KEY) == (SALT, EVENT)
    with pytest.raises(Unopenable):
        open_event(replace(ENTRY, **moved), vault=VAULT, epoch=KEY)


def test_a_personal_part_opens_at_its_own_entry_only() -> None:
    other = sealed(index=8, random=Random(2).randbytes)
    assert open_personal(other, vault=VAULT, epoch=KEY, committed=COMMITTED) == PERSONAL
    with pytest.raises(IntegrityError):
        open_personal(replace(ENTRY, personal=other.personal), vault=VAULT, epoch=KEY, committed=COMMITTED)


def test_the_parts_of_an_entry_are_not_exchanged() -> None:
    assert ENTRY.personal is not None
    with pytest.raises(Unopenable):
        open_event(replace(ENTRY, sealed=ENTRY.personal, commitment=COMMITTED), vault=VAULT, epoch=KEY)
    with pytest.raises(IntegrityError):
        open_personal(replace(ENTRY, personal=ENTRY.sealed), vault=VAULT, epoch=KEY, committed=ENTRY.commitment)


def test_another_vault_or_another_key_does_not_open() -> None:
    for vault, key in ((b"W" * 32, KEY), (VAULT, EpochKey(b"L" * 32)), (b"", KEY)):
        with pytest.raises(Unopenable):
            open_event(ENTRY, vault=vault, epoch=key)


def test_a_planted_epoch_id_is_refused_even_where_the_key_fits() -> None:
    """Sealed under the key K but declared as another epoch: the control is that AES-GCM alone would open it."""
    aad = VAULT + (7).to_bytes(8, "big") + COMPARTMENT + b"E" * 16 + b"event"
    data = b"N" * 12 + KEY.aead.encrypt(b"N" * 12, pad(SALT + EVENT), aad)
    planted = replace(ENTRY, epoch=b"E" * 16, sealed=data)
    assert KEY.aead.decrypt(data[:12], data[12:], aad) == pad(SALT + EVENT)
    with pytest.raises(Unopenable):
        open_event(planted, vault=VAULT, epoch=KEY)


@pytest.mark.parametrize("plain", [b"", SALT, pad(b"short"), SALT + EVENT, pad(SALT + EVENT) + bytes(256), pad(SALT + EVENT + b"!")])
def test_what_opens_must_be_padded_and_be_what_was_committed_to(plain: bytes) -> None:
    aad = VAULT + (7).to_bytes(8, "big") + COMPARTMENT + KEY.id + b"event"

    def with_plain(text: bytes) -> Entry:
        return replace(ENTRY, sealed=b"N" * 12 + KEY.aead.encrypt(b"N" * 12, text, aad))

    assert open_event(with_plain(pad(SALT + EVENT)), vault=VAULT, epoch=KEY) == (SALT, EVENT)
    with pytest.raises(Unopenable):
        open_event(with_plain(plain), vault=VAULT, epoch=KEY)


def test_a_byte_moved_from_one_column_to_its_neighbour_is_no_leaf() -> None:
    """Their concatenation, and so the leaf, would be the same."""
    moved = replace(ENTRY, compartment=COMPARTMENT + KEY.id[:1], epoch=KEY.id[1:])
    assert moved.compartment + moved.epoch == ENTRY.compartment + ENTRY.epoch
    with pytest.raises(IntegrityError) as caught:
        moved.leaf()
    assert caught.value.index == 7


@pytest.mark.parametrize("column", ["compartment", "epoch", "commitment", "sealed"])
@pytest.mark.parametrize("value", [None, 5, "x" * 16, "x" * 32])
def test_a_column_of_another_kind_is_an_integrity_error(column: str, value: Any) -> None:
    with pytest.raises(IntegrityError):
        replace(ENTRY, **{column: value}).leaf()


@pytest.mark.parametrize("column", ["compartment", "epoch", "commitment", "sealed"])
def test_each_bit_of_the_row_is_in_the_leaf(column: str) -> None:
    leaves = {replace(ENTRY, **{column: data}).leaf() for data in flips(getattr(ENTRY, column))}
    assert len(leaves) == 8 * len(getattr(ENTRY, column))
    assert ENTRY.leaf() not in leaves


def test_the_leaf_does_not_depend_on_what_may_be_erased() -> None:
    assert replace(ENTRY, personal=None).leaf() == ENTRY.leaf()


@given(st.binary(max_size=600))
@settings(deadline=None, max_examples=60)
def test_padding_is_undone_and_has_one_spelling(data: bytes) -> None:
    padded = pad(data)
    assert unpad(padded) == data
    assert len(padded) % 256 == 0
    assert len(padded) - len(data) <= 256


@pytest.mark.parametrize("data", [b"", bytes(256), b"\x80", b"\x81" + bytes(255), pad(b"x") + bytes(256), b"\x80" + bytes(511), b"x" * 256])
def test_other_paddings_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        unpad(data)


def test_a_salt_has_32_bytes_because_hmac_fills_up_with_zeros() -> None:
    assert hmac.digest(b"s" * 31, b"x", "sha256") == hmac.digest(b"s" * 31 + b"\0", b"x", "sha256")
    with pytest.raises(Malformed):
        commit(b"s" * 31, b"x")
    for changes in ({"salt": b"s" * 31}, {"personal": (b"s" * 33, b"x")}, {"vault": b"v"}, {"compartment": b"c"}, {"index": -1}):
        with pytest.raises(Malformed):
            sealed(**changes)


def test_an_epoch_key_is_never_shown_and_never_pickled() -> None:
    shown = f"{KEY!r} {KEY}"
    assert KEY.key.decode() not in shown
    assert KEY.key.hex() not in shown
    assert KEY.id.hex() in shown
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(KEY)
    for key in (b"", b"k" * 16, b"k" * 33):
        with pytest.raises(Malformed):
            EpochKey(key)
