"""What is due for one person as appointments of their calendar: no account and nobody is named in them unless that was allowed.

A calendar is often seen by others, and lies with whoever keeps it: by default it says only that something is due, of what kind, and where to look.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from govern.languages import Language
from govern.notices.calendar import Appointment
from govern.notices.due import Notice
from govern.notices.lines import line
from govern.offboarding.kinds import JOINING
from govern.policy.reminder_rules import ReminderRule


def appointments(notices: Iterable[Notice], rule: ReminderRule, speech: Language, *, names: bool = False) -> list[Appointment]:
    """One per thing, on its due day, with alarms where the policy has reminders. `names`: whether accounts and people may be named."""
    return [_appointment(one, rule, speech, names) for one in notices]


def _appointment(one: Notice, rule: ReminderRule, speech: Language, names: bool) -> Appointment:
    told = line(one, speech)
    title = told.what if names else general(one, speech)
    text = [told.how] if names or one.thing.embargoed else [speech.say("Look it up in govern, or ask an admin of your company.")]
    return Appointment(
        key=f"{one.thing.id} {one.known_as}", day=date.fromisoformat(one.day), title=title, text="\n".join(text),
        alarms=(*rule.tiers[one.thing.tier].before, 0),
    )  # fmt: skip


def general(one: Notice, speech: Language) -> str:
    """What kind of thing it is, naming nothing."""
    say = speech.say
    if one.thing.embargoed:
        return say("Something waits for you that only you can see")
    match one.thing.kind:
        case "hand-over":
            return say("Somebody is to be given a new secret")
        case "grant" | "emergency" | "authority":
            return say("A permission ends")
        case "case-item" if one.thing.told is not None and one.thing.told.kind in JOINING:
            return say("A step for somebody new is due")
        case "acknowledgement":
            return say("Something is to be signed, or learnt in a training")
        case "incident":
            return say("Somebody reported that something is wrong")
        case "cut" | "case-item":
            return say("A step of a departure is due")
        case "drill":
            return say("Try whether the recovery sheets still work")
        case "stale-pin":
            return say("A machine has not been used for long")
        case "baseline":
            return say("Findings that were accepted count again")
        case "review":
            return say("A review of permissions is due")
        case "exception":
            return say("An exception from a rule ends")
        case "undelivered":
            return say("Reminders do not reach somebody")
        case _:
            return say("A secret is to be changed")
