"""People and their roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.holdings.proposals import TWO_PERSON_ROLES, Act, alone
from govern.register import cut_order
from govern.register.projection import lapsed, services, sponsors
from govern.register.projection.scene import Scene

_PERSONAL = ("handle", "name", "mail", "department", "locale", "agency")


def _added(scene: Scene) -> None:
    body, personal = scene.body, scene.personal
    scene.run(
        "INSERT INTO people (id, handle, name, mail, department, locale, agency, external, left_on, added_at, entry)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["person"], *(personal.get(field) for field in _PERSONAL), int(body.get("external", False)), body.get("left"), scene.at, scene.index,
    )  # fmt: skip
    _mail_set(scene)


def _mail_set(scene: Scene) -> None:
    """Keep who says where reminders reach somebody, and since when: nothing is judged by it, but what is under embargo is not sent wherever anybody likes."""
    if "mail" in scene.personal:
        scene.run("UPDATE people SET mail_by = ?, mail_entry = ? WHERE id = ?", scene.actor, scene.index, scene.body["person"])


def _edited(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    if scene.one("SELECT 1 FROM people WHERE id = ? AND erased", body["person"]):
        raise Refused(
            "somebody who was erased is not named again", rule="erased", control="SI-12(3)", hint="add them anew if they came back"
        )
    for field in _PERSONAL:
        if field in scene.personal:
            kept = (
                "coalesce(handle, ?)" if field == "handle" else "?"
            )  # what people type stays whose it is: else two are exchanged, and nobody sees it
            scene.run(f"UPDATE people SET {field} = {kept} WHERE id = ?", scene.personal[field], body["person"])  # noqa: S608  names are ours
    _mail_set(scene)
    if "external" in body:
        scene.run("UPDATE people SET external = ? WHERE id = ?", int(body["external"]), body["person"])


def _leaving(scene: Scene) -> None:
    if "order" in scene.body:
        cut_order.check(scene)
    scene.must("person", "people", scene.body["person"])
    scene.run(
        "UPDATE people SET leaving = 1, last_day = ?, gone_entry = coalesce(gone_entry, ?) WHERE id = ?",
        scene.body.get("last_day"), scene.index, scene.body["person"],
    )  # fmt: skip


def _left(scene: Scene) -> None:
    scene.must("person", "people", scene.body["person"])
    scene.run(
        "UPDATE people SET left_on = ?, gone_entry = coalesce(gone_entry, ?) WHERE id = ?",
        scene.body["on"],
        scene.index,
        scene.body["person"],
    )


def _role_given(scene: Scene) -> None:
    if scene.body["role"] in TWO_PERSON_ROLES and not alone(Act.ROLE, sponsors.preset(scene)) and not sponsors.is_recovery(scene):
        raise Refused(
            f"the role {scene.body['role']} is given by two persons", rule="two-persons", control="AC-3(2)",
            hint="propose it: govern person role PERSON ROLE, then another admin: govern proposal approve ID",
        )  # fmt: skip
    give_role(scene, scene.key)


def give_role(scene: Scene, *signers: str) -> None:
    """The role of `scene.body` is held from here on; `signers` (key ids) stand behind it, and, for an admin, behind the keys they have now."""
    person = scene.one("SELECT leaving, left_on FROM people WHERE id = ?", scene.body["person"])
    if person is None:
        raise Refused("role.given cites a person that the ledger does not have", rule="unknown-reference")
    if person[0] or person[1]:
        raise Refused("somebody who is leaving or has left is given no role", rule="leaver", control="PS-4", hint="name somebody who stays")
    services.no_role(scene)
    scene.run(
        "INSERT OR REPLACE INTO roles VALUES (?, ?, ?, ?)", scene.body["person"], scene.body["role"], scene.body.get("until"), scene.index
    )  # fmt: skip
    if scene.body["role"] == "admin":
        sponsors.promoted(scene, scene.body["person"], signers)


def _role_withdrawn(scene: Scene) -> None:
    services.no_role(scene)
    admins = scene.one(
        "SELECT count(*) FROM roles JOIN keys USING (person) WHERE role = 'admin' AND state = 'active' AND person <> ?"
        " AND (until IS NULL OR until > ?)",
        scene.body["person"],
        scene.now,
    )
    if scene.body["role"] == "admin" and admins[0] == 0:
        raise Refused("the last admin with a key keeps the role", rule="last-admin", control="AC-2", hint="make somebody else admin first")
    scene.run("DELETE FROM roles WHERE person = ? AND role = ?", scene.body["person"], scene.body["role"])
    if scene.body["role"] == "admin":
        scene.run("DELETE FROM sponsors WHERE what = 'admin' AND id = ?", scene.body["person"])
        lapsed.with_role(scene, scene.body["person"])


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "person.added": _added,
    "person.edited": _edited,
    "person.leaving": _leaving,
    "person.left": _left,
    "role.given": _role_given,
    "role.withdrawn": _role_withdrawn,
}
