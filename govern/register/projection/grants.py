"""Grants: permission for one person on one account, given by another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import services
from govern.register.projection.scene import Scene


def _issued(scene: Scene) -> None:
    body = scene.body
    scene.must("account", "accounts", body["account"])
    person = scene.one("SELECT leaving, left_on FROM people WHERE id = ?", body["person"])
    if person is None:
        raise Refused("grant.issued cites a person that the ledger does not have", rule="unknown-reference")
    if person[0] or person[1]:
        raise Refused(
            "somebody who is leaving or has left is granted nothing",
            rule="leaver",
            control="PS-4",
            hint="close or withdraw the departure first",
        )
    services.hold_nothing(scene, body["person"])
    if scene.one("SELECT 1 FROM grants WHERE account = ? AND person = ? AND ended_at IS NULL", body["account"], body["person"]):
        raise Refused("the person holds this account already", rule="one-grant")
    kinds = json.dumps(sorted(body["kinds"])) if "kinds" in body else None
    scene.run(
        "INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?)",
        body["grant"], body["account"], body["person"], scene.actor, kinds, scene.at, body.get("until"), int(body.get("emergency", False)),
        scene.personal.get("reason"), scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    for grant in scene.body["grants"]:
        scene.must("grant", "grants", grant)
        scene.run("UPDATE grants SET ended_at = ?, cause = ? WHERE id = ? AND ended_at IS NULL", scene.at, scene.body["cause"], grant)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"grant.issued": _issued, "grant.ended": _ended}
