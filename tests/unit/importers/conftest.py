"""The samples that these tests read, how each is opened, and what each must give (the counts of the samples' own README)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from govern.importers.login import Reading
from govern.importers.read import read
from govern.vault.secret import Secret


class Sample(NamedTuple):
    """`path` below the samples; entries, logins, TOTP and Steam seeds, logins without a password; what opens it."""

    path: str
    format: str
    entries: int
    logins: int
    totp: int = 0
    steam: int = 0
    empty: int = 0
    passphrase: str | None = None
    keyfile: str | None = None


STANDARD = (
    Sample("pass-import/bitwarden.csv", "bitwarden-csv", 14, 12, empty=1),
    Sample("pass-import/bitwarden.json", "bitwarden-json", 14, 12, empty=1),
    Sample("pass-import/bitwarden-org.csv", "bitwarden-csv", 14, 12, empty=1),
    Sample("pass-import/bitwarden-org.json", "bitwarden-json", 14, 12, empty=1),
    Sample("pass-import/lastpass.csv", "lastpass-csv", 14, 12, empty=1),
    Sample("pass-import/chrome.csv", "chrome-csv", 14, 12, empty=1),
    Sample("pass-import/firefox.csv", "firefox-csv", 14, 12, empty=1),
    Sample("pass-import/1password8.csv", "1password-csv", 14, 12, empty=1),
    Sample("pass-import/keepass.csv", "keepassxc-csv", 14, 12, empty=1),
)
OTHERS = (
    Sample("keepassxc/1PasswordExport.1pux", "1pux", 9, 2, totp=2),
    Sample("keepassxc/bitwarden_export.json", "bitwarden-json", 4, 1, totp=1),
    Sample("keepassxc/bitwarden_encrypted_export.json", "bitwarden-json", 1, 1, totp=1, passphrase="a"),
    Sample("bitwarden-sdk/json_export.json", "bitwarden-json", 5, 1, totp=1),
    Sample("proton/authenticator/bitwarden/bitwarden.csv", "bitwarden-csv", 4, 4, totp=3, steam=1, empty=4),
    Sample("proton/authenticator/bitwarden/bitwarden.json", "bitwarden-json", 4, 4, totp=3, steam=1, empty=4),
    Sample("proton/authenticator/bitwarden/bitwarden_app.json", "bitwarden-json", 2, 2, totp=1),
    Sample("proton/authenticator/bitwarden/bitwarden_sample.csv", "bitwarden-csv", 3, 3, totp=3, empty=3),
)
KDBX = (
    Sample("keepassxc/Format400.kdbx", "kdbx", 1, 1, passphrase="t"),
    Sample("keepassxc/NewDatabase.kdbx", "kdbx", 2, 2, totp=1, passphrase="a"),
    Sample("pykeepass/test4.kdbx", "kdbx", 15, 14, totp=1, empty=1, passphrase="password", keyfile="pykeepass/test4.key"),
    Sample("pykeepass/test4_chacha20.kdbx", "kdbx", 2, 2, passphrase="password", keyfile="pykeepass/test4.key"),
)
UNREAD = (
    "pass-import/dashlane.csv",
    "pass-import/nordpass.csv",
    "pass-import/keepass.xml",
    "bitwarden-sdk/1p_export.json",
    "bitwarden-sdk/cxf_example.json",
    "proton/authenticator/2fas/decrypted.2fas",
    "proton/authenticator/2fas/decrypted_ios.2fas",
    "proton/authenticator/2fas/decrypted_with_manual_entries.2fas",
    "proton/authenticator/aegis/aegis-json-unencrypted.json",
    "proton/authenticator/aegis/aegis-txt.txt",
    "proton/qr/example.png",
    "scito/example_export.png",
    "scito/example_export.txt",
    "scito/example_output.json",
    "pykeepass/test4.key",
)


ALL = {sample.path: sample for sample in (*STANDARD, *OTHERS, *KDBX)}

Opening = Callable[..., Reading]


def _path(sample: Sample | str) -> str:
    return sample if isinstance(sample, str) else sample.path


@pytest.fixture(scope="session", params=ALL.values(), ids=_path)
def sample(request: pytest.FixtureRequest) -> Sample:
    """Every sample that is read."""
    return request.param


@pytest.fixture(scope="session", params=STANDARD, ids=_path)
def standard(request: pytest.FixtureRequest) -> Sample:
    """The samples that hold one and the same data."""
    return request.param


@pytest.fixture(scope="session", params=[each for each in STANDARD if each.format != "firefox-csv"], ids=_path)
def titled(request: pytest.FixtureRequest) -> Sample:
    """Those of the same data whose format has titles."""
    return request.param


@pytest.fixture(scope="session", params=(*STANDARD, *OTHERS), ids=_path)
def cheap(request: pytest.FixtureRequest) -> Sample:
    """The samples whose reading takes no time worth counting."""
    return request.param


@pytest.fixture(scope="session", params=KDBX, ids=_path)
def kdbx(request: pytest.FixtureRequest) -> Sample:
    """The KeePass databases; each reading of one may cost an Argon2."""
    return request.param


@pytest.fixture(scope="session", params=UNREAD)
def unread(request: pytest.FixtureRequest) -> str:
    """The path of every kind of sample that is not read."""
    return request.param


@pytest.fixture(scope="session")
def samples(shared: Path) -> Path:
    """The folder of the samples, or the test is skipped."""
    path = shared / "samples"
    if not path.is_dir():
        pytest.skip(f"no samples at {path}")
    return path


@pytest.fixture(scope="session")
def opening(samples: Path) -> Opening:
    """Reads a sample (or its path), or an altered copy of it at `path`, with what opens it."""

    def read_it(sample: Sample | str, path: Path | None = None, **options: object) -> Reading:
        sample = ALL[_path(sample)]
        word = sample.passphrase
        given: dict[str, object] = {
            "passphrase": (lambda: Secret(word)) if word is not None else None,
            "keyfile": samples / sample.keyfile if sample.keyfile else None,
        }
        return read(path or samples / sample.path, **(given | options))  # type: ignore[arg-type]

    return read_it


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes text or bytes to a file of its own and gives its path."""

    def write(content: str | bytes, name: str = "export") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
