"""New secrets in the transaction of a cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.offboarding.kinds import CaseKind
from govern.procedures import offboard, staging
from govern.register.queries import rotations

from .conftest import Company, copied


@copied
def firm(folder: Path) -> Company:
    """Mia and Bo are admins, Eva is HR; Anna has keys and holds two accounts that Mia and Bo hold as well; Dora answers for the blog."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("eva", "hr")
    company.enrol("anna")
    company.enrol("dora")
    for handle in ("shop", "blog"):
        company.account(handle, "mia", "anna", "bo")
        company.ids[f"{handle}-password"] = company.secret(handle)
    return company


def cut(company: Any, *, by: str) -> int:
    """Anna leaves now, and the secrets of it are staged in the same transaction; how many."""
    company.later(minutes=1)
    opening = offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at=company.now)

    def work(tx: Any) -> int:
        staging.may_stage(tx)
        return staging.stage(tx, [case for case, _ in offboard.open_all(tx, opening)])

    return int(company.do(work, by=by))


def states(company: Any) -> dict[str, str]:
    return {one.handle: one.state for one in rotations.rotations(company.db(), only_open=True)}


def test_one_checkpoint_holds_the_cut_and_a_new_secret_of_everything_that_was_known(firm: Any) -> None:
    with firm.members["bo"].store.reading() as reading:
        before = reading.peek().size
    assert cut(firm, by="bo") == 2
    assert states(firm) == {"shop": "staged", "blog": "staged"}
    found = firm.db("bo").execute("SELECT type FROM entries WHERE idx >= ? ORDER BY idx", (before,)).fetchall()
    assert {"case.cut", "candidates.staged"} <= {row[0] for row in found}
    with firm.members["bo"].store.reading() as reading:
        assert [size for size, _ in reading.checkpoints(before)] == [before + len(found)]


def test_whoever_leaves_gets_no_wrap_of_what_was_staged_with_their_cut(firm: Any) -> None:
    cut(firm, by="mia")
    keys = {row[0] for row in firm.db().execute("SELECT key FROM wraps WHERE n = 2 AND ended IS NULL")}
    assert firm.members["anna"].keys.id.hex() not in keys
    assert {firm.members[name].keys.id.hex() for name in ("mia", "bo")} <= keys


def test_whoever_answers_for_no_account_stages_nothing_and_their_cut_is_not_made_either(firm: Any) -> None:
    with pytest.raises(Refused) as refused:
        cut(firm, by="eva")
    assert (refused.value.rule, "rotate --case" in refused.value.hint) == ("authority", True)
    assert states(firm) == {}


def test_hr_that_answers_for_one_account_stages_that_one(firm: Any) -> None:
    """The rest is opened, and waits for whoever may set it."""
    firm.fact("account.custody", {"account": firm.ids["blog"], "custodian": firm.ids["eva"]})
    assert cut(firm, by="eva") == 1
    assert states(firm) == {"shop": "planned", "blog": "staged"}


def test_what_was_staged_before_the_cut_stays_as_it_is(firm: Any) -> None:
    """A second run stages nothing anew: the candidates that are shown and typed in somewhere are those of the first."""
    cut(firm, by="bo")
    before = {one.handle: one.candidate for one in rotations.rotations(firm.db(), only_open=True)}
    cases = [row[0] for row in firm.db("bo").execute("SELECT id FROM cases")]

    def again(tx: Any) -> int:
        from govern.register.queries.cases import by_id

        return staging.stage(tx, [by_id(tx.register, case, reader=tx.actor) for case in cases])

    assert firm.do(again, by="bo") == 0
    assert {one.handle: one.candidate for one in rotations.rotations(firm.db(), only_open=True)} == before


def test_attack_no_cut_is_kept_from_being_made_by_the_one_secret_that_cannot_be_staged(firm: Any) -> None:
    """Whoever leaves answers alone for the only account that they know: nobody who stays could open its new secret. It is left to be staged later."""
    for handle in ("shop", "blog"):
        (grant,) = firm.db().execute(
            "SELECT id FROM grants WHERE account = ? AND person = ? AND ended_at IS NULL", (firm.ids[handle], firm.ids["anna"])
        ).fetchone()  # fmt: skip
        firm.fact("grant.ended", {"grants": [grant], "cause": "revoked"})
        firm.rotate(firm.ids[f"{handle}-password"])
    firm.account("till", custodian="anna")
    firm.secret("till")
    assert cut(firm, by="bo") == 0
    assert states(firm) == {"till": "planned"}
    assert firm.db().execute("SELECT leaving FROM people WHERE handle = 'anna'").fetchone() == (1,)
    assert firm.db("bo").execute("SELECT cut_made_at IS NOT NULL FROM cases").fetchall() == [(1,)]


def test_whoever_knows_nothing_is_cut_off_with_nothing_to_stage(firm: Any) -> None:
    firm.enrol("kim")
    firm.later(minutes=1)
    opening = offboard.Opening(person="kim", kind=CaseKind.LEAVER, cut_at=firm.now)
    assert firm.do(lambda tx: staging.stage(tx, [case for case, _ in offboard.open_all(tx, opening)]), by="bo") == 0
