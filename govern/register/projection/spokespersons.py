"""Spokespersons: who may publish in an account's name, and when they were trained for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import beside, services
from govern.register.projection.scene import Scene


def _named(scene: Scene) -> None:
    """Anew after another training: the latest counts. Nobody who is leaving or has left speaks for anybody (PS-4)."""
    body = scene.body
    scene.must("account", "accounts", body["account"])
    scene.must("person", "people", body["person"])
    services.hold_nothing(scene, body["person"])
    if scene.one("SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)", body["person"]):
        raise Refused(
            "somebody who is leaving or has left is named for nothing", rule="to-leavers", control="PS-4", hint="name somebody who stays"
        )
    if body["trained_on"] > scene.today():
        raise Refused("a training that lies ahead", rule="training-ahead", control="AC-22", hint="name them once they have been trained")
    if body["person"] == scene.actor and beside.another_admin(scene):
        raise Refused(
            "nobody names themselves where another admin could", rule="own-naming", control="AC-22", hint="another admin names you"
        )  # fmt: skip
    scene.run("UPDATE spokespersons SET ended_at = ?, ender = ?, ended_entry = ? WHERE account = ? AND person = ? AND ended_at IS NULL",
        scene.at, scene.actor, scene.index, body["account"], body["person"])  # fmt: skip
    scene.run(
        "INSERT INTO spokespersons (id, account, person, trained_on, evidence, namer, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        body["spokesperson"], body["account"], body["person"], body["trained_on"], body.get("evidence"), scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    """Whoever may name may end, of themselves too: to speak less takes nobody's leave."""
    id_ = scene.body["spokesperson"]
    row = scene.one("SELECT account, person, ended_at FROM spokespersons WHERE id = ?", id_)
    beside.still_open(scene, row, "spokesperson")
    beside.end(scene, "spokespersons", id_, began="trained_on")


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"spokesperson.named": _named, "spokesperson.ended": _ended}
