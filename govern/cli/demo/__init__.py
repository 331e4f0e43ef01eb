"""`govern demo`: the whole story on a vault of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render
from govern.errors import Failed, Usage

if TYPE_CHECKING:
    from govern.cli.demo.stage import Stage
    from govern.cli.demo.story import Told

_INTERRUPTED = 130

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", help="Where it is played: a new or empty folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, at the end.")] = False,
) -> None:
    """Play the whole story on a made-up company: import, grant, departure, rotation, proof. Touches one folder and nothing else."""
    from govern.cli.demo import stage as stages
    from govern.cli.demo import story

    folder = _folder(keep)
    stage = stages.Stage(folder=folder, tell=_silent if json else _say)
    ended = False
    try:
        told = story.play(stage)
        ended = True
    except stages.Stopped as stopped:
        code = stopped.said.code or 1
        if code == _INTERRUPTED:
            raise KeyboardInterrupt from None
        message = f"the demo stopped: {stopped.said.command} ended with exit code {stopped.said.code}"
        if json:
            render.emit(
                "demo",
                {"steps": _steps(stage), "error": {"code": "demo", "message": message, "hint": "what it said is the last of the steps"}},
            )
        else:
            render.note(f"error: {message}\nhint: what it said stands above")
        raise typer.Exit(code) from None
    finally:
        if not ended:
            _clear(folder, made=keep is None)
    if json:
        render.emit("demo", {
            "steps": _steps(stage), "report": str(told.report), "home": str(stage.home), "key_file": str(stage.key_file),
            "folder": str(folder), "vault": told.vault, "proof": str(told.proof),
        })  # fmt: skip
    else:
        _end(stage, told)


def _say(line: str) -> None:
    render.line(line)
    sys.stdout.flush()


def _silent(line: str) -> None:
    """With --json nothing is told on the way."""


def _steps(stage: Stage) -> list[dict[str, object]]:
    return [{"command": said.command, "exit": said.code, "output": said.output} for said in stage.played]


def _folder(keep: Path | None) -> Path:
    """An empty folder for nobody but this member; Usage where the named one holds something."""
    if keep is None:
        from tempfile import mkdtemp

        return Path(mkdtemp(prefix="govern-demo-")).resolve()
    from govern.cli import settings

    folder = settings.place(keep)
    if folder.exists() and not folder.is_dir():
        raise Usage(f"{folder} is no folder", hint="name a new or empty folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise Usage(f"{folder} is not empty", hint="name a new or empty folder")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as trouble:
        raise Failed(f"{folder} can't be made: {(trouble.strerror or 'unknown reason').lower()}") from None
    return folder


def _clear(folder: Path, *, made: bool) -> None:
    """Take away what a demo that stopped left behind; a folder that was named stays, empty."""
    if made:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _end(stage: Stage, told: Told) -> None:
    """Where everything is, and how to go on."""
    typed = _typed()
    home, key = shlex.quote(str(stage.home)), shlex.quote(str(stage.key_file))
    first = (
        f"set GOVERN_HOME={stage.home}& set GOVERN_KEY_FILE={stage.key_file}& "
        if os.name == "nt"
        else f"GOVERN_HOME={home} GOVERN_KEY_FILE={key} "
    )
    away = "rmdir /s" if os.name == "nt" else "rm -r"
    for line in (
        "", "The report, to open in a browser:", f"  {told.report}",
        "", "Go on exploring this vault:", *(f"  {first}{typed} {words}" for words in ("status", "who youtube", "holds jonas")),
        "", "See what your own password manager's export or spreadsheet would bring; nothing is written:",
        f"  {typed} import YOURFILE --dry-run",
        "", "Remove all of the demo:", f"  {away} {shlex.quote(str(stage.folder))}",
    ):  # fmt: skip
        render.line(line)


def _typed() -> str:
    """How this program was called, so that the lines above can be copied."""
    called = sys.argv[0] if sys.argv else ""
    if Path(called).name == "__main__.py":
        return "python -m govern"
    found = shutil.which("govern")
    if Path(called).stem != "govern" or (found is not None and Path(found).resolve() == Path(called).resolve()):
        return "govern"
    return shlex.quote(called)
