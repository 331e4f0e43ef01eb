"""A vault never lies where another program puts old copies back, nor on a file system without trustworthy locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.errors import Refused
from govern.store.location import check_location, network_file_system, synced_by

MOUNTS = "/dev/vda / ext4 rw 0 0\nnas:/home /home nfs4 rw 0 0\n//nas/s /mnt/my\\040share cifs rw 0 0\n/dev/vdb /home/local ext4 rw 0 0\n"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Dropbox", "Dropbox"),
        ("Dropbox (Acme)", "Dropbox"),
        ("OneDrive - Acme", "OneDrive"),
        ("Library/Mobile Documents/com~apple~CloudDocs", "iCloud"),
        ("Google Drive", "Google Drive"),
        ("GoogleDrive-mia@acme.example", "Google Drive"),
        ("Nextcloud", "Nextcloud"),
        ("dropboxes", ""),
        ("work", ""),
    ],
)
def test_the_synchroniser_of_a_folder_is_known_by_its_name(tmp_path: Path, folder: str, name: str) -> None:
    assert synced_by(tmp_path / folder / "vault.db") == name


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/home/mia/vault.db", "nfs4"), ("/mnt/my share/vault.db", "cifs"), ("/home/local/vault.db", ""), ("/srv/vault.db", "")],
)
def test_the_file_system_is_that_of_the_longest_mount_point(path: str, kind: str) -> None:
    assert network_file_system(Path(path), MOUNTS) == kind


def test_a_link_into_a_synchronised_folder_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "plain").symlink_to(tmp_path / "Dropbox")
    with pytest.raises(Refused) as refused:
        check_location(tmp_path / "plain" / "vault.db")
    assert refused.value.hint
    check_location(tmp_path / "vault.db")  # control: beside it is allowed


def test_the_way_on_is_one_that_there_is(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    with pytest.raises(Refused) as caught:
        check_location(tmp_path / "Dropbox" / "vault.db")
    assert "--vault" in caught.value.hint
    assert "govern vault move" in caught.value.hint
