"""Files that nobody else may read: written once with mode 0600, refused when anybody else could have read or replaced them.

Knows modes, owners and POSIX access lists; knows nothing of what the files hold.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from pathlib import Path
from typing import Final

from govern.errors import Failed, Locked, Malformed, Refused
from govern.shell import quoted

MAX_BYTES: Final = 65_536

_ACL = "system.posix_acl_access"
_ACL_SELF, _ACL_PERSON, _ACL_GROUP_OF_FILE, _ACL_GROUP, _ACL_MASK, _ACL_OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


def present(path: Path, what: str) -> bool:
    """Whether something lies there, readable or not; raises Locked for a path that nobody can look at."""
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        raise Locked(f"{what} can't be looked for at {path}") from None


def read_private(path: Path, what: str) -> bytes:
    """The bytes of a private file. `what` names it in messages ("the key file").

    Raises Locked where it is absent, no file, another's, or open to others (code `mode`); Malformed beyond 64 KiB.
    """
    descriptor = _open(path, what)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Locked(f"{what} {path} is not a file", code="mode")
        if hasattr(os, "geteuid"):  # Windows keeps no such bits; there the profile folder protects it
            reason = complaint(status.st_mode, status.st_uid, os.geteuid(), _access_list(descriptor))
            if reason:
                raise Locked(f"{what} {path} {reason}", code="mode", hint=f"make it yours alone: chmod 600 {quoted(path)}")
        content = os.read(descriptor, MAX_BYTES + 1)
    except OSError as error:
        raise Failed(f"{what} {path} can't be read: {error.strerror}", hint="name a file that you may read") from error
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise Malformed(f"{what} {path} is larger than any such file")
    return content


def _open(path: Path, what: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        reason = "is not there"
    except (OSError, ValueError) as error:
        reason = f"can't be opened: {getattr(error, 'strerror', None) or 'no such path'}"
    raise Locked(f"{what} {path} {reason}")


def complaint(mode: int, owner: int, me: int, access_list: bytes | None) -> str:
    """Why a file with this mode, owner (uid) and POSIX access list must not be trusted by `me`; empty when it may be.

    Root's files are trusted: root reads everything anyway. systemd hands credentials to a service as root's file with an access list
    for the service alone; its group bits are then the list's mask and say nothing of a group.
    """
    if owner not in (me, 0):
        return f"belongs to another account of this machine (uid {owner})"
    if access_list is not None:
        return "" if _only(me, access_list) else "can be read by others through an access list"
    if mode & 0o077:
        return f"can be read or changed by others (mode {stat.S_IMODE(mode):03o})"
    return ""


def _only(me: int, access_list: bytes) -> bool:
    """Whether the list (xattr `system.posix_acl_access`: version 2, then tag, permission, id) lets nobody in but its owner and `me`."""
    if len(access_list) % 8 != 4 or struct.unpack_from("<I", access_list)[0] != 2:
        return False
    for tag, permission, who in struct.iter_unpack("<HHI", access_list[4:]):
        if tag in (_ACL_SELF, _ACL_MASK) or permission == 0 or (tag == _ACL_PERSON and who == me):
            continue
        return False
    return True


def _access_list(descriptor: int) -> bytes | None:
    if not hasattr(os, "getxattr"):
        return None
    try:
        return os.getxattr(descriptor, _ACL)
    except OSError:
        return None


def write_private(path: Path, content: bytes, what: str, *, replace: bool = False) -> None:
    """Write with mode 0600 and bring it to the disk; the folder is made (0700) where absent.

    Raises Refused (code `exists`) where the file exists and is not to be replaced, Failed where the disk doesn't do its part; then no
    half-written file is left.
    """
    target = path.with_name(path.name + ".new") if replace else path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise Failed(
            f"the folder of {what} {path} can't be made: {getattr(error, 'strerror', None) or 'no such path'}",
            hint="name a path that you may write to",
        ) from error
    try:
        if replace:
            target.unlink(missing_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    except FileExistsError:
        raise Refused(f"{what} {path} exists already", code="exists", hint="name another place, or move it away first") from None
    except (OSError, ValueError) as error:
        raise Failed(
            f"{what} {path} can't be made: {getattr(error, 'strerror', None) or 'no such path'}", hint="name a path that you may write to"
        ) from error
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        if replace:
            os.replace(target, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(target)
        raise Failed(f"{what} {path} can't be written: {error.strerror}", hint="name a path that you may write to") from error


def _sync_folder(folder: Path) -> None:
    # As `register.durable.sync_folder`, and not it: the vault's ring stands below and knows no register.
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
