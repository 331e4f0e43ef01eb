"""`govern credential use-code`: one backup code at a time, recorded as spent before it is shown, never shown twice, counted."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused

from .conftest import Firm

CODES = ["1234 5678", "2345 6789", "3456 7890", "4567 8901", "5678 9012"]


@pytest.fixture
def coded(shop: Firm) -> Firm:
    """`shop` with five backup codes, sealed as the platform shows them."""
    shop.ok("credential", "add", "shop", "--kind", "backup-codes", stdin="\n".join(CODES))
    return shop


def use(firm: Any, *words: str) -> Any:
    return firm.json("credential", "use-code", "shop", "--stdout", *words)


def test_each_is_shown_once_and_told_how_many_are_left(coded: Firm) -> None:
    told = [use(coded) for _ in CODES]
    assert [one["code"] for one in told] == CODES
    assert [(one["ordinal"], one["left"]) for one in told] == [(1, 4), (2, 3), (3, 2), (4, 1), (5, 0)]
    refused = coded.run("credential", "use-code", "shop", "--stdout")
    assert (refused.code, refused.out) == (3, "")
    assert "govern rotate shop --kind backup-codes" in refused.err
    assert coded.types().count("code.spent") == len(CODES)


def test_the_fact_comes_first_and_holds_no_code(coded: Firm) -> None:
    told = coded.ok("credential", "use-code", "shop", "--stdout", "--reason", "the phone is lost")
    assert told.out == CODES[0]
    assert coded.types()[-1] == "code.spent"
    assert coded.read("SELECT ordinal, remaining, reason FROM spent") == [(1, 4, "the phone is lost")]
    before = coded.types()
    assert coded.run("credential", "use-code", "shop").code == 2, "without a terminal it has to be said where it goes"
    assert coded.types() == before


def test_few_left_is_a_finding_and_new_ones_end_it(coded: Firm) -> None:
    def few() -> list[str]:
        return [one["message"] for one in coded.json("status")["findings"] if one["code"] == "codes-few"]

    use(coded)
    assert few() == []
    assert coded.json("credential", "list", "shop")["credentials"][-1]["codes_left"] == 4
    use(coded)
    assert few() == ["3 backup codes are left"]
    coded.ok("rotate", "shop", "--kind", "backup-codes", "--already-changed", stdin="new-1\nnew-2\nnew-3\nnew-4\nnew-5")
    assert few() == []
    assert use(coded)["code"] == "new-1"


def test_for_a_holder_who_asks(coded: Firm) -> None:
    """They could use it as long as the platform has not seen it: possible, and ended by new codes."""
    coded.ok("grant", "shop", "anna")
    assert use(coded, "--for", "anna")["for"] == "anna"

    def knows() -> list[tuple[str, str, bool]]:
        rows = coded.json("who", "shop")["exposed"]
        return [(row["kind"], row["strength"], row["live"]) for row in rows if row["person"] == "anna"]

    assert knows() == [("backup-codes", "possible", True)]
    coded.ok("rotate", "shop", "--kind", "backup-codes", "--already-changed", stdin="new-1\nnew-2")
    assert knows() == [("backup-codes", "possible", False)]
    told = coded.run("credential", "use-code", "shop", "--for", "ben", "--stdout")
    assert (told.code, told.out) == (4, "")


def test_seeing_the_whole_set_later_counts_as_seen(coded: Firm) -> None:
    coded.enrol("ben")
    coded.ok("grant", "shop", "ben")
    machine = coded.machines["ben"]
    rows: Any = lambda: {  # noqa: E731
        row["strength"] for row in coded.json("who", "shop")["exposed"]
        if (row["person"], row["kind"], row["basis"]) == ("ben", "backup-codes", "revealed")
    }  # fmt: skip
    machine.ok("credential", "use-code", "shop", "--stdout")
    assert rows() == {"possible"}
    machine.ok("reveal", "shop", "--kind", "backup-codes", "--stdout")
    assert rows() == {"seen"}
    machine.ok("credential", "use-code", "shop", "--stdout")
    assert rows() == {"seen"}


def test_a_spent_code_is_refused_wherever_the_ledger_is_read(coded: Firm) -> None:
    """As by two machines that both took the first one. The control: the next one is taken."""
    ((credential,),) = coded.read("SELECT id FROM credentials WHERE kind = 'backup-codes'")
    ((seed,),) = coded.read("SELECT id FROM credentials WHERE kind = 'totp'")
    body = {"credential": credential, "version": 1, "ordinal": 1, "left": 4}
    coded.write(lambda tx: tx.record("code.spent", body))
    for wrong, rule in (
        (body, "single-use"),
        ({**body, "ordinal": 0}, "no-backup-code"),
        ({**body, "credential": seed}, "no-backup-code"),
        ({**body, "version": 7}, "unknown-reference"),
    ):
        with pytest.raises(Refused) as refused:
            coded.write(lambda tx, wrong=wrong: tx.record("code.spent", wrong))
        assert refused.value.rule == rule
    coded.write(lambda tx: tx.record("code.spent", {**body, "ordinal": 2, "left": 3}))
    assert use(coded)["ordinal"] == 3


def test_who_does_not_hold_it_is_shown_none(coded: Firm) -> None:
    machine = coded.enrol("ben")
    told = machine.run("credential", "use-code", "shop", "--stdout")
    assert (told.code, told.out) == (4, "")


def test_the_set_is_not_handed_over_whole(coded: Any) -> None:
    """The control: a password is, to the same person."""
    coded.ok("person", "add", "Ole Holt", "--handle", "ole")
    granted = coded.ok("grant", "shop", "ole")
    assert "--kind backup-codes" not in granted.out + granted.err
    assert coded.ok("handover", "shop", "ole", "--kind", "password", "--stdout").out
    told = coded.run("handover", "shop", "ole", "--kind", "backup-codes", "--stdout")
    assert (told.code, told.out) == (4, "")
    assert "use-code shop --for PERSON" in told.err
