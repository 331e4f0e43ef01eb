"""Which wraps whoever makes cuts may end, and that a secret that still works can be opened afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govern.errors import Refused
from govern.offboarding.kinds import CaseKind
from govern.procedures import sealing
from govern.register.queries import findings, policies
from govern.vault.seal import wrap_digest

from .conftest import Company, copied


class Firm(Company):
    """Mia and bo are admins, hal is HR; mia answers for `shop`, and dan holds it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("hal", "hr")
        self.enrol("dan")
        self.credential = self.shop("mia", "dan")

    @property
    def stored(self) -> Any:
        return sealing.stored(self.db(), self.credential, 1)

    def standing(self) -> dict[str, str]:
        """Whose wraps stand -> the key; recovery's under its own name."""
        names = {id_: name for name, id_ in self.ids.items()}
        query = "SELECT coalesce(k.person, 'recovery'), k.id FROM wraps w JOIN keys k ON k.id = w.key WHERE w.credential = ? AND w.ended IS NULL"
        return {names.get(person, person): key for person, key in self.db().execute(query, (self.credential,))}

    def told(self, member: str, code: str) -> set[tuple[str, str]]:
        """(subject, severity) of the findings of this code, as this member sees them."""
        db = self.db(member)
        every = findings.findings(db, policies.policy(db), self.now[:10], self.ids[member])
        return {(one.subject, one.severity) for one in every if one.code == code}

    def ends(self, *whose: str, by: str) -> str:
        """End these people's wraps, each with its true digest, past every procedure; the rule by which it was refused, or nothing."""
        keys = [bytes.fromhex(self.standing()[one]) for one in whose]

        def work(tx: Any) -> None:
            version, rows = self.stored, []
            for key in keys:
                rows.append([self.credential, 1, key.hex(), wrap_digest(version.manifest, key, tx.read_wrap(version.manifest, key)).hex()])
                tx.drop_wrap(version.manifest, key)
            tx.record("wraps.ended", {"wraps": rows})

        try:
            self.do(work, by=by)
        except Refused as refusal:
            return refusal.rule if refusal.hint and refusal.control else "no hint or control"
        return ""


firm = copied(Firm)


def test_attack_hr_alone_takes_a_secret_from_nobody_who_stays(firm: Firm) -> None:
    """All wraps but dan's, and dan leaves: what nobody could open would be lost for good."""
    for whose in (("mia",), ("recovery",), ("mia", "recovery"), ("dan",)):
        assert firm.ends(*whose, by="hal") == "wraps-ended"
    firm.offboard("dan", cut_in=3)
    assert firm.ends("mia", "recovery", by="hal") == "wraps-ended"
    assert sorted(firm.standing()) == ["dan", "mia", "recovery"]
    # The control: whose departure it is, they take it from.
    assert firm.ends("dan", by="hal") == ""


@pytest.mark.parametrize("kind", [CaseKind.LEAVER, CaseKind.MOVER])
def test_hr_makes_the_cuts_of_those_who_leave_and_of_those_who_move(firm: Firm, kind: CaseKind) -> None:
    firm.offboard("dan", by="hal", kind=kind)
    assert sorted(firm.standing()) == ["mia", "recovery"]


def test_hr_ends_the_wrap_of_whoever_holds_it_no_more(firm: Firm) -> None:
    assert firm.ends("dan", by="hal") == "wraps-ended"
    grant = firm.db().execute("SELECT id FROM grants WHERE person = ?", (firm.ids["dan"],)).fetchone()[0]
    firm.fact("grant.ended", {"grants": [grant], "cause": "revoked"}, by="bo")
    assert firm.ends("dan", by="hal") == ""


def test_attack_hr_ends_no_grant_of_somebody_who_stays(firm: Firm) -> None:
    """Under a cause that nobody has to answer for; and where they say that it was a departure's cut, whoever reads the cases sees that there is none."""
    grant = firm.db().execute("SELECT id FROM grants WHERE person = ?", (firm.ids["dan"],)).fetchone()[0]
    for cause in ("revoked", "retired"):
        with pytest.raises(Refused) as refusal:
            firm.fact("grant.ended", {"grants": [grant], "cause": cause}, by="hal")
        assert (refusal.value.rule, refusal.value.control) == ("grant-stays", "AC-5")
        assert refusal.value.hint
    assert firm.told("bo", "cut-without-case") == set()
    firm.fact("grant.ended", {"grants": [grant], "cause": "departure"}, by="hal")
    assert firm.told("bo", "cut-without-case") == {("dan", "critical")}
    assert firm.told("dan", "cut-without-case") == set(), "who reads no cases can't tell"


def test_attack_a_cut_that_no_case_has_is_not_hidden_by_the_time_of_an_old_one(firm: Firm) -> None:
    """HR ends what was given again, and says that it was done with the cut of a year ago. The control: grants that did end with it, of the same second."""
    firm.offboard("dan", by="hal", kind=CaseKind.MOVER)
    (cut,) = firm.db().execute("SELECT cut_made_at FROM cases").fetchone()
    firm.later(days=3)
    grant = "c3" * 16
    firm.fact("grant.issued", {"grant": grant, "account": firm.ids["shop"], "person": firm.ids["dan"]})
    assert firm.told("bo", "cut-without-case") == set(), "the control"
    with firm.members["hal"].transaction(cut) as tx:
        tx.record("grant.ended", {"grants": [grant], "cause": "departure"})
    assert firm.told("bo", "cut-without-case") == {("dan", "critical")}


@pytest.mark.parametrize("left", [False, True])
def test_attack_hr_says_that_somebody_leaves_and_ends_their_grants_by_that_word(firm: Firm, left: bool) -> None:
    """Whoever reads the cases sees that there is none; the control: once there is one, nothing is told, and dan is not asked."""
    grant = firm.db().execute("SELECT id FROM grants WHERE person = ?", (firm.ids["dan"],)).fetchone()[0]
    firm.fact("person.leaving", {"person": firm.ids["dan"]}, by="hal")
    firm.fact("grant.ended", {"grants": [grant], "cause": "revoked"}, by="hal")
    if left:
        firm.fact("person.left", {"person": firm.ids["dan"], "on": firm.now[:10]}, by="hal")
    assert firm.told("bo", "leaving-without-case") == {("dan", "critical")}
    assert firm.told("dan", "leaving-without-case") == set(), "who reads no cases can't tell"
    if not left:
        firm.offboard("dan", by="bo")
        assert firm.told("bo", "leaving-without-case") == set()


def test_who_leaves_by_a_case_is_told_of_by_that_case(firm: Firm) -> None:
    """Be it under embargo: whoever doesn't read it can't know whether there is one."""
    firm.offboard("dan", by="bo", embargo=True)
    assert firm.told("hal", "leaving-without-case") == firm.told("bo", "leaving-without-case") == set()


@pytest.mark.parametrize("kind", [CaseKind.LEAVER, CaseKind.MOVER, CaseKind.PAUSE])
def test_a_cut_of_a_case_is_none_without(firm: Firm, kind: CaseKind) -> None:
    firm.offboard("dan", by="hal", kind=kind)
    assert firm.db().execute("SELECT cause FROM grants WHERE person = ?", (firm.ids["dan"],)).fetchall() == [("departure",)]
    assert firm.told("bo", "cut-without-case") == set()


def test_hr_ends_the_grants_of_whoever_leaves_and_admins_any(firm: Firm) -> None:
    firm.person("eve")
    firm.fact("grant.issued", {"grant": "e" * 32, "account": firm.ids["shop"], "person": firm.ids["eve"]})
    grant = firm.db().execute("SELECT id FROM grants WHERE person = ?", (firm.ids["dan"],)).fetchone()[0]
    firm.fact("grant.ended", {"grants": [grant], "cause": "revoked"}, by="bo")
    firm.fact("person.leaving", {"person": firm.ids["eve"]}, by="hal")
    firm.fact("grant.ended", {"grants": ["e" * 32], "cause": "revoked"}, by="hal")


def test_an_admin_ends_a_wrap_of_recovery_s_while_somebody_can_open_it(firm: Firm) -> None:
    assert firm.ends("recovery", by="bo") == ""
    assert firm.ends("dan", by="bo") == ""
    assert firm.ends("mia", by="bo") == "no-secret-lost"


def test_attack_a_wrap_to_a_revoked_key_opens_nothing_and_counts_for_nothing(firm: Firm) -> None:
    """The last key that could open it is not replaced by one that was revoked."""
    key = firm.standing()["dan"]
    firm.fact("key.revoked", {"key": key, "cause": "lost"}, by="bo")
    assert firm.standing()["dan"] == key, "it stands, and opens nothing"
    assert firm.ends("mia", "recovery", by="bo") == "no-secret-lost"
    assert firm.ends("recovery", by="bo") == "", "the control: mia opens it"
    assert firm.ends("dan", by="hal") == "", "nobody loses anything by the end of a wrap to a revoked key"
