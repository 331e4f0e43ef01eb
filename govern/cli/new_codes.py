"""Taking in the backup codes that a platform has just shown: typed one by one, and sealed while they are still on its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govern.cli import render, settings
from govern.errors import NotFound, Usage

if TYPE_CHECKING:
    from govern.register.queries.rotatable import Rotatable
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace
    from govern.vault.secret import Secret

_MOST: Final = 50


def _of(workspace: Workspace, found: Rotation) -> Rotatable | None:
    """The account's backup codes, where it has some."""
    from govern.register.queries.rotatable import of_account

    return next(iter(of_account(workspace.view(), found.account, "backup-codes")), None)


def has_codes(workspace: Workspace, found: Rotation) -> bool:
    """Whether the account has backup codes, or its platform gives some."""
    from govern.policy.platforms import profile

    if _of(workspace, found) is not None:
        return True
    try:
        return "backup-codes" in profile(found.platform).kinds
    except NotFound:
        return False


def typed_codes() -> Secret:
    """Codes typed without echo, one at a time, up to an empty line. Raises Usage for none."""
    from getpass import getpass

    from govern.vault.secret import Secret

    lines: list[str] = []
    while len(lines) < _MOST:
        line = getpass(f"Backup code {len(lines) + 1} (empty: that was the last): ").strip()
        if not line:
            break
        lines.append(line)
    if not lines:
        raise Usage("no backup code was typed", hint="type them one by one, as the platform shows them")
    return Secret("\n".join(lines))


def store_codes(workspace: Workspace, found: Rotation) -> None:
    """Seal the codes that were typed: as the next version, confirmed by whoever has them before their eyes, or as the account's first."""
    from govern.cli.rotated import tell_confirmed
    from govern.procedures.credentials import add_sealed
    from govern.procedures.rotate import already_changed
    from govern.register.queries import accounts
    from govern.register.queries.people import handles
    from govern.rotation.triggers import Trigger

    given = typed_codes()
    with workspace.transaction(settings.now()) as tx:
        known = _of(workspace, found)
        if known is None:
            add_sealed(tx, accounts.by_id(tx.register, found.account), "backup-codes", given)
            done = None
        else:
            done = already_changed(tx, known, Trigger(found.trigger), given).confirmed
    if done is not None:
        tell_confirmed(done, handles(workspace.view()))
    count = given.reveal().count("\n") + 1
    render.note(f"sealed: {render.count(count, 'backup code')} of {found.handle}")
