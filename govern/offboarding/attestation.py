"""Who may sign what off in a case: nobody their own work, as far as there is somebody else. Pure.

NIST SP 800-53 AC-5. Where the policy asks for a second person and there is one, the step is refused to the one who did the work; where
there is none, or the policy does not ask, the step is recorded, and printed, as signed by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from govern.errors import Refused


class Others(NamedTuple):
    """Who else could sign: ids of people with the role admin or hr and with keys, neither actor nor subject. `required`: by the policy."""

    people: frozenset[str] = frozenset()
    required: bool = False

    @property
    def asked(self) -> bool:
        """Whether a second person is asked for and can be had."""
        return self.required and bool(self.people)


class Ending(NamedTuple):
    """How one item ended: by whom, who verified it, and who entered the sheet by which it did (empty: nobody; the ledger
    itself showed it done, or a service did it, which acts for whoever authorised it and is nobody's second hand)."""

    by: str
    verifier: str = ""
    entered_by: str = ""

    @property
    def signer(self) -> str:
        """Whose word it is that the ledger has: of what stands on paper, that of whoever entered it."""
        return self.entered_by or self.by


def verify(verifier: str, ending: Ending) -> None:
    """Refuse the doer of an item, and whoever entered it on a doer's behalf, as the one who verifies it."""
    if verifier in (ending.by, ending.entered_by):
        raise Refused(
            "an item is verified by somebody else than its doer, and than whoever entered it", rule="four-eyes", control="AC-5",
            hint="ask another admin or HR",
        )  # fmt: skip


def waive(actor: str, responsible: str, others: Others) -> None:
    """Refuse a waiver by the one whose work it spares: the item's assignee, else the opener of the case."""
    if actor == responsible and others.asked:
        raise Refused(
            "an item is waived by another person than the one who would have to do it",
            rule="four-eyes",
            control="AC-5",
            hint="ask another admin or HR to waive it, or assign it to somebody else",
        )


def close(closer: str, opener: str, endings: Sequence[Ending], others: Others) -> bool:
    """Whether the closing is signed by one. Raises Refused where the closer's own work was looked at by nobody and somebody could.

    The closer's own work: items that ended by their word and nobody verified, or a case that they opened and nobody else had a hand in.
    """
    hands = {ending.signer for ending in endings if ending.signer} | {ending.verifier for ending in endings if ending.verifier}
    unseen = any(closer in (ending.by, ending.entered_by) and not ending.verifier for ending in endings)
    alone = closer == opener and not hands - {closer}
    if not unseen and not alone:
        return False
    if others.asked:
        raise Refused(
            "nobody signs off their own work where there is another who can",
            rule="four-eyes",
            control="AC-5",
            hint="let another admin or HR verify the items or close the case",
        )
    return True
