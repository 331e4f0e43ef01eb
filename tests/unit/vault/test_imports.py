"""Reading commands pay for no cryptography: the vault's modules import none of it until a secret is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {"cryptography", "keyring", "shamir_mnemonic", "pyotp", "sqlalchemy", "pydantic", "typer"}


def test_importing_the_vault_imports_nothing_heavy_and_nothing_above_it() -> None:
    files = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "govern" / "vault").rglob("*.py")]
    names = sorted(".".join(file.parts).removesuffix(".__init__") for file in files)
    assert "govern.vault.custody.keyring" in names
    program = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    loaded = set(done.stdout.split())
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert {name for name in loaded if name.startswith("govern.") and not name.startswith("govern.vault")} == {
        "govern.canonical",
        "govern.errors",
        "govern.shell",
    }
