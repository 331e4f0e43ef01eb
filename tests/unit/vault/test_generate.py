"""Generated secrets keep every rule of the platform and favour none of those allowed."""

from __future__ import annotations

import math
import random as random_module
from collections import Counter
from collections.abc import Callable
from itertools import groupby, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Failed, Malformed
from govern.policy.profile import Limits as Known
from govern.procedures.candidates import within
from govern.vault import generate as module
from govern.vault import runs
from govern.vault.generate import SYMBOLS, Class, Limits, generate, generate_typeable, strength, strength_typeable

Random = Callable[[int], bytes]
PUNCTUATION = "".join(chr(c) for c in range(33, 127) if not chr(c).isalnum())
BELONGS = {
    Class.LOWER: lambda c, _: "a" <= c <= "z",
    Class.UPPER: lambda c, _: "A" <= c <= "Z",
    Class.DIGIT: lambda c, _: "0" <= c <= "9",
    Class.SYMBOL: lambda c, symbols: c in symbols,
}


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    most = draw(st.integers(4, 80))
    symbols = draw(st.lists(st.sampled_from(PUNCTUATION), unique=True, max_size=len(PUNCTUATION)).map("".join))
    classes = [one for one in Class if symbols or one is not Class.SYMBOL]
    return Limits(
        min=draw(st.integers(0, most)), max=most, allowed_symbols=symbols, required=frozenset(draw(st.sets(st.sampled_from(classes)))),
        max_consecutive=draw(st.integers(0, 4)),
    )  # fmt: skip


@pytest.mark.parametrize("make", [generate, generate_typeable])
@settings(max_examples=150, deadline=None)
@given(limits=limits(), length=st.integers(0, 100), chance=st.randoms(use_true_random=False))
def test_whatever_the_limits_the_secret_keeps_them(make: Callable[..., object], limits: Limits, length: int, chance: object) -> None:
    secret = make(limits, length=length, random=chance.randbytes).reveal()  # type: ignore[attr-defined]
    assert max(limits.min, 4) <= len(secret) <= limits.max or len(secret) == limits.max
    assert len(secret) == limits.length(length)
    assert all((c.isascii() and c.isalnum()) or c in limits.allowed_symbols for c in secret)
    for required in limits.required:
        assert any(BELONGS[required](c, limits.allowed_symbols) for c in secret)
    if limits.max_consecutive:
        assert longest_run(secret) <= limits.max_consecutive


def longest_run(text: str) -> int:
    return max(len(list(group)) for _, group in groupby(text))


@pytest.mark.parametrize(("characters", "length", "most"), [(2, 6, 1), (2, 7, 2), (3, 5, 1), (3, 6, 2), (4, 4, 3), (1, 3, 3), (2, 1, 1)])
def test_strings_without_long_runs_are_counted_and_drawn_each_equally_often(characters: int, length: int, most: int) -> None:
    """Every number below the count gives another string, and all of them: none is favoured."""
    alphabet = "abcd"[:characters]
    allowed = {text for text in map("".join, product(alphabet, repeat=length)) if longest_run(text) <= most}
    assert runs.count(characters, length, most) == len(allowed)
    bits = max(1, (len(allowed) - 1).bit_length())
    given = [(number << (-bits % 8)).to_bytes((bits + 7) // 8, "big") for number in range(len(allowed))]
    assert sorted(runs.drawer(alphabet, length, most, lambda _, one=one: one)() for one in given) == sorted(allowed)


def test_a_rule_about_runs_costs_strength_and_says_how_much() -> None:
    assert strength(Limits(max_consecutive=1)) < strength(Limits(max_consecutive=2)) < strength(Limits())
    assert strength(Limits(max_consecutive=24)) == strength(Limits())


def test_a_source_that_gives_only_large_numbers_is_told() -> None:
    with pytest.raises(Failed):
        runs.drawer("abc", 5, 1, lambda size: b"\xff" * size)()


KNOWN = st.builds(
    lambda least, more, symbols, needs, most: Known(
        min=least, max=None if more is None else max(8, (least or 0) + more), symbols=symbols,
        needs=tuple(sorted(needs - ({"symbol"} if symbols == "" else set()))), max_consecutive=most,
    ),
    st.none() | st.integers(1, 128),
    st.none() | st.integers(0, 3900),
    st.none() | st.lists(st.sampled_from(PUNCTUATION), unique=True, max_size=32).map("".join),
    st.sets(st.sampled_from(["lower", "upper", "digit", "symbol"])),
    st.none() | st.integers(1, 10),
)  # fmt: skip
"""Every limit that a platform's profile can state, as its schema allows."""


@pytest.mark.parametrize("make", [generate, generate_typeable])
@settings(max_examples=150, deadline=None)
@given(known=KNOWN, seed=st.integers(0, 2**32))
def test_whatever_a_profile_states_a_secret_is_made_that_keeps_it(make: Callable[..., object], known: Known, seed: int) -> None:
    secret = make(within(known), random=random_module.Random(seed).randbytes).reveal()  # type: ignore[attr-defined]
    assert (known.min or 0) <= len(secret) <= (known.max or 10_000)
    assert all((c.isascii() and c.isalnum()) or known.symbols is None or c in known.symbols for c in secret)
    assert all(any(BELONGS[Class(name)](c, PUNCTUATION) for c in secret) for name in known.needs)
    assert longest_run(secret) <= (known.max_consecutive or 10_000)


def test_the_default_is_24_characters_of_letters_digits_and_symbols(random: Random) -> None:
    secret = generate(Limits(), random=random).reveal()
    assert len(secret) == 24
    assert set("".join(generate(Limits(), random=random).reveal() for _ in range(80))) >= set(SYMBOLS)
    assert strength(Limits()) > 149


def test_a_typeable_one_has_no_characters_that_can_be_confused(random: Random) -> None:
    secrets = [generate_typeable(Limits(), random=random).reveal() for _ in range(40)]
    assert not set("".join(secrets)) & set("ilIoO01")
    assert [len(part) for part in secrets[0].split("-")] == [4, 4, 4, 4, 4]
    assert strength_typeable(Limits(required=frozenset({Class.LOWER, Class.DIGIT}))) > 98


def test_a_typeable_one_has_capitals_and_symbols_only_where_they_are_required(random: Random) -> None:
    plain = Limits(allowed_symbols="", required=frozenset({Class.LOWER}))
    assert all(c.islower() or c.isdigit() for c in generate_typeable(plain, random=random).reveal())
    strict = Limits(allowed_symbols="#", required=frozenset(Class))
    assert "#" in generate_typeable(strict, random=random).reveal()


def test_bytes_beyond_the_largest_multiple_are_thrown_away_so_that_no_character_is_favoured() -> None:
    """Every byte once: each character of a ten-letter alphabet comes out 25 times; a plain remainder would favour the first six."""
    every_byte_the_last_six_first = bytes([*range(250, 256), *range(250)])
    counted = Counter(module._uniform("abcdefghij", 250, lambda size: every_byte_the_last_six_first))
    assert set(counted.values()) == {25}
    biased = Counter("abcdefghij"[byte % 10] for byte in range(256))
    assert len(set(biased.values())) == 2


def test_every_allowed_string_is_equally_likely() -> None:
    """All strings of three from {a, B, 1} that have all classes come from exactly one draw each, none from fixed places."""
    classes = {Class.LOWER: "a", Class.UPPER: "B", Class.DIGIT: "1"}
    found = Counter()
    for draw in product(range(3), repeat=3):
        source = iter([bytes(draw), b"\0\1\2"])
        found[module._draw(*module._drawn_from(classes, frozenset(classes)), 3, lambda size, source=source: next(source))] += 1  # type: ignore[misc]
    assert set(found) == {"aB1", "a1B", "Ba1", "B1a", "1aB", "1Ba"}
    assert {found[one] for one in found if one != "aB1"} == {1}


@pytest.mark.parametrize("required", [set(), {Class.LOWER}, {Class.LOWER, Class.DIGIT}, {Class.LOWER, Class.UPPER, Class.DIGIT}])
def test_strength_counts_exactly_the_strings_that_can_come_out(required: set[Class]) -> None:
    classes = {Class.LOWER: "ab", Class.UPPER: "C", Class.DIGIT: "12"}
    allowed = [text for text in map("".join, product("abC12", repeat=4)) if all(any(c in classes[name] for c in text) for name in required)]
    assert module._bits(classes, frozenset(required), 4) == pytest.approx(math.log2(len(allowed)))


@pytest.mark.parametrize("byte", [0, 255])
def test_a_broken_source_of_chance_fails_instead_of_giving_a_weak_secret(byte: int) -> None:
    with pytest.raises(Failed):
        generate(Limits(max=8), random=lambda size: bytes([byte]) * size)


@pytest.mark.parametrize(
    "rules",
    [
        {"min": 9, "max": 8},
        {"max": 3},
        {"max": 5000},
        {"min": -1},
        {"allowed_symbols": "!!"},
        {"allowed_symbols": "a"},
        {"allowed_symbols": " "},
        {"allowed_symbols": "€"},
        {"allowed_symbols": "", "required": frozenset({Class.SYMBOL})},
        {"required": frozenset({"emoji"})},
    ],
)
def test_rules_that_nothing_satisfies_are_malformed(rules: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        Limits(**rules)  # type: ignore[arg-type]


def test_a_generated_secret_is_masked(random: Random) -> None:
    assert repr(generate(Limits(), random=random)) == "Secret(…)"
