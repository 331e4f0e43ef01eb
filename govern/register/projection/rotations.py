"""Rotations: one change of one credential on its platform. Only a confirmed one ends exposures, and only those of other versions.

Which step may follow which is judged by `govern.rotation.machine`, here and so in every replay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.register.projection.places import spread_credential
from govern.register.projection.scene import Scene
from govern.rotation import machine
from govern.rotation.machine import Candidate, State, Step


class _Rotation(NamedTuple):
    credential: str
    candidate: int | None
    state: State


def _rotation(scene: Scene) -> _Rotation:
    row = scene.one("SELECT credential, candidate, state FROM rotations WHERE id = ?", scene.body["rotation"])
    if row is None:
        raise Refused(f"{scene.type} cites a rotation that the ledger does not have", rule="unknown-reference")
    return _Rotation(row[0], row[1], State(row[2]))


def staged(scene: Scene) -> None:
    """A candidate of this rotation was sealed: called for `version.staged`, before anything of it is applied."""
    rotation = scene.one("SELECT credential, state FROM rotations WHERE id = ?", scene.body["rotation"])
    if rotation is None or rotation[0] != scene.body["credential"]:
        raise Refused("a candidate needs an open rotation of its credential", rule="rotation-open")
    if scene.body["state"] != "candidate":
        raise Refused("a rotation stages candidates", rule="rotation-open")
    state = machine.after(State(rotation[1]), Step.STAGE)
    scene.run(
        "UPDATE rotations SET candidate = ?, state = ?, shown = 0 WHERE id = ?", scene.body["version"], state, scene.body["rotation"]
    )  # fmt: skip


_OPEN: Final = "INSERT INTO rotations (id, credential, trigger, state, person, due, opened_at, opener, entry) VALUES (?, ?, ?, 'planned', ?, ?, ?, ?, ?)"


def _opened(scene: Scene) -> None:
    body = scene.body
    scene.must("credential", "credentials", body["credential"])
    if "person" in body:
        scene.must("person", "people", body["person"])
    if scene.one("SELECT 1 FROM rotations WHERE credential = ? AND ended_at IS NULL", body["credential"]):
        raise _under_way()
    scene.run(
        _OPEN,
        body["rotation"], body["credential"], body["trigger"], body.get("person"), body.get("due"), scene.at, scene.actor, scene.index,
    )  # fmt: skip


def _all_opened(scene: Scene) -> None:
    """As many `rotation.opened` of the same reason: one question for all of them."""
    body, rows = scene.body, scene.body["rotations"]
    if "person" in body:
        scene.must("person", "people", body["person"])
    known, under_way = scene.one(
        "SELECT count(c.id), count(r.id) FROM json_each(?) j LEFT JOIN credentials c ON c.id = j.value"
        " LEFT JOIN rotations r ON r.credential = j.value AND r.ended_at IS NULL",
        json.dumps([credential for _, credential, _ in rows]),
    )
    if known != len(rows):
        raise scene.unknown("credential")
    if under_way:
        raise _under_way()
    scene.db.executemany(_OPEN, [
        (rotation, credential, body["trigger"], body.get("person"), due or None, scene.at, scene.actor, scene.index)
        for rotation, credential, due in rows
    ])  # fmt: skip


def _under_way() -> Refused:
    return Refused("this credential has an open rotation", rule="one-open-rotation", hint="govern rotation list --open")


def _rejected(scene: Scene) -> None:
    # Its exposures stay until the rotation is done: a platform may have taken what it said it refused.
    rotation = _rotation(scene)
    state = machine.after(rotation.state, Step.REJECT)
    if rotation.candidate != scene.body["version"]:
        raise Refused("only the present candidate can be rejected", rule="rotation-open")
    scene.run("UPDATE versions SET state = 'rejected' WHERE credential = ? AND n = ?", rotation.credential, rotation.candidate)
    scene.run("UPDATE rotations SET state = ? WHERE id = ?", state, scene.body["rotation"])


def _to(step: Step) -> Callable[[Scene], None]:
    def apply(scene: Scene) -> None:
        scene.run("UPDATE rotations SET state = ? WHERE id = ?", machine.after(_rotation(scene).state, step), scene.body["rotation"])

    return apply


def _must_follow(scene: Scene, credential: str) -> None:
    """Refuse to give up the rotation that follows an emergency grant, as long as whoever had it knows what works."""
    knows = scene.one(
        """
        SELECT 1 FROM rotations r JOIN credentials c ON c.id = r.credential
        JOIN grants g ON g.account = c.account AND g.person = r.person AND g.emergency = 1 AND g.ended_at IS NOT NULL
        JOIN versions v ON v.credential = c.id AND v.state = 'current'
        JOIN exposures e ON e.person = r.person AND e.credential = c.id AND e.n = v.n
        WHERE r.id = ? AND c.id = ? AND r.trigger = 'membership'
          AND NOT EXISTS (SELECT 1 FROM grants o WHERE o.account = c.account AND o.person = r.person AND o.ended_at IS NULL) LIMIT 1
        """,
        scene.body["rotation"], credential,
    )  # fmt: skip
    if knows:
        raise Refused(
            "an emergency ends with a rotation: whoever had the grant knows the present secret", rule="emergency", control="IA-5 i",
            hint="change it: govern rotate ACCOUNT",
        )  # fmt: skip


def _aborted(scene: Scene) -> None:
    rotation = _rotation(scene)
    _must_follow(scene, rotation.credential)
    shown = scene.one(
        "SELECT count(*) FROM exposures e JOIN versions v USING (credential, n) WHERE v.credential = ? AND v.rotation = ? AND e.strength = 'seen'",
        rotation.credential, scene.body["rotation"],
    )  # fmt: skip
    state = machine.after(rotation.state, Step.ABORT, shown=bool(shown[0]))
    scene.run(
        "UPDATE versions SET state = 'rejected', ended_at = ? WHERE credential = ? AND rotation = ? AND ended_at IS NULL",
        scene.at, rotation.credential, scene.body["rotation"],
    )  # fmt: skip
    scene.run(
        "UPDATE rotations SET state = ?, ended_at = ?, ended_entry = ? WHERE id = ?", state, scene.at, scene.index, scene.body["rotation"]
    )


def _confirmed(scene: Scene) -> None:
    body = scene.body
    rotation = _rotation(scene)
    state = machine.after(rotation.state, Step.CONFIRM)
    credential, n = rotation.credential, body["version"]
    version = scene.one("SELECT rotation, origin, manifest FROM versions WHERE credential = ? AND n = ?", credential, n)
    if version is None or version[0] != body["rotation"]:
        raise Refused("only a candidate of this rotation can become current", rule="rotation-open")
    machine.proven(candidate(scene, credential, n, version[1]), body["grade"])
    machine.probed(rotation.state if n == rotation.candidate else State.UNKNOWN, body["grade"])
    scene.run("UPDATE versions SET state = 'retired' WHERE credential = ? AND state = 'previous'", credential)
    scene.run("UPDATE versions SET state = 'previous' WHERE credential = ? AND state = 'current'", credential)
    scene.run("UPDATE versions SET ended_at = ? WHERE credential = ? AND n <> ? AND ended_at IS NULL", scene.at, credential, n)
    scene.run("UPDATE versions SET state = 'rejected' WHERE credential = ? AND n <> ? AND state = 'candidate'", credential, n)
    scene.run(
        "UPDATE versions SET state = 'current', current_at = ?, ended_at = NULL WHERE credential = ? AND n = ?", scene.at, credential, n
    )
    spread_credential(scene, credential)
    if "earlier" in body:
        scene.run("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", credential, n, body["earlier"])
    if version[2] is None:
        scene.expose(scene.actor, credential, n, "set")  # kept elsewhere: whoever changed it there knows it
    scene.run(
        "UPDATE rotations SET state = ?, ended_at = ?, ended_entry = ?, confirmer = ?, candidate = ?, grade = ?, sessions_cut = ?, residual_until = ?,"
        " cut = ? WHERE id = ?",
        state, scene.at, scene.index, scene.actor, n, body["grade"], body.get("sessions_cut"), body.get("residual_until"),
        " ".join(body.get("cut", ())) or None, body["rotation"],
    )  # fmt: skip


def candidate(scene: Scene, credential: str, n: int, origin: str) -> Candidate:
    """What was shown of a version so far."""
    kind = scene.one("SELECT kind FROM credentials WHERE id = ?", credential)[0]
    query = (
        "SELECT what FROM shown WHERE credential = ? AND n = ? AND purpose NOT IN ('probe', 'send')"  # a program tried it: nobody saw it
    )
    shown = {what for (what,) in scene.db.execute(query, (credential, n))}
    return Candidate(kind=kind, origin=origin, seen=bool(shown - {"code"}), coded="code" in shown)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "rotation.opened": _opened,
    "rotations.opened": _all_opened,
    "rotation.rejected": _rejected,
    "rotation.unknown": _to(Step.UNSURE),
    "rotation.lost": _to(Step.LOSE),
    "rotation.aborted": _aborted,
    "rotation.confirmed": _confirmed,
}
