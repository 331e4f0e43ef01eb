"""`govern init`: found a vault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage
from govern.languages import language

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def init(
    organisation: Annotated[str, typer.Option(help="The organisation's name.")] = "",
    founder: Annotated[str, typer.Option(help="You: 'Name <mail>'.")] = "",
    handle: Annotated[str, typer.Option(help="What you are called in commands.")] = "",
    locale: Annotated[str, typer.Option(help="Your language for texts: en, fr, nl, da, nb, es.")] = "",
    preset: Annotated[str, typer.Option(help="solo, small or team: how strict the policy starts.")] = "",
    recovery: Annotated[str, typer.Option(metavar="K-of-N", help="How many of how many sheets recover the vault.")] = "2-of-3",
    recovery_out: Annotated[Path | None, typer.Option(help="Folder for the recovery sheets.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Found a vault: your keys, recovery sheets to print, and the policy."""
    from govern.cli.prompt import new_passphrase
    from govern.holdings.names import check_handle, slug, split_name
    from govern.procedures.found import Founding, found
    from govern.store.location import check_location
    from govern.vault.custody.choose import choose, create_seed
    from govern.vocabulary import PRESETS

    here = settings.current
    organisation = settings.need(organisation, "--organisation", "Organisation")
    name, mail = split_name(settings.need(founder, "--founder", "Your name and mail, as Name <mail>"))
    preset = preset or "solo"
    if preset not in PRESETS:
        raise Usage(f"there is no preset {preset!r}", hint="solo, small or team")
    spoken = settings.locale(locale, str) if locale else ""
    say = language(spoken or settings.locale("", str)).say
    threshold, shares = split(recovery)
    check_location(here.path)
    if isinstance(here.path, Path) and here.path.exists():
        raise Usage(f"{here.path} exists already", hint="govern status goes on with it; --vault FILE or GOVERN_HOME names another place")
    here.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    backend = None if here.named_key_file else settings.keyring_backend()
    custody, where = choose(here.home, f"govern/{here.path}", key_file=here.named_key_file, backend=backend, terminal=here.terminal)
    seed = create_seed(custody, where, random=os.urandom, passphrase=new_passphrase, backend=backend)
    result = found(
        Founding(
            path=here.path, home=here.home, organisation=organisation, name=name, mail=mail,
            handle=check_handle(handle) if handle else slug(name), preset=preset, threshold=threshold, shares=shares, locale=spoken, say=say,
            sheets=settings.place(recovery_out) if recovery_out else here.home / "recovery",
        ),
        custody=custody, where=where, seed=seed, now=settings.now(),
    )  # fmt: skip
    if json:
        render.emit("init", {
            "vault": result.vault, "location": str(here.path), "founder": handle or slug(name), "fingerprint": result.key,
            "custody": custody.value, "sheets": [str(path) for path in result.sheets],
        })  # fmt: skip
    else:
        render.line(f"vault        {result.vault}")
        render.line(f"location     {here.path}")
        render.line(f"your key     {result.key} ({custody.value}: {where})")
        render.note(
            "\nPrint this recovery sheet, keep it safe, then remove the file (it alone recovers the vault):"
            if shares == 1
            else f"\nPrint these {shares} recovery sheets, give them to {shares} people, then remove the files (any {threshold} recover the vault):"
        )
        for path in result.sheets:
            render.note(f"  {path}")
    render.next_step("govern import FILE", "a password manager's export or a spreadsheet; or: govern account add")


def split(text: str) -> tuple[int, int]:
    """Threshold and number of sheets of a K-of-N; Usage for what is none."""
    threshold, _, shares = text.casefold().partition("-of-")
    if not (threshold.isdecimal() and shares.isdecimal()):
        raise Usage(f"{text!r} is no K-of-N", hint="for example 2-of-3")
    k, n = int(threshold), int(shares)
    if not (2 <= k <= n <= 16 or (k, n) == (1, 1)):
        raise Usage(f"{k} of {n} is not possible", hint="2-of-3 or more, or 1-of-1")
    return k, n
