"""A returned checklist: what somebody did away from any machine and ticked on paper, entered on their behalf by whoever got the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from govern.errors import NotFound, Refused
from govern.offboarding import codes
from govern.offboarding.items import ItemState
from govern.procedures import offboard_items
from govern.procedures.offboard import must_run_cases
from govern.register.queries import cases, people

if TYPE_CHECKING:
    from govern.register.queries.cases import Case, Entry
    from govern.register.transaction import Transaction


class Left(NamedTuple):
    """A code that paper can't end: its item, the name of the rule that says so, and why; both in English, with what to do instead. Without a rule
    the item has ended already."""

    code: str
    entry: Entry
    rule: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a sheet gave: the items that are done by it, and the codes that paper can't end."""

    items: tuple[Entry, ...]
    left: tuple[Left, ...]


def enter(tx: Transaction, case: Case, sheet: Sequence[str], person: str, *, evidence: str = "", note: str = "") -> Entered:
    """Record the items of these codes as done by the person (a handle). A code that is none of the case's is NotFound, and nothing is entered.

    What only the ledger can show (a rotation above all) is left, with the reason; what has ended is left alone.
    """
    must_run_cases(tx, case)
    who = people.find(tx.register, person)
    _may_sign(tx, case, who)
    by_code = {codes.code(case.id, entry.id, entry.number): entry for entry in cases.items(tx.register, case.id)}
    wrong = [code for code in sheet if code not in by_code]
    if wrong:
        raise NotFound(
            f"no item of this case has the code {wrong[0]}", hint=f"look at the sheet, and at: govern offboard show {case.id[:8]}; nothing was entered"
        )  # fmt: skip
    done, left = [], []
    for code in sheet:
        entry = by_code[code]
        if entry.state is not ItemState.OPEN:
            left.append(Left(code, entry, "", f"is {entry.state} already"))
            continue
        try:
            done.append(offboard_items.done(tx, case, entry, evidence=evidence, note=note, on_behalf=who.id))
        except Refused as refused:
            left.append(Left(code, entry, refused.rule, f"{refused.message}: {refused.hint}"))
    return Entered(items=tuple(done), left=tuple(left))


def _may_sign(tx: Transaction, case: Case, who: people.Person) -> None:
    if who.id == case.person:
        raise Refused(
            f"{who.handle} signs nothing of their own departure", rule="own-case", control="AC-5", hint="whoever did it signs the sheet"
        )
    if who.id == tx.actor:
        raise Refused("what you did yourself needs no sheet", rule="on-behalf", control="AU-10", hint="govern offboard done CASE ITEM")
