"""What is known of one platform, as values: where, how, what else to cut, and how far each statement is to be trusted. Reads nothing.

Grades: `tested` (by us on a real server), `specification` (the makers' documents, source or interface; never called by us), `guided`
(general guides), `unproven` (from memory). A statement without a grade, a source or a day of its own has those of its profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

GRADES: Final = ("tested", "specification", "guided", "unproven")
"""Best first."""
TRUST: Final = {
    "tested": "tried by us", "specification": "by the platform's own documents", "guided": "by general guides", "unproven": "from memory, not checked",
}  # fmt: skip
"""Grade -> what it means, as it is told to people."""


class Statement(NamedTuple):
    """One thing that is said of a platform. `checked_on`: ISO date; `source`: a key of the profile's sources; `of`: the name of another platform
    that it is about, where it is told among what is said of one."""

    text: str
    grade: str
    checked_on: str
    source: str
    of: str = ""

    @property
    def line(self) -> str:
        """In English, as it is told."""
        return f"{self.of}: {self.text}" if self.of else self.text


class Source(NamedTuple):
    """Where something was read: its name, and an https address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a platform accepts as a password, as far as known (None, empty: not known)."""

    min: int | None = None
    max: int | None = None
    symbols: str | None = None
    """The only symbols that are accepted."""
    needs: tuple[str, ...] = ()
    """Classes of which at least one character must be there: lower, upper, digit, symbol."""
    max_consecutive: int | None = None
    """So often at most the same character in a row."""


class Before(NamedTuple):
    """What is told before anything is changed. `minutes` is a guess of ours for one password and everything cut besides."""

    prompts: Statement
    logged_out: Statement
    disconnects: tuple[Statement, ...]
    scheduled: Statement
    minutes: int


class Residual(NamedTuple):
    """Something that works for `seconds` after it was cut."""

    said: Statement
    seconds: int


class LeadTime(NamedTuple):
    """What a successor waits `days` for before they can take over there."""

    said: Statement
    days: int


class Contact(NamedTuple):
    """Where word is taken of an account that was taken over. `url` may hold `{host}`, the account's own server; empty where there is no page."""

    said: Statement
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One platform. `grade`, `checked_on`, `source`: those of what says none of its own."""

    id: str
    name: str
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    """Steps of a path by which an installation on any host, in any folder, is recognised."""
    apps: tuple[str, ...]
    title_words: tuple[str, ...]
    whole_titles: tuple[str, ...]
    kinds: tuple[str, ...]
    """Kinds of credential that an account can have there."""
    shared_with: tuple[str, ...]
    """Platforms with the same login: one rotation changes all."""
    change_password_url: str
    """The settings page; may hold `{host}`; empty where there is no one page."""
    pages: Mapping[str, str]
    """Settings pages by host, where the platform is many."""
    page_grade: Statement
    """How far the pages are to be trusted; its text is empty."""
    password: Limits
    password_grade: Statement
    delegation: str
    """full, partly or none: whether people can be given a login of their own instead of the shared password."""
    delegation_said: Statement
    delegation_url: str
    before: Before
    rotate: Mapping[str, tuple[Statement, ...]]
    """Kind -> steps; every kind of `kinds` is there."""
    cut: Mapping[str, tuple[Statement, ...]]
    """sessions, apps, roles -> steps that end them."""
    survives: tuple[Statement, ...]
    """What goes on working after the password has changed."""
    residual: tuple[Residual, ...]
    lead_times: tuple[LeadTime, ...]
    """How long before somebody's last day their successor has to be named."""
    contact: tuple[Contact, ...]
    """Who takes word of an account that was taken over, the best way first; empty where nothing is known."""
    grade: str
    checked_on: str
    """Date (ISO 8601) of the last look at the sources."""
    source: str
    sources: Mapping[str, Source]

    def statements(self) -> list[Statement]:
        """Everything that is said, each with its grade."""
        before = self.before
        said = [self.page_grade, self.delegation_said, before.prompts, before.logged_out, before.scheduled]
        said += [self.password_grade] if self.password != Limits() else []
        said += [one.said for one in self.contact]
        said += [*before.disconnects, *self.survives, *(one.said for one in self.residual), *(one.said for one in self.lead_times)]
        return said + [one for steps in (*self.rotate.values(), *self.cut.values()) for one in steps]


CUTS: Final = ("sessions", "apps", "roles")


def from_entry(entry: Mapping[str, Any]) -> Profile:
    """A profile of its compiled form (see `govern.policy.compiled`); KeyError or TypeError for another."""
    change, limits, titles = entry["change-password"], entry.get("password", {}), entry["titles"]

    def said(one: Mapping[str, Any]) -> Statement:
        return Statement(
            text=one.get("text", ""), grade=one.get("grade") or entry["grade"], checked_on=one.get("checked-on") or entry["checked-on"],
            source=one.get("source") or entry["source"],
        )  # fmt: skip

    def all_said(some: list[Mapping[str, Any]]) -> tuple[Statement, ...]:
        return tuple(map(said, some))

    before = entry["before"]
    return Profile(
        id=entry["id"],
        name=entry["name"],
        hosts=tuple(entry["hosts"]),
        paths=tuple(entry.get("paths", ())),
        apps=tuple(entry.get("apps", ())),
        title_words=tuple(titles.get("words", ())),
        whole_titles=tuple(titles.get("whole", ())),
        kinds=tuple(entry["kinds"]),
        shared_with=tuple(entry.get("shared-with", ())),
        change_password_url=change.get("url", ""),
        pages=dict(change.get("by-host", {})),
        page_grade=said(change),
        password=Limits(
            min=limits.get("min"), max=limits.get("max"), symbols=limits.get("symbols"), needs=tuple(limits.get("needs", ())),
            max_consecutive=limits.get("max-consecutive"),
        ),
        password_grade=said(limits),
        delegation=entry["delegation"]["native"],
        delegation_said=said(entry["delegation"]),
        delegation_url=entry["delegation"].get("url", ""),
        before=Before(
            prompts=said(before["prompts"]), logged_out=said(before["logged-out"]), disconnects=all_said(before.get("disconnects", [])),
            scheduled=said(before["scheduled"]), minutes=before["minutes"],
        ),
        rotate={kind: all_said(steps) for kind, steps in entry["rotate"].items()},
        cut={what: all_said(entry["cut"].get(what, [])) for what in CUTS},
        survives=all_said(entry.get("survives", [])),
        residual=tuple(Residual(said(one), one["seconds"]) for one in entry.get("residual", [])),
        lead_times=tuple(LeadTime(said(one), one["days"]) for one in entry.get("lead-times", [])),
        contact=tuple(Contact(said(one), one.get("url", "")) for one in entry.get("contact", [])),
        grade=entry["grade"],
        checked_on=entry["checked-on"],
        source=entry["source"],
        sources={key: Source(one["name"], one["url"]) for key, one in entry["sources"].items()},
    )  # fmt: skip
