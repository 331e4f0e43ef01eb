"""One fact on its way into the register: the event, its index, its personal part, and the few questions every projection asks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from govern.errors import Refused
from govern.holdings.exposures import STRENGTH

_STAGES: Final = frozenset({"version.staged", "candidates.staged"})
"""They are about the newest version: nothing has brought it back yet."""

_SEEN: Final = " ON CONFLICT DO UPDATE SET strength = 'seen' WHERE strength <> 'seen' AND excluded.strength = 'seen'"
_EXPOSE: Final = f"INSERT INTO exposures VALUES (?, ?, ?, ?, ?, ?, ?){_SEEN}"  # noqa: S608
"""The first record of a basis stays, but for its strength: what was possible becomes seen, and never the other way."""

_EXPOSE_MANY: Final = "INSERT OR IGNORE INTO exposures SELECT ?1, value, ?2, ?3, ?4, ?5, ?6 FROM json_each(?7)"
_SEE_MANY: Final = """
UPDATE exposures SET strength = 'seen' WHERE person = ? AND n = ? AND basis = ? AND strength <> 'seen' AND credential IN (SELECT value FROM json_each(?))
"""
"""The same for many, in half of the time: a statement of many rows that could fail in the middle keeps each page as it was before."""


@dataclass(slots=True)
class Scene:
    """What a projection sees. `personal` is empty where the fact has none or it was erased."""

    db: sqlite3.Connection
    index: int
    type: str
    actor: str
    at: str
    body: Mapping[str, Any]
    personal: Mapping[str, Any]
    key: str = ""
    """Id of the key that signs it."""
    now: str = ""
    """The ledger's own time: the latest `at` so far, this one included."""
    elapsed: Callable[[], str] = str
    """The same, but no further beyond what others have said than what ends things by itself may go (`Clock.elapsed`)."""
    borne_out: Callable[[], str] = str
    """The ledger's time as far as it counts what this entry says: of somebody who is no admin a week at most beyond what others have said."""
    compartment: str = ""
    """Id of the compartment that it stands in, where that is neither `base` nor `case`: one of a single case."""
    has_personal: bool = False
    """Whether it has a personal part, be it erased by now."""

    def agreed(self) -> str:
        """The time at which to ask whether others still have a role: nobody makes one run out that is not theirs by a clock that is ahead."""
        return self.borne_out() or self.now or self.at

    def today(self) -> str:
        """The day until which something may have happened: as its actor says, and no further beyond what others have said than what ends things may go. Else
        a training that nobody has had lasts for as long as somebody's clock is ahead."""
        return min(self.at, self.elapsed() or self.at)[:10]

    def one(self, query: str, *values: Any) -> Any:
        """First row of the query, or None."""
        return self.db.execute(query, values).fetchone()

    def run(self, query: str, *values: Any) -> None:
        self.db.execute(query, values)

    def must(self, noun: str, table: str, id_: str) -> None:
        """Refuse a fact that cites what the ledger does not have."""
        if self.one(f"SELECT 1 FROM {table} WHERE id = ?", id_) is None:  # noqa: S608  table names are ours
            raise self.unknown(noun)

    def unknown(self, noun: str) -> Refused:
        """The refusal of a fact that cites what the ledger does not have."""
        return Refused(f"{self.type} cites a {noun} that the ledger does not have", rule="unknown-reference")

    def expose_all(self, rows: Iterable[tuple[str, str, int, str, str]]) -> None:
        """(person, credential, n, basis, strength or nothing) of versions that are the newest of their credential: nothing has brought them
        back yet."""
        self.db.executemany(
            _EXPOSE, [(person, credential, n, basis, strength or STRENGTH[basis], self.at, self.index) for person, credential, n, basis, strength in rows]
        )  # fmt: skip

    def expose_many(self, credentials: Sequence[str], n: int, told: Iterable[tuple[str, str, str]]) -> None:
        """The same of version `n` of many credentials, which each of those told (person, basis, strength or nothing) could know."""
        listed = json.dumps(credentials)
        for person, basis, strength in told:
            strength = strength or STRENGTH[basis]
            if strength == "seen":
                self.db.execute(_SEE_MANY, (person, n, basis, listed))
            self.db.execute(_EXPOSE_MANY, (person, n, basis, strength, self.at, self.index, listed))

    def expose(
        self, person: str, credential: str, n: int, basis: str, *, since: str = "", strength: str = "", came_back: bool = True
    ) -> None:
        """Person could know this version from now on, and any later one that brought its value back; the first record of a basis stays.

        `came_back`: False where there is known to be no such later one.
        """
        waiting = [n]  # one may bring back another that brought back a third, more of them than Python has frames
        while waiting:
            n = waiting.pop()
            self.db.execute(_EXPOSE, (person, credential, n, basis, strength or STRENGTH[basis], since or self.at, self.index))
            if not came_back or self.type in _STAGES:
                return
            waiting += [
                later for (later,) in self.db.execute("SELECT n FROM versions WHERE credential = ? AND reuses = ?", (credential, n))
            ]
