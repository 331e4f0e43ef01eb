"""Cases: the work of one departure or joiner, its items, and how each of them ended.

What a case decides is judged on what `base` says at that point of the ledger (versions, grants, custody, roles, keys), never the other way.
An embargoed case stands in a compartment of its own, whose id it bears; what `case` decides never hangs on one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.offboarding import attestation, case, deadlines
from govern.offboarding.items import ItemKind
from govern.offboarding.kinds import RULES
from govern.register.projection import case_items, case_opening
from govern.register.projection.case_at_work import at_work
from govern.register.projection.scene import Scene
from govern.register.queries import joining, scopes, signers, ties, ties_beside


def _cut(scene: Scene) -> None:
    """Grants have ended and keys were revoked before it in the same transaction: the items that ask for this are done by it.

    A cut made earlier than planned brings what is open forward by as much.
    """
    found = at_work(scene)
    if RULES[found.kind].joins:
        raise Refused("a joiner's case has no cut", rule="case-scope", control="PS-6", hint="govern onboard close CASE")
    state = case.cut(found.state, grants_left=ties.grants_left(scene.db, found.person, scopes.of_case(scene.db, found.id)))
    planned = scene.one("SELECT cut_at FROM cases WHERE id = ?", found.id)[0]
    if planned is not None and scene.at < planned:
        for item, due in scene.db.execute("SELECT id, due FROM items WHERE case_id = ? AND state = 'open'", (found.id,)).fetchall():
            earlier = deadlines.brought_forward(due, planned=planned, made=scene.at)
            scene.run("UPDATE items SET due = ? WHERE case_id = ? AND id = ?", earlier, found.id, item)
    scene.run("UPDATE cases SET state = ?, cut_made_at = ?, cut_entry = ? WHERE id = ?", state, scene.at, scene.index, found.id)
    scene.run(
        "UPDATE items SET state = 'done', ended_at = ?, ended_by = ?, grade = 'one-person', cites = ? WHERE case_id = ? AND kind = ? AND state = 'open'",
        scene.at, scene.actor, scene.index, found.id, ItemKind.END_GRANT,
    )  # fmt: skip
    scene.run(
        "UPDATE items SET state = 'done', ended_at = ?, ended_by = ?, grade = 'one-person', cites = ? WHERE case_id = ? AND kind = ? AND state = 'open'"
        " AND about IN (SELECT key FROM revocations)",
        scene.at, scene.actor, scene.index, found.id, ItemKind.REVOKE_KEY,
    )  # fmt: skip


def _closed(scene: Scene) -> None:
    found = at_work(scene)
    scope = scopes.of_case(scene.db, found.id)
    items_left = scene.one("SELECT count(*) FROM items WHERE case_id = ? AND state = 'open'", found.id)[0]
    if scope.rules.joins:
        lacking = len(joining.unanswered(scene.db, found.id, found.person, scene.now))
        state = case.close_joining(found.state, items_left=items_left, still_lacking=lacking)
    else:
        state = case.close(
            found.state,
            items_left=items_left,
            still_known=len(ties.unanswered(scene.db, found.id, found.person)),
            grants_left=ties.grants_left(scene.db, found.person, scope),
            still_tied=len(ties_beside.unanswered(scene.db, found.id, found.person, scope)),
            in_office=ties.in_office(scene.db, found.id, found.person, scope, at=scene.agreed()),
        )
    others = signers.others(scene.db, scene.actor, found.person, scene.agreed())
    signed_by_one = attestation.close(scene.actor, found.opener, signers.endings(scene.db, found.id), others)
    if signed_by_one and not scene.body["signed_by_one"]:
        raise Refused(
            "who signed this case is told otherwise than it was", rule="four-eyes", control="AC-5", hint=f"govern {found.verb} close CASE"
        )
    scene.run(
        "UPDATE cases SET state = ?, closed_at = ?, closed_entry = ?, closer = ?, signed_by_one = ?, statement = ? WHERE id = ?",
        state, scene.at, scene.index, scene.actor, int(scene.body["signed_by_one"]), scene.personal.get("statement"), found.id,
    )  # fmt: skip


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "case.opened": case_opening.opened,
    "case.items": case_items.items,
    "case.cut": _cut,
    "case.item_assigned": case_items.item_assigned,
    "case.item_ended": case_items.item_ended,
    "case.item_verified": case_items.item_verified,
    "case.item_reopened": case_items.item_reopened,
    "case.closed": _closed,
}
