"""The same vault on a PostgreSQL server, prepared as its administrator is told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ....postgres import Cluster, prepared
from ..members import Member, founded
from .remote import Remote


@pytest.fixture
def admin(cluster: Cluster, postgres: str) -> Iterator[Any]:
    """The server's administrator, who has prepared a database."""
    name = postgres.rpartition("/")[2].partition("?")[0]
    Remote.cluster, Remote.database = cluster, name
    with prepared(cluster, name), cluster.connect(name) as connection:
        yield connection


@pytest.fixture
def mia(admin: Any, tmp_path: Path) -> Member:
    """The founder's machine; her login is an admin's."""
    return founded(Remote(tmp_path, "mia"))
