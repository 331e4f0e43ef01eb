"""The address of a server, as it stands in an account's url, and why one is refused: pure.

Secrets go to this address, so it says exactly one thing: https, or plain http on this very machine by number; a host; no name and password,
no question, no fragment.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

from govern.errors import Usage


class Address(NamedTuple):
    """Scheme `https` or `http`, host without brackets, port, and a path that is empty or begins with `/` and ends without."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def server(self) -> str:
        """Who gets what is sent there: scheme, host and, where it is not the usual one, port."""
        return str(self._replace(path=""))

    @property
    def named(self) -> str:
        """What a person types to name it: host, and port where it is not the usual one."""
        return self.server.partition("://")[2]

    def is_named(self, typed: str) -> bool:
        """Whether a person who typed this named this server, by all of it or without the scheme."""
        return typed.strip().rstrip("/").casefold() in (self.server, self.named)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{host}{'' if self.port == usual else f':{self.port}'}{self.path}"


def read(url: str, handle: str) -> Address:
    """The address in the url of an account. Raises Usage for none, and for one that no secret is sent to."""
    hint = f"govern account edit {handle} --url https://…"
    if not url:
        raise Usage(f"{handle} has no url, so there is no server to change it on", hint=hint)
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in " \\"):
        raise Usage(f"the url of {handle} has characters that no address has", hint=hint)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Usage(f"the url of {handle} is none", hint=hint) from None
    if parts.scheme not in ("https", "http") or not host:
        raise Usage(f"the url of {handle} names no web server", hint=hint)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Usage(f"the url of {handle} has more in it than a server's address", hint=hint)
    if parts.scheme == "http" and not is_loopback(host):
        raise Usage(f"the url of {handle} is not encrypted: secrets are only sent by https", hint=hint)
    return Address(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/"))


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by number: a name could be anybody's tomorrow."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
