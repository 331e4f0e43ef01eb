"""Reminders of departures under embargo: sent apart from all others, and recorded nowhere but on the machine that sends them.

An entry beside a message would tell whoever reads the ledger, its subject among them, who was told of the sealed case and, by its days, when the cut is
planned. So of the keys that read a case one sends, which every machine works out alike, and that machine remembers; where it is silent the next one does.
What sending needs an entry for, the opening of a channel, is done once a day as long as there is such a case, whether anybody is told or not.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.holdings.services import Purpose
from govern.policy import later_rules
from govern.procedures.posts import Post, Posts
from govern.register import connection
from govern.register.queries import policies, reminded

if TYPE_CHECKING:
    from govern.notices.digest import Digest
    from govern.notices.due import Notice
    from govern.procedures.remind import Failed, Sent
    from govern.register.workspace import Workspace

_DAY: Final = "told_apart_on"
_ROUNDS: Final = 2
"""Rounds of a day, for each place in the line, that a key waits for those before it: a machine that sends opens its channel in each, by an entry."""
_KEPT: Final = 400
"""Days after which a stage that was told is forgotten."""


class Apart(NamedTuple):
    """What one such round came to."""

    sent: tuple[Sent, ...] = ()
    failed: tuple[Failed, ...] = ()


_SENDERS: Final = """
SELECT k.id, k.person, coalesce(m.at, '') FROM cases c CROSS JOIN epochs e ON e.compartment = c.compartment JOIN epoch_wraps w ON w.epoch = e.id
JOIN keys k ON k.id = w.key AND k.state = 'active' LEFT JOIN machines m ON m.key = k.id
WHERE c.id = ? AND k.person <> c.person
ORDER BY EXISTS (SELECT 1 FROM services s WHERE s.person = k.person) DESC, k.person = c.opener DESC, k.entry, k.id
"""


def mine(db: sqlite3.Connection, key: Callable[[], str], now: str) -> list[str]:
    """Ids of the embargoed cases of which this key (asked only where there are some) sends: of those who read the case and may send, a service before
    people, whoever opened it before others; and the next in line once all before it have shown nothing of themselves for two rounds each."""
    found = [row[0] for row in db.execute("SELECT id FROM cases WHERE state = 'open' AND compartment IS NOT NULL ORDER BY entry")]
    return [case for case in found if key() in _senders(db, case, now)]


def _senders(db: sqlite3.Connection, case: str, now: str) -> list[str]:
    """The first in line always sends: whoever is quiet need not be dead, and a message that comes twice has one Message-ID."""
    from govern.procedures.tick import duties
    from govern.rotation.triggers import later

    line = [(key, shown) for key, person, shown in db.execute(_SENDERS, (case,)).fetchall() if Purpose.REMIND in duties.of(db, person, now)]
    return [key for place, (key, _) in enumerate(line) if all(shown < later(now, -_ROUNDS * place) for _, shown in line[:place])]


def waiting(db: sqlite3.Connection, cases: Sequence[str], now: str, *, reader: str) -> list[Notice]:
    """What is to be told of these cases at `now` (UTC)."""
    from govern.notices import due

    every = due.notices(db, policies.policy(db), now, reader=reader) if cases else []
    return [one for one in every if one.thing.embargoed and one.thing.case in cases and one.point is not None]


def is_time(db: sqlite3.Connection, now: str) -> bool:
    """Whether a round is to be made at `now` (UTC): there are cases under embargo, it is no quiet hour, and the day's round was not made."""
    if db.execute("SELECT 1 FROM cases WHERE state = 'open' AND compartment IS NOT NULL LIMIT 1").fetchone() is None:
        return False
    from govern.notices import stages

    rule = later_rules.reminders(policies.policy(db).later)
    return not stages.is_quiet(rule, now) and connection.state(db, _DAY) != stages.local_day(now, rule.zone)


def tell(workspace: Workspace, clock: Callable[[], str], posts: Posts | None = None) -> Apart:
    """The round of the day, where this machine has one to make. A repetition is a message with the same Message-ID."""
    db, now = workspace.view(), clock()
    if not is_time(db, now):
        return Apart()
    cases = mine(db, lambda: workspace.keys.id.hex(), now)
    if not cases or not _begin(db, now):
        return Apart()
    from govern.notices.digest import digests

    found = digests(db, waiting(db, cases, now, reader=workspace.person), vault=workspace.vault.hex())
    return _send(workspace, clock, posts, found)


def _begin(db: sqlite3.Connection, now: str) -> bool:
    """Take the day's round, if no other process of this machine has."""
    from govern.notices import stages

    day = stages.local_day(now, later_rules.reminders(policies.policy(db).later).zone)
    with connection.transaction(db):
        if connection.state(db, _DAY) == day:
            return False
        connection.save(db, **{_DAY: day})
    return True


def _send(workspace: Workspace, clock: Callable[[], str], posts: Posts | None, found: list[Digest]) -> Apart:
    from govern.notices.message import Delivery, Outcome
    from govern.procedures.posts import apart
    from govern.procedures.remind import Failed, Sent

    left = {one.message.message_id: one for one in found}
    sent: list[Sent] = []
    failed: dict[str, Failed] = {}
    for post in (posts or apart)(workspace, clock, found):
        if not post.private:
            continue
        held = {one.message.message_id: why for one in left.values() if (why := _withheld(workspace.db, post, one))}
        failed |= {id_: Failed(left[id_], post.name, Delivery(outcome=Outcome.LATER, reason=why)) for id_, why in held.items()}
        for message, delivery in post.send([one.message for id_, one in left.items() if id_ not in held]):
            digest = left[message.message_id]
            if delivery.outcome is Outcome.DELIVERED:
                _remember(workspace.db, digest, clock())
                sent.append(Sent(digest, post.name))
                del left[message.message_id]
                failed.pop(message.message_id, None)
            else:
                failed[message.message_id] = Failed(digest, post.name, delivery)
    return Apart(tuple(sent), tuple(failed.values()))


def _withheld(db: sqlite3.Connection, post: Post, digest: Digest) -> str:
    """Why a message does not go by this way; empty where it does. The channel is opened all the same, so that nobody sees of whom the case is."""
    from govern.register.queries import apart

    if post.set_by is not None and apart.is_strange(db, digest.cases, *post.set_by):
        return "somebody who does not read this case has set the channel since it was opened: set it yourself, govern channel edit"
    if not post.here and apart.address_is_strange(db, digest.cases, digest.person):
        return f"somebody who does not read this case has changed their address since it was opened: govern person edit {digest.handle} --mail ADDRESS"
    return ""


def _remember(db: sqlite3.Connection, digest: Digest, now: str) -> None:
    from govern.rotation.triggers import later

    with connection.transaction(db):
        kept = {key: told for key, told in reminded.apart(db).items() if later(told[1], _KEPT) > now}
        kept |= {(one.thing.id, one.known_as, digest.person): (one.point or 0, now) for one in digest.notices}
        connection.save(db, **{reminded.APART: json.dumps([[*key, *told] for key, told in kept.items()])})
