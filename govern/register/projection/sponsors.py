"""Which keys stand behind each key and each admin: what the rule of the second person is judged on. Decides nothing itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from govern.holdings.proposals import Admin
from govern.holdings.second_person import Key, Ties
from govern.register.projection.scene import Scene


def stands_behind(scene: Scene, what: str, id_: str, signer: str) -> None:
    """One key more behind a key (`what` is key) or behind somebody's being an admin."""
    scene.run("INSERT OR IGNORE INTO sponsors VALUES (?, ?, ?)", what, id_, signer)


def promoted(scene: Scene, person: str, signers: Iterable[str]) -> None:
    """Whoever makes somebody an admin vouches for the keys that they have at that moment, and no later ones."""
    keys = scene.db.execute("SELECT id FROM keys WHERE person = ? AND state = 'active'", (person,)).fetchall()
    for signer in signers:
        stands_behind(scene, "admin", person, signer)
        for (key,) in keys:
            stands_behind(scene, "key", key, signer)


def ties(db: sqlite3.Connection) -> Ties:
    """Everything that stands behind everybody, at this point of the ledger."""
    keys: dict[str, set[str]] = {}
    admins: dict[str, set[str]] = {}
    for what, id_, signer in db.execute("SELECT what, id, signer FROM sponsors"):
        (keys if what == "key" else admins).setdefault(id_, set()).add(signer)
    rows = db.execute("SELECT id, person FROM keys").fetchall()
    return Ties(
        keys={id_: Key(person=person, sponsors=frozenset(keys.get(id_, ()))) for id_, person in rows},
        admins={person: frozenset(signers) for person, signers in admins.items()},
    )


def admins(db: sqlite3.Connection, at: str) -> list[Admin]:
    """Everybody who is an admin at this time (UTC), stays, and has a key that is active."""
    found: dict[str, set[str]] = {}
    for person, key in db.execute(
        "SELECT r.person, k.id FROM roles r JOIN keys k ON k.person = r.person AND k.state = 'active' JOIN people p ON p.id = r.person"
        " WHERE r.role = 'admin' AND (r.until IS NULL OR r.until > ?) AND NOT p.leaving AND p.left_on IS NULL",
        (at,),
    ):
        found.setdefault(person, set()).add(key)
    return [Admin(person=person, keys=frozenset(keys)) for person, keys in found.items()]


def is_recovery(scene: Scene) -> bool:
    """Whether the recovery key in force signs this fact."""
    return scene.one("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", scene.key) is not None


def preset(scene: Scene) -> str:
    """Of the policy in force."""
    row = scene.one("SELECT value FROM state WHERE key = 'policy'")
    return str(json.loads(row[0])["preset"]) if row else ""
