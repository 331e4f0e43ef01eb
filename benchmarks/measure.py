"""How anything is measured here: what is compared runs turn by turn (A B A B …), medians are taken, and a ratio is held against a bar."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of the table. `ratio` is held against `bar`: at most it, or at least it; without a bar it is told for information."""

    work: str
    subject: str
    floor: str
    ratio: float | None = None
    bar: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.bar is None or self.ratio is None:
            return ""
        return "pass" if (self.ratio >= self.bar if self.at_least else self.ratio <= self.bar) else "MISS"

    @property
    def wanted(self) -> str:
        return "" if self.bar is None else f"{'≥' if self.at_least else '≤'} {self.bar:g}"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, seconds of processor, peak memory in bytes: of a process, or the medians of several."""

    wall: float
    cpu: float
    peak: float


def spawn(command: Sequence[str], environment: Mapping[str, str], *, expect: int = 0) -> Cost:
    """Run one command as a process of its own, its output thrown away; any other exit than `expect` is an error."""
    words = [sys.executable, "-I", "-S", str(HERE / "child.py"), *command]
    said = subprocess.run(words, env=dict(environment), capture_output=True, text=True, check=True).stdout.split()
    if int(said[3]) != expect:
        raise RuntimeError(f"{' '.join(command)}: exit {said[3]}")
    return Cost(float(said[0]), float(said[1]), float(said[2]))


def interleave(rounds: int, *actions: Callable[[], Any]) -> list[list[Any]]:
    """What each action gave in each round, after one round that does not count."""
    for action in actions:
        action()
    turns = [[action() for action in actions] for _ in range(rounds)]
    return [list(column) for column in zip(*turns, strict=True)]


def processes(rounds: int, *commands: tuple[Sequence[str], Mapping[str, str]]) -> list[Cost]:
    """Median cost of each command, run turn by turn."""
    actions = [lambda words=words, environment=environment: spawn(words, environment) for words, environment in commands]
    return [
        Cost(*(statistics.median(parts) for parts in zip(*((c.wall, c.cpu, c.peak) for c in costs), strict=True)))
        for costs in interleave(rounds, *actions)
    ]


def timed(action: Callable[[], object]) -> Callable[[], float]:
    """The action, giving the seconds that it took."""

    def run() -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    return run


def medians(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """Median seconds of each action, run turn by turn in this process."""
    return [statistics.median(column) for column in interleave(rounds, *map(timed, actions))]


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.01 else f"{seconds * 1e6:,.0f} µs"


def mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def per_second(count: float, seconds: float, what: str = "entries") -> str:
    return f"{count / seconds:,.0f} {what}/s"


def environment(**more: str) -> dict[str, str]:
    """What a measured process sees: nothing of the vaults of whoever runs this."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT") if name in os.environ}
    return {**kept, **more}
