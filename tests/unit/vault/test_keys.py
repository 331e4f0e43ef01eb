"""Keys come from one seed; weak ones are refused; only who holds them can prove it."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from govern.errors import Malformed, Refused
from govern.vault import hpke
from govern.vault import keys as module
from govern.vault.keys import Keys, check_possession, check_public, key_id, prove_possession, verify
from govern.vault.secret import SecretBytes

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Points of edwards25519 (RFC 8032 section 5.1.4), affine and slow."""
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def decompress(y: int) -> list[tuple[int, int]]:
    """The points with this y coordinate."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return sorted({(root, y), (-root % P, y)}) if root * root % P == square else []


def small_order_points() -> list[tuple[int, int]]:
    """Found by adding one of order 8 to itself, not by reading the program's list."""
    (point, *_) = decompress(module._ORDER_8)
    points = [point]
    for _ in range(7):
        points.append(add(points[-1], point))
    assert points[-1] == (0, 1)
    return points


def encode(point: tuple[int, int], *, unreduced: bool = False) -> bytes:
    x, y = point
    return ((y + P * unreduced) | (x & 1) << 255).to_bytes(32, "little")


LOW_ORDER_X25519 = [
    bytes(32),
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    P.to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]
"""RFC 7748 section 7 names the reason; every coordinate of order 1, 2, 4 and 8, and two that aren't reduced."""


def test_keys_follow_from_the_seed_by_hkdf_alone() -> None:
    """RFC 5869 by hand: extract with an empty salt, expand one block with the label."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    seed = bytes(range(32))
    extracted = hmac.digest(bytes(32), seed, "sha256")
    sign = hmac.digest(extracted, b"govern/sign/v1\x01", "sha256")
    seal = hmac.digest(extracted, b"govern/seal/v1\x01", "sha256")
    keys = Keys.from_seed(seed)
    assert keys.sign_public == Ed25519PrivateKey.from_private_bytes(sign).public_key().public_bytes_raw()
    assert keys.seal_public == X25519PrivateKey.from_private_bytes(seal).public_key().public_bytes_raw()
    assert keys.id == hashlib.sha256(keys.sign_public + keys.seal_public).digest()[:16]
    assert keys.recipient == hpke_recipient(keys)


def hpke_recipient(keys: Keys) -> module.Recipient:
    return module.Recipient(key_id(keys.sign_public, keys.seal_public), keys.seal_public)


def test_a_masked_seed_gives_the_same_keys() -> None:
    assert Keys.from_seed(SecretBytes(b"a" * 32)).id == Keys.from_seed(b"a" * 32).id != Keys.from_seed(b"b" * 32).id


@pytest.mark.parametrize("seed", [b"", b"a" * 31, b"a" * 33])
def test_a_seed_of_another_length_is_refused(seed: bytes) -> None:
    with pytest.raises(Malformed):
        Keys.from_seed(seed)


def test_a_signature_fits_its_message_and_key_alone(anna: Keys, bert: Keys) -> None:
    signature = anna.sign(b"message")
    assert len(signature) == 64
    assert verify(anna.sign_public, b"message", signature)
    assert not verify(anna.sign_public, b"massage", signature)
    assert not verify(bert.sign_public, b"message", signature)
    assert not verify(b"short", b"message", signature)
    assert not verify(anna.sign_public, b"message", signature[:-1])


def test_signing_never_loads_the_sealing_key() -> None:
    keys = Keys.from_seed(b"a" * 32)
    keys.sign(b"x")
    assert keys._sign is not None
    assert keys._seal is None


def test_there_are_eight_points_of_small_order() -> None:
    points = small_order_points()
    assert len(set(points)) == 8
    assert {y for _, y in points} == module._SMALL_ORDER


@pytest.mark.parametrize("point", range(8))
@pytest.mark.parametrize("flip", [False, True])
def test_every_small_order_signing_key_is_refused(point: int, flip: bool, anna: Keys) -> None:
    """With either sign bit: for the points with x = 0 the other bit is an odd spelling of the same one."""
    encoded = bytearray(encode(small_order_points()[point]))
    encoded[31] ^= 0x80 * flip
    with pytest.raises(Refused) as caught:
        check_public(bytes(encoded), anna.seal_public)
    assert caught.value.code == "weak-key"


@pytest.mark.parametrize("y", [0, 1])
def test_small_order_signing_keys_that_are_not_reduced_are_refused(y: int, anna: Keys) -> None:
    with pytest.raises(Refused):
        check_public(encode((0, y), unreduced=True), anna.seal_public)


def test_attack_one_signature_for_every_message_works_where_the_check_is_left_out(anna: Keys) -> None:
    """Why: with the identity as public key, R = identity and s = 0 satisfy the equation for any message."""
    identity = encode((0, 1))
    signature = identity + bytes(32)
    assert all(verify(identity, message, signature) for message in (b"one", b"another"))
    with pytest.raises(Refused):
        check_possession(identity, anna.seal_public, b"challenge", signature)


@pytest.mark.parametrize("public", LOW_ORDER_X25519, ids=lambda public: public.hex()[:8])
def test_every_low_order_sealing_key_is_refused(public: bytes, anna: Keys) -> None:
    with pytest.raises(Refused) as caught:
        check_public(anna.sign_public, public)
    assert caught.value.code == "weak-key"
    with pytest.raises(Refused):
        hpke.seal(b"secret", public, b"")


def test_ordinary_keys_pass(anna: Keys, bert: Keys) -> None:
    check_public(anna.sign_public, anna.seal_public)
    check_public(bert.sign_public, bert.seal_public)


@pytest.mark.parametrize(("sign", "seal"), [(b"", b"x" * 32), (b"x" * 33, b"x" * 32), (b"x" * 32, b"x" * 31)])
def test_public_keys_of_another_length_are_malformed(sign: bytes, seal: bytes) -> None:
    with pytest.raises(Malformed):
        check_public(sign, seal)


def test_possession_is_proved_for_these_keys_and_this_challenge_alone(anna: Keys, bert: Keys) -> None:
    proof = prove_possession(anna, b"challenge")
    check_possession(anna.sign_public, anna.seal_public, b"challenge", proof)
    for sign, seal, challenge, given in [
        (anna.sign_public, anna.seal_public, b"another", proof),
        (bert.sign_public, anna.seal_public, b"challenge", proof),
        (anna.sign_public, bert.seal_public, b"challenge", proof),
        (anna.sign_public, anna.seal_public, b"challenge", bytes(64)),
        (anna.sign_public, anna.seal_public, b"challenge", b""),
        (anna.sign_public, anna.seal_public, b"challenge", anna.sign(b"challenge")),
    ]:
        with pytest.raises(Refused) as caught:
            check_possession(sign, seal, challenge, given)
        assert caught.value.code == "possession"
