"""What a service may record: somebody's machine that works unattended, for the purposes that an admin has stated. Pure.

A service has no role and no relation to any account. It may do what one of its purposes needs and nothing besides, under an authority that
stands: neither withdrawn, nor past its end, nor that of an admin who is one no more. Controls: NIST SP 800-53 rev. 5 AC-6 (least privilege),
AC-2 (account management).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from govern.errors import Refused


class Purpose(StrEnum):
    """What a service is there for."""

    RUN_DUE = "run-due"
    """Carries out what a date has made due: cuts, the end of grants that ran out, rotations that the calendar asks for."""
    REMIND = "remind"
    """Tells people what is due, and records whom it has told."""
    RECONCILE = "reconcile"
    """Finds out on the platform which secret works, and brings rotations by connectors to their end: of the accounts entrusted to it."""
    PROBE = "probe"
    """Asks the platform whether a secret still works: of the accounts entrusted to it."""


ENTRUSTED: Final = frozenset({Purpose.RECONCILE, Purpose.PROBE})
"""Purposes that concern only accounts that an admin has entrusted to the service."""

ENTRUSTABLE: Final = ENTRUSTED | {Purpose.REMIND}
"""Purposes with which accounts can be entrusted: of reminders, the account by which they are sent."""

SERVED_KINDS: Final = ("password", "app-password", "api-token")
"""Kinds of secrets that are sealed to a service to which their account is entrusted: what connectors change, or act with. No seed and no code."""


PRESENT: Final = object()
"""Stands in `MAY` for a field that must be there, whatever its value; replay judges that."""

BEGINS: Final = frozenset({"schedule", "membership"})
"""Triggers for which a service begins a rotation: a date that has come, and somebody who is gone and could know the new secret."""

OPENS: Final = frozenset({"membership", "schedule"})
"""Triggers for which a service for cuts opens rotations: somebody is gone, or a date has come. It stages and sees no secret of them."""

ENDS: Final = frozenset({"departure", "expired", "lapsed"})
"""Why a service for cuts ends grants: whoever held them leaves, or they have run out, or what they ask for has lapsed; replay judges the last two."""

_PROBES: Final[Mapping[str, Mapping[str, object]]] = {"secret.revealed": {"purpose": "probe"}}

_RUNS: Final[Mapping[str, Mapping[str, object]]] = {"run.leased": {}, "run.released": {}}
"""What every unattended run may take, so that no other does the same at the same time."""

_TELLS: Final[Mapping[str, Mapping[str, object]]] = {
    "digest.sent": {},
    "digest.failed": {},
    "case.digest_sent": {},
    "case.digest_failed": {},
}

MAY: Final[Mapping[Purpose, Mapping[str, Mapping[str, object]]]] = {
    Purpose.RUN_DUE: {
        "key.revoked": {"cause": "departure"},
        "epoch.started": {},
        "grant.ended": {"cause": ENDS},
        "wraps.ended": {},
        "rotation.opened": {"trigger": OPENS},
        "rotations.opened": {"trigger": OPENS},
        "case.items": {},
        "case.item_ended": {"state": "done"},
        "case.cut": {},
        "person.leaving": {"order": PRESENT},
        "epoch.wrapped": {},
        **_RUNS,
    },
    Purpose.REMIND: {**_RUNS, **_TELLS, "channel.opened": {}, "channel.answered": {}},
    Purpose.RECONCILE: {
        **_PROBES,
        **_RUNS,
        "rotation.unknown": {},
        "rotation.confirmed": {"grade": "probed"},
        "rotation.connected": {},
        "rotation.probed": {},
        "rotation.opened": {"trigger": BEGINS},
        "rotation.rejected": {},
        "rotation.lost": {},
        "version.staged": {"state": "candidate", "rotation": PRESENT, "manifest": PRESENT},
        "wraps.ended": {},
    },
    Purpose.PROBE: _PROBES,
}
"""Purpose -> type -> the fields that must have these values, or one of them. Of ledger format 1; append-only, like the table of `authority`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One `service.authorised`. `id`: of its event; `service`, `authoriser`: person ids; `until`: UTC or empty; `ended`: why, or empty.

    `backed`: the authoriser is an admin now, with the key that signed it.
    """

    id: str
    service: str
    authoriser: str
    purposes: tuple[str, ...]
    until: str
    ended: str
    backed: bool


def _refused(message: str, rule: str, hint: str = "an admin authorises it anew: govern key add-service NAME --purpose PURPOSE") -> Refused:
    return Refused(message, rule=rule, control="AC-6", hint=hint)


def why_not(authority: Authority, now: str) -> Refused | None:
    """Why this authority stands no more at `now` (UTC); None where it does."""
    if authority.ended == "withdrawn":
        return _refused("the authority of this service was withdrawn", "authority-withdrawn")
    if authority.ended or not authority.backed:
        return _refused("whoever authorised this service is an admin no more, or not with that key", "authority-gone")
    if authority.until and authority.until <= now:
        return _refused(f"the authority of this service has ended on {authority.until[:10]}", "authority-expired")
    return None


def acts_under(authority: Authority | None, cited: str | None, service: str, now: str) -> frozenset[str]:
    """The purposes that a service acts for under the authority that its entry cites; else raise Refused."""
    if cited is None:
        raise _refused("a service cites the authority that it acts under", "authority-missing")
    if authority is None:
        raise _refused("a service cites an authority that the ledger does not have", "authority-unknown")
    if authority.service != service:
        raise _refused("a service cites the authority of another one", "authority-other")
    reason = why_not(authority, now)
    if reason is not None:
        raise reason
    return frozenset(authority.purposes)


def allowed(type_: str, body: Mapping[str, Any], purposes: Collection[str]) -> bool:
    """Whether one of the purposes needs this fact."""
    for purpose in purposes:
        fields = MAY[Purpose(purpose)].get(type_)
        if fields is not None and all(name in body and _is(value, body[name]) for name, value in fields.items()):
            return True
    return False


def _is(wanted: object, value: object) -> bool:
    return wanted is PRESENT or (value in wanted if isinstance(wanted, frozenset) else value == wanted)


def needs_entrusting(type_: str, body: Mapping[str, Any], purposes: Collection[str]) -> bool:
    """Whether a service may record this fact only of accounts that are entrusted to it: no purpose without that condition needs the fact, or it
    is the opening of a channel's secret."""
    if type_ in _RUNS:
        return False
    return type_ == "channel.opened" or not allowed(type_, body, [one for one in purposes if one not in ENTRUSTED])


def permit(type_: str, body: Mapping[str, Any], purposes: Collection[str]) -> None:
    """Return where one of the purposes needs this fact; else raise Refused."""
    if not allowed(type_, body, purposes):
        raise _refused(
            f"{type_}, as it stands, is nothing that a service for {', '.join(sorted(purposes))} records", "authority-purpose",
            "a person does it, or an admin authorises the service for it: govern key list",
        )  # fmt: skip
