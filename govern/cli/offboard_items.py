"""The items of a departure, as commands of `govern offboard`: assign, done, verify, waive, not-applicable, reopen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.departed import CaseId, Evidence, ItemId, Json, Person, case_row, item_row, items_table, tell_next
from govern.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.register.queries.cases import Case, Entry
    from govern.register.transaction import Transaction


def assign(case: CaseId, item: ItemId, person: Person, json: Json = False) -> None:
    """Say whose work an item is."""
    from govern.procedures.offboard_items import assign as procedure

    _item(case, item, lambda tx, found, entry: procedure(tx, found, entry, person), json=json)


def done(
    case: CaseId,
    item: ItemId,
    evidence: Evidence = None,
    note: Annotated[str, typer.Option(help="What was done; erasable.")] = "",
    json: Json = False,
) -> None:
    """An item is done. Items that the ledger can check are refused until it shows them done."""
    from govern.cli.times import digest_of
    from govern.procedures.offboard_items import done as procedure

    shown = digest_of(evidence) if evidence else ""
    _item(case, item, lambda tx, found, entry: procedure(tx, found, entry, evidence=shown, note=note), json=json)


def verify(case: CaseId, item: ItemId, json: Json = False) -> None:
    """Say, as a second person, that an item ended as it is told."""
    from govern.procedures.offboard_items import verify as procedure

    _item(case, item, procedure, json=json)


def waive(case: CaseId, item: ItemId, reason: Annotated[str, typer.Option(help="Why; erasable.")] = "", json: Json = False) -> None:
    """Give an item up, though it applies; another person than the one whose work it is does this."""
    from govern.offboarding.items import ItemState
    from govern.procedures.offboard_items import give_up

    why = settings.need(reason, "--reason", "Why")
    _item(case, item, lambda tx, found, entry: give_up(tx, found, entry, ItemState.WAIVED, why), json=json)


def not_applicable(
    case: CaseId, item: ItemId, reason: Annotated[str, typer.Option(help="Why; erasable.")] = "", json: Json = False
) -> None:
    """Say that an item does not apply."""
    from govern.offboarding.items import ItemState
    from govern.procedures.offboard_items import give_up

    why = settings.need(reason, "--reason", "Why")
    _item(case, item, lambda tx, found, entry: give_up(tx, found, entry, ItemState.NOT_APPLICABLE, why), json=json)


def reopen(case: CaseId, item: ItemId, note: Annotated[str, typer.Option(help="Why; erasable.")] = "", json: Json = False) -> None:
    """Open an ended item again."""
    from govern.procedures.offboard_items import reopen as procedure

    _item(case, item, lambda tx, found, entry: procedure(tx, found, entry, note), json=json)


def _item(case: str, item: str, act: Callable[[Transaction, Case, Entry], Entry], *, json: bool) -> None:
    from govern.procedures.settling import stale
    from govern.register.queries import cases
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = cases.find(tx.register, case, reader=tx.actor)
        if found.embargoed:
            hint = f"govern offboard cut {found.id[:8]}"
            raise Refused("the items of an embargoed departure are drawn up at its cut", rule="embargo", hint=hint)
        entry = act(tx, found, cases.item(tx.register, found.id, item))
    db = workspace.view()
    names, found = handles(db), cases.by_id(db, found.id, reader=workspace.person)
    if json:
        render.emit("offboard", {"case": case_row(found, names), "items": [item_row(entry, names)]})
        return
    person = names.get(found.person, found.person)
    items_table([entry], person, names)
    tell_next(found, cases.items(db, found.id), person, stale=stale(db, found, settings.now()))


def register(app: typer.Typer) -> None:
    """Make these verbs of `govern offboard`."""
    app.command("assign")(assign)
    app.command("done")(done)
    app.command("verify")(verify)
    app.command("waive")(waive)
    app.command("not-applicable")(not_applicable)
    app.command("reopen")(reopen)
