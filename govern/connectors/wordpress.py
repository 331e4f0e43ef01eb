"""WordPress: passwords and application passwords, over its REST interface, with an application password of the account or of an admin.

Whether a password works is asked over XML-RPC, which leaves no session behind; whether an application password does, of REST itself. What XML-RPC
refuses is wrong only where a login that works is taken right after it. A new
password ends every session, since a cookie holds a part of its hash; application passwords survive it, and are told. Sources: WordPress REST
API handbook, users and application-passwords; tried against WordPress 6.1.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from govern.connectors.http import Http, Reply, Unreachable
from govern.connectors.protocol import API, Applied, Capabilities, Entrance, Helper, Origin, Outcome, Probe, Target, Verified
from govern.connectors.refusals import named, told
from govern.errors import Failed, NotFound, Usage
from govern.rotation.probing import Answer
from govern.vault.secret import Secret

_WRONG: Final = frozenset({"incorrect_password", "invalid_username", "invalid_email", "invalid_application_password"})
"""What REST calls a login or an application password that it does not take."""
_FAULT = re.compile(
    rb"\s*(?:<\?xml[^>]{0,100}\?>)?\s*<methodResponse>\s*<fault>\s*<value>\s*<struct>"
    rb"\s*<member>\s*<name>faultCode</name>\s*<value>\s*<int>(-?\d{1,9})</int>\s*</value>\s*</member>"
    rb"\s*<member>\s*<name>faultString</name>\s*<value>\s*<string>([^<]{0,500})</string>\s*</value>\s*</member>"
    rb"\s*</struct>\s*</value>\s*</fault>\s*</methodResponse>\s*\Z"
).match
"""The whole of a fault as WordPress writes it: its code and its sentence."""
_ANSWER = re.compile(rb"\s*(?:<\?xml[^>]{0,100}\?>)?\s*<methodResponse>\s*<params>").match
_REFUSED: Final = b"403"
_SENTENCE: Final = b"Incorrect username or password."
"""What WordPress says over XML-RPC to a login that it does not take, in English."""
_MYSELF: Final = "/wp/v2/users/me"
_UUID = re.compile(r"[0-9a-f-]{36}\Z").match
_code, _told = partial(named, "code"), partial(told, "code")


class WordPress:
    """One account of a WordPress site."""

    api: ClassVar[int] = API
    capabilities: ClassVar[Capabilities] = Capabilities(
        platforms=frozenset({"wordpress"}), kinds={"password": Origin.CHOSEN, "app-password": Origin.ISSUED}, own_helpers=("app-password",),
        lists_access=True, grade="tested", checked_on="2026-11-22",
    )  # fmt: skip

    def __init__(self, target: Target, http: Http) -> None:
        if not target.login:
            raise Usage(f"{target.handle} has no login", hint=f"govern account edit {target.handle} --login NAME")
        if target.helper is None:
            raise Usage(
                f"WordPress is changed with an application password, and {target.handle} has none here",
                hint=f"govern credential add {target.handle} --kind app-password, or --by ACCOUNT of an admin who has one",
            )
        if target.helper.kind != "app-password":
            raise Usage(f"WordPress takes an application password, no {target.helper.kind}", hint="--by ACCOUNT that has an app-password")
        self._target, self._http, self._helper = target, http, target.helper
        self._path = ""
        self._hears = False
        self._works: Secret | None = None

    def prepare(self) -> None:
        reply = self._rest("GET", "/", self._helper)
        if reply.status != 200 or "namespaces" not in reply.record():
            raise NotFound(
                f"no WordPress answers at {self._http.address}",
                hint=f"govern account edit {self._target.handle} --url https://… with the address of the site itself",
            )
        self._user()
        if self._target.kind == "app-password":
            for one in self._app_passwords(self._helper):
                if one.name == self._target.label:
                    self._revoke(one.id, self._helper)

    def probe(self, secret: Secret) -> Probe:
        try:
            return self._probe_password(secret) if self._target.kind == "password" else self._probe_app_password(secret)
        except Unreachable as error:
            return Probe(answer=Answer.INCONCLUSIVE, why=error.message)

    def apply(self, current: Secret | None, new: Secret | None) -> Applied:
        _ = current
        try:
            if self._target.kind == "password" and new is not None:
                return self._outcome(self._rest("POST", self._user(), self._helper, {"password": new.reveal()}))
            if new is not None:
                raise Failed("an application password is issued, not chosen", code="defect")
            reply = self._rest("POST", f"{self._user()}/application-passwords", self._helper, {"name": self._target.label})
            made = reply.record().get("password")
            if reply.status == 201 and isinstance(made, str) and made:
                return Applied(outcome=Outcome.DONE, issued=Secret(made))
            return self._outcome(reply)
        except Unreachable as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)

    def verify(self, new: Secret, old: Secret | None) -> Verified:
        if self._target.kind == "password":
            works_on = tuple(f"application password {one.name}" for one in self._app_passwords(self._helper)[:10])
            return Verified(sessions_cut=True, survives=works_on)
        own = Helper(login=self._target.login, kind="app-password", secret=new)
        if old is not None:
            said = self._introspect(Helper(login=self._target.login, kind="app-password", secret=old))
            uuid = str(said.record().get("uuid", ""))
            if said.status == 200 and _UUID(uuid):
                self._revoke(uuid, own, path=_MYSELF)
        return Verified(sessions_cut=None)

    def finish(self) -> None:
        """Nothing: every request brings its own proof, and none opens a session."""

    def list_access(self, secret: Secret) -> list[Entrance]:
        _ = secret
        own = ""
        if self._user() == _MYSELF:
            own = str(self._introspect(self._helper).record().get("uuid", ""))
        return [replace(one, own=one.id == own) for one in self._app_passwords(self._helper)]

    def remove_access(self, secret: Secret, way: Entrance) -> None:
        _ = secret
        self._revoke(way.id, self._helper)

    # --- probes -------------------------------------------------------------------------------------------------------------------

    def _probe_password(self, secret: Secret) -> Probe:
        """A fault 403 alone says little: lock-outs and firewalls answer so too, some in WordPress' own words. So whatever is refused is followed by a
        login that is known to work: one that this site took in this run or, where that is not known and the sentence is WordPress' own, the helper's."""
        reply = self._xml_rpc(self._target.login, secret)
        if _is_taken(reply):
            self._works = secret
            return Probe(answer=Answer.VALID)
        fault = _FAULT(reply.body)
        if reply.status not in (200, 403) or fault is None or fault[1] != _REFUSED:
            return Probe(answer=Answer.INCONCLUSIVE, why=f"XML-RPC {reply.status}", retry_after=reply.retry_after)
        if self._works is not None and self._works != secret:
            sure, why = _is_taken(self._xml_rpc(self._target.login, self._works)), "and so it answers to what it took just now"
        elif fault[2].strip() != _SENTENCE:
            sure, why = False, "in other words than WordPress has for a wrong password"
        else:
            sure, why = (
                _is_taken(self._xml_rpc(self._helper.login, self._helper.secret)),
                "and so it answers to its own application password",
            )
        return Probe(answer=Answer.INVALID, why="403") if sure else Probe(answer=Answer.INCONCLUSIVE, why=f"XML-RPC fault 403, {why}")

    def _xml_rpc(self, login: str, secret: Secret) -> Reply:
        words = "".join(f"<param><value><string>{escape(text)}</string></value></param>" for text in (login, secret.reveal()))
        call = f'<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>{words}</params></methodCall>'
        return self._http.ask("POST", "/xmlrpc.php", text=call)

    def _probe_app_password(self, secret: Secret) -> Probe:
        reply = self._introspect(Helper(login=self._target.login, kind="app-password", secret=secret))
        if reply.status == 200:
            self._hears = True
            return Probe(answer=Answer.VALID)
        if reply.status == 401 and (_code(reply) in _WRONG or (_code(reply) == "rest_not_logged_in" and self._is_heard(secret))):
            return Probe(answer=Answer.INVALID, why=_told(reply))
        return Probe(answer=Answer.INCONCLUSIVE, why=_told(reply), retry_after=reply.retry_after)

    def _is_heard(self, secret: Secret) -> bool:
        """Whether the site looks at application passwords at all: one that works shows it. A server in front may drop them from every request,
        and then "not logged in" says nothing about any of them."""
        if not self._hears and secret != self._helper.secret:
            self._hears = self._introspect(self._helper).status == 200
        return self._hears

    def _introspect(self, by: Helper) -> Reply:
        return self._rest("GET", "/wp/v2/users/me/application-passwords/introspect", by)

    # --- REST ---------------------------------------------------------------------------------------------------------------------

    def _rest(self, method: str, route: str, by: Helper, value: Any = None, query: str = "") -> Reply:
        """One route of the REST interface, at the address that works whatever the site's own addresses look like."""
        proof = b64encode(f"{by.login}:{by.secret.reveal()}".encode()).decode()
        return self._http.ask(method, f"/?rest_route={quote(route)}{query}", value=value, headers={"Authorization": f"Basic {proof}"})

    def _user(self) -> str:
        """The route of the account: its own, or the one that an admin finds by its login."""
        if self._path:
            return self._path
        if self._helper.login.casefold() == self._target.login.casefold():
            self._path = _MYSELF
            return self._path
        reply = self._rest(
            "GET", "/wp/v2/users", self._helper, query=f"&context=edit&per_page=100&search={quote(self._target.login, safe='')}"
        )
        self._need(reply, 200)
        names = {self._target.login.casefold()}
        for one in reply.records():
            if {str(one.get("username", "")).casefold(), str(one.get("email", "")).casefold()} & names and isinstance(one.get("id"), int):
                self._path = f"/wp/v2/users/{one['id']}"
                return self._path
        raise NotFound(
            f"{self._http.address} has no login {self._target.login}", hint=f"govern account edit {self._target.handle} --login NAME"
        )

    def _app_passwords(self, by: Helper) -> list[Entrance]:
        reply = self._rest("GET", f"{self._user()}/application-passwords", by)
        self._need(reply, 200)
        return [
            Entrance(
                id=str(one["uuid"]), kind="app-password", name=str(one.get("name", "")), created=str(one.get("created") or ""),
                last_used=str(one.get("last_used") or ""),
            )
            for one in reply.records()
            if _UUID(str(one.get("uuid", "")))
        ]  # fmt: skip

    def _revoke(self, uuid: str, by: Helper, *, path: str = "") -> None:
        reply = self._rest("DELETE", f"{path or self._user()}/application-passwords/{uuid}", by)
        if reply.status != 404:
            self._need(reply, 200)

    def _need(self, reply: Reply, status: int) -> None:
        if reply.status != status:
            raise Failed(f"{self._http.address} refuses what the application password of {self._helper.login} asks for ({_told(reply)})")

    def _outcome(self, reply: Reply) -> Applied:
        if reply.status == 200:
            return Applied(outcome=Outcome.DONE)
        if reply.is_silence:
            return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply), retry_after=reply.retry_after)
        if reply.status == 400:
            return Applied(outcome=Outcome.REFUSED, why=_told(reply))
        self._need(reply, 200)
        return Applied(outcome=Outcome.UNCERTAIN, why=_told(reply))


def _is_taken(reply: Reply) -> bool:
    """Whether XML-RPC took the login."""
    return reply.status == 200 and _ANSWER(reply.body) is not None
