"""Company devices: who has which, what is signed in on it, and how it ended. One that is lost may still come back, or be wiped from afar."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from govern.errors import Refused
from govern.register.projection import beside, services
from govern.register.projection.scene import Scene

LAST: Final = frozenset({"returned", "wiped"})
"""States that nothing follows."""

_ON: Final = "SELECT account FROM device_accounts WHERE device = ? AND out_entry IS NULL"


def _given(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    services.hold_nothing(scene, body["person"])
    scene.run(
        "INSERT INTO devices (id, person, kind, name, since, evidence, recorder, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["device"], body["person"], body["kind"], scene.personal.get("name"), body.get("since"), body.get("evidence"), scene.actor, scene.at,
        scene.index,
    )  # fmt: skip
    _accounts(scene, body.get("accounts", ()))


def _accounts(scene: Scene, accounts: Sequence[str]) -> None:
    known = scene.one("SELECT count(*) FROM json_each(?) j JOIN accounts a ON a.id = j.value", json.dumps(accounts))[0]
    if known != len(accounts):
        raise scene.unknown("account")
    scene.run(
        "UPDATE device_accounts SET out_by = ?, out_entry = ? WHERE device = ? AND out_entry IS NULL AND account NOT IN (SELECT value FROM json_each(?))",
        scene.actor, scene.index, scene.body["device"], json.dumps(accounts),
    )  # fmt: skip
    scene.db.executemany(
        "INSERT INTO device_accounts VALUES (?, ?, NULL, NULL) ON CONFLICT DO UPDATE SET out_by = NULL, out_entry = NULL",
        [(scene.body["device"], account) for account in accounts],
    )


def _state(scene: Scene) -> tuple[str, str]:
    """Whose it is, and its state; refused for one that has come to an end."""
    row = scene.one("SELECT person, state FROM devices WHERE id = ?", scene.body["device"])
    if row is None:
        raise scene.unknown("device")
    if row[1] in LAST:
        raise Refused(f"this device was {row[1]}", rule="ended", hint="govern device list")
    return row[0], row[1]


def _signed_in(scene: Scene) -> None:
    """Exactly these accounts are signed in on it from now on."""
    person, _ = _state(scene)
    before = {row[0] for row in scene.db.execute(_ON, (scene.body["device"],))}
    if before - set(scene.body["accounts"]):
        beside.by_another(scene, person, "sessions on a device")
    _accounts(scene, scene.body["accounts"])


def _ended(scene: Scene) -> None:
    person, state = _state(scene)
    how = scene.body["how"]
    if how == state:
        raise Refused(f"this device is {state} already", rule="ended", hint="govern device list")
    if how in LAST:
        beside.by_another(scene, person, "device")
    scene.run("UPDATE devices SET state = ? WHERE id = ?", how, scene.body["device"])
    beside.end(scene, "devices", scene.body["device"])


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "device.given": _given,
    "device.signed_in": _signed_in,
    "device.ended": _ended,
}
