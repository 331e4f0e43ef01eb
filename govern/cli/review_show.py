"""Reviews and their lines as people and programs are told them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govern.cli import render

if TYPE_CHECKING:
    import sqlite3

    from govern.procedures.reviews_due import Missed
    from govern.register.queries.reviews import Line, Review


def review_row(db: sqlite3.Connection, one: Review, names: dict[str, str]) -> dict[str, Any]:
    """One review for JSON."""
    from govern.register.queries import accounts

    about = accounts.by_id(db, one.about).handle if one.scope == "account" else names.get(one.about, one.about)
    return {
        "id": one.id, "scope": one.scope, "about": about or one.department or None, "cause": one.cause, "due": one.due, "lines": one.lines,
        "settled": one.settled, "percent": one.percent, "opened_at": one.opened_at, "opened_by": names.get(one.opener, one.opener),
        "closed_at": one.closed_at or None, "closed_by": names.get(one.closer, one.closer) if one.closer else None, "entry": one.entry,
    }  # fmt: skip


def line_row(one: Line) -> dict[str, Any]:
    """One line for JSON; names as they were when the review was opened."""
    return {
        "number": one.number, "what": one.what, "id": one.of, "account": one.account_handle, "platform": one.platform, "tier": one.tier,
        "person": one.handle or None, "name": one.name or None, "role": one.role or None, "since": one.since[:10] or None,
        "reviewer": one.reviewer_handle or None, "reviewer_id": one.reviewer, "own": one.person == (one.decider or one.reviewer),
        "state": one.state, "decided_by": one.decider_handle or None, "decided_at": one.decided_at or None, "reason": one.reason or None,
        "still_there": one.there, "entry": one.entry or None,
    }  # fmt: skip


def missed_row(one: Missed) -> dict[str, Any]:
    """What became, or would become, of an overdue review, for JSON."""
    return {"id": one.review.id, "ended": [line_row(each) for each in one.ended], "left": [line_row(each) for each in one.left]}


def still_waiting(one: Missed) -> str:
    """How many lines of an overdue review are still to be decided, and by whom."""
    if not one.left:
        return "nothing waits"
    whom = ", ".join(dict.fromkeys(render.safe(line.reviewer_handle) for line in one.left))
    return f"{render.count(len(one.left), 'line')} {'waits' if len(one.left) == 1 else 'wait'} for {whom}"


def tell_reviews(rows: Sequence[dict[str, Any]]) -> None:
    """The reviews as a table."""
    render.table(
        ("review", "about", "because", "due", "lines", "decided", "closed"),
        [
            (
                one["id"][:8], f"{one['scope']} {one['about'] or ''}".strip(), one["cause"], one["due"], one["lines"], f"{one['percent']} %",
                render.day(one["closed_at"] or ""),
            )
            for one in rows
        ],
        empty="no review is open: govern review open --scope all",
    )  # fmt: skip


def tell_lines(told: dict[str, Any]) -> None:
    """One review with its lines."""
    render.line(f"review {told['id'][:8]}: {told['scope']} {told['about'] or ''}".rstrip())
    closed = f", closed on {render.day(told['closed_at'])}" if told["closed_at"] else ""
    render.line(
        f"opened on {render.day(told['opened_at'])} by {render.safe(told['opened_by'])}, due {told['due']}, {told['percent']} % decided{closed}"
    )
    render.table(
        ("line", "account", "person", "what", "since", "decides", "decision", "why"),
        [
            (
                one["number"], one["account"], one["person"] or "a former person", one["role"] or "holds it", one["since"] or "", one["reviewer"] or "",
                f"{one['state']} (by its holder)" if one["own"] and one["state"] in ("keep", "end") else one["state"], one["reason"] or "",
            )
            for one in told["items"]
        ],
        empty="nothing of it waits for you",
    )  # fmt: skip
    waiting = [one for one in told["items"] if one["state"] == "open"]
    if waiting:
        render.next_step(
            f"govern review decide {told['id'][:8]} {waiting[0]['number']} keep --reason REASON", "or end; several: --keep 1,2 --end 3"
        )
    elif not told["closed_at"] and told["percent"] == 100:
        render.next_step(f"govern review close {told['id'][:8]}", "nothing is left to decide")
