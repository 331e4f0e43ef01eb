"""Documents, signed sheets and trainings, as the tail that a fork gives up has them: recorded anew under the ids that they had."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from govern.register.queries.ledger_time import elapsed

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def carry_documents(tx: Transaction, old: sqlite3.Connection) -> None:
    """Versions as they were adopted and published; one whose deadline has passed since is in force from today on. What people signed by their own keys
    they sign again, for nobody signs for another; sheets of those without keys are recorded anew, and may wait for a second person again. A day that lies
    ahead, by the clock of who recorded it, is today; a training that lies ahead is recorded once it was held. Where the copy is older than a year, today is
    what the ledger counts of it."""
    today = elapsed(tx.register, tx.actor, tx.now)[:10]
    there = set(tx.register.execute("SELECT document, version FROM document_versions").fetchall())
    published = set(tx.register.execute("SELECT document, version FROM document_versions WHERE place IS NOT NULL").fetchall())
    names = dict(tx.register.execute("SELECT name, id FROM documents").fetchall())
    ids: dict[str, str] = {}
    rows = old.execute(
        "SELECT d.id, d.name, v.version, v.place, v.deadline, v.audience FROM document_versions v JOIN documents d ON d.id = v.document"
        " ORDER BY coalesce(v.place, v.entry), v.entry"
    ).fetchall()
    for id_, name, version, place, deadline, audience in rows:
        ids[id_] = names.setdefault(name, id_)
        about = {"document": ids[id_], "version": version}
        if (ids[id_], version) not in there:
            texts = old.execute(
                "SELECT locale, digest, size, text FROM document_texts WHERE document = ? AND version = ? ORDER BY locale", (id_, version)
            ).fetchall()
            kept = {locale: text for locale, _, _, text in texts if text is not None}
            tx.record("document.adopted", {**about, "name": name, "texts": [list(row[:3]) for row in texts]}, kept)
        if place is not None and (ids[id_], version) not in published:
            people = [one for (one,) in old.execute("SELECT person FROM audiences WHERE document = ? AND version = ?", (id_, version))]
            tx.record(
                "document.published",
                {**about, "deadline": max(deadline, tx.now[:10]), "audience": audience, "people": sorted(people) or None},
            )
    _signed(tx, old, ids, min(today, tx.now[:10]))
    known = set(tx.register.execute("SELECT id FROM trainings").fetchall())
    for id_, person, subject, on, evidence in old.execute(
        "SELECT id, person, subject, on_day, evidence FROM trainings ORDER BY entry"
    ).fetchall():
        if (id_,) not in known and person != tx.actor and on <= tx.now[:10]:
            tx.record(
                "training.recorded", {"training": id_, "person": person, "subject": subject, "on": min(on, today), "evidence": evidence}
            )


def _signed(tx: Transaction, old: sqlite3.Connection, documents: dict[str, str], today: str) -> None:
    known = set(tx.register.execute("SELECT id FROM acknowledgements").fetchall())
    keyed = {one for (one,) in tx.register.execute("SELECT DISTINCT person FROM keys WHERE state = 'active'")}
    rows = old.execute(
        "SELECT id, document, version, person, how, evidence, on_day, locale, at FROM acknowledgements ORDER BY entry"
    ).fetchall()
    for id_, document, version, person, how, evidence, on, locale, at in rows:
        if (id_,) not in known and how == "sheet" and person not in keyed and person != tx.actor:
            body = {"acknowledgement": id_, "document": documents[document], "version": version, "person": person, "how": how}
            tx.record("acknowledgement.given", {**body, "evidence": evidence, "on": min(on or at[:10], today), "locale": locale})
