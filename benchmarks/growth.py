"""What must not grow with the ledger: appending to it, and taking in what another member has added, at 300,000 entries and at 10,000.

Two members work on either vault, turn by turn. A rebuild of the register reads every entry again: its rate and its peak memory are told.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cut import enrol
from measure import Result, environment, mb, medians, ms, per_second, spawn, timed
from member import NOW, Member, add_account, found

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

NEW = 100
"""Entries that the other member has added, each in a transaction of its own."""
AT_ONCE = 2_000
"""Accounts in one import, four entries each."""


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    few, many = (3_000, 30_000) if quick else (10_000, 300_000)
    vaults = [build(folder / str(size), size) for size in (many, few)]
    with both(vaults[0]) as large, both(vaults[1]) as small:
        ours, floor = medians(60 if quick else 200, lambda: append(large[0]), lambda: append(small[0]))
        yield Result(
            work=f"durable append of one event, {many:,} entries", subject=ms(ours), floor=f"{few:,} entries {ms(floor)}",
            ratio=ours / floor, bar=1.2,
        )  # fmt: skip
        turns = [(sync(*large), sync(*small)) for _ in range(8 if quick else 16)][1:]
        ours, floor = (statistics.median(column) for column in zip(*turns, strict=True))
        yield Result(
            work=f"sync of {NEW} entries of another member, {many:,} entries", subject=ms(ours), floor=f"{few:,} entries {ms(floor)}",
            ratio=ours / floor, bar=1.2,
        )  # fmt: skip
    (more, less) = (spawn([sys.executable, __file__, "rebuild", str(vault.folder)], vault.environment) for vault in vaults)
    yield Result(
        work=f"rebuild of the register, {many:,} entries, as a process", subject=per_second(many, more.wall),
        floor=f"{few:,} entries {per_second(few, less.wall)}",
    )  # fmt: skip
    yield Result(
        work=f"memory of a rebuild, {many:,} entries", subject=mb(more.peak), floor=f"{few:,} entries {mb(less.peak)}", ratio=more.peak / less.peak,
    )  # fmt: skip


def append(workspace: Workspace) -> None:
    """One event in a transaction of its own."""
    (credential,) = workspace.db.execute("SELECT id FROM credentials LIMIT 1").fetchone()
    with workspace.transaction(NOW) as tx:
        tx.record("secret.revealed", {"credential": credential, "version": 1, "purpose": "reveal"})


def sync(one: Workspace, other: Workspace) -> float:
    """The seconds that the other member needs for what the one has added."""
    for _ in range(NEW):
        append(one)
    seconds = timed(other.view)()
    assert other.db.execute("SELECT max(idx) FROM entries").fetchone() == one.db.execute("SELECT max(idx) FROM entries").fetchone()
    return seconds


# --- two members on one vault ------------------------------------------------------------------------------------------------------------


def build(folder: Path, entries: int) -> Member:
    """A vault of about so many entries and two members, made by a process of its own, so that whoever measures stays small."""
    subprocess.run([sys.executable, __file__, "grow", str(folder), str(entries)], env=environment(), check=True)
    return Member(folder)


def grow(member: Member, entries: int) -> None:
    from govern.procedures.people import NewPerson, add

    with member.workspace() as workspace:
        with workspace.transaction(NOW) as tx:
            person = add(tx, NewPerson(name="Ben", handle="ben")).id
        with workspace.transaction(NOW) as tx:
            seed = enrol(tx, "ben", person)
        with workspace.transaction(NOW) as tx:
            place = tx.new_id()
            tx.record("place.added", {"place": place, "kind": "manager"}, {"name": "the old manager"})
            size = tx.size
        for start in range(0, (entries - size) // 4, AT_ONCE):
            with workspace.transaction(NOW) as tx:
                for number in range(start, min(start + AT_ONCE, (entries - size) // 4)):
                    add_account(tx, number, place)
    (member.folder / "ben").write_bytes(bytes.fromhex(person) + seed)


@contextmanager
def both(member: Member) -> Iterator[tuple[Workspace, Workspace]]:
    """What the founder and the second member work on; the second has read everything."""
    from govern.register.pin import read_pin
    from govern.register.workspace import Workspace
    from govern.vault.keys import Keys

    told = (member.folder / "ben").read_bytes()
    home = member.folder / "second"
    home.mkdir()
    with member.workspace() as one:
        _ = one.keys  # now, while the environment is this vault's
        one.view()
        pin = read_pin(one.pin_path)
        other = Workspace(
            path=one.path, home=home, vault=one.vault, person=told[:16].hex(), checkpoint=pin.note if pin else b"",
            unlock=lambda: Keys.from_seed(told[16:]), anew=True,
        )  # fmt: skip
        try:
            other.view()
            yield one, other
        finally:
            other.close()


def rebuild(member: Member) -> None:
    with member.workspace() as workspace:
        for path in workspace.home.glob("register.db*"):
            os.unlink(path)
        workspace.view()


if __name__ == "__main__":
    place = Path(sys.argv[2])
    if sys.argv[1] == "grow":
        grow(found(place), int(sys.argv[3]))
    else:
        rebuild(Member(place))
