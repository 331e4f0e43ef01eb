"""The clipboard of the machine: a secret goes in through a program's stdin, never its arguments, and out again after a while.

Which program there is depends on the desktop; those of macOS and Windows are called as their manuals say, and untried here.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govern.cli import forget, settings
from govern.errors import Failed
from govern.vault.secret import Secret

SECONDS: Final = 45
"""How long a secret stays in the clipboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How one clipboard is written and read. `display` is the variable without which the program has no desktop to talk to."""

    write: tuple[str, ...]
    display: str = ""
    encoding: str = "utf-8"


PROGRAMS: Final = (
    Program(write=("wl-copy",), display="WAYLAND_DISPLAY"),
    Program(write=("xclip", "-selection", "clipboard"), display="DISPLAY"),
    Program(write=("xsel", "--clipboard", "--input"), display="DISPLAY"),
    Program(write=("pbcopy",)),
    Program(write=("clip.exe",), encoding="utf-16-le"),
)


def find() -> Program | None:
    """The first program that is there and has a desktop; None where there is none."""
    for program in PROGRAMS:
        if shutil.which(program.write[0]) and (not program.display or settings.variable(program.display)):
            return program
    return None


def put(secret: Secret, program: Program) -> bool:
    """Copy, and leave a child behind that forgets it after SECONDS unless something else was copied; whether that child runs.

    Raises Failed, quoting nothing, where the program does not take it.
    """
    text = secret.reveal()
    try:
        done = subprocess.run(
            program.write,
            input=text.encode(program.encoding),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )
        failed = done.returncode != 0
    except (OSError, subprocess.TimeoutExpired):
        failed = True
    if failed:
        raise Failed(
            f"{program.write[0]} did not take the secret", code="clipboard", hint="it is recorded as shown; --stdout prints it instead"
        )
    return _forget_later(text, program.write[0])


def _forget_later(text: str, program: str) -> bool:
    salt = secrets.token_bytes(16)
    ticket = salt + hashlib.sha256(salt + text.encode()).digest()
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", str(Path(forget.__file__)), program, str(SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name != "nt",
            creationflags=0x00000008 if os.name == "nt" else 0,  # DETACHED_PROCESS
        )
        if child.stdin is not None:
            child.stdin.write(ticket)
            child.stdin.close()
    except OSError:
        return False
    child.returncode = 0  # it outlives this process on purpose: no warning about that, no waiting
    return True
