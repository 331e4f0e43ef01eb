"""A private file is refused as soon as anybody else could have read or changed it; a new one is 0600 from its first byte."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import pytest

from govern.errors import Failed, Locked, Refused
from govern.vault.custody import keyfile
from govern.vault.custody.files import complaint, read_private, write_private
from govern.vault.secret import SecretBytes

SEED = SecretBytes(bytes(range(32)))
ME, STRANGER = 1000, 1001


def access_list(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
SYSTEMD = [(0x01, 4, NOBODY), (0x02, 4, ME), (0x04, 0, NOBODY), (0x10, 4, NOBODY), (0x20, 0, NOBODY)]
"""Owner root may read, so may the service's account, nobody else: what a service gets from LoadCredential."""


def test_a_key_file_is_one_line_with_mode_0600(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "key"
    keyfile.write(path, SEED)
    assert path.read_bytes() == b"GOVERN-SEED-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert keyfile.read(path) == SEED


def test_a_generous_umask_changes_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keyfile.write(tmp_path / "key", SEED)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("mine")
    with pytest.raises(Refused) as caught:
        keyfile.write(path, SEED)
    assert caught.value.code == "exists"
    assert path.read_text() == "mine"


def test_a_dangling_link_is_not_followed_to_write(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        keyfile.write(tmp_path / "key", SEED)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_file_open_to_others_is_refused_even_for_root_and_the_way_on_is_named(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    keyfile.write(path, SEED)
    path.chmod(mode)
    with pytest.raises(Locked) as caught:
        keyfile.read(path)
    assert caught.value.exit_code == 5
    assert f"chmod 600 {path}" in caught.value.hint
    path.chmod(0o600)
    assert keyfile.read(path) == SEED


def test_a_read_only_file_is_fine(tmp_path: Path) -> None:
    keyfile.write(tmp_path / "key", SEED)
    (tmp_path / "key").chmod(0o400)
    assert keyfile.read(tmp_path / "key") == SEED


def test_anothers_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could replace it at any time; shown by changing who we are, which needs no rights."""
    path = tmp_path / "key"
    keyfile.write(path, SEED)
    assert keyfile.read(path) == SEED
    monkeypatch.setattr("govern.vault.custody.files.complaint", lambda mode, owner, me, acl: complaint(mode, STRANGER, ME, acl))
    with pytest.raises(Locked, match="uid 1001"):
        keyfile.read(path)


@pytest.mark.parametrize(
    ("mode", "owner", "acl", "trusted"),
    [
        (0o600, ME, None, True),
        (0o400, ME, None, True),
        (0o400, 0, None, True),
        (0o600, STRANGER, None, False),
        (0o640, ME, None, False),
        (0o440, 0, None, False),
        (0o440, 0, access_list(*SYSTEMD), True),
        (0o440, STRANGER, access_list(*SYSTEMD), False),
        (0o440, 0, access_list(*SYSTEMD, (0x02, 4, STRANGER)), False),
        (0o440, 0, access_list(*SYSTEMD, (0x08, 4, 50)), False),
        (0o444, 0, access_list(*SYSTEMD[:-1], (0x20, 4, NOBODY)), False),
        (0o440, 0, access_list(*SYSTEMD[:2], (0x04, 4, NOBODY), *SYSTEMD[3:]), False),
        (0o440, 0, access_list(*SYSTEMD)[:-1], False),
        (0o440, 0, b"", False),
        (0o440, 0, b"\x03" + access_list(*SYSTEMD)[1:], False),
    ],
)
def test_who_may_have_read_it_decides(mode: int, owner: int, acl: bytes | None, trusted: bool) -> None:
    assert (complaint(stat.S_IFREG | mode, owner, ME, acl) == "") is trusted


def test_an_access_list_on_the_real_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "key"
    keyfile.write(path, SEED)
    readable_by_a_stranger = access_list((0x01, 6, NOBODY), (0x02, 4, STRANGER), (0x04, 0, NOBODY), (0x10, 4, NOBODY), (0x20, 0, NOBODY))
    try:
        os.setxattr(path, "system.posix_acl_access", readable_by_a_stranger)
    except (OSError, AttributeError):
        pytest.skip("this file system keeps no access lists")
    with pytest.raises(Locked, match="access list"):
        keyfile.read(path)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: os.mkfifo(path, 0o600)])
def test_what_is_no_file_is_locked_and_never_waited_for(tmp_path: Path, make: object) -> None:
    path = tmp_path / "key"
    make(path)  # type: ignore[operator]
    with pytest.raises(Locked):
        keyfile.read(path)


def test_impossible_paths_are_refused(tmp_path: Path) -> None:
    for path in (Path("nul\0byte"), tmp_path / ("x" * 5000), tmp_path / "file" / "below"):
        (tmp_path / "file").touch()
        with pytest.raises(Locked):
            read_private(path, "the key file")
        with pytest.raises(Failed):
            write_private(path, b"", "the key file")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"GOVERN-SEED-1 \n",
        b"GOVERN-SEED-2 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        b"GOVERN-SEED-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        b"GOVERN-SEED-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        b"GOVERN-SEED-1  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        b"GOVERN-SEED-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n",
        b"GOVERN-SEED-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nmore\n",
        b"GOVERN-SEED-1 \xff\xfe" + b"A" * 42 + b"\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"x" * 70_000,
    ],
)
def test_any_other_content_is_no_usable_key_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Locked) as caught:
        keyfile.read(path)
    assert caught.value.exit_code == 5
    assert "--key-file" in caught.value.hint
    assert "AAEC" not in str(caught.value)


def test_a_windows_line_end_is_read(tmp_path: Path) -> None:
    keyfile.write(tmp_path / "key", SEED)
    path = tmp_path / "key"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert keyfile.read(path) == SEED


def test_a_full_disk_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("govern.vault.custody.files.os.fsync", full)
    with pytest.raises(Failed, match="No space left"):
        keyfile.write(tmp_path / "key", SEED)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "record"
    write_private(path, b"old", "the record")

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("govern.vault.custody.files.os.replace", broken)
        with pytest.raises(Failed):
            write_private(path, b"new", "the record", replace=True)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("record", b"old")]
    write_private(path, b"new", "the record", replace=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
