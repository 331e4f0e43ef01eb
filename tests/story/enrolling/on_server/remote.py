"""Machines that share a vault on a PostgreSQL server, each under a login of its own that has the documented rights and no more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from ....postgres import Cluster
from ..members import Member

TABLES = ("entry", "checkpoint", "version", "wrap", "mailbox")


class Remote(Member):
    """A machine that reaches the vault under its member's login."""

    cluster: Cluster
    database: str

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self.vault = self.cluster.address(self.database, name.partition("-")[0])

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(**more) | {"GOVERN_VAULT": self.vault}

    def put_back(self, copy: Path) -> None:
        """The rows of a copy in place of the database's, as its administrator can do it: rights and schema stay what they were."""
        with closing(sqlite3.connect(copy)) as db, self.cluster.connect(self.database) as admin:
            for table in TABLES:
                rows = db.execute(f"SELECT * FROM {table}").fetchall()
                admin.execute(f"DELETE FROM govern.{table}".encode())
                for row in rows:
                    admin.execute(f"INSERT INTO govern.{table} VALUES ({', '.join(['%s'] * len(row))})".encode(), row)

    def may_replace(self) -> None:
        """What docs/security/postgresql.md tells the administrator to lend."""
        login = make_url(self.vault).username
        with self.cluster.connect(self.database) as admin:
            admin.execute(f"GRANT govern_owner TO {login}".encode())
            admin.execute(f'GRANT CREATE ON DATABASE "{self.database}" TO {login}'.encode())

    def mailbox(self) -> list[tuple[bytes, str, bytes]]:
        with self.cluster.connect(self.database) as admin:
            return [tuple(row) for row in admin.execute("SELECT id, kind, body FROM govern.mailbox").fetchall()]

    def post(self, id_: bytes, body: bytes) -> None:
        with self.cluster.connect(self.database) as admin:
            admin.execute(
                "INSERT INTO govern.mailbox VALUES (%s, 'request', %s) ON CONFLICT (id) DO UPDATE SET body = excluded.body", (id_, body)
            )
