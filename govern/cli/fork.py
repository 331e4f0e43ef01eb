"""`govern vault restore FILE --fork` and `govern vault trust NOTE --fork`: going on from an earlier point, and following those who do."""

from __future__ import annotations

from pathlib import Path

from govern.cli import render, settings
from govern.errors import IntegrityError, Refused


def make(file: Path, reason: str, sheet: list[Path], *, json: bool) -> None:
    """Propose a fork; with sheets it is approved at once."""
    from govern.procedures.fork import fork
    from govern.procedures.recovery import read_sheets

    here = settings.current
    sheets = read_sheets(sheet) if sheet else []
    done = fork(
        settings.workspace_anyhow, here.path, here.home, settings.place(file), settings.now(), reason=reason, sheets=sheets
    )  # fmt: skip
    _begin_here()
    if json:
        render.emit("vault.restore", {
            "taken": done.taken, "refilled": 0, "aside": str(done.aside) if done.aside else None, "dry_run": False,
            "fork": done.proposal.id, "state": done.proposal.state.value, "given_up": done.given_up, "memory": str(done.memory),
            "lost": [{"account": account, "kind": kind} for account, kind in done.carried.lost], "cases": list(done.carried.cases),
        })  # fmt: skip
    else:
        render.line(f"the vault goes on from {done.taken} entries; a head of {done.given_up} is given up [{done.proposal.state}]")
        render.line(render.safe(f"what this machine had verified: {done.memory}"))
        if done.aside:
            render.line(render.safe(f"the database that was there: {done.aside}"))
        for account, kind in done.carried.lost:
            render.note(render.safe(f"its secret is lost with that head, and is to be changed: {account} {kind}"))
        for person in done.carried.cases:
            render.note(render.safe(f"their departure was opened in it, and is to be opened again: govern offboard open {person}"))
    if done.proposal.state == "approved":
        render.next_step("govern ledger checkpoint", "every member needs it: govern vault trust NOTE --fork")
    else:
        render.next_step(
            "govern ledger checkpoint", f"another admin needs it: govern vault trust NOTE --fork --approve {done.proposal.id[:8]}"
        )


def follow(noted: bytes, approve: str, *, look: bool, json: bool) -> None:
    """Follow a fork that two persons have signed, or be the second of them."""
    from govern.procedures.following import accept
    from govern.register.queries.people import handles

    here = settings.current
    done = accept(settings.workspace_anyhow, here.home, noted, settings.now(), approve=approve, look=look)
    if not look:
        _begin_here()
        names = handles(settings.workspace().view())
    else:
        names = {}
    proposer, second = names.get(done.proposer, done.proposer), names.get(done.second, "the recovery quorum" if names else done.second)
    if json:
        render.emit("vault.trust", {
            "size": done.new, "given_up": done.old, "proposer": proposer, "second": second, "memory": str(done.memory) if done.memory else None,
        })  # fmt: skip
    else:
        render.line(f"signed by {render.safe(proposer)} and {render.safe(second)}: {done.new} entries, in the place of {done.old}")
        if done.memory:
            render.line(render.safe(f"what this machine had verified: {done.memory}"))
    render.next_step("govern vault trust NOTE --fork" if look else "govern ledger verify --deep")


def pinned(home: Path) -> None:
    """Refuse to begin anew on a machine that has its pin: whole, and so not to be replaced by whatever a note says."""
    from govern.register.pin import read_pin

    try:
        pin = read_pin(home / "pin")
    except IntegrityError:
        return
    if pin is not None:
        raise Refused(
            "this machine has its pin", rule="pinned",
            hint="govern ledger compare NOTE holds a checkpoint against the vault; --fork follows one that two persons have signed",
        )  # fmt: skip


def _begin_here() -> None:
    """From now on the seed record names a checkpoint of the history that is followed."""
    from govern.register.pin import read_pin
    from govern.vault.custody.record import read_record, write_record

    path = settings.current.home / "seed.json"
    pin = read_pin(settings.current.home / "pin")
    if pin is not None:
        write_record(path, read_record(path)._replace(checkpoint=pin.note.decode()), replace=True)
