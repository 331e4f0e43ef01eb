"""Keys and the invites that they are enrolled by, and who is given or no longer given the key of a compartment.

A key is enrolled by whoever issued the invite that it cites, with the very key that issued it: an invite ends with its inviter's key.
Only recovery enrols without one. Control: NIST SP 800-53 IA-5 a (who receives an authenticator is verified), AC-2 (account management).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from govern.errors import Refused
from govern.register.projection import lapsed, services, sponsors
from govern.register.projection.scene import Scene
from govern.register.queries import versions

ENTITLED: Final = ("admin", "hr", "auditor")
"""Roles that read the compartment of cases."""


def _refused(message: str, rule: str, hint: str = "invite them anew: govern person invite PERSON") -> Refused:
    return Refused(message, rule=rule, control="IA-5 a", hint=hint)


# --- invites ---------------------------------------------------------------------------------------------------------------------


def _issued(scene: Scene) -> None:
    body = scene.body
    _stays(scene, body["person"])
    _fits(scene, body["purpose"], body["person"])
    if body["expires"] <= scene.now:
        raise _refused("an invite that has expired before it was issued", "invite-expired")
    # The newest counts: of several lines in the world one would be forgotten. Of its own purpose: a thief on a member's machine, who can
    # invite that member to another, must not keep an admin from giving them new keys.
    scene.run(
        "UPDATE invites SET state = 'replaced', ended = ? WHERE person = ? AND purpose = ? AND state = 'open'",
        scene.index, body["person"], body["purpose"],
    )  # fmt: skip
    scene.run(
        "INSERT INTO invites (id, person, purpose, token, expires, inviter, key, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["invite"], body["person"], body["purpose"], body["token"], body["expires"], scene.actor, _signer(scene), scene.at, scene.index,
    )  # fmt: skip


def _withdrawn(scene: Scene) -> None:
    row = scene.one("SELECT inviter, state FROM invites WHERE id = ?", scene.body["invite"])
    if row is None:
        raise Refused("invite.withdrawn cites an invite that the ledger does not have", rule="unknown-reference")
    if row[0] != scene.actor and not _has_role(scene, scene.actor, ("admin",)):
        raise Refused("an invite is withdrawn by its inviter or by an admin", rule="authority", control="AC-3", hint="ask an admin")
    if row[1] != "open":
        raise _refused("this invite is open no more", "invite-used", "govern key list")
    scene.run("UPDATE invites SET state = 'withdrawn', ended = ? WHERE id = ?", scene.index, scene.body["invite"])


def _stays(scene: Scene, person: str) -> None:
    row = scene.one("SELECT leaving, left_on FROM people WHERE id = ?", person)
    if row is None:
        raise Refused(f"{scene.type} cites a person that the ledger does not have", rule="unknown-reference")
    if row[0] or row[1]:
        raise Refused("somebody who is leaving or has left gets no keys", rule="leaver", control="PS-4", hint="name somebody who stays")


def _fits(scene: Scene, purpose: str, person: str) -> None:
    """`join` is for somebody without keys, `device` for one more machine; `rekey` puts a new key in the place of those there were."""
    active, ever = scene.one("SELECT coalesce(sum(state = 'active'), 0), count(*) FROM keys WHERE person = ?", person)
    enrolling = scene.type == "key.enrolled"
    if purpose == "join" and active:
        raise _refused(
            "this person has keys already",
            "invite-purpose",
            "their new machine: govern key add-device; in place of lost keys: govern person rekey PERSON",
        )
    if purpose == "device" and not active:
        raise _refused("a second machine needs a first one", "invite-purpose")
    if purpose == "rekey" and (not ever or (enrolling and active)):
        raise _refused("a new key takes the place of those that were revoked", "invite-purpose", "govern key list")


def _cited(scene: Scene) -> None:
    """The invite that an enrolment cites: open, for this person, of this very signer, and not expired by the ledger's own time."""
    body = scene.body
    if "invite" not in body:
        raise _refused("nobody is enrolled without an invite, but by recovery", "invite-missing")
    row = scene.one("SELECT person, purpose, expires, key, state FROM invites WHERE id = ?", body["invite"])
    if row is None:
        raise _refused("the invite is not in the ledger", "invite-unknown")
    person, purpose, expires, key, state = row
    if state != "open":
        raise _refused(f"the invite was {'withdrawn with its inviter' if state == 'void' else state}: it serves once", "invite-used")
    if person != body["person"]:
        raise _refused("the invite is another person's", "invite-person")
    if key != _signer(scene):
        raise _refused("an enrolment is recorded with the key that issued its invite", "invite-inviter")
    if expires <= scene.now:
        raise _refused(f"the invite has expired on {expires[:10]}", "invite-expired")
    _fits(scene, purpose, person)
    scene.run("UPDATE invites SET state = 'used', ended = ? WHERE id = ?", scene.index, body["invite"])


# --- keys ------------------------------------------------------------------------------------------------------------------------


def _enrolled(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    if not _by_recovery(scene):
        _stays(scene, body["person"])
        _cited(scene)
    scene.run(
        "INSERT INTO keys VALUES (?, ?, ?, ?, ?, 'active', ?)",
        body["key"], body["person"], bytes.fromhex(body["sign"]), bytes.fromhex(body["seal"]), body["custody"], scene.index,
    )  # fmt: skip
    scene.run("INSERT OR REPLACE INTO machines VALUES (?, ?, ?)", body["key"], scene.elapsed() or scene.now, scene.index)
    sponsors.stands_behind(scene, "key", body["key"], scene.key)
    if "wraps" in body:
        scene.run("INSERT INTO wrap_sets VALUES (?, ?)", scene.index, body["wraps"])
        for epoch in body.get("epochs", ()):  # also of compartments that not everybody reads: nothing here may hang on knowing them
            scene.run("INSERT INTO epoch_wraps VALUES (?, ?, ?)", scene.index, epoch, body["key"])


def _revoked(scene: Scene) -> None:
    key = scene.body["key"]
    row = scene.one(
        "SELECT k.person, k.state, p.leaving OR p.left_on IS NOT NULL FROM keys k LEFT JOIN people p ON p.id = k.person WHERE k.id = ?", key
    )
    if row is None:
        raise Refused("key.revoked cites a key that the ledger does not have", rule="unknown-reference")
    person, state, leaves = row
    if state != "active":
        raise Refused(f"this key is {state}, not active", rule="key-state", hint="govern key list")
    if not _by_recovery(scene):
        if not leaves and not _has_role(scene, scene.actor, ("admin",)):
            raise Refused(
                "HR revokes the keys of those who leave, an admin any other", rule="authority", control="AC-3", hint="ask an admin"
            )
        others = (
            "SELECT 1 FROM keys WHERE state = 'active' AND id <> ? AND person IN ("
            "SELECT person FROM roles WHERE role = 'admin' AND (until IS NULL OR until > ?))"
        )
        if _has_role(scene, person, ("admin",)) and scene.one(others, key, scene.now) is None:
            raise Refused(
                "the last key of an admin is revoked by recovery alone",
                rule="last-admin-key",
                control="AC-2",
                hint="make somebody else admin first, or: govern vault recover --sheet FILE…",
            )
        _leaves_openers(scene, key)
    scene.run("UPDATE keys SET state = 'revoked' WHERE id = ?", key)
    scene.run("INSERT INTO revocations VALUES (?, ?, ?, ?)", key, scene.body["cause"], scene.at, scene.index)
    scene.run("UPDATE invites SET state = 'void', ended = ? WHERE key = ? AND state = 'open'", scene.index, key)
    lapsed.with_key(scene, key)


def _leaves_openers(scene: Scene, key: str) -> None:
    """No secret in force is left that nobody can open, but where its change has begun: so a lost machine's key, or a leaver's, ends at once, and what
    it alone could open is somebody's to change. Recovery ends any."""
    left = [one for one in versions.only_for(scene.db, [key]) if not one.changing]
    if left:
        raise Refused(
            f"this is the last key that can open {len(left)} secret{'s' * (len(left) > 1)} in force", rule="no-secret-lost", control="CP-9",
            hint="seal it to a successor or to recovery first (govern credential reseal ACCOUNT), or begin to change it: govern rotate ACCOUNT",
        )  # fmt: skip


# --- who reads which compartment -------------------------------------------------------------------------------------------------


def _wrapped(scene: Scene) -> None:
    """The key of a compartment for more of its readers. Whoever can wrap it can also tell it: that they may read is no matter of this."""
    scene.run("INSERT INTO wrap_sets VALUES (?, ?)", scene.index, scene.body["digest"])
    for epoch, key in scene.body["wraps"]:
        row = scene.one(
            "SELECT k.state, p.leaving OR p.left_on IS NOT NULL, k.person FROM keys k LEFT JOIN people p ON p.id = k.person WHERE k.id = ?",
            key,
        )
        if row is None or row[0] not in ("active", "recovery") or row[1]:
            raise Refused("an epoch's key is wrapped to the keys of those who stay", rule="recipient", control="AC-3")
        services.wrapped(scene, row[2])
        scene.run("INSERT INTO epoch_wraps VALUES (?, ?, ?)", scene.index, epoch, key)


def _readers_ended(scene: Scene) -> None:
    for key in scene.body["keys"]:
        row = scene.one("SELECT person, state FROM keys WHERE id = ?", key)
        if row is None:
            raise Refused("readers.ended cites a key that the ledger does not have", rule="unknown-reference")
        if row[1] == "recovery" or (row[1] == "active" and _has_role(scene, row[0], ENTITLED)):
            raise Refused(
                "whoever has a role that reads it goes on reading", rule="still-entitled", control="AC-3", hint="withdraw the role first"
            )
        scene.run("INSERT INTO readers_ended VALUES (?, ?, ?)", scene.body["epoch"], key, scene.index)


# --- what several of them ask ----------------------------------------------------------------------------------------------------


def _signer(scene: Scene) -> Any:
    """Id of the key that signs this entry."""
    return scene.one("SELECT key FROM entries WHERE idx = ?", scene.index)[0]


def _by_recovery(scene: Scene) -> bool:
    return scene.one("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", _signer(scene)) is not None


def _has_role(scene: Scene, person: str | None, roles: tuple[str, ...]) -> bool:
    rows = scene.db.execute(
        "SELECT role FROM roles WHERE person = ? AND (until IS NULL OR until > ?)",
        (person, scene.now if person == scene.actor else scene.agreed()),
    )
    return any(role in roles for (role,) in rows)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "invite.issued": _issued,
    "invite.withdrawn": _withdrawn,
    "key.enrolled": _enrolled,
    "key.revoked": _revoked,
    "epoch.wrapped": _wrapped,
    "readers.ended": _readers_ended,
}
