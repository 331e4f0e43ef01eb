"""Ends and the items about them: what an end that was just recorded means for departures, and which ends an item's being done records.

Either way the item is done by the end, and cites its entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemKind, ItemState
from govern.procedures import settling
from govern.register.queries import cases, proven, scopes, ties_beside
from govern.register.queries.cases import Case, Entry

if TYPE_CHECKING:
    from govern.register.queries.accounts import Account
    from govern.register.transaction import Transaction


def record(tx: Transaction, entry: Entry, evidence: str = "") -> None:
    """Record the end that an item is about, where whoever says that it is done says just this: a role or tool removed, a device signed out
    or taken back.

    Not of a device that is lost, which may have been wiped; nor of what takes a change elsewhere, which only that shows.
    """
    item = entry.item
    match item.kind:
        case ItemKind.ENTITLEMENT:
            open_ = tx.register.execute("SELECT 1 FROM entitlements WHERE id = ? AND ended_at IS NULL", (item.about,)).fetchone()
            type_, body = "entitlement.ended", {"entitlement": item.about, "account": item.account}
        case ItemKind.APP:
            open_ = tx.register.execute("SELECT 1 FROM apps WHERE id = ? AND ended_at IS NULL", (item.about,)).fetchone()
            type_, body = "app.ended", {"app": item.about, "account": item.account}
        case ItemKind.SESSION:
            rows = tx.register.execute(
                "SELECT account FROM device_accounts WHERE device = ? AND out_entry IS NULL ORDER BY account", (item.about,)
            ).fetchall()
            still = [account for (account,) in rows]
            if item.account in still and ties_beside.unmet(tx.register, "", item) is not None:
                tx.record("device.signed_in", {"device": item.about, "accounts": [one for one in still if one != item.account]})
            return
        case ItemKind.DEVICE:
            open_ = tx.register.execute("SELECT 1 FROM devices WHERE id = ? AND state = 'held'", (item.about,)).fetchone()
            type_, body = "device.ended", {"device": item.about, "how": "returned"}
        case _:
            return
    if open_ is not None:
        tx.record(type_, body | ({"evidence": evidence} if evidence else {}))


def after(tx: Transaction, person: str, kind: ItemKind, *, about: str = "", account: str = "") -> list[tuple[Case, Entry]]:
    """End the open items of this kind, about this id or account, in every case of the person that the actor works on, as far as they are done.

    Whoever works on no cases leaves it to the next one who does: the ledger shows it.
    """
    if person == tx.actor or not settling.reads_cases(tx):
        return []
    ended = []
    for case in cases.cases(tx.register, reader=tx.actor):
        if case.person != person or case.joins or case.state is CaseState.CLOSED or case.embargoed:
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


def after_answering(tx: Transaction, before: Sequence[Account]) -> list[tuple[Case, Entry]]:
    """End what departures ask about whoever answered for these accounts, or whom their codes reached, before they were changed in this transaction."""
    leaving = {person for (person,) in tx.register.execute("SELECT person FROM cases WHERE state <> 'closed' AND kind <> 'joiner'")}
    asked = {
        (person, kind)
        for one in before
        for person, kind in (
            (one.custodian, ItemKind.CUSTODY), (one.custodian, ItemKind.SOLE_HOLDER), (one.deputy, ItemKind.DEPUTY),
            (one.prompts_reach, ItemKind.PROMPTS),
        )
        if person in leaving
    }  # fmt: skip
    return [ended for person, kind in sorted(asked) for ended in after(tx, person, kind)]
