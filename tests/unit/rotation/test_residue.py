"""What a changed password leaves alive: whatever nobody said was ended, of what the platform has; other kinds leave nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import Usage
from govern.rotation.kinds import label
from govern.rotation.residue import ALIVE, left, told, until
from govern.vocabulary import CUTS, KINDS

NOW = "2026-11-22T09:00:00Z"


@given(st.lists(st.sampled_from(CUTS)), st.booleans())
def test_what_was_ended_is_told_once_and_never_as_left(cut: list[str], sessions: bool) -> None:
    ended = told(cut, sessions_cut=sessions)
    assert len(set(ended)) == len(ended)
    assert set(ended) == {*cut, *(["sessions"] if sessions else [])}
    assert set(left("password", ended)) == set(ALIVE) - set(ended)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "password"])
def test_other_kinds_leave_nothing(kind: str) -> None:
    assert left(kind, ()) == ()


def test_a_platform_without_app_passwords_leaves_none() -> None:
    assert left("password", (), ("password", "totp")) == ("sessions", "oauth-apps")
    assert left("password", (), ("password", "app-password")) == ALIVE


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(Usage):
        told(["corners"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z"),
        ("2026-11-22T11:00:00+01:00", None),
        (NOW, ""),
        ("2020-01-01T00:00:00Z", ""),
    ],
)
def test_until_is_a_utc_time_to_come(text: str, expected: str | None) -> None:
    if expected is None:
        assert until(text, NOW) == "2026-11-22T10:00:00Z"
    else:
        assert until(text, NOW) == expected


def test_the_label_is_what_is_shown_of_the_id() -> None:
    assert label("0123456789abcdef" * 2) == "govern-01234567"
