"""`govern revoke`: it ends grants and wraps; what somebody knows, they know until a rotation of that very credential is confirmed."""

from __future__ import annotations

from .conftest import PASSWORD, Firm


def credential(firm: Firm, kind: str) -> str:
    return str(firm.read("SELECT id FROM credentials WHERE kind = ?", kind)[0][0])


def still(firm: Firm, person: str) -> set[tuple[str, int]]:
    return {(row["kind"], row["version"]) for row in firm.json("holds", person)["exposures"] if row["live"]}


def test_a_revoked_person_still_knows_until_the_rotation_is_confirmed(shop: Firm) -> None:
    shop.enrol("anna")
    shop.ok("grant", "shop", "anna")
    told = shop.json("revoke", "shop", "anna")
    assert told["revoked"] == ["shop"]
    assert told["still_knows"] == [
        {"account": "shop", "kind": "password", "version": 1}, {"account": "shop", "kind": "totp", "version": 1},
    ]  # fmt: skip
    assert "revoked, still knows" in shop.ok("who", "shop").out
    assert "anna is revoked, still knows 2 secrets" in shop.ok("holds", "anna").out

    shop.rotated(credential(shop, "totp"), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ")
    assert still(shop, "anna") == {("password", 1)}, "a change of the codes does not clear the password"
    shop.rotated(credential(shop, "password"))
    assert still(shop, "anna") == set()
    assert "anna knows nothing that works" in shop.ok("holds", "anna").out
    assert "anna" not in shop.ok("who", "shop").out
    assert "knew" in shop.ok("who", "shop", "--all").out


def test_a_change_of_the_password_does_not_clear_the_codes(shop: Firm) -> None:
    shop.enrol("anna")
    shop.ok("grant", "shop", "anna")
    shop.ok("revoke", "shop", "anna")
    shop.rotated(credential(shop, "password"))
    assert still(shop, "anna") == {("totp", 1)}


def test_a_rotation_while_they_hold_leaves_them_knowing_the_new_one(shop: Firm) -> None:
    """The control: what clears a revoked person does not clear a holder."""
    shop.enrol("anna")
    shop.ok("grant", "shop", "anna")
    shop.rotated(credential(shop, "password"))
    assert still(shop, "anna") == {("password", 2), ("totp", 1)}


def test_revoking_says_what_to_type_next(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    shop.ok("handover", "shop", "anna", "--kind", "password", "--stdout")
    told = shop.ok("revoke", "shop", "anna")
    assert "anna is revoked, still knows 1 secret" in told.out
    assert "next: govern rotate shop --kind password --because membership" in told.err
    assert "--kind totp" not in told.err, "they were never given the seed"


def test_somebody_who_was_given_nothing_knows_nothing(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    told = shop.ok("revoke", "shop", "anna")
    assert "knows nothing of it that works" in told.out
    assert "govern rotate" not in told.err


def test_the_wraps_are_gone_from_the_database(shop: Firm) -> None:
    machine = shop.enrol("anna")
    shop.ok("grant", "shop", "anna")
    assert machine.run("reveal", "shop", "--stdout").out == PASSWORD
    shop.ok("revoke", "shop", "anna", "--reason", "moved on")
    told = machine.run("reveal", "shop", "--stdout")
    assert (told.code, shop.shows(told)) == (4, False)
    workspace = shop.workspace()
    key = bytes.fromhex(shop.read("SELECT id FROM keys WHERE person = ?", shop.id_of("anna"))[0][0])
    workspace.view()
    with workspace.store.reading() as reading:
        assert [target for target, recipient, _ in reading.all_wraps() if recipient == key and len(target) == 32] == []
    workspace.close()
    assert (
        shop.read(
            "SELECT reason, cause FROM grants JOIN entries ON idx = entry WHERE ended_at IS NOT NULL AND person = ?", shop.id_of("anna")
        )[0][1]
        == "revoked"
    )


def test_few_or_no_holders_left_is_said_and_blocks_nothing(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    few = shop.ok("revoke", "shop", "anna")
    assert "only 1 person holds shop now, 2 are asked for (AC-6)" in few.err
    last = shop.ok("revoke", "shop", "mia")
    assert "nobody holds shop now" in last.err
    assert "mia stays responsible for shop" in last.err
    assert shop.ok("reveal", "shop", "--stdout").out == PASSWORD, "who answers for it can still open it"


def test_where_only_recovery_is_left_to_open_it_that_is_said(shop: Firm) -> None:
    """cleo, without keys, answers for `far`; anna holds it and is the only one whose keys open it."""
    machine = shop.enrol("anna")
    shop.person("cleo")
    account = shop.account("far", custodian="cleo")
    shop.ok("grant", "far", "anna")
    shop.secret(account)
    assert shop.ok("revoke", "far", "anna", "--dry-run").err.count("only the recovery sheets open far") == 1
    told = shop.ok("revoke", "far", "anna")
    assert "only the recovery sheets open far now" in told.err
    assert machine.run("reveal", "far", "--stdout").code == 4
    assert shop.read(
        "SELECT count(*) FROM wraps WHERE ended IS NULL AND credential IN (SELECT id FROM credentials WHERE account = ?)", account
    ) == [(1,)], "recovery keeps its wrap"


def test_a_dry_run_ends_nothing(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    told = shop.json("revoke", "shop", "anna", "--dry-run")
    assert (told["revoked"], told["dry_run"]) == (["shop"], True)
    assert [grant["account"] for grant in shop.json("holds", "anna")["grants"]] == ["shop"]


def test_a_selector_ends_what_is_held_of_it(shop: Firm) -> None:
    for name in ("one", "two", "three"):
        shop.account(name, platform="x")
    shop.ok("grant", "one", "anna")
    shop.ok("grant", "three", "anna")
    assert shop.json("revoke", "platform:x", "anna")["revoked"] == ["one", "three"]


def test_somebody_who_holds_nothing_of_it_is_no_such_thing(shop: Firm) -> None:
    told = shop.run("revoke", "shop", "anna")
    assert told.code == 3
    assert "govern holds anna" in told.err
