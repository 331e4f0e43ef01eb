"""Where a vault must not lie: folders that another program synchronises, file systems without trustworthy locks, and behind a network
that is not encrypted.

A synchroniser copies the database between two commits and puts old ones back, which to govern is a rollback attack. What the store
sees (sizes, times, key ids) is nobody else's business, and a password least of all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from govern.errors import Refused
from govern.store.address import Location, Server

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
_ENCRYPTED: Final = {"require", "verify-ca", "verify-full"}
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


def check_location(location: Location) -> None:
    """Refuse (code `location`) a synchronised or network folder, and a server that would be reached in the clear, with the way on."""
    if isinstance(location, Server):
        _check_encrypted(location)
    else:
        _check_folder(location)


def _check_encrypted(server: Server) -> None:
    mode = server.options.get("sslmode", "verify-full")
    if not server.is_local and mode not in _ENCRYPTED:
        raise Refused(
            f"sslmode={mode[:20]} lets the connection to {', '.join(server.hosts)} fall back to plain text", rule="tls", control="SC-8",
            code="location", hint="leave sslmode away (verify-full is taken), and name the CA's certificate: sslrootcert=FILE",
        )  # fmt: skip


def _check_folder(path: Path) -> None:
    hint = (
        "keep the vault on a local disk: --vault FILE elsewhere, and copies of it where you like: govern vault backup; "
        "several machines share one on a PostgreSQL server: govern vault move"
    )
    place = path.absolute()
    for candidate in {place, place.resolve()}:
        if name := synced_by(candidate):
            raise Refused(f"{path} lies in a folder that {name} synchronises", rule="location", code="location", hint=hint)
    mounts = Path("/proc/mounts")
    if mounts.exists() and (kind := network_file_system(place.resolve(), mounts.read_text(errors="replace"))):
        raise Refused(f"{path} lies on a network file system ({kind})", rule="location", code="location", hint=hint)
