"""App passwords and the main password on a real PDS, and after a kill at every request."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story
from tests.platforms import bluesky
from tests.platforms.between import between
from tests.platforms.conftest import killed

OLD = "Old-and-known-to-many-1"
_NUMBER = itertools.count()


@pytest.fixture
def brand(pds: bluesky.Pds) -> str:
    handle = f"brand{next(_NUMBER)}.test"
    pds.register(handle, OLD)
    return handle


def with_account(folder: Path, pds: bluesky.Pds, handle: str, url: str) -> Story:
    story = Story(folder).init()
    story.ok("account", "add", "sky", "--platform", "bluesky", "--login", handle, "--url", url)
    story.ok("credential", "add", "sky", "--kind", "password", stdin=OLD)
    story.ok("account", "add", "our-pds", "--platform", "bluesky", "--login", "admin", "--url", url)
    story.ok("credential", "add", "our-pds", "--kind", "password", stdin=pds.admin)
    return story


def test_the_main_password_by_whoever_runs_the_server(story: Story, pds: bluesky.Pds, brand: str) -> None:
    """Old refused, new accepted, a leaver's session can't be renewed; what works on is told: their app password, and two hours of access."""
    acme = with_account(story.folder, pds, brand, pds.url)
    leaver, theirs = pds.log_in(brand, OLD)[1], pds.app_password(brand, OLD, "phone")
    told = acme.spawn("rotate", "sky", "--connector", "bluesky", "--by", "our-pds", "--json")
    assert told.code == 0, told.err
    (rotation,) = told.json()["rotations"]
    assert {"state": "done", "grade": "probed", "survives": ["app password phone"]}.items() <= rotation.items()
    assert rotation["residual_until"] > rotation["ended_at"]
    assert pds.log_in(brand, OLD)[0] == 401
    assert pds.log_in(brand, acme.ok("reveal", "sky", "--stdout").out)[0] == 200
    assert not pds.refreshes(leaver)
    assert pds.reads(leaver)  # until `residual_until`, as the command says
    assert pds.log_in(brand, theirs)[0] == 200


def test_the_main_password_with_a_mailed_code(story: Story, pds: bluesky.Pds, brand: str) -> None:
    """Without a terminal: it waits for what the server has mailed, then old refused, new accepted, a leaver's session can't be renewed."""
    acme = with_account(story.folder, pds, brand, pds.url)
    leaver, theirs = pds.log_in(brand, OLD)[1], pds.app_password(brand, OLD, "phone")
    mails = len(pds.mail.mails)
    told = acme.spawn("rotate", "sky", "--connector", "bluesky", "--json")
    assert told.code == 1
    (waiting,) = told.json()["rotations"]
    assert waiting["awaits"] == "mailed-code"
    assert pds.log_in(brand, OLD)[0] == 200, "nothing is changed before the code is typed in"
    told = acme.spawn("rotation", "reconcile", waiting["id"], "--mailed-code", stdin="AAAAA-AAAAA")
    assert (told.code, "does not take this code (400 InvalidToken)" in told.err) == (1, True), told.err
    code = pds.mailed_code(brand, after=mails)
    told = acme.spawn("rotation", "reconcile", waiting["id"], "--mailed-code", "--json", stdin=code)
    assert told.code == 0, told.err
    (rotation,) = told.json()["rotations"]
    assert {"state": "done", "grade": "probed", "survives": ["app password phone"]}.items() <= rotation.items()
    assert rotation["residual_until"] > rotation["ended_at"]
    assert code not in told.out + told.err
    assert pds.log_in(brand, OLD)[0] == 401
    assert pds.log_in(brand, acme.ok("reveal", "sky", "--stdout").out)[0] == 200
    assert not pds.refreshes(leaver)
    assert pds.log_in(brand, theirs)[0] == 200
    assert pds.ask("server.resetPassword", {"token": code, "password": "another-one"})[0] == 400, "it was good once"


def test_killed_around_a_mailed_code_it_recovers(tmp_path: Path, pds: bluesky.Pds, record_property: Any) -> None:
    """At every request of both halves: the one that has the code mailed, and the one that types it in."""
    words = ["rotate", "sky", "--connector", "bluesky"]
    first, second = (counted(tmp_path / name, pds, name, words, typed=typed) for name, typed in (("ml-first", False), ("ml-second", True)))
    cells = [
        (typed, at, forwarded) for typed, count in ((False, first), (True, second)) for at in range(count) for forwarded in (False, True)
    ]
    for typed, at, forwarded in cells:
        handle = f"ml-{'b' if typed else 'a'}{at}-{'after' if forwarded else 'before'}.test"
        with between(pds.url) as link:
            pds.register(handle, OLD)
            acme = with_account(tmp_path / handle, pds, handle, link.url)
            mails = len(pds.mail.mails)
            if typed:
                assert acme.run(*words).code == 1
                given = tmp_path / f"{handle}.code"
                given.write_text(pds.mailed_code(handle, after=mails))
                with given.open() as stdin:
                    assert killed(acme, link, at, forwarded, *words, "--mailed-code", stdin=stdin) == -9
            else:
                assert killed(acme, link, at, forwarded, *words) == -9
            if acme.run("rotation", "reconcile").code or acme.json("rotation", "list")["rotations"][0]["state"] != "done":
                if acme.json("rotation", "list")["rotations"][0]["awaits"] is None:
                    mails = len(pds.mail.mails)
                    assert acme.run(*words).code == 1
                told = acme.run(*words, "--mailed-code", stdin=pds.mailed_code(handle, after=mails))
                assert told.code == 0, (typed, at, forwarded, told.err)
            assert pds.log_in(handle, acme.ok("reveal", "sky", "--stdout").out)[0] == 200, (typed, at, forwarded)
            assert pds.log_in(handle, OLD)[0] == 401
    record_property("load", f"{len(cells)} kills of the installed command")


def counted(folder: Path, pds: bluesky.Pds, name: str, words: list[str], *, typed: bool) -> int:
    """How many requests one of the halves makes."""
    handle = f"{name}.test"
    pds.register(handle, OLD)
    with between(pds.url) as link:
        acme = with_account(folder, pds, handle, link.url)
        mails = len(pds.mail.mails)
        assert acme.run(*words).code == 1
        if typed:
            link.leave_alone()
            acme.ok(*words, "--mailed-code", stdin=pds.mailed_code(handle, after=mails))
        return len(link.asked)


def test_an_app_password(story: Story, pds: bluesky.Pds, brand: str) -> None:
    """The first was made by hand: its name is not known here, so that it is revoked by hand. From then on each is known by its rotation."""
    acme = with_account(story.folder, pds, brand, pds.url)
    old = pds.app_password(brand, OLD, "scheduler")
    acme.ok("credential", "add", "sky", "--kind", "app-password", stdin=old)
    words = ["rotate", "sky", "--kind", "app-password", "--connector", "bluesky"]
    told = acme.spawn(*words)
    assert told.code == 1
    assert "takes the new one and still the one before" in told.err
    main = pds.log_in(brand, OLD)[1]
    pds.ask("server.revokeAppPassword", {"name": "scheduler"}, by=f"Bearer {main['accessJwt']}")
    told = acme.spawn("rotation", "reconcile")
    assert told.code == 0, told.err
    second = acme.ok("reveal", "sky", "--kind", "app-password", "--stdout").out
    leaver = pds.log_in(brand, second)[1]
    told = acme.spawn(*words)
    assert told.code == 0, told.err
    third = acme.ok("reveal", "sky", "--kind", "app-password", "--stdout").out
    assert [pds.log_in(brand, secret)[0] for secret in (old, second, third)] == [401, 401, 200]
    assert not pds.refreshes(leaver)
    assert len(pds.app_passwords(main)) == 1
    assert third not in told.out + told.err


def test_what_a_changed_password_leaves_alive_is_listed_and_ended(story: Story, pds: bluesky.Pds, brand: str) -> None:
    """A leaver's app password, which outlives the main password: `ways-in` lists it, and once it is ended nobody gets in by it."""
    acme = with_account(story.folder, pds, brand, pds.url)
    theirs, tool = pds.app_password(brand, OLD, "phone"), pds.app_password(brand, OLD, "scheduler")
    leaver = pds.log_in(brand, theirs)[1]
    told = acme.spawn("rotate", "sky", "--connector", "bluesky", "--by", "our-pds")
    assert "next: govern credential ways-in sky  " in told.err
    listed = acme.spawn("credential", "ways-in", "sky", "--json")
    assert listed.code == 0, listed.err
    assert {one["name"] for one in listed.json()["ways"]} == {"phone", "scheduler"}
    told = acme.spawn("credential", "ways-in", "sky", "--by", "our-pds", "--json")
    assert (told.code, "with the main password of sky alone" in told.json()["error"]["message"]) == (2, True)
    assert pds.log_in(brand, theirs)[0] == 200, "the control: it works until it is ended"
    told = acme.spawn("credential", "end-way", "sky", "phone", "--json")
    assert [(one["name"], one["gone"]) for one in told.json()["ended"]] == [("phone", True)]
    assert [pds.log_in(brand, secret)[0] for secret in (theirs, tool)] == [401, 200]
    assert not pds.refreshes(leaver)


def test_one_that_somebody_typed_in_is_not_ended_with_all_the_others(story: Story, pds: bluesky.Pds, brand: str) -> None:
    """Bluesky lists names, and which of them is the one kept here nobody can tell; after a rotation its name is known."""
    acme = with_account(story.folder, pds, brand, pds.url)
    kept, theirs = pds.app_password(brand, OLD, "scheduler"), pds.app_password(brand, OLD, "phone")
    acme.ok("credential", "add", "sky", "--kind", "app-password", stdin=kept)
    told = acme.run("credential", "end-way", "sky", "--all-of", "app-password")
    assert (told.code, "may be the app-password of sky that this vault keeps" in told.err) == (4, True), told
    acme.ok("credential", "end-way", "sky", "scheduler")
    assert acme.run("rotate", "sky", "--kind", "app-password", "--connector", "bluesky").code == 0
    acme.ok("credential", "end-way", "sky", "--all-of", "app-password")
    assert pds.log_in(brand, acme.ok("reveal", "sky", "--kind", "app-password", "--stdout").out)[0] == 200
    assert pds.log_in(brand, theirs)[0] == 401


@pytest.mark.parametrize("kind", ["password", "app-password"])
def test_killed_at_every_request_it_recovers(tmp_path: Path, pds: bluesky.Pds, kind: str, record_property: Any) -> None:
    words = ["rotate", "sky", "--kind", kind, "--connector", "bluesky", *(["--by", "our-pds"] if kind == "password" else [])]

    def machine(link: Any, name: str) -> tuple[Story, str]:
        handle = f"{name}.test"
        pds.register(handle, OLD)
        acme = with_account(tmp_path / name, pds, handle, link.url)
        if kind == "app-password":  # the first is issued by a rotation, so that the next knows its name
            acme.ok("credential", "add", "sky", "--kind", kind, stdin="no-such-app-password")
            acme.ok(*words)
        link.leave_alone()
        return acme, handle

    short = kind[:3]
    with between(pds.url) as link:
        acme, _ = machine(link, f"{short}-undisturbed")
        acme.ok(*words)
        count = len(link.asked)
    assert 6 <= count <= 16, link.asked
    for at, forwarded in itertools.product(range(count), (False, True)):
        with between(pds.url) as link:
            acme, handle = machine(link, f"{short}-{at}-{'after' if forwarded else 'before'}")
            before = OLD if kind == "password" else acme.ok("reveal", "sky", "--kind", kind, "--stdout").out
            leaver = pds.log_in(handle, before)[1]
            assert killed(acme, link, at, forwarded, *words) == -9
            told = acme.spawn("rotation", "reconcile")
            if any(one["state"] in ("planned", "staged") for one in acme.json("rotation", "list", "--open")["rotations"]):
                told = acme.spawn(*words)
            assert told.code == 0, (at, forwarded, told.err)
            new = acme.ok("reveal", "sky", "--kind", kind, "--stdout").out
            assert pds.log_in(handle, new)[0] == 200, (at, forwarded)
            assert pds.log_in(handle, before)[0] == 401
            assert not pds.refreshes(leaver), (at, forwarded)
            if kind == "app-password":
                assert len(pds.app_passwords(pds.log_in(handle, OLD)[1])) == 1
    record_property("load", f"{2 * count} kills of the installed command")
