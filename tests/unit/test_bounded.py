"""Files that somebody names are regular files of a bounded size; names that are printed to be pasted are one word of a shell."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.bounded import contents
from govern.errors import Failed, Malformed, NotFound
from govern.shell import quoted


def test_a_file_is_read_to_its_bound_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"x" * 100)
    assert contents(path, 100) == b"x" * 100
    with pytest.raises(Malformed):
        contents(path, 99)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody writes into it: opening it would wait for ever
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), Path("/dev/full"), Path("a\0b")):
        with pytest.raises(Failed):
            contents(path, 100)
    for path in (tmp_path / "none", tmp_path / "none" / "none"):
        with pytest.raises(NotFound):
            contents(path, 100)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("plain.txt", "plain.txt"),
        ("it's mine", shlex.quote("it's mine")),
        ("Straße", "'Straße'"),
        ("a\x1b[31mb\n", r"$'a\x1b[31mb\x0a'"),
        ("it's\\\t", r"$'it\'s\\\x09'"),
        ("\u202ex", r"$'\xe2\x80\xaex'"),
        (os.fsdecode(b"caf\xe9"), r"$'caf\xe9'"),
        (PurePath("-rf"), "./-rf"),
        ("", "''"),
    ],
)
def test_a_name_is_one_word(name: object, word: str) -> None:
    assert quoted(name) == word


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name))
def test_a_shell_reads_any_name_back(name: bytes) -> None:
    word = quoted(os.fsdecode(name))
    assert word.isprintable()
    said = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert said.stdout == name
