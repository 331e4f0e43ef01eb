"""The attacks of the folder above, made again in the same words on a vault that a PostgreSQL server keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ...register.on_server import OnServer, moved
from ..test_every_entry import chosen
from ..vaults import Machine


@pytest.fixture
def machine(original: Machine, postgres: str, tmp_path: Path) -> OnServer:
    """mia's machine on the vault of thirty-one entries, in a database of its own."""
    return moved(original, tmp_path / "copy", postgres)


def _case(item: pytest.Item) -> dict[str, Any]:
    """Which attack on which entry it is; where it is neither, one that is made anyway."""
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return {"attack": given.get("attack", "deleted"), "entry": given.get("entry", 0)}


IMPOSSIBLE = {
    "test_what_anybody_puts_into_the_mailbox_troubles_nobody": "a column holds values of its own type alone",
    "test_it_stops_the_installed_command[a column of another type]": "a column holds values of its own type alone",
}
OF_FILES = {
    "test_the_subject_learns_what_every_other_who_is_not_named_learns": "compares several copies of one database",
    "test_an_opening_killed_on_its_way_is_whole_or_nothing": "begins each kill from a copy of one database",
    "test_no_word_of_the_case_stands_in_database_or_in_the_journals_of_others": "reads the bytes of the file",
    "test_an_hr_export_that_says_who_leaves_does_the_same_whether_or_not_it_is_known": "compares two copies of one database",
    "test_who_is_given_the_case_does_not_hang_on_whom_it_is_about": "compares two copies of one database",
}
"""What is made on files alone: here there is one database per test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them take long; some are what PostgreSQL itself does not let anybody do.

    Which entry is attacked makes no difference to the engine: of the enumeration of all of them a part is made on a server.
    """
    here = Path(__file__).parent
    ours = [item for item in items if item.path.parent == here]
    more = {item for item in ours if item.path.name == "test_every_entry.py" and not chosen(**_case(item))}
    items[:] = [item for item in items if item not in more]
    for item in ours:
        item.add_marker(pytest.mark.slow)
        if item.name in IMPOSSIBLE:
            item.add_marker(pytest.mark.skip(reason=f"PostgreSQL: {IMPOSSIBLE[item.name]}"))
        if item.name in OF_FILES:
            item.add_marker(pytest.mark.skip(reason=f"on files alone: it {OF_FILES[item.name]}"))
