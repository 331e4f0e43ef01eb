"""The evidence of one departure, gathered: what the ledger says, opened and proven, beside what the register makes of it.

Reads alone. Whoever may see the case may have its pack: an embargoed one opens for those it is sealed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import IntegrityError
from govern.policy.controls import controls
from govern.procedures.proofs import begin, open_entries, proof
from govern.register.queries import cases, cited
from govern.register.queries.cases import ALTERED, Case
from govern.reports import evidence, pack

if TYPE_CHECKING:
    from govern.register.workspace import Workspace
    from govern.reports.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A pack, the file that proves its claims, and the checkpoint's note."""

    pack: Pack
    proof: bytes
    note: bytes


def gather(workspace: Workspace, case: Case, now: str) -> Evidence:
    """Raises IntegrityError where the rows of the store are not what was signed, or say otherwise than the register does."""
    db = workspace.view()
    items = cases.items(db, case.id)
    found = cited.of_items(db, case, items)
    with workspace.store.reading() as reading:
        opened = begin(workspace, reading)
        open_entries(workspace, reading, opened, {0, *cited.of_case(db, case), *evidence.cited_by(found)})
        organisation = str(opened.read[0].body["organisation"])
        told = evidence.claims(case.id, opened.read, found, organisation=organisation, size=opened.size)
        _as_the_register_has_it(told, case, items)
        proven = proof(workspace, reading, opened, evidence.indexes(told))
    return Evidence(
        pack=pack.collect(db, case, told, controls(), vault=workspace.vault.hex(), checkpoint=opened.note, now=now),
        proof=proven, note=opened.note,
    )  # fmt: skip


def _as_the_register_has_it(claims: evidence.Claims, case: Case, items: list[cases.Entry]) -> None:
    """The events were judged when they came in: what is made of them anew must come to the same."""
    ours = [(item.id, item.state.value, item.grade) for item in items]
    theirs = [(one["id"], one["state"], one["grade"] or "") for one in claims["items"]]
    if claims["case"]["state"] != case.state or ours != theirs:
        told = next((f"item {n}" for n, (a, b) in enumerate(zip(ours, theirs, strict=False), start=1) if a != b), "the case")
        raise IntegrityError(f"{told} in the register on this machine does not follow from its entries", code="register", hint=ALTERED)
