"""A question to a platform, and waiting for its answer: apart from the ledger, so that many servers can be asked at a time.

What a connector is asked may take half a minute; what is written to the ledger is written by one thread, one transaction at a time. So a
procedure that does both is written as a coroutine which awaits an `Exchange`, outside of any transaction, and whoever runs it decides where
the question is asked: here and now (`in_turn`), or on a thread of that server's (`govern.procedures.many`). Knows neither ledger nor platform.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Steps = Coroutine["Exchange[Any]", Any, T_co]
"""What asks platforms on its way to a result."""


class Exchange(Generic[T]):
    """One call of a connector; awaiting it gives the answer, or raises what the call has raised."""

    __slots__ = ("ask",)

    def __init__(self, ask: Callable[[], T]) -> None:
        self.ask = ask

    def __await__(self) -> Generator[Exchange[T], T, T]:
        answer: T = yield self
        return answer


class Answer:
    """What came of an exchange: a value, or what was raised."""

    __slots__ = ("error", "value")

    def __init__(self, exchange: Exchange[Any]) -> None:
        """Ask, and wait."""
        self.value: Any = None
        self.error: BaseException | None = None
        try:
            self.value = exchange.ask()
        except BaseException as error:  # it belongs to whoever awaits the answer
            self.error = error

    def to(self, steps: Steps[Any]) -> Exchange[Any]:
        """Give it to who asked; what they ask next. Raises StopIteration with their result, or what they raise."""
        return steps.send(self.value) if self.error is None else steps.throw(self.error)


def in_turn(steps: Steps[T]) -> T:
    """The result, with every question asked here and now."""
    try:
        exchange = steps.send(None)
        while True:
            exchange = Answer(exchange).to(steps)
    except StopIteration as end:
        result: T = end.value
        return result
