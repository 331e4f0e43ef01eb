"""What a reminder says of each thing, in one language: what to do, until when, and the next step in words that need no knowledge of computers.

No secret can be in it, for nothing here ever sees one; no link either, so that nobody learns to follow links in such mails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from govern.languages import Language
from govern.notices.due import Notice
from govern.notices.message import one_line
from govern.offboarding.items import ItemKind
from govern.offboarding.kinds import JOINING
from govern.offboarding.wording import secret, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing as it is told. `until`: `by …`, `today` or `overdue since …`; `how`: empty where it is but named; `command`: what those type who work
    with govern, or empty."""

    what: str
    until: str
    how: str
    command: str
    late: bool


def line(notice: Notice, speech: Language) -> Line:
    """The notice in that language."""
    return Line(
        what=_what(notice, speech), until=_until(notice, speech), how=_how(notice, speech),
        command="govern todo" if notice.thing.embargoed else one_line(_command(notice), 400),
        late=notice.past > 0 and not notice.thing.embargoed,
    )  # fmt: skip


def short(notice: Notice, speech: Language) -> Line:
    """The same without what to do: what and until when alone."""
    return replace(line(notice, speech), how="", command="")


class More(NamedTuple):
    """That there is more than is named, and what shows it."""

    what: str
    command: str


def more(number: int, handle: str, speech: Language) -> More:
    """That so many things were left out of which this person (handle) was told before."""
    what = speech.count(
        "And {n} more that is overdue, of which you were told before. Everything that is due for you:",
        "And {n} more that are overdue, of which you were told before. Everything that is due for you:",
        number,
    )
    return More(what, one_line(f"govern remind --explain {handle}", 400))


def _command(notice: Notice) -> str:
    """Nobody signs for somebody else: whoever hears of it besides looks at who has yet to."""
    one = notice.thing
    signs = one.kind == "acknowledgement" and one.about == notice.person
    return f"govern document outstanding {one.document}" if one.kind == "acknowledgement" and one.about and not signs else notice.command


def _what(notice: Notice, speech: Language) -> str:
    one, say = notice.thing, speech.say
    names = {
        "account": one_line(one.account or one.among, 100), "person": one_line(one.name, 100),
        "credential": secret(one.credential, say) if one.credential else "", "document": one_line(one.document, 100),
    }  # fmt: skip
    if one.embargoed:
        return say("Something waits for you that only you can see")
    match one.kind:
        case "former":
            text = say("Change the {credential} of {account}: somebody who is gone still knows it")
        case "hand-over":
            text = say("Give {person} the new {credential} of {account}")
        case "grant" | "emergency" if one.over:
            text = say("The permission of {person} for {account} is over")
        case "grant" if notice.why == "holder":
            text = say("Your permission to use {account} ends")
        case "grant":
            text = say("Decide whether {person} goes on using {account}")
        case "emergency":
            text = say("Look at the emergency permission of {person} for {account}")
        case "cut":
            text = say("End everything that {person} was given")
        case "case-item" if one.told is not None:
            told = one_line(sentence(one.told, say))
            return f"{names['account']}: {told}" if one.account else told[:1].upper() + told[1:]
        case "drill":
            text = say("Try whether the recovery sheets still work")
        case "stale-pin" if notice.why == "responsible":
            text = say("Use govern again on the machine on which you have not used it for long")
        case "stale-pin":
            text = say("Find out whether a machine of {person} is still used")
        case "baseline":
            return speech.count(
                "Look again at {n} finding that was accepted for now", "Look again at {n} findings that were accepted for now", one.number
            )
        case "authority":
            text = say("Decide whether the service {person} goes on working")
        case "review":
            text = speech.count(
                "Decide whether {n} permission is still needed", "Decide whether {n} permissions are still needed", one.number
            )
            if one.others:
                text += f" ({speech.count('{account} and {n} other account', '{account} and {n} other accounts', one.others)})"
            elif one.account:
                text += " ({account})"
        case "exception" if one.name:
            text = say("Decide whether the exception for {person} is still needed")
        case "exception":
            text = say("Decide whether the exception for {account} is still needed")
        case "incident" if one.account:
            text = say("Somebody reported that something is wrong with {account}")
        case "incident":
            text = say("Somebody reported that something is wrong")
        case "undelivered":
            text = say("See to it that reminders reach {person}")
        case "acknowledgement" if one.number:
            text = speech.count("See to it that {n} person signs “{document}”", "See to it that {n} people sign “{document}”", one.number)
        case "acknowledgement" if one.about:
            own = one.about == notice.person
            text = say("Read and acknowledge “{document}”") if own else say("See to it that {person} acknowledges “{document}”")
        case "acknowledgement":
            own = one.subject == notice.person
            text = say("Take part in the training “{document}”") if own else say("See to it that {person} is trained: “{document}”")
        case _:
            text = say("Change the {credential} of {account}")
    return text.format(**names)


def _until(notice: Notice, speech: Language) -> str:
    if notice.thing.embargoed:
        return speech.say("as soon as you can")  # the day would say when
    if notice.thing.urgent and notice.past <= 0 and len(notice.thing.due) > 10:
        return speech.say("by {day}").format(day=speech.when(notice.thing.due))
    if notice.past == 0:
        return speech.say("today")
    if notice.thing.over:
        return speech.say("since {day}").format(day=speech.day(notice.day))
    text = speech.say("overdue since {day}") if notice.past > 0 else speech.say("by {day}")
    return text.format(day=speech.day(notice.day))


def _how(notice: Notice, speech: Language) -> str:
    one, say = notice.thing, speech.say
    if one.embargoed:
        return say("Look it up in govern on your own machine. Do not pass this message on.")
    match one.kind:
        case "hand-over":
            return say("Tell them in person or by phone, never by mail. govern shows you the secret and records that they have it.")
        case "grant" | "emergency" if one.over:
            return say(
                "The next run of govern ends it, and says what has to be changed then. If you read this again, no run takes place: tell an admin."
            )
        case "grant" if notice.why == "holder":
            return say("If you still need it, tell the person who is responsible for the account.")
        case "grant":
            return say("If yes, give the permission again with a later end. If no, nothing has to be done: it ends by itself.")
        case "emergency":
            return say("Ask whether it is still needed. Once it is over, what they know has to be changed.")
        case "cut":
            return say("At that time everything they were given ends in one step. Until then, change nothing.")
        case "case-item" if one.told is not None and one.told.kind in JOINING:
            return say("Have it recorded in govern once it is done: then it is off the list of what {person} needs.").format(
                person=one_line(one.name, 100)
            )
        case "case-item" if one.told is not None and one.told.kind is not ItemKind.ROTATE:
            return say("When it is done, tick it off in the list of the departure.")
        case "drill":
            return say("Have the sheets fetched from where they are kept, and try them out. Nothing is changed by that.")
        case "stale-pin" if notice.why == "responsible":
            return say(
                "Type the line below there. Nothing is changed by that. If you do not have the machine any more, tell an admin at once."
            )
        case "stale-pin":
            return say("If it is, have govern used on it. If it is not, or nobody knows where it is, take its key out of use.")
        case "baseline":
            return say("After that day they count again as warnings. Set right what can be set right before.")
        case "authority":
            return say("If yes, authorise it again. If no, nothing has to be done: it stops by itself.")
        case "review":
            return say(
                "Look at each of them: keep what is needed, end what is not, and say why. What you hold yourself somebody else decides on."
            )
        case "exception":
            return say("If yes, have it granted again with a reason and a later end. If no, see to it that the rule is kept, and end it.")
        case "incident":
            return say("Look at it now, and call whoever reported it. Answer nobody in public before two of you have looked.")
        case "acknowledgement" if one.number:
            return say("Print a sheet for each of them, have it signed, and record it with a scan.")
        case "acknowledgement" if one.about == notice.person:
            return say("govern shows you the text in your language and asks whether you will keep to it.")
        case "acknowledgement" if one.about:
            return say("Ask them to do it on their own machine: nobody signs for somebody else.")
        case "acknowledgement" if one.subject == notice.person:
            return say("Once you have, tell HR or an admin: they record the day.")
        case "acknowledgement":
            return say("Once they have been, record the day.")
        case "undelivered":
            return say("Their mail address may be wrong or their mailbox full. Reach them in another way, and correct the address.")
        case _:
            return say("Change it on the page of the platform. govern makes the new secret and leads you through every step.")
