"""Every sample that others made, through the command: the counts of its README, nothing of a secret on the screen, no change the second time."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.importers.read import read
from govern.vault.secret import Secret

from .conftest import Inside

FOUR = ("created", "merged", "conflicts", "unchanged")


class Sample(NamedTuple):
    """`path` below the samples; records, logins and seeds of all kinds; what opens it."""

    path: str
    entries: int
    logins: int
    seeds: int = 0
    word: str = ""
    keyfile: str = ""


SAMPLES = [
    Sample("pass-import/bitwarden.csv", 14, 12),
    Sample("pass-import/bitwarden.json", 14, 12),
    Sample("pass-import/bitwarden-org.csv", 14, 12),
    Sample("pass-import/bitwarden-org.json", 14, 12),
    Sample("pass-import/lastpass.csv", 14, 12),
    Sample("pass-import/chrome.csv", 14, 12),
    Sample("pass-import/firefox.csv", 14, 12),
    Sample("pass-import/1password8.csv", 14, 12),
    Sample("pass-import/keepass.csv", 14, 12),
    Sample("keepassxc/1PasswordExport.1pux", 9, 2, 2),
    Sample("keepassxc/bitwarden_export.json", 4, 1, 1),
    Sample("keepassxc/bitwarden_encrypted_export.json", 1, 1, 1, word="a"),
    Sample("bitwarden-sdk/json_export.json", 5, 1, 1),
    Sample("proton/authenticator/bitwarden/bitwarden.csv", 4, 4, 4),
    Sample("proton/authenticator/bitwarden/bitwarden.json", 4, 4, 4),
    Sample("proton/authenticator/bitwarden/bitwarden_app.json", 2, 2, 1),
    Sample("proton/authenticator/bitwarden/bitwarden_sample.csv", 3, 3, 3),
    Sample("keepassxc/Format400.kdbx", 1, 1, word="t"),
    Sample("keepassxc/NewDatabase.kdbx", 2, 2, 1, word="a"),
    Sample("pykeepass/test4.kdbx", 15, 14, 1, word="password", keyfile="pykeepass/test4.key"),
    Sample("pykeepass/test4_chacha20.kdbx", 2, 2, word="password", keyfile="pykeepass/test4.key"),
]
ENCRYPTED = [sample for sample in SAMPLES if sample.word]


def words(sample: Sample, samples: Path, folder: Path) -> list[str]:
    """The command that imports a sample."""
    found = ["import", str(samples / sample.path)]
    if sample.word:
        (folder / "word").write_text(f"{sample.word}\n", encoding="utf-8")
        found += ["--passphrase-file", str(folder / "word")]
    return found + (["--kdbx-keyfile", str(samples / sample.keyfile)] if sample.keyfile else [])


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "samples"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_a_sample_gives_the_counts_of_its_readme_and_the_second_time_nothing(
    vault: Any, samples: Path, tmp_path: Path, inside: Inside, sample: Sample
) -> None:
    command = words(sample, samples, tmp_path)
    first = vault.run(*command, "--json")
    assert first.code == 0, first.err
    told = first.json()
    assert sum(len(told[name]) for name in FOUR) == sample.logins
    assert len(told["skipped"]) == sample.entries - sample.logins
    assert inside.register("SELECT count(*) FROM credentials WHERE kind = 'totp'") == [(sample.seeds,)]
    before = inside.size()
    again = vault.json(*command)
    assert (len(again["created"]), len(again["merged"])) == (0, 0)
    assert sum(len(again[name]) for name in FOUR) == sample.logins
    assert inside.size() == before

    reading = read(
        samples / sample.path, passphrase=lambda: Secret(sample.word), keyfile=samples / sample.keyfile if sample.keyfile else None
    )  # fmt: skip
    screen = first.out + first.err + vault.run(*command).out
    seen = " ".join(text for login in reading.logins for text in (login.title, login.username, login.row, *login.urls))
    values = {held.reveal() for login in reading.logins for held in (login.password, *login.totp) if held is not None}
    hidden = {value for value in values if len(value) > 8 and value.casefold() not in f"{seen} {command[1]}".casefold()}
    assert hidden or sample.path.endswith(("json_export.json", "bitwarden_encrypted_export.json", ".kdbx", "_app.json"))
    assert [value for value in hidden if value in screen] == []
    assert (sample.word == "") == ("plaintext" in first.err)


@pytest.mark.parametrize("sample", ENCRYPTED[:2], ids=lambda sample: sample.path)
def test_without_its_passphrase_a_locked_file_stays_locked(
    vault: Any, samples: Path, tmp_path: Path, inside: Inside, sample: Sample
) -> None:
    before = inside.size()
    assert vault.run("import", str(samples / sample.path)).code == 5
    (tmp_path / "wrong").write_text("wrong", encoding="utf-8")
    assert vault.run("import", str(samples / sample.path), "--passphrase-file", str(tmp_path / "wrong")).code == 5
    assert inside.size() == before
    assert vault.run(*words(sample, samples, tmp_path)).code == 0, "the control: with it, it opens"


@pytest.mark.parametrize(
    "path",
    [
        "pass-import/bitwarden.csv",
        "pass-import/bitwarden.json",
        "pass-import/firefox.csv",
        "keepassxc/1PasswordExport.1pux",
        "keepassxc/bitwarden_encrypted_export.json",
        "keepassxc/NewDatabase.kdbx",
    ],
)
def test_a_damaged_file_gives_no_traceback(vault: Any, samples: Path, tmp_path: Path, path: str) -> None:
    """Cut off or with bytes changed, a file either comes in in part or is refused in one line; never is anything half written."""
    data, broken, word = (samples / path).read_bytes(), tmp_path / "broken", tmp_path / "word"
    word.write_text("a", encoding="utf-8")

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(data)), st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=6), st.booleans())
    def run(cut: int, changes: list[tuple[int, int]], really: bool) -> None:
        bad = bytearray(data)
        for at, value in changes:
            bad[at] = value
        broken.write_bytes(bytes(bad[: cut if cut % 2 else len(bad)]))
        told = vault.run("import", str(broken), "--passphrase-file", str(word), *([] if really else ["--dry-run"]))
        assert told.code in (0, 1, 5), told.err
        assert "Traceback" not in told.err + told.out
        assert "defect" not in told.err + told.out

    run()
    broken.write_bytes(data)
    assert vault.run("import", str(broken), "--passphrase-file", str(word)).code == 0, "the control: unharmed it comes in"


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(st.text(max_size=60), min_size=8, max_size=8), min_size=1, max_size=4))
def test_whatever_stands_in_a_cell_comes_in_or_is_skipped(vault: Any, tmp_path: Path, cells: list[list[str]]) -> None:
    path = tmp_path / "sheet.csv"
    text = io.StringIO()
    csv.writer(text).writerows([("account", "platform", "url", "login", "password", "responsible", "department", "known to"), *cells])
    path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    told = vault.run("import", str(path), "--json")
    assert told.code == 0, told.out
    again = vault.json("import", str(path))
    assert (again["created"], again["merged"]) == ([], [])
    assert sum(len(again[name]) for name in FOUR) == sum(len(told.json()[name]) for name in FOUR)
