"""App passwords and the main password on a real PDS, and after a kill at every request."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story
from tests.platforms import bluesky
from tests.platforms.between import between
from tests.platforms.conftest import killed

OLD = "Old-and-known-to-many-1"
_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bluesky.Pds]:
    with bluesky.running(tmp_path_factory.mktemp("pds")) as one:
        yield one


@pytest.fixture
def brand(pds: bluesky.Pds) -> str:
    handle = f"brand{next(_NUMBER)}.test"
    pds.register(handle, OLD)
    return handle


def app_password(pds: bluesky.Pds, handle: str, name: str) -> str:
    session = pds.log_in(handle, OLD)[1]
    return str(pds.ask("server.createAppPassword", {"name": name}, by=f"Bearer {session['accessJwt']}")[1]["password"])


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
    leaver, theirs = pds.log_in(brand, OLD)[1], app_password(pds, brand, "phone")
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


def test_the_main_password_without_an_admin_stays_guided(story: Story, pds: bluesky.Pds, brand: str) -> None:
    acme = with_account(story.folder, pds, brand, pds.url)
    told = acme.run("rotate", "sky", "--connector", "bluesky")
    assert (told.code, "mailed code" in told.err) == (2, True)


def test_an_app_password(story: Story, pds: bluesky.Pds, brand: str) -> None:
    """The first was made by hand: its name is not known here, so that it is revoked by hand. From then on each is known by its rotation."""
    acme = with_account(story.folder, pds, brand, pds.url)
    old = app_password(pds, brand, "scheduler")
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
            assert killed(acme, link, at, forwarded, *words) == -9
            told = acme.spawn("rotation", "reconcile")
            if any(one["state"] in ("planned", "staged") for one in acme.json("rotation", "list", "--open")["rotations"]):
                told = acme.spawn(*words)
            assert told.code == 0, (at, forwarded, told.err)
            new = acme.ok("reveal", "sky", "--kind", kind, "--stdout").out
            assert pds.log_in(handle, new)[0] == 200, (at, forwarded)
            if kind == "password":
                assert pds.log_in(handle, OLD)[0] == 401
            else:
                assert len(pds.app_passwords(pds.log_in(handle, OLD)[1])) == 1
    record_property("load", f"{2 * count} kills of the installed command")
