"""Rotations as procedures: sealed first, gone on with, refused, stored; and who can open what afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Locked, NotFound, Refused
from govern.procedures import choosing, rotate
from govern.procedures import rotation as steps
from govern.procedures.candidates import limits
from govern.procedures.choosing import Wanted
from govern.register.queries import rotations
from govern.rotation.triggers import Trigger
from govern.vault.generate import SYMBOLS, Class
from govern.vault.secret import Secret

NEW_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def shop(company: Any) -> str:
    credential: str = company.shop("mia")
    return credential


def openers(company: Any, credential: str, n: int) -> set[str]:
    """Handles of those whose keys have a wrap of the version, and `recovery`."""
    names = {id_: handle for handle, id_ in company.ids.items()}
    rows = company.db().execute(
        "SELECT k.person, k.state FROM wraps w JOIN keys k ON k.id = w.key WHERE w.credential = ? AND w.n = ? AND w.ended IS NULL",
        (credential, n),
    )
    return {"recovery" if state == "recovery" else names[person] for person, state in rows}


# --- going on ---------------------------------------------------------------------------------------------------------------------------


def test_a_credential_never_has_two_rotations_under_way(company: Any, shop: str) -> None:
    first = company.start(shop)
    again = company.start(shop, trigger=Trigger.COMPROMISE)
    assert (again.rotation.id, again.resumed, again.candidate) == (first.rotation.id, True, None)
    assert again.rotation.trigger == "manual"
    with pytest.raises(Refused) as refused:
        company.fact("rotation.opened", {"rotation": "e" * 32, "credential": shop, "trigger": "manual"})
    assert refused.value.rule == "one-open-rotation"


def test_a_finished_rotation_stays_as_it_is(company: Any, shop: str) -> None:
    done = company.rotate(shop)
    size = len(company.db().execute("SELECT 1 FROM entries").fetchall())
    again = company.do(lambda tx: steps.confirm(tx, rotations.by_id(tx.register, done.rotation.id)))
    assert again.done_before
    assert len(company.db().execute("SELECT 1 FROM entries").fetchall()) == size


def test_a_secret_given_in_place_of_one_that_nobody_has_seen(company: Any, shop: str) -> None:
    company.start(shop)
    started = company.start(shop, "chosen-by-hand")
    assert (started.rotation.candidate, started.candidate.origin) == (3, "set")
    assert company.show(shop) == "chosen-by-hand"


def test_a_candidate_that_was_shown_is_not_replaced_unseen(company: Any, shop: str) -> None:
    company.start(shop)
    company.show(shop)
    with pytest.raises(Refused) as refused:
        company.start(shop, "chosen-by-hand")
    assert refused.value.rule == "rotation-shown"
    assert company.open(shop).candidate == 2


def test_the_platforms_refusal_seals_the_next_one_in_the_same_rotation(company: Any, shop: str) -> None:
    company.start(shop)
    first = company.show(shop)
    before = company.open(shop)
    company.do(lambda tx: steps.reject(tx, rotations.open_of(tx.register, shop)))
    after = company.open(shop)
    assert (after.id, after.candidate, after.shown, after.state) == (before.id, 3, False, "staged")
    assert company.show(shop) != first


def test_a_candidate_that_was_sealed_to_somebody_who_leaves_is_replaced_while_unseen(company: Any) -> None:
    company.enrol("anna")
    shop = company.shop("mia", "anna")
    company.start(shop)
    company.offboard("anna")
    started = company.start(shop)
    assert started.rotation.candidate == 3
    assert company.bases("anna", shop, 3) == set()


def test_and_told_of_once_it_was_shown(company: Any) -> None:
    company.enrol("anna")
    shop = company.shop("mia", "anna")
    company.start(shop)
    company.show(shop)
    company.offboard("anna")
    started = company.start(shop)
    assert (started.rotation.candidate, started.tainted) == (2, (company.ids["anna"],))


def test_whether_it_changed_there_may_stay_unknown(company: Any, shop: str) -> None:
    company.start(shop)
    company.show(shop)
    company.do(lambda tx: steps.unsure(tx, rotations.open_of(tx.register, shop)))
    assert company.open(shop).state == "unknown"
    assert openers(company, shop, 1) == openers(company, shop, 2) == {"mia", "recovery"}
    company.confirm(shop)


def test_nothing_works_and_then_the_platform_lets_us_in_again(company: Any, shop: str) -> None:
    company.start(shop)
    company.show(shop)
    company.do(lambda tx: steps.lose(tx, rotations.open_of(tx.register, shop)))
    started = company.start(shop)
    assert (started.resumed, started.rotation.state, started.rotation.candidate) == (True, "staged", 3)


def test_a_rotation_that_somebody_gone_calls_for_is_not_called_off(company: Any) -> None:
    company.person("anna")
    shop = company.shop("mia")
    company.declare(shop, "anna")
    company.offboard("anna")
    with pytest.raises(Refused) as refused:
        company.do(lambda tx: steps.abort(tx, rotations.open_of(tx.register, shop)))
    assert refused.value.rule == "membership"


# --- who can open what --------------------------------------------------------------------------------------------------------------------


def test_the_version_before_stays_with_the_responsible_person_and_older_ones_with_recovery(company: Any) -> None:
    company.enrol("bo")
    shop = company.shop("mia", "bo")
    for _ in range(2):
        company.rotate(shop)
    assert openers(company, shop, 3) == {"mia", "bo", "recovery"}
    assert openers(company, shop, 2) == {"mia", "recovery"}
    assert openers(company, shop, 1) == {"recovery"}


def test_at_every_step_the_working_secret_is_among_those_that_mia_and_recovery_can_open(company: Any, shop: str) -> None:
    company.start(shop)
    company.show(shop)
    company.do(lambda tx: steps.reject(tx, rotations.open_of(tx.register, shop)))
    for n in (1, 2, 3):
        assert openers(company, shop, n) == {"mia", "recovery"}


def test_every_version_that_the_responsible_person_keeps_can_be_shown_to_them(company: Any, shop: str) -> None:
    """Confirmed by mistake: the secret that really works is still to be had."""
    company.start(shop)
    company.show(shop)
    company.do(lambda tx: steps.reject(tx, rotations.open_of(tx.register, shop)))
    company.show(shop)
    done = company.confirm(shop).rotation

    def shown(which: str) -> str:
        return str(company.do(lambda tx: steps.show(tx, rotations.by_id(tx.register, done.id), which)).secret.reveal())

    assert shown("previous") == "first-secret"
    assert len({shown("current"), shown("2"), shown("1")}) == 3
    assert shown("new") == shown("3")
    with pytest.raises(NotFound):
        shown("9")


def test_where_only_recovery_could_open_it_a_new_one_is_refused(company: Any) -> None:
    company.person("bo")
    company.account("shop", custodian="bo")
    shop = company.secret("shop")
    with pytest.raises(Refused) as refused:
        company.start(shop)
    assert refused.value.rule == "no-recipient"
    assert "govern account custody shop" in refused.value.hint
    assert rotations.open_of(company.db(), shop) is None


def test_whoever_does_not_hold_it_is_shown_nothing(company: Any) -> None:
    company.enrol("bo", "admin")
    shop = company.shop("mia")
    company.start(shop, by="bo")  # an admin may seal a new one for those who hold it
    with pytest.raises((Refused, Locked)):
        company.show(shop, by="bo")
    assert company.bases("bo", shop, 2) == set()
    company.show(shop)


def test_earlier_secrets_that_cannot_be_opened_are_told_as_not_compared(company: Any) -> None:
    company.enrol("bo", "admin")
    shop = company.shop("mia")
    assert company.start(shop, "first-secret", by="bo").candidate.compared is False


# --- kinds ------------------------------------------------------------------------------------------------------------------------------------


def test_a_seed_is_the_platforms_to_issue(company: Any) -> None:
    company.account("shop", "mia")
    seed = company.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    started = company.start(seed)
    assert (started.rotation.state, started.candidate) == ("planned", None)
    started = company.start(seed, NEW_SEED)
    assert (started.rotation.state, started.candidate.origin) == ("staged", "platform")
    assert company.bases("mia", seed, 2) == {"sealed", "set"}


def test_a_seed_is_confirmed_once_a_code_of_the_stored_one_was_shown(company: Any) -> None:
    company.account("shop", "mia")
    seed = company.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    company.start(seed, NEW_SEED)
    with pytest.raises(Refused) as refused:
        company.confirm(seed)
    assert refused.value.rule == "never-tried"
    otp = company.do(lambda tx: steps.show_code(tx, rotations.open_of(tx.register, seed)))
    assert otp.secret == Secret(NEW_SEED)
    company.confirm(seed)
    assert company.db().execute("SELECT what FROM shown WHERE n = 2").fetchall() == [("code",)]


def test_a_seed_given_again_is_noticed(company: Any) -> None:
    company.account("shop", "mia")
    seed = company.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert company.start(seed, "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp").candidate.reuses == 1


@pytest.mark.parametrize("kind", ["passkey", "recovery-email"])
def test_what_is_no_secret_is_recorded_as_a_fact(company: Any, kind: str) -> None:
    company.account("shop", "mia")
    credential = company.secret("shop", kind)
    started = company.start(credential)
    assert started.candidate.origin == "claimed"
    company.confirm(credential)


def test_a_generated_password_keeps_to_the_platforms_rules() -> None:
    rules = limits("tiktok")
    assert (rules.min, rules.max) == (8, 20)
    assert Class.SYMBOL in rules.required
    unknown = limits("no such platform")
    assert (unknown.min, unknown.max, unknown.allowed_symbols) == (8, 64, SYMBOLS)


def test_what_is_generated_has_the_length_that_the_platform_takes(company: Any) -> None:
    company.account("clips", "mia", platform="tiktok")
    credential = company.secret("clips")
    company.start(credential)
    assert len(company.show(credential)) == 20


# --- which ones ----------------------------------------------------------------------------------------------------------------------------------


def chosen(company: Any, **wanted: Any) -> list[tuple[str, str]]:
    found = choosing.chosen(company.db(), Wanted(**wanted), reader=company.ids["mia"], now=company.now)
    return [(one.handle, one.kind) for one in found]


def test_a_selector_names_passwords_unless_a_kind_is_named(company: Any) -> None:
    for handle, platform in (("shop", "instagram"), ("blog", "wordpress"), ("clips", "instagram")):
        company.account(handle, "mia", platform=platform)
        company.secret(handle)
    company.secret("shop", "totp", NEW_SEED)
    assert chosen(company, selector="platform:instagram") == [("clips", "password"), ("shop", "password")]
    assert chosen(company, selector="shop", kind="totp") == [("shop", "totp")]
    with pytest.raises(NotFound, match="blog has no totp"):
        chosen(company, selector="blog", kind="totp")


def test_what_came_with_an_import_is_due_within_the_time_of_its_tier_and_not_by_its_age(company: Any) -> None:
    company.account("shop", "mia", tier="standard")
    company.account("blog", "mia", tier="critical")
    for handle in ("shop", "blog"):
        company.secret(handle)
    assert chosen(company, all_due=True) == []
    company.later(days=5)
    assert chosen(company, all_due=True, selector="blog") == [("blog", "password")]
    company.later(days=15)
    assert chosen(company, all_due=True) == [("blog", "password"), ("shop", "password")]


def test_what_is_due_by_the_calendar_or_by_an_open_rotation(company: Any) -> None:
    company.account("shop", "mia", tier="standard")
    company.account("blog", "mia", tier="critical")
    shop = company.secret("shop")
    for credential in (shop, company.secret("blog")):
        company.rotate(credential)
    assert chosen(company, all_due=True) == []
    company.later(days=181)
    assert chosen(company, all_due=True) == [("blog", "password")]
    company.start(shop, trigger=Trigger.COMPROMISE)
    assert chosen(company, all_due=True) == [("blog", "password"), ("shop", "password")]
    assert chosen(company, all_due=True, selector="shop") == [("shop", "password")]


def test_one_that_cannot_be_started_does_not_stop_the_rest(company: Any) -> None:
    company.person("bo")
    company.account("shop", "mia")
    company.account("blog", custodian="bo")
    for handle in ("shop", "blog"):
        company.secret(handle)
    found = choosing.chosen(company.db(), Wanted(selector="platform:instagram"), reader=company.ids["mia"], now=company.now)
    started, skipped = company.do(rotate.start, found, Trigger.BREACH)
    assert [one.rotation.handle for one in started] == ["shop"]
    assert [one.credential.handle for one in skipped] == ["blog"]
    assert started[0].rotation.due == company.now[:8] + "24" + company.now[10:]


def test_an_id_may_be_shortened_as_long_as_it_is_one(company: Any, shop: str) -> None:
    id_ = company.start(shop).rotation.id
    assert rotations.find(company.db(), id_[:6]).id == id_
    for text, kind in ((id_[:5], "usage"), ("zzzzzzzz", "usage"), ("0" * 32 if id_[0] != "0" else "f" * 32, "not-found")):
        with pytest.raises(Exception) as raised:
            rotations.find(company.db(), text)
        assert raised.value.code == kind  # type: ignore[attr-defined]
