"""Python runs this in every process that finds it on PYTHONPATH, before the program: the installed command, killed at one of its boundaries.

`GOVERN_TEST_STOP` is the number of the boundary, from 0; behind a colon the name of those that are counted, if not all are; and behind another
the file into which the names of all are written at the end.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from pathlib import Path

_kept = contextlib.ExitStack()
"""Until the process ends."""


def _stop() -> None:
    at, of, names = (os.environ.get("GOVERN_TEST_STOP") or "::").split(":", 2)
    if not at:
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import boundaries

    sys.path.pop(0)
    one = boundaries.Boundaries(lambda: os.kill(os.getpid(), signal.SIGKILL), at=int(at), of=of)
    _kept.enter_context(boundaries.watching(one))
    if names:
        atexit.register(lambda: Path(names).write_text("\n".join(one.seen)))


_stop()
