"""Synapse, a Matrix server: installed from PyPI into a venv of its own, run on loopback without federation."""

from __future__ import annotations

import json
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.platforms.running import answers, free_port, once, run, server

VERSION = "1.163.2"


def _install(folder: Path) -> None:
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", f"matrix-synapse=={VERSION}")


def python() -> Path:
    return once("synapse", VERSION, _install) / "bin" / "python"


class Synapse:
    """A running server. `url` is its address; accounts are made with the registration secret, which only tests have."""

    def __init__(self, url: str, folder: Path, secret: str) -> None:
        self.url, self.folder, self.secret = url, folder, secret

    def register(self, name: str, password: str, *, admin: bool = False) -> None:
        command = python().with_name("register_new_matrix_user")
        run(command, "-u", name, "-p", password, "--admin" if admin else "--no-admin", "-k", self.secret, self.url)

    def ask(self, method: str, path: str, value: Any = None, *, by: str = "") -> tuple[int, dict[str, Any]]:
        """What a client would ask: status and answer. Apart from our own HTTP, on purpose."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {by}"} if by else {})
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)  # noqa: S310  loopback
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def login(self, name: str, password: str) -> tuple[int, str]:
        """Status, and the api-token of the new session."""
        identifier = {"type": "m.id.user", "user": name}
        body = {"type": "m.login.password", "identifier": identifier, "password": password}
        status, said = self.ask("POST", "/_matrix/client/v3/login", body)
        return status, said.get("access_token", "")

    def whoami(self, api_token: str) -> int:
        return self.ask("GET", "/_matrix/client/v3/account/whoami", by=api_token)[0]

    def device(self, api_token: str) -> str:
        """Which of them this session is."""
        return str(self.ask("GET", "/_matrix/client/v3/account/whoami", by=api_token)[1]["device_id"])

    def devices(self, api_token: str) -> list[str]:
        return [one["device_id"] for one in self.ask("GET", "/_matrix/client/v3/devices", by=api_token)[1]["devices"]]


def _limits(per_second: float, burst: int) -> dict[str, Any]:
    return {"per_second": per_second, "burst_count": burst}


@contextmanager
def running(folder: Path, *, patient: bool = True) -> Iterator[Synapse]:
    """A server with an empty database in `folder`. `patient`: it takes many logins; else as few as a real one does."""
    port, secret = free_port(), secrets.token_hex(16)
    folder.mkdir(parents=True, exist_ok=True)
    many = _limits(1000, 1000)
    config = {
        "server_name": "localhost", "pid_file": str(folder / "pid"), "report_stats": False,
        "listeners": [
            {"bind_addresses": ["127.0.0.1"], "port": port, "type": "http", "tls": False, "resources": [{"names": ["client"], "compress": False}]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"), "signing_key_path": str(folder / "signing.key"),
        "registration_shared_secret": secret, "macaroon_secret_key": secrets.token_hex(16), "form_secret": secrets.token_hex(16),
        "trusted_key_servers": [], "federation_domain_whitelist": [], "bcrypt_rounds": 4,
        **({"rc_login": {"address": many, "account": many, "failed_attempts": many}} if patient else {}),
    }  # fmt: skip
    (folder / "homeserver.yaml").write_text(json.dumps(config))
    words = [python(), "-m", "synapse.app.homeserver", "--config-path", folder / "homeserver.yaml"]
    run(*words, "--generate-keys", cwd=folder)
    url = f"http://127.0.0.1:{port}"
    with server(words, cwd=folder, ready=lambda: answers(f"{url}/_matrix/client/versions")):
        yield Synapse(url, folder, secret)
