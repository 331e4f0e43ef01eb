"""The rule table's own words on keys: whose invites and enrolments are whose business, whatever any program would do."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings.authority import FORMAT_1, Standing, permit

ME, OTHER = "a" * 32, "b" * 32


def standing(*roles: str, **more: Any) -> Standing:
    return Standing(person=ME, roles=frozenset(roles), **more)


def verdict(type_: str, who: Standing, **body: Any) -> str:
    try:
        permit(type_, body, who)
    except Refused as refused:
        return refused.rule
    return ""


@pytest.mark.parametrize(
    ("roles", "person", "purpose", "rule"),
    [
        (("admin",), OTHER, "join", ""),
        (("admin",), OTHER, "rekey", ""),
        (("admin",), OTHER, "device", "own-device"),
        (("admin",), ME, "join", "own-device"),
        (("admin",), ME, "rekey", "own-device"),
        (("admin",), ME, "device", ""),
        ((), ME, "device", ""),
        (("hr",), ME, "device", ""),
        ((), OTHER, "join", "authority"),
        (("hr",), OTHER, "join", "authority"),
        (("auditor",), OTHER, "rekey", "authority"),
        ((), ME, "join", "own-device"),
    ],
)
def test_who_invites_whom(roles: tuple[str, ...], person: str, purpose: str, rule: str) -> None:
    assert verdict("invite.issued", standing(*roles), person=person, purpose=purpose) == rule


@pytest.mark.parametrize(
    ("roles", "person", "rule"), [(("admin",), OTHER, ""), ((), OTHER, "authority"), (("hr",), OTHER, "authority"), ((), ME, "")]
)
def test_who_enrols_whom(roles: tuple[str, ...], person: str, rule: str) -> None:
    """Of one's own keys the invite decides, which can only be one for another machine."""
    assert verdict("key.enrolled", standing(*roles), person=person) == rule


def test_recovery_enrols_and_revokes_and_invites_nobody() -> None:
    recovery = standing(recovery=True)
    assert verdict("key.enrolled", recovery, person=OTHER) == ""
    assert verdict("key.revoked", recovery, key=OTHER) == ""
    assert verdict("invite.issued", recovery, person=OTHER, purpose="join") == "authority"
    assert verdict("epoch.wrapped", recovery, wraps=[]) == "authority"


@pytest.mark.parametrize("type_", ["key.revoked", "epoch.started", "epoch.wrapped", "readers.ended"])
@pytest.mark.parametrize(("role", "allowed"), [("admin", True), ("hr", True), ("auditor", False), ("service", False)])
def test_who_ends_keys_and_epochs(type_: str, role: str, allowed: bool) -> None:
    assert (verdict(type_, standing(role)) == "") is allowed


def test_every_fact_of_keys_has_its_row() -> None:
    assert {"invite.issued", "invite.withdrawn", "key.enrolled", "key.revoked", "epoch.wrapped", "readers.ended"} <= set(FORMAT_1)
