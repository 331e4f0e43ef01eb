"""Nobody signs off their own work, as far as there is somebody else."""

from __future__ import annotations

import pytest

from govern.errors import Refused
from govern.offboarding import attestation
from govern.offboarding.attestation import Ending, Others

ALONE = Others(people=frozenset(), required=True)
TWO = Others(people=frozenset({"bo"}), required=True)
LENIENT = Others(people=frozenset({"bo"}), required=False)


@pytest.mark.parametrize(
    ("name", "endings", "others", "signed_by_one"),
    [
        ("somebody else did it all", [Ending(by="bo")], TWO, False),
        ("own items that another has looked at", [Ending(by="mia", verifier="bo")], TWO, False),
        ("there is nobody else", [Ending(by="mia")], ALONE, True),
        ("a sheet that another has entered", [Ending(by="cy", entered_by="bo")], TWO, False),
        ("a sheet that the closer entered, and another has looked at", [Ending(by="cy", entered_by="mia", verifier="bo")], TWO, False),
        ("paper in a firm of one", [Ending(by="cy", entered_by="mia")], ALONE, True),
        ("there is nobody else and nothing was held", [], ALONE, True),
        ("the policy does not ask for a second", [Ending(by="mia")], LENIENT, True),
    ],
)
def test_who_signs_a_closing(name: str, endings: list[Ending], others: Others, signed_by_one: bool) -> None:
    assert attestation.close("mia", "mia", endings, others) is signed_by_one, name


@pytest.mark.parametrize(
    ("name", "endings"),
    [
        ("own items that nobody looked at", [Ending(by="mia"), Ending(by="bo")]),
        ("a sheet of another's that the closer entered", [Ending(by="cy", entered_by="mia")]),
        ("opened by the closer, and nobody else had a hand in it", []),
    ],
)
def test_own_work_is_not_signed_off_where_another_could(name: str, endings: list[Ending]) -> None:
    with pytest.raises(Refused) as refused:
        attestation.close("mia", "mia", endings, TWO)
    assert (refused.value.rule, refused.value.control) == ("four-eyes", "AC-5"), name


def test_a_second_person_closes_what_the_first_one_did() -> None:
    assert attestation.close("bo", "mia", [Ending(by="mia")], Others(people=frozenset({"mia"}), required=True)) is False


def test_an_item_is_waived_by_another_than_the_one_whose_work_it_is() -> None:
    attestation.waive("bo", "mia", Others(people=frozenset({"mia"}), required=True))
    attestation.waive("mia", "mia", ALONE)
    attestation.waive("mia", "mia", LENIENT)
    with pytest.raises(Refused) as refused:
        attestation.waive("mia", "mia", TWO)
    assert refused.value.rule == "four-eyes"
