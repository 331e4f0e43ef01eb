"""Draws up the items of a departure from what a person holds, answers for and could know. Pure: ids and values in, items out.

Nothing that the person could know is left out, and nothing else is put in: a list that is not exact is not worked through.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from govern.canonical import spelled
from govern.offboarding import beside, deadlines
from govern.offboarding.beside import Tie
from govern.offboarding.items import Item, ItemKind
from govern.offboarding.kinds import WHOLE, Scope
from govern.policy.rules import Policy
from govern.vocabulary import KINDS, TIERS


class Known(NamedTuple):
    """One live version that the person could know, and every basis on which they could."""

    account: str
    credential: str
    kind: str
    version: int
    bases: frozenset[str]


class Account(NamedTuple):
    """What the list needs of an account. `needs`: ids of accounts it depends on.

    `attended`: whether anybody else who stays holds it or answers for it; `openable`: whether every sealed live version can be opened by
    somebody else than the person, recovery not counted.
    """

    id: str
    handle: str
    tier: str
    needs: frozenset[str] = frozenset()
    attended: bool = False
    openable: bool = True
    lead_days: int = 0
    """How long its platform makes a successor wait before they can take over."""


class Circumstances(NamedTuple):
    """Everything that ties a person to the company's accounts, as the ledger knows it at one instant."""

    accounts: Mapping[str, Account]
    """Id -> every account that the fields below name."""
    granted: Sequence[str] = ()
    custody: Sequence[str] = ()
    deputy: Sequence[str] = ()
    known: Sequence[Known] = ()
    sealed: Sequence[str] = ()
    """Accounts of which the person's keys can open a live version."""
    places: Sequence[str] = ()
    roles: Sequence[str] = ()
    keys: Sequence[str] = ()
    ties: Sequence[Tie] = ()
    """Beside secrets: roles on platforms, tools, devices, where codes and recovery go."""
    only_admin: bool = False
    """Nobody else who stays has the role admin and a key."""
    recovery_keys: Sequence[str] = ()
    """The recovery key in force, where the person keeps a sheet of it."""


_BASES: Final = (
    "revealed", "set", "handed-over", "exported", "imported", "declared", "sealed", "place", "recovery", "unknown",
)  # fmt: skip
"""The basis that stands for several: what says most comes first."""


def draw_up(found: Circumstances, policy: Policy, *, cut_at: str, scope: Scope = WHOLE, last_day: str = "") -> tuple[Item, ...]:
    """All items in the order to work in: what only this person could do, the cut, duties, their own roles and where codes go,
    secrets, tools, devices, places, roles and keys.

    Of a machine that is lost everything is due at once, as after any compromise. Where a platform makes a successor wait, naming one is due so
    much before the last day (a date; without one the cut).
    """
    if scope.rules.of_accounts:
        return _handed_back(found, policy, cut_at)
    by_handle = sorted(found.accounts.values(), key=lambda account: account.handle)
    granted, sealed = frozenset(found.granted), frozenset(found.sealed)
    tied = {*granted, *found.custody, *found.deputy, *sealed}
    items = [Item(kind=ItemKind.SUCCESSOR_ADMIN, due=cut_at, blocking=True)] if found.only_admin else []
    items += [Item(kind=ItemKind.RECOVERY_SHEET, about=key, due=cut_at, blocking=True) for key in found.recovery_keys]
    items += [
        Item(kind=ItemKind.SOLE_HOLDER, account=account.id, due=cut_at, blocking=True)
        for account in by_handle
        if account.id in tied and (not account.attended or (account.id in sealed and not account.openable))
    ]
    items += beside.in_the_way(found.ties, due=cut_at)
    items += [Item(kind=ItemKind.END_GRANT, account=account.id, due=cut_at) for account in by_handle if account.id in granted]
    for kind, accounts in ((ItemKind.CUSTODY, frozenset(found.custody)), (ItemKind.DEPUTY, frozenset(found.deputy))):
        items += [
            Item(kind=kind, account=account.id, due=deadlines.duty_due(policy, account.tier, cut_at))
            for account in by_handle
            if account.id in accounts
        ]
    tiers = {account.id: account.tier for account in by_handle}
    items += beside.before_secrets(found.ties, tiers, policy, cut_at=cut_at)
    items += rotations(found, policy, cut_at=cut_at)
    items += beside.after_secrets(found.ties, tiers, policy, cut_at=cut_at)
    place_due = deadlines.duty_due(policy, "standard", cut_at)
    items += [Item(kind=ItemKind.CLEAN_PLACE, about=place, due=place_due) for place in found.places]
    items += [Item(kind=ItemKind.WITHDRAW_ROLE, about=role, due=cut_at) for role in found.roles]
    items += [Item(kind=ItemKind.REVOKE_KEY, about=key, due=cut_at) for key in found.keys]
    if items:
        items.append(Item(kind=ItemKind.DESTROY_COPIES, due=place_due))
    chosen = [item for item in items if scope.takes(item.kind, item.account)]
    last = f"{last_day}T00:00:00Z" if last_day else cut_at
    chosen = [_in_time(item, successor_due(item, found.accounts, last)) for item in chosen]
    if scope.rules.of_the_person:
        return tuple(chosen)
    return tuple(item._replace(due=cut_at) for item in sorted(chosen, key=lambda item: item.kind is not ItemKind.REVOKE_KEY))


def _handed_back(found: Circumstances, policy: Policy, cut_at: str) -> tuple[Item, ...]:
    """A client's accounts: everybody's grants end, then each is given back, taken over and retired; what others recover through first."""
    depth = _depths({account.id: account.needs for account in found.accounts.values()})
    ordered = sorted(found.accounts.values(), key=lambda account: (depth[account.id], account.handle))
    items = [Item(kind=ItemKind.END_GRANT, account=account.id, due=cut_at) for account in ordered if account.id in found.granted]
    for kind in (ItemKind.HAND_BACK, ItemKind.TAKEN_OVER, ItemKind.RETIRE):
        items += [Item(kind=kind, account=account.id, due=deadlines.duty_due(policy, account.tier, cut_at)) for account in ordered]
    return tuple(items)


SUCCESSION: Final = frozenset({ItemKind.SOLE_HOLDER, ItemKind.NATIVE_ADMIN, ItemKind.CUSTODY})
"""Items that ask for somebody else to take over an account."""


def _in_time(item: Item, by: str) -> Item:
    """The item, due no later than that, where there is such a time."""
    return item._replace(due=by) if by and by < item.due else item


def successor_due(item: Item, accounts: Mapping[str, Account], last: str) -> str:
    """When a successor is to be named at the latest so that they can take over by the last moment (UTC); empty where no platform asks for time."""
    days = accounts[item.account].lead_days if item.kind in SUCCESSION else 0
    return deadlines.ahead(last, days) if days else ""


def rotations(found: Circumstances, policy: Policy, *, cut_at: str) -> list[Item]:
    """One item per live version known: seen before merely possible, and what others recover through before these."""
    at_most: dict[tuple[str, frozenset[str]], str] = {}

    def due_of(known: Known) -> str:
        """Reckoned once for all that are of one tier and known alike."""
        alike = found.accounts[known.account].tier, known.bases
        if alike not in at_most:
            at_most[alike] = deadlines.rotation_due(policy, *alike, cut_at)
        return at_most[alike]

    own: dict[str, str] = {}
    for known in found.known:
        due = due_of(known)
        own[known.account] = min(due, own.get(known.account, due))
    needs = {account.id: account.needs for account in found.accounts.values()}
    brought = deadlines.needed_first(own, needs)
    depth = _depths(needs)

    def item(known: Known) -> Item:
        due = due_of(known)
        if brought[known.account] < own[known.account]:
            due = min(due, brought[known.account])
        basis = next(basis for basis in _BASES if basis in known.bases)
        return Item(ItemKind.ROTATE, due, known.account, known.credential, known.version, basis=basis)

    def order(pair: tuple[Known, Item]) -> tuple[object, ...]:
        known, item = pair
        account = found.accounts[known.account]
        return (item.due, depth[account.id], TIERS.index(account.tier), account.handle, KINDS.index(known.kind), known.version)

    return [item for _, item in sorted(((known, item(known)) for known in found.known), key=order)]


def _depths(needs: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """How many accounts stand behind each one; in a circle the first by id counts as needing nothing."""
    depths: dict[str, int] = {}

    def depth(account: str, above: frozenset[str]) -> int:
        if account not in depths:
            if account in above or len(above) > 100:
                return 0
            further = [depth(needed, above | {account}) for needed in sorted(needs[account]) if needed in needs]
            depths[account] = 1 + max(further) if further else 0
        return depths[account]

    for account in sorted(needs):
        depth(account, frozenset())
    return depths


def frozen(known: Sequence[Known]) -> str:
    """SHA-256 over the list of what was known, as hex: canonical rows [credential, version, bases], sorted, one per line.

    With the size of the ledger that it was taken at, anybody who can read the ledger can compute it again.
    """
    rows = sorted(spelled([one.credential, one.version, sorted(one.bases)]) for one in known)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
