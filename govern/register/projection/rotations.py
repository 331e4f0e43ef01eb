"""Rotations: one change of one credential on its platform. Only a confirmed one ends exposures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from govern.errors import Refused
from govern.register.projection.places import spread_credential
from govern.register.projection.scene import Scene


def _opened(scene: Scene) -> None:
    body = scene.body
    scene.must("credential", "credentials", body["credential"])
    if scene.one("SELECT 1 FROM rotations WHERE credential = ? AND ended_at IS NULL", body["credential"]):
        raise Refused("this credential has an open rotation", rule="one-open-rotation", hint="govern rotation list --open")
    scene.run(
        "INSERT INTO rotations (id, credential, trigger, state, person, due, opened_at, opener, entry) VALUES (?, ?, ?, 'planned', ?, ?, ?, ?, ?)",
        body["rotation"], body["credential"], body["trigger"], body.get("person"), body.get("due"), scene.at, scene.actor, scene.index,
    )  # fmt: skip


def _open(scene: Scene) -> Any:
    row = scene.one("SELECT credential, candidate, shown, ended_at, state FROM rotations WHERE id = ?", scene.body["rotation"])
    if row is None:
        raise Refused(f"{scene.type} cites a rotation that the ledger does not have", rule="unknown-reference")
    if row[3] is not None:
        raise Refused("this rotation has ended", rule="rotation-open")
    return row


def _rejected(scene: Scene) -> None:
    row = _open(scene)
    if row[1] != scene.body["version"]:
        raise Refused("only the present candidate can be rejected", rule="rotation-open")
    scene.run("UPDATE versions SET state = 'rejected' WHERE credential = ? AND n = ?", row[0], row[1])
    scene.run("UPDATE rotations SET state = 'rejected' WHERE id = ?", scene.body["rotation"])


def _state(state: str) -> Callable[[Scene], None]:
    def apply(scene: Scene) -> None:
        _open(scene)
        scene.run("UPDATE rotations SET state = ? WHERE id = ?", state, scene.body["rotation"])

    return apply


def _aborted(scene: Scene) -> None:
    row = _open(scene)
    shown = scene.one(
        "SELECT count(*) FROM exposures e JOIN versions v USING (credential, n) WHERE v.rotation = ? AND e.strength = 'seen'",
        scene.body["rotation"],
    )
    if shown[0]:
        raise Refused("a candidate that was shown may be on the platform", rule="rotation-shown", hint="confirm or reject it instead")
    scene.run("UPDATE versions SET state = 'rejected', ended_at = ? WHERE credential = ? AND state = 'candidate'", scene.at, row[0])
    scene.run("UPDATE rotations SET state = 'aborted', ended_at = ? WHERE id = ?", scene.at, scene.body["rotation"])


def _confirmed(scene: Scene) -> None:
    body = scene.body
    row = _open(scene)
    credential, n = row[0], body["version"]
    staged = scene.one("SELECT rotation, reuses FROM versions WHERE credential = ? AND n = ?", credential, n)
    if staged is None or staged[0] != body["rotation"]:
        raise Refused("only a candidate of this rotation can become current", rule="rotation-open")
    scene.run("UPDATE versions SET state = 'retired' WHERE credential = ? AND state = 'previous'", credential)
    scene.run("UPDATE versions SET state = 'previous' WHERE credential = ? AND state = 'current'", credential)
    scene.run("UPDATE versions SET ended_at = ? WHERE credential = ? AND n <> ? AND ended_at IS NULL", scene.at, credential, n)
    scene.run("UPDATE versions SET state = 'rejected' WHERE credential = ? AND n <> ? AND state = 'candidate'", credential, n)
    scene.run(
        "UPDATE versions SET state = 'current', current_at = ?, ended_at = NULL WHERE credential = ? AND n = ?", scene.at, credential, n
    )
    spread_credential(scene, credential)
    if staged[1]:
        # The value came back: whoever knew it then knows it now.
        for person, since, strength in scene.db.execute(
            "SELECT person, min(since), strength FROM exposures WHERE credential = ? AND n = ? GROUP BY person", (credential, staged[1])
        ).fetchall():
            scene.expose(person, credential, n, "declared" if strength == "claimed" else "revealed", since=since, strength=strength)
    scene.run(
        "UPDATE rotations SET state = 'done', ended_at = ?, confirmer = ?, candidate = ?, grade = ?, sessions_cut = ?, residual_until = ? WHERE id = ?",
        scene.at, scene.actor, n, body["grade"], body.get("sessions_cut"), body.get("residual_until"), body["rotation"],
    )  # fmt: skip


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "rotation.opened": _opened,
    "rotation.rejected": _rejected,
    "rotation.unknown": _state("unknown"),
    "rotation.lost": _state("lost"),
    "rotation.aborted": _aborted,
    "rotation.confirmed": _confirmed,
}
