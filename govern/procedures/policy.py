"""Reading a policy file, and putting it in force. A policy that asks for less than the one before takes two persons, but for a vault of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.bounded import contents
from govern.canonical import canonical
from govern.holdings.proposals import Act
from govern.policy.compare import weaker
from govern.policy.rules import Policy
from govern.procedures.proposals import propose
from govern.register.queries import policies
from govern.register.queries.proposals import Proposal, is_second_needed

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_LARGEST: Final = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The policy now in force. `digest`: SHA-256 (hex) of its record; `weaker`: names of rules that ask for less than before."""

    policy: Policy
    digest: str
    weaker: tuple[str, ...]
    changed: bool
    proposal: Proposal | None = None
    """Where it asks for less and that takes two persons: nothing has changed yet."""


def read(file: Path, preset: str) -> Policy:
    """The policy of this preset in a file; raises NotFound, Failed, or Malformed "FILE:LINE: what is wrong"."""
    from govern.policy.parse import parse_policy

    return parse_policy(contents(file, _LARGEST), name=str(file), preset=preset)


def digest(policy: Policy) -> str:
    """SHA-256 (hex) of the policy's canonical record."""
    return hashlib.sha256(canonical(policy.to_record())).hexdigest()


def adopt(tx: Transaction, policy: Policy, reason: str = "") -> Adopted:
    """Put a policy in force, or propose one that asks for less; nothing is recorded where it is in force already."""
    before = policies.policy(tx.register)
    found = digest(policy)
    changed, less = found != digest(before), tuple(weaker(before, policy))
    if changed and less and is_second_needed(tx.register, Act.POLICY):
        proposal = propose(tx, Act.POLICY, {"policy": policy.to_record(), "digest": found}, reason)
        return Adopted(policy=policy, digest=found, weaker=less, changed=False, proposal=proposal)
    if changed:
        tx.record("policy.adopted", {"policy": policy.to_record(), "digest": found})
    return Adopted(policy=policy, digest=found, weaker=less, changed=changed)
