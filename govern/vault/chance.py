"""Random bytes asked for ahead: the kernel takes longer to be asked than to answer. Knows where they come from; not what they become."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Final

_MOST: Final = 4_096


def ahead(random: Callable[[int], bytes], wanted: int) -> Callable[[int], bytes]:
    """The same source for about so many bytes in all, asked for many at a time. Each byte is given once; what is left goes with the batch."""
    at_once = min(wanted, _MOST)
    read = BytesIO().read

    def draw(size: int) -> bytes:
        nonlocal read
        found = read(size)
        if len(found) < size:
            read = BytesIO(random(max(size, at_once))).read
            found = read(size)  # what was left is thrown away
        return found

    return draw
