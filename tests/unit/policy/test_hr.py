"""The map of an HR program's export: the shipped one is whole, and one of one's own is laid over it."""

from __future__ import annotations

from typing import get_args

import pytest

from govern.errors import Malformed
from govern.policy import compiled, files
from govern.policy.document import read_document
from govern.policy.hr import ROLES, rules
from govern.policy.hr_model import Columns, HrFile


def test_the_shipped_file_has_every_key_and_leads_editors_to_its_schema() -> None:
    text = files.policy_text("hr").decode()
    assert text.startswith("# yaml-language-server: $schema=schema/hr.schema.json\n")
    keys = {name.replace("_", "-") for name in HrFile.model_fields}
    assert set(read_document(text.encode(), name="hr.yaml").root) == keys - {"columns"}
    assert set(compiled.hr_schema()["properties"]) == keys
    assert set(ROLES) == {name.replace("_", "-") for name in Columns.model_fields}
    assert set(rules().systems) == {"personio", "bamboohr", "workday", "afas"}
    assert all({"mail", "last-day", "department"} <= set(one) for one in rules().systems.values())


def test_a_map_says_what_is_otherwise() -> None:
    plain, own = rules(), rules(
        b"version: 1\nzone: Europe/Copenhagen\ndates: month-first\nopen-ahead: {control: PS-4, days: P8W}\ncolumns: {mail: [Adresse]}\n"
        b"vanished: {control: PS-4, few: 5, percent: 50}\n", name="my.yaml",
    )  # fmt: skip
    assert (plain.zone, plain.dates, plain.open_ahead, plain.columns) == (None, "refuse", 30, {})
    assert (str(own.zone), own.dates, own.open_ahead, own.columns) == ("Europe/Copenhagen", "month-first", 56, {"mail": ("Adresse",)})
    assert (own.vanished.few, own.vanished.percent, own.move_after) == (5, 50, plain.move_after)


def test_a_map_only_adds_to_what_is_never_read() -> None:
    """No switch weakens it: an empty list leaves the shipped one as it is."""
    assert set(rules(b"version: 1\nnever: []\n", name="my.yaml").never) == set(rules().never)
    assert set(rules(b"version: 1\nnever: [shoe size]\n", name="my.yaml").never) == {*rules().never, "shoe size"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my.yaml:1"), ("version: 2\n", "my.yaml:1: version"), ("version: 1\ncolumns: {mail: Adresse}\n", "my.yaml:2: columns.mail: is no list"),
        ("version: 1\ncolumns:\n  salary: [Pay]\n", "my.yaml:3: columns.salary: no such key"),
        ("version: 1\nzone: Mars/Olympus\n", "my.yaml:2: zone: Mars/Olympus is no zone"), ("version: 1\nzone: ../../etc/passwd\n", "my.yaml:2: zone"),
        ("version: 1\ndates: guess\n", "my.yaml:2: dates"), ("version: 1\nopen-ahead: {control: PS-4, days: 30}\n", "my.yaml:2: open-ahead.days"),
        ("version: 1\nvanished: {control: PS-4, few: 2, percent: 101}\n", "my.yaml:2: vanished.percent"), ("- a\n", "my.yaml:1"), ("\0", "my.yaml:1"),
    ],
)  # fmt: skip
def test_a_wrong_map_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        rules(text.encode(), name="my.yaml")
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message


def test_a_folder_of_zones_is_no_zone() -> None:
    with pytest.raises(Malformed, match="no zone"):
        rules(b"version: 1\nzone: Europe\n", name="my.yaml")


def test_dates_are_what_the_reader_knows() -> None:
    annotation = HrFile.model_fields["dates"].annotation
    assert set(get_args(get_args(annotation)[0])) == {"refuse", "day-first", "month-first"}
