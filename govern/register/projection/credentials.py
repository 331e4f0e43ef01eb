"""Credentials, their versions, and to whom each version is sealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from govern.errors import Refused
from govern.holdings.exposures import OTHERS_UNKNOWN
from govern.holdings.services import SERVED_KINDS
from govern.register.projection import ending_wraps, may_lack, rotations
from govern.register.projection.places import spread_credential
from govern.register.projection.scene import Scene
from govern.register.queries.serving import STANDS, serves


def _added(scene: Scene) -> None:
    body = scene.body
    account, place = scene.one(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ?1), ?2 IS NULL OR EXISTS (SELECT 1 FROM places WHERE id = ?2)",
        body["account"], body.get("kept_in"),
    )  # fmt: skip
    if not account:
        raise scene.unknown("account")
    if not place:
        raise scene.unknown("place")
    scene.run(
        "INSERT INTO credentials VALUES (?, ?, ?, ?, ?)",
        body["credential"],
        body["account"],
        body["kind"],
        body.get("kept_in"),
        scene.index,
    )


def sealed_to(scene: Scene, credential: str, n: int, key: str) -> None:
    """One wrap exists: its person could know the version. A wrap to recovery is nobody's knowledge."""
    known = scene.one("SELECT person, state FROM keys WHERE id = ?", key)
    if known is None:
        raise _unknown_key(scene)
    if known[0] is not None:
        scene.expose(known[0], credential, n, "sealed")


def _unknown_key(scene: Scene) -> Refused:
    return Refused(f"{scene.type} seals to a key that the ledger does not have", rule="unknown-reference")


_SEALED_BEYOND: Final = """
SELECT c.id FROM json_each(:credentials) x JOIN credentials c ON c.id = x.value JOIN accounts a ON a.id = c.account
WHERE :count > (
  SELECT count(*) FROM json_each(:keys) j JOIN keys k ON k.id = j.value AND k.state <> 'revoked'
  WHERE k.state = 'recovery' OR k.person IN (a.custodian, a.deputy, :actor) OR EXISTS (
    SELECT 1 FROM grants g WHERE g.account = a.id AND g.person = k.person AND g.ended_at IS NULL
      AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = c.kind)))
    OR (c.kind IN (SELECT value FROM json_each(:served)) AND EXISTS (SELECT 1 FROM served x WHERE x.account = a.id AND x.person = k.person AND {stands})))
LIMIT 1
""".replace("{stands}", STANDS)


_ANSWERS: Final = """a.custodian IS ? OR a.deputy IS ? OR EXISTS (
  SELECT 1 FROM grants g WHERE g.account = a.id AND g.person = ? AND g.ended_at IS NULL
    AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = c.kind)))"""
_FEW: Final = 30


def _all_answer(scene: Scene, credentials: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether all of these keys are in force, and each is recovery's or of the actor or of somebody who holds or answers for every one of these:
    what a batch is nearly always sealed to, found in half the time."""
    found = scene.db.execute(
        "SELECT k.person, k.state FROM json_each(?) j JOIN keys k ON k.id = j.value AND k.state <> 'revoked'", (json.dumps(keys),)
    ).fetchall()
    people = {person for person, state in found if state != "recovery"} - {scene.actor}
    if len(found) != len(keys) or len(people) > _FEW:
        return False
    each = " OR ".join([f"NOT ({_ANSWERS})"] * len(people)) or "0"
    beyond = f"SELECT 1 FROM json_each(?) x JOIN credentials c ON c.id = x.value JOIN accounts a ON a.id = c.account WHERE {each} LIMIT 1"  # noqa: S608
    return scene.one(beyond, json.dumps(credentials), *(person for person in people for _ in range(3))) is None


def may_have(scene: Scene, credentials: Sequence[str], keys: Sequence[str]) -> None:
    """Refuse versions that are sealed to any key that may not have a wrap of them: one question where all of them may."""
    if len(credentials) > 1 and _all_answer(scene, credentials, keys):
        return
    asked = {
        "keys": json.dumps(keys), "credentials": json.dumps(credentials), "actor": scene.actor, "count": len(keys), "now": scene.now,
        "served": json.dumps(SERVED_KINDS),
    }  # fmt: skip
    beyond = scene.db.execute(_SEALED_BEYOND, asked).fetchone()
    if beyond is None:
        return
    for key in keys:
        why = wrap_refusal(scene, beyond[0], key)
        if why:
            raise Refused(f"{scene.type} seals to {why}", rule="recipient", control="AC-3")
    raise Refused(f"{scene.type} seals to somebody who may not have it", rule="recipient", control="AC-3")


def wrap_refusal(scene: Scene, credential: str, key: str) -> str:
    """Why this key may not have a wrap of the credential, or nothing. Judged here, so that no procedure can forget it."""
    row = scene.one("SELECT person, state FROM keys WHERE id = ?", key)
    if row is None or row[1] == "revoked":
        return "a key that is not enrolled"
    if row[1] == "recovery":
        return ""
    account = scene.one(
        "SELECT a.custodian, a.deputy, a.id, c.kind FROM accounts a JOIN credentials c ON c.account = a.id WHERE c.id = ?", credential
    )
    if account is None:
        return "an account that the ledger does not have"
    if row[0] in account[:2] or row[0] == scene.actor:
        return ""
    held = scene.one(
        "SELECT 1 FROM grants WHERE account = ? AND person = ? AND ended_at IS NULL"
        " AND (kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = ?))",
        account[2], row[0], account[3],
    )  # fmt: skip
    if held or serves(scene.db, row[0], account[2], account[3], scene.now):
        return ""
    return "a person who neither holds nor answers for the account"


def in_order(n: int, last: int, reuses: int | None) -> None:
    """Refuse a version that does not follow the last one there is, or brings back none that was before it."""
    if n != last + 1:
        raise Refused(f"version {n} does not follow version {last}", rule="version-order")
    if reuses is not None and not 0 < reuses <= last:
        raise Refused("a version can only bring back an earlier one", rule="version-order")


def _staged(scene: Scene) -> None:
    body = scene.body
    credential, n = body["credential"], body["version"]
    known = scene.one(
        "SELECT (SELECT max(n) FROM versions WHERE credential = c.id), EXISTS (SELECT 1 FROM place_people), c.kind, a.tier, a.state"
        " FROM credentials c JOIN accounts a ON a.id = c.account WHERE c.id = ?",
        credential,
    )
    if known is None:
        raise scene.unknown("credential")
    last = known[0] or 0
    in_order(n, last, body.get("reuses"))
    if "rotation" in body:
        rotations.staged(scene)
    elif body["state"] == "candidate":
        raise Refused("a candidate needs a rotation", rule="rotation-open")
    elif last:
        raise Refused("only a rotation changes a current version", rule="rotation-open")
    if "recipients" in body:
        may_have(scene, [credential], body["recipients"])
    current = body["state"] == "current"
    scene.run(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)",
        credential, n, body["state"], body["origin"], body.get("manifest"), scene.actor, scene.at, scene.at if current else None,
        body.get("changed_at"), body.get("reuses"), body.get("rotation"), int(body.get("others_unknown", False)), int(body.get("weak", False)),
        scene.index,
    )  # fmt: skip
    if current and known[4] == "active":
        brought = bool(body.get("others_unknown"))
        since = scene.at if brought else body.get("changed_at") or scene.at
        scene.run("INSERT INTO calendar VALUES (?, ?, ?, ?, ?)", known[2], known[3], int(brought), since[:10], credential)
    if "wraps" in body:
        scene.run("INSERT INTO wrap_sets VALUES (?, ?)", scene.index, body["wraps"])
        rows = [(credential, n, key, scene.index) for key in body["recipients"]]
        scene.db.executemany("INSERT INTO wraps VALUES (?, ?, ?, ?, NULL, NULL)", rows)
    exposures(scene)
    if current and "manifest" in body:
        may_lack.staged(scene, credential)
    if known[1]:
        spread_credential(scene, credential)


def exposures(scene: Scene) -> None:
    """Whoever the staged version is sealed to, whoever set it, and others, could know it: also where the entry is void."""
    body = scene.body
    credential, n = body["credential"], body["version"]
    told = [(person, "sealed", "") for person in people_of(scene, body["recipients"])] if "recipients" in body else []
    told += _by_origin(scene)
    if body.get("others_unknown"):
        told.append((OTHERS_UNKNOWN, "unknown", ""))
    scene.expose_all((person, credential, n, basis, strength) for person, basis, strength in told)
    if body.get("reuses"):
        came_back(scene, credential, n, body["reuses"])


def came_back(scene: Scene, credential: str, n: int, earlier: int) -> None:
    """Whoever could know a value then can know it now. `Scene.expose` carries on what comes to be known later."""
    scene.run(
        "INSERT OR IGNORE INTO exposures SELECT person, credential, ?, basis, strength, since, ? FROM exposures WHERE credential = ? AND n = ?",
        n, scene.index, credential, earlier,
    )  # fmt: skip


_CAME_BACK: Final = """
INSERT INTO exposures SELECT person, credential, :later, basis, strength, since, :entry FROM exposures WHERE credential = :credential AND n = :n
ON CONFLICT DO UPDATE SET strength = 'seen' WHERE strength <> 'seen' AND excluded.strength = 'seen'
"""


def came_back_since(scene: Scene, credential: str, n: int) -> None:
    """The same where somebody turns out to have known a value that later versions have brought back already: a void fact may be about any
    version, not about the newest alone."""
    waiting = [n]  # more may follow each other than Python has frames
    while waiting:
        n = waiting.pop()
        later = scene.db.execute("SELECT n FROM versions WHERE credential = ? AND reuses = ?", (credential, n)).fetchall()
        for (version,) in later:
            scene.db.execute(_CAME_BACK, {"later": version, "entry": scene.index, "credential": credential, "n": n})
            waiting.append(version)


def people_of(scene: Scene, keys: Sequence[str]) -> list[str]:
    """Whose keys these are, recovery's left out; Refused for a key that the ledger does not have."""
    rows = scene.db.execute("SELECT k.id, k.person FROM json_each(?) j LEFT JOIN keys k ON k.id = j.value", (json.dumps(keys),)).fetchall()
    if any(key is None for key, _ in rows):
        raise _unknown_key(scene)
    return [person for _, person in rows if person is not None]


def _by_origin(scene: Scene) -> list[tuple[str, str, str]]:
    """(person, basis, strength) of what the actor had before their eyes: imported, typed in, given by the platform, changed where it is kept."""
    origin = scene.body["origin"]
    if origin == "imported":
        return [(scene.actor, "imported", "")]
    if origin in ("set", "platform") or (origin == "claimed" and "rotation" in scene.body):
        return [(scene.actor, "set", "")]
    return by_generating(scene) if origin == "generated" else []


def by_generating(scene: Scene) -> list[tuple[str, str, str]]:
    """Nothing was shown, but the program that drew it ran under their hands: a leaver's own rotation clears nothing."""
    leaves = scene.one("SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)", scene.actor)
    return [(scene.actor, "set", "possible")] if leaves else []


def _wraps_added(scene: Scene) -> None:
    for credential, n, key in scene.body["wraps"]:
        if scene.one("SELECT 1 FROM versions WHERE credential = ? AND n = ?", credential, n) is None:
            raise Refused("wraps.added cites a version that the ledger does not have", rule="unknown-reference")
        why = wrap_refusal(scene, credential, key) or _holder_refusal(scene, credential, key)
        if why:
            raise Refused(f"wraps.added seals to {why}", rule="recipient", control="AC-3")
    scene.run("INSERT INTO wrap_sets VALUES (?, ?)", scene.index, scene.body["digest"])
    for credential, n, key in scene.body["wraps"]:
        scene.run("INSERT INTO wraps VALUES (?, ?, ?, ?, NULL, NULL)", credential, n, key, scene.index)
    wraps_exposures(scene)


def _holder_refusal(scene: Scene, credential: str, key: str) -> str:
    """Whoever merely holds an account seals it to keys of their own, another machine's, and to nobody else's."""
    if scene.one("SELECT 1 FROM keys WHERE id = ? AND person = ?", key, scene.actor):
        return ""
    if scene.one("SELECT 1 FROM roles WHERE person = ? AND role = 'admin' AND (until IS NULL OR until > ?)", scene.actor, scene.now):
        return ""
    answers = "SELECT 1 FROM accounts a JOIN credentials c ON c.account = a.id WHERE c.id = ? AND ? IN (a.custodian, a.deputy)"
    return "" if scene.one(answers, credential, scene.actor) else "the keys of another, by a mere holder"


def wraps_exposures(scene: Scene) -> None:
    for credential, n, key in scene.body["wraps"]:
        sealed_to(scene, credential, n, key)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "credential.added": _added,
    "version.staged": _staged,
    "wraps.added": _wraps_added,
    "wraps.ended": ending_wraps.ended,
}
