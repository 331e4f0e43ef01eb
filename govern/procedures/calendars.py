"""What is due for a person as a calendar file, made anew or brought up to date. Reads the register; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from govern.notices import calendar
from govern.notices.appointments import appointments
from govern.notices.calendar import Written
from govern.notices.due import Notice, notices
from govern.policy import later_rules
from govern.register.queries import policies

if TYPE_CHECKING:
    from govern.languages import Language
    from govern.register.workspace import Workspace


def due(workspace: Workspace, now: str) -> dict[str, list[Notice]]:
    """Person (id) -> everything that they are or will be reminded of, as this member sees it at `now` (UTC)."""
    found: dict[str, list[Notice]] = {}
    for one in notices(workspace.db, policies.policy(workspace.db), now, reader=workspace.person, every=True):
        found.setdefault(one.person, []).append(one)
    return found


def make(
    workspace: Workspace, person: str, told: Sequence[Notice], speech: Language, *, before: bytes | None, now: str, names: bool = False
) -> Written:
    """The calendar of a person (id) with these. `before`: what the file holds now; `names`: whether accounts and people may be named.

    Raises Refused or Malformed where `before` is not that person's calendar.
    """
    rule = later_rules.reminders(policies.policy(workspace.db).later)
    return calendar.write(
        appointments(told, rule, speech, names=names), before=before, vault=workspace.vault.hex(), person=person, name="govern",
        locale=speech.locale, at=datetime.fromisoformat(now),
    )  # fmt: skip
