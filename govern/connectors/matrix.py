"""Matrix: the password of an account, the account's own way or a server admin's, and the sessions that it has.

The account's own way logs in, changes the password with it and logs itself out: the session that makes the change survives it otherwise.
It always names the same device, so that whatever a crash left behind is replaced by the next login and ends with it. A server admin's way
is Synapse's, with an api-token or the password of an admin. Sources: Matrix client-server API v3, login, account/password, devices; Synapse
admin API, reset_password. Tried against Synapse: three wrong logins make it refuse for seconds, a few more for minutes, right ones too.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import quote

from govern.connectors.http import LONGEST_WAIT, Http, Reply, Unreachable
from govern.connectors.protocol import API, Applied, Capabilities, Entrance, Origin, Outcome, Probe, Target, Verified
from govern.connectors.refusals import bearer, named, told
from govern.errors import Failed, NotFound, Usage
from govern.rotation.probing import Answer
from govern.vault.secret import Secret

_V3: Final = "/_matrix/client/v3"
_USER = re.compile(r"@[!-9;-~]+:[!-~]+\Z").match
_code, _told = partial(named, "errcode"), partial(told, "errcode")


class _Session(NamedTuple):
    user_id: str
    api_token: Secret
    device: str
    began: bool = True
    """Whether we did, so that we end it."""


class Matrix:
    """One account on a Matrix server; with a helper in the server admin's way."""

    api: ClassVar[int] = API
    capabilities: ClassVar[Capabilities] = Capabilities(
        platforms=frozenset({"matrix"}), kinds={"password": Origin.CHOSEN}, lists_access=True, grade="tested", checked_on="2026-11-22",
    )  # fmt: skip

    def __init__(self, target: Target, http: Http) -> None:
        if not target.login:
            raise Usage(f"{target.handle} has no login", hint=f"govern account edit {target.handle} --login @name:server")
        self._target, self._http = target, http
        self._own: _Session | None = None
        self._admin: _Session | None = None

    def prepare(self) -> None:
        reply = self._http.ask("GET", "/_matrix/client/versions")
        if reply.status != 200 or "versions" not in reply.record():
            raise NotFound(
                f"no Matrix server answers at {self._http.address}",
                hint=f"govern account edit {self._target.handle} --url https://… with the homeserver's own address",
            )
        if self._target.helper is not None:
            self._as_admin()

    def probe(self, secret: Secret) -> Probe:
        found = self._login(self._target.login, secret)
        if isinstance(found, Probe):
            return found
        self._own = found
        return Probe(answer=Answer.VALID)

    def apply(self, current: Secret | None, new: Secret | None) -> Applied:
        if new is None:
            raise Failed("a Matrix password is chosen, not issued", code="defect")
        return self._by_admin(new) if self._target.helper is not None else self._by_account(current, new)

    def verify(self, new: Secret, old: Secret | None) -> Verified:
        _ = old
        own = self._own or self._need(new)
        others = [one for one in self._devices(own) if one.id != own.device]
        return Verified(sessions_cut=not others, survives=tuple(f"session {one.id}" for one in others[:5]))

    def finish(self) -> None:
        sessions = [session for session in (self._own, self._admin) if session is not None and session.began]
        self._own = self._admin = None
        silent: Unreachable | None = None
        for session in sessions:
            try:
                self._http.ask("POST", f"{_V3}/logout", value={}, headers=bearer(session.api_token))
            except Unreachable as error:  # the other one is to be ended all the same
                silent = error
        if silent is not None:
            raise silent

    def list_access(self, secret: Secret) -> list[Entrance]:
        if self._target.helper is not None:
            return self._devices(self._as_admin(), f"{self._administered()}/devices")
        own = self._own or self._need(secret)
        return [one for one in self._devices(own) if one.id != own.device]

    def remove_access(self, secret: Secret, way: Entrance) -> None:
        if self._target.helper is not None:
            path = f"{self._administered()}/devices/{quote(way.id, safe='')}"
            self._need_gone(self._http.ask("DELETE", path, headers=bearer(self._as_admin().api_token)), way)
            return
        own = self._own or self._need(secret)
        path = f"{_V3}/devices/{quote(way.id, safe='')}"
        self._need_gone(self._confirmed("DELETE", path, {}, own, secret), way)

    def _need_gone(self, reply: Reply, way: Entrance) -> None:
        if reply.status not in (200, 404):
            raise Failed(f"{self._http.address} does not end session {way.id[:40]} ({_told(reply)})")

    # --- the two ways -------------------------------------------------------------------------------------------------------------

    def _by_account(self, current: Secret | None, new: Secret) -> Applied:
        if current is None:
            return Applied(outcome=Outcome.WRONG, why="there is no present password to change it with")
        found = self._login(self._target.login, current)
        if isinstance(found, Probe):
            outcome = Outcome.WRONG if found.answer is Answer.INVALID else Outcome.UNCERTAIN
            return Applied(outcome=outcome, why=found.why, retry_after=found.retry_after)
        self._own = found
        body = {"new_password": new.reveal(), "logout_devices": True}
        try:
            return self._outcome(self._confirmed("POST", f"{_V3}/account/password", body, found, current))
        except Unreachable as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)

    def _by_admin(self, new: Secret) -> Applied:
        try:
            admin = self._as_admin()
            login = self._target.login
            if not _USER(login):
                login = f"@{login.removeprefix('@')}:{admin.user_id.partition(':')[2]}"
            reply = self._http.ask(
                "POST", f"/_synapse/admin/v1/reset_password/{quote(login, safe='')}",
                value={"new_password": new.reveal(), "logout_devices": True}, headers=bearer(admin.api_token),
            )  # fmt: skip
        except Unreachable as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)
        if reply.status in (401, 403):
            raise Failed(f"{self._target.helper and self._target.helper.login} is no admin of {self._http.address}")
        return self._outcome(reply)

    def _outcome(self, reply: Reply) -> Applied:
        code = _code(reply)
        if reply.status == 200:
            return Applied(outcome=Outcome.DONE)
        if code == "M_LIMIT_EXCEEDED" or reply.is_silence:
            return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply), retry_after=_wait(reply))
        if reply.status == 401 and code == "M_FORBIDDEN":  # 403 says that it may not be changed here, not that the password is wrong
            return Applied(outcome=Outcome.WRONG, why=_told(reply))
        if reply.status == 400:
            return Applied(outcome=Outcome.REFUSED, why=_told(reply))
        return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply))

    # --- sessions -----------------------------------------------------------------------------------------------------------------

    def _login(self, login: str, secret: Secret) -> _Session | Probe:
        """A session under the rotation's own device, where there is a rotation, or why there is none."""
        body = {
            "type": "m.login.password", "identifier": {"type": "m.id.user", "user": login}, "password": secret.reveal(),
            "initial_device_display_name": "govern", **({"device_id": self._target.label} if self._target.label else {}),
        }  # fmt: skip
        try:
            reply = self._http.ask("POST", f"{_V3}/login", value=body)
        except Unreachable as error:
            return Probe(answer=Answer.INCONCLUSIVE, why=error.message)
        found = reply.record()
        if reply.status == 200 and isinstance(found.get("access_token"), str):
            return _Session(str(found.get("user_id", "")), Secret(found["access_token"]), str(found.get("device_id", "")))
        if reply.status == 403 and _code(reply) == "M_FORBIDDEN":
            return Probe(answer=Answer.INVALID, why=_told(reply))
        return Probe(answer=Answer.INCONCLUSIVE, why=_told(reply), retry_after=_wait(reply))

    def _need(self, secret: Secret) -> _Session:
        found = self._login(self._target.login, secret)
        if isinstance(found, Probe):
            raise Failed(f"{self._http.address} gives {self._target.handle} no session: {found.why}")
        self._own = found
        return found

    def _as_admin(self) -> _Session:
        """The helper's session: with an api-token it is there already, and stays."""
        helper = self._target.helper
        if helper is None:
            raise Failed("no admin was named", code="defect")
        if self._admin is None:
            if helper.kind == "api-token":
                session = _Session("", helper.secret, "", began=False)
                reply = self._http.ask("GET", f"{_V3}/account/whoami", headers=bearer(session.api_token))
                user_id = reply.record().get("user_id")
                if reply.status != 200 or not isinstance(user_id, str):
                    raise Failed(f"{self._http.address} does not take the api-token of {helper.login} ({_told(reply)})")
                self._admin = session._replace(user_id=user_id)
            else:
                found = self._login(helper.login, helper.secret)
                if isinstance(found, Probe):
                    raise Failed(f"{self._http.address} gives {helper.login} no session: {found.why}")
                self._admin = found
        return self._admin

    def _confirmed(self, method: str, path: str, body: dict[str, Any], own: _Session, secret: Secret) -> Reply:
        """A request that the server wants confirmed by the password (user-interactive authentication)."""
        first = self._http.ask(method, path, value=body, headers=bearer(own.api_token))
        if first.status != 401 or "flows" not in first.record():
            return first
        auth = {
            "type": "m.login.password", "identifier": {"type": "m.id.user", "user": own.user_id}, "password": secret.reveal(),
            "session": first.record().get("session"),
        }  # fmt: skip
        return self._http.ask(method, path, value={**body, "auth": auth}, headers=bearer(own.api_token))

    def _administered(self) -> str:
        """Where Synapse's admins find the account."""
        login = self._target.login
        if not _USER(login):
            login = f"@{login.removeprefix('@')}:{self._as_admin().user_id.partition(':')[2]}"
        return f"/_synapse/admin/v2/users/{quote(login, safe='')}"

    def _devices(self, own: _Session, path: str = f"{_V3}/devices") -> list[Entrance]:
        reply = self._http.ask("GET", path, headers=bearer(own.api_token))
        found = reply.record().get("devices")
        if reply.status != 200 or not isinstance(found, list):
            raise Failed(f"{self._http.address} does not list the sessions of {self._target.handle} ({_told(reply)})")
        return [
            Entrance(id=str(one.get("device_id", "")), kind="session", name=str(one.get("display_name") or ""))
            for one in found
            if isinstance(one, dict)
        ]


def _wait(reply: Reply) -> int:
    found = reply.record().get("retry_after_ms")
    own = min(-(-found // 1000), LONGEST_WAIT) if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0
    return max(own, reply.retry_after)
