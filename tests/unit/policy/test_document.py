"""The narrow YAML of policy files: plain values, a line for each, and one kind of error for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.policy.document import MAX_BYTES, MAX_DEPTH, read_document


def read(text: str | bytes) -> dict[str, object]:
    data = text if isinstance(text, bytes) else text.encode()
    return dict(read_document(data, name="f.yaml").root)


def refusal(text: str | bytes) -> str:
    with pytest.raises(Malformed) as caught:
        read(text)
    return caught.value.message


def test_norway_dates_and_decimals_stay_text() -> None:
    assert read("country: NO\nanswer: yes\nday: 2026-11-21\nhalf: 1.5\noctal: 0o17\n") == {
        "country": "NO",
        "answer": "yes",
        "day": "2026-11-21",
        "half": "1.5",
        "octal": "0o17",
    }


def test_only_null_true_false_and_whole_numbers_are_more_than_text() -> None:
    assert read('a: true\nb: False\nc: ~\nd:\ne: -3\nf: "3"\ng: "true"\nh: [1, x]\ni: {j: 2}\n') == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": -3,
        "f": "3",
        "g": "true",
        "h": [1, "x"],
        "i": {"j": 2},
    }


def test_every_value_has_the_line_it_stands_on() -> None:
    document = read_document(b"a: 1\n\nb:\n  c: 2\n  d:\n    - x\n    - {e: 3}\nf: {g: 4}\n", name="f.yaml")
    assert [document.line(path) for path in (("a",), ("b",), ("b", "c"), ("b", "d", 1), ("b", "d", 1, "e"), ("f", "g"))] == [
        1,
        3,
        4,
        7,
        7,
        8,
    ]


def test_the_line_of_something_missing_is_that_of_what_surrounds_it() -> None:
    document = read_document(b"a: 1\nb:\n  c: 2\n", name="f.yaml")
    assert (document.line(("b", "nothing", "deeper")), document.line(("nothing",))) == (2, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a: stands here twice"),
        ("b:\n  c: 1\n  c: 2\n", "f.yaml:3: b.c: stands here twice"),
        ("a:\n\tb: 1\n", "f.yaml:2: a tab where only spaces may indent"),
        ("a: 1\nb: [1, 2\n", "f.yaml:3: "),
        ("a: &x 1\n", "f.yaml:1: an anchor: say it again instead"),
        ("a: 1\nb: *x\n", "f.yaml:2: an alias: say it again instead"),
        ("a: !!int 3\n", "f.yaml:1: a tag: values are plain here"),
        ("a: !!python/object/apply:os.system [id]\n", "f.yaml:1: a tag: values are plain here"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: a second document in one file"),
        ("%YAML 1.1\n---\na: NO\n", "f.yaml:2: a YAML version other than 1.2"),
        ("? [a, b]\n: 1\n", "f.yaml:1: a key that is no text"),
        ("", "f.yaml:1: an empty file"),
        ("# nothing\n", "f.yaml:1: an empty file"),
        ("just words\n", "f.yaml:1: no mapping of keys and values"),
        ("- a\n- b\n", "f.yaml:1: no mapping of keys and values"),
        ("a: 1\nb: \x07\n", "f.yaml:2: a character that may not stand in YAML"),
        ('a: 1\nb: "\\U99999999"\n', "f.yaml:2: an escape that stands for no character"),
        ('a: 1\nb: "\\uD800"\n', "f.yaml:2: a character that can't be shown"),
        ('a: 1\n"\\e[31m": 2\n', "f.yaml:2: a character that can't be shown"),
        ('a: 1\nb: "\\u202E"\n', "f.yaml:2: a character that can't be shown"),
        (b"a: 1\nb: \xe9\n", "f.yaml:2: not UTF-8"),
        ("a: 1\n".encode("utf-16"), "f.yaml:1: not UTF-8"),
    ],
)
def test_what_is_refused_names_file_and_line(text: str | bytes, message: str) -> None:
    assert refusal(text).startswith(message)


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n") == {"a": 1}


def bomb(*, aliased: bool) -> str:
    """Nine levels of nine references each: half a thousand million values, if unfolded."""
    lines = ["a0: &a0 [x]" if aliased else "a0: [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if aliased else f"a{n}: [{', '.join(['x'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    assert refusal(bomb(aliased=True)) == "f.yaml:1: an anchor: say it again instead"
    assert len(read(bomb(aliased=False))) == 10


def nested(depth: int) -> str:
    return "a: " + "[" * depth + "]" * depth + "\n"


@pytest.mark.parametrize("depth", [MAX_DEPTH, 500, 20_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    assert refusal(nested(depth)) == f"f.yaml:1: nested deeper than {MAX_DEPTH}"


def test_nesting_within_the_bound_is_read() -> None:
    assert read(nested(MAX_DEPTH - 1))


def test_a_file_beyond_the_bound_is_refused_before_it_is_read() -> None:
    assert refusal(b"a: " + b"x" * MAX_BYTES).startswith("f.yaml:1: ")
    assert read(b"a: " + b"x" * 1000)


def outcome(text: str | bytes) -> str | None:
    """The refusal, or None where the text is read; any other exception comes through and fails the test."""
    try:
        read(text)
    except GovernError as error:
        return error.message
    return None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-[]{},#&*!|>'\"%@`? \n\t\\0UuxDF~", max_size=60))
def test_rubbish_is_read_or_refused_never_anything_else(text: str) -> None:
    told = outcome(text)
    assert told is None or told.startswith("f.yaml:")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_rubbish_bytes_are_read_or_refused_never_anything_else(data: bytes) -> None:
    told = outcome(data)
    assert told is None or told.startswith("f.yaml:")
