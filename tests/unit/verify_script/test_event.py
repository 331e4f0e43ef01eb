"""`docs/verify.py`: events of another form are refused though they are in the log, and rubbish never gives a traceback."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_files import (
    ANNA,
    AT,
    FILE,
    canonical,
    proved,
    refused,
    with_extra,
    written,
)

GOOD: dict[str, Any] = {
    "v": 1, "id": "00" * 16, "type": "grant.issued", "actor": ANNA.person, "key": ANNA.key, "at": AT, "body": {},
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": True}, {"v": "1"}, {"id": "00"}, {"id": None}, {"type": "grant issued"}, {"type": ""}, {"type": "\x1b[2J"},
        {"type": None}, {"at": "2026-11-21 09:00:00Z"}, {"at": "2026-13-21T09:00:00Z"}, {"at": 5}, {"body": []},
        {"at": "\u0662026-11-21T09:00:00Z"},
        {"body": None}, {"personal": "00"}, {"personal": None}, {"more": 1}, {"actor": 5}, {"key": None}, {"actor": ANNA.person.upper()},
    ],
    ids=str,
)  # fmt: skip
def test_an_event_of_another_form_is_refused_though_it_is_in_the_log(change: dict[str, Any]) -> None:
    for event, good in ((GOOD, True), (GOOD | change, False)):
        log = written()
        index = log.add(ANNA, "", {}, raw=canonical(event))
        data = log.proof(index, [0], signer=ANNA)
        if good:
            assert proved(data)
        else:
            refused(data)


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(GOOD, sort_keys=True).encode(),
        canonical(GOOD) + b"\n",
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":1.5}'),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":9007199254740992}'),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":-0}'),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":1,"a":1}'),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":"\\ud800"}'),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":Infinity}'),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":' + b"[" * 7 + b"]" * 7 + b"}"),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        canonical(GOOD).replace(b'"body":{}', b'"body":{"a":"' + b"x" * 70_000 + b'"}'),
        b"null",
        b"[]",
        b"5",
        b"",
    ],
)
def test_an_event_that_is_not_canonical_is_refused_though_it_is_in_the_log(raw: bytes) -> None:
    log = written()
    index = log.add(ANNA, "", {}, raw=raw or b" ")
    refused(log.proof(index, [0], signer=ANNA))
    depth_6 = canonical(GOOD).replace(b'"body":{}', b'"body":{"a":' + b"[" * 6 + b"]" * 6 + b"}")
    assert proved(log.proof(log.add(ANNA, "", {}, raw=depth_6), [0], signer=ANNA))


@given(st.binary(max_size=400), st.integers(0, 3000))
@settings(deadline=None, max_examples=150)
def test_rubbish_is_refused_and_never_a_traceback(data: bytes, at: int) -> None:
    for text in (
        data,
        FILE[:at] + data + FILE[at:],
        FILE[:at] + data,
        b"c2sp.org/tlog-proof@v1\nextra " + b64encode(data) + b"\nindex 0\n",
    ):
        if text != FILE:
            refused(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
@settings(deadline=None, max_examples=100)
def test_any_json_in_any_place_is_refused_and_never_a_traceback(value: Any) -> None:
    for change in (
        lambda whole: canonical(value),
        lambda whole: whole.update(chain=value),
        lambda whole: whole.update(chain=[value]),
        lambda whole: whole.update(entry=value),
        lambda whole: whole["entry"].update(event=value),
        lambda whole: whole["entry"].update(path=value),
        lambda whole: whole["entry"].update(index=value if value != 5 else 6),
        lambda whole: whole["chain"][0].update(salt=value),
    ):
        refused(with_extra(change))
