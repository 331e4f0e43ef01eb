"""`govern grant`: who is allowed to hold, what is sealed to them, and what is said of those without keys."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import PASSWORD, Firm


def test_somebody_without_keys_is_allowed_but_not_yet_handed_over(shop: Firm) -> None:
    told = shop.ok("grant", "shop", "anna")
    assert "allowed, not yet handed over" in told.out
    assert "next: govern handover shop anna --kind password" in told.err
    assert "next: govern handover shop anna --kind totp" in told.err
    assert shop.read("SELECT count(*) FROM exposures WHERE person = ?", shop.id_of("anna")) == [(0,)]


def test_the_json_names_account_end_and_whether_it_is_sealed(shop: Firm) -> None:
    told = shop.json("grant", "shop", "anna", "--days", "3")
    assert told["schema"] == "govern.grant/1"
    (grant,) = told["grants"]
    assert grant["account"] == "shop"
    assert grant["sealed"] is False
    assert grant["until"].endswith("Z")
    assert grant["hand_over"] == ["password", "totp"]


def test_a_keyholder_can_open_every_live_version_from_the_grant_on(shop: Firm) -> None:
    machine = shop.enrol("anna")
    before = machine.run("reveal", "shop", "--stdout")
    assert (before.code, shop.shows(before)) == (4, False), "the control: without the grant it is refused"
    told = shop.json("grant", "shop", "anna")
    assert told["grants"][0]["sealed"] is True
    after = machine.run("reveal", "shop", "--stdout")
    assert (after.code, after.out) == (0, PASSWORD)
    assert shop.run("holds", "anna").out.count("sealed") >= 2


def test_a_grant_of_one_kind_opens_that_kind_alone(shop: Firm) -> None:
    machine = shop.enrol("anna")
    shop.ok("grant", "shop", "anna", "--kind", "totp")
    refused = machine.run("reveal", "shop", "--stdout")
    assert refused.code == 4
    assert "not its password" in refused.err
    assert machine.run("code", "shop").code == 0
    assert {
        row[0] for row in shop.read("SELECT kind FROM exposures JOIN credentials ON id = credential WHERE person = ?", shop.id_of("anna"))
    } == {"totp"}


def test_a_new_version_is_not_sealed_to_somebody_who_holds_another_kind_only(shop: Firm) -> None:
    shop.enrol("anna")
    shop.enrol("ben")
    shop.ok("grant", "shop", "anna", "--kind", "totp")
    shop.ok("grant", "shop", "ben")
    credential = shop.read("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
    shop.rotated(credential)
    knows = {row[0] for row in shop.read("SELECT person FROM exposures WHERE credential = ? AND n = 2", credential)}
    assert shop.id_of("ben") in knows
    assert shop.id_of("anna") not in knows


def test_the_ledger_itself_takes_no_wrap_of_a_kind_that_is_not_held(shop: Firm) -> None:
    from govern.errors import Refused
    from govern.procedures.sealing import add_wraps, stored
    from govern.vault.keys import Recipient

    shop.enrol("anna")
    shop.ok("grant", "shop", "anna", "--kind", "totp")

    def work(tx: Any, kind: str) -> int:
        key, public = tx.register.execute("SELECT id, seal FROM keys WHERE person = ?", (shop_id(tx, "anna"),)).fetchone()
        credential = tx.register.execute("SELECT id FROM credentials WHERE kind = ?", (kind,)).fetchone()[0]
        tx.register.execute("DELETE FROM wraps WHERE key = ?", (key,))
        return add_wraps(tx, [stored(tx.register, credential, 1)], [Recipient(bytes.fromhex(key), public)])

    with pytest.raises(Refused, match="neither holds nor answers"):
        shop.write(lambda tx: work(tx, "password"))
    assert shop.write(lambda tx: work(tx, "totp")) == 1, "the control"


def test_a_grant_to_somebody_with_keys_is_locked_for_one_who_can_not_open_it(shop: Firm) -> None:
    """ben is admin with keys, answers for nothing and holds nothing: he may grant, but has nothing to seal."""
    shop.admin("ben")
    machine = shop.enrol("ben")
    shop.enrol("anna")
    told = machine.run("grant", "shop", "anna")
    assert told.code == 5
    assert "mia" in told.err
    assert "grant.issued" not in shop.types()[-2:]
    shop.person("cleo")
    assert machine.run("grant", "shop", "cleo").code == 0, "the control: to somebody without keys there is nothing to seal"


@pytest.mark.parametrize(
    ("words", "rule", "control", "step"),
    [
        (("grant", "shop", "anna", "--days", "366"), "longest-grant", "AC-2", "--days 365"),
        (("grant", "shop", "gone"), "leaver", "PS-4", "somebody who stays"),
        (("grant", "secondary", "mia"), "self-grant", "AC-5", "another admin"),
        (("grant", "vip", "anna"), "reason", "AC-2", "--reason"),
    ],
)
def test_a_refusal_names_the_rule_its_control_and_the_way_on(
    shop: Firm, words: tuple[str, ...], rule: str, control: str, step: str
) -> None:
    shop.person("gone", left="2026-10-01")
    shop.account("vip", tier="critical")
    second = shop.account("secondary", custodian="anna")
    shop.write(lambda tx: tx.record("grant.issued", {"grant": tx.new_id(), "account": second, "person": shop_id(tx, "ben")}))
    told = shop.run(*words)
    assert told.code == 4
    assert f"[{rule}, {control}]" in told.err
    assert step in told.err
    error = shop.run(*words, "--json").json()["error"]
    assert (error["rule"], error["control"]) == (rule, control)


def shop_id(tx: Any, handle: str) -> str:
    return str(tx.register.execute("SELECT id FROM people WHERE handle = ?", (handle,)).fetchone()[0])


def test_the_most_holders_are_counted(shop: Firm) -> None:
    account = shop.account("vip", tier="critical")
    for name in ("c", "d", "e"):
        shop.person(name)
        shop.write(lambda tx, name=name: tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": shop_id(tx, name)}))
    told = shop.run("grant", "vip", "anna", "--reason", "cover")
    assert told.code == 4
    assert "4 at most" in told.err
    shop.ok("revoke", "vip", "e")
    shop.ok("grant", "vip", "anna", "--reason", "cover")


def test_the_responsible_person_takes_the_first_grant_and_no_second(shop: Firm) -> None:
    shop.account("empty", held=False)
    shop.ok("grant", "empty", "mia")
    assert shop.read("SELECT cause FROM grants WHERE ended_at IS NOT NULL") == []
    shop.account("taken", held=False)
    shop.ok("grant", "taken", "anna")
    assert shop.run("grant", "taken", "mia").code == 4


def test_a_selector_grants_several_accounts_in_one_transaction(shop: Firm) -> None:
    for name in ("one", "two"):
        shop.account(name, platform="x")
    before = shop.read("SELECT max(idx) FROM entries")
    dry = shop.json("grant", "platform:x", "anna", "--dry-run")
    assert [grant["account"] for grant in dry["grants"]] == ["one", "two"]
    assert shop.read("SELECT max(idx) FROM entries") == before, "a dry run records nothing"
    assert [grant["account"] for grant in shop.json("grant", "platform:x", "anna")["grants"]] == ["one", "two"]
    again = shop.json("grant", "platform:x", "anna")
    assert (again["grants"], again["unchanged"]) == ([], ["one", "two"])


def test_one_account_that_stands_in_the_way_stops_all(shop: Firm) -> None:
    shop.account("fine", platform="x")
    shop.account("vip", platform="x", tier="critical")
    told = shop.run("grant", "platform:x", "anna")
    assert told.code == 4
    assert "vip" in told.err
    assert shop.json("holds", "anna")["grants"] == []


def test_like_grants_what_another_person_holds_and_no_more(shop: Firm) -> None:
    shop.account("one")
    shop.account("two")
    shop.ok("grant", "shop", "ben", "--kind", "totp")
    shop.ok("grant", "one", "ben")
    told = shop.json("grant", "anna", "--like", "ben")
    assert {grant["account"]: grant["kinds"] for grant in told["grants"]} == {"one": None, "shop": ["totp"]}
    assert shop.run("grant", "two", "anna", "--like", "ben").code == 3
    assert [grant["account"] for grant in shop.json("holds", "anna")["grants"]] == ["one", "shop"]


def test_an_emergency_grant_lasts_a_day(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna", "--emergency")
    ((since, until, emergency),) = shop.read("SELECT since, until, emergency FROM grants WHERE person = ?", shop.id_of("anna"))
    assert emergency == 1
    assert since < until
    assert shop.run("grant", "shop", "ben", "--emergency", "--days", "3").code == 2


def test_the_reason_is_kept_with_the_grant(shop: Firm) -> None:
    shop.account("vip", tier="critical")
    shop.ok("grant", "vip", "anna", "--reason", "covers for ben")
    assert shop.read("SELECT reason FROM grants WHERE person = ?", shop.id_of("anna")) == [("covers for ben",)]


def test_on_a_terminal_the_reason_is_asked_for_on_the_critical_tier_only(shop: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.cli import prompt, settings

    asked: list[str] = []
    monkeypatch.setattr(settings.Settings, "terminal", property(lambda self: True))
    monkeypatch.setattr(prompt, "ask", lambda question, **_: asked.append(question) or "because")
    shop.ok("grant", "shop", "anna")
    assert asked == []
    shop.account("vip", tier="critical")
    shop.ok("grant", "vip", "anna")
    assert len(asked) == 1
    assert shop.read("SELECT reason FROM grants WHERE person = ? ORDER BY entry", shop.id_of("anna")) == [(None,), ("because",)]


@pytest.mark.parametrize(
    "words", [("grant", "shop"), ("grant", "shop", "nobody"), ("grant", "nothing", "anna"), ("grant", "colour:red", "anna")]
)
def test_what_is_not_there_is_named(shop: Firm, words: tuple[str, ...]) -> None:
    told = shop.run(*words)
    assert told.code in (2, 3)
    assert told.err.startswith("error: ")
    assert "hint: " in told.err


def test_a_replay_comes_to_the_same_register(shop: Firm) -> None:
    from govern.register.connection import dump, remove

    shop.enrol("anna")
    shop.write(lambda tx: tx.record("person.added", {"person": tx.new_id()}, {"handle": "cleo"}), now="2026-01-01T00:00:00Z")
    shop.ok("grant", "shop", "anna")
    shop.ok("grant", "shop", "anna", "--days", "5")
    shop.ok("revoke", "shop", "anna")
    workspace = shop.workspace()
    before = list(dump(workspace.view()))
    workspace.close()
    remove(shop.story.home / "register.db")
    workspace = shop.workspace()
    assert list(dump(workspace.view())) == before
    assert workspace.view().execute("SELECT code FROM findings").fetchall() == [("backdated",)], (
        "noted when it is written and when it is replayed"
    )
    workspace.close()
