"""The facts of what there is: the vault, people and keys, accounts and credentials, who holds and who could know what, what ties them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from govern import vocabulary as words
from govern.facts.fact import Fact, fact
from govern.fields import blank_or, count, date, digest, flag, handle, id_, many, record, row, signature, text, time, word

_kind, _tier, _name, _note, _label = word(*words.KINDS), word(*words.TIERS), text(200), text(2000), text(100)

HELD: Final[Mapping[str, Fact]] = {
    # the vault itself
    "vault.founded": fact(
        format=count, organisation=_name, preset=word(*words.PRESETS), founder=id_, key=id_, sign=digest, seal=digest, custody=word(*words.CUSTODIES),
        base=id_, case=id_, base_epoch=id_, case_epoch=id_,
        recovery_key=id_, recovery_sign=digest, recovery_seal=digest, recovery_threshold=count, recovery_shares=count,
        personal={"handle": handle, "name": _name, "mail": _name},
    ),
    "epoch.started": fact(
        compartment=id_, epoch=id_, number=count, recipients=many(id_), wraps=digest,
        optional={"previous": id_, "previous_wrap": digest},
    ),
    "epoch.wrapped": fact(wraps=many(row(id_, id_), 500), digest=digest),
    "readers.ended": fact(epoch=id_, keys=many(id_, 200)),
    "policy.adopted": fact(policy=record, digest=digest),
    "recovery.used": fact(purpose=word("recover", "second-person"), personal={"note": _note}),
    "recovery.drilled": fact(versions=count, failed=count),
    "recovery.entrusted": fact(key=id_, sheet=count, person=id_),
    "backup.made": fact(size=count, personal={"path": _note}),
    # acts of two persons
    "proposal.made": fact(proposal=id_, act=word(*words.ACTS), parameters=record, personal={"reason": _note}),
    "proposal.approved": fact(proposal=id_),
    "proposal.withdrawn": fact(proposal=id_),
    "erasure.listed": fact(proposal=id_, part=count, of=count, entries=many(count, 5000)),
    "erasure.sealed": fact(
        proposal=id_, part=count, of=count, versions=many(row(id_, count), 300), wraps=many(row(id_, count, id_, digest), 300)
    ),
    # people, keys, roles
    "person.added": fact(
        person=id_,
        optional={"external": flag, "left": date},
        personal={"handle": handle, "name": _name, "mail": _name, "department": _label, "locale": _label, "agency": _name},
    ),
    "person.edited": fact(
        person=id_,
        optional={"external": flag},
        personal={"handle": handle, "name": _name, "mail": _name, "department": _label, "locale": _label, "agency": _name},
    ),
    "person.leaving": fact(person=id_, optional={"last_day": date, "order": row(id_, time, id_, signature)}),
    "person.left": fact(person=id_, on=date),
    "role.given": fact(person=id_, role=word(*words.ROLES), optional={"until": time}),
    "role.withdrawn": fact(person=id_, role=word(*words.ROLES)),
    "invite.issued": fact(invite=id_, person=id_, purpose=word(*words.PURPOSES), token=digest, expires=time),
    "invite.withdrawn": fact(invite=id_),
    "key.enrolled": fact(
        person=id_, key=id_, sign=digest, seal=digest, custody=word(*words.CUSTODIES),
        optional={"epochs": many(id_, 200), "wraps": digest, "invite": id_},
    ),
    "key.revoked": fact(key=id_, cause=word("lost", "departure", "replaced", "compromise")),
    "service.authorised": fact(service=id_, purposes=many(word(*words.SERVICE_PURPOSES), 8), optional={"until": time}),
    "service.withdrawn": fact(authority=id_),
    "service.entrusted": fact(authority=id_, accounts=many(id_, 500)),
    "service.relieved": fact(service=id_, accounts=many(id_, 500)),
    # accounts and their credentials
    "account.added": fact(
        account=id_, handle=handle, platform=_label, tier=_tier, custodian=id_,
        optional={
            "deputy": id_, "department": _label, "client": _label, "tags": many(_label, 50), "depends_on": many(id_, 50),
            "prompts_reach": id_,
        },
        personal={"login": text(500), "url": text(2000), "title": text(500)},
    ),
    "account.edited": fact(
        account=id_,
        optional={
            "platform": _label, "tier": _tier, "deputy": id_, "department": _label, "client": _label, "tags": many(_label, 50),
            "depends_on": many(id_, 50), "prompts_reach": id_, "cleared": many(_label, 10), "sets": many(word("login", "url", "title"), 3),
        },
        personal={"login": text(500), "url": text(2000), "title": text(500)},
    ),
    "account.described": fact(
        account=id_,
        optional={"business": flag, "second_factor": word(*words.FACTORS), "mail": word(*words.REGISTERED), "phone": word(*words.REGISTERED)},
        personal={"purpose": text(500)},
    ),
    "account.custody": fact(account=id_, custodian=id_),
    "account.retired": fact(account=id_),
    "account.returned": fact(account=id_),
    "credential.added": fact(credential=id_, account=id_, kind=_kind, optional={"kept_in": id_}),
    "version.staged": fact(
        credential=id_, version=count, state=word("candidate", "current"),
        origin=word("imported", "set", "generated", "platform", "claimed"),
        optional={
            "manifest": digest, "recipients": many(id_), "wraps": digest, "rotation": id_, "reuses": count, "changed_at": time,
            "others_unknown": flag, "weak": flag,
        },
    ),
    "candidates.staged": fact(
        candidates=many(row(id_, count, id_, digest, count), 300), recipients=many(id_), wraps=digest,
    ),
    "wraps.added": fact(wraps=many(row(id_, count, id_), 500), digest=digest),
    "wraps.ended": fact(wraps=many(row(id_, count, id_, digest), 300)),
    # who holds what, who could know what
    "grant.issued": fact(
        grant=id_, account=id_, person=id_,
        optional={"kinds": many(_kind, 8), "until": time, "emergency": flag, "founding": flag},
        personal={"reason": _note},
    ),
    "grant.ended": fact(grants=many(id_), cause=word("revoked", "expired", "departure", "retired", "lapsed"), personal={"reason": _note}),
    "place.added": fact(place=id_, kind=word(*words.PLACE_KINDS), personal={"name": _name}),
    "place.member": fact(place=id_, person=id_, optional={"since": date, "until": date}),
    "place.holds": fact(place=id_, accounts=many(id_), optional={"versions": many(row(id_, count), 500)}),
    "place.cleaned": fact(place=id_, accounts=many(id_)),
    "envelope.opened": fact(place=id_, person=id_, personal={"note": _note}),
    "knowledge.declared": fact(credential=id_, person=id_, optional={"since": date}, personal={"note": _note}),
    "exposures.carried": fact(
        proposal=id_, part=count, of=count, exposures=many(row(id_, id_, count, word(*words.BASES), time), 300)
    ),
    "codes.carried": fact(proposal=id_, codes=many(row(id_, count, count, count, id_, blank_or(id_), time), 300)),
    "secret.revealed": fact(credential=id_, version=count, purpose=word("reveal", "rotation", "probe"), personal={"reason": _note}),
    "code.shown": fact(credential=id_, version=count, optional={"recipient": id_}, personal={"reason": _note}),
    "code.spent": fact(credential=id_, version=count, ordinal=count, left=count, optional={"recipient": id_}, personal={"reason": _note}),
    "secret.handed_over": fact(credential=id_, version=count, person=id_, via=word(*words.VIAS), personal={"reason": _note}),
    "secrets.exported": fact(
        export=id_, versions=many(row(id_, count), 1000), part=count, of=count, personal={"reason": _note, "path": _note}
    ),
    "import.recorded": fact(
        format=_label, created=count, merged=count, conflicts=count, unchanged=count, skipped=count,
        optional={"sealed": flag},
        personal={"path": _note},
    ),
    "baseline.accepted": fact(until=date, findings=many(text(100), 500)),
    # what ties people to accounts beside secrets
    "entitlement.recorded": fact(
        entitlement=id_, account=id_, person=id_, role=_label,
        optional={"admin": flag, "since": date, "evidence": digest},
        personal={"login": text(500)},
    ),
    "entitlement.ended": fact(entitlement=id_, account=id_, optional={"on": date, "evidence": digest}),
    "app.connected": fact(
        app=id_, account=id_, tool=_label,
        optional={"person": id_, "scopes": many(_label, 50), "since": date, "evidence": digest},
        personal={"login": text(500)},
    ),
    "app.ended": fact(app=id_, account=id_, optional={"on": date, "evidence": digest}),
    "device.given": fact(
        device=id_, person=id_, kind=word(*words.DEVICE_KINDS),
        optional={"accounts": many(id_, 500), "since": date, "evidence": digest},
        personal={"name": _name},
    ),
    "device.signed_in": fact(device=id_, accounts=many(id_, 500)),
    "device.ended": fact(device=id_, how=word(*words.DEVICE_ENDS), optional={"on": date, "evidence": digest}),
    "spokesperson.named": fact(spokesperson=id_, account=id_, person=id_, trained_on=date, optional={"evidence": digest}),
    "spokesperson.ended": fact(spokesperson=id_, account=id_, optional={"on": date}),
    "exception.granted": fact(
        exception=id_, point=word(*words.EXCEPTIONS), until=date, optional={"account": id_, "person": id_}, personal={"reason": _note}
    ),
    "exception.ended": fact(exception=id_),
}  # fmt: skip
