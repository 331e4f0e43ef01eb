"""`govern vault`: the database itself: copies, putting one back, and starting again from sheets."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.procedures.refill import Lacking, Refilled

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command("backup")
def backup(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the copy is written.")] = None,
    json: Json = False,
) -> None:
    """Copy the database to a file, and say the checkpoint that the copy ends with. Everything in it is sealed."""
    from govern.procedures.backup import backup as procedure

    if out is None:
        raise Usage("--out is missing", hint="name a file for the copy")
    made = procedure(settings.workspace(), settings.place(out), settings.now())
    if json:
        render.emit("vault.backup", {"file": str(made.file), "size": made.size, "checkpoint": made.note})
        return
    sys.stdout.write(made.note)
    sys.stdout.flush()
    render.note(f"{render.safe(made.file)}: {made.size} entries, and above the checkpoint that it ends with")
    render.note(
        "print it and keep it apart from the copy: whoever puts this copy back holds it against that, and tells it from an older one"
    )


@app.command("restore")
def restore(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]")] = None,
    from_journal: Annotated[bool, typer.Option("--from-journal", help="Rebuild from this machine's journal alone.")] = False,
    refill: Annotated[bool, typer.Option("--refill", help="Mend the database where it lies, with what this machine has of it.")] = False,
    fork: Annotated[bool, typer.Option("--fork", help="Give up what no journal can mend; takes two persons.")] = False,
    reason: Annotated[str, typer.Option(help="Of a fork: told to whoever approves it.")] = "",
    sheet: Annotated[
        list[Path] | None, typer.Option("--sheet", metavar="FILE", help="Of a fork: a recovery sheet, as second person.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    json: Json = False,
) -> None:
    """Put a backup in place of the database and refill it from this machine's journal. The old database is kept beside it."""
    from govern.procedures.refill import refill as fill
    from govern.procedures.restore import backup_at
    from govern.procedures.restore import restore as procedure

    if [file is not None, from_journal, refill].count(True) != 1 or (refill and dry_run):
        raise Usage("name a backup, or --from-journal, or --refill", hint="govern vault restore FILE")
    if (fork and (file is None or dry_run)) or ((reason or sheet) and not fork):
        raise Usage("--fork goes with a backup, --reason and --sheet with --fork", hint="govern vault restore FILE --fork")
    if refill:
        _refill(json=json)
        return
    if fork and file is not None:
        from govern.cli.fork import make

        make(file, reason, sheet or [], json=json)
        return
    here = settings.current
    if dry_run:
        from govern.register.pin import read_pin

        if file is not None:
            backup_at(settings.place(file))
        pin = read_pin(here.home / "pin")
        if json:
            render.emit("vault.restore", {"taken": None, "refilled": None, "aside": None, "dry_run": True})
            return
        render.note(f"would put {file or 'the journal'} in place of {here.path} and refill it to {pin.size if pin else 0} entries")
        return
    done = procedure(settings.workspace_anyhow, here.path, here.home, settings.place(file) if file else None)
    more = fill(settings.workspace())
    if json:
        aside = str(done.aside) if done.aside else None
        render.emit("vault.restore", {"taken": done.taken, "refilled": done.refilled, "aside": aside, "dry_run": False, **_refilled(more)})
    else:
        render.line(f"{done.taken} entries from the backup, {done.refilled} from the journal")
        if done.aside:
            render.line(render.safe(f"the database that was there: {done.aside}"))
        _tell_lacking(more)
    _next(more)


def _refill(*, json: bool) -> None:
    from govern.procedures.refill import refill as fill

    done = fill(settings.workspace())
    if json:
        render.emit("vault.restore", {"taken": None, "refilled": done.entries, "aside": None, "dry_run": False, **_refilled(done)})
    else:
        entries = render.count(done.entries, "entry", "entries")
        render.line(f"put back: {entries}, {render.count(done.versions, 'version')}, {render.count(done.wraps, 'wrap')}")
        _tell_lacking(done)
    _next(done)


def _refilled(done: Refilled) -> dict[str, Any]:
    return {
        "versions": done.versions, "wraps": done.wraps, "dropped": done.dropped,
        "lacking": [
            {"what": one.what, "account": one.account or None, "kind": one.kind or None, "version": one.version or None, "by": one.by or None}
            for one in done.lacking
        ],
    }  # fmt: skip


def _tell_lacking(done: Refilled) -> None:
    if done.dropped:
        render.line(f"{render.count(done.dropped, 'wrap')} that had ended and come back dropped again")
    found = Counter((_what(one), one.by) for one in done.lacking)
    for (told, by), count in list(found.items())[:20]:
        times = f" ({count} of them)" if count > 1 else ""
        render.note(f"still lacking: {told}{times}: the machine of {render.safe(by or 'nobody known')} wrote it")
    if len(found) > 20:
        render.note(f"and {len(found) - 20} more")


def _what(one: Lacking) -> str:
    if one.what == "epoch":
        return "the key of an epoch"
    version = f"version {one.version}, {one.kind} of {render.safe(one.account)}"
    return version if one.what == "version" else f"a wrap of {version}"


def _next(done: Refilled) -> None:
    who = sorted({one.by for one in done.lacking if one.by})
    if who:
        render.next_step("govern vault restore --refill", f"on the machines of {', '.join(map(render.safe, who))}")
    else:
        render.next_step("govern ledger verify --deep")


@app.command("move")
def move(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Where the vault is: a SQLite file or postgresql://HOST/DB.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Where it shall be: a new file, or an empty database.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Verify the vault and look whether TO is free; change nothing.")] = False,
    json: Json = False,
) -> None:
    """Put every row of the vault into an empty store elsewhere, and verify all of it there. FROM is left as it is."""
    from govern.procedures.move import move as procedure

    here, there = settings.located(source), settings.located(target)
    done = procedure(lambda location: settings.workspace_anyhow(path=location), here, there, dry_run=dry_run)
    if json:
        render.emit("vault.move", {
            "from": str(here), "to": str(there), "size": done.size, "root": done.root, "versions": done.versions, "wraps": done.wraps,
            "dry_run": dry_run,
        })  # fmt: skip
    else:
        what = ", ".join(
            (render.count(done.size, "entry", "entries"), render.count(done.versions, "secret"), render.count(done.wraps, "wrap"))
        )
        render.line(render.safe(f"{what} would go to {there}, which is free" if dry_run else f"{what} verified in {there}"))
    if dry_run:
        render.next_step(f"govern vault move {quote(render.safe(source))} {quote(render.safe(target))}")
    else:
        render.note(render.safe(f"tell every member, then keep {here} out of reach: what is still written there is not in the new place"))
        render.next_step(f"export GOVERN_VAULT={quote(render.safe(str(there)))}", "then: govern ledger verify --deep")


@app.command("trust")
def trust(
    note: Annotated[Path, typer.Argument(metavar="NOTE", help="A checkpoint kept on paper, in a mail or by another member.")],
    fork: Annotated[bool, typer.Option("--fork", help="Follow a fork that two persons have signed.")] = False,
    approve: Annotated[str, typer.Option("--approve", metavar="ID", help="Of a fork: be the second person.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Of a fork: say who has signed it.")] = False,
    json: Json = False,
) -> None:
    """Begin anew on a machine whose pin is damaged, or gone with journal and register: the vault must contain this checkpoint."""
    from govern.cli import fork as forks
    from govern.procedures.noted import read_noted
    from govern.register.pin import set_damaged_aside
    from govern.register.queries.ledger import head

    if (approve or dry_run) and (not fork or (approve and dry_run)):
        raise Usage("--approve or --dry-run goes with --fork", hint="govern vault trust NOTE --fork")
    noted = read_noted(note)
    if fork:
        forks.follow(noted, approve, look=dry_run, json=json)
        return
    forks.pinned(settings.current.home)
    pin = settings.current.home / "pin"
    aside = set_damaged_aside(pin)
    try:
        size, root = head(settings.workspace_anyhow(noted=noted).view())
    except BaseException:
        if aside is not None and not pin.exists():
            os.replace(aside, pin)  # nothing was verified: the machine stays as it was
        raise
    if json:
        render.emit("vault.trust", {"size": size, "root": root})
    else:
        render.line(f"{size} entries verified, the noted checkpoint among them")
    render.next_step("govern ledger verify --deep")


@app.command("recover")
def recover(
    sheet: Annotated[
        list[Path] | None, typer.Option("--sheet", metavar="FILE", help="A recovery sheet; as often as the sheets say.")
    ] = None,
    handle: Annotated[str, typer.Option("--handle", help="Who you are: your handle in the vault.")] = "",
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", metavar="NOTE", help="A checkpoint kept on paper: a rolled-back copy lacks it.")
    ] = None,
    json: Json = False,
) -> None:
    """Start again on a machine that has only the database and k recovery sheets."""
    from govern.cli.prompt import new_passphrase
    from govern.procedures.noted import read_noted
    from govern.procedures.recovering import recover as procedure
    from govern.procedures.recovery import read_sheets
    from govern.vault.custody.choose import choose, create_seed

    here = settings.current
    if not sheet:
        raise Usage("--sheet is missing", hint="--sheet FILE, as often as the sheets say")
    handle = settings.need(handle, "--handle", "Your handle in the vault")
    noted = read_noted(checkpoint) if checkpoint else None
    sheets = read_sheets(sheet)
    here.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    backend = None if here.named_key_file else settings.keyring_backend()
    custody, where = choose(here.home, f"govern/{here.path}", key_file=here.named_key_file, backend=backend, terminal=here.terminal)
    seed = create_seed(custody, where, random=os.urandom, passphrase=new_passphrase, backend=backend)
    done = procedure(here.path, here.home, sheets, handle, custody=custody, where=where, seed=seed, now=settings.now(), noted=noted)
    if json:
        render.emit(
            "vault.recover",
            {
                "fingerprint": done.key, "sealed": done.sealed, "rotations": done.rotations, "checkpoint": done.checkpoint, "held": done.held,
            },
        )  # fmt: skip
    else:
        render.line(f"your new key  {done.key}")
        render.line(
            f"sealed to it: {render.count(done.sealed, 'secret')}; opened, since the lost machine may be in other hands: "
            f"{render.count(done.rotations, 'rotation')}"
        )
    if noted is None:
        render.note(
            "compare this with the newest checkpoint on paper or in a mail; an older copy of the database can't be told apart without. "
            "Before this recovery the database ended with:"
        )
        render.note("\n".join(render.safe(line) for line in done.held.splitlines()))
        render.note(f"({render.safe(done.held.splitlines()[1])} entries; the line below that number is the root)")
    render.next_step("govern rotation list --open")
