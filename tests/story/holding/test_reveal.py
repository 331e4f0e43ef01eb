"""`govern reveal`: the fact names the very version and is there before the secret; who does not hold it is shown nothing."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import PASSWORD, SEED, Firm


def test_stdout_is_the_secret_alone_without_a_line_break(shop: Firm) -> None:
    told = shop.story.spawn("reveal", "shop", "--stdout")
    assert (told.code, told.out, told.err) == (0, PASSWORD, "")


def test_the_recorded_version_is_the_one_shown(shop: Firm) -> None:
    credential = shop.read("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
    shop.rotated(credential, "the-second-one")
    assert shop.ok("reveal", "shop", "--stdout").out == "the-second-one"
    assert shop.types()[-1] == "secret.revealed"
    assert shop.read("SELECT n, what, purpose FROM shown") == [(2, "secret", "reveal")]


def test_a_change_that_is_under_way_is_said(shop: Firm) -> None:
    credential = shop.read("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
    assert "under way" not in shop.ok("reveal", "shop", "--stdout").err, "the control"
    shop.rotated(credential, confirm=False)
    told = shop.ok("reveal", "shop", "--stdout")
    assert told.out == PASSWORD
    assert "next: govern rotation show" in told.err


def test_a_secret_of_any_characters_comes_out_as_it_went_in(firm: Firm) -> None:
    odd = "ä€𝄞 \t\"'\\\x01‮ \n trailing \r\n"
    firm.secret(firm.account("shop"), secret=odd)
    assert firm.ok("reveal", "shop", "--stdout").out == odd


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (
            {
                "secret": SEED,
                "otp": {"kind": "totp", "digits": 6, "period": 30, "algorithm": "SHA1", "issuer": "X", "name": "n", "counter": 0},
            },
            SEED,
        ),
        (
            {
                "secret": SEED,
                "otp": {"kind": "totp", "digits": 8, "period": 60, "algorithm": "SHA256", "issuer": "", "name": "n", "counter": 0},
            },
            f"otpauth://totp/n?secret={SEED}&algorithm=SHA256&digits=8&period=60",
        ),
    ],
    ids=["plain", "with-settings"],
)
def test_a_seed_comes_bare_or_with_the_settings_without_which_it_is_useless(firm: Firm, fields: dict[str, Any], shown: str) -> None:
    firm.secret(firm.account("shop"), "totp", fields)
    assert firm.ok("reveal", "shop", "--kind", "totp", "--stdout").out == shown


def test_json_holds_the_secret_only_where_it_was_asked_for(shop: Firm) -> None:
    told = shop.json("reveal", "shop", "--stdout")
    assert (told["account"], told["kind"], told["version"], told["secret"]) == ("shop", "password", 1, PASSWORD)
    refused = shop.run("reveal", "shop", "--json")
    assert refused.code == 2
    assert "--stdout" in refused.json()["error"]["message"]
    assert not shop.shows(refused)


def test_without_a_terminal_the_way_has_to_be_named_and_nothing_is_recorded(shop: Firm) -> None:
    before = shop.types()
    told = shop.run("reveal", "shop")
    assert (told.code, shop.shows(told)) == (2, False)
    assert "--stdout" in told.err
    assert shop.run("reveal", "shop", "--stdout", "--copy").code == 2
    assert shop.types() == before


def test_the_critical_tier_asks_for_a_reason(firm: Firm) -> None:
    firm.secret(firm.account("vip", tier="critical"))
    told = firm.run("reveal", "vip", "--stdout")
    assert (told.code, firm.shows(told)) == (4, False)
    assert "--reason" in told.err
    assert "AC-2" in told.err
    assert firm.ok("reveal", "vip", "--stdout", "--reason", "campaign").out == PASSWORD
    assert firm.read("SELECT reason FROM shown") == [("campaign",)]


def test_a_holder_without_a_wrap_is_locked_out(shop: Firm) -> None:
    """anna has a grant from before she had keys: allowed, but nothing is sealed to her."""
    shop.ok("grant", "shop", "anna")
    machine = shop.enrol("anna")
    told = machine.run("reveal", "shop", "--stdout")
    assert (told.code, shop.shows(told)) == (5, False)
    assert "secret.revealed" not in shop.types()


def test_a_wrap_without_a_grant_opens_nothing_here(shop: Firm) -> None:
    machine = shop.enrol("anna")
    shop.ok("grant", "shop", "anna")
    grant = shop.read("SELECT id FROM grants WHERE person = ?", shop.id_of("anna"))[0][0]
    assert machine.run("reveal", "shop", "--stdout").code == 0, "the control"
    shop.write(lambda tx: tx.record("grant.ended", {"grants": [grant], "cause": "revoked"}))
    told = machine.run("reveal", "shop", "--stdout")
    assert (told.code, shop.shows(told)) == (4, False)
    assert "govern grant shop anna" in told.err


def test_a_grant_that_has_run_out_shows_nothing(shop: Firm) -> None:
    machine = shop.enrol("anna")
    account = shop.read("SELECT id FROM accounts")[0][0]
    anna = shop.id_of("anna")
    shop.write(
        lambda tx: tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": anna, "until": "2020-01-01T00:00:00Z"})
    )
    told = machine.run("reveal", "shop", "--stdout")
    assert told.code == 4
    assert "ended on 2020-01-01" in told.err
    shop.ok("grant", "shop", "anna")
    assert machine.run("reveal", "shop", "--stdout").out == PASSWORD
    assert shop.read("SELECT cause FROM grants WHERE ended_at IS NOT NULL") == [("expired",)]


def test_what_is_not_here_is_said_with_where_it_is(firm: Firm) -> None:
    account = firm.account("shop")

    def elsewhere(tx: Any) -> None:
        place, credential = tx.new_id(), tx.new_id()
        tx.record("place.added", {"place": place, "kind": "manager"}, {"name": "Team vault\x1b[1m"})
        tx.record("credential.added", {"credential": credential, "account": account, "kind": "password", "kept_in": place})
        tx.record("version.staged", {"credential": credential, "version": 1, "state": "current", "origin": "claimed"})

    firm.write(elsewhere)
    told = firm.run("reveal", "shop", "--stdout")
    assert told.code == 3
    assert "kept in Team vault" in told.err
    assert "\x1b" not in told.err
    assert firm.run("reveal", "shop", "--kind", "totp", "--stdout").code == 3
    assert firm.run("reveal", "shop", "--kind", "pasword", "--stdout").code == 2
    assert firm.run("reveal", "nothing", "--stdout").code == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE version SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB)",
        "UPDATE version SET sealed = substr(sealed, 1, 40) || x'ff' || substr(sealed, 42)",  # text, and no UTF-8 either
        "UPDATE version SET commitment = zeroblob(32)",
        "DELETE FROM version",
        "UPDATE wrap SET sealed = zeroblob(80) WHERE length(target) = 32",
        "DELETE FROM wrap WHERE length(target) = 32",
    ],
)
def test_what_was_altered_in_the_database_is_shown_to_nobody_and_nothing_is_recorded(shop: Firm, change: str) -> None:
    import sqlite3

    assert shop.ok("reveal", "shop", "--stdout").out == PASSWORD, "the control"
    before = shop.types()
    with sqlite3.connect(shop.story.home / "vault.db") as db:
        db.execute(change)
    db.close()
    told = shop.run("reveal", "shop", "--stdout")
    assert (told.code, shop.shows(told)) == (6, False), told.err
    assert shop.types() == before


# --- the clipboard -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clipboard(shop: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop whose `xclip` keeps its clipboard in a file, and writes down how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    content = tmp_path / "clipboard"
    program = folder / "xclip"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"open({str(tmp_path / 'calls')!r}, 'a').write(repr((sys.argv, dict(os.environ))) + '\\n')\n"
        f"if '-o' in sys.argv:\n    sys.stdout.buffer.write(open({str(content)!r}, 'rb').read())\n"
        f"else:\n    open({str(content)!r}, 'wb').write(sys.stdin.buffer.read())\n"
    )
    program.chmod(0o755)
    environment = shop.story.environment
    shop.story.environment = lambda **more: {**environment(**more), "PATH": str(folder), "DISPLAY": ":0"}
    return content


def forgotten(content: Path, kept: bytes) -> bool:
    """Whether the clipboard changes within a while from what it was."""
    for _ in range(200):
        if content.read_bytes() != kept:
            return True
        time.sleep(0.05)
    return False


def test_a_copy_goes_through_stdin_and_is_forgotten(shop: Firm, clipboard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govern.cli.clipboard.SECONDS", 0.5)
    told = shop.ok("reveal", "shop", "--copy")
    assert clipboard.read_bytes() in (PASSWORD.encode(), b"")
    assert told.out == ""
    assert not shop.shows(told)
    assert forgotten(clipboard, PASSWORD.encode())
    assert clipboard.read_bytes() == b""
    assert PASSWORD not in (tmp_path / "calls").read_text(), "neither among the arguments nor in the environment"


def test_what_somebody_copied_since_is_left_alone(tmp_path: Path, clipboard: Path, shop: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    from govern.cli.forget import forget

    ticket = b"s" * 16 + hashlib.sha256(b"s" * 16 + b"secret").digest()
    monkeypatch.setenv("PATH", shop.story.environment()["PATH"])
    clipboard.write_bytes(b"a text of somebody's own")
    assert not forget("xclip", ticket)
    assert clipboard.read_bytes() == b"a text of somebody's own"
    clipboard.write_bytes(b"secret")
    assert forget("xclip", ticket), "the control: the untouched secret is cleared"
    assert clipboard.read_bytes() == b""


def test_on_a_terminal_the_clipboard_is_the_default(shop: Firm, clipboard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govern.cli.showing._somebody_sits_there", lambda: True)
    monkeypatch.setattr("govern.cli.clipboard._forget_later", lambda text, program: True)
    told = shop.ok("reveal", "shop")
    assert clipboard.read_bytes() == PASSWORD.encode()
    assert "emptied in 45 seconds" in told.err
    assert not shop.shows(told)
    assert shop.ok("reveal", "shop", "--copy", "--json").json()["copied"] is True


def test_on_a_terminal_without_a_clipboard_it_is_refused_and_nothing_recorded(shop: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = shop.story.environment
    shop.story.environment = lambda **more: {**environment(**more), "PATH": "/nowhere"}
    monkeypatch.setattr("govern.cli.showing._somebody_sits_there", lambda: True)
    before = shop.types()
    told = shop.run("reveal", "shop")
    assert told.code == 2
    assert "--stdout" in told.err
    assert shop.types() == before


def test_a_clipboard_that_fails_says_so_and_shows_nothing(shop: Firm, clipboard: Path) -> None:
    program = clipboard.parent / "bin" / "xclip"
    program.write_text("#!/bin/sh\nexit 1\n")
    told = shop.run("reveal", "shop", "--copy")
    assert (told.code, shop.shows(told)) == (1, False)
    assert "recorded" in told.err
