"""Copies of single versions in places: a message that was sent, a sealed envelope; and envelopes that were opened.

A place that is recorded to hold a whole account is the business of `places`. A version that was put somewhere lies there until somebody
records that the place was cleaned; whoever can see the place while it lies there could know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection.scene import Scene

_LIES: Final = (
    "INSERT INTO place_versions VALUES (?, ?, ?, ?, NULL, NULL, NULL, ?)"
    " ON CONFLICT DO UPDATE SET since = excluded.since, cleaned_at = NULL, entry = excluded.entry"
)
"""Said again, it lies there again; that an envelope was opened stays."""


def held(scene: Scene) -> None:
    """These very versions lie in the place from now on: called for `place.holds`."""
    place = scene.body["place"]
    for credential, n in scene.body.get("versions", ()):
        if scene.one("SELECT 1 FROM versions WHERE credential = ? AND n = ?", credential, n) is None:
            raise Refused(f"{scene.type} cites a version that the ledger does not have", rule="unknown-reference")
        scene.run(_LIES, place, credential, n, scene.at, scene.index)
    if "versions" in scene.body:
        spread(scene, place)


def spread(scene: Scene, place: str, person: str = "") -> None:
    """Expose whoever could see the place, or this one of them (id), to each version that lies there. A presence that ended before the version came counts
    for nothing."""
    rows = scene.db.execute(
        "SELECT m.person, h.credential, h.n, max(h.since, coalesce(m.since, '') || 'T00:00:00Z') FROM place_versions h"
        " JOIN place_people m ON m.place = h.place AND (m.until IS NULL OR m.until >= substr(h.since, 1, 10))"
        " WHERE h.place = ?1 AND h.cleaned_at IS NULL AND ?2 IN ('', m.person) ORDER BY m.person, h.credential, h.n",
        (place, person),
    ).fetchall()
    for who, credential, n, since in rows:
        scene.expose(who, credential, n, "place", since=min(since, scene.at))


def cleaned(scene: Scene) -> None:
    """The copies of these accounts are gone: called for `place.cleaned`."""
    for account in scene.body["accounts"]:
        scene.run(
            "UPDATE place_versions SET cleaned_at = ? WHERE place = ? AND cleaned_at IS NULL"
            " AND credential IN (SELECT id FROM credentials WHERE account = ?)",
            scene.at, scene.body["place"], account,
        )  # fmt: skip


def _opened(scene: Scene) -> None:
    place, person = scene.body["place"], scene.body["person"]
    scene.must("person", "people", person)
    kind = scene.one("SELECT kind FROM places WHERE id = ?", place)
    if kind is None:
        raise scene.unknown("place")
    lies = scene.one("SELECT 1 FROM place_versions WHERE place = ? AND cleaned_at IS NULL", place)
    if kind[0] != "paper" or lies is None:
        raise Refused(
            "only an envelope that is there can be opened", rule="no-envelope", control="IA-5 h", hint="govern envelope list shows them"
        )
    opened_by(scene)
    scene.run(
        "UPDATE place_versions SET opened_at = ?, opener = ? WHERE place = ? AND cleaned_at IS NULL AND opened_at IS NULL",
        scene.at, person, place,
    )  # fmt: skip


def opened_by(scene: Scene) -> None:
    """Also for a void entry: whoever opened an envelope has read all that was in it."""
    place, person = scene.body["place"], scene.body["person"]
    scene.must("person", "people", person)
    basis = "revealed" if person == scene.actor else "handed-over"
    for credential, n in scene.db.execute("SELECT credential, n FROM place_versions WHERE place = ?", (place,)).fetchall():
        scene.expose(person, credential, n, basis)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"envelope.opened": _opened}
