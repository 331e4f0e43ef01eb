"""Names that may be one person written twice are listed; nobody is taken for somebody else."""

from __future__ import annotations

import pytest

from govern.holdings.likeness import Alike


def near(known: str, name: str) -> list[str]:
    names = Alike()
    names.add(known, "known")
    return names.near(name)


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("Anna Smith", "Ana Smith"),
        ("Anna Smith", "Smith Anna"),
        ("Anna Smith", "anna  smith"),
        ("Søren Ærø", "Soren Aero"),
        ("Jean-Luc Dupont", "Jean Luc Dupond"),
        ("Mia Holm", "Mia Holmm"),
    ],
)
def test_a_name_written_a_little_differently_is_listed(known: str, name: str) -> None:
    assert near(known, name) == ["known"]


@pytest.mark.parametrize(
    ("known", "name"), [("Anna Smith", "Ben Carter"), ("Team 1", "Team 2"), ("Mia Holm", "Mia Larsen"), ("Работа", "Anna")]
)
def test_another_name_is_not(known: str, name: str) -> None:
    assert near(known, name) == []


def test_the_nearest_come_first_and_three_are_enough() -> None:
    names = Alike()
    for number, name in enumerate(("Anna Smithe", "Anna Smith", "Anna Smyth", "Anna Smitth", "Zoe Brown")):
        names.add(name, f"p{number}")
    found = names.near("Anna Smith")
    assert found[0] == "p1"
    assert len(found) == 3
    assert "p4" not in found


def test_a_crowd_of_one_first_name_is_searched_only_so_far() -> None:
    names = Alike()
    for number in range(300):
        names.add(f"Anna {chr(97 + number % 26)}{chr(97 + number // 26)}xyz", str(number))
    assert max(len(block) for block in names._blocks.values()) <= 50
