"""A machine that has signed nothing for long is told to its person, then to admins, until anything is signed there: what it would notice grows old."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import notices as procedure
from govern.register.queries import findings, machines, policies, work

from .conftest import Office

SILENT = 90


@pytest.fixture
def firm(office: Office) -> Office:
    """dora has keys, and mia, who is the admin, has told everybody of what was due so far."""
    office.enrol("dora")
    office.remind()
    return office


def told(firm: Office) -> dict[str, int]:
    """Who is told of a machine by a run, and at which stage."""
    ran = firm.told(firm.remind())
    return {who: stage for who, lines in ran.items() for kind, _, stage in lines if kind == "stale-pin" and stage is not None}


def key(firm: Office, handle: str) -> str:
    return firm.members[handle].keys.id.hex()


def item(firm: Office, handle: str) -> str:
    return next(one.item for one in machines.machines(firm.db()) if one.key == key(firm, handle))


def found(firm: Office) -> list[str]:
    rules = policies.policy(firm.db())
    return [one.key.split(":")[1] for one in findings.findings(firm.db(), rules, firm.now[:10], firm.ids["mia"]) if one.code == "stale-pin"]


def open_for(firm: Office, handle: str) -> list[str]:
    rules = policies.policy(firm.db())
    listed = work.work(firm.db(), rules, firm.now, reader=firm.ids["mia"], person=firm.ids[handle])
    return [one.command for one in listed if one.what == "stale-pin"]


def test_its_person_hears_of_it_on_the_day_and_admins_three_weeks_later(firm: Office) -> None:
    firm.later(days=SILENT - 1)
    assert told(firm) == {}
    assert found(firm) == []
    firm.later(days=1)
    assert told(firm) == {"dora": 0}
    assert found(firm) == [key(firm, "dora")]
    assert open_for(firm, "dora") == [f"govern ack {item(firm, 'dora')}"]
    (message,) = [one for one in firm.box if one.to_name == "Dora"]
    assert f"govern ack {item(firm, 'dora')}" in message.text
    firm.later(days=21)
    assert told(firm) == {"dora": 21, "mia": 21}
    assert f"govern key revoke {key(firm, 'dora')[:8]}" in next(one.text for one in reversed(firm.box) if one.to_mail == "mia@acme.example")


def test_anything_that_is_signed_there_ends_it_and_what_is_signed_elsewhere_does_not(firm: Office) -> None:
    firm.later(days=SILENT + 1)
    assert told(firm) == {"dora": 0}
    firm.do(procedure.acknowledge, item(firm, "dora"))  # by mia, on another machine
    assert found(firm) == [key(firm, "dora")]
    firm.do(procedure.acknowledge, item(firm, "dora"), by="dora")
    assert found(firm) == []
    firm.later(days=SILENT - 1)
    assert told(firm) == {}, "the days are counted from what was signed last"
    firm.later(days=1)
    assert told(firm) == {"dora": 0}


def test_a_key_that_is_revoked_and_somebody_who_leaves_are_not_told_of(firm: Office) -> None:
    firm.enrol("erik")
    firm.later(days=SILENT + 1)
    firm.remind()  # whoever runs it signs
    assert set(found(firm)) == {key(firm, "dora"), key(firm, "erik")}
    firm.fact("key.revoked", {"key": key(firm, "dora"), "cause": "lost"})
    assert found(firm) == [key(firm, "erik")]
    firm.fact("person.leaving", {"person": firm.ids["erik"]})
    assert found(firm) == []
    assert told(firm) == {}


def test_it_is_put_off_by_an_admin_within_the_bounds_of_the_policy(firm: Office) -> None:
    def put_off(until: str) -> Any:
        return firm.do(procedure.snooze, item(firm, "dora"), until, "on leave")

    firm.later(days=SILENT)
    until = [(firm.moment.date().toordinal() + days) for days in (7, 15)]
    near, far = (type(firm.moment.date()).fromordinal(one).isoformat() for one in until)
    with pytest.raises(Refused) as refusal:
        put_off(far)
    assert refusal.value.rule == "snooze-most"
    put_off(near)
    assert told(firm) == {}
    firm.later(days=7)
    assert told(firm) == {"dora": 7}


def test_before_its_day_there_is_nothing_to_put_off(firm: Office) -> None:
    """Judged with the fact: whoever writes it past the command counts for nothing."""
    with pytest.raises(Refused) as refusal:
        firm.fact("notice.acknowledged", {"kind": "stale-pin", "of": key(firm, "dora")})
    assert refusal.value.rule == "not-due"
    firm.later(days=SILENT)
    firm.fact("notice.acknowledged", {"kind": "stale-pin", "of": key(firm, "dora")})  # the control


def test_every_machine_that_replays_the_ledger_knows_the_same(firm: Office) -> None:
    firm.later(days=SILENT)
    firm.remind()
    firm.do(procedure.acknowledge, item(firm, "dora"), by="dora")
    firm.enrol("erik")

    def known(by: str) -> list[Any]:
        return list(firm.db(by).execute("SELECT * FROM machines ORDER BY key").fetchall())

    assert known("mia") == known("dora") == known("erik"), "written as it went, or replayed from the beginning"
    assert len(known("mia")) == 3
