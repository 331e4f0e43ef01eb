"""On a server: `..test_void`. Entries that count for nothing are judged alike wherever they are kept; those written here come over SQL."""

from __future__ import annotations

from pathlib import Path

from ...register.on_server import moved
from ..test_void import (  # noqa: F401
    Spoiled,
    findings,
    spoiled,
    test_a_backdated_entry_counts_and_is_a_finding,
    test_a_key_counts_only_after_the_transaction_that_enrols_it,
    test_a_key_that_was_revoked_signs_no_more,
    test_an_admins_entry_under_an_undeclared_epoch_stops_since_a_key_may_be_withheld,
    test_an_entry_in_a_compartment_of_others_is_passed_over,
    test_backdating_does_not_bring_back_a_role_that_has_ended,
    test_control_the_same_facts_by_whoever_may_record_them_count,
)
from ..vaults import SECOND


def test_every_void_entry_is_the_same_finding_and_others_go_on(spoiled: Spoiled, postgres: str, tmp_path: Path) -> None:  # noqa: F811
    machine = moved(spoiled.mia, tmp_path / "server", postgres)
    told = machine.verify()
    assert told.code == 7
    assert {finding["index"]: finding["code"] for finding in told.json()["findings"]} == dict(spoiled.expected.values())
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND
    machine.of("ben").ok("place", "add", "wall", "--kind", "paper")
