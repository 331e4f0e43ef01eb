"""A long computation shared out among the processors: each share in a process of its own, a copy of this one that ends with its share.

Threads would only take turns: `cryptography` keeps the interpreter's lock while it seals. A copy starts at once, knows what this process knows, writes
to nothing but its pipe, and is gone when the answer is there (docs/adr/0046-sealing-on-all-processors.md). Knows ranges and bytes; not what is computed.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Final, NamedTuple, NoReturn

_MOST: Final = 8
"""Processes at once, this one among them."""

_DONE: Final = b"."
"""Behind the bytes of a share that was computed to its end."""


class _Copy(NamedTuple):
    process: int
    reading: int
    """The pipe's end from which its bytes come."""


def shared(work: Callable[[int, int], bytes], count: int, *, at_least: int) -> bytes:
    """`work(start, stop)` from 0 to `count` in shares of `at_least` or more, joined in their order.

    A share that its copy did not finish, for whatever reason, is done here: so the result is the same with copies or without, and so is what `work`
    raises.
    """
    shares = min(_processors(), _MOST, count // at_least)
    if shares < 2:
        return work(0, count)
    bounds = list(pairwise(count * number // shares for number in range(shares + 1)))
    copies: list[_Copy] = []
    try:
        for start, stop in bounds[1:]:
            with suppress(OSError), _undisturbed():  # no room for another process: its share stays here
                copies.append(_copy(work, start, stop))
        done = [work(*bounds[0])]
        answers = [_answer(copy) for copy in copies] + [None] * (shares - 1 - len(copies))
        done += [work(*share) if answer is None else answer for share, answer in zip(bounds[1:], answers, strict=True)]
        return b"".join(done)
    finally:
        for copy in copies:
            _end(copy)


def _processors() -> int:
    """How many this process may use; one where it can't be copied safely: another thread's locks would stay locked in the copy for ever, and where
    whoever started it ignores ended processes, nobody can wait for one."""
    if sys.platform != "linux" or signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        return 1
    try:
        alone = len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return 1
    return len(os.sched_getaffinity(0)) if alone else 1


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits until a copy that is made is in the list of those that are ended. In between Python would print it and go on, and a copy would take
    it for its own and end what this process has begun."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _copy(work: Callable[[int, int], bytes], start: int, stop: int) -> _Copy:
    """A copy of this process that has begun with its share."""
    reading, writing = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if process == 0:
        _be_copy(reading, writing, work, start, stop)
    os.close(writing)
    return _Copy(process, reading)


def _be_copy(reading: int, writing: int, work: Callable[[int, int], bytes], start: int, stop: int) -> NoReturn:
    """Compute, answer and end, without a word and without cleaning up: files, locks and connections are those of the process that was copied."""
    try:
        gc.disable()  # else something may be closed here that the other still uses
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.close(reading)  # else nobody would end a copy that waits to be read when the other was killed
        left = memoryview(work(start, stop) + _DONE)
        while left:
            left = left[os.write(writing, left) :]
    finally:
        os._exit(0)


def _answer(copy: _Copy) -> bytes | None:
    """What it computed; None where it did not come to its end."""
    with open(copy.reading, "rb", closefd=False) as pipe:
        answer = pipe.read()
    return answer[:-1] if answer.endswith(_DONE) else None


def _end(copy: _Copy) -> None:
    os.close(copy.reading)
    with suppress(ProcessLookupError):
        os.kill(copy.process, signal.SIGKILL)  # of one that is waited for nobody else has the number
    os.waitpid(copy.process, 0)
