"""Reminders of a vault on a server: two machines at the same moment send each message once, and the next run sends nothing."""

from __future__ import annotations

import json

import pytest

from ....unit.notices.servers import real
from ...test_remind import relay, staffed
from ..members import Member, enrolled

pytestmark = pytest.mark.slow


def test_two_machines_at_the_same_moment_send_each_message_once(mia: Member) -> None:
    staffed(mia)
    with real(login=False) as inbox:
        relay(mia, inbox)
        laptop = enrolled(mia, "mia", "mia-laptop", purpose=("key", "add-device"))
        laptop.ok("todo")
        runs = [one.started("remind", "--json") for one in (mia, laptop)]
        told = [run.communicate(timeout=120) for run in runs]
        assert [run.returncode for run in runs] == [0, 0], told
        ids = [str(mail["Message-ID"]) for mail in inbox.mails()]
        assert len(ids) == len(set(ids)) == 3
        assert sorted(one["person"] for out, _ in told for one in json.loads(out)["sent"]) == ["ase", "ben", "mia"]
        assert laptop.json("remind")["sent"] == []
        assert len(inbox.mails()) == 3
