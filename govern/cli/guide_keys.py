"""What each key does while a person is led through a rotation: every one a transaction of its own, committed before anything is shown.

Which keys there are hangs on the state of the rotation and the kind of secret; a window closed at any moment loses nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from govern.cli import render, settings
from govern.cli.prompt import confirm
from govern.cli.rotated import tell_confirmed
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace
    from govern.vault.secret import Secret

LEAVE: Final = ("l", "x")
"""Keys that leave the rotation open, to be gone on with."""


def question(found: Rotation) -> str:
    """The keys that there are now, on two lines: what to see, and what has happened."""
    if not found.candidate or found.state.value in ("planned", "rejected", "lost"):
        return "[s] store the new one  [o] show the current one  [w] the current one is wrong  [x] logged out  [l] later"
    if found.kept_in:
        return "[y] changed there  [r] refused there  [w] the current one is wrong  [u] unsure  [x] logged out  [l] later"
    code = "[c] show a code  " if found.kind == "totp" else ""
    show = f"[n] show the new one  [k] copy it  [q] QR for a phone  {code}[o] show the current one"
    return f"{show}\n[y] changed there  [r] refused there  [w] the current one is wrong  [u] unsure  [x] logged out  [l] later"


def act(workspace: Workspace, found: Rotation, key: str, *, typeable: bool) -> None:
    """Do what a key says. Raises the errors of what it does, with nothing recorded and nothing shown."""
    match key:
        case "n" | "o":
            _show(workspace, found, "new" if key == "n" else "current")
        case "k":
            _copy(workspace, found)
        case "q":
            _scan(workspace, found)
        case "c":
            _code(workspace, found)
        case "y":
            _changed(workspace, found)
        case "r":
            _refused(workspace, found, typeable=typeable)
        case "u":
            _unsure(workspace, found)
            render.note("recorded: both stay until it is known. Try the new one there: [n], then [y] or [r]")
        case "w":
            _wrong(workspace, found)
        case _:
            _store(workspace, found, typeable=typeable)


def leave(found: Rotation, key: str) -> None:
    """Say how to go on later; somebody who was logged out signs in first."""
    if key == "x":
        render.note("sign in there first, with what is current now; where the platform has it already, that is the new one")
        if found.candidate and not found.kept_in:
            short = found.id[:8]
            render.next_step(f"govern rotation show {short} --secret current", "recorded; and --secret new for the other")
    render.next_step(f"govern rotate {found.handle} --kind {found.kind}", "goes on where you left it")


# --- what is shown ---------------------------------------------------------------------------------------------------------------


def _show(workspace: Workspace, found: Rotation, which: str) -> None:
    from govern.procedures import rotation as steps

    _screen()
    with workspace.transaction(settings.now()) as tx:
        shown = steps.show(tx, found, which)
    render.note(f"{which} {found.kind}, version {shown.version}:")
    _write(shown.secret.reveal())


def _copy(workspace: Workspace, found: Rotation) -> None:
    from govern.cli import clipboard
    from govern.cli.showing import Way, show
    from govern.procedures import rotation as steps

    if clipboard.find() is None:
        raise Usage("no clipboard was found here (wl-copy, xclip, xsel, pbcopy, clip.exe)", hint="[n] shows it on the screen")
    with workspace.transaction(settings.now()) as tx:
        shown = steps.show(tx, found, "new")
    render.note(f"new {found.kind}, version {shown.version}:")
    show(Way.CLIPBOARD, shown.secret)


def _scan(workspace: Workspace, found: Rotation) -> None:
    """The new secret for the camera of a phone on which it is typed in, or set up as an authenticator."""
    from govern.cli.qr import check_there, drawn
    from govern.procedures import rotation as steps

    check_there()
    _screen()
    with workspace.transaction(settings.now()) as tx:
        shown = steps.show(tx, found, "new")
        picture = drawn(_address(shown.secret) if found.kind == "totp" else shown.secret)
    render.note(f"new {found.kind}, version {shown.version}:")
    for line in picture:
        render.line(line)


def _address(seed: Secret) -> Secret:
    """A seed as authenticators read it."""
    from govern.vault.otp import parse, uri

    return uri(parse(seed))


def _code(workspace: Workspace, found: Rotation) -> None:
    from govern.procedures import rotation as steps
    from govern.vault.otp import code

    _screen()
    with workspace.transaction(settings.now()) as tx:
        otp = steps.show_code(tx, found)
    digits, left = code(otp, settings.seconds())
    render.note(f"type this in there, it is good for {left} s:")
    _write(digits)


def _screen() -> None:
    if not sys.stdout.isatty():
        raise Usage("stdout is no terminal, so the secret would go elsewhere", hint="govern rotation show ID --secret new --stdout")


def _write(text: str) -> None:
    sys.stdout.write(f"\n    {text}\n\n")
    sys.stdout.flush()


# --- what has happened -----------------------------------------------------------------------------------------------------------


def _changed(workspace: Workspace, found: Rotation) -> None:
    """It works there: what was ended with it, then done; then what else the platform has made new."""
    from govern.cli.cutting import ask
    from govern.cli.telling_platform import tell_shared
    from govern.procedures import rotation as steps
    from govern.register.queries.people import handles
    from govern.register.queries.rotations import candidate
    from govern.rotation.machine import proven

    proven(candidate(workspace.view(), found, found.candidate), "one-person")
    cut = ask(found.platform, found.kind)
    with workspace.transaction(settings.now()) as tx:
        done = steps.confirm(tx, found, cut=cut, sessions_cut=("sessions" in cut) if found.kind == "password" else None)
    tell_confirmed(done, handles(workspace.view()))
    tell_shared(workspace.view(), done.rotation)
    _new_codes(workspace, found)


def _new_codes(workspace: Workspace, found: Rotation) -> None:
    """Many platforms make the old backup codes void with a new seed or password: new ones are stored at once, while they are on the screen."""
    from govern.cli.new_codes import has_codes, store_codes

    if found.kind in ("password", "totp") and has_codes(workspace, found) and confirm("Did it give you new backup codes?"):
        store_codes(workspace, found)


def _refused(workspace: Workspace, found: Rotation, *, typeable: bool) -> None:
    from govern.procedures import rotation as steps

    with workspace.transaction(settings.now()) as tx:
        new = steps.reject(tx, found, typeable=typeable)
    render.note("another one is sealed: [n]" if new else "recorded; get another one there, then: [s]")


def _unsure(workspace: Workspace, found: Rotation) -> None:
    from govern.procedures import rotation as steps

    with workspace.transaction(settings.now()) as tx:
        steps.unsure(tx, found)


def _wrong(workspace: Workspace, found: Rotation) -> None:
    """What is current does not open it: whom to ask, then the platform's own way back in. Nothing that is stored here is given up."""
    from govern.procedures import rotation as steps
    from govern.register.queries import accounts, knowers, people, rotatable, rotations

    if found.candidate:
        _unsure(workspace, found)
    db = workspace.view()
    names, account = people.handles(db), accounts.by_id(db, found.account)
    current = rotatable.of_credential(db, found.credential).current
    ask_ = [person for person in knowers.knowers(db, found.credential, current) if person != workspace.person and person in names]
    render.note("somebody may have changed it there without saying so. It may also be an earlier one: govern rotation show "
                f"{found.id[:8]} --secret previous")  # fmt: skip
    if ask_:
        render.note(f"ask who could know: {', '.join(render.safe(names[person]) for person in ask_[:8])}")
    if not confirm("Does nobody have one that works?"):
        render.note(
            f"sign in with theirs and change it there; or store it as it is: govern rotate {found.handle} --kind {found.kind} --already-changed"
        )
        return
    if found.candidate:
        with workspace.transaction(settings.now()) as tx:
            steps.lose(tx, rotations.by_id(tx.register, found.id))
    reach = f"; what it sends goes to {render.safe(names[account.prompts_reach])}" if account.prompts_reach in names else ""
    render.note(
        f"then only the platform lets you in again: “forgot password” on its login page{reach}. Once you are in: [s] seals a new one"
    )


def _store(workspace: Workspace, found: Rotation, *, typeable: bool) -> None:
    from govern.cli.new_codes import typed_codes
    from govern.cli.prompt import secret
    from govern.procedures.rotate import start
    from govern.register.queries.rotatable import of_credential
    from govern.rotation.kinds import makes
    from govern.rotation.triggers import Trigger

    credential = of_credential(workspace.view(), found.credential)
    if makes(credential.kind, kept_elsewhere=bool(credential.kept_in)):
        given = None
    elif found.kind == "backup-codes":
        given = typed_codes()
    else:
        given = secret(f"The new {found.kind}, as the platform shows it", terminal=settings.current.terminal)
    with workspace.transaction(settings.now()) as tx:
        start(tx, [credential], Trigger(found.trigger), given=given, typeable=typeable)
    render.note("sealed")
