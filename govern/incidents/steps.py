"""The steps of one incident: which of them may end, when all is clear, when it may be closed. Pure: values in, a refusal or nothing out.

Controls: NIST SP 800-53 rev. 5 IR-4 (incident handling), IR-6 (incident reporting), IR-8 (incident response plan), AC-5 (separation of duties).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from govern.errors import Refused

TOUCHING: Final = ("freeze", "rotate")
"""Steps that govern itself carries out: in a drill they are ticked off like all others, and nothing is touched."""


class StepState(StrEnum):
    """Of one step."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class Standing(NamedTuple):
    """What the actor is to an incident. `team`: its lead or its second; `runs`: admin, or answers for the account; `alone`: nobody but them could do it;
    `did`: ended one of its steps; `fresh`: somebody else could do it who neither leads nor ended any."""

    lead: bool
    team: bool
    runs: bool
    alone: bool = False
    did: bool = False
    fresh: bool = False
    incident: str = "ID"
    """What to type for it."""


def may_work(standing: Standing) -> None:
    """Return where the actor may end a step or close; else raise Refused."""
    if not (standing.team or standing.runs):
        raise Refused(
            "an incident is worked on by its lead, its second person, admins and whoever answers for the account", rule="incident-team",
            control="IR-4", hint="report what you see: govern incident report --account ACCOUNT --kind KIND --note NOTE",
        )  # fmt: skip


def may_end(state: StepState, *, step: str, skipped: bool, reason: bool, rotating: bool, incident: str = "ID") -> None:
    """Return where this step may end. `reason`: one is given; `rotating`: a secret of the account or its mailbox is still being changed."""
    if state is not StepState.OPEN:
        raise Refused(f"the step {step} is {state}", rule="step-ended", control="IR-4", hint=f"govern incident show {incident}")
    if skipped and not reason:
        raise Refused("a step is skipped for a reason", rule="skip-reason", control="IR-4", hint="say it: --reason TEXT")
    if step == "rotate" and not skipped and rotating:
        raise Refused(
            "secrets of the account or of its mailbox are still to be changed", rule="rotations-open", control="IR-4",
            hint="finish them first: govern rotation list --open",
        )  # fmt: skip


def may_clear(states: Sequence[StepState], standing: Standing) -> None:
    """Return where the actor may say that all is clear: a second person, who did none of it, once every step has ended (AC-5)."""
    may_work(standing)
    if StepState.OPEN in states:
        raise Refused(
            "steps are open", rule="steps-open", control="IR-4", hint=f"end or skip each: govern incident show {standing.incident}"
        )
    if standing.lead and not standing.alone:
        raise Refused(
            "whoever leads does not say alone that all is clear",
            rule="all-clear",
            control="AC-5",
            hint="the second person looks and says it",
        )
    if standing.did and standing.fresh:
        raise Refused(
            "whoever did steps of it does not say that all is clear where another could", rule="all-clear", control="AC-5",
            hint="somebody who did none of them looks and says it: an admin, or who answers for the account",
        )  # fmt: skip


def may_close(*, cleared: bool, lessons: bool, standing: Standing) -> None:
    """Return where it may be closed: all is clear, and what was learned is written down (IR-4 c)."""
    may_work(standing)
    if not cleared:
        raise Refused(
            "nobody has said that all is clear", rule="not-clear", control="IR-4",
            hint=f"a second person: govern incident all-clear {standing.incident}",
        )  # fmt: skip
    if not lessons:
        raise Refused("what was learned is not written down", rule="lessons", control="IR-4", hint="say it: --lessons TEXT")
