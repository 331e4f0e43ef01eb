"""Asking one server over HTTP, and nothing else: no other host, no redirect, no proxy, no endless answer, no secret in an error.

TLS is always verified, against the system's certificates (`SSL_CERT_FILE` adds to them what a company signs itself). Knows bytes and status
codes; knows no platform. urllib3 does the work and is imported on the first question.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from govern import __version__
from govern.connectors.address import Address
from govern.errors import Failed
from govern.tls import verified

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import HTTPConnectionPool

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
"""From the question to the last byte of the answer, whatever comes in between."""
LARGEST: Final = 1_048_576
"""Bytes of an answer."""
LONGEST_WAIT: Final = 86_400
"""Seconds that we believe a server which asks us to wait."""


class Unreachable(Failed):
    """No answer, or none that can be used. What was asked may have been done all the same."""

    code = "unreachable"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Shows itself without its body: that may hold a secret."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)

    def record(self) -> dict[str, Any]:
        """The JSON object that it is; empty for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def records(self) -> list[dict[str, Any]]:
        """The list of JSON objects that it is; empty for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return []
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    @property
    def retry_after(self) -> int:
        """Seconds that the server asks us to wait; 0 where it names none, or a date."""
        value = self.headers.get("retry-after", "")
        return min(int(value), LONGEST_WAIT) if value.isascii() and value.isdecimal() and len(value) < 10 else 0

    @property
    def is_silence(self) -> bool:
        """Whether it says nothing about what was asked: too many attempts, a server in trouble, a redirect to somewhere else."""
        return self.status in (408, 425, 429) or self.status >= 500 or 300 <= self.status < 400


class Http:
    """One server. `monotonic` tells seconds that never go back."""

    def __init__(self, address: Address, monotonic: Callable[[], float]) -> None:
        self.address = address
        self._monotonic = monotonic
        self._pool: HTTPConnectionPool | None = None
        self._deadline = 0.0

    def ask(
        self,
        method: str,
        path: str,
        *,
        value: Any = None,
        form: Mapping[str, str] | None = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask for `path` (which begins with `/` and holds no secret), with a JSON `value`, a `form`, an XML `text` or nothing.

        Any status is an answer. Raises Unreachable for no answer, one that takes too long, or one that is too large.
        """
        sent = {"User-Agent": f"govern/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        body = None
        if value is not None:
            body, sent["Content-Type"] = json.dumps(value).encode(), "application/json"
        elif form is not None:
            body, sent["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif text is not None:
            body, sent["Content-Type"] = text.encode(), "text/xml; charset=utf-8"
        pool = self._opened()
        self._deadline = self._monotonic() + ANSWER_SECONDS
        from urllib3.exceptions import HTTPError

        try:
            answer = pool.urlopen(
                method, self.address.path + path, body=body, headers=sent, redirect=False, retries=False, assert_same_host=False,
                preload_content=False, decode_content=False,
            )  # fmt: skip
            try:
                return Reply(answer.status, {name.lower(): text for name, text in answer.headers.items()}, self._read(answer))
            finally:
                answer.close()
        except (HTTPError, OSError, ValueError) as error:
            reason = _reason(error)
        raise Unreachable(f"{self.address} {reason}", hint="try again later: govern rotation reconcile")

    def _left(self) -> float:
        """Seconds until this exchange has taken too long. Raises TimeoutError at its end."""
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _read(self, answer: BaseHTTPResponse) -> bytes:
        """All of it, bounded in size and in time: a server that sends one byte a minute is none."""
        found = bytearray()
        while True:
            part = answer.read1(65_536)
            if not part:
                return bytes(found)
            found += part
            if len(found) > LARGEST:
                raise ValueError("answers without end")
            self._left()

    def close(self) -> None:
        """End the connection; the next question opens another."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _opened(self) -> HTTPConnectionPool:
        if self._pool is None:
            try:
                import urllib3

                from govern.connectors.bounded import bound
            except ModuleNotFoundError:
                raise Failed(
                    "urllib3 is not installed, without which no connector works",
                    hint="in the folder of its source: pip install '.[connectors]'",
                ) from None
            timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS)
            _, host, port, _ = self.address
            if self.address.scheme == "https":
                self._pool = urllib3.HTTPSConnectionPool(
                    host, port, timeout=timeout, maxsize=1, ssl_context=verified(), cert_reqs="CERT_REQUIRED"
                )
            else:
                self._pool = urllib3.HTTPConnectionPool(host, port, timeout=timeout, maxsize=1)
            bound(self._pool, self._left, connect=CONNECT_SECONDS)
        return self._pool


def _reason(error: Exception) -> str:
    """Why, in words of our own: what the library says may quote what was sent."""
    from urllib3 import exceptions as of

    match error:
        case of.SSLError() | ssl.SSLError():
            return "has a certificate that can't be trusted, or speaks no TLS that is safe"
        case of.ConnectTimeoutError() | of.NewConnectionError() | of.NameResolutionError():
            return "can't be reached"
        case of.TimeoutError() | TimeoutError():
            return "does not answer in time"
        case ValueError() if str(error) == "answers without end":
            return str(error)
        case _:
            return "broke off"
