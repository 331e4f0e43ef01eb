"""What a server's failure in the middle may be answered with: the same once more, where nothing was recorded or shown yet.

Taking the write lock and catching up, and catching up to look, are repeated as a whole. What follows in a transaction is not: the block that
records is run once. Its questions are asked again on another connection if, under the lock taken anew, the ledger ends where it did; its rows are
put in again by `settle`, the same bytes. A file has no such failures: whoever has its lock keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from govern.errors import Failed

if TYPE_CHECKING:
    from govern.register.pin import Pin
    from govern.register.workspace import Workspace
    from govern.store.database import Store
    from govern.store.writing import Writing

TRIES: Final = 4

T = TypeVar("T")


@contextmanager
def locked(workspace: Workspace) -> Iterator[tuple[Writing, Pin | None]]:
    """The store's write lock, all that stands there verified and applied, and what was left unfinished put in; and the pin, which stands there too.

    What fails in passing while that is done is done again; what the caller's block raises is raised. The store itself has tried to begin as
    often as makes sense, so that a beginning that fails is the end.
    """
    for left in reversed(range(TRIES)):
        ready = False
        try:
            with workspace.store.writing() as writing:
                pin = workspace.catch_up(writing)
                ready = True
                yield writing, pin
                return
        except Failed as error:
            if ready or not left or not workspace.store.passes(error):
                raise


def looked(store: Store, look: Callable[[], T]) -> T:
    """What `look` gives; asked again where a server failed in passing. Nothing was shown yet, and what was verified meanwhile is pinned."""
    for left in reversed(range(TRIES)):
        try:
            return look()
        except Failed as error:
            if not left or not store.passes(error, waiting=False):
                raise
    raise AssertionError


def answered(writing: Writing, ends: tuple[int, bytes], question: Callable[[], T], lost: Callable[[Exception], None]) -> T:
    """An answer of the store in the middle of a transaction that began where the ledger `ends` (size, note).

    Where the connection is lost, the lock is taken anew on another, and `lost` is told; if others went on meanwhile, what was judged is judged no more (Failed,
    code `race`).
    """
    for left in reversed(range(TRIES)):
        try:
            return question()
        except Exception as error:
            if not left or not writing.passes(error):
                raise
            lost(error)
        writing.renew()
        if writing.head() != ends:
            raise Failed("others went on while the connection was lost", code="race", hint="run the command again")
    raise AssertionError
