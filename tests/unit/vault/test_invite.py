"""An invite's line, and the request that answers it: what is bound to what, and what is refused when any of it is another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from govern.canonical import canonical
from govern.errors import GovernError, Malformed, Refused
from govern.vault.invite import (
    MAX_REQUEST,
    PREFIX,
    Invite,
    check_request,
    make_request,
    read_invite,
    token_digest,
    write_invite,
)
from govern.vault.keys import Keys, key_id
from govern.vault.secret import SecretBytes

NOTE = b"govern/" + b"ab" * 32 + b"\n12\nAAAA\n\n\xe2\x80\x94 name sig\n"
ROOT = bytes(range(32))


def keys(number: int) -> Keys:
    return Keys.from_seed(bytes([number]) * 32)


INVITER, JOINER = keys(1), keys(2)


def invited(**changed: Any) -> Invite:
    fields: dict[str, Any] = {
        "vault": b"v" * 32, "id": b"i" * 16, "person": b"p" * 16, "token": SecretBytes(b"t" * 16), "sign": INVITER.sign_public,
        "seal": INVITER.seal_public, "purpose": "join", "expires": "2026-11-29T09:00:00Z", "checkpoint": NOTE, **changed,
    }  # fmt: skip
    return Invite(**fields)


# --- the line ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["join", "device", "rekey"])
def test_the_line_comes_back_as_it_was(purpose: str) -> None:
    invite = invited(purpose=purpose)
    assert read_invite(write_invite(invite).reveal()) == invite


def test_line_breaks_and_spaces_of_a_mail_do_no_harm() -> None:
    line = write_invite(invited()).reveal()
    assert read_invite("  " + "\r\n ".join(line[at : at + 60] for at in range(0, len(line), 60)) + "\n") == invited()


def test_no_token_is_shown_by_accident() -> None:
    assert "t" * 16 not in repr(invited())
    assert PREFIX not in repr(write_invite(invited()))


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10_000), to=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_line_with_one_character_changed_is_refused_or_the_same(at: int, to: str) -> None:
    line = write_invite(invited()).reveal()
    changed = line[: at % len(line)] + to + line[at % len(line) + 1 :]
    try:
        assert read_invite(changed) == invited()
    except Malformed:
        assert changed != line


@pytest.mark.parametrize("cut", [0, 3, len(PREFIX), 40, 200, -1, -5])
def test_half_a_line_is_refused(cut: int) -> None:
    with pytest.raises(Malformed):
        read_invite(write_invite(invited()).reveal()[:cut])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_other_text_is_refused(text: str) -> None:
    for given_ in (text, PREFIX + text):
        with pytest.raises(GovernError):
            read_invite(given_)


def test_the_digest_of_a_token_is_not_that_of_the_bytes_alone() -> None:
    import hashlib

    assert token_digest(SecretBytes(b"t" * 16)) != hashlib.sha256(b"t" * 16).digest()


# --- the request -----------------------------------------------------------------------------------------------------------------------


def request(**changed: Any) -> bytes:
    return make_request(JOINER, invited(**changed), ROOT, "keyfile")


def test_control_a_request_of_this_invite_holds() -> None:
    found = check_request(request(), invited(), ROOT, INVITER)
    assert (found.sign, found.seal, found.custody, found.key) == (JOINER.sign_public, JOINER.seal_public, "keyfile", JOINER.id)


@pytest.mark.parametrize(
    "other",
    [{"token": SecretBytes(b"u" * 16)}, {"vault": b"w" * 32}, {"id": b"j" * 16}],
    ids=["another token", "another vault", "another invite"],
)
def test_a_request_made_with_another_invite_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        check_request(request(**other), invited(), ROOT, INVITER)
    assert refused.value.rule == "enrolment-request"


def test_a_request_for_another_history_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        check_request(make_request(JOINER, invited(), bytes(32), "keyfile"), invited(), ROOT, INVITER)
    assert refused.value.rule == "enrolment-request"


def replaced(**fields: Any) -> bytes:
    return canonical(json.loads(request()) | fields)


SWAPS: dict[str, Callable[[], bytes]] = {
    "the signing key of another": lambda: replaced(sign=keys(3).sign_public.hex()),
    "the sealing key of another": lambda: replaced(seal=keys(3).seal_public.hex()),
    "both keys of another": lambda: replaced(sign=keys(3).sign_public.hex(), seal=keys(3).seal_public.hex()),
    "another custody": lambda: replaced(custody="keyring"),
    "another proof": lambda: replaced(proof="0" * 128),
    "another answer": lambda: replaced(answer="0" * 64),
    "no code": lambda: replaced(mac="0" * 64),
    "a whole request of another, with another token": lambda: make_request(keys(3), invited(token=SecretBytes(b"u" * 16)), ROOT, "keyfile"),
}


@pytest.mark.parametrize("swap", SWAPS)
def test_whatever_is_changed_on_the_way_is_refused(swap: str) -> None:
    with pytest.raises(Refused) as refused:
        check_request(SWAPS[swap](), invited(), ROOT, INVITER)
    assert refused.value.rule == "enrolment-request"


def insiders(sign: bytes, seal: bytes, by: Keys, **changed: Any) -> bytes:
    """A request by somebody who has the invite, for keys that need not be theirs: the code over it is right."""
    from govern.vault import invite as module

    bound = module._bound(invited(), ROOT)
    fields: dict[str, Any] = {
        "v": 1, "custody": "keyfile", "sign": sign.hex(), "seal": seal.hex(),
        "proof": by.sign(b"govern/possession/v1\0" + sign + seal + bound).hex(),
        "answer": by.agree(INVITER.seal_public, bound + sign + seal + INVITER.sign_public).hex(),
    } | changed  # fmt: skip
    return canonical(fields | {"mac": module._mac(invited(), bound, fields).hex()})


def test_control_the_insiders_way_makes_the_same_request() -> None:
    assert insiders(JOINER.sign_public, JOINER.seal_public, JOINER) == request()


def test_without_the_signing_key_there_is_no_proof_of_possession() -> None:
    with pytest.raises(Refused) as refused:
        check_request(insiders(keys(3).sign_public, JOINER.seal_public, JOINER), invited(), ROOT, INVITER)
    assert refused.value.code == "possession"


def test_without_the_sealing_key_there_is_no_answer() -> None:
    """Somebody else's sealing key under one's own signing key: the signature holds, the agreed secret does not."""
    with pytest.raises(Refused) as refused:
        check_request(insiders(JOINER.sign_public, keys(3).seal_public, JOINER), invited(), ROOT, INVITER)
    assert refused.value.code == "possession"


SMALL_SIGN = (1).to_bytes(32, "little")
SMALL_SEAL = bytes(32)


@pytest.mark.parametrize(
    ("sign", "seal"), [(SMALL_SIGN, JOINER.seal_public), (JOINER.sign_public, SMALL_SEAL)], ids=["signing key", "sealing key"]
)
def test_keys_of_small_order_are_refused(sign: bytes, seal: bytes) -> None:
    identity = SMALL_SIGN + bytes(32)  # the signature that fits every message under the identity point
    with pytest.raises(Refused) as refused:
        check_request(insiders(sign, seal, JOINER, **({"proof": identity.hex()} if sign == SMALL_SIGN else {})), invited(), ROOT, INVITER)
    assert refused.value.code == "weak-key"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400) | st.just(b" " * (MAX_REQUEST + 1)) | st.just(b"[" * 3000) | st.just(b'{"v":1}'))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        check_request(data, invited(), ROOT, INVITER)
    assert refused.value.rule == "enrolment-request"


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(["v", "custody", "sign", "seal", "proof", "answer", "mac"]), value=st.none() | st.integers() | st.text(max_size=70)
)
def test_a_field_of_another_kind_is_refused(name: str, value: Any) -> None:
    if json.loads(request())[name] == value:
        return
    try:
        data = replaced(**{name: value})
    except GovernError:
        return
    with pytest.raises(Refused):
        check_request(data, invited(), ROOT, INVITER)


def test_the_agreed_secret_is_the_same_on_both_sides_and_of_no_third() -> None:
    assert INVITER.agree(JOINER.seal_public, b"x") == JOINER.agree(INVITER.seal_public, b"x")
    assert INVITER.agree(JOINER.seal_public, b"x") != INVITER.agree(JOINER.seal_public, b"y")
    assert keys(3).agree(INVITER.seal_public, b"x") != JOINER.agree(INVITER.seal_public, b"x")


def test_the_inviters_key_id_is_that_of_the_keys() -> None:
    assert invited().inviter == key_id(INVITER.sign_public, INVITER.seal_public) == INVITER.id
