"""Many rotations opened, and many candidates sealed, by one fact for a hundred of them instead of one for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from govern.errors import Refused
from govern.register.queries import rotations
from govern.vault.chance import ahead

if TYPE_CHECKING:
    from govern.procedures.candidates import Candidate
    from govern.register.queries.rotations import Rotation
    from govern.register.transaction import Transaction
    from govern.rotation.triggers import Trigger
    from govern.vault.keys import Recipient

_OPENED: Final = 500
_STAGED: Final = 300
"""Rows of one fact: an event holds 64 KiB."""


def open_rotations(tx: Transaction, wanted: Sequence[tuple[str, str]], trigger: Trigger, *, person: str = "") -> None:
    """Open a rotation of each credential (id), due by a UTC time or empty; `person`: whose departure asks for it. None may be open yet."""
    draw = ahead(tx.workspace.random, 16 * len(wanted))
    for start in range(0, len(wanted), _OPENED):
        rows = [[draw(16).hex(), credential, by] for credential, by in wanted[start : start + _OPENED]]
        tx.record("rotations.opened", {"rotations": rows, "trigger": trigger.value, "person": person or None})


def stage(tx: Transaction, wanted: Sequence[tuple[Rotation, tuple[Recipient, ...]]], *, typeable: bool = False) -> dict[str, Candidate]:
    """Generate and seal a candidate of each rotation to its recipients; credential -> candidate. What is refused is missing from it."""
    staged: dict[str, Candidate] = {}
    for to, part in _alike(wanted):
        try:
            staged |= _stage(tx, part, to, typeable)
        except Refused:
            continue
    return staged


def _alike(wanted: Sequence[tuple[Rotation, tuple[Recipient, ...]]]) -> Iterator[tuple[tuple[Recipient, ...], list[Rotation]]]:
    """Parts that are sealed to the same recipients, none larger than an event."""
    groups: dict[tuple[Recipient, ...], list[Rotation]] = {}
    met: dict[int, list[Rotation]] = {}  # most are the very same tuple, and looking one up by its keys takes longer than all else here
    for rotation, to in wanted:
        if id(to) not in met:
            met[id(to)] = groups.setdefault(to, [])
        met[id(to)].append(rotation)
    for to, group in groups.items():
        for start in range(0, len(group), _STAGED):
            yield to, group[start : start + _STAGED]


def _stage(tx: Transaction, part: Sequence[Rotation], to: Sequence[Recipient], typeable: bool) -> dict[str, Candidate]:
    from govern.procedures import candidates, sealing

    made = candidates.make_new(tx, part, rotations.newest_among(tx.register, [rotation.credential for rotation in part]), typeable=typeable)
    manifests, wraps = sealing.seal_all(tx, [(one.context, one.fields) for one in made], to)
    staged = {rotation.credential: one.candidate for rotation, one in zip(part, made, strict=True)}
    rows = [
        [rotation.credential, one.candidate.n, rotation.id, manifest, one.candidate.reuses]
        for rotation, one, manifest in zip(part, made, manifests, strict=True)
    ]
    tx.record("candidates.staged", {"candidates": rows, "recipients": sealing.keys_of(to), "wraps": wraps})
    return staged
