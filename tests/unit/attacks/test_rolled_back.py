"""Rows, tables or the whole database of an earlier time; another beginning; what was aborted shown to others; two members shown two ledgers.

On both engines. The control of each: before it, or with what is genuine put back, the same commands pass.
"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from .insider import Insider
from .test_sealed import manifest
from .vaults import SECOND, SIZE, TABLES, Machine, rows_of_another

VERIFY, REVEAL, PEOPLE = ("ledger", "verify", "--deep"), ("reveal", "shop", "--stdout"), ("person", "list")


def later(machine: Machine) -> None:
    """A new version of the password, of which the database knew nothing yesterday."""
    machine.ok("credential", "add", "shop", "--kind", "api-token", stdin="yet-another-secret")
    machine.ok("grant", "shop", "ben", "--days", "9")
    machine.ok("person", "add", "Dora Lund")


@pytest.mark.parametrize("table", [table for table in TABLES if table not in ("meta", "mailbox")])
def test_one_table_of_yesterday_is_refused(either: Machine, table: str) -> None:
    before = either.rows()
    later(either)
    today = either.rows()
    assert before[table] != today[table]
    either.put_rows({table: before[table]})
    either.refuses(*VERIFY)
    if table in ("entry", "checkpoint"):
        either.refuses(*PEOPLE)
    either.put_rows({table: today[table]})
    assert either.verify().code == 0, "the control"


def test_the_whole_of_yesterday_is_refused_by_each_member_who_has_seen_today(either: Machine) -> None:
    before, ben = either.kept(), either.of("ben")
    later(either)
    today = len(either.rows()["entry"])
    assert today > SIZE
    either.put_back(before)
    assert ben.ok(*PEOPLE).code == 0, "the control: ben has seen nothing later"
    for words in (PEOPLE, REVEAL, VERIFY, ("person", "add", "Emil Dahl")):
        assert f"at least {today} entries" in either.refuses(*words).err


def test_another_vaults_file_is_called_so_and_refused(machine: Machine) -> None:
    """Not "rolled back": whoever named the wrong file is told so. It is refused all the same."""
    before = machine.kept()
    later(machine)
    today = machine.kept()
    machine.put_rows(rows_of_another())
    machine.refuses(*VERIFY)
    for words in (PEOPLE, REVEAL, ("person", "add", "Emil Dahl")):
        assert "this is another vault's file" in machine.refuses(*words).err
    machine.put_back(before)
    assert "rolled back" in machine.refuses(*PEOPLE).err, "the control"
    machine.put_back(today)
    machine.ok(*PEOPLE)


def test_a_wrap_that_was_ended_and_is_put_back_is_named(either: Machine) -> None:
    """Entry 28 ended ben's wrap of the first version: an old row brings nothing back unseen."""
    with either.database() as db:
        sealed = db.execute("SELECT sealed FROM wrap").fetchone()[0]
        db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (manifest(either, "password", 1), either.of("ben").keys().id, sealed))
    assert "wrap" in either.refuses(*VERIFY).err


def test_a_counterfeit_beginning_is_refused_with_the_genuine_rest(either: Machine, tmp_path: Path) -> None:
    """Another founding, by the attacker's own keys, in the place of ours; and the whole of another vault under our checkpoints."""
    ours, theirs = either.rows(), rows_of_another()
    first = [*[row for row in theirs["entry"] if row[0] < 4], *[row for row in ours["entry"] if row[0] >= 4]]
    genesis = [row for row in theirs["checkpoint"] if row[0] == 4]
    notes = [*genesis, *[row for row in ours["checkpoint"] if row[0] > 4]]
    for counterfeit in ({"entry": first}, {"checkpoint": notes}, {"entry": first, "checkpoint": notes}, {"entry": theirs["entry"]}):
        either.put_rows(counterfeit)
        assert "entry 0: " in either.refuses(*VERIFY).err
        anew = either.of("ben").forget("pin", "register", "journal", "journal.personal")
        anew.refuses(*PEOPLE)
        either.put_rows({table: ours[table] for table in ("entry", "checkpoint")})
    assert either.verify().code == 0, "the control"


def test_two_members_shown_two_ledgers_find_it_when_their_checkpoints_meet(either: Machine) -> None:
    """Each ledger is sound in itself, and each member sees only one of them: nothing but a checkpoint from the other tells."""
    ben, before = either.of("ben"), either.kept()
    notes = {}
    for member, name in ((either, "mia"), (ben, "ben")):
        either.put_back(before)
        member.ok("person", "add", f"Dora of {name}")
        assert member.verify().code == 0, "the control: nobody sees it alone"
        notes[name] = either.folder / f"{name}.note"
        notes[name].write_text(member.ok("ledger", "checkpoint").out)
    assert ben.ok("ledger", "compare", str(notes["ben"])).code == 0, "the control"
    told = ben.refuses("ledger", "compare", str(notes["mia"]), "--json").json()["error"]
    assert (told["code"], told["index"]) == ("forked", SIZE)
    assert str(notes["mia"]) in told["message"]
    roots = [base64.b64decode(note.read_text().split("\n")[2]).hex() for note in (notes["ben"], notes["mia"])]
    assert f"expected {roots[0]}, found {roots[1]}" in told["message"], "ours and theirs"
    assert either.keys().id.hex() in told["message"], "and who signed it"


def test_whoever_is_refused_can_still_say_what_they_have_verified(either: Machine) -> None:
    """The database shows mia the history that ben was shown: her checkpoint of the other one is half of the proof, and is in her pin."""
    ben, before = either.of("ben"), either.kept()
    either.ok("person", "add", "Dora of mia")
    own = either.ok("ledger", "checkpoint").out
    either.put_back(before)
    ben.ok("person", "add", "Dora of ben")
    assert "ledger checkpoint --remembered" in either.refuses("ledger", "checkpoint").err
    either.forget("register")
    assert either.ok("ledger", "checkpoint", "--remembered").out == own
    told = either.json("ledger", "checkpoint", "--remembered")
    assert (told["size"], told["note"]) == (SIZE + 1, own)
    note = either.folder / "mia.note"
    note.write_text(own)
    assert ben.refuses("ledger", "compare", str(note), "--json").json()["error"]["code"] == "forked"


def test_two_checkpoints_that_contradict_each_other_prove_a_fork_to_whoever_has_seen_neither(machine: Machine, tmp_path: Path) -> None:
    notes = [tmp_path / "one.note", tmp_path / "other.note"]
    for note, copy in zip(notes, (machine.copy(tmp_path / "one"), machine.copy(tmp_path / "other").of("ben")), strict=True):
        copy.ok("person", "add", "Dora Lund")
        note.write_text(copy.ok("ledger", "checkpoint").out)
    error = machine.refuses("ledger", "compare", *map(str, notes), "--json").json()["error"]
    assert (error["code"], error["index"]) == ("forked", SIZE)
    for part in (*map(str, notes), machine.keys().id.hex(), machine.of("ben").keys().id.hex()):
        assert part in error["message"]
    for alike in (notes[:1], [notes[0], notes[0]]):
        error = machine.refuses("ledger", "compare", *map(str, alike), "--json").json()["error"]
        assert error["code"] == "rolled-back", "the control: one alone only stands for more than is here"


def test_a_fork_is_not_hidden_by_showing_its_rows_to_whoever_compares(either: Machine) -> None:
    """ben's own head is left as it is, so that reading goes on; the rows behind it are those of the history that mia's note is of."""
    ben, before = either.of("ben"), either.kept()
    for name in ("Dora Lund", "Gina Holt"):
        either.ok("person", "add", name)
    note, theirs = either.folder / "mia.note", either.rows()["entry"]
    note.write_text(either.ok("ledger", "checkpoint").out)
    forked = {row[0]: row for row in either.rows()["checkpoint"]}
    either.put_back(before)
    for name in ("Emil Dahl", "Finn Berg"):
        ben.ok("person", "add", name)
    own, genuine = either.folder / "ben.note", either.rows()
    own.write_text(ben.ok("ledger", "checkpoint").out)
    assert len(genuine["entry"]) == len(theirs)
    assert ben.refuses("ledger", "compare", str(note), "--json").json()["error"]["code"] == "forked", "the control"
    proof = either.folder / "proof"
    ben.ok("ledger", "prove", str(SIZE), "--out", str(proof))
    proof.unlink()
    either.put_rows(
        {"entry": theirs, "checkpoint": [row if row[0] == SIZE + 2 else forked.get(row[0], row) for row in either.rows()["checkpoint"]]}
    )
    ben.refuses("ledger", "prove", str(SIZE), "--out", str(proof))
    assert not proof.exists(), "no proof either of what ben has never verified"
    assert ben.ok("person", "list").out, "the control: a reading command relies on what was verified"
    for file in (note, own):
        told = ben.refuses("ledger", "compare", str(file), "--json").json()["error"]
        assert "ledger verify --deep" in told["hint"]
    either.put_rows(genuine)
    assert ben.ok("ledger", "compare", str(own)).code == 0


def test_nothing_is_backed_up_that_would_not_recover(either: Machine) -> None:
    """An entry is altered behind a head that is right: who reads relies on what was verified, but a copy is for those who have verified nothing."""
    copy = either.folder / "copy.db"
    with either.database() as db:
        (genuine,) = db.execute("SELECT sealed FROM entry WHERE idx = 9").fetchone()
        db.execute("UPDATE entry SET sealed = ? WHERE idx = 9", (bytes(len(genuine)),))
    assert either.ok(*PEOPLE).out, "the control"
    either.refuses("vault", "backup", "--out", str(copy))
    assert not list(copy.parent.glob("copy.db*"))
    with either.database() as db:
        db.execute("UPDATE entry SET sealed = ? WHERE idx = 9", (bytes(genuine),))
    either.ok("vault", "backup", "--out", str(copy))


def test_a_note_of_more_than_the_database_shows_is_a_rollback(either: Machine) -> None:
    ben, before, note = either.of("ben"), either.kept(), either.folder / "mia.note"
    later(either)
    note.write_text(either.ok("ledger", "checkpoint").out)
    either.put_back(before)
    told = ben.refuses("ledger", "compare", str(note), "--json").json()["error"]
    assert told["code"] == "rolled-back"


def test_a_checkpoint_of_what_was_never_committed_leaves_no_entry_behind_it(either: Machine) -> None:
    """The database keeps the signed checkpoint of a transaction that it lost, and shows it without the entry, and over another one."""
    ben, before = either.of("ben"), either.rows()
    either.ok("person", "add", "Dora Lund")
    aborted = either.rows()["checkpoint"][-1]
    either.put_rows({**before, "checkpoint": [*before["checkpoint"], aborted]})
    for member in (either, ben):
        member.refuses(*PEOPLE)
    either.put_rows(before)
    insider = Insider(ben)
    insider.write(insider.event("place.added", {"place": "ab" * 16, "kind": "paper"}))
    with either.database() as db:
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (aborted[1], aborted[0]))
    for member in (either, ben):
        member.refuses(*VERIFY)
    ben.refuses(*PEOPLE)
    assert "Dora Lund" in either.ok(*PEOPLE).out, "mia's own register, which she has verified under that checkpoint: nothing false"
    either.put_rows(before)
    assert ben.verify().code == 0, "the control: ben has taken nothing of it"


def test_what_a_former_member_writes_into_the_database_nobody_accepts(either: Machine) -> None:
    """With keys, epoch keys and the whole database, and a validly signed checkpoint; and none of what comes later is theirs to read."""
    ben = Insider(either.of("ben"))
    either.ok("key", "revoke", "--person", "ben", "--cause", "departure")
    size = len(either.rows()["entry"])
    before = either.kept()
    assert ben.write(ben.event("place.added", {"place": "ab" * 16, "kind": "paper"})) == size
    for words in (PEOPLE, REVEAL, VERIFY):
        assert f"entry {size}" in either.refuses(*words).err
    assert "revoked" in either.of("ben").refuses(*PEOPLE, code=5).err
    either.put_back(before)
    assert either.ok(*REVEAL).out == SECOND, "the control"
    after = either.rows()
    held = {epoch.id for _, epoch in ben.epochs}
    assert bytes(after["entry"][12][2]) in held, "the control: what was there before"
    assert not [row[0] for row in after["entry"] if row[0] >= size and bytes(row[2]) in held]
    later_epochs = {bytes(row[2]) for row in after["entry"]} - held
    assert later_epochs
    own = {bytes(target) for target, recipient, _ in after["wrap"] if bytes(recipient) == ben.keys.id}
    assert not own & later_epochs
