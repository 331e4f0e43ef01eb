"""Ended wraps: whose may be ended by whom, and that a secret that still works can be opened afterwards. Judged in replay; the rows themselves
are dropped by who ended them."""

from __future__ import annotations

import json
from typing import Final

from govern.errors import Refused
from govern.holdings.services import SERVED_KINDS
from govern.register.projection import services
from govern.register.projection.scene import Scene
from govern.register.queries.serving import STANDS

_LOST: Final = """
SELECT 1 FROM (SELECT DISTINCT json_extract(value, '$[0]') AS credential, json_extract(value, '$[1]') AS n FROM json_each(?)) e
WHERE NOT EXISTS (SELECT 1 FROM wraps w WHERE w.credential = e.credential AND w.n = e.n AND w.ended IS NULL
  AND (EXISTS (SELECT 1 FROM keys k WHERE k.id = w.key AND k.state IN ('active', 'recovery'))
    OR EXISTS (SELECT 1 FROM versions v WHERE v.credential = e.credential AND v.n = e.n AND v.ended_at IS NOT NULL)))
LIMIT 1
"""
_STILL_THEIRS: Final = """
SELECT k.state = 'recovery' FROM json_each(:wraps) e
JOIN versions v ON v.credential = json_extract(e.value, '$[0]') AND v.n = json_extract(e.value, '$[1]') AND v.ended_at IS NULL
JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account
JOIN keys k ON k.id = json_extract(e.value, '$[2]') AND k.state IN ('active', 'recovery') AND k.person IS NOT :actor
WHERE :actor NOT IN (coalesce(a.custodian, ''), coalesce(a.deputy, '')) AND (k.state = 'recovery' OR (
  EXISTS (SELECT 1 FROM people p WHERE p.id = k.person AND NOT p.leaving AND p.left_on IS NULL)
  AND (k.person IN (a.custodian, a.deputy) OR EXISTS (
    SELECT 1 FROM grants g WHERE g.account = a.id AND g.person = k.person AND g.ended_at IS NULL AND (g.until IS NULL OR g.until > :now)
      AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = c.kind)))
  OR (c.kind IN (SELECT value FROM json_each(:served)) AND EXISTS (
    SELECT 1 FROM served x WHERE x.account = a.id AND x.person = k.person AND {stands})))))
LIMIT 1
""".replace("{stands}", STANDS)


def _not_theirs_to_end(scene: Scene) -> None:
    """Refuse whoever makes cuts, and neither is an admin nor answers for the account, an end of recovery's wrap and of one of somebody who stays
    and holds it: of a secret that still works they take what a departure takes, and nothing else. Services have bounds of their own."""
    if services.is_service(scene, scene.actor):
        return
    if scene.one("SELECT 1 FROM roles WHERE person = ? AND role = 'admin' AND (until IS NULL OR until > ?)", scene.actor, scene.now):
        return
    asked = {"wraps": json.dumps(scene.body["wraps"]), "actor": scene.actor, "now": scene.now, "served": json.dumps(SERVED_KINDS)}
    row = scene.db.execute(_STILL_THEIRS, asked).fetchone()
    if row is None:
        return
    if row[0]:
        raise Refused(
            "an admin, or whoever answers for the account, ends a wrap of recovery's",
            rule="wraps-ended",
            control="AC-5",
            hint="govern doctor",
        )
    raise Refused(
        "this ends a wrap of somebody who holds the secret and stays", rule="wraps-ended", control="AC-3",
        hint="end the grant first: govern revoke PERSON ACCOUNT",
    )  # fmt: skip


def ended(scene: Scene) -> None:
    """Refused for the last wrap by which a version that works can be opened, and for one that is not the actor's to end."""
    services.leave_recovery(scene)
    _not_theirs_to_end(scene)
    scene.db.executemany(
        "UPDATE wraps SET ended = ?, digest = ? WHERE credential = ? AND n = ? AND key = ? AND ended IS NULL",
        [(scene.index, digest, credential, n, key) for credential, n, key, digest in scene.body["wraps"]],
    )
    if scene.one(_LOST, json.dumps([row[:2] for row in scene.body["wraps"]])) is not None:
        raise Refused(
            "the last wrap by which a version can be opened is never ended", rule="no-secret-lost", control="CP-9",
            hint="seal it to a successor first",
        )  # fmt: skip
