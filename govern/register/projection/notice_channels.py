"""Notice channels: by which ways messages go out, with whose secret, and whether they work. Judged in replay.

Whoever says to which server a secret goes could have it sent to one of their own. So they must answer for its account or hold it, and be able
to open it already: neither being an admin nor taking an account over lets anybody learn a secret by it. They count among those who know what
is sent by it, and nothing is once they are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.holdings.services import SERVED_KINDS
from govern.register.projection import showing
from govern.register.projection.scene import Scene
from govern.register.queries import notice_channels as queries

_ACCOUNT: Final = "SELECT a.id, a.handle, a.state, c.kind, c.kept_in FROM credentials c JOIN accounts a ON a.id = c.account WHERE c.id = ?"


def _refused(message: str, rule: str, control: str, hint: str) -> Refused:
    return Refused(message, rule=rule, control=control, hint=hint)


def _set(scene: Scene) -> None:
    body, personal = scene.body, scene.personal
    before = scene.one("SELECT kind, ended_at FROM notice_channels WHERE id = ?", body["channel"])
    if before is not None and (before[0] != body["kind"] or before[1] is not None):
        raise _refused("a channel stays what it is, and what has ended stays so", "channel-ended", "CM-3", "govern channel add NAME")
    other = scene.one("SELECT id FROM notice_channels WHERE name = ? AND ended_at IS NULL", body["name"])
    if other is not None and other[0] != body["channel"]:
        raise _refused(
            f"there is a channel {body['name']} already", "channel-name", "CM-3", "choose another name, or: govern channel edit NAME"
        )
    tls, credential = body.get("tls"), body.get("credential")
    if body["kind"] == "chat" and (tls is not None or "port" in body or personal):
        raise _refused("a channel of chat has no server: all of its address is its secret", "channel-settings", "CM-6", "--kind mail")
    if body["kind"] == "mail" and (tls is None or not 0 < body.get("port", 0) < 65536):
        raise _refused(
            "a channel of mail has a port and says how it is encrypted", "channel-settings", "CM-6", "--tls starttls, or --tls tls"
        )
    if tls == "local" and (credential is not None or {"host", "login"} & personal.keys()):
        raise _refused(
            "the relay of this machine is spoken to without TLS, so it has no host and gets no secret", "channel-tls", "SC-8",
            "leave out --host and --credential-of, or: --host HOST --tls starttls",
        )  # fmt: skip
    if credential is None and (body["kind"] == "chat" or "login" in personal):
        raise _refused("there is a login, or a chat, and no secret", "channel-secret", "IA-5", "--credential-of ACCOUNT")
    if credential is not None:
        _may_use(scene, credential)
    scene.run(
        "INSERT OR REPLACE INTO notice_channels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?)",
        body["channel"], body["name"], body["kind"], credential, tls, body.get("port"), personal.get("host"), personal.get("sender"),
        personal.get("login"), personal.get("reply_to"), scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _may_use(scene: Scene, credential: str) -> None:
    """Refuse a secret that no channel is opened with, and one that the actor could not open otherwise."""
    row = scene.one(_ACCOUNT, credential)
    if row is None:
        raise scene.unknown("credential")
    account, handle, state, kind, kept_in = row
    if state != "active":
        raise _refused(f"{handle} is retired", "channel-account", "AC-2", "name another account: govern account list")
    if kind not in SERVED_KINDS:
        raise _refused(f"no channel is opened with a {kind}", "channel-kind", "IA-5", f"--kind-of-credential {' or '.join(SERVED_KINDS)}")
    if kept_in is not None:
        raise _refused(
            f"the {kind} of {handle} is kept elsewhere, so nothing can be sent with it", "channel-kept-elsewhere", "IA-5",
            f"seal one here: govern credential add {handle} --kind api-token",
        )  # fmt: skip
    if not queries.answers(scene.db, scene.actor, account, kind, scene.now):
        raise _refused(
            f"whoever says where the {kind} of {handle} is sent answers for that account, or holds it", "channel-holder", "AC-6",
            f"the responsible person of {handle} does it, or grants it: govern grant {handle} PERSON",
        )  # fmt: skip
    if not queries.opens(scene.db, scene.actor, credential):
        raise _refused(
            f"whoever says where the {kind} of {handle} is sent can open it", "channel-holder", "AC-6",
            f"somebody who can open it does it, or seals it to you: govern who {handle}",
        )  # fmt: skip


def _must_be_there(scene: Scene) -> str | None:
    """The credential of the channel that the fact names; refused where there is no such channel any more."""
    row = scene.one("SELECT credential, ended_at FROM notice_channels WHERE id = ?", scene.body["channel"])
    if row is None:
        raise scene.unknown("channel")
    if row[1] is not None:
        raise _refused("this channel has ended", "channel-ended", "CM-3", "govern channel list")
    return str(row[0]) if row[0] is not None else None


def _ended(scene: Scene) -> None:
    _must_be_there(scene)
    scene.run("UPDATE notice_channels SET ended_at = ? WHERE id = ?", scene.at, scene.body["channel"])


def _opened(scene: Scene) -> None:
    if _must_be_there(scene) != scene.body["credential"]:
        raise _refused("this is not the secret of that channel", "channel-secret", "AC-6", "govern channel list")
    name, setter = scene.one("SELECT name, setter FROM notice_channels WHERE id = ?", scene.body["channel"])
    gone = queries.setter_gone(scene.db, setter, scene.body["credential"], scene.now)
    if gone:
        raise queries.must_be_set_again(name, gone)
    showing.sent(scene)


def _tested(scene: Scene) -> None:
    _must_be_there(scene)
    scene.must("person", "people", scene.body["person"])


def _answered(scene: Scene) -> None:
    """Since when it works, or does not: the first time of several that say the same counts."""
    _must_be_there(scene)
    works = int(scene.body["works"])
    scene.run(
        "UPDATE notice_channels SET works = ?, since = ? WHERE id = ? AND works IS NOT ?", works, scene.at, scene.body["channel"], works
    )


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "channel.set": _set,
    "channel.ended": _ended,
    "channel.opened": _opened,
    "channel.tested": _tested,
    "channel.answered": _answered,
}
