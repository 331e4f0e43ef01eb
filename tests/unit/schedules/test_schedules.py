"""Files for four schedulers: whatever paths are named, each reads them as they are; nobody else's file is touched."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from govern.cli import schedule as shown
from govern.errors import Refused, Usage
from govern.procedures.schedules import others, systemd, writing
from govern.procedures.schedules.plan import EVERY, MARK, Plan, Scheduler, Text

NOW = "2026-11-22T09:00:00Z"
ODD = "/srv/100% of it/a \"b\" $HOME 'c' \\d é"
"""Blanks, percent signs, quotes, a dollar, a backslash."""


def plan(folder: str = "/srv/govern", **more: object) -> Plan:
    about: dict[str, object] = {
        "program": (f"{folder}/bin/govern",), "home": f"{folder}/home", "key": f"{folder}/key", "vault": f"{folder}/vault.db",
        "writes": (f"{folder}/home", folder),
    }  # fmt: skip
    return Plan(**(about | more))  # type: ignore[arg-type]


def lines(text: str, name: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{name}=")]


def unquoted(value: str) -> list[str]:
    """Words as systemd.syntax(7) reads them, and specifiers as systemd.unit(5) does."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in words]


def test_systemd_reads_every_path_as_it_is() -> None:
    service = systemd.text(plan(ODD)).files[0].text
    assert unquoted(lines(service, "ExecStart")[0].replace("$$", "$")) == [
        "/bin/sh",
        "-c",
        'exec "$0" "$@"',
        f"{ODD}/bin/govern",
        "tick",
        "--quiet",
    ]
    assert [unquoted(line)[0] for line in lines(service, "Environment")] == [f"GOVERN_HOME={ODD}/home", f"GOVERN_VAULT={ODD}/vault.db"]
    assert unquoted(lines(service, "ReadWritePaths")[0]) == [f"{ODD}/home", ODD]
    assert lines(service, "LoadCredential") == [f"govern-key:{ODD}/key".replace("%", "%%")], (
        "the rest of that line is one path, quotes and all"
    )


@pytest.mark.parametrize("end", ["\\", " "], ids=["backslash", "blank"])
def test_a_key_whose_path_systemd_would_read_otherwise_is_refused(end: str) -> None:
    """A backslash would take the next line along, a blank would be dropped. In the midst of a path both are read as they are."""
    with pytest.raises(Usage) as refused:
        systemd.text(plan(key=f"/srv/key{end}"))
    assert refused.value.hint
    assert f"govern-key:/srv/a{end}b" in systemd.text(plan(key=f"/srv/a{end}b")).files[0].text


def test_a_program_with_a_plain_path_is_started_without_a_shell() -> None:
    assert lines(systemd.text(plan("/srv/100% of it")).files[0].text, "ExecStart") == ['"/srv/100%% of it/bin/govern" "tick" "--quiet"']


def test_the_key_is_a_credential_and_no_variable() -> None:
    """Not one either that the session has for the member's own commands: it would stand before the credential."""
    text = "".join(one.text for one in systemd.text(plan()).files)
    assert "LoadCredential=govern-key:/srv/govern/key" in text
    assert "GOVERN_KEY_FILE=" not in text
    assert lines(text, "UnsetEnvironment") == ["GOVERN_KEY_FILE"]


def test_what_lies_where_the_service_has_a_folder_of_its_own_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    shown.note_passing(plan("/tmp/trial", vault="/srv/vault.db"), Scheduler.SYSTEMD)
    assert re.search(r"/tmp/trial/bin/govern, /tmp/trial/home: .*move that first", capsys.readouterr().err)
    shown.note_passing(plan(), Scheduler.SYSTEMD)
    shown.note_passing(plan("/tmp/trial"), Scheduler.CRON)
    assert capsys.readouterr().err == "", "the control: elsewhere, and to cron, it is there"


@pytest.mark.parametrize("user", ["root sh", "a;b", "-u", "a:b", "a\\b", "0"])
@pytest.mark.parametrize("write", [systemd.text, others.cron, others.launchd], ids=["systemd", "cron", "launchd"])
def test_attack_a_user_that_is_more_than_a_name_is_refused(write: Callable[[Plan], Text], user: str) -> None:
    """Behind a blank cron would read a command. Control: names as accounts have them."""
    with pytest.raises(Usage):
        write(plan(user=user))
    for name in ("govern", "_govern", "svc-govern.night", "machine$"):
        assert any(name in one.text for one in write(plan(user=name)).files)


def test_no_file_of_cron_has_a_dot_in_its_name() -> None:
    """Else it would be passed over, without a word."""
    (file,) = others.cron(plan(user="govern", name="govern-tick-night.one")).files
    assert file.where == "/etc/cron.d/govern-tick-night-one"


@pytest.mark.parametrize("user", ["", "govern"], ids=["own", "system"])
def test_the_service_is_hardened(user: str) -> None:
    service = systemd.text(plan(user=user)).files[0].text
    for setting in ("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "SystemCallFilter=@system-service", "UMask=0077"):
        assert setting in service.splitlines()
    assert ("User=govern" in service) == ("CapabilityBoundingSet=" in service) == bool(user)


@pytest.mark.parametrize("user", ["", "root"], ids=["own", "system"])
@pytest.mark.parametrize(("every", "name"), [*((every, "100% of it") for every in EVERY), (60, ODD[1:].replace("/", "-"))])
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path, user: str, every: int, name: str) -> None:
    """With an existing program below a folder of blanks, percent signs, quotes and backslashes. Control: a unit with a word too much is refused."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here, so nothing checks units but our own reading of them")
    folder = tmp_path / name
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "govern"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    files = systemd.text(plan(str(folder), user=user, every=every)).files
    for one in files:
        (tmp_path / one.name).write_text(one.text)

    def verified() -> subprocess.CompletedProcess[str]:
        command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / one.name) for one in files)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    told = verified()
    if "Failed to" in told.stderr and "manager" in told.stderr:
        pytest.skip(f"systemd-analyze can't work here: {told.stderr.strip()[:200]}")
    ours = [line for line in told.stderr.splitlines() if "govern-tick" in line]
    assert (told.returncode, ours) == (0, []), told
    (tmp_path / "govern-tick.service").write_text(
        files[0].text.replace("Type=oneshot", "Type=sometimes").replace("ExecStart=", "ExecStart=-nowhere/")
    )
    assert verified().returncode != 0


def as_cron(command: str) -> str:
    """What cron hands to the shell (crontab(5)): all up to a % that no backslash escapes, which itself goes; a backslash before anything else stays."""
    taken = re.match(r"(?:\\.|[^%\\])*", command)
    assert taken is not None
    return taken[0].replace("\\\\", "\0").replace("\\%", "%").replace("\0", "\\\\")


@pytest.mark.parametrize("name", ["100% of 'it'", "a\\%b", "a\\\\%b%\\c", '$HOME `id` "x" \\'])
def test_cron_and_the_shell_behind_it_run_what_is_meant(tmp_path: Path, name: str) -> None:
    """The line is taken as cron does, up to an unescaped %, and handed to sh."""
    folder = tmp_path / name
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "govern"
    program.write_text('#!/bin/sh\nprintf "%s|%s|%s|%s" "$GOVERN_HOME" "$GOVERN_KEY_FILE" "$GOVERN_VAULT" "$*"\n')
    program.chmod(0o755)
    (written,) = others.cron(plan(str(folder))).files
    minute, *_, command = written.text.rstrip("\n").split(" ", 5)
    assert 0 < int(minute) < 60
    taken = as_cron(command)
    told = subprocess.run(["/bin/sh", "-c", taken], capture_output=True, text=True, check=True, env={"PATH": "/bin:/usr/bin"})
    assert told.stdout == f"{folder}/home|{folder}/key|{folder}/vault.db|tick --quiet"
    assert others.cron(plan(every=15)).files[0].text.startswith("*/15 * * * * ")
    assert " * * * * root GOVERN_HOME=" in others.cron(plan(user="root")).files[0].text


def test_launchd_is_given_a_well_formed_list_and_it_says_that_nobody_has_tried_it() -> None:
    made = others.launchd(plan(ODD, every=30))
    about = plistlib.loads(made.files[0].text.encode())
    assert about["ProgramArguments"] == [f"{ODD}/bin/govern", "tick", "--quiet"]
    assert about["EnvironmentVariables"] == {
        "GOVERN_HOME": f"{ODD}/home",
        "GOVERN_KEY_FILE": f"{ODD}/key",
        "GOVERN_VAULT": f"{ODD}/vault.db",
    }
    assert about["StartInterval"] == 1800
    assert made.untried
    assert "untried" in made.files[0].text


def test_windows_is_given_a_well_formed_task_and_no_path_that_its_command_line_would_read_as_something_else() -> None:
    folder = "C:\\Program Files\\Jørgen's govern (1)"
    made = others.windows(plan(folder), NOW)
    root = ET.fromstring(made.files[0].text)  # noqa: S314  our own text
    names = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    arguments = root.findtext(".//t:Arguments", namespaces=names)
    assert arguments is not None
    assert f'"{folder}/bin/govern" "tick" "--quiet"' in arguments
    assert f'set "GOVERN_HOME={folder}/home"&& ' in arguments
    assert root.findtext(".//t:Interval", namespaces=names) == "PT60M"
    assert made.untried
    for odd in ("C:\\100% sure", 'C:\\a"b', "C:\\a&b"):
        with pytest.raises(Usage):
            others.windows(plan(odd), NOW)


@pytest.mark.parametrize("scheduler", Scheduler)
def test_no_file_holds_a_key_and_nothing_that_would_begin_a_line_of_its_own(scheduler: Scheduler) -> None:
    assert writing.text(plan(), scheduler, NOW).files
    with pytest.raises(Usage):
        plan("/srv/govern\nExecStart=/bin/false")
    with pytest.raises(Usage):
        plan(every=7)


def test_installing_twice_changes_nothing_and_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    home, config = tmp_path / "home", tmp_path / "config"
    home.mkdir()
    one = plan(home=str(home))

    def places(of: Plan) -> list[writing.Place]:
        return writing.places(systemd.text(of).files, {"systemd": config})

    writing.install(places(one), one, Scheduler.SYSTEMD)
    assert [each.state for each in places(one)] == ["same", "same"]
    assert all(os.stat(each.path).st_mode & 0o777 == 0o644 for each in places(one))
    other = plan(home=str(home), every=15)
    assert [each.state for each in places(other)] == ["same", "replaced"]
    writing.install(places(other), other, Scheduler.SYSTEMD)
    service, timer = (each.path for each in places(other))
    timer.write_text("[Timer]\nOnCalendar=daily\n")
    with pytest.raises(Refused) as refused:
        writing.install(places(one), one, Scheduler.SYSTEMD)
    assert refused.value.rule == "schedule-foreign"
    assert MARK not in timer.read_text()
    with pytest.raises(Refused):
        writing.uninstall(places(other), home)
    assert service.exists(), "all or none"
    timer.unlink()
    assert writing.uninstall(places(other), home) == [service]
    assert not (home / writing.REMEMBERED).exists()


def test_a_link_to_somebody_elses_file_is_not_followed(tmp_path: Path) -> None:
    home, config = tmp_path / "home", tmp_path / "config"
    home.mkdir()
    one = plan(home=str(home))
    (found, _) = writing.places(systemd.text(one).files, {"systemd": config})
    found.path.parent.mkdir(parents=True)
    mine = tmp_path / "mine"
    mine.write_text(f"# {MARK}\n")
    found.path.symlink_to(mine)
    with pytest.raises(Refused):
        writing.install(writing.places(systemd.text(one).files, {"systemd": config}), one, Scheduler.SYSTEMD)
    assert mine.read_text() == f"# {MARK}\n"


def test_a_schedule_by_which_nothing_has_run_for_days_is_a_finding(tmp_path: Path) -> None:
    home = tmp_path / "services" / "night"
    home.mkdir(parents=True)
    one = plan(home=str(home))
    assert writing.findings(tmp_path, "2030-01-01") == [], "the control: nothing is scheduled"
    writing.install(writing.places(systemd.text(one).files, {"systemd": tmp_path / "config"}), one, Scheduler.SYSTEMD)
    writing.ran(home)
    os.utime(home / writing.RAN, (1_795_000_000, 1_795_000_000))  # 2026-11-18
    assert writing.findings(tmp_path, "2026-11-19") == []
    (finding,) = writing.findings(tmp_path, "2026-11-20")
    assert (finding.code, finding.severity, finding.subject, finding.due) == ("tick-silent", "warning", "night", "2026-11-18")
    assert [each.subject for each in writing.findings(home, "2026-11-20")] == ["here"]
