"""Departures as procedures: the list frozen, the cut in one go, items that end only by what they ask for, and a closing that means something."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.offboarding import checklist
from govern.offboarding.kinds import CaseKind
from govern.procedures import offboard
from govern.procedures import rotation as steps
from govern.procedures.status import status
from govern.register.queries import cases, rotations, ties
from govern.register.workspace import Workspace

from .conftest import Company, copied

ITEM = tuple[str, str, str]


def told(company: Any, case: Any) -> list[ITEM]:
    """(kind, account and kind of credential, state) of every item."""
    return [(e.item.kind.value, f"{e.handle} {e.credential_kind}".strip() or e.about, e.state.value) for e in company.items(case)]


def types(company: Any, since: int) -> Counter[str]:
    return Counter(row[0] for row in company.db().execute("SELECT type FROM entries WHERE idx >= ?", (since,)))


def size(company: Any) -> int:
    return int(company.db().execute("SELECT count(*) FROM entries").fetchone()[0])


@copied
def anna(folder: Path) -> Company:
    """Anna has keys, holds the shop with its two secrets, and is said to know the blog's password."""
    company = Company(folder)
    company.enrol("anna")
    company.account("shop", "mia", "anna")
    company.account("blog", "mia", tier="critical")
    company.secret("shop")
    company.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    company.declare(company.secret("blog"), "anna")
    return company


# --- opening and cut ------------------------------------------------------------------------------------------------------------------------


def test_a_cut_now_is_one_transaction(anna: Any) -> None:
    before, checkpoints = size(anna), anna.members["mia"].pin_path.read_bytes()
    case = anna.offboard("anna")
    facts = types(anna, before)
    assert facts == {
        "person.leaving": 1, "case.opened": 1, "case.items": 1, "grant.ended": 1, "wraps.ended": 1, "rotations.opened": 1, "case.cut": 1,
        "key.revoked": 1, "epoch.started": 2,
    }  # fmt: skip
    assert checkpoints != anna.members["mia"].pin_path.read_bytes()
    assert case.state == "cut"
    assert told(anna, case) == [
        ("end-grant", "shop", "done"),
        ("rotate", "blog password", "open"),
        ("rotate", "shop password", "open"),
        ("rotate", "shop totp", "open"),
        ("revoke-key", anna.items(case)[-1].about, "done"),
    ]
    triggers = {(r.kind, r.handle, r.trigger, bool(r.due)) for r in rotations.rotations(anna.db(), only_open=True)}
    assert triggers == {
        ("password", "shop", "membership", True),
        ("totp", "shop", "membership", True),
        ("password", "blog", "membership", True),
    }


def test_after_the_cut_the_leaver_opens_nothing_and_still_knows(anna: Any) -> None:
    anna.offboard("anna")
    key = anna.db().execute("SELECT id FROM keys WHERE person = ?", (anna.ids["anna"],)).fetchone()[0]
    assert anna.db().execute("SELECT count(*) FROM wraps WHERE key = ? AND ended IS NULL", (key,)).fetchone() == (0,)
    assert anna.knows("anna") == {("password", 1), ("totp", 1)}


def test_the_list_is_frozen_at_an_instant_and_can_be_computed_again(anna: Any) -> None:
    expected = checklist.frozen(ties.known(anna.db(), anna.ids["anna"]))
    before = size(anna)
    case = anna.offboard("anna")
    assert (case.frozen, case.frozen_at) == (expected, before)
    anna.rotate(anna.items(case)[1].item.credential)
    assert anna.case(case).frozen == expected


def test_whoever_holds_and_knows_nothing_gives_a_case_that_says_so(company: Any) -> None:
    company.person("bo")
    case = company.offboard("bo")
    assert company.items(case) == []
    assert company.close_case(case).state == "closed"


def test_what_follows_from_a_cut_is_reckoned_from_the_cut_that_was_made(anna: Any) -> None:
    """Made ten days early, everything is due ten days earlier, what came up since the opening included; the planned time stays beside it."""
    from govern.register import connection

    case = anna.offboard("anna", cut_in=10)
    planned = {entry.id: entry.item.due for entry in anna.items(case)}
    anna.declare(anna.secret("blog", "api-token", "a-token"), "anna")
    anna.do(lambda tx: offboard.cut(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    made = anna.case(case)
    assert (made.cut_at, made.cut_planned) == (anna.now, case.cut_at)
    moved = {entry.id: entry.item.due for entry in anna.items(case) if entry.state == "open"}
    assert all(moved[id_] < planned[id_] for id_ in moved if id_ in planned)
    dues = {(r.handle, r.kind): r.due for r in rotations.rotations(anna.db(), only_open=True)}
    own = {(e.handle, e.credential_kind): e.item.due for e in anna.items(case) if e.item.kind == "rotate"}
    assert dues == own
    assert ("blog", "api-token") in own
    workspace = anna.members["mia"]
    before = list(connection.dump(workspace.view()))
    workspace.close()
    connection.remove(workspace.home / "register.db")
    assert list(connection.dump(workspace.view())) == before


def test_a_cut_to_come_ends_nothing_until_its_time(anna: Any) -> None:
    case = anna.offboard("anna", cut_in=2)
    assert case.state == "open"
    assert rotations.rotations(anna.db(), only_open=True) == []
    assert anna.do(offboard.run_due) == []
    anna.later(days=2)
    (made,) = anna.do(offboard.run_due)
    assert (made.case.state, made.grants, made.rotations) == ("cut", 1, 3)
    assert anna.do(offboard.run_due) == []


def test_what_happened_between_the_opening_and_the_cut_is_in_the_list(anna: Any) -> None:
    case = anna.offboard("anna", cut_in=2)
    known = anna.items(case)[1].item.credential
    anna.rotate(known)
    anna.fact("account.edited", {"account": anna.ids["blog"], "prompts_reach": anna.ids["anna"]})
    anna.later(days=2)
    anna.do(offboard.run_due)
    assert ("prompts", "blog", "open") in told(anna, case)
    assert [e.state for e in anna.items(case) if e.item.credential == known] == ["done"]


def test_the_cut_can_be_made_before_its_time(anna: Any) -> None:
    case = anna.offboard("anna", cut_in=9)
    anna.do(lambda tx: offboard.cut(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    assert anna.case(case).state == "cut"
    with pytest.raises(Refused, match="cut already"):
        anna.do(lambda tx: offboard.cut(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))


def test_somebody_who_moves_is_not_told_to_be_leaving(anna: Any) -> None:
    anna.offboard("anna", kind=CaseKind.MOVER)
    assert anna.db().execute("SELECT leaving, left_on FROM people WHERE handle = 'anna'").fetchone() == (0, None)
    assert anna.db().execute("SELECT count(*) FROM grants WHERE person = ? AND ended_at IS NULL", (anna.ids["anna"],)).fetchone() == (0,)


def test_one_open_case_for_a_person(anna: Any) -> None:
    anna.offboard("anna")
    with pytest.raises(Refused) as refused:
        anna.offboard("anna")
    assert refused.value.rule == "one-open-case"


def test_where_a_rotation_is_under_way_none_is_opened(anna: Any) -> None:
    credential = anna.db().execute("SELECT id FROM credentials WHERE kind = 'totp'").fetchone()[0]
    under_way = anna.start(credential).rotation.id
    anna.offboard("anna")
    assert anna.open(credential).id == under_way


# --- the subject --------------------------------------------------------------------------------------------------------------------------------


@copied
def two_admins(folder: Path) -> Company:
    """Mia and Bo are admins with keys; Anna holds what Mia holds."""
    company = Company(folder)
    company.enrol("bo", "admin")
    company.person("anna")
    company.declare(company.shop("mia", "anna", "bo"), "anna")
    return company


def test_nobody_opens_their_own_case(two_admins: Any) -> None:
    with pytest.raises(Refused) as refused:
        two_admins.offboard("mia")
    assert refused.value.control == "AC-5"
    two_admins.offboard("mia", by="bo")


def test_nobody_sees_their_own_case_before_its_cut(two_admins: Any) -> None:
    case = two_admins.offboard("bo", cut_in=1)
    assert cases.cases(two_admins.db("bo"), reader=two_admins.ids["bo"]) == []
    with pytest.raises(Exception, match="no case"):
        cases.find(two_admins.db("bo"), case.id, reader=two_admins.ids["bo"])
    assert [one.id for one in cases.cases(two_admins.db(), reader=two_admins.ids["mia"])] == [case.id]
    told = {name: status(two_admins.members[name], two_admins.now[:10]) for name in ("mia", "bo")}
    assert {name: (one.cases, [f.code for f in one.findings].count("case-open")) for name, one in told.items()} == {
        "mia": (1, 1),
        "bo": (0, 0),
    }


@pytest.mark.parametrize("act", ["done", "verify", "reopen", "waived", "not-applicable"])
def test_nobody_works_on_their_own_case(two_admins: Any, act: str) -> None:
    """Of somebody who changes their post: a leaver's keys have ended with the cut."""
    case = two_admins.offboard("bo", kind=CaseKind.MOVER)
    number = next(e.number for e in two_admins.items(case) if e.item.kind == "rotate")
    with pytest.raises(Refused) as refused:
        two_admins.end(case, number, act, by="bo")
    assert refused.value.rule == "own-case"


@pytest.mark.parametrize("fact", ["case.cut", "case.item_ended", "case.closed", "case.items"])
def test_and_the_replay_refuses_it_too(two_admins: Any, fact: str) -> None:
    case = two_admins.offboard("bo", kind=CaseKind.MOVER)
    item = two_admins.items(case)[0].id
    body = {
        "case.cut": {},
        "case.item_ended": {"item": item, "state": "not-applicable"},
        "case.closed": {"signed_by_one": False},
        "case.items": {"part": 1, "of": 1, "items": []},
    }[fact]
    with pytest.raises(Refused) as refused:
        two_admins.fact(fact, {"case": case.id, **body}, by="bo")
    assert refused.value.rule == "own-case"


def test_their_own_rotation_ends_no_item_of_their_case(two_admins: Any) -> None:
    case = two_admins.offboard("bo", cut_in=1)
    item = next(e for e in two_admins.items(case) if e.item.kind == "rotate")
    two_admins.rotate(item.item.credential, "set-by-bo", by="bo")
    assert two_admins.items(case)[item.number - 1].state == "open"
    two_admins.later(days=2)
    two_admins.do(offboard.run_due)

    def rotations_of_the_case() -> list[tuple[int, str, str, str]]:
        entries = [e for e in two_admins.items(case) if e.item.kind == "rotate"]
        return [(e.item.version, e.item.basis, e.state.value, e.ended_by) for e in entries]

    assert rotations_of_the_case() == [(1, "sealed", "open", ""), (2, "set", "open", "")]
    with pytest.raises(Refused) as refused:
        two_admins.end(case, item.number)
    assert refused.value.rule == "own-rotation"
    two_admins.rotate(item.item.credential)
    mia = two_admins.ids["mia"]
    assert rotations_of_the_case() == [(1, "sealed", "done", mia), (2, "set", "done", mia)]


def test_a_keyholder_without_the_key_to_cases_runs_none(company: Any) -> None:
    company.enrol("cy", cases=False)
    company.person("anna")
    with pytest.raises(Refused, match="admins and HR"):
        company.offboard("anna", by="cy")


# --- items -------------------------------------------------------------------------------------------------------------------------------------------


def test_a_rotation_item_ends_only_by_the_rotation(anna: Any) -> None:
    case = anna.offboard("anna")
    with pytest.raises(Refused) as refused:
        anna.end(case, 2)
    assert refused.value.rule == "rotation-first"
    assert "govern rotate blog --kind password" in refused.value.hint
    with pytest.raises(Refused) as refused:  # and no program gets past the replay
        anna.fact("case.item_ended", {"case": case.id, "item": anna.items(case)[1].id, "state": "done"})
    assert refused.value.rule == "rotation-first"
    done = anna.rotate(anna.items(case)[1].item.credential)
    assert [[e.number for e in one.ended] for one in done.cases] == [[2]]
    item = anna.items(case)[1]
    assert (item.state, item.grade, item.ended_by) == ("done", "one-person", anna.ids["mia"])
    assert anna.db().execute("SELECT type FROM entries WHERE idx = ?", (item.cites,)).fetchone() == ("rotation.confirmed",)


def test_a_change_of_the_seed_does_not_end_the_item_of_the_password(anna: Any) -> None:
    case = anna.offboard("anna")
    seed = anna.db().execute("SELECT id FROM credentials WHERE kind = 'totp'").fetchone()[0]
    anna.start(seed, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    anna.do(lambda tx: steps.show_code(tx, rotations.open_of(tx.register, seed)))
    anna.confirm(seed)
    assert [row for row in told(anna, case) if row[1].startswith("shop ")] == [
        ("rotate", "shop password", "open"), ("rotate", "shop totp", "done"),
    ]  # fmt: skip


def test_several_leavers_on_one_account_keep_their_own_items_and_one_rotation_ends_them_all(company: Any) -> None:
    for person in ("anna", "bo"):
        company.person(person)
    shop = company.shop("mia", "anna", "bo")
    for person in ("anna", "bo"):
        company.declare(shop, person)
    first, second = company.offboard("anna"), company.offboard("bo")
    assert first.frozen == company.case(first).frozen
    done = company.rotate(shop)
    assert {one.case.id for one in done.cases} == {first.id, second.id}
    for case in (first, second):
        assert all(e.state == "done" for e in company.items(case) if e.item.kind == "rotate")
        assert company.close_case(case).state == "closed"


def test_what_was_lost_earlier_still_counts(company: Any) -> None:
    """Revoked a year ago, and the secret never changed since."""
    company.person("anna")
    shop = company.shop("mia")
    grant = "a" * 32
    company.fact("grant.issued", {"grant": grant, "account": company.ids["shop"], "person": company.ids["anna"]})
    company.fact("secret.handed_over", {"credential": shop, "version": 1, "person": company.ids["anna"], "via": "call"})
    company.fact("grant.ended", {"grants": [grant], "cause": "revoked"})
    company.later(days=365)
    assert told(company, company.offboard("anna")) == [("rotate", "shop password", "open")]


def test_the_only_one_who_could_run_an_account_comes_first_and_holds_up_the_closing(company: Any) -> None:
    company.enrol("anna")
    company.account("shop", "anna", custodian="anna")
    shop = company.secret("shop")
    case = company.offboard("anna")
    first = company.items(case)[0]
    assert (first.item.kind, first.item.blocking) == ("sole-holder", True)
    with pytest.raises(Refused) as refused:
        company.end(case, 1)
    assert (refused.value.rule, "successor" in refused.value.hint) == ("not-yet", True)
    company.fact("account.custody", {"account": company.ids["shop"], "custodian": company.ids["mia"]})
    company.start(shop)
    company.show(shop)
    company.confirm(shop)
    company.end(case, 1)
    assert company.items(case)[0].state == "done"


def test_what_the_ledger_shows_as_done_ends_at_the_next_look(company: Any) -> None:
    company.enrol("anna", "hr")
    company.account("shop", "mia", custodian="anna", deputy=company.ids["anna"])
    case = company.offboard("anna", kind=CaseKind.MOVER)
    assert [row[0] for row in told(company, case)] == ["custody", "deputy", "withdraw-role", "revoke-key"]
    for number in range(1, 5):
        with pytest.raises(Refused) as refused:
            company.end(case, number)
        assert refused.value.rule == "not-yet"
    person, account = company.ids["anna"], company.ids["shop"]
    key = company.items(case)[3].item.about
    company.fact("account.custody", {"account": account, "custodian": company.ids["mia"]})
    company.fact("account.edited", {"account": account, "cleared": ["deputy"]})
    company.fact("role.withdrawn", {"person": person, "role": "hr"})
    company.fact("key.revoked", {"key": key, "cause": "departure"})
    settled = company.do(lambda tx: offboard.refresh(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    assert len(settled.ended) == 4
    assert company.close_case(case).state == "closed"


def test_places_are_cleaned_by_people_and_told_as_done(company: Any) -> None:
    company.person("anna")
    company.shop("mia")
    company.fact("place.added", {"place": "b" * 32, "kind": "sheet"}, {"name": "Passwords.xlsx"})
    company.fact("place.member", {"place": "b" * 32, "person": company.ids["anna"]})
    company.fact("place.holds", {"place": "b" * 32, "accounts": [company.ids["shop"]]})
    case = company.offboard("anna")
    assert told(company, case)[-1] == ("clean-place", "Passwords.xlsx", "open")
    company.end(case, 2, evidence="e" * 64, note="removed from the share")
    item = company.items(case)[1]
    assert (item.state, item.evidence, item.note, item.grade) == ("done", "e" * 64, "removed from the share", "one-person")


def test_giving_up_needs_a_reason_and_an_ended_item_can_be_opened_again(anna: Any) -> None:
    case = anna.offboard("anna")
    with pytest.raises(Exception, match="--reason"):
        anna.end(case, 2, "waived", reason=" ")
    anna.end(case, 2, "waived", reason="the platform closed it")
    assert (anna.items(case)[1].state, anna.items(case)[1].note) == ("waived", "the platform closed it")
    with pytest.raises(Refused, match="has ended"):
        anna.end(case, 2, "not-applicable")
    anna.end(case, 2, "reopen")
    assert anna.items(case)[1].state == "open"


def test_a_secret_that_works_and_that_they_could_know_always_applies(two_admins: Any) -> None:
    """Else whoever has to change it could spare themselves that alone; the replay judges so too, and what has ended may be told so."""
    case = two_admins.offboard("anna")
    entry = two_admins.items(case)[1]
    with pytest.raises(Refused) as refused:
        two_admins.end(case, 2, "not-applicable")
    assert (refused.value.rule, f"govern offboard waive {case.id[:8]} 2" in refused.value.hint) == ("still-known", True)
    with pytest.raises(Refused) as refused:
        two_admins.fact("case.item_ended", {"case": case.id, "item": entry.id, "state": "not-applicable"})
    assert refused.value.rule == "still-known"
    assert two_admins.items(case)[1].state == "open"
    two_admins.rotate(entry.item.credential, "another-one")
    two_admins.end(case, 2, "reopen")
    two_admins.end(case, 2, "not-applicable")
    assert two_admins.items(case)[1].state == "not-applicable"


def test_a_second_person_waives_and_verifies(two_admins: Any) -> None:
    case = two_admins.offboard("anna")
    with pytest.raises(Refused) as refused:
        two_admins.end(case, 2, "waived")
    assert refused.value.rule == "four-eyes"
    two_admins.end(case, 2, "waived", by="bo")
    assert two_admins.items(case)[1].state == "waived"
    with pytest.raises(Refused) as refused:
        two_admins.end(case, 1, "verify")
    assert refused.value.rule == "four-eyes"
    two_admins.end(case, 1, "verify", by="bo")
    assert two_admins.items(case)[0].verifier == two_admins.ids["bo"]


def test_whoever_changed_it_did_the_work_not_whoever_noted_it(two_admins: Any) -> None:
    """The responsible person changes the secret and has no part in cases; an admin brings the case up to date, and may sign."""
    two_admins.enrol("cy", cases=False)
    two_admins.fact("account.custody", {"account": two_admins.ids["shop"], "custodian": two_admins.ids["cy"]})
    shop = two_admins.db().execute("SELECT id FROM credentials").fetchone()[0]
    case = two_admins.offboard("anna")
    assert two_admins.rotate(shop, "set-by-cy", by="cy").cases == ()
    assert two_admins.items(case)[1].state == "open"
    two_admins.do(lambda tx: offboard.refresh(tx, cases.by_id(tx.register, case.id, reader=tx.actor)), by="bo")
    item = two_admins.items(case)[1]
    assert (item.state, item.ended_by) == ("done", two_admins.ids["cy"])
    assert two_admins.close_case(case, by="bo").signed_by_one is False


def test_hr_runs_a_departure_and_changes_no_secret(company: Any) -> None:
    """HR with keys to the cases alone: opens, cuts and follows the list; every secret stays out of reach."""
    company.enrol("hanne", "hr")
    company.person("anna")
    shop = company.shop("mia", "anna")
    company.declare(shop, "anna")
    case = company.offboard("anna", by="hanne")
    assert (case.state, case.opener) == ("cut", company.ids["hanne"])
    with pytest.raises(Refused):
        company.start(shop, by="hanne")
    company.start(shop)
    with pytest.raises(Refused):
        company.show(shop, by="hanne")
    assert company.knows("hanne") == set()
    company.show(shop)
    company.confirm(shop)
    with pytest.raises(Refused, match="own work"):  # she made the cut, and nobody looked at it
        company.close_case(case, by="hanne")
    company.end(case, 1, "verify")
    assert company.close_case(case, by="hanne").signed_by_one is False


# --- closing ------------------------------------------------------------------------------------------------------------------------------------------


def finish(company: Any, case: Any) -> None:
    """End everything that is open, as mia."""
    for entry in company.items(case):
        if entry.state == "open" and entry.item.kind == "rotate":
            if entry.credential_kind == "totp":
                company.end(case, entry.number, "waived", by="bo" if "bo" in company.members else "mia")
            else:
                company.start(entry.item.credential)
                company.show(entry.item.credential)
                company.confirm(entry.item.credential)
        elif entry.state == "open":
            company.end(case, entry.number, "not-applicable")


def test_a_case_closes_when_every_item_has_ended_and_the_person_has_left(anna: Any) -> None:
    case = anna.offboard("anna", last_day="2026-11-30")
    with pytest.raises(Refused) as refused:
        anna.close_case(case)
    assert refused.value.rule == "items-open"
    finish(anna, case)
    closed = anna.close_case(case)
    assert (closed.state, closed.signed_by_one, closed.closer) == ("closed", True, anna.ids["mia"])
    assert anna.db().execute("SELECT left_on FROM people WHERE handle = 'anna'").fetchone() == ("2026-11-30",)
    with pytest.raises(Refused, match="closed"):
        anna.end(case, 1, "reopen")


def test_where_there_are_two_the_doer_does_not_close(two_admins: Any) -> None:
    case = two_admins.offboard("anna")
    finish(two_admins, case)
    with pytest.raises(Refused) as refused:
        two_admins.close_case(case)
    assert refused.value.rule == "four-eyes"
    assert two_admins.close_case(case, by="bo").signed_by_one is False


def test_nobody_writes_into_the_ledger_that_two_signed_where_one_did(anna: Any) -> None:
    case = anna.offboard("anna")
    finish(anna, case)
    with pytest.raises(Refused) as refused:
        anna.fact("case.closed", {"case": case.id, "signed_by_one": False})
    assert refused.value.rule == "four-eyes"
    anna.fact("case.closed", {"case": case.id, "signed_by_one": True})


def test_what_they_came_to_know_since_keeps_the_case_open(anna: Any) -> None:
    case = anna.offboard("anna")
    finish(anna, case)
    blog = anna.db().execute("SELECT c.id FROM credentials c JOIN accounts a ON a.id = c.account WHERE a.handle = 'blog'").fetchone()[0]
    anna.declare(blog, "anna")
    with pytest.raises(Refused) as refused:
        anna.close_case(case)
    assert refused.value.rule == "still-knows"
    with pytest.raises(Refused) as refused:
        anna.fact("case.closed", {"case": case.id, "signed_by_one": True})
    assert refused.value.rule == "still-knows"
    anna.do(lambda tx: offboard.refresh(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    assert told(anna, case)[-1] == ("rotate", "blog password", "open")
    anna.rotate(blog)
    assert anna.close_case(case).state == "closed"


def test_what_a_case_gave_up_no_longer_presses(anna: Any) -> None:
    case = anna.offboard("anna")

    def pressing() -> list[str]:
        found = status(anna.members["mia"], anna.now[:10]).findings
        return [f"{f.subject}: {f.message}" for f in found if f.code == "known-by-former" and f.severity == "critical"]

    assert len(pressing()) == 3
    anna.end(case, 2, "waived", reason="the account goes next week")
    assert len(pressing()) == 2


def test_a_waived_rotation_may_be_called_off(anna: Any) -> None:
    case = anna.offboard("anna")
    blog = anna.items(case)[1].item.credential
    anna.end(case, 2, "waived", reason="the account goes next week")
    anna.do(lambda tx: steps.abort(tx, rotations.open_of(tx.register, blog)))


def test_the_register_made_again_from_the_ledger_is_the_same(anna: Any) -> None:
    from govern.register import connection

    case = anna.offboard("anna")
    finish(anna, case)
    anna.close_case(case)
    workspace: Workspace = anna.members["mia"]
    before = list(connection.dump(workspace.view()))
    workspace.close()
    connection.remove(workspace.home / "register.db")
    assert list(connection.dump(workspace.view())) == before


@pytest.mark.parametrize("embargo", [False, True])
def test_a_cut_counts_the_rotations_that_it_opens(company: Any, embargo: bool) -> None:
    """Under embargo nothing is staged before the cut: its items are drawn up by it, and their rotations opened."""
    company.person("anna")
    company.declare(company.shop("mia"), "anna")
    opening = offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at="" if embargo else "2026-11-21T09:00:00Z", embargo=embargo)
    case, made = company.do(offboard.open_, opening)
    if embargo:
        assert (made, rotations.rotations(company.db(), only_open=True)) == (None, [])
        made = company.do(lambda tx: offboard.cut(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    assert (made.rotations, len(rotations.rotations(company.db(), only_open=True))) == (1, 1)
