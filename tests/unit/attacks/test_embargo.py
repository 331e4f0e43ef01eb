"""An embargoed departure: who is not named for it learns that there is a sealed compartment, and nothing else, until the cut."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ..register.test_stopped import steps, stopped
from .commands import READING, every_command
from .embargoed import ELSEWHERE, NAMED, UNNAMED, Company, previous, recovery, types, wrapped_to
from .embargoed import READING as TOLD
from .vaults import Machine

# --- before the cut ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", UNNAMED)
def test_who_is_not_named_is_told_the_same_before_and_after(company: Company, member: str) -> None:
    """On the machines of the subject, of another admin, and of a keyholder without a role alike, by every command that reads."""
    before = company.tells(member)
    company.open("--name-reader", "nora")
    after = company.tells(member)
    for command, told in before.items():
        assert after[command] == told, command
    assert types(company, member)[-2:] == ["sealed", "sealed"]
    rows = company.of[member].ok("ledger", "show").out.splitlines()
    assert [row.split()[1:] for row in rows[-2:]] == [["sealed"], ["sealed"]], "nobody else is named in its author's place"


def test_every_command_that_reads_is_tried() -> None:
    tried = {*(" ".join(command.split()[:2]) for command in (*TOLD, *ELSEWHERE)), *(command.split()[0] for command in TOLD)}
    named = {" ".join(one.split()[:2]) for one in READING} | {one.split()[0] for one in READING}
    reads = {one for one in every_command() if one in named}
    assert len(reads) > 30
    assert reads - tried == set()


@pytest.mark.parametrize("member", UNNAMED)
def test_an_export_gives_who_is_not_named_sealed_rows_and_nothing_of_them(company: Company, member: str) -> None:
    machine = company.of[member]
    before = exported(machine, "before")
    case = company.open("--name-reader", "nora")["case"]["id"]
    after = exported(machine, "after")
    opened = [line["event"] for line in after if "event" in line]
    assert opened == [line["event"] for line in before if "event" in line]
    added = [line for line in after if "index" in line and line["index"] >= sum("index" in one for one in before)]
    assert [set(line) for line in added] == [{"index", "compartment", "epoch", "commitment", "sealed_sha256"}] * 2
    assert (
        "compartment that you don't read" in machine.run("ledger", "prove", str(added[0]["index"]), "--out", str(machine.folder / "p")).err
    )
    assert machine.run("offboard", "report", case, "--out", str(machine.folder / "r")).code == 3
    assert any("case.opened" in line.get("event", "") for line in exported(company.of["nora"], "named")), (
        "the control: who is named reads it"
    )


def exported(machine: Machine, name: str) -> list[dict[str, Any]]:
    file = machine.folder / f"{machine.member}-{name}.export"
    machine.ok("ledger", "export", "--out", str(file))
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_hr_export_that_says_who_leaves_does_the_same_whether_or_not_it_is_known(company: Company) -> None:
    """Taken in by an admin who is not named: the ordinary case that it opens does not hang on the sealed one."""
    told = []
    for number, sealed in enumerate((False, True)):
        other = Company(company.mia.copy(company.mia.folder.parent / f"fed-{number}"))
        if sealed:
            other.open("--name-reader", "nora")
            assert other.of["nora"].json("hr", "import", str(other.staff()), "--dry-run")["changes"] == [], (
                "the control: who reads it has it open"
            )
        done = other.of["dora"].json("hr", "import", str(other.staff()))
        # cut at once, the day being past, in whichever second that is
        changes = [{key: value for key, value in one.items() if key not in ("case", "cut_at")} for one in done["changes"]]
        assert [one["what"] for one in changes] == ["leaver"]
        told.append((changes, other.of["dora"].json("hr", "import", str(other.staff()), "--dry-run")["changes"]))
        assert other.of["ben"].verify().code in (0, 5)
    assert told[0] == told[1]


@pytest.mark.parametrize("member", [UNNAMED[0], *(pytest.param(member, marks=pytest.mark.slow) for member in UNNAMED[1:])])
def test_control_an_ordinary_opening_is_seen(company: Company, member: str) -> None:
    before = company.tells(member)
    company.mia.ok("offboard", "open", "ben", "--cut-at", "2099-01-01T09:00+00:00")
    after = company.tells(member)
    assert after["person list --json"] != before["person list --json"]
    assert after["ledger show"] != before["ledger show"]


def test_the_subject_learns_what_every_other_who_is_not_named_learns(company: Company) -> None:
    """Whether the case is about them or about somebody else, the store's new rows are of the same kinds, sizes and recipients."""
    shapes = []
    for number, subject in enumerate(("ben", "dora")):
        other = Company(company.mia.copy(company.mia.folder.parent / f"case-of-{number}"))
        case = other.open("--name-reader", "nora", of=subject)["case"]["id"]
        assert wrapped_to(other, case) == {other.key("mia"), other.key("nora"), recovery(other)}
        with other.mia.database() as db:
            rows = db.execute("SELECT length(sealed), length(personal) FROM entry WHERE compartment = ?", (bytes.fromhex(case),)).fetchall()
            shapes.append((rows, db.execute("SELECT count(*) FROM wrap").fetchone()))
    assert shapes[0] == shapes[1]


def test_those_named_see_the_case_and_what_the_cut_will_ask_for(company: Company) -> None:
    opened = company.open("--name-reader", "nora", "--cut-at", "2099-01-01T09:00+00:00")
    assert (opened["case"]["state"], opened["case"]["embargoed"], opened["case"]["person"]) == ("open", True, "ben")
    assert {item["kind"] for item in opened["items"]} >= {"end-grant", "withdraw-role", "revoke-key"}
    for member in NAMED:
        assert [case["id"] for case in company.of[member].json("offboard", "list")["cases"]] == [opened["case"]["id"]]
        assert "case.opened" in types(company, member)
        assert "cut of ben" in company.of[member].run("status").out
    for member in UNNAMED:
        assert company.of[member].json("offboard", "list")["cases"] == []
        assert company.of[member].run("offboard", "show", opened["case"]["id"]).code == 3


def test_nothing_of_base_changes_on_any_machine(company: Company) -> None:
    before = {member: company.base(member) for member in company.of}
    company.open("--name-reader", "nora")
    assert {member: company.base(member) for member in company.of} == before
    assert company.clock("mia") == company.clock("dora") == company.clock("kim")


def test_a_rotation_by_a_reader_writes_nothing_into_the_case(company: Company) -> None:
    """Else its entry beside the rotation's would tell which secrets the subject knows."""
    case = company.open()["case"]["id"]
    company.mia.ok("rotate", "shop", "--already-changed", stdin="quite-another-secret")
    with company.mia.database() as db:
        assert db.execute("SELECT count(*) FROM entry WHERE compartment = ?", (bytes.fromhex(case),)).fetchone() == (2,)


@pytest.mark.parametrize(("reader", "rule"), [("ben", "whom the case is about"), ("kim", "does not read cases")])
def test_only_those_who_read_cases_are_named_and_never_the_subject(company: Company, reader: str, rule: str) -> None:
    told = company.mia.refuses("offboard", "open", "ben", "--embargo", "--name-reader", reader, code=4)
    assert rule in told.err
    assert company.open("--name-reader", "dora")["case"]["state"] == "open"


def test_readers_are_named_under_embargo_alone(company: Company) -> None:
    assert company.mia.run("offboard", "open", "ben", "--name-reader", "nora").code == 2


def test_a_second_case_is_refused_to_readers_and_open_to_those_who_know_of_none(company: Company) -> None:
    case = company.open()["case"]["id"]
    assert company.mia.run("offboard", "open", "ben", "--embargo").code == 4
    assert company.mia.run("offboard", "open", "ben").code == 4
    company.of["dora"].ok("offboard", "open", "ben", "--cut-at", "2099-01-01T09:00+00:00")
    assert [one["embargoed"] for one in company.mia.json("offboard", "list")["cases"]] == [False, True]
    company.cut(case)
    assert company.mia.verify().code == company.of["dora"].verify().code == 0
    assert len(company.of["dora"].json("offboard", "list")["cases"]) == 2


def test_items_are_not_worked_on_before_the_cut(company: Company) -> None:
    case = company.open()["case"]["id"]
    assert "drawn up at its cut" in company.mia.run("offboard", "done", case, "1").err


def test_a_drill_a_backup_and_a_policy_of_others_go_on(company: Company) -> None:
    company.open("--name-reader", "nora")
    sheets = [word for path in sorted((company.mia.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    company.of["dora"].ok("recovery", "drill", *sheets)
    company.of["dora"].ok("key", "renew")
    for member in company.of:
        assert company.of[member].verify().code == 0


# --- the cut -----------------------------------------------------------------------------------------------------------------------------


def test_at_the_cut_everybody_entitled_reads_the_whole_case(company: Company) -> None:
    opened = company.open("--name-reader", "nora")
    cut = company.cut(opened["case"]["id"], by="nora")
    assert (cut["case"]["state"], cut["case"]["embargoed"]) == ("cut", False)
    told = [company.of[member].json("offboard", "show", cut["case"]["id"]) for member in ("mia", "nora", "dora")]
    assert told[0] == told[1] == told[2]
    assert [item["kind"] for item in told[0]["items"] if item["state"] == "done"] == ["end-grant", "revoke-key"]
    assert company.mia.json("holds", "ben")["grants"] == []
    assert company.mia.json("rotation", "list")["rotations"]
    assert [row["status"] for row in company.mia.json("person", "list")["people"] if row["handle"] == "ben"] == ["leaving"]
    assert company.key("ben") not in wrapped_to(company, cut["case"]["id"])


def test_after_the_cut_all_registers_are_equal_row_for_row_however_they_were_made(company: Company) -> None:
    """A reader's, who followed; a non-reader's, who read it again; both rebuilt from nothing."""
    company.of["dora"].ok("status")
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.of["dora"].ok("status")
    company.cut(case)
    first = company.mia.register()
    for member in ("nora", "dora"):
        assert company.of[member].register() == first
        assert company.of[member].forget("register").register() == first
        assert company.of[member].verify().code == 0
    assert company.mia.forget("register").register() == first
    assert company.base("kim") == company.base("mia")
    assert company.of["kim"].verify().code == 0


def test_a_time_planned_is_kept_by_run_due_of_a_reader_alone(company: Company) -> None:
    case = company.open("--cut-at", "2099-01-01T09:00+00:00")["case"]["id"]
    now = "2099-01-01T09:00:01Z"
    for member, made in (("dora", 0), ("mia", 1), ("mia", 0)):
        from govern.procedures.offboard import run_due

        assert len(company.of[member].write(run_due, now)) == made, member
    assert company.of["dora"].ask("SELECT state FROM cases WHERE id = ?", case) == [("cut",)]


def test_a_case_that_waits_is_never_due(company: Company) -> None:
    assert company.open()["case"]["cut_at"] is None
    from govern.procedures.offboard import run_due

    assert company.mia.write(run_due, "2099-01-01T09:00:00Z") == []


def test_a_cut_at_once_is_an_ordinary_one(company: Company) -> None:
    assert company.open("--cut-at", "now")["case"]["state"] == "cut"
    assert company.of["dora"].json("offboard", "list")["cases"][0]["person"] == "ben"


def test_work_goes_on_in_the_case_after_its_cut_and_a_newcomer_reads_it(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.cut(case)
    items = company.of["dora"].json("offboard", "show", case)["items"]
    waived = next(str(item["number"]) for item in items if item["kind"] == "rotate")
    company.of["dora"].ok("offboard", "waive", case, waived, "--reason", "the account closes on Friday")
    company.mia.ok("person", "role", "kim", "auditor")
    assert company.of["kim"].json("offboard", "show", case)["items"] == company.mia.json("offboard", "show", case)["items"]
    assert {company.of[member].verify().code for member in ("mia", "nora", "dora", "kim")} == {0}


def test_somebody_who_stays_is_not_given_the_case_about_them(company: Company) -> None:
    """A mover keeps key and role; theirs is wrapped to all readers but to them."""
    case = company.open("--kind", "mover")["case"]["id"]
    company.cut(case)
    assert company.key("ben") not in wrapped_to(company, case)
    assert company.of["ben"].verify().code == 0
    assert company.of["ben"].json("offboard", "list")["cases"] == []
    assert company.of["dora"].json("offboard", "list")["cases"][0]["id"] == case


# --- readers who come and go -------------------------------------------------------------------------------------------------------------


def test_a_reader_whose_key_is_revoked_by_somebody_unnamed_stops_nobody(company: Company) -> None:
    """Whoever does not read the case can't renew it; the next who does is told to."""
    case = company.open("--name-reader", "nora")["case"]["id"]
    gone = company.key("nora")
    company.of["dora"].ok("key", "revoke", "--person", "nora", "--cause", "lost")
    assert gone in wrapped_to(company, case)
    assert "epoch-stale" in company.mia.run("doctor", "--json").out
    company.mia.ok("key", "renew")
    assert wrapped_to(company, case) == {company.key("mia"), recovery(company), *previous(company, case)}
    company.cut(case)
    assert {company.of[member].verify().code for member in ("mia", "dora", "kim")} == {0}
    assert company.of["dora"].register() == company.mia.register()


def test_a_named_reader_who_loses_the_role_reads_no_further(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.mia.ok("person", "role", "nora", "hr", "--withdraw")
    assert company.key("nora") not in wrapped_to(company, case)
    company.cut(case)
    assert company.of["nora"].verify().code == 0
    assert company.of["dora"].json("offboard", "show", case)["case"]["state"] == "cut"


def test_recovery_gives_the_subject_nothing_of_their_case(company: Company, tmp_path: Path) -> None:
    """The sheets read all; the admin whom they enrol reads no embargoed case about them, nor keeps what recovery has read."""
    case = company.open()["case"]["id"]
    sheets = [word for path in sorted((company.mia.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    fresh = company.mia.of("fresh")
    fresh.ok("vault", "recover", *sheets, "--handle", "ben")
    assert fresh.keys().id.hex() not in wrapped_to(company, case)
    assert fresh.ask("SELECT count(*) FROM cases") == [(0,)]
    assert fresh.json("offboard", "list")["cases"] == []
    assert fresh.verify().code == 0
    other = company.mia.of("other")
    other.ok("vault", "recover", *sheets, "--handle", "mia")
    assert [one["id"] for one in other.json("offboard", "list")["cases"]] == [case]


# --- stopped in between, and put back ----------------------------------------------------------------------------------------------------


def test_an_opening_killed_on_its_way_is_whole_or_nothing(company: Company, tmp_path: Path) -> None:
    words = ("offboard", "open", "ben", "--embargo", "--name-reader", "nora")
    names = steps(company.mia, tmp_path / "count", *words)
    for number, at in enumerate(
        (names.index("store insert_entries") + 1, names.index("store insert_wraps") + 1, names.index("store commit") + 1)
    ):
        other = Company(company.mia.copy(tmp_path / f"at{number}"))
        before = types(other, "dora")
        assert stopped(other.mia, at, "kill", *words).returncode == -9
        assert types(other, "dora") == before
        other.mia.ok("place", "add", "wall", "--kind", "paper")
        there = types(other, "nora")[len(before) :]
        assert there in (["place.added"], ["epoch.started", "case.opened", "place.added"])
        assert ("case.opened" in there) is (names[at - 1] == "store commit")
        assert {other.of[member].verify().code for member in other.of} == {0}


def test_a_database_of_yesterday_is_refilled_from_the_openers_journal(company: Company, tmp_path: Path) -> None:
    company.mia.ok("vault", "backup", "--out", str(tmp_path / "yesterday.db"))
    case = company.open("--name-reader", "nora")["case"]["id"]
    company.of["dora"].ok("status")
    company.mia.ok("vault", "restore", str(tmp_path / "yesterday.db"))
    assert {company.of[member].verify().code for member in company.of} == {0}
    assert company.of["nora"].json("offboard", "list")["cases"][0]["id"] == case


def test_no_word_of_the_case_stands_in_database_or_in_the_journals_of_others(company: Company) -> None:
    case = company.open()["case"]["id"]
    for member in UNNAMED:
        company.of[member].ok("status")
        home = company.of[member].home
        with sqlite3.connect(home / "register.db") as db:
            assert db.execute("SELECT count(*) FROM cases").fetchone() == (0,)
        for path in (home / "register.db", home / "journal", company.mia.store):
            assert b"case.opened" not in path.read_bytes()
    assert len(case) == 32


# --- what readers do besides -------------------------------------------------------------------------------------------------------------


def test_a_second_machine_of_the_opener_reads_the_case_and_a_new_one_of_another_does_not(company: Company) -> None:
    case = company.open()["case"]["id"]
    for member, sees in (("mia", [case]), ("dora", [])):
        machine = company.of[member]
        issued = machine.json("key", "add-device")
        second = machine.of(f"{member}-second")
        words = second.json("join", issued["invite"])["fingerprint"]
        machine.ok("person", "approve", member, "--fingerprint", words)
        second.ok("join", issued["invite"])
        assert [one["id"] for one in second.json("offboard", "list")["cases"]] == sees
        assert second.verify().code == 0


def test_a_named_reader_with_a_new_key_goes_on_reading(company: Company) -> None:
    case = company.open("--name-reader", "nora")["case"]["id"]
    issued = company.mia.json("person", "rekey", "nora")
    again = company.mia.of("nora-again")
    words = again.json("join", issued["invite"])["fingerprint"]
    company.mia.ok("person", "approve", "nora", "--fingerprint", words)
    again.ok("join", issued["invite"])
    assert [one["id"] for one in again.json("offboard", "list")["cases"]] == [case]
    assert company.key("nora") not in wrapped_to(company, case)
    assert again.verify().code == company.mia.verify().code == company.of["dora"].verify().code == 0


def test_an_embargoed_case_is_reported_to_its_readers(company: Company, tmp_path: Path) -> None:
    case = company.open()["case"]["id"]
    files = company.mia.json("offboard", "report", case, "--out", str(tmp_path / "report"))["files"]
    told = json.loads(Path(next(name for name in files if name.endswith(".json"))).read_text())
    assert (told["case"]["state"], told["case"]["cut_at"]) == ("open", None)


def test_another_recovery_key_comes_to_read_it_by_its_readers(company: Company, tmp_path: Path) -> None:
    """Somebody unnamed replaces recovery; the doctor of a reader says what is left to do, and no other's does."""
    case = company.open()["case"]["id"]
    dora = company.of["dora"]
    dora.ok("recovery", "replace", "--recovery", "1-of-1", "--recovery-out", str(tmp_path / "sheets"))
    proposed = dora.json("proposal", "list")["proposals"][0]["id"]
    sheets = [word for path in sorted((company.mia.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    dora.ok("proposal", "approve", proposed, *sheets)
    assert recovery(company) not in wrapped_to(company, case)
    assert "recovery-epoch" in company.mia.run("doctor", "--json").out
    dora.ok("recovery", "rewrap")
    assert "recovery-epoch" not in dora.run("doctor", "--json").out
    company.mia.ok("recovery", "rewrap")
    assert recovery(company) in wrapped_to(company, case)
    assert company.key("ben") not in wrapped_to(company, case)
    assert {company.of[member].verify().code for member in company.of} == {0}
