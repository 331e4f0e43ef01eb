"""Every sample of a format that is read gives what its README says; of the others it is said what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Malformed
from govern.importers.detect import FORMATS, HEAD, detect
from govern.importers.login import Login, Reading
from govern.importers.read import read

Opening = Callable[..., Reading]
Sample = Any
FIRST = "pass-import/bitwarden.csv"


def seeds(reading: Reading) -> list[str]:
    return [seed.reveal() for login in reading.logins for seed in login.totp]


def word(login: Login) -> str:
    return login.password.reveal() if login.password else ""


def test_every_sample_gives_the_counts_of_its_readme(opening: Opening, sample: Sample) -> None:
    reading = opening(sample)
    assert reading.format == sample.format
    assert len(reading.logins) == sample.logins
    assert len(reading.logins) + len(reading.skipped) == sample.entries
    found = seeds(reading)
    assert sum(not seed.startswith("steam://") for seed in found) == sample.totp
    assert sum(seed.startswith("steam://") for seed in found) == sample.steam
    assert sum(login.password is None for login in reading.logins) == sample.empty
    assert all(skipped.reason and skipped.row for skipped in reading.skipped)


def test_one_and_the_same_data_reads_the_same_in_every_format(opening: Opening, standard: Sample) -> None:
    expected = {(login.username, word(login)) for login in opening(FIRST).logins}
    assert len(expected) == 12
    assert {(login.username, word(login)) for login in opening(standard).logins} == expected


def test_titles_and_addresses_read_the_same_in_every_format_that_has_titles(opening: Opening, titled: Sample) -> None:
    def shown(reading: Reading) -> set[tuple[str, str, tuple[str, ...]]]:
        return {(login.title, login.username, login.urls) for login in reading.logins}

    assert shown(opening(titled)) == shown(opening(FIRST))


@pytest.mark.parametrize("name", ["bitwarden.csv", "bitwarden.json", "lastpass.csv"])
def test_folders_are_written_with_slashes_whatever_the_format(samples: Path, name: str) -> None:
    folders = {login.title: login.folder for login in read(samples / "pass-import" / name).logins}
    assert folders["dpbx@mnyfymt.ws"] == "Emails/WS"
    assert folders["aib"] == "Bank"


@pytest.mark.parametrize("name", ["bitwarden-org.csv", "bitwarden-org.json"])
def test_an_organisations_items_name_their_collections(samples: Path, name: str) -> None:
    logins = read(samples / "pass-import" / name).logins
    assert {login.title: login.collections for login in logins}["dpbx@mnyfymt.ws"] == ("Emails/WS",)
    assert {login.folder for login in logins} == {""}


def test_firefox_tells_when_a_password_was_changed_and_has_no_title(samples: Path) -> None:
    logins = read(samples / "pass-import/firefox.csv").logins
    assert {login.password_changed for login in logins} == {"2020-09-13T12:26:40Z"}
    titles = {login.title: login.urls for login in logins}
    assert titles["aib"] == ()
    assert titles["dpbx@fner.ws"] == ()
    assert titles["mastodon.social"] == ("mastodon.social",)
    assert titles["news.ycombinator.com"] == ("https://news.ycombinator.com",)


def test_a_backslash_in_a_keepass_csv_is_a_plain_character_where_it_is_no_escape(samples: Path) -> None:
    reading = read(samples / "pass-import/keepass.csv")
    assert "9KVHnx:.S_S;cF`=CE@e\\p{v6" in {word(login) for login in reading.logins}
    assert not any("backslash" in warning for warning in reading.warnings)


def test_both_seeds_of_one_item_of_a_1pux_are_kept(samples: Path) -> None:
    reading = read(samples / "keepassxc/1PasswordExport.1pux")
    assert [[seed.reveal() for seed in login.totp] for login in reading.logins] == [["DFDFDEF", "DFDFDEFDEF"], []]
    assert reading.logins[0].urls == ("https://keepassxc.org", "https://twitter.com")
    assert reading.logins[0].collections == ("Personal",)


def test_a_protected_bitwarden_export_reads_like_an_open_one(opening: Opening) -> None:
    reading = opening("keepassxc/bitwarden_encrypted_export.json")
    assert (reading.logins[0].title, reading.logins[0].username) == ("KeePassXC", "keepassxc")
    assert len(reading.logins[0].totp[0].reveal()) == 14


def test_references_between_keepass_entries_are_resolved(opening: Opening) -> None:
    logins = {login.title: login for login in opening("pykeepass/test4.kdbx").logins}
    assert (logins["foobar_entry - Clone"].username, word(logins["foobar_entry - Clone"])) == ("foobar", "foobar")
    affixed = logins["foobar_entry - Clone with prefix and suffix"]
    assert (affixed.username, word(affixed)) == ("domain\\foobar2", "AfoobarBC")
    assert affixed.password_changed is None, "it changes with the entry it refers to"
    assert logins["Тест"].folder == "Работа"


def test_keepassxcs_older_seed_becomes_an_otpauth_uri_with_its_settings(opening: Opening) -> None:
    login = opening("keepassxc/NewDatabase.kdbx").logins[0]
    assert [seed.reveal() for seed in login.totp] == [
        "otpauth://totp/Sample%20Entry:User%20Name?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&period=30&digits=6&algorithm=SHA1"
    ]


def test_a_kdbx_tells_when_the_password_was_changed_where_its_history_shows_it(opening: Opening) -> None:
    logins = opening("keepassxc/NewDatabase.kdbx").logins
    assert [login.password_changed for login in logins] == [None, "2019-06-16T06:55:57Z"]


def test_a_format_that_is_not_read_is_named_with_the_ways_on(samples: Path, unread: str) -> None:
    with pytest.raises(Malformed, match="not a format govern reads yet") as caught:
        read(samples / unread)
    picture = unread.endswith(".png")
    assert ("--format" in caught.value.hint, "--map" in caught.value.hint) == (not picture, not picture)
    assert all(format in caught.value.hint for format in FORMATS)


def test_a_csv_that_is_not_known_comes_in_when_its_columns_are_said(samples: Path, opening: Opening) -> None:
    columns = {"account": "name", "url": "url", "login": "username", "password": "password", "folder": "folder"}
    reading = read(samples / "pass-import/nordpass.csv", columns=columns)
    known = {(login.username, word(login)) for login in opening(FIRST).logins}
    assert {(login.username, word(login)) for login in reading.logins if login.username} == known


def test_nordpass_is_a_spreadsheet_whose_folders_notes_and_empty_entries_are_no_logins(samples: Path, opening: Opening) -> None:
    path = samples / "pass-import/nordpass.csv"
    with pytest.raises(Malformed, match="NordPass") as caught:
        read(path)
    assert "name, url, username, password, note, cardholdername" in caught.value.hint
    assert "--format spreadsheet" in caught.value.hint
    reading = read(path, format="spreadsheet")
    assert {(login.username, word(login)) for login in reading.logins} == {(each.username, word(each)) for each in opening(FIRST).logins}
    assert [each.reason.split(":")[0] for each in reading.skipped] == [
        *["a folder or an empty entry"] * 6, "a secure note, not a login", "an empty entry",
    ]  # fmt: skip
    assert (reading.program, reading.unread, reading.warnings) == ("NordPass", (), ())


def test_the_format_is_found_by_content_not_by_name(samples: Path, sample: Sample) -> None:
    data = (samples / sample.path).read_bytes()
    head = data[:HEAD] + (data[-HEAD:] if data.startswith(b"PK") else b"")
    assert detect(head, "no-name-at-all") == sample.format
