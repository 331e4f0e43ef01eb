"""What another keyholder can import, compare and export: their role decides, and what is sealed to their key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..holding.conftest import Firm
from .conftest import Inside, row


@pytest.fixture
def firm(vault: Any) -> Firm:
    """Mia's vault, and ben with keys and a machine of his own."""
    firm = Firm(vault)
    firm.person("ben", "Ben Carter")
    firm.enrol("ben")
    return firm


def make_admin(firm: Firm) -> None:
    firm.write(lambda tx: tx.record("role.given", {"person": firm.id_of("ben"), "role": "admin"}))


def test_only_an_admin_imports_and_exports(firm: Firm, bitwarden: Callable[..., str], inside: Inside, tmp_path: Path) -> None:
    path, ben = bitwarden(row("Shop", "shop", "first-password")), firm.machines["ben"]
    firm.ok("import", path)
    firm.ok("grant", "shop", "ben")
    before = inside.size()
    assert ben.run("import", bitwarden(row("More", "more", "second-password"), name="b.csv")).code == 4
    assert ben.run("export", "--out", str(tmp_path / "out.json"), "--reason", "why").code == 4
    assert inside.size() == before
    assert not (tmp_path / "out.json").exists()
    make_admin(firm)
    assert ben.run("export", "--out", str(tmp_path / "out.json"), "--reason", "why").code == 0, "the control"


def test_what_is_not_sealed_to_the_importer_is_not_compared_and_left_alone(
    firm: Firm, bitwarden: Callable[..., str], inside: Inside
) -> None:
    path, ben = bitwarden(row("Shop", "shop", "first-password")), firm.machines["ben"]
    firm.ok("import", path)
    make_admin(firm)
    before = inside.size()
    for more in ((), ("--dry-run",)):
        told = ben.json("import", path, *more)
        assert told["conflicts"] == ["shop"]
        assert any("not sealed to your key" in warning for warning in told["warnings"])
    assert inside.size() == before
    firm.ok("grant", "shop", "ben")
    assert ben.json("import", path)["unchanged"] == ["shop"], "the control: sealed to him, it is"


def test_an_export_lists_what_it_can_not_open(firm: Firm, bitwarden: Callable[..., str], tmp_path: Path) -> None:
    firm.ok("import", bitwarden(row("Shop", "shop", "first-password"), row("Bank", "bank", "second-password")))
    firm.ok("grant", "shop", "ben")
    make_admin(firm)
    told = firm.machines["ben"].json("export", "--out", str(tmp_path / "out.json"), "--reason", "why")
    assert told["accounts"] == ["shop"]
    assert told["not_opened"] == [{"account": "bank", "kind": "password"}]
    assert "second-password" not in (tmp_path / "out.json").read_text()
    exposed = {(each["person"], each["basis"]) for each in firm.json("who", "bank")["exposed"]}
    assert ("ben", "exported") not in exposed


def test_a_responsible_person_with_keys_can_open_what_came_in(firm: Firm, sheet: Callable[..., str]) -> None:
    firm.ok("import", sheet("account,login,password,responsible", "Shop,shop,first-password,Ben Carter"))
    assert firm.machines["ben"].ok("reveal", "shop", "--stdout").out == "first-password"
    assert firm.ok("reveal", "shop", "--stdout").out == "first-password"
