"""Cases: the work of one departure, its items, and how each of them ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from govern.errors import Refused
from govern.register.projection.scene import Scene


def _open_case(scene: Scene) -> Any:
    row = scene.one("SELECT person, state FROM cases WHERE id = ?", scene.body["case"])
    if row is None:
        raise Refused(f"{scene.type} cites a case that the ledger does not have", rule="unknown-reference")
    if row[0] == scene.actor:
        raise Refused("nobody works on their own departure", rule="own-case", control="AC-5", hint="ask another admin or HR")
    if row[1] == "closed":
        raise Refused("this case is closed", rule="case-open")
    return row


def _opened(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    if scene.one("SELECT 1 FROM cases WHERE person = ? AND state <> 'closed'", body["person"]):
        raise Refused("this person has an open case", rule="one-open-case", hint="govern offboard list")
    scene.run(
        "INSERT INTO cases (id, person, kind, state, cut_at, last_day, requested_by, opener, opened_at, items, frozen, frozen_at, entry)"
        " VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["case"], body["person"], body["kind"], body["cut_at"], body.get("last_day"), body.get("requested_by"), scene.actor, scene.at,
        body["items"], body["frozen"], body["frozen_at"], scene.index,
    )  # fmt: skip


def _items(scene: Scene) -> None:
    _open_case(scene)
    for item in scene.body["items"]:
        seq = scene.one("SELECT count(*) FROM items WHERE case_id = ?", scene.body["case"])[0]
        values = [item.get(field) for field in ("id", "kind", "account", "credential", "version", "due", "blocking", "basis")]
        if not all(value is None or isinstance(value, (str, int)) for value in values):
            raise Refused("an item's field is not of its kind", rule="shape")
        scene.run(
            "INSERT INTO items (case_id, id, seq, kind, account, credential, n, due, blocking, basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            scene.body["case"], values[0], seq, *values[1:],
        )  # fmt: skip


def _cut(scene: Scene) -> None:
    _open_case(scene)
    scene.run("UPDATE cases SET state = 'cut' WHERE id = ?", scene.body["case"])


def _item(scene: Scene) -> Any:
    _open_case(scene)
    row = scene.one(
        "SELECT state, kind, ended_by, credential, n FROM items WHERE case_id = ? AND id = ?", scene.body["case"], scene.body["item"]
    )
    if row is None:
        raise Refused("this case has no such item", rule="unknown-reference")
    return row


def _item_ended(scene: Scene) -> None:
    body = scene.body
    row = _item(scene)
    if row[0] != "open":
        raise Refused("this item has ended", rule="item-open", hint="reopen it first")
    if row[1] == "rotate" and body["state"] == "done":
        ended = scene.one("SELECT ended_at FROM versions WHERE credential = ? AND n = ?", row[3], row[4])
        if ended is None or ended[0] is None:
            raise Refused(
                "a rotation item ends only by the rotation",
                rule="rotation-first",
                control="IA-5",
                hint="govern rotate ACCOUNT, then confirm it",
            )
    scene.run(
        "UPDATE items SET state = ?, ended_at = ?, ended_by = ?, grade = ?, evidence = ?, note = ? WHERE case_id = ? AND id = ?",
        body["state"], scene.at, scene.actor, body.get("grade"), body.get("evidence"), scene.personal.get("note"), body["case"], body["item"],
    )  # fmt: skip


def _item_assigned(scene: Scene) -> None:
    _item(scene)
    scene.must("person", "people", scene.body["person"])
    scene.run("UPDATE items SET assignee = ? WHERE case_id = ? AND id = ?", scene.body["person"], scene.body["case"], scene.body["item"])


def _item_verified(scene: Scene) -> None:
    row = _item(scene)
    if row[0] == "open" or row[2] == scene.actor:
        raise Refused("an ended item is verified by somebody else than its doer", rule="four-eyes", control="AC-5")
    scene.run("UPDATE items SET verifier = ? WHERE case_id = ? AND id = ?", scene.actor, scene.body["case"], scene.body["item"])


def _item_reopened(scene: Scene) -> None:
    _item(scene)
    scene.run(
        "UPDATE items SET state = 'open', ended_at = NULL, ended_by = NULL, grade = NULL, evidence = NULL, verifier = NULL WHERE case_id = ? AND id = ?",
        scene.body["case"], scene.body["item"],
    )  # fmt: skip


def _closed(scene: Scene) -> None:
    _open_case(scene)
    left = scene.one("SELECT count(*) FROM items WHERE case_id = ? AND state = 'open'", scene.body["case"])[0]
    if left:
        raise Refused(f"{left} items of the case are open", rule="items-open", control="PS-4", hint="govern offboard show CASE")
    scene.run(
        "UPDATE cases SET state = 'closed', closed_at = ?, closer = ?, signed_by_one = ?, statement = ? WHERE id = ?",
        scene.at, scene.actor, int(scene.body["signed_by_one"]), scene.personal.get("statement"), scene.body["case"],
    )  # fmt: skip


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "case.opened": _opened,
    "case.items": _items,
    "case.cut": _cut,
    "case.item_assigned": _item_assigned,
    "case.item_ended": _item_ended,
    "case.item_verified": _item_verified,
    "case.item_reopened": _item_reopened,
    "case.closed": _closed,
}
