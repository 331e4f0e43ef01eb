"""Somebody writes into the register on a machine: whatever reads departures ends with exit 6 and says how to go on, never as a defect of ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

HR = "mail,name,last day\nmia@acme.example,Mia Holm,\nanna@acme.example,Anna Berg,2026-11-30\n"
READING = (
    "status", "todo", "offboard list", "offboard show {case}", "offboard report {case} --out {home}/page.html", "report leavers",
    "hr import {home}/hr.csv --dry-run",
    "person show anna",
)  # fmt: skip
SHOW = 3
"""Which of them reads the most of a departure."""
FLIPS = {"bytes": b"\x00\xff", "word": "zzz", "empty": ""}
IN_TURN = pytest.param(tuple(FLIPS), id="in turn")
"""Each column gets one of them, and is read by two commands of all; in the slow tests all columns get all of them, and are read by all."""
NOT_SHOWN = {("cases", "items")}
"""What no command tells: how many items a case was opened with is held against them when they are recorded."""


def _opened(vault: Any) -> None:
    vault.init()
    vault.ok("person", "add", "Anna Berg <anna@acme.example>", "--handle", "anna")
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="first-secret")
    vault.ok("grant", "shop", "anna")
    vault.ok("offboard", "open", "anna", "--cut-at", "now")
    (vault.home / "hr.csv").write_text(HR)


def asked(register: Path, query: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(register, isolation_level=None)) as db:
        return db.execute(query, values).fetchall()


def columns(vault: Any, table: str) -> list[str]:
    return [row[1] for row in asked(vault.home / "register.db", f"PRAGMA table_info({table})")]


@pytest.fixture
def opened(story: Any, prepared: Any) -> Any:
    return prepared.into(story, _opened)


@pytest.mark.parametrize("flips", [IN_TURN, *(pytest.param((flip,), id=flip, marks=pytest.mark.slow) for flip in FLIPS)])
@pytest.mark.parametrize("table", ["cases", "items"])
def test_no_column_of_a_departure_that_was_written_over_is_a_defect_of_ours(opened: Any, table: str, flips: tuple[str, ...]) -> None:
    register, case = opened.home / "register.db", opened.json("offboard", "list")["cases"][0]["id"]
    lines = [line.format(case=case, home=opened.home).split() for line in READING]
    assert [opened.run(*words).code in (0, 7) for words in lines] == [True] * len(lines), "the control"
    untouched = asked(register, f"SELECT * FROM {table}")
    for number, column in enumerate(columns(opened, table)):
        flip = flips[number % len(flips)]
        asked(
            register,
            f"UPDATE {table} SET {column} = ? WHERE entry > 0" if table == "cases" else f"UPDATE items SET {column} = ? WHERE seq = 0",
            FLIPS[flip],
        )
        asking = [lines[SHOW], lines[number % len(lines)]] if len(flips) > 1 else lines
        told = {" ".join(words[:2]): opened.run(*words, "--json") for words in asking}
        for name, one in told.items():
            where = f"{table}.{column} = {flip}: {name}: {one.code} {one.out[-300:]}"
            assert one.code in (0, 3, 6, 7), where
            assert "defect" not in one.out + one.err, where
            if one.code == 6:
                assert "register" in one.out, where
                assert "hint" in one.out, where
        if flip == "bytes" and (table, column) not in NOT_SHOWN and column not in ("id", "case_id"):
            assert told["offboard show"].code == 6, f"{table}.{column}"
        asked(register, f"DELETE FROM {table}")
        for row in untouched:
            asked(register, f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", *row)
    assert [opened.run(*words).code in (0, 7) for words in lines] == [True] * len(lines), "the control, once more"


def test_the_way_on_that_it_names_works(opened: Any) -> None:
    asked(opened.home / "register.db", "UPDATE cases SET state = x'00ff'")
    told = opened.run("report", "leavers")
    assert told.code == 6
    assert "remove register.db from GOVERN_HOME" in told.err
    for path in opened.home.glob("register.db*"):
        path.unlink()
    assert opened.ok("report", "leavers")
