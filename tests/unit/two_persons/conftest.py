"""A firm with one admin, as the departures have it, and what these tests ask of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings.proposals import Act
from govern.procedures import erase, people, proposals
from govern.register.queries.proposals import Proposal

from ..departing.conftest import Company, copied, originals  # noqa: F401

HANDLE, NAME = "leandra.maybrook", "Leandra Maybrook"
"""Of whoever leaves, `lea` in these tests: long enough to be nowhere by chance."""


class Firm(Company):
    """`mia` founded it; every admin besides her is made by two."""

    def person(self, handle: str) -> str:
        if handle != "lea":
            return str(super().person(handle))
        self.ids[handle] = self.do(people.add, people.NewPerson(name=NAME, handle=HANDLE)).id
        return self.ids[handle]

    def propose(self, act: Act, parameters: dict[str, Any], *, by: str = "mia", reason: str = "") -> Proposal:
        found: Proposal = self.do(proposals.propose, act, parameters, reason, by=by)
        return found

    def admin(self, handle: str, *, by: str = "mia", role: str = "admin") -> Proposal:
        """Propose to make somebody an admin."""
        return self.propose(Act.ROLE, {"person": self.ids[handle], "role": role}, by=by)

    def approve(self, proposal: Proposal, by: str) -> Proposal:
        found: Proposal = self.do(proposals.approve, proposal, by=by)
        return found

    def quorum(self, proposal: Proposal, *, at: str = "mia") -> Proposal:
        """Approve it with recovery sheets on a member's machine."""
        self.later(minutes=1)
        return proposals.approve_with_sheets(self.members[at], self.sheets(), proposal.id, self.now)

    def roles(self, handle: str, by: str = "mia") -> set[str]:
        return {row[0] for row in self.db(by).execute("SELECT role FROM roles WHERE person = ?", (self.ids[handle],))}

    def size(self) -> int:
        return int(self.db().execute("SELECT count(*) FROM entries").fetchone()[0])

    def refuses(self, rule: str, work: Callable[[], Any]) -> Refused:
        """It must be refused by this rule, with a way on, and leave the ledger as long as it was."""
        before = self.size()
        with pytest.raises(Refused) as refused:
            work()
        assert refused.value.rule == rule, refused.value.message
        assert refused.value.control
        assert refused.value.hint
        assert self.size() == before
        return refused.value

    def former(self, handle: str = "lea", *, days: int = 1096) -> str:
        """Somebody who held the shop's password, left, and whose time has passed; the credential's id."""
        self.person(handle)
        credential = self.shop("mia", handle)
        self.declare(credential, handle)
        (grant,) = self.db().execute("SELECT id FROM grants WHERE person = ?", (self.ids[handle],)).fetchone()
        self.fact("grant.ended", {"grants": [grant], "cause": "departure"}, {"reason": "has left for the coast"})
        self.rotate(credential)
        self.fact("person.left", {"person": self.ids[handle], "on": self.now[:10]})
        self.later(days=days)
        return credential

    def forget(self, handle: str = "lea", *, reason: str = "", by: str = "mia") -> Proposal:
        """Propose an erasure."""
        found: Proposal = self.do(erase.propose, self.ids[handle], reason, by=by)
        return found


firm = copied(Firm)


@copied
def solo(folder: Path) -> Firm:
    return Firm(folder, "solo")
