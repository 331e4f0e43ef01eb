"""How cases of departures and joiners are told: cases and items for JSON and the screen, and what to type next."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render
from govern.errors import GovernError, Usage

if TYPE_CHECKING:
    import sqlite3

    from govern.languages import Language
    from govern.offboarding.wording import Told
    from govern.register.queries.cases import Case, Entry

Person = Annotated[str, typer.Argument(metavar="PERSON")]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Its id, six or more of the first hex digits, or the person's handle.")]
ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="Its number, or six or more hex digits of its id.")]
Evidence = Annotated[Path | None, typer.Option(metavar="FILE", help="A file that shows it; its SHA-256 is recorded, not the file.")]
Kind = Annotated[str, typer.Option(help="leaver, mover, agency-ended, client-ended, pause or device-lost.")]
LastDay = Annotated[str, typer.Option("--last-day", metavar="DATE", help="What platforms make a successor wait is reckoned from it.")]
Keep = Annotated[list[str] | None, typer.Option("--keep", metavar="SELECTOR", help="Of a mover: an account that goes on; repeatable.")]
Back = Annotated[
    list[str] | None,
    typer.Option("--accounts", metavar="SELECTOR", help="Of a client: what goes back; else all that is theirs. Repeatable."),
]
LostKey = Annotated[list[str] | None, typer.Option("--key", metavar="KEY", help="Of a lost device: which key; else all of the person's.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def group(ctx: typer.Context) -> str:
    """The command that was typed: offboard or onboard."""
    return str(ctx.parent.info_name if ctx.parent else "offboard")


@contextmanager
def spoken_as(noun: str) -> Iterator[None]:
    """Hints of what is common to both name the command that was typed."""
    try:
        yield
    except GovernError as error:
        error.hint = error.hint.replace("govern offboard", f"govern {noun}")
        raise


@contextmanager
def about(case: Case) -> Iterator[None]:
    """Hints name the case that they are about."""
    try:
        yield
    except GovernError as error:
        error.hint = error.hint.replace(" CASE", f" {case.id[:8]}")
        raise


def find(db: sqlite3.Connection, text: str, *, reader: str, noun: str = "offboard") -> Case:
    """The case of this id, or the only one that begins so, or of this person; Usage where it is one that another command works on."""
    from govern.offboarding.kinds import verb
    from govern.register.queries import cases

    with spoken_as(noun):
        found = cases.find_of(db, text, reader=reader, joins=noun == "onboard")
    if verb(found.kind) != noun:
        told = "somebody new" if found.joins else "a departure"
        raise Usage(f"the case {found.id[:8]} is about {told}", hint=f"govern {verb(found.kind)} show {found.id[:8]}")
    return found


def case_row(case: Case, names: Mapping[str, str]) -> dict[str, object]:
    """One case for JSON."""
    return {
        "id": case.id, "person": names.get(case.person, case.person), "kind": case.kind.value, "state": case.state.value, "cut_at": case.cut_at or None,
        "cut_made_at": case.cut_made_at or None, "last_day": case.last_day or None,
        "requested_by": names.get(case.requested_by) if case.requested_by else None,
        "opener": names.get(case.opener, case.opener), "opened_at": case.opened_at, "items": case.items, "open": case.left,
        "closed_at": case.closed_at or None, "closer": names.get(case.closer) if case.closer else None,
        "signed_by_one": case.signed_by_one if case.closed_at else None, "frozen": case.frozen, "frozen_at": case.frozen_at,
        "embargoed": case.embargoed, "evidence": case.evidence or None, "kept": list(case.kept), "keys": list(case.keys),
        "accounts": list(case.accounts), "starts_on": case.starts_on or None,
    }  # fmt: skip


def item_row(entry: Entry, names: Mapping[str, str]) -> dict[str, object]:
    """One item for JSON."""
    item = entry.item
    return {
        "id": entry.id, "number": entry.number, "kind": item.kind.value, "account": entry.handle or None, "credential": entry.credential_kind or None,
        "version": item.version or None, "basis": item.basis or None, "about": entry.about or None, "due": item.due, "blocking": item.blocking,
        "state": entry.state.value, "assignee": names.get(entry.assignee) if entry.assignee else None, "ended_at": entry.ended_at or None,
        "ended_by": names.get(entry.ended_by) if entry.ended_by else None, "grade": entry.grade or None, "evidence": entry.evidence or None,
        "note": entry.note or None, "verifier": names.get(entry.verifier) if entry.verifier else None, "entry": entry.cites,
        "code": entry.code or None, "entered_by": names.get(entry.entered_by) if entry.entered_by else None,
    }  # fmt: skip


def told(entry: Entry, person: str) -> Told:
    from govern.offboarding.wording import Told

    return Told(
        kind=entry.item.kind, person=person, account=entry.handle, credential=entry.credential_kind, version=entry.item.version,
        about=entry.about,
    )  # fmt: skip


def cases_table(found: Sequence[Case], names: Mapping[str, str], language: Language, *, readable: bool = True) -> None:
    """Cases; `readable` is whether the member reads any (admins, HR, auditors)."""
    say = language.say
    render.table(
        (
            say("case", "column"), say("person", "column"), say("kind", "column"), say("state", "column"), say("cut", "column"),
            say("open items", "column"), say("closed", "column"),
        ),
        [
            (
                c.id[:8], names.get(c.person, c.person), say(c.kind, "case kind"), _stands(c, language), c.cut_at,
                say("{left} of {all}").format(left=c.left, all=c.items),
                render.day(c.closed_at),
            )
            for c in found
        ],
        empty=say("no departure yet: {command}").format(command="govern offboard plan PERSON")
        if readable
        else say("departures are seen by admins, HR and auditors alone; what there is for you to do: {command}").format(command="govern todo"),
    )  # fmt: skip


def _stands(case: Case, language: Language) -> str:
    state = language.say(case.state, "case state")
    return language.say("{state}, embargoed").format(state=state) if case.embargoed else state


def items_table(
    entries: Sequence[Entry], person: str, names: Mapping[str, str], language: Language, *, shown_done: Collection[str] = ()
) -> None:
    """Items in the reader's language; `person` is the handle of whom the case is about, `shown_done` are ids of open items that the ledger shows as
    done and nobody has noted."""
    from govern.offboarding.wording import sentence

    say = language.say
    if not entries:
        render.line(render.safe(say("nothing held: {person} holds nothing and could know nothing that works").format(person=person)))
        return
    closing, unnoted = say("the closing"), say("done, not noted yet")
    render.table(
        (
            say("no", "column"), say("account", "column"), say("to do", "column"), say("by", "column"), say("due", "column"),
            say("state", "column"), say("who", "column"), say("holds up", "column"),
        ),
        [
            (
                entry.number, entry.handle, sentence(told(entry, person), say), _basis(entry, language), render.day(entry.item.due),
                unnoted if entry.id in shown_done else _state(entry, language),
                _who(entry, names, language), closing if entry.item.blocking and entry.state == "open" else "",
            )
            for entry in entries
        ],
    )  # fmt: skip


def _basis(entry: Entry, language: Language) -> str:
    """How the person could know it: in English the word that options and policies take."""
    if language.locale == "en" or not entry.item.basis:
        return entry.item.basis
    from govern.reports.departure import BASES

    return language.say(BASES[entry.item.basis], "basis")


def _who(entry: Entry, names: Mapping[str, str], language: Language) -> str:
    """Whose it is or was; what the ledger itself shows as done stands under nobody's name."""
    if entry.state == "done" and not entry.ended_by:
        return language.say("(the ledger)")
    return names.get(entry.ended_by or entry.assignee, "")


def _state(entry: Entry, language: Language) -> str:
    state = language.say(entry.state, "item state")
    return language.say("{state}, verified").format(state=state) if entry.verifier else state


def tell_next(case: Case, entries: Sequence[Entry], person: str, language: Language, *, stale: bool = False) -> None:
    """The command for the first open item; for a case without any, its closing and its report; a `stale` one is refreshed first."""
    from govern.offboarding.kinds import verb
    from govern.offboarding.wording import command, sentence

    short, say, noun = case.id[:8], language.say, verb(case.kind)
    waiting = [entry for entry in entries if entry.state == "open"]
    if case.state == "closed":
        render.next_step(f"govern {noun} report {short} --out DIR")
    elif case.state == "open" and not case.joins and not case.cut_at:
        render.next_step(f"govern offboard cut {short}", say("makes the cut, whenever that is; until then nobody else learns of it"))
    elif case.state == "open" and not case.joins:
        text = say("makes the cut from {time} on; earlier: {command}")
        render.next_step("govern offboard run-due", text.format(time=case.cut_at, command=f"govern offboard cut {short}"))
    elif stale:
        render.next_step(f"govern {noun} refresh {short}", say("items are done by now, or others came up"))
    elif waiting:
        first = waiting[0]
        rotations = sum(entry.item.kind == "rotate" for entry in waiting)
        if rotations > 1 and first.item.kind == "rotate":
            render.next_step(f"govern rotate --case {short}", language.count("1 secret to change", "{n} secrets to change", rotations))
        else:
            words = sentence(told(first, person), say)
            render.next_step(
                command(told(first, person), short, first.number), f"{render.safe(first.handle)}: {words}" if first.handle else words
            )
    else:
        render.next_step(f"govern {noun} close {short}")
