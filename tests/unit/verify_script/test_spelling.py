"""`docs/verify.py`: a proof file has one spelling; whatever differs by a bit is refused."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from random import Random
from typing import Any

import pytest
from proof_files import (
    FILE,
    LOG,
    canonical,
    proved,
    refused,
    with_extra,
)

EVERY = [3, pytest.param(1, marks=pytest.mark.slow)]
"""How many bytes: each third, and in the slow tests all."""


@pytest.mark.parametrize("every", EVERY)
def test_each_byte_of_the_file_matters(every: int) -> None:
    """A random bit of each of them; all bits in the slow test."""
    random = Random(11)
    assert proved(FILE)
    for at in range(0, len(FILE), every):
        refused(FILE[:at] + bytes([FILE[at] ^ 1 << random.randrange(8)]) + FILE[at + 1 :])


@pytest.mark.slow
def test_each_bit_of_the_file_matters() -> None:
    assert proved(FILE)
    for at in range(len(FILE)):
        for bit in range(8):
            refused(FILE[:at] + bytes([FILE[at] ^ 1 << bit]) + FILE[at + 1 :])


@pytest.mark.parametrize("every", EVERY)
def test_each_bit_of_the_extra_bytes_matters_under_good_base64(every: int) -> None:
    """The same below the base64, where most single flips of the file never come."""
    head, _, rest = FILE.partition(b"\nextra ")
    text, _, tail = rest.partition(b"\n")
    extra = b64decode(text)
    random = Random(12)

    def with_bytes(data: bytes) -> bytes:
        return head + b"\nextra " + b64encode(data) + b"\n" + tail

    assert proved(with_bytes(extra))
    for at in range(0, len(extra), every):
        bit = random.randrange(8)
        refused(with_bytes(extra[:at] + bytes([extra[at] ^ 1 << bit]) + extra[at + 1 :]))


def test_cut_longer_or_reordered_files_are_refused() -> None:
    lines = FILE.split(b"\n")
    others = [FILE[:size] for size in range(0, len(FILE), 97)] + [
        FILE[:-1],
        FILE + b"\n",
        b"\n" + FILE,
        FILE + FILE,
        b"\xef\xbb\xbf" + FILE,
    ]
    others += [FILE.replace(b"\n", b"\r\n"), FILE.replace(b"\n", b"\r"), FILE + b" ", FILE + b"\0"]
    for at in range(len(lines) - 1):
        others.append(b"\n".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]))
        others.append(b"\n".join([*lines[:at], *lines[at + 1 :]]))
        others.append(b"\n".join([*lines[:at], lines[at], *lines[at:]]))
    for data in others:
        if data != FILE:
            refused(data)
    assert proved(FILE)


def test_base64_in_another_spelling_is_refused_everywhere() -> None:
    lines = FILE.decode().split("\n")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    tried = 0
    for number, line in enumerate(lines):
        if not line.endswith("="):
            continue
        body = line.rstrip("=")
        sloppy = body[:-1] + letters[letters.index(body[-1]) + 1] + "=" * (len(line) - len(body))
        for text in (sloppy, body, line + "=", line + "AA==", line + " "):
            refused("\n".join([*lines[:number], text, *lines[number + 1 :]]).encode())
            tried += 1
    assert tried >= 15


def test_json_in_another_spelling_is_refused() -> None:
    assert with_extra(lambda value: None) == FILE
    changes = [
        lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False).encode(),
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(),
        lambda value: canonical(value).replace("ü".encode(), b"\\u00fc"),
        lambda value: canonical(value) + b" ",
        lambda value: canonical(value).replace(b'"v":1', b'"v":1.0'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":true'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":1,"v":1'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":NaN'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":1e0'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":' + b"9" * 5000),
        lambda value: canonical(value).replace(b'"v":1', b'"v":"1"'),
        lambda value: b"[" * 100_000,
        lambda value: b"null",
        lambda value: b"{}",
    ]
    for change in changes:
        refused(with_extra(change))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("chain"),
        lambda value: value.update(v=2),
        lambda value: value.update(more=1),
        lambda value: value.update(chain=[]),
        lambda value: value.update(chain={}),
        lambda value: value.update(chain=[None]),
        lambda value: value.update(chain=[[]]),
        lambda value: value.update(entry=None),
        lambda value: value["entry"].pop("salt"),
        lambda value: value["entry"].update(more=""),
        lambda value: value["entry"].update(index=-5),
        lambda value: value["entry"].update(index=True),
        lambda value: value["entry"].update(index="5"),
        lambda value: value["entry"].update(index=2**52),
        lambda value: value["entry"].update(path=None),
        lambda value: value["entry"].update(path=[1]),
        lambda value: value["entry"]["path"].append("00" * 32),
        lambda value: value["entry"]["path"].pop(),
        lambda value: value["entry"].update(salt=value["entry"]["salt"].upper()),
        lambda value: value["entry"].update(salt=value["entry"]["salt"] + "00"),
        lambda value: value["entry"].update(salt=value["entry"]["salt"][:-1]),
        lambda value: value["entry"].update(salt=None),
        lambda value: value["entry"].update(event=value["entry"]["event"] + "\n"),
        lambda value: value["entry"].update(event=json.loads(value["entry"]["event"])),
        lambda value: value["entry"].update(LOG.part(3, 6)),
        lambda value: value["chain"].reverse(),
        lambda value: value["chain"].append(LOG.part(5, 6)),
        lambda value: value["chain"].append(value["chain"][-1]),
        lambda value: value["chain"].pop(0),
        lambda value: value["chain"].pop(1),
        lambda value: value["chain"].pop(2),
        lambda value: value["chain"][1].update(LOG.part(2, 5)),
    ],
)
def test_an_extra_line_that_does_not_hang_together_is_refused(change: Any) -> None:
    assert with_extra(lambda value: None) == FILE
    refused(with_extra(lambda value: change(value) and None))
