"""A company whose reminders go into a list, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

from govern.notices.message import Delivery, Message, Outcome
from govern.procedures.posts import Post
from govern.procedures.remind import Ran, remind

from ..departing.conftest import Company, Originals, copied

__all__ = ["Office", "office", "originals"]

T = TypeVar("T", bound="Office")


@pytest.fixture(scope="session")
def originals() -> Iterator[Originals]:
    kept = Originals()
    yield kept
    kept.remove()


class Office(Company):
    """Acme with three accounts: shop (critical) is anna's, ben her deputy, blog (low) ben's, till mia's. cleo, who has no keys, holds them all: once there is a
    secret, it has to be handed over to her, within a day, a week and three days."""

    box: list[Message]

    def copied(self, folder: Path) -> Self:
        other = super().copied(folder)
        other.box = []
        return other

    def answering(self, answer: Callable[[Message], Delivery] | None = None, name: str = "list") -> Post:
        """A channel that puts messages into `box`, or gives the answer it is told to give."""

        def send(messages: Iterable[Message]) -> Iterator[tuple[Message, Delivery]]:
            for message in messages:
                delivery = answer(message) if answer else Delivery(outcome=Outcome.DELIVERED)
                if delivery.outcome is Outcome.DELIVERED:
                    self.box.append(message)
                yield message, delivery

        return Post(name, send)

    def remind(self, *posts: Post, by: str = "mia", **more: Any) -> Ran:
        """One run at noon of the company's day, an hour or more after the last."""
        self.later(minutes=1)
        return remind(self.members[by], lambda: self.now, posts=lambda *_: posts or (self.answering(),), **more)

    def told(self, ran: Ran) -> dict[str, list[tuple[str, str, int | None]]]:
        """Handle -> (kind, account, stage) of what each was told."""
        return {
            one.digest.handle: sorted((each.thing.kind, each.thing.account, each.point) for each in one.digest.notices) for one in ran.sent
        }

    def mail(self, handle: str, address: str = "", **more: Any) -> None:
        self.fact("person.edited", {"person": self.ids[handle]}, {"mail": address or f"{handle}@acme.example", **more})


def _office(folder: Path, as_: type[T] = Office) -> T:  # type: ignore[assignment]
    firm = as_(folder)
    firm.box = []
    for handle in ("anna", "ben", "cleo"):
        firm.person(handle)
        firm.mail(handle)
    firm.mail("mia")
    firm.account("shop", "mia", "cleo", custodian="anna", tier="critical", deputy=firm.ids["ben"])
    firm.account("blog", "mia", "cleo", custodian="ben", tier="low")
    firm.account("till", "mia", "cleo")
    return firm


office = copied(_office)
