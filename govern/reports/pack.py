"""An evidence pack: what is claimed of a departure beside the names by which people know it, as JSON for programs.

`claims` follow from the proofs that lie beside the file; `told` is this vault's word: names, notes and sentences, which are erasable and so
in no proof. No secret, no salt and no personal part of an entry is in it.
"""

from __future__ import annotations

import json as json_
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from govern.offboarding.items import ItemKind
from govern.offboarding.wording import Told, sentence
from govern.policy.controls import Controls
from govern.register.queries import cases, people
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person
from govern.register.queries.policies import policy
from govern.reports.departure import platform
from govern.reports.evidence import Claims

SCHEMA: Final = "govern.evidence/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One item: what is claimed of it, beside what it is called. `about`: a place, role, tool or device; `told` is said in the reader's language."""

    claims: Claims
    told: Told
    platform: str
    about: str
    note: str
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """All that is in a pack but its proofs. `made_at`: UTC; `names`: by id, everybody who is named in it; `checkpoint`: the signed note."""

    vault: str
    made_at: str
    claims: Claims
    person: Person
    names: Mapping[str, str]
    handles: Mapping[str, str]
    statement: str
    checkpoint: str
    rows: tuple[Row, ...]
    frameworks: Mapping[str, str]
    case_controls: Mapping[str, tuple[str, ...]]
    policy_rules: Mapping[str, str]


def collect(
    db: sqlite3.Connection, case: Case, claims: Claims, controls: Controls, *, vault: str, checkpoint: bytes, now: str
) -> Pack:  # fmt: skip
    """Put names to claims. `vault`: 64 hex digits; `checkpoint`: the note; `now`: UTC ISO 8601. Raises KeyError for a kind without controls."""
    everybody = {one.id: one for one in people.people(db)}
    subject = people.by_id(db, case.person)
    entries = {entry.id: entry for entry in cases.items(db, case.id)}
    rules = policy(db)
    named = {id_ for id_ in _people(claims) if id_ in everybody}
    return Pack(
        vault=vault, made_at=now, claims=claims, person=subject,
        names={id_: everybody[id_].name for id_ in sorted(named)}, handles={id_: everybody[id_].handle for id_ in sorted(named)},
        statement=case.statement, checkpoint=checkpoint.decode(), frameworks=controls.frameworks,
        rows=tuple(_row(db, subject, one, entries[one["id"]], controls) for one in claims["items"]),
        case_controls={step: _ids(controls, found) for step, found in controls.case.items()},
        policy_rules={"membership": rules.membership_control, "second-person": rules.second_person_control, "rotation": rules.rotation_control},
    )  # fmt: skip


def _row(db: sqlite3.Connection, subject: Person, claims: Claims, entry: Entry, controls: Controls) -> Row:
    told = Told(
        kind=ItemKind(claims["kind"]), person=subject.name, account=entry.handle, credential=entry.credential_kind, version=entry.item.version,
        about=entry.about,
    )  # fmt: skip
    return Row(
        claims=claims, told=told, platform=platform(db, entry.item.account) if entry.handle else "", about=entry.about, note=entry.note,
        controls=_ids(controls, controls.items[claims["kind"]]),
    )  # fmt: skip


def _ids(controls: Controls, found: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """ "NIST SP 800-53 rev 5 PS-4" and the like."""
    return tuple(f"{controls.frameworks[framework]} {id_}" for framework, ids in found.items() for id_ in ids)


def _people(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("by", "person", "requested_by") and isinstance(inner, str):
                yield inner
            else:
                yield from _people(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _people(inner)


def json(pack: Pack) -> str:
    """One JSON object; what is in `told` is not proven."""
    told = {
        "people": {id_: {"name": name, "handle": pack.handles[id_]} for id_, name in pack.names.items()},
        "statement": pack.statement or None,
        "items": {
            row.claims["id"]: {"what": sentence(row.told), "platform": row.platform or None, "about": row.about or None, "note": row.note or None}
            for row in pack.rows
        },
    }  # fmt: skip
    controls = {
        "policy": dict(pack.policy_rules), "case": {step: list(ids) for step, ids in pack.case_controls.items()},
        "items": {kind: list(ids) for kind, ids in sorted({row.claims["kind"]: row.controls for row in pack.rows}.items())},
    }  # fmt: skip
    values = {"schema": SCHEMA, "vault": pack.vault, "made_at": pack.made_at, "claims": pack.claims, "told": told, "controls": controls}
    return json_.dumps(values, ensure_ascii=True, indent=1) + "\n"
