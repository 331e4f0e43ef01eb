"""What each kind of departure asks for: one person, tied to the company in every way, under each of them."""

from __future__ import annotations

import pytest

from govern.offboarding import checklist
from govern.offboarding.checklist import Account, Circumstances, Known
from govern.offboarding.items import ItemKind
from govern.offboarding.kinds import DEPARTURES, LEAVES, RULES, CaseKind, Scope
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy

POLICY = parse_policy(policy_text(), name="default.yaml", preset="small")
CUT = "2026-11-21T14:00:00Z"

SHOP = Account(id="a1", handle="shop", tier="standard", attended=False)
BLOG = Account(id="a2", handle="blog", tier="low", attended=True)
EVERYTHING = Circumstances(
    accounts={"a1": SHOP, "a2": BLOG}, granted=["a1", "a2"], custody=["a1"], deputy=["a2"], places=["sheet"], roles=["admin"], keys=["k1"],
    known=[
        Known(account="a1", credential="c1", kind="password", version=1, bases=frozenset({"revealed"})),
        Known(account="a2", credential="c2", kind="password", version=1, bases=frozenset({"sealed"})),
    ],
)  # fmt: skip
LEAVER = [
    "sole-holder shop", "end-grant blog", "end-grant shop", "custody shop", "deputy blog", "rotate shop", "rotate blog", "clean-place sheet",
    "withdraw-role admin", "revoke-key k1",
]  # fmt: skip

SCENARIOS = [
    (Scope(CaseKind.LEAVER), LEAVER),
    (Scope(CaseKind.AGENCY_ENDED), [*LEAVER, "destroy-copies "]),
    (Scope(CaseKind.MOVER), LEAVER),
    (
        Scope(CaseKind.MOVER, kept=frozenset({"a1"})),
        ["end-grant blog", "deputy blog", "rotate blog", "clean-place sheet", "withdraw-role admin"],
    ),
    (Scope(CaseKind.PAUSE), LEAVER[:-1]),
    (Scope(CaseKind.DEVICE_LOST), ["revoke-key k1", "rotate shop", "rotate blog"]),
]


def drawn(scope: Scope, found: Circumstances = EVERYTHING) -> list[str]:
    names = {"a1": "shop", "a2": "blog"}
    return [f"{item.kind} {names.get(item.account, item.about)}" for item in checklist.draw_up(found, POLICY, cut_at=CUT, scope=scope)]


@pytest.mark.parametrize(("scope", "items"), SCENARIOS, ids=[f"{s.kind}{' keeps' if s.kept else ''}" for s, _ in SCENARIOS])
def test_one_person_under_each_kind(scope: Scope, items: list[str]) -> None:
    assert drawn(scope) == items


def test_a_clients_accounts_go_back_whoever_knows_them() -> None:
    """What others recover through comes first; the client changes the secrets, so none of ours is asked for."""
    found = Circumstances(accounts={"a1": SHOP._replace(needs=frozenset({"a2"})), "a2": BLOG}, granted=["a1"])
    assert drawn(Scope(CaseKind.CLIENT_ENDED, accounts=frozenset({"a1", "a2"})), found) == [
        "end-grant shop", "hand-back blog", "hand-back shop", "taken-over blog", "taken-over shop", "retire-account blog", "retire-account shop",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", CaseKind)
def test_whoever_is_tied_by_nothing_has_no_items_whatever_the_kind(kind: CaseKind) -> None:
    assert drawn(Scope(kind), Circumstances(accounts={})) == []


@pytest.mark.parametrize("kind", [kind for kind in DEPARTURES if not RULES[kind].of_accounts])
def test_no_kind_drops_a_secret_that_is_known(kind: CaseKind) -> None:
    assert [item for item in drawn(Scope(kind)) if item.startswith("rotate")]
    assert ItemKind.ROTATE in RULES[kind].items


def test_of_a_lost_machine_everything_is_due_at_once() -> None:
    """As after any compromise; the same person as a leaver has the days that the policy gives."""
    due = {item.due for item in checklist.draw_up(EVERYTHING, POLICY, cut_at=CUT, scope=Scope(CaseKind.DEVICE_LOST))}
    assert due == {CUT}
    assert max(item.due for item in checklist.draw_up(EVERYTHING, POLICY, cut_at=CUT)) > CUT


def test_whoever_is_gone_keeps_nothing_and_their_keys_end_with_the_cut() -> None:
    assert {CaseKind.LEAVER, CaseKind.AGENCY_ENDED} == LEAVES
    assert all(RULES[kind].cause and not RULES[kind].keeps and not RULES[kind].anew for kind in LEAVES)
