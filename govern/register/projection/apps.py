"""Connected tools: what may act on an account by a connection that somebody made, and goes on doing so when they leave or its password changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import beside
from govern.register.projection.scene import Scene


def _connected(scene: Scene) -> None:
    body = scene.body
    person = body.get("person")
    scene.must("account", "accounts", body["account"])
    if person is not None:
        scene.must("person", "people", person)
    if scene.one(
        "SELECT 1 FROM apps WHERE account = ? AND tool = ? COLLATE NOCASE AND person IS ? AND ended_at IS NULL",
        body["account"], body["tool"], person,
    ):  # fmt: skip
        raise Refused("this tool is recorded as connected by them already", rule="one-connection", hint="govern app list")
    scopes = json.dumps(sorted(set(body["scopes"])), ensure_ascii=False) if body.get("scopes") else None
    scene.run(
        "INSERT INTO apps (id, account, tool, person, scopes, since, login, evidence, recorder, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["app"], body["account"], body["tool"], person, scopes, body.get("since"), scene.personal.get("login"), body.get("evidence"),
        scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    id_ = scene.body["app"]
    row = scene.one("SELECT account, person, ended_at FROM apps WHERE id = ?", id_)
    beside.still_open(scene, row, "app")
    beside.by_another(scene, row[1], "connection of a tool")
    beside.end(scene, "apps", id_)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"app.connected": _connected, "app.ended": _ended}
