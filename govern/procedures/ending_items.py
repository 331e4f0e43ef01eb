"""What an end that was just recorded means for departures: the items about it are done by it, and cite its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemKind, ItemState
from govern.procedures import settling
from govern.register.queries import cases, proven, scopes
from govern.register.queries.cases import Case, Entry

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def after(tx: Transaction, person: str, kind: ItemKind, *, about: str = "", account: str = "") -> list[tuple[Case, Entry]]:
    """End the open items of this kind, about this id or account, in every case of the person that the actor works on, as far as they are done.

    Whoever works on no cases leaves it to the next one who does: the ledger shows it.
    """
    if person == tx.actor or not settling.reads_cases(tx):
        return []
    ended = []
    for case in cases.cases(tx.register, reader=tx.actor):
        if case.person != person or case.state is CaseState.CLOSED or case.embargoed:
            continue
        scope = scopes.of_case(tx.register, case.id)
        for entry in cases.items(tx.register, case.id):
            item = entry.item
            concerns = item.kind is kind and about in ("", item.about) and account in ("", item.account)
            if concerns and entry.state is ItemState.OPEN and proven.unmet(tx.register, case.person, item, scope, at=tx.now) is None:
                grade, cites = settling.proof(tx.register, case, item)
                tx.record("case.item_ended", {"case": case.id, "item": entry.id, "state": "done", "grade": grade, "entry": cites})
                ended.append((case, entry))
    return ended
