"""A timer and a hardened service for systemd. Every path is quoted as the setting in which it stands reads it (systemd.syntax(7), systemd.unit(5)).

The key is a credential (LoadCredential=, systemd.exec(5)): whoever runs the manager reads the file, and the service alone is shown it, as
$CREDENTIALS_DIRECTORY/govern-key.
"""

from __future__ import annotations

import re
from typing import Final

from govern.errors import Usage
from govern.procedures.schedules.plan import MARK, Plan, Text, Written
from govern.shell import quoted as in_shell

_BOTH: Final = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
"""
_SYSTEM: Final = """\
CapabilityBoundingSet=
AmbientCapabilities=
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
"""
"""What takes a privilege to set up, which the manager of a user does not have."""

_NAMEABLE: Final = re.compile(r"[^\"'\\$]*\Z").match
"""What systemd takes for the path of a program: no quotes, no backslash, and a $ would stay doubled. Arguments may have them."""

_SHELL: Final = 'exec "$0" "$@"'

_OWN: Final = "PrivateUsers=yes\n"
"""With which the manager of a user may restrict what a service sees of the file system."""


def text(plan: Plan) -> Text:
    system = bool(plan.of_unix().user)
    where = "/etc/systemd/system" if system else "systemd/user"
    control = "sudo systemctl" if system else "systemctl --user"
    files = tuple(
        Written(f"{plan.name}.{kind}", content, f"{where}/{plan.name}.{kind}")
        for kind, content in (("service", _service(plan, system=system)), ("timer", _timer(plan)))
    )
    then = [f"{control} daemon-reload", f"{control} enable --now {plan.name}.timer", f"{control} list-timers {plan.name}.timer"]
    if not system:
        then.append("loginctl enable-linger")
    return Text(files, tuple(then))


def _service(plan: Plan, *, system: bool) -> str:
    """Raises Usage for a path that systemd can't be told."""
    words = plan.command if _NAMEABLE(plan.command[0]) else ("/bin/sh", "-c", _SHELL, *plan.command)
    command = " ".join([_quoted(_percent(words[0])), *map(_argument, words[1:])])
    if plan.key != plan.key.strip() or plan.key.endswith("\\"):
        raise Usage(
            f"{plan.key[:100]!r} ends with what systemd takes for the end of its line, or for none",
            hint="use a path that ends with a letter or a digit",
        )
    writes = " ".join(_quoted(_percent(path)) for path in plan.writes)
    return f"""\
# {MARK}; check it with: systemd-analyze verify {in_shell(f"{plan.name}.service")}
[Unit]
Description=govern: carry out what is due
Documentation=man:systemd.timer(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
{f"User={_percent(plan.user)}{chr(10)}" if system else ""}\
Environment={_quoted(_percent(f"GOVERN_HOME={plan.home}"))}
Environment={_quoted(_percent(f"GOVERN_VAULT={plan.vault}"))}
LoadCredential=govern-key:{_percent(plan.key)}
UnsetEnvironment=GOVERN_KEY_FILE
ExecStart={command}
TimeoutStartSec=4h
ReadWritePaths={writes}
{_BOTH}{_SYSTEM if system else _OWN}"""


def _timer(plan: Plan) -> str:
    calendar = "hourly" if plan.every == 60 else f"*:0/{plan.every}"
    return f"""\
# {MARK}
[Unit]
Description=govern: carry out what is due, {"every hour" if plan.every == 60 else f"every {plan.every} minutes"}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec={min(plan.every, 5)}min
Persistent=yes

[Install]
WantedBy=timers.target
"""


def _percent(text: str) -> str:
    """A % begins a specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word, whatever blanks, quotes and backslashes it has."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _argument(word: str) -> str:
    """One word of a command line, where a $ would name a variable as well."""
    return _quoted(_percent(word).replace("$", "$$"))
