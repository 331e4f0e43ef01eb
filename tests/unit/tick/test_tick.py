"""One run of all that time makes due: each thing once, nothing where nothing is due, and one failure stops no other."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from govern.errors import Failed
from govern.holdings.services import Purpose
from govern.notices.message import Delivery, Outcome
from govern.policy.incident import playbook
from govern.procedures import incidents
from govern.procedures.posts import Post
from govern.procedures.tick import by_date
from govern.procedures.tick.run import run
from govern.procedures.tick.told import Ran

from ...conftest import ROOT
from .conftest import Works


def granted(works: Works, account: str, person: str, until: str, **more: Any) -> str:
    """A grant that ends; its id."""

    def work(tx: Any) -> str:
        held = tx.register.execute(
            "SELECT id FROM grants WHERE account = ? AND person = ? AND ended_at IS NULL", (works.ids[account], works.ids[person])
        ).fetchone()
        if held:
            tx.record("grant.ended", {"grants": [held[0]], "cause": "revoked"})
        grant: str = tx.new_id()
        tx.record("grant.issued", {"grant": grant, "account": works.ids[account], "person": works.ids[person], "until": until, **more})
        return grant

    return str(works.do(work))


def ended(works: Works, grant: str) -> Any:
    return works.db().execute("SELECT ended_at IS NOT NULL, cause FROM grants WHERE id = ?", (grant,)).fetchone()


def test_a_run_with_nothing_due_says_so_and_writes_nothing(works: Works) -> None:
    before = works.size()
    ran = works.tick()
    assert (ran.done, ran.left, ran.failed, ran.reminded, ran.other) == ((), (), (), None, None)
    assert works.size() == before
    assert ran.quiet_until > works.now
    again = works.tick()
    assert (again.quiet_until, works.size()) == (ran.quiet_until, before)
    works.declare(works.secret("blog"), "anna")
    assert works.tick().reminded is not None, "the control: what somebody records is looked at, however long it was to be quiet"


def test_a_grant_that_ran_out_is_ended_once_with_what_is_sealed_to_its_holder(works: Works) -> None:
    works.enrol("dora")
    grant = granted(works, "shop", "dora", "2026-11-25T12:00:00Z")
    works.tick()
    assert ended(works, grant) == (0, None), "the control: it runs"
    works.later(days=5)
    start = works.size()
    ran = works.tick()
    assert [(one.what, one.account, one.person) for one in ran.done if one.what == "grant-ended"] == [("grant-ended", "shop", "dora")]
    assert ended(works, grant) == (1, "expired")
    types = works.types(start)
    assert (types[0], types[-1], types.count("grant.ended")) == ("run.leased", "run.released", 1)
    assert [one for one in works.tick().done if one.what == "grant-ended"] == []


def test_a_grant_is_ended_as_run_out_only_once_it_has(works: Works) -> None:
    """An insider's key, or a stolen one of a service, ends no grant before its time under a cause that nobody has to answer for."""
    works.service("night", Purpose.RUN_DUE)
    running, endless = granted(works, "blog", "anna", "2026-12-24T12:00:00Z"), granted(works, "till", "anna", "2026-11-21T10:00:00Z")
    for by in ("mia", "night"):
        with pytest.raises(Exception, match="has not run out") as refused:
            works.fact("grant.ended", {"grants": [running], "cause": "expired"}, by=by)
        assert getattr(refused.value, "rule", "") == "grant-runs"
    works.later(hours=3)
    works.fact("grant.ended", {"grants": [endless], "cause": "expired"}, by="night")
    assert ended(works, endless) == (1, "expired"), "the control"
    works.fact("grant.ended", {"grants": [running], "cause": "revoked"})


def test_what_the_calendar_asks_for_is_opened_once_due_on_its_day_however_late_the_run_is(works: Works) -> None:
    day = next(iter(by_date.asked_for(works.db(), "2029-01-01T00:00:00Z"))).day
    works.moment = works.moment.fromisoformat(f"{day}T12:00:00+00:00")
    works.later(days=21)
    ran = works.tick()
    (opened,) = [one for one in ran.done if one.what == "rotation-opened"]
    assert (opened.account, opened.kind, opened.told) == ("shop", "password", f"schedule, due {day}")
    assert [one for one in works.tick().done if one.what == "rotation-opened"] == []
    assert works.db().execute("SELECT count(*) FROM rotations WHERE trigger = 'schedule'").fetchone()[0] == 1


def test_a_scheduled_change_that_was_put_off_is_not_opened_before_that_day(works: Works) -> None:
    asked = next(iter(by_date.asked_for(works.db(), "2029-01-01T00:00:00Z")))
    works.moment = works.moment.fromisoformat(f"{asked.day}T08:00:00+00:00")
    works.fact("notice.snoozed", {"kind": "schedule", "of": asked.credential, "until": _plus(asked.day, 3)}, {"reason": "fair"}, by="mia")
    assert [one for one in works.tick().done if one.what == "rotation-opened"] == []
    works.later(days=3)
    assert [one.account for one in works.tick().done if one.what == "rotation-opened"] == ["shop"], "the control"


def _plus(day: str, days: int) -> str:
    from govern.rotation.triggers import later

    return later(f"{day}T00:00:00Z", days)[:10]


def test_a_cut_whose_time_has_come_is_made_and_its_rotations_are_told_of_in_the_same_run(works: Works) -> None:
    works.enrol("dora")
    granted(works, "shop", "dora", "2027-11-01T00:00:00Z")
    works.declare(works.db().execute("SELECT id FROM credentials").fetchone()[0], "dora")
    case = works.offboard("dora", cut_in=3)
    works.tick()
    assert works.case(case).state == "open", "the control: not before its time"
    works.later(days=24)
    start = works.size()
    ran = works.tick()
    assert ran.reminded is not None
    assert [(one.what, one.person) for one in ran.done] == [("cut", "dora")]
    assert works.case(case).state == "cut"
    assert "rotations.opened" in works.types(start)
    assert any(each.thing.kind == "rotation" and each.thing.account == "shop" for one in ran.reminded.sent for each in one.digest.notices)
    assert [one.what for one in works.tick().done] == []


def test_after_three_weeks_without_a_run_each_thing_is_done_once(works: Works) -> None:
    """In one run: a cut, two grants of one person, a scheduled change, the reviews that are due, and one message per person."""
    works.enrol("dora")
    grants = [granted(works, account, "anna", "2026-11-25T12:00:00Z") for account in ("blog", "till")]
    case = works.offboard("dora", cut_in=3)
    day = next(iter(by_date.asked_for(works.db(), "2029-01-01T00:00:00Z"))).day
    works.moment = works.moment.fromisoformat(f"{day}T12:00:00+00:00")
    works.later(days=21)
    start = works.size()
    ran = works.tick()
    assert ran.reminded is not None
    assert sorted(one.what for one in ran.done if one.what != "review-opened") == ["cut", "grant-ended", "grant-ended", "rotation-opened"]
    assert any(one.what == "review-opened" for one in ran.done)
    assert works.case(case).state == "cut"
    assert [ended(works, one) for one in grants] == [(1, "expired")] * 2
    heard = [one.digest.person for one in ran.reminded.sent]
    assert len(heard) == len(set(heard)) > 0
    assert works.types(start).count("run.leased") == 1
    size = works.size()
    again = works.tick()
    assert (again.done, again.reminded, works.size()) == ((), None, size)


def test_what_fails_is_told_and_stops_nothing_else(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = granted(works, "blog", "anna", "2026-11-25T12:00:00Z")
    day = next(iter(by_date.asked_for(works.db(), "2029-01-01T00:00:00Z"))).day
    works.moment = works.moment.fromisoformat(f"{day}T12:00:00+00:00")

    def broken(*_: Any, **__: Any) -> Any:
        raise Failed("no room on the disk", hint="make room")

    monkeypatch.setattr(by_date, "end_grants", broken)
    ran = works.tick()
    assert [(one.what, one.message) for one in ran.failed] == [("grant-ended", "no room on the disk")]
    assert [one.what for one in ran.done if one.what != "review-opened"] == ["rotation-opened"]
    assert ran.reminded is not None
    monkeypatch.undo()
    assert [one.what for one in works.tick().done] == ["grant-ended"], "and the next run goes on with it"
    assert ended(works, grant) == (1, "expired")


def test_a_service_carries_out_what_its_purposes_are_for_and_leaves_the_rest(works: Works) -> None:
    works.service("caller", Purpose.REMIND)
    works.service("night", Purpose.RUN_DUE)
    grant = granted(works, "blog", "anna", "2026-11-25T12:00:00Z")
    works.later(days=5)
    ran = works.tick("caller")
    assert [(one.what, one.number) for one in ran.left] == [("grant-ended", 1)]
    assert "run-due" in ran.left[0].to
    assert (ran.done, ran.failed) == ((), ())
    assert ended(works, grant) == (0, None)
    ran = works.tick("night")
    assert [one.what for one in ran.done] == ["grant-ended"]
    assert ran.reminded is None


def test_somebody_without_a_role_carries_out_nothing_and_is_told_for_whom_it_is(works: Works) -> None:
    works.enrol("dora")
    granted(works, "blog", "anna", "2026-11-25T12:00:00Z")
    works.later(days=5)
    start = works.size()
    ran = works.tick("dora")
    assert [one.what for one in ran.left] == ["grant-ended"]
    assert (ran.done, ran.failed, works.size("dora")) == ((), (), start)
    assert [one.what for one in works.tick("dora").left] == ["grant-ended"], "and again, from memory"


def test_while_one_run_has_the_lease_another_does_nothing(works: Works) -> None:
    from govern.procedures import lease

    grant = granted(works, "blog", "anna", "2026-11-25T12:00:00Z")
    works.service("night", Purpose.RUN_DUE)
    works.later(days=5)
    held = works.do(lease.take, "tick", by="night")
    ran = works.tick()
    assert ran.other is not None
    assert (ran.other.person, ran.done, ended(works, grant)) == ("night", (), (0, None))
    lease.give_back(works.members["night"], held, works.now)
    assert [one.what for one in works.tick().done][:1] == ["grant-ended"], "the control"


def test_somebody_who_is_not_reached_is_tried_again_and_fills_no_ledger(works: Works) -> None:
    """Of a day of runs every five minutes some tries are made. Control: once there is an answer, it is sent."""
    works.secret("blog")
    down = works.answering(lambda _message: Delivery(outcome=Outcome.LATER, reason="down"))

    def tick(post: Post) -> Ran:
        works.later(minutes=5)
        return run(works.members["mia"], lambda: works.now, monotonic=lambda: 0.0, posts=lambda *_: (post,), check=False)

    first = tick(down)
    assert first.reminded is not None
    assert first.reminded.failed
    start = works.size()
    again = [ran.reminded is not None for ran in (tick(down) for _ in range(100))]
    assert 3 <= again.count(True) <= 8
    assert works.size() - start < 40
    works.moment = works.moment.fromisoformat("2026-11-23T12:00:00+00:00")
    told = tick(works.answering())
    assert told.reminded is not None
    assert told.reminded.sent


def test_a_report_of_something_that_went_wrong_is_told_by_night(works: Works) -> None:
    works.tick()
    works.later(hours=14)
    assert works.tick().reminded is None, "a control: nothing ordinary goes out by night"
    works.do(incidents.report, account="shop", kind="takeover", note="not ours", playbook=playbook())
    ran = works.tick()
    assert ran.reminded is not None
    assert {each.thing.kind for one in ran.reminded.sent for each in one.digest.notices} == {"incident"}


def test_the_ledger_is_read_again_once_a_day_and_what_is_sealed_once_a_week(works: Works) -> None:
    first = works.tick(check=True)
    assert first.checked is not None
    assert first.checked.deep
    assert works.tick(check=True).checked is None
    deep = []
    for _ in range(8):
        works.later(days=1)
        found = works.tick(check=True).checked
        assert found is not None
        deep.append(found.deep)
    assert deep.count(True) == 1


def test_a_service_that_had_nothing_to_record_for_long_shows_that_it_is_there(works: Works) -> None:
    works.service("clock", Purpose.REMIND)
    works.later(days=60)
    works.tick()
    size = works.size()
    works.tick("clock")
    assert works.types(size) == [], "a quiet run records nothing"
    works.later(days=23)
    works.tick()  # mia tells of all that has come due
    size = works.size()
    works.tick("clock")
    assert works.types(size) == ["run.leased", "run.released"]
    size = works.size()
    works.tick("clock")
    assert works.types(size) == []


def quiet_run_loads() -> set[str]:
    """Modules of what a run with nothing due loads besides what reading does: its own, and none of those that carry anything out."""
    script = "import sys\nfrom govern.procedures.tick.run import run\nprint(' '.join(name for name in sys.modules if name.startswith('govern.')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)
    return set(done.stdout.split())


def test_looking_whether_anything_is_due_loads_nothing_that_carries_it_out() -> None:
    """What costs is importing: a quiet run decides from two values of the register."""
    loaded = quiet_run_loads()
    assert "govern.procedures.tick.run" in loaded
    assert not [
        name
        for name in loaded
        if name.startswith(("govern.store", "govern.notices", "govern.connectors", "govern.vault", "govern.procedures.re"))
    ]


def test_reports_are_told_before_anything_else_is_done_and_what_did_not_arrive_is_not_tried_twice_in_a_run(works: Works) -> None:
    """A cut or a slow platform must not come before somebody who waits by the minute."""
    grant = granted(works, "shop", "cleo", "2026-11-25T12:00:00Z")
    works.tick()
    works.later(days=5)
    works.do(incidents.report, account="till", kind="takeover", note="not ours", playbook=playbook())
    before, tried = works.size(), []

    def answer(message: Any) -> Delivery:
        tried.append((message.to_name, ended(works, grant)[0]))
        return Delivery(outcome=Outcome.LATER if message.to_name == "Mia Holm" else Outcome.DELIVERED)

    works.later(minutes=1)
    ran = run(works.members["mia"], lambda: works.now, monotonic=lambda: 0.0, posts=lambda *_: (works.answering(answer),), check=False)
    assert tried[0] == ("Mia Holm", 0), "till is mia's; nothing has been ended yet"
    assert [who for who, _ in tried].count("Mia Holm") == 1
    assert ended(works, grant) == (1, "expired"), "the control: the rest is done behind it"
    assert works.types(before).index("digest.failed") < works.types(before).index("grant.ended")
    assert ran.reminded is not None
    assert len(ran.reminded.failed) == 1
    works.later(hours=3)
    assert "mia" in {one.digest.handle for one in (works.tick().reminded or ran.reminded).sent}
