"""Working through a case of a departure or joiner: its items done, verified, given up with a reason, opened again; and its closing."""

from __future__ import annotations

from govern.errors import Refused, Usage
from govern.offboarding import attestation
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.kinds import LEAVES, verb
from govern.procedures import ending_items, settling
from govern.procedures.offboard import must_run_cases
from govern.register.queries import cases, people, proven, scopes, signers
from govern.register.queries.cases import Case, Entry
from govern.register.transaction import Transaction


def assign(tx: Transaction, case: Case, entry: Entry, person: str) -> Entry:
    """Say whose work the item is. Nobody gets an item of their own departure."""
    must_run_cases(tx, case)
    who = people.find(tx.register, person)
    if who.id == case.person:
        raise Refused(f"{who.handle} has no part in their own case", rule="own-case", control="AC-5", hint="assign it to somebody else")
    tx.record("case.item_assigned", {"case": case.id, "item": entry.id, "person": who.id})
    return _again(tx, case, entry)


def done(tx: Transaction, case: Case, entry: Entry, *, evidence: str = "", note: str = "", on_behalf: str = "") -> Entry:
    """The item is done, by the actor or as the sheet of somebody else says (`on_behalf`, an id).

    That a role or tool was removed or a device taken back is recorded with it. Refused where the ledger would show it and does not; a rotation's
    grade is that of the rotation.
    """
    must_run_cases(tx, case)
    if entry.state is ItemState.OPEN:
        ending_items.record(tx, entry, evidence)
    refusal = _unmet(tx, case, entry) if entry.state is ItemState.OPEN else None
    if refusal is not None:
        raise _specific(tx, refusal, case, entry)
    grade, cites = settling.proof(tx.register, case, entry.item)
    body = {"case": case.id, "item": entry.id, "state": "done", "grade": grade, "entry": cites, "evidence": evidence or None}
    tx.record("case.item_ended", body | ({"on_behalf": on_behalf, "grade": "on-behalf"} if on_behalf else {}), {"note": note})
    return _again(tx, case, entry)


def _unmet(tx: Transaction, case: Case, entry: Entry) -> Refused | None:
    return proven.too_early(tx.register, case.id, entry.item) or proven.unmet(
        tx.register, case.person, entry.item, scopes.of_case(tx.register, case.id), at=tx.now
    )


def _specific(tx: Transaction, refusal: Refused, case: Case, entry: Entry) -> Refused:
    """The same refusal with a hint that can be typed."""
    hint = refusal.hint.replace("ACCOUNT", entry.handle)
    if entry.item.kind is ItemKind.ROTATE:
        hint = f"govern rotate {entry.handle} --kind {entry.credential_kind}, then confirm it"
    if case.joins:
        hint = hint.replace("CASE ITEM", f"{case.id[:8]} {entry.number}").replace("NAME", entry.about)
    if case.joins or entry.item.kind in (ItemKind.WITHDRAW_ROLE, ItemKind.END_GRANT):
        hint = hint.replace("PERSON", people.by_id(tx.register, case.person).handle).replace("ROLE", entry.about)
    return Refused(refusal.message, rule=refusal.rule, control=refusal.control, hint=hint)


def give_up(tx: Transaction, case: Case, entry: Entry, state: ItemState, reason: str) -> Entry:
    """Waive the item, or say that it does not apply; both need a reason, and a waiver another person than the one whose work it is."""
    must_run_cases(tx, case)
    if not reason.strip():
        raise Usage("why is missing: --reason", hint="--reason 'the account was closed by the platform'")
    scope = scopes.of_case(tx.register, case.id)
    still_known = proven.applies(tx.register, case.person, entry.item, scope, at=tx.now) if state is ItemState.NOT_APPLICABLE else None
    if still_known is not None and entry.state is ItemState.OPEN:
        first = "see to it" if case.joins else "change it"
        hint = f"{first}, or give it up: govern {verb(case.kind)} waive {case.id[:8]} {entry.number} --reason TEXT"
        raise Refused(still_known.message, rule=still_known.rule, control=still_known.control, hint=hint)
    tx.record("case.item_ended", {"case": case.id, "item": entry.id, "state": state.value}, {"note": reason.strip()})
    return _again(tx, case, entry)


def verify(tx: Transaction, case: Case, entry: Entry) -> Entry:
    """A second person has looked at how the item ended."""
    must_run_cases(tx, case)
    if entry.state is ItemState.OPEN:
        hint = f"govern {verb(case.kind)} done {case.id[:8]} {entry.number}"
        raise Refused("only what has ended can be verified", rule="item-open", hint=hint)
    try:
        tx.record("case.item_verified", {"case": case.id, "item": entry.id})
    except Refused as refused:
        hint = refused.hint.replace(" CASE", f" {case.id[:8]}")
        raise Refused(refused.message, rule=refused.rule, control=refused.control, hint=hint, code=refused.code) from None
    return _again(tx, case, entry)


def reopen(tx: Transaction, case: Case, entry: Entry, note: str = "") -> Entry:
    """The item has to be done after all. One that the ledger shows as done ends again at the next look."""
    must_run_cases(tx, case)
    tx.record("case.item_reopened", {"case": case.id, "item": entry.id}, {"note": note})
    return _again(tx, case, entry)


def close(tx: Transaction, case: Case, statement: str = "") -> Case:
    """Attest that the case is complete: every item ended, nothing known that was not rotated or given up, nobody's own work unseen."""
    must_run_cases(tx, case)
    if case.joins and people.by_id(tx.register, case.person).status != "active":
        _left_again(tx, case)
    added = settling.settle(tx, case).added
    if added and case.joins:
        raise Refused(
            f"{added} things that they need came up since the items were drawn up", rule="still-lacking", control="PL-4",
            hint=f"look at them: govern onboard refresh {case.id[:8]}",
        )  # fmt: skip
    if added:
        raise Refused(
            f"{added} things that tie the person to the company came up since the items were drawn up",
            rule="still-knows",
            control="IA-5 i",
            hint=f"take them in: govern offboard refresh {case.id[:8]}",
        )
    others = signers.others(tx.register, tx.actor, case.person, tx.now)
    ready = case.state == ("open" if case.joins else "cut") and not cases.by_id(tx.register, case.id, reader=tx.actor).left
    # While something is left the closing is refused for that, which says more than who might sign.
    signed_by_one = attestation.close(tx.actor, case.opener, signers.endings(tx.register, case.id), others) if ready else False
    try:
        tx.record("case.closed", {"case": case.id, "signed_by_one": signed_by_one}, {"statement": statement})
    except Refused as refused:
        hint = refused.hint.replace(" CASE", f" {case.id[:8]}")
        raise Refused(refused.message, rule=refused.rule, control=refused.control, hint=hint, code=refused.code) from None
    who = people.by_id(tx.register, case.person)
    if case.kind in LEAVES and not who.left_on:
        tx.record("person.left", {"person": case.person, "on": case.last_day or case.cut_at[:10]})
    return cases.by_id(tx.register, case.id, reader=tx.actor)


def _left_again(tx: Transaction, case: Case) -> None:
    """What is open of a joiner who leaves again does not apply any more; the departure has its own items."""
    for entry in cases.items(tx.register, case.id):
        if entry.state is ItemState.OPEN:
            body = {"case": case.id, "item": entry.id, "state": ItemState.NOT_APPLICABLE.value}
            tx.record("case.item_ended", body, {"note": "they leave, or have left"})


def _again(tx: Transaction, case: Case, entry: Entry) -> Entry:
    return next(found for found in cases.items(tx.register, case.id) if found.id == entry.id)
