"""Who ends a wrap says which it was. A lie about it stops nobody for good: it is told, sealed over, and stays as a finding; a store that alters a
wrap is refused as before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from govern.vault.seal import wrap_digest

from .insider import Insider
from .test_sealed import STAGED, manifest
from .vaults import SECOND, Machine

ENTRY = STAGED["password", 2]
"""The entry that added the wraps of which ben ends his own."""


def standing(machine: Machine, key: bytes) -> bytes:
    with machine.database() as db:
        row = db.execute("SELECT sealed FROM wrap WHERE target = ? AND recipient = ?", (manifest(machine, "password", 2), key)).fetchone()
    return bytes(row[0])


def end(machine: Machine, digest: str = "", *, keeps: bool = False) -> int:
    """ben, an admin, ends the wrap of his own key as a program of his would, and removes the row, unless he `keeps` it; the index of his entry."""
    insider = Insider(machine.of("ben"))
    key, target = insider.keys.id, manifest(machine, "password", 2)
    said = digest or wrap_digest(target, key, standing(machine, key)).hex()
    credential = machine.ask("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
    index = insider.write(insider.event("wraps.ended", {"wraps": [[credential, 2, key.hex(), said]]}))
    if not keeps:
        with machine.database() as db:
            db.execute("DELETE FROM wrap WHERE target = ? AND recipient = ?", (target, key))
    machine.run("status")  # follows it, so that a refusal after this writes nothing
    return index


def found(machine: Machine) -> list[dict[str, Any]]:
    told = machine.verify()
    assert told.code in (0, 7)
    findings: list[dict[str, Any]] = told.json()["findings"]
    assert (told.code == 7) is bool(findings)
    return findings


def test_control_a_wrap_that_is_ended_as_it_was_leaves_nothing_to_find(machine: Machine) -> None:
    end(machine)
    assert found(machine) == []


@pytest.mark.parametrize("digest", ["0" * 64, os.urandom(32).hex()], ids=["zeros", "random"])
def test_a_lie_about_an_ended_wrap_is_sealed_over_and_stays_a_finding(machine: Machine, digest: str) -> None:
    """While another wrap of the same set stands nobody can tell a lie from an altered row: exit 6, with the way on."""
    index = end(machine, digest)
    error = machine.refuses("ledger", "verify", "--deep", "--json").json()["error"]
    assert (error["index"], error["code"]) == (ENTRY, "wrap")
    assert "govern credential reseal shop" in error["hint"]
    machine.ok("credential", "reseal", "shop")
    (finding,) = found(machine)
    assert (finding["index"], finding["code"]) == (ENTRY, "wrap-digest")
    assert f"{index} (key {machine.of('ben').keys().id.hex()})" in finding["found"]
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND
    machine.forget("register")
    assert found(machine) == [finding], "a register made again says the same"


def test_after_it_a_store_that_alters_or_drops_a_wrap_is_refused_as_before(machine: Machine, tmp_path: Path) -> None:
    end(machine, "0" * 64)
    machine.ok("credential", "reseal", "shop")
    anew = machine.ask("SELECT max(added) FROM wraps")[0][0]
    key, target = machine.keys().id, manifest(machine, "password", 2)
    for number, change in enumerate(("UPDATE wrap SET sealed = zeroblob(80)", "DELETE FROM wrap")):
        other = machine.copy(tmp_path / f"copy-{number}")
        assert other.verify().code == 7, "the control"
        with other.database() as db:
            db.execute(f"{change} WHERE target = ? AND recipient = ?", (target, key))
        assert other.named() == anew


def test_a_wrap_that_was_ended_and_left_lying_is_removed_as_the_hint_says(machine: Machine) -> None:
    end(machine, keeps=True)
    error = machine.refuses("ledger", "verify", "--deep", "--json").json()["error"]
    assert (error["code"], "govern vault restore --refill" in error["hint"]) == ("wrap", True)
    machine.ok("vault", "restore", "--refill")
    assert found(machine) == []


def test_whoever_has_no_wrap_of_it_gets_none_by_it(machine: Machine) -> None:
    before = machine.ask("SELECT DISTINCT n, key FROM wraps WHERE ended IS NULL ORDER BY 1, 2")
    knew = machine.ask("SELECT person, credential, n, basis FROM exposures ORDER BY 1, 2, 3, 4")
    machine.ok("credential", "reseal", "shop")
    assert machine.ask("SELECT DISTINCT n, key FROM wraps WHERE ended IS NULL ORDER BY 1, 2") == before
    assert machine.ask("SELECT person, credential, n, basis FROM exposures ORDER BY 1, 2, 3, 4") == knew
    assert found(machine) == []
    assert machine.of("ben").ok("reveal", "shop", "--stdout").out == SECOND


def test_a_wrap_that_the_store_altered_or_lost_is_made_anew_by_somebody_whose_own_opens(machine: Machine) -> None:
    ben, target = machine.of("ben").keys().id, manifest(machine, "password", 2)
    with machine.database() as db:
        db.execute("UPDATE wrap SET sealed = zeroblob(80) WHERE target = ? AND recipient = ?", (target, ben))
        db.execute("DELETE FROM wrap WHERE target = ? AND recipient NOT IN (?, ?)", (target, ben, machine.keys().id))
    machine.of("ben").refuses("reveal", "shop", "--stdout")
    machine.ok("credential", "reseal", "shop")
    assert [(one["index"], one["code"]) for one in found(machine)] == [(ENTRY, "wrap-digest")]
    assert machine.of("ben").ok("reveal", "shop", "--stdout").out == SECOND
