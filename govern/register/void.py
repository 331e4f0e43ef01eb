"""What a void entry still changes: nothing but exposures, since what it says may have happened all the same.

Every wrap, reveal, hand-over, export or set secret that it names makes people exposed, whoever was not allowed to record it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from govern.errors import GovernError
from govern.register.projection import Scene, backup_codes, candidates, copies, credentials, showing


def _staged(scene: Scene) -> None:
    credentials.exposures(scene)
    credentials.came_back_since(scene, scene.body["credential"], scene.body["version"])


def _candidates_staged(scene: Scene) -> None:
    candidates.exposures(scene)
    for credential, n, *_ in scene.body["candidates"]:
        credentials.came_back_since(scene, credential, n)


_EXPOSES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "version.staged": _staged,
    "candidates.staged": _candidates_staged,
    "wraps.added": credentials.wraps_exposures,
    "secret.revealed": showing.revealed,
    "secret.handed_over": showing.handed_over,
    "channel.opened": showing.sent,
    "envelope.opened": copies.opened_by,
    "code.spent": backup_codes.seen_by,
    "secrets.exported": showing.exported,
}
_LISTS: Final = ("wraps", "versions", "recipients")


def still_exposes(scene: Scene, signer: str | None) -> None:
    """Expose whoever the void fact names. Where it names another actor than its signer (a person's id), both could know."""
    apply = _EXPOSES.get(scene.type)
    if apply is None:
        return
    for actor in dict.fromkeys((scene.actor, signer or scene.actor)):
        told = replace(scene, actor=actor)
        if not _tried(told, apply):
            for part, body in _parts(told, apply):
                _tried(replace(told, body=body), part)


def _tried(scene: Scene, apply: Callable[[Scene], None]) -> bool:
    scene.db.execute("SAVEPOINT void")
    try:
        apply(scene)
    except (GovernError, sqlite3.Error):
        scene.db.execute("ROLLBACK TO void")
        return False
    finally:
        scene.db.execute("RELEASE void")
    return True


def _parts(scene: Scene, apply: Callable[[Scene], None]) -> Iterator[tuple[Callable[[Scene], None], Mapping[str, Any]]]:
    """The fact taken apart, so that one thing in it that does not exist hides none of the others."""
    body = scene.body
    for field in _LISTS:
        if isinstance(body.get(field), list):
            yield from ((apply, {**body, field: [one]}) for one in body[field])
            yield apply, {**body, field: []}
    if scene.type == "secret.handed_over":
        yield showing.revealed, {**body, "purpose": "reveal"}
