"""The shape of the source: rings, sizes, and who may read the clock, the environment and the screen."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "govern").rglob("*.py"))
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache', '--no-logo'])"

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"}


def dotted(node: ast.expr) -> str:
    """`datetime.datetime.now` as it is written; empty for what is no plain name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
    return ""


def offences(source: str) -> set[str]:
    """The clocks, environment variables and prints that a file uses, by their last two names."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute():
                last = ".".join(dotted(node).split(".")[-2:])
                found |= {last} & (CLOCKS | ENVIRONMENT)
            case ast.ImportFrom(module=module, names=names):
                found |= {f"{module}.{name.name}" for name in names} & (CLOCKS | ENVIRONMENT)
            case ast.Call(func=ast.Name(id="print")):
                found.add("print")
    return found


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    """The import contracts of pyproject.toml, checked on the package in `tree`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS], cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the contracts look at, to break."""
    shutil.copytree(ROOT / "govern", tmp_path / "govern", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_run_downwards_only() -> None:
    result = contracts(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_broken_ring_is_noticed(copy: Path) -> None:
    """Each of them by its line: upwards, between neighbours, bytes in the pure middle, what only one ring may know."""
    planted = {
        "errors": "govern.events",
        "ledger": "govern.vault",
        "rotation": "sqlite3",
        "procedures": "typer",
        "register": "sqlalchemy",
    }
    for module, imported in planted.items():
        path = copy / "govern" / f"{module}.py"
        with (path if path.exists() else copy / "govern" / module / "__init__.py").open("a") as file:
            file.write(f"\nimport {imported}\n")
    result = contracts(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    found = {module: imported for module, imported in planted.items() if f"govern.{module} -> {imported} (l." in result.stdout}
    assert found == planted, result.stdout


def test_a_package_without_a_ring_is_noticed(copy: Path) -> None:
    (copy / "govern" / "surprise").mkdir()
    (copy / "govern" / "surprise" / "__init__.py").touch()
    result = contracts(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "surprise" in result.stdout


def test_only_the_command_line_reads_clock_and_environment_and_prints() -> None:
    below = [path for path in SOURCES if not path.is_relative_to(ROOT / "govern" / "cli")]
    assert len(below) > 10
    found = {str(path.relative_to(ROOT)): offences(path.read_text(encoding="utf-8")) for path in below}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import datetime\nx = datetime.datetime.now()", {"datetime.now"}),
        ("from datetime import datetime\nx = datetime.now(UTC)", {"datetime.now"}),
        ("from time import time", {"time.time"}),
        ("import os\nx = os.environ['HOME']", {"os.environ"}),
        ("from os import getenv", {"os.getenv"}),
        ("print('x')", {"print"}),
        ("x = self.print(now)  # datetime.now", set()),
    ],
)
def test_an_offence_is_noticed(source: str, found: set[str]) -> None:
    assert offences(source) == found


def test_no_file_holds_more_than_400_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


@pytest.mark.slow
def test_the_wheel_holds_the_whole_program_and_nothing_else(tmp_path: Path) -> None:
    """What `pip install .` installs: every module and every policy file, the licence, the `govern` command, and the script that the demo
    checks a proof with; no tests, no docs."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = {name.partition(".dist-info/")[2]: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name}
    policies = {f"govern/policies/{path.relative_to(ROOT / 'policies').as_posix()}" for path in files(ROOT / "policies")}
    assert policies
    ours = {path.relative_to(ROOT).as_posix() for path in files(ROOT / "govern")}
    assert names == policies | ours | {"govern/cli/demo/files/verify.py"}
    assert "govern = govern.cli.main:run" in metadata["entry_points.txt"]
    assert "licenses/LICENSE" in metadata


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
