"""Who among holders without keys may lack the secret that counts: what the facts write of it that insert rows, beside the triggers of `schema`."""

from __future__ import annotations

from typing import Final

from govern.register.projection.scene import Scene
from govern.register.schema import MAY_LACK

_GRANTED: Final = f"{MAY_LACK} g.id = ?"
_STAGED: Final = f"{MAY_LACK} c.id = ?"
_HAS: Final = (
    "DELETE FROM may_lack WHERE person = ?1 AND credential = ?2"
    " AND EXISTS (SELECT 1 FROM versions WHERE credential = ?2 AND n = ?3 AND state = 'current')"
)


def granted(scene: Scene, grant: str) -> None:
    """Behind a new grant, of somebody without keys."""
    scene.run(_GRANTED, grant)


def staged(scene: Scene, credential: str) -> None:
    """Behind a first version that counts at once, and all that tells who knows it."""
    scene.run(_STAGED, credential)


def has(scene: Scene, person: str, credential: str, n: int) -> None:
    """They have version `n` now; one that does not count makes no difference."""
    scene.run(_HAS, person, credential, n)
