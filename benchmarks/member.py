"""A member's machine and a vault of any size, made by the installed command and by the transactions that every procedure uses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from measure import environment

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

NOW = (datetime.now(UTC) + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
"""Later than the vaults' founding: each entry that claims a time long before another's makes a finding."""
KNOWN = 100
"""Credentials that the leaver knows, in a vault of any size."""

_PLATFORMS = ("instagram", "x", "linkedin", "tiktok", "youtube", "mastodon")


@dataclass(frozen=True, slots=True)
class Member:
    """One state folder with its key file and vault."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return environment(GOVERN_HOME=str(self.folder), GOVERN_KEY_FILE=str(self.folder / "key"), HOME=str(self.folder))

    def command(self, *words: str) -> tuple[list[str], dict[str, str]]:
        """A `govern` command of this member, to be measured."""
        return [str(Path(sys.executable).with_name("govern")), *words], self.environment

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """What procedures work on, as the command line opens it."""
        from govern.cli import settings

        before = dict(os.environ)
        os.environ.update(self.environment)
        workspace = settings.workspace()
        try:
            yield workspace
        finally:
            workspace.close()
            os.environ.clear()
            os.environ.update(before)


def found(folder: Path) -> Member:
    """A new vault in the state folder `folder`."""
    member = Member(folder)
    words, env = member.command(
        "init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>", "--handle", "mia", "--recovery", "1-of-1"
    )
    subprocess.run(words, env=env, check=True, capture_output=True)
    return member


def copies(member: Member, folder: Path, number: int) -> list[Member]:
    """As many machines with the same vault, to be used up one by one."""
    made = [Member(folder / f"copy-{one}") for one in range(number)]
    for copy in made:
        shutil.copytree(member.folder, copy.folder)
    return made


def grow(member: Member, accounts: int) -> None:
    """As many accounts as an import `--without-secrets` would make, four entries each; a leaver knows and holds the first hundred."""
    with member.workspace() as workspace, workspace.transaction(NOW) as tx:
        place, leaver = tx.new_id(), tx.new_id()
        tx.record("place.added", {"place": place, "kind": "manager"}, {"name": "the old manager"})
        tx.record("person.added", {"person": leaver}, {"handle": "anna", "name": "Anna Berg", "mail": "anna@acme.example"})
        for number in range(accounts):
            account, credential = add_account(tx, number, place)
            if number < KNOWN:
                tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": leaver})
                tx.record("knowledge.declared", {"credential": credential, "person": leaver})


def add_account(tx: Transaction, number: int, place: str, changed: str = "") -> tuple[str, str]:
    """One account with its first holder and a password that is kept elsewhere, by an import or last changed at a UTC time; ids of both."""
    account, credential = tx.new_id(), tx.new_id()
    platform = _PLATFORMS[number % len(_PLATFORMS)]
    tx.record(
        "account.added",
        {"account": account, "handle": f"{platform}-{number:06}", "platform": platform, "tier": "standard", "custodian": tx.actor},
        {"login": f"brand{number}@acme.example", "url": f"https://{platform}.example/login", "title": f"Brand {number}"},
    )
    tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": tx.actor, "founding": True})
    tx.record("credential.added", {"credential": credential, "account": account, "kind": "password", "kept_in": place})
    tx.record(
        "version.staged",
        {
            "credential": credential, "version": 1, "state": "current", "origin": "imported", "others_unknown": not changed or None,
            "changed_at": changed or None,
        },
    )  # fmt: skip
    return account, credential


def build(folder: Path, accounts: int) -> Member:
    """A vault of so many accounts, built by a process of its own, so that whoever measures stays small; one that is there is taken."""
    if folder.exists():
        return Member(folder)
    subprocess.run([sys.executable, __file__, str(folder), str(accounts)], env=environment(), check=True)
    return Member(folder)


if __name__ == "__main__":
    grow(found(Path(sys.argv[1])), int(sys.argv[2]))
