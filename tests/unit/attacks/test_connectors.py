"""An admin who claims what no program saw: that a platform was changed, by a connector that nobody allowed, or proven without an answer.

Judged in replay: the entries are void at everybody's, and the same entries in the right order are not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Prepared
from tests.unit.attacks.insider import Insider
from tests.unit.attacks.vaults import Machine

BY = {"connector": "matrix", "distribution": "govern", "release": "1"}


def planned(machine: Machine) -> None:
    machine.init()
    machine.ok("account", "add", "shop", "--platform", "matrix", "--login", "acme")
    machine.ok("credential", "add", "shop", "--kind", "password", stdin="first-secret")
    machine.ok("rotate", "shop")


@pytest.fixture
def mia(tmp_path: Path, prepared: Prepared) -> Machine:
    return prepared.into(Machine(tmp_path), planned)


class Claims:
    """What the insider writes, and what became of it."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.insider = machine, Insider(machine)
        self.rotation = machine.ask("SELECT id FROM rotations")[0][0]

    def write(self, type_: str, **body: Any) -> str:
        """The code of the finding, or nothing where the entry counts."""
        index = self.insider.write(self.insider.event(type_, {"rotation": self.rotation, **body}))
        found = self.machine.ask("SELECT code FROM findings WHERE entry = ?", index)
        return found[0][0] if found else ""

    @property
    def state(self) -> str:
        return str(self.machine.ask("SELECT state FROM rotations")[0][0])


@pytest.fixture
def claims(mia: Machine) -> Claims:
    return Claims(mia)


def test_the_whole_story_in_its_order_counts(claims: Claims) -> None:
    """The control for all that follows."""
    assert claims.write("rotation.connected", version=2, **BY) == ""
    assert claims.state == "unknown"
    assert claims.write("rotation.probed", version=2, answer="inconclusive", retry_at="2026-11-22T09:00:00Z") == ""
    assert claims.state == "unknown"
    assert claims.write("rotation.probed", version=2, answer="valid") == ""
    assert claims.state == "applied"
    assert claims.write("rotation.probed", version=1, answer="invalid") == ""
    assert claims.state == "verified"
    assert claims.write("rotation.confirmed", version=2, grade="probed") == ""
    assert claims.state == "done"


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [(2, "valid")],
        [(1, "invalid")],
        [(2, "valid"), (1, "inconclusive")],
        [(2, "valid"), (1, "valid")],
        [(1, "invalid"), (2, "invalid")],
        [(2, "valid"), (1, "invalid"), (2, "invalid")],
        [(2, "valid"), (1, "invalid"), (1, "valid")],
    ],
)
def test_the_grade_probed_without_both_answers_is_void(claims: Claims, answers: list[tuple[int, str]]) -> None:
    claims.write("rotation.connected", version=2, **BY)
    for n, answer in answers:
        assert claims.write("rotation.probed", version=n, answer=answer) == ""
    assert claims.write("rotation.confirmed", version=2, grade="probed") == "never-probed"
    assert claims.state != "done"
    assert claims.machine.ok("reveal", "shop", "--stdout").out == "first-secret"


def test_what_was_current_and_refused_before_the_new_one_was_tried_proves_as_well(claims: Claims) -> None:
    claims.write("rotation.connected", version=2, **BY)
    claims.write("rotation.probed", version=1, answer="invalid")
    claims.write("rotation.probed", version=2, answer="valid")
    assert claims.state == "verified"


def test_answers_from_before_the_last_change_prove_nothing(claims: Claims) -> None:
    claims.write("rotation.connected", version=2, **BY)
    claims.write("rotation.probed", version=1, answer="invalid")
    claims.write("rotation.connected", version=2, **BY)
    claims.write("rotation.probed", version=2, answer="valid")
    assert claims.state == "applied"


def test_a_connector_that_the_policy_does_not_name_is_void(claims: Claims) -> None:
    assert claims.write("rotation.connected", version=2, **{**BY, "connector": "evil"}) == "connector-allowed"
    assert claims.state == "staged"
    assert claims.write("rotation.probed", version=2, answer="valid") == "rotation-open"
    assert claims.state == "staged"


def test_a_connector_takes_the_present_candidate_only(claims: Claims) -> None:
    assert claims.write("rotation.connected", version=1, **BY) == "rotation-open"
    assert claims.write("rotation.connected", **BY) == "rotation-open"
    assert claims.write("rotation.connected", version=2, by="0" * 32, **BY) == "unknown-reference"


def test_that_a_code_was_mailed_is_said_of_a_candidate_alone(claims: Claims, mia: Machine) -> None:
    """And it holds nothing up: the next word of the connector takes it back, and a person confirms as ever."""
    assert claims.write("rotation.connected", version=2, awaits="mailed-code", **BY) == "", "the control"
    assert mia.json("rotation", "list")["rotations"][0]["awaits"] == "mailed-code"
    assert claims.write("rotation.connected", version=2, **BY) == ""
    assert mia.json("rotation", "list")["rotations"][0]["awaits"] is None
    claims.write("rotation.connected", version=2, awaits="mailed-code", **BY)
    mia.ok("rotation", "show", claims.rotation, "--secret", "new", "--stdout")
    mia.ok("rotation", "confirm", claims.rotation)
    assert claims.state == "done"


def test_no_code_is_mailed_where_there_is_no_candidate(mia: Machine) -> None:
    mia.ok("credential", "add", "shop", "--kind", "app-password", stdin="first-app-password")
    mia.ok("rotate", "shop", "--kind", "app-password")
    claims = Claims(mia)
    claims.rotation = mia.ask("SELECT r.id FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.kind = 'app-password'")[0][0]
    assert claims.write("rotation.connected", awaits="mailed-code", **BY) == "rotation-open"
    assert claims.write("rotation.connected", **BY) == "", "the control"


def test_nothing_is_tried_after_the_end(claims: Claims) -> None:
    claims.machine.ok("rotation", "show", claims.rotation, "--secret", "new", "--stdout")
    claims.machine.ok("rotation", "confirm", claims.rotation)
    assert claims.write("rotation.connected", version=2, **BY) == "rotation-open"
    assert claims.write("rotation.probed", version=1, answer="valid") == "rotation-open"
    assert claims.state == "done"


def test_a_probe_exposes_as_every_reveal_does_and_is_no_ground_for_saying_that_it_was_seen(claims: Claims) -> None:
    credential = claims.machine.ask("SELECT id FROM credentials")[0][0]
    seen = {"credential": credential, "version": 2, "purpose": "probe"}
    claims.insider.write(claims.insider.event("secret.revealed", seen))
    assert claims.machine.ask("SELECT 1 FROM exposures WHERE n = 2 AND basis = 'revealed'")
    assert claims.write("rotation.confirmed", version=2, grade="one-person") == "never-shown"
    claims.insider.write(claims.insider.event("secret.revealed", {**seen, "purpose": "rotation"}))
    assert claims.write("rotation.confirmed", version=2, grade="one-person") == ""
