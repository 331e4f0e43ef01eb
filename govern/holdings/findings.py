"""What is wrong or due, as values; and which five things come first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.errors import Refused

MOST_STEPS: Final = 5


class Finding(NamedTuple):
    """One thing that is not as it should be. `key` is stable and names nobody: code and opaque id, for accepting a baseline."""

    code: str
    severity: str
    subject: str
    message: str
    due: str = ""
    key: str = ""
    command: str = ""
    """What to type about it, where one command is the way on."""
    why: str = ""


class Step(NamedTuple):
    """One line of `next`: what to do, the command to type, and why it comes now."""

    action: str
    command: str
    why: str


_RANK: Final = (
    "void-entry", "secret-lacking", "request-odd", "request-waits", "known-by-former", "role-of-former", "channel-of-former",
    "prompts-of-former", "login-of-person", "report-unanswered", "incident-open",
    "leaving-without-case", "cut-without-case",
    "device-lost", "envelope-opened", "past-grace-event", "emergency-over", "rotation-unknown", "rotation-open", "past-grace-calendar",
    "custodian-left", "freeze-old", "incident-alone", "lessons-missing", "case-open",
    "app-of-former", "device-of-former", "personal-channel", "sole-native-admin", "emergency-grant",
    "critical-others-unknown", "digest-undelivered", "channel-failing", "channel-account-retired", "channel-setter", "channel-unopened",
    "export-lying", "sheets-lying", "page-lying", "rotation-overdue", "shared-login", "others-unknown",
    "hand-over-due", "place-to-clean", "envelope-stale", "codes-few", "grant-past", "holders-most", "no-rule", "weak-totp", "weak-password",
    "holders-least", "openers", "personal-prompts", "no-credential", "channel-unknown", "drill-due", "stale-pin",
)  # fmt: skip
"""First rotations in the order: known to former people, critical, others unknown; housekeeping behind. Codes not named come last."""


NEVER_ACCEPTED: Final = (
    "void",
    "void-entry",
    "embargo",
    "embargo-broken",
    "leaving-without-case",
    "cut-without-case",
    "sole",
    "sole-admin",
)
"""Beginnings of keys of what speaks against somebody who signs: it counts until it is explained, and whoever it speaks against could accept it."""
LONGEST: Final = 366
"""Days for which findings are accepted: whoever wants more looks again within a year."""


def acceptable(key: str) -> bool:
    """Whether the finding of this key may be part of a baseline."""
    return bool(key) and key.partition(":")[0] not in NEVER_ACCEPTED


def latest(today: str) -> str:
    """The last day (ISO date) until which findings are accepted on `today`."""
    try:
        return (date.fromisoformat(today) + timedelta(days=LONGEST)).isoformat()
    except (ValueError, OverflowError):
        return today


def may_accept(keys: Iterable[str], *, until: str, today: str) -> None:
    """Return where these findings may count as info until that day; else raise Refused (NIST SP 800-53 RA-7: a response to risk, with an end)."""
    if not all(acceptable(key) for key in keys):
        raise Refused(
            "what speaks against somebody who signs is never accepted as a baseline", rule="baseline-never", control="RA-7",
            hint="look at it: govern status, govern ledger verify",
        )  # fmt: skip
    if until > latest(today):
        raise Refused(
            f"findings are accepted for {LONGEST} days at most",
            rule="baseline-long",
            control="RA-7",
            hint=f"--until {latest(today)} at the latest",
        )


def accept(findings: Sequence[Finding], accepted: frozenset[str]) -> list[Finding]:
    """Findings that were accepted as a baseline become `info` until it runs out."""
    return [
        finding._replace(severity="info", message=f"{finding.message} (accepted for now)")
        if finding.key and finding.key in accepted
        else finding
        for finding in findings
    ]


def next_steps(findings: Sequence[Finding]) -> list[Step]:
    """At most five: the worst code first, and one step per command.

    Files that lie open are one step each sort, so that first rotations show beside them. While the recovery sheets still lie here, the
    drill that needs them comes before the step that removes them.
    """
    order: dict[str, float] = {code: number for number, code in enumerate(_RANK)}
    if any(finding.code == "sheets-lying" for finding in findings):
        order["drill-due"] = order["sheets-lying"] - 0.5
    steps: list[Step] = []
    for finding in sorted(findings, key=lambda f: (order.get(f.code, len(order)), f.severity != "critical", f.due or "9", f.subject)):
        if finding.command and all(step.command != finding.command for step in steps):
            steps.append(Step(action=finding.code, command=finding.command, why=finding.why or finding.message))
        if len(steps) == MOST_STEPS:
            break
    return steps


def first_steps(*, people: int, accounts: int) -> list[Step]:
    """What an empty vault says."""
    steps = []
    if accounts == 0:
        steps.append(
            Step(
                action="import",
                command="govern import FILE --dry-run",
                why="see what a password manager's export or a spreadsheet would bring",
            )
        )
        steps.append(
            Step(action="account", command="govern account add HANDLE --platform PLATFORM --login LOGIN", why="or add accounts one by one")
        )
    if people <= 1:
        steps.append(
            Step(
                action="person",
                command="govern person add 'Name <mail>'",
                why="everybody who knows or needs a secret, with keys or without",
            )
        )
    return steps


def above_info(findings: Sequence[Finding]) -> bool:
    """Whether a check exits 7."""
    return any(finding.severity != "info" for finding in findings)
