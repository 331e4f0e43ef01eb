"""The table of controls: complete for every kind of item, and refused with its line where it is not of its form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from govern.errors import Malformed
from govern.offboarding.items import ItemKind
from govern.policy.controls import controls
from govern.policy.files import shipped

PAGE = (Path(__file__).parents[3] / "docs" / "controls.md").read_text(encoding="utf-8")
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


def in_page(text: str) -> dict[str, set[str]]:
    """Framework -> ids in its column of the page's tables; "AC-2 a, b" are two."""
    found: dict[str, set[str]] = {"nist": set(), "cis": set(), "iso": set(), "soc2": set()}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 7 or cells[0] in ("NIST 800-53", "---"):
            continue
        for framework, cell in zip(found, cells, strict=False):
            base = ""
            for id_ in filter(None, cell.split(", ")):
                base, said = (base, f"{base} {id_}") if re.fullmatch("[a-z]", id_) else (id_.split(" ")[0], id_)
                found[framework].add(said)
    return found


def test_every_control_that_a_pack_or_a_policy_cites_stands_on_the_page_for_auditors() -> None:
    page, table = in_page(PAGE), controls()
    cited = {
        framework: {id_ for one in (*table.items.values(), *table.case.values()) for id_ in one.get(framework, ())} for framework in page
    }
    assert {framework: sorted(ids - page[framework]) for framework, ids in cited.items()} == {framework: [] for framework in page}
    rules = set(re.findall(r"control: ([A-Z]{2}-\d+(?:\(\d+\))?(?: [a-z])?)", shipped("default.yaml").decode()))
    whole = page["nist"] | {id_.split(" ")[0] for id_ in page["nist"]}
    assert (len(rules) > 10, sorted(rules - whole)) == (True, [])
    assert "PS-7 d" not in in_page(PAGE.replace("PS-7, PS-7 d", "PS-7"))["nist"]


def test_page_and_table_name_the_same_editions() -> None:
    said = PAGE.replace("rev.", "rev")
    assert [name for name in ("NIST SP 800-53 rev 5", "CIS Controls v8.1", "ISO/IEC 27001:2022") if name not in said] == []
    assert {"NIST SP 800-53 rev 5", "CIS Controls v8.1"} <= set(controls().frameworks.values())


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
