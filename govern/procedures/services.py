"""Services: a key for unattended work, made on the spot with a state folder of its own; renewing its authority, and ending both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.errors import NotFound, Refused
from govern.holdings.names import check_handle
from govern.holdings.services import ENTRUSTABLE, Purpose
from govern.procedures import enrol, epochs, join, keys, people, sealing
from govern.procedures.enrol import Approved
from govern.procedures.sealed_to import Sealed, seal_to
from govern.register.pin import read_pin
from govern.register.queries import keys as queries
from govern.register.queries import people as people_of
from govern.register.queries import services, serving
from govern.register.workspace import Workspace
from govern.vault.custody.record import PENDING, Custody, SeedRecord
from govern.vault.invite import Request, token_digest
from govern.vault.keys import Keys

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

INVITED_DAYS: Final = 1
_PART: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """A service and its newest authority (event id). `invite`: what its key was enrolled by, None where it has one already; `served`: how many
    accounts are entrusted to it by that authority; `sealed`: what of them was sealed to it, and what others have to seal."""

    person: str
    handle: str
    authority: str
    invite: enrol.Issued | None
    served: int = 0
    sealed: Sealed | None = None


def authorise(
    tx: Transaction, name: str, purposes: Sequence[Purpose], until: str | None, new: Keys | None, accounts: Sequence[str] = ()
) -> Authorised:
    """Authorise a service, which is added where nobody has that handle, and enrol `new` where it has no active key.

    `accounts` (ids) are entrusted to it, besides those that are so already, where the purposes need any; what the actor can open of them is
    sealed to its keys.

    Raises Refused where the handle is a person's, or a key is wanted and none is given (rule `service-key`).
    """
    service = _service(tx, check_handle(name))
    tx.record("service.authorised", {"service": service.id, "purposes": [purpose.value for purpose in purposes], "until": until})
    served = serving.accounts(tx.register, service.id, tx.now)
    authority = services.of(tx.register, service.id, tx.now)[0].id
    issued = None
    if not queries.active(tx.register, service.id):
        if new is None:
            raise Refused("this service has no key", rule="service-key", control="IA-5", hint="--home FOLDER")
        issued = enrol.invite(tx, service.handle, "join", INVITED_DAYS)
        _enrol(tx, service, issued, new)
    else:
        epochs.share_cases(tx, service.id)
    wanted = list(dict.fromkeys((*served, *accounts))) if ENTRUSTABLE & set(purposes) else list(accounts)
    for start in range(0, len(wanted), _PART):
        tx.record("service.entrusted", {"authority": authority, "accounts": wanted[start : start + _PART]})
    sealed = seal_to(tx, service.id) if wanted else None
    return Authorised(served=len(wanted), sealed=sealed, person=service.id, handle=service.handle, authority=authority, invite=issued)


def _service(tx: Transaction, handle: str) -> people_of.Person:
    try:
        found = people_of.find(tx.register, handle)
    except NotFound:
        return people.add(tx, people.NewPerson(name=handle, handle=handle))
    if not services.is_service(tx.register, found.id):
        raise Refused(f"{found.handle} is a person", rule="service-person", control="AC-6", hint="give the service a name of its own")
    return found


def _enrol(tx: Transaction, service: people_of.Person, issued: enrol.Issued, new: Keys) -> Approved:
    """As an approval would, without the typed fingerprint: whoever authorises it has made the key themselves."""
    invited = queries.invite(tx.register, issued.id.hex())
    assert invited is not None  # noqa: S101  it was just recorded
    return enrol.enrol(
        tx, service, invited, Request(sign=new.sign_public, seal=new.seal_public, custody=Custody.KEYFILE.value)
    )  # fmt: skip


def has_key(workspace: Workspace, name: str) -> bool:
    """Whether a service of this handle has an active key already."""
    try:
        found = people_of.find(workspace.view(), name)
    except NotFound:
        return False
    return bool(queries.active(workspace.view(), found.id))


def prepare(workspace: Workspace, home: Path, key_file: Path, made: Authorised, new: Keys) -> int:
    """Make the service's state folder its own: everything replayed from the first entry, its pin, its seed record; entries verified.

    What is interrupted here is finished by `govern join` in that folder.
    """
    assert made.invite is not None  # noqa: S101  only asked for a new key
    pin = read_pin(workspace.pin_path)
    assert pin is not None  # noqa: S101  the commit wrote it
    record = SeedRecord(
        custody=Custody.KEYFILE, where=str(key_file), key=new.id, vault=workspace.vault, checkpoint=pin.note.decode(),
        person=bytes.fromhex(made.person),
    )  # fmt: skip
    pending = join.Pending(record=record, invite=made.invite.id, token=token_digest(made.invite.token), request=b"{}")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    join.write_pending(home, pending)
    return join.finish(workspace.path, home, pending, lambda: new, random=workspace.random).entries


def check_home(home: Path) -> None:
    """Refuse a folder that is somebody's already."""
    if any((home / name).exists() for name in ("seed.json", PENDING, "pin", "journal")):
        raise Refused(f"{home} already belongs to a member of a vault", code="exists", hint="--home FOLDER names another one")


def relieve(tx: Transaction, name: str, accounts: Sequence[str]) -> tuple[str, int, int]:
    """Entrust these accounts (ids) to a service no longer, and end what is sealed to it; its handle, how many accounts and wraps that were."""
    found = people_of.find(tx.register, name)
    standing = set(serving.accounts(tx.register, found.id, tx.now))
    ending = [account for account in accounts if account in standing]
    if not ending:
        raise NotFound(f"none of these accounts is entrusted to {found.handle}", hint="govern key list")
    for start in range(0, len(ending), _PART):
        tx.record("service.relieved", {"service": found.id, "accounts": ending[start : start + _PART]})
    return found.handle, len(ending), sealing.end_wraps(tx, found.id, ending)


def withdraw(tx: Transaction, name: str, cause: str) -> tuple[str, int, keys.Revoked | None]:
    """End every authority of a service and its keys; its handle, how many authorities, and what the end of its keys brought."""
    found = people_of.find(tx.register, name)
    standing = [one for one in services.of(tx.register, found.id, tx.now) if not one.ended]
    held = [key.id for key in queries.active(tx.register, found.id)]
    if not services.is_service(tx.register, found.id) or not (standing or held):
        raise NotFound(f"{found.handle} is no service that could be ended", hint="govern key list")
    for one in standing:
        tx.record("service.withdrawn", {"authority": one.id})
    revoked = keys.revoke(tx, held, cause) if held else None
    return found.handle, len(standing), revoked
