"""Candidates of many rotations, generated together and sealed to the same keys: what as many `version.staged` would leave in the register."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from govern.errors import Refused
from govern.register.projection import credentials
from govern.register.projection.places import spread_credential
from govern.register.projection.scene import Scene
from govern.rotation import machine
from govern.rotation.machine import State, Step

_ROTATIONS: Final = """
SELECT r.credential, r.state, (SELECT max(n) FROM versions WHERE credential = r.credential)
FROM json_each(?) j LEFT JOIN rotations r ON r.id = j.value ORDER BY j.key
"""

_WRAPS: Final = """
INSERT OR FAIL INTO wraps SELECT c.value, :n, k.value, :entry, NULL, NULL FROM json_each(:credentials) c CROSS JOIN json_each(:keys) k
"""
"""Where it fails, what it has inserted goes with the fact: no page need be kept as it was before the statement alone."""


def _staged(scene: Scene) -> None:
    rows, keys = scene.body["candidates"], scene.body["recipients"]
    found = scene.db.execute(_ROTATIONS, (json.dumps([row[2] for row in rows]),)).fetchall()
    states: list[str] = []
    after: dict[str, str] = {}
    for (credential, n, _, _, reuses), (of, state, last) in zip(rows, found, strict=True):
        if of != credential:
            raise Refused("a candidate needs an open rotation of its credential", rule="rotation-open")
        credentials.in_order(n, last or 0, reuses or None)
        if state not in after:
            after[state] = machine.after(State(state), Step.STAGE).value
        states.append(after[state])
    credentials.may_have(scene, [row[0] for row in rows], keys)
    scene.db.executemany(
        "INSERT INTO versions (credential, n, state, origin, manifest, setter, staged_at, reuses, rotation, entry)"
        " VALUES (?, ?, 'candidate', 'generated', ?, ?, ?, ?, ?, ?)",
        [
            (credential, n, manifest, scene.actor, scene.at, reuses or None, rotation, scene.index)
            for credential, n, rotation, manifest, reuses in rows
        ],
    )
    scene.db.executemany(
        "UPDATE rotations SET candidate = ?, state = ?, shown = 0 WHERE id = ?",
        [(row[1], state, row[2]) for row, state in zip(rows, states, strict=True)],
    )
    scene.run("INSERT INTO wrap_sets VALUES (?, ?)", scene.index, scene.body["wraps"])
    for n, of in _by_number(rows).items():  # half of the time of as many rows by themselves
        scene.db.execute(_WRAPS, {"credentials": json.dumps(of), "n": n, "keys": json.dumps(keys), "entry": scene.index})
    exposures(scene)
    if scene.one("SELECT 1 FROM place_people LIMIT 1"):
        for row in rows:
            spread_credential(scene, row[0])


def exposures(scene: Scene) -> None:
    """Whoever the candidates are sealed to, and whoever could know a value that came back, could know them: also where the entry is void."""
    rows = scene.body["candidates"]
    told = [(person, "sealed", "") for person in credentials.people_of(scene, scene.body["recipients"])]
    told += credentials.by_generating(scene)
    for number, of in _by_number(rows).items():
        scene.expose_many(of, number, told)
    for credential, n, _, _, reuses in rows:
        if reuses:
            credentials.came_back(scene, credential, n, reuses)


def _by_number(rows: Sequence[Sequence[Any]]) -> dict[int, list[str]]:
    """Number of the version -> the credentials of which it is one."""
    found: dict[int, list[str]] = {}
    for credential, n, *_ in rows:
        found.setdefault(n, []).append(credential)
    return found


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"candidates.staged": _staged}
