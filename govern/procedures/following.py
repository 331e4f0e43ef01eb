"""Following a fork: each member by themselves, by the rules of their own register of the head that is given up."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govern.errors import GovernError, IntegrityError, Refused
from govern.holdings import proposals as rules
from govern.holdings.proposals import Act, Made, State
from govern.procedures import proposals
from govern.procedures.fork import Make
from govern.procedures.set_aside import MEMORY, bring_back, pinned, register_at, set_aside
from govern.register import connection, sync
from govern.register.clock import Clock
from govern.register.pin import Pin
from govern.register.projection import sponsors
from govern.register.queries import proposals as queries
from govern.register.queries.proposals import Proposal

_STAGE: Final = "forking"
_ANEW: Final = "ask two admins of today for a fork of theirs: govern vault restore FILE --fork"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The head given up and the one followed now; the two who signed it (person ids; the second may be the recovery key's); the old memory."""

    old: int
    new: int
    proposer: str
    second: str
    memory: Path | None


def accept(make: Make, home: Path, noted: bytes, now: str, *, approve: str = "", look: bool = False) -> Accepted:
    """Follow a fork that two persons have signed, by the rules of this machine's own register of the old head; `approve` is the id of the proposal
    where this member is the second of them. With `look` it is only told.

    Raises Refused where the database holds no such fork, or the signers are not two admins here.
    """
    pin = pinned(home)
    stage = home / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o700)
    workspace = make(home=stage, noted=noted)
    try:
        new = workspace.view()
        with workspace.store.reading() as reading:
            try:
                sync.check_against_pin(reading, pin)
            except IntegrityError:
                pass
            else:
                raise Refused("the vault holds what this machine has verified: there is no fork", rule="pinned", hint="govern status")
        with closing(register_at(home)) as old:
            if approve and not look:
                found = queries.find(new, approve)
                _is_new(old, found)
                _gives_up(found, pin)
                _second(old, found, workspace.person, workspace.keys.id.hex())
                with workspace.transaction(now) as tx:
                    proposals.approve(tx, queries.by_id(tx.register, found.id))
            made = _signed(workspace.view(), old, pin)
        size = int(workspace.view().execute("SELECT count(*) FROM entries").fetchone()[0])
        workspace.close()
        if look:
            return Accepted(old=pin.size, new=size, proposer=made.proposer, second=made.second, memory=None)
        memory = set_aside(home)
        try:
            for name in MEMORY:
                if (stage / name).exists():
                    os.replace(stage / name, home / name)
        except OSError:
            bring_back(home, memory)
            raise
    finally:
        workspace.close()
        shutil.rmtree(stage, ignore_errors=True)
    return Accepted(old=pin.size, new=size, proposer=made.proposer, second=made.second, memory=memory)


def _signed(new: sqlite3.Connection, old: sqlite3.Connection, pin: Pin) -> Proposal:
    """The approved fork that gives up this machine's head, by two who are two here as well; else why not."""
    reason: GovernError | None = None
    for made in queries.proposals(new):
        if made.act is not Act.RESTORE or made.state is not State.APPROVED:
            continue
        try:
            _is_new(old, made)
            _gives_up(made, pin)
            key = new.execute(
                "SELECT e.key FROM entries e JOIN proposals p ON p.ended_entry = e.idx WHERE p.id = ?", (made.id,)
            ).fetchone()[0]  # fmt: skip
            _second(old, made, made.second, key)
        except GovernError as error:
            reason = error
            continue
        return made
    raise reason or Refused(
        "nobody has signed this fork: the vault was rolled back, or forked, by somebody who may not", rule="fork-unsigned", control="AC-3(2)",
        hint="compare the checkpoints of several members: govern ledger compare NOTE",
    )  # fmt: skip


def _is_new(old: sqlite3.Connection, made: Proposal) -> None:
    """A fork that this machine has in its own history was followed already: shown again, it would take back what was recorded since."""
    if old.execute("SELECT 1 FROM proposals WHERE id = ?", (made.id,)).fetchone():
        raise Refused(
            "this machine has followed that fork already: the vault was rolled back to behind it", rule="fork-followed", control="AC-3(2)",
            hint="put the newest database back, or each member refills it: govern vault restore --refill",
        )  # fmt: skip


def _gives_up(made: Proposal, pin: Pin) -> None:
    size, note = made.parameters.get("size", 0), made.parameters.get("note")
    if made.act is not Act.RESTORE or size < pin.size or (size == pin.size and note != hashlib.sha256(pin.note).hexdigest()):
        raise Refused(
            "this machine has verified more than those who signed the fork have given up", rule="fork-older", control="AC-3(2)",
            hint="this member refills the vault, or makes the fork: govern vault restore --refill",
        )  # fmt: skip


def _second(old: sqlite3.Connection, made: Proposal, second: str, key: str) -> None:
    """The two are two by the register of the old head: nobody who had lost the role or the key by then signs a way back to before."""
    admins, ties = sponsors.admins(old, Clock.load(connection.state(old, "clock")).now), sponsors.ties(old)
    held = {admin.person: admin.keys for admin in admins}
    if made.key not in held.get(made.proposer, frozenset()):
        raise Refused(
            "whoever proposed the fork was no admin any more, or not with that key",
            rule="fork-signer",
            control="AC-3(2)",
            hint=_ANEW,
        )
    told = Made(proposer=made.proposer, key=made.key)
    if old.execute("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", (key,)).fetchone():
        rules.approve_as_recovery(told, admins, ties)
        return
    if key not in held.get(second, frozenset()):
        raise Refused(
            "whoever approved the fork was no admin any more, or not with that key",
            rule="fork-signer",
            control="AC-3(2)",
            hint=_ANEW,
        )
    rules.approve_as_admin(told, second, key, ties)
