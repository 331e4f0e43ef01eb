"""One due thing is found by its name at the cost of one: whoever writes entries about things makes nobody look through the vault for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.policy import later_rules
from govern.register.queries import calendar, due, policies

from ...counting import steps
from ..departing.conftest import Company, copied

PLACE = "b" * 32


@copied
def firm(folder: Path) -> Company:
    """Secrets of every tier, kept elsewhere: brought by an import on two days, changed since, under a rotation, of an account that is retired."""
    company = Company(folder)
    company.fact("place.added", {"place": PLACE, "kind": "manager"}, {"name": "Elsewhere"})
    for day in range(2):
        for tier in ("low", "standard", "critical"):
            for kind in ("password", "totp", "recovery-phone"):
                account = f"{tier}-{kind}-{day}"
                company.account(account, "mia", tier=tier)
                company.secret(account, kind, kept_in=PLACE)
        company.later(days=1)
    company.rotate(company.secret("low-password-0", "api-token", kept_in=PLACE))
    company.start(company.secret("low-password-0", "app-password", kept_in=PLACE))
    company.fact("account.retired", {"account": company.ids["critical-totp-1"]})
    return company


@pytest.mark.parametrize("days", [0, 29, 200, 900])
def test_each_is_found_by_its_name_as_among_all(firm: Any, days: int) -> None:
    firm.later(days=days)
    db, policy = firm.db(), policies.policy(firm.db())
    credentials = [row[0] for row in db.execute("SELECT id FROM credentials")]
    day = firm.now[:10]
    among_all = {one.credential: one for one in calendar.due_by(db, policy, "9999-12-31")}
    assert {id_: found for id_ in credentials if (found := calendar.of(db, policy, id_)) is not None} == among_all
    until = due.plus(day, later_rules.reminders(policy.later).ahead + 1)
    things = {one.of: one for one in due.things(db, policy, firm.now, until, kinds=("schedule",))}
    found = {id_: one for id_ in credentials if (one := due.find(db, policy, firm.now, "schedule", id_)) is not None}
    assert found == things
    assert due.find(db, policy, firm.now, "schedule", "f" * 32) is None
    assert all(due.find(db, policy, firm.now, "schedule", id_, "about") is None for id_ in found)


def test_attack_an_entry_about_nothing_costs_no_walk_through_the_calendar(firm: Any) -> None:
    """A keyholder writes as many as they like, and every machine judges each: so counted in steps of the database, beside the list of all."""
    db, policy = firm.db(), policies.policy(firm.db())
    firm.later(days=900)

    one = steps(db, lambda: due.find(db, policy, firm.now, "schedule", "f" * 32))
    every = steps(db, lambda: due.things(db, policy, firm.now, "9999-12-31", kinds=("schedule",)))
    assert one * 10 < every
