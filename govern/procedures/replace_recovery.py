"""Another recovery key: proposed with new sheets, in force once a second person approves, then sealed to by whoever can open things."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from govern.errors import Refused
from govern.holdings.proposals import Act
from govern.ledger.commitment import EpochKey
from govern.procedures.found import write_sheets
from govern.procedures.proposals import propose as make_proposal
from govern.procedures.sealing import Stored, add_wraps, end_each
from govern.procedures.sheets import remember
from govern.register.connection import state
from govern.register.queries.proposals import Proposal
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.vault.epoch import seal_previous, wrap_epoch
from govern.vault.keys import Keys, Recipient, prove_possession
from govern.vault.recovery import make_sheets
from govern.vault.seal import set_digest, wrap_digest
from govern.vault.secret import SecretBytes
from govern.vault.sheet import Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The proposal, and the sheets that count once it is approved."""

    proposal: Proposal
    sheets: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """Live secrets now sealed to the recovery key in force, compartments given a new key, and live secrets that it still can't open."""

    sealed: int
    epochs: int
    left: int

    def told(self) -> str:
        rest = f"; still to be sealed, by whoever can open them: {self.left} (govern recovery rewrap)" if self.left else ""
        return f"sealed to the new recovery key: live secrets {self.sealed}, compartments {self.epochs}{rest}"


def propose(workspace: Workspace, threshold: int, shares: int, folder: Path | None, now: str, reason: str = "", say: Say = str) -> Proposed:
    """Draw a recovery key, write its sheets (into `folder`, else one named after the key in the state folder), and propose it.

    Nothing is left of the sheets where the proposal is refused.
    """
    random = workspace.random
    seed = SecretBytes(random(32))
    keys, id_ = Keys(seed), random(16)
    organisation = json.loads(state(workspace.view(), "founding"))["organisation"]
    sheets = make_sheets(seed, threshold, shares, vault=workspace.vault, organisation=organisation, random=random)
    written: list[Path] = []
    try:
        write_sheets(folder or workspace.home / f"recovery-{keys.id.hex()[:8]}", sheets, written, say)
        parameters = {
            "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "threshold": threshold, "shares": shares,
            "proof": prove_possession(keys, workspace.vault + id_).hex(),
        }  # fmt: skip
        with workspace.transaction(now) as tx:
            proposal = make_proposal(tx, Act.RECOVERY, parameters, reason, id_=id_.hex())
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    remember(workspace.home, written)
    return Proposed(proposal=proposal, sheets=tuple(written))


def rewrap(workspace: Workspace, now: str) -> Rewrapped:
    """Seal to the recovery key in force every live secret that this member can open, and end the wraps of keys that it replaced.

    Compartments get a new key, so that old sheets read nothing that is written from here on; that takes an admin.
    """
    with workspace.transaction(now) as tx:
        key, seal = tx.register.execute("SELECT id, seal FROM keys WHERE state = 'recovery'").fetchone()
        recovery = Recipient(bytes.fromhex(key), seal)
        sealed = add_wraps(tx, _lacking(tx, key, own=tx.workspace.keys.id.hex()), [recovery])
        end_each(tx, _replaced(tx, key))
        epochs = _renew(tx, recovery)
        return Rewrapped(sealed=sealed, epochs=epochs, left=len(_lacking(tx, key)))


def _lacking(tx: Transaction, recovery: str, *, own: str = "") -> list[Stored]:
    """Live versions without a wrap of recovery's; with `own` only those that this key has one of, and whose account its member runs."""
    rows = tx.register.execute(
        """
        SELECT c.account, v.credential, c.kind, v.n, v.manifest FROM versions v JOIN credentials c ON c.id = v.credential
        JOIN accounts a ON a.id = c.account
        WHERE v.manifest IS NOT NULL AND v.ended_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM wraps w WHERE w.credential = v.credential AND w.n = v.n AND w.key = :recovery AND w.ended IS NULL)
          AND (:own = '' OR (
            EXISTS (SELECT 1 FROM wraps w WHERE w.credential = v.credential AND w.n = v.n AND w.key = :own AND w.ended IS NULL)
            AND (:actor IN (a.custodian, a.deputy) OR EXISTS (SELECT 1 FROM roles r WHERE r.person = :actor AND r.role = 'admin'))))
        ORDER BY v.entry
        """,
        {"recovery": recovery, "own": own, "actor": tx.actor},
    ).fetchall()
    return [Stored(account, credential, kind, n, bytes.fromhex(manifest)) for account, credential, kind, n, manifest in rows]


def _replaced(tx: Transaction, recovery: str) -> list[tuple[str, int, str, str]]:
    """Wraps of earlier recovery keys, where the one in force has its own."""
    return tx.register.execute(
        """
        SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN keys k ON k.id = w.key AND k.person IS NULL AND k.state = 'revoked'
        JOIN versions v ON v.credential = w.credential AND v.n = w.n JOIN credentials c ON c.id = w.credential JOIN accounts a ON a.id = c.account
        WHERE w.ended IS NULL
          AND EXISTS (SELECT 1 FROM wraps o WHERE o.credential = w.credential AND o.n = w.n AND o.key = :recovery AND o.ended IS NULL)
          AND (:actor IN (a.custodian, a.deputy) OR EXISTS (SELECT 1 FROM roles r WHERE r.person = :actor AND r.role = 'admin'))
        """,
        {"recovery": recovery, "actor": tx.actor},
    ).fetchall()


def _renew(tx: Transaction, recovery: Recipient) -> int:
    """A new epoch of every compartment that this member reads and the recovery key in force does not; nothing where they are no admin."""
    if tx.register.execute("SELECT 1 FROM roles WHERE person = ? AND role = 'admin'", (tx.actor,)).fetchone() is None:
        return 0
    newest = tx.register.execute(
        "SELECT compartment, id, max(number) FROM epochs GROUP BY compartment HAVING id NOT IN (SELECT epoch FROM epoch_wraps WHERE key = ?)",
        (recovery.key.hex(),),
    ).fetchall()
    ours = [row for row in newest if tx.workspace.epochs.reads(bytes.fromhex(row[0])) and tx.workspace.epochs.get(bytes.fromhex(row[1]))]
    for compartment, epoch, number in ours:
        _start(tx, compartment, epoch, number + 1, recovery)
    return len(ours)


def _start(tx: Transaction, compartment: str, epoch: str, number: int, recovery: Recipient) -> None:
    before, after = tx.workspace.epochs.get(bytes.fromhex(epoch)), EpochKey(tx.workspace.random(32))
    if before is None:
        raise Refused("this compartment is not yours to renew", rule="compartment", control="AC-3")
    rows = tx.register.execute(
        "SELECT k.id, k.seal FROM epoch_wraps w JOIN keys k ON k.id = w.key AND k.state = 'active' WHERE w.epoch = ?"
        " AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.compartment = ? AND c.person = k.person) GROUP BY k.id ORDER BY k.id",
        (epoch, compartment),
    ).fetchall()
    recipients = [recovery, *(Recipient(bytes.fromhex(key), seal) for key, seal in rows)]
    digests = []
    for recipient in recipients:
        wrapped = wrap_epoch(after.key, after.id, recipient)
        tx.put_wrap(after.id, recipient.key, wrapped)
        digests.append(wrap_digest(after.id, recipient.key, wrapped))
    chained = seal_previous(before.key, after.key, after.id, random=tx.workspace.random)
    tx.put_wrap(after.id, before.id, chained)
    tx.workspace.epochs.take(after.key)
    tx.record(
        "epoch.started",
        {
            "compartment": compartment, "epoch": after.id.hex(), "number": number, "recipients": sorted(one.key.hex() for one in recipients),
            "wraps": set_digest(digests).hex(), "previous": epoch, "previous_wrap": wrap_digest(after.id, before.id, chained).hex(),
        },
        under=(bytes.fromhex(compartment), after),
    )  # fmt: skip
