"""Who still knows after a secret has changed: exposure of a version ends at the entry that confirms another one, and never before."""

from __future__ import annotations

import inspect
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from govern.errors import Refused
from govern.procedures import rotate
from govern.procedures import rotation as steps
from govern.register.projection import credentials
from govern.register.queries import rotatable, rotations
from govern.rotation.triggers import Trigger
from govern.vault.secret import Secret


@pytest.fixture
def shop(company: Any) -> str:
    """An account that Anna, who has no keys, is said to know."""
    company.person("anna")
    credential: str = company.shop("mia")
    company.declare(credential, "anna")
    return credential


def test_revoking_ends_nothing_that_is_known(company: Any, shop: str) -> None:
    account = company.ids["shop"]
    company.fact("grant.issued", {"grant": "a" * 32, "account": account, "person": company.ids["anna"]})
    company.fact("grant.ended", {"grants": ["a" * 32], "cause": "revoked"})
    assert company.knows("anna") == {("password", 1)}


def test_the_exposure_lasts_until_the_rotation_is_confirmed(company: Any, shop: str) -> None:
    company.start(shop)
    assert company.knows("anna") == {("password", 1)}
    company.show(shop)
    assert company.knows("anna") == {("password", 1)}
    company.confirm(shop)
    assert company.knows("anna") == set()
    assert company.knows("anna", live=False) == {("password", 1)}


def test_others_unknown_end_with_the_first_rotation(company: Any, shop: str) -> None:
    assert company.knows("others-unknown") == {("password", 1)}
    company.rotate(shop)
    assert company.knows("others-unknown") == set()


def test_other_kinds_are_untouched(company: Any, shop: str) -> None:
    seed = company.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    company.declare(seed, "anna")
    company.rotate(shop)
    assert company.knows("anna") == {("totp", 1)}
    company.start(seed, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    company.do(lambda tx: steps.show_code(tx, rotations.open_of(tx.register, seed)))
    company.confirm(seed)
    assert company.knows("anna") == set()


def test_a_candidate_that_the_platform_refused_is_known_until_the_rotation_is_done(company: Any, shop: str) -> None:
    """A platform may have taken what it said it refused."""
    company.start(shop)
    company.show(shop)
    company.do(lambda tx: steps.reject(tx, rotations.open_of(tx.register, shop)))
    assert {("password", 1), ("password", 2), ("password", 3)} <= company.knows("mia")
    company.show(shop)
    company.confirm(shop)
    assert company.knows("mia") == {("password", 3)}


def test_a_candidate_that_was_given_up_and_is_in_force_after_all(company: Any, shop: str) -> None:
    company.start(shop)
    company.show(shop)
    company.do(lambda tx: steps.reject(tx, rotations.open_of(tx.register, shop)))
    company.confirm(shop, version=2)
    assert company.knows("mia") == {("password", 2)}
    states = dict(company.db().execute("SELECT n, state FROM versions WHERE credential = ?", (shop,)))
    assert states == {1: "previous", 2: "current", 3: "rejected"}


def test_calling_off_ends_the_candidate_and_nothing_else(company: Any, shop: str) -> None:
    company.start(shop)
    company.do(lambda tx: steps.abort(tx, rotations.open_of(tx.register, shop)))
    assert company.knows("mia") == {("password", 1)}
    assert company.knows("anna") == {("password", 1)}


# --- the leaver's own hand ---------------------------------------------------------------------------------------------------------------


def test_a_leavers_own_rotation_does_not_clear_the_leaver(company: Any) -> None:
    """They set the new one, so they know it; control: the same rotation by somebody else clears them."""
    company.enrol("anna")
    credential = company.shop("mia", "anna", custodian="anna")
    company.rotate(credential, by="anna")
    assert company.knows("anna") == {("password", 2)}
    company.fact("account.custody", {"account": company.ids["shop"], "custodian": company.ids["mia"]})
    company.offboard("anna")
    company.rotate(credential)
    assert company.knows("anna") == set()


@pytest.mark.parametrize("given", ["", "typed-by-anna"])
def test_not_even_where_nothing_was_shown_or_sealed_to_them(company: Any, given: str) -> None:
    """Responsible to the end, and on the way out: what their program drew, or they typed, is known to them."""
    company.enrol("anna")
    credential = company.shop("mia", custodian="anna")
    company.fact("person.leaving", {"person": company.ids["anna"]})
    company.start(credential, given, by="anna")
    company.show(credential)
    company.confirm(credential)
    assert company.knows("anna") == {("password", 2)}
    assert company.bases("anna", credential, 2) == {"set"}


def test_whoever_is_leaving_gets_no_wrap_of_a_candidate(company: Any) -> None:
    company.enrol("anna")
    credential = company.shop("mia", "anna")
    company.start(credential)
    assert company.bases("anna", credential, 2) == {"sealed"}  # the control: a holder who stays gets one
    company.do(lambda tx: steps.abort(tx, rotations.open_of(tx.register, credential)))
    company.fact("person.leaving", {"person": company.ids["anna"]})
    company.start(credential)
    assert company.bases("anna", credential, 3) == set()


@pytest.mark.parametrize("kinds", [None, ["totp"]])
def test_neither_does_one_whose_grant_has_run_out_or_is_on_another_kind(company: Any, kinds: list[str] | None) -> None:
    company.enrol("anna")
    company.shop("mia")
    until = {"kinds": kinds} if kinds else {"until": "2026-11-22T00:00:00Z"}
    company.fact("grant.issued", {"grant": "a" * 32, "account": company.ids["shop"], "person": company.ids["anna"], **until})
    company.later(days=2)
    credential = company.db().execute("SELECT id FROM credentials").fetchone()[0]
    company.start(credential)
    assert company.bases("anna", credential, 2) == set()


# --- what comes back -------------------------------------------------------------------------------------------------------------------------


def test_a_reused_secret_is_recorded_and_still_known(company: Any, shop: str) -> None:
    company.rotate(shop, "second-secret")
    assert company.knows("anna") == set()
    started = company.start(shop, "first-secret")
    assert started.candidate.reuses == 1
    done = company.confirm(shop)
    assert company.knows("anna") == {("password", 3)}
    assert company.bases("anna", shop, 3) == {"declared"}
    assert company.knows("others-unknown") == {("password", 3)}
    assert {company.ids["anna"], "others-unknown"} <= set(done.still_knows)


def test_a_new_secret_reuses_nothing(company: Any, shop: str) -> None:
    assert company.start(shop, "second-secret").candidate.reuses == 0


def test_a_value_that_comes_back_through_a_refused_candidate_is_known_all_the_same(company: Any, shop: str) -> None:
    """v1 → v2 (another) → v3 = v1, refused → v4 = v1: whoever knew v1 knows v4."""
    company.rotate(shop, "second-secret")
    company.start(shop, "first-secret")
    company.do(lambda tx: steps.reject(tx, rotations.open_of(tx.register, shop), Secret("first-secret")))
    company.confirm(shop)
    assert company.knows("anna") == {("password", 4)}


def test_what_is_learned_later_of_the_earlier_version_counts_for_the_one_that_brought_it_back(company: Any, shop: str) -> None:
    company.rotate(shop, "second-secret")
    company.rotate(shop, "first-secret")
    company.person("bo")
    company.fact("place.added", {"place": "b" * 32, "kind": "sheet"}, {"name": "Sheet"})
    assert company.knows("bo") == set()
    company.fact("secrets.exported", {"export": "c" * 32, "versions": [[shop, 1]], "part": 1, "of": 1})
    assert "exported" in company.bases("mia", shop, 3)


def test_a_leaver_who_knows_the_reused_secret_opens_the_next_rotation(company: Any, shop: str) -> None:
    company.rotate(shop, "second-secret")
    company.offboard("anna")
    done = company.rotate(shop, "first-secret")
    assert done.again
    again = company.open(shop)
    assert (again.id, again.trigger) == (done.again, "membership")


@pytest.mark.parametrize("reuses", [0, 3, 9])
def test_a_version_brings_back_an_earlier_one_or_none(company: Any, shop: str, reuses: int) -> None:
    started = company.start(shop)
    rotation = {"rotation": started.rotation.id, "version": 2}
    body = {"credential": shop, "version": 3, "state": "candidate", "origin": "set", "rotation": started.rotation.id, "reuses": reuses}
    company.fact("rotation.rejected", rotation)
    with pytest.raises(Refused):
        company.fact("version.staged", body)
    company.fact("version.staged", {**body, "reuses": 1})


# --- kept elsewhere, changed elsewhere -------------------------------------------------------------------------------------------------------------


def test_a_secret_kept_elsewhere_rotates_without_being_sealed(company: Any) -> None:
    """govern leads and records; whoever is in that place could know the new one, whoever has left it could not."""
    company.person("anna")
    company.person("bo")
    company.account("shop", "mia")
    place = "d" * 32
    company.fact("place.added", {"place": place, "kind": "manager"}, {"name": "Team vault"})
    for person in ("anna", "bo"):
        company.fact("place.member", {"place": place, "person": company.ids[person]})
    credential = company.secret("shop", kept_in=place, origin="claimed")
    company.fact("place.member", {"place": place, "person": company.ids["anna"], "until": company.now[:10]})
    assert company.knows("anna") == {("password", 1)}
    company.later(days=1)
    company.start(credential)
    company.confirm(credential)
    assert company.knows("anna") == set()
    assert company.knows("bo") == {("password", 2)}
    assert company.bases("mia", credential, 2) == {"set"}  # whoever changed it there knows it
    assert company.db().execute("SELECT manifest FROM versions WHERE n = 2").fetchone() == (None,)


def test_what_was_changed_outside_is_stored_and_confirmed_as_claimed(company: Any, shop: str) -> None:
    found = rotatable.of_credential(company.db(), shop)
    started = company.do(rotate.already_changed, found, Trigger.MANUAL, Secret("changed-outside"))
    assert (started.rotation.state, started.rotation.grade) == ("done", "claimed")
    assert company.knows("anna") == set()
    assert company.bases("mia", shop, 2) == {"sealed", "set"}


def test_what_was_changed_outside_to_the_candidate_itself_confirms_the_candidate(company: Any, shop: str) -> None:
    company.start(shop)
    candidate = company.show(shop)
    found = rotatable.of_credential(company.db(), shop)
    started = company.do(rotate.already_changed, found, Trigger.MANUAL, Secret(candidate))
    assert (started.rotation.candidate, started.rotation.state) == (2, "done")
    assert company.knows("mia") == {("password", 2)}


def test_a_secret_that_nobody_has_seen_is_not_confirmed(company: Any, shop: str) -> None:
    company.start(shop)
    with pytest.raises(Refused) as refused:
        company.confirm(shop)
    assert refused.value.rule == "never-shown"
    company.show(shop)
    company.confirm(shop)


def test_the_replay_judges_it_too(company: Any, shop: str) -> None:
    """A program that skips the procedure is refused by the ledger's own rule."""
    started = company.start(shop)
    fact = {"rotation": started.rotation.id, "version": 2, "grade": "one-person"}
    with pytest.raises(Refused) as refused:
        company.fact("rotation.confirmed", fact)
    assert refused.value.rule == "never-shown"


def test_attack_no_chain_of_values_brought_back_is_too_long_for_a_replay(company: Any) -> None:
    """Whoever answers for an account can make it as long as they like, each version bringing back the one before. Few frames stand for Python's thousand."""
    company.person("anna")
    company.account("shop", "mia")
    company.fact("place.added", {"place": "ab" * 16, "kind": "chat"}, {"name": "chat"})
    credential = company.secret("shop", kind="api-token", kept_in="ab" * 16)

    def chain(tx: Any) -> None:
        rotation = tx.new_id()
        tx.record("rotation.opened", {"rotation": rotation, "credential": credential, "trigger": "manual"})
        staged = {"credential": credential, "state": "candidate", "origin": "claimed", "rotation": rotation}
        for n in range(2, 182):
            tx.record("version.staged", {**staged, "version": n, "reuses": n - 1})
            tx.record("rotation.rejected", {"rotation": rotation, "version": n})

    company.do(chain)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 120)
    try:
        company.declare(credential, "anna")
        company.do(lambda tx: credentials.came_back_since(SimpleNamespace(db=tx.register, index=tx.size), credential, 1))  # type: ignore[arg-type]
    finally:
        sys.setrecursionlimit(before)
    assert {n for _, n in company.knows("anna")} == set(range(1, 182))
