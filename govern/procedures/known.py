"""Declaring who already knows: one person on some accounts, or a whole sheet of accounts × people that was filled in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.errors import GovernError, Malformed, NotFound
from govern.holdings import marks
from govern.holdings.credentials import check_kind
from govern.holdings.dates import past_day
from govern.holdings.marks import HEAD, Mark
from govern.register.queries import accounts, knowledge, people
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declaration: handles and a kind; `since` a day or empty."""

    account: str
    person: str
    kind: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something of the sheet that did not go in: its row or column, and why."""

    row: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What was, or would be, recorded; how many marks said what was known already; what was left out."""

    recorded: list[Declared] = field(default_factory=list)
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    planned: dict[tuple[str, str], str] = field(default_factory=dict)
    """(credential id, person id) -> since, of what is in `recorded`."""


def plan(db: sqlite3.Connection, selector: str, person: str, kinds: Sequence[str], since: str) -> tuple[Person, list[tuple[Declared, str]]]:
    """What `declare` would record, each with the id of its credential. NotFound where none of the accounts has such a credential."""
    wanted = Mark(kinds=tuple(check_kind(kind) for kind in kinds), since=since)
    who = people.find(db, person)
    found, some = [], False
    for row in knowledge.rows(db, selector):
        has = [(id_, kind) for id_, kind in row.credentials.items() if not kinds or kind in kinds]
        some = some or bool(has)
        known = knowledge.declared(db, {id_ for id_, _ in has}, who.id) if has else set()
        found += [
            (Declared(account=row.handle, person=who.handle, kind=kind, since=since), id_)
            for id_, kind in marks.missing(wanted, has, known)
        ]
    if not some:
        what = " or ".join(kinds) if kinds else "credential"
        first = accounts.select(db, selector)[0].handle
        raise NotFound(
            f"{selector} has no {what} that could be known",
            hint=f"govern credential add {first} --kind {kinds[0] if kinds else 'password'}",
        )
    return who, found


def declare(tx: Transaction, selector: str, person: str, kinds: Sequence[str], *, since: str = "", note: str = "") -> list[Declared]:
    """Record that the person knows what is current of these accounts; nothing is recorded that is declared already."""
    if since:
        past_day(since, "--since", tx.now)
    who, found = plan(tx.register, selector, person, kinds, since)
    for declared, credential in found:
        _record(tx, credential, who.id, declared.since, note)
    return [declared for declared, _ in found]


def sheet(db: sqlite3.Connection, selector: str = "") -> Iterator[list[str]]:
    """The rows of the sheet, headings first: accounts × people, with what is known already. Row by row, however many there are."""
    everybody = [person for person in people.people(db) if people.handle_taken(db, person.handle)]  # whoever was forgotten has none
    yield [*HEAD, *(marks.safe_cell(person.handle) for person in everybody)]
    for row in knowledge.rows(db, selector):
        kinds = row.credentials.values()
        cells = (
            marks.cell(kinds, [row.credentials[id_] for id_ in row.known.get(person.id, ())]) for person in everybody
        )  # fmt: skip
        yield [marks.safe_cell(row.handle), marks.safe_cell(row.platform), marks.safe_cell(row.login), *cells]


def take_in(tx: Transaction, header: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Outcome:
    """Record the marks of a sheet that was filled in. Whoever could know something already stays as they are."""
    outcome = plan_take_in(tx.register, header, rows, tx.now)
    for (credential, person), since in outcome.planned.items():
        _record(tx, credential, person, since, "")
    return outcome


def plan_take_in(db: sqlite3.Connection, header: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], now: str) -> Outcome:
    """What `take_in` would record at `now` (UTC). `rows`: (what a row is called, its cells).

    What can't be read is left out with its reason, the rest goes in. Raises Malformed for a sheet without a column of accounts.
    """
    outcome = Outcome()
    names = [marks.bare_cell(cell).strip() for cell in header]
    folded = [name.casefold() for name in names]
    if HEAD[0] not in folded:
        raise Malformed("the sheet has no column called account", hint="govern known --sheet FILE writes one to fill in")
    at = folded.index(HEAD[0])
    columns = _columns(db, names, outcome)
    for place, cells in rows:
        text = marks.bare_cell(cells[at]).strip() if at < len(cells) else ""
        said = [(person, cells[column]) for column, person in columns.items() if column < len(cells) and cells[column].strip()]
        if text:
            _plan_row(db, place, text, said, now, outcome)
        elif said:
            outcome.skipped.append(Skipped(row=place, reason="it names no account"))
    return outcome


def _plan_row(db: sqlite3.Connection, place: str, handle: str, said: Sequence[tuple[Person, str]], now: str, outcome: Outcome) -> None:
    if not accounts.handle_taken(db, handle.casefold()):
        outcome.skipped.append(Skipped(row=place, reason=f"there is no account {handle[:60]!r}"))
        return
    account = accounts.find(db, handle)
    if account.state != "active":
        outcome.skipped.append(Skipped(row=place, reason=f"{account.handle} is retired"))
        return
    row = next(knowledge.rows(db, account.handle))
    for person, cell in said:
        where = f"{place}, {person.handle}"
        try:
            mark = marks.read_mark(cell)
        except Malformed as error:
            outcome.skipped.append(Skipped(row=where, reason=error.message))
            continue
        if mark is None:
            continue
        if mark.since > now[:10]:
            outcome.skipped.append(Skipped(row=where, reason=f"{mark.since} lies ahead"))
            continue
        lacking = [kind for kind in mark.kinds if kind not in row.credentials.values()] if row.credentials else ["credential"]
        if lacking:
            outcome.skipped.append(Skipped(row=where, reason=f"{account.handle} has no {', '.join(lacking)} that could be known"))
        known = {*row.known.get(person.id, ()), *(id_ for id_ in row.credentials if (id_, person.id) in outcome.planned)}
        fresh = marks.missing(mark, row.credentials.items(), known)
        outcome.unchanged += not fresh and not lacking
        for credential, kind in fresh:
            outcome.planned[credential, person.id] = mark.since
            outcome.recorded.append(Declared(account=account.handle, person=person.handle, kind=kind, since=mark.since))


def _columns(db: sqlite3.Connection, names: Sequence[str], outcome: Outcome) -> dict[int, Person]:
    """Whose column is which; a column that is nobody's is left out with the reason."""
    found: dict[int, Person] = {}
    for number, name in enumerate(names):
        if not name or name.casefold() in HEAD:
            continue
        try:
            person = people.find(db, name)
        except GovernError as error:
            outcome.skipped.append(Skipped(row=f"column {name[:60]!r}", reason=error.message))
            continue
        if person.id in {other.id for other in found.values()}:
            outcome.skipped.append(Skipped(row=f"column {name[:60]!r}", reason=f"{person.handle} has a column already"))
            continue
        found[number] = person
    return found


def _record(tx: Transaction, credential: str, person: str, since: str, note: str) -> None:
    tx.record("knowledge.declared", {"credential": credential, "person": person, "since": since or None}, {"note": note})
