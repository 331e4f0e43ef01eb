"""What a departure's list holds: everything that ties the person to the accounts, nothing else, in the order to work in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.offboarding import checklist
from govern.offboarding.beside import Tie
from govern.offboarding.checklist import Account, Circumstances, Known
from govern.offboarding.items import Item, ItemKind
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy

POLICY = parse_policy(policy_text(), name="default.yaml", preset="small")
CUT = "2026-11-21T14:00:00Z"

SHOP = Account(id="a1", handle="shop", tier="standard", attended=True)
BLOG = Account(id="a2", handle="blog", tier="critical", attended=True)
MAIL = Account(id="a3", handle="mail", tier="low", attended=True)
ALL = (SHOP, BLOG, MAIL)


def known(account: Account, kind: str = "password", version: int = 1, *bases: str) -> Known:
    return Known(account=account.id, credential=f"{account.id}-{kind}", kind=kind, version=version, bases=frozenset(bases or ("revealed",)))


def found(*accounts: Account, **more: object) -> Circumstances:
    return Circumstances(accounts={account.id: account for account in accounts or ALL}, **more)  # type: ignore[arg-type]


def drawn(circumstances: Circumstances) -> list[tuple[str, str]]:
    names = {account.id: account.handle for account in circumstances.accounts.values()}
    return [(item.kind.value, names.get(item.account, item.about)) for item in checklist.draw_up(circumstances, POLICY, cut_at=CUT)]


SCENARIOS = [
    ("holds and knows nothing", found(), []),
    ("knows one password", found(known=[known(SHOP)]), [("rotate", "shop")]),
    (
        "knows password and seed: two kinds, two items",
        found(known=[known(SHOP), known(SHOP, "totp")]),
        [("rotate", "shop"), ("rotate", "shop")],
    ),
    ("knows the current one and a candidate", found(known=[known(SHOP), known(SHOP, "password", 2)]), [("rotate", "shop")] * 2),
    ("holds, and another stays", found(granted=["a1"]), [("end-grant", "shop")]),
    (
        "is the only one: first, and in the way of the closing",
        found(Account(id="a1", handle="shop", tier="standard", attended=False), BLOG, granted=["a1", "a2"], custody=["a1"]),
        [("sole-holder", "shop"), ("end-grant", "blog"), ("end-grant", "shop"), ("custody", "shop")],
    ),
    (
        "others stay, but nobody of them could open it",
        found(Account(id="a1", handle="shop", tier="standard", attended=True, openable=False), granted=["a1"], sealed=["a1"]),
        [("sole-holder", "shop"), ("end-grant", "shop")],
    ),
    ("responsible and deputy", found(custody=["a1"], deputy=["a2"]), [("custody", "shop"), ("deputy", "blog")]),
    ("in a place", found(places=["sheet"]), [("clean-place", "sheet")]),
    (
        "has a role and a key",
        found(roles=["admin", "hr"], keys=["k1"]),
        [("withdraw-role", "admin"), ("withdraw-role", "hr"), ("revoke-key", "k1")],
    ),
    (
        "has a role there, as one of several",
        found(ties=[Tie(kind=ItemKind.ENTITLEMENT, account="a1", about="e1")]),
        [("entitlement", "shop")],
    ),
    (
        "alone gives roles there: first, and in the way of the closing",
        found(ties=[Tie(kind=ItemKind.ENTITLEMENT, account="a1", about="e1", sole=True)], granted=["a2"]),
        [("native-admin", "shop"), ("end-grant", "blog"), ("entitlement", "shop")],
    ),
    (
        "what could stop a change comes before it, what hangs on it behind it",
        found(
            known=[known(SHOP)],
            keys=["k1"],
            ties=[
                Tie(kind=ItemKind.DEVICE, about="d1"),
                Tie(kind=ItemKind.APP, account="a1", about="t1"),
                Tie(kind=ItemKind.RECOVERY_CHANNEL, account="a1", credential="c1", version=1),
                Tie(kind=ItemKind.PROMPTS, account="a1"),
                Tie(kind=ItemKind.ENTITLEMENT, account="a2", about="e1"),
            ],
        ),
        [
            ("entitlement", "blog"),
            ("prompts", "shop"),
            ("recovery-channel", "shop"),
            ("rotate", "shop"),
            ("app", "shop"),
            ("device", "d1"),
            ("revoke-key", "k1"),
        ],
    ),
    ("knew of an account that they never held", found(known=[known(BLOG, "password", 1, "place")]), [("rotate", "blog")]),
]


@pytest.mark.parametrize(("circumstances", "items"), [row[1:] for row in SCENARIOS], ids=[row[0] for row in SCENARIOS])
def test_scenarios(circumstances: Circumstances, items: list[tuple[str, str]]) -> None:
    assert drawn(circumstances) == items


def test_a_role_is_due_as_soon_as_what_was_seen_and_only_the_sole_one_holds_up_the_closing() -> None:
    ties = [Tie(kind=ItemKind.ENTITLEMENT, account=one.id, about="e", sole=one is BLOG) for one in (SHOP, BLOG)]
    items = checklist.draw_up(found(known=[known(SHOP), known(BLOG)], ties=ties), POLICY, cut_at=CUT)
    due = {(item.kind, item.account): item.due for item in items}
    assert due[ItemKind.ENTITLEMENT, "a1"] == due[ItemKind.ROTATE, "a1"]
    assert due[ItemKind.ENTITLEMENT, "a2"] == due[ItemKind.ROTATE, "a2"] < due[ItemKind.ENTITLEMENT, "a1"]
    assert [(item.kind, item.account) for item in items if item.blocking] == [(ItemKind.NATIVE_ADMIN, "a2")]


def rotations(*knowledge: Known, accounts: Sequence[Account] = ALL) -> list[Item]:
    return checklist.rotations(found(*accounts, known=list(knowledge)), POLICY, cut_at=CUT)


def test_seen_comes_before_merely_sealed_and_sealed_is_never_dropped() -> None:
    items = rotations(known(SHOP, "password", 1, "sealed"), known(SHOP, "totp", 1, "revealed"))
    assert [(item.credential, item.basis) for item in items] == [("a1-totp", "revealed"), ("a1-password", "sealed")]


def test_the_basis_that_says_most_is_told() -> None:
    assert [item.basis for item in rotations(known(SHOP, "password", 1, "sealed", "place", "exported"))] == ["exported"]


def test_a_mailbox_comes_before_the_account_that_recovers_through_it_and_is_due_no_later() -> None:
    shop = Account(id="a1", handle="aaa", tier="critical", needs=frozenset({"a3", "unknown"}), attended=True)
    items = rotations(known(shop), known(MAIL), accounts=(shop, MAIL))
    assert [item.account for item in items] == ["a3", "a1"]
    assert items[0].due <= items[1].due


def test_accounts_that_recover_through_each_other_are_listed_all_the_same() -> None:
    one = Account(id="a1", handle="one", tier="standard", needs=frozenset({"a2"}))
    two = Account(id="a2", handle="two", tier="standard", needs=frozenset({"a1"}))
    assert {item.account for item in rotations(known(one), known(two), accounts=(one, two))} == {"a1", "a2"}


KNOWN = st.builds(
    known,
    st.sampled_from(ALL),
    st.sampled_from(["password", "totp", "api-token"]),
    st.integers(1, 4),
    st.sampled_from(["sealed", "revealed", "place", "unknown"]),
)


@given(st.lists(KNOWN, max_size=12, unique_by=lambda one: (one.credential, one.version)))
@settings(max_examples=100, deadline=None)
def test_exactly_one_item_for_every_version_known(knowledge: list[Known]) -> None:
    items = checklist.draw_up(found(known=knowledge), POLICY, cut_at=CUT)
    assert sorted((item.credential, item.version) for item in items) == sorted((one.credential, one.version) for one in knowledge)
    assert all(item.kind is ItemKind.ROTATE and item.due >= CUT for item in items)


def test_the_frozen_list_tells_any_difference_and_no_order() -> None:
    one, two = known(SHOP, "password", 1, "sealed"), known(SHOP, "totp", 1, "revealed", "sealed")
    digest = checklist.frozen([one, two])
    assert digest == checklist.frozen([two, one])
    assert len(digest) == 64
    others = [[one], [one, known(SHOP, "totp", 1, "revealed")], [one, known(SHOP, "totp", 2, "revealed", "sealed")], []]
    assert len({digest, *(checklist.frozen(other) for other in others)}) == 5
