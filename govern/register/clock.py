"""The ledger's time: what expiries are judged at, and whose clock is wrong. Knows who says what time it is, and has no clock of its own.

Order in the ledger decides; a time is only ever claimed by its actor. The ledger's time never goes back, so that nobody gets around an expiry
with a clock put back. Nor does it leap: what a mere keyholder claims counts no further than a week beyond what another has claimed, and
what anybody claims a year beyond all else counts only once a second person comes near to it; of somebody who is alone, once they say so again. Else
one wrong clock, or one bad insider, would end for good whatever has an end. Nothing runs out by a time more than a year beyond the ledger's either, and
whoever says a time that the next person shows not to have come yet is told of.

Services bear out nobody: their keys lie on machines that run by themselves, and two of them may be in one hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

BEHIND: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(days=7)
LEAP: Final = timedelta(days=366)
SILENCE: Final = timedelta(days=92)
_DAY: Final = timedelta(days=1)
_END: Final = datetime.max.replace(microsecond=0, tzinfo=UTC)
_SPELL: Final = json.JSONEncoder(sort_keys=True).encode


class Clock:
    """The latest time that each person (id) has claimed, UTC ISO 8601: those that are `counted`, and those too far `ahead` to count.

    `leaps`: person -> entry and time of their first claim more than a week beyond all others that nobody has borne out yet. `services`: those among
    them that are.
    """

    def __init__(
        self, counted: Mapping[str, str] | None = None, ahead: Mapping[str, str] | None = None, leaps: Mapping[str, tuple[int, str]] | None = None,
        services: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.counted, self.ahead, self.leaps, self.services = dict(counted or {}), dict(ahead or {}), dict(leaps or {}), set(services)
        self.now = max(self.counted.values(), default="")

    @staticmethod
    def load(text: str | None) -> Clock:
        return Clock(*json.loads(text)) if text else Clock()

    def save(self) -> str:
        return _SPELL([self.counted, self.ahead, self.leaps, sorted(self.services)])

    def copy(self) -> Clock:
        return Clock(self.counted, self.ahead, self.leaps, self.services)

    def is_as_said(self, person: str, at: str) -> bool:
        """Whether the person has claimed this very time before and none is later, as with most entries of a large transaction."""
        return at == self.now == self.counted.get(person)

    def elapsed(self, person: str, at: str, *, admin: bool) -> str:
        """Until when things have run out by a fact that says it is `at`: its own time where that is later than the ledger's, of an admin, who could end
        them anyway, by a year at most, of others by a quarter beyond what other people have said; of somebody who is alone, however long they were
        silent. Raises ValueError for what is no time."""
        others = self._others(person)
        if at <= self.now or not others:
            return max(at, self.now)
        return max(self.now, min(at, _text(_after(self.now, LEAP) if admin else _after(max(others), SILENCE))))

    def borne_out(self, person: str, at: str, *, admin: bool) -> str:
        """The ledger's time as far as it counts what this person says: never later than they say, unless it is already. Raises ValueError."""
        if at <= self.now or not self._others(person):
            return max(at, self.now)
        return max(self.now, min(at, _text(self._limit(person, admin=admin))))

    def contradicted(self, person: str, at: str) -> list[tuple[str, int]]:
        """(person, entry) of leaps of others that this claim, after them, shows not to have come yet. Those that it bears out are forgotten."""
        found = []
        for who, (entry, said) in list(self.leaps.items()):
            if who != person:
                del self.leaps[who]
                if _after(at, _DAY) < _time(said):
                    found.append((who, entry))
        return found

    def leapt(self, person: str, at: str, entry: int) -> None:
        """Remember an entry that says a time more than a week beyond all that others have said by now."""
        if person not in self.leaps and (others := self._others(person)) and _time(at) > _after(max(others), AHEAD):
            self.leaps[person] = (entry, at)

    def claim(self, person: str, at: str, *, admin: bool, service: bool = False) -> tuple[str, str] | None:
        """Take in the time of the next entry; a finding (code, message) where it is off. Raises ValueError for what is no time."""
        if self.is_as_said(person, at):
            return None
        if service:
            self.services.add(person)
        moment = _time(at)
        if self.now and at > self.now and moment > self._limit(person, admin=admin) and not self._agreed(person, moment):
            return self._too_far(person, at, moment)
        self.ahead.pop(person, None)
        before = self.now
        self._count(person, at)
        if at < before and _after(at, BEHIND) < _time(before):
            return "backdated", f"says {at}, after an entry of {before}"
        return None

    def _others(self, person: str) -> list[str]:
        return [time for who, time in self.counted.items() if who != person and who not in self.services]

    def _limit(self, person: str, *, admin: bool) -> datetime:
        others = self._others(person)
        return _after(self.now, LEAP) if admin or not others else _after(max(others), AHEAD)

    def _agreed(self, person: str, moment: datetime) -> bool:
        """Whether somebody else was as far ahead; then a long time has really passed, and what both have said counts. Whoever is alone agrees with
        themselves, a while later."""
        if not self._others(person):
            before = self.ahead.get(person)
            return before is not None and timedelta(0) < moment - _time(before) <= AHEAD
        if person in self.services:
            return False
        found = [who for who, time in self.ahead.items() if who not in {person, *self.services} and abs(_time(time) - moment) <= AHEAD]
        for who in found:
            self._count(who, self.ahead.pop(who))
        return bool(found)

    def _too_far(self, person: str, at: str, moment: datetime) -> tuple[str, str] | None:
        known = max(self.ahead.get(person, ""), self.now)
        self.ahead[person] = max(self.ahead.get(person, ""), at)
        if moment <= _after(known, LEAP):
            return None
        return "ahead", f"says {at}, more than a year after all that was said before: it moves nothing"

    def _count(self, person: str, at: str) -> None:
        self.counted[person] = max(at, self.counted.get(person, ""))
        self.now = max(self.now, at)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _after(text: str, span: timedelta) -> datetime:
    """So much later, or the end of the calendar: a time that nobody can add to must stop nobody's replay."""
    moment = _time(text)
    return moment + span if span <= _END - moment else _END


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
