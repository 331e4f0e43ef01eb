"""Nothing is sent twice: not by a second run, not by another machine at the same moment; a crash costs one repetition at most, with the same Message-ID."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from govern.errors import Failed, Refused
from govern.notices.message import Delivery, Message, Outcome
from govern.procedures import lease
from govern.procedures.posts import Post
from govern.register.queries import reminded

from .conftest import Office


def test_a_run_on_another_machine_while_one_is_under_way_sends_nothing_and_says_who_runs(office: Office) -> None:
    office.enrol("dora", "admin")
    office.secret("shop")
    seen = []

    def answer(_message: Message) -> Delivery:
        seen.append(office.remind(by="dora"))
        return Delivery(outcome=Outcome.DELIVERED)

    ran = office.remind(office.answering(answer))
    assert ran.sent
    assert [(one.sent, one.other.person if one.other else "") for one in seen] == [((), "mia")] * len(seen)
    assert office.remind(by="dora").sent == (), "what was sent there counts here"
    office.later(days=1)
    assert office.remind(by="dora").sent, "the control: the other machine can"


def test_a_run_that_begins_when_another_has_ended_sends_only_what_that_left(office: Office) -> None:
    office.enrol("dora", "admin")
    office.secret("shop")
    refused = Delivery(outcome=Outcome.LATER, reason="the server is down")
    ran = office.remind(office.answering(lambda one: refused if one.to_name == "Anna" else Delivery(outcome=Outcome.DELIVERED)))
    assert [one.digest.handle for one in ran.failed] == ["anna"]
    assert [one.digest.handle for one in office.remind(by="dora").sent] == ["anna"]


def test_a_second_lease_is_refused_in_every_replay_and_the_first_can_be_made_longer_by_its_own_key_alone(office: Office) -> None:
    office.enrol("dora", "admin")
    office.later(minutes=1)
    with office.members["mia"].transaction(office.now) as tx:
        held = lease.take(tx, "remind")
    assert isinstance(held, lease.Held)
    body = {"lease": held.id, "purpose": "remind", "until": lease.later(office.now, 30)}
    office.fact("run.leased", body)
    for by, other in (("dora", body), ("dora", {**body, "lease": "0" * 32}), ("mia", {**body, "lease": "0" * 32})):
        with pytest.raises(Refused) as refused:
            office.fact("run.leased", other, by=by)
        assert (refused.value.rule, refused.value.control) == ("run-leased", "AU-10")
    with pytest.raises(Refused):
        office.fact("run.released", {"lease": held.id}, by="dora")
    office.fact("run.released", {"lease": held.id})
    office.fact("run.leased", {"lease": "0" * 32, "purpose": "tick", "until": lease.later(office.now, 30)}, by="dora")


def test_a_lease_that_a_clock_ahead_has_taken_keeps_nobody_from_running(office: Office) -> None:
    office.secret("shop")
    right = office.moment
    office.later(days=3650)
    office.fact("run.leased", {"lease": "5" * 32, "purpose": "tick", "until": lease.later(office.now, 10)})
    assert reminded.lease(office.db(), office.now) is not None, "a control: by that clock it holds"
    office.moment = right
    assert reminded.lease(office.db(), office.now) is None
    office.later(minutes=1)
    with office.members["mia"].transaction(office.now) as tx:
        assert isinstance(lease.take(tx, "tick"), lease.Held)


def test_a_lease_for_longer_than_four_hours_or_for_the_past_is_refused(office: Office) -> None:
    for minutes in (-5, 300):
        with pytest.raises(Refused) as refused:
            office.fact("run.leased", {"lease": "0" * 32, "purpose": "remind", "until": lease.later(office.now, minutes)})
        assert refused.value.rule == "run-lease"
    office.fact("run.leased", {"lease": "0" * 32, "purpose": "remind", "until": lease.later(office.now, 60)})


def _ids(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def _to_file(path: Path, *, dies_at: int = 0) -> Post:
    """A channel that notes what it has sent, and kills the process, unasked, behind the sending of the n-th message."""

    def send(messages: Iterable[Message]) -> Iterator[tuple[Message, Delivery]]:
        for number, message in enumerate(messages, start=1):
            with path.open("a") as file:
                file.write(f"{message.message_id}\n")
            if number == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield message, Delivery(outcome=Outcome.DELIVERED)

    return Post("file", send)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("dies_at", [1, 2])
def test_killed_between_sending_and_recording_the_next_run_repeats_that_message_alone_with_the_same_id(
    office: Office, tmp_path: Path, dies_at: int
) -> None:
    office.secret("shop")
    office.secret("blog")
    firm, sent = office.copied(tmp_path / "firm"), tmp_path / "sent"
    child = os.fork()
    if child == 0:
        try:
            firm.remind(_to_file(sent, dies_at=dies_at))
        finally:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert len(_ids(sent)) == dies_at
    assert firm.remind(_to_file(sent)).other is not None, "its lease still holds"
    firm.later(minutes=11)
    firm.remind(_to_file(sent))
    ids = _ids(sent)
    assert len(set(ids)) == len(ids) - 1
    assert ids.count(ids[dies_at - 1]) == 2
    assert len(set(ids)) >= 2, "the control: there was more than one to send"
    firm.later(minutes=11)
    firm.remind(_to_file(sent))
    assert _ids(sent) == ids
    firm.close()


def test_where_recording_fails_the_run_ends_and_the_next_sends_that_one_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.procedures import remind

    office.secret("shop")
    record = remind._record

    def fails(*_: object) -> None:
        raise Failed("the disk is full")

    monkeypatch.setattr(remind, "_record", fails)
    with pytest.raises(Failed):
        office.remind()
    monkeypatch.setattr(remind, "_record", record)
    assert len(office.box) == 1
    first = office.box[0].message_id
    office.remind()
    assert [one.message_id for one in office.box].count(first) == 2
    assert len({one.message_id for one in office.box}) == len(office.box) - 1


def test_a_run_that_outlasts_its_lease_stops_where_another_has_begun(office: Office) -> None:
    office.enrol("dora", "admin")
    office.secret("shop")
    office.secret("blog")
    office.secret("till")
    others = []

    def answer(_message: Message) -> Delivery:
        if not others:
            office.later(minutes=20)
            others.append(office.remind(by="dora"))
        return Delivery(outcome=Outcome.DELIVERED)

    ran = office.remind(office.answering(answer))
    assert len(ran.sent) == 1
    assert len(others[0].sent) >= 2
    ids = [one.message_id for one in office.box]
    assert len(set(ids)) == len(ids) - 1, "the one that was on its way meanwhile"


def test_a_run_makes_its_own_lease_longer(office: Office) -> None:
    office.enrol("dora", "admin")
    office.secret("shop")
    office.secret("blog")
    office.secret("till")
    others = []

    def answer(_message: Message) -> Delivery:
        office.later(minutes=6)
        others.append(office.remind(by="dora"))
        return Delivery(outcome=Outcome.DELIVERED)

    ran = office.remind(office.answering(answer))
    assert len(ran.sent) >= 3
    assert all(one.other is not None for one in others)
