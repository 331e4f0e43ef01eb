"""Where a vault is, as somebody typed it: a SQLite file, or a database on a PostgreSQL server. Knows text; opens nothing.

An address never holds a password: it stands in `argv`, in the environment and in what is printed. libpq takes it from a pgpass file;
where it has none there, it is asked for on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from govern.errors import Usage

PGPASS_HINT: Final = (
    "put it into a pgpass file (host:port:database:name:password, mode 0600; ~/.pgpass or PGPASSFILE), or type it when govern asks"
)
_SCHEMES: Final = ("postgresql", "postgresql+psycopg")
_SECRET: Final = ("password", "sslpassword")
_EXAMPLE: Final = "for example postgresql://db.example.org/vault?sslmode=verify-full"


class Server:
    """A database on a PostgreSQL server. `url` is `postgresql://…` without a password; `ask` gets one typed, where somebody is there."""

    __slots__ = ("ask", "url")  # no dataclass: a command that only reads a file need not load them

    def __init__(self, url: str, ask: Callable[[str], str] | None = None) -> None:
        self.url, self.ask = url, ask

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Server) and self.url == other.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    def __str__(self) -> str:
        return self.url

    @property
    def options(self) -> dict[str, str]:
        """The URL's query, which is handed to libpq: sslmode, sslrootcert, connect_timeout, …"""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that the URL names, without ports; none for the default socket."""
        parts = urlsplit(self.url)
        named = [value for key, value in parse_qsl(parts.query) if key in ("host", "hostaddr")]
        found = [_bare(one) for value in (parts.netloc.rpartition("@")[2], *named) for one in value.split(",")]
        return tuple(host for host in found if host)

    @property
    def is_local(self) -> bool:
        """Whether it can only be reached on this machine: by a socket, or by a loopback address."""
        return all(host.startswith(("/", "@")) or is_loopback(host) for host in self.hosts)


Location = Path | Server
"""A vault's SQLite file, or its database on a server."""


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _bare(host: str) -> str:
    """`db:5432` -> `db`, `[::1]:5432` -> `::1`, `%2Frun` -> `/run`."""
    host = unquote(host)
    if host.startswith("/"):
        return host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def typed(named: str, *, ask: Callable[[str], str] | None = None) -> Location:
    """A path, `sqlite:///FILE`, `postgresql://HOST/DB` or `postgresql+psycopg://HOST/DB`. Raises Usage, which never repeats a password."""
    scheme, separator, rest = named.partition("://")
    if not separator:
        return _file(named)
    if scheme.startswith("sqlite"):
        return _file(rest[1:] if rest.startswith("/") else rest)
    if scheme == "postgres":
        raise Usage("the address of a PostgreSQL vault starts with postgresql://", hint=_EXAMPLE)
    if scheme not in _SCHEMES:
        raise Usage(f"a vault is no {scheme[:40]!r} address", hint="name a SQLite file, or postgresql://HOST/DATABASE")
    try:
        parts = urlsplit(f"postgresql://{rest}")
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = dict(pairs)
        if len(query) < len(pairs):
            raise ValueError
    except ValueError:
        raise Usage("the address of the vault can't be read", hint=_EXAMPLE) from None
    _has_no_password(parts, query)
    if not (parts.path.strip("/") or query.get("dbname") or query.get("service")):
        raise Usage("the address of the vault names no database", hint=_EXAMPLE)
    return Server(f"postgresql://{rest}", ask)


def _has_no_password(parts: SplitResult, query: dict[str, str]) -> None:
    if ":" in parts.netloc.rpartition("@")[0] or any(key.casefold() in _SECRET for key in query):
        raise Usage("the address of the vault holds a password, where others on this machine can read it", hint=PGPASS_HINT)


def _file(named: str) -> Path:
    try:
        return Path(named).expanduser().absolute()
    except (RuntimeError, ValueError) as error:
        raise Usage(f"{named[:200]!r} is no path", hint="name a file or a folder") from error


def may_be_there(location: Location) -> bool:
    """False where there is surely no vault: no such file. Of a server only a connection can tell."""
    return location.is_file() if isinstance(location, Path) else True
