"""The `govern` command: from the words that were typed to an exit code, and how an error leaves the process.

Nothing heavy is imported here: a sub-command's module is loaded when it is called, so that `--version`, `--help` and completion stay fast.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from govern import __version__
from govern.errors import GovernError, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        elif _ANYWHERE[name] and not equals and waiting:
            front += [word, waiting.pop(0)]
        else:
            front.append(word)
    return front + rest


def fail(error: GovernError, *, as_json: bool) -> int:
    """Say what went wrong and how to go on; returns the exit code."""
    from govern.cli.render import safe

    message, hint = safe(error.message), safe(error.hint)
    if as_json:
        import json

        said: dict[str, object] = {"code": error.code, "message": message, "hint": hint}
        said |= {name: value for name in ("index", "rule", "control") if (value := getattr(error, name, None)) not in (None, "")}
        sys.stdout.write(json.dumps({"error": said}) + "\n")
    else:
        rule = f" [{safe(error.rule)}, {safe(error.control)}]" if isinstance(error, Refused) and error.control else ""
        sys.stderr.write(f"error: {message}{rule}\n" + (f"hint: {hint}\n" if hint else ""))
    return error.exit_code


def run(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the installed command: the only place where the process ends."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--version"]:
        sys.stdout.write(f"govern {__version__}\n")
        raise SystemExit(0)
    as_json = "--json" in words
    sys.tracebacklimit = 0  # a traceback's source lines and values are no business of a terminal
    try:
        from govern.cli.root import app

        code = app(args=hoist(words), prog_name="govern", standalone_mode=False)
        sys.stdout.flush()
        raise SystemExit(code if isinstance(code, int) else 0)
    except GovernError as error:
        raise SystemExit(fail(error, as_json=as_json)) from None
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        raise SystemExit(unexpected(error, as_json=as_json)) from None
    finally:
        if "govern.cli.settings" in sys.modules:
            sys.modules["govern.cli.settings"].close()


def unexpected(error: Exception, *, as_json: bool) -> int:
    """Typer's own errors (wrong usage), and defects of ours: one line, no value of anything that was in memory."""
    from govern.errors import Failed, Usage

    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        usage = Usage(error.format_message(), hint="govern --help")
        return fail(usage, as_json=as_json) if error.exit_code == 2 else int(error.exit_code)
    name = type(error).__name__
    if name == "Abort":
        sys.stderr.write("interrupted\n")
        return 130
    if name == "Exit":
        return int(getattr(error, "exit_code", 0))
    if isinstance(error, UnicodeEncodeError):
        return fail(Usage("an argument is not text in UTF-8", hint="type it anew"), as_json=as_json)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return fail(Failed(f"{where}{error.strerror}", code="io"), as_json=as_json)
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}" if frame is not None else "?"
    return fail(
        Failed(f"a defect of govern: {name} at {place}", code="defect", hint="please report it; nothing was shown"), as_json=as_json
    )
