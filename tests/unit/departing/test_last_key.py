"""The end of the last key that can open a secret: refused where it can wait, and never without the change of that secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import keys, reseal
from govern.register.queries import findings, policies, rotations
from govern.vault.seal import wrap_digest

from .conftest import Company, copied


class Firm(Company):
    """Mia and bo are admins, hal is HR; dan answers for `shop`, and his key alone can open its password: an admin has ended recovery's wrap."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("hal", "hr")
        self.enrol("dan")
        self.credential = self.shop(custodian="dan")
        manifest = self.db().execute("SELECT manifest FROM versions WHERE credential = ?", (self.credential,)).fetchone()[0]
        self.manifest = bytes.fromhex(manifest)
        (self.recovery,) = [key for key in self.wraps() if key != self.key("dan")]

    def key(self, handle: str) -> str:
        return str(self.db().execute("SELECT id FROM keys WHERE person = ? AND state = 'active'", (self.ids[handle],)).fetchone()[0])

    def wraps(self) -> list[str]:
        return [row[0] for row in self.db().execute("SELECT key FROM wraps WHERE credential = ? AND ended IS NULL", (self.credential,))]

    def without_recovery(self) -> None:
        def work(tx: Any) -> None:
            key = bytes.fromhex(self.recovery)
            digest = wrap_digest(self.manifest, key, tx.read_wrap(self.manifest, key)).hex()
            tx.drop_wrap(self.manifest, key)
            tx.record("wraps.ended", {"wraps": [[self.credential, 1, self.recovery, digest]]})

        self.do(work, by="bo")

    def told(self) -> set[tuple[str, str]]:
        db = self.db()
        every = findings.findings(db, policies.policy(db), self.now[:10], self.ids["mia"])
        return {(one.subject, one.severity) for one in every if one.code == "opens-for-nobody"}


firm = copied(Firm)


def refused(work: Any, *arguments: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as told:
        work(*arguments, **more)
    assert told.value.hint
    return told.value.rule, told.value.control


def revoke(firm: Firm, cause: str, by: str = "bo") -> keys.Revoked:
    found: keys.Revoked = firm.do(keys.revoke, [firm.key("dan")], cause, by=by)
    return found


@pytest.mark.parametrize("cause", keys.CAUSES)
def test_attack_an_admin_ends_the_last_key_that_opens_a_secret_and_says_nothing(firm: Firm, cause: str) -> None:
    """Past every procedure. The control is the same fact while recovery can still open it."""
    body = {"key": firm.key("dan"), "cause": cause}
    firm.without_recovery()
    assert refused(firm.fact, "key.revoked", body, by="bo") == ("no-secret-lost", "CP-9")
    assert firm.key("dan") == body["key"]


@pytest.mark.parametrize("cause", keys.CAUSES)
def test_while_recovery_opens_it_any_key_ends(firm: Firm, cause: str) -> None:
    firm.fact("key.revoked", {"key": firm.key("dan"), "cause": cause}, by="bo")
    assert firm.told() == set()


def test_a_key_that_is_only_replaced_waits_until_its_owner_has_sealed_to_others(firm: Firm) -> None:
    firm.without_recovery()
    assert refused(revoke, firm, "replaced") == ("no-secret-lost", "CP-9")
    firm.do(reseal.reseal, "shop", by="dan")
    assert firm.recovery in firm.wraps()
    assert revoke(firm, "replaced").keys


@pytest.mark.parametrize("cause", ["lost", "compromise", "departure"])
def test_a_key_in_other_hands_ends_at_once_and_what_it_opened_is_to_be_changed(firm: Firm, cause: str) -> None:
    firm.without_recovery()
    done = revoke(firm, cause)
    assert (len(done.keys), done.wraps, done.rotations, done.changing) == (1, 0, 1, ())
    assert rotations.open_of(firm.db(), firm.credential) is not None
    assert len(firm.wraps()) == 1, "nothing is thrown away: whoever has that machine can still open it"
    assert firm.told() == {("shop", "critical")}


def test_no_gate_stops_a_cut(firm: Firm) -> None:
    firm.without_recovery()
    case = firm.offboard("dan", by="hal")
    assert firm.case(case).state == "cut"
    assert firm.db().execute("SELECT count(*) FROM keys WHERE person = ? AND state = 'active'", (firm.ids["dan"],)).fetchone() == (0,)
    assert rotations.open_of(firm.db(), firm.credential) is not None
