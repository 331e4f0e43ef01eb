"""Copies that leave the vault on purpose: a message to a holder, a sealed envelope; each is a place that remembers what lies in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused
from govern.procedures import showing
from govern.register.queries import accounts, copies, people, places, policies, rotations, signers, versions
from govern.rotation.kinds import FACTS
from govern.rotation.triggers import Trigger, due

if TYPE_CHECKING:
    from govern.register.queries.places import Place
    from govern.register.queries.versions import Version
    from govern.register.transaction import Transaction
    from govern.vault.secret import Secret


def sent(tx: Transaction, person: str, version: Version) -> Place:
    """Record that a version went to a person (id) by a messenger: their chat with us is a place, until it is cleaned.

    One chat per person, named by an opaque id: names of places are never erased.
    """
    name = f"messenger {person[:8]}"
    try:
        chat = places.find(tx.register, name)
    except NotFound:
        tx.record("place.added", {"place": tx.new_id(), "kind": "chat"}, {"name": name})
        chat = places.find(tx.register, name)
    for member in (person, tx.actor):
        if all(presence.person != member or presence.until for presence in chat.people):
            tx.record("place.member", {"place": chat.id, "person": member, "since": tx.now[:10]})
    tx.record("place.holds", {"place": chat.id, "accounts": [], "versions": [[version.credential, version.n]]})
    return chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """One secret of an envelope; `scan` is what a phone's camera should read of it."""

    kind: str
    version: int
    secret: Secret
    scan: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is to be printed. `name` is that of the place, which stands on the envelope too."""

    name: str
    account: str
    platform: str
    login: str
    url: str
    inside: tuple[Inside, ...]


def fill(tx: Transaction, account: str, kinds: Sequence[str], reason: str) -> Envelope:
    """Open what goes into an envelope, all sealed kinds unless some are named, and record who is shown it and that paper holds it.

    Raises NotFound, Refused, Locked, IntegrityError, all before recording.
    """
    found = accounts.find(tx.register, account)
    showing.need_reason(tx.register, found, reason, "an envelope")
    have = [one for one in versions.current(tx.register, [found.id]) if one.manifest and one.kind not in FACTS]
    for kind in kinds:
        versions.the(tx.register, found.id, found.handle, kind, "")
    chosen = [one for one in have if not kinds or one.kind in kinds]
    if not chosen:
        raise NotFound(f"nothing of {found.handle} is sealed in this vault", hint=f"govern credential list {found.handle}")
    inside = []
    for one in chosen:
        showing.must_hold(tx.register, found, tx.actor, one.kind, tx.now)
        fields = showing.opened(tx, one)
        secret = showing.value(one.kind, fields)
        scan = showing.address(fields) if one.kind == "totp" else secret
        inside.append(Inside(kind=one.kind, version=one.n, secret=secret, scan=scan))
    taken = places.names(tx.register)
    name = next(name for number in range(1, len(taken) + 2) if (name := f"envelope {found.handle} {number}").casefold() not in taken)
    place = tx.new_id()
    for one in chosen:
        tx.record("secret.revealed", {"credential": one.credential, "version": one.n, "purpose": "reveal"}, {"reason": reason})
    tx.record("place.added", {"place": place, "kind": "paper"}, {"name": name})
    tx.record("place.holds", {"place": place, "accounts": [], "versions": [[one.credential, one.n] for one in chosen]})
    return Envelope(
        name=name, account=found.handle, platform=found.platform, login=found.login, url=found.url, inside=tuple(inside)
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An envelope that somebody opened: kinds that were in it, and ids of the rotations that are open for it now."""

    name: str
    account: str
    person: str
    kinds: tuple[str, ...]
    rotations: tuple[str, ...]


def opened(tx: Transaction, account: str, person: str, note: str, *, envelope: str = "") -> Opened:
    """Record who opened an envelope, and open a rotation of every secret in it that still works and has none under way.

    Whoever may open no rotation records the opening all the same: `status` then tells those who may.

    NotFound where there is no such envelope, Refused where there are several to choose from.
    """
    found = accounts.find(tx.register, account)
    who = people.find(tx.register, person) if person else people.by_id(tx.register, tx.actor)
    there = [copy for copy in copies.envelopes(copies.copies(tx.register, found.id)) if not copy.cleaned]
    names = list(dict.fromkeys(copy.name for copy in there))
    if envelope:
        names = [name for name in names if name.casefold() == envelope.strip().casefold()]
    if not names:
        raise NotFound(
            f"there is no envelope of {found.handle}" + (f" called {envelope[:60]!r}" if envelope else ""), hint="govern envelope list"
        )
    if len(names) > 1:
        raise Refused(f"{found.handle} has {len(names)} envelopes", rule="ambiguous", hint=f"say which: --envelope '{names[-1]}'")
    inside = [copy for copy in there if copy.name == names[0]]
    tx.record("envelope.opened", {"place": inside[0].place, "person": who.id}, {"note": note})
    by = due(policies.policy(tx.register), Trigger.MEMBERSHIP, found.tier, tx.now)
    may = tx.actor in (found.custodian, found.deputy) or signers.may_work_on_cases(tx.register, tx.actor, tx.now)
    for copy in inside:
        if may and copy.works and not copy.changing:
            body = {"rotation": tx.new_id(), "credential": copy.credential, "trigger": "membership", "person": who.id, "due": by}
            tx.record("rotation.opened", body)
    under_way = [rotations.open_of(tx.register, copy.credential) for copy in inside]
    return Opened(
        name=names[0], account=found.handle, person=who.handle, kinds=tuple(copy.kind for copy in inside),
        rotations=tuple(rotation.id for rotation in under_way if rotation is not None),
    )  # fmt: skip
