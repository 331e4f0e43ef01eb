"""A Bluesky PDS from npm, with a directory of identities in memory; both listen on loopback, which they have to be made to."""

from __future__ import annotations

import json
import re
import secrets
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.platforms.mailbox import Mailbox, mailbox
from tests.platforms.running import answers, free_port, once, run, server

VERSIONS = {"@atproto/pds": "0.4.217", "@did-plc/server": "0.0.1"}
_START = """
const net = require('net'), listen = net.Server.prototype.listen;  // both listen on every interface unless they are stopped
net.Server.prototype.listen = function (...given) {
  const then = given.slice(1).filter((one) => typeof one === 'function');
  if (/^\\d+$/.test(String(given[0]))) given = [{ port: Number(given[0]), host: '127.0.0.1' }, ...then];
  else if (given[0] && typeof given[0] === 'object' && 'port' in given[0]) given[0].host = '127.0.0.1';
  return listen.apply(this, given);
};
process.env.NODE_ENV = 'test';
const plc = require('@did-plc/server'), { PDS, envToCfg, envToSecrets, readEnv } = require('@atproto/pds');
(async () => {
  const directory = plc.PlcServer.create({ db: plc.Database.mock ? plc.Database.mock() : new plc.MockDatabase(), port: Number(process.env.PLC_PORT) });
  await directory.start();
  const env = readEnv();
  env.version = 'test';
  const pds = await PDS.create(envToCfg(env), envToSecrets(env));
  await pds.start();
  process.on('SIGTERM', async () => { await pds.destroy(); process.exit(0); });
})().catch((error) => { console.error(error); process.exit(1); });
"""


def _install(folder: Path) -> None:
    (folder / ".npmrc").write_text("omit-lockfile-registry-resolved=true\n")
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": VERSIONS}))
    run("npm", "install", "--no-audit", "--no-fund", cwd=folder)
    (folder / "start-pds.js").write_text(_START)


class Pds:
    """A running server. Asks as a client does; apart from our own HTTP, on purpose."""

    def __init__(self, url: str, admin: str, mail: Mailbox) -> None:
        self.url, self.admin, self.mail = url, admin, mail

    def ask(self, name: str, value: Any = None, *, by: str = "", method: str = "") -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": by} if by else {})
        data = None if value is None else json.dumps(value).encode()
        method = method or ("GET" if data is None else "POST")
        request = urllib.request.Request(f"{self.url}/xrpc/com.atproto.{name}", data, headers, method=method)  # noqa: S310  loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def register(self, handle: str, password: str) -> None:
        body = {"email": f"{handle}@acme.example", "handle": handle, "password": password}
        status, said = self.ask("server.createAccount", body)
        assert status == 200, said

    def log_in(self, handle: str, password: str) -> tuple[int, dict[str, Any]]:
        return self.ask("server.createSession", {"identifier": handle, "password": password})

    def app_password(self, handle: str, password: str, name: str) -> str:
        """One more, as people make it."""
        session = self.log_in(handle, password)[1]
        return str(self.ask("server.createAppPassword", {"name": name}, by=f"Bearer {session['accessJwt']}")[1]["password"])

    def mailed_code(self, handle: str, *, after: int = 0) -> str:
        """The code in the newest mail to that account's mailbox, of those behind the first `after`."""
        text = self.mail.newest(f"{handle}@acme.example", after=after)
        (code,) = set(re.findall(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", text))
        return str(code)

    def app_passwords(self, session: dict[str, Any]) -> list[str]:
        return [one["name"] for one in self.ask("server.listAppPasswords", by=f"Bearer {session['accessJwt']}")[1]["passwords"]]

    def refreshes(self, session: dict[str, Any]) -> bool:
        return self.ask("server.refreshSession", by=f"Bearer {session['refreshJwt']}", method="POST")[0] == 200

    def reads(self, session: dict[str, Any]) -> bool:
        return self.ask("server.getSession", by=f"Bearer {session['accessJwt']}")[0] == 200


@contextmanager
def running(folder: Path) -> Iterator[Pds]:
    home = once("pds", json.dumps([VERSIONS, _START]), _install)
    folder.mkdir(parents=True, exist_ok=True)
    port, directory, admin = free_port(), free_port(), secrets.token_hex(16)
    env = {
        "PLC_PORT": str(directory), "PDS_PORT": str(port), "PDS_HOSTNAME": "localhost", "PDS_DEV_MODE": "true", "PDS_JWT_SECRET": secrets.token_hex(16),
        "PDS_ADMIN_PASSWORD": admin, "PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX": secrets.token_hex(32), "PDS_DATA_DIRECTORY": str(folder / "data"),
        "PDS_BLOBSTORE_DISK_LOCATION": str(folder / "blobs"), "PDS_DID_PLC_URL": f"http://127.0.0.1:{directory}", "PDS_INVITE_REQUIRED": "false",
        "PDS_EMAIL_FROM_ADDRESS": "pds@acme.example", "PDS_RATE_LIMITS_ENABLED": "false", "PDS_SERVICE_HANDLE_DOMAINS": ".test", "LOG_ENABLED": "false",
    }  # fmt: skip
    (folder / "data").mkdir(exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    with mailbox() as mail:
        env["PDS_EMAIL_SMTP_URL"] = f"smtp://127.0.0.1:{mail.port}"
        with server(["node", home / "start-pds.js"], cwd=folder, ready=lambda: answers(f"{url}/xrpc/_health"), env=env):
            yield Pds(url, admin, mail)


def basic(name: str, password: str) -> str:
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"
