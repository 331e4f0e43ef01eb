"""A version opens only as the ledger commits to it, for whom it was wrapped; every attack stands beside a copy that opens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.canonical import canonical
from govern.errors import GovernError, IntegrityError, Malformed
from govern.vault.keys import Keys, Recipient
from govern.vault.pad import pad
from govern.vault.seal import (
    Context,
    DataKey,
    SealedVersion,
    manifest_digest,
    open_sealed,
    open_with_key,
    seal_version,
    set_digest,
    unwrap_version,
    wrap_digest,
    wrap_version,
)
from govern.vault.secret import Secret

Random = Callable[[int], bytes]
FIELDS: Mapping[str, Any] = {"secret": Secret("pä$$"), "fingerprints": {"key": "00", "seen": [[1, "ff"]]}}
PLAIN = {"secret": "pä$$", "fingerprints": {"key": "00", "seen": [[1, "ff"]]}}
OTHER_CONTEXTS = {
    "vault": b"W" * 32,
    "account": b"B" * 16,
    "credential": b"D" * 16,
    "kind": "totp",
    "version": 4,
}


def vault_of(context: Context, keys: Keys, random: Random, fields: Mapping[str, Any] = FIELDS) -> tuple[SealedVersion, bytes, DataKey]:
    version, key = seal_version(context, fields, random=random)
    return version, wrap_version(key, context, keys.recipient), key


def forge(context: Context, keys: Keys, content: bytes, random: Random) -> tuple[SealedVersion, bytes]:
    """A version an insider could have committed to: any content, everything else right."""
    key, nonce = random(32), random(12)
    sealed = nonce + AESGCM(key).encrypt(nonce, content, context.encode())
    commitment = hashlib.sha256(b"govern/data-key/v1\0" + key + context.encode()).digest()
    version = SealedVersion(manifest_digest(context, sealed, commitment), commitment, sealed)
    return version, wrap_version(DataKey(key), context, keys.recipient)


# --- what is right opens ------------------------------------------------------------------------------------------------------------


def test_what_was_sealed_opens_for_every_recipient(context: Context, anna: Keys, bert: Keys, random: Random) -> None:
    version, key = seal_version(context, FIELDS, random=random)
    for keys in (anna, bert):
        wrapped = wrap_version(key, context, keys.recipient)
        assert len(wrapped) == 80
        assert open_sealed(version, context, keys, wrapped, expected=version.digest) == PLAIN
        assert unwrap_version(wrapped, context, keys, version, expected=version.digest).key == key.key


@settings(max_examples=40, deadline=None)
@given(
    fields=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.integers(-(2**53) + 1, 2**53 - 1) | st.none() | st.booleans(),
        max_size=5,
    )
)
def test_any_fields_come_back_as_they_were_and_lengths_show_only_steps_of_256(fields: dict[str, Any]) -> None:
    context = Context(b"V" * 32, b"A" * 16, b"C" * 16, "password", 1)
    version, key = seal_version(context, fields, random=lambda size: b"r" * size)
    keys = Keys.from_seed(b"s" * 32)
    assert open_sealed(version, context, keys, wrap_version(key, context, keys.recipient), expected=version.digest) == fields
    assert (len(version.sealed) - 12 - 16) % 256 == 0


def test_the_context_is_spelled_as_the_format_says(context: Context) -> None:
    assert context.encode() == (
        b'{"account":"' + b"41" * 16 + b'","credential":"' + b"43" * 16 + b'","format":1,"kind":"password","suite":1,"vault":"'
        + b"56" * 32 + b'","version":3}'
    )  # fmt: skip


def test_the_manifest_is_spelled_canonically(context: Context) -> None:
    expected = canonical(
        {
            "commitment": (b"k" * 32).hex(),
            "context": json.loads(context.encode()),
            "sealed": hashlib.sha256(b"sealed").hexdigest(),
        }
    )
    assert manifest_digest(context, b"sealed", b"k" * 32) == hashlib.sha256(expected).digest()


def test_the_parts_of_a_version_are_those_of_the_format(context: Context, random: Random) -> None:
    """Opened here with nothing of the program but its padding, so that another program can do it too."""
    version, key = seal_version(context, FIELDS, random=random)
    nonce, ciphertext = version.sealed[:12], version.sealed[12:]
    assert AESGCM(key.key).decrypt(nonce, ciphertext, context.encode()) == pad(canonical(PLAIN))
    assert version.commitment == hashlib.sha256(b"govern/data-key/v1\0" + key.key + context.encode()).digest()


def test_every_version_has_a_key_and_a_nonce_of_its_own(context: Context, random: Random) -> None:
    one, two = (seal_version(context, FIELDS, random=random) for _ in range(2))
    assert one[1].key != two[1].key
    assert one[0].sealed[:12] != two[0].sealed[:12]


# --- attacks ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", OTHER_CONTEXTS)
def test_attack_a_version_put_in_the_place_of_another_is_refused(field: str, context: Context, anna: Keys, random: Random) -> None:
    """Rows swapped whole between vaults, accounts, credentials, kinds and versions."""
    other = replace(context, **{field: OTHER_CONTEXTS[field]})
    here, wrap_here, _ = vault_of(context, anna, random)
    there, wrap_there, _ = vault_of(other, anna, random)
    assert open_sealed(here, context, anna, wrap_here, expected=here.digest) == PLAIN
    assert open_sealed(there, other, anna, wrap_there, expected=there.digest) == PLAIN
    for version, expected in [(there, here.digest), (there, there.digest), (replace(there, digest=here.digest), here.digest)]:
        with pytest.raises(IntegrityError) as caught:
            open_sealed(version, context, anna, wrap_there, expected=expected)
        assert caught.value.code == "manifest"


@pytest.mark.parametrize("field", OTHER_CONTEXTS)
def test_attack_a_wrap_of_another_version_is_refused_even_for_the_same_data_key(
    field: str, context: Context, anna: Keys, random: Random
) -> None:
    other = replace(context, **{field: OTHER_CONTEXTS[field]})
    version, wrapped, key = vault_of(context, anna, random)
    moved = wrap_version(key, other, anna.recipient)
    unwrap_version(wrapped, context, anna, version, expected=version.digest)
    with pytest.raises(IntegrityError) as caught:
        unwrap_version(moved, context, anna, version, expected=version.digest)
    assert caught.value.code == "sealed"


def test_attack_wraps_exchanged_between_recipients_are_refused(context: Context, anna: Keys, bert: Keys, random: Random) -> None:
    version, key = seal_version(context, FIELDS, random=random)
    wraps = {keys.id: wrap_version(key, context, keys.recipient) for keys in (anna, bert)}
    assert open_sealed(version, context, anna, wraps[anna.id], expected=version.digest) == PLAIN
    assert open_sealed(version, context, bert, wraps[bert.id], expected=version.digest) == PLAIN
    with pytest.raises(IntegrityError):
        open_sealed(version, context, anna, wraps[bert.id], expected=version.digest)
    under_anothers_name = wrap_version(key, context, Recipient(bert.id, anna.seal_public))
    with pytest.raises(IntegrityError):
        open_sealed(version, context, anna, under_anothers_name, expected=version.digest)


def test_attack_a_secret_sealed_by_a_stranger_opens_only_where_the_ledger_is_not_asked(
    context: Context, anna: Keys, random: Random
) -> None:
    """Public keys are public: anybody who can write the store can seal to us."""
    genuine, _, _ = vault_of(context, anna, random)
    planted, wrapped, _ = vault_of(context, anna, random, {"secret": "planted"})
    assert open_sealed(planted, context, anna, wrapped, expected=planted.digest) == {"secret": "planted"}
    with pytest.raises(IntegrityError) as caught:
        open_sealed(planted, context, anna, wrapped, expected=genuine.digest)
    assert caught.value.code == "manifest"


def test_attack_yesterdays_version_of_the_same_number_is_refused(context: Context, anna: Keys, random: Random) -> None:
    old, wrap_old, _ = vault_of(context, anna, random)
    new, wrap_new, _ = vault_of(context, anna, random)
    assert open_sealed(new, context, anna, wrap_new, expected=new.digest) == PLAIN
    with pytest.raises(IntegrityError):
        open_sealed(old, context, anna, wrap_old, expected=new.digest)


def test_attack_a_ciphertext_for_two_keys_is_refused_for_the_second(
    context: Context, anna: Keys, random: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AES-GCM alone takes it: two recipients would read two different secrets out of one version."""
    first, second, nonce = random(32), random(32), random(12)
    ciphertext = for_two_keys(first, second, nonce, context.encode())
    contents = [AESGCM(key).decrypt(nonce, ciphertext, context.encode()) for key in (first, second)]
    assert contents[0] != contents[1]

    sealed = nonce + ciphertext
    commitment = hashlib.sha256(b"govern/data-key/v1\0" + first + context.encode()).digest()
    version = SealedVersion(manifest_digest(context, sealed, commitment), commitment, sealed)
    wraps = [wrap_version(DataKey(key), context, anna.recipient) for key in (first, second)]
    assert unwrap_version(wraps[0], context, anna, version, expected=version.digest).key == first
    monkeypatch.setattr("govern.vault.seal.unpad", lambda content: b"{}")  # as if both contents made sense
    assert open_with_key(version, context, anna, wraps[0], expected=version.digest)[0] == {}
    with pytest.raises(IntegrityError) as caught:
        unwrap_version(wraps[1], context, anna, version, expected=version.digest)
    assert caught.value.code == "sealed"


def for_two_keys(one: bytes, two: bytes, nonce: bytes, aad: bytes) -> bytes:
    """256 bytes and a tag that AES-GCM accepts under both keys: one block is solved for, so that both tags are equal."""

    def block(key: bytes, data: bytes) -> int:
        return int.from_bytes(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data), "big")  # noqa: S305

    def multiply(x: int, y: int) -> int:
        product = 0
        for bit in range(127, -1, -1):
            product ^= x * (y >> bit & 1)
            x = (x >> 1) ^ (0xE1 << 120) * (x & 1)
        return product

    def inverse(x: int) -> int:  # x to the power 2^128 - 2
        result, square = 1 << 127, x
        for _ in range(127):
            square = multiply(square, square)
            result = multiply(result, square)
        return result

    padded = aad + bytes(-len(aad) % 16)
    body = bytes(range(240)) + bytes(16)
    lengths = (len(aad) * 8).to_bytes(8, "big") + (len(body) * 8).to_bytes(8, "big")
    blocks = [int.from_bytes((padded + body + lengths)[i : i + 16], "big") for i in range(0, len(padded + body + lengths), 16)]

    def tag(key: bytes, values: list[int]) -> int:
        h = block(key, bytes(16))
        return reduce(lambda state, value: multiply(state ^ value, h), values, 0) ^ block(key, nonce + b"\0\0\0\1")

    hashes = [block(key, bytes(16)) for key in (one, two)]
    factor = multiply(hashes[0], hashes[0]) ^ multiply(hashes[1], hashes[1])  # the last block of the body counts with H squared
    solved = multiply(tag(one, blocks) ^ tag(two, blocks), inverse(factor))
    blocks[-2] = solved
    assert tag(one, blocks) == tag(two, blocks)
    return body[:-16] + solved.to_bytes(16, "big") + tag(one, blocks).to_bytes(16, "big")


def test_any_flipped_or_missing_byte_of_the_content_is_refused(context: Context, anna: Keys, random: Random) -> None:
    version, wrapped, _ = vault_of(context, anna, random)
    size = len(version.sealed)
    altered = [version.sealed[:cut] for cut in (0, 1, 11, 12, 28, size - 1)]
    altered += [version.sealed[:i] + bytes([version.sealed[i] ^ 1]) + version.sealed[i + 1 :] for i in range(0, size, 7)]
    altered += [version.sealed + b"\0"]
    assert open_sealed(version, context, anna, wrapped, expected=version.digest) == PLAIN
    for sealed in altered:
        with pytest.raises(IntegrityError) as caught:
            open_sealed(replace(version, sealed=sealed), context, anna, wrapped, expected=version.digest)
        assert caught.value.code == "manifest"


def test_any_flipped_or_missing_byte_of_a_wrap_is_refused(context: Context, anna: Keys, random: Random) -> None:
    version, wrapped, _ = vault_of(context, anna, random)
    unwrap_version(wrapped, context, anna, version, expected=version.digest)
    altered = [wrapped[:i] + bytes([wrapped[i] ^ 1]) + wrapped[i + 1 :] for i in range(0, 80, 3)]
    for one in [*altered, b"", wrapped[:31], wrapped[:-1], wrapped + b"\0", bytes(80)]:
        with pytest.raises(IntegrityError) as caught:
            unwrap_version(one, context, anna, version, expected=version.digest)
        assert caught.value.code == "sealed"


def test_a_digest_that_is_not_the_versions_own_is_refused(context: Context, anna: Keys, random: Random) -> None:
    version, wrapped, _ = vault_of(context, anna, random)
    assert open_sealed(version, context, anna, wrapped, expected=version.digest) == PLAIN
    renamed = replace(version, digest=b"d" * 32)
    for act in (
        lambda: unwrap_version(wrapped, context, anna, renamed, expected=version.digest),
        lambda: unwrap_version(wrapped, context, anna, renamed, expected=renamed.digest),
        lambda: open_sealed(renamed, context, anna, wrapped, expected=version.digest),
    ):
        with pytest.raises(IntegrityError) as caught:
            act()
        assert caught.value.code == "manifest"


def test_attack_another_commitment_is_refused_before_anything_is_unwrapped(context: Context, anna: Keys, random: Random) -> None:
    version, wrapped, _ = vault_of(context, anna, random)
    with pytest.raises(IntegrityError) as caught:
        unwrap_version(wrapped, context, anna, replace(version, commitment=bytes(32)), expected=version.digest)
    assert caught.value.code == "manifest"


def test_the_last_three_failures_read_exactly_alike_and_hide_their_cause(context: Context, anna: Keys, bert: Keys, random: Random) -> None:
    """Wrap, data key, content: one text, one code, one hint, nothing chained to it."""
    version, wrapped, key = vault_of(context, anna, random)
    garbled = SealedVersion(b"", version.commitment, version.sealed[:-1] + bytes([version.sealed[-1] ^ 1]))
    garbled = replace(garbled, digest=manifest_digest(context, garbled.sealed, garbled.commitment))
    short = replace(version, sealed=b"short")
    short = replace(short, digest=manifest_digest(context, short.sealed, short.commitment))
    cases: list[tuple[SealedVersion, Keys, bytes]] = [
        (version, bert, wrapped),
        (version, anna, wrapped[:-1]),
        (version, anna, wrap_version(DataKey(random(32)), context, anna.recipient)),
        (version, anna, wrap_version(DataKey(b"not 32 bytes"), context, anna.recipient)),
        (garbled, anna, wrapped),
        (short, anna, wrapped),
    ]
    for content in (b"not padded", pad(b"not json"), pad(b"[1]"), pad(b"\xff"), pad(b"[" * 60_000), pad(b"9" * 9000), pad(b""), b""):
        cases.append((*(forged := forge(context, anna, content, random))[:1], anna, forged[1]))
    assert open_sealed(version, context, anna, wrapped, expected=version.digest) == PLAIN
    seen = set()
    for one, keys, wrap in cases:
        with pytest.raises(IntegrityError) as caught:
            open_sealed(one, context, keys, wrap, expected=one.digest)
        error = caught.value
        seen.add((str(error), error.code, error.hint, error.exit_code, error.__cause__, error.__context__))
    assert len(seen) == 1
    assert seen.pop()[1] == "sealed"
    assert key.key.hex() not in str(seen)


# --- bounds -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", [0, 2, -1, 255])
def test_an_unknown_suite_is_refused_whatever_is_asked(suite: int, context: Context, anna: Keys, random: Random) -> None:
    version, wrapped, key = vault_of(context, anna, random)
    unknown = replace(context, suite=suite)
    for act in (
        lambda: seal_version(unknown, FIELDS, random=random),
        lambda: wrap_version(key, unknown, anna.recipient),
        lambda: unwrap_version(wrapped, unknown, anna, version, expected=version.digest),
        lambda: open_sealed(version, unknown, anna, wrapped, expected=version.digest),
        lambda: manifest_digest(unknown, version.sealed, version.commitment),
    ):
        with pytest.raises(IntegrityError) as caught:
            act()
        assert caught.value.code == "suite"


@pytest.mark.parametrize(
    "change", [{"vault": b"V" * 31}, {"account": b""}, {"credential": b"C" * 17}, {"kind": "\ud800"}, {"version": 2**60}]
)
def test_a_context_that_has_no_spelling_is_malformed(change: dict[str, Any], context: Context) -> None:
    with pytest.raises(Malformed):
        replace(context, **change).encode()


@pytest.mark.parametrize(
    "fields",
    [{"secret": Secret("hunter2\ud800")}, {"secret": 0.5, "x": "hunter2"}, {"secret": "hunter2" * 10_000}, {"x": {"hunter2"}}],
    ids=["surrogate", "fraction", "too long", "no JSON"],
)
def test_a_secret_that_cannot_be_kept_is_refused_without_being_quoted(fields: dict[str, Any], context: Context, random: Random) -> None:
    with pytest.raises(Malformed) as caught:
        seal_version(context, fields, random=random)
    error: BaseException = caught.value
    assert "hunter2" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_fields_nested_without_end_are_refused(context: Context, random: Random) -> None:
    endless: dict[str, Any] = {}
    endless["x"] = endless
    with pytest.raises(GovernError):
        seal_version(context, endless, random=random)


# --- digests of wraps ---------------------------------------------------------------------------------------------------------------


def test_a_wrap_digest_changes_with_target_recipient_and_wrap() -> None:
    base = wrap_digest(b"t" * 32, b"r" * 16, b"wrap")
    assert base == hashlib.sha256(b"t" * 32 + b"r" * 16 + b"wrap").digest()
    assert len({base, wrap_digest(b"u" * 32, b"r" * 16, b"wrap"), wrap_digest(b"t" * 32, b"s" * 16, b"wrap")}) == 3


@settings(max_examples=30, deadline=None)
@given(digests=st.lists(st.binary(min_size=32, max_size=32), max_size=6), data=st.data())
def test_a_set_digest_knows_no_order_and_misses_none(digests: list[bytes], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(digests))
    assert set_digest(iter(shuffled)) == set_digest(digests) == hashlib.sha256(b"".join(sorted(digests))).digest()
    assert set_digest([*digests, b"x" * 32]) != set_digest(digests)


def test_a_set_of_other_things_is_malformed() -> None:
    with pytest.raises(Malformed):
        set_digest([b"x" * 31])
