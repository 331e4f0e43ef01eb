"""`govern export`: everything goes back, recorded before a byte of it leaves, and everybody knows afterwards who could know it."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from govern.errors import Failed
from govern.importers.read import read

from ...conftest import Story
from .conftest import SEED, SHORT_SEED, Inside, row

INSTAGRAM = "https://www.instagram.com/"


def export(story: Any, path: Path, *more: str) -> Any:
    return story.run("export", "--format", "bitwarden-json", "--out", str(path), "--reason", "moving away", *more)


def known(path: Path) -> set[tuple[str, str, str | None, tuple[str, ...]]]:
    """(platform by address or title, login, password, seeds) of an export."""
    from govern.holdings.importing import place
    from govern.vault import otp

    found = set()
    for login in read(path).logins:
        seeds = tuple(sorted(otp.parse(seed).secret.reveal() for seed in login.totp))
        password = login.password.reveal() if login.password is not None else None
        found.add((place(login.urls, login.title).platform, login.username, password, seeds))
    return found


@pytest.fixture
def shops(vault: Any, bitwarden: Callable[..., str]) -> Any:
    """A vault with three accounts."""
    rows = (
        row("Acme", "acme", "first-password", uri=INSTAGRAM, totp=SEED), row("Shop", "shop", "pässwörd \"with\" 'quotes' 🔑", totp=SHORT_SEED),
        row("Steam", "gamer", "third-password", totp="steam://JBSWY3DPEHPK3PXP"),
    )  # fmt: skip
    vault.ok("import", bitwarden(*rows))
    return vault


def test_everything_comes_back_into_a_fresh_vault(shops: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert export(shops, first).code == 0
    (tmp_path / "other").mkdir()
    fresh = Story(tmp_path / "other").init()
    assert len(fresh.json("import", str(first))["created"]) == 3
    assert export(fresh, second).code == 0
    assert known(first) == known(second)
    assert ("instagram", "acme", "first-password", (SEED,)) in known(second)
    assert len(known(second)) == 3


def test_a_sample_goes_round(vault: Any, shared: Path, tmp_path: Path) -> None:
    sample = shared / "samples" / "pass-import" / "bitwarden.json"
    vault.ok("import", str(sample))
    assert export(vault, tmp_path / "out.json").code == 0
    assert known(tmp_path / "out.json") == {each for each in known(sample) if each[2] is not None}
    assert len(vault.json("import", str(tmp_path / "out.json"))["unchanged"]) == 11


def test_a_platform_that_only_the_vault_knows_goes_along(vault: Any, tmp_path: Path) -> None:
    vault.ok("account", "add", "brand", "--platform", "tiktok", "--login", "acme")
    vault.ok("credential", "add", "brand", "--kind", "password", stdin="first-password")
    assert export(vault, tmp_path / "out.json").code == 0
    assert known(tmp_path / "out.json") == {("tiktok", "acme", "first-password", ())}


def test_what_has_no_field_there_stands_in_the_notes(vault: Any, tmp_path: Path) -> None:
    vault.ok("account", "add", "brand", "--platform", "tiktok", "--login", "acme")
    vault.ok("credential", "add", "brand", "--kind", "api-token", stdin="api-token-value")
    assert export(vault, tmp_path / "out.json").code == 0
    (item,) = json.loads((tmp_path / "out.json").read_text())["items"]
    assert item["notes"] == "api-token: api-token-value"


def test_an_account_without_a_secret_comes_back_too(shops: Any, tmp_path: Path) -> None:
    shops.ok("account", "add", "reddit.butik", "--platform", "reddit", "--login", "butik")
    out = tmp_path / "export.json"
    told = shops.json("export", "--format", "bitwarden-json", "--out", str(out), "--reason", "moving")
    assert "reddit.butik" in told["accounts"]
    (line,) = [item["login"] for item in json.loads(out.read_text())["items"] if item["name"] == "reddit.butik"]
    assert (line["username"], line["password"], line["totp"]) == ("butik", None, None)


def test_every_seed_of_an_account_comes_back(vault: Any, bitwarden: Callable[..., str], tmp_path: Path) -> None:
    """The format has one seed per login; the second goes into a hidden field, and import finds it there."""
    second = f"otpauth://totp/Shop:shop?secret={SHORT_SEED}&issuer=Shop"
    both = row("Shop", "shop", "first-password", totp=SEED)
    both[5] = f"backup: {second}"
    vault.ok("import", bitwarden(both))
    out = tmp_path / "out.json"
    assert export(vault, out).code == 0
    (item,) = json.loads(out.read_text())["items"]
    assert item["notes"] is None
    assert [(field["name"], field["type"]) for field in item["fields"]] == [("TOTP 2", 1)]
    assert vault.json("import", str(out))["unchanged"] == ["shop"]
    (tmp_path / "other").mkdir()
    fresh = Story(tmp_path / "other").init()
    fresh.ok("import", str(out))
    assert [each["kind"] for each in fresh.json("credential", "list", "shop")["credentials"]].count("totp") == 2
    assert export(fresh, tmp_path / "again.json").code == 0
    assert known(tmp_path / "again.json") == known(out)


def test_who_exports_could_know_all_of_it(shops: Any, tmp_path: Path, inside: Inside) -> None:
    told = export(shops, tmp_path / "out.json", "--json").json()
    assert (told["schema"], told["versions"], len(told["accounts"])) == ("govern.export/1", 6, 3)
    assert inside.types()[-1] == "secrets.exported"
    for account in told["accounts"]:
        exposed = shops.json("who", account)["exposed"]
        assert {each["kind"] for each in exposed if (each["person"], each["basis"]) == ("mia", "exported")} == {"password", "totp"}


def test_a_large_export_is_recorded_in_parts(shops: Any, tmp_path: Path, inside: Inside) -> None:
    with mock.patch("govern.procedures.export.PART", 4):
        export(shops, tmp_path / "out.json")
    assert inside.types()[-2:] == ["secrets.exported"] * 2
    assert inside.register("SELECT count(*) FROM exposures WHERE basis = 'exported'") == [(6,)]


def test_nothing_of_it_is_on_the_screen_and_the_file_is_its_owners_alone(shops: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    told = export(shops, path)
    assert "first-password" in path.read_text()
    for secret in ("first-password", "third-password", SEED):
        assert secret not in told.out + told.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "in the clear" in told.err


def test_a_file_that_is_there_is_not_written_over(shops: Any, tmp_path: Path, inside: Inside) -> None:
    path, before = tmp_path / "out.json", inside.size()
    path.write_text("mine")
    assert export(shops, path).code == 4
    assert (path.read_text(), inside.size()) == ("mine", before)
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "elsewhere.json")
    assert export(shops, link).code == 4
    assert not (tmp_path / "elsewhere.json").exists()
    assert export(shops, tmp_path / "new.json").code == 0, "the control"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--out", "{}/out.json"), 2),
        (("--reason", "why"), 2),
        (("--out", "{}/out.json", "--reason", "why", "--format", "csv"), 2),
        (("--out", "{}/no/such/folder/out.json", "--reason", "why"), 1),
    ],
)
def test_a_wrong_call_records_nothing(shops: Any, tmp_path: Path, inside: Inside, words: tuple[str, ...], code: int) -> None:
    before = inside.size()
    assert shops.run("export", *(word.format(tmp_path) for word in words)).code == code
    assert inside.size() == before
    assert not (tmp_path / "out.json").exists()


def test_what_is_kept_elsewhere_is_listed(vault: Any, bitwarden: Callable[..., str], tmp_path: Path) -> None:
    vault.ok("import", bitwarden(row("Here", "here", "first-password")))
    vault.ok("import", bitwarden(row("There", "there", "second-password"), name="b.csv"), "--without-secrets")
    told = export(vault, tmp_path / "out.json", "--json").json()
    assert told["elsewhere"] == [{"account": "there", "kind": "password"}]
    assert "second-password" not in (tmp_path / "out.json").read_text()


def test_where_there_is_nothing_to_open_there_is_no_file(vault: Any, tmp_path: Path) -> None:
    assert export(vault, tmp_path / "out.json").code == 3
    assert not (tmp_path / "out.json").exists()


class TestWriteFirst:
    """What can't be recorded does not leave."""

    def test_a_journal_that_fails_leaves_no_file(self, shops: Any, tmp_path: Path) -> None:
        full = Failed("the journal can't be written", code="disk-full")
        with mock.patch("govern.register.journal.Journal.append", side_effect=full):
            told = export(shops, tmp_path / "out.json")
        assert (told.code, told.out) == (1, "")
        assert not (tmp_path / "out.json").exists()
        assert export(shops, tmp_path / "out.json").code == 0, "the control"

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on the size of files are tried on Linux")
    def test_a_full_disk_leaves_no_file(self, shops: Any, tmp_path: Path) -> None:
        import resource

        path = tmp_path / "out.json"
        assert export(shops, tmp_path / "control.json").code == 0, "the control; and everything is loaded, so that no bytecode is cut off"
        kept = resource.getrlimit(resource.RLIMIT_FSIZE)
        for limit in (0, 100, 4096, (shops.home / "journal").stat().st_size + 50):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
            try:
                told = export(shops, path)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, kept)
            assert (told.code, told.out) == (1, ""), limit
            assert not path.exists()
            assert "first-password" not in told.err
        assert export(shops, path).code == 0
        assert "first-password" in path.read_text()

    def test_a_file_that_can_not_be_filled_is_gone_and_the_export_stays_recorded(self, shops: Any, tmp_path: Path, inside: Inside) -> None:
        real = os.write

        def broken(descriptor: int, data: Any) -> int:
            if b"first-password" in bytes(data):
                raise OSError(28, "No space left on device")
            return real(descriptor, data)

        with mock.patch("govern.cli.export.os.write", side_effect=broken):
            told = export(shops, tmp_path / "out.json")
        assert told.code == 1
        assert not (tmp_path / "out.json").exists()
        assert inside.types()[-1] == "secrets.exported"
