"""The opening of a case: of which kind, about what, one of a person at a time; and who may read one that is embargoed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from govern.errors import Refused
from govern.holdings import documents
from govern.holdings.services import Purpose
from govern.offboarding.kinds import RULES, CaseKind
from govern.register.projection.scene import Scene
from govern.register.queries import keys as readers
from govern.register.queries import services


def opened(scene: Scene) -> None:
    """A case begins; its items follow."""
    body = scene.body
    scene.must("person", "people", body["person"])
    if body["kind"] not in set(CaseKind):
        raise Refused(f"a case of the kind {body['kind']} is nothing that this program can run", rule="case-kind")
    if "requested_by" in body:
        scene.must("person", "people", body["requested_by"])
    _one_each(scene)
    _scope(scene)
    _joins(scene)
    scene.run(
        "INSERT INTO cases (id, person, kind, state, cut_at, last_day, requested_by, opener, opened_at, items, frozen, frozen_at, entry, compartment,"
        " cut_order, evidence, kept, keys, accounts, starts_on) VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["case"], body["person"], body["kind"], body.get("cut_at"), body.get("last_day"), body.get("requested_by"), scene.actor, scene.at,
        body["items"], body["frozen"], body["frozen_at"], scene.index, scene.compartment or None, body.get("order"), body.get("evidence"),
        *(json.dumps(sorted(body[name])) if name in body else None for name in ("kept", "keys", "accounts")),
        body.get("starts_on"),
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


def _joins(scene: Scene) -> None:
    """A joiner's case has a first day and no cut, is open to all readers of cases, and is about nobody who leaves, nor a service."""
    body = scene.body
    if not RULES[CaseKind(body["kind"])].joins:
        if "starts_on" in body:
            raise Refused(
                f"a case of the kind {body['kind']} has no first day", rule="case-scope", control="PS-4", hint="govern onboard open"
            )
        return
    if "starts_on" not in body or scene.compartment or body.keys() & {"cut_at", "last_day", "order"}:
        raise Refused(
            "a joiner's case has a first day, no cut, and no embargo", rule="case-scope", control="PS-6",
            hint="govern onboard open PERSON --starts-on DATE",
        )  # fmt: skip
    documents.must_be_day(body["starts_on"], "the first day")
    row = scene.one("SELECT leaving, left_on FROM people WHERE id = ?", body["person"])
    if row[0] or row[1] is not None:
        raise Refused("whoever is leaving or has left joins nothing", rule="leaver", control="PS-4", hint="govern person show PERSON")
    if services.is_service(scene.db, body["person"]):
        raise Refused("a service signs and learns nothing", rule="service", control="PS-6", hint="govern key list")


def _one_each(scene: Scene) -> None:
    """One open departure of a person, and one open case of their joining, among those that all readers of cases see; one case in a compartment of
    its own."""
    body, own = scene.body, scene.compartment
    if not own:
        joins = RULES[CaseKind(body["kind"])].joins
        if "cut_at" not in body and not joins:
            raise Refused("only an embargoed case has no planned time of its cut", rule="shape")
        if scene.one("SELECT 1 FROM compartments WHERE id = ?", body["case"]):
            raise Refused("a case does not bear the id of another compartment", rule="compartment")
        query = "SELECT 1 FROM cases WHERE person = ? AND state <> 'closed' AND compartment IS NULL AND (kind = 'joiner') = ?"
        if scene.one(query, body["person"], int(joins)):  # whoever has just come may go: that case is no reason against a departure
            hint = f"govern {'onboard' if joins else 'offboard'} list"
            raise Refused("this person has an open case", rule="one-open-case", hint=hint)
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
