"""What the commands about roles, tools and devices have in common: their options, and what an end means for departures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.cases import Case, Entry
    from govern.register.queries.exceptions import Granted
    from govern.register.queries.inventory import App, Entitlement
    from govern.register.queries.spokespersons import Spokesperson

R = TypeVar("R", bound="App | Entitlement | Spokesperson | Granted")

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would touch, and record nothing.")]
Selector = Annotated[str, typer.Argument(metavar="SELECTOR", help="An account, or platform:…, department:…, client:…, tag:…")]
Among = Annotated[str, typer.Argument(metavar="[SELECTOR]", help="Only these: an account, platform:…, department:…, client:…, tag:…")]
Person = Annotated[str, typer.Argument(metavar="PERSON")]
Since = Annotated[str, typer.Option(metavar="DATE", help="Since when, if you know.")]
On = Annotated[str, typer.Option(metavar="DATE", help="When it was done, if not today.")]
Evidence = Annotated[Path | None, typer.Option(metavar="FILE", help="A file that shows it; its SHA-256 is recorded, not the file.")]
Ended = Annotated[bool, typer.Option("--all", help="Also what has ended.")]


class Kept(Protocol):
    """Whatever is recorded, and ends. Ids of people; empty where it has not ended."""

    @property
    def ended_at(self) -> str: ...
    @property
    def ended_on(self) -> str: ...
    @property
    def ender(self) -> str: ...
    @property
    def ended_entry(self) -> int: ...
    @property
    def entry(self) -> int: ...


def ending(one: Kept, names: dict[str, str]) -> dict[str, Any]:
    """When it ended, who said so, and in which entry; for JSON. Without an end the entry is that in which it began."""
    return {
        "ended_at": one.ended_at or None, "ended_on": one.ended_on or None, "ended_by": names.get(one.ender) if one.ender else None,
        "entry": one.ended_entry or one.entry,
    }  # fmt: skip


def gone(row: dict[str, Any]) -> str:
    """The same as a cell of a table."""
    return str(row["ended_on"] or render.day(row["ended_at"]))


N = TypeVar("N")


def listed(
    query: Callable[..., Iterable[N]], row: Callable[[N, dict[str, str]], dict[str, Any]], *, person: str, ended: bool,
    chosen: Callable[[sqlite3.Connection, Iterable[N]], Iterable[N]] = lambda _, found: found,
) -> list[dict[str, Any]]:  # fmt: skip
    """What `query` finds, of this person (as typed; empty: of everybody), as rows; `chosen`: which of it. NotFound for nobody."""
    from govern.register.queries import people

    db = settings.workspace().view()
    found = query(db, person=people.find(db, person).id if person else "", ended=ended)
    names = people.handles(db)
    return [row(one, names) for one in chosen(db, found)]


def among(db: sqlite3.Connection, selector: str, found: Iterable[R]) -> list[R]:
    """Those that are about an account of the selector, where there is one. NotFound where it has none."""
    from govern.register.queries import accounts

    chosen = {account.id for account in accounts.select(db, selector)} if selector else None
    return [one for one in found if chosen is None or one.account in chosen]


def digest(evidence: Path | None) -> str:
    """SHA-256 of the file, hex; empty for none."""
    from govern.cli.times import digest_of

    return digest_of(evidence) if evidence else ""


def items(ended: Sequence[tuple[Case, Entry]]) -> list[dict[str, Any]]:
    """Items of departures that ended, for JSON."""
    return [{"case": case.id, "number": entry.number, "kind": entry.item.kind.value} for case, entry in ended]


def tell_items(ended: Sequence[tuple[Case, Entry]], names: dict[str, str]) -> None:
    """The same for people."""
    for case, entry in ended:
        render.line(f"case {case.id[:8]} of {render.safe(names.get(case.person, case.person))}: item {entry.number} is done")


def tell_known(handles: Sequence[str], what: str) -> None:
    """Accounts on which nothing was recorded, since it is there already."""
    if handles:
        render.note(f"{what} already: {', '.join(handles)}")
