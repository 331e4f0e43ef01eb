"""An earlier secret is noticed when it comes back, and nobody but a reader of the version can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from govern.errors import Malformed
from govern.vault.fingerprint import remember, reused
from govern.vault.seal import Context, open_version, seal_version
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
    assert reused(open_version(version, context, key), "s") == 3


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
    ],
)
def test_odd_fingerprints_are_malformed(odd: dict[str, Any], random: Random) -> None:
    with pytest.raises(Malformed):
        reused(odd, "x")
    with pytest.raises(Malformed):
        remember(odd, "x", 1, random)
