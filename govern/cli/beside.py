"""What the commands about roles, tools and devices have in common: their options, and what an end means for departures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from govern.cli import render

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
