"""Leading a person through a rotation on a terminal: the page, the steps, and one key for what they want or what has happened.

Each key is a transaction of its own, committed before anything of it is shown, so that a window closed at any moment loses nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from govern.cli import render, settings
from govern.cli.prompt import ask, confirm
from govern.cli.rotated import short, tell_confirmed
from govern.errors import GovernError, Locked, Malformed, NotFound, Refused, Usage

if TYPE_CHECKING:
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace


def guide(workspace: Workspace, rotation: str, *, typeable: bool = False) -> None:
    """Ask and act until the rotation (id) is done or left for later."""
    from govern.register.queries import rotations

    _introduce(workspace, rotation)
    while True:
        found = rotations.by_id(workspace.view(), rotation)
        if not found.open:
            return
        question = _question(found)
        key = ask(question).casefold()[:1]
        if key == "l":
            render.next_step(f"govern rotate {found.handle} --kind {found.kind}", "goes on where you left it")
            return
        if not key or f"[{key}]" not in question:
            render.note("one of the letters in brackets, please")
            continue
        try:
            _act(workspace, found, key, typeable=typeable)
        except (Refused, NotFound, Locked, Malformed, Usage) as error:
            _say(error)


def _question(found: Rotation) -> str:
    if not found.candidate or found.state.value in ("planned", "rejected", "lost"):
        return "[s] store the new one  [o] show the current one  [l] later"
    code = "  [c] show a code" if found.kind == "totp" else ""
    show = "" if found.kept_in else "[n] show the new one  [o] show the current one  "
    return f"{show}[y] changed there  [r] refused there  [u] unsure{code}  [l] later"


def _act(workspace: Workspace, found: Rotation, key: str, *, typeable: bool) -> None:
    from govern.cli.telling_platform import tell_shared
    from govern.procedures import rotation as steps
    from govern.register.queries.people import handles
    from govern.register.queries.rotations import candidate
    from govern.rotation.machine import proven

    match key:
        case "n" | "o":
            _screen()
            with workspace.transaction(settings.now()) as tx:
                shown = steps.show(tx, found, "new" if key == "n" else "current")
            render.note(f"{'new' if key == 'n' else 'current'} {found.kind}, version {shown.version}:")
            _write(shown.secret.reveal())
        case "c":
            from govern.vault.otp import code

            with workspace.transaction(settings.now()) as tx:
                otp = steps.show_code(tx, found)
            digits, left = code(otp, settings.seconds())
            render.note(f"type this in there, it is good for {left} s:")
            _write(digits)
        case "y":
            proven(candidate(workspace.view(), found, found.candidate), "one-person")
            cut = confirm("Signed out everywhere else there?") if found.kind == "password" else None
            with workspace.transaction(settings.now()) as tx:
                done = steps.confirm(tx, found, sessions_cut=cut)
            tell_confirmed(done, handles(workspace.view()))
            tell_shared(workspace.view(), done.rotation)
        case "r":
            with workspace.transaction(settings.now()) as tx:
                new = steps.reject(tx, found, typeable=typeable)
            render.note("another one is sealed: [n]" if new else "recorded; get another one there, then: [s]")
        case "u":
            with workspace.transaction(settings.now()) as tx:
                steps.unsure(tx, found)
            render.note("recorded: both stay until it is known. Try the new one there: [n], then [y] or [r]")
        case _:
            _store(workspace, found, typeable=typeable)


def _store(workspace: Workspace, found: Rotation, *, typeable: bool) -> None:
    from govern.cli.prompt import secret
    from govern.procedures.rotate import start
    from govern.register.queries.rotations import of_credential
    from govern.rotation.kinds import makes
    from govern.rotation.triggers import Trigger

    credential = of_credential(workspace.view(), found.credential)
    given = (
        None
        if makes(credential.kind, kept_elsewhere=bool(credential.kept_in))
        else secret(f"The new {found.kind}, as the platform shows it", terminal=settings.current.terminal)
    )
    with workspace.transaction(settings.now()) as tx:
        start(tx, [credential], Trigger(found.trigger), given=given, typeable=typeable)
    render.note("sealed")


def _screen() -> None:
    if not sys.stdout.isatty():
        raise Usage("stdout is no terminal, so the secret would go elsewhere", hint="govern rotation show ID --secret new --stdout")


def _write(text: str) -> None:
    sys.stdout.write(f"\n    {text}\n\n")
    sys.stdout.flush()


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
    tell_after(told, found)
    if found.kept_in:
        render.note("  it is kept elsewhere: put the new one there, nothing of it is stored here")
