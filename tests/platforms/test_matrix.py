"""A Matrix password on a real Synapse: changed by the command, the account's own way and an admin's, and after a kill at every request."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story
from tests.platforms import synapse as synapse_server
from tests.platforms.between import between
from tests.platforms.conftest import killed

OLD = "Old-and-known-to-many-1"
_NUMBER = itertools.count()


@pytest.fixture
def brand(synapse: Any) -> str:
    """An account of its own for each test."""
    name = f"brand{next(_NUMBER)}"
    synapse.register(name, OLD)
    return name


def with_account(folder: Path, login: str, url: str) -> Story:
    story = Story(folder).init()
    story.ok("account", "add", "brand-matrix", "--platform", "matrix", "--login", login, "--url", url)
    story.ok("credential", "add", "brand-matrix", "--kind", "password", stdin=OLD)
    return story


def changed(story: Story, synapse: Any, login: str) -> str:
    """The secret that the vault calls current, which the server takes while it refuses the old one; the server has no session of ours."""
    assert synapse.login(login, OLD)[0] == 403
    new = story.ok("reveal", "brand-matrix", "--stdout").out
    status, session = synapse.login(login, new)
    assert status == 200
    assert len(synapse.devices(session)) == 1
    assert synapse.whoami(session) == 200
    return new


def test_the_accounts_own_way(story: Story, synapse: Any, brand: str) -> None:
    """Old password refused, new accepted, a leaver's session dead, our own logged out; graded `probed`, each step in the ledger."""
    acme = with_account(story.folder, brand, synapse.url)
    leaver = synapse.login(brand, OLD)[1]
    assert synapse.whoami(leaver) == 200
    size = acme.json("ledger", "verify")["size"]
    told = acme.spawn("rotate", "brand-matrix", "--connector", "matrix", "--json")
    assert told.code == 0, told.err
    (rotation,) = told.json()["rotations"]
    assert {"state": "done", "grade": "probed", "connector": "matrix", "sessions_cut": True}.items() <= rotation.items()
    assert synapse.whoami(leaver) == 401
    new = changed(acme, synapse, brand)
    assert new not in told.out + told.err
    kinds = [entry["type"] for entry in acme.json("ledger", "show", "--since", str(size))["entries"]]
    assert kinds[:8] == [
        "rotation.opened", "version.staged", "secret.revealed", "secret.revealed", "rotation.connected", "rotation.probed", "rotation.probed",
        "rotation.confirmed",
    ]  # fmt: skip
    assert acme.ok("rotation", "reconcile").err == "no rotation is under way\n"


def with_admin(acme: Story, synapse: Any, brand: str) -> str:
    """An admin of the server, as the account `matrix-admin`; its api-token."""
    synapse.register(f"admin-{brand}", "Admin-password-1", admin=True)
    api_token: str = synapse.login(f"admin-{brand}", "Admin-password-1")[1]
    acme.ok("account", "add", "matrix-admin", "--platform", "matrix", "--login", f"@admin-{brand}:localhost", "--url", synapse.url)
    acme.ok("credential", "add", "matrix-admin", "--kind", "api-token", stdin=api_token)
    return api_token


def test_an_admins_way_needs_no_present_password(story: Story, synapse: Any, brand: str) -> None:
    """The account's password was changed by somebody and is not here: an admin's api-token sets a new one all the same."""
    acme = with_account(story.folder, brand, synapse.url)
    api_token = with_admin(acme, synapse, brand)
    told = acme.spawn("rotate", "brand-matrix", "--connector", "matrix", "--by", "matrix-admin")
    assert told.code == 0, told.err
    changed(acme, synapse, brand)
    assert synapse.whoami(api_token) == 200  # the admin's own session is theirs
    assert api_token not in told.out + told.err


def requests_of(folder: Path, synapse: Any, login: str) -> list[str]:
    """What an undisturbed rotation asks."""
    synapse.register(login, OLD)
    with between(synapse.url) as link:
        acme = with_account(folder, login, link.url)
        acme.ok("rotate", "brand-matrix", "--connector", "matrix")
        return list(link.asked)


def test_killed_at_every_request_it_recovers(tmp_path: Path, synapse: Any, record_property: Any) -> None:
    """SIGKILL before and after each request that a rotation makes: one `reconcile` later the vault's current secret is the server's."""
    asked = requests_of(tmp_path / "undisturbed", synapse, "undisturbed")
    assert 6 <= len(asked) <= 12, asked
    cases = list(itertools.product(range(len(asked)), (False, True)))
    for at, forwarded in cases:
        login = f"killed{at}{'after' if forwarded else 'before'}"
        synapse.register(login, OLD)
        with between(synapse.url) as link:
            acme = with_account(tmp_path / login, login, link.url)
            leaver = synapse.login(login, OLD)[1]
            assert killed(acme, link, at, forwarded, "rotate", "brand-matrix", "--connector", "matrix") == -9
            told = acme.spawn("rotation", "reconcile")
            rotation = acme.json("rotation", "list")["rotations"][0]
            if rotation["state"] == "staged":  # it was killed before it touched anything: nothing says yet how it is to be changed
                told = acme.spawn("rotate", "brand-matrix", "--connector", "matrix")
            assert told.code == 0, (asked[at], forwarded, told.err)
            assert acme.json("rotation", "list")["rotations"][0]["grade"] == "probed"
            changed(acme, synapse, login)
            assert synapse.whoami(leaver) == 401, (asked[at], forwarded)
    record_property("load", f"{len(cases)} kills of the installed command")


@pytest.mark.parametrize("forwarded", [False, True], ids=["not applied", "applied"])
def test_a_lost_answer_is_no_answer(story: Story, synapse: Any, brand: str, forwarded: bool) -> None:
    """The connection breaks while the password is changed: the same run finds out what the server has, and ends where it should."""
    probe = requests_of(story.folder / "undisturbed", synapse, f"lost{forwarded}".lower())
    change = max(number for number, what in enumerate(probe) if what.endswith("account/password"))
    with between(synapse.url) as link:
        acme = with_account(story.folder, brand, link.url)
        link.swallow(at=change, forwarded=forwarded)
        told = acme.run("rotate", "brand-matrix", "--connector", "matrix")
        link.leave_alone()
        assert told.code == 0, told.err
        changed(acme, synapse, brand)


def test_too_many_attempts_are_waited_out(tmp_path: Path) -> None:
    """A server with the limits that Synapse comes with: 429 for the right password too. It is told, kept, and never taken for a refusal."""
    with synapse_server.running(tmp_path / "strict", patient=False) as strict:
        strict.register("brand", OLD)
        acme = with_account(tmp_path, "brand", strict.url)
        while strict.login("brand", "wrong")[0] != 429:
            pass
        while strict.login("brand", OLD)[0] != 429:  # until the right one is refused as well
            pass
        told = acme.run("rotate", "brand-matrix", "--connector", "matrix")
        assert told.code == 1
        assert "429" in told.err
        (rotation,) = acme.json("rotation", "list")["rotations"]
        assert rotation["state"] == "unknown"
        again = acme.run("rotation", "reconcile", rotation["id"])
        assert again.code == 1
        assert "asked to be left alone, not before" in again.err
        types = [entry["type"] for entry in acme.json("ledger", "show")["entries"]]
        assert types.count("rotation.probed") == 1  # the second run asked nothing
        assert acme.json("rotation", "show", rotation["id"])["versions"][-1]["state"] == "current"


def test_sessions_are_listed_and_ended_one_by_one(story: Story, synapse: Any, brand: str) -> None:
    """One lost phone is signed out without a new password; our own session, which asked, is gone as well."""
    acme = with_account(story.folder, brand, synapse.url)
    phone, desk = (synapse.login(brand, OLD)[1] for _ in range(2))
    others = set(synapse.devices(desk)) - {synapse.device(phone)}
    listed = acme.spawn("credential", "ways-in", "brand-matrix", "--json")
    assert listed.code == 0, listed.err
    assert {one["id"] for one in listed.json()["ways"]} == {synapse.device(phone), *others}
    told = acme.spawn("credential", "end-way", "brand-matrix", synapse.device(phone), "--json")
    assert [one["gone"] for one in told.json()["ended"]] == [True], told
    assert [synapse.whoami(one) for one in (phone, desk)] == [401, 200]
    assert set(synapse.devices(desk)) == others


def test_an_admin_lists_and_ends_sessions_without_the_password(story: Story, synapse: Any, brand: str) -> None:
    """Somebody changed the password and is signed in: `--by` an admin's account is enough, and asks nothing with the password that is kept here."""
    acme = with_account(story.folder, brand, synapse.url)
    thief = synapse.login(brand, OLD)[1]
    api_token = with_admin(acme, synapse, brand)
    listed = acme.spawn("credential", "ways-in", "brand-matrix", "--by", "matrix-admin", "--json")
    assert listed.code == 0, listed
    assert synapse.device(thief) in {one["id"] for one in listed.json()["ways"]}
    assert synapse.whoami(thief) == 200, "the control: it works until it is ended"
    told = acme.spawn("credential", "end-way", "brand-matrix", "--all-of", "session", "--by", "matrix-admin", "--json")
    assert {one["gone"] for one in told.json()["ended"]} == {True}, told
    assert [synapse.whoami(one) for one in (thief, api_token)] == [401, 200]


def test_a_wrong_address_changes_nothing(story: Story, synapse: Any, brand: str) -> None:
    acme = with_account(story.folder, brand, f"{synapse.url}/elsewhere")
    told = acme.run("rotate", "brand-matrix", "--connector", "matrix")
    assert (told.code, "no Matrix server answers" in told.err) == (3, True)
    assert acme.json("rotation", "list")["rotations"][0]["state"] == "staged"
    assert synapse.login(brand, OLD)[0] == 200
