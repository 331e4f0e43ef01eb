"""Secrets that left the vault's wrapping: revealed, code shown, handed over, exported; and files that came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection.scene import Scene


def _version(scene: Scene, credential: str, n: int) -> None:
    if scene.one("SELECT 1 FROM versions WHERE credential = ? AND n = ?", credential, n) is None:
        raise Refused(f"{scene.type} cites a version that the ledger does not have", rule="unknown-reference")


def _shown(scene: Scene, what: str, recipient: str | None, credential: str, n: int, purpose: str) -> None:
    scene.run(
        "INSERT OR IGNORE INTO shown VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        scene.index, what, scene.actor, credential, n, purpose, recipient, scene.personal.get("reason"), scene.at,
    )  # fmt: skip
    if what != "code":
        scene.run("UPDATE rotations SET shown = 1 WHERE credential = ? AND candidate = ? AND ended_at IS NULL", credential, n)


def revealed(scene: Scene) -> None:
    """Also for a void entry: what was shown is known."""
    body = scene.body
    _version(scene, body["credential"], body["version"])
    scene.expose(scene.actor, body["credential"], body["version"], "revealed")
    _shown(scene, "secret", None, body["credential"], body["version"], body["purpose"])


def _code(scene: Scene) -> None:
    # A code is not the seed: nobody knows the seed by it, so no exposure follows.
    body = scene.body
    _version(scene, body["credential"], body["version"])
    if "recipient" in body:
        scene.must("person", "people", body["recipient"])
    _shown(scene, "code", body.get("recipient"), body["credential"], body["version"], "code")


def handed_over(scene: Scene) -> None:
    body = scene.body
    _version(scene, body["credential"], body["version"])
    scene.must("person", "people", body["person"])
    scene.expose(body["person"], body["credential"], body["version"], "handed-over")
    scene.expose(scene.actor, body["credential"], body["version"], "revealed")
    _shown(scene, "hand-over", body["person"], body["credential"], body["version"], body["via"])


def exported(scene: Scene) -> None:
    for credential, n in scene.body["versions"]:
        _version(scene, credential, n)
        scene.expose(scene.actor, credential, n, "exported")
    scene.run("INSERT OR IGNORE INTO exports VALUES (?, ?, ?)", scene.index, scene.personal.get("path"), scene.at)


def _imported(scene: Scene) -> None:
    body = scene.body
    scene.run(
        "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?)",
        scene.index, body["format"], scene.personal.get("path"), scene.at, body["created"], int(body.get("sealed", True)),
    )  # fmt: skip


def _carried(scene: Scene) -> None:
    """Who could know what by the head that a fork gives up; of a version that is not here the newest counts."""
    scene.must("proposal", "proposals", scene.body["proposal"])
    for person, credential, n, basis, since in scene.body["exposures"]:
        scene.must("person", "people", person)
        newest = scene.one("SELECT max(n) FROM versions WHERE credential = ?", credential)[0]
        if newest is None:
            raise scene.unknown("credential")
        scene.expose(person, credential, min(n, newest), basis, since=min(since, scene.at))


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "exposures.carried": _carried,
    "secret.revealed": revealed,
    "code.shown": _code,
    "secret.handed_over": handed_over,
    "secrets.exported": exported,
    "import.recorded": _imported,
}
