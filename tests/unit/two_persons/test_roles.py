"""The roles admin and auditor, and weaker policies, take two persons: judged in replay, whoever signs."""

from __future__ import annotations

from typing import Any

import pytest

from govern.canonical import canonical
from govern.holdings.proposals import Act
from govern.procedures import keys, people, policy, proposals
from govern.register.queries.policies import policy as in_force

from .conftest import Firm


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_one_admin_alone_gives_no_role_that_takes_two(firm: Firm, role: str) -> None:
    firm.enrol("ben")
    body = {"person": firm.ids["ben"], "role": role}
    firm.refuses("two-persons", lambda: firm.fact("role.given", body))
    firm.fact("role.given", body | {"role": "hr"})
    assert firm.roles("ben") == {"hr"}, "the control: this one takes one"


def test_a_proposal_changes_nothing_and_its_approval_everything_at_once(firm: Firm) -> None:
    firm.enrol("ben")
    proposal = firm.admin("ben")
    assert firm.roles("ben") == set()
    approved = firm.quorum(proposal)
    assert (approved.state.value, firm.roles("ben")) == ("approved", {"admin"})
    assert firm.roles("ben", by="ben") == {"admin"}, "others see the same"


def test_in_a_vault_of_one_a_role_is_given_by_one(solo: Firm) -> None:
    solo.enrol("ben")
    assert solo.do(people.give_role, solo.ids["ben"], "admin", None) is None
    assert solo.roles("ben") == {"admin"}


def test_whoever_proposed_it_does_not_approve_it(firm: Firm) -> None:
    firm.enrol("ben")
    proposal = firm.admin("ben")
    firm.refuses("two-persons", lambda: firm.approve(proposal, "mia"))
    firm.quorum(proposal)


def test_the_quorum_is_no_way_around_another_admin(firm: Firm) -> None:
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    proposal = firm.admin("cleo")
    firm.refuses("quorum-needless", lambda: firm.quorum(proposal))
    firm.approve(proposal, "ben")
    assert firm.roles("cleo") == {"admin"}, "the control"


def test_nobody_proposes_or_approves_about_themselves(firm: Firm) -> None:
    firm.enrol("ben", "admin")
    firm.enrol("cleo", "admin")
    firm.refuses("not-oneself", lambda: firm.admin("mia"))
    again = firm.admin("ben")
    firm.refuses("not-oneself", lambda: firm.approve(again, "ben"))
    firm.approve(again, "cleo")


def test_only_admins_propose_approve_and_withdraw(firm: Firm) -> None:
    firm.enrol("ben", "hr")
    firm.enrol("cleo")
    firm.refuses("authority", lambda: firm.admin("cleo", by="ben"))
    proposal = firm.admin("cleo")
    firm.refuses("authority", lambda: firm.approve(proposal, "ben"))
    firm.refuses("authority", lambda: firm.do(proposals.withdraw, proposal, by="ben"))
    assert firm.do(proposals.withdraw, proposal).state.value == "withdrawn"


def test_what_was_withdrawn_or_approved_is_over(firm: Firm) -> None:
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    proposal = firm.admin("cleo")
    firm.do(proposals.withdraw, proposal, by="ben")
    with pytest.raises(Exception, match="withdrawn already"):
        firm.approve(proposal, "ben")
    again = firm.admin("cleo")
    firm.approve(again, "ben")
    with pytest.raises(Exception, match="approved already"):
        firm.approve(again, "ben")


def test_the_same_is_not_proposed_twice(firm: Firm) -> None:
    firm.enrol("ben")
    firm.admin("ben")
    with pytest.raises(Exception, match="proposed already"):
        firm.admin("ben")
    firm.admin("ben", role="auditor")


def rekey(firm: Firm, handle: str, by: str) -> None:
    """Somebody's key is replaced by one that another member enrols: `Company.enrol`, for a person who is there."""
    (old,) = firm.db().execute("SELECT id FROM keys WHERE person = ? AND state = 'active'", (firm.ids[handle],)).fetchone()
    firm.members.pop(handle).close()
    for path in (firm.folder / handle).iterdir():
        path.unlink()
    firm.do(keys.revoke, [old], "lost", by=by)
    person = firm.person
    firm.person = lambda _: firm.ids[handle]  # type: ignore[method-assign]
    try:
        firm.enrol(handle)
    finally:
        firm.person = person  # type: ignore[method-assign]


def test_whom_one_has_re_keyed_alone_is_not_their_second_person(firm: Firm) -> None:
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    control = firm.admin("cleo", role="auditor")
    firm.approve(control, "ben")
    rekey(firm, "ben", by="mia")
    proposal = firm.admin("cleo")
    firm.refuses("sock-puppet", lambda: firm.approve(proposal, "ben"))
    firm.quorum(proposal)  # there is no other second person now
    assert firm.roles("cleo") == {"admin", "auditor"}


def test_a_key_counts_again_once_others_have_vouched_for_it(firm: Firm) -> None:
    firm.enrol("ben", "admin")
    rekey(firm, "ben", by="mia")
    firm.quorum(firm.admin("ben"))
    firm.enrol("cleo")
    firm.approve(firm.admin("cleo"), "ben")
    assert firm.roles("cleo") == {"admin"}


def test_puppets_of_a_time_when_one_was_enough_stay_puppets(solo: Firm) -> None:
    """The policy becomes stricter; whoever one person alone had made up is no second person for it."""
    solo.enrol("ben")
    solo.enrol("cleo")
    for one in ("ben", "cleo"):
        solo.do(people.give_role, solo.ids[one], "admin", None)
    rules = in_force(solo.db())
    solo.do(policy.adopt, rules._replace(preset="small"))
    solo.enrol("dora")
    proposal = solo.admin("dora", by="ben")
    solo.refuses("sock-puppet", lambda: solo.approve(proposal, "cleo"))
    solo.refuses("sock-puppet", lambda: solo.approve(proposal, "mia"))
    solo.quorum(proposal)


def test_who_proposed_it_must_still_be_an_admin_with_that_key(firm: Firm) -> None:
    firm.enrol("ben", "admin")
    firm.enrol("cleo", "admin")
    firm.enrol("dora")
    proposal = firm.admin("dora", by="ben")
    other = firm.admin("dora", by="ben", role="auditor")
    firm.approve(other, "cleo")
    firm.fact("role.withdrawn", {"person": firm.ids["ben"], "role": "admin"})
    firm.refuses("proposer-gone", lambda: firm.approve(proposal, "cleo"))


def test_recovery_that_approves_says_that_it_was_used(firm: Firm) -> None:
    firm.enrol("ben")
    proposal = firm.admin("ben")
    recovery = proposals.recovery_keys(firm.members["mia"], firm.sheets())
    mia = firm.members["mia"]
    from govern.register.workspace import Workspace

    signing = Workspace(
        path=mia.path, home=mia.home, vault=mia.vault, person=recovery.id.hex(), checkpoint=b"", unlock=lambda: recovery, reader=lambda: mia.keys
    )  # fmt: skip
    firm.members["recovery"] = signing
    firm.refuses("recovery-untold", lambda: firm.fact("proposal.approved", {"proposal": proposal.id}, by="recovery"))
    firm.refuses("authority", lambda: firm.fact("proposal.withdrawn", {"proposal": proposal.id}, by="recovery"))
    firm.quorum(proposal)
    types = [row[0] for row in firm.db().execute("SELECT type FROM entries ORDER BY idx DESC LIMIT 2")]
    assert types == ["proposal.approved", "recovery.used"]


# --- the policy ------------------------------------------------------------------------------------------------------------------------------


def weaker_policy(firm: Firm) -> Any:
    rules = in_force(firm.db())
    return rules._replace(grace_days=dict.fromkeys(rules.grace_days, 300))


def test_a_policy_that_asks_for_less_takes_two(firm: Firm) -> None:
    weak = weaker_policy(firm)
    record = weak.to_record()
    body = {"policy": record, "digest": policy.digest(weak)}
    refused = firm.refuses("two-persons", lambda: firm.fact("policy.adopted", body))
    assert "grace, low" in refused.message
    adopted = firm.do(policy.adopt, weak)
    assert adopted.proposal is not None
    assert in_force(firm.db()) != weak
    firm.quorum(adopted.proposal)
    assert in_force(firm.db()) == weak


def test_a_policy_that_asks_for_more_takes_one(firm: Firm) -> None:
    rules = in_force(firm.db())
    strict = rules._replace(grace_days=dict.fromkeys(rules.grace_days, 1))
    adopted = firm.do(policy.adopt, strict)
    assert (adopted.changed, adopted.proposal) == (True, None)


def test_a_vault_does_not_become_one_of_one_person_by_one_person(firm: Firm) -> None:
    rules = in_force(firm.db())._replace(preset="solo")
    assert firm.do(policy.adopt, rules).proposal is not None
    firm.enrol("ben")
    firm.refuses("two-persons", lambda: firm.fact("role.given", {"person": firm.ids["ben"], "role": "admin"}))


def test_what_is_proposed_as_a_policy_must_be_one(firm: Firm) -> None:
    rules = weaker_policy(firm)
    firm.propose(Act.POLICY, {"policy": rules.to_record(), "digest": policy.digest(rules)})
    for parameters in (
        {"policy": rules.to_record(), "digest": "0" * 64},
        {"policy": rules.to_record() | {"v": 2}, "digest": policy.digest(rules)},
        {"policy": {}, "digest": policy.digest(rules)},
        {"digest": policy.digest(rules)},
        {"person": firm.ids["mia"], "role": "admin"},
    ):
        before = firm.size()
        with pytest.raises(Exception, match=r"polic|lacks|no field"):
            firm.propose(Act.POLICY, parameters)
        assert firm.size() == before
    assert canonical(rules.to_record())
