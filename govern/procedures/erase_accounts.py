"""Forgetting accounts that were handed back, secrets included: what goes is put to a second person, one by one. With the approval it is gone."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Final

from govern.errors import IntegrityError, NotFound, Refused, Usage
from govern.holdings.proposals import Act
from govern.procedures.proposals import propose as make_proposal
from govern.register.projection.erasing_accounts import ABOUT, VERSIONS, WRAPS
from govern.register.queries import accounts
from govern.register.queries.accounts import Account
from govern.register.queries.proposals import Proposal
from govern.register.transaction import Transaction
from govern.vault.seal import wrap_digest

_PART: Final = 300
_MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasable:
    """What would go: the accounts, ledger indices of entries about them, their sealed versions and the wraps of these that stand."""

    accounts: tuple[Account, ...]
    entries: tuple[int, ...]
    versions: tuple[tuple[str, int], ...]
    wraps: tuple[tuple[str, int, str, str], ...]
    """Credential, version, key, manifest."""


def plan(db: sqlite3.Connection, selector: str) -> Erasable:
    """What an erasure of these accounts would take. Raises Refused while a case that this member reads has something open about them; whether
    it is time, the proposal is judged by."""
    chosen = accounts.select(db, selector)
    if len(chosen) > _MOST:
        raise Usage(f"{len(chosen)} accounts are too many at once", hint=f"select up to {_MOST}, with client:… or tag:…")
    for account in chosen:
        if db.execute(_OPEN, (account.id,)).fetchone():
            raise Refused(
                f"a case about {account.handle} is still open", rule="open-case", control="SI-12(3)", hint="close it first: govern offboard list"
            )  # fmt: skip
    asked = {"accounts": json.dumps([account.id for account in chosen])}
    gone = {row[0] for row in db.execute("SELECT entry FROM erased")}
    found = Erasable(
        accounts=tuple(chosen), entries=tuple(sorted({row[0] for row in db.execute(ABOUT, asked)} - gone)),
        versions=tuple((credential, n) for credential, n, _ in db.execute(VERSIONS, asked)),
        wraps=tuple(tuple(row) for row in db.execute(WRAPS, asked)),
    )  # fmt: skip
    if not (found.entries or found.versions):
        raise NotFound("nothing is kept of them that could be erased", hint="govern account list --all")
    return found


_OPEN: Final = """
SELECT 1 FROM cases c WHERE c.state <> 'closed' AND (
  EXISTS (SELECT 1 FROM items i WHERE i.case_id = c.id AND i.account = ?1)
  OR EXISTS (SELECT 1 FROM json_each(c.accounts) WHERE value = ?1))
"""


def propose(tx: Transaction, selector: str, reason: str = "") -> Proposal:
    """Propose it, with the list of everything that goes: each entry, each version, each wrap with its digest."""
    found = plan(tx.register, selector)
    wraps = [[credential, n, key, _digest(tx, manifest, key)] for credential, n, key, manifest in found.wraps]
    own = [tx.size] if reason else []
    entries = sorted({*found.entries, *own})
    parameters = {
        "accounts": [account.id for account in found.accounts], "entries": len(entries), "versions": len(found.versions), "wraps": len(wraps),
    }  # fmt: skip
    proposal = make_proposal(tx, Act.ACCOUNTS, parameters, reason)
    parts = range(0, len(entries), 5000)
    for number, start in enumerate(parts, start=1):
        tx.record("erasure.listed", {"proposal": proposal.id, "part": number, "of": len(parts), "entries": entries[start : start + 5000]})
    parts = range(0, max(len(found.versions), len(wraps)), _PART)
    for number, start in enumerate(parts, start=1):
        versions = [list(one) for one in found.versions[start : start + _PART]]
        tx.record(
            "erasure.sealed",
            {"proposal": proposal.id, "part": number, "of": len(parts), "versions": versions, "wraps": wraps[start : start + _PART]},
        )
    return proposal


def _digest(tx: Transaction, manifest: str, key: str) -> str:
    target, recipient = bytes.fromhex(manifest), bytes.fromhex(key)
    wrapped = tx.read_wrap(target, recipient)
    if wrapped is None:
        raise IntegrityError(
            "a wrap that the ledger commits to is gone from the store", code="missing", hint="govern vault restore --refill"
        )
    return wrap_digest(target, recipient, wrapped).hex()
