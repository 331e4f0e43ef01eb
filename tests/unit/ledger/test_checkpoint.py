"""Signed notes and checkpoints: C2SP's example, Wycheproof through the function in use, and one spelling for everything."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, IntegrityError, Malformed
from govern.ledger.checkpoint import (
    Checkpoint,
    note_key_hash,
    origin,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    sign_note,
    signer_name,
    verify_note,
)
from govern.ledger.note import SMALL_ORDER, is_signed

SECRET = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
PUBLIC = SECRET.public_key().public_bytes_raw()
NAME = "ab" * 16
VAULT = b"V" * 32
CHECKPOINT = Checkpoint(origin(VAULT), 12, b"R" * 32)
TEXT = CHECKPOINT.text()
NOTE = sign_note(TEXT, name=NAME, public=PUBLIC, sign=SECRET.sign)
ORDER = 2**252 + 27742317777372353535851937790883648493


def line(signature: bytes, *, name: str = NAME, public: bytes = PUBLIC) -> bytes:
    return f"\u2014 {name} {b64encode(note_key_hash(name, public) + signature).decode()}\n".encode()


def refused(note: bytes, *, name: str = NAME, public: bytes = PUBLIC) -> str:
    with pytest.raises(IntegrityError) as caught:
        verify_note(note, name=name, public=public)
    return caught.value.message


def _example(shared: Path, name: str) -> tuple[str, bytes]:
    head, _, note = (shared / "vectors" / "c2sp" / name).read_bytes().partition(b"-----NOTE-----\n")
    vkey = next(row.removeprefix("vkey: ") for row in head.decode().splitlines() if row.startswith("vkey: "))
    return vkey, note


def test_the_example_of_c2sp_verifies_and_its_tampered_copy_does_not(shared: Path) -> None:
    vkey, note = _example(shared, "signed-note-example.txt")
    name, public = parse_vkey(vkey)
    assert verify_note(note, name=name, public=public) == b"This is an example message.\n"
    assert signer_name(note) == name == "example.com/foo"
    vkey, note = _example(shared, "signed-note-example-tampered.txt")
    name, public = parse_vkey(vkey)
    refused(note, name=name, public=public)


def test_wycheproof_signatures_are_judged_as_they_say(shared: Path) -> None:
    suite = json.loads((shared / "vectors" / "wycheproof" / "ed25519_test.json").read_text())
    seen = {"valid": 0, "invalid": 0}
    for group in suite["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            accepted = is_signed(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]), public)
            assert accepted is (case["result"] == "valid"), case["tcId"]
            seen[case["result"]] += 1
    assert seen == {"valid": 9, "invalid": 51}


def test_the_faults_of_wycheproof_are_refused_in_a_note() -> None:
    """Made to a signature of our own: S + L, S = 0 or L, R and S exchanged or cut, bytes before and after."""
    signature = SECRET.sign(TEXT)
    half, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    assert verify_note(TEXT + b"\n" + line(signature), name=NAME, public=PUBLIC) == TEXT
    faults = [half + (scalar + ORDER).to_bytes(32, "little"), half + bytes(32), half + ORDER.to_bytes(32, "little"), bytes(64)]
    faults += [half + (ORDER - scalar).to_bytes(32, "little"), half + (scalar | 1 << 255).to_bytes(32, "little")]
    faults += [signature[32:] + half, half + half, signature[32:] * 2, signature[:63], signature[:32], signature + b"\0", b"\0" + signature]
    faults += [b"\xff" * 64, (1).to_bytes(32, "little") + bytes(32), signature * 2]
    for fault in faults:
        refused(TEXT + b"\n" + line(fault))


def test_a_key_of_small_order_signs_nothing() -> None:
    """OpenSSL accepts them: with the neutral point as key, R = neutral point and S = 0 is a signature of everything."""
    assert len(SMALL_ORDER) == 14
    neutral = (1).to_bytes(32, "little")
    forged = neutral + bytes(32)
    Ed25519PublicKey.from_public_bytes(neutral).verify(forged, TEXT)
    refused(TEXT + b"\n" + line(forged, public=neutral), public=neutral)
    assert PUBLIC not in SMALL_ORDER


def test_a_note_signed_here_verifies() -> None:
    assert verify_note(NOTE, name=NAME, public=PUBLIC) == TEXT
    assert signer_name(NOTE) == NAME
    assert parse_checkpoint(TEXT) == CHECKPOINT
    assert NOTE.decode().split("\n")[:4] == [f"govern/{VAULT.hex()}", "12", b64encode(b"R" * 32).decode(), ""]


def test_every_flipped_bit_of_a_note_is_refused() -> None:
    for at in range(len(NOTE)):
        for bit in range(8):
            refused(NOTE[:at] + bytes([NOTE[at] ^ 1 << bit]) + NOTE[at + 1 :])
    assert verify_note(NOTE, name=NAME, public=PUBLIC) == TEXT


@pytest.mark.parametrize("size", range(1, 200, 13))
def test_every_cut_note_is_refused(size: int) -> None:
    refused(NOTE[:-size])
    refused(NOTE[size:])


def test_another_key_or_name_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    public = other.public_key().public_bytes_raw()
    refused(NOTE, public=public)
    refused(NOTE, name="cd" * 16)
    assert "another key" in refused(sign_note(TEXT, name=NAME, public=public, sign=other.sign))
    # a key hash of four bytes is soon found, so it is the signature that must decide
    refused(TEXT + b"\n" + line(other.sign(TEXT)))


def _with_signature(text: str) -> bytes:
    return TEXT + f"\n\u2014 {NAME} {text}\n".encode()


def test_the_same_signature_in_other_letters_is_another_note_and_refused() -> None:
    good = b64encode(note_key_hash(NAME, PUBLIC) + SECRET.sign(TEXT)).decode()
    assert verify_note(_with_signature(good), name=NAME, public=PUBLIC) == TEXT
    assert good.endswith("=")
    body = good.rstrip("=")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sloppy = body[:-1] + last[last.index(body[-1]) + 1] + "=" * (len(good) - len(body))
    assert b64decode(sloppy) == b64decode(good), "the control: lenient decoding gives the same bytes"
    urlsafe = good.replace("+", "-").replace("/", "_")
    for text in (
        sloppy,
        body,
        good + "=",
        good + "====",
        " " + good,
        good + " ",
        good[:20] + "\r" + good[20:],
        "=" + good,
        good + "AA",
        "",
    ):
        refused(_with_signature(text))
    if urlsafe != good:
        refused(_with_signature(urlsafe))


def test_a_second_signature_line_is_refused_even_of_an_unknown_key() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    public = other.public_key().public_bytes_raw()
    second = line(other.sign(TEXT), name="cd" * 16, public=public)
    assert len(parse_note(NOTE + second).signatures) == 2
    for note in (NOTE + second, NOTE + line(SECRET.sign(TEXT))):
        assert "exactly one" in refused(note)
        with pytest.raises(IntegrityError):
            signer_name(note)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        TEXT,
        TEXT + b"\n",
        TEXT + line(b"x" * 64),
        TEXT + b"\n\n" + line(b"x" * 64).rstrip(b"\n"),
        TEXT + b"\n" + line(b"x" * 64) + b"\n",
        TEXT.replace(b"\n", b"\r\n") + b"\r\n" + line(b"x" * 64),
        TEXT + b"\n- " + line(b"x" * 64)[4:],
        TEXT + b"\n\xe2\x80\x94" + line(b"x" * 64)[4:],
        TEXT + b"\n" + line(b"x" * 64).replace(NAME.encode(), b"a+b"),
        TEXT + b"\n" + line(b"x" * 64).replace(NAME.encode(), "a\u2003b".encode()),
        TEXT + b"\n" + line(b"x" * 64).replace(NAME.encode(), b""),
        TEXT + b"\n" + line(b""),
        b"\xff\n\n" + line(b"x" * 64),
        b"a\tb\n\n" + line(b"x" * 64),
        b"a\0b\n\n" + line(b"x" * 64),
        b"x\n\n" + line(b"x" * 64) * 33,
        b"x" * 200_000 + b"\n\n" + line(b"x" * 64),
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    assert parse_note(b"x\n\n" + line(b"x" * 64) * 32).text == b"x\n"
    with pytest.raises(IntegrityError):
        parse_note(note)


def test_the_text_of_a_note_may_have_empty_lines() -> None:
    note = sign_note(b"one\n\ntwo\n", name=NAME, public=PUBLIC, sign=SECRET.sign)
    assert verify_note(note, name=NAME, public=PUBLIC) == b"one\n\ntwo\n"


@pytest.mark.parametrize("text", [b"", b"no newline", b"tab\there\n", b"\xff\n"])
def test_what_would_not_be_a_note_is_not_signed(text: bytes) -> None:
    with pytest.raises(Malformed):
        sign_note(text, name=NAME, public=PUBLIC, sign=SECRET.sign)
    with pytest.raises(Malformed):
        sign_note(TEXT, name="a b", public=PUBLIC, sign=SECRET.sign)


_ODD = "\n\t \x00\x1f\x7f\x85\u2028+a\u2014\ud800"


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(_ODD + "bc", max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
    name=st.text(_ODD[:-1] + "bc", max_size=4),
)
def test_what_is_signed_can_be_read_and_what_could_not_be_read_is_not_signed(text: bytes, name: str) -> None:
    line = f"\u2014 {name} {b64encode(note_key_hash(name, PUBLIC) + b's' * 64).decode()}\n".encode()
    try:
        read = parse_note(text + b"\n" + line)
        readable = read.text == text and [signature.name for signature in read.signatures] == [name]
    except IntegrityError:
        readable = False
    try:
        assert sign_note(text, name=name, public=PUBLIC, sign=lambda _: b"s" * 64) == text + b"\n" + line
        signed = True
    except Malformed:
        signed = False
    assert signed == readable


ROOT = b64encode(b"R" * 32)
OURS = origin(VAULT).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        OURS + b"\n12\n" + ROOT,
        OURS + b"\n12\n",
        OURS + b"\n012\n" + ROOT + b"\n",
        OURS + b"\n+12\n" + ROOT + b"\n",
        OURS + b"\n-1\n" + ROOT + b"\n",
        OURS + b"\n1_2\n" + ROOT + b"\n",
        OURS + b"\n 12\n" + ROOT + b"\n",
        OURS + b"\n\n" + ROOT + b"\n",
        OURS + "\n\u0661\u0662\n".encode() + ROOT + b"\n",
        OURS + b"\n" + b"9" * 20 + b"\n" + ROOT + b"\n",
        OURS + b"\n12\n" + b64encode(b"R" * 31) + b"\n",
        OURS + b"\n12\n" + b64encode(b"R" * 33) + b"\n",
        OURS + b"\n12\n" + ROOT[:-2] + b"J=\n",
        OURS + b"\n12\n" + ROOT.rstrip(b"=") + b"\n",
        OURS + b"\n12\n" + ROOT + b" \n",
        OURS + b"\n12\n" + ROOT + b"\n\n",
        b"\n12\n" + ROOT + b"\n",
        b"\xff\n12\n" + ROOT + b"\n",
        OURS + b"\r\n12\r\n" + ROOT + b"\r\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: bytes) -> None:
    assert parse_checkpoint(OURS + b"\n12\n" + ROOT + b"\n") == CHECKPOINT
    with pytest.raises(IntegrityError):
        parse_checkpoint(text)


def test_an_empty_log_has_size_0() -> None:
    assert parse_checkpoint(OURS + b"\n0\n" + ROOT + b"\n").size == 0


def test_extension_lines_are_refused_in_a_log_of_ours_with_the_reason() -> None:
    assert parse_checkpoint(b"example.com/log\n12\n" + ROOT + b"\nmore\n").size == 12
    with pytest.raises(IntegrityError, match="extension lines, which nobody audits"):
        parse_checkpoint(TEXT + b"more\n")


@given(size=st.integers(0, 10**18), root=st.binary(min_size=32, max_size=32), vault=st.binary(min_size=32, max_size=32))
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read_again(size: int, root: bytes, vault: bytes) -> None:
    checkpoint = Checkpoint(origin(vault), size, root)
    assert parse_checkpoint(checkpoint.text()) == checkpoint
    assert parse_checkpoint(checkpoint.text()).text() == checkpoint.text()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))))
@settings(deadline=None, max_examples=150)
def test_random_bytes_are_refused_without_a_traceback(data: bytes) -> None:
    for read in (parse_note, parse_checkpoint, signer_name, lambda note: verify_note(note, name=NAME, public=PUBLIC)):
        try:
            read(data)
        except GovernError:
            pass


@pytest.mark.parametrize("public", [b"", b"x" * 31, b"x" * 33, b"\xff" * 32, bytes(32)])
def test_a_public_key_that_is_none_verifies_nothing(public: bytes) -> None:
    refused(TEXT + b"\n" + line(SECRET.sign(TEXT), public=public), public=public)


@pytest.mark.parametrize("change", ["", "x", "+", "++", "name+00000000+AQ==", "é+0+é"])
def test_a_verifier_key_is_read_strictly(change: str) -> None:
    text = b64encode(b"\x01" + PUBLIC).decode()
    assert parse_vkey(f"{NAME}+{note_key_hash(NAME, PUBLIC).hex()}+{text}") == (NAME, PUBLIC)
    for vkey in (change, f"{NAME}+00000000+{text}", f"{NAME}+{note_key_hash(NAME, PUBLIC).hex()}+{change}", f"a b+{change}+{text}"):
        with pytest.raises(Malformed):
            parse_vkey(vkey)
