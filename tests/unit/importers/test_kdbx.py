"""KeePass databases: keys, seeds, references, history, the bin, damage, and what a file may ask of us."""

from __future__ import annotations

import hashlib
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Failed, Locked, Malformed
from govern.importers import kdbx, kdbx_entries, kdbx_header
from govern.importers.login import Reading
from govern.vault.secret import Secret

pykeepass = pytest.importorskip("pykeepass")

Opening = Callable[..., Reading]
Written = Callable[..., Path]

ROUNDS = struct.pack("<BHQ", 6, 8, 6000)
"""The field of NewDatabase.kdbx that says how often its key is encrypted."""


def entry(
    title: str = "", username: str = "", password: str = "", *, uuid: str = "", at: str = "", history: str = "", **strings: str
) -> str:
    fields = {"Title": title, "UserName": username, "Password": password} | strings
    pairs = "".join(f"<String><Key>{key.replace('_', ' ')}</Key><Value>{value}</Value></String>" for key, value in fields.items())
    times = f"<Times><LastModificationTime>{at}</LastModificationTime></Times>"
    return f"<Entry><UUID>{uuid}</UUID>{times}{pairs}<History>{history}</History></Entry>"


def inside(entries: str, meta: str = "") -> Reading:
    root = ET.fromstring(  # noqa: S314
        f"<KeePassFile><Meta>{meta}</Meta><Root><Group><Name>Root</Name>{entries}</Group></Root></KeePassFile>"
    )
    return kdbx_entries.read(root, frozenset())


def seeds(reading: Reading) -> list[str]:
    return [seed.reveal() for login in reading.logins for seed in login.totp]


def word(reading: Reading, at: int = 0) -> str:
    password = reading.logins[at].password
    return password.reveal() if password else ""


def test_without_anything_to_open_it_the_file_is_locked_and_says_what_to_give(opening: Opening) -> None:
    with pytest.raises(Locked) as caught:
        opening("pykeepass/test4_chacha20.kdbx", passphrase=None, keyfile=None)
    assert "--passphrase-file" in caught.value.hint
    assert "--kdbx-keyfile" in caught.value.hint


@pytest.mark.parametrize("path", ["keepassxc/NewDatabase.kdbx", "keepassxc/Format400.kdbx"])
@pytest.mark.parametrize("wrong", ["wrong", "", "\ud800"])
def test_a_wrong_passphrase_is_locked(opening: Opening, path: str, wrong: str) -> None:
    with pytest.raises(Locked, match="does not open"):
        opening(path, passphrase=lambda: Secret(wrong))


def test_the_key_file_is_needed_where_there_is_one(opening: Opening, samples: Path, written: Written) -> None:
    path = "pykeepass/test4_chacha20.kdbx"
    assert len(opening(path).logins) == 2
    with pytest.raises(Locked):
        opening(path, keyfile=None)
    with pytest.raises(Locked):
        opening(path, keyfile=written((samples / "pykeepass/test4.key").read_bytes()[::-1]))


@pytest.fixture
def made(samples: Path, tmp_path: Path) -> Any:
    """An empty database of little cost, to fill and save; its passphrase is "t"."""
    path = tmp_path / "made.kdbx"
    path.write_bytes((samples / "keepassxc/Format400.kdbx").read_bytes())
    found = pykeepass.PyKeePass(str(path), password="t")
    for each in found.entries:
        found.delete_entry(each)
    return found


def test_a_database_with_a_key_file_alone_opens_without_a_question_and_with_an_empty_answer(made: Any, written: Written) -> None:
    key = written(b"anything may be a key file", "key")
    for password in (None, ""):
        made.add_entry(made.root_group, f"title {password}", "u", "secret")
        made.password, made.keyfile = password, str(key)
        made.save()
        for passphrase in (None, lambda: Secret("")):
            assert word(kdbx.read(Path(made.filename).read_bytes(), passphrase, key.read_bytes())) == "secret"
        with pytest.raises(Locked):
            kdbx.read(Path(made.filename).read_bytes(), None, b"another")


def test_aes_kdf_gives_what_encrypting_round_by_round_gives() -> None:
    from pykeepass.kdbx_parsing.common import aes_kdf

    key, seed = hashlib.sha256(b"key").digest(), hashlib.sha256(b"seed").digest()
    for rounds in (1, 2, 100, 65_537):
        assert kdbx._stretched(key, seed, rounds) == aes_kdf(seed, rounds, key)


def test_a_file_can_not_ask_for_hours(samples: Path, opening: Opening, written: Written) -> None:
    data = (samples / "keepassxc/NewDatabase.kdbx").read_bytes()
    assert data.count(ROUNDS) == 1
    with pytest.raises(Failed, match="rounds of AES-KDF"):
        opening("keepassxc/NewDatabase.kdbx", written(data.replace(ROUNDS, struct.pack("<BHQ", 6, 8, 1 << 40))))


@pytest.mark.parametrize(("name", "value"), [(b"M", 1 << 45), (b"I", 1 << 40), (b"P", 1 << 20)])
def test_a_file_can_not_ask_for_all_memory(samples: Path, opening: Opening, written: Written, name: bytes, value: int) -> None:
    data = (samples / "keepassxc/Format400.kdbx").read_bytes()
    header = kdbx_header.parse(data).raw
    at = header.index(struct.pack("<I", 1) + name) + 5
    size = struct.unpack_from("<I", header, at)[0]
    greedy = header[: at + 4] + value.to_bytes(8, "little")[:size].ljust(size, b"\0") + header[at + 4 + size :]
    if value >= 1 << 8 * size:
        greedy = header[: at + 4] + b"\xff" * size + header[at + 4 + size :]
    whole = greedy + hashlib.sha256(greedy).digest() + data[len(header) + 32 :]
    with pytest.raises(Failed, match="of Argon2"):
        opening("keepassxc/Format400.kdbx", written(whole))


def test_an_altered_header_of_kdbx_4_is_found_before_anything_is_derived(samples: Path) -> None:
    data = bytearray((samples / "keepassxc/Format400.kdbx").read_bytes())
    end = len(kdbx_header.parse(bytes(data)).raw)
    for at in range(12, end):
        data[at] ^= 1
        with pytest.raises(Malformed):
            kdbx_header.parse(bytes(data))
        data[at] ^= 1
    assert kdbx_header.parse(bytes(data)).major == 4


def altered_stream_key(samples: Path) -> bytes:
    """A KDBX 3 whose header names another key for the protected values: it opens, and every password in it is another one."""
    data = (samples / "keepassxc/NewDatabase.kdbx").read_bytes()
    at = data.index(struct.pack("<BH", 8, 32)) + 3
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_an_altered_header_of_kdbx_3_is_found_though_the_database_opens(samples: Path, opening: Opening, written: Written) -> None:
    path = written(altered_stream_key(samples))
    control = pykeepass.PyKeePass(str(path), password="a")
    assert control.find_entries(title="Sample Entry", first=True).password != "Password"
    with pytest.raises(Malformed, match="altered"):
        opening("keepassxc/NewDatabase.kdbx", path)


def test_a_protected_value_that_can_not_be_decrypted_costs_its_entry(
    samples: Path, opening: Opening, written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kdbx, "_check_header", lambda root, header: None)
    reading = opening("keepassxc/NewDatabase.kdbx", written(altered_stream_key(samples)))
    assert [skipped.reason for skipped in reading.skipped] == ["a protected field of it can't be decrypted"] * 2
    assert capsys.readouterr() == ("", "")


def test_a_database_that_unpacks_to_too_much_is_refused(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "keepassxc/Format400.kdbx"
    assert opening(path).logins
    monkeypatch.setattr(kdbx, "MOST_INSIDE", 100)
    with pytest.raises(Malformed, match="MiB inside"):
        opening(path)


def test_what_is_no_kdbx_is_refused_with_what_it_is(samples: Path) -> None:
    data = (samples / "keepassxc/Format400.kdbx").read_bytes()
    with pytest.raises(Malformed, match="no KDBX"):
        kdbx.read(b"anything else", None, None)
    with pytest.raises(Malformed, match="KeePass 1") as caught:
        kdbx.read(kdbx_header.SIGNATURE_KDB + data[8:], None, None)
    assert "KDBX 4" in caught.value.hint
    with pytest.raises(Malformed, match="version 9"):
        kdbx.read(data[:10] + b"\x09\x00" + data[12:], None, None)


def test_what_lies_in_the_recycle_bin_is_left_out(made: Any) -> None:
    made.add_entry(made.root_group, "kept", "u", "secret")
    made.trash_entry(made.add_entry(made.root_group, "thrown away", "u", "secret"))
    made.save()
    reading = kdbx.read(Path(made.filename).read_bytes(), lambda: Secret("t"), None)
    assert [login.title for login in reading.logins] == ["kept"]
    assert [skipped.reason for skipped in reading.skipped] == ["it lies in the recycle bin"]


@pytest.mark.parametrize(
    ("strings", "expected"),
    [
        ({"otp": "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"}, "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"),
        ({"otp": "key=JBSWY3DPEHPK3PXP&amp;step=60&amp;size=8"}, "otpauth://totp/T:U?secret=JBSWY3DPEHPK3PXP&period=60&digits=8&algorithm=SHA1"),
        (
            {"TOTP_Seed": "JBSW Y3DP EHPK 3PXP", "TOTP_Settings": "60;8"},
            "otpauth://totp/T:U?secret=JBSWY3DPEHPK3PXP&period=60&digits=8&algorithm=SHA1",
        ),
        ({"TOTP_Seed": "JBSWY3DPEHPK3PXP"}, "otpauth://totp/T:U?secret=JBSWY3DPEHPK3PXP&period=30&digits=6&algorithm=SHA1"),
        ({"TOTP_Seed": "JBSWY3DPEHPK3PXP", "TOTP_Settings": "30;S"}, "steam://JBSWY3DPEHPK3PXP"),
        (
            {"TimeOtp-Secret-Base32": "JBSWY3DPEHPK3PXP", "TimeOtp-Length": "8", "TimeOtp-Algorithm": "HMAC-SHA-256"},
            "otpauth://totp/T:U?secret=JBSWY3DPEHPK3PXP&period=30&digits=8&algorithm=SHA256",
        ),
        (
            {"TimeOtp-Secret-Hex": "48656c6c6f21deadbeef", "TimeOtp-Period": "15"},
            "otpauth://totp/T:U?secret=JBSWY3DPEHPK3PXP&period=15&digits=6&algorithm=SHA1",
        ),
        ({"TimeOtp-Secret-Base64": "SGVsbG8h3q2+7w=="}, "otpauth://totp/T:U?secret=JBSWY3DPEHPK3PXP&period=30&digits=6&algorithm=SHA1"),
        ({"TimeOtp-Secret": "12345678901234567890"}, "otpauth://totp/T:U?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=30&digits=6&algorithm=SHA1"),
    ],
)  # fmt: skip
def test_a_seed_is_found_wherever_keepass_and_its_plug_ins_keep_it(strings: dict[str, str], expected: str) -> None:
    reading = inside(entry("T", "U", **strings))
    assert seeds(reading) == [expected]
    assert not any("not taken" in warning for warning in reading.warnings)


def test_several_seeds_of_one_entry_are_kept_and_counter_based_ones_are_named() -> None:
    reading = inside(
        entry("T", "U", otp="otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", TOTP_Seed="KRSXG5CTMVRXEZLU", **{"HmacOtp-Secret": "hidden value"})
    )
    assert len(seeds(reading)) == 2
    assert any("HOTP" in warning for warning in reading.warnings)
    assert not any("hidden" in warning for warning in reading.warnings)


def test_a_seed_that_is_not_of_its_encoding_is_left_out_and_named() -> None:
    reading = inside(entry("T", "U", **{"TimeOtp-Secret-Hex": "not hexadecimal"}))
    assert seeds(reading) == []
    assert any("left out" in warning for warning in reading.warnings)


ID = "AAECAwQFBgcICQoLDA0ODw=="
HEX = "000102030405060708090A0B0C0D0E0F"


def test_references_by_id_and_by_field_are_resolved_through_several_entries() -> None:
    reading = inside(
        entry("a", "anna", "secret of a", uuid=ID)
        + entry("b", "{REF:U@T:a}", "{REF:P@I:" + HEX + "}!")
        + entry("c", "{ref:u@t:B}", "<{REF:P@T:b}>".replace("<", "").replace(">", ""))
    )
    assert [(login.username, login.password) for login in reading.logins] == [
        ("anna", Secret("secret of a")),
        ("anna", Secret("secret of a!")),
        ("anna", Secret("secret of a!")),
    ]


def test_a_reference_in_a_circle_or_to_nothing_leaves_the_field_empty_and_is_named() -> None:
    fan = "".join(entry(f"f{level}", "u", f"{{REF:P@T:f{level + 1}}}" * 40) for level in range(12))
    reading = inside(
        entry("a", "u", "{REF:P@T:b}")
        + entry("b", "u", "{REF:P@T:a}")
        + entry("c", "u", "{REF:P@T:gone}")
        + fan
        + entry("f12", "u", "x" * 999)
    )
    assert [login.password for login in reading.logins[:3]] == [None, None, None]
    assert sum("leads nowhere" in warning for warning in reading.warnings) >= 3
    assert len(reading.logins) + len(reading.skipped) == 3 + 13


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], None),
        ([("new", "2024-01-01T00:00:00Z")], None),
        ([("old", "2024-01-01T00:00:00Z")], "2026-01-01T00:00:00Z"),
        ([("old", "2024-01-01T00:00:00Z"), ("new", "2025-01-01T00:00:00Z")], "2025-01-01T00:00:00Z"),
        ([("new", "2025-01-01T00:00:00Z"), ("old", "2024-01-01T00:00:00Z")], "2025-01-01T00:00:00Z"),
        ([("new", "2023-01-01T00:00:00Z"), ("old", "2024-01-01T00:00:00Z"), ("new", "2025-01-01T00:00:00Z")], "2025-01-01T00:00:00Z"),
        ([("old", "")], "2026-01-01T00:00:00Z"),
    ],
)
def test_a_password_was_changed_when_the_first_version_with_it_was_made(history: list[tuple[str, str]], expected: str | None) -> None:
    earlier = "".join(entry("t", "u", password, at=at) for password, at in history)
    assert inside(entry("t", "u", "new", at="2026-01-01T00:00:00Z", history=earlier)).logins[0].password_changed == expected


def test_earlier_versions_are_no_entries_of_their_own() -> None:
    assert len(inside(entry("t", "u", "p", history=entry("t", "u", "old") * 5)).logins) == 1


def test_further_addresses_and_fields() -> None:
    reading = inside(entry("t", "u", "p", URL="https://x.com", KP2A_URL_1="https://twitter.com".replace("_", " ")))
    assert reading.logins[0].urls == ("https://x.com",)
    reading = inside(entry("t", "u", "p", URL="https://x.com", **{"KP2A-URL": "x", "pin": "1234"}))
    assert any("not taken from t" in warning for warning in reading.warnings)
    assert not any("1234" in warning for warning in reading.warnings)


def test_a_database_without_groups_is_malformed() -> None:
    with pytest.raises(Malformed, match="without groups"):
        kdbx_entries.read(ET.Element("KeePassFile"), frozenset())
