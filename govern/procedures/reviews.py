"""Access reviews: opened, decided line by line, closed at 100 %. What is decided to end ends: a grant at once, a role as soon as it is gone on its platform."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govern.errors import NotFound, Refused, Usage
from govern.holdings.dates import day as is_day
from govern.register.queries import accounts, people, policies, reviews, work
from govern.register.queries.held import held
from govern.register.queries.reviews import Line, Review
from govern.register.queries.rotation_findings import plus
from govern.reviews.lines import END, GRANT, KEEP, Held, numbers, reviewer
from govern.vocabulary import REVIEW_CAUSES

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_PART = 300

DECISIONS: Final = (KEEP, END)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a review is about. `word`: of `govern.vocabulary.REVIEW_SCOPES`; `about`: id of the account or person; `some`: ids of grants and roles."""

    word: str
    about: str = ""
    department: str = ""
    some: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of a decision. `ended`: handles of accounts on which a grant ended and what its holder knew has to change; `remove`: roles to be removed."""

    review: Review
    lines: tuple[Line, ...]
    ended: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def scope(db: sqlite3.Connection, text: str) -> Scope:
    """`all`, `account:H`, `department:D` or `person:P` as it was typed. Raises Usage or NotFound."""
    word, colon, value = text.strip().partition(":")
    if word == "all" and not colon:
        return Scope(word="all")
    if value.strip():
        match word:
            case "account":
                return Scope(word=word, about=accounts.find(db, value).id)
            case "person":
                return Scope(word=word, about=people.find(db, value).id)
            case "department":
                return Scope(word=word, department=value.strip())
    raise Usage(f"{text[:40]!r} is no scope of a review", hint="all, account:HANDLE, department:NAME or person:HANDLE")


def plan(db: sqlite3.Connection, wanted: Scope, *, by: str, now: str) -> list[tuple[Held, str]]:
    """The lines and who would decide on each (person id), whoever was asked for where they may. Raises NotFound where there is nothing to review."""
    found = held(db, wanted.word, about=wanted.about, department=wanted.department, some=wanted.some)
    if not found:
        raise NotFound("nobody holds anything there, so that there is nothing to review", hint="govern report holders")
    there = work.staff(db, now)
    able = {person for (person,) in db.execute("SELECT DISTINCT person FROM keys WHERE state = 'active'")} & there.present
    able -= {person for (person,) in db.execute("SELECT DISTINCT person FROM services")}
    admins, hr = sorted(there.admins), sorted(there.runs - there.admins)
    return [(one, reviewer(one, wanted=by, able=able, admins=admins, hr=hr)) for one in found]


def due_day(db: sqlite3.Connection, now: str) -> str:
    """Until when a review opened now is decided, where nobody says otherwise."""
    rule = policies.policy(db).later.reviews
    return plus(now[:10], rule.within if rule else 14)


def start(tx: Transaction, wanted: Scope, *, by: str = "", due: str = "", cause: str = REVIEW_CAUSES[0]) -> Review:
    """Open a review of all that the scope has now. `by`: handle of a reviewer, for the lines on which they may decide; `due`: an ISO date."""
    db = tx.register
    if due and is_day(due, "--due") < tx.now[:10]:
        raise Usage(f"--due: {due} has passed", hint="name a later day")
    found = plan(db, wanted, by=people.find(db, by).id if by else "", now=tx.now)
    id_ = tx.new_id()
    tx.record(
        "review.opened",
        {
            "review": id_, "scope": wanted.word, "cause": cause, "due": due or due_day(db, tx.now), "items": len(found),
            "about": wanted.about or None, "department": wanted.department or None,
        },
    )  # fmt: skip
    parts = [found[at : at + _PART] for at in range(0, len(found), _PART)]
    for number, part in enumerate(parts, start=1):
        lines = [[one.what, one.id, person] for one, person in part]
        tx.record("review.items", {"review": id_, "part": number, "of": len(parts), "items": lines})
    return reviews.find(db, id_)


def decide(tx: Transaction, review: Review, picked: Iterable[int], decision: str, reason: str) -> Decided:
    """Keep or end these lines, all or none. A grant that ends is revoked: what its holder knew has to change, as after any other revocation."""
    from govern.procedures import revoke

    chosen = _lines(tx.register, review, picked)
    if not reason.strip():
        raise Usage("why is missing", hint="say it with --reason; it is kept with the decision, and erasable")
    for at in range(0, len(chosen), _PART):
        part = [one.of for one in chosen[at : at + _PART]]
        tx.record("review.decided", {"review": review.id, "items": part, "decision": decision}, {"reason": reason.strip()})
    grants = [one for one in chosen if decision == END and one.what == GRANT]
    for one in grants:
        revoke.revoke(
            tx, one.account_handle, people.by_id(tx.register, one.person).handle or one.person, f"review {review.id[:8]}: {reason.strip()}"
        )
    after = {one.number: one for one in reviews.lines(tx.register, review.id)}
    return Decided(
        review=reviews.find(tx.register, review.id),
        lines=tuple(after[one.number] for one in chosen),
        ended=tuple(one.account_handle for one in grants),
        remove=tuple(f"{one.handle} as {one.role} on {one.account_handle}" for one in chosen if decision == END and one.what != GRANT),
    )


def _lines(db: sqlite3.Connection, review: Review, picked: Iterable[int]) -> list[Line]:
    every = {one.number: one for one in reviews.lines(db, review.id)}
    chosen = [every[number] for number in picked if number in every]
    if not chosen:
        raise Usage("no line of the review is named", hint=f"govern review show {review.id[:8]}")
    settled = [one for one in chosen if one.state != "open"]
    if settled:
        one = settled[0]
        told = "is not there any more" if one.state == "gone" else f"was decided on already: {one.state}"
        raise Refused(f"line {one.number} {told}", rule="review-settled", control="AC-2 j", hint=f"govern review show {review.id[:8]}")
    return chosen


def close(tx: Transaction, review: Review) -> Review:
    """Say that all is decided. Raises Refused while anything waits."""
    left = [one for one in reviews.lines(tx.register, review.id) if one.state == "open"]
    if left and not review.closed_at:
        who = ", ".join(sorted({one.reviewer_handle or "a former person" for one in left}))
        raise Refused(
            f"{len(left)} of {review.lines} lines wait for a decision of {who}", rule="review-open", control="AC-2 j",
            hint=f"govern review show {review.id[:8]}",
        )  # fmt: skip
    tx.record("review.closed", {"review": review.id})
    return reviews.find(tx.register, review.id)


def line_of(found: Sequence[Line], text: str) -> int:
    """The number of a line, as its number or the first six digits of its grant or role. Raises NotFound."""
    wanted = text.strip().casefold()
    for one in found:
        if wanted == str(one.number) or (len(wanted) >= 6 and one.of.startswith(wanted)):
            return one.number
    raise NotFound(f"the review asks nothing about {wanted[:40]!r}", hint="its number: govern review show ID")


def chosen(text: str, lines: int) -> tuple[int, ...]:
    """Line numbers as they were typed: `1,3,5-8`."""
    return numbers(text, lines)
