"""How a secret reaches the eyes of the one it is for: stdout, the clipboard or a QR code. Chosen before anything is recorded."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from govern.cli import render
from govern.errors import Failed, Usage

if TYPE_CHECKING:
    from govern.vault.secret import Secret


class Way(StrEnum):
    """Where the secret goes."""

    STDOUT = "stdout"
    CLIPBOARD = "clipboard"
    QR = "qr"


def choose(*, stdout: bool, copy: bool = False, qr: bool = False) -> Way:
    """The way asked for; on a terminal else the clipboard. Raises Usage, naming --stdout, where there is none."""
    if stdout + copy + qr > 1:
        raise Usage("--stdout, --copy and --qr exclude each other", hint="give one of them")
    if qr:
        from govern.cli.qr import check_there

        check_there()
        check_stdout()
        return Way.QR
    if stdout:
        check_stdout()
        return Way.STDOUT
    if not copy and not _somebody_sits_there():
        raise Usage("there is no terminal, so where the secret goes has to be said: --stdout", hint="--stdout writes the secret alone")
    from govern.cli.clipboard import find

    if find() is None:
        raise Usage(
            "no clipboard was found here (wl-copy, xclip, xsel, pbcopy, clip.exe): --stdout",
            hint="--stdout writes the secret alone, without a line break",
        )
    return Way.CLIPBOARD


def check_stdout() -> None:
    """Raises Usage where the caller closed stdout: what nobody can see is not recorded as shown."""
    if sys.__stdout__ is None:
        raise Usage("stdout is closed, so nobody would see it", hint="let stdout lead to somebody")


def _somebody_sits_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def show(way: Way, secret: Secret) -> None:
    """Let the secret out: only behind the transaction that recorded it."""
    match way:
        case Way.STDOUT:
            sys.stdout.flush()
            sys.stdout.buffer.write(secret.reveal().encode("utf-8", "surrogatepass"))
            sys.stdout.buffer.flush()
            if sys.stdout.isatty():
                render.note(" ")  # on a screen, what follows starts on a line of its own
        case Way.CLIPBOARD:
            from govern.cli import clipboard

            program = clipboard.find()
            if program is None:
                raise Failed("the clipboard has gone", code="clipboard", hint="it is recorded as shown; --stdout prints it instead")
            kept = clipboard.put(secret, program)
            later = f"; it is emptied in {clipboard.SECONDS} seconds" if kept else "; empty it yourself afterwards"
            render.note(f"copied with {program.write[0]}{later}")
        case Way.QR:
            from govern.cli.qr import drawn

            for line in drawn(secret):
                render.line(line)
        case _:
            assert_never(way)
