"""Where things are and what time it is: the only reader of the environment and of the clock."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from govern.errors import Usage
from govern.languages import LOCALES, locale_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from govern.languages import Language
    from govern.register.workspace import Workspace
    from govern.store.address import Location
    from govern.vault.keys import Keys


def place(named: str | Path) -> Path:
    """A path as somebody typed it, made absolute; Usage where it names a home folder that nobody has."""
    try:
        return Path(named).expanduser().absolute()
    except (RuntimeError, ValueError) as error:
        raise Usage(f"{str(named)[:200]!r} is no path", hint="name a file or a folder") from error


class Settings(NamedTuple):
    """Options that stand before or behind any command, merged with the environment."""

    vault: str = ""
    key_file: Path | None = None
    no_input: bool = False

    @property
    def home(self) -> Path:
        """GOVERN_HOME, else the platform's folder for this program's data."""
        named = os.environ.get("GOVERN_HOME")
        if named:
            return place(named)
        from platformdirs import user_data_path

        return user_data_path("govern", appauthor=False)

    @property
    def path(self) -> Location:
        """Where the vault is: a SQLite file, or a database on a server."""
        named = self.vault or os.environ.get("GOVERN_VAULT", "")
        return located(named) if named else self.home / "vault.db"

    @property
    def named_key_file(self) -> Path | None:
        """--key-file, GOVERN_KEY_FILE, or the systemd credential `govern-key`."""
        if self.key_file is not None:
            return place(str(self.key_file))
        if os.environ.get("GOVERN_KEY_FILE"):
            return place(os.environ["GOVERN_KEY_FILE"])
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder, "govern-key") if folder else None
        return credential if credential is not None and credential.is_file() else None

    @property
    def terminal(self) -> bool:
        """Whether somebody can be asked."""
        return not self.no_input and sys.stdin is not None and sys.stdin.isatty()


def located(named: str) -> Location:
    """A vault's location as it was typed. Usage where it, or the environment, holds a password."""
    from govern.store.address import PGPASS_HINT, Server, typed

    if "://" not in named:
        return place(named)
    location = typed(named, ask=_database_password if current.terminal else None)
    if isinstance(location, Server) and os.environ.get("PGPASSWORD"):
        raise Usage("PGPASSWORD holds a password in the environment, where others on this machine can read it", hint=PGPASS_HINT)
    return location


@cache
def _database_password(question: str) -> str:
    """Asked once, however many connections a command opens."""
    from govern.cli.prompt import database_password

    return database_password(question).reveal()


current = Settings()
"""Set once by the command line's entry."""


def use(settings: Settings) -> None:
    global current
    current = settings


def now() -> str:
    """UTC ISO 8601, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds() -> int:
    """The same clock in whole seconds since 1970: what one-time codes count."""
    return int(datetime.strptime(now(), "%Y-%m-%dT%H:%M:%S%z").timestamp())


def variable(name: str) -> str:
    """One variable of the environment; empty where it is not set."""
    return os.environ.get(name, "")


def keyring_backend() -> Any | None:
    from govern.vault.custody.keyring import find_backend

    return find_backend()


def unlock() -> Keys:
    """This member's keys, from the custody that the seed record names."""
    from govern.cli.prompt import passphrase
    from govern.vault.custody.choose import load_seed
    from govern.vault.custody.record import Custody, read_record
    from govern.vault.keys import Keys

    record = read_record(current.home / "seed.json")
    backend = keyring_backend() if record.custody is Custody.KEYRING and current.named_key_file is None else None
    seed = load_seed(record, passphrase=passphrase if current.terminal else None, key_file=current.named_key_file, backend=backend)
    return Keys(seed)


def workspace() -> Workspace:
    """The vault, as this machine's member sees it."""
    from govern.store.address import may_be_there
    from govern.store.peek import no_vault

    if not may_be_there(current.path):
        raise no_vault(current.path)
    return workspace_anyhow()


def workspace_anyhow(*, noted: bytes | None = None, path: Location | None = None, home: Path | None = None) -> Workspace:
    """The same, whether or not the database is there; `noted` is a checkpoint to begin anew from, where this machine's memory is gone, and
    `path` and `home` another location and another folder for the register than those that hold for every command."""
    from govern.register.workspace import Workspace
    from govern.vault.custody.record import read_record

    path, home = path or current.path, home or current.home
    record = read_record(current.home / "seed.json")
    opened = Workspace(
        path=path, home=home, vault=record.vault, person=record.person.hex(), checkpoint=record.checkpoint.encode() if noted is None else noted, unlock=unlock,
        anew=noted is not None,
    )  # fmt: skip
    _opened.append(opened)
    return opened


_opened: list[Workspace] = []


def registers() -> list[sqlite3.Connection]:
    """The registers that this process has open."""
    return [opened.db for opened in _opened]


def close() -> None:
    """Close every database that this command opened."""
    while _opened:
        _opened.pop().close()


def need(value: str | None, option: str, question: str) -> str:
    """The option's value, or what is typed on a terminal; without one a refusal that names the option."""
    if value:
        return value
    if current.terminal:
        from govern.cli.prompt import ask

        answer = ask(question)
        if answer:
            return answer
    raise Usage(f"{option} is missing", hint=f"give {option}, or run it on a terminal")


def reading(named: str, opened: Workspace) -> Language:
    """The language that whoever asks reads: as named, else as kept of them, else the machine's."""
    from govern.languages import language
    from govern.register.queries import people

    return language(locale(named, lambda: people.by_id(opened.view(), opened.person).locale))


def locale(named: str, own: Callable[[], str]) -> str:
    """The language to write for people in: as named, else the one kept of the person who asks, else the machine's, else English.

    Raises Usage for a named language that there are no texts in; any other unknown one is passed over.
    """
    if named:
        found = locale_of(named)
        if not found:
            raise Usage(f"there are no texts in {named[:20]!r}", hint=f"--locale {'|'.join(LOCALES)}")
        return found
    machine = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return locale_of(own()) or locale_of(machine) or "en"
