"""`govern policy`: the rules in force, and files of rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.policy.rules import Policy

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Preset = Annotated[str, typer.Option(metavar="solo|small|team", help="Which preset of the file; else the vault's own.")]


@app.command("show")
def show(json: Json = False) -> None:
    """The rules in force, each with its control and what that means."""
    from govern.register.connection import state
    from govern.register.queries.policies import policy

    db = settings.workspace().view()
    _tell("policy.show", policy(db), {"digest": state(db, "policy_digest")}, json=json)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="FILE")], preset: Preset = "", json: Json = False) -> None:
    """Read a policy file: says file and line of what is wrong, else what it would ask for. Needs no vault."""
    from govern.policy.compare import weaker
    from govern.procedures.policy import read
    from govern.register.queries.policies import policy
    from govern.store.address import may_be_there

    member = may_be_there(settings.current.path) and (settings.current.home / "seed.json").is_file()
    here = policy(settings.workspace().view()) if member else None
    found = read(file, preset or (here.preset if here else "solo"))
    less = weaker(here, found) if here else []
    _tell("policy.check", found, {"file": str(file), "weaker": less}, json=json)
    _note_weaker(less)
    if here:
        render.next_step(f"govern policy adopt {quoted(file)}")


@app.command("adopt")
def adopt(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    preset: Preset = "",
    reason: Annotated[str, typer.Option(help="Told to whoever approves it, where that takes two persons.")] = "",
    json: Json = False,
) -> None:
    """Put the rules of a file in force. Rules that ask for less take two persons, but for a vault of one: then they are proposed."""
    from govern.cli.proposed import tell_proposed
    from govern.procedures.policy import adopt as procedure
    from govern.procedures.policy import read
    from govern.register.queries.policies import policy

    workspace = settings.workspace()
    rules = read(file, preset or policy(workspace.view()).preset)
    now = settings.now()
    with workspace.transaction(now) as tx:
        adopted = procedure(tx, rules, reason)
    if adopted.proposal is not None:
        tell_proposed(workspace.view(), adopted.proposal, now, json=json)
        _note_weaker(adopted.weaker)
        return
    if json:
        _tell("policy.adopt", rules, {"digest": adopted.digest, "changed": adopted.changed, "weaker": list(adopted.weaker)}, json=True)
    else:
        render.line(f"{'adopted' if adopted.changed else 'in force already'}: {render.safe(file)}, preset {rules.preset}, {adopted.digest}")
    _note_weaker(adopted.weaker)
    render.next_step("govern policy show")


def _tell(command: str, policy: Policy, about: dict[str, object], *, json: bool) -> None:
    from govern.policy.show import describe

    rows = describe(policy)
    if json:
        render.emit(command, {
            **about, "preset": policy.preset,
            "rules": [{"rule": row.rule, "value": row.value, "control": row.control, "means": row.means} for row in rows],
        })  # fmt: skip
    else:
        render.table(("rule", "value", "control", "means"), [(row.rule, row.value, row.control, row.means) for row in rows])


def _note_weaker(rules: list[str] | tuple[str, ...]) -> None:
    if rules:
        render.note(f"asks for less than before: {'; '.join(rules)}")
