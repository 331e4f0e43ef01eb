"""Populations on the command line: JSON for programs, CSV for spreadsheet programs, and a word on what is missing."""

from __future__ import annotations

import csv
import time
from typing import Any

import pytest


def test_holders_of_today_and_of_a_moment_gone_by(acme: Any) -> None:
    acme.ok("person", "add", "=HYPERLINK(1) Bo", "--handle", "bo")
    acme.ok("grant", "blog", "bo")
    then = acme.json("report", "holders")["on"]
    time.sleep(1.1)  # times are of seconds
    acme.ok("revoke", "blog", "bo")
    now, before = acme.json("report", "holders"), acme.json("report", "holders", "--on", then)
    assert now["schema"] == before["schema"] == "govern.report/1"
    assert (before["on"], before["size"] < now["size"]) == (then, True)
    assert ("blog", "bo") in {(one["account"], one["person"]) for one in before["holders"]}
    assert ("blog", "bo") not in {(one["account"], one["person"]) for one in now["holders"]}
    told = acme.ok("report", "holders", "--on", then, "--out", str(acme.folder / "holders.csv"))
    assert f"from the first {before['size']} entries" in told.err
    with (acme.folder / "holders.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows if row["person"] == "bo"] == ["'=HYPERLINK(1) Bo"]
    assert (acme.folder / "holders.csv").stat().st_mode & 0o777 == 0o600
    assert acme.run("report", "holders", "--out", str(acme.folder / "holders.csv")).code == 4
    assert "has not come yet" in acme.run("report", "holders", "--on", "2099-01-01").err
    assert acme.run("report", "holders", "--on", "yesterday").code == 2
    assert acme.run("report", "holders", "--on", "2020-01-01").code == 3


def test_leavers_with_and_without_a_case(acme: Any) -> None:
    assert "nobody left" in acme.ok("report", "leavers").err
    case = acme.json("offboard", "open", "anna", "--cut-at", "now")["case"]["id"]
    (told,) = acme.json("report", "leavers")["leavers"]
    assert (told["person"], told["case"], told["kind"], told["result"]) == ("anna", case, "leaver", "still knows")
    assert (told["secrets"], told["rotated"], told["longest_lag_minutes"], bool(told["removed_at"])) == (1, 0, None, True)
    assert acme.json("report", "leavers", "--to", "2020-01-01")["leavers"] == []
    shown = acme.ok("report", "leavers", "--from", "2020-01-01")
    assert "anna" in shown.out
    assert "1 leaver, 1 of them" in shown.err


def test_leavers_are_held_against_an_hr_export(acme: Any) -> None:
    acme.ok("person", "add", "Bo Dahl <bo@acme.example>", "--handle", "bo")
    acme.ok("offboard", "open", "anna", "--cut-at", "now")
    file = acme.folder / "people.csv"
    file.write_text(
        "First name,Last name,Email,Termination date,Termination reason\n"
        "Anna,Sø,anna@acme.example,2026-01-31,because\nBo,Dahl,bo@acme.example,2026-01-15,because\n"
        "Kim,Lund,kim@acme.example,2026-01-20,because\nEva,Holm,eva@acme.example,2025-01-20,because\n"
    )
    told = acme.json("report", "leavers", "--from", "2026-01-01", "--against", str(file))["leavers"]
    assert [(one["person"], one["name"], one["result"]) for one in told] == [
        ("anna", "Anna Sø", "still knows"), ("bo", "Bo Dahl", "no case"), (None, "Kim Lund", "not in the vault"),
    ]  # fmt: skip
    shown = acme.ok("report", "leavers", "--from", "2026-01-01", "--against", str(file))
    assert "because" not in shown.out + shown.err
    assert "govern offboard open bo" in shown.err
    assert acme.run("report", "leavers", "--map", str(file)).code == 2


@pytest.mark.parametrize("which", ["holders", "leavers"])
@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_report_into_what_is_no_file_is_refused_with_a_hint(acme: Any, which: str, name: str) -> None:
    told = acme.run("report", which, "--out", name)
    assert (told.code, "--out names no file" in told.err, "hint: --out FILE.csv" in told.err) == (2, True, True), told.err
