"""Everything that somebody is to be reminded of, by kind, each with its due day and who answers for it. Reads the register alone; knows no stage.

The cost grows with what is due within the days asked for, not with the vault. What stands in a case is read by those who read the case.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, NamedTuple

from govern.holdings import notices
from govern.holdings.handing_over import due_by
from govern.offboarding.wording import Told
from govern.policy import later_rules
from govern.policy.rules import Policy
from govern.register.queries import calendar, drills, emergencies, handovers, machines, overdue, reminded, reviews
from govern.register.queries.rotation_findings import plus


class Thing(NamedTuple):
    """One thing to be done. Ids are hex, the rest text; empty where there is none. `kind`: of `govern.vocabulary.NOTICES`.

    `due`: a day, or a UTC time. `first`, `deputy`: who answers for it, then who does when it grows late (person ids); nobody known: admins.
    `also`: told as well until the due day. `barred`: whoever must not hear of it. `pressing`: somebody is gone and still knows a secret.
    `lapses`: it ends by itself on its day. `runs`: HR counts as an admin does. `embargoed`: nothing is said of it but that it is there.
    `on_day`: nobody hears of it ahead of its due day. `otherwise`: what others type than those
    whom it is first for, where that is another command. `urgent`: everybody hears of it at once, by day and by night. `over`: its end has come, and
    the next run records it.
    """

    kind: str
    of: str
    due: str
    tier: str = "standard"
    about: str = ""
    account: str = ""
    credential: str = ""
    subject: str = ""
    name: str = ""
    first: tuple[str, ...] = ()
    deputy: str = ""
    also: str = ""
    barred: str = ""
    command: str = ""
    otherwise: str = ""
    case: str = ""
    pressing: bool = False
    lapses: bool = False
    runs: bool = False
    embargoed: bool = False
    on_day: bool = False
    urgent: bool = False
    over: bool = False
    number: int = 0
    """Of an item of a case: its number; of a baseline: how many findings."""
    among: str = ""
    others: int = 0
    """Of a review of several accounts: the first of them, and how many more there are."""
    told: Told | None = None
    """Of an item of a case: what it asks for."""
    document: str = ""
    """What is to be acknowledged, or what somebody is to be trained in; `number` counts those without keys who have yet to sign it."""

    @property
    def id(self) -> str:
        return notices.thing(self.kind, self.of, self.about)


_OPEN: Final = "EXISTS (SELECT 1 FROM rotations r WHERE r.credential = c.id AND r.ended_at IS NULL)"
_OF: Final = f"""
SELECT c.id, c.kind, a.handle, a.tier, a.custodian, coalesce(a.deputy, '') FROM json_each(?) j CROSS JOIN credentials c ON c.id = j.value
CROSS JOIN accounts a ON a.id = c.account WHERE NOT {_OPEN}
"""  # noqa: S608
"""Credentials of which no rotation is open: one that is open speaks for itself."""


def things(db: sqlite3.Connection, policy: Policy, now: str, until: str, *, reader: str = "", kinds: Collection[str] = ()) -> list[Thing]:
    """All that is due by the day `until` (ISO date) or before, each once. `now`: UTC; `reader`: the person (id) whose register this is; `kinds`: of
    `base`, only these."""
    from govern.register.queries.due_cases import of_cases

    found: dict[tuple[str, str, str], Thing] = {}
    for query in [QUERIES[kind] for kind in kinds] or QUERIES.values():
        for one in query(db, policy, now, until):
            found.setdefault((one.kind, one.of, one.about), one)
    for one in of_cases(db, now, until, reader=reader) if not kinds else ():
        found.setdefault((one.kind, one.of, one.about), one)
    given_up = {one.person for one in reminded.undelivered(db) if not one.case and not reminded.is_tried(one.at, now[:10])}
    return [one for one in found.values() if one.due and one.due[:10] <= until and not (one.kind == "undelivered" and one.of in given_up)]


def find(db: sqlite3.Connection, policy: Policy, now: str, kind: str, of: str, about: str = "") -> Thing | None:
    """The thing of `base` that is named so, if it is due within reach of the policy."""
    until = plus(now[:10], later_rules.reminders(policy.later).ahead + 1)
    if kind == "schedule":  # what a calendar of all secrets has of one is not looked for among all: one entry would cost what a run does
        one = calendar.of(db, policy, of)
        return next(_on(db, {} if one is None or one.day > until else {of: one.day}), None) if not about else None
    found = QUERIES[kind](db, policy, now, until) if kind in QUERIES else iter(())
    return next((one for one in found if (one.of, one.about) == (of, about)), None)


def _schedule(db: sqlite3.Connection, policy: Policy, _now: str, until: str) -> Iterator[Thing]:
    yield from _on(db, {one.credential: one.day for one in calendar.due_by(db, policy, until)})


def _on(db: sqlite3.Connection, days: Mapping[str, str]) -> Iterator[Thing]:
    """Those of these credentials (id -> due day) of which no rotation is open."""
    for credential, kind, handle, tier, custodian, deputy in db.execute(_OF, (json.dumps(list(days)),)) if days else ():
        yield Thing(
            kind="schedule", of=credential, due=days[credential], tier=tier, account=handle, credential=kind, first=(custodian,), deputy=deputy,
            command=f"govern rotate {handle} --kind {kind} --because schedule",
        )  # fmt: skip


_PRESSING: Final = ("membership", "compromise", "breach")
"""Triggers after which somebody knows what they must not: of these nothing overdue is put off."""


def _rotations(db: sqlite3.Connection, policy: Policy, _now: str, _until: str) -> Iterator[Thing]:
    rows = db.execute(
        "SELECT r.id, r.trigger, coalesce(r.due, ''), r.opened_at, c.kind, a.handle, a.tier, a.custodian, coalesce(a.deputy, '')"
        " FROM rotations r INDEXED BY rotations_open CROSS JOIN credentials c ON c.id = r.credential"
        " CROSS JOIN accounts a ON a.id = c.account AND a.state = 'active' WHERE r.ended_at IS NULL ORDER BY r.credential"
    )
    for id_, trigger, due, opened, kind, handle, tier, custodian, deputy in rows:
        yield Thing(
            kind="rotation", of=id_, due=due or due_by(policy, tier, opened), tier=tier, account=handle, credential=kind, first=(custodian,),
            deputy=deputy, pressing=trigger in _PRESSING, command=f"govern rotate {handle} --kind {kind}",
        )  # fmt: skip


def _former(db: sqlite3.Connection, policy: Policy, now: str, _until: str) -> Iterator[Thing]:
    """Revoked, still knows: of somebody who left or holds the account no longer, and of whose emergency is over."""
    days: dict[str, str] = {}
    for one in overdue.known(db, policy):
        days[one.credential] = min(one.due, days.get(one.credential, one.due))
    for late in emergencies.owed(db, now):
        if not late.changing:
            by = due_by(policy, late.tier, late.over)
            days[late.credential] = min(by, days.get(late.credential, by))
    for credential, kind, handle, tier, custodian, deputy in db.execute(_OF, (json.dumps(sorted(days)),)) if days else ():
        yield Thing(
            kind="former", of=credential, due=days[credential], tier=tier, account=handle, credential=kind, first=(custodian,), deputy=deputy,
            pressing=True, command=f"govern rotate {handle} --kind {kind} --because membership",
        )  # fmt: skip


def _handovers(db: sqlite3.Connection, policy: Policy, now: str, _until: str) -> Iterator[Thing]:
    for one in handovers.due(db, now[:10]):
        yield Thing(
            kind="hand-over", of=one.credential, about=one.person, due=one.by(policy) or due_by(policy, one.tier, one.since), tier=one.tier,
            account=one.handle, credential=one.kind, subject=one.person, name=one.person_handle, first=(one.custodian,), deputy=one.deputy,
            command=one.command,
        )  # fmt: skip


def _grants(db: sqlite3.Connection, _policy: Policy, now: str, until: str) -> Iterator[Thing]:
    rows = db.execute(
        "SELECT g.id, g.person, coalesce(p.handle, ''), g.until, g.emergency, a.handle, a.tier, a.custodian, coalesce(a.deputy, '')"
        " FROM grants g INDEXED BY grants_until CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active'"
        " CROSS JOIN people p ON p.id = g.person WHERE g.ended_at IS NULL AND g.until IS NOT NULL AND g.until < ?",
        (f"{until}T99",),
    )
    for id_, person, name, ends, emergency, handle, tier, custodian, deputy in rows:
        who, over = name or f"former.{person[:4]}", ends <= now
        command = f"govern who {handle}" if emergency else f"govern grant {handle} {who} --until DATE"
        yield Thing(
            kind="emergency" if emergency else "grant", of=id_, due=ends, tier=tier, account=handle, subject=person, name=who,
            first=() if emergency else (custodian,), deputy="" if emergency else deputy, also="" if emergency else person,
            command="govern tick" if over else command, over=over,
        )  # fmt: skip


def _drill(db: sqlite3.Connection, _policy: Policy, now: str, _until: str) -> Iterator[Thing]:
    """Within a month of the founding, then once a year."""
    drilled = drills.last(db, now[:10])
    since = drilled or (db.execute("SELECT at FROM entries WHERE idx = 0").fetchone() or ("",))[0]
    key = db.execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()
    if since and key is not None:
        due = plus(since[:10], drills.EVERY.days if drilled else _FIRST_DRILL)
        yield Thing(kind="drill", of=key[0], due=due, tier="low", command="govern recovery drill --sheet FILE --sheet FILE")


_FIRST_DRILL: Final = 30


def _silent(db: sqlite3.Connection, policy: Policy, _now: str, until: str) -> Iterator[Thing]:
    """Machines that have not shown themselves for long: their person hears of it, then admins; of a service's admins alone."""
    for one in machines.silent(db, policy, until):
        yield Thing(
            kind="stale-pin", of=one.key, due=one.due(policy), tier="low", subject=one.person, name=one.handle,
            first=() if one.is_service else (one.person,), on_day=True, command=one.command, otherwise=one.otherwise,
        )  # fmt: skip


def _baseline(db: sqlite3.Connection, _policy: Policy, now: str, until: str) -> Iterator[Thing]:
    """What was accepted for now counts again after its last day."""
    rows = db.execute("SELECT until, count(*) FROM baseline WHERE until BETWEEN ? AND ? GROUP BY until", (now[:10], until))
    for day, count in rows:
        yield Thing(kind="baseline", of="", about=day, due=day, lapses=True, number=count, command="govern status")


def _authorities(db: sqlite3.Connection, _policy: Policy, _now: str, until: str) -> Iterator[Thing]:
    """Services whose authority ends: what they do unattended ends with it."""
    rows = db.execute(
        "SELECT s.id, s.until, coalesce(p.handle, ''), s.person FROM services s JOIN people p ON p.id = s.person WHERE s.ended IS NULL AND s.until < ?"
        " AND NOT EXISTS (SELECT 1 FROM services o WHERE o.person = s.person AND o.ended IS NULL AND coalesce(o.until, '9') > s.until"
        "   AND o.purposes = s.purposes)",
        (f"{until}T99",),
    )
    for id_, ends, name, person in rows:
        yield Thing(
            kind="authority", of=id_, due=ends, subject=person, name=name, command=f"govern key add-service {name} --purpose PURPOSE"
        )


def _undelivered(db: sqlite3.Connection, policy: Policy, _now: str, _until: str) -> Iterator[Thing]:
    """Somebody whom reminders have not reached for so many days; what of it stands in a case of its own is not told here."""
    rule = later_rules.reminders(policy.later)
    rows = db.execute(
        "SELECT u.person, min(u.since), coalesce(p.handle, '') FROM undelivered u JOIN people p ON p.id = u.person WHERE u.case_id = ''"
        " AND p.left_on IS NULL GROUP BY u.person"
    )
    for person, since, name in rows:
        yield Thing(
            kind="undelivered",
            of=person,
            due=plus(since[:10], rule.undelivered),
            subject=person,
            name=name,
            barred=person,
            command="govern status",
            on_day=True,
        )


def _exceptions(db: sqlite3.Connection, _policy: Policy, _now: str, until: str) -> Iterator[Thing]:
    """Rules set aside whose last day comes; behind it they are found until somebody ends or renews them."""
    rows = db.execute(
        "SELECT x.id, x.until, a.handle, coalesce(a.tier, 'standard'), coalesce(a.custodian, ''), coalesce(a.deputy, ''), coalesce(p.id, ''),"
        " coalesce(p.handle, '') FROM exceptions x LEFT JOIN accounts a ON a.id = x.account LEFT JOIN people p ON p.id = x.person"
        " WHERE x.ended_at IS NULL AND x.until <= ? AND a.state IS NOT 'retired' AND p.left_on IS NULL",
        (until,),
    )
    for id_, last, handle, tier, custodian, deputy, person, name in rows:
        yield Thing(
            kind="exception", of=id_, due=last, tier=tier, account=handle or "", subject=person, name=name, deputy=deputy, runs=bool(person),
            first=(custodian,) if custodian and not person else (), barred=person, command=f"govern exception list {handle or f'--person {name}'}",
        )  # fmt: skip


def _reports(db: sqlite3.Connection, _policy: Policy, _now: str, _until: str) -> Iterator[Thing]:
    """What somebody has seen, until somebody has answered: whoever answers for the account, the deputy and all admins hear of it at once (IR-6)."""
    rows = db.execute(
        "SELECT r.id, r.answer_by, coalesce(a.handle, ''), coalesce(a.tier, 'critical'), coalesce(a.custodian, ''), coalesce(a.deputy, '')"
        " FROM reports r INDEXED BY reports_open LEFT JOIN accounts a ON a.id = r.account WHERE r.answered_at IS NULL"
    )
    for id_, answer_by, handle, tier, custodian, deputy in rows:
        yield Thing(
            kind="incident", of=id_, due=answer_by, tier=tier, account=handle, first=(custodian,) if custodian else (), deputy=deputy, urgent=True,
            command=f"govern incident open {id_[:8]}",
        )  # fmt: skip


def _reviews(db: sqlite3.Connection, policy: Policy, now: str, _until: str) -> Iterator[Thing]:
    """Lines of open reviews, for whoever decides on them; overdue ones for admins as well where the policy says so."""
    from govern.register.queries import work

    rule, admins = policy.later.reviews, None
    for one in reviews.waiting(db):
        first: tuple[str, ...] = (one.reviewer,)
        if rule is not None and rule.missed != "notify" and one.due < now[:10]:
            admins = work.staff(db, now).admins if admins is None else admins
            first += tuple(sorted(admins - {one.reviewer}))
        yield Thing(
            kind="review", of=one.review, about=one.reviewer, due=one.due, tier=one.tier, first=first, number=one.lines, runs=True,
            account="" if one.accounts > 1 else one.handle, among=one.handle if one.accounts > 1 else "", others=one.accounts - 1,
            command=f"govern review show {one.review[:8]}",
        )  # fmt: skip


def _acknowledgements(db: sqlite3.Connection, policy: Policy, now: str, until: str) -> Iterator[Thing]:
    """What people have yet to sign or to be trained in, each for themselves; those without keys through HR, by document (PL-4, AT-3)."""
    from govern.register.queries import signing

    by_hr = signing.hr(db, now)
    sheets: dict[str, list[signing.Owed]] = {}
    for one in signing.owed(db, policy, now, until):
        if one.document and not one.keyholder:
            sheets.setdefault(one.document, []).append(one)
            continue
        first = (one.person,) if one.keyholder else by_hr
        command = f"govern document ack {one.what}" if one.document else f"govern training add {one.handle} --subject {one.what} --on DATE"
        yield Thing(
            kind="acknowledgement", of=one.document or one.person, about=one.person if one.document else "", due=one.day, subject=one.person,
            name=one.handle, document=one.what, first=first, runs=True, command=command,
        )  # fmt: skip
    for document, some in sheets.items():
        yield Thing(
            kind="acknowledgement", of=document, due=some[0].day, document=some[0].what, first=by_hr, runs=True, number=len(some),
            command=f"govern document outstanding {some[0].what}",
        )  # fmt: skip


QUERIES: Final[Mapping[str, Callable[[sqlite3.Connection, Policy, str, str], Iterator[Thing]]]] = {
    "rotation": _rotations, "former": _former, "schedule": _schedule, "hand-over": _handovers, "grant": _grants,
    "drill": _drill, "stale-pin": _silent, "baseline": _baseline, "authority": _authorities, "undelivered": _undelivered, "exception": _exceptions,
    "incident": _reports, "review": _reviews, "acknowledgement": _acknowledgements,
}  # fmt: skip
"""Kind -> how it is found. Each takes the policy, the time (UTC) and the last day asked for. Whatever comes to be reminded of later is one more line."""
