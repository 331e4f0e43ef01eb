"""Whose work an item is: the assignee's, else of those who may do it; never the leaver's, and nobody's who is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.offboarding.items import ItemKind
from govern.offboarding.whose import Staff, whose

STAFF = Staff(present={"mia", "ben", "eva", "leo"}, admins={"mia", "leo"}, runs={"mia", "leo", "eva"})


@pytest.mark.parametrize(
    ("kind", "assignee", "answers", "expected"),
    [
        (ItemKind.ROTATE, "", {"ben"}, {"ben"}),
        (ItemKind.ROTATE, "eva", {"ben"}, {"eva"}),
        (ItemKind.ROTATE, "", {"leo"}, {"mia"}),
        (ItemKind.ROTATE, "", {"gone"}, {"mia"}),
        (ItemKind.ROTATE, "gone", {"ben"}, {"ben"}),
        (ItemKind.ROTATE, "leo", {"ben"}, {"ben"}),
        (ItemKind.CLEAN_PLACE, "", set(), {"mia", "eva"}),
        (ItemKind.CUSTODY, "", {"ben"}, {"mia"}),
        (ItemKind.ENTITLEMENT, "", {"ben"}, {"ben"}),
        (ItemKind.RECOVERY_CHANNEL, "", {"gone"}, {"mia"}),
        (ItemKind.NATIVE_ADMIN, "", {"ben"}, {"mia"}),
        (ItemKind.DEVICE, "", set(), {"mia", "eva"}),
    ],
)
def test_whose_it_is(kind: ItemKind, assignee: str, answers: set[str], expected: set[str]) -> None:
    """`leo`, an admin, leaves."""
    assert whose(kind, assignee=assignee, answers=answers, subject="leo", staff=STAFF) == expected


PEOPLE = st.sampled_from(["mia", "ben", "eva", "leo", "gone", ""])


@given(st.sampled_from(list(ItemKind)), PEOPLE, st.sets(PEOPLE), st.sampled_from(["mia", "ben", "eva", "leo"]))
def test_never_the_leavers_and_always_somebodys_who_is_there(kind: ItemKind, assignee: str, answers: set[str], subject: str) -> None:
    found = whose(kind, assignee=assignee, answers=answers, subject=subject, staff=STAFF)
    assert found
    assert found <= STAFF.present - {subject}
