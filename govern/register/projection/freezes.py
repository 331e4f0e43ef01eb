"""Freezes of one account or of all: who is shown a secret meanwhile, and what is void. A rotation under way goes on in the hands of those who may change it.

An entry that a freeze makes void still exposes, as every void entry does: what was shown is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.holdings import freezing
from govern.register.projection import services
from govern.register.projection.scene import Scene

_ADMINS: Final = """
SELECT r.person FROM roles r JOIN people p ON p.id = r.person WHERE r.role = 'admin' AND (r.until IS NULL OR r.until > ?) AND NOT p.leaving
  AND p.left_on IS NULL AND EXISTS (SELECT 1 FROM keys k WHERE k.person = r.person AND k.state = 'active')
"""
_OPEN: Final = "SELECT allowed, account FROM freezes WHERE ended_at IS NULL AND (account IS NULL OR account = ?)"
_CHANGES: Final = """
SELECT 1 FROM rotations r JOIN credentials c ON c.id = r.credential JOIN accounts a ON a.id = c.account
WHERE r.credential = ?1 AND r.ended_at IS NULL AND (?2 IN (a.custodian, a.deputy) OR ?3
  OR EXISTS (SELECT 1 FROM served s WHERE s.account = a.id AND s.person = ?2 AND s.ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM incidents i WHERE i.closed_at IS NULL AND NOT i.drill AND ?2 IN (i.lead, i.second) AND i.account = a.id))
"""


def admins(scene: Scene) -> frozenset[str]:
    """Ids of those who are admins now, have keys and stay."""
    return frozenset(row[0] for row in scene.db.execute(_ADMINS, (scene.now or scene.at,)))


def _begun(scene: Scene) -> None:
    body = scene.body
    for person in body["allowed"]:
        scene.must("person", "people", person)
        services.hold_nothing(scene, person)
    latest = freezing.latest(min(scene.at, scene.borne_out() or scene.at)[:10])
    if body["look_again"] > latest:
        raise Refused(
            f"a freeze is looked at again within {freezing.LONGEST} days", rule="freeze-long", control=freezing.CONTROL,
            hint=f"look-again in the playbook: until {latest} at the latest",
        )  # fmt: skip
    incident, account = body.get("incident"), body.get("account")
    if incident is not None:
        row = scene.one("SELECT drill, closed_at FROM incidents WHERE id = ?", incident)
        if row is None:
            raise scene.unknown("incident")
        if row[0]:
            raise Refused(
                "a drill touches nothing",
                rule="drill",
                control="IR-4",
                hint=f"tick the step off: govern incident done {incident[:8]} freeze",
            )
    if account is not None:
        scene.must("account", "accounts", account)
        if scene.one("SELECT 1 FROM freezes WHERE account = ? AND ended_at IS NULL", account):
            handle = scene.one("SELECT handle FROM accounts WHERE id = ?", account)[0]
            raise Refused(
                f"{handle} is frozen already", rule="one-freeze", control="IR-4", hint=f"end it first: govern incident thaw {handle}"
            )
    elif scene.one("SELECT 1 FROM freezes WHERE account IS NULL AND ended_at IS NULL"):
        raise Refused("everything is frozen already", rule="one-freeze", control="IR-4", hint="end it first: govern incident thaw --all")
    custodians = {row[0] for row in scene.db.execute("SELECT custodian FROM accounts WHERE ?1 IS NULL OR id = ?1", (account,))}
    freezing.must_leave_one(frozenset(body["allowed"]), custodians, admins(scene))
    scene.run(
        "INSERT INTO freezes (id, account, allowed, look_again, incident, freezer, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        body["freeze"], account, json.dumps(sorted(set(body["allowed"]))), body["look_again"], incident, scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    row = scene.one("SELECT ended_at FROM freezes WHERE id = ?", scene.body["freeze"])
    if row is None:
        raise scene.unknown("freeze")
    if row[0] is not None:
        raise Refused("this freeze has ended", rule="ended", hint="govern incident list")
    scene.run(
        "UPDATE freezes SET ended_at = ?, ender = ?, ended_entry = ? WHERE id = ?", scene.at, scene.actor, scene.index, scene.body["freeze"]
    )


class _Frozen(NamedTuple):
    """A frozen account. `able`: people (ids); `frozen`: what is thawed, its handle, or `--all` where it is frozen with everything."""

    handle: str
    able: frozenset[str]
    frozen: str

    def refused(self, what: str) -> Refused:
        return freezing.refused(self.handle, what, self.frozen)


def _able(scene: Scene, account: str) -> _Frozen | None:
    """Whether an account is frozen, and who is able; None where it is not. Of several freezes whoever each of them names."""
    rows = scene.db.execute(_OPEN, (account,)).fetchall()
    if not rows:
        return None
    row = scene.one("SELECT handle, custodian FROM accounts WHERE id = ?", account)
    if row is None:
        return None
    handle, custodian = row
    heads = admins(scene)
    able = freezing.able(frozenset.intersection(*(frozenset(json.loads(row[0])) for row in rows)), custodian, heads)
    return _Frozen(handle, able, handle if any(row[1] for row in rows) else "--all")


def _of_credential(scene: Scene, credential: str) -> str:
    row = scene.one("SELECT account FROM credentials WHERE id = ?", credential)
    return row[0] if row else ""


def may_hand_on(scene: Scene, account: str) -> None:
    """Refuse another responsible person for a frozen account to whoever is neither able nor an admin: they would name themselves."""
    frozen = _able(scene, account)
    if frozen is not None and scene.actor not in frozen.able and scene.actor not in admins(scene):
        raise frozen.refused("who is responsible for it stays so")


def may_show(scene: Scene, credential: str, *people: str) -> None:
    """Refuse to show the actor or these people a secret of a frozen account; who may change it and has begun to is let to."""
    frozen = _able(scene, _of_credential(scene, credential))
    if frozen is None:
        return
    if set(people) - frozen.able:
        raise frozen.refused("nothing of it is given to others than those who are named")
    looking = scene.body.get("purpose") == "reveal"
    if scene.actor not in frozen.able and (looking or not scene.one(_CHANGES, credential, scene.actor, scene.actor in admins(scene))):
        raise frozen.refused("its secrets are shown to those who are named only")


def may_grant(scene: Scene, account: str, person: str) -> None:
    """Refuse a grant on a frozen account to anybody who is not named."""
    frozen = _able(scene, account)
    if frozen is not None and person not in frozen.able:
        raise frozen.refused("it is granted to nobody else meanwhile")


def guarded(apply: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """The same, void where a freeze keeps it from happening: for facts that name one credential, and may name a recipient."""

    def judged(scene: Scene) -> None:
        body = scene.body
        others = [body[field] for field in ("recipient", "person") if field in body]
        may_show(scene, body["credential"], *others)
        apply(scene)

    return judged


def guarded_many(apply: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """The same for an export: of nothing frozen to an admin who is not named, whoever changes it."""

    def judged(scene: Scene) -> None:
        if scene.one("SELECT 1 FROM freezes WHERE ended_at IS NULL LIMIT 1"):
            listed = json.dumps([row[0] for row in scene.body["versions"]])
            query = "SELECT DISTINCT account FROM credentials WHERE id IN (SELECT value FROM json_each(?))"
            for (account,) in scene.db.execute(query, (listed,)).fetchall():
                frozen = _able(scene, account)
                if frozen is not None and scene.actor not in frozen.able:
                    raise frozen.refused("it is exported by those who are named only")
        apply(scene)

    return judged


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"freeze.begun": _begun, "freeze.ended": _ended}
