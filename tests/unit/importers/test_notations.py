"""Foreign notations of time and of seeds, and the marks of formats that are not read."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.importers import claims, seeds
from govern.importers.detect import detect
from govern.vault.secret import Secret


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (claims.from_iso, "2024-01-30T14:09:33.753Z", "2024-01-30T14:09:33Z"),
        (claims.from_iso, "2024-01-30T14:09:33+02:00", "2024-01-30T12:09:33Z"),
        (claims.from_iso, "2024-01-30", "2024-01-30T00:00:00Z"),
        (claims.from_iso, "0001-01-01T00:00:00Z", None),
        (claims.from_iso, "9999-12-31T23:59:59-10:00", None),
        (claims.from_iso, 5, None),
        (claims.from_seconds, 1458322355, "2016-03-18T17:32:35Z"),
        (claims.from_seconds, "1458322355", "2016-03-18T17:32:35Z"),
        (claims.from_seconds, 0, None),
        (claims.from_seconds, True, None),
        (claims.from_seconds, 1 << 49, None),
        (claims.from_milliseconds, "1600000000000", "2020-09-13T12:26:40Z"),
        (claims.from_milliseconds, "", None),
        (claims.from_kdbx, "2021-11-07T21:48:40Z", "2021-11-07T21:48:40Z"),
        (claims.from_kdbx, "yPJZ0A4AAAA=", "2017-03-14T14:18:48Z"),
        (claims.from_kdbx, base64.b64encode(b"\xff" * 8).decode(), None),
        (claims.from_kdbx, "AAAA", None),
    ],
)
def test_a_time_in_any_notation_is_utc_to_the_second_or_no_claim(read: object, value: object, expected: str | None) -> None:
    assert read(value) == expected  # type: ignore[operator]


@given(value=st.text() | st.integers() | st.none() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_no_value_makes_a_claim_raise(value: object) -> None:
    for read in (claims.from_iso, claims.from_seconds, claims.from_milliseconds, claims.from_kdbx):
        found = read(value)
        assert found is None or (len(found) == 20 and found.endswith("Z"))


@pytest.mark.parametrize(
    ("seed", "word"),
    [
        ("JBSWY3DPEHPK3PXP", ""),
        ("jbsw y3dp-ehpk 3pxp====", ""),
        ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&issuer=x", ""),
        ("otpauth://totp/x?secret=DFDFDEF%3D", ""),
        ("ABC", "base32"),
        ("not a seed!", "base32"),
        ("otpauth://totp/x", "base32"),
        ("otpauth://totp/x?" + "a=b&" * 100, "base32"),
        ("otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP", "HOTP"),
        ("steam://JBSWY3DP", "Steam"),
        ("otpauth-migration://offline?data=abc", "batch"),
    ],
)
def test_what_is_odd_about_a_seed_is_said_without_the_seed(seed: str, word: str) -> None:
    found = seeds.trouble(Secret(seed))
    assert word in found if word else found == ""
    assert not found or seed not in found


def test_an_otpauth_uri_escapes_the_names_in_it() -> None:
    made = seeds.uri("jbsw y3dp", title="a/b&c", username="ü:x")
    assert made == "otpauth://totp/a%2Fb%26c:%C3%BC%3Ax?secret=jbswy3dp&period=30&digits=6&algorithm=SHA1"


def zipped(name: str, content: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, content)
    return held.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "hint"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", ".xlsx"),
        (zipped("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), "a.ods", ".xlsx"),
        (zipped("readme.txt"), "a.zip", "unpack"),
        (b'<?xml version="1.0"?><KeePassFile>', "a.xml", ".kdbx"),
        (b'<?xml version="1.0"?><KeyFile>', "a.key", "--kdbx-keyfile"),
        (b"<html>", "a.html", "--map"),
        (bytes(100), "a.bin", "no login can be read"),
        (b"{}", "a.json", "--format"),
        (b"just a line", "a.txt", "on top"),
    ],
)
def test_a_file_of_no_format_gets_a_hint_of_its_own(head: bytes, name: str, hint: str) -> None:
    with pytest.raises(Malformed, match=f"{name} is not a format") as caught:
        detect(head, name)
    assert hint in caught.value.hint


def test_a_zip_file_whose_marks_are_out_of_sight_is_judged_by_its_name() -> None:
    assert detect(b"PK\x03\x04", "a.1pux") == "1pux"
    assert detect(b"PK\x03\x04", "a.XLSX") == "spreadsheet"
