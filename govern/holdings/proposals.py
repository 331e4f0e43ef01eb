"""Acts that take two persons: which they are, when one person may do without, and who may be the second. Pure.

A proposal names its act and every parameter; whoever approves it approves just that, and the act takes effect with the approval. Controls:
NIST SP 800-53 rev. 5 AC-3(2) (dual authorization), AC-5 (separation of duties), SI-12(3) (disposal) for erasure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from govern.errors import Refused
from govern.holdings.second_person import Ties, independent


class Act(StrEnum):
    """What takes two persons."""

    ROLE = "role"
    RECOVERY = "recovery-replaced"
    ERASURE = "erasure"
    RESTORE = "restore"
    POLICY = "policy"
    ACCOUNTS = "account-erasure"


class State(StrEnum):
    """Where a proposal stands; approved means that it has taken effect. In the register it is open until an entry ends it."""

    OPEN = "open"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Whoever proposed it lost the role or the key; it does not come back with either."""
    EXPIRED = "expired"
    """Open in the ledger, and too old to be approved."""


STANDS_DAYS: Final = 30
"""How long a proposal can be approved, by the ledger's own time: what two persons agree on, they agree on at about the same time. Of format 1."""

TWO_PERSON_ROLES: Final = frozenset({"admin", "auditor"})

_ALONE_IN_SOLO: Final = frozenset({Act.ROLE, Act.POLICY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Somebody who could approve: an admin who stays, and the ids of their active keys."""

    person: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An open proposal as the ledger has it. `key`: the id that signed it; `subject`: the person it is about, or empty."""

    proposer: str
    key: str
    subject: str = ""


def alone(act: Act, preset: str) -> bool:
    """Whether one admin may do it at once: in a vault of one person, what can be undone. It then stands in the ledger as signed by one."""
    return preset == "solo" and act in _ALONE_IN_SOLO


def expires(made: str) -> str:
    """Until when (UTC) a proposal can be approved that was made at this time of the ledger."""
    return (datetime.fromisoformat(made) + timedelta(days=STANDS_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")


def stands_until(until: str, made_at: str, at: str) -> str:
    """Until when (UTC) it can be approved at a time `at`: as its maker's clock says where this one, of whoever looks or approves, has come to it; else no
    later than the ledger counted of it (`until`), so that nobody keeps a proposal open for years by a clock that is ahead."""
    return max(until, expires(made_at)) if made_at <= at else until


def in_time(until: str, now: str) -> None:
    """Return where a proposal is still in time at `now`, the ledger's own."""
    if now >= until:
        raise Refused(
            f"this proposal could be approved until {until[:10]}", rule="proposal-expired", control="AC-3(2)",
            hint="whoever still wants it proposes it anew",
        )  # fmt: skip


def subject(act: Act, parameters: Mapping[str, Any]) -> str:
    """The person whom the act is about (id), or empty."""
    return str(parameters["person"]) if act in (Act.ROLE, Act.ERASURE) else ""


def may_propose(act: Act, parameters: Mapping[str, Any], proposer: str) -> None:
    """Return where this person may propose it; nobody proposes to make themselves more."""
    if subject(act, parameters) == proposer:
        raise Refused("nobody proposes this about themselves", rule="not-oneself", control="AC-5", hint="ask another admin")
    if act is Act.ROLE and parameters["role"] not in TWO_PERSON_ROLES:
        raise Refused(
            f"the role {parameters['role']} takes no second person", rule="proposal-needless", control="AC-5",
            hint="give it: govern person role",
        )  # fmt: skip


def seconds(made: Made, admins: Sequence[Admin], ties: Ties) -> list[str]:
    """Ids of the admins who could be the second person, by at least one key of theirs."""
    return [
        admin.person
        for admin in admins
        if admin.person not in (made.proposer, made.subject) and any(independent(made.key, key, ties) for key in admin.keys)
    ]


def approve_as_admin(made: Made, approver: str, key: str, ties: Ties) -> None:
    """Return where this admin, signing with this key, is a second person; else raise Refused."""
    if approver == made.proposer:
        raise Refused(
            "whoever proposed it is not the second person", rule="two-persons", control="AC-3(2)",
            hint="another admin approves it, or recovery sheets while there is none: govern proposal approve ID --sheet FILE",
        )  # fmt: skip
    if approver == made.subject:
        raise Refused("nobody approves this about themselves", rule="not-oneself", control="AC-5", hint="ask another admin")
    if not independent(made.key, key, ties):
        raise Refused(
            "one person alone stands behind both keys: enrolled, re-keyed or promoted the other", rule="sock-puppet", control="AC-3(2)",
            hint="an admin whom others have enrolled and promoted approves it, or recovery sheets: govern proposal approve ID --sheet FILE",
        )  # fmt: skip


def approve_as_recovery(made: Made, admins: Sequence[Admin], ties: Ties) -> None:
    """Return where the recovery quorum is the second person: while no admin could be."""
    if seconds(made, admins, ties):
        raise Refused(
            "there is another admin who can be the second person", rule="quorum-needless", control="AC-3(2)",
            hint="they approve it: govern proposal approve ID",
        )  # fmt: skip
