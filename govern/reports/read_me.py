"""What lies in an evidence pack and how to check it, as a page of plain text in the reader's language."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from govern.languages import language
from govern.reports.printed import apart, check

if TYPE_CHECKING:
    from govern.reports.pack import Pack


def text(pack: Pack, locale: str) -> str:
    """Raises Usage for a language that there is not."""
    speech = language(locale)
    say = speech.say
    files = (
        ("evidence.html", say("the evidence, to read and to print")),
        ("evidence.json", say("the same for programs, and what can be checked")),
        ("evidence.tlog-proof", say("the entries of the ledger that it cites, each with its proof")),
        ("checkpoint.note", say("the signed state of the ledger that all proofs lead to")),
        ("SHA256SUMS", say("digests of these files, to see that none was damaged on its way")),
    )
    title = say("Evidence: departure of {person}").format(person=apart(pack.person.name))
    lines = [title, "=" * len(title), ""]
    lines += [f"{name:<20} {what}" for name, what in files]
    for paragraph in check(pack.vault, say):
        lines += ["", *textwrap.wrap(paragraph, 100, break_long_words=False, break_on_hyphens=False)]
    return "\n".join(lines) + "\n"
