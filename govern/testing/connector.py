"""A connector for the platform in memory: the smallest that keeps the whole protocol, and so an example of one."""

from __future__ import annotations

from typing import ClassVar

from govern.connectors.protocol import API, Applied, Capabilities, Entrance, Origin, Outcome, Probe, Target, Verified
from govern.errors import Failed
from govern.rotation.probing import Answer
from govern.testing.platform import LISTED, Platform, TooMany, Wrong
from govern.vault.secret import Secret


class Double:
    """One account on a `Platform`. Made by `double(platform)`."""

    api: ClassVar[int] = API
    capabilities: ClassVar[Capabilities] = Capabilities(
        platforms=frozenset({"matrix", "wordpress", "bluesky"}),
        kinds={"password": Origin.CHOSEN, "app-password": Origin.ISSUED, "api-token": Origin.ISSUED},
        lists_access=True, grade="tested", checked_on="2026-11-22",
    )  # fmt: skip

    def __init__(self, target: Target, platform: Platform) -> None:
        self._target, self._platform = target, platform

    def prepare(self) -> None:
        if self._target.kind in LISTED:
            self._platform.revoke(self._target.kind, self._target.label)

    def probe(self, secret: Secret) -> Probe:
        try:
            taken = self._platform.log_in(self._target.kind, secret.reveal())
        except TooMany as error:
            return Probe(answer=Answer.INCONCLUSIVE, retry_after=self._platform.pause, why=error.message)
        except Failed as error:
            return Probe(answer=Answer.INCONCLUSIVE, why=error.message)
        return Probe(answer=Answer.VALID if taken else Answer.INVALID)

    def apply(self, current: Secret | None, new: Secret | None) -> Applied:
        try:
            if new is None:
                made = self._platform.issue(self._target.kind, self._target.label)
                return Applied(outcome=Outcome.DONE, issued=Secret(made))
            if current is None:
                return Applied(outcome=Outcome.WRONG, why="there is no password to change it with")
            if self._platform.mails:
                self._platform.mail_code(current.reveal())
                return Applied(outcome=Outcome.CODE)
            self._platform.change_password(current.reveal(), new.reveal())
            return Applied(outcome=Outcome.DONE)
        except Wrong as error:
            return Applied(outcome=Outcome.WRONG, why=error.message)
        except TooMany as error:
            return Applied(outcome=Outcome.UNCERTAIN, retry_after=self._platform.pause, why=error.message)
        except Failed as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)

    def enter(self, code: Secret, new: Secret) -> Applied:
        try:
            self._platform.change_with_code(code.reveal(), new.reveal())
            return Applied(outcome=Outcome.DONE)
        except Wrong as error:
            return Applied(outcome=Outcome.CODE, why=error.message)
        except TooMany as error:
            return Applied(outcome=Outcome.UNCERTAIN, retry_after=self._platform.pause, why=error.message)
        except Failed as error:
            return Applied(outcome=Outcome.UNCERTAIN, why=error.message)

    def verify(self, new: Secret, old: Secret | None) -> Verified:
        def look() -> Verified:
            if self._target.kind in LISTED and old is not None:
                listed = self._platform.listed(self._target.kind)
                for name, secret in list(listed.items()):
                    if secret == old.reveal() and secret != new.reveal():
                        del listed[name]
            return Verified(sessions_cut=not self._platform.sessions)

        return self._platform.call("look", look)

    def finish(self) -> None:
        self._platform.call("log out", lambda: None)

    def list_access(self, secret: Secret) -> list[Entrance]:
        def look() -> list[Entrance]:
            found = [Entrance(id=name, kind="session", name=name) for name in sorted(self._platform.sessions)]
            return found + [Entrance(id=name, kind="app-password", name=name) for name in sorted(self._platform.app_passwords)]

        _ = secret
        return self._platform.call("list", look)

    def remove_access(self, secret: Secret, way: Entrance) -> None:
        def remove() -> None:
            self._platform.sessions.discard(way.id)
            self._platform.app_passwords.pop(way.id, None)

        _ = secret
        self._platform.call("remove", remove)
