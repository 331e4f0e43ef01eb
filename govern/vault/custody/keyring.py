"""The seed in the keyring of the desktop: only back ends that we know, written, read back and compared. Never any other.

Knows the `keyring` package's classes. Its own choice isn't used: that one follows environment, settings and whatever is installed, and a
null back end says yes and keeps nothing.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

from govern.errors import Locked, Refused
from govern.vault.custody.keyfile import parse_line, seed_line
from govern.vault.secret import SecretBytes

SERVICE: Final = "govern"

ALLOWED: Final = {
    ("keyring.backends.SecretService", "Keyring"): "Secret Service",
    ("keyring.backends.kwallet", "DBusKeyring"): "KWallet",
    ("keyring.backends.macOS", "Keyring"): "macOS",
    ("keyring.backends.Windows", "WinVaultKeyring"): "Windows",
}
"""Classes, by module and name, that keep a secret under the login of the desktop. What is installed beside them is not looked at."""

_CHAINER = ("keyring.backends.chainer", "ChainerBackend")


def find_backend() -> Any | None:
    """An allow-listed back end that works here, or None. Looks for no plug-ins and reads no settings of the keyring package."""
    best: tuple[float, Any] | None = None
    for module, name in ALLOWED:
        try:
            kind = getattr(importlib.import_module(module), name)
            priority = float(kind.priority)
            if best is None or priority > best[0]:
                best = priority, kind()
        except Exception:  # noqa: S112 - a back end of another system fails in its own way; it just isn't one of ours then
            continue
    return best[1] if best else None


def allowed(backend: Any) -> Any:
    """The back end itself, or the first known one inside a chain; raises Locked for null, fail, plaintext and all others."""
    inner = list(getattr(backend, "backends", ())) if _name(backend) == _CHAINER else [backend]
    for one in inner:
        if _name(one) in ALLOWED:
            return one
    raise Locked(
        f"the keyring {'.'.join(_name(backend))} is not one that keeps secrets safe",
        code="keyring",
        hint="use a key file (--key-file F) or a passphrase on a terminal",
    )


def write(backend: Any, entry: str, seed: SecretBytes) -> None:
    """Store the seed under `entry` and read it back. Raises Refused (code `exists`), Locked (refused, or gave back something else)."""
    backend = allowed(backend)
    if _ask(backend, "get_password", entry) is not None:
        raise Refused(f"the keyring holds an entry {entry} already", code="exists")
    _ask(backend, "set_password", entry, seed_line(seed).reveal())
    if _seed(_ask(backend, "get_password", entry)) != seed:
        raise Locked(f"the keyring did not give back what was stored as {entry}", code="keyring", hint="use a key file (--key-file F)")


def read(backend: Any, entry: str) -> SecretBytes:
    """The seed stored under `entry`; raises Locked where the keyring has none or refuses."""
    seed = _seed(_ask(allowed(backend), "get_password", entry))
    if seed is None:
        raise Locked(f"the keyring holds no seed {entry}", code="keyring", hint="unlock the keyring, or enrol this machine anew")
    return seed


def _seed(value: Any) -> SecretBytes | None:
    return parse_line(value.encode("utf-8", "replace")) if isinstance(value, str) else None


def _ask(backend: Any, method: str, *arguments: str) -> Any:
    try:
        return getattr(backend, method)(SERVICE, *arguments)
    except Exception as error:  # back ends raise what their desktop raises
        reason = type(error).__name__
    raise Locked(f"the keyring refused ({reason})", code="keyring", hint="unlock it, or use a key file (--key-file F)")


def _name(backend: Any) -> tuple[str, str]:
    return type(backend).__module__, type(backend).__qualname__
