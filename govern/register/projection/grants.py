"""Grants: permission for one person on one account, given by another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import freezes, may_lack, services
from govern.register.projection.scene import Scene
from govern.register.queries import gate, lapsed, policies

_STANDS: Final = """
SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ?1), p.id IS NOT NULL, p.leaving OR p.left_on IS NOT NULL,
  EXISTS (SELECT 1 FROM services WHERE person = ?2),
  EXISTS (SELECT 1 FROM grants WHERE account = ?1 AND person = ?2 AND ended_at IS NULL),
  EXISTS (SELECT 1 FROM keys WHERE person = ?2 AND state = 'active')
FROM (SELECT 1) LEFT JOIN people p ON p.id = ?2
"""
"""Whether there is the account, and the person; whether that one leaves, is a service, holds the account already, and
has keys."""

_STAYING: Final = """
SELECT 1 FROM json_each(:grants) j JOIN grants g ON g.id = j.value JOIN accounts a ON a.id = g.account JOIN people p ON p.id = g.person
WHERE NOT p.leaving AND p.left_on IS NULL AND :actor NOT IN (a.custodian, coalesce(a.deputy, ''))
  AND NOT EXISTS (SELECT 1 FROM roles r WHERE r.person = :actor AND r.role = 'admin' AND (r.until IS NULL OR r.until > :now))
  AND NOT EXISTS (SELECT 1 FROM review_items i WHERE i.of = g.id AND i.decision = 'end')
LIMIT 1
"""
"""A grant of somebody who stays, that no review has decided to end, on an account for which the actor does not answer, no admin either."""


def _issued(scene: Scene) -> None:
    body = scene.body
    account, person, leaves, serves, holds, has_keys = scene.one(_STANDS, body["account"], body["person"])
    if not account:
        raise scene.unknown("account")
    if not person:
        raise scene.unknown("person")
    if leaves:
        raise Refused(
            "somebody who is leaving or has left is granted nothing",
            rule="leaver",
            control="PS-4",
            hint="close or withdraw the departure first",
        )
    if serves:
        raise services.holds_nothing()
    if holds:
        raise Refused("the person holds this account already", rule="one-grant")
    freezes.may_grant(scene, body["account"], body["person"])
    gate.must_hold(scene.db, body["account"], body["person"], (scene.now or scene.at)[:10])
    kinds = json.dumps(sorted(body["kinds"])) if "kinds" in body else None
    scene.run(
        "INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?, NULL)",
        body["grant"], body["account"], body["person"], scene.actor, kinds, scene.at, body.get("until"), int(body.get("emergency", False)),
        scene.personal.get("reason"), scene.index,
    )  # fmt: skip
    if not has_keys:
        may_lack.granted(scene, body["grant"])


def _ended(scene: Scene) -> None:
    grants = scene.body["grants"]
    if scene.one("SELECT count(*) FROM json_each(?) j JOIN grants g ON g.id = j.value", json.dumps(grants))[0] != len(grants):
        raise scene.unknown("grant")
    if scene.body["cause"] == "expired":
        _must_have_run_out(scene, grants)
    if scene.body["cause"] == "lapsed":
        _must_have_lapsed(scene, grants)
    if scene.body["cause"] in ("revoked", "retired"):
        _theirs_to_end(scene, grants)
    scene.db.executemany(
        "UPDATE grants SET ended_at = ?, cause = ?, ended_entry = ? WHERE id = ? AND ended_at IS NULL",
        [(scene.at, scene.body["cause"], scene.index, grant) for grant in grants],
    )
    may_lack.ended(scene, grants)


def _must_have_run_out(scene: Scene, grants: list[str]) -> None:
    """A grant runs out at its end and not before, by the ledger's own time: whoever ends it earlier says so, and answers for it."""
    query = "SELECT 1 FROM json_each(?) j JOIN grants g ON g.id = j.value WHERE g.until IS NULL OR g.until > ? LIMIT 1"
    if scene.one(query, json.dumps(grants), scene.elapsed() or scene.now) is not None:
        raise Refused(
            "this grant has not run out", rule="grant-runs", control="AC-2 d", hint="end it before its time: govern revoke ACCOUNT PERSON"
        )


def _must_have_lapsed(scene: Scene, grants: list[str]) -> None:
    """Only where the policy ends such grants, and once the grace of each is over."""
    over = lapsed.over(scene.db, policies.policy(scene.db), (scene.elapsed() or scene.at)[:10], grants)
    if not set(grants) <= {one.grant for one in over}:
        raise Refused(
            "this holder lacks nothing for which the policy ends a grant by now", rule="grant-current", control="PL-4",
            hint="end it by a decision: govern revoke ACCOUNT PERSON",
        )  # fmt: skip


def _theirs_to_end(scene: Scene, grants: list[str]) -> None:
    """HR ends grants of those who leave, and what a review has decided to end. The cut of a departure has a cause of its own: who moves or pauses is not
    said in `base`, so whoever reads the cases holds it against them."""
    if (
        scene.db.execute(_STAYING, {"grants": json.dumps(grants), "actor": scene.actor, "now": scene.now or scene.at}).fetchone()
        is not None
    ):
        raise Refused(
            "HR ends the grants of those who leave, an admin or whoever answers for the account any other", rule="grant-stays", control="AC-5",
            hint="ask one of these, or open the case: govern offboard open PERSON",
        )  # fmt: skip


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"grant.issued": _issued, "grant.ended": _ended}
