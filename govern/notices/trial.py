"""The message that tries a channel out: it says that it is one, in the language of whoever gets it, and holds nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from govern.notices.message import Message, list_id, message_id

if TYPE_CHECKING:
    from govern.languages import Language


def trial(speech: Language, *, vault: str, person: str, name: str, mail: str, channel: str, at: str) -> Message:
    """The message for one person (id, name, mail address or empty) by a channel (id) at a UTC time."""
    say = speech.say
    subject = say("A test of the reminders: nothing to do")
    lines = (
        say("This is a test. You can read it, so reminders reach you this way."),
        say("There is nothing to do, and no answer is needed."),
    )
    return Message(
        message_id=message_id(vault, person, [(f"channel:{channel}", at)]), to_name=name, to_mail=mail or None, locale=speech.locale, subject=subject,
        text="".join(f"{line}\n" for line in lines), html="".join(f"<p>{escape(line)}</p>" for line in lines),
        list_id=list_id(vault), reply_to=None,
    )  # fmt: skip
