"""What of documents, acknowledgements and trainings is not in order: holders who lack something, languages that are missing, names that nothing is called."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from govern.holdings.documents import lacking
from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.register.queries import documents
from govern.register.queries.lapsed import lapsed
from govern.vocabulary import TIERS


def holders(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """Holders, and people who answer for accounts, whose acknowledgement or training has lapsed (PL-4, AT-3): a warning within the grace, critical after it;
    an exception is told as such."""
    for one in lapsed(db, policy, today):
        if one.rule == "training":
            lack, command = f"was not trained in {one.what} in time", f"govern training add {one.name} --subject {one.what} --on DATE"
        elif one.keyholder:
            lack, command = f"has not acknowledged {one.what}", f"govern document show {one.what}"
        else:
            lack, command = f"has not acknowledged {one.what}", f"govern document sheet {one.what} --person {one.name} --out FILE"
        holds, rid = (
            ("holds", "or take the account back") if one.grant else ("answers for", "or name somebody else: govern account custody")
        )
        if one.excepted >= today:
            yield Finding(
                code="exception-runs", severity="info", subject=one.handle, key=f"exception-runs:{one.account}:{one.person}:{one.rule}",
                message=f"{one.name} {lack}, and {holds} it by an exception", due=one.excepted, command="govern exception list",
            )  # fmt: skip
            continue
        yield Finding(
            code=f"{one.rule}-lapsed", severity="warning" if one.until >= today else "critical", subject=one.handle,
            key=f"{one.rule}-lapsed:{one.account}:{one.person}:{one.what}", message=f"{one.name} {holds} it and {lack}", due=one.until, command=command,
            why=f"they sign themselves: govern document ack {one.what}" if one.keyholder and one.rule == "acknowledgement" else rid,
        )  # fmt: skip


def languages(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Documents in force, or waiting to be, of which a language is missing: whoever reads only that one can't know what they sign."""
    newest = {one.name: one for one in documents.versions(db)}
    for one in newest.values():
        missing = lacking(one.locales)
        if missing:
            yield Finding(
                code="document-language", severity="info", subject=one.name, key=f"document-language:{one.document}:{one.version}",
                message=f"is not there in {', '.join(missing)}", command=f"govern document adopt {one.name} --from FOLDER",
            )  # fmt: skip


def required(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    """Names in the policy that no published document has. Nothing while the vault has no documents at all: who keeps none is not told of it."""
    rule = policy.later.documents
    known = {one.name: max(one.place, 0) for one in sorted(documents.versions(db), key=lambda each: each.place)}
    if rule is None or not known:
        return
    for name in sorted({name for tier in TIERS for name in rule.required[tier]}):
        if not known.get(name):
            command = f"govern document publish {name} --deadline DATE" if name in known else f"govern document adopt {name} --from FOLDER"
            yield Finding(
                code="document-missing", severity="info", subject=name, key=f"document-missing:{name}",
                message=f"the policy asks for it, and it is not {'published' if name in known else 'adopted'}", command=command,
            )  # fmt: skip


def sheets(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Sheets that were recorded by whoever answers for the account, and count once somebody else has looked (AC-5)."""
    rows = db.execute(
        "SELECT k.id, d.name, coalesce(p.handle, '') FROM acknowledgements k JOIN documents d ON d.id = k.document JOIN people p ON p.id = k.person"
        " WHERE NOT k.counts AND p.left_on IS NULL ORDER BY d.name, p.handle"
    )
    for id_, name, person in rows:
        who = person or "a former person"
        yield Finding(
            code="sheet-unverified", severity="warning", subject=name, key=f"sheet-unverified:{id_}",
            message=f"the signed sheet of {who} counts once a second person has looked at it", command=f"govern document verify {name} {person or 'PERSON'}",
        )  # fmt: skip


QUESTIONS: Final = (holders, sheets, required, languages)
