"""Somebody with a departure behind them is forgotten: notes and closing words of their case go, its report tells of a former person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from govern.procedures import offboard_items
from govern.register import connection
from govern.register.queries import cases
from govern.register.reread import reread
from govern.reports import departure, evidence_page

from ..departing.pack_files import Files
from .conftest import HANDLE, NAME, Firm
from .test_erasing import traces

NOTE, WORDS = "took the sheet from the drawer of a leaver", "she was kind to all of us"


@pytest.fixture
def departed(firm: Firm) -> Firm:
    """lea held the shop and was in the chat; her case is closed, three years ago. dora has keys and reads no cases."""
    firm.enrol("ben", "admin")
    firm.enrol("dora", cases=False)
    firm.person("lea")
    credential = firm.shop("mia", "lea")
    firm.declare(credential, "lea")
    place = firm.do(lambda tx: (found := tx.new_id(), tx.record("place.added", {"place": found, "kind": "chat"}))[0])
    firm.fact("place.member", {"place": place, "person": firm.ids["lea"]})
    firm.fact("place.holds", {"place": place, "accounts": [firm.ids["shop"]]})
    case = firm.offboard(HANDLE)
    firm.rotate(credential)
    for number, entry in enumerate(firm.items(case), start=1):
        if entry.state == "open":
            firm.fact("place.cleaned", {"place": place, "accounts": [firm.ids["shop"]]})
            firm.end(case, number, note=NOTE)
            firm.end(case, number, "verify", by="ben")
    firm.do(lambda tx: offboard_items.close(tx, cases.by_id(tx.register, case.id, reader=tx.actor), WORDS), by="ben")
    firm.ids["case"] = case.id
    firm.later(days=1100)
    firm.db("dora")
    return firm


def report(firm: Firm) -> str:
    db = firm.db()
    told = departure.collect(db, cases.by_id(db, firm.ids["case"], reader=firm.ids["mia"]), vault=firm.vault.hex(), now=firm.now)
    return departure.html(told) + departure.json(told)


def test_control_before_it_the_report_has_name_note_and_words(departed: Firm) -> None:
    before = report(departed)
    assert NAME in before
    assert all(traces(departed.folder / "mia", text) for text in (HANDLE, NAME, NOTE, WORDS))


def test_everything_of_the_case_that_names_them_goes_and_the_rest_stays(departed: Firm) -> None:
    items = departed.db().execute("SELECT id, state, evidence, verifier, ended_at FROM items ORDER BY id").fetchall()
    assert items
    proposal = departed.forget()
    departed.approve(proposal, "ben")
    for member in ("mia", "ben", "dora"):
        departed.db(member)
    for text in (HANDLE, NAME, NOTE, WORDS):
        assert traces(departed.folder, text) == []
    after = report(departed)
    assert f"former person {departed.ids['lea'][:4]}" in after
    assert not [text for text in (HANDLE, NAME, NOTE, WORDS) if text in after]
    assert departed.db().execute("SELECT id, state, evidence, verifier, ended_at FROM items ORDER BY id").fetchall() == items


def test_evidence_made_before_is_proved_afterwards_and_new_evidence_tells_of_a_former_person(departed: Firm, tmp_path: Path) -> None:
    """No personal part is in a proof: what was erased since is not asked for."""
    case = cases.by_id(departed.db(), departed.ids["case"], reader=departed.ids["mia"])
    before = Files(departed, case, tmp_path / "before")
    assert NAME in before.json
    departed.approve(departed.forget(), "ben")
    departed.later(minutes=1)
    assert departed.ids["lea"] in before.told()
    case = cases.by_id(departed.db(), departed.ids["case"], reader=departed.ids["mia"])
    after = Files(departed, case, tmp_path / "after")
    assert departed.ids["lea"] in after.told()
    page = evidence_page.html(after.pack, "en")
    for text in (after.json, page):
        assert f"former person {departed.ids['lea'][:4]}" in text
        assert not [gone for gone in (HANDLE, NAME, NOTE, WORDS) if gone in text]
    assert after.pack.claims["items"] == before.pack.claims["items"]


def test_whoever_reads_no_cases_drops_and_verifies_them_as_well(departed: Firm) -> None:
    named = departed.approve(departed.forget(), "ben").id
    of_cases = {
        row[0]
        for row in departed.db().execute(
            "SELECT l.entry FROM listed l JOIN entries e ON e.idx = l.entry WHERE l.proposal = ? AND e.type LIKE 'case.%'", (named,)
        )
    }  # fmt: skip
    assert of_cases
    sealed = {row[0] for row in departed.db("dora").execute("SELECT idx FROM entries WHERE type = 'sealed'")}
    assert of_cases <= sealed, "she can't read what these entries are"
    for member in ("mia", "ben", "dora"):
        assert reread(departed.members[member], deep=True).size == departed.size()
    with sqlite3.connect(departed.folder / "vault.db") as db:
        assert db.execute(
            f"SELECT count(*) FROM entry WHERE personal IS NOT NULL AND idx IN ({','.join(map(str, of_cases))})"
        ).fetchone() == (0,)
    before = list(connection.dump(departed.db("dora")))
    departed.members["dora"].close()
    for path in (departed.folder / "dora").glob("register.db*"):
        path.unlink()
    assert list(connection.dump(departed.db("dora"))) == before


def test_nobody_is_erased_while_their_case_is_open(firm: Firm) -> None:
    firm.person("lea")
    case = firm.offboard(HANDLE)
    firm.later(days=1100)
    refused = firm.refuses("open-case", firm.forget)
    assert "close" in refused.hint
    firm.close_case(case)
    firm.forget()
