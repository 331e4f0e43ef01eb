"""Facts about many: what they leave in the register, what they refuse, and that a refused one leaves nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import rotate
from govern.register.queries import rotatable
from govern.register.reread import reread
from govern.rotation.triggers import Trigger

ROWS = {
    "versions": "SELECT n, state, origin, manifest IS NOT NULL, setter, reuses, others_unknown, weak FROM versions WHERE credential = ? ORDER BY n",
    "wraps": "SELECT n, key, ended FROM wraps WHERE credential = ? ORDER BY n, key",
    "exposures": "SELECT person, n, basis, strength FROM exposures WHERE credential = ? ORDER BY person, n, basis",
    "rotations": "SELECT trigger, state, person, due IS NOT NULL, opener, candidate, shown FROM rotations WHERE credential = ?",
}
"""What must be alike of two credentials, whichever facts it came from."""


def rows(company: Any, credential: str) -> dict[str, list[tuple[Any, ...]]]:
    return {name: company.db().execute(query, (credential,)).fetchall() for name, query in ROWS.items()}


def start(company: Any, *credentials: str, by: str = "mia") -> Any:
    found = [rotatable.of_credential(company.db(by), credential) for credential in credentials]
    return company.do(rotate.start, found, Trigger.MEMBERSHIP, by=by)


def types(company: Any, since: int) -> list[str]:
    return [row[0] for row in company.db().execute("SELECT type FROM entries WHERE idx >= ? ORDER BY idx", (since,))]


@pytest.fixture
def three(company: Any) -> list[str]:
    """The passwords of three accounts that mia and ben hold."""
    company.enrol("ben")
    found = []
    for name in ("one", "two", "three"):
        company.account(name, "mia", "ben")
        found.append(company.secret(name))
    return found


def test_candidates_staged_together_leave_what_each_alone_would(company: Any, three: list[str]) -> None:
    start(company, three[0])
    size = company.db().execute("SELECT count(*) FROM entries").fetchone()[0]
    started, skipped = start(company, *three[1:])
    assert types(company, size) == ["rotations.opened", "candidates.staged"]
    assert ([one.rotation.credential for one in started], [one.resumed for one in started], skipped) == (three[1:], [False, False], [])
    assert rows(company, three[1]) == rows(company, three[2]) == rows(company, three[0])
    assert {one.rotation for one in started} == {company.open(credential) for credential in three[1:]}
    assert len({company.show(credential) for credential in three}) == 3


def test_what_a_leaver_generates_for_many_clears_nothing(company: Any, three: list[str]) -> None:
    company.enrol("cleo", "admin")
    start(company, three[0])
    assert company.bases("mia", three[0], 2) == {"sealed"}, "the control: of whoever stays it clears"
    company.fact("person.leaving", {"person": company.ids["mia"]}, by="cleo")
    start(company, *three[1:])
    assert [company.bases("mia", credential, 2) for credential in three[1:]] == [{"set"}, {"set"}]


def test_what_is_refused_together_is_tried_one_by_one(company: Any, three: list[str]) -> None:
    """Ben answers for one account of three: that one starts, and of the others is told why they don't."""
    company.fact("account.custody", {"account": company.ids["two"], "custodian": company.ids["ben"]})
    started, skipped = start(company, *three, by="ben")
    assert [one.rotation.credential for one in started] == [three[1]]
    assert [(one.credential.credential, one.error.rule) for one in skipped] == [(three[0], "authority"), (three[2], "authority")]


def test_going_on_leaves_a_candidate_where_it_is(company: Any, three: list[str]) -> None:
    start(company, three[0])
    started, _ = start(company, *three)
    assert [(one.resumed, one.candidate is None) for one in started] == [(True, True), (False, False), (False, False)]


Change = Callable[[dict[str, Any], Any], None]


def first(position: int, value: Any) -> Change:
    def change(body: dict[str, Any], _company: Any) -> None:
        (body.get("candidates") or body["rotations"])[0][position] = value

    return change


def to_anna(body: dict[str, Any], company: Any) -> None:
    company.enrol("anna")
    body["recipients"].append(company.db().execute("SELECT id FROM keys WHERE person = ?", (company.ids["anna"],)).fetchone()[0])


def twice(body: dict[str, Any], _company: Any) -> None:
    for field in ("candidates", "rotations"):
        if field in body:
            body[field].append(list(body[field][0]))


STAGED: dict[str, tuple[str, Change]] = {
    "a version that does not follow": ("version-order", first(1, 3)),
    "a value that was never there": ("version-order", first(4, 2)),
    "a rotation of another credential": ("rotation-open", first(0, "e" * 32)),
    "a rotation that there is not": ("rotation-open", first(2, "e" * 32)),
    "somebody who holds nothing": ("recipient", to_anna),
    "one candidate twice": ("contradiction", twice),
}
OPENED: dict[str, tuple[str, Change]] = {
    "a credential that there is not": ("unknown-reference", first(1, "e" * 32)),
    "one rotation twice": ("contradiction", twice),
    "somebody who is nobody": ("unknown-reference", lambda body, _: body.update(person="e" * 32)),
}


def staged(company: Any, three: list[str]) -> dict[str, Any]:
    opened = [[os.urandom(16).hex(), credential, ""] for credential in three]
    company.fact("rotations.opened", {"rotations": opened, "trigger": "manual"})
    key = company.members["mia"].keys.id.hex()
    candidates = [[credential, 2, rotation, os.urandom(32).hex(), 0] for rotation, credential, _ in opened]
    return {"candidates": candidates, "recipients": [key], "wraps": os.urandom(32).hex()}


@pytest.mark.parametrize("case", STAGED)
def test_one_candidate_that_may_not_be_refuses_all_and_leaves_nothing(company: Any, three: list[str], case: str) -> None:
    rule, change = STAGED[case]
    body = staged(company, three)
    broken = {**body, "candidates": [list(row) for row in body["candidates"]], "recipients": list(body["recipients"])}
    change(broken, company)
    before = [rows(company, credential) for credential in three]
    with pytest.raises(Refused) as refused:
        company.fact("candidates.staged", broken)
    assert refused.value.rule == rule
    assert [rows(company, credential) for credential in three] == before
    company.fact("candidates.staged", body)  # the control
    assert rows(company, three[0])["versions"][-1][:3] == (2, "candidate", "generated")


@pytest.mark.parametrize("case", OPENED)
def test_one_rotation_that_may_not_be_opened_refuses_all(company: Any, three: list[str], case: str) -> None:
    rule, change = OPENED[case]
    body: dict[str, Any] = {"rotations": [[os.urandom(16).hex(), credential, ""] for credential in three], "trigger": "manual"}
    broken = {**body, "rotations": [list(row) for row in body["rotations"]]}
    change(broken, company)
    with pytest.raises(Refused) as refused:
        company.fact("rotations.opened", broken)
    assert refused.value.rule == rule
    assert not company.db().execute("SELECT 1 FROM rotations").fetchall()
    company.fact("rotations.opened", body)  # the control
    with pytest.raises(Refused) as again:
        company.fact("rotations.opened", {**body, "rotations": [[os.urandom(16).hex(), three[0], ""]]})
    assert again.value.rule == "one-open-rotation"


def test_whoever_could_know_a_value_that_came_back_among_many_can_know_it_again(company: Any, three: list[str]) -> None:
    company.person("anna")
    company.declare(three[0], "anna")
    body = staged(company, three)
    body["candidates"][0][4] = 1
    company.fact("candidates.staged", body)
    assert company.bases("anna", three[0], 2) == {"declared"}
    assert company.bases("anna", three[1], 2) == set()


def test_a_refused_fact_leaves_nothing_and_those_before_it_stay(company: Any, three: list[str]) -> None:
    """In one transaction, of however many facts before and after: the register is the one that a replay gives."""

    def work(tx: Any) -> None:
        for number in range(250):
            tx.record("place.added", {"place": f"{number:032x}", "kind": "paper"}, {"name": f"place {number}"})
            if number % 70 == 0:
                with pytest.raises(Refused):  # two of three accounts are known, and were written, when the third is looked for
                    tx.record("place.holds", {"place": f"{number:032x}", "accounts": [company.ids["one"], company.ids["two"], "e" * 32]})
        tx.record("place.holds", {"place": "0" * 32, "accounts": [company.ids["one"]]})

    company.do(work)
    held = company.db().execute("SELECT place, account FROM place_accounts").fetchall()
    assert held == [("0" * 32, company.ids["one"])]
    assert company.db().execute("SELECT count(*) FROM places").fetchone() == (250,)
    assert reread(company.members["mia"], deep=True).size == company.db().execute("SELECT count(*) FROM entries").fetchone()[0]
