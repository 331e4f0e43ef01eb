"""Who among holders without keys may lack the secret that counts: what the facts write of it that insert rows, beside the triggers of `schema`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from govern.register.projection.scene import Scene
from govern.register.schema import MAY_LACK

_GRANTED: Final = f"{MAY_LACK} g.id = ?"
_STAGED: Final = f"{MAY_LACK} c.id = ?"
_ENDED: Final = """
DELETE FROM may_lack WHERE (person, credential) IN (
  SELECT g.person, c.id FROM json_each(?) j JOIN grants g ON g.id = j.value JOIN credentials c ON c.account = g.account
  WHERE NOT EXISTS (SELECT 1 FROM grants o WHERE o.person = g.person AND o.account = g.account AND o.ended_at IS NULL))
"""
_HAS: Final = (
    "DELETE FROM may_lack WHERE person = ?1 AND credential = ?2"
    " AND EXISTS (SELECT 1 FROM versions WHERE credential = ?2 AND n = ?3 AND state = 'current')"
)


def granted(scene: Scene, grant: str) -> None:
    """Behind a new grant, of somebody without keys."""
    scene.run(_GRANTED, grant)


def ended(scene: Scene, grants: Sequence[str]) -> None:
    """Behind the end of grants: nobody lacks what they hold no more. Of many at once, which a trigger would take one by one."""
    if scene.one("SELECT 1 FROM may_lack LIMIT 1"):
        scene.run(_ENDED, json.dumps(grants))


def staged(scene: Scene, credential: str) -> None:
    """Behind a first version that counts at once, and all that tells who knows it."""
    scene.run(_STAGED, credential)


def has(scene: Scene, person: str, credential: str, n: int) -> None:
    """They have version `n` now; one that does not count makes no difference."""
    scene.run(_HAS, person, credential, n)
