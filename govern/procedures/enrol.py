"""Enrolment on the inviter's side: the invite, its withdrawal, and the approval that compares what was typed with what was posted.

The token is known to the invite's line alone, of which a copy stays in the inviter's state folder until it was used; the ledger has its digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.errors import NotFound, Refused
from govern.ledger.checkpoint import parse_checkpoint, parse_note
from govern.procedures import epochs
from govern.procedures.keys import revoke
from govern.procedures.sealed_to import Missing, seal_to
from govern.procedures.settling import after_joining
from govern.register.pin import read_pin
from govern.register.queries import keys as queries
from govern.register.queries import people
from govern.rotation.triggers import later
from govern.vault.custody.files import present, read_private, write_private
from govern.vault.invite import TOKEN_BYTES, Invite, Request, check_request, read_invite, token_digest, write_invite
from govern.vault.keys import Recipient
from govern.vault.secret import Secret, SecretBytes
from govern.vault.words import read_fingerprint

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

DAYS: Final = 7
MOST_DAYS: Final = 30
_WHAT: Final = "the copy of the invite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An invite whose event is recorded, and not yet its line: that is made once the event is committed. `person`: id; `handle`: theirs."""

    id: bytes
    token: SecretBytes
    person: str
    handle: str
    purpose: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The enrolled key (hex); wraps added; live secrets that others have to seal; keys that it has replaced."""

    handle: str
    key: str
    purpose: str
    sealed: int
    missing: tuple[Missing, ...]
    replaced: int
    cases: bool


def invite(tx: Transaction, person: str, purpose: str, days: int = DAYS) -> Issued:
    """Record an invite for a person (handle; the actor's own id for `device`). An open one of theirs is replaced by it."""
    found = people.by_id(tx.register, tx.actor) if purpose == "device" else people.find(tx.register, person)
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"an invite is good for 1 to {MOST_DAYS} days", rule="invite-days", control="IA-5 a", hint="--days 7")
    id_, token, expires = tx.workspace.random(16), SecretBytes(tx.workspace.random(TOKEN_BYTES)), later(tx.now, days)
    try:
        tx.record(
            "invite.issued",
            {"invite": id_.hex(), "person": found.id, "purpose": purpose, "token": token_digest(token).hex(), "expires": expires},
        )
    except Refused as refused:
        raise _with_person(refused, found.handle) from None
    return Issued(id=id_, token=token, person=found.id, handle=found.handle, purpose=purpose, expires=expires)


def _with_person(refused: Refused, handle: str) -> Refused:
    """The same refusal with a hint that can be typed."""
    hint = refused.hint.replace("PERSON", handle)
    return Refused(refused.message, rule=refused.rule, control=refused.control, hint=hint, code=refused.code)


def line(workspace: Workspace, issued: Issued) -> Secret:
    """The invite's line, once its event is committed. A copy is kept in the state folder: without it nobody could approve."""
    pin = read_pin(workspace.pin_path)
    assert pin is not None  # noqa: S101  the commit wrote it
    keys = workspace.keys
    made = write_invite(
        Invite(
            vault=workspace.vault, id=issued.id, person=bytes.fromhex(issued.person), token=issued.token, sign=keys.sign_public,
            seal=keys.seal_public, purpose=issued.purpose, expires=issued.expires, checkpoint=pin.note,
        )
    )  # fmt: skip
    write_private(_copy(workspace.home, issued.id.hex()), made.reveal().encode() + b"\n", _WHAT)
    return made


def _copy(home: Path, invite_id: str) -> Path:
    return home / "invites" / invite_id


def withdraw(tx: Transaction, person: str) -> list[str]:
    """Withdraw every open invite of a person (handle); their ids. NotFound where there is none."""
    found = people.find(tx.register, person)
    open_ = queries.open_invites(tx.register, found.id)
    if not open_:
        raise NotFound(f"{found.handle} has no open invite", hint=f"govern person invite {found.handle}")
    for one in open_:
        tx.record("invite.withdrawn", {"invite": one.id})
    return [one.id for one in open_]


def forget(workspace: Workspace, ids: list[str]) -> None:
    """Remove the copies of invites that serve no more."""
    for one in ids:
        _copy(workspace.home, one).unlink(missing_ok=True)


def approve(tx: Transaction, person: str, typed: str) -> tuple[Approved, str]:
    """Enrol the keys that were posted for the open invite of a person, where all of it holds and the typed fingerprint is theirs.

    Also gives the invite's id. Raises Refused with the rule that stands against it, NotFound where nobody has asked yet.
    """
    found = people.find(tx.register, person)
    wanted = read_fingerprint(typed)
    own = _own_invite(tx, found)
    line_ = _line_of(tx, own, found.handle)
    body = tx.read_mail(bytes.fromhex(own.id))
    if body is None:
        raise NotFound(
            f"nobody has answered the invite of {found.handle} yet", hint="they type: govern join INVITE, and read you their fingerprint"
        )
    root = parse_checkpoint(parse_note(line_.checkpoint).text).root
    request = check_request(body, line_, root, tx.workspace.keys)
    if request.key != wanted:
        raise Refused(
            "the fingerprint that was typed is not that of the keys that were posted",
            rule="fingerprint",
            control="IA-5 a",
            hint=f"let {found.handle} read it to you again; if it differs still: govern person invite {found.handle} --withdraw",
        )
    try:
        approved = enrol(tx, found, own, request)
    except Refused as refused:
        raise _with_person(refused, found.handle) from None
    return approved, own.id


def _own_invite(tx: Transaction, person: people.Person) -> queries.Invite:
    """The open invite of this person that this very machine has issued."""
    found = queries.open_invites(tx.register, person.id)
    own = [one for one in found if one.key == tx.workspace.keys.id.hex()]
    if own:
        return own[0]
    if found:
        who = people.by_id(tx.register, found[0].inviter).handle
        raise Refused(
            f"the invite of {person.handle} was issued by {who} on another machine, and is approved there",
            rule="invite-inviter", control="IA-5 a", hint=f"or issue one here: govern person invite {person.handle}",
        )  # fmt: skip
    raise Refused(
        f"{person.handle} has no open invite", rule="invite-missing", control="IA-5 a", hint=f"govern person invite {person.handle}"
    )  # fmt: skip


def _line_of(tx: Transaction, own: queries.Invite, handle: str) -> Invite:
    path = _copy(tx.workspace.home, own.id)
    if not present(path, _WHAT):
        raise Refused(
            "the copy of the invite is gone from this machine, and with it the token", rule="invite-missing", control="IA-5 a",
            hint=f"issue another: govern person invite {handle}",
        )  # fmt: skip
    read = read_invite(read_private(path, _WHAT).decode("ascii", "replace"))
    if token_digest(read.token).hex() != own.token or read.vault != tx.workspace.vault:
        raise Refused(
            "the copy of the invite is of another one", rule="invite-missing", control="IA-5 a", hint=f"govern person invite {handle}"
        )
    return read


def enrol(tx: Transaction, person: people.Person, invited: queries.Invite, request: Request) -> Approved:
    """Record the enrolment: old keys of a `rekey` revoked before, the compartments' keys wrapped, then the secrets that this member can open."""
    old = [key.id for key in queries.active(tx.register, person.id)] if invited.purpose == "rekey" else []
    if old:
        revoke(tx, old, "replaced")
    cases = epochs.of_cases(tx, person.id)
    recipient = Recipient(request.key, request.seal)
    wrapped, digest = epochs.wrap(tx, recipient, ("base", *cases))
    tx.record(
        "key.enrolled",
        {
            "person": person.id, "key": request.key.hex(), "sign": request.sign.hex(), "seal": request.seal.hex(), "custody": request.custody,
            "epochs": wrapped, "wraps": digest, "invite": invited.id,
        },
    )  # fmt: skip
    sealed = seal_to(tx, person.id)
    after_joining(tx, person.id)
    return Approved(
        handle=person.handle, key=request.key.hex(), purpose=invited.purpose, sealed=sealed.added, missing=sealed.missing, replaced=len(old),
        cases=bool(cases),
    )  # fmt: skip
