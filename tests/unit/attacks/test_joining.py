"""The joiner's machine: what it answers with no keys, what it shows before the approval, and what it does not take on after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.procedures.join import read_pending
from govern.vault.custody.choose import load_seed
from govern.vault.invite import read_invite
from govern.vault.keys import Keys

from .joining import Joining, body, thief
from .vaults import Machine, found


@pytest.fixture
def joining(machine: Machine) -> Joining:
    return Joining(machine)


def nothing_taken(machine: Machine) -> None:
    """Neither pin nor seed record nor register: what was refused has left no trust behind."""
    assert sorted(path.name for path in machine.home.iterdir() if path.name != "joining.json") == [] if machine.home.exists() else True


@pytest.mark.parametrize("command", ["status", "person list", "who shop", "ledger verify", "reveal shop --stdout", "key list", "doctor"])
def test_before_the_approval_no_command_shows_anything(joining: Joining, command: str) -> None:
    told = joining.machine.refuses(*command.split(), "--json", code=5)
    assert told.json()["error"]["hint"] == "once it is approved: govern join"
    nothing_taken(joining.machine)


def test_joining_again_before_the_approval_is_told_and_changes_nothing(joining: Joining) -> None:
    assert joining.machine.refuses("join", "--json", code=5).json()["error"]["code"] == "not-approved"
    assert joining.machine.refuses("join", "-", "--json", stdin=joining.line, code=5)
    nothing_taken(joining.machine)


def test_a_request_that_was_removed_is_posted_again(joining: Joining) -> None:
    before = joining.found()
    with joining.mia.database() as db:
        db.execute("DELETE FROM mailbox")
    assert joining.machine.run("join").code == 5
    assert joining.found() == before


def flip(column: str, index: int) -> Callable[[Machine], None]:
    def attack(mia: Machine) -> None:
        with mia.database() as db:
            (value,) = db.execute(f"SELECT {column} FROM entry WHERE idx = ?", (index,)).fetchone()
            db.execute(f"UPDATE entry SET {column} = ? WHERE idx = ?", (bytes([value[0] ^ 1]) + value[1:], index))

    return attack


def statement(sql: str) -> Callable[[Machine], None]:
    def attack(mia: Machine) -> None:
        with mia.database() as db:
            db.execute(sql)

    return attack


BEFORE: dict[str, Callable[[Machine], None]] = {
    "the founding": flip("commitment", 0),
    "an entry": flip("sealed", 17),
    "the last entry": flip("epoch", 32),
    "an entry is gone": statement("DELETE FROM entry WHERE idx = 9"),
    "rolled back to before the invite": lambda mia: cut(mia, 20),
    "the invite's checkpoint is another": statement("UPDATE checkpoint SET note = CAST(note || x'0a' AS BLOB) WHERE size = 33"),
    "a trigger": statement("CREATE TRIGGER t AFTER INSERT ON mailbox BEGIN DELETE FROM mailbox; END"),
}


def cut(mia: Machine, size: int) -> None:
    with mia.database() as db:
        db.execute("DELETE FROM entry WHERE idx >= ?", (size,))
        db.execute("DELETE FROM checkpoint WHERE size > ?", (size,))


@pytest.mark.parametrize("attack", BEFORE)
def test_a_history_that_the_invite_does_not_know_is_answered_with_no_keys(machine: Machine, attack: str) -> None:
    joining = Joining(machine, asked=False)
    BEFORE[attack](machine)
    told = joining.machine.run("join", "-", "--json", stdin=joining.line)
    assert told.code == 6, told
    assert not joining.machine.key.exists(), "not even a seed is made"
    assert not joining.machine.home.exists()
    with machine.database() as db:
        assert db.execute("SELECT count(*) FROM mailbox").fetchone() == (0,)


def test_control_the_untouched_history_is_answered(machine: Machine) -> None:
    joining = Joining(machine, asked=False)
    joining.ask()
    assert joining.found()


def test_another_vault_is_not_joined(machine: Machine, tmp_path: Path) -> None:
    from .vaults import found

    joining = Joining(machine, asked=False)
    other = found(tmp_path / "other")
    for _ in range(40):
        other.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}))
    machine.put_rows(other.rows())
    told = joining.machine.run("join", "-", "--json", stdin=joining.line)
    assert (told.code, told.json()["error"]["code"]) == (6, "another-vault")


def test_an_invite_signed_by_another_than_it_says_is_refused(machine: Machine) -> None:
    """The inviter's keys stand in the line; a checkpoint of another signer does not go with them."""
    from govern.vault.invite import write_invite

    joining = Joining(machine, asked=False)
    invite = read_invite(joining.line)
    other = thief()
    fields = {name: getattr(invite, name) for name in invite.__slots__} | {"sign": other.sign_public, "seal": other.seal_public}
    told = joining.machine.run("join", "-", "--json", stdin=write_invite(type(invite)(**fields)).reveal())
    assert (told.code, told.json()["error"]["code"]) == (6, "invite")


AFTER: dict[str, tuple[int, Callable[[Joining], None]]] = {
    "an entry altered": (6, lambda j: flip("sealed", 12)(j.mia)),
    "a personal part gone": (6, lambda j: statement("UPDATE entry SET personal = NULL WHERE idx = 4")(j.mia)),
    "her wrap replaced": (6, lambda j: replace_wrap(j)),
    "her enrolment cut off": (5, lambda j: cut(j.mia, 33)),
    "rolled back to before the invite": (6, lambda j: cut(j.mia, 31)),
    "a checkpoint of the past another": (
        6,
        lambda j: statement("UPDATE checkpoint SET note = CAST(note || x'0a' AS BLOB) WHERE size = 33")(j.mia),
    ),
}


def own(joining: Joining) -> bytes:
    pending = read_pending(joining.machine.home)
    assert pending is not None
    return pending.record.key


def remove_wrap(joining: Joining) -> None:
    with joining.mia.database() as db:
        db.execute("DELETE FROM wrap WHERE recipient = ?", (own(joining),))


def replace_wrap(joining: Joining) -> None:
    with joining.mia.database() as db:
        db.execute("UPDATE wrap SET sealed = zeroblob(80) WHERE recipient = ?", (own(joining),))


@pytest.mark.parametrize("attack", AFTER)
def test_after_the_approval_nothing_is_trusted_that_was_not_replayed(joining: Joining, attack: str) -> None:
    assert joining.approve().code == 0
    code, strike = AFTER[attack]
    strike(joining)
    told = joining.machine.refuses("join", "--json", code=code)
    assert "person" not in told.json()
    nothing_taken(joining.machine)
    assert joining.machine.run("status").code == 5


def test_a_machine_whose_wrap_is_withheld_goes_on_asking(joining: Joining) -> None:
    assert joining.approve().code == 0
    remove_wrap(joining)
    told = joining.machine.run("join", "--json")
    assert (told.code, told.json()["error"]["code"]) == (5, "not-approved")
    nothing_taken(joining.machine)


def test_keys_enrolled_otherwise_than_by_the_invite_are_not_taken_on(joining: Joining) -> None:
    """An inviter's program gone bad: her keys, but under another person's name, or by another invite."""
    other = Joining(joining.mia, "emil", asked=False)
    pending = read_pending(joining.machine.home)
    assert pending is not None
    joining.mia.ok("person", "invite", "emil")
    emil = joining.mia.ask("SELECT id, person FROM invites WHERE state = 'open' ORDER BY entry DESC")[0]
    assert other.id.hex() != emil[0]
    seed = Keys(load_seed(pending.record, key_file=joining.machine.key))

    def work(tx: Any) -> None:
        from govern.procedures.epochs import wrap

        epochs, digest = wrap(tx, seed.recipient, ("base",))
        tx.record("key.enrolled", body(emil[0], emil[1], seed) | {"epochs": epochs, "wraps": digest})

    joining.mia.write(work)
    told = joining.machine.refuses("join", "--json", code=4)
    assert told.json()["error"]["rule"] == "enrolment"
    nothing_taken(joining.machine)


def test_a_machine_of_a_member_does_not_join_again(joining: Joining) -> None:
    assert joining.approve().code == 0
    joining.machine.ok("join")
    assert joining.machine.run("join", "-", stdin=joining.line).code == 4
    assert joining.machine.run("init", "--organisation", "X", "--founder", "Y <y@x.example>").code != 0


def test_a_machine_that_has_asked_founds_no_vault(joining: Joining, tmp_path: Path) -> None:
    told = joining.machine.run("init", "--organisation", "X", "--founder", "Y <y@x.example>", "--vault", str(tmp_path / "new.db"))
    assert told.code == 4
    assert not (tmp_path / "new.db").exists()


def test_a_key_that_waits_in_one_vault_is_never_shown_to_another(joining: Joining, tmp_path: Path) -> None:
    """Whoever reads both databases would know that it is one machine, and what was proved to one vault could be shown to the other."""
    there, before = found(tmp_path / "another"), (joining.machine.home / "joining.json").read_bytes()
    there.ok("person", "add", "Dora Lund", "--handle", "dora")
    line = str(there.json("person", "invite", "dora")["invite"])
    told = joining.machine.run("join", "-", "--vault", str(there.store), "--json", stdin=line)
    error = told.json()["error"]
    assert (told.code, error["rule"]) == (4, "one-seed")
    assert "GOVERN_HOME" in error["hint"]
    assert there.rows()["mailbox"] == []
    assert (joining.machine.home / "joining.json").read_bytes() == before
    there.of("dora").ok("join", "-", stdin=line)
    assert len(there.rows()["mailbox"]) == 1, "the control: in a folder of its own it is answered"
    assert joining.approve().code == 0
    joining.machine.ok("join")


def test_a_key_that_waits_for_one_person_answers_no_invite_of_another(joining: Joining) -> None:
    """The control: another invite of the same person is answered with the same key, so that its fingerprint stays."""
    emil = Joining(joining.mia, "emil", asked=False)
    told = joining.machine.run("join", "-", "--json", stdin=emil.line)
    assert (told.code, told.json()["error"]["rule"]) == (4, "one-seed")
    joining.line, words = str(joining.mia.json("person", "invite", "dora")["invite"]), joining.fingerprint
    joining.ask()
    assert joining.fingerprint == words
    assert joining.approve().code == 0
    joining.machine.ok("join")
