"""Access reviews: what is asked of whom. Each grant and each role on a platform is one line, with a reviewer who does not hold it. Pure; knows ids, no ledger.

Controls: NIST SP 800-53 rev. 5 AC-2 j (accounts are reviewed), AC-5 (nobody reviews themselves), AC-6(7) (privileges that are not needed end).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.errors import Refused, Usage

GRANT: Final = "grant"
ENTITLEMENT: Final = "entitlement"
KEEP: Final = "keep"
END: Final = "end"

WHOLE: Final = frozenset({"all", "account", "department", "person"})
"""Scopes that say which lines there are; under `some` those that something has happened to are picked."""


LONGEST: Final = 92
"""Days: as long as a review is open nobody is asked anew, so that it may not be open for good."""


def latest(today: str, within: int) -> str:
    """The last day (ISO date) on which a review that is opened today may be due, where the policy wants it decided within so many days."""
    try:
        return (date.fromisoformat(today) + timedelta(days=max(LONGEST, within))).isoformat()
    except OverflowError:
        return date.max.isoformat()


class Held(NamedTuple):
    """One open grant or role on a platform (`what`), by ids; and who answers for its account."""

    what: str
    id: str
    account: str
    person: str
    custodian: str
    deputy: str


class Line(NamedTuple):
    """One thing to decide on, and by whom (person id)."""

    held: Held
    reviewer: str


def reviewer(held: Held, *, wanted: str, able: Collection[str], admins: Sequence[str], hr: Sequence[str]) -> str:
    """Who decides on it: whoever was asked for, the responsible person, the deputy, an admin, HR: the first who does not hold it, is `able` (has keys and
    stays) and may end it. Where nobody else could, the holder, if they can at all. Refused where nobody can.

    `admins` and `hr` are in the order of their turn.
    """
    may_end = (*(one for one in (held.custodian, held.deputy) if one), *admins, *hr)
    turn = [one for one in ((wanted,) if wanted in may_end else ()) + may_end if one in able]
    found = next((one for one in turn if one != held.person), turn[0] if turn else "")
    if not found:
        raise Refused(
            "nobody could decide on this",
            rule="review-nobody",
            control="AC-2 j",
            hint="somebody with keys: govern account custody, or person role",
        )
    return found


def numbers(text: str, count: int) -> tuple[int, ...]:
    """Lines as people type them, `1,3,5-8`, each once and in order; `count`: how many lines there are. Raises Usage."""
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        if not (
            first.isascii() and first.isdigit() and len(first) < 7 and (not dash or (last.isascii() and last.isdigit() and len(last) < 7))
        ):
            raise Usage(f"{part[:20]!r} is no line of the review", hint="for example 1,3,5-8: govern review show ID")
        lowest, highest = int(first), int(last) if dash else int(first)
        if not 1 <= lowest <= highest <= count:
            raise Usage(f"{part} is no line of the review, which has {count}", hint="for example 1,3,5-8: govern review show ID")
        found.update(range(lowest, highest + 1))
    return tuple(sorted(found))


def done(states: Mapping[int, str]) -> int:
    """How many percent of the lines are settled, rounded down: 100 is all of them. `states`: line -> decision, `gone` or nothing."""
    return 100 * sum(bool(state) for state in states.values()) // len(states) if states else 100
