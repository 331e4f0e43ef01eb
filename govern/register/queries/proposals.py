"""Questions about acts of two persons: what is proposed, by whom, and who could be the second."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from govern.errors import NotFound
from govern.holdings import proposals as rules
from govern.holdings.proposals import Act, Made, State
from govern.register.projection import sponsors
from govern.register.queries.rotations import whole_id


class Proposal(NamedTuple):
    """One proposal. `second`: who approved it (person id, or the recovery key's), empty while nobody has; `entry`: the index it was made at."""

    id: str
    act: Act
    parameters: Mapping[str, Any]
    proposer: str
    key: str
    made_at: str
    reason: str
    state: State
    second: str
    ended_at: str
    entry: int
    expires: str
    """Until when it can be approved, by what the ledger counts of the time it says; nothing where it has ended."""

    def stands(self, now: str) -> State:
        """Where it stands at `now` (UTC): what is open and too old is expired."""
        return State.EXPIRED if self.state is State.OPEN and now >= self.until(now) else self.state

    def until(self, now: str) -> str:
        """Until when it can be approved, as it looks at `now` (UTC)."""
        return rules.stands_until(self.expires, self.made_at, now) if self.expires else ""

    @property
    def subject(self) -> str:
        """The person it is about (id), or empty."""
        return rules.subject(self.act, self.parameters)


_COLUMNS: Final = "SELECT id, act, parameters, proposer, key, made_at, reason, state, second, ended_at, entry, expires FROM proposals"


def _proposal(row: tuple[Any, ...]) -> Proposal:
    return Proposal(
        id=row[0], act=Act(row[1]), parameters=json.loads(row[2]), proposer=row[3], key=row[4], made_at=row[5], reason=row[6] or "",
        state=State(row[7]), second=row[8] or "", ended_at=row[9] or "", entry=row[10], expires=row[11],
    )  # fmt: skip


def proposals(db: sqlite3.Connection, *, open_at: str = "") -> list[Proposal]:
    """All, or those that can be approved at this time (UTC); what is open first, then the newest."""
    found = [_proposal(row) for row in db.execute(f"{_COLUMNS} ORDER BY state <> 'open', entry DESC")]
    return [one for one in found if one.stands(open_at) is State.OPEN] if open_at else found


def by_id(db: sqlite3.Connection, id_: str) -> Proposal:
    row = db.execute(f"{_COLUMNS} WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no proposal {id_[:40]!r}", hint="govern proposal list")
    return _proposal(row)


def find(db: sqlite3.Connection, text: str) -> Proposal:
    """The proposal of this id, or of the only id that begins so (six hex digits at least)."""
    return by_id(db, whole_id(db, "proposals", "proposal", text, hint="govern proposal list"))


def seconds(db: sqlite3.Connection, proposal: Proposal, at: str) -> list[str]:
    """Ids of the admins who could approve it at this time (UTC); where there are none, the recovery quorum does."""
    made = Made(proposer=proposal.proposer, key=proposal.key, subject=proposal.subject)
    return rules.seconds(made, sponsors.admins(db, at), sponsors.ties(db))


def alone(db: sqlite3.Connection, at: str) -> list[str]:
    """Ids of the admins of this time (UTC) whose second person no other could be, with any of their keys."""
    admins, ties = sponsors.admins(db, at), sponsors.ties(db)
    return [
        admin.person for admin in admins if not any(rules.seconds(Made(proposer=admin.person, key=key), admins, ties) for key in admin.keys)
    ]


class Vouched(NamedTuple):
    """A key of whoever is to become admin: approving vouches for it. `by`: handles or ids of those who stand behind it now."""

    key: str
    custody: str
    by: tuple[str, ...]


def vouched(db: sqlite3.Connection, person: str, names: Mapping[str, str]) -> list[Vouched]:
    """The active keys of a person, and whose keys stand behind each."""
    found = []
    for key, custody in db.execute(
        "SELECT id, custody FROM keys WHERE person = ? AND state = 'active' ORDER BY entry", (person,)
    ).fetchall():
        rows = db.execute(
            "SELECT DISTINCT k.person FROM sponsors s JOIN keys k ON k.id = s.signer WHERE s.what = 'key' AND s.id = ?", (key,)
        ).fetchall()
        by = sorted(names.get(one, one) if one else "recovery" for (one,) in rows)
        found.append(Vouched(key=key, custody=custody, by=tuple(by)))
    return found


def is_second_needed(db: sqlite3.Connection, act: Act) -> bool:
    """Whether this act takes two persons under the policy in force."""
    text = db.execute("SELECT value FROM state WHERE key = 'policy'").fetchone()
    return text is None or not rules.alone(act, json.loads(text[0])["preset"])


def handed_back(db: sqlite3.Connection, accounts: Sequence[str]) -> list[tuple[str, str]]:
    """Handle, and when the ledger was told that it was handed back (UTC), of these accounts (ids)."""
    query = "SELECT handle, coalesce(returned_at, '') FROM accounts WHERE id IN (SELECT value FROM json_each(?)) ORDER BY handle"
    return [(handle, on) for handle, on in db.execute(query, (json.dumps(list(accounts)),))]
