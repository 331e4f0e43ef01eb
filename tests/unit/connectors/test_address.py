"""Where a secret is sent: only to an address that says exactly one thing, and encrypted unless it is this very machine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.connectors.address import read
from govern.errors import Usage


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://matrix.acme.example", "https://matrix.acme.example"),
        ("https://matrix.acme.example/", "https://matrix.acme.example"),
        ("https://acme.example:8448/blog/", "https://acme.example:8448/blog"),
        ("http://127.0.0.1:18008", "http://127.0.0.1:18008"),
        ("http://[::1]:18008", "http://[::1]:18008"),
    ],
)
def test_what_is_an_address(url: str, told: str) -> None:
    assert str(read(url, "shop")) == told


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://matrix.acme.example",  # not encrypted
        "http://localhost:8080",  # a name, which can point anywhere
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "https://matrix.acme.example@evil.example",
        "https://user:secret@matrix.acme.example",
        "https://matrix.acme.example?to=evil",
        "https://matrix.acme.example#evil",
        "https://evil.example\\@matrix.acme.example",
        "https://matrix.acme.example\r\nHost: evil.example",
        "https://matrix.аcme.example",  # a Cyrillic letter
        "https://[::1",
        "https://matrix.acme.example:99999",
        "ftp://matrix.acme.example",
        "matrix.acme.example",
        "https://",
    ],
)
def test_what_no_secret_is_sent_to(url: str) -> None:
    with pytest.raises(Usage) as refused:
        read(url, "shop")
    assert "govern account edit shop --url" in refused.value.hint
    assert "secret@" not in refused.value.message


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_anything_typed_is_an_address_or_refused(url: str) -> None:
    try:
        found = read(url, "shop")
    except Usage:
        return
    assert found.scheme == "https" or found.host in ("127.0.0.1", "::1") or found.host.startswith("127.")
