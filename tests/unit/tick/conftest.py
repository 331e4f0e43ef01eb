"""The company of the reminders, in which a run of all that is due is tried: messages go into a list, and the test moves the clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.holdings.services import Purpose
from govern.procedures.services import authorise
from govern.procedures.tick import run as procedure
from govern.procedures.tick.told import Ran
from govern.vault.keys import Keys
from govern.vault.secret import SecretBytes

from ..departing.conftest import Originals, copied
from ..notices.conftest import Office, _office

__all__ = ["Works", "originals", "works"]


@pytest.fixture(scope="session")
def originals() -> Iterator[Originals]:
    kept = Originals()
    yield kept
    kept.remove()


class Works(Office):
    """As the office, with services."""

    def service(self, name: str, *purposes: Purpose, accounts: tuple[str, ...] = ()) -> None:
        keys = Keys(SecretBytes(os.urandom(32)))
        made = self.do(authorise, name, purposes, "2030-12-31T23:59:59Z", keys, [self.ids[one] for one in accounts])
        self.ids[name] = made.person
        self._join(name, keys)

    def tick(self, by: str = "mia", *, check: bool = False, **more: Any) -> Ran:
        self.later(minutes=1)
        return procedure.run(
            self.members[by], lambda: self.now, monotonic=lambda: 0.0, posts=lambda *_: (self.answering(),), check=check, **more
        )

    def size(self, by: str = "mia") -> int:
        return int(self.db(by).execute("SELECT count(*) FROM entries").fetchone()[0])

    def types(self, since: int) -> list[str]:
        return [row[0] for row in self.db().execute("SELECT type FROM entries WHERE idx >= ? ORDER BY idx", (since,))]


def _works(folder: Path) -> Works:
    firm = _office(folder, Works)
    firm.rotate(firm.secret("shop"))  # of what came with an import the day is drawn by lot
    firm.remind()  # what is due at the founding was told
    return firm


works = copied(_works)
