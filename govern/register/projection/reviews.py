"""Access reviews: which grants and roles are asked about, who decides on each, what was decided, and when a review is done.

Judged here: that a review asks about all that its scope has, that nobody decides on what they hold while somebody else could, that whoever decides may
end it, and that a review closes when everything is settled. Controls: NIST SP 800-53 rev. 5 AC-2 j, AC-5, AC-6(7).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.policy.rules import Policy
from govern.register.projection.scene import Scene
from govern.register.queries import held
from govern.register.queries.held import UNDECIDED
from govern.reviews import lines
from govern.reviews.lines import END, Held

_WHOLLY: Final = """
INSERT INTO reviewed SELECT DISTINCT i.account, i.review FROM review_items i WHERE i.review = ?1
  AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.account = i.account AND g.ended_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM review_items o WHERE o.review = ?1 AND o.of = g.id))
  AND NOT EXISTS (SELECT 1 FROM entitlements t WHERE t.account = i.account AND t.ended_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM review_items o WHERE o.review = ?1 AND o.of = t.id))
"""
"""Accounts of which it asks about all that anybody holds: a look at one person is none at the others."""
_RUNS: Final = "SELECT 1 FROM roles WHERE person = ? AND role IN ('admin', 'hr') AND (until IS NULL OR until > ?)"


def _opened(scene: Scene) -> None:
    body = scene.body
    scope, about, department = body["scope"], body.get("about"), body.get("department")
    wanted = {
        "account": (True, False),
        "person": (True, False),
        "department": (False, True),
        "all": (False, False),
        "some": (False, False),
    }[scope]
    if (about is not None, department is not None) != wanted:
        raise Refused(
            f"a review of the scope {scope} names something else", rule="review-scope", control="AC-2 j", hint="govern review open --help"
        )
    if about is not None:
        scene.must(scope, "accounts" if scope == "account" else "people", about)
    if body["items"] < 1:
        raise Refused(
            "a review that asks about nothing", rule="review-empty", control="AC-2 j", hint="govern holds PERSON, or: govern who ACCOUNT"
        )
    if body["due"] < scene.at[:10]:
        raise Refused("a review that was due before it was opened", rule="review-due", control="AC-2 j", hint="name a later day with --due")
    latest = lines.latest(min(scene.at, scene.borne_out() or scene.at)[:10], _within(scene))
    if body["due"] > latest:
        raise Refused(
            "a review is decided within a quarter, or within the time that the policy gives", rule="review-long", control="AC-2 j",
            hint=f"--due {latest} at the latest",
        )  # fmt: skip
    scene.run(
        "INSERT INTO reviews (id, scope, cause, about, department, due, items, parts, opener, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
        body["review"], scope, body["cause"], about, department, body["due"], body["items"], scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _within(scene: Scene) -> int:
    """Days in which the policy in force wants a review decided."""
    policy = scene.one("SELECT value FROM state WHERE key = 'policy'")
    rule = Policy.from_record(json.loads(policy[0])).later.reviews if policy is not None else None
    return rule.within if rule is not None else 0


def _items(scene: Scene) -> None:
    """One part of the lines, in the order of the parts; with the last one they are complete."""
    body = scene.body
    row = scene.one(
        "SELECT scope, coalesce(about, ''), coalesce(department, ''), items, parts, opener, entry FROM reviews WHERE id = ?", body["review"]
    )
    if row is None:
        raise scene.unknown("review")
    scope, about, department, items, parts, opener, entry = row
    if opener != scene.actor or body["part"] != parts + 1 or not body["part"] <= body["of"] or scene.index != entry + body["part"]:
        raise Refused("lines of a review stand right behind its opening", rule="review-parts", control="AC-2 j", hint="upgrade govern")
    there = {one.id: one for one in held.among(scene.db, scope, [item[1] for item in body["items"]], about=about, department=department)}
    before = int(scene.one("SELECT count(*) FROM review_items WHERE review = ?", body["review"])[0])
    for number, (what, of, reviewer) in enumerate(body["items"], start=before + 1):
        one = there.get(of)
        if one is None or one.what != what:
            raise Refused(f"a review asks about a {what} that is not in its scope", rule="unknown-reference")
        _may_decide(scene, reviewer, one)
        _add(scene, number, one, reviewer)
    count = before + len(body["items"])
    is_whole = count == items and (
        scope == "some" or body["part"] < body["of"] or held.are(scene.db, scope, count, about=about, department=department)
    )
    if body["part"] == body["of"] and not is_whole:
        raise Refused(
            "a review leaves out what its scope has", rule="review-incomplete", control="AC-2 j", hint="open it anew: govern review open"
        )
    scene.run("UPDATE reviews SET parts = parts + 1 WHERE id = ?", body["review"])
    if body["part"] == body["of"]:
        scene.run(_WHOLLY, body["review"])


def _add(scene: Scene, number: int, one: Held, reviewer: str) -> None:
    scene.run(
        "INSERT INTO review_items (review, seq, what, of, account, person, handle, name, role, since, reviewer, reviewer_handle)"
        " SELECT ?, ?, ?, ?, ?, p.id, p.handle, p.name, t.role, coalesce(g.since, t.since, t.at), r.id, r.handle FROM people p"
        " JOIN people r ON r.id = ? LEFT JOIN grants g ON g.id = ? LEFT JOIN entitlements t ON t.id = ? WHERE p.id = ?",
        scene.body["review"], number, one.what, one.id, one.account, reviewer, one.id, one.id, one.person,
    )  # fmt: skip


def _may_decide(scene: Scene, person: str, one: Held) -> None:
    """Whoever decides could end it: an admin, HR, or whoever answers for the account; and does not hold it while another of these could decide."""
    scene.must("person", "people", person)
    if person not in (one.custodian, one.deputy) and scene.one(_RUNS, person, scene.now or scene.at) is None:
        raise Refused(
            "whoever reviews a grant or a role could end it", rule="reviewer", control="AC-6(7)",
            hint="an admin, HR, or the responsible person or deputy of the account",
        )  # fmt: skip
    if person == one.person and _another(scene, one):
        raise Refused(
            "nobody reviews what they hold themselves", rule="own-review", control="AC-5", hint="another admin, HR or responsible person decides on it"
        )  # fmt: skip


def _another(scene: Scene, one: Held) -> bool:
    """Whether somebody with keys, who stays, could decide on it besides its holder."""
    row = scene.one(
        "SELECT 1 FROM people p WHERE p.id <> ?1 AND NOT p.leaving AND p.left_on IS NULL"
        " AND EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active') AND NOT EXISTS (SELECT 1 FROM services s WHERE s.person = p.id)"
        " AND (p.id IN (?2, ?3) OR EXISTS (SELECT 1 FROM roles r WHERE r.person = p.id AND r.role IN ('admin', 'hr')"
        "   AND (r.until IS NULL OR r.until > ?4))) LIMIT 1",
        one.person, one.custodian, one.deputy, scene.agreed(),
    )  # fmt: skip
    return row is not None


def _decided(scene: Scene) -> None:
    body = scene.body
    _must_be_open(scene)
    if not scene.has_personal:
        raise Refused("a decision without a reason", rule="review-reason", control="AC-2 j", hint="say why with --reason")
    for of in body["items"]:
        row = scene.one(
            f"SELECT i.what, i.account, i.person, a.custodian, coalesce(a.deputy, ''), i.reviewer, i.decision, {UNDECIDED} FROM review_items i"  # noqa: S608
            " JOIN accounts a ON a.id = i.account WHERE i.review = ? AND i.of = ?",
            body["review"], of,
        )  # fmt: skip
        if row is None:
            raise scene.unknown("line of a review")
        what, account, person, custodian, deputy, reviewer, decision, is_open = row
        if not is_open:
            told = "has been decided on" if decision else "is not there any more"
            raise Refused(f"this {what} {told}", rule="review-settled", control="AC-2 j", hint="govern review show ID")
        if scene.actor != reviewer and scene.one(_RUNS, scene.actor, scene.now or scene.at) is None:
            raise Refused("somebody else decides on this", rule="not-reviewer", control="AC-2 j", hint="their reviewer, an admin or HR")
        _may_decide(scene, scene.actor, Held(what, of, account, person, custodian, deputy))
        scene.run(
            "UPDATE review_items SET decision = ?, decider = ?, decided_at = ?, reason = ?, entry = ?,"
            " decider_handle = (SELECT handle FROM people WHERE id = ?) WHERE review = ? AND of = ?",
            body["decision"], scene.actor, scene.at, scene.personal.get("reason"), scene.index, scene.actor, body["review"], of,
        )  # fmt: skip


def _must_be_open(scene: Scene) -> None:
    row = scene.one(
        "SELECT closed_at, items, (SELECT count(*) FROM review_items WHERE review = r.id) FROM reviews r WHERE id = ?", scene.body["review"]
    )
    if row is None or row[1] != row[2]:
        raise scene.unknown("review")
    if row[0] is not None:
        raise Refused("this review is closed", rule="review-closed", control="AC-2 j", hint="govern review open")


def _closed(scene: Scene) -> None:
    _must_be_open(scene)
    review = scene.body["review"]
    left = scene.one(f"SELECT count(*) FROM review_items i WHERE i.review = ? AND {UNDECIDED}", review)[0]  # noqa: S608
    if left:
        raise Refused(f"{left} lines wait for a decision", rule="review-open", control="AC-2 j", hint="govern review show ID")
    kept = scene.one(
        "SELECT count(*) FROM review_items i JOIN grants g ON g.id = i.of AND g.ended_at IS NULL WHERE i.review = ? AND i.decision = ?", review, END
    )[0]  # fmt: skip
    if kept:
        raise Refused(
            f"{kept} grants were decided to end and have not ended", rule="review-not-carried-out", control="AC-6(7)", hint="govern revoke ACCOUNT PERSON"
        )  # fmt: skip
    scene.run("UPDATE reviews SET closed_at = ?, closer = ? WHERE id = ?", scene.at, scene.actor, review)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "review.opened": _opened, "review.items": _items, "review.decided": _decided, "review.closed": _closed,
}  # fmt: skip
