"""Python's search for cycles among objects, held off while one transaction makes a great many that all live to its end.

It looks through everything that is alive whenever enough was made, and finds nothing: a twentieth of the cut of a thousand credentials. What has
no cycles is freed as ever, so that memory stays what it is.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_off() -> Iterator[None]:
    """No search for cycles meanwhile; afterwards as it was."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
