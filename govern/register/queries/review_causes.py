"""What has to be reviewed now though nobody asked: by the calendar, and because something happened. Set-based.

Only a review that asks about all that anybody holds of an account counts as a look at it: one of a single person neither keeps the others from being
asked about, nor puts it off. Controls: NIST SP 800-53 rev. 5 AC-2 j, AC-6(7).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.policy.review_rules import ReviewRule
from govern.policy.rules import Policy
from govern.register.queries import reviews
from govern.register.queries.held import UNDECIDED
from govern.register.queries.rotation_findings import plus
from govern.vocabulary import TIERS


class Cause(NamedTuple):
    """One review to open. `word`: of `govern.vocabulary.REVIEW_CAUSES`; `scope` and `about` as the review will have them; `some`: ids of grants and roles.
    `due`: the day (ISO) since when it is; `told`: what is said of it."""

    word: str
    scope: str
    about: str
    some: tuple[str, ...]
    due: str
    subject: str
    told: str


_ASKED: Final = f"""
EXISTS (SELECT 1 FROM reviewed w JOIN reviews r ON r.id = w.review AND r.closed_at IS NULL
  JOIN review_items i ON i.review = r.id AND i.account = a.id AND {UNDECIDED} WHERE w.account = a.id)
"""  # noqa: S608
_OPENED: Final = "coalesce((SELECT max(r.at) FROM reviewed i JOIN reviews r ON r.id = i.review WHERE i.account = a.id), '')"
_HOLDS: Final = """
(EXISTS (SELECT 1 FROM grants h WHERE h.account = a.id AND h.ended_at IS NULL)
 OR EXISTS (SELECT 1 FROM entitlements h WHERE h.account = a.id AND h.ended_at IS NULL))
"""
_PERIODIC: Final = f"""
SELECT a.id, a.handle, a.tier, since FROM (
  SELECT a.*, coalesce((SELECT max(r.closed_at) FROM reviewed i JOIN reviews r ON r.id = i.review WHERE i.account = a.id
    AND substr(r.closed_at, 1, 10) <= :tomorrow), a.added_at) AS since
  FROM accounts a WHERE a.state = 'active'
) a WHERE substr(since, 1, 10) <= CASE tier WHEN 'critical' THEN :critical WHEN 'standard' THEN :standard ELSE :low END AND {_HOLDS} AND NOT {_ASKED}
ORDER BY a.handle
"""  # noqa: S608  texts are ours
_UNUSED: Final = """
SELECT g.id, g.since, a.tier FROM grants g CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active'
WHERE g.ended_at IS NULL AND NOT coalesce(g.emergency, 0) AND g.since < :since
  AND EXISTS (SELECT 1 FROM credentials c JOIN versions v ON v.credential = c.id AND v.state = 'current' AND v.manifest IS NOT NULL WHERE c.account = a.id)
  AND NOT EXISTS (SELECT 1 FROM credentials c JOIN shown s ON s.credential = c.id WHERE c.account = a.id
    AND s.at >= :since AND g.person IN (s.person, s.recipient))
  AND NOT EXISTS (SELECT 1 FROM credentials c JOIN spent s ON s.credential = c.id WHERE c.account = a.id
    AND s.at >= :since AND g.person IN (s.person, s.recipient))
  AND NOT EXISTS (SELECT 1 FROM credentials c JOIN exposures e ON e.credential = c.id WHERE c.account = a.id AND e.person = g.person AND e.since >= :since
    AND e.basis IN ('revealed', 'set', 'handed-over', 'exported'))
  AND NOT EXISTS (SELECT 1 FROM review_items i JOIN reviews r ON r.id = i.review WHERE i.of = g.id AND (r.closed_at IS NULL
    OR substr(r.at, 1, 10) > CASE a.tier WHEN 'critical' THEN :critical WHEN 'standard' THEN :standard ELSE :low END))
ORDER BY a.handle, g.id
"""
_CUSTODY: Final = f"""
SELECT a.id, a.handle, k.at FROM custody_changes k CROSS JOIN accounts a ON a.id = k.account AND a.state = 'active'
WHERE substr(k.at, 1, 10) > CASE a.tier WHEN 'critical' THEN :critical WHEN 'standard' THEN :standard ELSE :low END
  AND k.at > {_OPENED} AND (EXISTS (SELECT 1 FROM grants h WHERE h.account = a.id AND h.ended_at IS NULL AND h.since < k.at)
    OR EXISTS (SELECT 1 FROM entitlements h WHERE h.account = a.id AND h.ended_at IS NULL AND h.at < k.at)) AND NOT {_ASKED} ORDER BY a.handle
"""  # noqa: S608
_HOLDERS: Final = f"""
SELECT a.id, a.handle, n, latest FROM (
  SELECT account, count(*) AS n, max(since) AS latest FROM grants WHERE ended_at IS NULL GROUP BY account HAVING n > :least
) g CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active'
WHERE n > CASE a.tier WHEN 'critical' THEN :most_critical WHEN 'standard' THEN :most_standard ELSE :most_low END
  AND latest > {_OPENED} AND NOT {_ASKED} ORDER BY a.handle
"""  # noqa: S608
_MOVERS: Final = """
SELECT c.person, p.handle, c.cut_made_at FROM cases c JOIN people p ON p.id = c.person AND p.left_on IS NULL
WHERE c.kind = 'mover' AND c.cut_made_at IS NOT NULL AND substr(c.cut_made_at, 1, 10) > :low
  AND (EXISTS (SELECT 1 FROM grants g JOIN accounts a ON a.id = g.account AND a.state = 'active' WHERE g.person = c.person AND g.ended_at IS NULL)
    OR EXISTS (SELECT 1 FROM entitlements g JOIN accounts a ON a.id = g.account AND a.state = 'active' WHERE g.person = c.person AND g.ended_at IS NULL))
  AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.cause = 'mover' AND r.about = c.person AND r.at >= c.cut_made_at)
GROUP BY c.person ORDER BY p.handle
"""


def causes(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Cause]:
    """All of them on a day (ISO date), for a policy that has the rule: each is one review, and has something to ask about."""
    rule = policy.later.reviews
    if rule is None:
        return
    asked = _days(rule, policy, today)
    due = [(id_, handle, plus(since[:10], rule.every[tier])) for id_, handle, tier, since in db.execute(_PERIODIC, asked)]
    if due:
        handles = [handle for _, handle, _ in due]
        yield Cause(
            word="periodic", scope="account" if len(due) == 1 else "some", about=due[0][0] if len(due) == 1 else "",
            some=() if len(due) == 1 else _of(db, [id_ for id_, _, _ in due]), due=min(day for _, _, day in due),
            subject=handles[0] if len(due) == 1 else f"{len(due)} accounts",
            told=f"it is time to ask who still needs what they hold of {', '.join(handles[:3])}{' and others' if len(due) > 3 else ''}",
        )  # fmt: skip
        return  # what is reviewed as a whole is not asked about in parts as well
    unused = db.execute(_UNUSED, asked).fetchall()
    if unused:
        yield Cause(
            word="unused", scope="some", about="", some=tuple(row[0] for row in unused), due=today,
            subject=f"{len(unused)} grant{'s' * (len(unused) > 1)}", told=f"nobody has used what they hold for {rule.unused} days",
        )  # fmt: skip
    for id_, handle, at in db.execute(_CUSTODY, asked).fetchall():
        yield Cause("custodian", "account", id_, (), plus(at[:10], 0), handle, "somebody else has become responsible for it")
    for id_, handle, count, at in db.execute(_HOLDERS, asked).fetchall():
        yield Cause("holders", "account", id_, (), plus(at[:10], 0), handle, f"{count} people hold it, more than the policy asks for")
    for person, handle, at in db.execute(_MOVERS, asked).fetchall():
        yield Cause(
            "mover",
            "person",
            person,
            (),
            plus(at[:10], 0),
            handle or f"former.{person[:4]}",
            "somebody has moved and kept some of what they held",
        )


def _days(rule: ReviewRule, policy: Policy, today: str) -> dict[str, str | int]:
    most = {f"most_{tier}": policy.holders[tier].most for tier in TIERS}
    earlier = {tier: plus(today, -rule.every[tier]) for tier in TIERS}
    return {**earlier, **most, "since": plus(today, -rule.unused), "least": min(most.values()), "tomorrow": plus(today, 1)}


def _of(db: sqlite3.Connection, accounts: list[str]) -> tuple[str, ...]:
    rows = db.execute(
        "SELECT id FROM grants WHERE ended_at IS NULL AND account IN (SELECT value FROM json_each(?1)) UNION ALL"
        " SELECT id FROM entitlements WHERE ended_at IS NULL AND account IN (SELECT value FROM json_each(?1))",
        (json.dumps(accounts),),
    )
    return tuple(id_ for (id_,) in rows)


def due(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """Reviews that should be open and are not (AC-2 j)."""
    rule = policy.later.reviews
    for one in causes(db, policy, today):
        late = rule is not None and plus(one.due, rule.within) < today
        yield Finding(
            code="review-due", severity="warning" if late else "info", subject=one.subject, message=one.told, due=one.due,
            key=f"review-due:{one.word}:{one.about}", command="govern review run-due", why="opens the reviews that are due",
        )  # fmt: skip


def overdue(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """Reviews whose day has passed, and those that only have to be closed."""
    for one in reviews.reviews(db):
        if one.settled == one.lines:
            yield Finding(
                code="review-to-close", severity="info", subject=f"review {one.id[:8]}", message="all of it is decided", due=one.due,
                key=f"review-to-close:{one.id}", command=f"govern review close {one.id[:8]}",
            )  # fmt: skip
        elif one.due < today:
            yield Finding(
                code="review-overdue", severity="warning", subject=f"review {one.id[:8]}", due=one.due,
                message=f"{one.lines - one.settled} of {one.lines} lines wait for a decision since {one.due}", key=f"review-overdue:{one.id}",
                command=f"govern review show {one.id[:8]}",
            )  # fmt: skip


def removals(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Roles that a review has ended and that are recorded still: govern can't remove them on the platform."""
    for one in reviews.removals(db):
        yield Finding(
            code="role-to-remove", severity="warning", subject=one.handle, key=f"role-to-remove:{one.id}",
            message=f"{one.person or 'a former person'} is {one.role} there still, and a review has ended it", command=f"govern platform show {one.platform}",
            why="remove it there, then: govern entitlement end",
        )  # fmt: skip


QUESTIONS: Final = (due, overdue, removals)
