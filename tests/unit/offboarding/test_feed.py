"""What the export of an HR program comes to, held against the people of a vault: a table of scenarios, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Refused
from govern.offboarding import feed
from govern.offboarding.employees import NONE, Answers, Employee, Member
from govern.offboarding.feed import Change, Kind
from govern.offboarding.kinds import CaseKind
from govern.policy.hr import HrRules
from govern.policy.hr import rules as read_rules

RULES = read_rules()
TODAY = "2026-11-22"


def member(name: str = "Anna Berg", mail: str = "anna@acme.example", **more: Any) -> Member:
    return Member(**({"id": name.split()[0].casefold(), "name": name, "mail": mail, "department": "PR"} | more))


def row(name: str = "Anna Berg", mail: str = "anna@acme.example", *departments: str, place: str = "row 2", **more: Any) -> Employee:
    return Employee(place=place, name=name, mail=mail, departments=departments or ("PR",), **more)


def told(
    members: Sequence[Member], rows: Sequence[Employee], answers: Answers = NONE, *, tied: bool = True, rules: HrRules = RULES
) -> list[tuple[str, str]]:
    """(kind, person) of every change; a question that has no answer ends with a question mark."""
    found = feed.diff(members, rows, rules, TODAY, tied=lambda _: tied, answers=answers)
    return [(f"{one.kind}{'?' * one.asks}", one.person) for one in found]


SCENARIOS: Mapping[str, tuple[Member | None, Employee | None, list[tuple[str, str]]]] = {
    "the same": (member(), row(), [("unchanged", "anna")]),
    "the same in other letters": (member(), row("ANNA BERG", "Anna@ACME.example", "pr"), [("unchanged", "anna")]),
    "somebody new": (None, row(), [("joiner", "")]),
    "somebody new who leaves soon": (None, row(last_day="2026-12-01"), [("joiner", ""), ("leaver", "")]),
    "somebody new for two years": (None, row(last_day="2028-12-01"), [("joiner", ""), ("later", "")]),
    "gone before they were known": (None, row(last_day="2024-12-01"), [("past", "")]),
    "marked as gone and never known": (None, row(gone=True), [("past", "")]),
    "another name": (member(), row("Anna Berg-Dahl"), [("changed", "anna")]),
    "a mail address where there was none": (member(mail=""), row(), [("changed", "anna")]),
    "no mail address any more": (member(), row(mail=""), [("unchanged", "anna")]),
    "another mail address": (member(), row(mail="a.berg@acme.example"), [("unclear?", "")]),
    "another mail address, and gone": (member(), row(mail="a.berg@acme.example", last_day="2026-10-31"), [("unclear?", "")]),
    "another mail address, gone as who had left": (member(status="former"), row(mail="a@acme.example", last_day="2020-10-31"), [("past", "")]),
    "the same mail address under quite another name": (member(), row("Carl Dahl"), [("unclear?", "")]),
    "the same mail address under quite another name, gone": (member(), row("Carl Dahl", last_day="2026-10-31"), [("unclear?", "")]),
    "a mail address and no name": (member(), row(""), [("unchanged", "anna")]),
    "somebody new without a name": (None, row(""), [("joiner", "")]),
    "a department where there was none": (member(department=""), row(), [("changed", "anna")]),
    "another department": (member(), row("Anna Berg", "anna@acme.example", "Sales"), [("mover?", "anna")]),
    "no department in the file": (member(), replace(row(), departments=()), [("unchanged", "anna")]),
    "a last day that has passed": (member(), row(last_day="2026-10-31"), [("leaver", "anna")]),
    "the last day is today": (member(), row(last_day=TODAY), [("leaver", "anna")]),
    "a last day soon": (member(), row(last_day="2026-12-22"), [("leaver", "anna")]),
    "a last day that is too far ahead": (member(), row(last_day="2026-12-23"), [("later", "anna")]),
    "moves now and leaves much later": (
        member(), row("Anna Berg", "anna@acme.example", "Sales", last_day="2027-12-23"), [("mover?", "anna"), ("later", "anna")],
    ),
    "leaves under another name": (member(), row("Anna Dahl", last_day="2026-12-01"), [("changed", "anna"), ("leaver", "anna")]),
    "a new department does not matter any more": (
        member(), row("Anna Berg", "anna@acme.example", "Sales", last_day="2026-12-01"), [("leaver", "anna")],
    ),
    "marked as gone, without a day": (member(), row(gone=True), [("vanished?", "anna")]),
    "a departure that is open": (member(case=CaseKind.LEAVER, status="leaving"), row(last_day="2026-12-01"), [("unchanged", "anna")]),
    "a departure that is open, and no end in the file": (member(case=CaseKind.LEAVER, status="leaving"), row(), [("unchanged", "anna")]),
    "a move that is open": (member(case=CaseKind.MOVER), row(last_day="2026-12-01"), [("left-out", "anna")]),
    "had left, and is in the file as gone": (member(status="former", last_day="2025-01-31"), row(last_day="2025-01-31"), [("unchanged", "anna")]),
    "had left, and is there again": (member(status="former", last_day="2025-01-31"), row(), [("returned?", "anna")]),
    "cut before the last day that the file has": (
        member(status="former", last_day="2026-12-31"), row(last_day="2026-12-31"), [("unchanged", "anna")],
    ),
    "had left under that name, without a mail address": (member(status="former", mail=""), row(mail=""), [("unclear?", "")]),
    "not in the file": (member(), None, [("vanished?", "anna")]),
    "not in the file, and leaving": (member(case=CaseKind.LEAVER, status="leaving"), None, []),
    "not in the file, and gone": (member(status="former"), None, []),
    "not in the file, and of an agency": (member(expected=False), None, []),
    "in the file, and of an agency": (member(expected=False), row(last_day=TODAY), [("leaver", "anna")]),
    "oneself, leaving": (member(oneself=True), row(last_day=TODAY), [("left-out", "anna")]),
    "oneself, moving": (member(oneself=True), row("Anna Berg", "anna@acme.example", "Sales"), [("left-out", "anna")]),
    "oneself, not in the file": (member(oneself=True), None, [("left-out", "anna")]),
    "a row that can't be read": (member(), row(fault="its last day is no date"), [("left-out", "anna")]),
    "a row of somebody new that can't be read": (None, row(fault="its last day is no date"), [("left-out", "")]),
}  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_one_person_and_one_row(scenario: str) -> None:
    one, found, expected = SCENARIOS[scenario]
    assert told([one] if one else [], [found] if found else []) == expected


@pytest.mark.parametrize(
    ("one", "found", "answers", "expected"),
    [
        (member(), row(mail="b@acme.example"), Answers(same={"row 2": "anna"}), [("changed", "anna")]),
        (member(), row(mail="b@acme.example"), Answers(new={"row 2"}), [("joiner", ""), ("vanished?", "anna")]),
        (member(), row("Anna Berg", "anna@acme.example", "Sales"), Answers(moved={"anna"}), [("mover", "anna")]),
        (member(), row("Anna Berg", "anna@acme.example", "Sales"), Answers(renamed={"anna"}), [("changed", "anna")]),
        (member(), None, Answers(gone={"anna": "2026-10-31"}), [("leaver", "anna")]),
        (member(), None, Answers(gone={"anna": "2027-10-31"}), [("later", "anna")]),
        (member(), row(gone=True), Answers(gone={"anna": "2026-10-31"}), [("leaver", "anna")]),
        (member(status="former", last_day="2025-01-31"), row(), Answers(returned={"anna"}), [("returned", "anna")]),
    ],
)
def test_an_answer_makes_something_of_a_question(
    one: Member, found: Employee | None, answers: Answers, expected: list[tuple[str, str]]
) -> None:
    assert told([one], [found] if found else [], answers) == expected


def test_nobody_ends_what_does_not_bind_anybody() -> None:
    """Whoever holds and knows nothing has moved when the department changes, and there is nothing to ask."""
    moved = [row("Anna Berg", "anna@acme.example", "Sales")]
    assert told([member()], moved, tied=False) == [("changed", "anna")]
    assert told([member()], moved, tied=True) == [("mover?", "anna")]


def test_two_people_of_one_name_are_never_taken_for_each_other() -> None:
    """A new Anna Berg must not get the place of one who has left the file unseen: that is the very question."""
    new = row(mail="other@acme.example")
    assert told([member()], [new]) == [("unclear?", "")]
    assert told([member()], [row(), replace(new, place="row 3")]) == [("unchanged", "anna"), ("joiner", "")], "both are in the file"
    two = [member(id="a", mail="a@acme.example"), member(id="b", mail="b@acme.example")]
    assert told(two, [row(mail="")]) == [("unclear?", "")]


def test_a_mailbox_that_was_handed_on_is_no_new_name_of_whoever_had_it() -> None:
    """Else the departure of the first is never seen, and what they knew is their successor's."""
    carl = row("Carl Dahl")
    assert told([member()], [carl], Answers(same={"row 2": "anna"})) == [("changed", "anna")]
    assert told([member()], [carl], Answers(new={"row 2"})) == [("joiner", ""), ("vanished?", "anna")]
    both = [member(), member("Carl Dahl")]
    assert told(both, [carl]) == [("unchanged", "carl"), ("vanished?", "anna")], "asked once: then the name tells them apart"


def test_two_people_of_one_mailbox_are_not_one_with_two_posts() -> None:
    rows = [row(), row("Carl Dahl", place="row 3", last_day="2026-10-31")]
    found = told([member(), member("Carl Dahl")], rows)
    assert {kind for kind, _ in found} == {"left-out"}


def test_whoever_has_several_posts_leaves_with_the_last_of_them() -> None:
    ended, stays = row(place="row 2", last_day="2025-01-31"), row("Anna Berg", "anna@acme.example", "Sales", place="row 3")
    assert told([member(department="Sales")], [ended, stays]) == [("unchanged", "anna")]
    assert told([member(department="Sales")], [stays, ended]) == [("unchanged", "anna")]
    both = feed.diff([member()], [ended, replace(stays, last_day="2026-12-01")], RULES, TODAY, tied=lambda _: True)
    assert [(one.kind, one.last_day) for one in both] == [(Kind.LEAVER, "2026-12-01")]


def test_a_row_without_a_mail_address_beside_one_of_that_name_says_nothing() -> None:
    """Whether it is the same person nobody can tell: nothing comes of it, be it with an end."""
    rows = [row(), row("Anna Berg", "", place="row 3", last_day="2026-11-01")]
    assert told([member()], rows) == [("unchanged", "anna"), ("left-out", "")]
    assert told([member()], rows[1:]) == [("leaver", "anna")], "the control: alone it is theirs"


def test_one_person_without_a_mail_address_is_not_given_to_the_first_of_two_rows() -> None:
    rows = [row(), row("Anna Berg", "other@acme.example", place="row 3")]
    assert told([member(mail="")], rows) == [("unclear?", ""), ("unclear?", "")]
    assert told([member(mail="")], rows[:1]) == [("changed", "anna")], "the control: one row of that name"


def test_an_open_departure_for_another_day_is_told() -> None:
    one = member(case=CaseKind.LEAVER, status="leaving", last_day="2026-12-01")
    (found,) = feed.diff([one], [row(last_day="2026-12-15")], RULES, TODAY, tied=lambda _: True)
    assert found.told() == "their departure is open for 2026-12-01, and the file says 2026-12-15"


@pytest.mark.parametrize(
    ("vanished", "of", "refused"),
    [(2, 2, False), (2, 6, False), (3, 3, True), (3, 14, True), (3, 15, False), (21, 100, True), (20, 100, False)],
)
def test_a_file_that_too_many_have_vanished_from_is_refused(vanished: int, of: int, refused: bool) -> None:
    members = [member(f"P{number} X", f"p{number}@acme.example") for number in range(of)]
    rows = [row(one.name, one.mail, place=f"row {one.id}") for one in members[vanished:]]
    changes = feed.diff(members, rows, RULES, TODAY, tied=lambda _: True)
    assert sum(one.kind is Kind.VANISHED for one in changes) == vanished
    if not refused:
        feed.check_share(changes, members, RULES)
        return
    with pytest.raises(Refused) as caught:
        feed.check_share(changes, members, RULES)
    assert (caught.value.rule, caught.value.control) == ("feed-vanished", "PS-4")
    assert caught.value.hint


def test_a_column_by_which_most_would_leave_is_refused() -> None:
    members = [member(f"P{number} X", f"p{number}@acme.example") for number in range(10)]
    for leaving, rule in ((5, ""), (6, "feed-leaving")):
        ends = [TODAY] * leaving + [""] * (10 - leaving)
        rows = [row(one.name, one.mail, place=one.id, last_day=end) for one, end in zip(members, ends, strict=True)]
        changes = feed.diff(members, rows, RULES, TODAY, tied=lambda _: True)
        try:
            feed.check_share(changes, members, RULES)
            found = ""
        except Refused as refused:
            found = refused.rule
        assert found == rule


@pytest.mark.parametrize(
    ("day", "zone", "time"),
    [
        ("2026-11-30", "Europe/Copenhagen", "2026-11-30T23:00:00Z"),
        ("2026-06-30", "Europe/Copenhagen", "2026-06-30T22:00:00Z"),
        ("2026-10-25", "Europe/Copenhagen", "2026-10-25T23:00:00Z"),
        ("2026-12-31", "America/New_York", "2027-01-01T05:00:00Z"),
        ("2026-12-31", "Asia/Tokyo", "2026-12-31T15:00:00Z"),
    ],
)
def test_a_last_day_ends_in_the_zone_of_the_organisation(day: str, zone: str, time: str) -> None:
    assert feed.ends_at(day, ZoneInfo(zone)) == time
    assert feed.day_of(time, ZoneInfo(zone)) > day, "the day after has begun"


# --- what holds for every file ----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["Anna Berg", "Anna Dahl", "Bo Dahl", "Cleo Ek"])
MAILS = st.sampled_from(["", "a@x.example", "b@x.example", "c@x.example"])
DAYS = st.sampled_from(["", "2025-01-31", "2026-11-21", TODAY, "2026-12-01", "2028-01-01"])
DEPARTMENTS = st.sampled_from(["", "PR", "Sales"])


@st.composite
def populations(draw: st.DrawFn) -> list[Member]:
    found = []
    for number in range(draw(st.integers(0, 4))):
        status = draw(st.sampled_from(["active", "active", "leaving", "former"]))
        case = (
            CaseKind.LEAVER if status == "leaving" else draw(st.sampled_from([None, None, CaseKind.MOVER])) if status == "active" else None
        )
        found.append(
            Member(
                id=f"p{number}", name=draw(NAMES), mail=draw(MAILS), department=draw(DEPARTMENTS), status=status, case=case,
                last_day=draw(DAYS) or "2025-06-30" if status == "former" else "", expected=draw(st.booleans()), oneself=number == 0,
            )
        )  # fmt: skip
    return found


@st.composite
def files(draw: st.DrawFn) -> list[Employee]:
    return [
        Employee(
            place=f"row {number}", name=draw(NAMES), mail=draw(MAILS), departments=tuple(filter(None, [draw(DEPARTMENTS)])), last_day=draw(DAYS),
            gone=draw(st.booleans()), fault=draw(st.sampled_from(["", "", "", "no date"])),
        )
        for number in range(draw(st.integers(0, 5)))
    ]  # fmt: skip


def answered(changes: Sequence[Change]) -> Answers:
    """An answer to every question: the first whom a row could mean and no row before it did, a move, a return, a last day."""
    same: dict[str, str] = {}
    for one in changes:
        if one.kind is Kind.UNCLEAR and one.row and (free := [person for person in one.like if person not in same.values()]):
            same[one.row.place] = free[0]
    by_kind = {kind: [one.person for one in changes if one.kind is kind] for kind in Kind}
    unclear = {one.row.place for one in changes if one.kind is Kind.UNCLEAR and one.row}
    return Answers(
        same=same, new=unclear - same.keys(), moved=set(by_kind[Kind.MOVER]), returned=set(by_kind[Kind.RETURNED]),
        gone=dict.fromkeys(by_kind[Kind.VANISHED], "2026-11-01"),
    )  # fmt: skip


def applied(members: Sequence[Member], changes: Sequence[Change]) -> list[Member]:
    """The people as they are when everything that acts was recorded."""
    people = {one.id: one for one in members}
    added: dict[str, str] = {}
    for change in changes:
        if not change.acts:
            continue
        person = change.person or (added.get(change.row.place, "") if change.row else "")
        match change.kind:
            case Kind.JOINER | Kind.RETURNED:
                assert change.row is not None
                new = f"new {len(people)}"
                added[change.row.place] = new
                people[new] = Member(
                    id=new,
                    name=change.row.name,
                    mail=change.row.mail,
                    department=change.row.departments[0] if change.row.departments else "",
                )
            case Kind.CHANGED | Kind.MOVER:
                fields: dict[str, Any] = {field: after for field, (_, after) in change.fields.items()}
                case = CaseKind.MOVER if change.kind is Kind.MOVER else people[person].case
                people[person] = replace(people[person], case=case, **fields)
            case Kind.LEAVER:
                people[person] = replace(people[person], status="leaving", case=CaseKind.LEAVER, last_day=change.last_day)
            case _:
                pytest.fail(f"{change.kind} acts")
    return list(people.values())


@settings(max_examples=300, deadline=None)
@given(populations(), files())
def test_the_same_file_again_changes_nothing(members: list[Member], rows: list[Employee]) -> None:
    first = feed.diff(members, rows, RULES, TODAY, tied=lambda _: True)
    after = applied(members, first)
    again = feed.diff(after, rows, RULES, TODAY, tied=lambda _: True)
    assert [one for one in again if one.acts] == []


@settings(max_examples=300, deadline=None)
@given(populations(), files())
def test_without_an_answer_nobody_vanishes_moves_or_comes_back(members: list[Member], rows: list[Employee]) -> None:
    """Every departure has a last day of the file, every person is told once, and nobody opens their own."""
    changes = feed.diff(members, rows, RULES, TODAY, tied=lambda _: True)
    days = {one.last_day for one in rows}
    for one in changes:
        if one.kind is Kind.LEAVER:
            assert one.row is not None
            assert one.last_day in days - {""}
            assert one.person == "" or not next(each for each in members if each.id == one.person).oneself
        assert not (one.kind in feed.QUESTIONS and one.acts)
    told_of = [one.person for one in changes if one.person and one.kind not in (Kind.CHANGED, Kind.LATER, Kind.MOVER)]
    assert len(told_of) == len(set(told_of))
    for one in members:
        here = one.id in {change.person for change in changes} | {person for change in changes for person in change.like}
        assert here or not one.expected or one.status == "former" or one.case is CaseKind.LEAVER, "nobody is forgotten"


def test_a_mailbox_that_was_handed_on_could_be_whose_it_was_or_who_has_the_rows_name() -> None:
    """Who is asked of one alone would say "somebody new" of somebody who is here."""
    members = [member("Bo Dahl", ""), member("Anna Berg", "b@x.example")]
    (change,) = (one for one in feed.diff(members, [row("Bo Dahl", "b@x.example")], RULES, TODAY, tied=lambda _: True) if one.row)
    assert (change.kind, change.like) == (Kind.UNCLEAR, ("anna", "bo"))


@settings(max_examples=300, deadline=None)
@given(populations(), files())
def test_whatever_is_answered_is_done_once(members: list[Member], rows: list[Employee]) -> None:
    first = feed.diff(members, rows, RULES, TODAY, tied=lambda _: True)
    answers = answered(first)
    second = feed.diff(members, rows, RULES, TODAY, tied=lambda _: True, answers=answers)
    after = applied(members, second)
    again = feed.diff(after, rows, RULES, TODAY, tied=lambda _: True)
    assert [one for one in again if one.acts] == []
