"""What is overdue past the grace of its tier has consequences: no new grants, no reveals of critical accounts; each with the day before."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings.grants import Asked
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.procedures import policy as policies
from govern.procedures import reveal as revealing
from govern.procedures.grant import Request, grant
from govern.procedures.status import status
from govern.register.queries.overdue import past_grace
from govern.register.queries.policies import policy
from govern.rotation.triggers import Trigger

CALENDAR = {"critical": 180 + 7, "standard": 365 + 14, "low": 365 + 30}
"""Tier -> days from a change to the last day on which nothing follows, by the shipped policy."""


def give(company: Any, person: str, **asked: Any) -> Any:
    return company.do(grant, Request(selector="shop", person=person, like="", asked=Asked(reason="campaign", **asked)))


def reveal(company: Any, by: str) -> str:
    return str(company.do(revealing.reveal, "shop", "password", "campaign", by=by).secret.reveal())


def overdue(company: Any) -> list[tuple[str, str, str]]:
    db = company.db()
    return [(one.handle, one.kind, one.cause.value) for one in past_grace(db, policy(db), company.now[:10])]


def codes(company: Any) -> set[str]:
    return {found.code for found in status(company.members["mia"], company.now[:10]).findings}


def kept(company: Any, tier: str) -> Any:
    """The account `shop`, whose password has been rotated today; mia answers for it, anna has keys and holds it, ben has none."""
    company.enrol("anna")
    company.person("ben")
    company.account("shop", "mia", "anna", tier=tier)
    credential = company.secret("shop")
    company.rotate(credential)
    return credential


def adopt(company: Any, *changes: tuple[str, str]) -> None:
    """The shipped policy with pieces of its text replaced; by two persons, since it may ask for less."""
    text = policy_text().decode()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    rules = parse_policy(text.encode(), name="rules.yaml", preset="small")
    adopted = company.do(policies.adopt, rules, "because")
    if adopted.proposal is not None:
        from govern.procedures import proposals

        company.later(minutes=1)
        proposals.approve_with_sheets(company.members["mia"], company.sheets(), adopted.proposal.id, company.now)


@pytest.mark.parametrize("tier", CALENDAR)
def test_no_new_grant_once_the_grace_is_over_and_one_on_its_last_day(company: Any, tier: str) -> None:
    credential = kept(company, tier)
    company.later(days=CALENDAR[tier])
    assert overdue(company) == []
    give(company, "ben", days=1)
    company.later(days=1)
    assert overdue(company) == [("shop", "password", "calendar")]
    company.person("carl")
    with pytest.raises(Refused, match="shop is given to nobody else: its password was to be changed by") as caught:
        give(company, "carl")
    assert (caught.value.rule, caught.value.control) == ("overdue", "IA-5 f")
    assert caught.value.hint == "first: govern rotate shop --kind password --because schedule"
    give(company, "carl", emergency=True)
    company.rotate(credential)
    assert overdue(company) == []
    give(company, "carl", days=9)


def test_a_critical_account_is_shown_to_the_responsible_person_in_an_incident_and_for_its_rotation_only(company: Any) -> None:
    credential = kept(company, "critical")
    company.later(days=CALENDAR["critical"])
    assert reveal(company, "anna"), "the control: the day before"
    company.later(days=1)
    with pytest.raises(Refused, match="shop is shown to the responsible person only") as caught:
        reveal(company, "anna")
    assert (caught.value.rule, caught.value.control) == ("overdue", "IA-5 f")
    before = company.db().execute("SELECT count(*) FROM shown WHERE person = ?", (company.ids["anna"],)).fetchone()
    assert before == (1,), "what was refused is not recorded, and nothing was shown"
    assert reveal(company, "mia")
    company.start(credential, trigger=Trigger.SCHEDULE)
    assert company.show(credential, "new", by="anna"), "for its rotation"
    assert company.show(credential, "current", by="anna")
    company.enrol("carl")
    give(company, "carl", emergency=True)
    assert reveal(company, "carl"), "an incident"
    company.confirm(credential)
    assert reveal(company, "anna")


@pytest.mark.parametrize("tier", ["standard", "low"])
def test_on_other_tiers_it_is_shown_all_the_same(company: Any, tier: str) -> None:
    kept(company, tier)
    company.later(days=CALENDAR[tier] + 30)
    assert overdue(company)
    assert reveal(company, "anna")


def test_what_an_event_asks_for_is_overdue_long_before_the_calendar_and_told_apart(company: Any) -> None:
    credential = kept(company, "critical")
    company.start(credential, trigger=Trigger.COMPROMISE)
    company.later(days=7)
    assert overdue(company) == []
    company.later(days=1)
    assert overdue(company) == [("shop", "password", "event")]
    assert "past-grace-event" in codes(company)
    assert "past-grace-calendar" not in codes(company)
    with pytest.raises(Refused) as caught:
        give(company, "ben")
    assert caught.value.hint.endswith("--because membership")


@pytest.mark.parametrize("force", [True, False])
def test_who_lost_their_grant_and_could_know_the_secret_makes_it_overdue_where_the_policy_says_so(company: Any, force: bool) -> None:
    kept(company, "critical")
    if not force:
        adopt(company, ("force: [sealed, revealed,", "force: [revealed,"))
    grants = company.db().execute("SELECT id FROM grants WHERE person = ?", (company.ids["anna"],)).fetchall()
    company.fact("grant.ended", {"grants": [id_ for (id_,) in grants], "cause": "revoked"})
    company.later(days=1 + 7)
    assert overdue(company) == []
    company.later(days=1)
    assert overdue(company) == ([("shop", "password", "event")] if force else [])


def test_a_policy_without_consequences_has_none(company: Any) -> None:
    """As every policy was that was adopted before there were any."""
    kept(company, "critical")
    adopt(company, ("overdue: {control: IA-5 f, banner: true, no-grants: true, no-reveals: [critical]}\n", ""))
    company.later(days=400)
    assert overdue(company), "the control: it is overdue"
    give(company, "ben")
    assert reveal(company, "anna")
    assert status(company.members["mia"], company.now[:10]).banner == ()
    assert not {code for code in codes(company) if code.startswith("past-grace")}


def test_status_begins_with_what_is_overdue_and_says_so_of_nothing_else(company: Any) -> None:
    kept(company, "critical")
    company.account("blog", "mia", tier="low")
    company.rotate(company.secret("blog"))
    company.later(days=CALENDAR["critical"])
    assert status(company.members["mia"], company.now[:10]).banner == ()
    company.later(days=1)
    assert status(company.members["mia"], company.now[:10]).banner == ("shop",)
    assert "past-grace-calendar" in codes(company)


def test_what_an_import_brought_is_not_overdue_by_its_age_but_by_the_time_for_first_rotations(company: Any) -> None:
    """However old it was when it came: else the first day with govern would begin with everything overdue."""
    company.account("shop", "mia", tier="critical")
    company.secret("shop")
    company.later(days=1 + 7)
    assert overdue(company) == []
    company.later(days=14)
    assert overdue(company) == [("shop", "password", "calendar")]


def test_a_kind_of_which_the_policy_says_nothing_is_a_finding_and_never_by_the_calendar_is_none(company: Any) -> None:
    company.shop("mia", tier="low")
    company.secret("shop", "passkey", kept_in="")
    assert "no-rule" not in codes(company)
    adopt(company, ("  low:\n    password: P365D\n", "  low:\n"))
    found = [one for one in status(company.members["mia"], company.now[:10]).findings if one.code == "no-rule"]
    assert [(one.subject, one.severity) for one in found] == [("shop", "warning")]
    assert "when its password changes" in found[0].message


def test_who_never_held_it_and_was_only_said_to_know_makes_nothing_overdue_and_stands_in_no_grants_way(company: Any) -> None:
    credential = kept(company, "critical")
    company.declare(credential, "ben")
    company.later(days=30)
    assert overdue(company) == []
    give(company, "ben", days=1)


@pytest.mark.parametrize(
    ("trigger", "cause"), [(Trigger.MANUAL, "calendar"), (Trigger.FIRST_IMPORT, "calendar"), (Trigger.BREACH, "event")]
)
def test_what_somebody_decided_is_due_by_the_policy_and_no_event(company: Any, trigger: Trigger, cause: str) -> None:
    credential = kept(company, "critical")
    rotation = company.start(credential, trigger=trigger).rotation
    assert rotation.due[:10] > company.now[:10]
    company.later(days=14 + 7 + 1)
    assert overdue(company) == [("shop", "password", cause)]
