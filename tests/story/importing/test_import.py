"""`govern import`: what comes in, as what, and what a second look at the same file does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import SEED, SHORT_SEED, Inside, row

FOUR = ("created", "merged", "conflicts", "unchanged")
INSTAGRAM = "https://www.instagram.com/"


def counts(told: dict[str, Any]) -> tuple[int, ...]:
    return tuple(len(told[name]) for name in FOUR)


def test_an_import_says_what_became_of_every_login(vault: Any, bitwarden: Callable[..., str]) -> None:
    path = bitwarden(
        row("Acme", "acme", "first-password", uri=INSTAGRAM), row("A note", type_="note"), row("Shop", "shop", "another-password")
    )
    told = vault.json("import", path)
    assert told["schema"] == "govern.import/1"
    assert told["created"] == ["instagram.acme", "shop"]
    assert told["skipped"] == [{"row": "row 3", "reason": told["skipped"][0]["reason"]}]
    assert counts(told) == (2, 0, 0, 0)
    assert vault.ok("reveal", "instagram.acme", "--stdout").out == "first-password"


def test_a_note_is_not_taken_and_its_record_is_named(vault: Any, bitwarden: Callable[..., str]) -> None:
    """What it says is told nowhere. Control: the record beside it, without a note, is not named."""
    path = bitwarden(row("Acme", "acme", "first-password", notes="pin of the phone: 9137"), row("Shop", "shop", "another-password"))
    told = vault.ok("import", path, "--json").out
    assert "has a note that was not taken: row 2; read it before the file goes" in told
    assert "9137" not in told + vault.ok("account", "show", "acme").out


def test_platform_login_address_and_title_are_kept(vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
    vault.ok("import", bitwarden(row("Acme", "acme", "p4ssw0rd-one", uri=INSTAGRAM)))
    assert inside.register("SELECT platform, login, url, title, tier FROM accounts") == [
        ("instagram", "acme", INSTAGRAM, "Acme", "standard")
    ]


def test_the_importer_is_responsible_and_holds_and_others_unknown_know_it_too(vault: Any, bitwarden: Callable[..., str]) -> None:
    vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM, totp=SEED)))
    told = vault.json("who", "instagram.acme")
    assert [holder["person"] for holder in told["holders"]] == ["mia"]
    known = {(each["person"], each["kind"], each["basis"]) for each in told["exposed"]}
    for kind in ("password", "totp"):
        assert {("mia", kind, "imported"), ("others-unknown", kind, "unknown")} <= known


def test_a_whole_file_is_one_transaction(vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
    _, before, _, _ = inside.size()
    vault.ok("import", bitwarden(*(row(f"Shop {n}", f"login{n}", f"password-{n}") for n in range(30))))
    _, after, versions, _ = inside.size()
    assert (after - before, versions) == (1, 30)
    assert inside.types()[-1] == "import.recorded"
    assert inside.types().count("import.recorded") == 1


def test_the_same_file_again_changes_nothing(vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
    path = bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM, totp=SEED), row("Nothing", "login", ""))
    vault.ok("import", path)
    before, journal = inside.size(), (vault.home / "journal").stat().st_size
    told = vault.json("import", path)
    assert counts(told) == (0, 0, 0, 2)
    assert (inside.size(), (vault.home / "journal").stat().st_size) == (before, journal)


def test_the_register_of_an_import_is_rebuilt_equal(
    vault: Any, bitwarden: Callable[..., str], sheet: Callable[..., str], inside: Inside
) -> None:
    vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM, totp=SEED)))
    vault.ok("import", sheet("account,login,password,responsible,known to", "Shop,shop,other-password,Ben Carter,Zoe Ray; Ana Silva"))
    before = inside.dump()
    (vault.home / "register.db").unlink()
    vault.ok("person", "list")
    assert inside.dump() == before


def test_two_logins_of_one_title_get_two_handles(vault: Any, bitwarden: Callable[..., str]) -> None:
    told = vault.json("import", bitwarden(row("Shop", "anna", "first-password"), row("Shop", "ben", "other-password")))
    assert told["created"] == ["shop", "shop-2"]
    assert vault.ok("reveal", "shop-2", "--stdout").out == "other-password"


def test_a_handle_that_is_taken_gets_a_number(vault: Any, bitwarden: Callable[..., str]) -> None:
    vault.ok("import", bitwarden(row("Shop", "anna", "first-password")))
    told = vault.json("import", bitwarden(row("Shop", "carl", "third-password")))
    assert told["created"] == ["shop-2"]


def test_a_login_without_a_password_is_an_account_without_one_and_is_named(
    vault: Any, bitwarden: Callable[..., str], inside: Inside
) -> None:
    told = vault.json("import", bitwarden(row("Shop", "anna", "")))
    assert (told["created"], told["without_password"]) == (["shop"], ["shop"])
    assert inside.register("SELECT count(*) FROM credentials") == [(0,)]
    assert "shop" in vault.run("import", bitwarden(row("Other shop", "anna", ""), name="b.csv")).err


class TestSecondSight:
    """An account that is here already."""

    def test_a_seed_that_is_missing_here_is_added(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)))
        told = vault.json("import", bitwarden(row("Brand", "ACME", "first-password", uri=INSTAGRAM, totp=SEED), name="b.csv"))
        assert (told["merged"], counts(told)) == (["instagram.acme"], (0, 1, 0, 0))
        assert len(vault.ok("code", "instagram.acme").out.strip()) >= 6

    def test_a_differing_password_is_listed_and_left_as_it_was(self, vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)))
        before = inside.size()
        told = vault.json("import", bitwarden(row("Acme", "acme", "second-password", uri=INSTAGRAM, totp=SEED), name="b.csv"))
        assert (told["conflicts"], counts(told)) == (["instagram.acme"], (0, 0, 1, 0))
        assert inside.size() == before
        assert vault.ok("reveal", "instagram.acme", "--stdout").out == "first-password"

    def test_within_one_file_a_second_login_merges_differs_or_is_the_same(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        first = row("Acme", "acme", "first-password", uri=INSTAGRAM)
        told = vault.json(
            "import",
            bitwarden(first, row("Again", "acme", "", uri=INSTAGRAM, totp=SEED), row("B", "acme", "second-password", uri=INSTAGRAM), first),
        )
        assert {name: told[name] for name in FOUR} == {name: ["instagram.acme"] for name in FOUR}
        assert vault.ok("reveal", "instagram.acme", "--stdout").out == "first-password"

    def test_a_retired_account_is_left_alone(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        path = bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM))
        vault.ok("import", path)
        vault.ok("account", "retire", "instagram.acme")
        told = vault.json("import", path)
        assert told["unchanged"] == ["instagram.acme"]
        assert any("retired" in warning for warning in told["warnings"])


class TestSeeds:
    def test_a_seed_of_80_bits_comes_in_and_is_named_weak(self, vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
        told = vault.json(
            "import", bitwarden(row("Acme", "acme", "p4ssw0rd-one", totp=SHORT_SEED), row("B", "b", "p4ssw0rd-two", totp=SEED))
        )
        assert told["weak"] == ["acme"]
        assert inside.register("SELECT weak FROM versions JOIN credentials ON id = credential WHERE kind = 'totp' ORDER BY 1") == [
            (0,),
            (1,),
        ]
        assert vault.ok("code", "acme").out

    def test_a_seed_that_gives_no_code_is_kept_and_its_row_is_named(
        self, vault: Any, bitwarden: Callable[..., str], tmp_path: Path
    ) -> None:
        odd = "abcdefghijklmn"
        told = vault.json("import", bitwarden(row("Acme", "acme", "first-password", totp=odd)))
        assert any("row 2" in warning for warning in told["warnings"])
        assert odd not in str(told)
        assert vault.ok("reveal", "acme", "--kind", "totp", "--stdout").out == odd
        refused = vault.run("code", "acme")
        assert (refused.code, refused.out) == (1, "")
        vault.ok("export", "--out", str(tmp_path / "back.json"), "--reason", "leaving")
        assert odd in (tmp_path / "back.json").read_text()

    def test_other_settings_of_a_seed_are_another_seed(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Acme", "acme", "first-password", totp=SEED)))
        uri = f"otpauth://totp/Acme:acme?secret={SEED}&issuer=Acme"
        assert vault.json("import", bitwarden(row("Acme", "acme", "first-password", totp=uri)))["unchanged"] == ["acme"]
        assert vault.json("import", bitwarden(row("Acme", "acme", "first-password", totp=f"{uri}&digits=8")))["conflicts"] == ["acme"]


def test_the_claimed_day_of_a_change_is_kept_and_one_to_come_is_not(vault: Any, tmp_path: Path, inside: Inside) -> None:
    head = '"url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"\n'
    lines = [
        f'"https://{name}.example","acme","password-{name}",,"","{{1}}","1","1","{when}"'
        for name, when in (("a", 1700000000000), ("b", 32503680000000))
    ]
    (tmp_path / "logins.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    vault.ok("import", str(tmp_path / "logins.csv"))
    assert inside.register("SELECT changed_at FROM versions ORDER BY entry") == [("2023-11-14T22:13:20Z",), (None,)]


def test_names_from_a_file_are_printed_harmless(vault: Any, sheet: Callable[..., str]) -> None:
    path = sheet("account,login,password,known to", "Shop\u202eevil,shop,password-one,Ana\u202egro Silva; Ana\u202egra Silva")
    told = vault.run("import", path)
    assert told.code == 0
    assert "\u202e" not in told.out + told.err
    assert "\\u{202e}" in told.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("import", "no-such-file.csv"), 3),
        (("import", "{path}", "--format", "nonsense"), 2),
        (("import", "{path}", "--known-to", "nobody"), 3),
        (("import", "{path}", "--folder", "Nowhere"), 3),
        (("import", "{path}", "--map", "{path}"), 1),
    ],
)
def test_a_wrong_call_is_refused_and_writes_nothing(
    vault: Any, bitwarden: Callable[..., str], inside: Inside, words: tuple[str, ...], code: int
) -> None:
    path, before = bitwarden(row("Shop", "shop", "password-one")), inside.size()
    told = vault.run(*(word.format(path=path) for word in words))
    assert (told.code, inside.size()) == (code, before)
    assert vault.run("import", path).code == 0, "the control: without the mistake it comes in"


def test_only_the_named_parts_of_a_file_come_in(vault: Any, bitwarden: Callable[..., str]) -> None:
    rows = [
        row("A", "a", "password-a", folder="Social/Main"), row("B", "b", "password-b", folder="Bank"),
        row("C", "c", "password-c", uri=INSTAGRAM), row("D", "d", "password-d", folder="Social/Old"),
    ]  # fmt: skip
    told = vault.json("import", bitwarden(*rows), "--folder", "social", "--platform", "instagram", "--exclude", "Social/Old")
    assert sorted(told["created"]) == ["a", "instagram.c"]
    assert told["left_out"] == 2


def test_columns_are_mapped_by_a_file(vault: Any, sheet: Callable[..., str], tmp_path: Path) -> None:
    path = sheet("Ding;Wer;Geheimnis", "Shop;shop;password-one")
    assert vault.run("import", path).code == 1
    (tmp_path / "map").write_text("# our columns\naccount = Ding\nlogin = Wer\npassword=Geheimnis\n", encoding="utf-8")
    assert vault.json("import", path, "--map", str(tmp_path / "map"))["created"] == ["shop"]
    assert vault.ok("reveal", "shop", "--stdout").out == "password-one"


def test_a_picture_is_no_text_and_an_unknown_table_is_told_by_its_columns(vault: Any, sheet: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "seed.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    told = vault.run("import", str(tmp_path / "seed.png"))
    assert (told.code, "no login can be read from it" in told.err) == (1, True)
    assert "--format" not in told.err
    assert "as CSV" not in told.err
    told = vault.run("import", sheet("Notes;Geheimnis", ";password-one"))
    assert (told.code, "found Notes, 1 column of another or no heading" in told.err) == (1, True)
    assert "--map" in told.err
    assert "as CSV" not in told.err


def test_of_nordpass_the_logins_come_in_and_the_rest_is_skipped_with_its_reason(vault: Any, sheet: Callable[..., str]) -> None:
    path = sheet(
        "name,url,username,password,note,cardholdername,cardnumber,cvc,folder,type", "Social,,,,,,,,,folder", "Idea,,,,secret idea,,,,,note",
        "Visa,,,,,Mia Holm,4111,123,,credit_card", "Empty,,,,,,,,Social,password", "X,https://x.com,acme,password-one,,,,,Social,password",
    )  # fmt: skip
    told = vault.run("import", path)
    assert (told.code, "columns: name, url, username, password" in told.err) == (1, True)
    told = vault.json("import", path, "--format", "spreadsheet")
    assert told["created"] == ["x.acme"]
    assert [each["reason"].partition(":")[0] for each in told["skipped"]] == [
        "a folder, not a login", "a secure note, not a login", "a card, not a login", "an empty entry",
    ]  # fmt: skip


def test_through_the_installed_command(vault: Any, bitwarden: Callable[..., str]) -> None:
    told = vault.spawn("import", bitwarden(row("Acme", "acme", "first-password", uri=INSTAGRAM)), "--json")
    assert (told.code, told.json()["created"]) == (0, ["instagram.acme"])
    assert "delete it" in told.err
    assert told.err.rstrip().splitlines()[-1].startswith("next: govern")
