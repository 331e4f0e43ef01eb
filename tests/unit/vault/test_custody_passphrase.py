"""A passphrase file costs what it must, never less, and never more than we allow, checked before a cycle is spent."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Failed, Locked, Malformed, Refused
from govern.vault.custody import passphrase as module
from govern.vault.secret import Secret, SecretBytes

SEED = SecretBytes(b"s" * 32)
PHRASE = Secret("Äpfel und Birnen")


@pytest.fixture
def path(tmp_path: Path, random: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file made with a derivation that costs nothing."""
    monkeypatch.setattr(module, "derive", lambda phrase, parameters: phrase.reveal().encode().ljust(32, b".")[:32])
    module.write(tmp_path / "seed", SEED, PHRASE, random=random)
    return tmp_path / "seed"


def alter(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}, sort_keys=True, separators=(",", ":")) + "\n")


def test_with_the_real_derivation_the_passphrase_opens_and_another_does_not(tmp_path: Path, random: Callable[[int], bytes]) -> None:
    path = tmp_path / "seed"
    module.write(path, SEED, PHRASE, random=random)
    composed_otherwise = Secret("A\u0308pfel und Birnen")
    assert module.read(path, lambda: composed_otherwise) == SEED
    with pytest.raises(Locked) as caught:
        module.read(path, lambda: Secret("Apfel und Birnen"))
    assert caught.value.__context__ is None
    assert "Apfel" not in str(caught.value)


def test_the_derivation_is_rfc_9106s_argon2id() -> None:
    """RFC 9106 gives its own answers with a secret and data that we don't use; so another implementation is asked, at a small cost."""
    from argon2.low_level import Type, hash_secret_raw

    parameters = {"salt": "5b" * 16, "iterations": 3, "lanes": 1, "memory_kib": 64}
    expected = hash_secret_raw(b"password", b"\x5b" * 16, time_cost=3, memory_cost=64, parallelism=1, hash_len=32, type=Type.ID)
    assert module.derive(Secret("password"), parameters) == expected


def test_the_file_shows_its_costs_and_nothing_of_the_seed(path: Path) -> None:
    content = json.loads(path.read_text())
    assert {name: content[name] for name in ("v", "kdf", "memory_kib", "iterations", "lanes")} == {
        "v": 1,
        "kdf": "argon2id",
        "memory_kib": 65536,
        "iterations": 3,
        "lanes": 1,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SEED.reveal_bytes().hex() not in path.read_text()


@pytest.mark.parametrize(
    "costs",
    [
        {"memory_kib": 8},
        {"memory_kib": 65_535},
        {"iterations": 1},
        {"iterations": 2},
        {"lanes": 0},
        {"memory_kib": 64 * 1024 * 1024},
        {"memory_kib": 1_048_577},
        {"iterations": 11},
        {"lanes": 5},
        {"iterations": -3},
        {"memory_kib": 2**52},
    ],
)
def test_attack_costs_below_the_floor_or_above_the_ceiling_are_refused_before_asking_and_deriving(
    path: Path, costs: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.read(path, lambda: PHRASE) == SEED
    alter(path, **costs)

    def never(*_: object) -> bytes:
        pytest.fail("derived under forbidden costs")

    def unasked() -> Secret:
        pytest.fail("asked for a passphrase")

    monkeypatch.setattr(module, "derive", never)
    with pytest.raises(Refused) as caught:
        module.read(path, unasked)
    assert caught.value.code == "kdf-cost"


def test_attack_costs_altered_within_the_bounds_are_noticed(path: Path) -> None:
    alter(path, iterations=4)
    with pytest.raises(Locked):
        module.read(path, lambda: PHRASE)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"kdf": "argon2d"},
        {"kdf": "pbkdf2"},
        {"memory_kib": "65536"},
        {"memory_kib": True},
        {"iterations": None},
        {"salt": "zz"},
        {"salt": ""},
        {"salt": 5},
        {"sealed": "00"},
        {"sealed": None},
        {"more": 1},
    ],
)
def test_any_other_file_is_malformed(path: Path, changes: dict[str, Any]) -> None:
    alter(path, **changes)
    with pytest.raises(Malformed):
        module.read(path, lambda: PHRASE)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 5000, b'{"v":1,"v":1}', b"GOVERN-SEED-1 x"])
def test_bytes_that_are_no_record_are_malformed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Malformed):
        module.read(path, lambda: PHRASE)


def test_a_short_passphrase_is_refused_and_nothing_is_written(tmp_path: Path, random: Callable[[int], bytes]) -> None:
    with pytest.raises(Refused) as caught:
        module.write(tmp_path / "seed", SEED, Secret("sevench"), random=random)
    assert "sevench" not in str(caught.value)
    assert not (tmp_path / "seed").exists()


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Starved:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr("cryptography.hazmat.primitives.kdf.argon2.Argon2id", Starved)
    with pytest.raises(Failed, match="64 MiB"):
        module.derive(PHRASE, {"salt": "00" * 16, "iterations": 3, "lanes": 1, "memory_kib": 65536})
