"""Questions about services: under which authorities they act, and which of these stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any, Final

from govern.holdings import services
from govern.holdings.authority import Standing
from govern.holdings.services import Authority, Purpose
from govern.register.queries import serving

_AUTHORITIES: Final = """
SELECT s.id, s.person, s.authoriser, s.purposes, coalesce(s.until, ''), coalesce(s.ended, ''),
  EXISTS (SELECT 1 FROM keys k WHERE k.id = s.key AND k.state = 'active')
    AND EXISTS (SELECT 1 FROM roles r WHERE r.person = s.authoriser AND r.role = 'admin' AND (r.until IS NULL OR r.until > :now))
FROM services s
"""


def _authority(row: tuple[Any, ...]) -> Authority:
    id_, service, authoriser, purposes, until, ended, backed = row
    return Authority(
        id=id_, service=service, authoriser=authoriser, purposes=tuple(purposes.split()), until=until, ended=ended, backed=bool(backed)
    )


def by_id(db: sqlite3.Connection, id_: str | None, now: str) -> Authority | None:
    row = db.execute(f"{_AUTHORITIES} WHERE s.id = :id", {"id": id_, "now": now}).fetchone()
    return None if row is None else _authority(row)


def of(db: sqlite3.Connection, person: str, now: str) -> list[Authority]:
    """Every authority of a service (person id), the newest first; empty for anybody else."""
    rows = db.execute(f"{_AUTHORITIES} WHERE s.person = :id ORDER BY s.entry DESC", {"id": person, "now": now})
    return [_authority(row) for row in rows]


def every(db: sqlite3.Connection, now: str) -> list[Authority]:
    """All there ever were, in the order of the ledger."""
    return [_authority(row) for row in db.execute(f"{_AUTHORITIES} ORDER BY s.entry", {"now": now})]


def is_service(db: sqlite3.Connection, person: str) -> bool:
    return db.execute("SELECT 1 FROM services WHERE person = ? LIMIT 1", (person,)).fetchone() is not None


def standing(db: sqlite3.Connection, person: str, cited: str | None, type_: str, body: Mapping[str, Any], now: str) -> Standing:
    """What a service is when its fact is judged; raises Refused where the authority that it cites does not stand."""
    purposes = services.acts_under(by_id(db, cited, now), cited, person, now)
    services.permit(type_, body, purposes)
    if services.needs_entrusting(type_, body, purposes):
        serving.must_be_entrusted(db, person, body, now)
    return Standing(person=person, roles=frozenset(), service=purposes)


def cite(db: sqlite3.Connection, person: str, type_: str, body: Mapping[str, Any], now: str) -> str | None:
    """Id of the authority under which a service records this fact: one that stands and allows it, else the newest, so that the rule says why."""
    found = of(db, person, now)
    fitting = [one for one in found if services.why_not(one, now) is None and services.allowed(type_, body, one.purposes)]
    return next((one.id for one in [*fitting, *found]), None)


def serves(db: sqlite3.Connection, person: str, purpose: str, now: str, *, but: str = "") -> bool:
    """Whether a service acts for this purpose at `now` (UTC), under an authority that somebody else than `but` (person id) gave."""
    return any(services.why_not(one, now) is None and purpose in one.purposes and one.authoriser != but for one in of(db, person, now))


def made_by(db: sqlite3.Connection, people: Collection[str], now: str) -> list[str]:
    """Person ids of the services for cuts whose authority one of these people (ids) gave and stands at `now` (UTC), and whose keys nobody else
    has made: what such a service reads these people could read anyway."""
    found = []
    for (person,) in db.execute("SELECT DISTINCT person FROM services ORDER BY person").fetchall():
        given = any(
            services.why_not(one, now) is None and Purpose.RUN_DUE in one.purposes and one.authoriser in people
            for one in of(db, person, now)
        )
        makers = {
            row[0]
            for row in db.execute(
                "SELECT b.person FROM keys k JOIN sponsors s ON s.what = 'key' AND s.id = k.id JOIN keys b ON b.id = s.signer"
                " WHERE k.person = ? AND k.state = 'active'",
                (person,),
            )
        }
        if given and makers and makers <= set(people):
            found.append(str(person))
    return found
