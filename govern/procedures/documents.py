"""Documents that people sign: adopted as a version, published with a deadline, acknowledged by a signature or a signed sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from govern.errors import Malformed, NotFound, Refused, Usage
from govern.holdings import documents as rules
from govern.holdings.dates import day, past_day
from govern.policy.files import folder, shipped
from govern.procedures.settling import after_joining
from govern.register.queries import documents, people, policies
from govern.register.queries.documents import Acknowledgement, Outstanding, Version
from govern.vocabulary import LANGUAGES

if TYPE_CHECKING:
    import sqlite3

    from govern.register.transaction import Transaction

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}\Z").match


def starting_points() -> list[str]:
    """Names of the documents that come with the program."""
    return sorted(one.name.removesuffix(".md") for one in (folder() / "documents" / "en").iterdir() if one.name.endswith(".md"))


def starting_point(name: str) -> dict[str, str]:
    """One of them: language -> text with gaps. NotFound names those that there are."""
    if name not in starting_points():
        raise NotFound(f"no document {name[:80]!r} comes with the program", hint=f"one of {', '.join(starting_points())}")
    return {locale: read(shipped(f"documents/{locale}/{name}.md"), f"{locale}/{name}.md") for locale in LANGUAGES}


def read(data: bytes, name: str) -> str:
    """The text of a file; Malformed where it is none. Line ends are the same on every system, so that a version is."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(f"{name} is no text in UTF-8", hint="save it as UTF-8") from None
    if "\0" in text:
        raise Malformed(f"{name} is no text", hint="save it as plain text or Markdown")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def adopt(tx: Transaction, name: str, texts: Mapping[str, str], values: Mapping[str, str]) -> tuple[Version, bool]:
    """Record these texts (language -> text with gaps, values for the gaps) as a version; whether it is new. Refused where gaps are left."""
    if not _NAME(name):
        raise Usage(f"{name[:80]!r} is no name of a document", hint="lower-case letters, digits and . _ -, such as corporate-accounts")
    filled = rules.fill(texts, values)
    digests = {locale: rules.text_digest(text) for locale, text in filled.items()}
    version = rules.version_of(digests)
    known = documents.versions(tx.register, name)
    for one in known:
        if one.version == version:
            return one, False
    order = sorted(filled, key=LANGUAGES.index)
    tx.record(
        "document.adopted",
        {
            "document": known[0].document if known else tx.new_id(), "name": name, "version": version,
            "texts": [[locale, digests[locale], len(filled[locale].encode())] for locale in order],
        },
        filled,
    )  # fmt: skip
    return documents.chosen(tx.register, name, version), True


def publish(tx: Transaction, name: str, *, deadline: str, to: Sequence[str] = (), version: str = "") -> Version:
    """Ask for acknowledgements until the deadline (a date) of holders, everybody, or these people. Where `to` is empty, of those whom the version in force
    is for, and of whom the policy says where none is: what everybody had to read is not quietly for few once it changes."""
    found, persons = _whom(tx.register, name, deadline=deadline, to=to, version=version)
    tx.record(
        "document.published",
        {
            "document": found.document, "version": found.version, "deadline": deadline, "audience": found.audience, "people": persons or None,
        },
    )  # fmt: skip
    return documents.chosen(tx.register, name, found.version)


def plan(
    db: sqlite3.Connection, name: str, *, today: str, deadline: str, to: Sequence[str] = (), version: str = ""
) -> tuple[Version, list[Outstanding]]:
    """What `publish` would put in force, and who would have to acknowledge it; nothing is recorded."""
    found, persons = _whom(db, name, deadline=deadline, to=to, version=version)
    if found.place:
        raise Refused("this version was published before", rule="document-published", control="PL-4", hint="adopt a new version first")
    rules.must_lie_ahead(deadline, today)
    return found, documents.would_be_asked(db, found, persons)


def _whom(db: sqlite3.Connection, name: str, *, deadline: str, to: Sequence[str], version: str) -> tuple[Version, list[str]]:
    """The version that is meant, with this deadline and audience, and the people (ids) whom it is for where it is for some."""
    day(deadline, "--deadline")
    found = documents.chosen(db, name, version) if version else max(documents.find(db, name), key=lambda one: one.n)
    groups = [one for one in to if one in ("everybody", "holders")]
    if groups and len(to) > 1:
        raise Usage("--to names everybody, holders, or people", hint="--to anna --to bent, or --to everybody")
    if to:
        group, persons = groups[0] if groups else "people", [] if groups else sorted({people.find(db, one).id for one in to})
    else:
        group, persons = _as_before(db, name)
    return found._replace(deadline=deadline, audience=group), persons


def _as_before(db: sqlite3.Connection, name: str) -> tuple[str, list[str]]:
    """Whom the version in force is for, and which people (ids) where it is for some; what the policy says where there is none, or none of them is here."""
    before = max(documents.find(db, name), key=lambda one: one.place)
    persons = documents.named_here(db, before) if before.audience == "people" else []
    if before.place and (persons or before.audience != "people"):
        return before.audience, persons
    rule = policies.policy(db).later.documents
    return rule.audience if rule else "holders", []


def sign(tx: Transaction, name: str, version: str, *, locale: str = "") -> bool:
    """Acknowledge, by the actor's own key, the version (whole digest) that they were shown; whether that is new. Refused where another is in force by now."""
    now = documents.in_force(tx.register, name)
    if now.version != version:
        raise Refused(
            f"another version of {name} is in force", rule="document-other", control="PL-4", hint=f"read that one: govern document show {name}"
        )  # fmt: skip
    if _counting(tx, now, tx.actor):
        return False
    tx.record(
        "acknowledgement.given",
        {
            "acknowledgement": tx.new_id(), "document": now.document, "version": now.version, "person": tx.actor, "how": "signature",
            "locale": locale or None,
        },
    )  # fmt: skip
    return True


def record_sheet(
    tx: Transaction, name: str, person: str, *, evidence: str, on: str = "", version: str = "", locale: str = ""
) -> Acknowledgement:
    """Record that somebody without keys signed a sheet, whose scan has this SHA-256 (hex). What is returned may wait for a second person."""
    who = people.find(tx.register, person)
    found = documents.chosen(tx.register, name, version) if version else documents.in_force(tx.register, name)
    if on:
        past_day(on, "--on", tx.now)
    for one in documents.acknowledgements(tx.register, name=found.name, person=who.id):
        if one.version == found.version and (one.counts or one.evidence == evidence):
            return one
    made = tx.new_id()
    tx.record(
        "acknowledgement.given",
        {
            "acknowledgement": made, "document": found.document, "version": found.version, "person": who.id, "how": "sheet", "evidence": evidence,
            "on": on or None, "locale": locale or None,
        },
    )  # fmt: skip
    after_joining(tx, who.id)
    return next(one for one in documents.acknowledgements(tx.register, person=who.id) if one.id == made)


def verify(tx: Transaction, name: str, person: str) -> list[Acknowledgement]:
    """Verify, as the second person, what was recorded of this person's sheets for the document. NotFound where nothing waits."""
    who = people.find(tx.register, person)
    waiting = [one for one in documents.acknowledgements(tx.register, name=name, person=who.id) if not one.counts]
    if not waiting:
        raise NotFound(f"no sheet of {who.handle} for {name} waits for a second person", hint="govern document outstanding")
    for one in waiting:
        tx.record("acknowledgement.verified", {"acknowledgement": one.id})
    after_joining(tx, who.id)
    return waiting


def _counting(tx: Transaction, version: Version, person: str) -> bool:
    found = documents.acknowledgements(tx.register, name=version.name, person=person)
    return any(one.version == version.version and one.counts for one in found)
