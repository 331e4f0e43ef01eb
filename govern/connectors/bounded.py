"""Connections of urllib3 on which no single wait outlasts what is left of the whole exchange.

A timeout of a socket begins anew with every byte that comes, so a server that sends one byte a minute would hold a command for hours. Here each
wait is given what is left. Knows sockets; knows no request and no answer. Imports urllib3, so it is itself imported on the first question.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool

    _Socket = socket.socket
else:
    _Socket = object


class _Bounded(_Socket):
    """What both kinds of socket have in common. `left`: seconds until the end of the exchange, set once it is connected; raises TimeoutError
    at the end."""

    left: Callable[[], float] | None = None

    def _wait(self) -> None:
        if self.left is not None:
            self.settimeout(self.left())

    def recv_into(self, *args: Any, **more: Any) -> int:
        self._wait()
        return super().recv_into(*args, **more)

    def send(self, *args: Any, **more: Any) -> int:
        self._wait()
        return super().send(*args, **more)

    def sendall(self, *args: Any, **more: Any) -> None:
        self._wait()
        super().sendall(*args, **more)


class _Plain(_Bounded, socket.socket):
    pass


class _Tls(_Bounded, ssl.SSLSocket):
    pass


def bound(pool: HTTPConnectionPool, left: Callable[[], float], *, connect: float) -> None:
    """Have every connection of a pool wait no longer than `left()` seconds, and `connect` seconds for each address of its host and for TLS."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, left, connect)

    class Tls(HTTPSConnection):
        sockets: ClassVar[type[ssl.SSLSocket]] = _Tls

        def _new_conn(self) -> socket.socket:
            return _connected(self, left, connect)

        def connect(self) -> None:
            assert self.ssl_context is not None  # noqa: S101  the pool was made with one
            self.ssl_context.sslsocket_class = self.sockets
            super().connect()
            if isinstance(self.sock, _Tls):
                self.sock.left = left

    pool.ConnectionCls = Tls if pool.scheme == "https" else Plain


def _connected(asks: HTTPConnection, left: Callable[[], float], longest: float) -> socket.socket:
    """A socket to the first address of the host that answers. Raises what urllib3 raises itself."""
    try:
        found = socket.getaddrinfo(asks.host, asks.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(asks.host, asks, error if isinstance(error, socket.gaierror) else socket.gaierror()) from error
    for family, kind, protocol, _, where in found:
        try:
            wait = min(longest, left())
        except TimeoutError as error:
            raise ConnectTimeoutError(asks, "no address answers in time") from error
        one = _Plain(family, kind, protocol)
        try:
            one.settimeout(wait)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.connect(where)
        except OSError:
            one.close()
        else:
            one.left = left
            return one
    raise NewConnectionError(asks, "no address can be reached")
