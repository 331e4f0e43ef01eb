"""A service through the installed command: made by an admin, at work by itself with nothing but its folder and key file, ended again."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ... import warm
from ...conftest import govern_command
from .members import SECRET, Member, enrolled


def unattended(service: Member, **more: str) -> int:
    """Exit code of a run without a key file that is named."""
    without = {name: value for name, value in service.environment().items() if name != "GOVERN_KEY_FILE"} | more
    with warm.Popen(
        [govern_command(), "offboard", "run-due"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=without
    ) as process:
        process.communicate(timeout=120)
    return int(process.returncode)


def night(mia: Member, name: str = "night") -> Member:
    """The machine of a service that was made in the default folder."""
    service = mia.other(name)
    service.home = mia.home / "services" / name
    service.key = service.home / "key"
    return service


@pytest.fixture
def served(mia: Member) -> Member:
    mia.ok("key", "add-service", "night", "--purpose", "run-due", "--until", "2099-12-31")
    return mia


def test_the_whole_way_as_processes(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    made = mia.spawn("key", "add-service", "night", "--purpose", "run-due", "--until", "2099-12-31")
    assert made.code == 0, made
    assert "night is authorised: run-due, until 2099-12-31" in made.out
    service = night(mia)
    assert os.stat(service.key).st_mode & 0o777 == 0o600
    assert "no cut is due" in service.spawn("offboard", "run-due").err

    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    mia.ok("offboard", "open", "ben", "--cut-at", soon.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    while datetime.now(UTC) < soon:
        time.sleep(0.02)
    ran = service.spawn("offboard", "run-due", "--json")
    assert ran.code == 0, ran
    assert [case["state"] for case in ran.json()["cases"]] == ["cut"]
    assert service.json("offboard", "run-due")["cases"] == []
    assert ben.run("status").code == 5, "the key of the leaver was revoked"
    assert mia.run("ledger", "verify", "--deep").code == 0
    assert [row["person"] for row in mia.json("who", "shop")["holders"]] == ["mia"]


def test_the_key_comes_as_a_systemd_credential(served: Member) -> None:
    service = night(served)
    folder = served.folder / "credentials"
    folder.mkdir(mode=0o700)
    service.key.rename(folder / "govern-key")
    assert unattended(service) == 5
    assert unattended(service, CREDENTIALS_DIRECTORY=str(folder)) == 0


def test_it_shows_in_the_list_of_keys(served: Member) -> None:
    rows = {row["person"]: row["service"] for row in served.json("key", "list")["keys"]}
    assert rows["night"] == {"purposes": ["run-due"], "until": "2099-12-31T23:59:59Z", "stands": True, "why": None, "accounts": []}
    assert rows["mia"] is None
    assert "service: run-due" in served.ok("key", "list").out


def test_a_service_does_nothing_else(served: Member) -> None:
    """Each command of a person is refused by the rule that also voids it in every replay."""
    service = night(served)
    for words in (
        ("grant", "blog", "ben", "--reason", "why not"),
        ("person", "add", "Eve Adams"),
        ("person", "role", "ben", "hr"),
        ("key", "add-service", "more", "--purpose", "probe", "--home", str(served.folder / "more")),
        ("key", "add-device"),
        ("key", "revoke", "--person", "mia", "--cause", "lost"),
    ):
        assert service.refused(*words)["rule"] == "authority-purpose", words
    assert SECRET not in service.run("reveal", "shop", "--stdout", "--reason", "work").out
    assert not (served.folder / "more" / "key").exists()


def test_one_that_is_ended_records_and_reads_nothing_more(served: Member) -> None:
    service = night(served)
    told = served.json("key", "withdraw-service", "night")
    assert (told["authorities"], len(told["keys"]), told["epochs"]) == (1, 1, 2)
    assert service.spawn("offboard", "run-due").code == 5
    assert served.refused("key", "withdraw-service", "night", code=3)
    assert "service that may do nothing" in served.ok("key", "list").out


def test_its_authority_is_renewed_without_a_new_key(served: Member) -> None:
    before = night(served).key.read_bytes()
    told = served.json("key", "add-service", "night", "--purpose", "run-due", "--until", "2098-01-01")
    assert (told["key"], told["home"]) == (None, None)
    assert night(served).key.read_bytes() == before
    assert night(served).run("offboard", "run-due").code == 0


def test_one_that_was_ended_comes_back_with_a_new_key(served: Member) -> None:
    served.ok("key", "withdraw-service", "night", "--cause", "compromise")
    assert served.refused("key", "add-service", "night", "--purpose", "run-due")["code"] == "exists"
    served.ok("key", "add-service", "night", "--purpose", "run-due", "--home", str(served.folder / "second"))
    again = night(served)
    again.home, again.key = served.folder / "second", served.folder / "second" / "key"
    assert again.run("offboard", "run-due").code == 0


def test_doctor_warns_of_wide_ones(served: Member) -> None:
    """Control: of one purpose, with an end, it says nothing."""

    def codes() -> set[str]:
        return {one["code"] for one in served.run("doctor", "--json").json()["findings"] if one["code"].startswith("service")}

    assert codes() == set()
    served.ok("key", "add-service", "wide", "--purpose", "run-due", "--purpose", "reconcile")
    assert codes() == {"service-wide", "service-endless"}
    (night(served).key).chmod(0o644)
    assert "service-key" in codes()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--purpose", "everything"), 2),
        (("--purpose", "probe", "--until", "soon"), 2),
        (("--purpose", "probe", "--until", "2020-01-01"), 4),
    ],
)
def test_what_is_typed_wrong_leaves_nothing_behind(mia: Member, words: tuple[str, ...], code: int) -> None:
    assert mia.run("key", "add-service", "night", *words).code == code
    assert not night(mia).key.exists()
    assert "night" not in mia.ok("person", "list").out


def test_a_persons_name_is_no_services(mia: Member) -> None:
    assert mia.refused("key", "add-service", "ben", "--purpose", "probe")["rule"] == "service-person"
    assert not night(mia, "ben").key.exists()


def test_somebody_elses_folder_is_left_alone(mia: Member, tmp_path: Path) -> None:
    ben = enrolled(mia, "ben")
    before = (ben.home / "seed.json").read_bytes()
    assert mia.refused("key", "add-service", "night", "--purpose", "probe", "--home", str(ben.home))["code"] == "exists"
    assert (ben.home / "seed.json").read_bytes() == before
