"""Entitlements: roles that people have on a platform under their own logins. No secret is involved, so no rotation ends one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import beside, services
from govern.register.projection.scene import Scene


def _recorded(scene: Scene) -> None:
    """Also of somebody who has left: what is found later is true all the same."""
    body = scene.body
    scene.must("account", "accounts", body["account"])
    scene.must("person", "people", body["person"])
    services.hold_nothing(scene, body["person"])
    if scene.one(
        "SELECT 1 FROM entitlements WHERE account = ? AND person = ? AND role = ? COLLATE NOCASE AND ended_at IS NULL",
        body["account"], body["person"], body["role"],
    ):  # fmt: skip
        raise Refused("the person has this role there already", rule="one-entitlement", hint="govern entitlement list")
    scene.run(
        "INSERT INTO entitlements (id, account, person, role, admin, since, login, evidence, recorder, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["entitlement"], body["account"], body["person"], body["role"], int(body.get("admin", False)), body.get("since"),
        scene.personal.get("login"), body.get("evidence"), scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    id_ = scene.body["entitlement"]
    row = scene.one("SELECT account, person, ended_at FROM entitlements WHERE id = ?", id_)
    beside.still_open(scene, row, "entitlement")
    beside.by_another(scene, row[1], "role on a platform")
    beside.end(scene, "entitlements", id_)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"entitlement.recorded": _recorded, "entitlement.ended": _ended}
