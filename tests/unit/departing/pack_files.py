"""Evidence packs as files, checked by the scripts of `docs/` in this process, and taken apart to be altered."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from govern.procedures import evidence
from govern.reports import pack

DOCS = Path(__file__).resolve().parents[3] / "docs"


@contextmanager
def scripts() -> Iterator[ModuleType]:
    """`verify_evidence`, with the `verify` that it imports."""
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("verify_evidence")
    finally:
        sys.path.remove(str(DOCS))


with scripts() as _script:
    SCRIPT = _script


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`docs/verify.py` as a program."""
    command = [sys.executable, str(DOCS / "verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60, env={"PYTHONIOENCODING": "utf-8"})


class Files:
    """A pack of one case, as it was written."""

    def __init__(self, company: Any, case: Any, folder: Path, *, by: str = "mia") -> None:
        made = evidence.gather(company.members[by], company.case(case, by=by), company.now)
        self.vault, self.folder = company.vault.hex(), folder
        self.pack, self.json, self.proof, self.note = made.pack, pack.json(made.pack), made.proof, made.note
        folder.mkdir(exist_ok=True)

    def told(self, json_: str | None = None, proof: bytes | None = None, vault: str = "") -> str:
        """The line that is said of it, altered or not; a refusal is raised."""
        (self.folder / SCRIPT.PROOF).write_bytes(self.proof if proof is None else proof)
        data = (self.json if json_ is None else json_).encode()
        return str(SCRIPT.verify(str(self.folder / "evidence.json"), data, vault or self.vault))

    def refused(self, json_: str | None = None, proof: bytes | None = None, vault: str = "") -> str:
        """Why it is refused; "" where it is not."""
        try:
            self.told(json_, proof, vault)
        except SCRIPT.Refusal as refusal:
            return str(refusal)
        return ""

    def with_claims(self, change: Callable[[dict[str, Any]], object]) -> str:
        value = json.loads(self.json)
        change(value["claims"])
        return json.dumps(value, ensure_ascii=True, indent=1) + "\n"

    def with_entries(self, change: Callable[[dict[str, Any]], object]) -> bytes:
        """The proof with another extra line, spelled as it should be."""
        first, extra, rest = self.proof.split(b"\n", 2)
        value = json.loads(b64decode(extra.removeprefix(b"extra ")))
        change(value)
        paths = [[value["nodes"][at] for at in one["path"]] for one in (*value["chain"], *value["entries"])]
        places: dict[str, int] = {}
        for one, path in zip((*value["chain"], *value["entries"]), paths, strict=True):
            one["path"] = [places.setdefault(node, len(places)) for node in path]
        value["nodes"] = list(places)
        spelled = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return b"\n".join([first, b"extra " + b64encode(spelled), rest])
