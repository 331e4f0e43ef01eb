"""Files: absent, unreadable, empty, too large, locked; options that don't go together."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from govern.errors import Failed, Locked, Malformed, NotFound, Usage
from govern.importers.login import Reading
from govern.importers.read import contents, read
from govern.vault.secret import Secret

Opening = Callable[..., Reading]
Written = Callable[..., Path]

CHROME = "name,url,username,password\nx,https://x.com,acme,correct horse\n"


def test_an_absent_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        read(tmp_path / "absent.csv")


@pytest.mark.parametrize("name", ["", "x\0y"])
def test_what_is_no_file_can_not_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(Failed, match="can't be read"):
        read(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its file system")
def test_a_pipe_is_refused_at_once(tmp_path: Path, written: Written) -> None:
    """Nobody writes into it: to open it would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Failed, match="not a regular file") as caught:
        read(tmp_path / "pipe")
    assert caught.value.hint
    assert len(read(written(CHROME)).logins) == 1, "control"


def test_an_empty_file_is_malformed(written: Written) -> None:
    with pytest.raises(Malformed, match="is empty"):
        read(written(""))


def test_a_file_beyond_the_bound_is_refused_unread(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(CHROME)
    assert len(read(path).logins) == 1
    monkeypatch.setattr("govern.importers.read.MOST_BYTES", len(CHROME) - 1)
    with pytest.raises(Malformed, match="larger than"):
        read(path)


def test_an_unknown_format_is_wrong_usage_and_the_known_ones_are_listed(written: Written) -> None:
    with pytest.raises(Usage, match="no format") as caught:
        read(written(CHROME), format="keeper")
    assert "bitwarden-json" in caught.value.hint


def test_a_map_and_a_key_file_go_with_their_formats_only(written: Written) -> None:
    path = written(CHROME)
    with pytest.raises(Usage, match="map"):
        read(path, format="chrome-csv", columns={"login": "username"})
    with pytest.raises(Usage, match="key file"):
        read(path, keyfile=path)
    with pytest.raises(Usage, match="no column"):
        read(path, columns={"colour": "username"})


def test_a_forced_format_that_the_file_has_not_says_what_it_looked_for(written: Written) -> None:
    with pytest.raises(Malformed, match="extra, grouping") as caught:
        read(written(CHROME), format="lastpass-csv")
    assert "--format" in caught.value.hint


def test_a_protected_export_without_or_with_the_wrong_passphrase_is_locked(samples: Path, opening: Opening) -> None:
    path = "keepassxc/bitwarden_encrypted_export.json"
    assert len(opening(path).logins) == 1
    with pytest.raises(Locked, match="protected by a password") as caught:
        opening(path, passphrase=None)
    assert "--passphrase-file" in caught.value.hint
    for wrong in ("b", "", "\ud800"):
        with pytest.raises(Locked):
            opening(path, passphrase=lambda wrong=wrong: Secret(wrong))


def test_an_altered_protected_export_is_told_apart_from_a_wrong_passphrase(samples: Path, opening: Opening, written: Written) -> None:
    document = json.loads((samples / "keepassxc/bitwarden_encrypted_export.json").read_text())
    start, sealed, mac = document["data"].split("|")
    document["data"] = "|".join([start, sealed[:-4] + "AAA=", mac])
    with pytest.raises(Malformed, match="altered"):
        opening("keepassxc/bitwarden_encrypted_export.json", written(json.dumps(document)))


def test_an_export_encrypted_for_one_account_says_how_to_export_again(written: Written) -> None:
    path = written(json.dumps({"encrypted": True, "encKeyValidation_DO_NOT_EDIT": "2.a|b|c", "folders": [], "items": []}))
    with pytest.raises(Locked, match="one Bitwarden account") as caught:
        read(path)
    assert "export again" in caught.value.hint


@pytest.mark.parametrize(
    "costs",
    [
        {"kdfIterations": 10**9},
        {"kdfIterations": 0},
        {"kdfIterations": True},
        {"kdfType": 1, "kdfIterations": 10**6, "kdfMemory": 64, "kdfParallelism": 4},
        {"kdfType": 1, "kdfIterations": 3, "kdfMemory": 10**9, "kdfParallelism": 4},
        {"kdfType": 1, "kdfIterations": 3, "kdfMemory": 64, "kdfParallelism": 10**9},
        {"kdfType": 1, "kdfIterations": 3, "kdfMemory": None, "kdfParallelism": None},
        {"kdfType": 2},
        {"kdfType": False},
    ],
)
def test_a_protected_export_can_not_ask_for_hours_or_all_memory(
    samples: Path, opening: Opening, written: Written, costs: dict[str, object]
) -> None:
    document = json.loads((samples / "keepassxc/bitwarden_encrypted_export.json").read_text())
    with pytest.raises(Malformed):
        opening("keepassxc/bitwarden_encrypted_export.json", written(json.dumps(document | costs)))


def test_an_export_protected_with_argon2id_is_read(written: Written) -> None:
    import base64
    import hashlib
    import hmac

    from cryptography.hazmat.primitives import hashes, padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    salt = "c2FsdCBvZiAxNiBieXRlcw=="
    root = Argon2id(salt=hashlib.sha256(salt.encode()).digest(), length=32, iterations=2, lanes=1, memory_cost=16 * 1024).derive(b"word")
    enc, mac = (HKDFExpand(algorithm=hashes.SHA256(), length=32, info=label).derive(root) for label in (b"enc", b"mac"))

    def sealed(plain: bytes) -> str:
        padder, start = padding.PKCS7(128).padder(), bytes(range(16))
        encryptor = Cipher(algorithms.AES(enc), modes.CBC(start)).encryptor()
        hidden = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
        parts = (start, hidden, hmac.digest(mac, start + hidden, "sha256"))
        return "2." + "|".join(base64.b64encode(part).decode() for part in parts)

    document = {
        "encrypted": True,
        "passwordProtected": True,
        "salt": salt,
        "kdfType": 1,
        "kdfIterations": 2,
        "kdfMemory": 16,
        "kdfParallelism": 1,
        "encKeyValidation_DO_NOT_EDIT": sealed(b"any text"),
        "data": sealed(json.dumps({"items": [{"type": 1, "name": "x", "login": {"password": "pw"}}]}).encode()),
    }
    path = written(json.dumps(document))
    reading = read(path, passphrase=lambda: Secret("word"))
    assert [login.password for login in reading.logins] == [Secret("pw")]
    with pytest.raises(Locked):
        read(path, passphrase=lambda: Secret("world"))


def test_a_file_that_is_not_locked_never_asks_for_a_passphrase(written: Written) -> None:
    def asked() -> Secret:
        raise AssertionError("asked")

    assert len(read(written(CHROME), passphrase=asked).logins) == 1


@pytest.mark.parametrize(
    ("module", "extra", "content"), [("pykeepass", "keepass", None), ("openpyxl", "xlsx", b"PK\x03\x04 xl/workbook.xml")]
)
def test_an_extra_that_is_not_installed_is_named(
    samples: Path, opening: Opening, written: Written, monkeypatch: pytest.MonkeyPatch, module: str, extra: str, content: bytes | None
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Failed, match="not installed") as caught:
        opening("keepassxc/Format400.kdbx") if content is None else read(written(content))
    assert f"pip install '.[{extra}]'" in caught.value.hint


def test_reading_a_csv_loads_nothing_heavy(written: Written) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from govern.importers.read import read; read(Path(sys.argv[1])); "
        "print([m for m in ('cryptography', 'pykeepass', 'openpyxl', 'lxml', 'pydantic', 'sqlalchemy', 'typer') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(written(CHROME))], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("most", "told"), [(2 << 20, "2 MiB"), (64 << 10, "64 KiB"), (100, "100 bytes"), ((1 << 20) + 1, "1048577 bytes")])
def test_how_large_a_file_may_be_is_told_in_a_unit_that_says_something(tmp_path: Path, most: int, told: str) -> None:
    (tmp_path / "big.csv").write_bytes(b"x" * (most + 1))
    with pytest.raises(Malformed, match=f"is larger than {told}$"):
        contents(tmp_path / "big.csv", most)
