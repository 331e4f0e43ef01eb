"""Cases: the work of one departure, its items, and how each of them ended.

What a case decides is judged on what `base` says at that point of the ledger (versions, grants, custody, roles, keys), never the other way.
An embargoed case stands in a compartment of its own, whose id it bears; what `case` decides never hangs on one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.holdings.services import Purpose
from govern.offboarding import attestation, case, deadlines, items
from govern.offboarding.attestation import Ending
from govern.offboarding.case import CaseState
from govern.offboarding.items import Item, ItemKind
from govern.offboarding.kinds import RULES, CaseKind
from govern.register.projection.scene import Scene
from govern.register.queries import keys as readers
from govern.register.queries import proven, scopes, services, signers, ties, ties_beside


class _Case(NamedTuple):
    id: str
    person: str
    state: CaseState
    opener: str


def _case(scene: Scene) -> _Case:
    row = scene.one("SELECT id, person, state, opener, coalesce(compartment, '') FROM cases WHERE id = ?", scene.body["case"])
    if row is None:
        raise Refused(f"{scene.type} cites a case that the ledger does not have", rule="unknown-reference")
    if row[4] != scene.compartment:
        raise Refused(f"{scene.type} stands in another compartment than its case", rule="compartment")
    if row[1] == scene.actor:
        raise Refused("nobody works on their own departure", rule="own-case", control="AC-5", hint="ask another admin or HR")
    found = _Case(row[0], row[1], CaseState(row[2]), row[3])
    if found.state is CaseState.CLOSED:
        raise Refused("this case is closed", rule="case-open")
    return found


def _opened(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    if body["kind"] not in set(CaseKind):
        raise Refused(f"a case of the kind {body['kind']} is nothing that this program can run", rule="case-kind")
    if "requested_by" in body:
        scene.must("person", "people", body["requested_by"])
    _one_each(scene)
    _scope(scene)
    scene.run(
        "INSERT INTO cases (id, person, kind, state, cut_at, last_day, requested_by, opener, opened_at, items, frozen, frozen_at, entry, compartment,"
        " cut_order, evidence, kept, keys, accounts) VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["case"], body["person"], body["kind"], body.get("cut_at"), body.get("last_day"), body.get("requested_by"), scene.actor, scene.at,
        body["items"], body["frozen"], body["frozen_at"], scene.index, scene.compartment or None, body.get("order"), body.get("evidence"),
        *(json.dumps(sorted(body[name])) if name in body else None for name in ("kept", "keys", "accounts")),
    )  # fmt: skip


def _scope(scene: Scene) -> None:
    """Accounts go on with somebody who moves, and with nobody else; keys are named of a machine that is lost, and are all its person's."""
    body, rules = scene.body, RULES[CaseKind(scene.body["kind"])]
    if "kept" in body:
        if not rules.keeps:
            raise Refused(f"a case of the kind {body['kind']} keeps no account", rule="case-scope", control="PS-4", hint="--kind mover")
        for account in body["kept"]:
            scene.must("account", "accounts", account)
    if "accounts" in body and not rules.of_accounts:
        raise Refused(
            f"a case of the kind {body['kind']} is about no accounts", rule="case-scope", control="PS-7",
            hint="--kind client-ended --accounts SELECTOR",
        )  # fmt: skip
    for account in body.get("accounts", ()):
        scene.must("account", "accounts", account)
    if "keys" in body:
        if rules.of_the_person:
            raise Refused(f"a case of the kind {body['kind']} names no keys", rule="case-scope", control="PS-4", hint="--kind device-lost")
        theirs = {row[0] for row in scene.db.execute("SELECT id FROM keys WHERE person = ?", (body["person"],))}
        if not set(body["keys"]) <= theirs:
            raise Refused("the keys of a lost machine are those of its person", rule="unknown-reference", hint="govern key list")


def _one_each(scene: Scene) -> None:
    """One open case of a person among those that all readers of cases see, and one case in a compartment of its own."""
    body, own = scene.body, scene.compartment
    if not own:
        if "cut_at" not in body:
            raise Refused("only an embargoed case has no planned time of its cut", rule="shape")
        if scene.one("SELECT 1 FROM compartments WHERE id = ?", body["case"]):
            raise Refused("a case does not bear the id of another compartment", rule="compartment")
        if scene.one("SELECT 1 FROM cases WHERE person = ? AND state <> 'closed' AND compartment IS NULL", body["person"]):
            raise Refused("this person has an open case", rule="one-open-case", hint="govern offboard list")
        return
    if body["case"] != own:
        raise Refused("an embargoed case bears the id of its compartment", rule="compartment")
    read = [row[0] for row in scene.db.execute(
        "SELECT w.key FROM epoch_wraps w JOIN epochs e ON e.id = w.epoch WHERE e.compartment = ?", (own,)
    )]  # fmt: skip
    _not_to(scene, body["person"], read)
    _to_readers(scene, body["person"], read)


def _not_to(scene: Scene, person: str, keys: Sequence[str]) -> None:
    """Refuse what would seal an embargoed case to a key of the person whom it is about, be it revoked, whatever their role, or of a service whose
    key they have made."""
    if readers.theirs(scene.db, person) & set(keys):
        raise Refused(
            "an embargoed case is never sealed to the person whom it is about, nor to a service of theirs", rule="embargo-subject",
            control="AC-5", hint="name somebody else",
        )  # fmt: skip


def _to_readers(scene: Scene, person: str, keys: Sequence[str]) -> None:
    """At its opening it is for people who read cases, and for services that can make its cut: with an authority that its subject did not give."""
    for key in keys:
        row = scene.one("SELECT person FROM keys WHERE id = ? AND state <> 'recovery'", key)
        if row is None:
            continue
        if services.is_service(scene.db, row[0]):
            if not services.serves(scene.db, row[0], Purpose.RUN_DUE, scene.now, but=person):
                raise Refused(
                    "an embargoed case is sealed to no service but one that may make its cut", rule="embargo-service", control="AC-6",
                    hint="govern key add-service NAME --purpose run-due",
                )  # fmt: skip
        elif not readers.entitled(scene.db, row[0], scene.now):
            raise Refused(
                "an embargoed case is sealed to those who read cases", rule="embargo-reader", control="AC-3",
                hint="name an admin, HR or an auditor who has keys: govern person list",
            )  # fmt: skip


def never_its_subject(scene: Scene, compartment: str, keys: Sequence[str]) -> None:
    """The same for a later epoch of a case's own compartment."""
    row = scene.one("SELECT person FROM cases WHERE compartment = ?", compartment)
    if row is not None:
        _not_to(scene, row[0], keys)


def _items(scene: Scene) -> None:
    found = _case(scene)
    seq = scene.one("SELECT count(*) FROM items WHERE case_id = ?", found.id)[0]
    read = [items.read(record) for record in scene.body["items"]]
    scene.db.executemany(
        "INSERT INTO items (case_id, id, seq, kind, account, credential, n, due, blocking, basis, about)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                found.id, id_, number, item.kind, item.account or None, item.credential or None, item.version or None, item.due,
                int(item.blocking), item.basis or None, item.about or None,
            )
            for number, (id_, item) in enumerate(read, start=seq)
        ],
    )  # fmt: skip


def _cut(scene: Scene) -> None:
    """Grants have ended and keys were revoked before it in the same transaction: the items that ask for this are done by it.

    A cut made earlier than planned brings what is open forward by as much.
    """
    found = _case(scene)
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


def _item(scene: Scene) -> tuple[_Case, sqlite3.Row]:
    found = _case(scene)
    row = scene.one(
        "SELECT state, kind, ended_by, account, credential, n, about, assignee, entered_by FROM items WHERE case_id = ? AND id = ?",
        found.id, scene.body["item"],
    )  # fmt: skip
    if row is None:
        raise Refused("this case has no such item", rule="unknown-reference")
    return found, row


def _item_ended(scene: Scene) -> None:
    body = scene.body
    found, (state, kind, _by, account, credential, n, about, assignee, _entered) = _item(scene)
    if state != "open":
        raise Refused("this item has ended", rule="item-open", hint="reopen it first")
    behalf = _on_behalf(scene, found) if "on_behalf" in body else None
    by: str | None = behalf or scene.actor
    cites = body.get("entry")
    grade = None if body["state"] != "done" else "on-behalf" if behalf else "one-person"  # nobody's word for it makes it more
    item = Item(kind=ItemKind(kind), due="", account=account or "", credential=credential or "", version=n or 0, about=about or "")
    scope = scopes.of_case(scene.db, found.id)
    match body["state"]:
        case "done":
            _by_people(scene, item)
            refusal = proven.too_early(scene.db, found.id, item) or proven.unmet(scene.db, found.person, item, scope, at=scene.now)
            if refusal is not None:
                raise refusal
            ended = proven.ended_by(scene.db, item.credential, item.version, found.person, scope)
            if item.kind is ItemKind.ROTATE and ended is not None:
                by, grade, cites = ended  # whoever changed it did the work, not whoever noted that it was done
            elif ties_beside.is_beside(item) and (proof := ties_beside.ended_by(scene.db, found.person, item)) is not None:
                cites = proof.entry
                if behalf is None or proof.by != scene.actor:  # else it was recorded with the sheet, and somebody else has done it
                    by, grade = proof.by, proof.grade
            elif behalf is None and proven.can_tell(item.kind) and "evidence" not in body:
                by = None  # the ledger's own rows show it: it stands under no name, and is nobody's own work at the closing
        case "waived":
            attestation.waive(scene.actor, assignee or found.opener, signers.others(scene.db, scene.actor, found.person, scene.at))
        case _:
            still_known = proven.applies(scene.db, found.person, item, scope)
            if still_known is not None:
                raise still_known
    scene.run(
        "UPDATE items SET state = ?, ended_at = ?, ended_by = ?, grade = ?, evidence = ?, note = ?, cites = ?, entered_by = ?"
        " WHERE case_id = ? AND id = ?",
        body["state"], scene.at, by, grade, body.get("evidence"), scene.personal.get("note"), cites,
        scene.actor if behalf else None, body["case"], body["item"],
    )  # fmt: skip


def _by_people(scene: Scene, item: Item) -> None:
    """What only people can see is told as done by people: a stray service key must not tick boxes."""
    if not proven.can_tell(item.kind) and services.is_service(scene.db, scene.actor):
        raise Refused(
            "a service ends no item but those that the ledger shows as done", rule="service-item", control="AC-6",
            hint="a person says that it is done: govern offboard done CASE ITEM",
        )  # fmt: skip


def _on_behalf(scene: Scene, found: _Case) -> str:
    """Who did an item that stands on a returned sheet: done, by somebody else than the subject and than whoever enters it, and graded so."""
    body = scene.body
    scene.must("person", "people", body["on_behalf"])
    if body["on_behalf"] == found.person:
        raise Refused(
            "nobody signs anything of their own departure", rule="own-case", control="AC-5", hint="whoever did it signs the sheet"
        )
    if (
        services.is_service(scene.db, scene.actor)
        or body["on_behalf"] == scene.actor
        or body["state"] != "done"
        or body.get("grade") != "on-behalf"
    ):
        raise Refused(
            "on behalf of another is entered what they did, and graded so", rule="on-behalf", control="AU-10",
            hint="govern offboard done CASE --sheet CODES --on-behalf-of PERSON",
        )  # fmt: skip
    return str(body["on_behalf"])


def _item_assigned(scene: Scene) -> None:
    _item(scene)
    scene.must("person", "people", scene.body["person"])
    scene.run("UPDATE items SET assignee = ? WHERE case_id = ? AND id = ?", scene.body["person"], scene.body["case"], scene.body["item"])


def _item_verified(scene: Scene) -> None:
    row = _item(scene)[1]
    if row[0] == "open":
        raise Refused("only what has ended can be verified", rule="item-open", hint="govern offboard done CASE ITEM")
    if row[0] == "done" and row[2] is None:
        raise Refused(
            "the ledger itself shows this done: there is nobody's word to look at",
            rule="shown",
            control="AC-5",
            hint="govern offboard show CASE",
        )
    attestation.verify(scene.actor, Ending(row[2] or "", entered_by=row[8] or ""))
    scene.run("UPDATE items SET verifier = ? WHERE case_id = ? AND id = ?", scene.actor, scene.body["case"], scene.body["item"])


def _item_reopened(scene: Scene) -> None:
    if _item(scene)[1][0] == "open":
        raise Refused("this item is open", rule="item-open")
    scene.run(
        "UPDATE items SET state = 'open', ended_at = NULL, ended_by = NULL, grade = NULL, evidence = NULL, note = ?, verifier = NULL, cites = NULL,"
        " entered_by = NULL WHERE case_id = ? AND id = ?",
        scene.personal.get("note"), scene.body["case"], scene.body["item"],
    )  # fmt: skip


def _closed(scene: Scene) -> None:
    found = _case(scene)
    scope = scopes.of_case(scene.db, found.id)
    state = case.close(
        found.state,
        items_left=scene.one("SELECT count(*) FROM items WHERE case_id = ? AND state = 'open'", found.id)[0],
        still_known=len(ties.unanswered(scene.db, found.id, found.person)),
        grants_left=ties.grants_left(scene.db, found.person, scope),
        still_tied=len(ties_beside.unanswered(scene.db, found.id, found.person, scope)),
    )
    others = signers.others(scene.db, scene.actor, found.person, scene.at)
    signed_by_one = attestation.close(scene.actor, found.opener, signers.endings(scene.db, found.id), others)
    if signed_by_one and not scene.body["signed_by_one"]:
        raise Refused(
            "who signed this case is told otherwise than it was", rule="four-eyes", control="AC-5", hint="govern offboard close CASE"
        )
    scene.run(
        "UPDATE cases SET state = ?, closed_at = ?, closed_entry = ?, closer = ?, signed_by_one = ?, statement = ? WHERE id = ?",
        state, scene.at, scene.index, scene.actor, int(scene.body["signed_by_one"]), scene.personal.get("statement"), found.id,
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
