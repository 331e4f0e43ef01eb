"""Ledgers that earlier programs wrote are judged for ever as they were judged then. `tests/golden/make.py` made them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from govern.canonical import canonical
from govern.register.workspace import Workspace
from govern.vault.custody.choose import load_seed
from govern.vault.custody.record import read_record
from govern.vault.keys import Keys

from ...conftest import ROOT
from ...golden.judgement import judgement

GOLDEN = sorted((ROOT / "tests" / "golden").glob("format-*"))


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
def test_a_ledger_of_this_format_is_judged_as_it_was(golden: Path, tmp_path: Path) -> None:
    kept = json.loads((golden / "judged.json").read_text())
    for name, mode in (("vault.db", 0o600), ("mia.key", 0o600)):
        shutil.copyfile(golden / name, tmp_path / name)
        (tmp_path / name).chmod(mode)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "seed.json").write_bytes(canonical(kept["seed_record"]) + b"\n")
    (home / "seed.json").chmod(0o600)
    record = read_record(home / "seed.json")
    workspace = Workspace(
        path=tmp_path / "vault.db", home=home, vault=record.vault, person=record.person.hex(), checkpoint=record.checkpoint.encode(),
        unlock=lambda: Keys(load_seed(record, key_file=tmp_path / "mia.key")), anew=True,
    )  # fmt: skip
    try:
        found = judgement(workspace.view())
    finally:
        workspace.close()
    for table, rows in kept["judged"].items():
        assert found[table] == rows, table


def test_there_is_one_for_the_present_format() -> None:
    from govern.events import FORMAT

    assert f"format-{FORMAT}" in [path.name for path in GOLDEN]
