"""The `govern` command: from the words that were typed to an exit code, and how an error leaves the process.

Nothing heavy is imported here: a sub-command's module is loaded when it is called, so that `--version`, `--help` and completion stay fast.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

from govern import __version__
from govern.errors import GovernError, Refused, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

SELDOM: Final = 200_000
"""Objects between two looks of the collector: modules and rows make many that stay, and no cycles; looking through them costs a twentieth."""

_ANYWHERE: Final = {"--vault": True, "--key-file": True, "--no-input": False}
"""Options that may stand behind the command as well -> whether they take a value."""


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move the options that hold for every command in front of it, so that they can be typed anywhere before `--`."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        name, equals, _ = word.partition("=")
        if name not in _ANYWHERE:
            rest.append(word)
        elif _ANYWHERE[name] and not equals:
            if not waiting:
                raise Usage(f"{name} needs a value", hint="govern --help")
            front += [word, waiting.pop(0)]
        else:
            front.append(word)
    return front + rest


def fail(error: GovernError, *, as_json: bool) -> int:
    """Say what went wrong and how to go on; returns the exit code, which stays what it is where nothing can be said."""
    from govern.cli.render import safe

    hint = error.hint
    if not hint:
        from govern.cli.mending import way_on

        hint = way_on(error)
    message, hint = safe(error.message), safe(hint)
    if as_json:
        import json

        said: dict[str, object] = {"code": error.code, "message": message, "hint": hint}
        said |= {name: value for name in ("index", "rule", "control") if (value := getattr(error, name, None)) not in (None, "")}
        if not _say(sys.stdout, json.dumps({"error": said}) + "\n"):
            return fail(error, as_json=False)  # whoever reads the other stream learns of it
    else:
        rule = f" [{safe(error.rule)}, {safe(error.control)}]" if isinstance(error, Refused) and error.control else ""
        _say(sys.stderr, f"error: {message}{rule}\n" + (f"hint: {hint}\n" if hint else ""))
    return error.exit_code


def _say(stream: TextIO, text: str) -> bool:
    """Whether it could be said."""
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        _silence(stream)
        return False
    return True


def _silence(stream: TextIO) -> None:
    """What is still buffered goes nowhere: at its end the interpreter would try to write it again, and complain."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return


class _Read(io.FileIO):
    """A stream whose reader may stop reading, as `head` does: what was asked for is done all the same, and the exit code says how that ended."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def _open_streams() -> None:
    """Streams that the caller closed lead nowhere; what a terminal's encoding can't show is shown as an escape."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115  for the life of the process
        elif name != "stdin" and hasattr(stream, "reconfigure"):
            if stream is getattr(sys, f"__{name}__") and not stream.isatty():
                raw = io.BufferedWriter(_Read(stream.fileno(), "w", closefd=False))
                setattr(sys, name, io.TextIOWrapper(raw, encoding=stream.encoding, line_buffering=name == "stderr"))
            getattr(sys, name).reconfigure(errors="backslashreplace")


def run(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the installed command: the only place where the process ends."""
    os.umask(0o077)  # every file and folder that we make is its maker's alone, whatever the shell that called us would allow
    gc.set_threshold(SELDOM)
    _open_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    sys.tracebacklimit = 0  # a traceback's source lines and values are no business of a terminal
    try:
        code = _carry_out(words)
        sys.stdout.flush()
    except GovernError as error:
        code = fail(error, as_json=as_json)
    except KeyboardInterrupt:
        _say(sys.stderr, "interrupted\n")
        code = 130
    except BrokenPipeError:
        _silence(sys.stdout)
        code = 1
    except Exception as error:
        code = unexpected(error, as_json=as_json)
        if isinstance(error, OSError):
            _silence(sys.stdout)
    finally:
        if "govern.cli.settings" in sys.modules:
            sys.modules["govern.cli.settings"].close()
    if arguments is None:
        gc.freeze()  # the process ends: what it leaves behind need not be looked through for cycles
    raise SystemExit(code)


def _carry_out(words: list[str]) -> int:
    if words[:1] == ["--version"]:
        sys.stdout.write(f"govern {__version__}\n")
        return 0
    from govern.cli.root import app

    code = app(args=hoist(words), prog_name="govern", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _register_altered() -> GovernError | None:
    """What is wrong with this machine's register, where somebody wrote into it and it was being read; None where nothing is."""
    if "govern.cli.settings" not in sys.modules:
        return None
    from contextlib import suppress

    from govern.register.altered import altered

    for db in sys.modules["govern.cli.settings"].registers():
        found = None
        with suppress(Exception):  # what can't be looked at says nothing
            found = altered(db)
        if found is not None:
            return found
    return None


def unexpected(error: Exception, *, as_json: bool) -> int:
    """Typer's own errors (wrong usage), and defects of ours: one line, no value of anything that was in memory."""
    from govern.errors import Failed

    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        if error.exit_code != 2:
            return int(error.exit_code)
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "govern"
        if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
            if as_json:
                return fail(Usage(f"{command} needs a verb", hint=f"{command} --help"), as_json=True)
            _say(sys.stdout, context.get_help() + "\n")
            return 2
        return fail(Usage(error.format_message(), hint=f"{command} --help"), as_json=as_json)
    name = type(error).__name__
    if name == "Abort":
        sys.stderr.write("interrupted\n")
        return 130
    if name == "Exit":
        return int(getattr(error, "exit_code", 0))
    if isinstance(error, UnicodeEncodeError):
        return fail(Usage("an argument is not text in UTF-8", hint="type it anew"), as_json=as_json)
    if isinstance(error, OverflowError) and "SQLite" in str(error):  # whatever is kept was bounded before; only what was typed is not
        return fail(Usage("a number is larger than any that is kept", hint="type it anew"), as_json=as_json)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return fail(
            Failed(f"{where}{error.strerror}", code="io", hint="check the name, whose its folder is and how much room there is"),
            as_json=as_json,
        )
    if "sqlite3" in sys.modules and isinstance(error, sys.modules["sqlite3"].DatabaseError):
        from govern.register.connection import damaged

        return fail(damaged(error), as_json=as_json)  # the store's own errors were told apart before
    changed = _register_altered()
    if changed is not None:
        return fail(changed, as_json=as_json)
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}" if frame is not None else "?"
    return fail(
        Failed(f"a defect of govern: {name} at {place}", code="defect", hint="please report it; nothing was shown"), as_json=as_json
    )
