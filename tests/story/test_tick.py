"""`govern tick` as the installed command: on two machines at once, by services with one purpose each, and with nothing due."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govern.cli import settings

from ..conftest import Prepared
from .enrolling.members import Member, enrolled, founded


@pytest.fixture
def mia(tmp_path: Path, prepared: Prepared) -> Member:
    return prepared.into(Member(tmp_path, "mia"), founded)


def service(mia: Member, name: str, purpose: str) -> Member:
    mia.ok("key", "add-service", name, "--purpose", purpose, "--until", "2099-12-31")
    made = mia.other(name)
    made.home = mia.home / "services" / name
    made.key = made.home / "key"
    return made


def soon(seconds: int = 3) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def wait_for(moment: datetime) -> None:
    while datetime.now(UTC) < moment:
        time.sleep(0.02)


def test_two_machines_at_the_same_moment_make_each_cut_once_and_tell_everybody_once(mia: Member) -> None:
    """The admin's own machine and that of a service, as processes."""
    enrolled(mia, "ben")
    night = service(mia, "night", "run-due")
    assert night.json("tick")["done"] == []
    at = soon()
    mia.ok("offboard", "open", "ben", "--cut-at", at.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    wait_for(at)
    runs = [member.started("tick", "--json") for member in (mia, night, mia)]
    told = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], told
    answers = [json.loads(out) for out, _ in told]
    assert [one["what"] for answer in answers for one in answer["done"]].count("cut") == 1
    mia.ok("tick")
    entries = [one["type"] for one in mia.json("ledger", "show")["entries"]]
    assert entries.count("case.cut") == 1
    size = len(entries)
    for member in (mia, night):
        again = member.json("tick")
        assert (again["schema"], again["done"], again["sent"], again["failed"]) == ("govern.tick/1", [], [], [])
    assert len(mia.json("ledger", "show")["entries"]) == size
    assert mia.run("ledger", "verify", "--deep").code == 0


def test_services_with_a_purpose_each_share_the_work_and_say_what_they_leave(mia: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    night, caller = service(mia, "night", "run-due"), service(mia, "caller", "remind")
    mia.ok("person", "add", "Cleo Dahl <cleo@acme.example>", "--handle", "cleo")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    mia.ok("grant", "blog", "cleo", "--reason", "work", "--until", tomorrow.strftime("%Y-%m-%d"))
    assert mia.json("tick")["done"] == []
    later = (tomorrow + timedelta(days=2)).strftime("%Y-%m-%dT12:00:00Z")
    monkeypatch.setattr(settings, "now", lambda: later)
    told = caller.json("tick")
    assert [(one["what"], one["count"]) for one in told["left"]] == [("grant-ended", 1)]
    assert told["done"] == told["failed"] == []
    assert told["sent"] != []
    assert "left for an admin or HR, or a service for run-due: govern tick: 1 grant that ran out" in caller.ok("tick").err
    told = night.json("tick")
    assert [(one["what"], one["account"], one["person"]) for one in told["done"]] == [("grant-ended", "blog", "cleo")]
    assert (told["sent"], told["undelivered"], told["failed"]) == ([], [], [])
    assert caller.json("tick")["left"] == []
    assert not [one for one in mia.json("who", "blog")["holders"] if one["person"] == "cleo"]


def test_a_ledger_that_was_damaged_is_told_by_the_check_and_stops_a_monitor(mia: Member) -> None:
    """One bit of an old entry's personal part: no other command looks at it."""
    mia.ok("tick")
    fresh = enrolled(mia, "ben")
    with closing(sqlite3.connect(mia.folder / "vault.db")) as db, db:
        (index, personal) = db.execute("SELECT idx, personal FROM entry WHERE personal IS NOT NULL ORDER BY idx LIMIT 1").fetchone()
        db.execute("UPDATE entry SET personal = ? WHERE idx = ?", (personal[:-1] + bytes([personal[-1] ^ 1]), index))
    assert fresh.run("status").code == 0, "the control"
    ran = fresh.run("tick", "--json")
    assert ran.code == 6, ran
    assert ran.json()["damaged"]
    assert f"entry {index}" in fresh.run("tick").err
