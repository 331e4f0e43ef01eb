"""A client's accounts go back: everybody's grants end, the client gets them and takes them over, and then nobody here can open them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import NotFound, Refused, Usage
from govern.offboarding.kinds import CaseKind
from govern.procedures import offboard, people, retire
from govern.register import connection
from govern.register.queries import cases

from .conftest import Company, copied


@copied
def agency(folder: Path) -> Company:
    """Mia and Bo are admins; Anna holds two accounts of the client Acme, whose shop recovers through its mail, and one that is not theirs. Carla
    is of Acme."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.enrol("anna")
    company.ids["carla"] = company.do(people.add, people.NewPerson(name="Carla", handle="carla", agency="Acme")).id
    company.account("mail", "mia", "anna", client="acme", platform="mailbox")
    company.account("shop", "mia", "anna", client="Acme", depends_on=[company.ids["mail"]])
    company.account("blog", "mia", "anna", client="Other")
    for handle in ("mail", "shop", "blog"):
        company.ids[f"{handle}-password"] = company.secret(handle)
    return company


def told(company: Any, case: Any) -> list[str]:
    return [f"{e.item.kind} {e.handle} {e.state}" for e in company.items(case)]


def opened(company: Any, **more: Any) -> Any:
    return company.offboard("carla", kind=CaseKind.CLIENT_ENDED, **more)


def work_off(company: Any, case: Any) -> None:
    for entry in company.items(case):
        if entry.item.kind in ("hand-back", "taken-over"):
            company.end(case, entry.number, evidence="e" * 64)


def test_everybodys_grants_on_them_end_and_what_others_recover_through_comes_first(agency: Any) -> None:
    case = opened(agency)
    assert told(agency, case) == [
        "end-grant mail done", "end-grant shop done", "hand-back mail open", "hand-back shop open", "taken-over mail open", "taken-over shop open",
        "retire-account mail open", "retire-account shop open",
    ]  # fmt: skip
    held = agency.db().execute("SELECT DISTINCT account FROM grants WHERE ended_at IS NULL").fetchall()
    assert held == [(agency.ids["blog"],)]
    assert agency.db().execute("SELECT leaving, left_on FROM people WHERE handle = 'carla'").fetchone() == (0, None)


def test_it_closes_once_all_is_handed_back_taken_over_and_retired(agency: Any) -> None:
    case = opened(agency)
    with pytest.raises(Refused):
        agency.close_case(case)
    work_off(agency, case)
    agency.do(lambda tx: [retire.retire(tx, handle, returned=True) for handle in ("mail", "shop")])
    agency.do(lambda tx: offboard.refresh(tx, agency.case(case)))
    assert agency.close_case(case, by="bo").state == "closed"
    workspace = agency.members["mia"]
    before = list(connection.dump(workspace.view()))
    workspace.close()
    connection.remove(workspace.home / "register.db")
    assert list(connection.dump(workspace.view())) == before


def test_nobody_here_can_open_what_was_retired_as_returned(agency: Any) -> None:
    """The control: whoever answers for an account that is merely retired still can."""
    opens = "SELECT count(*) FROM wraps w JOIN keys k ON k.id = w.key AND k.person IS NOT NULL WHERE w.credential = ? AND w.ended IS NULL"
    agency.do(lambda tx: (retire.retire(tx, "mail", returned=True), retire.retire(tx, "shop")))
    assert agency.db().execute(opens, (agency.ids["mail-password"],)).fetchone() == (0,)
    assert agency.db().execute(opens, (agency.ids["shop-password"],)).fetchone() == (1,)
    agency.do(lambda tx: retire.retire(tx, "shop", returned=True))
    assert agency.db().execute(opens, (agency.ids["shop-password"],)).fetchone() == (0,)


def test_an_account_is_handed_back_before_it_is_retired_and_the_replay_says_so(agency: Any) -> None:
    case = opened(agency)
    agency.do(lambda tx: retire.retire(tx, "mail", returned=True))
    entry = next(e for e in agency.items(case) if e.item.kind == "retire-account" and e.handle == "mail")
    assert entry.state == "open"
    with pytest.raises(Refused) as refused:
        agency.end(case, entry.number)
    assert refused.value.rule == "hand-back-first"
    with pytest.raises(Refused) as refused:
        agency.fact("case.item_ended", {"case": case.id, "item": entry.id, "state": "done"})
    assert refused.value.rule == "hand-back-first"
    work_off(agency, case)
    agency.end(case, entry.number)


def test_who_only_retired_it_can_still_open_it(agency: Any) -> None:
    case = opened(agency)
    work_off(agency, case)
    agency.do(lambda tx: retire.retire(tx, "mail"))
    entry = next(e for e in agency.items(case) if e.item.kind == "retire-account" and e.handle == "mail")
    with pytest.raises(Refused) as refused:
        agency.end(case, entry.number)
    assert (refused.value.rule, "--returned" in refused.value.hint) == ("not-yet", True)


def test_which_accounts_go_back_can_be_named(agency: Any) -> None:
    assert "hand-back blog open" in told(agency, opened(agency, accounts=["blog"]))


def test_somebody_of_no_client_needs_them_named(agency: Any) -> None:
    with pytest.raises(Usage, match="--accounts"):
        agency.offboard("anna", kind=CaseKind.CLIENT_ENDED)
    with pytest.raises(NotFound):
        agency.offboard("carla", kind=CaseKind.CLIENT_ENDED, accounts=["client:nobody"])


def test_no_other_case_is_about_accounts(agency: Any) -> None:
    body = {
        "case": "f" * 32, "person": agency.ids["carla"], "cut_at": agency.now, "items": 0, "frozen": "e" * 64, "frozen_at": 9,
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        agency.fact("case.opened", body | {"kind": "leaver", "accounts": [agency.ids["shop"]]})
    assert refused.value.rule == "case-scope"
    agency.fact("case.opened", body | {"kind": "client-ended", "accounts": [agency.ids["shop"]]})


def test_a_grant_that_is_given_meanwhile_holds_up_the_closing(agency: Any) -> None:
    case = opened(agency)
    agency.fact("grant.issued", {"grant": "c" * 32, "account": agency.ids["shop"], "person": agency.ids["anna"]})
    work_off(agency, case)
    entry = next(e for e in agency.items(case) if e.item.kind == "retire-account")
    agency.end(case, entry.number, "waived", by="bo")
    with pytest.raises(Refused):
        agency.close_case(case, by="bo")


def test_a_case_from_before_that_names_no_accounts_is_about_its_person_as_it_was(agency: Any) -> None:
    """What an entry means never changes: the grants of the person end, what they could know is asked for, and what others hold is left."""
    agency.declare(agency.ids["shop-password"], "carla")
    agency.fact(
        "case.opened",
        {
            "case": "f" * 32, "person": agency.ids["carla"], "kind": "client-ended", "cut_at": agency.now, "items": 0, "frozen": "e" * 64,
            "frozen_at": 9,
        },
    )  # fmt: skip
    case = cases.by_id(agency.db(), "f" * 32, reader=agency.ids["mia"])
    agency.do(lambda tx: offboard.cut(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    assert told(agency, case) == ["rotate shop open"]
    assert agency.db().execute("SELECT count(*) FROM grants WHERE ended_at IS NULL").fetchone() == (6,)
    with pytest.raises(Refused):
        agency.close_case(case, by="bo")
    agency.rotate(agency.ids["shop-password"])
    assert agency.close_case(case, by="bo").state == "closed"
