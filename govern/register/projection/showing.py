"""Secrets that left the vault's wrapping: revealed, code shown, handed over, exported; and files that came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from govern.register.projection import may_lack
from govern.register.projection.freezes import guarded, guarded_many
from govern.register.projection.scene import Scene


class _Version(NamedTuple):
    """One version: whether a rotation staged it, and whether a later one has brought its value back."""

    credential: str
    n: int
    of_rotation: bool
    came_back: bool

    def known_to(self, scene: Scene, person: str, basis: str) -> None:
        scene.expose(person, self.credential, self.n, basis, came_back=self.came_back)


_VERSION: Final = (
    "SELECT credential, n, rotation IS NOT NULL, EXISTS (SELECT 1 FROM versions WHERE credential = ?1 AND reuses = ?2)"
    " FROM versions WHERE credential = ?1 AND n = ?2"
)

_SETTER: Final = "SELECT setter FROM notice_channels WHERE id = ? AND credential = ?"


def _version(scene: Scene, credential: str, n: int) -> _Version:
    row = scene.one(_VERSION, credential, n)
    if row is None:
        raise scene.unknown("version")
    return _Version(*row)


def _shown(scene: Scene, what: str, recipient: str | None, version: _Version, purpose: str) -> None:
    scene.run(
        "INSERT OR IGNORE INTO shown VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        scene.index, what, scene.actor, version.credential, version.n, purpose, recipient, scene.personal.get("reason"), scene.at,
    )  # fmt: skip
    if what != "code" and version.of_rotation:
        scene.run(
            "UPDATE rotations SET shown = 1 WHERE credential = ? AND candidate = ? AND ended_at IS NULL", version.credential, version.n
        )


def revealed(scene: Scene) -> None:
    """Also for a void entry: what was shown is known."""
    body = scene.body
    version = _version(scene, body["credential"], body["version"])
    version.known_to(scene, scene.actor, "revealed")
    _shown(scene, "secret", None, version, body["purpose"])


def sent(scene: Scene) -> None:
    """Opened by a program that hands it to the server of a channel, which whoever set the channel has named: it may be one of theirs. Also for a
    void entry: what was opened is known."""
    version = _version(scene, scene.body["credential"], scene.body["version"])
    version.known_to(scene, scene.actor, "revealed")
    setter = scene.one(_SETTER, scene.body["channel"], scene.body["credential"])
    if setter is not None:
        version.known_to(scene, setter[0], "revealed")
    _shown(scene, "secret", None, version, "send")


def _code(scene: Scene) -> None:
    # A code is not the seed: nobody knows the seed by it, so no exposure follows.
    body = scene.body
    version = _version(scene, body["credential"], body["version"])
    if "recipient" in body:
        scene.must("person", "people", body["recipient"])
    _shown(scene, "code", body.get("recipient"), version, "code")


def handed_over(scene: Scene) -> None:
    body = scene.body
    version = _version(scene, body["credential"], body["version"])
    scene.must("person", "people", body["person"])
    version.known_to(scene, body["person"], "handed-over")
    may_lack.has(scene, body["person"], version.credential, version.n)
    version.known_to(scene, scene.actor, "revealed")
    _shown(scene, "hand-over", body["person"], version, body["via"])


def exported(scene: Scene) -> None:
    for credential, n in scene.body["versions"]:
        _version(scene, credential, n).known_to(scene, scene.actor, "exported")
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
    "secret.revealed": guarded(revealed),
    "code.shown": guarded(_code),
    "secret.handed_over": guarded(handed_over),
    "secrets.exported": guarded_many(exported),
    "import.recorded": _imported,
}
