"""A case as a state machine: open, cut, closed; of a joiner open, closed. Pure; what the kinds mean stands in `govern.offboarding.kinds`."""

from __future__ import annotations

from enum import StrEnum

from govern.errors import Refused


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """Announced; grants still run until the cut. Of a joiner: being worked on."""
    CUT = "cut"
    CLOSED = "closed"


def cut(state: CaseState, *, grants_left: int) -> CaseState:
    """The state after the cut. Raises Refused for a second cut, and while grants of the person run."""
    if state is not CaseState.OPEN:
        raise Refused(f"this case {_told(state)}", rule="case-open", hint="govern offboard show CASE")
    if grants_left:
        raise Refused(f"{grants_left} grants of the person run on", rule="cut-first", control="PS-4", hint="end them first")
    return CaseState.CUT


def close(state: CaseState, *, items_left: int, still_known: int, grants_left: int, still_tied: int = 0, in_office: int = 0) -> CaseState:
    """The state after the closing. Raises Refused while anything is left: the cut, items, secrets that came to be known since, grants, what
    ties the person to accounts beside secrets, and what they are here: keys, roles, accounts that they answer for (`in_office`)."""
    match state:
        case CaseState.CLOSED:
            raise Refused("this case is closed", rule="case-open", hint="govern offboard report CASE --out DIR")
        case CaseState.OPEN:
            raise Refused(
                "the cut has not been made", rule="cut-first", control="PS-4", hint="govern offboard run-due, or: offboard cut CASE"
            )
        case CaseState.CUT:
            pass
    if items_left:
        told = "1 item of the case is" if items_left == 1 else f"{items_left} items of the case are"
        raise Refused(f"{told} open", rule="items-open", control="PS-4", hint="govern offboard show CASE")
    if still_known or grants_left:
        raise Refused(
            f"the person came to know {still_known} more secrets, and holds {grants_left} accounts, since the items were drawn up",
            rule="still-knows",
            control="IA-5 i",
            hint="take them in: govern offboard refresh CASE",
        )
    if still_tied:
        told = "1 role, tool, device or recovery channel" if still_tied == 1 else f"{still_tied} roles, tools, devices or recovery channels"
        raise Refused(
            f"{told} of the person came up since the items were drawn up",
            rule="still-tied",
            control="PS-4",
            hint="take them in: govern offboard refresh CASE",
        )
    if in_office:
        raise Refused(
            f"{in_office} of the person's keys, roles here and accounts that they answer for go on, and no item gave that up", rule="still-here",
            control="PS-4", hint="take them in: govern offboard refresh CASE",
        )  # fmt: skip
    return CaseState.CLOSED


def close_joining(state: CaseState, *, items_left: int, still_lacking: int) -> CaseState:
    """The state of a joiner's case after the closing. Raises Refused while items are open, and for what is asked of them by now and no item says."""
    if state is not CaseState.OPEN:
        raise Refused(f"this case {_told(state)}", rule="case-open", hint="govern onboard show CASE")
    if items_left:
        told = "1 item of the case is" if items_left == 1 else f"{items_left} items of the case are"
        raise Refused(f"{told} open", rule="items-open", control="PS-6", hint="govern onboard show CASE")
    if still_lacking:
        told = "1 document or training is" if still_lacking == 1 else f"{still_lacking} documents or trainings are"
        raise Refused(
            f"{told} asked of the person since the items were drawn up", rule="still-lacking", control="PL-4",
            hint="take them in: govern onboard refresh CASE",
        )  # fmt: skip
    return CaseState.CLOSED


def _told(state: CaseState) -> str:
    return "is closed" if state is CaseState.CLOSED else "was cut already"
