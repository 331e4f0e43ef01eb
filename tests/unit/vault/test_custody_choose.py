"""A custody is chosen once; the seed is loaded from there alone; where nothing can be used, three ways on are named."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Locked, Malformed, Refused
from govern.vault.custody import keyfile
from govern.vault.custody import passphrase as passphrase_file
from govern.vault.custody.choose import choose, create_seed, load_seed
from govern.vault.custody.record import Custody, SeedRecord, read_record, write_record
from govern.vault.keys import Keys
from govern.vault.secret import Secret, SecretBytes

Random = Callable[[int], bytes]


class Keyring:
    """A keyring in memory under the name of a known one."""

    __module__ = "keyring.backends.SecretService"

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def get_password(self, service: str, entry: str) -> str | None:
        return self.entries.get(entry)

    def set_password(self, service: str, entry: str, value: str) -> None:
        self.entries[entry] = value


def phrase() -> Secret:
    return Secret("correct horse battery")


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase_file, "derive", lambda secret, parameters: secret.reveal().encode().ljust(32, b".")[:32])


def record_of(custody: Custody, where: str, seed: SecretBytes) -> SeedRecord:
    return SeedRecord(
        custody=custody, where=where, key=Keys.from_seed(seed).id, vault=b"v" * 32, checkpoint="govern/ab\n1\nroot\n", person=b"p" * 16
    )


def test_the_order_is_named_key_file_then_keyring_then_passphrase(tmp_path: Path) -> None:
    everything: dict[str, Any] = {"key_file": tmp_path / "key", "backend": Keyring(), "terminal": True}
    assert choose(tmp_path, "entry", **everything) == (Custody.KEYFILE, str(tmp_path / "key"))
    assert choose(tmp_path, "entry", **{**everything, "key_file": None}) == (Custody.KEYRING, "entry")
    unknown = {**everything, "key_file": None, "backend": object()}
    assert choose(tmp_path, "entry", **unknown) == (Custody.PASSPHRASE, str(tmp_path / "seed.passphrase"))


def test_nothing_usable_is_locked_and_names_the_three_ways_on(tmp_path: Path) -> None:
    with pytest.raises(Locked) as caught:
        choose(tmp_path, "entry", key_file=None, backend=None, terminal=False)
    assert caught.value.exit_code == 5
    for way in ("--key-file F", "GOVERN_KEY_FILE", "passphrase on a terminal", "keyring"):
        assert way in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("custody", Custody)
def test_a_seed_made_in_a_custody_is_loaded_from_there(custody: Custody, tmp_path: Path, random: Random) -> None:
    backend, where = Keyring(), "entry" if custody is Custody.KEYRING else str(tmp_path / "seed")
    seed = create_seed(custody, where, random=random, passphrase=phrase, backend=backend)
    assert load_seed(record_of(custody, where, seed), passphrase=phrase, backend=backend) == seed
    assert len(seed.reveal_bytes()) == 32


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("custody", Custody)
def test_the_seed_of_another_key_is_refused(custody: Custody, tmp_path: Path, random: Random) -> None:
    backend, where = Keyring(), "entry" if custody is Custody.KEYRING else str(tmp_path / "seed")
    seed = create_seed(custody, where, random=random, passphrase=phrase, backend=backend)
    with pytest.raises(Locked, match="another key"):
        load_seed(record_of(custody, where, seed)._replace(key=b"k" * 16), passphrase=phrase, backend=backend)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("custody", Custody)
def test_a_custody_never_drifts_to_another_that_would_work(custody: Custody, tmp_path: Path, random: Random) -> None:
    """The seed lies in the two others; the recorded one is empty."""
    backend, path, seed = Keyring(), tmp_path / "seed", SecretBytes(b"s" * 32)
    where = {Custody.KEYFILE: str(path), Custody.PASSPHRASE: str(path), Custody.KEYRING: "entry"}
    if custody is not Custody.KEYRING:
        backend.set_password("govern", "entry", keyfile.seed_line(seed).reveal())
        backend.set_password("govern", str(path), keyfile.seed_line(seed).reveal())
    else:
        keyfile.write(path, seed)
    with pytest.raises(Locked):
        load_seed(record_of(custody, where[custody], seed), passphrase=phrase, backend=backend)


def test_a_named_key_file_stands_in_only_with_the_same_seed(tmp_path: Path) -> None:
    seed, other = SecretBytes(b"s" * 32), SecretBytes(b"t" * 32)
    keyfile.write(tmp_path / "same", seed)
    keyfile.write(tmp_path / "other", other)
    record = record_of(Custody.KEYFILE, str(tmp_path / "gone"), seed)
    assert load_seed(record, key_file=tmp_path / "same") == seed
    with pytest.raises(Locked):
        load_seed(record, key_file=tmp_path / "other")
    with pytest.raises(Locked) as caught:
        load_seed(record)
    assert "--key-file" in caught.value.hint


def test_a_key_file_that_exists_is_used_and_left_alone(tmp_path: Path, random: Random) -> None:
    """Credentials of a service are there before the program is."""
    keyfile.write(tmp_path / "key", SecretBytes(b"s" * 32))
    before = (tmp_path / "key").read_bytes()
    assert create_seed(Custody.KEYFILE, str(tmp_path / "key"), random=random) == SecretBytes(b"s" * 32)
    assert (tmp_path / "key").read_bytes() == before


@pytest.mark.usefixtures("cheap")
def test_a_passphrase_file_that_exists_is_not_overwritten(tmp_path: Path, random: Random) -> None:
    where = str(tmp_path / "seed")
    seed = create_seed(Custody.PASSPHRASE, where, random=random, passphrase=phrase)
    with pytest.raises(Refused):
        create_seed(Custody.PASSPHRASE, where, random=random, passphrase=phrase)
    assert load_seed(record_of(Custody.PASSPHRASE, where, seed), passphrase=phrase) == seed


@pytest.mark.usefixtures("cheap")
def test_without_a_terminal_a_passphrase_is_locked(tmp_path: Path, random: Random) -> None:
    seed = create_seed(Custody.PASSPHRASE, str(tmp_path / "seed"), random=random, passphrase=phrase)
    with pytest.raises(Locked) as caught:
        load_seed(record_of(Custody.PASSPHRASE, str(tmp_path / "seed"), seed))
    assert "--key-file" in caught.value.hint


# --- the seed record ----------------------------------------------------------------------------------------------------------------


def test_the_record_comes_back_as_written_with_mode_0600_and_no_secret(tmp_path: Path) -> None:
    record = record_of(Custody.KEYRING, "entry", SecretBytes(b"s" * 32))
    path = tmp_path / "home" / "seed.json"
    write_record(path, record)
    assert read_record(path) == record
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(json.loads(path.read_text())) == ["checkpoint", "custody", "key", "person", "v", "vault", "where"]


def test_the_record_is_replaced_only_on_request(tmp_path: Path) -> None:
    record, path = record_of(Custody.KEYFILE, "a", SecretBytes(b"s" * 32)), tmp_path / "seed.json"
    write_record(path, record)
    with pytest.raises(Refused):
        write_record(path, record._replace(where="b"))
    write_record(path, record._replace(where="b"), replace=True)
    assert read_record(path).where == "b"
    assert [one.name for one in tmp_path.iterdir()] == ["seed.json"]


def test_no_record_means_no_keys_and_names_the_way_on(tmp_path: Path) -> None:
    with pytest.raises(Locked) as caught:
        read_record(tmp_path / "seed.json")
    assert "govern init" in caught.value.hint


def test_a_record_that_others_could_change_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    write_record(path, record_of(Custody.KEYFILE, "a", SecretBytes(b"s" * 32)))
    path.chmod(0o620)
    with pytest.raises(Locked):
        read_record(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"custody": "cloud"},
        {"custody": []},
        {"where": 5},
        {"key": "zz"},
        {"key": "00"},
        {"key": None},
        {"vault": "00" * 31},
        {"person": "00" * 17},
        {"checkpoint": None},
        {"more": 1},
    ],
)
def test_any_other_record_is_malformed(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "seed.json"
    write_record(path, record_of(Custody.KEYFILE, "a", SecretBytes(b"s" * 32)))
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(Malformed):
        read_record(path)


@pytest.mark.parametrize("content", [b"", b"null", b"[[", b"\xff\xfe", b"[" * 9000, b'{"v": 1}', b"9" * 5000])
def test_bytes_that_are_no_record_are_malformed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "seed.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Malformed):
        read_record(path)


def test_a_record_of_wrong_ids_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        write_record(tmp_path / "seed.json", record_of(Custody.KEYFILE, "a", SecretBytes(b"s" * 32))._replace(vault=b"short"))
    assert list(tmp_path.iterdir()) == []
