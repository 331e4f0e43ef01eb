"""Who may record which fact: the rule table of ledger format 1. Pure: judges what it is told about the actor, in procedures and in replay.

A table is append-only. A capability is something that the actor has at that point of the ledger: a role, or a relation to the account
that the fact is about. Control: NIST SP 800-53 rev. 5 AC-3 (access enforcement), AC-5 (separation of duties).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from govern.errors import Refused
from govern.holdings import services


class Standing(NamedTuple):
    """What the actor is when the fact is judged. `account`: relations to the account concerned (custodian, deputy, holder)."""

    person: str
    roles: frozenset[str]
    account: frozenset[str] = frozenset()
    genesis: bool = False
    recovery: bool = False
    service: frozenset[str] | None = None
    """Of a service: the purposes of the authority that it acts under; whatever else it may be counts for nothing."""


ADMIN: Final = "admin"
HR: Final = "hr"
KEYHOLDER: Final = "keyholder"
CUSTODIAN: Final = "custodian"
HOLDER: Final = "holder"
GENESIS: Final = "genesis"
RECOVERY: Final = "recovery"

_RUNS_ACCOUNT = frozenset({ADMIN, CUSTODIAN})
_CASES = frozenset({ADMIN, HR})

FORMAT_1: Final[Mapping[str, frozenset[str]]] = {
    "vault.founded": frozenset({GENESIS}),
    "epoch.started": frozenset({ADMIN, HR, RECOVERY}),
    "epoch.wrapped": _CASES,
    "readers.ended": frozenset({ADMIN, HR, RECOVERY}),
    "policy.adopted": frozenset({ADMIN}),
    "recovery.used": frozenset({RECOVERY}),
    "recovery.drilled": frozenset({KEYHOLDER}),
    "recovery.entrusted": frozenset({ADMIN}),
    "backup.made": frozenset({KEYHOLDER}),
    "proposal.made": frozenset({ADMIN}),
    "proposal.approved": frozenset({ADMIN, RECOVERY}),
    "proposal.withdrawn": frozenset({ADMIN}),
    "erasure.listed": frozenset({ADMIN}),
    "erasure.sealed": frozenset({ADMIN}),
    "person.added": frozenset({ADMIN, HR, RECOVERY}),
    "person.edited": frozenset({ADMIN, HR}),
    "person.leaving": _CASES,
    "person.left": _CASES,
    "role.given": frozenset({ADMIN, RECOVERY}),
    "role.withdrawn": frozenset({ADMIN, RECOVERY}),
    "invite.issued": frozenset({KEYHOLDER}),
    "invite.withdrawn": frozenset({KEYHOLDER}),
    "key.enrolled": frozenset({KEYHOLDER, RECOVERY}),
    "key.revoked": frozenset({ADMIN, HR, RECOVERY}),
    "service.authorised": frozenset({ADMIN}),
    "service.withdrawn": frozenset({ADMIN}),
    "service.entrusted": frozenset({ADMIN}),
    "service.relieved": frozenset({ADMIN}),
    "account.added": frozenset({ADMIN}),
    "account.edited": _RUNS_ACCOUNT,
    "account.described": _RUNS_ACCOUNT,
    "account.custody": _RUNS_ACCOUNT,
    "account.retired": _RUNS_ACCOUNT,
    "account.returned": _RUNS_ACCOUNT,
    "credential.added": _RUNS_ACCOUNT,
    "version.staged": _RUNS_ACCOUNT,
    "candidates.staged": _RUNS_ACCOUNT,
    "wraps.added": _RUNS_ACCOUNT | {HOLDER},
    "wraps.ended": frozenset({ADMIN, CUSTODIAN, HR}),
    "grant.issued": _RUNS_ACCOUNT,
    "grant.ended": frozenset({ADMIN, CUSTODIAN, HR}),
    "place.added": frozenset({KEYHOLDER}),
    "place.member": frozenset({KEYHOLDER}),
    "place.holds": frozenset({KEYHOLDER}),
    "place.cleaned": frozenset({KEYHOLDER}),
    "envelope.opened": frozenset({KEYHOLDER}),
    "knowledge.declared": frozenset({KEYHOLDER}),
    "exposures.carried": frozenset({ADMIN}),
    "codes.carried": frozenset({ADMIN}),
    "secret.revealed": frozenset({HOLDER, CUSTODIAN}),
    "code.shown": frozenset({HOLDER, CUSTODIAN}),
    "code.spent": frozenset({HOLDER, CUSTODIAN}),
    "secret.handed_over": _RUNS_ACCOUNT,
    "secrets.exported": frozenset({ADMIN}),
    "import.recorded": frozenset({ADMIN}),
    "baseline.accepted": frozenset({ADMIN}),
    "entitlement.recorded": _RUNS_ACCOUNT,
    "entitlement.ended": frozenset({ADMIN, CUSTODIAN, HR}),
    "app.connected": _RUNS_ACCOUNT | {HOLDER},
    "app.ended": frozenset({ADMIN, CUSTODIAN, HR}),
    "device.given": _CASES,
    "device.signed_in": _CASES,
    "device.ended": _CASES,
    "spokesperson.named": _RUNS_ACCOUNT,
    "spokesperson.ended": frozenset({ADMIN, CUSTODIAN, HR}),
    "exception.granted": _CASES,
    "exception.ended": _CASES,
    "incident.reported": frozenset({KEYHOLDER}),
    "incident.answered": _RUNS_ACCOUNT,
    "incident.opened": _RUNS_ACCOUNT,
    "incident.step_ended": frozenset({KEYHOLDER}),
    "incident.joined": frozenset({KEYHOLDER}),
    "incident.cleared": frozenset({KEYHOLDER}),
    "incident.closed": frozenset({KEYHOLDER}),
    "freeze.begun": _RUNS_ACCOUNT,
    "freeze.ended": frozenset({ADMIN}),
    "review.opened": _CASES,
    "review.items": _CASES,
    "review.decided": frozenset({KEYHOLDER}),
    "review.closed": _CASES,
    "document.adopted": _CASES,
    "document.published": _CASES,
    "acknowledgement.given": frozenset({KEYHOLDER}),
    "acknowledgement.verified": _CASES,
    "training.recorded": _CASES,
    "channel.reaches": _RUNS_ACCOUNT,
    "channel.set": frozenset({ADMIN}),
    "channel.ended": frozenset({ADMIN}),
    "channel.opened": frozenset({HOLDER, CUSTODIAN}),
    "channel.tested": frozenset({ADMIN}),
    "channel.answered": _CASES,
    "way.ending": _RUNS_ACCOUNT,
    "way.ended": _RUNS_ACCOUNT,
    "rotation.opened": frozenset({ADMIN, CUSTODIAN, HR}),
    "rotations.opened": frozenset({ADMIN, CUSTODIAN, HR}),
    "rotation.rejected": _RUNS_ACCOUNT,
    "rotation.unknown": _RUNS_ACCOUNT,
    "rotation.aborted": _RUNS_ACCOUNT,
    "rotation.lost": _RUNS_ACCOUNT,
    "rotation.connected": _RUNS_ACCOUNT,
    "rotation.probed": _RUNS_ACCOUNT,
    "rotation.cleared": _RUNS_ACCOUNT,
    "rotation.confirmed": _RUNS_ACCOUNT,
    "case.opened": _CASES,
    "case.items": _CASES,
    "case.cut": _CASES,
    "case.item_assigned": _CASES,
    "case.item_ended": _CASES,
    "case.item_verified": _CASES,
    "case.item_reopened": _CASES,
    "case.closed": _CASES,
    "run.leased": _CASES,
    "run.released": _CASES,
    "digest.sent": frozenset({KEYHOLDER}),
    "digest.failed": _CASES,
    "notice.snoozed": frozenset({KEYHOLDER}),
    "notice.acknowledged": frozenset({KEYHOLDER}),
    "case.digest_sent": _CASES,
    "case.digest_failed": _CASES,
    "case.notice_snoozed": _CASES,
    "case.notice_acknowledged": _CASES,
}

_NOT_ONESELF: Final = frozenset({"person.leaving", "person.left", "case.opened", "secret.handed_over", "role.given"})
"""Facts whose `person` must be somebody else than the actor (AC-5); `grant.issued` has a rule of its own."""


_BY_BODY: Final = _NOT_ONESELF | {"grant.issued", "invite.issued", "key.enrolled", "acknowledgement.given"}
"""Facts on which `permit` decides by what they say."""


@lru_cache(maxsize=64)
def capabilities(standing: Standing) -> frozenset[str]:
    """Everything that the actor's standing amounts to."""
    found = set(standing.roles) | {KEYHOLDER}
    if standing.account & {"custodian", "deputy"}:
        found.add(CUSTODIAN)
    if "holder" in standing.account:
        found.add(HOLDER)
    if standing.genesis:
        found.add(GENESIS)
    if standing.recovery:
        found = {RECOVERY}
    return frozenset(found)


def depends_on_account(type_: str, body: Mapping[str, Any], standing: Standing) -> bool:
    """Whether `permit` needs to know what the actor is to the account: not where a role decides, which is so for most facts."""
    if standing.service is not None:
        return False
    if type_ == "grant.issued" and body["person"] == standing.person:
        return True
    return not FORMAT_1.get(type_, frozenset()) & capabilities(standing)


@lru_cache(maxsize=64)
def related(standing: Standing, account: frozenset[str]) -> Standing:
    """The same with these relations to the account concerned."""
    return standing._replace(account=account)


@lru_cache(maxsize=512)
def by_standing(type_: str, standing: Standing) -> bool:
    """Whether `permit` lets the actor record a fact of this type whatever it says."""
    return standing.service is None and type_ not in _BY_BODY and bool(FORMAT_1.get(type_, frozenset()) & capabilities(standing))


def permit(type_: str, body: Mapping[str, Any], standing: Standing) -> None:
    """Return where the actor may record this fact; else raise Refused with the rule and its control."""
    if standing.service is not None:
        services.permit(type_, body, standing.service)
        return
    needed = FORMAT_1.get(type_)
    if needed is None or not needed & capabilities(standing):
        wanted = " or ".join(sorted((needed or frozenset()) - {GENESIS, RECOVERY})) or "nobody"
        raise Refused(
            f"{type_} needs the role {wanted}",
            rule="authority",
            control="AC-3",
            hint="ask an admin or the responsible person of the account",
        )
    if type_ in _NOT_ONESELF and body.get("person") == standing.person and not standing.genesis:
        raise Refused(
            f"{type_} can't be recorded by the person it is about", rule="not-oneself", control="AC-5", hint="ask another admin or HR"
        )
    if type_ in ("invite.issued", "key.enrolled") and not standing.recovery:
        _may_enrol(type_, body, standing)
    if type_ == "acknowledgement.given":
        _may_acknowledge(body, standing)
    if type_ == "grant.issued" and body["person"] == standing.person:
        first_holder = body.get("founding") is True and standing.account & {"custodian"} and "others-hold" not in standing.account
        if not first_holder:
            raise Refused(
                "nobody grants to themselves", rule="self-grant", control="AC-5", hint="another admin or the responsible person grants it"
            )


def _may_acknowledge(body: Mapping[str, Any], standing: Standing) -> None:
    """A signature is one's own; a signed sheet is recorded by an admin or HR, of somebody else (PL-4 b)."""
    own = body["person"] == standing.person
    if own is not (body["how"] == "signature"):
        raise Refused(
            "a document is acknowledged by one's own signature, or by a sheet that somebody else records",
            rule="own-signature",
            control="PL-4",
            hint="your own: govern document ack NAME; of somebody without keys: --person P --on-behalf --evidence FILE",
        )
    if not own and not standing.roles & _CASES:
        raise Refused("a signed sheet is recorded by an admin or HR", rule="authority", control="AC-3", hint="ask an admin or HR")


def _may_enrol(type_: str, body: Mapping[str, Any], standing: Standing) -> None:
    """Somebody else's keys are an admin's business; another machine of one's own is one's own alone, and nothing but that (AC-5)."""
    own, purpose = body["person"] == standing.person, body.get("purpose")
    if not own and ADMIN not in standing.roles:
        raise Refused(f"{type_} needs the role admin", rule="authority", control="AC-3", hint="ask an admin")
    if type_ == "invite.issued" and own is not (purpose == "device"):
        raise Refused(
            "a second machine is added by its own member, and nobody enrols themselves in any other way",
            rule="own-device",
            control="AC-5",
            hint="another machine of your own: govern key add-device; another person: govern person invite PERSON",
        )
