"""The host or the app that an address names, as a browser would read it; knows no platform.

Addresses come from files that other programs wrote: with or without scheme, in any case, with ports, user parts and app schemes. What a
browser would take to another place than it seems (`https://platform.example@evil.example`) is read as the browser reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://").match
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+\Z").match
_APP = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_-]+)+\Z").match
_WEB = ("http", "https")
_APPS = ("android", "androidapp", "iosapp", "ios-app", "android-app")
_LONGEST = 2048


def host_of(address: str) -> str | None:
    """Lower-case ASCII host (IDNA) of a web address or bare host; None for anything else: numbers, mail addresses, rubbish."""
    parts = _parts(address)
    if parts is None or parts[0] not in ("", *_WEB):
        return None
    scheme, authority, _path = parts
    _user, at, host = authority.rpartition("@")
    if at and not scheme:
        return None  # a mail address, not a place
    host, _colon, port = host.partition(":")
    if port and not port.isdecimal():
        return None
    host = _ascii(host.removesuffix("."))
    if len(host) > 253 or not _NAME(host) or host.rpartition(".")[2].isdecimal():
        return None
    return host


def path_of(address: str) -> str:
    """The path of a web address, from its first slash, without query; empty where there is none."""
    parts = _parts(address)
    return parts[2] if parts is not None and parts[0] in ("", *_WEB) else ""


def app_of(address: str) -> str | None:
    """The application id of `androidapp://id`, `android://certificate@id/` or `iosapp://id`; None for anything else."""
    parts = _parts(address)
    if parts is None or parts[0] not in _APPS:
        return None
    name = parts[1].rpartition("@")[2]
    return name if _APP(name) else None


def suffixes(host: str) -> Iterator[str]:
    """The host itself, then each domain around it, longest first: a.b.example, b.example, example."""
    while host:
        yield host
        host = host.partition(".")[2]


@lru_cache(maxsize=256)
def _parts(address: str) -> tuple[str, str, str] | None:
    """Scheme (lower case, may be empty), authority, path; None for what holds space or control characters or is far too long."""
    text = address.strip()
    if not text or len(text) > _LONGEST or " " in text or not text.isprintable():  # every other space is not printable either
        return None
    match = _SCHEME(text)
    scheme = match[1].lower() if match else ""
    rest = (text[match.end() :] if match else text.removeprefix("//")).replace("\\", "/")
    cut = min((place for place in map(rest.find, "/?#") if place >= 0), default=len(rest))
    path = rest[cut:] if rest[cut : cut + 1] == "/" else ""
    return scheme, rest[:cut], re.split(r"[?#]", path, maxsplit=1)[0]


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
