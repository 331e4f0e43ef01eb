"""The suite is RFC 9180's, shown with others' vectors; each use has its own label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.vault import hpke
from govern.vault.keys import Keys

LABELS = [hpke.VERSION_WRAP, hpke.EPOCH_WRAP, hpke.POSSESSION]


@pytest.fixture(scope="module")
def vector() -> dict[str, Any]:
    """RFC 9180 appendix A.2: base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305."""
    path = Path(cryptography_vectors.__file__).parent / "HPKE" / "test-vectors.json"
    suite = {"mode": 0, "kem_id": 0x20, "kdf_id": 1, "aead_id": 3}
    (found,) = [one for one in json.loads(path.read_text()) if suite.items() <= one.items()]
    return dict(found)


def test_the_suite_opens_what_the_rfc_sealed(vector: dict[str, Any]) -> None:
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["skRm"]))
    first = {name: bytes.fromhex(value) for name, value in vector["encryptions"][0].items()}
    info, enc = bytes.fromhex(vector["info"]), bytes.fromhex(vector["enc"])
    assert openssl.hpke._decrypt_with_aad(hpke.suite(), enc + first["ct"], private, info=info, aad=first["aad"]) == first["pt"]


def test_unseal_opens_under_the_rfcs_key_schedule(vector: dict[str, Any]) -> None:
    """Our own function, without associated data, on a message sealed with the vector's key and nonce."""
    value = {name: bytes.fromhex(vector[name]) for name in ("skRm", "enc", "info", "key", "base_nonce")}
    sealed = value["enc"] + ChaCha20Poly1305(value["key"]).encrypt(value["base_nonce"], b"message", b"")
    private = X25519PrivateKey.from_private_bytes(value["skRm"])
    assert hpke.unseal(sealed, private, value["info"]) == b"message"
    assert hpke.unseal(sealed, private, b"") is None


def test_a_sealed_message_is_48_bytes_longer_and_never_the_same_twice(anna: Keys) -> None:
    one, two = (hpke.seal(b"m" * 32, anna.seal_public, b"info") for _ in range(2))
    assert len(one) == 32 + 48
    assert one != two


@pytest.mark.parametrize("label", LABELS)
def test_what_was_sealed_for_one_use_opens_for_no_other(label: bytes, anna: Keys) -> None:
    sealed = hpke.seal(b"m", anna.seal_public, hpke.info(label, b"context", anna.id))
    opened = [anna.unseal(sealed, hpke.info(other, b"context", anna.id)) for other in LABELS]
    assert [one for one in opened if one is not None] == [b"m"]
    assert anna.unseal(sealed, hpke.info(label, b"contexT", anna.id)) is None
    assert anna.unseal(sealed, hpke.info(label, b"context", b"?" * 16)) is None


@settings(max_examples=60, deadline=None)
@given(sealed=st.binary(max_size=200))
def test_no_bytes_whatever_raise(sealed: bytes) -> None:
    assert Keys.from_seed(b"a" * 32).unseal(sealed, b"") is None


def test_a_recipients_public_key_is_loaded_once_for_a_whole_batch(anna: Keys, bert: Keys) -> None:
    hpke.load_public.cache_clear()
    for _ in range(20):
        for keys in (anna, bert):
            hpke.seal(b"m", keys.seal_public, b"")
    assert hpke.load_public.cache_info().misses == 2
