"""Asking people, on a terminal only. Questions go to stderr, secrets are typed without echo, nothing here is ever printed to stdout."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Final

from govern.errors import Usage
from govern.vault.secret import Secret


def ask(question: str, *, default: str = "") -> str:
    """One line typed by a person, stripped; the default for an empty line."""
    shown = f"{question} [{default}]: " if default else f"{question}: "
    sys.stderr.write(shown)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise Usage("the input ended before an answer was given")
    return line.strip() or default


def confirm(question: str, letters: str = "y/N") -> bool:
    """True for yes in any of our languages' first letters; anything else is no. `letters`: what is shown of them."""
    return ask(f"{question} ({letters})").casefold() in ("y", "yes", "j", "ja", "o", "oui", "s", "sí", "si")


def passphrase() -> Secret:
    """The passphrase that keeps this machine's keys."""
    return Secret(getpass("Passphrase of your govern keys: ", stream=sys.stderr))


def database_password(question: str) -> Secret:
    """The password of a login of the database, where no pgpass file holds it."""
    return Secret(getpass(f"{question}: ", stream=sys.stderr))


LEAST: Final = 12
"""Characters of a new passphrase."""
_TIMES: Final = 3


def new_passphrase() -> Secret:
    """A new passphrase, typed twice. One that is too short, or not the same twice, is asked for again, three times in all; then Usage."""
    refused = Usage("no passphrase was given")
    for left in reversed(range(_TIMES)):
        first = getpass(f"New passphrase for your govern keys (at least {LEAST} characters): ", stream=sys.stderr)
        if len(first) < LEAST:
            refused = Usage(f"a passphrase of fewer than {LEAST} characters", hint="four or five random words are good")
        elif getpass("Once more: ", stream=sys.stderr) != first:
            refused = Usage("the two passphrases differ", hint="type the same one twice")
        else:
            return Secret(first)
        if left:
            sys.stderr.write(f"{refused.message}; {refused.hint}\n")
    raise refused


def mailed(question: str) -> Secret | None:
    """A code from somebody's mailbox, without echo: until it is used it opens the account. None where nothing was typed."""
    typed = getpass(f"{question}: ", stream=sys.stderr).strip()
    return Secret(typed) if typed else None


def secret(question: str, *, terminal: bool) -> Secret:
    """A secret from the terminal without echo where somebody can be asked, else all of stdin (one trailing newline removed)."""
    if terminal:
        value = getpass(f"{question}: ", stream=sys.stderr)
    else:
        if sys.stdin is None or sys.stdin.isatty():
            raise Usage("the secret is missing", hint="pipe it in on stdin")
        data = sys.stdin.buffer.read(65_537)
        if len(data) > 65_536:
            raise Usage("a secret of more than 64 KiB")
        try:
            value = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Usage("the secret on stdin is not UTF-8 text") from None
        value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise Usage("the secret is empty", hint="type it, or pipe it in on stdin")
    return Secret(value)


def piped() -> bool:
    """Whether something was piped in: bytes that wait on stdin now. Takes one of them; never waits for a pipe that nobody writes to."""
    from select import select

    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return False
    try:
        if not select([sys.stdin.fileno()], [], [], 0)[0]:
            return False
    except (OSError, ValueError):  # no descriptor that can be asked
        pass
    return bool(sys.stdin.buffer.read(1))
