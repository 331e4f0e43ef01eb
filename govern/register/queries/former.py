"""Since when a secret that a former person could know is to change, and whether they may know but an earlier one: pieces of questions, over
`people p`, `exposures e` and `versions v`.

Nobody can change a secret before the ledger knows that somebody who left could know it. Who was declared as a former person is therefore
counted from the later of their last day, the day on which they were added, and the day on which it was recorded what they could know.
Who left by a case has had their secrets listed in time: they are counted from their last day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from govern.policy.rules import Policy
from govern.rotation.schedule import spread

SINCE: Final = """CASE WHEN p.left_on >= substr(coalesce(p.added_at, ''), 1, 10)
  AND EXISTS (SELECT 1 FROM cases k WHERE k.person = p.id AND k.kind <> 'joiner' AND k.state IN ('cut', 'closed')) THEN p.left_on
  ELSE max(p.left_on, substr(coalesce(p.added_at, ''), 1, 10),
    coalesce((SELECT substr(b.at, 1, 10) FROM entries b WHERE b.idx = e.entry), '')) END"""
"""The ISO date from which the time of the policy runs; NULL for somebody who has not left."""

EARLIER: Final = """(e.basis IN ('declared', 'place')
  AND coalesce(substr(v.changed_at, 1, 10) > p.left_on AND substr(v.changed_at, 1, 10) <= substr(v.staged_at, 1, 10), 0))"""
"""They were gone when it was changed, by a date that is claimed, and only a declaration or a place says that they could know it. A date later
than the record that claims it is not believed."""


def due(policy: Policy, tier: str, kind: str, credential: str, since: str, *, told_late: bool) -> str:
    """The ISO date by which it is to change, within the days of membership `since` that date; empty beyond the calendar.

    `told_late`: the ledger came to know of it after the person had left; where the policy spreads first changes, these are spread alike over
    the same days: whoever declares all that former people know has something due each day, not everything on one.
    """
    days = policy.membership_deadline_days[tier]
    if told_late and policy.later.first_import is not None:
        days = min(days, spread(days, kind, credential))
    try:
        return (date.fromisoformat(since[:10]) + timedelta(days=days)).isoformat()
    except (OverflowError, ValueError):
        return ""
