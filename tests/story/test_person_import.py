"""`govern person import` and the names that may be one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_a_table_of_people_comes_in_once(vault: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "Prénom;Nom;Courriel;Service;Langue;Agence;Date de sortie\n"
        "Zoé;Éluard;zoe@acme.example;PR;français;;\n"
        "Bo;Ågård;bo@agency.example;;dansk;Bureau Ø;\n"
        "Old;Hand;old@acme.example;PR;;;31.01.2025\n"
        "Soon;Gone;soon@acme.example;PR;;;31.12.2999\n"
        "No;Mail;nothing;;;;\n"
        "Mia;Holm;MIA@acme.example;;;;\n",
        encoding="utf-8-sig",
    )
    planned = vault.json("person", "import", str(path), "--dry-run")
    assert len(vault.json("person", "list")["people"]) == 1
    told = vault.json("person", "import", str(path))
    assert told == planned | {"dry_run": False}
    assert told["created"] == ["zoe.eluard", "bo.aagaard", "old.hand", "soon.gone"]
    assert told["unchanged"] == ["mia"]
    assert told["skipped"] == [{"row": "row 6", "reason": "its mail address is none"}]
    assert told["ahead"] == ["soon.gone"]
    people = {one["handle"]: one for one in vault.json("person", "list")["people"]}
    assert (people["bo.aagaard"]["external"], people["bo.aagaard"]["agency"]) == (True, "Bureau Ø")
    assert (people["old.hand"]["status"], people["old.hand"]["left_on"]) == ("former", "2025-01-31")
    assert (people["soon.gone"]["status"], people["zoe.eluard"]["department"]) == ("active", "PR")
    size = vault.json("ledger", "checkpoint")["size"]
    again = vault.json("person", "import", str(path))
    assert (again["created"], len(again["unchanged"])) == ([], 5)
    assert vault.json("ledger", "checkpoint")["size"] == size


def test_people_without_mail_are_known_again_by_name(vault: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name\nAnna Berg\nanna berg\nBen\n")
    told = vault.json("person", "import", str(path))
    assert (told["created"], told["unchanged"]) == (["anna.berg", "ben"], [])
    assert vault.json("person", "import", str(path))["created"] == []


def test_two_people_of_one_name_get_two_handles_and_are_listed_as_alike(vault: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,mail\nAnna Berg,a@acme.example\nAnna Berg,b@acme.example\n")
    told = vault.json("person", "import", str(path))
    assert told["created"] == ["anna.berg", "anna.berg-2"]
    assert told["alike"] == [{"person": "anna.berg-2", "like": ["anna.berg"]}]
    assert "same person" in vault.ok("person", "add", "Ana Berg").err


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_that_names_nobody_is_refused(vault: Any, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    assert vault.run("person", "import", str(path)).code == 1
    assert vault.run("person", "import", str(tmp_path / "none.csv")).code == 3


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("Ana Berg", ["anna"]),
        ("Berg, Anna", ["anna"]),
        ("Somebody Else <ANNA@acme.example>", ["anna"]),
        ("Carl Dahl", []),
    ],
)
def test_somebody_who_may_be_there_already_is_noted_and_not_refused(vault: Any, name: str, alike: list[str]) -> None:
    vault.ok("person", "add", "Anna Berg <anna@acme.example>", "--handle", "anna")
    told = vault.ok("person", "add", name, "--json")
    assert told.json()["alike"] == alike
    assert ("same person" in told.err) is bool(alike)
