"""Two people and one vault through the installed command: invite, join, approve, work by turns, new keys, a second machine, the end of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...conftest import Told
from .members import SECRET, Member, enrolled


def test_the_whole_way_as_processes(mia: Member) -> None:
    """What each of the two types, and what they see; the line goes from one to the other, the words are read aloud."""
    ben = mia.other("ben")
    invited = mia.spawn("person", "invite", "ben")
    assert invited.code == 0
    line = invited.out.strip()
    assert line.startswith("govern-invite-1.")
    assert "\n" not in line
    assert "next: govern person approve ben --fingerprint WORDS" in invited.err

    early = ben.run("status")
    assert (early.code, early.out) == (5, "")
    asked = ben.spawn("join", "-", stdin=line)
    assert asked.code == 0, asked
    words = next(row.removeprefix("fingerprint").strip() for row in asked.out.splitlines() if row.startswith("fingerprint"))
    assert len(words.split()) == 13
    waiting = ben.spawn("join")
    assert waiting.code == 5
    assert ben.run("who", "shop").out == ""

    approved = mia.spawn("person", "approve", "ben", "--fingerprint", words)
    assert approved.code == 0, approved
    assert "1 secret sealed to it" in approved.out
    joined = ben.spawn("join")
    assert joined.code == 0, joined
    assert "this is a machine of ben (Ben Bos) now" in joined.out
    assert ben.spawn("reveal", "shop", "--stdout", "--reason", "work").out == f"{SECRET}-shop"
    assert not (ben.home / "joining.json").exists()
    assert not (ben.home / "joining").exists()


def test_both_sides_tell_the_same_fingerprint(mia: Member) -> None:
    ben = mia.other("ben")
    asked = ben.json("join", "-", stdin=mia.json("person", "invite", "ben")["invite"])
    approved = mia.json("person", "approve", "ben", "--fingerprint", asked["fingerprint"])
    assert approved["fingerprint"] == asked["fingerprint"] == ben.json("join")["fingerprint"]
    assert {(key["person"], key["key"]) for key in mia.json("key", "list")["keys"] if key["person"] == "ben"} == {
        ("ben", asked["fingerprint"])
    }


def test_the_invite_may_be_given_as_an_argument(mia: Member) -> None:
    ben = mia.other("ben")
    assert ben.json("join", mia.json("person", "invite", "ben")["invite"])["state"] == "asked"


def test_two_members_write_by_turns(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    (proposal,) = mia.json("person", "role", "ben", "admin")["proposals"]
    sheets = [word for number in (1, 2) for word in ("--sheet", str(mia.home / "recovery" / f"recovery-sheet-{number}-of-3.txt"))]
    mia.ok("proposal", "approve", proposal["id"], *sheets)
    for number in range(3):
        mia.ok("person", "add", f"Number {number}", "--handle", f"m{number}")
        ben.ok("person", "add", f"Number {number}", "--handle", f"b{number}")
        assert mia.json("person", "list") == ben.json("person", "list")
    heads = [member.json("ledger", "verify") for member in (mia, ben)]
    assert heads[0] == heads[1]
    for member in (mia, ben):
        assert member.run("ledger", "verify", "--deep").code == 0
        assert member.run("status").code == 0


def test_what_the_inviter_can_not_open_others_are_named_for(mia: Member) -> None:
    """Ben answers for the blog and changes its password: mia holds it no more. The next keyholder needs him."""
    ben = enrolled(mia, "ben")
    mia.ok("person", "add", "Cy Lund", "--handle", "cy")
    mia.ok("account", "custody", "blog", "ben")
    ben.ok("revoke", "blog", "mia")
    ben.ok("rotate", "blog")
    rotation = ben.json("rotation", "list", "--open")["rotations"][0]["id"]
    ben.ok("rotation", "show", rotation, "--secret", "new", "--stdout")
    ben.ok("rotation", "confirm", rotation)
    ben.ok("grant", "blog", "cy", "--reason", "work")
    line = mia.json("person", "invite", "cy")["invite"]
    cy = mia.other("cy")
    words = cy.json("join", "-", stdin=line)["words"]
    told = mia.json("person", "approve", "cy", "--fingerprint", words)
    assert told["missing"] == [{"account": "blog", "kind": "password", "version": 2, "ask": ["ben"]}]
    cy.ok("join")
    assert cy.run("reveal", "blog", "--stdout", "--reason", "work").code == 5
    assert ben.json("key", "seal", "cy") == {"schema": "govern.key.seal/1", "person": "cy", "sealed": 1, "missing": []}
    assert len(cy.ok("reveal", "blog", "--stdout", "--reason", "work").out) > 8


def test_a_second_machine_of_ones_own(mia: Member) -> None:
    """Nobody else is needed: invited and approved on the first machine, by a member without any role."""
    ben = enrolled(mia, "ben")
    line = ben.json("key", "add-device")["invite"]
    second = mia.other("ben-phone")
    words = second.json("join", "-", stdin=line)["words"]
    assert mia.refused("person", "approve", "ben", "--fingerprint", words)["rule"] == "invite-inviter"
    assert ben.json("person", "approve", "ben", "--fingerprint", words)["sealed"] == 1
    second.ok("join")
    assert second.ok("reveal", "shop", "--stdout", "--reason", "work").out == f"{SECRET}-shop"
    assert ben.ok("reveal", "shop", "--stdout", "--reason", "work").out == f"{SECRET}-shop"
    assert [key["state"] for key in mia.json("key", "list")["keys"] if key["person"] == "ben"] == ["active", "active"]
    assert mia.run("ledger", "verify", "--deep").code == 0


def test_new_keys_take_the_place_of_the_old(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    old = mia.json("key", "list")["keys"][1]["key"]
    again = enrolled(mia, "ben", "ben-new", purpose=("person", "rekey", "ben"))
    states = {key["key"]: (key["state"], key["cause"]) for key in mia.json("key", "list")["keys"] if key["person"] == "ben"}
    assert states.pop(old) == ("revoked", "replaced")
    assert list(states.values()) == [("active", None)]
    assert again.ok("reveal", "shop", "--stdout", "--reason", "work").out == f"{SECRET}-shop"
    assert ben.refused("reveal", "shop", "--stdout", "--reason", "work", code=5)["code"] == "revoked"
    assert mia.run("ledger", "verify", "--deep").code == again.run("ledger", "verify", "--deep").code == 0


def test_a_lost_machine(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    told = mia.json("key", "revoke", "--person", "ben", "--cause", "lost")
    assert (len(told["keys"]), told["wraps"], told["rotations"]) == (1, 1, 1)
    assert mia.json("rotation", "list", "--open")["rotations"][0]["trigger"] == "compromise"
    assert ben.refused("status", code=5)["code"] == "revoked"
    again = enrolled(mia, "ben", "ben-new", purpose=("person", "rekey", "ben"))
    again.ok("status")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("key", "revoke", "--cause", "lost"), 2),
        (("key", "revoke", "abcd", "--person", "ben", "--cause", "lost"), 2),
        (("key", "revoke", "--person", "ben"), 2),
        (("key", "revoke", "--person", "ben", "--cause", "bored"), 2),
        (("key", "revoke", "--person", "ben", "--cause", "lost"), 4),
        (("key", "revoke", "ffffffff", "--cause", "lost"), 3),
        (("key", "revoke", "--person", "mia", "--cause", "lost"), 4),
        (("person", "invite", "nobody"), 3),
        (("person", "invite", "ben", "--days", "0"), 4),
        (("person", "invite", "ben", "--days", "99"), 4),
        (("person", "invite", "mia"), 4),
        (("person", "invite", "ben", "--withdraw"), 3),
        (("person", "rekey", "ben"), 4),
        (("person", "approve", "ben"), 2),
        (("person", "approve", "ben", "--fingerprint", "only three words"), 2),
        (("person", "approve", "ben", "--fingerprint", "0" * 32), 4),
        (("join",), 4),
    ],
)
def test_what_can_not_be_done_is_refused_and_changes_nothing(mia: Member, words: tuple[str, ...], code: int) -> None:
    before = mia.json("ledger", "verify")
    told = mia.run(*words)
    assert told.code == code, told
    assert told.out == ""
    assert mia.json("ledger", "verify") == before


def test_only_an_admin_invites_and_revokes(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    mia.ok("person", "add", "Cy Lund", "--handle", "cy")
    for words in (("person", "invite", "cy"), ("key", "revoke", "--person", "mia", "--cause", "lost"), ("person", "rekey", "mia")):
        assert ben.refused(*words)["rule"] == "authority"


@pytest.mark.parametrize("line", ["", "hello", "govern-invite-1.", "govern-invite-1.AAAA", "govern-invite-1." + "A" * 700])
def test_what_is_no_invite_is_refused(mia: Member, line: str) -> None:
    ben = mia.other("ben")
    told: Told = ben.run("join", "-", stdin=line)
    assert told.code in (1, 2), told
    assert not ben.key.exists()


def test_an_invite_without_a_vault_asks_for_it(mia: Member, tmp_path: Path) -> None:
    ben = mia.other("ben")
    told = ben.run("--vault", str(tmp_path / "elsewhere.db"), "join", "-", stdin=mia.json("person", "invite", "ben")["invite"])
    assert told.code == 3


def test_an_expired_invite_is_not_answered(mia: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.cli import settings

    line = mia.json("person", "invite", "ben", "--days", "1")["invite"]
    monkeypatch.setattr(settings, "now", lambda: "2199-01-01T00:00:00Z")
    assert mia.other("ben").refused("join", "-", stdin=line)["rule"] == "invite-expired"


def test_a_new_invite_is_answered_with_the_same_keys(mia: Member) -> None:
    ben = mia.other("ben")
    first = ben.json("join", "-", stdin=mia.json("person", "invite", "ben")["invite"])
    again = ben.json("join", "-", stdin=mia.json("person", "invite", "ben")["invite"])
    assert first["fingerprint"] == again["fingerprint"]
    mia.ok("person", "approve", "ben", "--fingerprint", again["words"])
    ben.ok("join")


def test_after_a_recovery_the_lost_machine_reads_no_further(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    sheets = sorted((mia.home / "recovery").glob("*.txt"))
    new = mia.other("mia-new")
    new.ok("vault", "recover", "--sheet", str(sheets[0]), "--sheet", str(sheets[1]), "--handle", "mia")
    assert mia.refused("status", code=5)["code"] == "revoked"
    ben.ok("status")
    assert new.run("ledger", "verify", "--deep").code == ben.run("ledger", "verify", "--deep").code == 0
