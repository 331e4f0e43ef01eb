"""Adds people one after another in a process of its own: `writer.py PREFIX COUNT`. Prints each handle once it is acknowledged.

A busy database is asked again. `PREFIX` `read` and `verify` do that instead, as often. Anything else that fails ends the process.
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
        while True:
            code, said = command(*words)
            if code == 0:
                print(handle, flush=True)
                break
            if json.loads(said)["error"]["code"] not in ("busy", "race"):
                raise SystemExit(said)


main(sys.argv[1], int(sys.argv[2]))
