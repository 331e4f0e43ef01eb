"""The platform in memory behind a socket of this machine, as a Matrix server or one of the AT Protocol: so far as the connectors ask for anything."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from govern.testing.platform import Platform, Wrong

from ...loopback import answering
from ...loopback import said as tell

_V3 = "/_matrix/client/v3"


@dataclass
class Served:
    """`asked`: the requests so far. `at`: the number, from 0, of the request that meets what is to happen: `victim` is killed, or the answer is lost;
    `forwarded`: when the platform has done it. `down`: so too every request behind it."""

    platform: Platform
    url: str = ""
    asked: list[str] = field(default_factory=list)
    at: int = -1
    forwarded: bool = False
    victim: int = 0
    down: bool = False

    def answer(self, method: str, path: str, value: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        platform = self.platform
        match method, path.removeprefix(_V3):
            case "GET", "/_matrix/client/versions":
                return 200, {"versions": ["v1.11"]}
            case "POST", "/login":
                if not platform.log_in("password", value["password"]):
                    return 403, {"errcode": "M_FORBIDDEN"}
                platform.sessions.add(value["device_id"])
                return 200, {"user_id": "@brand:acme", "access_token": value["device_id"], "device_id": value["device_id"]}
            case "POST", "/account/password" if "auth" not in value:
                return 401, {"flows": [{"stages": ["m.login.password"]}], "session": "1"}
            case "POST", "/account/password":
                kept = set(platform.sessions)
                try:
                    platform.change_password(value["auth"]["password"], value["new_password"])
                except Wrong:
                    return 401, {"errcode": "M_FORBIDDEN"}
                platform.sessions |= {name for name in kept if name.startswith("govern-")}
                return 200, {}
            case "GET", "/devices":
                return 200, {"devices": [{"device_id": name} for name in sorted(platform.sessions)]}
            case "POST", "/logout":
                platform.sessions = {name for name in platform.sessions if not name.startswith("govern-")}
                return 200, {}
            case _:
                return 404, {"errcode": "M_UNRECOGNIZED"}

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        number = len(self.asked)
        self.asked.append(f"{request.command} {request.path}")
        value = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)) or b"{}")
        meets = self.at >= 0 and (number == self.at or (self.down and number > self.at))
        if not meets or (self.forwarded and number == self.at):
            status, said = self.answer(request.command, request.path, value)
        if meets:
            if self.victim:
                os.kill(self.victim, signal.SIGKILL)
            return  # and the connection breaks without an answer
        tell(request, status, json.dumps(said).encode(), Content_Type="application/json")


class AtProto(Served):
    """The same as a server of the AT Protocol, which mails codes."""

    def answer(self, method: str, path: str, value: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        platform = self.platform
        match path.partition("?")[0].removeprefix("/xrpc/com.atproto."):
            case "server.describeServer":
                return 200, {"availableUserDomains": [".test"]}
            case "identity.resolveHandle":
                return 200, {"did": "did:plc:brand"}
            case "server.createSession" if value["password"] in platform.app_passwords.values():
                return 200, {"did": "did:plc:brand", "accessJwt": "a", "refreshJwt": "r"}
            case "server.createSession":
                if not platform.log_in("password", value["password"]):
                    return 401, {"error": "AuthenticationRequired"}
                return 200, {"did": "did:plc:brand", "accessJwt": "a", "refreshJwt": "r", "email": "brand@acme.example"}
            case "server.requestPasswordReset" if value["email"] == "brand@acme.example":
                platform.mail_code(platform.password)
                return 200, {}
            case "server.resetPassword":
                try:
                    platform.change_with_code(value["token"], value["password"])
                except Wrong:
                    return 400, {"error": "InvalidToken"}
                return 200, {}
            case "server.createAppPassword":
                return 200, {"password": platform.issue("app-password", value["name"])}
            case "server.revokeAppPassword":
                platform.revoke("app-password", value["name"])
                return 200, {}
            case "server.listAppPasswords":
                return 200, {"passwords": [{"name": name} for name in sorted(platform.app_passwords)]}
            case "server.deleteSession":
                return 200, {}
            case _:
                return 400, {"error": "InvalidRequest"}


@contextmanager
def served(platform: Platform, as_: type[Served] = Served) -> Iterator[Served]:
    """On a free port of this machine."""
    one = as_(platform)
    with answering(one.handle) as one.url:
        yield one
