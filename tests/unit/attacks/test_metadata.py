"""What whoever reads the database, its logs, a dump of it and the members' journals learns of names, logins, addresses and reasons: nothing.

On both engines, with the vault of thirty-one entries and what is written on. The control finds the same words in the members' registers, which
never leave their machines.
"""

from __future__ import annotations

import base64
import sqlite3
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ...postgres import binaries
from ..register.on_server import OnServer
from .vaults import NAMES, SECRETS, Machine

TEXTS = (
    *SECRETS, *NAMES, "Dora Lund", "dora.lund", "dora@acme.example", "ben@acme.example", "mia@acme.example", "news.desk", "acme.news.login",
    "https://news.acme.example/sign-in", "instagram", "linkedin", "campaign", "the agency asks for it", "wall by the door", "quite-another-secret",
    "/mnt/usb/vault-copy.db",
)  # fmt: skip


def spellings(text: str) -> set[bytes]:
    """UTF-8, UTF-16, hexadecimal and base64 of each, base64 wherever its groups may begin."""
    raws = {text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")}
    within = {base64.b64encode(bytes(shift) + raw)[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6] for raw in raws for shift in (0, 1, 2)}
    urlsafe = {one.translate(bytes.maketrans(b"+/", b"-_")) for one in within}
    hexed = {spelled for raw in raws for spelled in (raw.hex().encode(), raw.hex().upper().encode())}
    return {one for one in raws | hexed | within | urlsafe if len(one) >= 7}


def found(data: bytes) -> list[str]:
    return [text for text in TEXTS for spelled in spellings(text) if spelled in data]


def written_on(machine: Machine) -> Machine:
    machine.ok("person", "add", "Dora Lund <dora@acme.example>")
    machine.ok(
        "account", "add", "news.desk", "--platform", "linkedin", "--login", "acme.news.login", "--url", "https://news.acme.example/sign-in"
    )
    machine.ok("credential", "add", "news.desk", "--kind", "password", stdin="quite-another-secret")
    machine.ok("grant", "news.desk", "dora.lund", "--reason", "the agency asks for it", "--days", "5")
    machine.ok("place", "add", "wall by the door", "--kind", "paper")
    machine.ok("reveal", "shop", "--stdout", "--reason", "the agency asks for it")
    machine.ok("person", "invite", "cleo")
    return machine


def journals(machine: Machine) -> dict[str, bytes]:
    homes = (machine.home, machine.of("ben").home)
    return {f"{home.name}/{path.name}": path.read_bytes() for home in homes for path in home.glob("journal*")}


def everything_but_names(machine: Machine, files: dict[str, bytes]) -> None:
    files |= journals(machine)
    assert len(files) >= 5
    assert all(files.values()), {name: len(data) for name, data in files.items()}
    assert {name: found(data) for name, data in files.items() if found(data)} == {}


def test_a_file_its_log_and_its_rollback_journal_tell_no_names(machine: Machine) -> None:
    held = sqlite3.connect(machine.store)
    held.execute("PRAGMA journal_mode = WAL")
    held.execute("BEGIN")
    held.execute("SELECT * FROM entry").fetchall()  # a reader, for whom the log must stay
    written_on(machine)
    machine.of("ben").ok("person", "list")
    files = {path.name: path.read_bytes() for path in machine.folder.glob("vault.db*")}
    assert len(files["vault.db-wal"]) > 20_000
    held.close()
    with machine.database() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        for table, column in (("entry", "sealed"), ("wrap", "sealed"), ("version", "sealed"), ("checkpoint", "note")):
            db.execute(f"UPDATE {table} SET {column} = zeroblob(length({column}))")
        files["vault.db-journal"] = (machine.store.parent / "vault.db-journal").read_bytes()
        db.execute("ROLLBACK")
        db.execute("PRAGMA journal_mode = WAL")
    assert len(files["vault.db-journal"]) > 20_000
    everything_but_names(machine, files)
    assert machine.verify().code == 0


def test_a_server_its_dump_and_its_log_tell_no_names(original: Machine, postgres: str, tmp_path: Path) -> None:
    from ..register.on_server import moved

    machine = written_on(moved(original, tmp_path / "server", postgres))
    machine.of("ben").ok("person", "list")
    files = {
        "rows": b"\n".join(bytes(value) for rows in machine.rows().values() for row in rows for value in row if isinstance(value, bytes))
    }
    files |= dumped(machine)
    everything_but_names(machine, files)


def dumped(machine: OnServer) -> dict[str, bytes]:
    """What pg_dump writes, where its program is, and what COPY gives; and the write-ahead log, where the server is ours to look into."""
    files: dict[str, bytes] = {}
    with machine.database() as db, db.execute("SELECT 1").connection.cursor() as cursor:
        for table in ("meta", "entry", "checkpoint", "version", "wrap", "mailbox"):
            for how in ("text", "binary"):
                with cursor.copy(f"COPY govern.{table} TO STDOUT (FORMAT {how})".encode()) as copy:
                    files[f"{table}.{how}"] = b"".join(map(bytes, copy)) or b"-"
    folder = binaries()
    if folder is not None and (folder / "pg_dump").exists():
        for form in ("plain", "custom"):
            done = subprocess.run(
                [folder / "pg_dump", f"--format={form}", "--compress=0", machine.address], capture_output=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stderr
            assert b"govern" in done.stdout
            files[f"dump.{form}"] = done.stdout
    for host in parse_qs(urlsplit(machine.address).query).get("host", []):
        log = Path(host, "data", "pg_wal")
        files |= {
            f"log.{path.name}": path.read_bytes().rstrip(b"\0")
            for path in log.glob("0*")
            if path.is_file() and path.read_bytes().strip(b"\0")
        }
    return files


def test_control_the_words_stand_in_the_register_and_the_search_finds_them(machine: Machine) -> None:
    told = repr(written_on(machine).register())
    hidden = {*SECRETS, "quite-another-secret", "/mnt/usb/vault-copy.db"}
    assert {text for text in TEXTS if text not in told} == hidden, "secrets, and what no register keeps"
    for text in TEXTS:
        for shift in range(3):
            assert text in found(b"\0" + base64.b64encode(bytes(shift) + text.encode() + b"after"))
        assert text in found(text.encode("utf-16-le").hex().encode())
