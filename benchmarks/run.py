"""All measurements, one table: `make bench`, or `python benchmarks/run.py [--quick] [--only NAME]…` with an installed govern.

Only ratios of one run mean something: machines differ, and so does the same machine an hour later. A missed bar is said, not an error.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sqlite3
import sys
import tempfile
from pathlib import Path

import append
import commands
import cut
import growth
import importing
import peers
import planning
import reminding
import rotating
import verify
from measure import Result

from govern.cli.main import SELDOM

SUBJECTS = {
    "commands": commands,
    "planning": planning,
    "append": append,
    "verify": verify,
    "importing": importing,
    "cut": cut,
    "rotating": rotating,
    "reminding": reminding,
    "growth": growth,
    "peers": peers,
}


def machine() -> str:
    """What the figures were measured on."""
    model = next((line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    from importlib.metadata import version

    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"cryptography {version('cryptography')}, SQLAlchemy {version('SQLAlchemy')}, typer {version('typer')}; load {os.getloadavg()[0]:.1f}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def row(result: Result) -> str:
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
    return f"| {result.work} | {result.subject} | {result.floor} | {ratio} | {result.wanted} | {result.verdict} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller vaults, fewer rounds")
    parser.add_argument("--only", action="append", choices=list(SUBJECTS), help="one subject; may be given several times")
    asked = parser.parse_args()
    gc.set_threshold(SELDOM)  # as in every process of the command
    print(f"{machine()}\n")
    print("| work | govern | beside it | ratio | bar | |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="govern-bench-") as folder:
        for name in asked.only or SUBJECTS:
            place = Path(folder) / name if name not in ("commands", "planning") else Path(folder) / "vaults"
            place.mkdir(exist_ok=True)
            print(f"==> {name}", file=sys.stderr, flush=True)
            for result in SUBJECTS[name].run(place, quick=asked.quick):
                print(row(result), flush=True)


if __name__ == "__main__":
    main()
