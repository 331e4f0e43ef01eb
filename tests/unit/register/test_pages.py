"""Whoever verifies reads the store by the page: the work grows with the entries, not with the entries times the transactions."""

from __future__ import annotations

from typing import Any

import pytest

from govern.store.reading import Reading

from ..attacks.vaults import SIZE, Machine


def test_a_deep_verification_asks_for_each_entry_a_few_times_whatever_the_number_of_transactions(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once beside the journal, once for the replay, once for the personal parts and the like."""
    given, real = [0], Reading.entries

    def entries(reading: Reading, first: int, until: int) -> Any:
        rows = real(reading, first, until)
        given[0] += len(rows)
        return rows

    monkeypatch.setattr(Reading, "entries", entries)
    assert machine.verify().code == 0
    assert SIZE <= given[0] <= 4 * SIZE
