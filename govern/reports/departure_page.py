"""The page of one departure, in the language of whoever reads it. Knows the report's words and nothing of how it was collected.

What is said of platforms (steps, what goes on working) is in that language too; the names of their menus are quoted, in English, and marked so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.languages import Language
from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemState
from govern.offboarding.wording import sentence
from govern.reports.page import environment, plain

if TYPE_CHECKING:
    from govern.reports.departure import Departure


def result(told: Departure, speech: Language) -> str:
    """The one sentence that everything else bears out."""
    say, name = speech.say, told.person.name
    tied = speech.count(
        "1 role, tool, device or recovery channel is still open", "{n} roles, tools, devices or recovery channels are still open",
        told.still_tied,
    )  # fmt: skip
    if not told.lines:
        return say("{person} held nothing and could know nothing that works.").format(person=name)
    if told.still_knows:
        secrets = speech.count("1 secret", "{n} secrets", told.still_knows)
        if told.case.state is CaseState.OPEN:
            text = say("{person} knows {secrets}, and {tied}.") if told.still_tied else say("{person} knows {secrets}.")
        else:
            text = say("{person} still knows {secrets}, and {tied}.") if told.still_tied else say("{person} still knows {secrets}.")
        return text.format(person=name, secrets=secrets, tied=tied)
    if told.still_tied:
        return say("{person} knows nothing that works, but {tied}.").format(person=name, tied=tied)
    given_up = sum(line.state in (ItemState.WAIVED, ItemState.NOT_APPLICABLE) for line in told.lines)
    if given_up:
        return speech.count(
            "{person} knows nothing that works, apart from what 1 given-up item says.",
            "{person} knows nothing that works, apart from what {n} given-up items say.",
            given_up,
        ).format(person=name)
    return say("{person} knows nothing that works.").format(person=name)


def html(told: Departure, speech: Language) -> str:
    """One page of HTML that loads nothing: styles inline, readable in black and white."""
    asked = {line.number: plain(sentence(line.told, speech.say)) for line in told.lines}
    return environment(speech).get_template("departure.html.j2").render(told=told, result=plain(result(told, speech)), asked=asked)
