"""Enrolment on a hostile store, and by hostile members: requests replayed, swapped, intercepted, stale; histories that the invite does not know.

Each attack stands beside the control in which the same enrolment goes through.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from govern.cli import settings as clock
from govern.procedures.join import read_pending
from govern.vault.custody.choose import load_seed
from govern.vault.invite import make_request, read_invite
from govern.vault.keys import Keys
from govern.vault.secret import SecretBytes
from govern.vault.words import words_of

from .insider import Insider
from .vaults import Machine


class Joining:
    """mia invites dora, who has asked: her machine, the line, and the fingerprint that she reads to mia."""

    def __init__(self, mia: Machine, who: str = "dora", *, asked: bool = True) -> None:
        self.mia, self.who = mia, who
        mia.ok("person", "add", f"{who.title()} Lund", "--handle", who)
        self.line = str(mia.json("person", "invite", who)["invite"])
        self.machine = mia.of(who)
        if asked:
            self.ask()

    def ask(self) -> None:
        self.fingerprint = str(self.machine.json("join", "-", stdin=self.line)["words"])

    def approve(self, fingerprint: str = "") -> Any:
        return self.mia.run("person", "approve", self.who, "--fingerprint", fingerprint or self.fingerprint, "--json")

    def refused(self, fingerprint: str = "") -> dict[str, Any]:
        """The approval must be refused, and leave everything as it was."""
        told = self.mia.refuses("person", "approve", self.who, "--fingerprint", fingerprint or self.fingerprint, "--json", code=4)
        error: dict[str, Any] = told.json()["error"]
        return error

    @property
    def id(self) -> bytes:
        return read_invite(self.line).id

    def posted(self, body: bytes) -> None:
        with self.mia.database() as db:
            db.execute("INSERT OR REPLACE INTO mailbox VALUES (?, 'request', ?)", (self.id, body))

    def found(self) -> bytes:
        with self.mia.database() as db:
            body: bytes = db.execute("SELECT body FROM mailbox WHERE id = ?", (self.id,)).fetchone()[0]
        return body


@pytest.fixture
def joining(machine: Machine) -> Joining:
    return Joining(machine)


def test_control_what_was_asked_is_approved_and_joined(joining: Joining) -> None:
    assert joining.approve().code == 0
    assert joining.machine.json("join")["person"] == "dora"
    assert joining.machine.register() != []
    joining.machine.ok("place", "add", "wall", "--kind", "paper")
    assert joining.mia.verify().code == joining.machine.verify().code == 0
    with joining.mia.database() as db:
        assert db.execute("SELECT count(*) FROM mailbox").fetchone() == (0,)
    assert not list((joining.mia.home / "invites").iterdir())


# --- at the approval ---------------------------------------------------------------------------------------------------------------


def thief() -> Keys:
    return Keys.from_seed(os.urandom(32))


def test_keys_swapped_in_the_mailbox_are_refused_whatever_is_typed(joining: Joining) -> None:
    """Whoever owns the database knows all but the token."""
    keys, invite = thief(), read_invite(joining.line)
    blind = type(invite)(**{name: getattr(invite, name) for name in invite.__slots__} | {"token": SecretBytes(os.urandom(16))})
    joining.posted(make_request(keys, blind, bytes(32), "keyfile"))
    for typed in (joining.fingerprint, words_of(keys.id)):
        assert joining.refused(typed)["rule"] == "enrolment-request"


@pytest.mark.parametrize("at", range(0, 700, 97))
def test_a_request_with_one_bit_turned_is_refused(joining: Joining, at: int) -> None:
    body = bytearray(joining.found())
    body[at % len(body)] ^= 1
    joining.posted(bytes(body))
    assert joining.refused()["rule"] == "enrolment-request"


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff" * 50, b"[" * 5000, b'{"v":1}', b"x" * 100_000])
def test_what_is_no_request_is_refused(joining: Joining, body: bytes) -> None:
    joining.posted(body)
    assert joining.refused()["rule"] == "enrolment-request"


def test_the_request_of_another_joiner_is_refused(joining: Joining) -> None:
    other = Joining(joining.mia, "emil")
    joining.posted(other.found())
    for typed in (joining.fingerprint, other.fingerprint):
        assert joining.refused(typed)["rule"] == "enrolment-request"
    assert other.approve().code == 0, "the control: where it belongs it holds"


def test_an_intercepted_invite_gives_keys_whose_fingerprint_is_another(joining: Joining) -> None:
    """Whoever reads the line on its way can post keys of their own; what dora reads aloud is the fingerprint of hers."""
    from govern.procedures.join import check_history

    invite, keys = read_invite(joining.line), thief()
    joining.posted(make_request(keys, invite, check_history(joining.mia.store, invite), "keyfile"))
    assert joining.refused()["rule"] == "fingerprint"
    assert joining.approve(words_of(keys.id)).code == 0, "the control: only the words stand between"


def test_a_typed_fingerprint_that_differs_is_refused_and_the_right_one_not_told(joining: Joining) -> None:
    told = joining.mia.run("person", "approve", "dora", "--fingerprint", words_of(thief().id))
    assert told.code == 4
    assert not any(
        word in told.err for word in (joining.fingerprint, joining.fingerprint.split()[0] + " " + joining.fingerprint.split()[1])
    )


def test_an_invite_serves_once(joining: Joining) -> None:
    body = joining.found()
    assert joining.approve().code == 0
    joining.posted(body)
    assert joining.refused()["rule"] == "invite-missing"


def test_a_withdrawn_invite_enrols_nobody(joining: Joining) -> None:
    joining.mia.ok("person", "invite", "dora", "--withdraw")
    assert joining.refused()["rule"] == "invite-missing"
    assert joining.mia.run("person", "invite", "dora", "--withdraw").code == 3


def test_the_newest_invite_counts_and_the_one_before_does_not(joining: Joining) -> None:
    joining.mia.ok("person", "invite", "dora")
    told = joining.mia.run("person", "approve", "dora", "--fingerprint", joining.fingerprint)
    assert told.code == 3, "nobody has answered the new one"


def test_an_expired_invite_enrols_nobody(joining: Joining, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(days: int) -> None:
        moment = datetime.now(UTC) + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))

    at(8)
    assert joining.refused()["rule"] == "invite-expired"
    at(6)
    assert joining.approve().code == 0, "the control: a day before"


def test_backdating_does_not_bring_an_expired_invite_back(joining: Joining) -> None:
    """The ledger's own time decides: an entry after the expiry, by whomever, ends it."""
    late = (datetime.now(UTC) + timedelta(days=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    joining.mia.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}), now=late)
    assert joining.refused()["rule"] == "invite-expired"


def test_a_machine_that_lost_its_copy_of_the_invite_can_not_approve(joining: Joining) -> None:
    shutil.rmtree(joining.mia.home / "invites")
    assert joining.refused()["rule"] == "invite-missing"


def test_another_admin_can_not_approve_it(joining: Joining) -> None:
    ben = joining.mia.of("ben")
    ben.ok("status")
    told = ben.refuses("person", "approve", "dora", "--fingerprint", joining.fingerprint, "--json", code=4)
    assert told.json()["error"]["rule"] == "invite-inviter"


def test_the_token_stands_in_no_file_but_the_copy_of_its_inviter(joining: Joining) -> None:
    token = read_invite(joining.line).token.reveal_bytes()
    forms = (token, token.hex().encode())
    files = [path for path in joining.mia.folder.rglob("*") if path.is_file() and "invites" not in path.parts]
    assert len(files) > 10
    assert [path.name for path in files if any(form in path.read_bytes() for form in forms)] == []


# --- in the ledger, by members who write what the program would not ---------------------------------------------------------------------


def body(invite_id: str, person: str, keys: Keys) -> dict[str, Any]:
    return {
        "person": person, "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "custody": "keyfile",
        "invite": invite_id,
    }  # fmt: skip


class Firm:
    """mia and ben are admins, dora and emil have no keys; whatever an insider writes is judged by mia's machine."""

    def __init__(self, machine: Machine) -> None:
        self.mia = machine
        for who in ("dora", "emil"):
            machine.ok("person", "add", f"{who.title()} Lund", "--handle", who)
        self.by_mia, self.by_ben = Insider(machine), Insider(machine.of("ben"))
        self.ids = dict(machine.ask("SELECT handle, id FROM people"))

    def invite(self, by: Insider, who: str, purpose: str = "join", **more: Any) -> str:
        id_ = os.urandom(16).hex()
        fields = {"invite": id_, "person": self.ids[who], "purpose": purpose, "token": "0" * 64, "expires": "2099-01-01T00:00:00Z", **more}
        self.last = by.write(by.event("invite.issued", fields))
        return id_

    def enrols(self, by: Insider, invite_id: str, who: str, keys: Keys | None = None) -> str:
        """What becomes of it: the rule against it, or nothing where it counts."""
        return self.verdict(by.write(by.event("key.enrolled", body(invite_id, self.ids[who], keys or thief()))))

    def verdict(self, index: int) -> str:
        rows = self.mia.ask("SELECT code FROM findings WHERE entry = ?", index)
        return str(rows[0][0]) if rows else ""

    def tells(self, by: Insider, type_: str, **fields: Any) -> str:
        return self.verdict(by.write(by.event(type_, fields)))


@pytest.fixture
def firm(machine: Machine) -> Firm:
    return Firm(machine)


def test_control_an_admins_invite_enrols(firm: Firm) -> None:
    assert firm.enrols(firm.by_ben, firm.invite(firm.by_ben, "dora"), "dora") == ""


ENROLMENTS: dict[str, tuple[str, Callable[[Firm], str]]] = {
    "no such invite": ("invite-unknown", lambda f: f.enrols(f.by_ben, os.urandom(16).hex(), "dora")),
    "another admin's invite": ("invite-inviter", lambda f: f.enrols(f.by_ben, f.invite(f.by_mia, "dora"), "dora")),
    "another person's invite": ("invite-person", lambda f: f.enrols(f.by_ben, f.invite(f.by_ben, "dora"), "emil")),
    "an invite used before": ("invite-used", lambda f: used_twice(f)),
    "an invite that was withdrawn": ("invite-used", lambda f: withdrawn(f)),
    "an invite that was replaced": ("invite-used", lambda f: replaced(f)),
    "an invite that has expired": ("invite-expired", lambda f: expired(f)),
    "of somebody who leaves": ("leaver", lambda f: leaving(f)),
    "by somebody who is no admin any more": ("authority", lambda f: demoted(f)),
    "a join beside keys that there are": ("invite-purpose", lambda f: joined_twice(f)),
    "a rekey beside keys that there are": ("invite-purpose", lambda f: f.enrols(f.by_ben, f.invite(f.by_ben, "mia", "rekey"), "mia")),
    "weak keys": ("refused", lambda f: weak(f)),
    "keys of another": ("contradiction", lambda f: f.enrols(f.by_ben, f.invite(f.by_ben, "dora"), "dora", f.by_mia.keys)),
}


def used_twice(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.enrols(firm.by_ben, invite, "dora") == ""
    return firm.enrols(firm.by_ben, invite, "dora")


def withdrawn(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.tells(firm.by_mia, "invite.withdrawn", invite=invite) == "", "any admin may"
    return firm.enrols(firm.by_ben, invite, "dora")


def replaced(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    firm.invite(firm.by_ben, "dora")
    return firm.enrols(firm.by_ben, invite, "dora")


def expired(firm: Firm) -> str:
    soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    invite = firm.invite(firm.by_ben, "dora", expires=soon)
    firm.mia.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}), now=soon)
    return firm.enrols(firm.by_ben, invite, "dora")


def leaving(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.tells(firm.by_mia, "person.leaving", person=firm.ids["dora"]) == ""
    return firm.enrols(firm.by_ben, invite, "dora")


def demoted(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.tells(firm.by_mia, "role.withdrawn", person=firm.ids["ben"], role="admin") == ""
    return firm.enrols(firm.by_ben, invite, "dora")


def joined_twice(firm: Firm) -> str:
    """Two invites can't be open at once; one that was issued before keys came in by recovery could be."""
    index = firm.by_ben.write(
        firm.by_ben.event(
            "invite.issued",
            {
                "invite": os.urandom(16).hex(),
                "person": firm.ids["mia"],
                "purpose": "join",
                "token": "0" * 64,
                "expires": "2099-01-01T00:00:00Z",
            },
        )
    )
    return firm.verdict(index)


def weak(firm: Firm) -> str:
    from govern.vault.keys import key_id

    sign, seal = (1).to_bytes(32, "little"), thief().seal_public
    fields = body(firm.invite(firm.by_ben, "dora"), firm.ids["dora"], thief())
    fields |= {"sign": sign.hex(), "seal": seal.hex(), "key": key_id(sign, seal).hex()}
    return firm.tells(firm.by_ben, "key.enrolled", **fields)


@pytest.mark.parametrize("case", ENROLMENTS)
def test_an_enrolment_that_no_invite_covers_is_void(firm: Firm, case: str) -> None:
    rule, attack = ENROLMENTS[case]
    assert attack(firm) == rule


def test_nobody_adds_a_machine_to_somebody_else(firm: Firm) -> None:
    """It would be a sock puppet: keys of mia's name in ben's hands."""
    firm.invite(firm.by_ben, "mia", "device")
    assert firm.verdict(firm.last) == "own-device"
    firm.invite(firm.by_mia, "mia", "device")
    assert firm.verdict(firm.last) == "", "the control: her own"


def test_an_own_machines_invite_enrols_for_nobody_else(firm: Firm) -> None:
    assert firm.enrols(firm.by_ben, firm.invite(firm.by_ben, "ben", "device"), "dora") == "invite-person"


def test_an_invite_ends_with_the_key_that_issued_it(firm: Firm) -> None:
    invite = firm.invite(firm.by_ben, "dora")
    key = firm.by_ben.keys.id.hex()
    firm.mia.ok("key", "revoke", key, "--cause", "compromise")
    assert firm.mia.ask("SELECT state FROM invites WHERE id = ?", invite) == [("void",)]
    firm.by_mia = Insider(firm.mia)  # she reads the new epoch
    assert firm.enrols(firm.by_mia, invite, "dora") == "invite-used"


def test_a_revocation_that_would_leave_no_admin_is_void(firm: Firm) -> None:
    assert firm.tells(firm.by_mia, "key.revoked", key=firm.by_ben.keys.id.hex(), cause="lost") == ""
    assert firm.tells(firm.by_mia, "key.revoked", key=firm.by_mia.keys.id.hex(), cause="lost") == "last-admin-key"


def test_hr_revokes_only_who_leaves(firm: Firm) -> None:
    keys = thief()
    assert firm.enrols(firm.by_mia, firm.invite(firm.by_mia, "dora"), "dora", keys) == ""
    assert firm.tells(firm.by_mia, "role.given", person=firm.ids["ben"], role="hr") == ""
    assert firm.tells(firm.by_mia, "role.withdrawn", person=firm.ids["ben"], role="admin") == ""
    assert firm.tells(firm.by_ben, "key.revoked", key=keys.id.hex(), cause="departure") == "authority"
    assert firm.tells(firm.by_ben, "person.leaving", person=firm.ids["dora"]) == ""
    assert firm.tells(firm.by_ben, "key.revoked", key=keys.id.hex(), cause="departure") == "", "the control"


def test_recovery_is_not_revoked_by_anybody(firm: Firm) -> None:
    recovery = firm.mia.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0]
    assert firm.tells(firm.by_mia, "key.revoked", key=recovery, cause="lost") == "key-state"


# --- on the joiner's machine, before and after the approval -------------------------------------------------------------------------


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
    "the invite's checkpoint is another": statement("UPDATE checkpoint SET note = note || x'0a' WHERE size = 33"),
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
    shutil.copy(other.store, machine.store)
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
    "a checkpoint of the past another": (6, lambda j: statement("UPDATE checkpoint SET note = note || x'0a' WHERE size = 33")(j.mia)),
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
