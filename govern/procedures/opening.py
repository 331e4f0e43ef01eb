"""Who can open an account's secrets follows who answers for it: wraps for a new responsible person or deputy, their end for a former one."""

from __future__ import annotations

from govern.procedures.sealing import Stored, add_wraps, end_wraps
from govern.register.queries import versions
from govern.register.transaction import Transaction
from govern.vault.keys import Recipient


def open_to(tx: Transaction, account: str, person: str) -> bool:
    """Seal to the person's keys whatever of the account the actor can open; whether they can now open all that works.

    True also for somebody without keys, who opens nothing.
    """
    db = tx.register
    keys = [
        Recipient(bytes.fromhex(key), public)
        for key, public in db.execute("SELECT id, seal FROM keys WHERE person = ? AND state = 'active' ORDER BY id", (person,))
    ]
    live = [version for version in versions.live(db, [account]) if version.manifest] if keys else []
    mine = {
        (credential, n)
        for credential, n in db.execute(
            "SELECT w.credential, w.n FROM wraps w JOIN credentials c ON c.id = w.credential WHERE c.account = ? AND w.key = ? AND w.ended IS NULL",
            (account, tx.workspace.keys.id.hex()),
        )
    }
    add_wraps(
        tx,
        [
            Stored(version.account, version.credential, version.kind, version.n, bytes.fromhex(version.manifest))
            for version in live
            if (version.credential, version.n) in mine
        ],
        keys,
    )
    return can_open(tx, account, person)


def can_open(tx: Transaction, account: str, person: str) -> bool:
    """Whether every live version of the account is sealed to all keys that the person has; True for somebody without keys."""
    missing = tx.register.execute(
        """
        SELECT 1 FROM credentials c JOIN versions v ON v.credential = c.id AND v.ended_at IS NULL AND v.state <> 'rejected'
        JOIN keys k ON k.person = :person AND k.state = 'active'
        WHERE c.account = :account AND v.manifest IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM wraps w WHERE w.credential = v.credential AND w.n = v.n AND w.key = k.id AND w.ended IS NULL)
        LIMIT 1
        """,
        {"account": account, "person": person},
    ).fetchone()
    return missing is None


def close_to(tx: Transaction, account: str, person: str, *, leaves_custody: bool = False) -> bool:
    """End the wraps of somebody who neither holds the account nor answers for it any more; whether this was done.

    `leaves_custody`: they are about to stop being its responsible person. Nothing ends where then only recovery could open a secret.
    """
    row = tx.register.execute(
        "SELECT custodian = :p, deputy = :p, EXISTS (SELECT 1 FROM grants WHERE account = :a AND person = :p AND ended_at IS NULL)"
        " FROM accounts WHERE id = :a",
        {"a": account, "p": person},
    ).fetchone()
    if (row[0] and not leaves_custody) or row[1] or row[2]:
        return False
    left = versions.openers(tx.register, [account], without=(person, {account}))
    if not left or not all(left.values()):
        return False
    return end_wraps(tx, person, [account]) > 0
