"""Passwords and application passwords on a real WordPress, and after a kill at every request."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story
from tests.platforms import wordpress
from tests.platforms.between import between
from tests.platforms.conftest import killed

OLD = "Old-and-known-to-many-1"
_NUMBER = itertools.count()


@pytest.fixture
def brand(site: wordpress.Site, admin: str) -> str:
    name = f"brand{next(_NUMBER)}"
    site.register(name, OLD, by=admin)
    return name


def with_account(folder: Path, login: str, url: str, admin: str) -> Story:
    story = Story(folder).init()
    story.ok("account", "add", "blog", "--platform", "wordpress", "--login", login, "--url", url)
    story.ok("credential", "add", "blog", "--kind", "password", stdin=OLD)
    story.ok("account", "add", "blog-admin", "--platform", "wordpress", "--login", wordpress.ADMIN, "--url", url)
    story.ok("credential", "add", "blog-admin", "--kind", "app-password", stdin=admin)
    return story


def changed(story: Story, site: wordpress.Site, login: str) -> None:
    assert site.log_in(login, OLD) is None
    assert site.log_in(login, story.ok("reveal", "blog", "--stdout").out) is not None


def test_a_password_by_an_admin(story: Story, site: wordpress.Site, admin: str, brand: str) -> None:
    """Old refused, new accepted, a leaver's cookie dead; their application password works on, and the command says so."""
    acme = with_account(story.folder, brand, site.url, admin)
    leaver = site.log_in(brand, OLD)
    assert leaver is not None
    assert site.is_in(leaver)
    theirs = site.app_password(brand, OLD, "phone of somebody")
    told = acme.spawn("rotate", "blog", "--connector", "wordpress", "--by", "blog-admin")
    assert told.code == 0, told.err
    assert "goes on working: application password phone of somebody" in told.err
    assert not site.is_in(leaver)
    assert site.takes(brand, theirs)
    changed(acme, site, brand)
    assert acme.json("rotation", "list")["rotations"][0]["grade"] == "probed"


def test_without_an_application_password_it_is_refused_with_what_to_do(story: Story, site: wordpress.Site, admin: str, brand: str) -> None:
    acme = with_account(story.folder, brand, site.url, admin)
    told = acme.run("rotate", "blog", "--connector", "wordpress")
    assert told.code == 2
    assert "--by ACCOUNT" in told.err
    assert acme.json("rotation", "list")["rotations"][0]["state"] == "staged"


def test_an_application_password_changes_itself(story: Story, site: wordpress.Site, admin: str, brand: str) -> None:
    """Made, stored, tried, and only then the old one is revoked; the list there shows the one under the rotation's name."""
    acme = with_account(story.folder, brand, site.url, admin)
    old = site.app_password(brand, OLD, "scheduler")
    acme.ok("credential", "add", "blog", "--kind", "app-password", stdin=old)
    told = acme.spawn("rotate", "blog", "--kind", "app-password", "--connector", "wordpress")
    assert told.code == 0, told.err
    new = acme.ok("reveal", "blog", "--kind", "app-password", "--stdout").out
    assert new != old
    assert new not in told.out + told.err
    assert not site.takes(brand, old)
    status, listed = site.rest("GET", "/wp/v2/users/me/application-passwords", by=(brand, new))
    assert (status, [one["name"][:7] for one in listed]) == (200, ["govern-"])


def test_what_a_changed_password_leaves_alive_is_listed_and_ended(story: Story, site: wordpress.Site, admin: str, brand: str) -> None:
    """A leaver's application password, which outlives the password: `ways-in` lists it, and once it is ended it opens nothing."""
    acme = with_account(story.folder, brand, site.url, admin)
    theirs, tool = (site.app_password(brand, OLD, name) for name in ("phone of somebody", "scheduler"))
    told = acme.spawn("rotate", "blog", "--connector", "wordpress", "--by", "blog-admin")
    assert "next: govern credential ways-in blog --by ACCOUNT" in told.err
    listed = acme.spawn("credential", "ways-in", "blog", "--by", "blog-admin", "--json")
    assert listed.code == 0, listed.err
    assert {one["name"] for one in listed.json()["ways"]} == {"phone of somebody", "scheduler"}
    assert site.takes(brand, theirs), "the control: it works until it is ended"
    told = acme.spawn("credential", "end-way", "blog", "phone of somebody", "--by", "blog-admin", "--json")
    assert [(one["name"], one["gone"]) for one in told.json()["ended"]] == [("phone of somebody", True)]
    assert [site.takes(brand, secret) for secret in (theirs, tool)] == [False, True]


def test_what_the_connector_works_with_is_not_ended(story: Story, site: wordpress.Site, admin: str, brand: str) -> None:
    """The account's own application password, typed in by somebody: the site says which of them it is."""
    acme = with_account(story.folder, brand, site.url, admin)
    kept, theirs = (site.app_password(brand, OLD, name) for name in ("scheduler", "phone of somebody"))
    acme.ok("credential", "add", "blog", "--kind", "app-password", stdin=kept)
    told = acme.run("credential", "end-way", "blog", "scheduler")
    assert (told.code, "is the present app-password of blog here" in told.err) == (4, True), told
    acme.ok("credential", "end-way", "blog", "--all-of", "app-password")
    assert [site.takes(brand, secret) for secret in (kept, theirs)] == [True, False]


@pytest.mark.parametrize("kind", ["password", "app-password"])
def test_killed_at_every_request_it_recovers(tmp_path: Path, site: wordpress.Site, admin: str, kind: str, record_property: Any) -> None:
    def machine(link: Any, login: str) -> Story:
        site.register(login, OLD, by=admin)
        acme = with_account(tmp_path / login, login, link.url, admin)
        if kind == "app-password":
            acme.ok("credential", "add", "blog", "--kind", kind, stdin=site.app_password(login, OLD, "scheduler"))
        return acme

    words = ["rotate", "blog", "--kind", kind, "--connector", "wordpress", *(["--by", "blog-admin"] if kind == "password" else [])]
    with between(site.url) as link:
        acme = machine(link, f"undisturbed-{kind}")
        link.leave_alone()
        acme.ok(*words)
        count = len(link.asked)
    assert 5 <= count <= 12, link.asked
    for at, forwarded in itertools.product(range(count), (False, True)):
        login = f"{kind}-{at}-{'after' if forwarded else 'before'}"
        with between(site.url) as link:
            acme = machine(link, login)
            leaver, before = site.log_in(login, OLD), acme.ok("reveal", "blog", "--kind", kind, "--stdout").out
            assert killed(acme, link, at, forwarded, *words) == -9
            told = acme.spawn("rotation", "reconcile")
            if acme.json("rotation", "list")["rotations"][0]["state"] in ("planned", "staged"):
                told = acme.spawn(*words)
            assert told.code == 0, (at, forwarded, told.err)
            if kind == "password":
                changed(acme, site, login)
                assert leaver is not None
                assert not site.is_in(leaver), (at, forwarded)
            else:
                new = acme.ok("reveal", "blog", "--kind", kind, "--stdout").out
                status, listed = site.rest("GET", "/wp/v2/users/me/application-passwords", by=(login, new))
                assert (status, len(listed)) == (200, 1), (at, forwarded, listed)
                assert not site.takes(login, before)
    record_property("load", f"{2 * count} kills of the installed command")
