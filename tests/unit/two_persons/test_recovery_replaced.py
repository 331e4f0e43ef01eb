"""Another recovery key: nothing before a second person approves; then the old sheets open nothing new, and the new ones everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from govern.errors import GovernError, Refused
from govern.holdings.proposals import Act
from govern.procedures import after_approval, doctor, replace_recovery
from govern.procedures.ledger import prove
from govern.procedures.proposals import approve_with_sheets, recovery_keys
from govern.procedures.recovering import recover
from govern.procedures.recovery import drill, read_sheets
from govern.register import connection
from govern.register.reread import reread
from govern.vault.custody.record import Custody
from govern.vault.keys import Keys, prove_possession
from govern.vault.secret import SecretBytes

from .conftest import Firm


def replaced(firm: Firm, *, by: str = "mia", k: int = 2, n: int = 3) -> replace_recovery.Proposed:
    firm.later(minutes=1)
    return replace_recovery.propose(firm.members[by], k, n, firm.folder / "new", firm.now)


def approved(firm: Firm, done: replace_recovery.Proposed, by: str = "") -> list[str]:
    proposal = firm.approve(done.proposal, by) if by else firm.quorum(done.proposal)
    firm.later(minutes=1)
    return after_approval.follow(firm.members[by or "mia"], proposal, firm.now)


def in_force(firm: Firm) -> str:
    return str(firm.db().execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()[0])


def anew(firm: Firm, sheets: list[Any], home: str, handle: str = "mia") -> Any:
    """Start again on a machine that has only the database and these sheets."""
    firm.later(minutes=1)
    return recover(
        firm.folder / "vault.db", firm.folder / home, sheets, handle, custody=Custody.KEYFILE, where=str(firm.folder / f"{home}-key"),
        seed=SecretBytes(os.urandom(32)), now=firm.now,
    )  # fmt: skip


@pytest.fixture
def shop(firm: Firm) -> Firm:
    firm.enrol("ben", "admin")
    firm.shop("mia")
    return firm


def test_nothing_changes_before_a_second_person_approves(shop: Firm) -> None:
    old = in_force(shop)
    done = replaced(shop)
    assert in_force(shop) == old
    shop.refuses("two-persons", lambda: shop.approve(done.proposal, "mia"))
    with pytest.raises(Refused, match="not in force"):
        recovery_keys(shop.members["mia"], read_sheets(done.sheets))
    assert drill(shop.members["mia"], shop.sheets(), shop.now).opened == 1, "the old sheets still do"
    approved(shop, done, by="ben")
    assert in_force(shop) == done.proposal.parameters["key"] != old


def test_whoever_can_open_seals_to_the_new_key_and_doctor_lists_the_rest(shop: Firm) -> None:
    done = replaced(shop)
    (told,) = approved(shop, done, by="ben")
    assert "live secrets 0, compartments 2" in told
    assert "can open them: 1" in told
    lacking = [one for one in doctor.doctor_recovery(shop.members["mia"], shop.db()) if one.severity == "critical"]
    assert [one.command for one in lacking] == ["govern recovery rewrap"]
    shop.later(minutes=1)
    again = replace_recovery.rewrap(shop.members["mia"], shop.now)
    assert (again.sealed, again.epochs, again.left) == (1, 0, 0)
    assert not [one for one in doctor.doctor_recovery(shop.members["mia"], shop.db()) if one.severity == "critical"]
    done_twice = replace_recovery.rewrap(shop.members["mia"], shop.now)
    assert (done_twice.sealed, done_twice.epochs) == (0, 0)
    for member in ("mia", "ben"):
        assert reread(shop.members[member], deep=True)


def test_the_new_sheets_recover_the_vault_and_the_old_ones_are_refused(shop: Firm) -> None:
    done = replaced(shop)
    approved(shop, done, by="ben")
    replace_recovery.rewrap(shop.members["mia"], shop.now)
    for member in shop.members.values():
        member.close()
    with pytest.raises(Refused, match="was replaced"):
        anew(shop, shop.sheets(), "old")
    assert not (shop.folder / "old" / "pin").exists()
    found = anew(shop, read_sheets(done.sheets[1:]), "fresh")
    assert (found.sealed, found.rotations) == (1, 1)


def test_old_sheets_approve_nothing_any_more(shop: Firm) -> None:
    done = replaced(shop)
    approved(shop, done, by="ben")
    with pytest.raises(Refused, match="not in force"):
        recovery_keys(shop.members["mia"], shop.sheets())
    recovery_keys(shop.members["mia"], read_sheets(done.sheets[:2]))


def test_old_sheets_read_nothing_that_is_written_afterwards(shop: Firm) -> None:
    old = recovery_keys(shop.members["mia"], shop.sheets())
    approved(shop, replaced(shop), by="ben")
    with shop.members["mia"].store.reading() as reading:
        reachable = {target for target, _ in reading.epoch_wraps(old.id)}
    newest = {bytes.fromhex(row[0]) for row in shop.db().execute("SELECT id FROM epochs WHERE number = 2")}
    assert len(newest) == 2
    assert not newest & reachable


def test_the_only_admin_replaces_it_with_the_old_sheets(firm: Firm) -> None:
    firm.shop("mia")
    done = replaced(firm)
    assert approved(firm, done) == ["sealed to the new recovery key: live secrets 1, compartments 2"]
    assert drill(firm.members["mia"], read_sheets(done.sheets[:2]), firm.now).failed == ()
    assert reread(firm.members["mia"], deep=True)


def test_the_register_is_equal_after_a_rebuild_and_for_a_newcomer(shop: Firm) -> None:
    approved(shop, replaced(shop), by="ben")
    before = list(connection.dump(shop.db()))
    shop.members["mia"].close()
    for path in (shop.folder / "mia").glob("register.db*"):
        path.unlink()
    assert list(connection.dump(shop.db())) == before


def test_what_a_later_recovery_key_has_signed_is_proved_to_strangers(firm: Firm) -> None:
    done = replaced(firm)
    approved(firm, done)
    firm.enrol("ben")
    approve_with_sheets(firm.members["mia"], read_sheets(done.sheets[1:]), firm.admin("ben").id, firm.now)
    index = firm.size() - 1
    proof = firm.folder / "proof"
    proof.write_bytes(prove(firm.members["mia"], index))
    script = Path(__file__).parents[3] / "docs" / "verify.py"
    told = subprocess.run([sys.executable, str(script), firm.vault.hex(), str(proof)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"recovery key {done.proposal.parameters['key']}" in told.stdout
    other = subprocess.run([sys.executable, str(script), "0" * 64, str(proof)], capture_output=True, text=True, check=False)
    assert other.returncode == 1, "the control"


@pytest.mark.parametrize("damage", ["another challenge", "another key", "weak", "key id"])
def test_a_key_that_nobody_holds_is_not_put_in_force(firm: Firm, damage: str) -> None:
    keys, id_ = Keys(SecretBytes(os.urandom(32))), os.urandom(16)
    vault = firm.vault

    def parameters(**more: str) -> dict[str, Any]:
        return {
            "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "threshold": 2, "shares": 3,
            "proof": prove_possession(keys, vault + id_).hex(), **more,
        }  # fmt: skip

    def propose(told: dict[str, Any]) -> None:
        firm.fact("proposal.made", {"proposal": id_.hex(), "act": Act.RECOVERY.value, "parameters": told})

    wrong = {
        "another challenge": {"proof": prove_possession(keys, vault + os.urandom(16)).hex()},
        "another key": {"proof": prove_possession(Keys(SecretBytes(os.urandom(32))), vault + id_).hex()},
        "weak": {"sign": "01" + "00" * 31},
        "key id": {"key": os.urandom(16).hex()},
    }[damage]
    with pytest.raises(GovernError):
        propose(parameters(**wrong))
    propose(parameters())


def test_refused_sheets_leave_no_file_behind(firm: Firm) -> None:
    firm.enrol("ben", "hr")
    with pytest.raises(Refused):
        replaced(firm, by="ben")
    assert not list((firm.folder / "new").glob("*"))
    replaced(firm)
    assert len(list((firm.folder / "new").glob("*"))) == 3


REFUSED = {
    "too few": (lambda f, new: read_sheets(new[:1]), "2 different sheets are needed"),
    "none": (lambda f, new: [], "no recovery sheet"),
    "twice the same": (lambda f, new: read_sheets([new[0], new[0]]), "2 different sheets are needed"),
    "of the older set": (lambda f, new: f.sheets(), "not in force"),
    "mixed with the older set": (lambda f, new: [*read_sheets(new[:1]), *f.sheets()], "not in force|different sets"),
    "a wrong word": (lambda f, new: read_sheets([new[0], _spoiled(new[1])]), "word"),
}


def _spoiled(path: Path) -> Path:
    text = path.read_text()
    start = text.index("\n\n", text.index("the words")) + 2
    word = text[start:].split()[1]
    other = "academic" if word != "academic" else "acid"
    target = path.with_name("spoiled.txt")
    target.write_text(text[:start] + text[start:].replace(word, other, 1))
    return target


@pytest.mark.parametrize("case", REFUSED)
def test_sheets_that_do_not_do_are_refused_and_say_why(firm: Firm, case: str) -> None:
    done = replaced(firm)
    approved(firm, done)
    firm.enrol("ben")
    proposal = firm.admin("ben")
    give, message = REFUSED[case]
    before = firm.size()
    with pytest.raises(Refused, match=message) as refused:
        approve_with_sheets(firm.members["mia"], give(firm, list(done.sheets)), proposal.id, firm.now)
    assert refused.value.code == "recovery-sheet"
    assert firm.size() == before
    approve_with_sheets(firm.members["mia"], read_sheets(done.sheets[1:]), proposal.id, firm.now)
    shutil.rmtree(firm.folder / "new")
