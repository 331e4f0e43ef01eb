"""Somebody is forgotten: by two persons, when it is time, everywhere, and without the ledger losing an event."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

import pytest

from govern.errors import IntegrityError, NotFound, Refused
from govern.procedures import people, proposals
from govern.procedures.ledger import prove
from govern.procedures.restore import restore
from govern.register import connection
from govern.register.queries.people import by_id, find
from govern.register.reread import reread

from ..departing.conftest import copied
from .conftest import HANDLE, NAME, Firm

TEXTS = (HANDLE, NAME, "has left for the coast", "she told me on the stairs", "because lea asks for it")
"""What must be nowhere afterwards."""


def spellings(text: str) -> list[bytes]:
    raw = text.encode()
    return [raw, text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")]


def traces(folder: Path, text: str) -> list[str]:
    """Files below the folder in which the text stands in some encoding."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [f"{path.name}: {text}" for path in files for spelled in spellings(text) if spelled in path.read_bytes()]


def everything(firm: Firm) -> list[str]:
    return [found for text in TEXTS for found in traces(firm.folder, text)]


def parts(firm: Firm) -> dict[int, bytes]:
    with sqlite3.connect(firm.folder / "vault.db") as db:
        return dict(db.execute("SELECT idx, personal FROM entry WHERE personal IS NOT NULL"))


def _former(folder: Path) -> Firm:
    """lea has left three years ago; ben, an admin, and mia have machines that know her."""
    firm = Firm(folder)
    firm.enrol("ben", "admin")
    credential = firm.former()
    firm.fact("knowledge.declared", {"credential": credential, "person": firm.ids["ben"]}, {"note": "he said so"})
    firm.fact("person.edited", {"person": firm.ids["lea"]}, {"mail": f"{HANDLE}@acme.example"})
    firm.db("ben")
    return firm


former = copied(_former)


def test_control_before_it_the_name_is_on_every_machine_and_sealed_in_the_store(former: Firm) -> None:
    found = everything(former)
    assert any("register.db" in one for one in found)
    assert not any("vault.db" in one for one in found)
    assert find(former.db("ben"), HANDLE).name == NAME


def test_afterwards_nothing_of_the_name_is_left_on_any_machine(former: Firm) -> None:
    before = parts(former)
    proposal = former.forget(reason="because lea asks for it")
    size = proposal.entry
    former.approve(proposal, "ben")
    former.db("mia")
    assert everything(former) == []
    gone = set(before) - set(parts(former))
    assert len(gone) == proposal.parameters["entries"] - 1, "the reason of the proposal came later than `before`"
    store = b"".join(path.read_bytes() for path in former.folder.glob("vault.db*"))
    sides = b"".join(path.read_bytes() for path in former.folder.rglob("journal.personal*"))
    for index in gone:
        assert before[index] not in store, f"entry {index}: its sealed part is still in the store's pages"
        assert before[index] not in sides
    kept = parts(former)
    assert all(kept[index] == before[index] for index in set(before) - gone)
    assert size not in kept
    lea = by_id(former.db("ben"), former.ids["lea"])
    assert (lea.handle, lea.name, lea.mail) == (f"former.{lea.id[:4]}", f"former person {lea.id[:4]}", "")
    assert find(former.db(), lea.handle).id == lea.id


def test_the_whole_ledger_still_verifies_everywhere_and_for_a_newcomer(former: Firm) -> None:
    proof = prove(former.members["mia"], 4)
    former.approve(former.forget(), "ben")
    for member in ("mia", "ben"):
        assert reread(former.members[member], deep=True).size == former.size()
    assert prove(former.members["mia"], 4) == proof, "a proof given out earlier is still what it was"
    former.enrol("cleo")
    assert list(connection.dump(former.db("cleo"))) == list(connection.dump(former.db("mia")))
    assert reread(former.members["cleo"], deep=True).size == former.size()


@pytest.mark.parametrize("gone", [("register.db",), ("register.db", "journal", "journal.personal"), ("register.db", "pin")], ids=" ".join)
def test_the_register_is_equal_after_a_rebuild(former: Firm, gone: tuple[str, ...]) -> None:
    former.approve(former.forget(), "ben")
    before = list(connection.dump(former.db()))
    former.members["mia"].close()
    for name in gone:
        for path in former.folder.joinpath("mia").glob(f"{name}*" if name == "register.db" else name):
            path.unlink()
    assert list(connection.dump(former.db())) == before
    assert everything(former) == []


def test_what_happened_stays(former: Firm) -> None:
    before = [tuple(row) for row in former.db().execute("SELECT idx, id, type, actor, at FROM entries")]
    exposures = former.db().execute("SELECT * FROM exposures ORDER BY 1, 2, 3, 4").fetchall()
    former.approve(former.forget(), "ben")
    after = [tuple(row) for row in former.db().execute("SELECT idx, id, type, actor, at FROM entries")]
    assert after[: len(before)] == before
    assert former.db().execute("SELECT * FROM exposures ORDER BY 1, 2, 3, 4").fetchall() == exposures


def test_nobody_is_named_again_once_erased(former: Firm) -> None:
    former.approve(former.forget(), "ben")
    former.refuses("erased", lambda: former.fact("person.edited", {"person": former.ids["lea"]}, {"name": NAME}))
    with pytest.raises(NotFound):
        former.forget()
    again = former.do(people.add, people.NewPerson(name=NAME, handle=HANDLE))
    assert again.id != former.ids["lea"]


def test_a_text_written_afterwards_is_found_and_can_be_erased_as_well(former: Firm) -> None:
    credential = former.db().execute("SELECT id FROM credentials").fetchone()[0]
    former.approve(former.forget(), "ben")
    former.fact("knowledge.declared", {"credential": credential, "person": former.ids["lea"]}, {"note": "she told me on the stairs"})
    former.rotate(credential)
    from govern.register.queries.findings import findings
    from govern.register.queries.policies import policy

    codes = {one.code for one in findings(former.db(), policy(former.db()), former.now[:10], former.ids["mia"])}
    assert "erasure-rest" in codes
    former.approve(former.forget(), "ben")
    assert everything(former) == []
    assert "erasure-rest" not in {one.code for one in findings(former.db(), policy(former.db()), former.now[:10], former.ids["mia"])}


# --- when, and by whom ----------------------------------------------------------------------------------------------------------------------


def test_nobody_who_is_here_is_erased(firm: Firm) -> None:
    firm.person("lea")
    firm.refuses("still-here", firm.forget)


def test_nobody_is_erased_before_their_time(firm: Firm) -> None:
    firm.former(days=1094)
    refused = firm.refuses("retention", firm.forget)
    assert "policy" in refused.hint
    firm.later(days=1)
    firm.forget()


def test_nobody_is_erased_who_could_know_what_still_works(former: Firm) -> None:
    credential = former.db().execute("SELECT id FROM credentials").fetchone()[0]
    former.declare(credential, "lea")
    former.refuses("erasure-early", former.forget)
    former.rotate(credential)
    former.forget()


def test_one_person_erases_nobody(former: Firm) -> None:
    proposal = former.forget()
    former.refuses("two-persons", lambda: former.approve(proposal, "mia"))
    assert find(former.db(), HANDLE)


def test_in_a_vault_of_one_the_recovery_quorum_is_the_second(solo: Firm) -> None:
    solo.former()
    proposal = solo.forget()
    solo.refuses("two-persons", lambda: solo.approve(proposal, "mia"))
    solo.quorum(proposal)
    assert everything(solo) == []


def test_what_was_written_after_the_list_makes_it_stale(former: Firm) -> None:
    proposal = former.forget()
    former.fact("person.edited", {"person": former.ids["lea"]}, {"name": f"{NAME} Again"})
    former.refuses("erasure-stale", lambda: former.approve(proposal, "ben"))
    former.do(proposals.withdraw, proposal)
    former.approve(former.forget(), "ben")
    former.db("mia")
    assert everything(former) == []


# --- attacks --------------------------------------------------------------------------------------------------------------------------------


def test_an_erasure_takes_no_personal_part_that_is_not_about_them(former: Firm) -> None:
    """Vandalism by two: they name an entry about somebody else."""
    other = former.db().execute("SELECT entry FROM people WHERE handle = 'ben'").fetchone()[0]
    own = former.db().execute("SELECT entry FROM people WHERE handle = 'leandra.maybrook'").fetchone()[0]

    def work(tx: object, entries: list[int]) -> None:
        from govern.holdings.proposals import Act

        proposal = proposals.propose(tx, Act.ERASURE, {"person": former.ids["lea"], "entries": len(entries)})  # type: ignore[arg-type]
        tx.record("erasure.listed", {"proposal": proposal.id, "part": 1, "of": 1, "entries": entries})  # type: ignore[attr-defined]

    former.refuses("erasure-beyond", lambda: former.do(work, [own, other]))
    former.refuses("erasure-list", lambda: former.do(work, [own, 99_999]))
    former.do(work, [own])


def test_nothing_is_added_to_the_list_once_somebody_may_have_looked_at_it(former: Firm) -> None:
    from govern.holdings.proposals import Act

    own = former.db().execute("SELECT entry FROM people WHERE handle = 'leandra.maybrook'").fetchone()[0]
    proposal = former.propose(Act.ERASURE, {"person": former.ids["lea"], "entries": 1})
    former.person("cleo")
    body = {"proposal": proposal.id, "part": 1, "of": 1, "entries": [own]}
    former.refuses("erasure-list", lambda: former.fact("erasure.listed", body))


def test_a_list_that_is_not_whole_erases_nothing(former: Firm) -> None:
    from govern.holdings.proposals import Act

    proposal = former.propose(Act.ERASURE, {"person": former.ids["lea"], "entries": 3})
    former.refuses("erasure-list", lambda: former.approve(proposal, "ben"))


def _null(firm: Firm, index: int) -> None:
    with sqlite3.connect(firm.folder / "vault.db") as db:
        db.execute("UPDATE entry SET personal = NULL WHERE idx = ?", (index,))


def test_a_part_dropped_beyond_what_is_named_is_an_integrity_error(former: Firm) -> None:
    former.approve(former.forget(), "ben")
    assert reread(former.members["mia"], deep=True), "the control"
    other = former.db().execute("SELECT entry FROM people WHERE handle = 'ben'").fetchone()[0]
    _null(former, other)
    with pytest.raises(IntegrityError, match="no erasure says so") as refused:
        reread(former.members["mia"], deep=True)
    assert refused.value.index == other


def test_a_part_dropped_before_the_second_has_approved_is_an_integrity_error(former: Firm) -> None:
    proposal = former.forget()
    own = former.db().execute("SELECT entry FROM people WHERE handle = 'leandra.maybrook'").fetchone()[0]
    _null(former, own)
    with pytest.raises(IntegrityError, match="no erasure says so") as refused:
        reread(former.members["mia"], deep=True)
    assert refused.value.index == own
    former.approve(proposal, "ben")
    assert reread(former.members["mia"], deep=True), "the control: now an erasure says so"


def test_a_newcomer_is_not_let_in_past_a_part_that_is_gone(former: Firm) -> None:
    former.approve(former.forget(), "ben")
    _null(former, 0)
    former.enrol("dora")
    with pytest.raises(IntegrityError, match="no erasure says so") as refused:
        former.db("dora")
    assert refused.value.index == 0


def test_a_sealed_event_is_never_erased(former: Firm) -> None:
    with sqlite3.connect(former.folder / "vault.db") as db:
        before = db.execute("SELECT idx, compartment, epoch, commitment, sealed FROM entry ORDER BY idx").fetchall()
    former.approve(former.forget(), "ben")
    with sqlite3.connect(former.folder / "vault.db") as db:
        after = db.execute("SELECT idx, compartment, epoch, commitment, sealed FROM entry ORDER BY idx").fetchall()
    assert after[: len(before)] == before


def test_what_comes_back_with_a_backup_is_erased_again(former: Firm) -> None:
    mia = former.members["mia"]
    with sqlite3.connect(former.folder / "vault.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = former.folder / "backup.db"
    backup.write_bytes((former.folder / "vault.db").read_bytes())
    before = parts(former)
    try:
        former.approve(former.forget(), "ben")
        former.db("mia")
        gone = set(before) - set(parts(former))
        for member in former.members.values():
            member.close()
        done = restore(lambda: mia, former.folder / "vault.db", former.folder / "mia", backup)
    finally:
        backup.unlink()
    assert done.refilled
    assert gone
    assert gone.isdisjoint(parts(former))
    assert all(reread(former.members[one], deep=True) for one in ("mia", "ben"))


def test_a_part_that_is_put_back_is_dropped_again(former: Firm) -> None:
    """Also where it is garbage: nobody can stop the others with it."""
    before = parts(former)
    former.approve(former.forget(), "ben")
    gone = sorted(set(before) - set(parts(former)))
    with sqlite3.connect(former.folder / "vault.db") as db:
        db.execute("UPDATE entry SET personal = ? WHERE idx = ?", (before[gone[0]], gone[0]))
        db.execute("UPDATE entry SET personal = ? WHERE idx = ?", (b"garbage", gone[1]))
    former.enrol("cleo")
    former.db("cleo")  # a machine that begins here wipes what it finds
    assert set(gone).isdisjoint(parts(former))
    assert everything(former) == []


def test_a_rolled_back_store_is_seen_by_a_machine_that_lost_its_pin(former: Firm) -> None:
    """Its journal no longer replays up to yesterday, since what was erased today is gone from it; it is believed all the same."""
    with sqlite3.connect(former.folder / "vault.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yesterday = (former.folder / "vault.db").read_bytes()
    former.approve(former.forget(), "ben")
    former.person("cleo")
    former.db("mia")
    for member in former.members.values():
        member.close()
    (former.folder / "vault.db").write_bytes(yesterday)
    for path in former.folder.joinpath("mia").glob("register.db*"):
        path.unlink()
    former.folder.joinpath("mia", "pin").unlink()
    with pytest.raises(IntegrityError, match="rolled back"):
        former.db("mia")


def test_an_interrupted_wipe_is_finished_by_the_next_command(former: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.register import wipe

    proposal = former.forget()
    with monkeypatch.context() as patched:
        patched.setattr(wipe, "wipe", lambda workspace: (_ for _ in ()).throw(Refused("killed")))
        with pytest.raises(Refused, match="killed"):
            former.approve(proposal, "ben")
    assert traces(former.folder / "ben", NAME) or (former.folder / "ben" / "journal.personal").exists()
    assert wipe.is_due(former.members["ben"].db)
    former.db("ben")
    former.db("mia")
    assert not wipe.is_due(former.members["ben"].db)
    assert everything(former) == []


def test_doctor_drops_what_a_copied_database_brought_back_and_says_so(former: Firm) -> None:
    from govern.procedures.doctor import came_back

    before = parts(former)
    former.approve(former.forget(), "ben")
    former.db("mia")
    gone = sorted(set(before) - set(parts(former)))
    assert list(came_back(former.members["mia"])) == [], "the control"
    with sqlite3.connect(former.folder / "vault.db") as db:
        db.execute("UPDATE entry SET personal = ? WHERE idx = ?", (before[gone[0]], gone[0]))
    (told,) = came_back(former.members["mia"])
    assert (told.code, told.severity) == ("erased-again", "warning")
    assert gone[0] not in parts(former)


# --- what ties somebody to accounts beside secrets -------------------------------------------------------------------------------------

LOGIN, PHONE = "leandra.private.login", "leandras-telephone"


@copied
def tied(folder: Path) -> Firm:
    """The same lea, of whom it was found later that she has a role, a tool and a telephone of the company."""
    firm = _former(folder)
    lea, shop = firm.ids["lea"], firm.ids["shop"]
    firm.fact("entitlement.recorded", {"entitlement": "1" * 32, "account": shop, "person": lea, "role": "editor"}, {"login": LOGIN})
    firm.fact("app.connected", {"app": "2" * 32, "account": shop, "tool": "buffer", "person": lea}, {"login": LOGIN})
    firm.fact("device.given", {"device": "3" * 32, "person": lea, "kind": "phone"}, {"name": PHONE})
    return firm


ENDS: dict[str, tuple[str, dict[str, str]]] = {
    "role": ("entitlement.ended", {"entitlement": "1" * 32}),
    "tool": ("app.ended", {"app": "2" * 32}),
    "device": ("device.ended", {"device": "3" * 32, "how": "returned"}),
}


def end(firm: Firm, what: str) -> None:
    type_, body = ENDS[what]
    firm.fact(type_, body if what == "device" else {**body, "account": firm.ids["shop"]})


@pytest.mark.parametrize("left", ENDS)
def test_somebody_whom_something_still_reaches_is_not_erased(tied: Firm, left: str) -> None:
    for what in ENDS:
        if what != left:
            end(tied, what)
    tied.refuses("erasure-early", tied.forget)
    end(tied, left)
    tied.forget()


def test_their_logins_and_what_their_devices_were_called_are_forgotten_with_them(tied: Firm) -> None:
    for what in ENDS:
        end(tied, what)
    assert any(traces(tied.folder, text) for text in (LOGIN, PHONE)), "the control: they are there before"
    tied.approve(tied.forget(), "ben")
    tied.db("mia")
    assert [found for text in (LOGIN, PHONE) for found in traces(tied.folder, text)] == []
    assert tied.db().execute("SELECT role, login FROM entitlements").fetchall() == [("editor", None)]
