"""Every fact that the ledger can hold: its name, its fields, the group of readers it is for; and the words that their fields are made of.

Knows shapes, not meanings: whether a fact may be recorded by somebody is decided in `govern.holdings`, what it changes in
`govern.register`; how it is written in `govern.events`.

A type is never changed once released: fields are only added, as optional ones; anything else is a new type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from govern.fields import (
    Check,
    blank_or,
    count,
    date,
    digest,
    flag,
    handle,
    hexed,
    id_,
    many,
    record,
    row,
    server,
    signature,
    text,
    time,
    word,
)

KINDS: Final = ("password", "totp", "backup-codes", "api-token", "app-password", "passkey", "recovery-email", "recovery-phone")
TIERS: Final = ("critical", "standard", "low")
ROLES: Final = ("admin", "hr", "auditor", "service")
TRIGGERS: Final = ("membership", "compromise", "first-import", "breach", "schedule", "manual")
CUSTODIES: Final = ("keyfile", "passphrase", "keyring")
PURPOSES: Final = ("join", "device", "rekey")
PLACE_KINDS: Final = ("sheet", "manager", "chat", "browser", "paper", "other")
PRESETS: Final = ("solo", "small", "team")
GRADES: Final = ("probed", "two-people", "one-person", "claimed", "on-behalf")
ANSWERS: Final = ("valid", "invalid", "inconclusive")
CASE_KINDS: Final = ("leaver", "mover", "agency-ended", "client-ended", "pause", "device-lost", "joiner")
DEVICE_KINDS: Final = ("phone", "sim", "laptop", "tablet", "security-key", "other")
DEVICE_ENDS: Final = ("returned", "lost", "wiped")
EXCEPTIONS: Final = ("second-factor", "acknowledgement", "training")
"""What a rule of the house may be set aside in, for a reason and until a day."""
FACTORS: Final = ("none", "sms", "totp", "security-key", "passkey", "app-prompt")
REGISTERED: Final = ("company", "personal", "none")
"""Whose mail address or phone is registered with a platform."""
REVIEW_SCOPES: Final = ("all", "account", "department", "person", "some")
REVIEW_CAUSES: Final = ("by-hand", "periodic", "mover", "custodian", "unused", "holders")
"""Why a review was opened: somebody wanted it, its time had come, or something had happened."""
REVIEWED: Final = ("grant", "entitlement")
REACHES: Final = ("company", "personal")
"""Whose a recovery mail address or phone number is: the company's, or somebody's own."""
VIAS: Final = ("in-person", "call", "messenger", "paper")
CHANNEL_KINDS: Final = ("mail", "chat")
TLS: Final = ("starttls", "tls", "local")
CUTS: Final = ("sessions", "app-passwords", "oauth-apps", "api-tokens")
"""What may have been ended on the platform along with a password."""
SERVICE_PURPOSES: Final = ("run-due", "remind", "reconcile", "probe")
BASES: Final = ("sealed", "revealed", "set", "handed-over", "place", "declared", "exported", "imported", "recovery", "unknown")
RUNS: Final = ("remind", "tick")
"""What one machine at a time does for all."""
NOTICES: Final = (
    "schedule", "rotation", "former", "hand-over", "grant", "emergency", "cut", "case-item", "drill", "stale-pin", "baseline", "authority", "undelivered",
    "acknowledgement", "review", "exception", "incident",
)  # fmt: skip
"""Kinds of things that people are reminded of."""
INCIDENT_KINDS: Final = ("takeover", "rogue-post", "leak", "negative", "phishing", "lost-device")
INCIDENT_STEPS: Final = (
    "freeze", "rotate", "sessions", "scheduled-posts", "evidence", "device", "platform", "correct", "warn", "inform", "answer", "apologise", "recover",
)  # fmt: skip
"""What may be done about an incident; which of it, and in which order, a playbook says."""
INCIDENT_HANDS: Final = ("lead", "second")
"""Two people work at once: whose step it is."""
ACTS: Final = ("role", "recovery-replaced", "erasure", "restore", "policy", "account-erasure")
"""What takes two persons."""

LANGUAGES: Final = ("en", "fr", "nl", "da", "nb", "es")
"""In which a document may be written."""
AUDIENCES: Final = ("everybody", "holders", "people")
SIGNED: Final = ("signature", "sheet")
"""How somebody acknowledged a document: by an entry that their own key signs, or on paper, of which the entry has the digest."""
MOST_TEXT: Final = 48 * 1024
"""Bytes of all languages of one version of a document."""

_kind, _tier, _name, _note, _label = word(*KINDS), word(*TIERS), text(200), text(2000), text(100)
_lines = many(row(id_, date, text(6)), 500)
"""Of each line of a digest: the thing, its due day, and the stage, in days from that day."""


class Fact(NamedTuple):
    """The shape of one type: required and optional body fields, personal fields, and the compartment it is written in."""

    body: Mapping[str, Check]
    optional: Mapping[str, Check]
    personal: Mapping[str, Check]
    compartment: str
    fields: Mapping[str, Check]
    """The required and the optional ones."""


def _fact(
    compartment: str = "base", /, *, optional: Mapping[str, Check] | None = None, personal: Mapping[str, Check] | None = None, **body: Check
) -> Fact:
    return Fact(body, optional or {}, personal or {}, compartment, {**body, **(optional or {})})


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
    "recovery.entrusted": _fact(key=id_, sheet=count, person=id_),
    "backup.made": _fact(size=count, personal={"path": _note}),
    # acts of two persons
    "proposal.made": _fact(proposal=id_, act=word(*ACTS), parameters=record, personal={"reason": _note}),
    "proposal.approved": _fact(proposal=id_),
    "proposal.withdrawn": _fact(proposal=id_),
    "erasure.listed": _fact(proposal=id_, part=count, of=count, entries=many(count, 5000)),
    "erasure.sealed": _fact(
        proposal=id_, part=count, of=count, versions=many(row(id_, count), 300), wraps=many(row(id_, count, id_, digest), 300)
    ),
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
    "service.entrusted": _fact(authority=id_, accounts=many(id_, 500)),
    "service.relieved": _fact(service=id_, accounts=many(id_, 500)),
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
            "depends_on": many(id_, 50), "prompts_reach": id_, "cleared": many(_label, 10), "sets": many(word("login", "url", "title"), 3),
        },
        personal={"login": text(500), "url": text(2000), "title": text(500)},
    ),
    "account.described": _fact(
        account=id_,
        optional={"business": flag, "second_factor": word(*FACTORS), "mail": word(*REGISTERED), "phone": word(*REGISTERED)},
        personal={"purpose": text(500)},
    ),
    "account.custody": _fact(account=id_, custodian=id_),
    "account.retired": _fact(account=id_),
    "account.returned": _fact(account=id_),
    "credential.added": _fact(credential=id_, account=id_, kind=_kind, optional={"kept_in": id_}),
    "version.staged": _fact(
        credential=id_, version=count, state=word("candidate", "current"),
        origin=word("imported", "set", "generated", "platform", "claimed"),
        optional={
            "manifest": digest, "recipients": many(id_), "wraps": digest, "rotation": id_, "reuses": count, "changed_at": time,
            "others_unknown": flag, "weak": flag,
        },
    ),
    "candidates.staged": _fact(
        candidates=many(row(id_, count, id_, digest, count), 300), recipients=many(id_), wraps=digest,
    ),
    "wraps.added": _fact(wraps=many(row(id_, count, id_), 500), digest=digest),
    "wraps.ended": _fact(wraps=many(row(id_, count, id_, digest), 300)),
    # who holds what, who could know what
    "grant.issued": _fact(
        grant=id_, account=id_, person=id_,
        optional={"kinds": many(_kind, 8), "until": time, "emergency": flag, "founding": flag},
        personal={"reason": _note},
    ),
    "grant.ended": _fact(grants=many(id_), cause=word("revoked", "expired", "departure", "retired", "lapsed"), personal={"reason": _note}),
    "place.added": _fact(place=id_, kind=word(*PLACE_KINDS), personal={"name": _name}),
    "place.member": _fact(place=id_, person=id_, optional={"since": date, "until": date}),
    "place.holds": _fact(place=id_, accounts=many(id_), optional={"versions": many(row(id_, count), 500)}),
    "place.cleaned": _fact(place=id_, accounts=many(id_)),
    "envelope.opened": _fact(place=id_, person=id_, personal={"note": _note}),
    "knowledge.declared": _fact(credential=id_, person=id_, optional={"since": date}, personal={"note": _note}),
    "exposures.carried": _fact(
        proposal=id_, part=count, of=count, exposures=many(row(id_, id_, count, word(*BASES), time), 300)
    ),
    "codes.carried": _fact(proposal=id_, codes=many(row(id_, count, count, count, id_, blank_or(id_), time), 300)),
    "secret.revealed": _fact(credential=id_, version=count, purpose=word("reveal", "rotation", "probe"), personal={"reason": _note}),
    "code.shown": _fact(credential=id_, version=count, optional={"recipient": id_}, personal={"reason": _note}),
    "code.spent": _fact(credential=id_, version=count, ordinal=count, left=count, optional={"recipient": id_}, personal={"reason": _note}),
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
    # what ties people to accounts beside secrets
    "entitlement.recorded": _fact(
        entitlement=id_, account=id_, person=id_, role=_label,
        optional={"admin": flag, "since": date, "evidence": digest},
        personal={"login": text(500)},
    ),
    "entitlement.ended": _fact(entitlement=id_, account=id_, optional={"on": date, "evidence": digest}),
    "app.connected": _fact(
        app=id_, account=id_, tool=_label,
        optional={"person": id_, "scopes": many(_label, 50), "since": date, "evidence": digest},
        personal={"login": text(500)},
    ),
    "app.ended": _fact(app=id_, account=id_, optional={"on": date, "evidence": digest}),
    "device.given": _fact(
        device=id_, person=id_, kind=word(*DEVICE_KINDS),
        optional={"accounts": many(id_, 500), "since": date, "evidence": digest},
        personal={"name": _name},
    ),
    "device.signed_in": _fact(device=id_, accounts=many(id_, 500)),
    "device.ended": _fact(device=id_, how=word(*DEVICE_ENDS), optional={"on": date, "evidence": digest}),
    "spokesperson.named": _fact(spokesperson=id_, account=id_, person=id_, trained_on=date, optional={"evidence": digest}),
    "spokesperson.ended": _fact(spokesperson=id_, account=id_, optional={"on": date}),
    "exception.granted": _fact(
        exception=id_, point=word(*EXCEPTIONS), until=date, optional={"account": id_, "person": id_}, personal={"reason": _note}
    ),
    "exception.ended": _fact(exception=id_),
    # access reviews: whether those who hold accounts and roles still need them
    "review.opened": _fact(
        review=id_, scope=word(*REVIEW_SCOPES), cause=word(*REVIEW_CAUSES), due=date, items=count, optional={"about": id_, "department": _label}
    ),
    "review.items": _fact(review=id_, part=count, of=count, items=many(row(word(*REVIEWED), id_, id_), 300)),
    "review.decided": _fact(review=id_, items=many(id_, 300), decision=word("keep", "end"), personal={"reason": _note}),
    "review.closed": _fact(review=id_),
    # what people have read, signed and been trained in
    "document.adopted": _fact(
        document=id_, name=handle, version=digest, texts=many(row(word(*LANGUAGES), digest, count), len(LANGUAGES)),
        personal={locale: text(MOST_TEXT) for locale in LANGUAGES},
    ),
    "document.published": _fact(
        document=id_, version=digest, deadline=date, audience=word(*AUDIENCES), optional={"people": many(id_, 500)}
    ),
    "acknowledgement.given": _fact(
        acknowledgement=id_, document=id_, version=digest, person=id_, how=word(*SIGNED),
        optional={"evidence": digest, "on": date, "locale": word(*LANGUAGES)},
    ),
    "acknowledgement.verified": _fact(acknowledgement=id_),
    "training.recorded": _fact(training=id_, person=id_, subject=handle, on=date, optional={"evidence": digest}),
    "channel.reaches": _fact(credential=id_, version=count, reach=word(*REACHES), optional={"person": id_}),
    # by which ways messages go out
    "channel.set": _fact(
        channel=id_, name=handle, kind=word(*CHANNEL_KINDS),
        optional={"credential": id_, "tls": word(*TLS), "port": count},
        personal={"host": text(253), "sender": text(320), "login": text(500), "reply_to": text(320)},
    ),
    "channel.ended": _fact(channel=id_),
    "channel.opened": _fact(channel=id_, credential=id_, version=count),
    "channel.tested": _fact(channel=id_, person=id_),
    "channel.answered": _fact(channel=id_, works=flag),
    # something went wrong: reports, incidents, freezes
    "incident.reported": _fact(
        report=id_, kind=word(*INCIDENT_KINDS), answer_by=time, optional={"account": id_, "on_behalf": id_}, personal={"note": _note}
    ),
    "incident.answered": _fact(report=id_, optional={"account": id_}),
    "incident.opened": _fact(
        incident=id_, kind=word(*INCIDENT_KINDS), lead=id_, steps=many(row(word(*INCIDENT_STEPS), word(*INCIDENT_HANDS)), 20),
        optional={"account": id_, "second": id_, "report": id_, "drill": flag},
    ),
    "incident.step_ended": _fact(
        incident=id_, step=word(*INCIDENT_STEPS), state=word("done", "skipped"), optional={"evidence": digest}, personal={"note": _note}
    ),
    "incident.joined": _fact(incident=id_, person=id_),
    "incident.cleared": _fact(incident=id_),
    "incident.closed": _fact(incident=id_, personal={"lessons": _note}),
    "freeze.begun": _fact(freeze=id_, look_again=date, allowed=many(id_, 50), optional={"account": id_, "incident": id_}),
    "freeze.ended": _fact(freeze=id_),
    # rotation
    "rotation.opened": _fact(rotation=id_, credential=id_, trigger=word(*TRIGGERS), optional={"person": id_, "due": time}),
    "rotations.opened": _fact(
        rotations=many(row(id_, id_, blank_or(time)), 500), trigger=word(*TRIGGERS), optional={"person": id_},
    ),
    "rotation.rejected": _fact(rotation=id_, version=count),
    "rotation.unknown": _fact(rotation=id_),
    "rotation.aborted": _fact(rotation=id_),
    "rotation.lost": _fact(rotation=id_),
    "rotation.connected": _fact(
        rotation=id_, connector=_label, distribution=_label, release=_label,
        optional={"version": count, "by": id_, "server": server, "confirmed": flag, "awaits": word("mailed-code")},
    ),
    "rotation.cleared": _fact(rotation=id_, optional={"connector": _label, "by": id_, "server": server, "confirmed": flag}),
    "rotation.probed": _fact(rotation=id_, version=count, answer=word(*ANSWERS), optional={"retry_at": time}),
    "rotation.confirmed": _fact(
        rotation=id_, version=count, grade=word(*GRADES),
        optional={"sessions_cut": flag, "residual_until": time, "cut": many(word(*CUTS), 8), "earlier": hexed(16384)},
    ),
    # ways into an account besides its secrets, as a connector finds and ends them
    "way.ending": _fact(
        way=id_, account=id_, kind=_label, connector=_label, distribution=_label, release=_label, server=_label, optional={"by": id_},
        personal={"name": text(500), "ref": text(500)},
    ),
    "way.ended": _fact(way=id_, account=id_, gone=flag),
    # reminders: one run at a time, and what each person was told of
    "run.leased": _fact(lease=id_, purpose=word(*RUNS), until=time),
    "run.released": _fact(lease=id_),
    "digest.sent": _fact(person=id_, message=_label, channel=_label, locale=_label, lines=_lines),
    "digest.failed": _fact(person=id_, message=_label, channel=_label, outcome=word("later", "refused"), personal={"reason": _note}),
    "notice.snoozed": _fact(kind=word(*NOTICES), of=id_, until=date, optional={"about": id_}, personal={"reason": _note}),
    "notice.acknowledged": _fact(kind=word(*NOTICES), of=id_, optional={"about": id_}),
    # cases: in a compartment of their own readers
    "case.opened": _fact(
        "case", case=id_, person=id_, kind=word(*CASE_KINDS), items=count, frozen=digest, frozen_at=count,
        optional={
            "cut_at": time, "last_day": date, "requested_by": id_, "evidence": digest, "order": signature, "kept": many(id_),
            "keys": many(id_, 200), "accounts": many(id_),
        },
    ),
    "case.items": _fact("case", case=id_, part=count, of=count, items=many(record, 200)),
    "case.cut": _fact("case", case=id_),
    "case.item_assigned": _fact("case", case=id_, item=id_, person=id_),
    "case.item_ended": _fact(
        "case", case=id_, item=id_, state=word("done", "waived", "not-applicable"),
        optional={"evidence": digest, "grade": word(*GRADES), "entry": count, "on_behalf": id_},
        personal={"note": _note},
    ),
    "case.item_verified": _fact("case", case=id_, item=id_),
    "case.item_reopened": _fact("case", case=id_, item=id_, personal={"note": _note}),
    "case.closed": _fact("case", case=id_, signed_by_one=flag, personal={"statement": _note}),
    "case.digest_sent": _fact("case", case=id_, person=id_, message=_label, channel=_label, locale=_label, lines=_lines),
    "case.digest_failed": _fact(
        "case", case=id_, person=id_, message=_label, channel=_label, outcome=word("later", "refused"), personal={"reason": _note}
    ),
    "case.notice_snoozed": _fact("case", case=id_, until=date, optional={"item": id_}, personal={"reason": _note}),
    "case.notice_acknowledged": _fact("case", case=id_, optional={"item": id_}),
}  # fmt: skip
"""Type -> shape. The order is the order of `docs/formats/event-types.md`."""


PARAMETERS: Final[Mapping[str, Fact]] = {
    "role": _fact(person=id_, role=word(*ROLES), optional={"until": time}),
    "recovery-replaced": _fact(key=id_, sign=digest, seal=digest, threshold=count, shares=count, proof=signature),
    "erasure": _fact(person=id_, entries=count),
    "restore": _fact(size=count, root=digest, note=digest),
    "policy": _fact(policy=record, digest=digest),
    "account-erasure": _fact(accounts=many(id_, 500), entries=count, versions=count, wraps=count),
}
"""Act -> the shape of the parameters of its proposal."""
