"""The approval of an enrolment on a hostile store: requests replayed, swapped, intercepted, stale, and fingerprints that are another's.

Each attack stands beside the control in which the same enrolment goes through.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from govern.canonical import canonical
from govern.cli import settings as clock
from govern.errors import Failed
from govern.vault.invite import make_request, read_invite
from govern.vault.keys import Keys, key_id
from govern.vault.secret import SecretBytes
from govern.vault.words import words_of

from .joining import Joining, thief
from .vaults import Machine


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


def made_up(joining: Joining, sign: bytes, seal: bytes, by: Keys, proof: bytes = b"") -> str:
    """Whoever has the line posts keys that need not be theirs, under a code that is right; the words of these keys."""
    from govern.procedures.join import check_history
    from govern.vault import invite as module

    invite = read_invite(joining.line)
    bound = module._bound(invite, check_history(joining.mia.store, invite))
    fields = {
        "v": 1, "custody": "keyfile", "sign": sign.hex(), "seal": seal.hex(),
        "proof": (proof or by.sign(b"govern/possession/v1\0" + sign + seal + bound)).hex(),
        "answer": by.agree(invite.seal, bound + sign + seal + invite.sign).hex(),
    }  # fmt: skip
    joining.posted(canonical(fields | {"mac": module._mac(invite, bound, fields).hex()}))
    return words_of(key_id(sign, seal))


SMALL_SIGN, SMALL_SEAL = (1).to_bytes(32, "little"), bytes(32)
UNPROVED: dict[str, tuple[str, Callable[[Keys, Keys], tuple[bytes, ...]]]] = {
    "a signing key of small order, which one signature fits": (
        "weak-key", lambda own, _: (SMALL_SIGN, own.seal_public, SMALL_SIGN + bytes(32)),
    ),
    "a sealing key of small order": ("weak-key", lambda own, _: (own.sign_public, SMALL_SEAL)),
    "the signing key of somebody else": ("possession", lambda own, other: (other.sign_public, own.seal_public)),
    "the sealing key of somebody else": ("possession", lambda own, other: (own.sign_public, other.seal_public)),
    "the keys of an admin": ("possession", lambda _, other: (other.sign_public, other.seal_public)),
}  # fmt: skip


@pytest.mark.parametrize("what", UNPROVED)
def test_keys_that_their_sender_does_not_hold_or_that_prove_nothing_are_refused(joining: Joining, what: str) -> None:
    """With the right words, so that nothing but the proof of possession stands between."""
    code, chosen = UNPROVED[what]
    own = thief()
    sign, seal, *proof = chosen(own, joining.mia.of("ben").keys())
    assert joining.refused(made_up(joining, sign, seal, own, *proof))["code"] == code
    words = made_up(joining, own.sign_public, own.seal_public, own)
    assert joining.approve(words).code == 0, "the control: made in the same way, of keys of their own"


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


def test_no_line_is_shown_where_the_invite_was_not_committed(joining: Joining, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.store.writing import Writing

    def fails(self: Writing) -> None:
        raise Failed("the disk is full", code="disk-full")

    joining.mia.ok("person", "add", "Finn Dahl", "--handle", "finn")
    copies = len(list((joining.mia.home / "invites").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(Writing, "commit", fails)
        told = joining.mia.run("person", "invite", "finn")
    assert (told.code, told.out) == (1, "")
    assert "govern-invite" not in told.err
    assert len(list((joining.mia.home / "invites").iterdir())) == copies
    assert joining.mia.json("person", "invite", "finn")["invite"], "the control"


def test_the_token_stands_in_no_file_but_the_copy_of_its_inviter(joining: Joining) -> None:
    token = read_invite(joining.line).token.reveal_bytes()
    forms = (token, token.hex().encode())
    files = [path for path in joining.mia.folder.rglob("*") if path.is_file() and "invites" not in path.parts]
    assert len(files) > 10
    assert [path.name for path in files if any(form in path.read_bytes() for form in forms)] == []
