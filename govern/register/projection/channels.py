"""Recovery channels: whose the mail address or phone number is by which an account is recovered. Told of one version of the credential:
the address after a change is another one, of which it has to be said anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import beside
from govern.register.projection.scene import Scene

CHANNELS: Final = ("recovery-email", "recovery-phone")


def _reaches(scene: Scene) -> None:
    body = scene.body
    row = scene.one(
        "SELECT c.kind FROM credentials c JOIN versions v ON v.credential = c.id WHERE c.id = ? AND v.n = ?",
        body["credential"],
        body["version"],
    )
    if row is None:
        raise scene.unknown("version")
    if row[0] not in CHANNELS:
        raise Refused(
            f"a {row[0]} reaches nobody: a recovery mail address or phone number does", rule="channel-kind", hint="--kind recovery-email"
        )
    person = body.get("person")
    if person is not None:
        scene.must("person", "people", person)
    before = scene.one("SELECT person FROM channels WHERE credential = ? AND n = ?", body["credential"], body["version"])
    if before is not None and before[0] != person:
        beside.by_another(scene, before[0], "recovery channel", by_hr=False)
    scene.run(
        "INSERT OR REPLACE INTO channels VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        body["credential"], body["version"], body["reach"], person, scene.actor, scene.at, scene.index, before[0] if before else None,
    )  # fmt: skip


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"channel.reaches": _reaches}
