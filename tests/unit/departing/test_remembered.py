"""A secret that comes back is noticed, also over versions that were generated among many and carry no fingerprints of what came before."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from govern.errors import Usage
from govern.procedures import remembered, rotate, sealing
from govern.procedures import rotation as steps
from govern.register.queries import rotatable
from govern.rotation.triggers import Trigger
from govern.vault.keys import Keys


@pytest.fixture
def shop(company: Any) -> str:
    """A password that mia and ben hold; its first value came with an import."""
    company.enrol("ben")
    company.account("other", "mia", "ben")
    company.secret("other", secret="of no matter")
    credential: str = company.shop("mia", "ben")
    return credential


def stage(company: Any, credential: str, *, by: str = "mia") -> None:
    """A candidate of it among others, as a departure stages them."""
    found = rotatable.of_active(company.db(by))
    assert len(found) > 1
    company.do(rotate.start, found, Trigger.MEMBERSHIP, by=by)


def generated(company: Any, credential: str, *, confirmed_by: str = "mia") -> str:
    """Its next value, generated among many, shown and confirmed."""
    stage(company, credential)
    value: str = company.show(credential)
    company.confirm(credential, by=confirmed_by)
    return value


def newcomer(company: Any) -> None:
    """Somebody who answers for it from now on, and was never sealed any version but the one in use."""
    company.enrol("zoe")
    company.fact("account.custody", {"account": company.ids["shop"], "custodian": company.ids["zoe"]})

    def work(tx: Any) -> None:
        [credential] = rotatable.of_account(tx.register, company.ids["shop"])
        current = sealing.stored(tx.register, credential.credential, credential.current)
        sealing.add_wraps(tx, [current], sealing.recipients(tx.register, company.ids["shop"]))

    company.do(work)


def given(company: Any, credential: str, value: str, *, by: str) -> tuple[int, bool]:
    """Which version it repeats, and whether it was compared with all of them."""
    candidate = company.start(credential, value, by=by).candidate
    return candidate.reuses, candidate.compared


@pytest.mark.parametrize("between", [1, 2, 3])
def test_a_value_of_before_is_noticed_whoever_sets_it(company: Any, shop: str, between: int) -> None:
    """By somebody to whom no version was ever sealed that had the value."""
    for _ in range(between):
        generated(company, shop)
    newcomer(company)
    assert given(company, shop, "first-secret", by="zoe") == (1, True)


def test_and_so_is_one_that_was_generated(company: Any, shop: str) -> None:
    values = [generated(company, shop) for _ in range(3)]
    newcomer(company)
    assert given(company, shop, values[0], by="zoe") == (2, True)


def test_a_new_value_repeats_nothing(company: Any, shop: str) -> None:
    generated(company, shop)
    newcomer(company)
    assert given(company, shop, "never-seen-here", by="zoe") == (0, True)


def test_it_is_the_confirmation_that_carries_them_on(company: Any, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control, and an attack: a confirmation that carries nothing hides the value from whoever comes later, but not that it was not compared."""
    monkeypatch.setattr(remembered, "carried_on", lambda *_: (None, True))
    generated(company, shop)
    newcomer(company)
    assert given(company, shop, "first-secret", by="zoe") == (0, False)


def test_attack_what_is_no_fingerprints_is_told_as_not_compared(company: Any, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "carried_on", lambda *_: (bytes(100), True))
    generated(company, shop)
    newcomer(company)
    assert given(company, shop, "first-secret", by="zoe") == (0, False)


def test_what_is_no_sealed_bytes_is_no_confirmation(company: Any, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "carried_on", lambda *_: (bytes(16_385), True))
    stage(company, shop)
    company.show(shop)
    with pytest.raises(Usage):
        company.confirm(shop)
    monkeypatch.undo()
    company.confirm(shop)


def openers(company: Any, credential: str, n: int) -> int:
    query = "SELECT count(*) FROM wraps w JOIN keys k ON k.id = w.key WHERE w.credential = ? AND w.n = ? AND w.ended IS NULL AND k.state = 'active'"
    return int(company.db().execute(query, (credential, n)).fetchone()[0])


def test_where_whoever_confirms_can_open_nothing_the_holders_keep_what_was_before(company: Any, shop: str) -> None:
    """Until one of them carries it on: then it ends as ever."""
    company.enrol("hana", "admin")
    company.account("another", "mia")
    company.secret("another", secret="of no matter either")
    generated(company, shop, confirmed_by="hana")
    assert openers(company, shop, 1) == 2, "mia and ben"
    company.fact("account.custody", {"account": company.ids["shop"], "custodian": company.ids["ben"]})
    generated(company, shop, confirmed_by="ben")
    assert (openers(company, shop, 1), openers(company, shop, 2)) == (0, 1), "the control: ben answers for it"
    newcomer(company)
    assert given(company, shop, "first-secret", by="zoe") == (1, True)


def test_a_candidate_that_the_platform_refused_is_remembered_too(company: Any, shop: str) -> None:
    stage(company, shop)
    refused = company.show(shop)
    company.do(lambda tx: steps.reject(tx, company.open(shop)))
    company.show(shop)
    company.confirm(shop)
    newcomer(company)
    assert given(company, shop, refused, by="zoe") == (2, True)


def test_one_that_was_refused_and_is_in_force_after_all_carries_them(company: Any, shop: str) -> None:
    stage(company, shop)
    company.show(shop)
    company.do(lambda tx: steps.reject(tx, company.open(shop)))
    company.show(shop)
    company.confirm(shop, version=2)
    newcomer(company)
    assert given(company, shop, "first-secret", by="zoe") == (1, True)


def test_what_is_gone_from_the_store_keeps_nothing_from_being_confirmed_and_carried_on(company: Any, shop: str) -> None:
    value = generated(company, shop)
    company.members["mia"].close()
    with sqlite3.connect(company.folder / "vault.db") as store:
        manifest = company.db().execute("SELECT manifest FROM versions WHERE credential = ? AND n = 2", (shop,)).fetchone()[0]
        store.execute("DELETE FROM version WHERE digest = ?", (bytes.fromhex(manifest),))
    store.close()
    latest = generated(company, shop)
    assert value != latest
    newcomer(company)
    assert given(company, shop, latest, by="zoe") == (3, False)


def test_many_are_staged_without_opening_one(company: Any, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a version was opened")

    monkeypatch.setattr(Keys, "unseal", refuse)
    stage(company, shop)
    assert company.open(shop).candidate == 2
    with pytest.raises(AssertionError, match="opened"):
        company.start(shop, "first-secret")  # the control
