"""`govern join`: answer an invite on a new machine, and begin once it is approved."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.errors import Locked, NotFound, Refused, Usage

if TYPE_CHECKING:
    from govern.procedures.join import Pending
    from govern.vault.invite import Invite
    from govern.vault.keys import Keys
    from govern.vault.secret import SecretBytes

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def join(
    invite: Annotated[str, typer.Argument(metavar="[INVITE]", help="The line that you were given; - reads it from stdin.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Answer an invite with keys of this machine; run it again once they are approved."""
    from govern.procedures import join as procedure
    from govern.store.address import may_be_there

    here = settings.current
    if (here.home / "seed.json").exists():
        raise Refused(
            f"{here.home} already belongs to a member of a vault",
            code="exists",
            hint="name another folder with GOVERN_HOME, or: govern status",
        )
    if not may_be_there(here.path):
        raise NotFound(f"there is no vault at {here.path}", hint="name the one you were invited to: --vault FILE, or GOVERN_VAULT")
    pending = procedure.read_pending(here.home)
    given = _given(invite) if invite or pending is None else None
    if given is not None and (pending is None or pending.invite != given.id):
        pending = _ask(given, pending)
        _waiting(pending, given.expires, json=json)
        return
    assert pending is not None  # noqa: S101  without one an invite was asked for
    if not procedure.is_approved(here.path, pending):
        procedure.post(here.path, pending)
        _waiting(pending, "", json=json)
        raise Locked(
            "nobody has approved this machine yet",
            code="not-approved",
            hint="read the fingerprint to whoever invited you, then: govern join",
        )
    done = procedure.finish(here.path, here.home, pending, lambda: _keys(pending))
    if json:
        render.emit("join", {"state": "joined", "person": done.handle, "fingerprint": done.key, "entries": done.entries})
    else:
        render.line(f"this is a machine of {render.safe(done.handle)} ({render.safe(done.name)}) now: {done.entries} entries verified")
    render.next_step("govern status")


def _given(text: str) -> Invite:
    from govern.cli.prompt import secret
    from govern.vault.invite import read_invite

    if text in ("", "-"):
        if not text and not settings.current.terminal:
            raise Usage("the invite is missing", hint="pipe it in: govern join - < FILE")
        text = secret("The invite", terminal=True).reveal() if settings.current.terminal else sys.stdin.read(65_536)
    return read_invite(text)


def _ask(invite: Invite, before: Pending | None) -> Pending:
    """Check the vault, make a seed (or take that of an invite before), remember and post the request."""
    from govern.cli.prompt import new_passphrase
    from govern.procedures import join as procedure
    from govern.vault.custody.choose import choose, create_seed

    here = settings.current
    if invite.expires <= settings.now():
        raise Refused(
            f"this invite has expired on {render.day(invite.expires)}", rule="invite-expired", control="IA-5 a", hint="ask for another one"
        )
    if before is not None and (before.record.vault, before.record.person) != (invite.vault, invite.person):
        what = "in another vault" if before.record.vault != invite.vault else "as another person"
        raise Refused(
            f"{here.home} waits for its approval {what}, and a key serves one person in one vault", rule="one-seed", control="IA-5",
            hint=f"name another folder with GOVERN_HOME; or, where nobody will approve that any more, remove {here.home / 'joining.json'} and its key",
        )  # fmt: skip
    root = procedure.check_history(here.path, invite)
    here.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if before is not None:
        custody, where, seed = before.record.custody, before.record.where, _seed(before)
    else:
        backend = None if here.named_key_file else settings.keyring_backend()
        custody, where = choose(
            here.home, f"govern/{here.path}/{invite.id.hex()[:8]}", key_file=here.named_key_file, backend=backend, terminal=here.terminal
        )
        seed = create_seed(custody, where, random=os.urandom, passphrase=new_passphrase, backend=backend)
    return procedure.ask(here.path, here.home, invite, custody=custody, where=where, seed=seed, root=root)


def _seed(pending: Pending) -> SecretBytes:
    from govern.cli.prompt import passphrase
    from govern.vault.custody.choose import load_seed
    from govern.vault.custody.record import Custody

    here, record = settings.current, pending.record
    backend = settings.keyring_backend() if record.custody is Custody.KEYRING and here.named_key_file is None else None
    return load_seed(record, passphrase=passphrase if here.terminal else None, key_file=here.named_key_file, backend=backend)


def _keys(pending: Pending) -> Keys:
    from govern.vault.keys import Keys

    return Keys(_seed(pending))


def _waiting(pending: Pending, expires: str, *, json: bool) -> None:
    from govern.vault.words import words_of

    key = pending.record.key
    if json:
        if expires:  # where it is told with an error there is one object, the error's
            render.emit("join", {"state": "asked", "fingerprint": key.hex(), "words": words_of(key), "expires": expires})
        return
    render.line(f"your key     {key.hex()} ({pending.record.custody.value}: {pending.record.where})")
    render.line(f"fingerprint  {words_of(key)}")
    if expires:
        render.note("read the fingerprint to whoever invited you, by voice or face to face, not through the database")
        render.next_step("govern join", "once it is approved")
