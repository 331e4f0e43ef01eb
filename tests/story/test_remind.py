"""Reminders, as the installed command sends them: once, by mail, whoever runs it and however often; and what people can answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import ROOT, Prepared
from ..unit.notices.servers import Inbox, real
from .enrolling.members import Member, enrolled, founded


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with real(login=False) as found:
        yield found


def _company(mia: Member) -> Member:
    return staffed(founded(mia))


def staffed(mia: Member) -> Member:
    """Three people answer for an account each, and cleo, who has no keys, is to be given the passwords of all of them."""
    rules = ROOT.joinpath("policies", "default.yaml").read_text(encoding="utf-8")
    rules = rules.replace("quiet: {from: 20, until: 7}", "quiet: {from: 0, until: 0}")  # whatever the hour of the test
    (mia.folder / "policy.yaml").write_text(rules, encoding="utf-8")
    mia.ok("policy", "adopt", str(mia.folder / "policy.yaml"))
    mia.ok("person", "add", "Cleo Dahl <cleo@acme.example>", "--handle", "cleo")
    mia.ok("person", "add", "Åse Ødegård <ase@acme.example>", "--handle", "ase", "--locale", "nb")
    mia.ok("account", "add", "news", "--platform", "x", "--login", "acme")
    mia.ok("credential", "add", "news", "--kind", "password", stdin="a-secret-of-the-news")
    for account in ("shop", "blog", "news"):
        mia.ok("grant", account, "cleo", "--reason", "work")
    mia.ok("account", "custody", "blog", "ben")
    mia.ok("account", "custody", "news", "ase")
    return mia


@pytest.fixture
def mia(tmp_path: Path, prepared: Prepared) -> Member:
    return prepared.into(Member(tmp_path, "mia"), _company)


def relay(mia: Member, inbox: Inbox) -> None:
    mia.ok("channel", "add", "relay", "--kind", "mail", "--tls", "local", "--port", str(inbox.port), "--sender", "reminders@acme.example")


def test_three_processes_on_two_machines_at_the_same_moment_send_each_message_once(mia: Member, inbox: Inbox) -> None:
    relay(mia, inbox)
    laptop = enrolled(mia, "mia", "mia-laptop", purpose=("key", "add-device"))
    laptop.ok("todo")
    runs = [member.started("remind", "--json") for member in (mia, laptop, mia)]
    told = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], told
    answers = [json.loads(out) for out, _ in told]
    ids = [str(mail["Message-ID"]) for mail in inbox.mails()]
    assert len(ids) == len(set(ids)) == 3
    assert sorted(one["person"] for answer in answers for one in answer["sent"]) == ["ase", "ben", "mia"]
    assert mia.json("remind") | {"schema": ""} == {"schema": "", "sent": [], "done": [], "failed": [], "run_of": None, "quiet_until": None}
    assert laptop.json("remind")["sent"] == []
    assert len(inbox.mails()) == 3


def test_each_is_told_in_their_language_what_and_until_when_and_no_secret(mia: Member, inbox: Inbox) -> None:
    relay(mia, inbox)
    mia.ok("remind")
    mails = {str(mail["To"]).partition("<")[2].rstrip(">"): mail for mail in inbox.mails()}
    assert set(mails) == {"mia@acme.example", "ben@acme.example", "ase@acme.example"}
    norwegian, english = (mails[f"{who}@acme.example"] for who in ("ase", "ben"))
    assert str(english["Subject"]).startswith("Give cleo the new password of blog (by 20")
    assert "Gi cleo det nye for news: passord (innen " in str(norwegian["Subject"])
    for mail in mails.values():
        plain = mail.get_body(("plain",))
        assert plain is not None
        text = plain.get_content()
        assert all(len(line) <= 72 for line in text.splitlines())
        assert "correct-horse" not in text
        assert "http" not in text


def test_who_is_refused_is_tried_again_and_a_finding_and_holds_up_nobody(mia: Member, inbox: Inbox) -> None:
    relay(mia, inbox)
    inbox.rcpt["ben@acme.example"] = "550 5.1.1 no such mailbox"
    told = mia.json("remind")
    assert sorted(one["person"] for one in told["sent"]) == ["ase", "mia"]
    assert [(one["person"], one["outcome"]) for one in told["failed"]] == [("ben", "refused")]
    (found,) = [one for one in mia.json("status")["findings"] if one["code"] == "digest-undelivered"]
    assert found["subject"] == "ben"
    assert "ben@acme.example" not in json.dumps(told)
    assert mia.run("person", "edit", "ben", "--mail", "no address").code == mia.run("person", "edit", "ben").code == 2
    mia.ok("person", "edit", "ben", "--mail", "ben.b@acme.example", "--locale", "da")
    assert mia.json("person", "show", "ben")["people"][0]["mail"] == "ben.b@acme.example"
    assert [one["person"] for one in mia.json("remind")["sent"]] == ["ben"]
    assert inbox.mails()[-1]["Content-Language"] == "da"
    assert [one for one in mia.json("status")["findings"] if one["code"] == "digest-undelivered"] == []


def test_without_a_channel_there_is_a_calendar_for_each(mia: Member) -> None:
    told = mia.json("remind")
    assert {(one["person"], one["channel"]) for one in told["sent"]} == {("mia", "calendar"), ("ben", "calendar"), ("ase", "calendar")}
    files = {path.name: path.read_text(encoding="utf-8") for path in (mia.home / "calendars").iterdir()}
    assert set(files) == {"mia.ics", "ben.ics", "ase.ics"}
    assert all("blog" not in text and "cleo" not in text for text in files.values()), "no account and nobody is named"
    assert {one["file"] for one in told["sent"]} == {str(mia.home / "calendars" / name) for name in files}
    assert "VALARM" in files["ben.ics"]


def test_a_dry_run_says_who_would_get_what_and_why_and_sends_and_records_nothing(mia: Member, inbox: Inbox) -> None:
    relay(mia, inbox)
    before = mia.json("ledger", "show")["size"]
    told = mia.json("remind", "--dry-run")
    assert {(one["person"], one["account"], one["why"]) for one in told["would_send"] if one["what"] == "hand-over"} == {
        ("mia", "shop", "responsible"), ("ben", "blog", "responsible"), ("ase", "news", "responsible")
    }  # fmt: skip
    assert told["sent"] == told["done"] == []
    assert inbox.mails() == []
    assert mia.json("ledger", "show")["size"] == before
    (line,) = [one for one in mia.json("remind", "--explain", "ben")["items"] if one["what"] == "hand-over"]
    assert line["next"]
    (far,) = [one for one in mia.json("remind", "--explain", "ben")["items"] if one["what"] == "schedule"]
    assert (far["account"], far["stage"]) == ("blog", None), "however far ahead it is due"
    (row,) = mia.json("credential", "list", "blog")["credentials"]
    assert (row["due"], row["next_reminder"]) == (far["due"], far["next"])
    assert mia.json("account", "show", "blog")["accounts"][0]["credentials"] == [row]
    assert told["would_send"][0]["next"][:10] < far["next"][:10] < far["due"]
    assert mia.run("remind", "--dry-run", "--explain", "ben").code == 2


def test_what_is_put_off_or_seen_is_not_told_and_every_item_in_todo_says_when_it_is_told_next(mia: Member, inbox: Inbox) -> None:
    relay(mia, inbox)
    items = {one["account"]: one for one in mia.json("todo", "--all")["items"] if one["what"] == "hand-over" and one["person"] == "cleo"}
    assert all(one["item"] and one["next_reminder"] for one in items.values())
    (day,) = [one["due"] for one in mia.json("remind", "--explain", "ben")["items"] if one["id"] == items["blog"]["item"]]
    mia.ok("snooze", items["blog"]["item"][:8], "--until", day, "--reason", "cleo is on the road")
    mia.ok("ack", items["shop"]["item"][:8])
    told = [
        (each["account"], each["subject"]) for one in mia.json("remind")["sent"] for each in one["items"] if each["what"] == "hand-over"
    ]
    assert sorted(told) == [("news", "cleo"), ("shop", "ben")]
    assert {one["account"]: one["next_reminder"][:10] for one in mia.json("todo", "--all")["items"] if one["what"] == "hand-over"}[
        "blog"
    ] == day
    mia.ok("rotate", "shop")
    (row,) = mia.json("rotation", "list", "--open")["rotations"]
    findings = {one["code"]: one["next_reminder"] for one in mia.json("status")["findings"]}
    (credential,) = mia.json("credential", "list", "shop")["credentials"]
    (again,) = mia.json("rotation", "list", "--open")["rotations"]
    times = [row["opened_at"], row["next_reminder"], findings["rotation-open"], credential["next_reminder"], again["next_reminder"]]
    assert sorted(times) == times, "what is due is told when the next run comes: now, and now goes on"
    assert findings["hand-over-due"]
    assert mia.refused("snooze", items["news"]["item"][:8], "--until", "2099-01-01", "--reason", "later")["rule"] == "snooze-most"
    assert mia.refused("ack", "00000000", code=3)["hint"]
    assert mia.run("snooze", items["news"]["item"]).code == 2
