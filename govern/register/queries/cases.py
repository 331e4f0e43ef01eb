"""Questions about cases of departures and joiners: by id or the beginning of one, their items by number or id, lists. Names are put in where they are shown.

A case can't be seen by its subject before its cut: every question says who is asking.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from govern.errors import IntegrityError, NotFound, Refused, Usage
from govern.offboarding import codes
from govern.offboarding.case import CaseState
from govern.offboarding.items import Item, ItemKind, ItemState
from govern.offboarding.kinds import RULES, CaseKind
from govern.register.queries.rotations import whole_id


class Case(NamedTuple):
    """One departure. Ids are hex, texts empty where there is none; `left`: items that are open.

    `cut_at`: when the cut was made or, before it is, is planned, empty where an embargoed one waits for whoever makes it; `cut_planned`: what
    was planned at the opening; `compartment`: its own, where it was embargoed.
    """

    id: str
    person: str
    kind: CaseKind
    state: CaseState
    cut_at: str
    last_day: str
    requested_by: str
    opener: str
    opened_at: str
    frozen: str
    frozen_at: int
    closed_at: str
    closer: str
    signed_by_one: bool
    statement: str
    cut_made_at: str
    cut_planned: str
    cut_entry: int
    closed_entry: int
    entry: int
    items: int
    left: int
    compartment: str = ""
    order: str = ""
    """Of an embargoed one with a time: its opener's signature, by which a service makes the cut."""
    evidence: str = ""
    """SHA-256 of what was shown at the opening, hex, or empty."""
    kept: tuple[str, ...] = ()
    """Accounts (ids) that somebody who moves goes on holding."""
    keys: tuple[str, ...] = ()
    """Of a lost machine, hex ids."""
    accounts: tuple[str, ...] = ()
    """Of a client (ids): those that go back."""
    starts_on: str = ""
    """Of a joiner: the first day, an ISO date."""

    @property
    def joins(self) -> bool:
        """Whether it is somebody new, with nothing to cut."""
        return RULES[self.kind].joins

    @property
    def embargoed(self) -> bool:
        """Whether nobody but those named for it may learn of it as yet."""
        return bool(self.compartment) and self.state is CaseState.OPEN


class Entry(NamedTuple):
    """One item of a case: what it is, and how it stands. `number` counts from 1; `cites` is a ledger index or None."""

    id: str
    number: int
    item: Item
    state: ItemState
    assignee: str
    ended_at: str
    ended_by: str
    grade: str
    evidence: str
    note: str
    verifier: str
    cites: int | None
    handle: str
    """Of the account concerned, or empty."""
    credential_kind: str
    about: str
    """The name of the place or device, the role, the tool, the key; or empty."""
    entered_by: str = ""
    """Who entered the sheet by which it ended; or empty."""
    code: str = ""
    """As the printed checklist carries it; empty where no case has the item yet."""


ALTERED: Final = "remove register.db from GOVERN_HOME: the next command makes it again from what was verified"

_CASES: Final = """
SELECT c.id, c.person, c.kind, c.state, coalesce(c.cut_made_at, c.cut_at), c.last_day, c.requested_by, c.opener, c.opened_at, c.frozen, c.frozen_at,
  c.closed_at, c.closer, c.signed_by_one, c.statement, c.cut_made_at, c.cut_entry, c.closed_entry, c.entry,
  (SELECT count(*) FROM items i WHERE i.case_id = c.id),
  (SELECT count(*) FROM items i WHERE i.case_id = c.id AND i.state = 'open'), c.cut_at, c.compartment, c.cut_order, c.evidence, c.kept, c.keys, c.accounts,
  c.starts_on
FROM cases c WHERE NOT (c.person = :reader AND c.state = 'open' AND c.kind <> 'joiner')
"""


def _sound(row: Sequence[object], noun: str) -> None:
    """Refuse bytes where a fact only ever puts texts and numbers: somebody has written into the register."""
    if any(value is not None and not isinstance(value, (str, int)) for value in row):
        raise IntegrityError(f"a {noun} in the register on this machine was altered", code="register", hint=ALTERED)


def _case(row: Sequence[object]) -> Case:
    _sound(row, "case")
    texts = [str(value or "") for value in row]
    return Case(
        id=texts[0], person=texts[1], kind=CaseKind(texts[2]), state=CaseState(texts[3]), cut_at=texts[4], last_day=texts[5],
        requested_by=texts[6], opener=texts[7], opened_at=texts[8], frozen=texts[9], frozen_at=int(texts[10] or 0), closed_at=texts[11],
        closer=texts[12], signed_by_one=bool(row[13]), statement=texts[14], cut_made_at=texts[15], cut_entry=int(texts[16] or 0),
        closed_entry=int(texts[17] or 0), entry=int(texts[18] or 0), items=int(texts[19] or 0), left=int(texts[20] or 0), cut_planned=texts[21],
        compartment=texts[22], order=texts[23], evidence=texts[24], kept=tuple(json.loads(texts[25] or "[]")),
        keys=tuple(json.loads(texts[26] or "[]")), accounts=tuple(json.loads(texts[27] or "[]")), starts_on=texts[28],
    )  # fmt: skip


def cases(db: sqlite3.Connection, *, reader: str) -> list[Case]:
    """All cases, those with work left first, the newest first."""
    rows = db.execute(_CASES + "ORDER BY c.state = 'closed', c.entry DESC", {"reader": reader})
    return [_case(row) for row in rows]


def by_id(db: sqlite3.Connection, id_: str, *, reader: str) -> Case:
    row = db.execute(_CASES + "AND c.id = :id", {"reader": reader, "id": id_}).fetchone()
    if row is None:
        raise NotFound(f"there is no case {id_[:40]!r}", hint="govern offboard list")
    return _case(row)


def find(db: sqlite3.Connection, text: str, *, reader: str) -> Case:
    """The case of this id, or of the only id that begins so (six hex digits at least)."""
    return by_id(db, whole_id(db, "cases", "case", text, hint="govern offboard list"), reader=reader)


_OF_PERSON: Final = "AND c.person = (SELECT id FROM people WHERE handle = :handle) AND (c.kind = 'joiner') = :joins ORDER BY c.entry DESC"


def find_of(db: sqlite3.Connection, text: str, *, reader: str, joins: bool = False) -> Case:
    """The same, or the case of the person of this handle: the only departure (or joiner's case) of theirs that is not closed, else the only one.

    Raises what `find` does; Refused where several could be meant. Nothing tells a case that the reader does not see from one that is not there.
    """
    try:
        return find(db, text, reader=reader)
    except (NotFound, Usage) as error:
        rows = db.execute(
            _CASES + _OF_PERSON,
            {"reader": reader, "handle": text.strip(), "joins": joins},
        )
        theirs = [_case(row) for row in rows]
        if not theirs and isinstance(error, Usage):
            hint = f"six or more hex digits of its id, or the handle of whom it is about: {'govern onboard list' if joins else 'govern offboard list'}"
            raise Usage(f"{text[:40]!r} is no id of a case, nor a person with one", hint=hint) from None
        if not theirs:
            raise
    chosen = [case for case in theirs if case.state is not CaseState.CLOSED] or theirs
    if len(chosen) > 1:
        raise Refused(
            f"{len(chosen)} cases are about {text.strip()}", rule="ambiguous",
            hint=f"say which: {', '.join(case.id[:8] for case in chosen[:5])}",
        )  # fmt: skip
    return chosen[0]


def held_before(db: sqlite3.Connection, case: Case) -> list[str]:
    """Handles of accounts in use whose grants the cut has ended and that the person does not hold again: what somebody who pauses comes back to."""
    rows = db.execute(
        "SELECT DISTINCT a.handle FROM grants g JOIN accounts a ON a.id = g.account AND a.state = 'active' WHERE g.person = ? AND g.cause = 'departure'"
        " AND g.ended_at = ? AND NOT EXISTS (SELECT 1 FROM grants o WHERE o.account = g.account AND o.person = g.person AND o.ended_at IS NULL)"
        " ORDER BY a.handle",
        (case.person, case.cut_made_at),
    )
    return [handle for (handle,) in rows]


def due(db: sqlite3.Connection, now: str, *, reader: str) -> list[Case]:
    """Cases whose cut has come; the earliest first."""
    rows = db.execute(_CASES + "AND c.state = 'open' AND c.cut_at <= :now ORDER BY c.cut_at, c.entry", {"reader": reader, "now": now})
    return [_case(row) for row in rows]


_CONCERNED: Final = """
AND c.state <> 'closed' AND c.kind <> 'joiner' AND (EXISTS (SELECT 1 FROM items i WHERE i.case_id = c.id AND i.credential = :credential)
  OR EXISTS (SELECT 1 FROM exposures e JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL
    WHERE e.person = c.person AND e.credential = :credential)) ORDER BY c.entry
"""


def concerned(db: sqlite3.Connection, credential: str, *, reader: str) -> list[Case]:
    """Cases that are not closed and have a rotation of this credential among their items, or whose subject could know a live version of it."""
    rows = db.execute(
        _CASES + _CONCERNED,
        {"reader": reader, "credential": credential},
    )
    return [_case(row) for row in rows]


_ITEMS: Final = """
SELECT i.id, i.seq, i.kind, i.account, i.credential, i.n, i.due, i.blocking, i.basis, i.about, i.state, i.assignee, i.ended_at, i.ended_by, i.grade,
  i.evidence, i.note, i.verifier, i.cites, a.handle, c.kind,
  coalesce(p.name, e.role, t.tool, d.name, d.kind || ' ' || substr(d.id, 1, 8), o.name, i.about), i.entered_by, i.case_id
FROM items i LEFT JOIN accounts a ON a.id = i.account LEFT JOIN credentials c ON c.id = i.credential LEFT JOIN places p ON p.id = i.about
LEFT JOIN entitlements e ON e.id = i.about LEFT JOIN apps t ON t.id = i.about LEFT JOIN devices d ON d.id = i.about
LEFT JOIN documents o ON o.id = i.about
WHERE i.case_id = ? ORDER BY i.seq
"""


def items(db: sqlite3.Connection, case: str) -> list[Entry]:
    """All items of a case, in the order to work in; what was added since its opening comes last."""
    return [_entry(row) for row in db.execute(_ITEMS, (case,))]


def open_credentials(db: sqlite3.Connection, case: str) -> list[str]:
    """Ids of the credentials that its open items are about, in the order to work in."""
    query = (
        "SELECT credential FROM items WHERE case_id = ? AND state = 'open' AND credential IS NOT NULL GROUP BY credential ORDER BY min(seq)"
    )
    return [credential for (credential,) in db.execute(query, (case,))]


def _entry(row: Sequence[object]) -> Entry:
    _sound(row, "case's item")
    texts = [str(value or "") for value in row]
    item = Item(
        kind=ItemKind(texts[2]), account=texts[3], credential=texts[4], version=int(texts[5] or 0), due=texts[6], blocking=bool(row[7]),
        basis=texts[8], about=texts[9],
    )  # fmt: skip
    return Entry(
        id=texts[0], number=int(texts[1] or 0) + 1, item=item, state=ItemState(texts[10]), assignee=texts[11], ended_at=texts[12],
        ended_by=texts[13], grade=texts[14], evidence=texts[15], note=texts[16], verifier=texts[17],
        cites=None if row[18] is None else int(texts[18] or 0), handle=texts[19], credential_kind=texts[20], about=texts[21],
        entered_by=texts[22], code=codes.code(texts[23], texts[0], int(texts[1] or 0) + 1),
    )  # fmt: skip


_NAMED: Final = """
SELECT name FROM places WHERE id = :about UNION ALL SELECT role FROM entitlements WHERE id = :about UNION ALL SELECT tool FROM apps WHERE id = :about
UNION ALL SELECT coalesce(name, kind || ' ' || substr(id, 1, 8)) FROM devices WHERE id = :about UNION ALL SELECT name FROM documents WHERE id = :about
"""


def drafted(db: sqlite3.Connection, drawn: Sequence[Item]) -> list[Entry]:
    """Items that no case has yet, told as if one had; their number stands for the id."""
    found = []
    for number, item in enumerate(drawn, start=1):
        account = db.execute("SELECT handle FROM accounts WHERE id = ?", (item.account,)).fetchone()
        kind = db.execute("SELECT kind FROM credentials WHERE id = ?", (item.credential,)).fetchone()
        named = db.execute(_NAMED, {"about": item.about}).fetchone()
        found.append(
            Entry(
                id=str(number), number=number, item=item, state=ItemState.OPEN, assignee="", ended_at="", ended_by="", grade="", evidence="",
                note="", verifier="", cites=None, handle=account[0] if account else "", credential_kind=kind[0] if kind else "",
                about=str(named[0] if named and named[0] else item.about),
            )
        )  # fmt: skip
    return found


def item(db: sqlite3.Connection, case: str, text: str) -> Entry:
    """The item of this number (from 1) or of the only id that begins so (six hex digits at least, not all of them decimal)."""
    found = items(db, case)
    wanted = text.strip().casefold()
    if wanted.isdecimal() and len(wanted) < 6:
        chosen = [entry for entry in found if entry.number == int(wanted)]
    elif len(wanted) >= 6:
        chosen = [entry for entry in found if entry.id.startswith(wanted)]
    else:
        raise Usage(f"{text[:40]!r} is no item", hint="its number, or six or more of its hex digits")
    if len(chosen) != 1:
        raise NotFound(f"the case has no item {text[:40]!r}", hint=f"govern offboard show {case[:8]}")
    return chosen[0]
