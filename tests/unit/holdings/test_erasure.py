"""When somebody may be forgotten, and whom a personal part is about."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.facts import FACTS
from govern.holdings.erasure import LOOKED_UP, Remains, concerned, may_erase

LEFT = "2023-11-22"

WHEN: dict[str, tuple[Remains, str, int, str]] = {
    "on the day when the retention has passed": (Remains(left_on=LEFT), "2026-11-21", 1095, ""),
    "a day before": (Remains(left_on=LEFT), "2026-11-20", 1095, "retention"),
    "on their last day, where nothing is retained": (Remains(left_on=LEFT), LEFT, 0, ""),
    "somebody who never left": (Remains(left_on=""), "2026-11-21", 0, "still-here"),
    "somebody whose last day lies ahead": (Remains(left_on="2027-01-01"), "2026-11-21", 0, "still-here"),
    "a last day that is none": (Remains(left_on="2023-02-31"), "2026-11-21", 0, "retention"),
    "a retention beyond the calendar": (Remains(left_on="9999-01-01"), "9999-12-31", 3660, "retention"),
    "who could know what works": (Remains(left_on=LEFT, live=1), "2026-11-21", 1, "erasure-early"),
    "who holds": (Remains(left_on=LEFT, grants=1), "2026-11-21", 1, "erasure-early"),
    "who has a key": (Remains(left_on=LEFT, keys=1), "2026-11-21", 1, "erasure-early"),
    "whom something on a platform still reaches": (Remains(left_on=LEFT, ties=1), "2026-11-21", 1, "erasure-early"),
    "who answers for an account": (Remains(left_on=LEFT, answers=1), "2026-11-21", 1, "erasure-early"),
}


@pytest.mark.parametrize("case", WHEN)
def test_somebody_is_forgotten_in_time_and_not_before(case: str) -> None:
    remains, on, days, rule = WHEN[case]
    if not rule:
        may_erase(remains, on, days)
        return
    with pytest.raises(Refused) as refused:
        may_erase(remains, on, days)
    assert refused.value.rule == rule
    assert refused.value.control == "SI-12(3)"


ABOUT: dict[str, tuple[dict[str, Any], set[str]]] = {
    "vault.founded": ({"founder": "p"}, {"p"}),
    "person.added": ({"person": "p"}, {"p"}),
    "person.edited": ({"person": "p"}, {"p"}),
    "grant.issued": ({"person": "p"}, {"p"}),
    "knowledge.declared": ({"person": "p"}, {"p"}),
    "secret.handed_over": ({"person": "p"}, {"p"}),
    "envelope.opened": ({"person": "p"}, {"p"}),
    "entitlement.recorded": ({"person": "p"}, {"p"}),
    "app.connected": ({"person": "p"}, {"p"}),
    "device.given": ({"person": "p"}, {"p"}),
    "exception.granted": ({"person": "p"}, {"p"}),
    "secret.revealed": ({}, {"actor"}),
    "code.shown": ({"recipient": "p"}, {"actor", "p"}),
    "code.spent": ({"recipient": "p"}, {"actor", "p"}),
    "secrets.exported": ({}, {"actor"}),
    "import.recorded": ({}, {"actor"}),
    "backup.made": ({}, {"actor"}),
    "way.ending": ({}, {"actor"}),
    "notice.snoozed": ({}, {"actor"}),
    "digest.failed": ({"person": "p"}, {"p"}),
    "case.digest_failed": ({"person": "p"}, {"p"}),
    "proposal.made": ({"parameters": {"person": "p"}}, {"p"}),
    "incident.reported": ({"on_behalf": "p"}, {"actor", "p"}),
    "incident.step_ended": ({}, {"actor"}),
    "incident.closed": ({}, {"actor"}),
    "account.added": ({"custodian": "p"}, set()),
    "account.described": ({}, set()),
    "account.edited": ({"deputy": "p"}, set()),
    "place.added": ({}, set()),
    "channel.set": ({}, set()),
    "recovery.used": ({}, set()),
    "document.adopted": ({}, set()),
}


def test_every_fact_with_a_personal_part_says_whom_it_is_about() -> None:
    """A new fact that can name somebody has to be thought of here."""
    assert {type_ for type_, fact in FACTS.items() if fact.personal} == set(ABOUT) | LOOKED_UP


@pytest.mark.parametrize("type_", ABOUT)
def test_a_personal_part_is_about_whom_the_fact_is_about(type_: str) -> None:
    body, expected = ABOUT[type_]
    assert concerned(type_, "actor", body) == expected
