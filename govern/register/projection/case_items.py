"""Items of a case: drawn up, assigned, ended, looked at by a second person, opened again; and whose word each ending is."""

from __future__ import annotations

import sqlite3

from govern.errors import Refused
from govern.offboarding import attestation
from govern.offboarding.attestation import Ending
from govern.offboarding.items import Item, ItemKind, sound
from govern.offboarding.kinds import JOINING, RULES
from govern.register.projection.case_at_work import AtWork, at_work
from govern.register.projection.scene import Scene
from govern.register.queries import joining, proven, scopes, services, signers, ties_beside


def items(scene: Scene) -> None:
    """Items that the case has from now on, in their order."""
    found = at_work(scene)
    rules = RULES[found.kind]
    for record in scene.body["items"]:
        sound(record)
        if (record["kind"] in JOINING) is not rules.joins:  # else a secret is given up before anybody leaves, where nobody looks for it
            raise Refused(
                f"a case of the kind {found.kind} has no item of the kind {record['kind']}", rule="case-scope",
                control="PS-6" if rules.joins else "PS-4", hint=f"govern {found.verb} show CASE",
            )  # fmt: skip
    seq = scene.one("SELECT count(*) FROM items WHERE case_id = ?", found.id)[0]
    scene.db.executemany(
        "INSERT INTO items (case_id, id, seq, kind, account, credential, n, due, blocking, basis, about)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                found.id, get("id"), number, get("kind"), get("account"), get("credential"), get("version"), get("due"), int(get("blocking", False)),
                get("basis"), get("about"),
            )
            for number, get in enumerate((record.get for record in scene.body["items"]), start=seq)
        ],
    )  # fmt: skip


def _item(scene: Scene) -> tuple[AtWork, sqlite3.Row]:
    found = at_work(scene)
    row = scene.one(
        "SELECT state, kind, ended_by, account, credential, n, about, assignee, entered_by FROM items WHERE case_id = ? AND id = ?",
        found.id, scene.body["item"],
    )  # fmt: skip
    if row is None:
        raise Refused("this case has no such item", rule="unknown-reference")
    return found, row


def _number(scene: Scene, case: str) -> int:
    """What people call the item of the fact by."""
    row = scene.one("SELECT seq + 1 FROM items WHERE case_id = ? AND id = ?", case, scene.body["item"])
    return int(row[0]) if row else 0


def item_ended(scene: Scene) -> None:
    """One has ended: as the ledger shows it, by somebody's word, or given up with a reason."""
    body = scene.body
    found, (state, kind, _by, account, credential, n, about, assignee, _entered) = _item(scene)
    if state != "open":
        raise Refused("this item has ended", rule="item-open", hint=f"govern {found.verb} reopen {found.id[:8]} {_number(scene, found.id)}")
    behalf = _on_behalf(scene, found) if "on_behalf" in body else None
    by: str | None = behalf or scene.actor
    cites = body.get("entry")
    grade = None if body["state"] != "done" else "on-behalf" if behalf else "one-person"  # nobody's word for it makes it more
    item = Item(kind=ItemKind(kind), due="", account=account or "", credential=credential or "", version=n or 0, about=about or "")
    scope = scopes.of_case(scene.db, found.id)
    match body["state"]:
        case "done":
            _by_people(scene, item, found.verb)
            refusal = proven.too_early(scene.db, found.id, item) or proven.unmet(scene.db, found.person, item, scope, at=scene.now)
            if refusal is not None:
                raise refusal
            ended = proven.ended_by(scene.db, item.credential, item.version, found.person, scope)
            if item.kind is ItemKind.ROTATE and ended is not None:
                by, grade, cites = ended  # whoever changed it did the work, not whoever noted that it was done
            elif (shown := joining.ended_by(scene.db, found.person, item)) is not None:
                by, cites = shown.by, shown.entry  # whoever granted, recorded or signed it did the work
            elif ties_beside.is_beside(item) and (proof := ties_beside.ended_by(scene.db, found.person, item)) is not None:
                cites = proof.entry
                if behalf is None or proof.by != scene.actor:  # else it was recorded with the sheet, and somebody else has done it
                    by, grade = proof.by, proof.grade
            elif behalf is None and proven.can_tell(item.kind) and "evidence" not in body:
                by = None  # the ledger's own rows show it: it stands under no name, and is nobody's own work at the closing
        case "waived":
            attestation.waive(scene.actor, assignee or found.opener, signers.others(scene.db, scene.actor, found.person, scene.agreed()))
        case _:
            still_known = proven.applies(scene.db, found.person, item, scope, at=scene.now)
            if still_known is not None:
                raise still_known
            if scope.rules.joins and joining.is_leaving(scene.db, found.person):
                by = None  # the ledger shows that they go again: what is open for them ends by nobody's word
    scene.run(
        "UPDATE items SET state = ?, ended_at = ?, ended_by = ?, grade = ?, evidence = ?, note = ?, cites = ?, entered_by = ?"
        " WHERE case_id = ? AND id = ?",
        body["state"], scene.at, by, grade, body.get("evidence"), scene.personal.get("note"), cites,
        scene.actor if behalf else None, body["case"], body["item"],
    )  # fmt: skip


def _by_people(scene: Scene, item: Item, verb: str) -> None:
    """What only people can see is told as done by people: a stray service key must not tick boxes."""
    if not proven.can_tell(item.kind) and services.is_service(scene.db, scene.actor):
        raise Refused(
            "a service ends no item but those that the ledger shows as done", rule="service-item", control="AC-6",
            hint=f"a person says that it is done: govern {verb} done CASE ITEM",
        )  # fmt: skip


def _on_behalf(scene: Scene, found: AtWork) -> str:
    """Who did an item that stands on a returned sheet: done, by somebody else than the subject and than whoever enters it, and graded so."""
    body = scene.body
    scene.must("person", "people", body["on_behalf"])
    if body["on_behalf"] == found.person:
        raise Refused("nobody signs anything of their own case", rule="own-case", control="AC-5", hint="whoever did it signs the sheet")
    if (
        services.is_service(scene.db, scene.actor)
        or body["on_behalf"] == scene.actor
        or body["state"] != "done"
        or body.get("grade") != "on-behalf"
    ):
        raise Refused(
            "on behalf of another is entered what they did, and graded so", rule="on-behalf", control="AU-10",
            hint=f"govern {found.verb} done CASE --sheet CODES --on-behalf-of PERSON",
        )  # fmt: skip
    return str(body["on_behalf"])


def item_assigned(scene: Scene) -> None:
    """Whose work it is."""
    _item(scene)
    scene.must("person", "people", scene.body["person"])
    scene.run("UPDATE items SET assignee = ? WHERE case_id = ? AND id = ?", scene.body["person"], scene.body["case"], scene.body["item"])


def item_verified(scene: Scene) -> None:
    """A second person has looked at how it ended."""
    found, row = _item(scene)
    if row[0] == "open":
        raise Refused("only what has ended can be verified", rule="item-open", hint=f"govern {found.verb} done CASE ITEM")
    if row[0] == "done" and row[2] is None:
        raise Refused(
            "the ledger itself shows this done: there is nobody's word to look at",
            rule="shown",
            control="AC-5",
            hint=f"govern {found.verb} show CASE",
        )
    attestation.verify(scene.actor, Ending(row[2] or "", entered_by=row[8] or ""))
    scene.run("UPDATE items SET verifier = ? WHERE case_id = ? AND id = ?", scene.actor, scene.body["case"], scene.body["item"])


def item_reopened(scene: Scene) -> None:
    """It has to be done after all."""
    if _item(scene)[1][0] == "open":
        raise Refused("this item is open", rule="item-open")
    scene.run(
        "UPDATE items SET state = 'open', ended_at = NULL, ended_by = NULL, grade = NULL, evidence = NULL, note = ?, verifier = NULL, cites = NULL,"
        " entered_by = NULL WHERE case_id = ? AND id = ?",
        scene.personal.get("note"), scene.body["case"], scene.body["item"],
    )  # fmt: skip
