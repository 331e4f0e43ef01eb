"""Rotating many secrets: which of them are due, and sealing a candidate of each.

Which are due must not grow with the vault: 100 due out of 1,000 and out of 100,000, of which the others changed half a year ago (longer than the
shortest age of the policy, shorter than their own) or came with an import today. Staging is one transaction: a rotation of each of 1,000
credentials that five people hold, each candidate generated, held against the one before it and sealed to the five and to recovery.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cut import HANDLES, bare, fill
from measure import Result, environment, interleave, medians, ms, processes, timed
from member import NOW, Member, add_account, copies, found

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

DUE = 100
AT_ONCE = 5_000
PASSES = 100
"""Secrets that `pass` seals anew; a thousand take it over a minute."""


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    yield from due(folder, quick=quick)
    yield from staging(folder, quick=quick)


# --- which are due -----------------------------------------------------------------------------------------------------------------------


def due(folder: Path, *, quick: bool) -> Iterator[Result]:
    few, many = 1_000, 10_000 if quick else 100_000
    small, large = build(folder / f"due-{few}", few), build(folder / f"due-{many}", many)
    with small.workspace() as one, large.workspace() as other:
        ours, floor = medians(30 if quick else 100, lambda: asked(other), lambda: asked(one))
    yield Result(
        work=f"which of {many:,} credentials are due, {DUE} are", subject=ms(ours), floor=f"{few:,} credentials {ms(floor)}", ratio=ours / floor, bar=1.2,
    )  # fmt: skip
    words = ("rotate", "--all-due", "--dry-run")
    as_process, beside = processes(5 if quick else 11, large.command(*words), small.command(*words))
    yield Result(
        work=f"`rotate --all-due --dry-run`, {many:,} credentials, as a process", subject=ms(as_process.wall),
        floor=f"{few:,} credentials {ms(beside.wall)}", ratio=as_process.wall / beside.wall, bar=1.2,
    )  # fmt: skip


def asked(workspace: object) -> None:
    from govern.procedures.choosing import Wanted, chosen
    from govern.register.workspace import Workspace

    assert isinstance(workspace, Workspace)
    assert len(chosen(workspace.view(), Wanted(all_due=True), reader=workspace.person, now=NOW)) == DUE


def build(folder: Path, credentials: int) -> Member:
    subprocess.run([sys.executable, __file__, str(folder), str(credentials)], env=environment(), check=True)
    return Member(folder)


def grow(member: Member, credentials: int) -> None:
    with member.workspace() as workspace:
        with workspace.transaction(NOW) as tx:
            place = tx.new_id()
            tx.record("place.added", {"place": place, "kind": "manager"}, {"name": "the old manager"})
        for start in range(0, credentials, AT_ONCE):
            with workspace.transaction(NOW) as tx:
                for number in range(start, min(start + AT_ONCE, credentials)):
                    add(tx, number, place)


def add(tx: Transaction, number: int, place: str) -> None:
    """The first hundred changed 400 days ago, of the rest every other one 200 days ago; a standard password is due after 365."""
    days = 400 if number < DUE else 200 if number % 2 else 0
    changed = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT00:00:00Z") if days else ""
    add_account(tx, number, place, changed)


# --- candidates --------------------------------------------------------------------------------------------------------------------------


def staging(folder: Path, *, quick: bool) -> Iterator[Result]:
    credentials = 100 if quick else 1_000
    seals = credentials * (len(HANDLES) + 2)
    member = found(folder / "five")
    fill(member, credentials)
    rounds = 3
    machines = copies(member, folder, rounds + 1)
    columns = interleave(rounds, lambda: staged(machines.pop(), credentials), timed(bare(seals)))
    ours, floor = map(statistics.median, columns)
    work = f"candidates of {credentials:,} credentials that five hold, one transaction"
    yield Result(work=work, subject=ms(ours), floor=f"{seals:,} bare HPKE seals {ms(floor)}", ratio=ours / floor, bar=1.5)
    if shutil.which("pass") is None or shutil.which("gpg") is None:
        yield Result(work=work, subject="", floor="pass: not installed")
        return
    (folder / "pass").mkdir(mode=0o700)
    theirs = min(timed(sealed_anew(folder / "pass"))() for _ in range(1 if quick else 3)) / PASSES
    yield Result(
        work=f"{work}: each", subject=ms(ours / credentials), floor=f"pass, {PASSES} sealed anew to five, each {ms(theirs)}",
        ratio=ours / credentials / theirs,
    )  # fmt: skip


def staged(member: Member, credentials: int) -> float:
    """The seconds of the transaction in which every credential gets its rotation and candidate."""
    from govern.procedures import rotate
    from govern.register.queries import rotatable
    from govern.rotation.triggers import Trigger

    with member.workspace() as workspace:
        wanted = rotatable.of_active(workspace.view())
        began = time.perf_counter()
        with workspace.transaction(NOW) as tx:
            started, skipped = rotate.start(tx, wanted, Trigger.MANUAL)
        seconds = time.perf_counter() - began
        (wraps,) = workspace.db.execute(
            "SELECT count(*) FROM wraps w JOIN versions v USING (credential, n) WHERE v.state = 'candidate'"
        ).fetchone()
    assert (len(started), len(skipped), wraps) == (credentials, 0, credentials * (len(HANDLES) + 2))
    return seconds


def sealed_anew(folder: Path) -> Callable[[], None]:
    """What `pass init` does to its secrets when it is told to seal them to five keys: four at first, so that there is something to do."""
    env = environment(GNUPGHOME=str(folder), PASSWORD_STORE_DIR=str(folder / "store"), HOME=str(folder))

    def do(*words: str, given: str = "") -> None:
        subprocess.run(words, env=env, cwd=folder, input=given.encode(), check=True, capture_output=True)

    names = [f"bench{number}@example.test" for number in range(5)]
    if not (folder / "store").exists():
        for name in names:
            do("gpg", "-q", "--batch", "--passphrase", "", "--quick-generate-key", name, "future-default", "default", "never")
    do("pass", "init", *names[:4])
    for number in range(PASSES):
        do("pass", "insert", "-f", "-e", f"brand/{number}", given=f"secret {number}\n")
    return lambda: do("pass", "init", *names)


if __name__ == "__main__":
    grow(found(Path(sys.argv[1])), int(sys.argv[2]))
