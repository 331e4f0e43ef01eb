"""Backup codes that were shown, one by one: which of a version are spent, and who has seen one. Never a code, only its place in the set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection.freezes import guarded
from govern.register.projection.scene import Scene


def _spent(scene: Scene) -> None:
    body = scene.body
    credential, n, ordinal = body["credential"], body["version"], body["ordinal"]
    kind = scene.one(
        "SELECT c.kind FROM credentials c JOIN versions v ON v.credential = c.id AND v.n = ? WHERE c.id = ?", n, credential
    )  # fmt: skip
    if kind is None:
        raise Refused("code.spent cites a version that the ledger does not have", rule="unknown-reference")
    if kind[0] != "backup-codes" or not ordinal:
        raise Refused("only one of a set of backup codes is spent", rule="no-backup-code", control="IA-5")
    if scene.one("SELECT 1 FROM spent WHERE credential = ? AND n = ? AND ordinal = ?", credential, n, ordinal):
        raise Refused(
            f"code {ordinal} of this set is spent: each is good for one login", rule="single-use", control="IA-5",
            hint="take the next one: govern credential use-code ACCOUNT",
        )  # fmt: skip
    seen_by(scene)
    scene.run(
        "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        credential, n, ordinal, body["left"], scene.actor, body.get("recipient"), scene.personal.get("reason"), scene.at, scene.index,
    )  # fmt: skip


def seen_by(scene: Scene) -> None:
    """Also for a void entry. Who was shown one code could use it as long as the platform has not seen it: possible, not the whole set."""
    body = scene.body
    if "recipient" in body:
        scene.must("person", "people", body["recipient"])
        scene.expose(body["recipient"], body["credential"], body["version"], "handed-over", strength="possible")
    scene.expose(scene.actor, body["credential"], body["version"], "revealed", strength="possible")


def _carried(scene: Scene) -> None:
    """Codes that were used by the head that a fork gives up: said by whoever proposes it, with the proposal."""
    made = scene.one("SELECT act, proposer, state FROM proposals WHERE id = ?", scene.body["proposal"])
    if made is None:
        raise scene.unknown("proposal")
    if made != ("restore", scene.actor, "open"):
        raise Refused(
            "only who proposes to go on from an earlier point says which codes were used behind it", rule="no-fork", control="AC-3(2)",
            hint="govern credential use-code ACCOUNT uses one",
        )  # fmt: skip
    for credential, n, ordinal, left, person, recipient, at in scene.body["codes"]:
        of = scene.one("SELECT c.kind FROM credentials c JOIN versions v ON v.credential = c.id AND v.n = ? WHERE c.id = ?", n, credential)
        if of is None:
            raise Refused("codes.carried cites a version that the ledger does not have", rule="unknown-reference")
        if of[0] != "backup-codes" or not ordinal:
            raise Refused("only one of a set of backup codes is spent", rule="no-backup-code", control="IA-5")
        for one in (person, recipient):
            if one:
                scene.must("person", "people", one)
        scene.run(
            "INSERT OR IGNORE INTO spent VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)",
            credential, n, ordinal, left, person, recipient or None, min(at, scene.at), scene.index,
        )  # fmt: skip


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"code.spent": guarded(_spent), "codes.carried": _carried}
