"""Bitwarden both ways: what its items mean, and that what is written comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.importers import bitwarden_csv, bitwarden_json
from govern.importers.bitwarden_out import ExportItem, write_bitwarden_json
from govern.importers.read import read
from govern.vault.secret import Secret


def counting() -> Callable[[int], bytes]:
    """Bytes that look random and are the same each time."""
    count = iter(range(1 << 30))
    return lambda size: hashlib.sha256(next(count).to_bytes(8, "big")).digest()[:size]


def items(*items: dict[str, object]) -> bytes:
    return json.dumps({"encrypted": False, "folders": [], "items": list(items)}).encode()


text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
secret = text.filter(bool).map(Secret)
exported = st.builds(
    ExportItem,
    title=text,
    username=text,
    password=st.none() | secret,
    totp=st.none() | secret.filter(lambda value: bool(value.reveal().strip())),
    urls=st.lists(text.filter(bool), max_size=3).map(tuple),
    folder=st.sampled_from(["", "Social", "Social/X", "Ünï / côdé"]) | text,
    notes=text,
)


@given(written=st.lists(exported, max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everything_that_is_written_comes_back(tmp_path: Path, written: list[ExportItem]) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(write_bitwarden_json(written, random=counting()))
    reading = read(path)
    assert (reading.format, reading.skipped) == ("bitwarden-json", ())
    assert [
        ExportItem(
            title=login.title,
            username=login.username,
            password=login.password,
            totp=login.totp[0] if login.totp else None,
            urls=login.urls,
            folder=login.folder,
            notes=str(login.note_present),
        )
        for login in reading.logins
    ] == [
        ExportItem(
            title=item.title,
            username=item.username,
            password=item.password,
            totp=item.totp,
            urls=item.urls,
            folder=item.folder,
            notes=str(bool(item.notes.strip())),
        )
        for item in written
    ]


def test_ids_come_from_the_given_source_alone_and_each_is_its_own() -> None:
    wanted = [ExportItem(title="a", folder="f"), ExportItem(title="a", folder="f"), ExportItem(title="b", folder="g")]
    first, again = (write_bitwarden_json(wanted, random=counting()) for _ in range(2))
    assert first == again
    document = json.loads(first)
    ids = [each["id"] for each in [*document["folders"], *document["items"]]]
    assert len(set(ids)) == 5
    assert all(len(each) == 36 and each[14] == "4" for each in ids)


def test_notes_are_written_whole() -> None:
    document = json.loads(write_bitwarden_json([ExportItem(title="a", notes="one\ntwo"), ExportItem(title="b")], random=counting()))
    assert [item["notes"] for item in document["items"]] == ["one\ntwo", None]


def test_further_seeds_go_into_hidden_fields_and_come_back(tmp_path: Path) -> None:
    uri, odd = "otpauth://totp/x?secret=KRSXG5CTMVRXEZLU", "steam://JBSWY3DPEHPK3PXP"
    item = ExportItem(title="a", totp=Secret("JBSWY3DPEHPK3PXP"), notes=f"api-token: t\ntotp: {uri}\ntotp: {odd}")
    data = write_bitwarden_json([item], random=counting())
    (written,) = json.loads(data)["items"]
    assert written["notes"] == "api-token: t"
    assert [(field["name"], field["type"], field["value"]) for field in written["fields"]] == [("TOTP 2", 1, uri), ("TOTP 3", 1, odd)]
    reading = bitwarden_json.read(data, None)
    assert [seed.reveal() for seed in reading.logins[0].totp] == ["JBSWY3DPEHPK3PXP", uri, odd]
    assert reading.warnings[1:] == ()


def test_text_that_is_not_unicode_is_refused_by_number_not_by_content() -> None:
    with pytest.raises(Malformed, match="item 2") as caught:
        write_bitwarden_json([ExportItem(title="a"), ExportItem(title="b", password=Secret("hidden\ud800"))], random=counting())
    assert "hidden" not in caught.value.message


def test_a_login_keeps_every_seed_of_its_own_field_and_of_custom_fields() -> None:
    reading = bitwarden_json.read(
        items(
            {
                "type": 1,
                "name": "x",
                "login": {"totp": "JBSWY3DPEHPK3PXP"},
                "fields": [
                    {"name": "second", "value": "otpauth://totp/x?secret=KRSXG5CTMVRXEZLU", "type": 1},
                    {"name": "same", "value": "otpauth://totp/x?secret=KRSXG5CTMVRXEZLU", "type": 1},
                    {"name": "linked", "value": None, "type": 3},
                ],
            }
        ),
        None,
    )
    assert [seed.reveal() for seed in reading.logins[0].totp] == ["JBSWY3DPEHPK3PXP", "otpauth://totp/x?secret=KRSXG5CTMVRXEZLU"]


@pytest.mark.parametrize(
    ("login", "history", "expected"),
    [
        ({"passwordRevisionDate": "2024-01-30T14:09:33.753Z"}, [{"lastUsedDate": "2025-01-01T00:00:00Z"}], "2024-01-30T14:09:33Z"),
        ({}, [{"lastUsedDate": "2023-01-01T00:00:00Z"}, {"lastUsedDate": "2024-06-01T02:00:00+02:00"}], "2024-06-01T00:00:00Z"),
        ({"passwordRevisionDate": None}, None, None),
        ({"passwordRevisionDate": "yesterday"}, [{"lastUsedDate": 5}], None),
        ({"passwordRevisionDate": "0001-01-01T00:00:00"}, [], None),
    ],
)
def test_the_day_of_a_change_is_the_stated_one_else_that_of_the_last_earlier_password(
    login: dict[str, object], history: object, expected: str | None
) -> None:
    item = {"type": 1, "name": "x", "login": login, "passwordHistory": history, "revisionDate": "2026-01-01T00:00:00Z"}
    assert [each.password_changed for each in bitwarden_json.read(items(item), None).logins] == [expected]


def test_what_lies_in_the_bin_and_what_has_no_known_type_is_left_out() -> None:
    reading = bitwarden_json.read(
        items({"type": 1, "deletedDate": "2026-01-01T00:00:00Z"}, {"type": 9}, {"type": True, "login": {}}, {"name": "no type"}), None
    )
    assert reading.logins == ()
    assert [skipped.reason for skipped in reading.skipped] == ["it lies in the bin"] + ["an item of an unknown type, not a login"] * 3


def test_a_passkey_that_stays_behind_is_named() -> None:
    reading = bitwarden_json.read(items({"type": 1, "name": "x", "login": {"fido2Credentials": [{"keyValue": "private"}]}}), None)
    assert reading.warnings == ("further fields, attachments or passkeys were not taken from item 1",)


def test_several_addresses_of_one_csv_cell_come_apart_and_a_comma_in_one_does_not() -> None:
    text = 'folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n,,login,x,,,0,"%s",u,p,\n'
    reading = bitwarden_csv.read((text % "https://x.com/a,b,https://twitter.com,androidapp://com.twitter").encode())
    assert reading.logins[0].urls == ("https://x.com/a,b", "https://twitter.com", "androidapp://com.twitter")


def test_a_seed_in_a_custom_field_of_the_csv_is_found() -> None:
    text = "folder,type,name,fields,login_totp\n,login,x,backup: otpauth://totp/x?secret=JBSWY3DPEHPK3PXP,\n"
    reading = bitwarden_csv.read(text.encode())
    assert [seed.reveal() for seed in reading.logins[0].totp] == ["otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"]
    assert reading.warnings == ()
