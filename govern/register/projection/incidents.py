"""Reports of what went wrong, and incidents: their steps, the all-clear of a second person, their end. A drill touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from govern.errors import Refused
from govern.incidents import steps
from govern.incidents.steps import Standing, StepState
from govern.register.projection import freezes, services
from govern.register.projection.scene import Scene

LONGEST_ANSWER: Final = 7
"""Days: nobody gives themselves longer for a first answer."""

_ROTATING: Final = """
SELECT 1 FROM incidents i JOIN credentials c ON c.account = i.account OR c.account IN (SELECT needs FROM depends WHERE account = i.account)
JOIN accounts a ON a.id = c.account AND a.state = 'active' JOIN rotations r ON r.credential = c.id AND r.ended_at IS NULL WHERE i.id = ? LIMIT 1
"""
_OTHERS: Final = """
SELECT 1 FROM people p WHERE p.id <> ?1 AND NOT p.leaving AND p.left_on IS NULL AND p.id NOT IN (SELECT person FROM services)
  AND EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active') AND (p.id = ?2 OR p.id IN (SELECT custodian FROM accounts WHERE id = ?3)
    OR p.id IN (SELECT deputy FROM accounts WHERE id = ?3) OR EXISTS (SELECT 1 FROM roles r WHERE r.person = p.id AND r.role = 'admin')){} LIMIT 1
"""
_OTHER: Final = _OTHERS.format("")
_FRESH: Final = _OTHERS.format(" AND p.id <> ?4 AND NOT EXISTS (SELECT 1 FROM incident_steps s WHERE s.incident = ?5 AND s.ender = p.id)")


def _reported(scene: Scene) -> None:
    body = scene.body
    if "account" in body:
        scene.must("account", "accounts", body["account"])
    if "on_behalf" in body:
        scene.must("person", "people", body["on_behalf"])
    latest = (datetime.fromisoformat(scene.at) + timedelta(days=LONGEST_ANSWER)).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not scene.at <= body["answer_by"] <= latest:
        raise Refused(
            f"a report is answered within {LONGEST_ANSWER} days at most", rule="answer-clock", control="IR-6", hint="upgrade govern"
        )
    scene.run(
        "INSERT INTO reports (id, kind, account, reporter, on_behalf, note, answer_by, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["report"], body["kind"], body.get("account"), scene.actor, body.get("on_behalf"), scene.personal.get("note"), body["answer_by"],
        scene.at, scene.index,
    )  # fmt: skip


def _answered(scene: Scene) -> None:
    row = scene.one("SELECT account, answered_at FROM reports WHERE id = ?", scene.body["report"])
    if row is None:
        raise scene.unknown("report")
    if row[0] != scene.body.get("account"):
        raise Refused(f"{scene.type} names another account than that of its report", rule="unknown-reference")
    if row[1] is not None:
        raise Refused("this report was answered", rule="ended", hint="govern incident list")
    scene.run("UPDATE reports SET answered_at = ?, answerer = ? WHERE id = ?", scene.at, scene.actor, scene.body["report"])


def _opened(scene: Scene) -> None:
    """Two people work on it; the second may be missing, which is a finding, never a reason to wait. Opening it answers its report."""
    body = scene.body
    account, report, lead, second = body.get("account"), body.get("report"), body["lead"], body.get("second")
    if account is not None:
        scene.must("account", "accounts", account)
    for person in (lead, second):
        if person is not None:
            _works(scene, person)
    if lead == second:
        raise _two()
    names = [step for step, _ in body["steps"]]
    if not names or len(set(names)) != len(names):
        raise Refused(
            "an incident has steps, each once", rule="steps", control="IR-8", hint="look at the playbook: govern incident check FILE"
        )
    if report is not None:
        row = scene.one("SELECT account FROM reports WHERE id = ?", report)
        if row is None:
            raise scene.unknown("report")
        if row[0] != account:
            raise Refused(f"{scene.type} names another account than that of its report", rule="unknown-reference")
    if report is not None and not body.get("drill"):  # a drill answers no report: it may be a real one
        scene.run(
            "UPDATE reports SET answered_at = coalesce(answered_at, ?), answerer = coalesce(answerer, ?), incident = ? WHERE id = ?",
            scene.at, scene.actor, body["incident"], report,
        )  # fmt: skip
    scene.run(
        "INSERT INTO incidents (id, kind, account, lead, second, report, drill, opener, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["incident"], body["kind"], account, lead, second, report, int(body.get("drill", False)), scene.actor, scene.at, scene.index,
    )  # fmt: skip
    scene.db.executemany(
        "INSERT INTO incident_steps (incident, seq, step, hand) VALUES (?, ?, ?, ?)",
        [(body["incident"], number, step, hand) for number, (step, hand) in enumerate(body["steps"], start=1)],
    )


def _standing(scene: Scene) -> Standing:
    """What the actor is to the incident of this fact, which is open; raises Refused where there is none."""
    row = scene.one("SELECT account, lead, second, closed_at FROM incidents WHERE id = ?", scene.body["incident"])
    if row is None:
        raise scene.unknown("incident")
    account, lead, second, closed = row
    if closed is not None:
        raise Refused("this incident is closed", rule="ended", control="IR-4", hint="govern incident list")
    incident, asked = scene.body["incident"], (scene.actor, second, account)
    answers = scene.one("SELECT 1 FROM accounts WHERE id = ? AND ? IN (custodian, deputy)", account, scene.actor)
    did = scene.one("SELECT 1 FROM incident_steps WHERE incident = ? AND ender = ?", incident, scene.actor)
    return Standing(
        lead=scene.actor == lead, team=scene.actor in (lead, second), runs=bool(answers) or scene.actor in freezes.admins(scene),
        alone=scene.one(_OTHER, *asked) is None, did=did is not None, fresh=scene.one(_FRESH, *asked, lead, incident) is not None,
        incident=incident[:8],
    )  # fmt: skip


def _step_ended(scene: Scene) -> None:
    body, standing = scene.body, _standing(scene)
    steps.may_work(standing)
    row = scene.one(
        "SELECT s.state, i.drill FROM incident_steps s JOIN incidents i ON i.id = s.incident WHERE s.incident = ? AND s.step = ?",
        body["incident"], body["step"],
    )  # fmt: skip
    if row is None:
        raise scene.unknown("step")
    rotating = not row[1] and scene.one(_ROTATING, body["incident"]) is not None
    steps.may_end(
        StepState(row[0]), step=body["step"], skipped=body["state"] == StepState.SKIPPED, reason=scene.has_personal, rotating=rotating,
        incident=standing.incident,
    )  # fmt: skip
    scene.run(
        "UPDATE incident_steps SET state = ?, at = ?, ender = ?, evidence = ?, note = ?, entry = ? WHERE incident = ? AND step = ?",
        body["state"], scene.at, scene.actor, body.get("evidence"), scene.personal.get("note"), scene.index, body["incident"], body["step"],
    )  # fmt: skip


def _joined(scene: Scene) -> None:
    """A second person where there was none, or in the place of another."""
    person, standing = scene.body["person"], _standing(scene)
    steps.may_work(standing)
    _works(scene, person)
    if scene.one("SELECT 1 FROM incidents WHERE id = ? AND lead = ?", scene.body["incident"], person):
        raise _two(f"govern incident second {standing.incident} PERSON")
    scene.run("UPDATE incidents SET second = ? WHERE id = ?", person, scene.body["incident"])


def _works(scene: Scene, person: str) -> None:
    """Refuse a service, and somebody who has left."""
    scene.must("person", "people", person)
    services.hold_nothing(scene, person)
    if scene.one("SELECT 1 FROM people WHERE id = ? AND left_on IS NOT NULL", person):
        raise Refused("somebody who has left works on no incident", rule="to-leavers", control="PS-4", hint="name somebody who stays")


def _two(typed: str = "--second PERSON") -> Refused:
    return Refused("two people work on an incident", rule="second-person", control="AC-5", hint=f"name another one: {typed}")


def _cleared(scene: Scene) -> None:
    standing, incident = _standing(scene), scene.body["incident"]
    rows = scene.db.execute("SELECT state FROM incident_steps WHERE incident = ?", (incident,))
    steps.may_clear([StepState(row[0]) for row in rows], standing)
    if scene.one("SELECT 1 FROM incidents WHERE id = ? AND cleared_at IS NOT NULL", incident):
        raise Refused(
            "all is clear already", rule="ended", control="IR-4", hint=f"govern incident close {standing.incident} --lessons TEXT"
        )
    scene.run(
        "UPDATE incidents SET cleared_at = ?, clearer = ?, cleared_alone = ? WHERE id = ?",
        scene.at,
        scene.actor,
        int(standing.lead or standing.did),
        incident,
    )


def _closed(scene: Scene) -> None:
    incident = scene.body["incident"]
    cleared = scene.one("SELECT cleared_at FROM incidents WHERE id = ?", incident)
    steps.may_close(cleared=bool(cleared and cleared[0]), lessons=scene.has_personal, standing=_standing(scene))
    scene.run("UPDATE incidents SET closed_at = ?, closer = ?, closed_entry = ? WHERE id = ?", scene.at, scene.actor, scene.index, incident)
    scene.run("INSERT INTO lessons VALUES (?, ?, ?)", incident, scene.personal.get("lessons"), scene.index)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "incident.reported": _reported,
    "incident.answered": _answered,
    "incident.opened": _opened,
    "incident.step_ended": _step_ended,
    "incident.joined": _joined,
    "incident.cleared": _cleared,
    "incident.closed": _closed,
}
