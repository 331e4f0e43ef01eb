"""Runs the command and is stopped in the middle: `stopped.py AT HOW WORDS…`. Started by `test_stopped`, as a process of its own.

Counts every step by which something becomes durable: writes and syncs of journal and pin, the store's inserts and COMMIT, the register's
COMMIT. At step AT it kills itself (HOW `kill`) with half of a write done, or right after the step (`late-kill`); or it lets the step fail
as a full disk would (`full`), or says that it failed though it was done (`late`). AT 0 stops nowhere and prints the number of steps to stderr.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

AT, HOW, WORDS = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
steps: list[str] = []


def step(name: str) -> bool:
    """Whether it is this step's turn."""
    steps.append(name)
    return len(steps) == AT


def stop() -> None:
    if HOW.endswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    raise OSError(errno.ENOSPC, "No space left on device")


def around(name: str, real: Callable[..., Any], half: Callable[..., Any] | None = None) -> Callable[..., Any]:
    def wrapped(*values: Any, **more: Any) -> Any:
        turn = step(name)
        if turn and not HOW.startswith("late"):
            if half is not None:
                half(*values, **more)
            stop()
        result = real(*values, **more)
        if turn:
            stop()
        return result

    return wrapped


def main() -> None:
    from govern.cli.main import run
    from govern.register import catching_up, connection, transaction
    from govern.store.writing import Writing

    write = os.write
    os.write = around("write", write, lambda descriptor, data: write(descriptor, bytes(data)[: len(data) // 2]))  # type: ignore[assignment]
    for name in ("fdatasync", "fsync", "ftruncate", "truncate"):
        setattr(os, name, around(name, getattr(os, name)))
    for name in ("insert_entries", "insert_versions", "insert_wraps", "drop_wraps", "insert_checkpoint", "commit"):
        setattr(Writing, name, around(f"store {name}", getattr(Writing, name)))
    for module in (transaction, catching_up):
        module.write_pin = around("pin", module.write_pin)  # type: ignore[attr-defined]

    real = connection.transaction

    @contextlib.contextmanager
    def committing(db: Any) -> Iterator[None]:
        with real(db):
            yield
            if step("register commit") and not HOW.startswith("late"):
                stop()
        if len(steps) == AT and steps[-1] == "register commit":
            stop()

    connection.transaction = committing
    try:
        run(WORDS)
    finally:
        if AT == 0:
            sys.stderr.write(f"\nsteps {len(steps)}: {','.join(steps)}\n")


main()
