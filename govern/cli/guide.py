"""Leading a person through a rotation on a terminal: the page, the steps, and one key for what they want or what has happened.

Each key is a transaction of its own, committed before anything of it is shown, so that a window closed at any moment loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govern.cli import render
from govern.cli.guide_keys import LEAVE, act, leave, question
from govern.cli.prompt import ask
from govern.cli.rotated import short
from govern.errors import Failed, GovernError, Locked, Malformed, NotFound, Refused, Usage
from govern.rotation.kinds import LABELLED, label

if TYPE_CHECKING:
    from govern.register.workspace import Workspace


def guide(workspace: Workspace, rotation: str, *, typeable: bool = False) -> None:
    """Ask and act until the rotation (id) is done or left for later."""
    from govern.register.queries import rotations

    _introduce(workspace, rotation)
    while True:
        found = rotations.by_id(workspace.view(), rotation)
        if not found.open:
            return
        shown = question(found)
        key = ask(shown).casefold()[:1]
        if key in LEAVE:
            leave(found, key)
            return
        if not key or f"[{key}]" not in shown:
            render.note("one of the letters in brackets, please")
            continue
        try:
            act(workspace, found, key, typeable=typeable)
        except (Refused, NotFound, Locked, Malformed, Usage, Failed) as error:
            _say(error)


_KEYS: Final = {"never-shown": "[n] shows it; change it there, then [y]", "never-tried": "[c] shows a code; type it in there, then [y]"}
"""Rule -> what to press, where the refusal itself names a command."""


def _say(error: GovernError) -> None:
    hint = _KEYS.get(error.rule, error.hint) if isinstance(error, Refused) else error.hint
    render.note(f"error: {render.safe(error.message)}" + (f"\nhint: {render.safe(hint)}" if hint else ""))


def _introduce(workspace: Workspace, rotation: str) -> None:
    """What to know before, the page, the steps, and what has to be cut besides: all before the first key that shows a secret."""
    from govern.cli.telling_platform import tell_after, tell_before, tell_steps
    from govern.procedures.preflight import preflight
    from govern.register.queries import rotations

    db = workspace.view()
    found = rotations.by_id(db, rotation)
    told = preflight(db, found)
    render.note(
        f"\n{render.safe(found.handle)}: new {found.kind}, rotation {short(found.id)}"
        + (f", due {render.day(found.due)}" if found.due else "")
    )
    tell_before(told, found)
    tell_steps(told, found)
    if told.login:
        render.note(f"  login: {render.safe(told.login)}")
    if found.kind in LABELLED:
        render.note(f"  call the new one there: {label(found.id)}")
    tell_after(told, found)
    if found.kept_in:
        render.note("  it is kept elsewhere: put the new one there, nothing of it is stored here")
