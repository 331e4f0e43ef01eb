"""Compiling the tests of a fresh checkout takes as long as many of them do: processes that begin together share it.

It knows how pytest keeps what it has compiled, and nothing of any test. Where pytest keeps it otherwise, each process compiles all of them, as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest


def share(config: pytest.Config) -> None:
    """Called once per process, before tests are looked for; of those that nobody has compiled yet, it compiles every so many-th."""
    started = getattr(config, "workerinput", None)
    if started is None or sys.dont_write_bytecode:
        return
    try:
        from _pytest.assertion.rewrite import PYC_TAIL, _rewrite_test, _write_pyc, assertstate_key, get_cache_dir
    except ImportError:
        return
    state = config.stash.get(assertstate_key, None)
    if state is None:
        return
    number, of = int(started["workerid"].removeprefix("gw")), started["workercount"]
    for file in sorted(_asked(config))[number::of]:
        kept = get_cache_dir(file) / f"{file.stem}{PYC_TAIL}"
        if not kept.exists():
            with suppress(OSError, SyntaxError, ValueError):  # whoever imports it says so
                kept.parent.mkdir(parents=True, exist_ok=True)
                found, code = _rewrite_test(file, config)
                _write_pyc(state, code, found, kept)


def _asked(config: pytest.Config) -> Iterator[Path]:
    """The files in the folders that are to be tried."""
    for word in config.args:
        yield from (config.invocation_params.dir / word.partition("::")[0]).rglob("test_*.py")
