"""What somebody has not acknowledged or been trained in, and has to before they hold an account or answer for it.

One question, asked by the rules and by commands alike.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.holdings import documents
from govern.holdings.documents import Publication
from govern.policy.house_rules import TRAINING


class Missing(NamedTuple):
    """One thing that the tier asks for. `what`: the document's name, or the subject of a training; `rule`: of `govern.vocabulary.EXCEPTIONS`."""

    rule: str
    what: str


_ASKED: Final = """
SELECT k.what, k.days, d.id FROM asked k LEFT JOIN documents d ON d.name = k.what
WHERE k.tier = ? AND (NOT ? OR k.answering IS NOT NULL)
  AND (k.days > 0 OR EXISTS (SELECT 1 FROM document_versions v WHERE v.document = d.id AND v.place IS NOT NULL)) ORDER BY k.what
"""
_EXCEPTED: Final = """
SELECT 1 FROM exceptions WHERE point = ? AND person = ? AND (account IS NULL OR account = ?) AND ended_at IS NULL AND until >= ? LIMIT 1
"""


def publications(db: sqlite3.Connection, document: str) -> list[Publication]:
    """Of one document (id), in order."""
    rows = db.execute(
        "SELECT place, version, deadline FROM document_versions WHERE document = ? AND place IS NOT NULL ORDER BY place", (document,)
    )
    return [Publication(*row) for row in rows]


def acknowledged(db: sqlite3.Connection, document: str, person: str) -> int:
    """The place of the latest publication that this person acknowledged so that it counts; 0 for none."""
    row = db.execute(
        "SELECT max(v.place) FROM acknowledgements k JOIN document_versions v ON v.document = k.document AND v.version = k.version"
        " WHERE k.person = ? AND k.document = ? AND k.counts",
        (person, document),
    ).fetchone()
    return int(row[0] or 0)


def missing(db: sqlite3.Connection, account: str, person: str, today: str) -> list[Missing]:
    """What a person (id) lacks on this day (ISO date) to be granted an account (id), exceptions left out. Nothing that nobody could have signed yet."""
    row = db.execute("SELECT tier FROM accounts WHERE id = ?", (account,)).fetchone()
    return lacking(db, row[0], person, today, account=account) if row else []


def lacking(db: sqlite3.Connection, tier: str, person: str, today: str, *, account: str = "", answering: bool = False) -> list[Missing]:
    """The same for any account of a tier, or this one (id); `answering`: to be responsible for it or deputy, not to be granted it."""
    found = []
    for what, days, document in db.execute(_ASKED, (tier, answering)).fetchall():
        if days:
            subject = what.removeprefix(TRAINING)
            row = db.execute("SELECT max(on_day) FROM trainings WHERE person = ? AND subject = ?", (person, subject)).fetchone()
            lacks, one = not row[0] or documents.trained_until(row[0], days) < today, Missing("training", subject)
        else:
            place = acknowledged(db, document, person)
            last = documents.lapses(publications(db, document), place)
            lacks, one = not place or "" < last < today, Missing("acknowledgement", what)
        if lacks and db.execute(_EXCEPTED, (one.rule, person, account, today)).fetchone() is None:
            found.append(one)
    return found


def must_hold(db: sqlite3.Connection, account: str, person: str, today: str) -> None:
    """Refuse (PL-4, AT-3) a grant to somebody who lacks something."""
    found = missing(db, account, person, today)
    if found:
        handle, tier = db.execute("SELECT handle, tier FROM accounts WHERE id = ?", (account,)).fetchone()
        raise _refused(db, f"{handle}, of the tier {tier},", found[0], person, handle)


def must_answer(db: sqlite3.Connection, tier: str, people: Iterable[str], today: str, *, account: str = "", handle: str = "") -> None:
    """Refuse (PL-4, AT-3) to make somebody of these people (ids) responsible for an account of the tier, or its deputy, who lacks something.

    `account`: its id where the ledger has it, so that an exception can be for it alone; `handle`: what it is called, or is to be.
    """
    for person in people:
        found = lacking(db, tier, person, today, account=account, answering=True)
        if found:
            whom = f"whoever answers for {handle or 'an account'}, of the tier {tier},"
            raise _refused(db, whom, found[0], person, handle if account else "", answering=True)


def _waits(db: sqlite3.Connection, document: str, person: str) -> bool:
    """Whether a sheet of theirs for the version in force counts once a second person has looked at it."""
    return db.execute(_WAITS, (document, person)).fetchone() is not None


_WAITS: Final = """
SELECT 1 FROM documents d JOIN acknowledgements k ON k.document = d.id
WHERE d.name = ? AND k.person = ? AND NOT k.counts
  AND k.version = (SELECT version FROM document_versions WHERE document = d.id ORDER BY place DESC LIMIT 1)
"""


def _refused(db: sqlite3.Connection, whom: str, one: Missing, person: str, handle: str, *, answering: bool = False) -> Refused:
    row = db.execute(
        "SELECT handle, EXISTS (SELECT 1 FROM keys WHERE person = p.id AND state = 'active') FROM people p WHERE id = ?", (person,)
    )
    who, signs = row.fetchone() or (None, 0)
    name = who or "PERSON"
    if one.rule == "training":
        asks, control = f"a training in {one.what} that is not too old", "AT-3"
        hint = f"govern training add {name} --subject {one.what} --on DATE"
    else:
        asks, control = f"an acknowledgement of {one.what}", "PL-4"
        hint = (
            f"their sheet waits for another admin or HR: govern document verify {one.what} {name}"
            if _waits(db, one.what, person)
            else f"{f'{name} signs' if answering else 'they sign'}: govern document ack {one.what}"
            if signs
            else f"print what {name if answering else 'they'} {'signs' if answering else 'sign'}: govern document sheet {one.what} --person {name} --out FILE"
        )
    about = f"{handle} " if handle else ""
    return Refused(
        f"{whom} {'needs' if answering else 'asks for'} {asks}", rule=one.rule, control=control,
        hint=f"{hint}; else: govern exception add {about}--point {one.rule} --person {name} --reason R --until DATE",
    )  # fmt: skip
