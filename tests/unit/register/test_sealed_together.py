"""Candidates that are sealed together are judged by one question for all of them, and never more kindly than each by itself."""

from __future__ import annotations

import sqlite3
from itertools import product

import pytest

from govern.errors import Refused
from govern.register import connection
from govern.register.projection import credentials
from govern.register.projection.scene import Scene

MIA, BEN, DORA = "1" * 32, "2" * 32, "3" * 32
NOW = "2026-11-21T09:00:00Z"
GRANTS = {
    "none": None,
    "whole": (None, None),
    "ended": (None, NOW),
    "of this kind": ('["password"]', None),
    "of another kind": ('["totp"]', None),
}


def register(*, state: str, deputy: str | None, grants: tuple[str, str]) -> sqlite3.Connection:
    """Two accounts of Mia's with a password each, and Ben's key, which holds either as `grants` says."""
    db = connection.scratch()
    connection.create(db)
    db.execute("INSERT INTO keys (id, person, state) VALUES ('k', ?, ?), ('r', NULL, 'recovery')", (BEN, state))
    for account, grant in zip(("a", "b"), grants, strict=True):
        db.execute("INSERT INTO accounts (id, handle, custodian, deputy) VALUES (?, ?, ?, ?)", (account, account, MIA, deputy))
        db.execute("INSERT INTO credentials (id, account, kind) VALUES (?, ?, 'password')", (f"c{account}", account))
        if (row := GRANTS[grant]) is not None:
            db.execute(
                "INSERT INTO grants (id, account, person, kinds, ended_at) VALUES (?, ?, ?, ?, ?)", (f"g{account}", account, BEN, *row)
            )
    return db


def judged(db: sqlite3.Connection, *keys: str, of: tuple[str, ...] = ("ca", "cb")) -> bool:
    scene = Scene(db, 9, "candidates.staged", DORA, NOW, {}, {}, now=NOW)
    try:
        credentials.may_have(scene, of, keys)
    except Refused as refused:
        return refused.rule != "recipient"
    return True


@pytest.mark.parametrize("state", ["active", "revoked"])
@pytest.mark.parametrize("deputy", [None, BEN, DORA])
def test_what_is_sealed_together_may_be_what_each_may_be(state: str, deputy: str | None) -> None:
    allowed = 0
    for grants in product(GRANTS, repeat=2):
        db = register(state=state, deputy=deputy, grants=grants)
        each = all(judged(db, "k", "r", of=(one,)) for one in ("ca", "cb"))
        assert judged(db, "k", "r") is each, grants
        assert not judged(db, "k", "gone"), "a key that the ledger does not have"
        assert judged(db, "r"), "recovery may have everything"
        allowed += each
    holds = sum(all(grant in ("whole", "of this kind") for grant in grants) for grants in product(GRANTS, repeat=2))
    assert allowed == (0 if state == "revoked" else len(GRANTS) ** 2 if deputy == BEN else holds)
