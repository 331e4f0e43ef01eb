"""What each kind of case asks for: who goes or comes, what the cut ends, which items there are. Pure: one table.

A kind says what happens, never why.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from govern.errors import Usage
from govern.offboarding.items import ItemKind


class CaseKind(StrEnum):
    """What happens to the person. None says why."""

    LEAVER = "leaver"
    MOVER = "mover"
    """Another post: per account, it goes on or it ends."""
    AGENCY_ENDED = "agency-ended"
    """The contract with an agency has ended: a case for each of its people."""
    CLIENT_ENDED = "client-ended"
    """A client's accounts go back to them: the case is about the accounts, its person is who gets them."""
    PAUSE = "pause"
    """Away for a while: what they held ends, and can be given again."""
    DEVICE_LOST = "device-lost"
    """The person stays, and goes on holding what they hold; whatever the machine could show changes."""
    JOINER = "joiner"
    """Somebody new: nothing ends, and there is no cut. It may be open while they leave again."""


class Rules(NamedTuple):
    """What one kind asks for.

    `leaves`: the person is gone, their keys end with the cut, and they are granted nothing any more. `ends_grants`: the cut ends grants; `keeps`:
    but for accounts that may be named. `anew`: what is granted after the cut is none of the case's business. `cause`: with which keys are
    revoked at the cut, empty where none are. `of_the_person`: it is the person who should know nothing any more, so that a rotation of their
    own is no proof; else it is a machine. `of_accounts`: it is accounts, whoever knows them. `joins`: somebody comes, so that there is no cut.
    `items`: what there can be to do.
    """

    items: frozenset[ItemKind]
    leaves: bool = False
    ends_grants: bool = True
    keeps: bool = False
    anew: bool = False
    cause: str = ""
    of_the_person: bool = True
    of_accounts: bool = False
    joins: bool = False


JOINING: Final = frozenset({
    ItemKind.HAND_OUT, ItemKind.ACKNOWLEDGE, ItemKind.TRAINING, ItemKind.ADDRESS, ItemKind.ENROL_KEY, ItemKind.NATIVE_ROLE, ItemKind.GRANT,
    ItemKind.HAND_OVER, ItemKind.SPOKESPERSON,
})  # fmt: skip
"""What there is to do for somebody new; no departure has any of it."""
_BACK: Final = frozenset({ItemKind.HAND_BACK, ItemKind.TAKEN_OVER, ItemKind.RETIRE})
_TIES: Final = frozenset(ItemKind) - _BACK - JOINING - {ItemKind.DESTROY_COPIES}
"""Whatever ties somebody to accounts and to the work here: no kind of item is forgotten but by saying so."""

RULES: Final[Mapping[CaseKind, Rules]] = {
    CaseKind.LEAVER: Rules(_TIES, leaves=True, cause="departure"),
    CaseKind.AGENCY_ENDED: Rules(_TIES | {ItemKind.DESTROY_COPIES}, leaves=True, cause="departure"),
    CaseKind.MOVER: Rules(_TIES - {ItemKind.DEVICE, ItemKind.RECOVERY_SHEET}, keeps=True, anew=True),
    CaseKind.CLIENT_ENDED: Rules(_BACK | {ItemKind.END_GRANT}, of_accounts=True),
    CaseKind.PAUSE: Rules(_TIES - {ItemKind.REVOKE_KEY, ItemKind.RECOVERY_SHEET}, anew=True),
    CaseKind.DEVICE_LOST: Rules(
        frozenset({ItemKind.REVOKE_KEY, ItemKind.ROTATE, ItemKind.SESSION, ItemKind.DEVICE}),
        ends_grants=False,
        cause="lost",
        of_the_person=False,
    ),
    CaseKind.JOINER: Rules(JOINING, ends_grants=False, joins=True),
}
"""Every kind has its rules. PS-4 (leaver), PS-5 (mover, pause), PS-7 d (agency), IA-5 d (device), PS-6 (joiner)."""

DEPARTURES: Final = tuple(kind for kind, rules in RULES.items() if not rules.joins)
"""Kinds that `govern offboard` opens; the other is opened with `govern onboard`."""


def verb(kind: CaseKind) -> str:
    """The command that works on cases of this kind."""
    return "onboard" if RULES[kind].joins else "offboard"


_OF_ITS_PERSON: Final = Rules(_TIES)
"""Of a client's case that names no accounts, as the first of them did: it is about the person alone, who holds nothing afterwards."""

LEAVES: Final = frozenset(kind for kind, rules in RULES.items() if rules.leaves)
"""Kinds after which the person is gone, and is granted nothing any more; after the others they may be granted anew."""


def read_kind(text: str) -> CaseKind:
    """The kind of departure of that name; raises Usage."""
    found = next((kind for kind in DEPARTURES if kind == text), None)
    if found is None:
        hint = "govern onboard open PERSON" if text == CaseKind.JOINER else f"one of {', '.join(DEPARTURES)}"
        raise Usage(f"there is no kind of departure {text[:40]!r}", hint=hint)
    return found


class Scope(NamedTuple):
    """Which part of what ties the person to the company a case is about.

    `kept`: accounts (ids) that go on; `keys`: of the machine that is lost, hex ids; `before`: the index in the ledger at which the cut was made
    and the last of these keys was revoked, 0 before that: what came to be later was never on that machine.
    """

    kind: CaseKind = CaseKind.LEAVER
    kept: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    before: int = 0
    accounts: frozenset[str] = frozenset()
    """Of a client: those that go back."""

    @property
    def rules(self) -> Rules:
        rules = RULES[self.kind]
        return rules if self.accounts or not rules.of_accounts else _OF_ITS_PERSON

    @property
    def knows_all(self) -> bool:
        """Whether it is about whatever the person could know."""
        return not (self.kept or self.keys or self.before or self.rules.of_accounts)

    def takes(self, kind: ItemKind, account: str) -> bool:
        """Whether such an item, about this account or about none, belongs to the case."""
        if account in self.kept or kind not in self.rules.items:
            return False
        return not (kind is ItemKind.REVOKE_KEY and self.rules.keeps and self.kept)  # who goes on holding something may need their keys


WHOLE: Final = Scope()
"""All that ties somebody who leaves."""
