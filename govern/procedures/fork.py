"""The restore that no journal can mend: history goes on from an earlier point, which two persons sign and each member accepts by themselves.

Nothing of the lost tail that took something from somebody is lost with it: who could know what, whose keys, roles and grants had ended. It is read
from the register of whoever restores, which stays in their state folder, and recorded anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.errors import GovernError, IntegrityError, Refused
from govern.holdings import proposals as rules
from govern.holdings.proposals import Act, Made, State
from govern.ledger.checkpoint import parse_checkpoint, parse_note
from govern.procedures import keys, proposals, restore, sealing
from govern.register import connection, sync
from govern.register.clock import Clock
from govern.register.pin import Pin, read_pin
from govern.register.projection import sponsors
from govern.register.queries import proposals as queries
from govern.register.queries import rotations
from govern.register.queries.proposals import Proposal
from govern.register.workspace import Workspace
from govern.rotation.triggers import Trigger
from govern.store.database import discard_store, open_store
from govern.store.peek import real

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.store.address import Location
    from govern.vault.sheet import Sheet

MEMORY: Final = ("pin", "journal", "journal.personal", "register.db", "register.db-wal", "register.db-shm")
_PART: Final = 300
_STAGE: Final = "forking"

Make = Callable[..., Workspace]
"""Opens this member's workspace; takes `home` and `noted`, a checkpoint to begin anew from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """The proposal, how many entries the restored database had, and where the old database and this machine's memory of the old head lie."""

    proposal: Proposal
    taken: int
    given_up: int
    aside: Path | str | None
    memory: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The head given up and the one followed now; the two who signed it (person ids; the second may be the recovery key's); the old memory."""

    old: int
    new: int
    proposer: str
    second: str
    memory: Path | None


# --- making one ----------------------------------------------------------------------------------------------------------------------


def fork(make: Make, location: Location, home: Path, source: Path, now: str, *, reason: str = "", sheets: Sequence[Sheet] = ()) -> Fork:
    """Put `source` in the place of the database and propose to go on from there; with sheets the quorum approves it at once.

    Refused where journal and backup together give what was verified here (rule `mendable`). Where anything fails, all is as it was.
    """
    location = real(location) if isinstance(location, Path) else location
    restore.backup_at(source)
    pin = _pin(home)
    fresh = Path(f"{location}.forking") if isinstance(location, Path) else home / "vault.forking"
    discard_store(fresh)
    try:
        _not_mendable(fresh, home, source, pin)
        restore.copy(source, fresh)
        taken, noted = _head(fresh)
        aside, put_back = restore.swap(location, fresh)
    finally:
        discard_store(fresh)
    memory = _set_aside(home)
    try:
        made = _propose(make(noted=noted), memory, pin, reason, now, sheets)
    except BaseException:
        put_back()
        _bring_back(home, memory)
        raise
    return Fork(proposal=made, taken=taken, given_up=pin.size, aside=aside, memory=memory)


def _pin(home: Path) -> Pin:
    pin = read_pin(home / "pin")
    if pin is None:
        raise Refused("this machine has verified nothing of this vault yet", rule="no-pin", hint="another admin restores it")
    with closing(_register(home)) as db:
        if not connection.is_usable(db) or connection.state(db, "note") != pin.note:
            raise Refused(
                "the register of this machine does not stand at its pin", rule="register-behind", hint="another admin restores it"
            )
    return pin


def _register(home: Path) -> sqlite3.Connection:
    return connection.connect(home / "register.db")


def _not_mendable(fresh: Path, home: Path, source: Path, pin: Pin) -> None:
    try:
        restore.build(fresh, home, source, pin)
    except IntegrityError:
        return
    finally:
        discard_store(fresh, filled=True)
    raise Refused(
        "journal and backup together give all that was verified here", rule="mendable", control="CP-10", hint="govern vault restore FILE"
    )


def _head(fresh: Path) -> tuple[int, bytes]:
    store = open_store(fresh)
    try:
        with store.reading() as reading:
            return reading.head()
    finally:
        store.close()


def _propose(workspace: Workspace, memory: Path, pin: Pin, reason: str, now: str, sheets: Sequence[Sheet]) -> Proposal:
    root = parse_checkpoint(parse_note(pin.note).text).root.hex()
    told = {"size": pin.size, "root": root, "note": hashlib.sha256(pin.note).hexdigest()}
    try:
        workspace.view()
        with closing(_register(memory)) as old, workspace.transaction(now) as tx:
            made = proposals.propose(tx, Act.RESTORE, told, reason)
            _carry(tx, old, made.id)
        return proposals.approve_with_sheets(workspace, sheets, made.id, now) if sheets else made
    finally:
        workspace.close()


# --- what is not lost with the tail -----------------------------------------------------------------------------------------------------


def _carry(tx: Transaction, old: sqlite3.Connection, proposal: str) -> None:
    """Record again whatever the tail took from somebody, and who could know what by then."""
    _people(tx, old)
    new = tx.register
    active = {row[0] for row in new.execute("SELECT id FROM keys WHERE state = 'active'")}
    for cause, ids in _by_cause(old, active):
        keys.revoke(tx, ids, cause, spare_last=True)
    for id_ in _gone(old, new, "services", "id", "ended IS NULL"):
        tx.record("service.withdrawn", {"authority": id_})
    roles = set(old.execute("SELECT person, role FROM roles"))
    for person, role in new.execute("SELECT person, role FROM roles WHERE role <> 'service' ORDER BY person, role").fetchall():
        if (person, role) not in roles:
            tx.record("role.withdrawn", {"person": person, "role": role})
    for id_ in _gone(old, new, "grants", "id", "ended_at IS NULL"):
        person, account = new.execute("SELECT person, account FROM grants WHERE id = ?", (id_,)).fetchone()
        tx.record("grant.ended", {"grants": [id_], "cause": "revoked"})
        if not new.execute("SELECT 1 FROM accounts WHERE id = ? AND ? IN (custodian, deputy)", (account, person)).fetchone():
            sealing.end_wraps(tx, person, [account])
    rows = sorted(_exposures(old, new))
    parts = [rows[start : start + _PART] for start in range(0, len(rows), _PART)]
    for number, part in enumerate(parts, start=1):
        body = {"proposal": proposal, "part": number, "of": len(parts), "exposures": [list(row) for row in part]}
        tx.record("exposures.carried", body)
    _rotate(tx, old)


def _people(tx: Transaction, old: sqlite3.Connection) -> None:
    there = {row[0]: row[1:] for row in tx.register.execute("SELECT id, leaving, left_on FROM people")}
    rows = old.execute("SELECT id, handle, name, mail, department, locale, agency, external, leaving, last_day, left_on FROM people")
    for id_, handle, name, mail, department, locale, agency, external, leaving, last_day, left_on in rows:
        if id_ not in there:
            told = {"handle": handle, "name": name, "mail": mail, "department": department, "locale": locale, "agency": agency}
            tx.record("person.added", {"person": id_, "external": bool(external) or None, "left": left_on}, told)
        elif left_on and not there[id_][1]:
            tx.record("person.left", {"person": id_, "on": left_on})
        if leaving and not there.get(id_, (0,))[0]:
            tx.record("person.leaving", {"person": id_, "last_day": last_day})


def _by_cause(old: sqlite3.Connection, active: set[str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for key, cause in old.execute("SELECT key, cause FROM revocations ORDER BY entry"):
        if key in active:
            found.setdefault(cause, []).append(key)
    yield from found.items()


def _gone(old: sqlite3.Connection, new: sqlite3.Connection, table: str, column: str, standing: str) -> list[str]:
    """Ids that stand in the new register and had ended in the old."""
    stood = {row[0] for row in old.execute(f"SELECT {column} FROM {table} WHERE {standing}")}  # noqa: S608  names are ours
    return [row[0] for row in new.execute(f"SELECT {column} FROM {table} WHERE {standing} ORDER BY entry") if row[0] not in stood]  # noqa: S608


def _newest(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT credential, max(n) FROM versions GROUP BY credential"))


def _exposures(old: sqlite3.Connection, new: sqlite3.Connection) -> set[tuple[str, str, int, str, str]]:
    """Of a version that the new history lacks, whoever knew it counts as knowing the newest that there is: more people than knew, never fewer."""
    newest = _newest(new)
    have = set(new.execute("SELECT person, credential, n, basis FROM exposures"))
    found: dict[tuple[str, str, int, str], str] = {}
    for person, credential, n, basis, since in old.execute("SELECT person, credential, n, basis, since FROM exposures"):
        if credential in newest and len(person) == 32:
            row = (person, credential, min(n, newest[credential]), basis)
            if row not in have:
                found[row] = min(found.get(row, since), since)
    return {(*row, since if len(since) == 20 else f"{since[:10]}T00:00:00Z") for row, since in found.items()}


def _rotate(tx: Transaction, old: sqlite3.Connection) -> None:
    """What was changed in the tail is to be changed again: the secret that is left works no more, or was never the newest."""
    newest = _newest(tx.register)
    for credential, n in sorted(_newest(old).items()):
        if credential in newest and n > newest[credential] and rotations.open_of(tx.register, credential) is None:
            body = {"rotation": tx.new_id(), "credential": credential, "trigger": Trigger.MANUAL.value, "due": tx.now}
            tx.record("rotation.opened", body)


# --- following one ----------------------------------------------------------------------------------------------------------------------


def accept(make: Make, home: Path, noted: bytes, now: str, *, approve: str = "", look: bool = False) -> Accepted:
    """Follow a fork that two persons have signed, by the rules of this machine's own register of the old head; `approve` is the id of the proposal
    where this member is the second of them. With `look` it is only told.

    Raises Refused where the database holds no such fork, or the signers are not two admins here.
    """
    pin = _pin(home)
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
        with closing(_register(home)) as old:
            if approve and not look:
                found = queries.find(new, approve)
                _gives_up(found, pin)
                _second(old, found, workspace.person, workspace.keys.id.hex())
                with workspace.transaction(now) as tx:
                    proposals.approve(tx, queries.by_id(tx.register, found.id))
            made = _signed(workspace.view(), old, pin)
        size = int(workspace.view().execute("SELECT count(*) FROM entries").fetchone()[0])
        workspace.close()
        if look:
            return Accepted(old=pin.size, new=size, proposer=made.proposer, second=made.second, memory=None)
        memory = _set_aside(home)
        try:
            for name in MEMORY:
                if (stage / name).exists():
                    os.replace(stage / name, home / name)
        except OSError:
            _bring_back(home, memory)
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
        raise Refused("whoever proposed the fork was no admin any more, or not with that key", rule="fork-signer", control="AC-3(2)")
    told = Made(proposer=made.proposer, key=made.key)
    if old.execute("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", (key,)).fetchone():
        rules.approve_as_recovery(told, admins, ties)
        return
    if key not in held.get(second, frozenset()):
        raise Refused("whoever approved the fork was no admin any more, or not with that key", rule="fork-signer", control="AC-3(2)")
    rules.approve_as_admin(told, second, key, ties)


# --- this machine's memory ---------------------------------------------------------------------------------------------------------------


def _set_aside(home: Path) -> Path:
    number = 1
    while (memory := home / f"before-fork-{number}").exists():
        number += 1
    memory.mkdir(mode=0o700)
    for name in MEMORY:
        if (home / name).exists():
            os.replace(home / name, memory / name)
    return memory


def _bring_back(home: Path, memory: Path) -> None:
    for name in MEMORY:
        (home / name).unlink(missing_ok=True)
        if (memory / name).exists():
            os.replace(memory / name, home / name)
    memory.rmdir()
