"""Accounts that were handed back: which entries' personal parts are about them, and what is gone once they are erased.

The secrets of such an account are somebody else's by now. Its versions and every wrap of them are named one by one, and what is not named stays: a
version or a wrap that is missing without being named is an integrity error as before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from govern.errors import Refused
from govern.facts import FACTS
from govern.holdings.erasure_of_accounts import HandedBack, may_erase_account
from govern.policy.rules import Policy
from govern.register.projection import erasing
from govern.register.projection.scene import Scene

_ANEW: Final = "withdraw it and begin anew: govern proposal withdraw ID, then govern account erase ACCOUNT"

ABOUT: Final = """
WITH a (id) AS (SELECT value FROM json_each(:accounts)), c (id) AS (SELECT id FROM credentials WHERE account IN a)
SELECT entry FROM accounts WHERE id IN a
UNION SELECT entry FROM texts_of WHERE account IN a
UNION SELECT entry FROM grants WHERE account IN a
UNION SELECT entry FROM entitlements WHERE account IN a
UNION SELECT entry FROM apps WHERE account IN a
UNION SELECT entry FROM exceptions WHERE account IN a
UNION SELECT entry FROM review_items i WHERE account IN a AND entry IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM review_items o WHERE o.review = i.review AND o.entry = i.entry AND o.account NOT IN a)
UNION SELECT entry FROM ways WHERE account IN a
UNION SELECT entry FROM shown WHERE credential IN c
UNION SELECT entry FROM spent WHERE credential IN c
UNION SELECT p.entry FROM places p WHERE EXISTS (SELECT 1 FROM place_accounts h WHERE h.place = p.id AND h.account IN a)
  AND NOT EXISTS (SELECT 1 FROM place_accounts h WHERE h.place = p.id AND h.account NOT IN a)
  AND NOT EXISTS (SELECT 1 FROM place_versions h WHERE h.place = p.id AND h.credential NOT IN c)
  AND NOT EXISTS (SELECT 1 FROM credentials k WHERE k.kept_in = p.id AND k.account NOT IN a)
"""
"""Entries whose personal part is about these accounts (ids, a JSON list), whether or not it is still there: what they are called, logins, urls, reasons;
names of places that hold nothing else."""

VERSIONS: Final = """
SELECT v.credential, v.n, v.manifest FROM versions v JOIN credentials c ON c.id = v.credential
WHERE c.account IN (SELECT value FROM json_each(:accounts)) AND v.manifest IS NOT NULL ORDER BY v.credential, v.n
"""
"""The sealed versions of these accounts."""

WRAPS: Final = """
SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n
JOIN credentials c ON c.id = w.credential
WHERE c.account IN (SELECT value FROM json_each(:accounts)) AND w.ended IS NULL AND v.manifest IS NOT NULL ORDER BY w.credential, w.n, w.key
"""
"""The wraps of them that stand."""


def check(scene: Scene, accounts: Sequence[str]) -> None:
    """Refuse an erasure before its time; judged when it is proposed and again when it is approved."""
    if not accounts or len(set(accounts)) != len(accounts):
        raise Refused("an erasure names each of its accounts once", rule="erasure-list", control="SI-12(3)", hint=_ANEW)
    policy = scene.one("SELECT value FROM state WHERE key = 'policy'")
    if policy is None:
        raise Refused(
            "no policy says how long an account is kept", rule="retention", control="SI-12(3)", hint="adopt one: govern policy adopt FILE"
        )
    days = Policy.from_record(json.loads(policy[0])).retention_days
    for account in accounts:
        row = scene.one(_STANDS, account)
        if row is None:
            raise scene.unknown("account")
        may_erase_account(
            HandedBack(handle=row[0], returned_at=row[1] or "", grants=row[2], rotations=row[3], openers=row[4]), scene.at[:10], days
        )  # fmt: skip


_STANDS: Final = """
SELECT a.handle, a.returned_at, (SELECT count(*) FROM grants g WHERE g.account = a.id AND g.ended_at IS NULL),
  (SELECT count(*) FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = a.id AND r.ended_at IS NULL),
  (SELECT count(*) FROM wraps w JOIN credentials c ON c.id = w.credential JOIN keys k ON k.id = w.key
    WHERE c.account = a.id AND w.ended IS NULL AND k.person IS NOT NULL AND k.state = 'active')
FROM accounts a WHERE a.id = ?
"""


def listed(scene: Scene, proposal: str, accounts: Sequence[str]) -> None:
    """Part of the list of entries whose personal parts go."""
    _part(scene)
    about = {row[0] for row in scene.db.execute(ABOUT, {"accounts": json.dumps(accounts)})}
    about |= {row[0] for row in scene.db.execute("SELECT entry FROM proposals WHERE id = ?", (proposal,))}
    for entry in scene.body["entries"]:
        row = scene.one("SELECT type FROM entries WHERE idx = ?", entry) if entry < scene.index else None
        if row is None:
            raise Refused("an erasure names an entry that the ledger does not have", rule="erasure-list", control="SI-12(3)", hint=_ANEW)
        if row[0] in FACTS and FACTS[row[0]].compartment == "base" and entry not in about:
            raise Refused(
                f"the personal part of entry {entry} is not about the accounts that are to be erased", rule="erasure-beyond", control="SI-12(3)",
                hint=_ANEW,
            )  # fmt: skip
        scene.run("INSERT INTO listed VALUES (?, ?, ?)", entry, proposal, scene.body["part"])


def sealed(scene: Scene, proposal: str, accounts: Sequence[str]) -> None:
    """Part of the list of versions and wraps that go. A row without a key is the version itself."""
    _part(scene)
    asked = {"accounts": json.dumps(accounts)}
    versions = {(credential, n) for credential, n, _ in scene.db.execute(VERSIONS, asked)}
    wraps = {(credential, n, key) for credential, n, key, _ in scene.db.execute(WRAPS, asked)}
    named = {(credential, n) for credential, n in scene.body["versions"]}
    wrapped = {(credential, n, key) for credential, n, key, _ in scene.body["wraps"]}
    if not (named <= versions and wrapped <= wraps):
        raise Refused(
            "an erasure names a secret that is not one of the accounts that are to be erased", rule="erasure-beyond", control="SI-12(3)", hint=_ANEW
        )  # fmt: skip
    rows = [
        *((proposal, credential, n, "", "") for credential, n in scene.body["versions"]),
        *((proposal, *row) for row in scene.body["wraps"]),
    ]
    scene.db.executemany("INSERT INTO doomed VALUES (?, ?, ?, ?, ?)", rows)


def _part(scene: Scene) -> None:
    if not 1 <= scene.body["part"] <= scene.body["of"]:
        raise Refused("a part beyond the last one", rule="erasure-list", control="SI-12(3)", hint=_ANEW)


def erase(scene: Scene, proposal: str, parameters: Mapping[str, Any]) -> None:
    """Forget the accounts here and now; store and journals follow as soon as this is committed (`wipe`)."""
    accounts: Sequence[str] = parameters["accounts"]
    check(scene, accounts)
    _whole(scene, proposal, parameters)
    _nothing_younger(scene, proposal, accounts)
    erasing.forget_listed(scene, proposal)
    scene.run("UPDATE places SET name = NULL WHERE entry IN (SELECT entry FROM listed WHERE proposal = ?)", proposal)
    scene.run(
        "INSERT OR IGNORE INTO erased_versions SELECT v.manifest, ? FROM doomed d JOIN versions v ON v.credential = d.credential AND v.n = d.n"
        " WHERE d.proposal = ? AND d.key = ''",
        scene.index, proposal,
    )  # fmt: skip
    scene.run(
        "UPDATE wraps SET ended = ?, digest = d.digest FROM doomed d WHERE d.proposal = ? AND d.key <> '' AND wraps.ended IS NULL"
        " AND d.credential = wraps.credential AND d.n = wraps.n AND d.key = wraps.key",
        scene.index, proposal,
    )  # fmt: skip
    scene.run(
        "UPDATE versions SET manifest = NULL FROM doomed d WHERE d.proposal = ? AND d.key = '' AND d.credential = versions.credential"
        " AND d.n = versions.n",
        proposal,
    )  # fmt: skip
    scene.db.executemany(
        "UPDATE accounts SET login = NULL, url = NULL, title = NULL, erased = 1 WHERE id = ?", [(account,) for account in accounts]
    )
    scene.run("INSERT OR REPLACE INTO state VALUES ('wipe', ?)", scene.index)


def _whole(scene: Scene, proposal: str, parameters: Mapping[str, Any]) -> None:
    """What was listed is as much as the proposal says, so that a list whose end is missing erases nothing."""
    there = (
        scene.one("SELECT count(*) FROM listed WHERE proposal = ?", proposal)[0],
        *scene.one("SELECT count(*) FILTER (WHERE key = ''), count(*) FILTER (WHERE key <> '') FROM doomed WHERE proposal = ?", proposal),
    )
    if there != (parameters["entries"], parameters["versions"], parameters["wraps"]):
        raise Refused("the list of what it erases is not whole", rule="erasure-list", control="SI-12(3)", hint=_ANEW)


def _nothing_younger(scene: Scene, proposal: str, accounts: Sequence[str]) -> None:
    """Everything about these accounts that is there now is on the list, and what is on the list is still there."""
    asked = {"accounts": json.dumps(accounts)}
    on_list = {row[0] for row in scene.db.execute("SELECT entry FROM listed WHERE proposal = ?", (proposal,))}
    gone = {row[0] for row in scene.db.execute("SELECT entry FROM erased")}
    younger = {row[0] for row in scene.db.execute(ABOUT, asked)} - on_list - gone
    doomed = {tuple(row) for row in scene.db.execute("SELECT credential, n, key FROM doomed WHERE proposal = ?", (proposal,))}
    there = {(credential, n, "") for credential, n, _ in scene.db.execute(VERSIONS, asked)}
    there |= {(credential, n, key) for credential, n, key, _ in scene.db.execute(WRAPS, asked)}
    if younger:
        raise Refused(
            f"entry {min(younger)} is about them too, and is younger than the list", rule="erasure-stale", control="SI-12(3)", hint=_ANEW
        )
    if doomed != there:
        raise Refused("their secrets have changed since the list was made", rule="erasure-stale", control="SI-12(3)", hint=_ANEW)
