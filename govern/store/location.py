"""Where a SQLite vault must not lie: folders that another program synchronises, and file systems without trustworthy locks.

A synchroniser copies the database between two commits and puts old ones back, which to govern is a rollback attack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from govern.errors import Refused

_SYNCED: Final = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "icloud drive": "iCloud",
    "icloud~": "iCloud",
    "mobile documents": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "pcloud": "pCloud",
}
_NETWORK: Final = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "fuse.sshfs", "fuse.davfs", "fuse.rclone", "davfs", "ceph", "glusterfs"}


def synced_by(path: Path) -> str:
    """Name of the synchroniser that one of the path's folders belongs to, or nothing."""
    for part in path.absolute().parent.parts:
        low = part.casefold()
        for start, name in _SYNCED.items():
            if (
                low == start
                or low.startswith((f"{start} ", f"{start}-", f"{start}_", f"{start}("))
                or (start.endswith("~") and low.startswith(start))
            ):
                return name
    return ""


def network_file_system(path: Path, mounts: str) -> str:
    """Type of the network file system that holds the path, or nothing. `mounts` is the text of /proc/mounts."""
    found, longest = "", -1
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        if (path == Path(point) or Path(point) in path.parents) and len(point) > longest:
            found, longest = parts[2], len(point)
    return found if found in _NETWORK else ""


def check_location(path: Path) -> None:
    """Refuse (code `location`) a synchronised or network folder, with the way on."""
    hint = "keep the vault on a local disk: --vault FILE elsewhere, and copies of it where you like: govern vault backup"
    place = path.absolute()
    for candidate in {place, place.resolve()}:
        if name := synced_by(candidate):
            raise Refused(f"{path} lies in a folder that {name} synchronises", rule="location", code="location", hint=hint)
    mounts = Path("/proc/mounts")
    if mounts.exists() and (kind := network_file_system(place.resolve(), mounts.read_text(errors="replace"))):
        raise Refused(f"{path} lies on a network file system ({kind})", rule="location", code="location", hint=hint)
