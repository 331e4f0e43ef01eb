"""The table of controls: complete for every kind of item, and refused with its line where it is not of its form."""

from __future__ import annotations

import re

import pytest

from govern.errors import Malformed
from govern.offboarding.items import ItemKind
from govern.policy.controls import controls
from govern.policy.files import shipped

TEXT = shipped("controls.yaml").decode()


def test_every_kind_of_item_has_controls_and_nothing_else_has() -> None:
    assert set(controls().items) == set(ItemKind)
    assert all(found.get("nist") for found in controls().items.values())


def test_ids_are_spelled_as_their_standards_spell_them() -> None:
    spelled = {"nist": r"[A-Z]{2}-\d+(\(\d+\))?( [a-z])?", "cis": r"\d+\.\d+", "iso": r"A\.\d\.\d+", "soc2": r"CC\d\.\d"}
    table = controls()
    assert set(table.frameworks) == set(spelled)
    for found in (*table.items.values(), *table.case.values()):
        for framework, ids in found.items():
            assert all(re.fullmatch(spelled[framework], id_) for id_ in ids), (framework, ids)
            assert "AC-2(10)" not in ids  # withdrawn in revision 5


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("version: 1", "version: 2", "the file"), ("  app: {nist: [PS-4, IA-5 i]", "  app: {pci: [8.2]", "items.app.pci"),
        ("  device: {nist: [PS-4]", "  device: {nist: []", "items.device.nist"), ("  opened: {", "  begun: {", "the file"),
        ("frameworks:", "framework:", "frameworks"),
    ],
)  # fmt: skip
def test_a_table_of_another_form_is_refused_with_its_line(before: str, after: str, where: str) -> None:
    assert TEXT.count(before) == 1
    controls(TEXT.encode(), name="own.yaml")
    with pytest.raises(Malformed, match=rf"own\.yaml:\d+: {re.escape(where)} is not of its form"):
        controls(TEXT.replace(before, after).encode(), name="own.yaml")
