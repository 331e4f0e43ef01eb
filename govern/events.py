"""Every fact that the ledger can hold: its name, its fields, the group of readers it is for, and its canonical bytes both ways.

Knows shapes, not meanings: whether a fact may be recorded by somebody is decided in `govern.holdings`, what it changes in
`govern.register`.

A type is never changed once released: fields are only added, as optional ones; anything else is a new type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from govern.canonical import MAX_DEPTH, MAX_INTEGER, encoded, must_be, parsed, spelled, within
from govern.errors import Malformed

FORMAT: Final = 1
"""Format of ledger and events that this program writes."""

Check = Callable[[Any], bool]
_FLAT: Final = frozenset({str, int, bool})


# --- fields ----------------------------------------------------------------------------------------------------------------------

_ID = re.compile(r"[0-9a-f]{32}\Z").match
_DIGEST = re.compile(r"[0-9a-f]{64}\Z").match
_TIME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z\Z").match
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z").match
_TYPE = re.compile(r'[^"\\\x00-\x1f]{0,60}\Z').match
_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z").match
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}\Z").match


def id_(value: Any) -> bool:
    return isinstance(value, str) and _ID(value) is not None


def digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST(value) is not None


def time(value: Any) -> bool:
    return isinstance(value, str) and _TIME(value) is not None


def date(value: Any) -> bool:
    return isinstance(value, str) and _DATE(value) is not None


def handle(value: Any) -> bool:
    """What people type for an account or a person: lower-case letters, digits and . _ @ + -, at most 63."""
    return isinstance(value, str) and _HANDLE(value) is not None


def flag(value: Any) -> bool:
    return value is True or value is False


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_INTEGER


def record(value: Any) -> bool:
    return isinstance(value, dict)


def signature(value: Any) -> bool:
    return isinstance(value, str) and _SIGNATURE(value) is not None


def text(limit: int) -> Check:
    return lambda value: isinstance(value, str) and len(value) <= limit


def word(*words: str) -> Check:
    allowed = frozenset(words)
    return lambda value: isinstance(value, str) and value in allowed


def many(check: Check, limit: int = 1000) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= limit and all(map(check, value))


def row(*checks: Check) -> Check:
    return lambda value: isinstance(value, list) and len(value) == len(checks) and all(c(v) for c, v in zip(checks, value, strict=True))


KINDS: Final = ("password", "totp", "backup-codes", "api-token", "app-password", "passkey", "recovery-email", "recovery-phone")
TIERS: Final = ("critical", "standard", "low")
ROLES: Final = ("admin", "hr", "auditor", "service")
TRIGGERS: Final = ("membership", "compromise", "first-import", "breach", "schedule", "manual")
CUSTODIES: Final = ("keyfile", "passphrase", "keyring")
PURPOSES: Final = ("join", "device", "rekey")
PLACE_KINDS: Final = ("sheet", "manager", "chat", "browser", "paper", "other")
PRESETS: Final = ("solo", "small", "team")
GRADES: Final = ("probed", "two-people", "one-person", "claimed", "on-behalf")
CASE_KINDS: Final = ("leaver", "mover", "agency-ended", "client-ended", "pause", "device-lost", "joiner")
VIAS: Final = ("in-person", "call", "messenger", "paper")
SERVICE_PURPOSES: Final = ("run-due", "remind", "reconcile", "probe")
BASES: Final = ("sealed", "revealed", "set", "handed-over", "place", "declared", "exported", "imported", "recovery", "unknown")
ACTS: Final = ("role", "recovery-replaced", "erasure", "restore", "policy")
"""What takes two persons."""

_kind, _tier, _name, _note, _label = word(*KINDS), word(*TIERS), text(200), text(2000), text(100)


class Fact(NamedTuple):
    """The shape of one type: required and optional body fields, personal fields, and the compartment it is written in."""

    body: Mapping[str, Check]
    optional: Mapping[str, Check]
    personal: Mapping[str, Check]
    compartment: str


def _fact(
    compartment: str = "base", /, *, optional: Mapping[str, Check] | None = None, personal: Mapping[str, Check] | None = None, **body: Check
) -> Fact:
    return Fact(body, optional or {}, personal or {}, compartment)


FACTS: Final[Mapping[str, Fact]] = {
    # the vault itself
    "vault.founded": _fact(
        format=count, organisation=_name, preset=word(*PRESETS), founder=id_, key=id_, sign=digest, seal=digest, custody=word(*CUSTODIES),
        base=id_, case=id_, base_epoch=id_, case_epoch=id_,
        recovery_key=id_, recovery_sign=digest, recovery_seal=digest, recovery_threshold=count, recovery_shares=count,
        personal={"handle": handle, "name": _name, "mail": _name},
    ),
    "epoch.started": _fact(
        compartment=id_, epoch=id_, number=count, recipients=many(id_), wraps=digest,
        optional={"previous": id_, "previous_wrap": digest},
    ),
    "epoch.wrapped": _fact(wraps=many(row(id_, id_), 500), digest=digest),
    "readers.ended": _fact(epoch=id_, keys=many(id_, 200)),
    "policy.adopted": _fact(policy=record, digest=digest),
    "recovery.used": _fact(purpose=word("recover", "second-person"), personal={"note": _note}),
    "recovery.drilled": _fact(versions=count, failed=count),
    "backup.made": _fact(size=count, personal={"path": _note}),
    # acts of two persons
    "proposal.made": _fact(proposal=id_, act=word(*ACTS), parameters=record, personal={"reason": _note}),
    "proposal.approved": _fact(proposal=id_),
    "proposal.withdrawn": _fact(proposal=id_),
    "erasure.listed": _fact(proposal=id_, part=count, of=count, entries=many(count, 5000)),
    # people, keys, roles
    "person.added": _fact(
        person=id_,
        optional={"external": flag, "left": date},
        personal={"handle": handle, "name": _name, "mail": _name, "department": _label, "locale": _label, "agency": _name},
    ),
    "person.edited": _fact(
        person=id_,
        optional={"external": flag},
        personal={"handle": handle, "name": _name, "mail": _name, "department": _label, "locale": _label, "agency": _name},
    ),
    "person.leaving": _fact(person=id_, optional={"last_day": date, "order": row(id_, time, id_, signature)}),
    "person.left": _fact(person=id_, on=date),
    "role.given": _fact(person=id_, role=word(*ROLES), optional={"until": time}),
    "role.withdrawn": _fact(person=id_, role=word(*ROLES)),
    "invite.issued": _fact(invite=id_, person=id_, purpose=word(*PURPOSES), token=digest, expires=time),
    "invite.withdrawn": _fact(invite=id_),
    "key.enrolled": _fact(
        person=id_, key=id_, sign=digest, seal=digest, custody=word(*CUSTODIES),
        optional={"epochs": many(id_, 200), "wraps": digest, "invite": id_},
    ),
    "key.revoked": _fact(key=id_, cause=word("lost", "departure", "replaced", "compromise")),
    "service.authorised": _fact(service=id_, purposes=many(word(*SERVICE_PURPOSES), 8), optional={"until": time}),
    "service.withdrawn": _fact(authority=id_),
    # accounts and their credentials
    "account.added": _fact(
        account=id_, handle=handle, platform=_label, tier=_tier, custodian=id_,
        optional={
            "deputy": id_, "department": _label, "client": _label, "tags": many(_label, 50), "depends_on": many(id_, 50),
            "prompts_reach": id_,
        },
        personal={"login": text(500), "url": text(2000), "title": text(500)},
    ),
    "account.edited": _fact(
        account=id_,
        optional={
            "platform": _label, "tier": _tier, "deputy": id_, "department": _label, "client": _label, "tags": many(_label, 50),
            "depends_on": many(id_, 50), "prompts_reach": id_, "cleared": many(_label, 10),
        },
        personal={"login": text(500), "url": text(2000), "title": text(500)},
    ),
    "account.custody": _fact(account=id_, custodian=id_),
    "account.retired": _fact(account=id_),
    "credential.added": _fact(credential=id_, account=id_, kind=_kind, optional={"kept_in": id_}),
    "version.staged": _fact(
        credential=id_, version=count, state=word("candidate", "current"),
        origin=word("imported", "set", "generated", "platform", "claimed"),
        optional={
            "manifest": digest, "recipients": many(id_), "wraps": digest, "rotation": id_, "reuses": count, "changed_at": time,
            "others_unknown": flag, "weak": flag,
        },
    ),
    "wraps.added": _fact(wraps=many(row(id_, count, id_), 500), digest=digest),
    "wraps.ended": _fact(wraps=many(row(id_, count, id_, digest), 300)),
    # who holds what, who could know what
    "grant.issued": _fact(
        grant=id_, account=id_, person=id_,
        optional={"kinds": many(_kind, 8), "until": time, "emergency": flag, "founding": flag},
        personal={"reason": _note},
    ),
    "grant.ended": _fact(grants=many(id_), cause=word("revoked", "expired", "departure", "retired"), personal={"reason": _note}),
    "place.added": _fact(place=id_, kind=word(*PLACE_KINDS), personal={"name": _name}),
    "place.member": _fact(place=id_, person=id_, optional={"since": date, "until": date}),
    "place.holds": _fact(place=id_, accounts=many(id_)),
    "place.cleaned": _fact(place=id_, accounts=many(id_)),
    "knowledge.declared": _fact(credential=id_, person=id_, optional={"since": date}, personal={"note": _note}),
    "exposures.carried": _fact(
        proposal=id_, part=count, of=count, exposures=many(row(id_, id_, count, word(*BASES), time), 300)
    ),
    "secret.revealed": _fact(credential=id_, version=count, purpose=word("reveal", "rotation", "probe"), personal={"reason": _note}),
    "code.shown": _fact(credential=id_, version=count, optional={"recipient": id_}, personal={"reason": _note}),
    "secret.handed_over": _fact(credential=id_, version=count, person=id_, via=word(*VIAS), personal={"reason": _note}),
    "secrets.exported": _fact(
        export=id_, versions=many(row(id_, count), 1000), part=count, of=count, personal={"reason": _note, "path": _note}
    ),
    "import.recorded": _fact(
        format=_label, created=count, merged=count, conflicts=count, unchanged=count, skipped=count,
        optional={"sealed": flag},
        personal={"path": _note},
    ),
    "baseline.accepted": _fact(until=date, findings=many(text(100), 500)),
    # rotation
    "rotation.opened": _fact(rotation=id_, credential=id_, trigger=word(*TRIGGERS), optional={"person": id_, "due": time}),
    "rotation.rejected": _fact(rotation=id_, version=count),
    "rotation.unknown": _fact(rotation=id_),
    "rotation.aborted": _fact(rotation=id_),
    "rotation.lost": _fact(rotation=id_),
    "rotation.confirmed": _fact(
        rotation=id_, version=count, grade=word(*GRADES), optional={"sessions_cut": flag, "residual_until": time}
    ),
    # cases: in a compartment of their own readers
    "case.opened": _fact(
        "case", case=id_, person=id_, kind=word(*CASE_KINDS), items=count, frozen=digest, frozen_at=count,
        optional={"cut_at": time, "last_day": date, "requested_by": id_, "evidence": digest, "order": signature},
    ),
    "case.items": _fact("case", case=id_, part=count, of=count, items=many(record, 200)),
    "case.cut": _fact("case", case=id_),
    "case.item_assigned": _fact("case", case=id_, item=id_, person=id_),
    "case.item_ended": _fact(
        "case", case=id_, item=id_, state=word("done", "waived", "not-applicable"),
        optional={"evidence": digest, "grade": word(*GRADES), "entry": count},
        personal={"note": _note},
    ),
    "case.item_verified": _fact("case", case=id_, item=id_),
    "case.item_reopened": _fact("case", case=id_, item=id_, personal={"note": _note}),
    "case.closed": _fact("case", case=id_, signed_by_one=flag, personal={"statement": _note}),
}  # fmt: skip
"""Type -> shape. The order is the order of `docs/formats/event.md`."""


PARAMETERS: Final[Mapping[str, Fact]] = {
    "role": _fact(person=id_, role=word(*ROLES), optional={"until": time}),
    "recovery-replaced": _fact(key=id_, sign=digest, seal=digest, threshold=count, shares=count, proof=signature),
    "erasure": _fact(person=id_, entries=count),
    "restore": _fact(size=count, root=digest, note=digest),
    "policy": _fact(policy=record, digest=digest),
}
"""Act -> the shape of the parameters of its proposal."""


class Event(NamedTuple):
    """One fact as read from, or about to go into, the ledger. `at` is claimed by its actor; order in the ledger decides."""

    id: str
    type: str
    actor: str
    key: str
    at: str
    body: Mapping[str, Any]
    personal: str | None = None
    """Commitment to the personal part, where there is one (hex)."""
    authority: str | None = None
    """Of a service: id of the `service.authorised` that it acts under."""


def _is_envelope(event: Event) -> bool:
    """Whether the fields around the body are of their kinds, and so written in JSON as they are."""
    try:
        return bool(
            _ID(event.id) and _TYPE(event.type) and _ID(event.actor) and _ID(event.key) and _TIME(event.at)
            and isinstance(event.body, dict) and (event.personal is None or _DIGEST(event.personal))
            and (event.authority is None or _ID(event.authority))
        )  # fmt: skip
    except TypeError:  # a pattern is matched by texts alone
        return False


class UnknownType(Malformed):
    """A type that this program does not have: void within its format."""


def check_body(type_: str, body: Mapping[str, Any]) -> None:
    """Refuse (Malformed) a body that is not exactly of its type's shape."""
    fact = FACTS.get(type_)
    if fact is None:
        raise UnknownType(f"no fact is called {type_[:60]!r}")
    _check(type_, fact, body)


def check_parameters(act: str, parameters: Mapping[str, Any]) -> None:
    """Refuse (Malformed) parameters that are not exactly of their act's shape."""
    _check(f"proposal of {act}", PARAMETERS[act], parameters)


def _check(type_: str, fact: Fact, body: Mapping[str, Any]) -> None:
    required, optional, seen = fact.body, fact.optional, 0
    for key, value in body.items():
        check = required.get(key)
        if check is not None:
            seen += 1
        else:
            check = optional.get(key)
            if check is None:
                raise Malformed(f"{type_} has no field {key[:40]!r}")
        if not check(value):
            raise Malformed(f"{type_}: field {key} is not of its kind")
    if seen != len(required):
        missing = ", ".join(sorted(set(required) - set(body)))
        raise Malformed(f"{type_} lacks {missing}")


def check_personal(type_: str, personal: Mapping[str, Any]) -> None:
    """Refuse (Malformed) a personal part that is not of its type's shape. Every personal field may be absent."""
    fields = FACTS[type_].personal
    for key, value in personal.items():
        check = fields.get(key)
        if check is None or not check(value):
            raise Malformed(f"{type_}: personal field {key[:40]!r} is unknown, too long or not of its kind")


def _spelled(event: Event) -> str:
    """Canonical text of an event. What stands around the body has nothing in it that JSON would write otherwise: `_is_envelope` saw to it."""
    personal = f'"personal":"{event.personal}",' if event.personal is not None else ""
    authority = f'"authority":"{event.authority}",' if event.authority is not None else ""
    return (
        f'{{"actor":"{event.actor}","at":"{event.at}",{authority}"body":{spelled(event.body)},"id":"{event.id}","key":"{event.key}",'
        f'{personal}"type":"{event.type}","v":{FORMAT}}}'
    )


def encode_event(event: Event) -> bytes:
    """Canonical bytes of an event whose envelope and body have their shape (else Malformed)."""
    if not _is_envelope(event):
        raise Malformed("an event whose envelope has a field that is not of its kind")
    check_body(event.type, event.body)
    if not _FLAT.issuperset(map(type, event.body.values())):  # these were just held against their bounds; lists and records hold anything
        within(event.body, MAX_DEPTH - 1)
    return encoded(_spelled(event))


def decode_event(data: bytes) -> Event:
    """Strict reading of an event's bytes: canonical, known envelope, known type, body of its shape; raises Malformed or UnknownType."""
    value, text = parsed(data)
    if not isinstance(value, dict):
        raise Malformed("an event that is no object")
    personal, authority = value.get("personal"), value.get("authority")
    try:
        event = Event(value["id"], value["type"], value["actor"], value["key"], value["at"], value["body"], personal, authority)
    except KeyError as error:
        raise Malformed("an event whose envelope lacks a field") from error
    if len(value) != 7 + (personal is not None) + (authority is not None) or value.get("v") != FORMAT or not _is_envelope(event):
        raise Malformed("an event whose envelope has other keys, or a field that is not of its kind")
    must_be(_spelled(event), text)
    check_body(event.type, event.body)
    return event
