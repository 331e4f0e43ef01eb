"""What a page of evidence is made of before it is HTML or paper, and the sentences that a page and a README have in common. Plain text alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from govern.reports.evidence_lines import Bar
from govern.reports.page import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`text`, below it `small` lines, and a drawing where there is one. `mono`: an id, to be broken anywhere."""

    text: str = ""
    small: tuple[str, ...] = ()
    bar: Bar | None = None
    mono: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it, in this order; empty parts are left out. `points`: a list."""

    heading: str
    text: tuple[str, ...] = ()
    caption: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    pre: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`facts`: term and what is so."""

    locale: str
    title: str
    subtitle: str
    result: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def apart(text: str) -> str:
    """A name that can't reorder or change what stands around it (Unicode isolates, UAX #9)."""
    return f"\u2068{plain(text)}\u2069"


def check(vault: str, say: Callable[[str], str]) -> tuple[str, ...]:
    """How a stranger checks a pack of this vault (64 hex digits)."""
    return (
        say("evidence.html is for reading. What can be checked is evidence.json, which says the same: each time, person and state in it follows"
            " from entries of a signed ledger, and evidence.tlog-proof proves these."),
        say("Take verify.py and verify_evidence.py from govern's published source, not from whoever gave you this, and type: {command}").format(
            command=f"python verify.py {vault} evidence.json"),
        say("The long number is the vault's: compare it with the one that you were given by somebody you trust."),
        say("Not shown: that no entry is missing. For that, ask for the whole ledger (govern ledger export --pseudonymous) and check it with replay.py."),
    )  # fmt: skip
