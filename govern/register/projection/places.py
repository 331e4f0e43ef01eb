"""Places where copies lie outside, who was present there, and what people are said to know.

Whoever was present in a place while a version was current there could know it (basis place). A version that was imported was current
before: from its claimed date of change on, or, where there is none, always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.register.projection.scene import Scene


def _added(scene: Scene) -> None:
    scene.run("INSERT INTO places VALUES (?, ?, ?, ?)", scene.body["place"], scene.body["kind"], scene.personal.get("name"), scene.index)


def spread(scene: Scene, place: str) -> None:
    """Expose everybody who was in the place to every version that was current there at that time."""
    rows = scene.db.execute(
        """
        SELECT DISTINCT m.person, v.credential, v.n
        FROM place_people m
        JOIN (
          SELECT c.id AS credential, p.since AS held, p.cleaned_at FROM place_accounts p JOIN credentials c ON c.account = p.account WHERE p.place = :place
          UNION SELECT id, '', NULL FROM credentials WHERE kept_in = :place
        ) h
        JOIN versions v ON v.credential = h.credential
        WHERE m.place = :place AND v.current_at IS NOT NULL
          AND (v.ended_at IS NULL OR (v.ended_at > h.held AND (m.since IS NULL OR m.since <= substr(v.ended_at, 1, 10))))
          AND (h.cleaned_at IS NULL OR m.since IS NULL OR m.since <= substr(h.cleaned_at, 1, 10))
          AND (h.cleaned_at IS NULL OR h.cleaned_at > v.current_at)
          AND (m.until IS NULL OR m.until >= substr(CASE WHEN v.origin IN ('imported', 'claimed') OR v.n = 1 THEN coalesce(v.changed_at, '')
               ELSE v.current_at END, 1, 10))
        """,
        {"place": place},
    ).fetchall()
    for person, credential, n in rows:
        scene.expose(person, credential, n, "place")


def _member(scene: Scene) -> None:
    body = scene.body
    scene.must("place", "places", body["place"])
    scene.must("person", "people", body["person"])
    scene.run(
        "INSERT INTO place_people VALUES (?, ?, ?, ?, ?)", body["place"], body["person"], body.get("since"), body.get("until"), scene.index
    )
    spread(scene, body["place"])


def _holds(scene: Scene) -> None:
    scene.must("place", "places", scene.body["place"])
    for account in scene.body["accounts"]:
        scene.must("account", "accounts", account)
        scene.run(
            "INSERT OR REPLACE INTO place_accounts VALUES (?, ?, ?, NULL, ?)", scene.body["place"], account, scene.at, scene.index
        )  # fmt: skip
    spread(scene, scene.body["place"])


def _cleaned(scene: Scene) -> None:
    scene.must("place", "places", scene.body["place"])
    for account in scene.body["accounts"]:
        scene.run("UPDATE place_accounts SET cleaned_at = ? WHERE place = ? AND account = ?", scene.at, scene.body["place"], account)


def _declared(scene: Scene) -> None:
    body = scene.body
    scene.must("credential", "credentials", body["credential"])
    scene.must("person", "people", body["person"])
    live = scene.db.execute(
        "SELECT n FROM versions WHERE credential = ? AND ended_at IS NULL AND state <> 'rejected'", (body["credential"],)
    ).fetchall()
    for (n,) in live:
        scene.expose(body["person"], body["credential"], n, "declared", since=f"{body['since']}T00:00:00Z" if "since" in body else "")


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "place.added": _added,
    "place.member": _member,
    "place.holds": _holds,
    "place.cleaned": _cleaned,
    "knowledge.declared": _declared,
}
