"""`govern known`: who already knows, declared one by one and on a sheet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def firm(story: Any, prepared: Any) -> Any:
    """Two accounts with a password each, one of them with a seed; Anna and Ben without keys; an empty account."""
    return prepared.into(story, _firm)


def _firm(vault: Any) -> None:
    vault.init()
    for name in ("anna", "ben"):
        vault.ok("person", "add", f"{name.title()} <{name}@acme.example>", "--handle", name)
    for handle, login in (("blog", "=acme"), ("empty", "x"), ("shop", "acme")):
        vault.ok("account", "add", handle, "--platform", "x", "--login", login, "--tag", "all")
    for handle in ("blog", "shop"):
        vault.ok("credential", "add", handle, "--kind", "password", stdin="correct horse battery")
    vault.ok("credential", "add", "shop", "--kind", "totp", stdin=SEED)


def declared(vault: Any, person: str) -> list[tuple[str, str, str]]:
    return [
        (one["account"], one["kind"], one["since"][:10]) for one in vault.json("holds", person)["exposures"] if one["basis"] == "declared"
    ]


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_declaration_is_an_exposure_that_counts_as_claimed(firm: Any) -> None:
    recorded = firm.json("known", "shop", "anna", "--since", "2025-02-01", "--note", "she set it up")["recorded"]
    assert recorded == [
        {"account": "shop", "person": "anna", "kind": "password", "since": "2025-02-01"},
        {"account": "shop", "person": "anna", "kind": "totp", "since": "2025-02-01"},
    ]
    assert declared(firm, "anna") == [("shop", "password", "2025-02-01"), ("shop", "totp", "2025-02-01")]
    assert {one["strength"] for one in firm.json("who", "shop")["exposed"] if one["person"] == "anna"} == {"claimed"}


def test_only_some_kinds_can_be_declared(firm: Any) -> None:
    assert [one["kind"] for one in firm.json("known", "shop", "anna", "--kind", "totp")["recorded"]] == ["totp"]
    assert [one["kind"] for one in firm.json("known", "shop", "anna")["recorded"]] == ["password"]
    told = firm.ok("known", "shop", "anna")
    assert (told.out, "declared already" in told.err) == ("", True)


def test_a_selector_declares_many_and_a_dry_run_shows_which(firm: Any) -> None:
    expected = [("blog", "password"), ("shop", "password"), ("shop", "totp")]
    planned = firm.json("known", "tag:all", "anna", "--dry-run")
    assert [(one["account"], one["kind"]) for one in planned["recorded"]] == expected
    assert declared(firm, "anna") == []
    assert [(one["account"], one["kind"]) for one in firm.json("known", "tag:all", "anna")["recorded"]] == expected


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("shop", "nobody"), 3, "govern person add"),
        (("ship", "anna"), 3, "did you mean shop"),
        (("empty", "anna"), 3, "govern credential add empty"),
        (("blog", "anna", "--kind", "totp"), 3, "govern credential add blog --kind totp"),
        (("shop", "anna", "--kind", "pin"), 2, "password"),
        (("shop", "anna", "--since", "2999-01-01"), 2, ""),
        (("shop",), 2, "govern known --sheet"),
        (("--sheet", "a.csv", "--import", "b.csv"), 2, ""),
        (("--import", "none.csv"), 3, ""),
    ],
)
def test_what_is_wrong_is_refused_with_the_way_on(firm: Any, words: tuple[str, ...], code: int, hint: str) -> None:
    told = firm.run("known", *words)
    assert (told.code, told.out) == (code, "")
    assert hint in told.err


def test_the_sheet_has_accounts_and_people_and_what_is_known(firm: Any, tmp_path: Path) -> None:
    firm.ok("known", "shop", "anna", "--kind", "totp")
    firm.ok("known", "blog", "ben")
    path = tmp_path / "sheet.csv"
    told = firm.json("known", "--sheet", str(path))
    assert (told["accounts"], told["people"]) == (3, 3)
    assert read(path) == [
        ["account", "platform", "login", "anna", "ben", "mia"],
        ["blog", "x", "'=acme", "", "x", "x"],
        ["empty", "x", "x", "", "", ""],
        ["shop", "x", "acme", "totp", "", "x"],
    ]
    assert path.stat().st_mode & 0o077 == 0


def test_a_sheet_that_is_there_already_is_not_written_over(firm: Any, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("filled in by hand")
    assert firm.run("known", "--sheet", str(path)).code == 4
    assert path.read_text() == "filled in by hand"


def test_a_sheet_that_comes_back_unchanged_records_nothing(firm: Any, tmp_path: Path) -> None:
    firm.ok("known", "shop", "anna", "--kind", "totp")
    path = tmp_path / "sheet.csv"
    firm.ok("known", "--sheet", str(path))
    size = firm.json("ledger", "checkpoint")["size"]
    assert firm.json("known", "--import", str(path))["recorded"] == []
    assert firm.json("ledger", "checkpoint")["size"] == size


def test_a_part_of_the_accounts_can_be_written_with_semicolons(firm: Any, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    firm.ok("known", "shop", "--sheet", str(path), "--delimiter", "semicolon")
    assert path.read_text().splitlines() == ["account;platform;login;anna;ben;mia", "shop;x;acme;;;x"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_filled_sheet_is_taken_in_whatever_program_wrote_it(firm: Any, tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "sheet.csv"
    rows = [["account", "platform", "login", "anna", "ben"], ["shop", "x", "acme", "x", "01.03.2025"], ["blog", "x", "'=acme", "", "oui"]]
    path.write_text("\r\n".join(delimiter.join(row) for row in rows), encoding=encoding)
    told = firm.json("known", "--import", str(path))
    assert told["skipped"] == []
    assert len(told["recorded"]) == 5
    assert declared(firm, "ben") == [("blog", "password", firm.json("who", "blog")["holders"][0]["since"][:10]), *(
        ("shop", kind, "2025-03-01") for kind in ("password", "totp")
    )]  # fmt: skip
    again = firm.json("known", "--import", str(path))
    assert (again["recorded"], again["unchanged"]) == ([], 3)


def test_what_cannot_be_read_is_left_out_with_its_reason_and_the_rest_goes_in(firm: Any, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(
        "account,anna,Ben,nobody,anna\nshop,x,maybe,x,x\nship,x,,,\nempty,x,,,\nblog,2999-01-01,totp,,\n,x,,,\nblog,no,x,,\nshop,x,,,\n"
    )
    told = firm.json("known", "--import", str(path))
    assert [(one["account"], one["person"], one["kind"]) for one in told["recorded"]] == [
        ("shop", "anna", "password"), ("shop", "anna", "totp"), ("blog", "ben", "password"),
    ]  # fmt: skip
    assert told["unchanged"] == 1
    assert [(one["row"], one["reason"]) for one in told["skipped"]] == [
        ("column 'nobody'", "there is no person 'nobody'"),
        ("column 'anna'", "anna has a column already"),
        ("row 2, ben", "'maybe' is neither x nor a date"),
        ("row 3", "there is no account 'ship'"),
        ("row 4, anna", "empty has no credential that could be known"),
        ("row 5, anna", "2999-01-01 lies ahead"),
        ("row 5, ben", "blog has no totp that could be known"),
        ("row 6", "it names no account"),
    ]


def test_a_dry_run_of_an_import_records_nothing(firm: Any, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("account,anna\nshop,x\n")
    size = firm.json("ledger", "checkpoint")["size"]
    assert len(firm.json("known", "--import", str(path), "--dry-run")["recorded"]) == 2
    assert firm.json("ledger", "checkpoint")["size"] == size
    told = firm.ok("known", "--import", str(path))
    assert "2 recorded, 0 known already, 0 left out" in told.err
    checkpoints = firm.json("ledger", "checkpoint")["size"]
    assert checkpoints == size + 2


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\x00\xff\xfe", b"PK\x03\x04" + b"\0" * 40])
def test_a_file_that_is_no_sheet_is_refused(firm: Any, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    told = firm.run("known", "--import", str(path), "--json")
    assert told.code == 1
    assert told.json()["error"]["code"] == "malformed"
