"""One sheet of paper with one recovery share: its text, and reading it again however it was typed.

Knows the heading and how words are laid out; whether words are right is `govern.vault.recovery`'s affair.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from govern.errors import Malformed
from govern.vault.secret import Secret

MAGIC: Final = "GOVERN RECOVERY SHEET 1"
MAX_CHARACTERS: Final = 65_536
_COLUMNS: Final = 3
_WIDTH: Final = 78
_BEGIN: Final = "the words, in this order"
_END: Final = "end of the words"


Say = Callable[[str], str]
"""An English text -> the same in somebody's language, its names in braces kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`words`: the mnemonic. The rest is None or empty where only words were given: vault id (32 bytes), set id (16 hex digits), sheet
    `index` of `count`, any `threshold` of which recover, id of the recovery key (16 bytes)."""

    words: Secret
    vault: bytes | None = None
    organisation: str = ""
    set_id: str | None = None
    index: int | None = None
    count: int | None = None
    threshold: int | None = None
    key: bytes | None = None


def write_sheet(sheet: Sheet, say: Say = str) -> str:
    """The text to print, at most 78 columns wide: heading, numbered words, and what to do with it. Raises Malformed for a sheet without its heading."""
    told = [line for text in advice(sheet, say) for line in wrap(text, _WIDTH, break_on_hyphens=False)]
    return "\n".join([words_of(sheet), "", say("What to do with this sheet"), "", *told, ""])


def words_of(sheet: Sheet) -> str:
    """The part that is read again: heading and words. Raises Malformed for a sheet without its heading."""
    if sheet.vault is None or sheet.key is None or sheet.set_id is None or not (sheet.index and sheet.count and sheet.threshold):
        raise Malformed(
            "a recovery sheet without its heading can't be written", hint="name the file of a whole sheet, not of its words alone"
        )
    words = sheet.words.reveal().split()
    rows = -(-len(words) // _COLUMNS)
    grid = ["".join(f"{i + 1:>4}  {words[i]:<14}" for i in range(row, len(words), rows)).rstrip() for row in range(rows)]
    vault = _grouped(sheet.vault.hex(), 8).split(" ")
    organisation = "".join(c if c.isprintable() else " " for c in sheet.organisation).strip()[:60]
    return "\n".join(
        [
            MAGIC,
            "",
            f"organisation:  {organisation}",
            f"vault:         {' '.join(vault[:4])}",
            f"               {' '.join(vault[4:])}",
            f"set:           {_grouped(sheet.set_id, 4)}",
            f"sheet:         {sheet.index} of {sheet.count}, any {sheet.threshold} recover the vault",
            f"recovery key:  {_grouped(sheet.key.hex(), 4)}",
            "",
            f"{_BEGIN}:",
            "",
            *grid,
            "",
            f"{_END}.",
        ]
    )


def advice(sheet: Sheet, say: Say = str) -> list[str]:
    """What its keeper is told below the words, paragraph by paragraph, in their language; the heading and the words are English in all of them."""
    power = (
        say("This sheet alone opens everything in the vault.")
        if sheet.threshold == 1
        else say("Any {n} sheets of this set together open everything in the vault; fewer open nothing.").format(n=sheet.threshold)
    )
    return [
        power,
        say(
            "Print it or copy it by hand, then remove the file. Keep it like cash: in a sealed envelope, in a safe, away from the computers that"
            " use the vault and away from the other sheets. Do not photograph it, mail it or store it online."
        ),
        say(
            "It is needed when nobody can open the vault any more, and for decisions that ask for the recovery quorum."
            " To use it: {command} (once per sheet). To practise, which shows nothing: {drill}."
        ).format(command="govern vault recover --sheet FILE", drill="govern recovery drill --sheet FILE"),
        say("Its words are English ones in every language: type them as they stand, with the numbers or without."),
        say("If it is lost, or its keeper leaves, have the recovery key replaced."),
    ]


def parse_sheet(text: str) -> Sheet:
    """Read a sheet, or bare words. White space, case, line breaks, numbering and what stands around the text don't matter.

    Raises Malformed where neither a sheet nor words can be found; whether they are the right words is found by combining.
    """
    if len(text) > MAX_CHARACTERS:
        raise Malformed("a text far too long for a recovery sheet")
    flat = re.sub(r"\s+", " ", text).strip().lower()
    if MAGIC.lower() not in flat:
        return Sheet(words=_bare(flat))
    heading, begin, rest = flat.rpartition(_BEGIN)
    if not begin:
        raise Malformed("the recovery sheet has no words", hint="give the words alone, in their order")
    words = _numbered(rest.partition(_END)[0])
    found = re.search(
        r"organisation: (.*) ?vault: ([0-9a-f ]+?) set: ([0-9a-f ]+?) sheet: (\d{1,2}) of (\d{1,2}), any (\d{1,2})\b.* "
        r"recovery key: ([0-9a-f ]+)",
        heading,
    )
    if found is None:
        raise Malformed("the heading of the recovery sheet can't be read", hint="give the words alone, in their order")
    _, vault, set_id, index, count, threshold, key = (part.replace(" ", "") for part in found.groups())
    if (len(vault), len(set_id), len(key)) != (64, 16, 32):
        raise Malformed("an id in the heading of the recovery sheet has too few or too many digits", hint="give the words alone")
    original = re.search(r"organisation:[ \t]*(\S[^\r\n]*)", text, re.IGNORECASE)
    return Sheet(
        words=words,
        vault=bytes.fromhex(vault),
        organisation=original.group(1).strip() if original else "",
        set_id=set_id,
        index=int(index),
        count=int(count),
        threshold=int(threshold),
        key=bytes.fromhex(key),
    )


def _numbered(text: str) -> Secret:
    """Words by the number before each, whatever the order of columns; without any numbers, as they stand."""
    pairs = re.findall(r"(\d{1,2})[.):]? ([a-z]+)", text)
    if not pairs:
        return _bare(text)
    places = {int(number): word for number, word in pairs}
    if len(places) != len(pairs) or sorted(places) != list(range(1, len(places) + 1)):
        raise Malformed("the words of the recovery sheet are not numbered one after the other", hint="give the words alone, in their order")
    return Secret(" ".join(places[number] for number in sorted(places)))


def _bare(flat: str) -> Secret:
    words = re.findall(r"[^\W\d_]+", flat)
    if not words:
        raise Malformed("neither a recovery sheet nor its words", hint="name the file of a sheet, or one with its words in their order")
    return Secret(" ".join(words))


def _grouped(digits: str, size: int) -> str:
    return " ".join(digits[i : i + size] for i in range(0, len(digits), size))
