"""A stray key of a service that reconciles: void for everything that is not entrusted to it, beside the same entry that counts where it is.

Written as a thief would, past every procedure; judged by everybody's replay.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .insider import Insider
from .vaults import Machine

BY = {"connector": "matrix", "distribution": "govern", "release": "1"}


class Firm:
    """`night` is entrusted with `shop` and not with `blog`; both have an open rotation with a candidate, of a password."""

    def __init__(self, mia: Machine) -> None:
        self.mia = mia
        self.machine = mia.of("night")
        self.machine.home = mia.home / "services" / "night"
        self.machine.key = self.machine.home / "key"
        self.refresh()

    def refresh(self) -> None:
        self.by_mia, self.night = Insider(self.mia), Insider(self.machine)
        self.person = self.mia.ask("SELECT id FROM people WHERE handle = 'night'")[0][0]
        self.authority = self.mia.ask("SELECT id FROM services WHERE person = ? ORDER BY entry DESC", self.person)[0][0]

    def verdict(self, index: int) -> str:
        rows = self.mia.ask("SELECT code FROM findings WHERE entry = ?", index)
        return str(rows[0][0]) if rows else ""

    def acts(self, type_: str, body: dict[str, Any]) -> str:
        """What becomes of an entry of the service: the rule against it, or nothing where it counts."""
        return self.verdict(self.night.write(self.night.event(type_, body, authority=self.authority)))

    def told(self, type_: str, body: dict[str, Any]) -> str:
        """The same of an admin's."""
        return self.verdict(self.by_mia.write(self.by_mia.event(type_, body)))

    def id(self, handle: str, kind: str = "password") -> str:
        query = "SELECT c.id FROM credentials c JOIN accounts a ON a.id = c.account WHERE a.handle = ? AND c.kind = ?"
        return str(self.mia.ask(query, handle, kind)[0][0])

    def account(self, handle: str) -> str:
        return str(self.mia.ask("SELECT id FROM accounts WHERE handle = ?", handle)[0][0])

    def rotation(self, handle: str) -> str:
        return str(self.mia.ask("SELECT id FROM rotations WHERE credential = ?", self.id(handle))[0][0])

    def key(self, whose: str) -> str:
        query = "SELECT id FROM keys WHERE state = 'recovery'" if whose == "recovery" else (
            f"SELECT k.id FROM keys k JOIN people p ON p.id = k.person WHERE p.handle = '{whose}' AND k.state = 'active'"
        )  # fmt: skip
        return str(self.mia.ask(query)[0][0])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Never to be touched: take `firm`, which is on a copy."""
    machine = Machine(tmp_path_factory.mktemp("entrusted"))
    machine.init()
    for handle in ("shop", "blog"):
        machine.ok("account", "add", handle, "--platform", "matrix", "--login", handle)
        machine.ok("credential", "add", handle, "--kind", "password", stdin=f"old-{handle}")
    machine.ok("credential", "add", "shop", "--kind", "totp", stdin="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    machine.ok("key", "add-service", "night", "--purpose", "reconcile", "--until", "2099-01-01", "--accounts", "shop")
    for handle in ("shop", "blog"):
        machine.ok("rotate", handle)
    return machine


@pytest.fixture
def firm(served: Machine, tmp_path: Path) -> Firm:
    return Firm(served.copy(tmp_path / "copy"))


def revealed(firm: Firm, handle: str, kind: str = "password", n: int = 1) -> tuple[str, dict[str, Any]]:
    return "secret.revealed", {"credential": firm.id(handle, kind), "version": n, "purpose": "probe"}


def staged(firm: Firm, handle: str, *recipients: str, n: int = 3, **more: Any) -> tuple[str, dict[str, Any]]:
    return "version.staged", {
        "credential": firm.id(handle), "version": n, "state": "candidate", "rotation": firm.rotation(handle), "origin": "generated",
        "manifest": os.urandom(32).hex(), "recipients": sorted(firm.key(one) for one in recipients), "wraps": os.urandom(32).hex(), **more,
    }  # fmt: skip


ACTS: dict[str, Callable[[Firm, str], tuple[str, dict[str, Any]]]] = {
    "reveal for a probe": revealed,
    "take in hand": lambda f, h: ("rotation.connected", {"rotation": f.rotation(h), "version": 2, **BY}),
    "in doubt": lambda f, h: ("rotation.unknown", {"rotation": f.rotation(h)}),
    "refused there": lambda f, h: ("rotation.rejected", {"rotation": f.rotation(h), "version": 2}),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_only_what_is_entrusted_to_it(firm: Firm, act: Callable[[Firm, str], tuple[str, dict[str, Any]]]) -> None:
    before = firm.mia.ask("SELECT state FROM rotations WHERE id = ?", firm.rotation("blog"))
    assert firm.acts(*act(firm, "blog")) == "service-entrusted"
    assert firm.mia.ask("SELECT state FROM rotations WHERE id = ?", firm.rotation("blog")) == before
    assert firm.acts(*act(firm, "shop")) == "", "the control"


def test_the_whole_story_in_its_order_counts(firm: Firm) -> None:
    """The control for all that follows: from the first touch to done, by the service alone."""
    shop = firm.rotation("shop")
    assert firm.acts("rotation.connected", {"rotation": shop, "version": 2, **BY}) == ""
    assert firm.acts("rotation.probed", {"rotation": shop, "version": 2, "answer": "valid"}) == ""
    assert firm.acts("rotation.probed", {"rotation": shop, "version": 1, "answer": "invalid"}) == ""
    assert firm.acts("rotation.confirmed", {"rotation": shop, "version": 2, "grade": "probed"}) == ""
    assert firm.mia.ask("SELECT state FROM rotations WHERE id = ?", shop) == [("done",)]


def test_it_confirms_nothing_that_no_platform_has_answered(firm: Firm) -> None:
    shop = firm.rotation("shop")
    assert firm.acts("rotation.confirmed", {"rotation": shop, "version": 2, "grade": "one-person"}) == "authority-purpose"
    assert firm.acts("rotation.confirmed", {"rotation": shop, "version": 2, "grade": "probed"}) == "never-probed"


def test_seeds_and_codes_are_never_entrusted(firm: Firm) -> None:
    assert firm.acts(*revealed(firm, "shop", "totp")) == "service-entrusted"
    wraps = {"wraps": [[firm.id("shop", "totp"), 1, firm.key("night")]], "digest": os.urandom(32).hex()}
    assert firm.told("wraps.added", wraps) == "recipient"
    assert firm.told("wraps.added", {**wraps, "wraps": [[firm.id("shop"), 2, firm.key("night")]]}) == "", "the control: its password"


def test_nobody_seals_to_it_what_is_not_entrusted(firm: Firm) -> None:
    wraps = {"wraps": [[firm.id("blog"), 1, firm.key("night")]], "digest": os.urandom(32).hex()}
    assert firm.told("wraps.added", wraps) == "recipient"
    assert firm.told("service.entrusted", {"authority": firm.authority, "accounts": [firm.account("blog")]}) == ""
    assert firm.told("wraps.added", wraps) == "", "the control: entrusted since"


def test_what_it_stages_is_sealed_to_recovery_too(firm: Firm) -> None:
    assert firm.acts("rotation.rejected", {"rotation": firm.rotation("shop"), "version": 2}) == ""
    assert firm.acts(*staged(firm, "shop", "night")) == "service-entrusted"
    assert firm.acts(*staged(firm, "shop", "night", "mia", "recovery")) == "", "the control"


def test_it_stages_no_current_version_and_none_without_a_rotation(firm: Firm) -> None:
    type_, body = staged(firm, "shop", "night", "mia", "recovery")
    assert firm.acts(type_, {**body, "state": "current"}) == "authority-purpose"
    assert firm.acts(type_, {name: value for name, value in body.items() if name != "rotation"}) == "authority-purpose"


def test_it_ends_no_wrap_of_what_may_be_in_force(firm: Firm) -> None:
    def wrap(handle: str, n: int, whose: str) -> dict[str, Any]:
        return {"wraps": [[firm.id(handle), n, firm.key(whose), os.urandom(32).hex()]]}

    assert firm.acts("wraps.ended", wrap("shop", 1, "mia")) == "service-entrusted"
    assert firm.acts("wraps.ended", wrap("shop", 2, "mia")) == "service-entrusted"
    assert firm.acts("rotation.rejected", {"rotation": firm.rotation("shop"), "version": 2}) == ""
    assert firm.acts("wraps.ended", wrap("shop", 2, "recovery")) == "service-recovery"
    assert firm.acts("wraps.ended", wrap("shop", 2, "mia")) == "", "the control: it was refused there"
    assert firm.acts("wraps.ended", wrap("blog", 1, "mia")) == "service-entrusted"


def test_another_account_helps_only_where_it_is_entrusted_as_well(firm: Firm) -> None:
    taken = {"rotation": firm.rotation("shop"), "version": 2, **BY}
    assert firm.acts("rotation.connected", {**taken, "by": firm.id("blog")}) == "service-entrusted"
    assert firm.told("service.entrusted", {"authority": firm.authority, "accounts": [firm.account("blog")]}) == ""
    assert firm.acts("rotation.connected", {**taken, "by": firm.id("blog")}) == "", "the control"


def test_without_the_purpose_nothing_is_entrusted(firm: Firm) -> None:
    """An authority for something that neither asks platforms nor sends anything."""
    assert firm.acts(*revealed(firm, "shop")) == "", "the control"
    assert firm.told("service.authorised", {"service": firm.person, "purposes": ["run-due"]}) == ""
    firm.refresh()
    assert firm.told("service.entrusted", {"authority": firm.authority, "accounts": [firm.account("blog")]}) == "service-entrusted"
    assert firm.acts(*revealed(firm, "shop")) == "authority-purpose"


def test_a_service_for_reminders_opens_the_secret_of_its_channel_and_does_nothing_else_with_what_is_entrusted_to_it(firm: Firm) -> None:
    """With the account of the channel entrusted to it, its key reveals nothing for a probe and neither begins, carries on nor ends a rotation; nor does
    that of another account."""
    assert firm.told("service.authorised", {"service": firm.person, "purposes": ["remind"]}) == ""
    firm.refresh()
    assert firm.told("service.entrusted", {"authority": firm.authority, "accounts": [firm.account("shop")]}) == ""
    channel = os.urandom(16).hex()
    body = {"channel": channel, "name": "room", "kind": "chat", "credential": firm.id("shop")}
    assert firm.verdict(firm.by_mia.write(firm.by_mia.event("channel.set", body))) == ""
    shop = firm.rotation("shop")
    for type_, fact in (
        *(act(firm, "shop") for act in ACTS.values()),
        ("rotation.confirmed", {"rotation": shop, "version": 2, "grade": "probed"}),
        ("rotation.probed", {"rotation": shop, "version": 2, "answer": "valid"}),
        ("rotation.lost", {"rotation": shop}),
        ("rotation.opened", {"rotation": os.urandom(16).hex(), "credential": firm.id("blog"), "trigger": "schedule"}),
        ("secret.revealed", {"credential": firm.id("shop"), "version": 1, "purpose": "reveal"}),
        ("code.shown", {"credential": firm.id("shop", "totp"), "version": 1}),
        staged(firm, "shop", "night", "mia", "recovery"),
        ("wraps.ended", {"wraps": [[firm.id("shop"), 1, firm.key("mia"), os.urandom(32).hex()]]}),
    ):
        assert firm.acts(type_, fact) == "authority-purpose", type_
    opened = {"channel": channel, "credential": firm.id("shop"), "version": 1}
    assert firm.acts("channel.opened", opened) == "", "the control: what it is entrusted with the account for"
    assert firm.acts("channel.opened", {**opened, "credential": firm.id("blog")}) != ""


def test_after_its_withdrawal_nothing_counts_and_nothing_is_sealed_to_it(firm: Firm) -> None:
    assert firm.acts(*revealed(firm, "shop")) == "", "the control"
    wraps = {"wraps": [[firm.id("shop"), 2, firm.key("night")]], "digest": os.urandom(32).hex()}
    assert firm.told("service.withdrawn", {"authority": firm.authority}) == ""
    assert firm.acts(*revealed(firm, "shop", n=2)) == "authority-withdrawn"
    assert firm.told("wraps.added", wraps) == "recipient"


def test_an_account_of_which_it_was_relieved(firm: Firm) -> None:
    assert firm.acts(*revealed(firm, "shop")) == "", "the control"
    assert firm.told("service.relieved", {"service": firm.person, "accounts": [firm.account("shop")]}) == ""
    assert firm.acts(*revealed(firm, "shop")) == "service-entrusted"
    assert firm.told("service.relieved", {"service": firm.person, "accounts": [firm.account("blog")]}) == "unknown-reference"


def test_what_was_entrusted_ends_with_the_authority_that_says_so(firm: Firm) -> None:
    """Another authority of the same service does not carry it on, unless an admin says so again."""
    assert firm.told("service.authorised", {"service": firm.person, "purposes": ["reconcile"]}) == ""
    old = firm.authority
    firm.refresh()
    assert firm.acts(*revealed(firm, "shop")) == "", "the control: both stand"
    assert firm.told("service.withdrawn", {"authority": old}) == ""
    assert firm.acts(*revealed(firm, "shop")) == "service-entrusted"
    assert firm.told("service.entrusted", {"authority": firm.authority, "accounts": [firm.account("shop")]}) == ""
    assert firm.acts(*revealed(firm, "shop")) == ""


def test_a_service_entrusts_nothing_to_itself(firm: Firm) -> None:
    assert firm.acts("service.entrusted", {"authority": firm.authority, "accounts": [firm.account("blog")]}) == "authority-purpose"


def test_what_a_void_reveal_names_is_still_known(firm: Firm) -> None:
    assert firm.acts(*revealed(firm, "blog")) == "service-entrusted"
    known = firm.mia.ask("SELECT basis FROM exposures WHERE person = ? AND credential = ?", firm.person, firm.id("blog"))
    assert known == [("revealed",)]
