"""Services and the authorities that they act under: who may become one, and what ends an authority. Judged in replay.

A service is one from its first authority on, and for ever: it never holds an account, answers for one, or has another role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.holdings.services import ENTRUSTABLE, Purpose, why_not
from govern.register.projection.scene import Scene
from govern.register.queries import keys
from govern.register.queries import services as queries

_HINT: Final = "a service gets a name of its own: govern key add-service NAME --purpose PURPOSE"


def is_service(scene: Scene, person: str) -> bool:
    return scene.one("SELECT 1 FROM services WHERE person = ? LIMIT 1", person) is not None


def _authorised(scene: Scene) -> None:
    body, person = scene.body, scene.body["service"]
    scene.must("person", "people", person)
    if not body["purposes"] or len(set(body["purposes"])) != len(body["purposes"]):
        raise Refused("a service has a purpose, and each of them once", rule="service-purpose", control="AC-6", hint="--purpose run-due")
    if "until" in body and body["until"] <= scene.now:
        raise Refused("the authority would have ended already", rule="authority-expired", control="AC-6", hint="name a later date")
    if not is_service(scene, person) and _is_somebody(scene, person):
        raise Refused("somebody with keys, a role or accounts is made no service", rule="service-person", control="AC-6", hint=_HINT)
    scene.run(
        "INSERT INTO services SELECT id, ?, ?, ?, ?, ?, NULL, NULL, ? FROM entries WHERE idx = ?",
        person, scene.actor, scene.key, " ".join(body["purposes"]), body.get("until"), scene.index, scene.index,
    )  # fmt: skip
    scene.run("INSERT OR IGNORE INTO roles VALUES (?, 'service', NULL, ?)", person, scene.index)


def _is_somebody(scene: Scene, person: str) -> bool:
    query = (
        "SELECT 1 FROM keys WHERE person = ?1 UNION ALL SELECT 1 FROM roles WHERE person = ?1"
        " UNION ALL SELECT 1 FROM grants WHERE person = ?1 UNION ALL SELECT 1 FROM accounts WHERE custodian = ?1 OR deputy = ?1"
        " UNION ALL SELECT 1 FROM people WHERE id = ?1 AND (leaving OR left_on IS NOT NULL OR erased) LIMIT 1"
    )
    return scene.one(query, person) is not None


def _withdrawn(scene: Scene) -> None:
    row = scene.one("SELECT ended, person FROM services WHERE id = ?", scene.body["authority"])
    if row is None:
        raise scene.unknown("service's authority")
    if row[0] is not None:
        raise Refused("this authority has ended already", rule="authority-withdrawn", control="AC-6", hint="govern key list")
    scene.run("UPDATE services SET ended = 'withdrawn', ended_at = ? WHERE id = ?", scene.at, scene.body["authority"])


def end(scene: Scene, what: str, id_: str) -> None:
    """Authorities given with a key (`what` is key) that was revoked, or by an admin (authoriser) who is one no more, end for good."""
    column = {"key": "key", "authoriser": "authoriser"}[what]
    scene.run(f"UPDATE services SET ended = ?, ended_at = ? WHERE {column} = ? AND ended IS NULL", what, scene.at, id_)  # noqa: S608


def no_role(scene: Scene) -> None:
    """Refuse the role `service` to people, and any role to services."""
    if scene.body["role"] == "service":
        raise Refused("a service is authorised for stated purposes", rule="service-role", control="AC-6", hint=_HINT)
    if is_service(scene, scene.body["person"]):
        raise Refused("a service has no other role", rule="service-role", control="AC-6", hint="give it to a person")


def hold_nothing(scene: Scene, *people: str | None) -> None:
    """Refuse a service among those (ids) who are granted an account or answer for one."""
    if any(person is not None and is_service(scene, person) for person in people):
        raise holds_nothing()


def holds_nothing() -> Refused:
    return Refused(
        "a service holds no account and answers for none", rule="service-grant", control="AC-6", hint="name a person: govern person list"
    )


def wrapped(scene: Scene, person: str | None) -> None:
    """Refuse an `epoch.wrapped` to a service that makes no cuts, and one by a service to anybody who reads no cases (person id; None: recovery)."""
    if person is None:
        return
    if is_service(scene, person) and not queries.serves(scene.db, person, Purpose.RUN_DUE, scene.now):
        raise Refused(
            "a service that makes no cuts reads no cases", rule="service-reads", control="AC-6",
            hint="govern key add-service NAME --purpose run-due",
        )  # fmt: skip
    if is_service(scene, scene.actor) and not keys.entitled(scene.db, person, scene.now):
        raise Refused(
            "a service gives the key of a case to those who read cases", rule="service-reads", control="AC-6", hint="govern key list"
        )


def leave_recovery(scene: Scene) -> None:
    """Refuse a `wraps.ended` by which a service would take a version from recovery: of a stray service key nothing may be lost for good."""
    if not is_service(scene, scene.actor):
        return
    for _, _, key, _ in scene.body["wraps"]:
        if scene.one("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", key) is not None:
            raise Refused("a service ends no wrap of recovery's", rule="service-recovery", control="CP-9", hint="govern doctor")


def _entrusted(scene: Scene) -> None:
    """From here on secrets of these accounts may be sealed to the service. An account is entrusted once, under the newest authority that says so."""
    authority = queries.by_id(scene.db, scene.body["authority"], scene.now)
    if authority is None:
        raise scene.unknown("service's authority")
    reason = why_not(authority, scene.now)
    if reason is not None:
        raise reason
    if not ENTRUSTABLE & set(authority.purposes):
        raise Refused(
            "a service with none of these purposes is entrusted with no account", rule="service-entrusted", control="AC-6",
            hint="govern key add-service NAME --purpose reconcile --accounts SELECTOR",
        )  # fmt: skip
    for account in scene.body["accounts"]:
        scene.must("account", "accounts", account)
        scene.run("INSERT OR REPLACE INTO served VALUES (?, ?, ?, NULL, ?)", authority.service, account, authority.id, scene.index)


def _relieved(scene: Scene) -> None:
    for account in scene.body["accounts"]:
        if scene.one("SELECT 1 FROM served WHERE person = ? AND account = ?", scene.body["service"], account) is None:
            raise scene.unknown("entrusted account")
        scene.run("UPDATE served SET ended_at = ? WHERE person = ? AND account = ?", scene.at, scene.body["service"], account)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "service.authorised": _authorised,
    "service.withdrawn": _withdrawn,
    "service.entrusted": _entrusted,
    "service.relieved": _relieved,
}
