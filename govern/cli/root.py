"""The Typer application: options that hold for every command, and sub-commands loaded when they are called."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from govern.cli import settings
from govern.cli.commands import COMMANDS, module_of


class Lazy(TyperGroup):
    """Knows its commands by name and help line; imports a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return _loaded(cmd_name, "") if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if len(args) > 1 and args[0] in COMMANDS:
            return args[0], _loaded(args[0], args[1]), args[1:]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        from typer._click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)]
        return names if names or not incomplete.startswith("-") else super().shell_complete(ctx, incomplete)


def _loaded(noun: str, verb: str) -> Any:
    """The command of that name; of a noun's verbs only the one asked for, where it is known: making all of them takes longer than most run."""
    declared = importlib.import_module(module_of(noun)).app
    narrowed = [one for one in declared.registered_commands if one.name == verb]
    if narrowed and len(declared.registered_commands) > 1:
        declared = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
        declared.registered_commands = narrowed
        declared.callback()(_nothing)
    command = typer.main.get_command(declared)
    command.name = noun
    return command


def _nothing() -> None:
    """Keeps a single verb a verb: Typer would take a lone command for the noun itself."""


app = typer.Typer(
    cls=Lazy,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    help="Who knows which shared secret of the company's accounts, and what to change when somebody leaves.",
)


@app.callback()
def root(
    ctx: typer.Context,
    vault: Annotated[
        str, typer.Option("--vault", metavar="FILE|URL", help="The vault: a SQLite file, or postgresql://HOST/DB (GOVERN_VAULT).")
    ] = "",
    key_file: Annotated[Path | None, typer.Option("--key-file", metavar="FILE", help="This member's key file (GOVERN_KEY_FILE).")] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask; refuse and name the missing option.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from govern import __version__

        typer.echo(f"govern {__version__}")
        raise typer.Exit
    settings.use(settings.Settings(vault=vault, key_file=key_file, no_input=no_input))
    if ctx.invoked_subcommand is None:
        sys.stdout.write(ctx.get_help() + "\n")
