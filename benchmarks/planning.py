"""The plan of a departure grows with what the leaver knows, not with the vault: 100 secrets known, out of 1,000 accounts and of 100,000."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from measure import Result, ms, processes
from member import build


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    few, many = 1_000, 5_000 if quick else 100_000
    small, large = build(folder / f"plan-{few}", few), build(folder / f"vault-{many}", many)
    ours, floor = processes(7 if quick else 15, large.command("offboard", "plan", "anna"), small.command("offboard", "plan", "anna"))
    yield Result(
        work=f"offboarding plan, {many:,} accounts", subject=ms(ours.wall), floor=f"{few:,} accounts {ms(floor.wall)}",
        ratio=ours.wall / floor.wall, bar=1.2,
    )  # fmt: skip
