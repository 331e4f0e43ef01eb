"""Access reviews: what is asked, who decides, what an end ends, when a review closes, and what happens without anybody's asking."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from typing import Any

import pytest

from govern.canonical import canonical
from govern.cli import settings
from govern.cli.review import run_due
from govern.errors import NotFound, Refused, Usage
from govern.holdings.proposals import Act
from govern.languages import LOCALES, language
from govern.notices import due as notices
from govern.notices.lines import line
from govern.offboarding.kinds import CaseKind
from govern.procedures import cut, entitlements, proposals, reviews, reviews_due
from govern.procedures.entitlements import Role
from govern.procedures.tick import run as tick
from govern.register.queries import held, holdings, policies
from govern.register.queries import reviews as asked
from govern.register.queries import work as waiting
from govern.reports import reviewed
from govern.reviews.lines import Held, numbers, reviewer

from ...counting import steps
from ..departing.conftest import copied
from .conftest import House

CODES = ("review-due", "review-overdue", "review-to-close", "role-to-remove")


class Reviewed(House):
    """Mia holds the shop, anna the shop and the page; anna is editor of the page by her own login. All admins' doing."""

    def __init__(self, folder: Any) -> None:
        super().__init__(folder)
        self.grant("page", "anna")
        self.fact("grant.issued", {"grant": "a1" * 16, "account": self.ids["shop"], "person": self.ids["anna"]})
        self.do(entitlements.add, "page", "anna", Role(name="editor"))

    def ask(self, scope: str = "all", *, by: str = "mia", **more: Any) -> asked.Review:
        found: asked.Review = self.do(lambda tx: reviews.start(tx, reviews.scope(tx.register, scope), **more), by=by)
        return found

    def lines(self, review: asked.Review) -> list[asked.Line]:
        return asked.lines(self.db(), review.id)

    def number(self, review: asked.Review, account: str, person: str, what: str = "grant") -> int:
        return next(
            one.number for one in self.lines(review) if (one.account_handle, one.person, one.what) == (account, self.ids[person], what)
        )

    def decide(self, review: asked.Review, number: int, decision: str = "keep", *, by: str = "mia", reason: str = "works on it") -> Any:
        return self.do(reviews.decide, review, [number], decision, reason, by=by)

    def holders(self, account: str) -> set[str]:
        names = {id_: name for name, id_ in self.ids.items()}
        return {names[one.person] for one in holdings.of_accounts(self.db(), [self.ids[account]])}

    def policy(self, **changes: Any) -> None:
        record = policies.policy(self.db()).to_record()
        record["reviews"] = {**record["reviews"], **changes}
        parameters = {"policy": record, "digest": hashlib.sha256(canonical(record)).hexdigest()}
        self.do(proposals.approve, self.do(proposals.propose, Act.POLICY, parameters), by="bo")


firm = copied(Reviewed)


def refused(work: Any, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    return told.value


def shop_version(firm: Reviewed) -> tuple[str, int]:
    query = "SELECT c.id, v.n FROM credentials c JOIN versions v ON v.credential = c.id WHERE c.account = ?"
    found: tuple[str, int] = firm.db().execute(query, (firm.ids["shop"],)).fetchone()
    return found


def owed(firm: Reviewed) -> set[str]:
    """Accounts of which somebody who holds them no more still knows a secret."""
    found = notices.notices(firm.db(), policies.policy(firm.db()), firm.now, reader=firm.ids["mia"], every=True)
    return {one.thing.account for one in found if one.thing.kind == "former"}


def day(firm: Reviewed, days: int) -> str:
    return (date.fromisoformat(firm.now[:10]) + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("all", {("shop", "mia"), ("shop", "anna"), ("page", "anna"), ("page", "anna", "editor")}),
        ("account:page", {("page", "anna"), ("page", "anna", "editor")}),
        ("person:anna", {("shop", "anna"), ("page", "anna"), ("page", "anna", "editor")}),
        ("person:mia", {("shop", "mia")}),
    ],
)
def test_a_review_asks_about_every_grant_and_role_of_its_scope(firm: Reviewed, scope: str, expected: set[tuple[str, ...]]) -> None:
    names = {id_: name for name, id_ in firm.ids.items()}
    found = {(one.account_handle, names[one.person], *filter(None, [one.role])) for one in firm.lines(firm.ask(scope))}
    assert found == expected


def test_a_department_is_that_of_the_account(firm: Reviewed) -> None:
    firm.fact("account.edited", {"account": firm.ids["page"], "department": "Press"})
    assert {one.account_handle for one in firm.lines(firm.ask("department:press"))} == {"page"}


@pytest.mark.parametrize("scope", ["account:box", "person:bo", "department:none"])
def test_a_review_that_asks_about_nothing_is_never_opened(firm: Reviewed, scope: str) -> None:
    with pytest.raises(NotFound, match="nothing to review"):
        firm.ask(scope)
    told = refused(firm.fact, "review.opened", {"review": "9" * 32, "scope": "all", "cause": "by-hand", "due": day(firm, 9), "items": 0})
    assert (told.rule, told.control) == ("review-empty", "AC-2 j")


def test_nobody_is_asked_about_what_they_hold_themselves(firm: Reviewed) -> None:
    by = {(one.account_handle, one.handle): one.reviewer_handle for one in firm.lines(firm.ask())}
    assert by == {("shop", "mia"): "bo", ("shop", "anna"): "mia", ("page", "anna"): "cy"}


def test_nobody_decides_on_what_they_hold_themselves_even_where_they_are_admins(firm: Reviewed) -> None:
    review = firm.ask()
    number = firm.number(review, "shop", "mia")
    told = refused(firm.decide, review, number)
    assert (told.rule, told.control) == ("own-review", "AC-5")
    assert firm.decide(review, number, by="bo").lines[0].state == "keep"


def test_whoever_writes_the_lines_can_t_name_the_holder_to_decide(firm: Reviewed) -> None:
    grant = next(one.id for one in holdings.of_accounts(firm.db(), [firm.ids["shop"]]) if one.person == firm.ids["mia"])

    def write(tx: Any, person: str) -> None:
        id_ = tx.new_id()
        body = {"review": id_, "scope": "person", "about": firm.ids["mia"], "cause": "by-hand", "due": day(firm, 9), "items": 1}
        tx.record("review.opened", body)
        tx.record("review.items", {"review": id_, "part": 1, "of": 1, "items": [["grant", grant, firm.ids[person]]]})

    told = refused(firm.do, write, "mia")
    assert (told.rule, told.control) == ("own-review", "AC-5")
    assert refused(firm.do, write, "anna").rule == "reviewer", "who could not end it does not decide on it"
    firm.do(write, "bo")


def test_whoever_is_alone_decides_on_their_own_and_it_shows(company: Any) -> None:
    company.account("shop", "mia")
    review = company.do(lambda tx: reviews.start(tx, reviews.scope(tx.register, "all")))
    line = asked.lines(company.db(), review.id)[0]
    assert (line.reviewer, line.person) == (company.ids["mia"], company.ids["mia"])
    company.do(reviews.decide, review, [1], "keep", "nobody else is here")
    page = reviewed.html(company.db(), asked.find(company.db(), review.id), "en", now=company.now)
    assert "nobody else could" in page


def test_an_insider_leaves_nothing_out_of_a_scope(firm: Reviewed) -> None:
    def write(tx: Any, some: int) -> None:
        found = reviews.plan(tx.register, reviews.scope(tx.register, "person:anna"), by="", now=tx.now)[:some]
        id_ = tx.new_id()
        body = {"review": id_, "scope": "person", "about": firm.ids["anna"], "cause": "by-hand", "due": day(firm, 9), "items": some}
        tx.record("review.opened", body)
        tx.record("review.items", {"review": id_, "part": 1, "of": 1, "items": [[one.what, one.id, who] for one, who in found]})

    told = refused(firm.do, write, 2)
    assert (told.rule, told.control) == ("review-incomplete", "AC-2 j")
    firm.do(write, 3)


def test_only_the_reviewer_an_admin_or_hr_decides(firm: Reviewed) -> None:
    review = firm.ask()
    number = firm.number(review, "shop", "anna")
    told = refused(firm.decide, review, number, by="cy")
    assert (told.rule, told.control) == ("not-reviewer", "AC-2 j")
    assert firm.decide(review, number, by="hr").lines[0].decider_handle == "hr"
    assert firm.decide(review, firm.number(review, "page", "anna"), by="cy").lines[0].decider_handle == "cy"


def test_a_decision_has_a_reason(firm: Reviewed) -> None:
    review = firm.ask()
    with pytest.raises(Usage, match="why"):
        firm.decide(review, 1, reason=" ")
    grant = firm.lines(review)[firm.number(review, "shop", "anna") - 1].of
    body = {"review": review.id, "items": [grant], "decision": "keep"}
    assert refused(firm.fact, "review.decided", body).rule == "review-reason"
    firm.fact("review.decided", body, {"reason": "works on it"})


def test_an_end_ends_the_grant_and_what_its_holder_knew_has_to_change(firm: Reviewed) -> None:
    firm.secret("shop")
    version = (
        firm.db()
        .execute("SELECT c.id, v.n FROM credentials c JOIN versions v ON v.credential = c.id WHERE c.account = ?", (firm.ids["shop"],))
        .fetchone()
    )
    firm.fact("secret.handed_over", {"credential": version[0], "version": version[1], "person": firm.ids["anna"], "via": "call"})
    review = firm.ask("person:anna")
    assert owed(firm) == set()
    assert "anna" in firm.holders("shop")
    done = firm.decide(review, firm.number(review, "shop", "anna"), "end", reason="moved to sales")
    assert done.ended == ("shop",)
    assert "anna" not in firm.holders("shop")
    assert owed(firm) == {"shop"}


def test_the_end_of_a_role_is_somebody_s_to_do_until_it_is_recorded(firm: Reviewed) -> None:
    review = firm.ask("account:page")
    number = firm.number(review, "page", "anna", "entitlement")
    done = firm.decide(review, number, "end", by="cy")
    assert done.remove == ("anna as editor on page",)
    assert ("role-to-remove", "page", "warning") in firm.told(*CODES)

    def todo() -> set[str]:
        return {
            one.what for one in waiting.work(firm.db(), policies.policy(firm.db()), firm.now, reader=firm.ids["cy"], person=firm.ids["cy"])
        }

    assert "remove-role" in todo()
    firm.do(entitlements.end, "page", "anna")
    assert "remove-role" not in todo()
    assert not any(code == "role-to-remove" for code, _, _ in firm.told(*CODES))


def test_it_closes_at_a_hundred_percent_and_not_before(firm: Reviewed) -> None:
    review = firm.ask("person:anna")
    for number in (1, 2):
        firm.decide(review, number)
        told = refused(firm.do, reviews.close, review)
        assert (told.rule, told.control) == ("review-open", "AC-2 j")
        assert refused(firm.fact, "review.closed", {"review": review.id}).rule == "review-open"
    assert asked.find(firm.db(), review.id).percent == 66
    firm.decide(review, 3)
    assert firm.told(*CODES) == {("review-to-close", f"review {review.id[:8]}", "info")}
    assert firm.do(reviews.close, review).closed_at
    assert refused(firm.fact, "review.closed", {"review": review.id}).rule == "review-closed"


def test_a_review_does_not_close_over_a_grant_that_should_have_ended(firm: Reviewed) -> None:
    review = firm.ask("person:mia")
    grant = firm.lines(review)[0].of
    firm.fact("review.decided", {"review": review.id, "items": [grant], "decision": "end"}, {"reason": "left"}, by="bo")
    told = refused(firm.fact, "review.closed", {"review": review.id})
    assert (told.rule, told.control) == ("review-not-carried-out", "AC-6(7)")
    firm.fact("grant.ended", {"grants": [grant], "cause": "revoked"}, by="bo")
    firm.fact("review.closed", {"review": review.id})


def test_what_ended_meanwhile_needs_no_decision_and_gets_none(firm: Reviewed) -> None:
    review = firm.ask("person:mia")
    firm.fact("grant.ended", {"grants": [firm.lines(review)[0].of], "cause": "revoked"})
    assert [one.state for one in firm.lines(review)] == ["gone"]
    assert refused(firm.decide, review, 1, by="bo").rule == "review-settled"
    assert firm.do(reviews.close, review).percent == 100


def test_nothing_is_decided_twice(firm: Reviewed) -> None:
    review = firm.ask("person:mia")
    firm.decide(review, 1, by="bo")
    assert refused(firm.decide, review, 1, by="bo").rule == "review-settled"
    body = {"review": review.id, "items": [firm.lines(review)[0].of], "decision": "end"}
    assert refused(firm.fact, "review.decided", body, {"reason": "no"}, by="bo").rule == "review-settled"


def test_names_are_those_of_the_day_it_was_opened(firm: Reviewed) -> None:
    review = firm.ask("person:anna")
    firm.fact("person.edited", {"person": firm.ids["anna"]}, {"handle": "anne", "name": "Anne Other"})
    assert {(one.handle, one.name) for one in firm.lines(review)} == {("anna", "Anna")}


# --- without anybody's asking -------------------------------------------------------------------------------------------------------------


def due(firm: Reviewed) -> set[tuple[str, str]]:
    return {(one.word, one.subject) for one in reviews_due.due(firm.db(), firm.now)}


def run(firm: Reviewed, by: str = "bo") -> list[asked.Review]:
    firm.later(minutes=1)
    return reviews_due.open_due(firm.members[by], firm.now)


def finish(firm: Reviewed, review: asked.Review) -> None:
    for one in firm.lines(review):
        if one.state == "open":
            firm.decide(review, one.number, by="bo" if one.person == firm.ids["mia"] else "mia")
    firm.do(reviews.close, review)


def test_what_is_held_is_asked_about_again_after_the_time_of_its_tier(firm: Reviewed) -> None:
    firm.later(days=179)
    assert due(firm) == set()
    assert run(firm) == []
    firm.later(days=1)
    assert due(firm) == {("periodic", "2 accounts")}, "the box is held by nobody"
    assert firm.told(*CODES) == {("review-due", "2 accounts", "info")}
    assert run(firm, "cy") == [], "who runs nothing opens nothing"
    made = run(firm)
    assert [(one.cause, one.lines) for one in made] == [("periodic", 4)]
    assert due(firm) == set()
    finish(firm, made[0])
    firm.later(days=179)
    assert due(firm) == set()
    firm.later(days=1)
    assert due(firm) == {("periodic", "2 accounts")}


def test_attack_a_review_that_is_closed_by_a_clock_that_is_ahead_puts_off_no_other_for_years(firm: Reviewed) -> None:
    """The control: the review before it, closed at its time, counts for as long as its tier says."""
    firm.later(days=180)
    (made,) = run(firm)
    for one in firm.lines(made):
        firm.decide(made, one.number, by="bo" if one.person == firm.ids["mia"] else "mia")
    with firm.members["bo"].transaction("2090-01-01T00:00:00Z") as tx:
        tx.record("review.closed", {"review": made.id})
    assert due(firm) == {("periodic", "2 accounts")}, "nobody has looked by today"
    (again,) = run(firm, "mia")
    finish(firm, again)
    assert due(firm) == set(), "the control"
    firm.later(days=180)
    assert due(firm) == {("periodic", "2 accounts")}


def test_attack_a_review_of_one_person_puts_off_no_look_at_the_account(firm: Reviewed) -> None:
    """Whoever is asked about alone, every half year, would hide all others who hold the account; so would one that stays open."""
    firm.later(days=170)
    finish(firm, firm.ask("person:anna"))
    firm.ask("person:anna", due=day(firm, 90))
    firm.later(days=10)
    assert due(firm) == {("periodic", "shop")}, "mia holds it too, and nobody has asked; of the page anna is all there is"
    # The control: a review of the account is a look at it.
    finish(firm, firm.ask("account:shop"))
    assert due(firm) == set()


@pytest.mark.parametrize("by", ["hr", "mia"])
def test_attack_a_review_that_is_due_in_years_would_keep_everybody_from_being_asked_again(firm: Reviewed, by: str) -> None:
    """As long as a line waits nobody is asked anew, and before its day nobody is reminded: an entry would end all reviews of the calendar."""
    late = refused(firm.ask, "all", by=by, due="9999-12-31")
    assert (late.rule, late.control, day(firm, 92) in late.hint) == ("review-long", "AC-2 j", True)
    firm.ask("all", by=by, due=day(firm, 92))
    firm.later(days=185)
    assert due(firm) == set(), "the control: while it is open nobody is asked anew"
    told = notices.notices(firm.db(), policies.policy(firm.db()), firm.now, reader=firm.ids["mia"])
    assert "review" in {one.thing.kind for one in told if one.point is not None}, "but whoever decides on it is reminded"


def test_a_policy_that_gives_longer_is_a_reason_for_a_longer_review(firm: Reviewed) -> None:
    firm.policy(within=120)
    assert firm.ask("all").due == day(firm, 120)
    assert refused(firm.ask, "person:anna", due=day(firm, 122)).rule == "review-long"


def test_a_grant_that_nobody_uses_is_asked_about_and_one_that_is_used_is_not(firm: Reviewed) -> None:
    firm.secret("shop")
    version = (
        firm.db()
        .execute("SELECT c.id, v.n FROM credentials c JOIN versions v ON v.credential = c.id WHERE c.account = ?", (firm.ids["shop"],))
        .fetchone()
    )
    firm.later(days=40)
    assert due(firm) == set()
    firm.fact("secret.revealed", {"credential": version[0], "version": version[1], "purpose": "reveal"}, {"reason": "posting"})
    firm.later(days=6)
    assert due(firm) == {("unused", "1 grant")}
    review = run(firm)[0]
    assert {(one.account_handle, one.handle) for one in firm.lines(review)} == {("shop", "anna")}, (
        "mia used it, and the page keeps no secret here"
    )
    finish(firm, review)
    firm.fact("secret.revealed", {"credential": version[0], "version": version[1], "purpose": "reveal"}, {"reason": "posting"})
    assert due(firm) == set(), "what was kept is not asked about again at once"


def test_a_new_responsible_person_is_asked_who_still_needs_it(firm: Reviewed) -> None:
    firm.fact("account.custody", {"account": firm.ids["page"], "custodian": firm.ids["cy"]})
    assert due(firm) == set(), "the same one as before"
    firm.fact("account.custody", {"account": firm.ids["page"], "custodian": firm.ids["bo"]})
    assert due(firm) == {("custodian", "page")}
    review = run(firm)[0]
    assert {one.reviewer_handle for one in firm.lines(review)} == {"bo"}
    finish(firm, review)
    assert due(firm) == set()


def test_more_holders_than_the_policy_asks_for_are_asked_about_once(firm: Reviewed) -> None:
    for number in range(policies.policy(firm.db()).holders["standard"].most - 1):
        firm.person(f"p{number}")
        firm.grant("page", f"p{number}")
    assert due(firm) == set()
    firm.person("more")
    firm.grant("page", "more")
    assert due(firm) == {("holders", "page")}
    finish(firm, run(firm)[0])
    assert due(firm) == set(), "they were kept, and nobody has come since"


def test_whoever_moved_is_asked_about_after_the_cut(firm: Reviewed) -> None:
    case = firm.offboard("anna", cut_in=3, kind=CaseKind.MOVER, keep=("page",))
    assert due(firm) == set(), "before it nothing is told"
    firm.later(days=4)
    firm.do(cut.cut, case)
    assert due(firm) == {("mover", "anna")}
    review = run(firm)[0]
    assert {one.account_handle for one in firm.lines(review)} == {"page"}
    assert due(firm) == set()


def test_no_other_review_is_due_where_one_is_overdue(
    firm: Reviewed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control: where none is overdue there is no other."""
    review = firm.do(lambda tx: reviews.start(tx, reviews.scope(tx.register, "account:shop"), by="bo"))
    monkeypatch.setattr(settings, "workspace", lambda: firm.members["bo"])
    monkeypatch.setattr(settings, "now", lambda: firm.now)
    monkeypatch.setattr(reviews_due, "open_due", lambda *_: [])
    run_due()
    assert capsys.readouterr().out == "no review is due\n"
    firm.later(days=15)
    run_due()
    told = capsys.readouterr()
    assert told.out.splitlines() == [f"review {review.id[:8]} is overdue: 2 lines wait for bo", "no other review is due"]
    assert f"govern review show {review.id[:8]}" in told.err
    monkeypatch.setattr(reviews_due, "due", lambda *_: [])
    run_due(dry_run=True)
    assert capsys.readouterr().out.splitlines()[0] == f"review {review.id[:8]} is overdue since {review.due}: 2 lines wait for bo"


@pytest.mark.parametrize(
    ("missed", "told", "ends"), [("notify", {"bo"}, False), ("escalate", {"bo", "mia"}, False), ("end", {"bo", "mia"}, True)]
)
def test_what_is_missed_is_dealt_with_as_the_policy_says(firm: Reviewed, missed: str, told: set[str], ends: bool) -> None:
    firm.policy(missed=missed)
    review = firm.do(lambda tx: reviews.start(tx, reviews.scope(tx.register, "account:shop"), by="bo"))
    firm.decide(review, firm.number(review, "shop", "mia"), by="bo")
    firm.later(days=14)
    assert reviews_due.missed(firm.members["bo"], firm.now) == [], "on its last day it can still be decided"
    firm.later(days=1)
    names = {id_: name for name, id_ in firm.ids.items()}
    found = notices.notices(firm.db(), policies.policy(firm.db()), firm.now, reader=firm.ids["mia"])
    assert {names[one.person] for one in found if one.thing.kind == "review"} == told
    lines = [line(one, language("en")).what for one in found if one.thing.kind == "review"]
    assert all(re.fullmatch(r"Decide whether \d+ permissions? (is|are) still needed \(shop\)", one) for one in lines), lines
    assert firm.told(*CODES) == {("review-overdue", f"review {review.id[:8]}", "warning")}
    told_ahead = [(len(one.ended), len(one.left)) for one in reviews_due.overdue(firm.db(), firm.ids["bo"], firm.now)]
    assert "anna" in firm.holders("shop"), "what would be done is told, and not done"
    done = reviews_due.missed(firm.members["bo"], firm.now)
    assert [(len(one.ended), len(one.left)) for one in done] == told_ahead == [(1, 0) if ends else (0, 1)]
    assert ("anna" in firm.holders("shop")) is not ends
    assert "mia" in firm.holders("shop"), "what was decided on stays"
    assert bool(asked.find(firm.db(), review.id).closed_at) is ends


def test_a_missed_review_ends_nobody_s_own_and_locks_nobody_out(firm: Reviewed) -> None:
    firm.policy(missed="end")
    review = firm.ask("person:mia")
    firm.later(days=15)
    done = reviews_due.missed(firm.members["mia"], firm.now)
    assert [(one.ended, len(one.left)) for one in done] == [((), 1)]
    assert firm.holders("shop") >= {"mia"}
    assert [len(one.ended) for one in reviews_due.missed(firm.members["bo"], firm.now)] == [1], (
        "another admin's run ends it: mia opens it as responsible"
    )
    assert asked.find(firm.db(), review.id).closed_at


def ticked(firm: Reviewed, by: str = "mia") -> Any:
    return tick.run(firm.members[by], lambda: firm.now, monotonic=lambda: 0.0, posts=lambda *_: (), check=False)


def test_a_run_of_all_that_is_due_opens_what_is_due_and_ends_what_was_missed_once(firm: Reviewed) -> None:
    firm.policy(missed="end")
    review = firm.ask("account:shop")
    firm.decide(review, firm.number(review, "shop", "mia"), by="bo")
    assert not [one for one in ticked(firm).done if one.what.startswith("review")]
    firm.later(days=15)
    done = [(one.what, one.id) for one in ticked(firm).done if one.what.startswith("review")]
    assert ("review-ended", review.id) in done
    assert "anna" not in firm.holders("shop")
    assert not [one for one in ticked(firm).done if one.what.startswith("review")], "once"
    firm.later(days=400)
    assert {one.what for one in ticked(firm).done} >= {"review-opened"}
    assert due(firm) == set()


def test_a_review_that_a_run_can_do_nothing_about_makes_no_run(firm: Reviewed) -> None:
    """Each would take the lease and write two entries, every hour, for good."""
    firm.policy(missed="end")
    firm.ask("person:mia")
    firm.later(days=15)
    ticked(firm)
    assert tick.look(firm.db(), firm.ids["mia"], firm.now).reviews == 0
    assert tick.look(firm.db(), firm.ids["bo"], firm.now).reviews == 1, "another admin's run ends it"


# --- pure ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "wanted", "able", "decides"),
    [
        ("p", "", "cdah", "c"), ("c", "", "cdah", "d"), ("c", "", "cah", "a"), ("c", "", "ch", "h"), ("c", "", "c", "c"), ("p", "h", "cdah", "h"),
        ("h", "h", "cdah", "c"), ("p", "x", "cdahx", "c"), ("p", "", "x", ""), ("a", "a", "a", "a"),
    ],
)  # fmt: skip
def test_who_decides(held: str, wanted: str, able: str, decides: str) -> None:
    one = Held("grant", "1", "2", held, "c", "d")
    if decides:
        assert reviewer(one, wanted=wanted, able=set(able), admins=["a"], hr=["h"]) == decides
    else:
        with pytest.raises(Refused) as told:
            reviewer(one, wanted=wanted, able=set(able), admins=["a"], hr=["h"])
        assert told.value.rule == "review-nobody"


@pytest.mark.parametrize(("text", "found"), [("1", (1,)), ("3,1,1", (1, 3)), ("2-4, 7", (2, 3, 4, 7)), ("", ())])
def test_lines_as_people_type_them(text: str, found: tuple[int, ...]) -> None:
    assert numbers(text, 9) == found


@pytest.mark.parametrize("text", ["0", "10", "4-2", "x", "1-", "-1", "1--2", "٣", "99999999999"])
def test_lines_that_are_none(text: str) -> None:
    with pytest.raises(Usage, match="no line"):
        numbers(text, 9)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_report_takes_no_markup_and_no_formula_from_names(firm: Reviewed, locale: str) -> None:
    firm.fact("person.edited", {"person": firm.ids["anna"]}, {"name": "<script>x</script>", "handle": "anna"})
    review = firm.ask("person:anna")
    firm.decide(review, 1, reason='=HYPERLINK("http://x.example")')
    page = reviewed.html(firm.db(), asked.find(firm.db(), review.id), locale, now=firm.now)
    assert f'<html lang="{locale}">' in page
    assert "<script>" not in page
    from govern.cli.review_show import line_row

    table = reviewed.csv([line_row(one) for one in firm.lines(review)])
    assert "\n=" not in table.replace(",", "\n").replace('"', "")
    assert "HYPERLINK" in table


def test_attack_a_line_of_a_review_costs_no_walk_through_all_that_is_held(firm: Reviewed) -> None:
    """Whoever opens reviews opens as many as they like, with one line each: every machine judges each, counted in steps of the database."""
    firm.do(lambda tx: [_hold(tx, number) for number in range(60)])
    db = firm.db()
    every = held.held(db, "all")

    whole = steps(db, lambda: held.held(db, "all"))
    assert steps(db, lambda: held.among(db, "all", [every[0].id])) * 10 < whole
    assert steps(db, lambda: held.are(db, "all", 1)) * 10 < whole
    for scope, more in (
        ("all", {}),
        ("person", {"about": firm.ids["anna"]}),
        ("account", {"about": firm.ids["page"]}),
        ("department", {"department": "PR"}),
    ):
        there = held.held(db, scope, **more)
        assert sorted(held.among(db, scope, [one.id for one in every], **more)) == sorted(there), "the control: the same lines"
        assert [held.are(db, scope, len(there) + off, **more) for off in (-1, 0, 1)] == [False, True, False]


def _hold(tx: Any, number: int) -> None:
    account = tx.new_id()
    added = {"account": account, "handle": f"held-{number}", "platform": "x", "tier": "low", "custodian": tx.actor}
    tx.record("account.added", added | ({"department": "PR"} if number % 2 else {}))
    tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": tx.actor, "founding": True})
