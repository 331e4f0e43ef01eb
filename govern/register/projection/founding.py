"""The vault itself: genesis, epochs, policy, recovery, accepted baselines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.holdings import findings
from govern.holdings.proposals import Act, alone
from govern.holdings.second_person import GENESIS
from govern.policy.compare import weaker
from govern.policy.rules import Policy
from govern.register.projection import documents, services, sponsors
from govern.register.projection.case_opening import never_its_subject
from govern.register.projection.scene import Scene


def _state(scene: Scene, key: str, value: object) -> None:
    scene.run("INSERT OR REPLACE INTO state VALUES (?, ?)", key, value)


def _founded(scene: Scene) -> None:
    if scene.index != 0:
        raise Refused("a vault is founded once", rule="genesis")
    body, personal = scene.body, scene.personal
    _state(scene, "founding", json.dumps(body, sort_keys=True))
    scene.run(
        "INSERT INTO people (id, handle, name, mail, added_at, entry) VALUES (?, ?, ?, ?, ?, ?)",
        body["founder"], personal.get("handle"), personal.get("name"), personal.get("mail"), scene.at, scene.index,
    )  # fmt: skip
    for key, person, sign, seal, custody, state in (
        (body["key"], body["founder"], body["sign"], body["seal"], body["custody"], "active"),
        (body["recovery_key"], None, body["recovery_sign"], body["recovery_seal"], "recovery", "recovery"),
    ):
        scene.run(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)",
            key,
            person,
            bytes.fromhex(sign),
            bytes.fromhex(seal),
            custody,
            state,
            scene.index,
        )
    scene.run("INSERT INTO roles VALUES (?, 'admin', NULL, ?)", body["founder"], scene.index)
    sponsors.stands_behind(scene, "key", body["key"], GENESIS)
    sponsors.stands_behind(scene, "admin", body["founder"], GENESIS)


def _epoch(scene: Scene) -> None:
    body = scene.body
    last = scene.one("SELECT id, number FROM epochs WHERE compartment = ? ORDER BY number DESC LIMIT 1", body["compartment"])
    if body["number"] != (last[1] + 1 if last else 1) or body.get("previous") != (last[0] if last else None):
        raise Refused("an epoch follows the one before it", rule="epoch-order")
    base = json.loads(scene.one("SELECT value FROM state WHERE key = 'founding'")[0])["base"]
    if scene.one("SELECT 1 FROM epochs WHERE id = ? AND compartment = ?", body["epoch"], base):
        raise Refused("an epoch's key serves one compartment", rule="epoch-order")
    _for_its_readers(scene, body["compartment"], body["recipients"], base)
    never_its_subject(scene, body["compartment"], body["recipients"])
    scene.run(
        "INSERT INTO epochs VALUES (?, ?, ?, ?, ?)", body["epoch"], body["compartment"], body["number"], body.get("previous"), scene.index
    )
    scene.run("INSERT INTO wrap_sets VALUES (?, ?)", scene.index, body["wraps"])
    for key in body["recipients"]:
        scene.run("INSERT INTO epoch_wraps VALUES (?, ?, ?)", scene.index, body["epoch"], key)


def _for_its_readers(scene: Scene, compartment: str, recipients: list[str], base: str) -> None:
    """Enrolled keys alone, recovery's always; of `base` every one: nobody is shut out but by a revocation that says so."""
    enrolled = dict(scene.db.execute("SELECT id, state FROM keys WHERE state IN ('active', 'recovery')").fetchall())
    recovery = {key for key, state in enrolled.items() if state == "recovery"}
    found = set(recipients)
    if not recovery <= found <= set(enrolled) or (compartment == base and found != set(enrolled)):
        raise Refused("an epoch is for the enrolled readers of its compartment and for recovery", rule="epoch-recipients", control="AC-3")
    if compartment != base and services.is_service(scene, scene.actor):
        had = scene.db.execute("SELECT key FROM epoch_wraps WHERE epoch = ?", (scene.body.get("previous"),))
        if found != recovery | ({key for (key,) in had} & set(enrolled)):
            raise Refused("a service keeps the readers that there are", rule="epoch-recipients", control="AC-6", hint="govern key renew")


def _policy(scene: Scene) -> None:
    before = scene.one("SELECT value FROM state WHERE key = 'policy'")
    if before is not None:
        old = Policy.from_record(json.loads(before[0]))
        less = [] if alone(Act.POLICY, old.preset) else weaker(old, Policy.from_record(scene.body["policy"]))
        if less:
            raise Refused(
                f"a policy that asks for less takes two persons: {', '.join(less)}", rule="two-persons", control="AC-3(2)",
                hint="propose it: govern policy adopt FILE, then another admin: govern proposal approve ID",
            )  # fmt: skip
    put_policy(scene)


def put_policy(scene: Scene) -> None:
    """In force from here on, whoever decided it."""
    _state(scene, "policy", json.dumps(scene.body["policy"], sort_keys=True))
    _state(scene, "policy_digest", scene.body["digest"])
    documents.ask(scene, scene.body["policy"])


def replace_recovery(scene: Scene) -> None:
    """The old recovery key signs nothing from here on, and the new one is sealed to."""
    body = scene.body
    scene.run("UPDATE keys SET state = 'revoked' WHERE state = 'recovery'")
    scene.run(
        "INSERT INTO keys VALUES (?, NULL, ?, ?, 'recovery', 'recovery', ?)",
        body["key"], bytes.fromhex(body["sign"]), bytes.fromhex(body["seal"]), scene.index,
    )  # fmt: skip
    _state(scene, "recovery_split", f"{body['threshold']}-of-{body['shares']}")


def _recovery_used(scene: Scene) -> None:
    _state(scene, "recovery_used", scene.at)


def _drilled(scene: Scene) -> None:
    """A drill counts where it opened everything that was live: less than that shows nothing about the rest."""
    live = scene.one("SELECT count(*) FROM versions WHERE manifest IS NOT NULL AND ended_at IS NULL")
    if live is not None and scene.body["versions"] >= live[0]:
        _state(scene, "recovery_drilled", scene.at)


def _entrusted(scene: Scene) -> None:
    """Somebody keeps a sheet of the recovery key in force; whoever kept it before and gave it on still counts, for they may have read it."""
    body = scene.body
    scene.must("person", "people", body["person"])
    if scene.one("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", body["key"]) is None:
        raise Refused(
            "sheets of the recovery key in force are kept, and of no other", rule="recovery-key", control="CP-9", hint="govern doctor"
        )
    split = scene.one("SELECT value FROM state WHERE key = 'recovery_split'")
    founding = json.loads(scene.one("SELECT value FROM state WHERE key = 'founding'")[0])
    shares = int(split[0].rpartition("-of-")[2]) if split else founding["recovery_shares"]
    if not 1 <= body["sheet"] <= shares:
        raise Refused(f"there are sheets 1 to {shares}", rule="recovery-sheet", control="CP-9", hint="the number stands on the sheet")
    scene.run("INSERT OR IGNORE INTO keepers VALUES (?, ?, ?, ?, ?)", body["key"], body["sheet"], body["person"], scene.at, scene.index)


def _backup(scene: Scene) -> None:
    _state(scene, "backup_made", scene.at)


def _baseline(scene: Scene) -> None:
    """For a year at most, from what the ledger counts of its time."""
    body = scene.body
    findings.may_accept(body["findings"], until=body["until"], today=min(scene.at, scene.borne_out() or scene.at)[:10])
    for key in body["findings"]:
        scene.run("INSERT OR REPLACE INTO baseline VALUES (?, ?, ?)", key, body["until"], scene.index)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "vault.founded": _founded,
    "epoch.started": _epoch,
    "policy.adopted": _policy,
    "recovery.used": _recovery_used,
    "recovery.drilled": _drilled,
    "recovery.entrusted": _entrusted,
    "backup.made": _backup,
    "baseline.accepted": _baseline,
}
