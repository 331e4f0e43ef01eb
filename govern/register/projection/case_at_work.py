"""The case that a fact is about, where it may be worked on: by somebody else than its subject, in its own compartment, before its closing."""

from __future__ import annotations

from typing import NamedTuple

from govern.errors import Refused
from govern.offboarding.case import CaseState
from govern.offboarding.kinds import CaseKind, verb
from govern.register.projection.scene import Scene


class AtWork(NamedTuple):
    id: str
    person: str
    state: CaseState
    opener: str
    kind: CaseKind

    @property
    def verb(self) -> str:
        """The command that works on it."""
        return verb(self.kind)


def at_work(scene: Scene) -> AtWork:
    """The case that the fact names; raises Refused where it is not to be worked on, or not by this actor."""
    row = scene.one("SELECT id, person, state, opener, coalesce(compartment, ''), kind FROM cases WHERE id = ?", scene.body["case"])
    if row is None:
        raise Refused(f"{scene.type} cites a case that the ledger does not have", rule="unknown-reference")
    if row[4] != scene.compartment:
        raise Refused(f"{scene.type} stands in another compartment than its case", rule="compartment")
    if row[1] == scene.actor:
        what = "case as a joiner" if row[5] == CaseKind.JOINER else "departure"
        raise Refused(f"nobody works on their own {what}", rule="own-case", control="AC-5", hint="ask another admin or HR")
    found = AtWork(row[0], row[1], CaseState(row[2]), row[3], CaseKind(row[5]))
    if found.state is CaseState.CLOSED:
        raise Refused("this case is closed", rule="case-open", hint=f"what it shows: govern {found.verb} report CASE --out DIR")
    return found
