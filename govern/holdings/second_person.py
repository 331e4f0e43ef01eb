"""Who counts as the second person of a two-person act: nobody whom one person alone could have made up. Pure; knows ids, no ledger.

A key may be in the hands of whoever enrolled it, and an admin speaks for whoever made them one. So each key remembers the keys that stood
behind its enrolment, each admin the keys behind the promotion. What stands behind a key *alone* controls it, and so on through all that it
has signed in turn. Two keys are two persons only where nobody can hold both. Control: NIST SP 800-53 rev. 5 AC-5, AC-3(2) (dual authorization).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

GENESIS: Final = "genesis"
"""Stands behind the founder, in the place of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that was ever enrolled: whose it is (person id; None: recovery's) and the ids of the keys that stood behind it."""

    person: str | None
    sponsors: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """`keys`: key id -> key, revoked ones too. `admins`: person id of each admin -> ids of the keys that made them one."""

    keys: Mapping[str, Key]
    admins: Mapping[str, frozenset[str]]


def controlled(person: str, ties: Ties) -> frozenset[str]:
    """Ids of all keys that this person could use alone: their own, and each one that nobody else has vouched for, through any number of hands."""
    found = {id_ for id_, key in ties.keys.items() if key.person == person}
    waiting = True
    while waiting:
        more = {id_ for id_, key in ties.keys.items() if id_ not in found and _falls(key, ties, found)}
        found |= more
        waiting = bool(more)
    return frozenset(found)


def _falls(key: Key, ties: Ties, held: set[str]) -> bool:
    if key.person is None:
        return False
    if key.sponsors <= held:
        return True
    return key.person in ties.admins and ties.admins[key.person] <= held


def independent(one: str, other: str, ties: Ties) -> bool:
    """Whether these two keys (ids) are certainly two persons': there is nobody who could use both alone."""
    if one not in ties.keys or other not in ties.keys:
        return False
    people = {key.person for key in ties.keys.values() if key.person is not None}
    return not any({one, other} <= controlled(person, ties) for person in people)
