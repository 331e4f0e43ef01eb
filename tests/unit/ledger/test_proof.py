"""Proof files: one spelling, read as written, and anything else refused."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.ledger.checkpoint import Checkpoint, origin, sign_note
from govern.ledger.proof import Proof, parse_proof, write_proof

SECRET = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
NOTE = sign_note(
    Checkpoint(origin(b"V" * 32), 4, b"R" * 32).text(),
    name="ab" * 16,
    public=SECRET.public_key().public_bytes_raw(),
    sign=SECRET.sign,
)
PATH = [b"1" * 32, b"2" * 32]
DATA = write_proof(index=2, path=PATH, checkpoint_note=NOTE, extra=b'{"v":1}')


def test_a_proof_is_written_as_c2sp_says() -> None:
    lines = DATA.decode().split("\n")
    assert lines[:6] == [
        "c2sp.org/tlog-proof@v1",
        "extra " + b64encode(b'{"v":1}').decode(),
        "index 2",
        b64encode(b"1" * 32).decode(),
        b64encode(b"2" * 32).decode(),
        "",
    ]
    assert DATA.endswith(b"\n\n" + NOTE)


@given(index=st.integers(0, 2**62), path=st.lists(st.binary(min_size=32, max_size=32), max_size=63), extra=st.binary(max_size=300))
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read_again(index: int, path: list[bytes], extra: bytes) -> None:
    data = write_proof(index=index, path=path, checkpoint_note=NOTE, extra=extra)
    assert parse_proof(data) == Proof(index, tuple(path), NOTE, extra)


def test_without_extra_bytes_there_is_no_extra_line() -> None:
    assert b"extra" not in write_proof(index=0, path=[], checkpoint_note=NOTE, extra=b"")


def test_each_flipped_bit_gives_another_proof_or_a_refusal() -> None:
    good = parse_proof(DATA)
    for at in range(len(DATA)):
        for bit in range(8):
            try:
                assert parse_proof(DATA[:at] + bytes([DATA[at] ^ 1 << bit]) + DATA[at + 1 :]) != good
            except Malformed:
                pass


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        NOTE,
        DATA.replace(b"@v1", b"@v2"),
        DATA.replace(b"index 2", b"index 02"),
        DATA.replace(b"index 2", b"index -2"),
        DATA.replace(b"index 2", b"index"),
        DATA.replace(b"index 2\n", b""),
        DATA.replace(b"extra ", b"extra  "),
        DATA.replace(b"extra eyJ2IjoxfQ==", b"extra "),
        DATA.replace(b"extra eyJ2IjoxfQ==", b"extra eyJ2IjoxfR=="),
        DATA.replace(b"extra eyJ2IjoxfQ==", b"extra eyJ2IjoxfQ"),
        DATA.replace(b64encode(b"1" * 32), b64encode(b"1" * 31)),
        DATA.replace(b64encode(b"1" * 32), b64encode(b"1" * 32) + b" "),
        DATA.replace(b"\n", b"\r\n"),
        DATA + b"\n",
        DATA[:-1],
        b"\xef\xbb\xbf" + DATA,
        DATA.partition(b"\n\n")[0] + b"\n\n",
    ],
)
def test_other_spellings_are_malformed(data: bytes) -> None:
    assert parse_proof(DATA).index == 2
    with pytest.raises(Malformed):
        parse_proof(data)


def test_what_could_not_be_read_again_is_not_written() -> None:
    for changes in ({"index": -1}, {"path": [b"short"]}, {"path": [b"1" * 32] * 64}, {"checkpoint_note": b"no note"}):
        with pytest.raises(Malformed):
            write_proof(**({"index": 2, "path": PATH, "checkpoint_note": NOTE, "extra": b""} | changes))  # type: ignore[arg-type]


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=100)
def test_random_bytes_are_refused_without_a_traceback(data: bytes) -> None:
    for text in (data, b"c2sp.org/tlog-proof@v1\n" + data, DATA[: len(data)] + data):
        try:
            parse_proof(text)
        except GovernError:
            pass
