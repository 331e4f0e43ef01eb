"""An earlier secret is noticed when it comes back, and nobody but a reader of the version can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from govern.errors import Malformed
from govern.vault.fingerprint import KEPT, open_beside, remember, reused, seal_beside
from govern.vault.keys import Keys
from govern.vault.seal import Context, DataKey, open_sealed, seal_version, wrap_version
from govern.vault.secret import Secret

Random = Callable[[int], bytes]


def test_a_secret_of_any_earlier_version_is_recognised(random: Random) -> None:
    fields: dict[str, Any] | None = None
    for version, secret in enumerate(["one", "two", "three", "two"], start=1):
        fields = {"secret": secret, "fingerprints": remember(fields, Secret(secret), version, random)}
    assert [reused(fields, Secret(word)) for word in ("one", "two", "three", "four")] == [1, 4, 3, None]
    assert fields is not None
    assert reused(fields["fingerprints"], "one") == 1


def test_the_first_version_has_nothing_to_compare_with() -> None:
    assert reused(None, "x") is None
    assert reused({"secret": "x"}, "x") is None


def test_the_key_stays_with_the_credential_and_differs_between_credentials(random: Random) -> None:
    one, other = remember(None, "same", 1, random), remember(None, "same", 1, random)
    assert one["key"] != other["key"]
    assert one["seen"] != other["seen"]
    assert remember(one, "next", 2, random)["key"] == one["key"]


def test_a_version_that_is_staged_anew_replaces_its_own_fingerprint(random: Random) -> None:
    first = remember(None, "rejected", 1, random)
    again = remember(first, "accepted", 1, random)
    assert len(again["seen"]) == 1
    assert reused(again, "rejected") is None


def test_fingerprints_travel_inside_the_sealed_version(context: Context, random: Random) -> None:
    fields = {"secret": Secret("s"), "fingerprints": remember(None, Secret("s"), 3, random)}
    version, key = seal_version(context, fields, random=random)
    keys = Keys.from_seed(random(32))
    wrapped = wrap_version(key, context, keys.recipient)
    assert reused(open_sealed(version, context, keys, wrapped, expected=version.digest), "s") == 3


@pytest.mark.parametrize(
    "odd",
    [
        {"seen": []},
        {"key": "zz", "seen": []},
        {"key": "00", "seen": []},
        {"key": "00" * 32, "seen": 5},
        {"key": "00" * 32, "seen": [[1]]},
        {"key": "00" * 32, "seen": [["1", "00" * 32]]},
        {"key": "00" * 32, "seen": [[1, "ä" * 64]]},
        {"key": None, "seen": []},
        {"fingerprints": []},
        {"fingerprints": "x"},
        {"fingerprints": 5, "key": "00" * 32, "seen": []},
        {"key": "00" * 32, "seen": [[1, " " * 50_000 + "11" * 32]]},
        {"key": "00" * 32, "seen": [[2**60, "11" * 32]]},
        {"key": "00" * 32, "seen": [[0, "11" * 32]]},
    ],
)
def test_odd_fingerprints_are_malformed(odd: dict[str, Any], random: Random) -> None:
    with pytest.raises(Malformed):
        reused(odd, "x")
    with pytest.raises(Malformed):
        remember(odd, "x", 1, random)


def test_fingerprints_that_were_carried_on_later_open_with_the_data_key_of_their_version(context: Context, random: Random) -> None:
    marks = remember(None, "one", 1, random)
    key = DataKey(random(32))
    assert open_beside(seal_beside(marks, context, key, random=random), context, key) == marks


def test_the_newest_are_kept_where_there_are_more_than_an_entry_holds(context: Context, random: Random) -> None:
    marks: dict[str, Any] | None = None
    for version in range(1, KEPT + 3):
        marks = remember(marks, str(version), version, random)
    assert marks is not None
    key = DataKey(random(32))
    sealed = seal_beside(marks, context, key, random=random)
    assert len(sealed) <= 16_384
    found = open_beside(sealed, context, key)
    assert [reused(found, text) for text in ("2", "3", str(KEPT + 2))] == [None, 3, KEPT + 2]


def test_attack_nothing_else_is_taken_for_them(context: Context, random: Random) -> None:
    """Another key, another version, any byte altered, none at all: refused; the untouched ones open."""
    key = DataKey(random(32))
    sealed = seal_beside(remember(None, "one", 1, random), context, key, random=random)
    elsewhere = Context(context.vault, context.account, context.credential, context.kind, context.version + 1)
    assert reused(open_beside(sealed, context, key), "one") == 1
    cases = [(sealed, context, DataKey(random(32))), (sealed, elsewhere, key), (b"", context, key), (sealed[:20], context, key)]
    cases += [(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], context, key) for at in range(0, len(sealed), 37)]
    for altered, about, with_key in cases:
        with pytest.raises(Malformed):
            open_beside(altered, about, with_key)
