"""One admin who ends the role and the keys of all others is alone then, and no more than one person for it: what takes two still takes the quorum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from govern.canonical import canonical
from govern.holdings.findings import Finding
from govern.holdings.proposals import Act
from govern.procedures import keys, people, policy
from govern.register.queries import findings
from govern.register.queries.policies import policy as in_force

from .conftest import Firm
from .test_roles import rekey


def told(firm: Firm, by: str = "kim") -> list[Finding]:
    db = firm.db(by)
    return [one for one in findings.findings(db, in_force(db), firm.now[:10], firm.ids[by]) if one.code == "sole-admin"]


def company(firm: Firm) -> Firm:
    """mia, ben and cleo are admins; nora reads cases; kim holds keys; dora is to be somebody's puppet."""
    for handle in ("ben", "cleo"):
        firm.enrol(handle, "admin")
    for handle in ("kim", "dora"):
        firm.enrol(handle)
    return firm


def revoke(firm: Firm, handle: str) -> None:
    """As `govern key revoke --person` does."""
    held = [row[0] for row in firm.db().execute("SELECT id FROM keys WHERE person = ? AND state = 'active'", (firm.ids[handle],))]
    firm.do(keys.revoke, held, "lost")


def demote(firm: Firm, handle: str) -> None:
    firm.do(people.withdraw_role, firm.ids[handle], "admin")


def send_off(firm: Firm, handle: str) -> None:
    """Called a leaver, so that the keys can go for that."""
    firm.fact("person.leaving", {"person": firm.ids[handle]})
    revoke(firm, handle)


ENDS: dict[str, Callable[[Firm, str], None]] = {"keys": revoke, "roles": demote, "leavers": send_off}


@pytest.mark.parametrize("how", ENDS)
def test_whoever_has_ended_all_others_does_nothing_alone_that_takes_two(firm: Firm, how: str) -> None:
    company(firm)
    control = firm.admin("dora", role="auditor")
    firm.approve(control, "ben")
    assert firm.roles("dora") == {"auditor"}, "the control: with another admin it is two persons' act"
    for handle in ("ben", "cleo"):
        ENDS[how](firm, handle)

    firm.refuses("two-persons", lambda: firm.fact("role.given", {"person": firm.ids["dora"], "role": "admin"}))
    proposal = firm.admin("dora")
    firm.refuses("two-persons", lambda: firm.approve(proposal, "mia"))
    solo = in_force(firm.db())._replace(preset="solo")
    firm.refuses("two-persons", lambda: firm.fact("policy.adopted", record(solo)))
    weaker = firm.propose(Act.POLICY, record(solo))
    firm.refuses("two-persons", lambda: firm.approve(weaker, "mia"))
    firm.quorum(proposal)
    assert "admin" in firm.roles("dora"), "the control: with the recovery sheets it goes on"


def record(wanted: Any) -> dict[str, Any]:
    import hashlib

    body = wanted.to_record()
    return {"policy": body, "digest": hashlib.sha256(canonical(body)).hexdigest()}


def test_other_keys_in_the_names_of_the_others_do_not_help(firm: Firm) -> None:
    """Nobody takes the role from ben, so that he is an admin still: with a key that mia alone has made."""
    company(firm)
    revoke(firm, "cleo")
    rekey(firm, "ben", by="mia")
    proposal = firm.admin("dora")
    firm.refuses("sock-puppet", lambda: firm.approve(proposal, "ben"))
    (one,) = told(firm)
    assert (one.subject, one.severity) == ("mia", "critical")
    firm.quorum(firm.admin("ben"))
    assert told(firm) == [], "vouched for by two, ben counts again"
    firm.approve(proposal, "ben")


@pytest.mark.parametrize(("how", "severity"), [("keys", "critical"), ("roles", "critical"), ("leavers", "warning")])
def test_it_is_a_finding_for_everybody_who_is_left(firm: Firm, how: str, severity: str) -> None:
    company(firm)
    ENDS[how](firm, "ben")
    assert told(firm) == [], "the control: cleo could be the second"
    ENDS[how](firm, "cleo")
    (one,) = told(firm)
    assert (one.severity, one.subject) == (severity, "mia")
    assert "ben, cleo" in one.message
    firm.quorum(firm.admin("dora"))
    assert told(firm) == [], "until there is another admin"


def test_a_firm_that_always_had_one_admin_is_told_nothing(firm: Firm) -> None:
    firm.enrol("kim")
    assert told(firm) == []


def test_in_a_vault_of_one_nobody_is_told(solo: Firm) -> None:
    solo.enrol("kim")
    solo.enrol("ben")
    solo.do(people.give_role, solo.ids["ben"], "admin", None)
    demote(solo, "ben")
    assert told(solo) == []
    rules = in_force(solo.db())
    solo.do(policy.adopt, rules._replace(preset="small"))
    assert [one.subject for one in told(solo)] == ["mia"], "the control"


def test_the_last_of_them_is_ended_by_recovery_alone(firm: Firm) -> None:
    company(firm)
    for handle in ("ben", "cleo"):
        revoke(firm, handle)
    firm.refuses("last-admin", lambda: firm.fact("role.withdrawn", {"person": firm.ids["mia"], "role": "admin"}))
    own = firm.db().execute("SELECT id FROM keys WHERE person = ? AND state = 'active'", (firm.ids["mia"],)).fetchone()[0]
    firm.refuses("last-admin-key", lambda: firm.fact("key.revoked", {"key": own, "cause": "lost"}))
