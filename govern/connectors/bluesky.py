"""Bluesky, and any AT Protocol server: app passwords with the account's main password; the main password with a mailed code, or the server's admin's.

There is no call that changes a main password with the old one: the server mails a code, which whoever has the mailbox types in; whoever runs
the server has an admin password for it. A session that was begun before goes on reading and writing for two hours after its app password was revoked
or the main one changed: `residual_seconds`. Sources: AT Protocol lexicons com.atproto.server and com.atproto.admin; tried against PDS 0.4.
"""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import quote

from govern.connectors.http import Http, Reply, Unreachable
from govern.connectors.protocol import API, Applied, Capabilities, Entrance, Helper, Origin, Outcome, Probe, Target, Verified
from govern.connectors.refusals import bearer, named, told
from govern.errors import Failed, NotFound, Usage
from govern.rotation.probing import Answer
from govern.vault.secret import Secret

_XRPC: Final = "/xrpc/com.atproto"
RESIDUAL: Final = 7200
"""Seconds that an access JWT lives; the server keeps no list of them."""
_code, _told = partial(named, "error"), partial(told, "error")


class _Session(NamedTuple):
    did: str
    api_token: Secret
    refresh: Secret
    mail: str


class Bluesky:
    """One account of an AT Protocol server."""

    api: ClassVar[int] = API
    capabilities: ClassVar[Capabilities] = Capabilities(
        platforms=frozenset({"bluesky"}), kinds={"password": Origin.CHOSEN, "app-password": Origin.ISSUED}, own_helpers=("password",),
        lists_access=True, grade="tested", checked_on="2026-11-22",
    )  # fmt: skip

    def __init__(self, target: Target, http: Http) -> None:
        if not target.login:
            raise Usage(f"{target.handle} has no login", hint=f"govern account edit {target.handle} --login NAME")
        helper = target.helper if target.helper is not None and target.helper.kind == "password" else None
        self._helper = None if target.kind == "password" and helper is not None and helper.login == target.login else helper
        if self._helper is None and target.kind != "password":
            raise Usage(
                f"app passwords are made with the main password, and {target.handle} has none here",
                hint=f"govern credential add {target.handle} --kind password",
            )
        self._target, self._http = target, http
        self._sessions: list[_Session] = []
        self._main: _Session | None = None
        self._did = ""

    def prepare(self) -> None:
        reply = self._http.ask("GET", f"{_XRPC}.server.describeServer")
        if reply.status != 200 or "availableUserDomains" not in reply.record():
            raise NotFound(
                f"no AT Protocol server answers at {self._http.address}",
                hint=f"govern account edit {self._target.handle} --url https://… with the address of its PDS",
            )
        if self._target.kind == "app-password":
            self._revoke(self._target.label)
        else:
            self._find()

    def probe(self, secret: Secret) -> Probe:
        found = self._log_in(secret)
        return found if isinstance(found, Probe) else Probe(answer=Answer.VALID)

    def apply(self, current: Secret | None, new: Secret | None) -> Applied:
        try:
            if new is not None and self._target.kind != "password":
                raise Failed("an app password is issued, not chosen", code="defect")
            if new is not None and self._helper is None:
                return self._have_code_mailed(current)
            if new is None:
                reply = self._post("server.createAppPassword", {"name": self._target.label}, self._as_owner())
                made = reply.record().get("password")
                if reply.status == 200 and isinstance(made, str) and made:
                    return Applied(outcome=Outcome.DONE, issued=Secret(made))
            else:
                proof = b64encode(f"admin:{self._helps().secret.reveal()}".encode()).decode()
                body = {"did": self._find(), "password": new.reveal()}
                reply = self._http.ask(
                    "POST", f"{_XRPC}.admin.updateAccountPassword", value=body, headers={"Authorization": f"Basic {proof}"}
                )
                if reply.status == 200:
                    return Applied(outcome=Outcome.DONE)
        except Unreachable as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)
        if reply.is_silence:
            return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply), retry_after=reply.retry_after)
        if reply.status in (401, 403):
            raise Failed(f"{self._http.address} refuses what the password of {self._helps().login} asks for ({_told(reply)})")
        return Applied(outcome=Outcome.REFUSED, why=_told(reply))

    def enter(self, code: Secret, new: Secret) -> Applied:
        body = {"token": code.reveal().strip(), "password": new.reveal()}
        try:
            reply = self._http.ask("POST", f"{_XRPC}.server.resetPassword", value=body)
        except Unreachable as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)
        if reply.status == 200:
            return Applied(outcome=Outcome.DONE)
        if reply.is_silence:
            return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply), retry_after=reply.retry_after)
        wrong = reply.status == 400 and _code(reply) in ("InvalidToken", "ExpiredToken")
        return Applied(outcome=Outcome.CODE if wrong else Outcome.REFUSED, why=_told(reply))

    def verify(self, new: Secret, old: Secret | None) -> Verified:
        if self._target.kind == "app-password":
            if old is not None and self._target.old_label:
                self._revoke(self._target.old_label)
            others = [one.name for one in self._app_passwords(self._as_owner()) if one.name != self._target.label]
        else:
            own = self._log_in(new)
            if isinstance(own, Probe):
                raise Failed(f"{self._http.address} gives {self._target.handle} no session: {own.why}")
            others = [one.name for one in self._app_passwords(own)]
        return Verified(sessions_cut=True, residual_seconds=RESIDUAL, survives=tuple(f"app password {name}" for name in others[:10]))

    def finish(self) -> None:
        for session in self._sessions:
            self._http.ask("POST", f"{_XRPC}.server.deleteSession", headers=bearer(session.refresh))
        self._sessions, self._main = [], None

    def list_access(self, secret: Secret) -> list[Entrance]:
        return self._app_passwords(self._as_owner(secret))

    def remove_access(self, secret: Secret, way: Entrance) -> None:
        self._as_owner(secret)
        self._revoke(way.id)

    # --- a mailed code ------------------------------------------------------------------------------------------------------------

    def _have_code_mailed(self, current: Secret | None) -> Applied:
        """Only who knows the present password learns here where the mail goes: the server is asked for the address, nobody else is."""
        if current is None:
            return Applied(outcome=Outcome.WRONG, why="there is no present password to have a code mailed with")
        found = self._log_in(current)
        if isinstance(found, Probe):
            outcome = Outcome.WRONG if found.answer is Answer.INVALID else Outcome.UNCERTAIN
            return Applied(outcome=outcome, why=found.why, retry_after=found.retry_after)
        if not found.mail:
            raise Failed(f"{self._http.address} has no mail address of {self._target.handle}, so it mails no code")
        reply = self._http.ask("POST", f"{_XRPC}.server.requestPasswordReset", value={"email": found.mail})
        if reply.status == 200:
            return Applied(outcome=Outcome.CODE)
        if reply.is_silence:
            return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply), retry_after=reply.retry_after)
        raise Failed(f"{self._http.address} mails no code ({_told(reply)})")

    # --- sessions -----------------------------------------------------------------------------------------------------------------

    def _log_in(self, secret: Secret) -> _Session | Probe:
        try:
            reply = self._http.ask(
                "POST", f"{_XRPC}.server.createSession", value={"identifier": self._target.login, "password": secret.reveal()}
            )
        except Unreachable as error:
            return Probe(answer=Answer.INCONCLUSIVE, why=error.message)
        found = reply.record()
        if reply.status == 200 and isinstance(found.get("accessJwt"), str) and isinstance(found.get("refreshJwt"), str):
            mail = found.get("email")
            session = _Session(
                str(found.get("did", "")), Secret(found["accessJwt"]), Secret(found["refreshJwt"]), mail if isinstance(mail, str) else ""
            )
            self._sessions.append(session)
            return session
        if reply.status == 401 and _code(reply) == "AuthenticationRequired":
            return Probe(answer=Answer.INVALID, why=_told(reply))
        return Probe(answer=Answer.INCONCLUSIVE, why=_told(reply), retry_after=reply.retry_after)

    def _as_owner(self, main: Secret | None = None) -> _Session:
        """A session of the main password, the account's own or the helper's: one of an app password makes no others, and the server's admin has none."""
        if self._main is None:
            if self._helper is not None and self._helper.login != self._target.login:
                raise Usage(
                    f"app passwords are seen with the main password of {self._target.handle} alone, not with that of {self._helper.login}",
                    hint=f"without --by; govern credential list {self._target.handle} says whether it is here",
                )
            found = self._log_in(main if self._helper is None and main is not None else self._helps().secret)
            if isinstance(found, Probe):
                raise Failed(f"{self._http.address} does not take the main password of {self._target.handle} ({found.why})")
            self._main = found
        return self._main

    def _helps(self) -> Helper:
        if self._helper is None:
            raise Failed("no helper was named", code="defect")
        return self._helper

    def _find(self) -> str:
        """The account's DID."""
        if not self._did and self._target.login.startswith("did:"):
            self._did = self._target.login
        if not self._did:
            reply = self._http.ask("GET", f"{_XRPC}.identity.resolveHandle?handle={quote(self._target.login, safe='')}")
            self._did = str(reply.record().get("did", ""))
            if reply.status != 200 or not self._did:
                raise NotFound(
                    f"{self._http.address} has no handle {self._target.login}",
                    hint=f"govern account edit {self._target.handle} --login HANDLE",
                )
        return self._did

    def _post(self, name: str, value: Any, by: _Session) -> Reply:
        return self._http.ask("POST", f"{_XRPC}.{name}", value=value, headers=bearer(by.api_token))

    def _revoke(self, name: str) -> None:
        """No error where there is none of that name."""
        reply = self._post("server.revokeAppPassword", {"name": name}, self._as_owner())
        if reply.status != 200:
            raise Failed(f"{self._http.address} does not revoke an app password ({_told(reply)})")

    def _app_passwords(self, by: _Session) -> list[Entrance]:
        reply = self._http.ask("GET", f"{_XRPC}.server.listAppPasswords", headers=bearer(by.api_token))
        found = reply.record().get("passwords")
        if reply.status != 200 or not isinstance(found, list):
            raise Failed(f"{self._http.address} does not list app passwords ({_told(reply)})")
        return [
            Entrance(
                id=str(one.get("name", "")), kind="app-password", name=str(one.get("name", "")), created=str(one.get("createdAt") or "")
            )
            for one in found
            if isinstance(one, dict)
        ]
