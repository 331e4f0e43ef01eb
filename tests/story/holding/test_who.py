"""`govern who` and `govern holds`: holders and those who could know apart, by kind, version, basis and strength; hostile names are harmless."""

from __future__ import annotations

import subprocess
import sys

from .conftest import Firm

HOSTILE = "Eve\x1b[2J\x1b]0;gone\x07‮txt\r\nmia  admin"


def test_holders_and_exposed_are_told_apart(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    told = shop.json("who", "shop")
    assert told["schema"] == "govern.who/1"
    assert [row["person"] for row in told["holders"]] == ["mia", "anna"]
    assert {(row["person"], row["kind"], row["version"], row["basis"], row["strength"], row["live"]) for row in told["exposed"]} == {
        ("mia", kind, 1, basis, strength, True)
        for kind in ("password", "totp")
        for basis, strength in (("sealed", "possible"), ("imported", "seen"))
    }
    text = shop.ok("who", "shop").out
    assert text.index("Holders") < text.index("anna") < text.index("Could know")
    assert "holds, knows" in text


def test_every_basis_counts_once_it_is_recorded(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    shop.ok("handover", "shop", "anna", "--kind", "password", "--stdout")
    bases = {(row["person"], row["basis"]) for row in shop.json("who", "shop")["exposed"] if row["kind"] == "password"}
    assert ("anna", "handed-over") in bases
    assert ("mia", "revealed") in bases


def test_others_unknown_stand_for_themselves_until_the_first_rotation(firm: Firm) -> None:
    credential = firm.secret(firm.account("shop"), others_unknown=True)
    assert "others-unknown" in {row["person"] for row in firm.json("who", "shop")["exposed"]}
    assert "others unknown" in firm.ok("who", "shop").out
    told = firm.json("holds", "others-unknown")
    assert [(row["account"], row["kind"], row["live"]) for row in told["exposures"]] == [("shop", "password", True)]
    assert "others unknown" in firm.ok("who", "shop").out
    firm.rotated(credential)
    assert "others unknown" not in firm.ok("who", "shop").out
    assert [row["live"] for row in firm.json("holds", "others-unknown")["exposures"]] == [False]


def test_somebody_who_never_held_it_but_is_said_to_know_is_shown(shop: Firm) -> None:
    credential = shop.read("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
    ben = shop.id_of("ben")
    shop.write(lambda tx: tx.record("knowledge.declared", {"credential": credential, "person": ben}))
    assert "is said to know" in shop.ok("who", "shop").out
    assert "ben holds nothing and knows 1 secret that works" in shop.ok("holds", "ben").out


def test_a_grant_that_has_run_out_is_shown_as_over(shop: Firm) -> None:
    account = shop.read("SELECT id FROM accounts WHERE handle = 'shop'")[0][0]
    anna = shop.id_of("anna")
    shop.write(
        lambda tx: tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": anna, "until": "2020-01-01T10:00:00Z"})
    )
    assert "2020-01-01 (over)" in shop.ok("who", "shop").out
    assert "2020-01-01 (over)" in shop.ok("holds", "anna").out


def test_nothing_held_and_nothing_known_is_a_result(shop: Firm) -> None:
    told = shop.ok("holds", "ben")
    assert "ben holds nothing" in told.out
    assert "ben knows nothing that works" in told.out
    shop.account("empty", held=False)
    text = shop.ok("who", "empty").out
    assert "nobody holds it: govern grant empty PERSON" in text
    assert "nobody knows anything of it that works" in text


def test_hostile_names_and_logins_can_not_move_the_cursor_or_turn_the_line(shop: Firm) -> None:
    shop.person("eve", HOSTILE)
    shop.write(lambda tx: tx.record("account.edited", {"account": the(tx, "shop")}, {"login": HOSTILE}))
    shop.ok("grant", "shop", "eve", "--reason", HOSTILE)
    shop.ok("handover", "shop", "eve", "--kind", "totp", "--stdout")
    for words in (
        ("who", "shop"),
        ("holds", "eve"),
        ("holds", HOSTILE),
        ("person", "list"),
        ("person", "show", "eve"),
        ("account", "list"),
        ("account", "show", "shop"),
        ("revoke", "shop", "eve"),
    ):
        told = shop.run(*words)
        text = told.out + told.err
        assert told.code == 0, text
        assert not any(bad in text for bad in ("\x1b", "\x07", "‮", "\r")), words
        assert not any(line.startswith("mia  admin") for line in text.splitlines()), words
    told = shop.run("who", HOSTILE)
    assert told.code == 3
    assert "\x1b" not in told.err
    assert "‮" not in told.err


def the(tx: object, handle: str) -> str:
    return str(tx.register.execute("SELECT id FROM accounts WHERE handle = ?", (handle,)).fetchone()[0])  # type: ignore[attr-defined]


def test_reading_loads_neither_sqlalchemy_nor_cryptography_nor_pydantic(shop: Firm) -> None:
    code = (
        "import sys\nfrom govern.cli.main import run\n"
        "try:\n    run(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {name.split('.')[0] for name in sys.modules} & {'sqlalchemy', 'cryptography', 'pydantic', 'keyring', 'rich'}\n"
        "sys.stderr.write('heavy: ' + ','.join(sorted(heavy)))\n"
    )
    for words in (("who", "shop"), ("holds", "mia"), ("policy", "show"), ("who", "shop", "--json")):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, env=shop.story.environment(), timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.endswith("heavy: "), done.stderr


def test_an_account_that_is_not_there_is_named_with_near_ones(shop: Firm) -> None:
    told = shop.run("who", "shopp", "--json")
    assert told.code == 3
    assert told.json()["error"]["code"] == "not-found"
    assert "shop" in told.json()["error"]["hint"]
