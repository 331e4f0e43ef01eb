"""Ways into an account besides its secrets (sessions, app passwords, connected apps) that a connector ends: set out for, and what came of it.

Judged here, and so in every replay: that the policy in force names the connector, and that its server is not in doubt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.policy.rules import Policy
from govern.register.projection.scene import Scene
from govern.register.queries import servers


def _ending(scene: Scene) -> None:
    """From here on a program may have ended it there."""
    body = scene.body
    scene.must("account", "accounts", body["account"])
    if "by" in body:
        scene.must("credential", "credentials", body["by"])
    policy = scene.one("SELECT value FROM state WHERE key = 'policy'")
    if policy is not None:
        Policy.from_record(json.loads(policy[0])).must_allow_connector(body["connector"])
    if servers.doubt(scene.db, account=body["account"], rotation="", server=body["server"]) is not None:
        raise Refused(
            "nothing is sent to a server that nobody who stays has confirmed", rule="server-confirmed", control="AC-4",
            hint="a rotation by connector confirms it: govern rotate ACCOUNT --connector NAME --server HOST",
        )  # fmt: skip
    scene.run(
        "INSERT INTO ways VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
        body["way"], body["account"], body["kind"], scene.personal.get("name"), scene.personal.get("ref"), body["connector"], scene.actor,
        scene.at, scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    """The platform lists it no longer, or still does."""
    body = scene.body
    row = scene.one("SELECT account, ended_at FROM ways WHERE id = ?", body["way"])
    if row is None or row[0] != body["account"]:
        raise scene.unknown("way into this account")
    if row[1] is not None:
        raise Refused("what came of it is recorded already", rule="way-ended", hint="govern credential ways-in ACCOUNT")
    scene.run("UPDATE ways SET gone = ?, ended_at = ? WHERE id = ?", int(body["gone"]), scene.at, body["way"])


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"way.ending": _ending, "way.ended": _ended}
