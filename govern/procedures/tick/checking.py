"""The ledger read again by a run: once a day as it stands, once a week with all that is sealed. What it meets is told, and stops nothing that was done."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from govern.errors import GovernError, IntegrityError
from govern.procedures.tick.told import Checked, Failure, Ran
from govern.register import connection

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

_CHECKED: Final = "tick_checked"
EVERY: Final = 1
DEEP_EVERY: Final = 7
"""Days between two checks of the ledger on one machine, and between two that read everything sealed as well."""


def due_at(db: sqlite3.Connection) -> str:
    """When this machine checks the whole ledger next; at once where it never did."""
    from govern.rotation.triggers import later

    memo = connection.state(db, _CHECKED)
    return later(memo.split(" ")[0], EVERY) if isinstance(memo, str) else ""


def check(workspace: Workspace, ran: Ran, now: str) -> Ran:
    """Read the whole ledger again, once a day; once a week the sealed parts as well, and rebuild the register."""
    from govern.register.queries import ledger
    from govern.register.reread import reread
    from govern.rotation.triggers import later

    memo = connection.state(workspace.db, _CHECKED)
    last = memo.split(" ")[1] if isinstance(memo, str) else ""
    deep = not last or later(last, DEEP_EVERY) <= now
    try:
        found = reread(workspace, deep=deep)
    except IntegrityError as error:
        return replace(ran, damage=error)
    except GovernError as error:
        return replace(ran, failed=(*ran.failed, Failure("check", "the ledger", error.message, error.hint)))
    db = workspace.view()
    with connection.transaction(db):
        connection.save(db, **{_CHECKED: f"{now} {now if deep else last}"})
    return replace(ran, checked=Checked(found.size, deep, len(ledger.findings(db))))
