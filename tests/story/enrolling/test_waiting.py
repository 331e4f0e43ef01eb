"""A request to join is told to whoever can approve it, and to nobody else; what somebody planted neither breaks nor floods what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .members import Member, enrolled


def told(member: Member) -> list[dict[str, Any]]:
    found = [*member.json("status")["findings"], *member.run("doctor", "--json").json()["findings"]]
    requests = [one for one in found if one["code"].startswith("request")]
    assert requests[: len(requests) // 2] == requests[len(requests) // 2 :], "status and doctor say the same"
    return requests[: len(requests) // 2]


def steps(member: Member) -> list[str]:
    return [step["command"] for step in member.json("status")["next"] if step["action"].startswith("request")]


@pytest.fixture
def asked(mia: Member) -> tuple[Member, str]:
    """Ben has answered his invite; his words."""
    ben = mia.other("ben")
    line = mia.json("person", "invite", "ben")["invite"]
    assert told(mia) == [], "control: he has not yet"
    return ben, ben.json("join", "-", stdin=line)["words"]


def test_who_waits_is_told_with_what_to_type_until_it_was_typed(mia: Member, asked: tuple[Member, str]) -> None:
    ben, words = asked
    (one,) = told(mia)
    assert (one["code"], one["severity"], one["subject"]) == ("request-waits", "info", "ben")
    command = "govern person approve ben --fingerprint WORDS"
    assert steps(mia) == [command]
    said = mia.spawn("status")
    assert said.code == 0
    assert f"1. {command}" in said.out
    mia.ok("person", "approve", "ben", "--fingerprint", words)
    assert told(mia) == []
    assert steps(mia) == []
    ben.ok("join")


def test_it_is_told_on_the_machine_that_can_approve_it_alone(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    mia.ok("person", "add", "Cy Lund", "--handle", "cy")
    line = mia.json("person", "invite", "cy")["invite"]
    mia.other("cy").ok("join", "-", stdin=line)
    assert [one["subject"] for one in told(mia)] == ["cy"]
    assert told(ben) == []


def test_one_whose_invite_was_withdrawn_waits_no_more(mia: Member, asked: tuple[Member, str]) -> None:
    mia.ok("person", "invite", "ben", "--withdraw")
    assert told(mia) == []


@pytest.mark.parametrize("body", [b"", b"junk", b"{}", b"x" * 100_000, b"\xff" * 50])
def test_what_was_put_in_its_place_is_told_as_such(mia: Member, asked: tuple[Member, str], body: bytes) -> None:
    ((id_, _, genuine),) = mia.mailbox()
    mia.post(id_, body)
    (one,) = told(mia)
    assert (one["code"], one["severity"], one["subject"]) == ("request-odd", "warning", "ben")
    assert steps(mia) == ["govern person invite ben --withdraw"]
    assert mia.run("status", "--check").code == 7
    mia.post(id_, genuine)
    assert [one["code"] for one in told(mia)] == ["request-waits"]


def test_a_genuine_request_changed_in_one_place_is_odd(mia: Member, asked: tuple[Member, str]) -> None:
    ((id_, _, genuine),) = mia.mailbox()
    at = genuine.index(b'"seal":"') + 8
    mia.post(id_, genuine[:at] + (b"1" if genuine[at : at + 1] == b"0" else b"0") + genuine[at + 1 :])
    assert [one["code"] for one in told(mia)] == ["request-odd"]


def test_what_is_posted_under_other_ids_is_not_even_looked_at(mia: Member, asked: tuple[Member, str]) -> None:
    ((_, _, genuine),) = mia.mailbox()
    for number in range(200):
        mia.post(number.to_bytes(16, "big"), genuine if number % 2 else b"junk")
    assert len(told(mia)) == 1
    assert len(steps(mia)) == 1


def test_a_copy_of_the_invite_that_is_gone_or_damaged_breaks_nothing(mia: Member, asked: tuple[Member, str]) -> None:
    (copy,) = Path(mia.home / "invites").iterdir()
    line = copy.read_bytes()
    copy.write_bytes(b"govern-invite-1.nonsense")
    assert [one["code"] for one in told(mia)] == ["request-odd"]
    copy.unlink()
    assert told(mia) == [], "whoever lacks the token can't approve it"
    copy.write_bytes(line)
    copy.chmod(0o600)
    assert [one["code"] for one in told(mia)] == ["request-waits"]
