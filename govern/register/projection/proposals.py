"""Acts of two persons: proposed by one, in force from the entry in which the second approves. Every rule of it is judged here, in replay."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

from govern.errors import Refused
from govern.holdings import proposals
from govern.holdings.proposals import Act, Made
from govern.register.projection import erasing, erasing_accounts, founding, people, sponsors
from govern.register.projection.scene import Scene


@dataclass(frozen=True, slots=True)
class _Proposal:
    id: str
    act: Act
    parameters: Mapping[str, Any]
    proposer: str
    key: str
    entry: int
    expires: str
    made_at: str


def _open(scene: Scene) -> _Proposal:
    row = scene.one(
        "SELECT id, act, parameters, proposer, key, entry, state, expires, made_at FROM proposals WHERE id = ?", scene.body["proposal"]
    )
    if row is None:
        raise Refused(f"{scene.type} cites a proposal that the ledger does not have", rule="unknown-reference")
    if row[6] == "lapsed":
        raise _proposer_gone()
    if row[6] != "open":
        raise Refused(f"this proposal was {row[6]} already", rule="proposal-open", control="AC-3(2)", hint="govern proposal list")
    return _Proposal(row[0], Act(row[1]), json.loads(row[2]), row[3], row[4], row[5], row[7], row[8])


def _proposer_gone() -> Refused:
    return Refused(
        "whoever proposed it is no admin any more, or not with that key", rule="proposer-gone", control="AC-3(2)",
        hint="another admin proposes it anew",
    )  # fmt: skip


def _made(scene: Scene) -> None:
    act, parameters = Act(scene.body["act"]), scene.body["parameters"]
    proposals.may_propose(act, parameters, scene.actor)
    if proposals.subject(act, parameters):
        scene.must("person", "people", parameters["person"])
    if act is Act.ERASURE:
        erasing.check(scene, parameters["person"])
    if act is Act.ACCOUNTS:
        erasing_accounts.check(scene, parameters["accounts"])
    told = json.dumps(parameters, sort_keys=True)
    about = "json_extract(parameters, '$.person') = ?" if act is Act.ERASURE else "parameters = ?"
    same = scene.one(
        f"SELECT 1 FROM proposals WHERE state = 'open' AND expires > ? AND act = ? AND {about}",  # noqa: S608
        scene.now, act, parameters["person"] if act is Act.ERASURE else told,
    )  # fmt: skip
    if same:
        raise Refused("this is proposed already", rule="one-proposal", control="AC-3(2)", hint="govern proposal list")
    scene.run(
        "INSERT INTO proposals (id, act, parameters, proposer, key, made_at, expires, reason, entry)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        scene.body["proposal"], act, told, scene.actor, scene.key, scene.at, proposals.expires(scene.agreed()), scene.personal.get("reason"), scene.index,
    )  # fmt: skip


def _withdrawn(scene: Scene) -> None:
    found = _open(scene)
    scene.run("UPDATE proposals SET state = 'withdrawn', ended_at = ?, ended_entry = ? WHERE id = ?", scene.at, scene.index, found.id)


def _listed(scene: Scene) -> None:
    found = _open(scene)
    _of_its_proposer(scene, found, (Act.ERASURE, Act.ACCOUNTS))
    if scene.index != found.entry + scene.body["part"]:
        raise Refused(
            "the list of an erasure stands right behind its proposal, so that the second person sees all of it", rule="erasure-list",
            control="SI-12(3)", hint="govern person erase PERSON",
        )  # fmt: skip
    if found.act is Act.ACCOUNTS:
        erasing_accounts.listed(scene, found.id, found.parameters["accounts"])
    else:
        erasing.listed(scene, found.id, found.parameters["person"])


def _sealed(scene: Scene) -> None:
    found = _open(scene)
    _of_its_proposer(scene, found, (Act.ACCOUNTS,))
    between = "SELECT 1 FROM entries WHERE idx > ? AND idx < ? AND type NOT IN ('erasure.listed', 'erasure.sealed')"
    if scene.one(between, found.entry, scene.index):
        raise Refused(
            "the list of an erasure stands right behind its proposal, so that the second person sees all of it", rule="erasure-list",
            control="SI-12(3)", hint="govern account erase ACCOUNT",
        )  # fmt: skip
    erasing_accounts.sealed(scene, found.id, found.parameters["accounts"])


def _of_its_proposer(scene: Scene, found: _Proposal, acts: tuple[Act, ...]) -> None:
    if found.act not in acts or found.proposer != scene.actor:
        raise Refused(
            "only whoever proposes an erasure says what it erases", rule="erasure-list", control="SI-12(3)",
            hint="govern person erase PERSON, or govern account erase ACCOUNT",
        )  # fmt: skip


def _approved(scene: Scene) -> None:
    found = _open(scene)
    made = Made(proposer=found.proposer, key=found.key, subject=proposals.subject(found.act, found.parameters))
    admins, ties = sponsors.admins(scene.db, scene.now), sponsors.ties(scene.db)
    if not any(admin.person == found.proposer and found.key in admin.keys for admin in admins):
        raise _proposer_gone()
    proposals.in_time(proposals.stands_until(found.expires, found.made_at, scene.at), scene.now)
    if sponsors.is_recovery(scene):
        before = scene.one("SELECT type, key FROM entries WHERE idx = ?", scene.index - 1)
        if before != ("recovery.used", scene.key):
            raise Refused(
                "recovery approves only where it says that it was used", rule="recovery-untold", control="AC-3(2)",
                hint="govern proposal approve ID --sheet FILE",
            )  # fmt: skip
        proposals.approve_as_recovery(made, admins, ties)
    else:
        if not any(admin.person == scene.actor for admin in admins):
            raise Refused("somebody who is leaving or has left approves nothing", rule="leaver", control="PS-4", hint="ask another admin")
        proposals.approve_as_admin(made, scene.actor, scene.key, ties)
    _take_effect(scene, found)
    scene.run(
        "UPDATE proposals SET state = 'approved', second = ?, ended_at = ?, ended_entry = ? WHERE id = ?",
        scene.actor, scene.at, scene.index, found.id,
    )  # fmt: skip


def _take_effect(scene: Scene, found: _Proposal) -> None:
    told = replace(scene, body=found.parameters, personal={})
    match found.act:
        case Act.ROLE:
            people.give_role(told, found.key, scene.key)
        case Act.POLICY:
            founding.put_policy(told)
        case Act.RECOVERY:
            founding.replace_recovery(told)
        case Act.ERASURE:
            erasing.erase(scene, found.id, found.parameters["person"], found.parameters["entries"])
        case Act.ACCOUNTS:
            erasing_accounts.erase(scene, found.id, found.parameters)
        case Act.RESTORE:
            pass  # what it allows is done to the store; the ledger only says that two persons wanted it
        case _:
            assert_never(found.act)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "proposal.made": _made,
    "proposal.approved": _approved,
    "proposal.withdrawn": _withdrawn,
    "erasure.listed": _listed,
    "erasure.sealed": _sealed,
}
