"""Whatever bytes a file holds: a Reading or one of our errors, never a traceback of another kind, and never a secret in what is said."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.importers import bitwarden_json, chrome_csv, onepux
from govern.importers.detect import FORMATS
from govern.importers.login import Reading
from govern.importers.read import read

Opening = Callable[..., Reading]
Sample = Any

quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""For files whose reading costs nothing."""
slow = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""For files whose reading costs an Argon2."""

mutations = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6)


def mutated(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    changed = bytearray(data)
    for place, replacement in changes:
        at = int(place * len(data))
        changed[at : at + len(replacement)] = replacement
    return bytes(changed)


def outcome(opening: Opening, sample: Sample, path: Path, **options: object) -> Reading | GovernError:
    """A Reading or one of our errors; anything else fails the test by itself."""
    try:
        return opening(sample, path, **options)
    except GovernError as error:
        return error


def said(result: Reading | GovernError) -> str:
    if isinstance(result, GovernError):
        return f"{result.message} {result.hint}"
    return " ".join([*result.warnings, *(skipped.reason for skipped in result.skipped)])


def secrets(reading: Reading) -> list[str]:
    """The secrets that are long enough not to be an ordinary word."""
    found = [login.password.reveal() for login in reading.logins if login.password] + [
        seed.reveal() for login in reading.logins for seed in login.totp
    ]
    return [secret for secret in found if len(secret) > 10]


def test_a_truncated_copy_of_any_sample_gives_a_reading_or_our_error(
    samples: Path, opening: Opening, sample: Sample, tmp_path: Path
) -> None:
    data = (samples / sample.path).read_bytes()
    whole = opening(sample)
    for sixteenth in range(16) if sample.format != "kdbx" else (0, 1, 8, 15):
        path = tmp_path / f"{sixteenth}"
        path.write_bytes(data[: len(data) * sixteenth // 16])
        for options in ({}, {"format": sample.format}) if sample.format != "kdbx" else ({},):
            result = outcome(opening, sample, path, **options)
            assert not any(secret in said(result) for secret in secrets(whole))
            if isinstance(result, Reading):
                assert len(result.logins) <= len(whole.logins)


@given(changes=mutations)
@quick
def test_a_mutated_copy_of_any_sample_gives_a_reading_or_our_error(
    samples: Path, opening: Opening, cheap: Sample, tmp_path: Path, changes: list[tuple[float, bytes]]
) -> None:
    path = tmp_path / "mutated"
    path.write_bytes(mutated((samples / cheap.path).read_bytes(), changes))
    for options in ({}, {"format": cheap.format}):
        result = outcome(opening, cheap, path, **options)
        assert not any(secret in said(result) for secret in secrets(opening(cheap)))


@given(changes=mutations)
@slow
def test_a_mutated_kdbx_gives_a_reading_or_our_error(
    samples: Path, opening: Opening, kdbx: Sample, tmp_path: Path, changes: list[tuple[float, bytes]]
) -> None:
    path = tmp_path / "mutated"
    path.write_bytes(mutated((samples / kdbx.path).read_bytes(), changes))
    outcome(opening, kdbx, path)


@pytest.mark.parametrize("format", FORMATS)
def test_any_sample_read_as_any_format_gives_a_reading_or_our_error(samples: Path, opening: Opening, cheap: Sample, format: str) -> None:
    result = outcome(opening, cheap, samples / cheap.path, format=format)
    if isinstance(result, Reading):
        assert result.format == format


@pytest.mark.parametrize("format", FORMATS)
@given(data=st.binary(min_size=1, max_size=300) | st.text(min_size=1, max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@quick
def test_random_bytes_read_as_any_format_give_a_reading_or_our_error(tmp_path: Path, format: str, data: bytes) -> None:
    path = tmp_path / "random"
    path.write_bytes(data)
    for options in ({}, {"format": format}):
        try:
            assert isinstance(read(path, **options), Reading)
        except GovernError:
            pass


WORDS = """
    id type name notes login username password totp uris uri fields value folderId collectionIds passwordHistory lastUsedDate
    passwordRevisionDate fido2Credentials deletedDate item categoryUuid overview details loginFields designation sections urls url state
    attrs vaults items time title
"""
names = st.sampled_from(WORDS.split())
numbers = st.integers(-2, 6) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text() | st.sampled_from(["001", "active", "\ud800"])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)


@given(items=st.lists(values, max_size=4), folders=values, collections=values)
@settings(max_examples=150, deadline=None)
def test_bitwarden_items_of_any_shape_cost_themselves_at_most(items: list[object], folders: object, collections: object) -> None:
    good = {"type": 1, "name": "good", "login": {"username": "u", "password": "p"}}
    document = {"items": [*items, good], "folders": folders, "collections": collections}
    try:
        reading = bitwarden_json.read(json.dumps(document).encode(), None)
    except Malformed:
        assert not isinstance(folders, list | None) or not isinstance(collections, list | None)
        return
    assert len(reading.logins) + len(reading.skipped) == len(items) + 1
    assert reading.logins[-1].title == "good"


@given(items=st.lists(values, max_size=4), name=values)
@settings(max_examples=150, deadline=None)
def test_1password_items_of_any_shape_cost_themselves_at_most(items: list[object], name: object) -> None:
    field = {"designation": "username", "value": "u"}
    good = {"categoryUuid": "001", "overview": {"title": "good"}, "details": {"loginFields": [field]}}
    document = {"accounts": [{"vaults": [{"attrs": {"name": name}, "items": [*items, good]}]}]}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("export.data", json.dumps(document))
    reading = onepux.read(held.getvalue())
    assert len(reading.logins) + len(reading.skipped) == len(items) + 1
    if not isinstance(name, str) or name.isascii():
        assert reading.logins[-1].title == "good"


def test_one_bad_row_is_skipped_by_number_and_the_rest_comes_in() -> None:
    rows = [
        "name,url,username,password",
        "one,,anna,pw-of-one",
        'two,,"berta,pw-of-two',  # a quote that is never closed
        "three,,carla,pw-of-three,and,more",  # a comma that was not quoted
        'four,,"dora"x,pw-of-four',  # a quote in the middle
        "five,,emil\0,pw-of-five",
        "six,,frida,pw-of-six",
    ]
    reading = chrome_csv.read("\n".join(rows).encode())
    assert [login.username for login in reading.logins] == ["anna", "frida"]
    assert [skipped.row for skipped in reading.skipped] == ["row 3", "row 4", "row 5", "row 6"]
    assert "pw-of" not in said(reading)


def test_deeply_nested_json_is_our_error() -> None:
    for depth in (500, 5_000, 200_000):
        nested = b'{"encrypted": false, "items": ' + b"[" * depth + b"]" * depth + b"}"
        try:
            assert isinstance(bitwarden_json.read(nested, None), Reading)
        except Malformed:
            pass
    with pytest.raises(Malformed, match="nested"):
        bitwarden_json.read(nested, None)


def test_a_whole_number_of_ten_thousand_digits_is_our_error() -> None:
    with pytest.raises(Malformed, match="not whole JSON"):
        bitwarden_json.read(b'{"items": [], "x": ' + b"9" * 10_000 + b"}", None)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_our_error(token: str) -> None:
    with pytest.raises(Malformed, match="not whole JSON"):
        bitwarden_json.read(f'{{"items": [], "x": {token}}}'.encode(), None)


def test_a_doubled_field_costs_its_item_since_nobody_knows_which_is_meant() -> None:
    good = '{"type": 1, "name": "good", "login": {"username": "u", "password": "first"}}'
    doubled = good.replace("good", "doubled").replace("}}", ', "password": "second"}}')
    data = f'{{"items": [{doubled}, {good}]}}'
    reading = bitwarden_json.read(data.encode(), None)
    assert [login.title for login in reading.logins] == ["good"]
    assert [(skipped.row, skipped.reason) for skipped in reading.skipped] == [("item 1", "a field stands twice in it")]
    with pytest.raises(Malformed, match="stands twice"):
        bitwarden_json.read(b'{"items": [], "items": []}', None)


def test_a_lone_surrogate_costs_its_item() -> None:
    reading = bitwarden_json.read(rb'{"items": [{"type": 1, "name": "\ud800"}, {"type": 1, "name": "\ud83d\ude00"}]}', None)
    assert [login.title for login in reading.logins] == ["😀"]
    assert [(skipped.row, skipped.reason) for skipped in reading.skipped] == [("item 1", "a field is not valid Unicode text")]


def test_a_damaged_byte_in_utf_8_costs_its_row_and_is_never_replaced_in_silence() -> None:
    good = "name,url,username,password\nZoë,,zoe,pässword-1\nUwe,,uwe,pässword-2\n".encode()
    assert len(chrome_csv.read(good).logins) == 2
    bad = good.replace("pässword-2".encode(), b"p\xe4ssword-2")
    reading = chrome_csv.read(bad)
    assert [login.username for login in reading.logins] == ["zoe"]
    assert [skipped.row for skipped in reading.skipped] == ["row 3"]


def test_a_cell_larger_than_the_csv_modules_own_limit_comes_in_or_is_named() -> None:
    note = "line one\nline two " + "x" * 200_000
    reading = chrome_csv.read(f'name,url,username,password,note\na,,anna,secret-1,"{note}"\nb,,{"y" * 70_000},secret-2,\n'.encode())
    assert [login.username for login in reading.logins] == ["anna"]
    assert [skipped.reason for skipped in reading.skipped] == ["a field is longer than 65536 characters"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.data", b'{"accounts": []' + b" " * 1_000_000 + b"}")
    assert len(held.getvalue()) < 5_000
    assert onepux.read(held.getvalue()).logins == ()
    monkeypatch.setattr("govern.importers.archive.MOST_BYTES", 999_999)
    with pytest.raises(Malformed, match="larger than"):
        onepux.read(held.getvalue())


def test_a_zip_member_that_lies_about_its_size_is_our_error() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.data", b'{"accounts": []' + b" " * 100_000 + b"}")
    true, false = (100_016).to_bytes(4, "little"), (64).to_bytes(4, "little")
    assert held.getvalue().count(true) == 2
    with pytest.raises(Malformed, match="zip"):
        onepux.read(held.getvalue().replace(true, false))


def test_control_characters_in_a_title_are_kept_as_data() -> None:
    reading = chrome_csv.read("name,url,username,password\n\x1b[31m\u202ered,,u,p\n".encode())
    assert reading.logins[0].title == "\x1b[31m\u202ered"
