"""A change that takes a code which the platform mails: kept as awaited before anybody is asked, and as sent before it is.

Knows that a code was mailed and that somebody may have it; the code itself is handed on and kept nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from govern.connectors.protocol import Applied, Outcome, TakesCode
from govern.procedures.connecting import Carried, Run, asked, hold, take_in_hand, waits

if TYPE_CHECKING:
    from govern.register.queries.rotations import Rotation


def keep(run: Run, found: Rotation) -> None:
    """The platform has mailed a code and changed nothing: record that, before anybody is asked for it."""
    run.mailed = True
    with run.workspace.transaction(run.clock()) as tx:
        take_in_hand(tx, run, found.candidate, awaits="mailed-code")


async def enter(run: Run, found: Rotation) -> Carried | Applied:
    """Send what was mailed, if somebody has it. From the moment on that it is sent, the rotation awaits it no more."""
    code = run.way.code(found)
    if code is None:
        return waits(run, "the platform has mailed a code to the account's mailbox, and waits for it")
    with run.workspace.transaction(run.clock()) as tx:
        hold(tx, run, found, found.candidate)
        take_in_hand(tx, run, found.candidate)
    platform = cast("TakesCode", run.platform)
    applied = await asked(lambda: platform.enter(code, run.secrets[found.candidate]))
    if applied.outcome is not Outcome.CODE:
        return applied
    keep(run, found)
    return waits(run, f"the platform does not take this code ({applied.why}): type it in again, or have another one mailed")
