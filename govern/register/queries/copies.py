"""Copies of single versions in places: messages to take back, envelopes with what works, with what works no more, and opened ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.shell import quoted


class Copy(NamedTuple):
    """One version in one place. Ids are hex; times are UTC, empty where it did not happen. `works`: the version is what counts."""

    place: str
    name: str
    place_kind: str
    account: str
    handle: str
    custodian: str
    deputy: str
    credential: str
    kind: str
    n: int
    since: str
    opened_at: str
    opener: str
    works: bool
    changing: bool
    """A rotation of it is under way."""
    renewed: bool
    """Another envelope holds what counts now."""
    cleaned: bool = False
    """The paper is gone; it is told all the same where it was opened and what was in it still works."""

    @property
    def clean(self) -> str:
        """The command that says that it is gone."""
        return f"govern place clean {quoted(self.name)} --accounts {self.handle}"


_ALL: Final = """
SELECT h.place, coalesce(l.name, 'place ' || substr(l.id, 1, 4)), l.kind, a.id, a.handle, a.custodian, coalesce(a.deputy, ''), c.id, c.kind, h.n,
  h.since, coalesce(h.opened_at, ''), coalesce(h.opener, ''), v.state = 'current',
  EXISTS (SELECT 1 FROM rotations r WHERE r.credential = c.id AND r.ended_at IS NULL),
  EXISTS (SELECT 1 FROM place_versions o JOIN places q ON q.id = o.place AND q.kind = 'paper'
    JOIN versions w ON w.credential = o.credential AND w.n = o.n AND w.state = 'current'
    WHERE o.credential = c.id AND o.cleaned_at IS NULL AND o.opened_at IS NULL AND o.place <> h.place),
  h.cleaned_at IS NOT NULL
FROM place_versions h JOIN places l ON l.id = h.place JOIN credentials c ON c.id = h.credential
JOIN accounts a ON a.id = c.account AND a.state = 'active' JOIN versions v ON v.credential = h.credential AND v.n = h.n
WHERE (h.cleaned_at IS NULL OR (h.opened_at IS NOT NULL AND v.state = 'current')) {} ORDER BY a.handle, h.entry, c.kind
"""


def copies(db: sqlite3.Connection, account: str = "") -> list[Copy]:
    """Every copy that lies somewhere, or was read while it did and still works, of all accounts in use or of one (id); by account, then age."""
    where = "AND a.id = ?" if account else ""
    return [Copy._make(row) for row in db.execute(_ALL.format(where), (account,) if account else ())]


def messages(found: Sequence[Copy]) -> list[Copy]:
    """Of these, what lies in chats: each is to be taken back."""
    return [copy for copy in found if copy.place_kind == "chat" and not copy.cleaned]


def envelopes(found: Sequence[Copy]) -> list[Copy]:
    return [copy for copy in found if copy.place_kind == "paper"]


def is_stale(copy: Copy) -> bool:
    """An envelope with what works no more, or that was opened: it is to be destroyed, and printed anew where nobody has done so."""
    return copy.place_kind == "paper" and not copy.cleaned and (not copy.works or bool(copy.opened_at))


def findings(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """What lies in chats, and envelopes that were opened or hold what works no more."""
    found = copies(db)
    for copy in messages(found):
        still = "still works" if copy.works else "works no more"
        yield Finding(
            code="place-to-clean", severity="warning" if copy.works else "info", subject=copy.name, key=f"message:{copy.place}:{copy.credential}"[:100],
            message=f"the {copy.kind} of {copy.handle} was sent there and {still}: take the message back", command=copy.clean,
        )  # fmt: skip
    for copy in envelopes(found):
        if copy.opened_at and copy.works and not copy.changing:
            yield Finding(
                code="envelope-opened", severity="critical", subject=copy.handle, key=f"envelope:{copy.place}:{copy.credential}"[:100],
                message=f"{copy.name} was opened on {copy.opened_at[:10]}, and its {copy.kind} still works",
                command=f"govern rotate {copy.handle} --kind {copy.kind} --because membership", why="somebody opened its envelope",
            )  # fmt: skip
        elif is_stale(copy):
            yield Finding(
                code="envelope-stale", severity="warning", subject=copy.handle, key=f"envelope:{copy.place}:{copy.credential}"[:100],
                message=f"{copy.name} {'was opened' if copy.works else f'holds a {copy.kind} that works no more'}: print anew, destroy the old",
                command=renewal(copy),
            )  # fmt: skip


def renewal(copy: Copy) -> str:
    """What to type next about a stale envelope."""
    return copy.clean if copy.renewed else f"govern envelope print {copy.handle} --kind {copy.kind} --out FILE"
