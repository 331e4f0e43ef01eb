"""The locked requirements: complete, hashed, equal where they overlap, in step with pyproject.toml, silent about their origin."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def locked(text: str) -> dict[str, str]:
    """Name to version of every requirement in a lock; a requirement without `==` or without a hash is a ValueError."""
    pins: dict[str, str] = {}
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    for line in filter(None, (line.strip() for line in joined.split("\n"))):
        wanted, *hashes = re.split(r"\s+--hash=", line)
        requirement = Requirement(wanted)
        (specifier,) = requirement.specifier
        if specifier.operator != "==" or not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes):
            raise ValueError(line)
        pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def lock(name: str) -> dict[str, str]:
    return locked((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8"))


def unmet(wanted: list[str], pins: dict[str, str]) -> list[str]:
    """The requirements that the pins do not satisfy; the project's own extras are followed."""
    missing = []
    for requirement in map(Requirement, wanted):
        if requirement.name == PROJECT["project"]["name"]:
            for extra in requirement.extras:
                missing += unmet(PROJECT["project"]["optional-dependencies"][extra], pins)
        elif (version := pins.get(canonicalize_name(requirement.name))) is None or version not in requirement.specifier:
            missing.append(str(requirement))
    return missing


def test_every_lock_is_pinned_and_hashed() -> None:
    assert {path.stem for path in LOCKS} == {"build", "core", "dev", "lock"}
    assert all(locked(path.read_text(encoding="utf-8")) for path in LOCKS)


@pytest.mark.parametrize("line", ["rich", "rich>=13", "rich==15.0.0", "rich==15.0.0 --hash=md5:" + "0" * 32])
def test_a_loose_requirement_is_noticed(line: str) -> None:
    with pytest.raises(ValueError, match=r"rich|unpack"):
        locked(line)


def test_locks_satisfy_pyproject() -> None:
    project = PROJECT["project"]
    assert unmet(project["dependencies"], lock("core")) == []
    assert unmet(project["dependencies"] + project["optional-dependencies"]["dev"], lock("dev")) == []
    assert unmet(PROJECT["build-system"]["requires"], lock("build")) == []


def test_an_outdated_lock_is_noticed() -> None:
    assert unmet(["rich>=13", "nobody>=1"], {"rich": "12.0"}) == ["rich>=13", "nobody>=1"]
    assert unmet(["rich>=13"], {"rich": "15.0.0"}) == []


def test_locks_agree_where_they_overlap() -> None:
    """`make test` after `make demo` adds packages and changes none."""
    everything = lock("dev")
    for part in ("core", "build"):
        assert lock(part).items() <= everything.items()


def test_what_is_not_for_everybody_is_not_in_the_core() -> None:
    """pykeepass is under the GPL; keyrings.alt and keyrings.cryptfile change which back end keyring picks."""
    core = lock("core")
    assert core.keys().isdisjoint({"pykeepass", "openpyxl", "pytest", "hatchling"})
    assert all(lock(path.stem).keys().isdisjoint({"keyrings-alt", "keyrings-cryptfile"}) for path in LOCKS)


def test_locks_name_no_host_and_no_folder() -> None:
    for path in LOCKS:
        assert re.findall(r"https?:|://|--index|--find-links|\s/\w", path.read_text(encoding="utf-8")) == []
