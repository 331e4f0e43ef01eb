"""Padding hides lengths within steps of 256 and has exactly one spelling."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from govern.vault.pad import pad, unpad


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=600) | st.binary(max_size=20).map(lambda b: b + b"\x80\0\0"))
def test_what_is_padded_comes_back(content: bytes) -> None:
    padded = pad(content)
    assert len(padded) % 256 == 0
    assert 0 < len(padded) - len(content) <= 256
    assert unpad(padded) == content


@settings(max_examples=80, deadline=None)
@given(padded=st.binary(max_size=520) | st.binary(max_size=10).map(lambda b: b.ljust(256, b"\0")))
def test_anything_else_is_no_padding(padded: bytes) -> None:
    content = unpad(padded)
    assert content is None or pad(content) == padded


def test_longer_padding_than_needed_is_refused() -> None:
    assert unpad(pad(b"x")) == b"x"
    assert unpad(pad(b"x") + bytes(256)) is None
    assert unpad(b"") is None
    assert unpad(bytes(256)) is None
