"""A vault on a PostgreSQL server: founded, used, moved to a file and back, copied, put back; with a password that is nowhere to be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from govern.procedures import doctor
from govern.store.address import Server, typed

from ..conftest import Story
from ..postgres import WITH_PASSWORD, Cluster

SECRET = "correct horse"


@pytest.fixture
def vault(postgres: str, tmp_path: Path) -> Story:
    """A machine with a vault on a server, and one secret in it."""
    story = Story(tmp_path, vault=postgres).init()
    story.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    story.ok("credential", "add", "shop", "--kind", "password", stdin=SECRET)
    return story


@pytest.fixture
def admin(postgres: str) -> Iterator[Any]:
    with psycopg.connect(postgres, autocommit=True) as db:
        yield db


def rows(admin: Any) -> dict[str, set[Any]]:
    tables = ("meta", "entry", "checkpoint", "version", "wrap", "mailbox")
    return {table: set(admin.execute(f"SELECT * FROM govern.{table}").fetchall()) for table in tables}


def test_a_vault_is_founded_on_a_server_used_and_verified(vault: Story, admin: Any) -> None:
    assert vault.ok("reveal", "shop", "--stdout").out == SECRET
    vault.ok("grant", "shop", "mia", "--days", "30")
    told = vault.json("ledger", "verify", "--deep")
    assert told["findings"] == []
    assert told["size"] == len(rows(admin)["entry"])
    assert not (vault.home / "vault.db").exists()
    text = repr(rows(admin))
    assert not [word for word in ("Mia", "acme", "shop", "instagram", SECRET, "Acme") if word in text]


def test_it_is_the_same_from_a_process_of_its_own(vault: Story) -> None:
    told = vault.spawn("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (0, SECRET)
    told = vault.spawn("account", "list", "--json")
    assert [account["handle"] for account in told.json()["accounts"]] == ["shop"]


def test_a_founding_that_fails_leaves_nothing_on_the_server(postgres: str, admin: Any, tmp_path: Path) -> None:
    story, sheets = Story(tmp_path, vault=postgres), tmp_path / "sheets"
    sheets.mkdir()
    (sheets / "recovery-sheet-2-of-3.txt").touch()
    words = ("init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>", "--recovery-out", str(sheets))
    assert story.run(*words).code == 1
    assert admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'govern'").fetchone() is None
    (sheets / "recovery-sheet-2-of-3.txt").unlink()
    (tmp_path / "key").unlink(missing_ok=True)
    story.ok(*words)
    other = Story(tmp_path / "other", vault=postgres)
    other.folder.mkdir()
    told = other.run(*words[:5])
    assert told.code == 1
    assert "holds a vault already" in told.err
    story.ok("ledger", "verify", "--deep")


def test_moved_to_a_file_and_back_it_is_the_same_ledger(vault: Story, postgres: str, admin: Any, cluster: Cluster) -> None:
    before, file = rows(admin), vault.folder / "vault.db"
    told = vault.json("vault", "move", postgres, str(file), "--dry-run")
    assert (told["size"], told["dry_run"], file.exists()) == (len(before["entry"]), True, False)
    moved = vault.ok("vault", "move", postgres, str(file))
    assert f"next: export GOVERN_VAULT={file}" in moved.err
    assert rows(admin) == before, "where it was, nothing is touched"

    vault.vault = str(file)
    assert vault.ok("reveal", "shop", "--stdout").out == SECRET
    vault.ok("ledger", "verify", "--deep")
    assert vault.run("account", "list", "--vault", postgres).code == 6, "the old place is behind by now, and is told so"

    told = vault.run("vault", "move", str(file), postgres, "--json")
    assert (told.code, told.json()["error"]["code"]) == (1, "exists")
    admin.execute("DROP SCHEMA govern CASCADE")
    told = vault.json("vault", "move", str(file), postgres)
    assert (told["size"], told["versions"]) == (len(before["entry"]) + 1, 1)
    vault.vault = postgres
    assert vault.ok("reveal", "shop", "--stdout").out == SECRET
    vault.ok("ledger", "verify", "--deep")


def test_a_vault_that_does_not_verify_is_not_moved(vault: Story, postgres: str, admin: Any) -> None:
    """Neither entries nor sealed rows: what was altered is named, and what was begun at the target is taken back."""
    file = vault.folder / "vault.db"
    admin.execute("UPDATE govern.version SET sealed = 'x'")
    told = vault.run("vault", "move", postgres, str(file), "--json")
    assert (told.code, told.json()["error"]["code"]) == (6, "version")
    assert not file.exists()
    assert vault.run("vault", "move", postgres, str(file), "--dry-run").code == 6


def test_a_vault_is_not_moved_onto_itself(vault: Story, postgres: str) -> None:
    assert vault.run("vault", "move", postgres, postgres.replace("postgresql:", "postgresql+psycopg:")).code == 4
    assert vault.run("vault", "move", str(vault.folder / "none.db"), postgres).code == 3


def test_a_server_that_was_put_back_to_yesterday_is_refused_and_refilled_where_it_is(vault: Story, admin: Any) -> None:
    before = rows(admin)
    vault.ok("person", "add", "Anna Sø", "--handle", "anna")
    after = rows(admin)
    size = len(before["entry"])
    admin.execute(f"DELETE FROM govern.entry WHERE idx >= {size}")
    admin.execute(f"DELETE FROM govern.checkpoint WHERE size > {size}")
    told = vault.run("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (6, "")
    told = vault.json("vault", "restore", "--from-journal")
    assert (told["taken"], told["refilled"], told["aside"]) == (size, len(after["entry"]) - size, None)
    assert rows(admin) == after
    vault.ok("ledger", "verify", "--deep")


@pytest.mark.parametrize(
    "harm", ["UPDATE govern.entry SET sealed = 'x' WHERE idx = 3", "DROP TABLE govern.mailbox", "DROP SCHEMA govern CASCADE"]
)
def test_a_backup_takes_the_place_of_what_can_not_be_mended(vault: Story, admin: Any, harm: str) -> None:
    copy = vault.folder / "copy.db"
    vault.ok("vault", "backup", "--out", str(copy))
    vault.ok("person", "add", "Anna Sø", "--handle", "anna")
    wanted = rows(admin)
    admin.execute(harm)
    told = vault.json("vault", "restore", str(copy))
    assert told["refilled"] == 2
    assert ("before_restore_1" in (told["aside"] or "")) is not harm.startswith("DROP SCHEMA")
    assert rows(admin) == wanted
    assert vault.ok("reveal", "shop", "--stdout").out == SECRET
    vault.ok("ledger", "verify", "--deep")
    assert not list(vault.home.glob("vault.restoring*"))


def test_a_backup_of_a_server_is_a_sqlite_store_that_recovers(vault: Story) -> None:
    copy = vault.folder / "copy.db"
    told = vault.json("vault", "backup", "--out", str(copy))
    assert (copy.stat().st_mode & 0o777, told["size"]) == (0o600, vault.json("ledger", "show")["size"] - 1)
    machine = Story(vault.folder / "machine", vault=str(copy))
    machine.folder.mkdir()
    sheets = sorted((vault.home / "recovery").iterdir())[:2]
    told = machine.json("vault", "recover", "--handle", "mia", *[word for sheet in sheets for word in ("--sheet", str(sheet))])
    assert told["sealed"] == 1
    assert machine.ok("reveal", "shop", "--stdout").out == SECRET


def test_a_machine_that_has_only_the_address_and_sheets_recovers_on_the_server_itself(vault: Story, admin: Any) -> None:
    """And the machine that was lost is told that its key is no more."""
    note = vault.folder / "note"
    note.write_text(vault.ok("ledger", "checkpoint").out)
    machine = Story(vault.folder / "machine", vault=vault.vault)
    machine.folder.mkdir()
    sheets = [word for sheet in sorted((vault.home / "recovery").iterdir())[:2] for word in ("--sheet", str(sheet))]
    before = rows(admin)
    assert machine.run("vault", "recover", "--handle", "mia", *sheets[:2]).code == 4, "the control: one sheet is not enough"
    assert rows(admin) == before
    told = machine.json("vault", "recover", "--handle", "mia", *sheets, "--checkpoint", str(note))
    assert (told["sealed"], told["rotations"]) == (1, 1)
    assert machine.ok("reveal", "shop", "--stdout").out == SECRET
    machine.ok("ledger", "verify", "--deep")
    lost = vault.run("status")
    assert (lost.code, "was revoked" in lost.err) == (5, True)


def test_doctor_tells_what_the_server_is_set_to(vault: Story) -> None:
    found = {(each["code"], each["subject"]): each["severity"] for each in vault.run("doctor", "--json").json()["findings"]}
    assert ("store", vault.vault) in found
    assert ("store-privilege", vault.vault) in found
    if "GOVERN_TEST_PG_URL" not in os.environ:
        assert found["store-setting", "fsync"] == "critical"
    assert ("store-setting", "synchronous_commit") not in found


def test_a_server_that_may_lose_commits_stops_every_command(vault: Story, admin: Any) -> None:
    (name,) = admin.execute("SELECT current_database()").fetchone()
    admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    for words in (("account", "list"), ("reveal", "shop", "--stdout"), ("person", "add", "Bo"), ("ledger", "verify")):
        told = vault.run(*words)
        assert (told.code, told.out) == (4, "")
        assert "synchronous_commit" in told.err
    admin.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    vault.ok("account", "list")


# --- the password -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(vault: Story, admin: Any, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """The same vault under a login of which the server wants a password."""
    if "GOVERN_TEST_PG_URL" in os.environ:
        pytest.skip("whether a server that somebody else runs wants a password is not ours to say")
    admin.execute(f"CREATE ROLE {WITH_PASSWORD} LOGIN SUPERUSER PASSWORD 'swordfish-7'")
    (name,) = admin.execute("SELECT current_database()").fetchone()
    vault.vault = cluster.address(name, WITH_PASSWORD)
    yield vault
    admin.execute(f"DROP ROLE {WITH_PASSWORD}")


def test_a_password_comes_from_a_pgpass_file(guarded: Story) -> None:
    told = guarded.run("account", "list")
    assert (told.code, "pgpass" in told.err) == (1, True)  # control
    file = guarded.folder / ".pgpass"
    file.write_text(f"*:*:*:{WITH_PASSWORD}:swordfish-7\n")
    file.chmod(0o600)
    assert guarded.spawn("account", "list", PGPASSFILE=str(file)).code == 0
    wrong = guarded.folder / "wrong"
    wrong.write_text(f"*:*:*:{WITH_PASSWORD}:marlin\n")
    wrong.chmod(0o600)
    told = guarded.spawn("account", "list", PGPASSFILE=str(wrong))
    assert told.code == 1
    assert "marlin" not in told.out + told.err


def test_a_password_is_asked_for_once_where_somebody_is_there(guarded: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.cli import prompt, settings

    asked: list[str] = []
    monkeypatch.setattr(settings.Settings, "terminal", property(lambda self: True))
    monkeypatch.setattr(prompt, "getpass", lambda question, stream: asked.append(question) or "swordfish-7")
    settings._database_password.cache_clear()
    try:
        told = guarded.ok("account", "list")
        guarded.ok("person", "add", "Anna Sø", "--handle", "anna")
    finally:
        settings._database_password.cache_clear()
    assert len(asked) == 1
    assert "swordfish" not in asked[0] + told.out + told.err


def test_a_password_in_the_address_or_the_environment_is_refused(vault: Story, postgres: str) -> None:
    told = vault.run("account", "list", "--vault", postgres.replace("govern@", "govern:swordfish-7@"))
    assert told.code == 2
    assert "swordfish" not in told.out + told.err
    assert "pgpass" in told.err
    told = vault.spawn("account", "list", PGPASSWORD="swordfish-7")
    assert told.code == 2
    assert "swordfish" not in told.out + told.err
    assert vault.spawn("account", "list").code == 0, "control"


def test_a_server_elsewhere_is_not_reached_in_the_clear(vault: Story) -> None:
    told = vault.run("account", "list", "--vault", "postgresql://db.acme.example/vault?sslmode=prefer")
    assert told.code == 4
    assert "plain text" in told.err


def test_doctor_warns_of_a_connection_that_does_not_check_who_answers() -> None:
    workspace: Any = SimpleNamespace(store=SimpleNamespace(may_change_entries=lambda: False))

    def codes(options: str, host: str = "db.acme.example") -> list[str]:
        server = typed(f"postgresql://{host}/vault{options}")
        assert isinstance(server, Server)
        return [found.code for found in doctor._server(workspace, server)]

    assert [codes(f"?sslmode={mode}") for mode in ("require", "verify-ca")] == [["store-tls"], ["store-tls"]]
    assert codes("") == codes("?sslmode=verify-full&sslrootcert=system") == codes("?sslmode=require", "localhost") == []
