"""What a connector has done for a rotation: which one took it in hand, and what the platform said to each secret that it tried.

Judged here, and so in every replay: that the policy in force names the connector, that its server is not in doubt, and that
the answers are about this rotation's secrets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.policy.rules import Policy
from govern.register.projection.scene import Scene
from govern.register.queries import servers
from govern.rotation import machine
from govern.rotation.machine import State, Step


def _rotation(scene: Scene) -> tuple[str, int | None, State, str | None]:
    """Credential, candidate, state and connector of the rotation that the fact cites."""
    row = scene.one("SELECT credential, candidate, state, connector FROM rotations WHERE id = ?", scene.body["rotation"])
    if row is None:
        raise scene.unknown("rotation")
    return row[0], row[1], State(row[2]), row[3]


def _connected(scene: Scene) -> None:
    """From here on a program may touch the platform: what has a candidate is in doubt until it was tried. Or until somebody types in what the
    platform has mailed, where it awaits that."""
    body = scene.body
    credential, candidate, state, _ = _rotation(scene)
    _allowed(scene)
    _may_send_to(scene, credential, body.get("server"))
    after: State
    if state in (State.PLANNED, State.REJECTED):
        after = state  # the platform is to issue it: there is no candidate before
    else:
        after = machine.after(state, Step.UNSURE)
    if body.get("version") != candidate:
        raise Refused("a connector takes the present candidate, and names it", rule="rotation-open")
    if "awaits" in body and candidate is None:
        raise Refused("a code is mailed for a candidate, and there is none", rule="rotation-open")
    scene.run(
        "UPDATE rotations SET state = ?, connector = ?, by = ?, connected = ?, server = ?, awaits = ? WHERE id = ?",
        after, body["connector"], body.get("by"), scene.index, body.get("server"), body.get("awaits"), body["rotation"],
    )  # fmt: skip


def _may_send_to(scene: Scene, credential: str, server: str | None) -> None:
    """Refuse a server that is in doubt, and one that is kept back where others were named: whoever may edit an account's url must not choose where
    its secrets go after they have left."""
    account = scene.one("SELECT account FROM credentials WHERE id = ?", credential)[0]
    if server is None:
        if servers.names_one(scene.db, account):
            raise Refused("a connector names the server that it speaks to", rule="server-named", control="AC-4", hint="upgrade govern")
        return
    if scene.body.get("confirmed"):
        scene.run("INSERT OR REPLACE INTO servers VALUES (?, ?, ?, ?)", account, server, scene.actor, scene.index)
    if servers.doubt(scene.db, account=account, rotation=scene.body["rotation"], server=server) is not None:
        raise Refused(
            "nothing is sent to a server that nobody who stays has confirmed", rule="server-confirmed", control="AC-4", hint="--server HOST"
        )


def _cleared(scene: Scene) -> None:
    """What the platform issued under the label of a rotation that was given up is gone: a connector took it away, or somebody looked."""
    body = scene.body
    credential, _, state, _ = _rotation(scene)
    if state is not State.ABORTED:
        raise Refused("only a rotation that was given up leaves anything behind", rule="rotation-open")
    if "connector" in body:
        _allowed(scene)
        _may_send_to(scene, credential, body.get("server"))
    scene.run("UPDATE rotations SET cleared = coalesce(cleared, ?) WHERE id = ?", scene.index, body["rotation"])


def _allowed(scene: Scene) -> None:
    """Refuse a connector that the policy in force does not name, and a helper that the ledger does not have."""
    policy = scene.one("SELECT value FROM state WHERE key = 'policy'")
    if policy is not None:
        Policy.from_record(json.loads(policy[0])).must_allow_connector(scene.body["connector"])
    if "by" in scene.body:
        scene.must("credential", "credentials", scene.body["by"])


def _probed(scene: Scene) -> None:
    """A program tried one secret. Only silence leaves the state as it was."""
    body = scene.body
    credential, candidate, state, connector = _rotation(scene)
    if not machine.is_open(state) or connector is None:
        raise Refused("nothing is tried for a rotation that no connector has in hand", rule="rotation-open")
    version = scene.one("SELECT rotation, state FROM versions WHERE credential = ? AND n = ?", credential, body["version"])
    if version is None:
        raise scene.unknown("version")
    scene.run(
        "INSERT INTO probes VALUES (?, ?, ?, ?, ?, ?, ?)",
        scene.index, body["rotation"], body["version"], body["answer"], body.get("retry_at"), scene.key, scene.at,
    )  # fmt: skip
    own = version[0] == body["rotation"]
    match body["answer"]:
        case "valid" if own:
            state = machine.after(state, Step.TAKEN)
            candidate = body["version"]
            if _is_refused(scene, credential):
                state = machine.after(state, Step.PROVE)
        case "invalid" if version[1] == "current" and state is State.APPLIED:
            state = machine.after(state, Step.PROVE)
        case "valid" if state in (State.APPLIED, State.VERIFIED):
            state = machine.after(state, Step.UNSURE)
        case "invalid" if own and body["version"] == candidate and state in (State.APPLIED, State.VERIFIED):
            state = machine.after(state, Step.UNSURE)
        case _:
            return
    scene.run("UPDATE rotations SET state = ?, candidate = ? WHERE id = ?", state, candidate, body["rotation"])


def _is_refused(scene: Scene, credential: str) -> bool:
    """Whether the platform refused what is current since the connector last set out; so too where nothing was current before."""
    current = scene.one("SELECT n FROM versions WHERE credential = ? AND state = 'current'", credential)
    if current is None:
        return True
    last = scene.one(
        "SELECT p.answer FROM probes p JOIN rotations r ON r.id = p.rotation AND p.entry > r.connected WHERE r.id = ? AND p.n = ?"
        " ORDER BY p.entry DESC LIMIT 1",
        scene.body["rotation"], current[0],
    )  # fmt: skip
    return last is not None and last[0] == "invalid"


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "rotation.connected": _connected,
    "rotation.probed": _probed,
    "rotation.cleared": _cleared,
}
