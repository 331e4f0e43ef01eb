"""Three real servers at once: what is due on all of them in one command, and by a service that nobody watches."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story
from tests.platforms import bluesky, wordpress

OLD = "Old-and-known-to-many-1"
_NUMBER = itertools.count()
KINDS = {"chat": ("password",), "blog": ("password", "app-password"), "sky": ("app-password",)}
"""What a program can change unattended, for each account."""


class Brand:
    """One firm with an account on each server, all of it known to a leaver, who is signed in everywhere."""

    def __init__(self, folder: Path, synapse: Any, site: wordpress.Site, admin: str, pds: bluesky.Pds) -> None:
        self.story = Story(folder).init()
        self.synapse, self.site, self.pds = synapse, site, pds
        self.login, self.handle = f"together{next(_NUMBER)}", f"together{next(_NUMBER)}.test"
        synapse.register(self.login, OLD)
        site.register(self.login, OLD, by=admin)
        pds.register(self.handle, OLD)
        self.app_passwords = {
            "blog": site.app_password(self.login, OLD, "scheduler"),
            "sky": pds.app_password(self.handle, OLD, "scheduler"),
        }
        for name, platform, login, url in (
            ("chat", "matrix", self.login, synapse.url),
            ("blog", "wordpress", self.login, site.url),
            ("sky", "bluesky", self.handle, pds.url),
        ):
            self.story.ok("account", "add", name, "--platform", platform, "--login", login, "--url", url, "--tag", "all")
            self.story.ok("credential", "add", name, "--kind", "password", stdin=OLD)
            if name in self.app_passwords:
                self.story.ok("credential", "add", name, "--kind", "app-password", stdin=self.app_passwords[name])
        sky = pds.log_in(self.handle, self.app_passwords["sky"])[1]
        self.signed_in = synapse.login(self.login, OLD)[1], site.log_in(self.login, OLD), sky

    def begin(self) -> None:
        """A suspicion: all that a program can change unattended is due now."""
        for name, kinds in KINDS.items():
            for kind in kinds:
                self.story.ok("rotate", name, "--kind", kind, "--because", "compromise")

    def revoke_by_hand(self) -> None:
        """The Bluesky app password that was made by hand: nobody here knows what it is called there."""
        main = self.pds.log_in(self.handle, OLD)[1]
        self.pds.ask("server.revokeAppPassword", {"name": "scheduler"}, by=f"Bearer {main['accessJwt']}")

    def is_open_to_the_leaver(self) -> set[str]:
        session, browser, refresh = self.signed_in
        assert browser is not None
        found = {
            "chat password": self.synapse.login(self.login, OLD)[0] == 200,
            "chat session": self.synapse.whoami(session) == 200,
            "blog password": self.site.log_in(self.login, OLD) is not None,
            "blog session": self.site.is_in(browser),
            "blog app-password": self.site.takes(self.login, self.app_passwords["blog"]),
            "sky app-password": self.pds.log_in(self.handle, self.app_passwords["sky"])[0] == 200,
            "sky session": self.pds.refreshes(refresh),
        }
        return {what for what, open_ in found.items() if open_}

    def is_open_to_us(self) -> None:
        def ours(name: str, kind: str = "password") -> str:
            return self.story.ok("reveal", name, "--kind", kind, "--stdout").out

        assert self.synapse.login(self.login, ours("chat"))[0] == 200
        assert self.site.log_in(self.login, ours("blog")) is not None
        assert self.site.takes(self.login, ours("blog", "app-password"))
        assert self.pds.log_in(self.handle, ours("sky", "app-password"))[0] == 200


@pytest.fixture
def brand(tmp_path: Path, synapse: Any, site: wordpress.Site, admin: str, pds: bluesky.Pds) -> Brand:
    one = Brand(tmp_path, synapse, site, admin, pds)
    one.begin()
    assert len(one.is_open_to_the_leaver()) == 7  # the control
    return one


def outcomes(told: Any) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {(one["account"], one["kind"]): (one["outcome"], one["grade"]) for one in told.json()["rotations"]}


DONE = {(name, kind): ("done", "probed") for name, kinds in KINDS.items() for kind in kinds}


def test_all_that_is_due_on_three_servers_in_one_command(brand: Brand) -> None:
    """One that has to wait for a person stops none of the others, and the same command goes on with it."""
    first = brand.story.spawn("rotate", "tag:all", "--all-due", "--connector", "any", "--json")
    assert first.code == 1
    assert outcomes(first) == DONE | {("sky", "app-password"): ("failed", None)}
    assert "takes the new one and still the one before" in first.err
    brand.revoke_by_hand()
    again = brand.story.spawn("rotate", "tag:all", "--all-due", "--connector", "any", "--json")
    assert (again.code, outcomes(again)) == (0, {("sky", "app-password"): ("done", "probed")}), again.err
    assert brand.is_open_to_the_leaver() == set()
    brand.is_open_to_us()
    assert brand.story.json("ledger", "verify")["findings"] == []


def test_a_service_does_it_alone(brand: Brand) -> None:
    """With nothing but its own folder and key, and only what is entrusted to it."""
    brand.revoke_by_hand()
    made = brand.story.json("key", "add-service", "night", "--purpose", "reconcile", "--until", "2099-12-31", "--accounts", "tag:all")
    night = Story(brand.story.folder)
    night.home, night.key = Path(made["home"]), Path(made["key_file"])
    told = night.spawn("rotate", "--all-due", "--connector", "any", "--json", GOVERN_VAULT=str(brand.story.home / "vault.db"))
    assert (told.code, outcomes(told)) == (0, DONE), told
    assert {one["confirmer"] for one in told.json()["rotations"]} == {"night"}
    assert brand.is_open_to_the_leaver() == set()
    brand.is_open_to_us()
    assert brand.story.json("ledger", "verify")["findings"] == []
