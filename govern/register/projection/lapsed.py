"""What ends with a key or with somebody's being an admin: the authorities that they gave to services, and what they have proposed. For good: neither
comes back with another key or with the role. Control: NIST SP 800-53 rev. 5 AC-2 (account management), AC-3(2) (dual authorization)."""

from __future__ import annotations

from govern.register.projection import services
from govern.register.projection.scene import Scene


def with_key(scene: Scene, key: str) -> None:
    """This key (id) was revoked."""
    services.end(scene, "key", key)
    _proposals(scene, "key", key)


def with_role(scene: Scene, person: str) -> None:
    """This person (id) is no admin any more."""
    services.end(scene, "authoriser", person)
    _proposals(scene, "proposer", person)


def _proposals(scene: Scene, column: str, id_: str) -> None:
    query = f"UPDATE proposals SET state = 'lapsed', ended_at = ?, ended_entry = ? WHERE {column} = ? AND state = 'open'"  # noqa: S608
    scene.run(query, scene.at, scene.index, id_)
