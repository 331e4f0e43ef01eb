"""The items of a case, as commands of `govern offboard` and `govern onboard`: assign, done, verify, waive, not-applicable, reopen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.departed import (
    CaseId,
    Evidence,
    ItemId,
    Json,
    Person,
    about,
    case_row,
    find,
    group,
    item_row,
    items_table,
    spoken_as,
    tell_next,
    told,
)
from govern.errors import Refused, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.languages import Language
    from govern.procedures.offboard_sheet import Left
    from govern.register.queries.cases import Case, Entry
    from govern.register.transaction import Transaction


def assign(ctx: typer.Context, case: CaseId, item: ItemId, person: Person, json: Json = False) -> None:
    """Say whose work an item is."""
    from govern.procedures.offboard_items import assign as procedure

    _item(ctx, case, item, lambda tx, found, entry: procedure(tx, found, entry, person), json=json)


def done(
    ctx: typer.Context,
    case: CaseId,
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="Its number, or six or more hex digits of its id.")] = "",
    evidence: Evidence = None,
    note: Annotated[str, typer.Option(help="What was done; erasable.")] = "",
    sheet: Annotated[str, typer.Option(metavar="CODES", help="The codes that are ticked on a returned checklist, with commas.")] = "",
    on_behalf_of: Annotated[str, typer.Option(metavar="PERSON", help="With --sheet: who did it and returned the sheet.")] = "",
    json: Json = False,
) -> None:
    """An item is done. Items that the ledger can check are refused until it shows them done."""
    from govern.cli.times import digest_of
    from govern.procedures.offboard_items import done as procedure

    shown = digest_of(evidence) if evidence else ""
    if bool(sheet) is bool(item):
        raise Usage("say which item, or give the codes of a sheet", hint="ITEM, or --sheet CODES --on-behalf-of PERSON")
    if bool(sheet) is not bool(on_behalf_of):
        raise Usage("a sheet is entered on behalf of whoever returned it", hint="--sheet CODES --on-behalf-of PERSON")
    if sheet:
        _sheet(ctx, case, sheet, on_behalf_of, shown, note, json=json)
        return
    _item(ctx, case, item, lambda tx, found, entry: procedure(tx, found, entry, evidence=shown, note=note), json=json)


def _sheet(ctx: typer.Context, case: str, sheet: str, person: str, evidence: str, note: str, *, json: bool) -> None:
    from govern.offboarding import codes
    from govern.procedures.offboard_sheet import enter
    from govern.register.queries import cases
    from govern.register.queries.people import handles

    typed, workspace = codes.read(sheet), settings.workspace()
    noun = group(ctx)
    with spoken_as(noun), workspace.transaction(settings.now()) as tx:
        found = _whole(find(tx.register, case, reader=tx.actor, noun=noun))
        entered = enter(tx, found, typed, person, evidence=evidence, note=note)
    db = workspace.view()
    names, found = handles(db), cases.by_id(db, found.id, reader=workspace.person)
    if json:
        left = [{"code": one.code, "reason": one.why} for one in entered.left]
        render.emit(noun, {"case": case_row(found, names), "items": [item_row(one, names) for one in entered.items], "left": left})
    language, person = settings.reading("", workspace), names.get(found.person, found.person)
    if not json:
        if entered.items:
            items_table(entered.items, person, names, language)
        tell_next(found, cases.items(db, found.id), person, language)
    for one in entered.left:
        render.note(
            language.say("not entered: {code}: {why}").format(code=one.code, why=render.safe(_why_left(one, found, person, language)))
        )
    if entered.left and not entered.items:
        raise typer.Exit(4)


def _why_left(left: Left, case: Case, person: str, language: Language) -> str:
    """Why paper doesn't end an item, and the command that does."""
    from govern.offboarding.wording import command

    say, entry = language.say, left.entry
    again = command(told(entry, person), case.id[:8], entry.number)
    match left.rule:
        case "":
            return say("it has ended already: {state}").format(state=say(entry.state, "item state"))
        case "rotation-first":
            return say("only the change itself ends this, recorded by whoever makes it: {command}").format(command=again)
        case "own-rotation" if case.kind == "device-lost":
            return say(
                "it was changed with a key of the lost machine, which is no proof: change it once more, with another: {command}"
            ).format(command=again)
        case "own-rotation":
            return say("who leaves changed it themselves, which is no proof: somebody else changes it once more: {command}").format(
                command=again
            )
        case "hand-back-first":
            return say("an account is handed back, and taken over, before it is retired")
        case "not-yet":
            return say("the ledger does not show this done: {command}").format(command=again)
        case _:
            return left.why


def _whole(case: Case) -> Case:
    """One whose items are drawn up."""
    if case.embargoed:
        hint = f"govern offboard cut {case.id[:8]}"
        raise Refused("the items of an embargoed departure are drawn up at its cut", rule="embargo", hint=hint)
    return case


def verify(ctx: typer.Context, case: CaseId, item: ItemId, json: Json = False) -> None:
    """Say, as a second person, that an item ended as it is told."""
    from govern.procedures.offboard_items import verify as procedure

    _item(ctx, case, item, procedure, json=json)


def waive(
    ctx: typer.Context, case: CaseId, item: ItemId, reason: Annotated[str, typer.Option(help="Why; erasable.")] = "", json: Json = False
) -> None:
    """Give an item up, though it applies; another person than the one whose work it is does this."""
    from govern.offboarding.items import ItemState
    from govern.procedures.offboard_items import give_up

    why = settings.need(reason, "--reason", "Why")
    _item(ctx, case, item, lambda tx, found, entry: give_up(tx, found, entry, ItemState.WAIVED, why), json=json)


def not_applicable(
    ctx: typer.Context, case: CaseId, item: ItemId, reason: Annotated[str, typer.Option(help="Why; erasable.")] = "", json: Json = False
) -> None:
    """Say that an item does not apply."""
    from govern.offboarding.items import ItemState
    from govern.procedures.offboard_items import give_up

    why = settings.need(reason, "--reason", "Why")
    _item(ctx, case, item, lambda tx, found, entry: give_up(tx, found, entry, ItemState.NOT_APPLICABLE, why), json=json)


def reopen(
    ctx: typer.Context, case: CaseId, item: ItemId, note: Annotated[str, typer.Option(help="Why; erasable.")] = "", json: Json = False
) -> None:
    """Open an ended item again."""
    from govern.procedures.offboard_items import reopen as procedure

    _item(ctx, case, item, lambda tx, found, entry: procedure(tx, found, entry, note), json=json)


def _item(ctx: typer.Context, case: str, item: str, act: Callable[[Transaction, Case, Entry], Entry], *, json: bool) -> None:
    from govern.procedures.settling import stale
    from govern.register.queries import cases
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    noun = group(ctx)
    with spoken_as(noun), workspace.transaction(settings.now()) as tx:
        found = _whole(find(tx.register, case, reader=tx.actor, noun=noun))
        with about(found):
            entry = act(tx, found, cases.item(tx.register, found.id, item))
    db = workspace.view()
    names, found = handles(db), cases.by_id(db, found.id, reader=workspace.person)
    if json:
        render.emit(noun, {"case": case_row(found, names), "items": [item_row(entry, names)]})
        return
    person = names.get(found.person, found.person)
    language = settings.reading("", workspace)
    items_table([entry], person, names, language)
    tell_next(found, cases.items(db, found.id), person, language, stale=stale(db, found, settings.now()))


def register(app: typer.Typer) -> None:
    """Make these verbs of a command that works on cases."""
    app.command("assign")(assign)
    app.command("done")(done)
    app.command("verify")(verify)
    app.command("waive")(waive)
    app.command("not-applicable")(not_applicable)
    app.command("reopen")(reopen)
