"""Places where copies lie outside, who was present there, and what people are said to know.

Whoever was present in a place while it held a version that was current could know it (basis place). Two ways lead into a place:

- a credential is *kept in* it: every version that is not sealed here lies there, from the moment it is staged;
- an account was recorded as *held* by it: the place then has the secrets that were current at that moment. A later rotation does not
  reach it, until somebody records anew that it holds the account. A secret that govern did not make (imported, set, claimed) existed
  before it was recorded: it counts as held however late it came in, unless the place had been cleaned before it was last changed.

A secret that govern did not make was current from its claimed date of change on, or, where there is none, always. Days are compared as
days, and the same day counts, with one exception: somebody whose presence was recorded as ended on or before the day on which a version
was staged, and before it was staged, was gone by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import copies, may_lack
from govern.register.projection.scene import Scene

_KEPT: Final = "SELECT kept_in AS place, id AS credential, '' AS held, 0 AS told, NULL AS cleaned, 1 AS kept FROM credentials WHERE "
_HELD: Final = (
    "SELECT p.place, c.id AS credential, p.since AS held, p.entry AS told, p.cleaned_at AS cleaned, 0 AS kept"
    " FROM place_accounts p JOIN credentials c ON c.account = p.account WHERE "
)

_IN_PLACE: Final = """
SELECT m.person, h.credential, h.n, m.since, h.start
FROM (
  SELECT k.place, k.cleaned, v.credential, v.n, v.entry, v.ended_at, v.changed_at IS NULL AND NOT v.foreign_made AS staged_here,
    coalesce(v.changed_at, CASE WHEN v.foreign_made THEN '' ELSE v.staged_at END) AS start
  FROM ({copies}) k
  JOIN (SELECT *, n = 1 AND origin IN ('imported', 'set', 'claimed') AS foreign_made FROM versions) v ON v.credential = k.credential
  WHERE CASE WHEN k.kept THEN v.manifest IS NULL AND v.state <> 'rejected'
        ELSE (v.foreign_made OR (v.current_at <= k.held AND v.entry < k.told)) AND (v.ended_at IS NULL OR v.ended_at > k.held) END
) h
JOIN place_people m ON m.place = h.place
WHERE (h.cleaned IS NULL OR h.cleaned >= h.start)
  AND (m.since IS NULL OR m.since <= substr(min(coalesce(h.ended_at, '9999'), coalesce(h.cleaned, '9999')), 1, 10))
  AND (m.until IS NULL OR m.until > substr(h.start, 1, 10)
       OR (m.until = substr(h.start, 1, 10) AND NOT (h.staged_here AND m.entry < h.entry)))
ORDER BY m.person, h.credential, h.n, m.since, h.start
"""


_OF_ONE: Final = _IN_PLACE.format(copies=f"{_KEPT} kept_in = :place UNION ALL {_HELD} p.place = :place").replace(
    "JOIN place_people m ON m.place = h.place", "JOIN place_people m ON m.place = h.place AND m.person = :person"
)
"""What is said of one person's presence is nothing new for the others: else one entry would cost all that is in a place, times everybody in it."""
_BY_HOLDING: Final = _IN_PLACE.format(copies=f"{_HELD} p.place = :place AND p.account = :account")
_BY_CREDENTIAL: Final = _IN_PLACE.format(copies=f"{_KEPT} id = :credential AND kept_in IS NOT NULL UNION ALL {_HELD} c.id = :credential")


def spread_credential(scene: Scene, credential: str) -> None:
    """Expose everybody who was in a place that holds this credential to every version that it held then."""
    _spread(scene, _BY_CREDENTIAL, credential=credential)


def _spread(scene: Scene, query: str, **values: str) -> None:
    for person, credential, n, since, start in scene.db.execute(query, values).fetchall():
        known = max(start, f"{since}T00:00:00Z" if since else "")
        scene.expose(person, credential, n, "place", since=min(known, scene.at))


def _added(scene: Scene) -> None:
    scene.run("INSERT INTO places VALUES (?, ?, ?, ?)", scene.body["place"], scene.body["kind"], scene.personal.get("name"), scene.index)


def _member(scene: Scene) -> None:
    """A presence without an end goes on: what is said of it next corrects or ends it. An ended one stays as it was."""
    body = scene.body
    place, person, since, until = body["place"], body["person"], body.get("since"), body.get("until")
    scene.must("place", "places", place)
    scene.must("person", "people", person)
    going_on = scene.one("SELECT entry, since FROM place_people WHERE place = ? AND person = ? AND until IS NULL", place, person)
    if person == scene.actor and (until is not None or (going_on and since is not None and since > (going_on[1] or ""))):
        raise Refused(
            "nobody shortens their own presence in a place", rule="own-presence", control="AC-5", hint="another keyholder records it"
        )  # fmt: skip
    if going_on is not None and (until is None or until >= (going_on[1] or "")):
        scene.run(
            "UPDATE place_people SET since = coalesce(?, since), until = ?, entry = ? WHERE place = ? AND person = ? AND entry = ?",
            since, until, scene.index, place, person, going_on[0],
        )  # fmt: skip
    else:
        scene.run("INSERT INTO place_people VALUES (?, ?, ?, ?, ?)", place, person, since, until, scene.index)
    _spread(scene, _OF_ONE, place=place, person=person)
    copies.spread(scene, place, person)


def _holds(scene: Scene) -> None:
    place = scene.body["place"]
    scene.must("place", "places", place)
    for account in scene.body["accounts"]:
        scene.must("account", "accounts", account)
        scene.run("INSERT OR REPLACE INTO place_accounts VALUES (?, ?, ?, NULL, ?)", place, account, scene.at, scene.index)
        _spread(scene, _BY_HOLDING, place=place, account=account)
    copies.held(scene)


def _cleaned(scene: Scene) -> None:
    scene.must("place", "places", scene.body["place"])
    if scene.one("SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)", scene.actor):
        raise Refused(
            "whoever leaves records no place as cleaned", rule="leaver", control="AC-5", hint="somebody who stays looks and records it"
        )
    copies.cleaned(scene)
    for account in scene.body["accounts"]:
        scene.run(
            "UPDATE place_accounts SET cleaned_at = ? WHERE place = ? AND account = ? AND cleaned_at IS NULL",
            scene.at, scene.body["place"], account,
        )  # fmt: skip


def _declared(scene: Scene) -> None:
    """They know what is current; a candidate that happens to be staged was told to nobody yet."""
    body = scene.body
    scene.must("credential", "credentials", body["credential"])
    scene.must("person", "people", body["person"])
    since = f"{body['since']}T00:00:00Z" if "since" in body else ""
    for (n,) in scene.db.execute(
        "SELECT n FROM versions WHERE credential = ? AND ended_at IS NULL AND state = 'current'", (body["credential"],)
    ).fetchall():
        scene.expose(body["person"], body["credential"], n, "declared", since=since)
        may_lack.has(scene, body["person"], body["credential"], n)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "place.added": _added,
    "place.member": _member,
    "place.holds": _holds,
    "place.cleaned": _cleaned,
    "knowledge.declared": _declared,
}
