"""What ends with a key or with somebody's being an admin: the authorities that they gave to services, and what they have proposed. For good: neither
comes back with another key or with the role. And whose act it was that left an admin without role or keys is remembered.

Controls: NIST SP 800-53 rev. 5 AC-2 (account management), AC-3(2) (dual authorization).
"""

from __future__ import annotations

from govern.register.projection import services
from govern.register.projection.scene import Scene


def with_key(scene: Scene, key: str) -> None:
    """This key (id) was revoked."""
    services.end(scene, "key", key)
    _proposals(scene, "key", key)
    keyless = scene.one(
        "SELECT k.person FROM keys k JOIN roles r ON r.person = k.person AND r.role = 'admin' WHERE k.id = ? AND NOT EXISTS ("
        "SELECT 1 FROM keys o WHERE o.person = k.person AND o.state = 'active')",
        key,
    )
    if keyless is not None:
        _unseated(scene, keyless[0])


def with_role(scene: Scene, person: str) -> None:
    """This person (id) is no admin any more."""
    services.end(scene, "authoriser", person)
    _proposals(scene, "proposer", person)
    _unseated(scene, person)


def _unseated(scene: Scene, person: str) -> None:
    if person != scene.actor:
        scene.run("INSERT INTO unseated VALUES (?, ?, ?)", scene.index, person, scene.actor)


def _proposals(scene: Scene, column: str, id_: str) -> None:
    query = f"UPDATE proposals SET state = 'lapsed', ended_at = ?, ended_entry = ? WHERE {column} = ? AND state = 'open'"  # noqa: S608
    scene.run(query, scene.at, scene.index, id_)
