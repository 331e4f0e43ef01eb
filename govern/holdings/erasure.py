"""Forgetting a person: when that may be, and which facts' personal parts are about somebody. Pure.

A personal part goes with the person whom its fact is about; of what somebody did for themselves (reveal, code, export, import, backup) with
whoever did it. Logins, titles and urls of accounts and names of places are the company's and stay, whoever wrote them down. Control: NIST
SP 800-53 rev. 5 SI-12(3) (information disposal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from govern.errors import Refused

_SUBJECT: Final = {
    "vault.founded": "founder",
    "person.added": "person",
    "person.edited": "person",
    "grant.issued": "person",
    "knowledge.declared": "person",
    "secret.handed_over": "person",
    "envelope.opened": "person",
    "entitlement.recorded": "person",
    "device.given": "person",
    "digest.failed": "person",
    "case.digest_failed": "person",
}
"""Fact -> the field of its body that says whom its personal part is about."""

_BY: Final = frozenset(
    {
        "secret.revealed",
        "code.shown",
        "code.spent",
        "secrets.exported",
        "import.recorded",
        "backup.made",
        "way.ending",
        "notice.snoozed",
        "incident.reported",
        "incident.step_ended",
        "incident.closed",
    }
)
"""Facts whose personal part is about whoever recorded them."""

LOOKED_UP: Final = frozenset(
    {"grant.ended", "review.decided", "case.item_ended", "case.item_reopened", "case.closed", "case.notice_snoozed"}
)
"""Facts that name a grant, lines of a review or a case; whose it is, the register knows."""


def concerned(type_: str, actor: str, body: Mapping[str, Any]) -> set[str]:
    """Ids of the people whom the personal part of a fact is about, as far as the fact itself says; see also `LOOKED_UP`."""
    found = set()
    if type_ in _SUBJECT:
        found.add(str(body[_SUBJECT[type_]]))
    if type_ in _BY:
        found.add(actor)
    if type_ in ("code.shown", "code.spent") and "recipient" in body:
        found.add(str(body["recipient"]))
    if type_ in ("app.connected", "exception.granted") and "person" in body:
        found.add(str(body["person"]))
    if type_ == "incident.reported" and "on_behalf" in body:
        found.add(str(body["on_behalf"]))
    if type_ == "proposal.made" and "person" in body["parameters"]:
        found.add(str(body["parameters"]["person"]))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What still ties somebody to the vault. `left_on`: a date, or empty; `live`: versions that work and that they could know."""

    left_on: str
    keys: int = 0
    grants: int = 0
    live: int = 0
    answers: int = 0
    """Accounts in use that they answer for."""
    ties: int = 0
    """Roles of their own on platforms, tools that they connected, devices, recovery channels that reach them."""


def may_erase(remains: Remains, on: str, retention_days: int) -> None:
    """Return where somebody may be forgotten on this date; else raise Refused with what comes first."""
    if not remains.left_on or remains.left_on > on:
        raise Refused(
            "somebody who is still here is not erased",
            rule="still-here",
            control="SI-12(3)",
            hint="their departure comes first: govern offboard open",
        )
    try:
        until = date.fromisoformat(remains.left_on) + timedelta(days=retention_days)
    except (ValueError, OverflowError):
        raise Refused(
            "the day on which they left is no date", rule="retention", control="SI-12(3)", hint="govern person show PERSON"
        ) from None
    if on < until.isoformat():
        raise Refused(
            f"they left on {remains.left_on}: what is kept of them is kept until {until.isoformat()}", rule="retention", control="SI-12(3)",
            hint="come back then; how long is a rule of the policy: govern policy show",
        )  # fmt: skip
    for number, what, hint in (
        (remains.live, "could know secrets that still work", "change them first: govern holds PERSON"),
        (remains.grants, "hold accounts", "end the grants first: govern revoke"),
        (remains.keys, "have keys that are active", "revoke them first: govern key revoke"),
        (
            remains.ties,
            "have roles on platforms, connected tools, devices or recovery channels",
            "end these first: govern holds PERSON",
        ),
        (remains.answers, "are responsible for accounts, or deputies", "name somebody else first: govern account custody"),
    ):
        if number:
            raise Refused(f"they still {what} ({number})", rule="erasure-early", control="SI-12(3)", hint=hint)
