"""From the export of an HR program to the departures: read, asked on a terminal, recorded once, and nothing of why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.cli import settings

HEAD = "First name,Last name,Email,Department,Status,Last working day,Termination date,Termination type,Termination reason,Gender,Salary"
WHY, KEPT = "why-they-went", "the-new-department"


@pytest.fixture
def firm(acme: Any) -> Any:
    """Anna holds the shop (`acme`); Bo, Cleo and Dan are here too, all in one department."""
    for name in ("Bo Berg", "Cleo Dam", "Dan Ek"):
        mail = f"{name.split()[0].casefold()}@acme.example"
        acme.ok("person", "add", f"{name} <{mail}>", "--handle", name.split()[0].casefold(), "--department", "PR")
    acme.ok("grant", "blog", "bo")
    return acme


def export(folder: Path, *rows: str, name: str = "hr.csv") -> str:
    path = folder / name
    path.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return str(path)


MIA, ANNA, BO = (
    "Mia,Holm,mia@acme.example,,Active,,,,,,",
    "Anna,Sø,anna@acme.example,,Active,,,,,,",
    "Bo,Berg,bo@acme.example,PR,Active,,,,,,",
)
CLEO, DAN = "Cleo,Dam,cleo@acme.example,PR,Active,,,,,,", "Dan,Ek,dan@acme.example,PR,Active,,,,,,"
ANNA_LEAVES = f"Anna,Sø,anna@acme.example,,Inactive,2026-10-31,2026-11-30,{WHY},{WHY},{WHY},{WHY}"
BO_MOVES = f"Bo,Berg,bo@acme.example,{KEPT},Active,,,,,,"
CLEO_LATER = f"Cleo,Dam-Ek,cleo@acme.example,PR,Active,,31.12.2999,{WHY},{WHY},{WHY},{WHY}"
FINN = f"Finn,Gram,finn@acme.example,Sales,Active,,,{WHY},{WHY},{WHY},{WHY}"


def size(firm: Any) -> int:
    return int(firm.json("ledger", "checkpoint")["size"])


def whats(told: Any) -> list[tuple[str, str, bool]]:
    return [(one["what"], one["person"], one["question"]) for one in told["changes"]]


def test_from_the_file_to_the_departures(firm: Any, tmp_path: Path) -> None:
    path, before = export(tmp_path, MIA, ANNA_LEAVES, BO_MOVES, CLEO_LATER, FINN), size(firm)
    planned = firm.json("hr", "import", path, "--dry-run")
    assert (planned["schema"], planned["program"], planned["dropped"], size(firm)) == ("govern.hr/1", "personio", 4, before)
    told = firm.json("hr", "import", path)
    expected = [
        ("leaver", "anna", False), ("mover", "bo", True), ("changed", "cleo", False), ("later", "cleo", False), ("joiner", "finn.gram", False),
        ("vanished", "dan", True),
    ]  # fmt: skip
    assert whats(told) == expected
    assert (told["recorded"], told["questions"], told["unchanged"], told["dry_run"]) == (3, 2, 1, False)
    left = next(one for one in told["changes"] if one["what"] == "leaver")
    assert left["last_day"] == "2026-10-31", "the last working day, before the end of the employment"
    case = firm.json("offboard", "show", left["case"])["case"]
    assert (case["person"], case["kind"], case["state"]) == ("anna", "leaver", "cut")
    assert [one["person"] for one in firm.json("who", "shop")["holders"]] == ["mia"]
    people = {one["handle"]: one for one in firm.json("person", "list")["people"]}
    assert (people["cleo"]["name"], people["finn.gram"]["keyholder"], people["dan"]["status"]) == ("Cleo Dam-Ek", False, "active")

    after = size(firm)
    again = firm.json("hr", "import", path)
    assert (again["recorded"], whats(again)) == (0, [("mover", "bo", True), ("later", "cleo", False), ("vanished", "dan", True)])
    assert size(firm) == after
    moved = firm.json("hr", "import", path, "--movers")
    assert firm.json("offboard", "show", moved["changes"][0]["case"])["case"]["kind"] == "mover"
    assert whats(firm.json("hr", "import", path)) == [("later", "cleo", False), ("vanished", "dan", True)]
    refused = firm.run("hr", "import", export(tmp_path, MIA, name="half.csv"))
    assert (refused.code, "feed-vanished" in refused.err, refused.out) == (4, True, "")


def test_why_somebody_leaves_is_written_nowhere(firm: Any, tmp_path: Path) -> None:
    """Neither by the program to the screen, nor into a file of its own; a word of a column that is read is found in all of them."""
    outside = tmp_path / "outside"
    outside.mkdir()
    path = export(outside, MIA, ANNA_LEAVES, BO_MOVES, CLEO_LATER, FINN, DAN)
    said = [firm.spawn("hr", "import", path, *words) for words in (("--dry-run",), ("--movers",), ("--json",))]
    assert [told.code for told in said] == [0, 0, 0]
    written = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    shown = [(told.out + told.err).encode() for told in said]
    assert not any(WHY.encode() in data for data in [*written, *shown])
    assert any(KEPT.encode() in data for data in written), "the control"
    assert any(KEPT.encode() in data for data in shown), "the control"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", 1),
        (b"a,b\n1,2\n", 1),
        (b"First name,Last name,Email,Termination date\nA,B,a@x.example,03/04/2026\n", 1),
        (b"PK\x03\x04rubbish", 1),
    ],
)
def test_a_file_that_is_no_export_is_one_line(firm: Any, tmp_path: Path, data: bytes, code: int) -> None:
    path = tmp_path / "hr.csv"
    path.write_bytes(data)
    told = firm.run("hr", "import", str(path))
    assert (told.code, told.out, told.err.startswith("error: ")) == (code, "", True)
    assert len(told.err.splitlines()) <= 2
    assert firm.run("hr", "import", str(tmp_path / "none.csv")).code == 3
    wrong = tmp_path / "my.yaml"
    wrong.write_text("version: 1\ncolumns:\n  pay: [Salary]\n")
    assert "my.yaml:3: columns.pay: no such key" in firm.run("hr", "import", str(path), "--map", str(wrong)).err


def test_what_a_file_leaves_open_is_asked_on_a_terminal(firm: Any, tmp_path: Path, screen: Any) -> None:
    new_mail = "Cleo,Dam,cleo.dam@acme.example,PR,Active,,,,,,"
    path = export(tmp_path, MIA, ANNA, BO_MOVES, new_mail)
    shown = screen(firm, "hr", "import", path)
    shown.until("d for a new name of the same")
    shown.type("d")
    shown.until("which of these is it: cleo?")
    shown.type("cleo")
    shown.until("dan is not in the file. Their last day")
    shown.type("2026-10-31")
    shown.until("Record 3 changes")
    shown.type("y")
    assert shown.end() == 0
    people = {one["handle"]: one for one in firm.json("person", "list")["people"]}
    assert (people["bo"]["department"], people["cleo"]["mail"], people["dan"]["status"]) == (KEPT, "cleo.dam@acme.example", "leaving")
    assert [case["person"] for case in firm.json("offboard", "list")["cases"]] == ["dan"]


def test_no_answer_on_a_terminal_leaves_all_as_it_was(firm: Any, tmp_path: Path, screen: Any) -> None:
    path, before = export(tmp_path, MIA, ANNA_LEAVES, BO, CLEO), size(firm)
    shown = screen(firm, "hr", "import", path)
    shown.until("Their last day")
    shown.type("")
    shown.until("Record 1 change")
    shown.type("")
    assert shown.end() == 0
    assert size(firm) == before


def test_hr_reads_and_answers_in_their_language(firm: Any, tmp_path: Path, screen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the same file in English, and the same JSON in both."""
    moment = settings.now()
    monkeypatch.setattr(settings, "now", lambda: moment)  # who is gone is cut off at once, which is another second each time
    rows = (MIA, ANNA_LEAVES, BO_MOVES, "Cleo,Dam,cleo,PR,Active,,,,,,")
    path = export(tmp_path, *rows)
    english, plain = firm.ok("hr", "import", path, "--dry-run"), firm.json("hr", "import", path, "--dry-run")
    firm.ok("person", "edit", "mia", "--locale", "da")
    assert firm.json("hr", "import", path, "--dry-run") == plain
    danish = firm.ok("hr", "import", path, "--dry-run")
    for one, other in (
        ("not in the file", "står ikke i filen"),
        ("its mail address is none", "ingen gyldig adresse"),
        ("recorded", "registreret"),
    ):
        assert (one in english.out + english.err, one in danish.out + danish.err) == (True, False)
        assert (other in english.out + english.err, other in danish.out + danish.err) == (False, True)
    shown = screen(firm, "hr", "import", path)
    shown.until("m for et stillingsskift")
    shown.type("m")
    shown.until("Sidste arbejdsdag")
    shown.type("")
    shown.until("(j/N)")
    shown.type("j")
    assert shown.end() == 0
    assert {(case["person"], case["kind"]) for case in firm.json("offboard", "list")["cases"]} == {("anna", "leaver"), ("bo", "mover")}
