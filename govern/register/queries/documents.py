"""Documents and their versions, what they say, who has acknowledged which, and who is still asked to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from govern.errors import NotFound, Refused
from govern.holdings.near import near_matches
from govern.vocabulary import LANGUAGES


class Version(NamedTuple):
    """One version of a document. `place`: the index at which it was published, 0 where it was not; then `deadline`, `audience`, `published_at`, `publisher`
    are empty. People are ids."""

    document: str
    name: str
    version: str
    n: int
    adopter: str
    at: str
    entry: int
    place: int
    deadline: str
    audience: str
    published_at: str
    publisher: str
    locales: tuple[str, ...]


_VERSIONS: Final = """
SELECT d.id, d.name, v.version, v.n, v.adopter, v.at, v.entry, coalesce(v.place, 0), coalesce(v.deadline, ''), coalesce(v.audience, ''),
  coalesce(v.published_at, ''), coalesce(v.publisher, ''),
  (SELECT group_concat(t.locale) FROM document_texts t WHERE t.document = v.document AND t.version = v.version)
FROM documents d JOIN document_versions v ON v.document = d.id
"""


def versions(db: sqlite3.Connection, name: str = "") -> list[Version]:
    """Of one document (by name) or of all, by name and in the order in which they were adopted."""
    rows = db.execute(f"{_VERSIONS}{' WHERE d.name = ?' if name else ''} ORDER BY d.name, v.n", (name,) if name else ())
    return [Version._make((*row[:12], tuple(sorted(row[12].split(","), key=LANGUAGES.index)))) for row in rows]


def find(db: sqlite3.Connection, name: str) -> list[Version]:
    """All versions of the document of this name. NotFound names near ones."""
    found = versions(db, name.casefold())
    if found:
        return found
    known = [one for (one,) in db.execute("SELECT name FROM documents")]
    near = near_matches(name.casefold(), known, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "govern document list, or: govern document adopt NAME --from FOLDER"
    raise NotFound(f"there is no document {name[:80]!r}", hint=hint)


def chosen(db: sqlite3.Connection, name: str, version: str = "") -> Version:
    """The version whose digest begins so, else the one that was published last, else the newest. NotFound, or Refused where it could be several."""
    found = find(db, name)
    if version:
        some = [one for one in found if one.version.startswith(version.casefold())]
        if not some:
            raise NotFound(f"no version of {name} begins with {version[:64]!r}", hint=f"govern document list {name}")
        if len(some) > 1:
            raise Refused(f"{version!r} could be {len(some)} versions of {name}", rule="ambiguous", hint="give more of its digits")
        return some[0]
    return max(found, key=lambda one: (one.place, one.n))


def in_force(db: sqlite3.Connection, name: str) -> Version:
    """The version that was published last; Refused where none was."""
    found = max(find(db, name), key=lambda one: one.place)
    if not found.place:
        raise Refused(
            f"{name} has not been published yet", rule="document-unpublished", control="PL-4",
            hint=f"govern document publish {name} --deadline DATE",
        )  # fmt: skip
    return found


def texts(db: sqlite3.Connection, one: Version) -> dict[str, str]:
    """Language -> text, of those that are still there."""
    rows = dict(
        db.execute("SELECT locale, text FROM document_texts WHERE document = ? AND version = ?", (one.document, one.version)).fetchall()
    )
    return {locale: rows[locale] for locale in one.locales if rows[locale] is not None}


def named_here(db: sqlite3.Connection, one: Version) -> list[str]:
    """Ids of the people whom a version was published for by name, without those who are leaving or have left."""
    rows = db.execute(
        "SELECT p.id FROM audiences u JOIN people p ON p.id = u.person WHERE u.document = ? AND u.version = ? AND NOT p.leaving AND p.left_on IS NULL"
        " AND NOT p.erased ORDER BY p.id",
        (one.document, one.version),
    )
    return [person for (person,) in rows]


class Outstanding(NamedTuple):
    """Somebody (id) who is asked to acknowledge a version and has not. `waits`: id of a recorded sheet that a second person has yet to verify."""

    document: str
    name: str
    version: str
    deadline: str
    person: str
    keyholder: bool
    before: bool
    """They acknowledged an earlier version."""
    waits: str


_ASKED: Final = """
WITH newest AS ({newest})
SELECT n.document, d.name, n.version, n.deadline, p.id, EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active'),
  EXISTS (SELECT 1 FROM acknowledgements k WHERE k.person = p.id AND k.document = n.document AND k.counts),
  coalesce((SELECT k.id FROM acknowledgements k WHERE k.person = p.id AND k.document = n.document AND k.version = n.version AND NOT k.counts LIMIT 1), '')
FROM newest n JOIN documents d ON d.id = n.document CROSS JOIN people p
WHERE NOT p.leaving AND p.left_on IS NULL AND NOT p.erased AND NOT EXISTS (SELECT 1 FROM services s WHERE s.person = p.id)
  AND NOT EXISTS (SELECT 1 FROM acknowledgements k WHERE k.person = p.id AND k.document = n.document AND k.version = n.version AND k.counts)
  AND (n.audience = 'everybody'
    OR {named}
    OR EXISTS (SELECT 1 FROM grants g JOIN accounts a ON a.id = g.account AND a.state = 'active' WHERE g.person = p.id AND g.ended_at IS NULL
      AND (n.audience = 'holders' OR EXISTS (SELECT 1 FROM asked q WHERE q.tier = a.tier AND q.what = d.name)))
    OR EXISTS (SELECT 1 FROM accounts a JOIN asked q ON q.tier = a.tier AND q.what = d.name WHERE a.state = 'active' AND a.custodian = p.id)
    OR EXISTS (SELECT 1 FROM accounts a JOIN asked q ON q.tier = a.tier AND q.what = d.name WHERE a.state = 'active' AND a.deputy = p.id))
ORDER BY n.deadline, d.name, p.handle, p.id
"""
_OUTSTANDING: Final = _ASKED.format(
    newest="SELECT v.* FROM document_versions v WHERE v.place = (SELECT max(o.place) FROM document_versions o WHERE o.document = v.document)",
    named="EXISTS (SELECT 1 FROM audiences u WHERE u.document = n.document AND u.version = n.version AND u.person = p.id)",
)
_WOULD_BE: Final = _ASKED.format(
    newest="SELECT :document AS document, :version AS version, :deadline AS deadline, :audience AS audience",
    named="p.id IN (SELECT value FROM json_each(:people))",
)


def outstanding(db: sqlite3.Connection) -> list[Outstanding]:
    """Of every document in force, who of those it is for has not acknowledged it.

    Whoever holds, or answers for, an account that asks for it is always among them.
    """
    return _outstanding(db.execute(_OUTSTANDING))


def would_be_asked(db: sqlite3.Connection, one: Version, people: Sequence[str]) -> list[Outstanding]:
    """Who would have to acknowledge this version if it were published with its `deadline` and `audience`, to these people (ids) where it is for some."""
    values = {
        "document": one.document,
        "version": one.version,
        "deadline": one.deadline,
        "audience": one.audience,
        "people": json.dumps(list(people)),
    }
    return _outstanding(db.execute(_WOULD_BE, values))


def _outstanding(rows: Iterable[tuple[Any, ...]]) -> list[Outstanding]:
    return [
        Outstanding(document, name, version, deadline, person, bool(keys), bool(before), waits)
        for document, name, version, deadline, person, keys, before, waits in rows
    ]


class Acknowledgement(NamedTuple):
    """One version acknowledged by one person (id). `on`: the day on the sheet, else of the entry; `verifier`: empty where nobody had to."""

    id: str
    name: str
    version: str
    n: int
    person: str
    how: str
    on: str
    at: str
    evidence: str
    locale: str
    recorder: str
    counts: bool
    verifier: str
    entry: int


def acknowledgements(db: sqlite3.Connection, *, name: str = "", person: str = "") -> list[Acknowledgement]:
    """Of one document (name) or person (id), or all, by document, person and time."""
    rows = db.execute(
        "SELECT k.id, d.name, k.version, v.n, k.person, k.how, coalesce(k.on_day, substr(k.at, 1, 10)), k.at, coalesce(k.evidence, ''),"
        " coalesce(k.locale, ''), k.recorder, k.counts, coalesce(k.verifier, ''), k.entry FROM acknowledgements k JOIN documents d ON d.id = k.document"
        " JOIN document_versions v ON v.document = k.document AND v.version = k.version"
        " WHERE :name IN ('', d.name) AND :person IN ('', k.person) ORDER BY d.name, k.person, k.entry",
        {"name": name, "person": person},
    )
    return [Acknowledgement._make((*row[:11], bool(row[11]), *row[12:])) for row in rows]


class Training(NamedTuple):
    """One training of one person (id)."""

    id: str
    person: str
    subject: str
    on: str
    evidence: str
    recorder: str
    at: str
    entry: int


def trainings(db: sqlite3.Connection, *, person: str = "") -> list[Training]:
    """Of one person (id) or all, the latest first."""
    rows = db.execute(
        "SELECT id, person, subject, on_day, coalesce(evidence, ''), recorder, at, entry FROM trainings WHERE ? IN ('', person) ORDER BY on_day DESC, entry",
        (person,),
    )
    return [Training(*row) for row in rows]
