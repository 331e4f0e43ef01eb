"""Adds people one after another in a process of its own: `writer.py PREFIX COUNT`. Prints each handle once it is acknowledged.

A busy database is asked again, and one whose connection was lost; where it was not known whether it had committed, a handle that is taken
by then was ours. `PREFIX` `read` and `verify` do that instead, as often. Anything else that fails ends the process.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from govern.cli.main import run


def command(*words: str) -> tuple[int, str]:
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out):
        try:
            run(list(words))
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    out.flush()
    return code, out.buffer.getvalue().decode()  # type: ignore[attr-defined]


def main(prefix: str, count: int) -> None:
    for number in range(count):
        handle = f"{prefix}{number}"
        words = {"read": ("person", "list", "--json"), "verify": ("ledger", "verify", "--deep", "--json")}.get(
            prefix, ("person", "add", "Some One", "--handle", handle, "--json")
        )
        perhaps = False
        while True:
            code, said = command(*words)
            if code == 0 or (perhaps and code == 4):
                print(handle, flush=True)
                break
            told = json.loads(said)["error"]["code"]
            perhaps = perhaps or told == "unknown"
            if told not in ("busy", "race", "connection", "unknown"):
                raise SystemExit(said)


main(sys.argv[1], int(sys.argv[2]))
