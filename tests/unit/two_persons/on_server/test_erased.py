"""Somebody is forgotten where a PostgreSQL server keeps the vault: what `test_erasing` asks of a file, asked of a server's rows and of every machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from govern.errors import IntegrityError
from govern.procedures.ledger import prove
from govern.register import connection
from govern.register.reread import reread
from govern.register.workspace import Workspace
from govern.store.postgres_schema import DDL

from ...attacks.vaults import Machine
from ...register.on_server import OnServer
from ..conftest import NAME, Firm
from ..test_erasing import former, traces  # noqa: F401

pytestmark = pytest.mark.slow


class Served(Firm):
    server: OnServer

    def _join(self, handle: str, keys: Any) -> None:
        super()._join(handle, keys)
        self._to_server(handle)

    def _to_server(self, handle: str) -> None:
        """The same machine, with the server in the place of the file."""
        file = self.members[handle]
        self.members[handle] = Workspace(
            path=self.server.store, home=file.home, vault=self.vault, person=file.person, checkpoint=file.checkpoint, unlock=lambda: file.keys,
            anew=file.anew,
        )  # fmt: skip

    def parts(self) -> dict[int, bytes]:
        with self.server.database() as db:
            return {row[0]: bytes(row[1]) for row in db.execute("SELECT idx, personal FROM entry WHERE personal IS NOT NULL").fetchall()}


@pytest.fixture
def served(former: Firm, postgres: str) -> Iterator[Served]:  # noqa: F811
    firm = former
    firm.close()
    with psycopg.connect(postgres, autocommit=True) as db:
        for statement in DDL:
            db.execute(statement.encode())
    server = OnServer(firm.folder, postgres)
    server.put_rows(Machine(firm.folder).rows())
    for path in firm.folder.glob("vault.db*"):
        path.unlink()
    firm.__class__ = Served
    assert isinstance(firm, Served)
    firm.server = server
    for handle in firm.members:
        firm._to_server(handle)
    yield firm
    firm.close()


def test_nothing_of_the_name_is_left_on_any_machine_nor_its_sealed_part_in_any_row(served: Served, tmp_path: Path) -> None:
    before, proof = served.parts(), prove(served.members["mia"], 4)
    assert any(traces(served.folder, NAME)), "the control"
    proposal = served.forget(reason="because lea asks for it")
    served.approve(proposal, "ben")
    served.db("mia")
    assert traces(served.folder, NAME) == []
    kept = served.parts()
    assert len(set(before) - set(kept)) == proposal.parameters["entries"] - 1, "the reason of the proposal came later than `before`"
    assert all(kept[index] == before[index] for index in set(before) & set(kept))
    assert prove(served.members["mia"], 4) == proof, "a proof given out earlier is still what it was"
    for member in ("mia", "ben"):
        assert reread(served.members[member], deep=True).size == served.size()
    served.enrol("cleo")
    assert list(connection.dump(served.db("cleo"))) == list(connection.dump(served.db("mia")))


def test_a_part_that_no_erasure_names_is_an_integrity_error_and_one_that_is_put_back_is_dropped_again(served: Served) -> None:
    before = served.parts()
    served.approve(served.forget(), "ben")
    assert reread(served.members["mia"], deep=True), "the control"
    gone = sorted(set(before) - set(served.parts()))
    with served.server.database() as db:
        db.execute("UPDATE entry SET personal = ? WHERE idx = ?", (before[gone[0]], gone[0]))
    served.enrol("cleo")
    served.db("cleo")
    assert set(gone).isdisjoint(served.parts())
    other = served.db().execute("SELECT entry FROM people WHERE handle = 'ben'").fetchone()[0]
    with served.server.database() as db:
        db.execute("UPDATE entry SET personal = NULL WHERE idx = ?", (other,))
    with pytest.raises(IntegrityError, match="no erasure says so") as refused:
        reread(served.members["mia"], deep=True)
    assert refused.value.index == other
