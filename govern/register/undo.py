"""A member's own facts, one after the other: a refused one leaves nothing behind in the register, those before it stay.

For a savepoint SQLite copies each page that is written under it: with one to every fact that is a good part of a large transaction.
So one serves many facts, and where one of these is refused, those before it are applied again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govern.events import Event
    from govern.register.judge import Judge
    from govern.register.projection import Scene

_TOGETHER: Final = 500
"""Facts to a savepoint: what a refusal costs to apply again, and what is kept in memory for that."""


class Undo:
    """The facts that `judge` has admitted since the last savepoint."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._since: list[tuple[Scene, Event, bytes]] = []
        self._open = False

    def admit(self, scene: Scene, event: Event, compartment: bytes, epoch: bytes, key: bytes) -> None:
        """Judge and apply one more; raises Refused with the register as it was before."""
        if not self._open or len(self._since) == _TOGETHER:
            self._begin()
        try:
            self._judge.admit(scene, event, compartment, epoch, key)
        except Exception:
            self._judge.db.execute("ROLLBACK TO facts")
            for earlier in self._since:
                self._judge.again(*earlier)
            self._begin()  # the next refusal finds nothing to apply again: of many, each fact is applied twice at most
            raise
        self._since.append((scene, event, compartment))

    def _begin(self) -> None:
        if self._open:
            self._judge.db.execute("RELEASE facts")
        self._judge.db.execute("SAVEPOINT facts")
        self._since, self._open = [], True
