"""The ledger's time: what expiries are judged at, and whose clock is wrong. Knows who says what time it is, and has no clock of its own.

Order in the ledger decides; a time is only ever claimed by its actor. The ledger's time never goes back, so that nobody gets around an expiry
with a clock put back. Nor does it leap: what a mere keyholder claims counts no further than a week beyond what another has claimed, and
what anybody claims a year beyond all else counts only once a second person comes near to it. Else one wrong clock, or one bad insider, would end
for good whatever has an end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

BEHIND: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(days=7)
LEAP: Final = timedelta(days=366)
_SPELL: Final = json.JSONEncoder(sort_keys=True).encode


class Clock:
    """The latest time that each person (id) has claimed, UTC ISO 8601: those that are `counted`, and those too far `ahead` to count."""

    def __init__(self, counted: Mapping[str, str] | None = None, ahead: Mapping[str, str] | None = None) -> None:
        self.counted, self.ahead = dict(counted or {}), dict(ahead or {})
        self.now = max(self.counted.values(), default="")

    @staticmethod
    def load(text: str | None) -> Clock:
        return Clock(*json.loads(text)) if text else Clock()

    def save(self) -> str:
        return _SPELL([self.counted, self.ahead])

    def copy(self) -> Clock:
        return Clock(self.counted, self.ahead)

    def is_as_said(self, person: str, at: str) -> bool:
        """Whether the person has claimed this very time before and none is later, as with most entries of a large transaction."""
        return at == self.now == self.counted.get(person)

    def claim(self, person: str, at: str, *, admin: bool) -> tuple[str, str] | None:
        """Take in the time of the next entry; a finding (code, message) where it is off. Raises ValueError for what is no time."""
        if self.is_as_said(person, at):
            return None
        moment = _time(at)
        if self.now and at > self.now and moment > self._limit(person, admin=admin) and not self._agreed(person, moment):
            return self._too_far(person, at, moment)
        self.ahead.pop(person, None)
        before = self.now
        self._count(person, at)
        if at < before and moment < _time(before) - BEHIND:
            return "backdated", f"says {at}, after an entry of {before}"
        return None

    def _limit(self, person: str, *, admin: bool) -> datetime:
        others = [time for who, time in self.counted.items() if who != person]
        return _time(self.now) + LEAP if admin or not others else _time(max(others)) + AHEAD

    def _agreed(self, person: str, moment: datetime) -> bool:
        """Whether somebody else was as far ahead; then a long time has really passed, and what both have said counts."""
        found = [who for who, time in self.ahead.items() if who != person and abs(_time(time) - moment) <= AHEAD]
        for who in found:
            self._count(who, self.ahead.pop(who))
        return bool(found)

    def _too_far(self, person: str, at: str, moment: datetime) -> tuple[str, str] | None:
        known = max(self.ahead.get(person, ""), self.now)
        self.ahead[person] = max(self.ahead.get(person, ""), at)
        if moment <= _time(known) + LEAP:
            return None
        return "ahead", f"says {at}, more than a year after all that was said before: it moves nothing"

    def _count(self, person: str, at: str) -> None:
        self.counted[person] = max(at, self.counted.get(person, ""))
        self.now = max(self.now, at)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
