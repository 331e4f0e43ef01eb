"""The same for cron, launchd (macOS) and the Task Scheduler of Windows. The last two have been read by parsers and run by nobody here."""

from __future__ import annotations

import plistlib
import shlex
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from govern.errors import Usage
from govern.procedures.schedules.plan import MARK, Plan, Text, Written
from govern.shell import quoted as in_shell


def cron(plan: Plan) -> Text:
    """One line for `crontab -e`, or with a user for a file in /etc/cron.d. A % would end the command there, so each is escaped;
    behind a backslash, which cron would take for its own, quotes are closed and opened first."""
    minutes = f"{_minute(plan.name)}" if plan.every == 60 else f"*/{plan.every}"
    named = {"GOVERN_HOME": plan.home, "GOVERN_KEY_FILE": plan.key, "GOVERN_VAULT": plan.vault}
    words = [*(f"{name}={shlex.quote(value)}" for name, value in named.items()), *map(shlex.quote, plan.command)]
    command = " ".join(words).replace("\\%", "\\''%").replace("%", "\\%")
    line = f"{minutes} * * * * {plan.of_unix().user + ' ' if plan.user else ''}{command}\n"
    if plan.user:
        name = plan.name.replace(".", "-")  # cron passes over files with a dot in their name
        return Text((Written(name, f"# {MARK}\n{line}", f"/etc/cron.d/{name}"),), ())
    return Text((Written(f"{plan.name}.cron", line),), ("crontab -e",))


def _minute(name: str) -> int:
    """Not on the hour, when everything runs; the same for one name wherever it is asked."""
    return 7 + sum(name.encode()) % 46


def launchd(plan: Plan) -> Text:
    label = f"govern.{plan.name}"
    about: dict[str, object] = {
        "Label": label, "ProgramArguments": list(plan.command), "StartInterval": plan.every * 60, "ProcessType": "Background", "Umask": 0o77,
        "EnvironmentVariables": {"GOVERN_HOME": plan.home, "GOVERN_KEY_FILE": plan.key, "GOVERN_VAULT": plan.vault},
    }  # fmt: skip
    if plan.user:
        about["UserName"] = plan.of_unix().user
    text = plistlib.dumps(about).decode().replace("<plist", f"<!-- {MARK}; untried -->\n<plist", 1)
    where = f"{'/Library/LaunchDaemons' if plan.user else 'LaunchAgents'}/{label}.plist"
    target = "system" if plan.user else "gui/$(id -u)"
    path = f"/{where.lstrip('/')}" if plan.user else f"~/Library/{where}"
    return Text(
        (Written(f"{label}.plist", text, where),), (f"{'sudo ' if plan.user else ''}launchctl bootstrap {target} {path}",), untried=True
    )


_UNSAYABLE: Final = '%"^&|<>!'
"""What `cmd` reads as something else even in quotes."""

_TASK: Final = """\
<?xml version="1.0"?>
<!-- {mark}; untried -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>govern: carry out what is due</Description>
  </RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <Repetition>
        <Interval>PT{every}M</Interval>
      </Repetition>
      <StartBoundary>{begins}</StartBoundary>
      <Enabled>true</Enabled>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">{user}
      <LogonType>{logon}</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <StartWhenAvailable>true</StartWhenAvailable>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <ExecutionTimeLimit>PT4H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>cmd.exe</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def windows(plan: Plan, now: str) -> Text:
    """A task to import. `now`: UTC, from which on it repeats."""
    for value in (*plan.command, plan.home, plan.key, plan.vault):
        if any(char in value for char in _UNSAYABLE):
            raise Usage(
                f"{value[:100]!r} has characters that a command line of Windows reads as something else", hint="use a path without them"
            )
    named = {"GOVERN_HOME": plan.home, "GOVERN_KEY_FILE": plan.key, "GOVERN_VAULT": plan.vault}
    sets = "".join(f'set "{name}={value}"&& ' for name, value in named.items())
    command = " ".join(f'"{word}"' for word in plan.command)
    user = f"\n      <UserId>{escape(plan.user)}</UserId>" if plan.user else ""
    text = _TASK.format(
        mark=MARK, every=plan.every, begins=datetime.fromisoformat(now).strftime("%Y-%m-%dT%H:%M:%SZ"), user=user,
        logon="S4U" if plan.user else "InteractiveToken", arguments=escape(f'/d /s /c "{sets}{command}"'),
    )  # fmt: skip
    return Text(
        (Written(f"{plan.name}.xml", text),), (f"schtasks /Create /TN {plan.name} /XML {in_shell(f'{plan.name}.xml')}",), untried=True
    )
