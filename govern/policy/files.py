"""Where the shipped files are: policies, platform profiles, schemas and documents. Reads bytes; knows nothing of what they say."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from govern.errors import Failed, NotFound


def folder() -> Traversable:
    """The folder `policies`: inside the installed package, else at the top of the source tree; raises Failed where there is neither."""
    packaged = files("govern") / "policies"
    if packaged.is_dir():
        return packaged
    source = Path(__file__).resolve().parents[2] / "policies"
    if (source / "default.yaml").is_file():
        return source
    raise Failed("the policies that come with the program are not there", hint="install the program again")


def shipped(path: str) -> bytes:
    """Bytes of one shipped file, by its path below the folder (`documents/nl/personal-use.md`); raises NotFound."""
    steps = path.split("/")
    if any(step in ("", ".", "..") for step in steps) or "\\" in path or "\0" in path:
        raise NotFound(f"no shipped file is called {path[:80]!r}")
    found = folder()
    for step in steps:
        found = found / step
    if not found.is_file():
        raise NotFound(f"no shipped file is called {path[:80]!r}")
    return found.read_bytes()


def policy_text(name: str = "default") -> bytes:
    """The policy file of that name: `policies/NAME.yaml`; raises NotFound."""
    return shipped(f"{name}.yaml")


def platform_texts() -> dict[str, bytes]:
    """Every platform profile as written: file name without its ending -> bytes, by name."""
    profiles = sorted((folder() / "platforms").iterdir(), key=lambda entry: entry.name)
    return {entry.name.removesuffix(".yaml"): entry.read_bytes() for entry in profiles if entry.name.endswith(".yaml")}
