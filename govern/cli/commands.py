"""Which sub-commands there are and in which module each lives: read by `--help` and completion without loading any of them."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "demo": "The whole story on a vault of its own",
    "init": "Found a vault: keys, recovery sheets, policy",
    "status": "What to do next, and what is wrong",
    "todo": "What is open for you, or for somebody else",
    "tick": "Carry out all that time has made due, once",
    "schedule": "Have this machine run tick by itself: show, install, uninstall",
    "remind": "Tell everybody what is due for them, once",
    "snooze": "Put a due thing off, for a reason and a while",
    "ack": "Say that you have seen a due thing",
    "doctor": "Check keys, pin, journal, store and recovery",
    "join": "Answer an invite on a new machine",
    "person": "People: add, list, show, role, import, invite, approve, rekey, erase",
    "key": "Keys: list, add or withdraw a service, add a machine, revoke, seal, renew",
    "proposal": "Acts of two persons: list, show, approve, withdraw",
    "account": "Accounts: add, list, show, edit, describe, check, retire, custody",
    "credential": "Credentials of an account: add, list, reaches, use-code, ways-in, end-way",
    "spokesperson": "Who may publish in whose name: add, list, end, sheet",
    "review": "Who still needs what they hold: open, list, show, decide, close, run-due, report",
    "exception": "Rules of the house set aside, why and until when: add, list, end",
    "document": "Documents to sign: adopt, list, show, diff, publish, ack, verify, outstanding, report, sheet",
    "training": "Trainings of people: add, list",
    "entitlement": "Roles of people's own on platforms: add, list, end",
    "app": "Tools connected to accounts: add, list, end",
    "device": "Devices of the company: add, list, signed-in, return",
    "place": "Places where copies lie: add, list, member, holds, clean",
    "known": "Declare who already knows a secret",
    "import": "Take in a password manager's export or a spreadsheet",
    "export": "Give everything back, recorded first",
    "grant": "Allow a person to hold an account",
    "revoke": "End a person's grant",
    "handover": "Give a secret to a holder without keys",
    "envelope": "Sealed paper for critical accounts: print, opened, list",
    "reveal": "Show a secret, recorded first",
    "code": "Show a TOTP code, recorded first",
    "who": "Who holds an account, and who could know its secrets",
    "holds": "What a person holds and could know",
    "rotate": "Change a secret on its platform, step by step",
    "rotation": "Rotations: list, show, confirm, reject, unsure, lost, abort, reconcile",
    "incident": "Something went wrong: report, open, work through, freeze, drill, close",
    "onboard": "Somebody new: open, add, work through, close, report",
    "offboard": "A departure: plan, open, work through, close, report",
    "channel": "Ways by which reminders go out: add, list, edit, end, test",
    "calendar": "What is due for a person, as a calendar file",
    "report": "Populations for an audit: leavers, holders",
    "hr": "Joiners, movers and leavers from the export of an HR program: import",
    "platform": "Platforms: how each is changed, and how far that is known",
    "policy": "The rules in force: show, check, adopt",
    "ledger": "The ledger: show, verify, checkpoint, compare, prove, export",
    "vault": "The vault itself: backup, restore, move, trust, recover",
    "recovery": "Recovery sheets: given, keepers, drill, replace, rewrap, print",
}
"""Command -> its line in the help. The module is `govern.cli.<command>` (with a trailing underscore for Python's own words)."""

_PYTHON_WORDS: Final = frozenset({"import"})


def module_of(command: str) -> str:
    return f"govern.cli.{command}_" if command in _PYTHON_WORDS else f"govern.cli.{command}"
