"""Reminders: who runs for all just now, what each person was told of and when, whom nothing reached, what was put off.

Judged here: one run at a time, stages that are some and have come, and the bounds of putting off. That a digest was sent nobody can prove; whoever records one
that was not keeps somebody from one stage, and is found by the entry, which bears their name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from govern.errors import Refused
from govern.holdings import notices
from govern.holdings.authority import ADMIN
from govern.offboarding.items import ItemKind
from govern.policy import later_rules
from govern.policy.reminder_rules import MAX_MINUTES, ReminderRule
from govern.policy.rules import Policy
from govern.register.projection.scene import Scene
from govern.register.queries import due
from govern.register.queries.due import Thing
from govern.vocabulary import NOTICES


def _leased(scene: Scene) -> None:
    """One run at a time: refused while another's lease has neither ended nor run out. Its own may be made longer. One that ends later than any may
    was taken by a machine whose clock is ahead, and keeps nobody from running."""
    body = scene.body
    held = scene.one(
        "SELECT l.id, l.key, coalesce(p.handle, '') FROM leases l LEFT JOIN people p ON p.id = l.person"
        " WHERE l.released_at IS NULL AND l.until > ? AND l.until <= ? ORDER BY l.until DESC LIMIT 1",
        scene.now, _later(scene.now, MAX_MINUTES),
    )  # fmt: skip
    if held is not None and (held[0], held[1]) != (body["lease"], scene.key):
        raise Refused(
            "another run is under way", rule="run-leased", control="AU-10", hint="it goes on by itself: come back in some minutes"
        )
    if not scene.now < body["until"] <= _later(scene.now, MAX_MINUTES):
        raise Refused(
            f"a run is leased for {MAX_MINUTES} minutes at most, and not for the past",
            rule="run-lease",
            control="AU-10",
            hint="upgrade govern",
        )
    if held is not None:
        scene.run("UPDATE leases SET until = ? WHERE id = ?", body["until"], body["lease"])
        return
    scene.run("DELETE FROM leases WHERE released_at IS NOT NULL OR until <= ?", scene.now)
    scene.run(
        "INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
        body["lease"], scene.actor, scene.key, body["purpose"], scene.at, body["until"], scene.index,
    )  # fmt: skip


def _later(time: str, minutes: int) -> str:
    return (datetime.fromisoformat(time) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _released(scene: Scene) -> None:
    row = scene.one("SELECT key FROM leases WHERE id = ?", scene.body["lease"])
    if row is None:
        raise scene.unknown("lease")
    if row[0] != scene.key:
        raise Refused(
            "a run is ended by whoever began it, or by its time", rule="run-leased", control="AU-10", hint="come back in some minutes"
        )
    scene.run("UPDATE leases SET released_at = ? WHERE id = ?", scene.at, scene.body["lease"])


_SENDS: Final = """
SELECT 1 FROM roles WHERE person = :actor AND role IN ('admin', 'hr') AND (until IS NULL OR until > :now)
UNION ALL SELECT 1 FROM services WHERE person = :actor LIMIT 1
"""


def _sends(scene: Scene) -> bool:
    return scene.db.execute(_SENDS, {"actor": scene.actor, "now": scene.now}).fetchone() is not None


def _told_at_once(scene: Scene) -> None:
    """What a digest may be about that neither an admin, HR nor a service records: a report of its actor's own that nobody has answered."""
    own = scene.db.execute("SELECT id FROM reports WHERE reporter = ? AND answered_at IS NULL", (scene.actor,)).fetchall()
    if not {line[0] for line in scene.body["lines"]} <= {notices.thing("incident", id_) for (id_,) in own}:
        raise Refused(
            "reminders are sent by admins, HR and services; whoever reports something tells of their own report", rule="digest-report",
            control="IR-6", hint="ask an admin: govern remind",
        )  # fmt: skip


def _sent(scene: Scene) -> None:
    body = scene.body
    at_once = scene.type == "digest.sent" and not _sends(scene)
    if at_once:
        _told_at_once(scene)
    scene.must("person", "people", body["person"])
    # What was recorded by a clock that is ahead gives way to whoever shows that its time has not come: nobody keeps a thing from somebody by it.
    scene.db.executemany(
        "INSERT INTO reminded VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET point = excluded.point, at = excluded.at, entry = excluded.entry"
        " WHERE excluded.point > point OR at > strftime('%Y-%m-%dT%H:%M:%SZ', excluded.at, '+1 day')",
        [
            (thing, due_day, body["person"], notices.reached(spelled, due=due_day, today=scene.now[:10]), scene.at, scene.index)
            for thing, due_day, spelled in body["lines"]
        ],
    )
    case = _case(scene)
    if not at_once:  # that somebody can be reached is the word of those who send reminders
        scene.run("DELETE FROM undelivered WHERE person = ? AND ? IN ('', case_id)", body["person"], case)


def _failed(scene: Scene) -> None:
    body = scene.body
    scene.must("person", "people", body["person"])
    scene.run(
        "INSERT INTO undelivered VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, tries = tries + 1,"
        " channel = excluded.channel, outcome = excluded.outcome, reason = excluded.reason, entry = excluded.entry",
        body["person"], _case(scene), scene.at, scene.at, body["channel"], body["outcome"], scene.personal.get("reason"), scene.index,
    )  # fmt: skip


def _case(scene: Scene) -> str:
    """The case that the fact is about, in the compartment of that case; empty for a fact of `base`."""
    if "case" not in scene.body:
        return ""
    row = scene.one("SELECT coalesce(compartment, ''), person FROM cases WHERE id = ?", scene.body["case"])
    if row is None:
        raise scene.unknown("case")
    if row[0] != scene.compartment:
        raise Refused(f"{scene.type} stands in another compartment than its case", rule="compartment")
    if row[1] in (scene.actor, scene.body.get("person")):
        raise Refused("nobody is reminded of their own departure", rule="own-case", control="AC-5", hint="ask another admin or HR")
    return str(scene.body["case"])


def _snoozed(scene: Scene) -> None:
    found, rule, today = _thing(scene), _rule(scene), scene.agreed()[:10]
    times = scene.one("SELECT times FROM snoozes WHERE thing = ?", found.id)
    notices.may_snooze(
        rule,
        until=scene.body["until"],
        today=today,
        due=found.due[:10],
        pressing=found.pressing,
        times=times[0] if times else 0,
        report=found.of[:8] if found.urgent else "",
    )
    scene.run(
        "INSERT INTO snoozes VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET until = excluded.until, person = excluded.person,"
        " reason = excluded.reason, at = excluded.at, times = times + 1, entry = excluded.entry",
        found.id, scene.body["until"], scene.actor, scene.personal.get("reason"), scene.at, scene.index,
    )  # fmt: skip


def _acknowledged(scene: Scene) -> None:
    found = _thing(scene)
    notices.may_acknowledge(today=scene.now[:10], due=found.due[:10], pressing=found.pressing)
    scene.run("INSERT OR REPLACE INTO acknowledged VALUES (?, ?, ?, ?)", found.id, scene.actor, scene.at, scene.index)


def _rule(scene: Scene) -> ReminderRule:
    return later_rules.reminders(_policy(scene).later)


def _policy(scene: Scene) -> Policy:
    row = scene.one("SELECT value FROM state WHERE key = 'policy'")
    if row is None:
        raise scene.unknown("policy")
    return Policy.from_record(json.loads(row[0]))


def _thing(scene: Scene) -> Thing:
    """What a snooze or an acknowledgement is about, as it is due now; its actor is among those who answer for it, or an admin."""
    body = scene.body
    if "case" in body:
        return _of_case(scene)
    if body["kind"] in notices.CONFIDENTIAL or body["kind"] not in NOTICES:
        raise Refused(
            "what a case asks for is put off in its own compartment", rule="compartment", control="AC-4", hint="govern snooze ITEM"
        )
    found = due.find(scene.db, _policy(scene), scene.now, body["kind"], body["of"], body.get("about", ""))
    if found is None:
        raise Refused("nothing of this name is due, or will be soon", rule="not-due", control="AC-2 h", hint="govern todo")
    if scene.actor not in {*found.first, found.deputy} and not _is_admin(scene):
        raise Refused(
            "putting off is for those who answer for it, and for admins",
            rule="not-yours",
            control="AC-3",
            hint="ask the responsible person",
        )
    return found


def _is_admin(scene: Scene) -> bool:
    query = "SELECT 1 FROM roles WHERE person = ? AND role = ? AND (until IS NULL OR until > ?)"
    return scene.one(query, scene.actor, ADMIN, scene.now) is not None


def _of_case(scene: Scene) -> Thing:
    case, item = _case(scene), scene.body.get("item")
    if item is None:
        row = scene.one("SELECT cut_at FROM cases WHERE id = ? AND state = 'open' AND cut_at IS NOT NULL", case)
        found = None if row is None else Thing(kind="cut", of=case, due=row[0])
    else:
        row = scene.one("SELECT due, kind FROM items WHERE case_id = ? AND id = ? AND state = 'open'", case, item)
        found = None if row is None else Thing(kind="case-item", of=case, about=item, due=row[0], pressing=row[1] == ItemKind.ROTATE)
    if found is None:
        raise Refused("nothing of this name is due, or will be soon", rule="not-due", control="AC-2 h", hint="govern todo")
    return found


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "run.leased": _leased,
    "run.released": _released,
    "digest.sent": _sent,
    "digest.failed": _failed,
    "notice.snoozed": _snoozed,
    "notice.acknowledged": _acknowledged,
    "case.digest_sent": _sent,
    "case.digest_failed": _failed,
    "case.notice_snoozed": _snoozed,
    "case.notice_acknowledged": _acknowledged,
}
