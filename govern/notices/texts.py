"""A message as text: what stands around the lines, its subject, and lines of at most 72 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from govern.languages import Language
from govern.notices.lines import Line, More
from govern.notices.message import one_line

COLUMNS: Final = 72


def subject(lines: Sequence[Line], speech: Language, *, number: int) -> str:
    """What, and until when; of several things (`number`) the first, and how many there are."""
    first = f"{lines[0].what} ({lines[0].until})"
    if number == 1:
        return one_line(first)
    return one_line(speech.count("{n} thing to do: {first}", "{n} things to do: {first}", number).format(first=first))


def plain(name: str, lines: Sequence[Line], speech: Language, *, number: int, more: More | None = None) -> str:
    """The message as text: lines of at most 72 columns. `number`: of all things; `more`: of those that no line has."""
    said = [*_wrap(greeting(name, speech)), "", *_wrap(opening(number, speech))]
    for place, one in enumerate(lines, start=1):
        if one.how:
            said += ["", *_wrap(f"{place}. {one.what}", "   ", first=""), *_wrap(one.until, "   "), *_wrap(one.how, "   ")]
        else:
            said += [*([""] if lines[place - 2].how else []), *_wrap(f"{place}. {one.what} ({one.until})", "   ", first="")]
        if one.command:
            said += _typed(one.command)
    if more is not None:
        said += ["", *_wrap(more.what), *_typed(more.command)]
    for text in closing(speech):
        said += ["", *_wrap(text)]
    return "\n".join(said) + "\n"


def room(name: str, things: int, speech: Language, *, reported: bool = False) -> tuple[str, str]:
    """Subject and text for where others read it too: how many things wait for whom, and not what; `reported`: but that something is wrong."""
    told = speech.say("Somebody reported that something is wrong") if reported else head(things, speech)
    subject = f"{one_line(name, 100)}: {told}"
    return subject, "\n".join(_wrap(speech.say("Look it up in govern, or ask an admin of your company."))) + "\n"


def greeting(name: str, speech: Language) -> str:
    return speech.say("Hello {person},").format(person=one_line(name, 100))


def opening(things: int, speech: Language) -> str:
    return speech.count("{n} thing waits for you:", "{n} things wait for you:", things)


def head(things: int, speech: Language) -> str:
    """The same where nothing follows on the line."""
    return opening(things, speech).rstrip(":").rstrip()


def closing(speech: Language) -> tuple[str, ...]:
    """What every message ends with."""
    return (
        speech.say(
            "If you do not work with govern yourself, ask an admin of your company to do it with you. The lines with a $ are for them."
        ),
        speech.say("These messages never hold a secret and never a link. Nobody will ask you for a password in answer to them."),
    )


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _wrap(text: str, indent: str = "", *, first: str | None = None, end: str = "") -> list[str]:
    """Lines of at most `COLUMNS`; words that are longer are broken. `end`: what stands at the end of every line but the last."""
    lines, current = [], indent if first is None else first
    empty = True
    for word in text.split():
        for piece in _pieces(word, COLUMNS - len(indent) - len(end)):
            if not empty and _columns(current) + 1 + _columns(piece) + len(end) > COLUMNS:
                lines.append(current + end)
                current, empty = indent, True
            current += piece if empty else f" {piece}"
            empty = False
    return [*lines, current]


def _pieces(word: str, room: int) -> list[str]:
    if _columns(word) <= room:
        return [word]
    pieces, current = [], ""
    for c in word:
        if current and _columns(current + c) > room:
            pieces.append(current)
            current = ""
        current += c
    return [*pieces, current]


def _typed(command: str) -> list[str]:
    """A command over as many lines as it takes, each but the last ending in what a shell takes as going on."""
    return _wrap(command, "     ", first="   $ ", end=" \\")
