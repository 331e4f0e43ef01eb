"""Every command that looks at the vault, with words that reach it; and those that rightly don't."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from govern.cli.commands import COMMANDS, module_of

READING: tuple[str, ...] = (
    "status",
    "todo",
    "remind --dry-run --json",
    "remind --explain ben --json",
    "doctor",
    "person list",
    "person show ben",
    "key list",
    "account list",
    "account show shop",
    "credential list shop",
    "place list",
    "entitlement list --json",
    "spokesperson list --json",
    "exception list --json",
    "account check --json",
    "review list --json",
    "review show 012345",
    "review report 012345 --out {new}.d",
    "spokesperson sheet --out {new}.html",
    "document list --json",
    "document show 012345",
    "document diff 012345",
    "document outstanding --json",
    "document report --json",
    "document sheet 012345 --person ben --out {new}.html",
    "training list --json",
    "app list --json",
    "device list --json",
    "who shop",
    "holds ben",
    "envelope list --json",
    "rotation list",
    "rotation show 012345",
    "proposal list --json",
    "proposal show 012345",
    "onboard list --json",
    "onboard show 012345",
    "onboard report 012345 --out {new}",
    "offboard plan ben",
    "offboard list",
    "offboard show 012345",
    "offboard report 012345 --out {new}",
    "policy show",
    "recovery keepers --json",
    "ledger show",
    "ledger verify",
    "ledger checkpoint",
    "ledger compare {note}",
    "ledger prove 3 --out {new}",
    "ledger export --out {new}.export",
    "report holders --json",
    "report leavers --json",
    "incident list --json",
    "incident show 012345",
    "incident text 012345 apology",
    "channel list --json",
    "calendar --out {new}.ics",
)

WRITING: tuple[str, ...] = (
    "person add 'Dora Lund'",
    "person edit ben --locale da",
    "person import {people}",
    "hr import {people}",
    "person role ben hr",
    "person invite cleo",
    "person rekey ben",
    "person approve cleo --fingerprint 0123456789abcdef0123456789abcdef",
    "key add-device",
    "key add-service cutter --purpose run-due --home {new}",
    "key withdraw-service cutter",
    "key revoke --person ben --cause lost",
    "key seal ben",
    "key renew",
    "person erase cleo",
    "proposal approve 012345",
    "proposal approve 012345 --sheet {sheet0} --sheet {sheet1}",
    "proposal withdraw 012345",
    "account add news --platform x --login acme",
    "account edit shop --tier low",
    "account describe shop --second-factor totp",
    "account retire shop",
    "account erase shop",
    "account custody shop ben",
    "credential add shop --kind api-token",
    "credential reaches shop --kind recovery-email --company",
    "credential reseal shop",
    "spokesperson add shop ben --trained-on 2026-01-01",
    "spokesperson end shop ben",
    "review open --scope all",
    "review decide 012345 1 keep --reason needed",
    "review close 012345",
    "review run-due",
    "exception add shop --point second-factor --reason none --until 2027-01-01",
    "exception end shop",
    "document adopt personal-use --shipped",
    "document publish rules --deadline 2099-01-01",
    "document ack rules --version 0123456789abcdef",
    "document verify rules ben",
    "training add ben --subject social-media --on 2026-01-01",
    "entitlement add shop ben --role admin",
    "entitlement end shop ben",
    "app add shop hootsuite --by ben",
    "app end shop hootsuite",
    "device add ben --kind phone",
    "channel add post --kind mail --tls local --sender a@acme.example",
    "channel edit post --port 26",
    "channel test post --to cleo",
    "channel end post",
    "device signed-in phone --accounts shop",
    "device return phone",
    "place add wall --kind paper",
    "place member wall ben",
    "place holds wall --accounts shop",
    "envelope opened shop",
    "place clean wall --accounts shop",
    "known shop ben",
    "import {export}",
    "grant shop ben",
    "revoke shop ben",
    "rotate shop",
    "rotation confirm 012345",
    "rotation reject 012345",
    "rotation unsure 012345",
    "rotation lost 012345",
    "rotation abort 012345",
    "rotation reconcile",
    "incident report --account shop --kind leak --note seen",
    "incident answer 012345",
    "incident open shop --kind takeover",
    "incident drill shop",
    "incident second 012345 ben",
    "incident done 012345 evidence",
    "incident skip 012345 evidence --reason gone",
    "incident all-clear 012345",
    "incident close 012345 --lessons learned",
    "incident freeze shop",
    "incident thaw shop",
    "onboard open ben",
    "onboard add 012345 --accounts shop",
    "onboard assign 012345 1 ben",
    "onboard done 012345 1",
    "onboard verify 012345 1",
    "onboard waive 012345 1 --reason gone",
    "onboard not-applicable 012345 1 --reason gone",
    "onboard reopen 012345 1",
    "onboard refresh 012345",
    "onboard close 012345",
    "offboard open ben",
    "offboard assign 012345 1 ben",
    "offboard done 012345 1",
    "offboard verify 012345 1",
    "offboard waive 012345 1 --reason gone",
    "offboard not-applicable 012345 1 --reason gone",
    "offboard reopen 012345 1",
    "offboard cut 012345",
    "offboard run-due",
    "offboard refresh 012345",
    "offboard close 012345",
    "tick",
    "remind",
    "snooze 012345 --until 2026-12-01 --reason later",
    "ack 012345",
    "policy adopt {policy}",
    "vault backup --out {new}",
    "vault move {vault} {new}",
    "recovery replace --recovery-out {new}",
    "recovery rewrap",
    "recovery given 1 ben",
    "recovery drill --sheet {sheet0} --sheet {sheet1}",
)

SHOWING: tuple[str, ...] = (
    "reveal shop --stdout",
    "reveal shop --stdout --json",
    "code shop",
    "credential use-code shop --stdout",
    "credential ways-in shop --json",
    "credential end-way shop x --json",
    "envelope print shop --out {new}",
    "handover shop cleo --kind password --stdout",
    "export --format bitwarden-json --out {new} --reason moving",
)

EXEMPT: frozenset[str] = frozenset(
    {
        "demo",  # on a vault of its own
        "init",  # makes one
        "join",  # of a machine that is no member's yet: tested with the enrolment
        "platform list",  # reads what is shipped
        "platform show",  # reads what is shipped
        "policy check",  # reads a file
        "incident check",  # reads a file
        "recovery print",  # reads a file
        "schedule show",  # reads the seed record
        "schedule install",  # reads the seed record
        "schedule uninstall",  # reads the seed record
        "vault restore",  # the way to mend it
        "vault trust",  # for a machine that has lost its memory: tested with it
        "vault recover",  # on an empty machine, which can't know better: tested with the recovery
    }
)

COMMANDS_OF_THE_VAULT = (*READING, *WRITING, *SHOWING)


def words(line: str, folder: Path, home: Path, vault: object = "") -> list[str]:
    """The words of a line, with its files made; `vault` is where the vault is, if not in the folder above `home`."""
    import shlex

    files = {
        "vault": vault or home.parent / "vault.db",
        "new": folder / "new.out",
        "note": folder / "note.txt",
        "people": folder / "people.csv",
        "export": folder / "export.csv",
        "policy": folder / "policy.yaml",
        "sheet0": home / "recovery" / "recovery-sheet-1-of-3.txt",
        "sheet1": home / "recovery" / "recovery-sheet-2-of-3.txt",
    }
    files["note"].write_text("govern/x\n1\nAAAA\n\n")
    files["people"].write_text("name,mail\nDora Lund,dora@acme.example\n")
    files["export"].write_text("name,url,username,password\nNews,https://x.com,acme,hunter2-and-more\n")
    files["policy"].write_bytes(Path(__file__).parents[3].joinpath("policies", "default.yaml").read_bytes())
    return [word.format(**files) for word in shlex.split(line)]


def every_command() -> Iterator[str]:
    """All commands of the program: `status`, `person add`, …"""
    for name in COMMANDS:
        yield from _leaves(name, typer.main.get_command(importlib.import_module(module_of(name)).app))


def _leaves(path: str, command: Any) -> Iterator[str]:
    if getattr(command, "commands", None):
        for name, below in command.commands.items():
            yield from _leaves(f"{path} {name}", below)
    else:
        yield path
