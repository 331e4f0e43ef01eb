"""One rotation as a state machine: which step may follow which, and what must have been seen before a change counts. Pure.

Knows states and what is told about a candidate; knows no credential, no platform and no ledger. The same code judges in a member's own
transaction and in the replay. A guided rotation goes from staged to done in one step: a person changes, sees and confirms. One that a
connector carries out goes by way of unknown (from before the platform is touched), applied and verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from govern.errors import Refused


class State(StrEnum):
    """Where a rotation stands."""

    PLANNED = "planned"
    STAGED = "staged"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    APPLIED = "applied"
    """A program found that the platform takes the candidate."""
    VERIFIED = "verified"
    """And that it refuses what was current."""
    LOST = "lost"
    DONE = "done"
    ABORTED = "aborted"


class Step(StrEnum):
    """What happens to a rotation."""

    STAGE = "stage"
    """A candidate is sealed and committed."""
    CONFIRM = "confirm"
    """The platform takes a candidate, and refuses what was current."""
    REJECT = "reject"
    """The platform refused the candidate."""
    UNSURE = "unsure"
    """Nobody can tell what the platform has; so too from the moment on that a program sets out to change it."""
    TAKEN = "taken"
    """A program has tried a candidate: the platform takes it."""
    PROVE = "prove"
    """A program has tried what was current: the platform refuses it."""
    LOSE = "lose"
    """No candidate works, and neither does what was current."""
    ABORT = "abort"
    """Nothing was changed after all."""


ENDED: Final = frozenset({State.DONE, State.ABORTED})
"""A rotation in one of these is finished: its credential may have another."""

_AFTER: Final[Mapping[Step, tuple[State, frozenset[State]]]] = {
    Step.STAGE: (State.STAGED, frozenset({State.PLANNED, State.REJECTED, State.LOST})),
    # A candidate that was given up may turn out to be in force: every state with a candidate can be confirmed.
    Step.CONFIRM: (State.DONE, frozenset({State.STAGED, State.REJECTED, State.UNKNOWN, State.APPLIED, State.VERIFIED, State.LOST})),
    Step.REJECT: (State.REJECTED, frozenset({State.STAGED, State.UNKNOWN})),
    Step.UNSURE: (
        State.UNKNOWN,
        frozenset({State.STAGED, State.UNKNOWN, State.REJECTED, State.APPLIED, State.VERIFIED, State.LOST}),
    ),
    Step.TAKEN: (
        State.APPLIED,
        frozenset({State.STAGED, State.UNKNOWN, State.REJECTED, State.APPLIED, State.VERIFIED, State.LOST}),
    ),
    Step.PROVE: (State.VERIFIED, frozenset({State.APPLIED, State.VERIFIED})),
    Step.LOSE: (State.LOST, frozenset({State.STAGED, State.REJECTED, State.UNKNOWN, State.LOST})),
    Step.ABORT: (State.ABORTED, frozenset({State.PLANNED, State.STAGED, State.REJECTED, State.UNKNOWN, State.LOST})),
}
"""Step -> the state it leads to, and the states it may start from."""

_HINTS: Final[Mapping[State, str]] = {
    State.PLANNED: "it has no candidate yet: govern rotate ACCOUNT",
    State.STAGED: "say how its candidate fared: govern rotation confirm ID, or: govern rotation reject ID",
    State.UNKNOWN: "find out what works: govern rotation show ID --secret new, then confirm or reject it",
    State.APPLIED: "the platform takes its candidate: govern rotation reconcile ID, or: govern rotation confirm ID",
    State.VERIFIED: "the platform takes its candidate: govern rotation reconcile ID, or: govern rotation confirm ID",
    State.DONE: "start another one: govern rotate ACCOUNT",
    State.ABORTED: "start another one: govern rotate ACCOUNT",
}


def after(state: State, step: Step, *, shown: bool = False) -> State:
    """The state that the step leads to. Raises Refused where it may not follow, and for an abort once a candidate was `shown`."""
    to, starts = _AFTER[step]
    if state not in starts:
        told = "has ended" if state in ENDED else f"is {state}"
        raise Refused(f"this rotation {told}, so it can't be: {step}", rule="rotation-open", hint=_HINTS.get(state, ""))
    if step is Step.ABORT and shown:
        raise Refused("a candidate that was shown may be on the platform", rule="rotation-shown", hint="confirm or reject it instead")
    return to


def probed(state: State, grade: str) -> None:
    """Refuse the grade of proof `probed` (IA-5) where no program has found the candidate taken and what was current refused."""
    if grade == "probed" and state is not State.VERIFIED:
        raise Refused(
            "no program has found the new secret taken and the one before refused",
            rule="never-probed",
            control="IA-5",
            hint="govern rotation reconcile ID",
        )


def is_open(state: State) -> bool:
    """Whether the credential waits for this rotation."""
    return state not in ENDED


class Candidate(NamedTuple):
    """What is told about a version that is to be confirmed. `seen`: somebody was shown it; `coded`: a code was computed from it."""

    kind: str
    origin: str
    seen: bool = False
    coded: bool = False


def proven(candidate: Candidate, grade: str) -> None:
    """Refuse a confirmation that can't be true: of a secret that nobody has seen, or of a seed that nobody has tried.

    A program that changes and probes the platform by itself (`probed`) shows nothing to anybody; what was changed elsewhere and is only
    told of (`claimed`) was tried there.
    """
    if grade == "probed":
        return
    if candidate.origin == "generated" and not candidate.seen:
        raise Refused(
            "nobody has seen the new secret, so it can't be on the platform",
            rule="never-shown",
            hint="govern rotation show ID --secret new --stdout, type it in there, then confirm",
        )
    if candidate.kind == "totp" and candidate.origin == "platform" and grade != "claimed" and not candidate.coded:
        raise Refused(
            "the stored seed was never tried: a mistyped one locks everybody out",
            rule="never-tried",
            hint="govern rotation show ID --code, type the code in on the platform, then confirm",
        )
