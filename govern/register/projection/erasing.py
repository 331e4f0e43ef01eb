"""Which personal parts are about whom, and what is gone from the register once somebody is erased.

An erasure names the entries whose personal parts go. In `base` each must be about that person; which entries of other compartments are
about somebody only their readers can tell, and nothing in `base` may hang on it: there the list is taken as two persons have signed it.
"""

from __future__ import annotations

import json
from typing import Final

from govern.errors import Refused
from govern.facts import FACTS
from govern.holdings.erasure import LOOKED_UP, Remains, concerned, may_erase
from govern.policy.rules import Policy
from govern.register.projection import beside
from govern.register.projection.scene import Scene

MALFORMED: Final = "personal-malformed"
"""Code of the finding for a personal part that is none of its fact's: the fact counts without it."""

_ANEW: Final = "withdraw it and begin anew: govern proposal withdraw ID, then govern person erase PERSON"

TEXTS: Final = (
    ("grants", "reason"),
    ("shown", "reason"),
    ("spent", "reason"),
    ("imports", "path"),
    ("exports", "path"),
    ("proposals", "reason"),
    ("entitlements", "login"),
    ("apps", "login"),
    ("devices", "name"),
    ("ways", "name"),
    ("ways", "ref"),
    ("undelivered", "reason"),
    ("snoozes", "reason"),
    ("exceptions", "reason"),
    ("reports", "note"),
    ("incident_steps", "note"),
    ("lessons", "text"),
    ("review_items", "reason"),
    ("descriptions", "purpose"),
)
"""Table and column of what a personal part said, where `entry` tells which fact said it."""


def note(scene: Scene) -> None:
    """Remember whom the personal part of this fact is about, whether or not it is still there."""
    found = concerned(scene.type, scene.actor, scene.body)
    if scene.type in LOOKED_UP:
        found |= _looked_up(scene)
    for person in found:
        scene.run("INSERT OR IGNORE INTO concerns VALUES (?, ?)", person, scene.index)


def _looked_up(scene: Scene) -> set[str]:
    if scene.type == "review.decided":
        query = "SELECT person FROM review_items WHERE review = ? AND of IN (SELECT value FROM json_each(?))"
        return {row[0] for row in scene.db.execute(query, (scene.body["review"], json.dumps(scene.body["items"])))}
    if scene.type == "grant.ended":
        query, value = "SELECT person FROM grants WHERE id IN (SELECT value FROM json_each(?))", json.dumps(scene.body["grants"])
    else:
        query, value = "SELECT person FROM cases WHERE id = ?", scene.body["case"]
    return {row[0] for row in scene.db.execute(query, (value,))}


def check(scene: Scene, person: str) -> None:
    """Refuse an erasure before its time; judged when it is proposed and again when it is approved."""
    left = scene.one("SELECT left_on FROM people WHERE id = ?", person)
    remains = Remains(
        left_on=left[0] or "" if left else "",
        keys=_count(scene, "keys WHERE person = ? AND state = 'active'", person),
        grants=_count(scene, "grants WHERE person = ? AND ended_at IS NULL", person),
        live=_count(
            scene,
            "exposures e JOIN versions v ON v.credential = e.credential AND v.n = e.n JOIN credentials c ON c.id = e.credential"
            " JOIN accounts a ON a.id = c.account WHERE e.person = ? AND v.ended_at IS NULL AND a.state = 'active'",
            person,
        ),
        answers=_count(scene, "accounts WHERE state = 'active' AND (custodian = ? OR deputy = ?)", person, person),
        ties=_count(scene, beside.TIES, *[person] * 4),
    )
    policy = scene.one("SELECT value FROM state WHERE key = 'policy'")
    if policy is None:
        raise Refused(
            "no policy says how long somebody is kept", rule="retention", control="SI-12(3)", hint="adopt one: govern policy adopt FILE"
        )
    may_erase(remains, scene.at[:10], Policy.from_record(json.loads(policy[0])).retention_days)


def _count(scene: Scene, where: str, *values: str) -> int:
    return int(scene.one(f"SELECT count(*) FROM {where}", *values)[0])  # noqa: S608  texts are ours


def listed(scene: Scene, proposal: str, person: str) -> None:
    """Part of the list of entries whose personal parts go."""
    body = scene.body
    if not 1 <= body["part"] <= body["of"]:
        raise Refused("a part beyond the last one", rule="erasure-list", control="SI-12(3)", hint=_ANEW)
    for entry in body["entries"]:
        row = scene.one("SELECT type FROM entries WHERE idx = ?", entry) if entry < scene.index else None
        if row is None:
            raise Refused("an erasure names an entry that the ledger does not have", rule="erasure-list", control="SI-12(3)", hint=_ANEW)
        in_base = row[0] in FACTS and FACTS[row[0]].compartment == "base"
        if in_base and scene.one("SELECT 1 FROM concerns WHERE person = ? AND entry = ?", person, entry) is None:
            raise Refused(
                f"the personal part of entry {entry} is not about whoever is to be erased",
                rule="erasure-beyond",
                control="SI-12(3)",
                hint=_ANEW,
            )
        scene.run("INSERT INTO listed VALUES (?, ?, ?)", entry, proposal, body["part"])


def erase(scene: Scene, proposal: str, person: str, entries: int) -> None:
    """Forget the person here and now; store and journals follow as soon as this is committed (`wipe`)."""
    check(scene, person)
    if _count(scene, "listed WHERE proposal = ?", proposal) != entries:
        raise Refused("the list of what it erases is not whole", rule="erasure-list", control="SI-12(3)", hint=_ANEW)
    left = scene.one(
        "SELECT c.entry FROM concerns c JOIN entries e ON e.idx = c.entry WHERE c.person = ? AND e.type NOT LIKE 'case.%'"
        " AND c.entry NOT IN (SELECT entry FROM listed WHERE proposal = ?) AND c.entry NOT IN (SELECT entry FROM erased) LIMIT 1",
        person, proposal,
    )  # fmt: skip
    if left is not None:
        raise Refused(
            f"entry {left[0]} is about them too, and is younger than the list", rule="erasure-stale", control="SI-12(3)",
            hint=_ANEW,
        )  # fmt: skip
    scene.run(
        "UPDATE people SET handle = NULL, name = NULL, mail = NULL, department = NULL, locale = NULL, agency = NULL, erased = 1, mail_by = NULL,"
        " mail_entry = NULL WHERE id = ?",
        person,
    )
    forget_listed(scene, proposal)
    scene.run("UPDATE review_items SET handle = NULL, name = NULL WHERE person = ?", person)
    scene.run("UPDATE review_items SET reviewer_handle = NULL WHERE reviewer = ?", person)
    scene.run("UPDATE review_items SET decider_handle = NULL WHERE decider = ?", person)
    scene.run("UPDATE cases SET statement = NULL WHERE person = ?", person)
    scene.run("UPDATE items SET note = NULL WHERE case_id IN (SELECT id FROM cases WHERE person = ?)", person)
    scene.run("INSERT OR REPLACE INTO state VALUES ('wipe', ?)", scene.index)


def forget_listed(scene: Scene, proposal: str) -> None:
    """Mark the entries that an erasure names, and take from the register what their personal parts said."""
    scene.run("INSERT OR IGNORE INTO erased SELECT entry, ? FROM listed WHERE proposal = ?", scene.index, proposal)
    for table, column in TEXTS:
        scene.run(
            f"UPDATE {table} SET {column} = NULL WHERE entry IN (SELECT entry FROM listed WHERE proposal = ?)", proposal  # noqa: S608  names are ours
        )  # fmt: skip
    scene.run("DELETE FROM findings WHERE code = ? AND entry IN (SELECT entry FROM listed WHERE proposal = ?)", MALFORMED, proposal)
