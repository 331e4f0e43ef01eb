"""New secrets for a departure, sealed in the transaction of its cut: whoever stays can begin on the platforms at once, and one checkpoint holds both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govern.errors import NotFound, Refused
from govern.procedures import rotate
from govern.procedures.choosing import Wanted, chosen
from govern.register.queries import holdings, people
from govern.rotation.kinds import GENERATED
from govern.rotation.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govern.register.queries.cases import Case
    from govern.register.transaction import Transaction

_HINT: Final = "without --stage; then whoever answers for the accounts types: govern rotate --case CASE"


def may_stage(tx: Transaction) -> None:
    """Refuse (rule `authority`) somebody who could set no secret of anybody's: an admin may, and whoever answers for an account."""
    db, actor = tx.register, tx.actor
    if "admin" not in people.by_id(db, actor).roles and not holdings.answers_for(db, actor):
        raise Refused("this role sets no secrets", rule="authority", control="AC-3", hint=_HINT)


def stage(tx: Transaction, cases: Iterable[Case]) -> int:
    """A new secret for each rotation that these cuts have opened, as far as it is generated here and the actor answers for its account; how many.

    What was staged before stays as it is, and what can't be staged is left for `govern rotate --case`, which says why.
    """
    db, actor = tx.register, tx.actor
    own = None if "admin" in people.by_id(db, actor).roles else holdings.answers_for(db, actor)
    count = 0
    for case in cases:
        found = chosen(db, Wanted(case=case.id), reader=actor, now=tx.now)
        able = [one for one in found if one.kind in GENERATED and not one.kept_in and (own is None or one.account in own)]
        try:
            started, _ = rotate.start(tx, able, Trigger.MEMBERSHIP)  # each is open already, for its own reason
        except (Refused, NotFound):
            continue  # of one alone it is raised: no cut waits for a secret, least of all for one that its subject sees to
        count += sum(one.candidate is not None for one in started)
    return count
