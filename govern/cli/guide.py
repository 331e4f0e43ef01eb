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
    """The page, the steps, and whom the platform's prompts reach."""
    from govern.policy.platforms import page, profile
    from govern.register.queries import accounts, people, rotations

    db = workspace.view()
    found = rotations.by_id(db, rotation)
    account = accounts.by_id(db, found.account)
    render.note(
        f"\n{render.safe(found.handle)}: new {found.kind}, rotation {short(found.id)}"
        + (f", due {render.day(found.due)}" if found.due else "")
    )
    try:
        about = profile(account.platform)
    except NotFound:
        render.note(f"  no steps are known for {render.safe(account.platform)}: change it in its security settings")
    else:
        where = page(about, account.url)
        if where:
            render.note(f"  page: {render.safe(where)}")
        if found.kind == "password":
            for number, step in enumerate(about.steps, start=1):
                render.note(f"  {number}. {step}")
        else:
            render.note(f"  no steps are known for its {found.kind}: look for it among the security settings there")
        for what in about.survives:
            render.note(f"  goes on working: {what}")
        render.note(f"  (as of {about.checked_on}, {about.grade})")
    if account.login:
        render.note(f"  login: {render.safe(account.login)}")
    if account.prompts_reach:
        person = people.by_id(db, account.prompts_reach)
        leaving = "" if person.status == "active" else ", who is gone: ask them for the code, or change the number first"
        render.note(f"  its codes and prompts reach {render.safe(person.handle)}{leaving}")
    if found.kind in LABELLED:
        render.note(f"  call the new one there: {label(found.id)}")
    if found.kept_in:
        render.note("  it is kept elsewhere: put the new one there, nothing of it is stored here")
