"""Somebody between the command and a real server: passes everything on, and at one request kills the command, or swallows the answer."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.loopback import answering

_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Between:
    """`url` is where the command is sent; `asked` is what has come so far. `at` is the number, from 0, of the request that meets the fault."""

    def __init__(self, server: str) -> None:
        self.host, self.port = urlsplit(server).hostname, urlsplit(server).port
        self.asked: list[str] = []
        self.at, self.forwarded, self.victim = -1, False, 0
        self.url = ""

    def kill(self, pid: int, *, at: int, forwarded: bool) -> None:
        """Kill this process (and nothing else) at that request: before the server has it, or after the server has done it."""
        self.asked.clear()
        self.at, self.forwarded, self.victim = at, forwarded, pid

    def swallow(self, *, at: int, forwarded: bool) -> None:
        """Answer that request with a broken connection, whether or not the server had it."""
        self.asked.clear()
        self.at, self.forwarded, self.victim = at, forwarded, 0

    def leave_alone(self) -> None:
        self.asked.clear()
        self.at = -1

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        number = len(self.asked)
        self.asked.append(f"{request.command} {request.path}")
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        meets = number == self.at
        if meets and not self.forwarded:
            self._fault()
            return
        link = http.client.HTTPConnection(str(self.host), self.port, timeout=60)
        try:
            link.request(request.command, request.path, body, dict(request.headers))
            answer = link.getresponse()
            said = answer.read()
        finally:
            link.close()
        if meets:
            self._fault()
            return
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_PASSED_ON:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(said)))
        request.end_headers()
        request.wfile.write(said)

    def _fault(self) -> None:
        """The connection breaks without an answer."""
        if self.victim:
            os.kill(self.victim, signal.SIGKILL)


@contextmanager
def between(server: str) -> Iterator[Between]:
    """On a free port of this machine, for one server."""
    one = Between(server)
    with answering(one.handle) as one.url:
        yield one
