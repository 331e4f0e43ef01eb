"""Documents, who acknowledged which version, trainings; and what the policy asks for, by tier."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from govern.errors import Refused
from govern.holdings import documents
from govern.policy import house_rules
from govern.policy.rules import Policy
from govern.register.projection import beside, services
from govern.register.projection.scene import Scene
from govern.vocabulary import MOST_TEXT


def _adopted(scene: Scene) -> None:
    """A document, or another version of one. What each text says stands in the personal part: where that is gone, or says another thing, only digests stay."""
    body = scene.body
    id_, version = body["document"], body["version"]
    digests = {locale: digest for locale, digest, _ in body["texts"]}
    if not digests or len(digests) != len(body["texts"]) or version != documents.version_of(digests):
        raise Refused("a version that is not that of its texts", rule="document-version", control="PL-4", hint="upgrade govern")
    if sum(size for _, _, size in body["texts"]) > MOST_TEXT:
        raise Refused("a document that is too long", rule="document-size", control="PL-4", hint="shorten it, or adopt it as two documents")
    known = scene.one("SELECT id FROM documents WHERE name = ?", body["name"])
    if known is None:
        scene.run("INSERT INTO documents VALUES (?, ?, ?)", id_, body["name"], scene.index)
    elif known[0] != id_:
        raise Refused(f"another document is called {body['name']}", rule="document-name", control="PL-4", hint="govern document list")
    if scene.one("SELECT 1 FROM document_versions WHERE document = ? AND version = ?", id_, version):
        raise Refused("this version was adopted before", rule="document-known", control="PL-4", hint=f"govern document show {body['name']}")
    scene.run(
        "INSERT INTO document_versions (document, version, n, adopter, at, entry)"
        " SELECT ?1, ?2, 1 + count(*), ?3, ?4, ?5 FROM document_versions WHERE document = ?1",
        id_, version, scene.actor, scene.at, scene.index,
    )  # fmt: skip
    for locale, digest, size in body["texts"]:
        text = scene.personal.get(locale)
        kept = text if text is not None and documents.text_digest(text) == digest else None
        scene.run("INSERT INTO document_texts VALUES (?, ?, ?, ?, ?, ?, ?)", id_, version, locale, digest, size, kept, scene.index)


def _published(scene: Scene) -> None:
    """Once for each version, so that nobody gets more time by asking again (PL-4 c)."""
    body = scene.body
    row = scene.one("SELECT place FROM document_versions WHERE document = ? AND version = ?", body["document"], body["version"])
    if row is None:
        raise scene.unknown("version of a document")
    if row[0] is not None:
        raise Refused("this version was published before", rule="document-published", control="PL-4", hint="adopt a new version first")
    documents.must_be_day(body["deadline"], "the deadline")
    documents.must_lie_ahead(body["deadline"], scene.at[:10])
    if (body["audience"] == "people") is not bool(body.get("people")):
        raise Refused("people are named where a document is for some people, and nowhere else", rule="document-audience", control="PL-4")
    for person in body.get("people", ()):
        scene.must("person", "people", person)
        scene.run("INSERT OR IGNORE INTO audiences VALUES (?, ?, ?)", body["document"], body["version"], person)
    scene.run(
        "UPDATE document_versions SET place = ?, deadline = ?, audience = ?, published_at = ?, publisher = ? WHERE document = ? AND version = ?",
        scene.index, body["deadline"], body["audience"], scene.at, scene.actor, body["document"], body["version"],
    )  # fmt: skip


def _given(scene: Scene) -> None:
    """A signed sheet counts at once, unless whoever records it answers for an account that asks for it, and another could look (AC-5)."""
    body = scene.body
    scene.must("person", "people", body["person"])
    services.hold_nothing(scene, body["person"])
    row = scene.one("SELECT place FROM document_versions WHERE document = ? AND version = ?", body["document"], body["version"])
    if row is None or row[0] is None:
        raise Refused("a version that was never published", rule="document-unpublished", control="PL-4", hint="govern document list")
    if "on" in body:
        documents.must_be_day(body["on"], "the day of the signature")
    if body.get("on", "") > scene.today():
        raise Refused("a signature that lies ahead", rule="signed-ahead", control="PL-4", hint="record it once they have signed")
    counts = True
    if body["how"] == "sheet":
        if "evidence" not in body:
            raise Refused(
                "a sheet without its digest", rule="sheet-evidence", control="PL-4", hint="--evidence FILE: a scan of the signed sheet"
            )
        if scene.one("SELECT 1 FROM keys WHERE person = ? AND state = 'active'", body["person"]):
            raise Refused(
                "somebody with keys signs with them",
                rule="own-signature",
                control="PL-4",
                hint="on their machine: govern document ack NAME",
            )
        counts = not (_answers(scene) and _two(scene) and beside.another_admin(scene, or_hr=True))
    scene.run(
        "INSERT INTO acknowledgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
        body["acknowledgement"], body["document"], body["version"], body["person"], body["how"], body.get("evidence"), body.get("on"),
        body.get("locale"), scene.actor, scene.at, int(counts), scene.index,
    )  # fmt: skip


def _answers(scene: Scene) -> bool:
    """Whether the actor is responsible, or deputy, for an account on whose tier something is asked for."""
    return (
        scene.one(
            "SELECT 1 FROM accounts a JOIN asked k ON k.tier = a.tier WHERE a.state = 'active' AND ? IN (a.custodian, a.deputy) LIMIT 1",
            scene.actor,
        )
        is not None
    )


def _two(scene: Scene) -> bool:
    """Whether the policy in force wants a second person."""
    policy = scene.one("SELECT value FROM state WHERE key = 'policy'")
    return policy is not None and Policy.from_record(json.loads(policy[0])).second_person


def _verified(scene: Scene) -> None:
    row = scene.one("SELECT recorder, person, counts FROM acknowledgements WHERE id = ?", scene.body["acknowledgement"])
    if row is None:
        raise scene.unknown("acknowledgement")
    if row[2]:
        raise Refused("this acknowledgement counts already", rule="acknowledged", control="PL-4", hint="govern document report")
    if scene.actor in row[:2]:
        raise Refused("nobody verifies what they recorded or signed", rule="second-person", control="AC-5", hint="another admin or HR does")
    scene.run(
        "UPDATE acknowledgements SET counts = 1, verifier = ?, verified_at = ? WHERE id = ?", scene.actor, scene.at, scene.body["acknowledgement"]
    )  # fmt: skip


def _trained(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    services.hold_nothing(scene, body["person"])
    documents.must_be_day(body["on"], "the day of the training")
    if body["on"] > scene.today():
        raise Refused("a training that lies ahead", rule="training-ahead", control="AT-3", hint="record it once it has been held")
    if body["person"] == scene.actor and beside.another_admin(scene, or_hr=True):
        raise Refused(
            "nobody records their own training where another could", rule="own-training", control="AT-3", hint="another admin or HR does"
        )
    scene.run(
        "INSERT INTO trainings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        body["training"], body["person"], body["subject"], body["on"], body.get("evidence"), scene.actor, scene.at, scene.index,
    )  # fmt: skip


def ask(scene: Scene, record: Mapping[str, Any]) -> None:
    """What this policy (its record) asks for on which tier, each since the day on which it was first asked for, or for a newer training than before; and
    since when of those who answer for accounts as well."""
    section = record.get("documents")
    rule = house_rules.from_record(section) if section is not None else None
    wanted = house_rules.asked(rule) if rule is not None else {}
    today = (scene.now or scene.at)[:10]
    answering = today if rule is not None and rule.answering else None
    for tier, what in scene.db.execute("SELECT tier, what FROM asked").fetchall():
        if (tier, what) not in wanted:
            scene.run("DELETE FROM asked WHERE tier = ? AND what = ?", tier, what)
    scene.db.executemany(
        "INSERT INTO asked VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET since = iif(excluded.days < days, excluded.since, since), days = excluded.days,"
        " answering = iif(excluded.answering IS NULL OR excluded.days < days, excluded.answering, coalesce(answering, excluded.answering))",
        [(tier, what, days, today, answering) for (tier, what), days in sorted(wanted.items())],
    )


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "document.adopted": _adopted,
    "document.published": _published,
    "acknowledgement.given": _given,
    "acknowledgement.verified": _verified,
    "training.recorded": _trained,
}
