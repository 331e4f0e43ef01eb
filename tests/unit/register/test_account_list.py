"""The list of accounts: right counts, one query however long, and what surrounds an account."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import NotFound, Usage
from govern.register import connection
from govern.register.projection import APPLY, Scene
from govern.register.queries import account_list, accounts, credentials, knowledge, places

PEOPLE = [f"{n:032x}" for n in range(1, 6)]
MIA, ANNA, BEN, *_ = PEOPLE


class Register:
    """A register in memory that is told facts."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        connection.create(self.db)
        self.index = 0x1000
        for person, handle in zip(PEOPLE, ("mia", "anna", "ben", "cy", "dee"), strict=True):
            self.fact("person.added", {"handle": handle, "name": handle}, person=person)

    def fact(self, type_: str, personal: dict[str, str] | None = None, /, **body: Any) -> str:
        self.index += 1
        APPLY[type_](Scene(self.db, self.index, type_, MIA, "2026-11-21T09:00:00Z", body, personal or {}))
        return f"{self.index:032x}"

    def new_id(self) -> str:
        self.index += 1
        return f"{self.index:032x}"

    def account(self, handle: str, platform: str = "x", **more: Any) -> str:
        id_ = self.new_id()
        self.fact(
            "account.added",
            {"login": f"{handle} login"},
            account=id_,
            handle=handle,
            platform=platform,
            tier="standard",
            custodian=MIA,
            **more,
        )
        return id_

    def password(self, account: str, kind: str = "password", **more: Any) -> str:
        id_ = self.new_id()
        kept = {"kept_in": more.pop("kept_in")} if "kept_in" in more else {}
        self.fact("credential.added", credential=id_, account=account, kind=kind, **kept)
        self.fact("version.staged", credential=id_, version=1, state="current", origin="claimed", **more)
        return id_

    def grant(self, account: str, person: str) -> str:
        id_ = self.new_id()
        self.fact("grant.issued", grant=id_, account=account, person=person)
        return id_

    def statements(self) -> list[str]:
        """Every statement from now on."""
        found: list[str] = []
        self.db.set_trace_callback(found.append)
        return found


@pytest.fixture
def register() -> Register:
    return Register()


def test_the_list_counts_holders_and_everybody_who_could_know(register: Register) -> None:
    shop, blog = register.account("shop"), register.account("blog")
    register.grant(shop, MIA)
    ended = register.grant(shop, ANNA)
    register.fact("grant.ended", grants=[ended], cause="revoked")
    for kind in ("password", "totp"):
        secret = register.password(shop, kind, others_unknown=True)
        register.fact("knowledge.declared", credential=secret, person=ANNA)
    register.password(blog)
    listed = {one.handle: (one.custodian, one.holders, one.exposed) for one in account_list.listed(register.db)}
    assert listed == {"shop": ("mia", 1, 2), "blog": ("mia", 0, 0)}


def test_the_list_is_one_query_however_long(register: Register) -> None:
    for number in range(30):
        account = register.account(f"shop-{number:02}")
        register.password(account, others_unknown=True)
        register.grant(account, MIA)
    statements = register.statements()
    assert len(list(account_list.listed(register.db))) == 30
    assert len(list(account_list.listed(register.db, "platform:x"))) == 30
    assert len(statements) == 2


def test_the_list_is_read_as_it_is_asked_for(register: Register) -> None:
    for number in range(3):
        register.account(f"shop-{number}")
    rows = account_list.listed(register.db)
    assert next(rows).handle == "shop-0"
    assert next(rows).handle == "shop-1"


def test_retired_accounts_are_listed_only_where_wanted_or_named(register: Register) -> None:
    register.fact("account.retired", account=register.account("old"))
    register.account("new")
    assert [one.handle for one in account_list.listed(register.db)] == ["new"]
    assert [one.handle for one in account_list.listed(register.db, retired=True)] == ["new", "old"]
    assert [one.handle for one in account_list.listed(register.db, "old")] == ["old"]


def test_selectors_select(register: Register) -> None:
    register.account("a", department="PR", tags=["Brand"])
    register.account("b", platform="linkedin", client="Ø & Co")
    for selector, handles in {"platform:X": ["a"], "department:pr": ["a"], "tag:brand": ["a"], "client:Ø & Co": ["b"], "b": ["b"]}.items():
        assert [one.handle for one in account_list.listed(register.db, selector)] == handles
        assert [one.handle for one in accounts.select(register.db, selector)] == handles


@pytest.mark.parametrize(("selector", "error"), [("platform:", Usage), ("owner:x", Usage), ("tag:none", NotFound), ("none", NotFound)])
def test_what_selects_nothing_is_said(register: Register, selector: str, error: type[Exception]) -> None:
    for ask in (account_list.listed, accounts.select, knowledge.rows):
        with pytest.raises(error):
            ask(register.db, selector)


def test_where_one_account_is_named_a_selector_leads_to_the_list(register: Register) -> None:
    register.account("shop")
    with pytest.raises(NotFound) as caught:
        accounts.find(register.db, "platform:x")
    assert "govern account list platform:x" in caught.value.hint
    with pytest.raises(NotFound) as near:
        accounts.find(register.db, "shopp")
    assert near.value.hint == "did you mean shop?", "control"


def test_what_surrounds_an_account(register: Register) -> None:
    place, mailbox = register.new_id(), register.account("mailbox")
    register.fact("place.added", {"name": "The sheet"}, place=place, kind="sheet")
    shop = register.account("shop", depends_on=[mailbox], tags=["b", "a"])
    register.fact("place.holds", place=place, accounts=[shop])
    register.password(mailbox, kept_in=place)
    around = account_list.around(register.db, shop)
    assert (around.tags, around.depends_on, around.needed_by, around.places) == (("a", "b"), ("mailbox",), (), ("The sheet",))
    around = account_list.around(register.db, mailbox)
    assert (around.depends_on, around.needed_by, around.places) == ((), ("shop",), ("The sheet",))


def test_a_credential_is_told_in_its_current_version(register: Register) -> None:
    shop = register.account("shop")
    secret = register.password(shop, changed_at="2026-01-01T00:00:00Z")
    rotation = register.new_id()
    register.fact("rotation.opened", rotation=rotation, credential=secret, trigger="manual")
    register.fact("version.staged", credential=secret, version=2, state="candidate", origin="claimed", rotation=rotation)
    (found,) = credentials.of_account(register.db, shop)
    assert (found.version, found.state, found.candidate, found.since) == (1, "current", 2, "2026-01-01T00:00:00Z")
    register.fact("rotation.confirmed", rotation=rotation, version=2, grade="claimed")
    (found,) = credentials.of_account(register.db, shop)
    assert (found.version, found.state, found.candidate, found.since) == (2, "current", 0, "2026-11-21T09:00:00Z")


def test_a_credential_that_is_sealed_by_now_is_kept_in_no_place(register: Register) -> None:
    place, shop = register.new_id(), register.account("shop")
    register.fact("place.added", {"name": "The sheet"}, place=place, kind="sheet")
    secret, rotation = register.password(shop, kept_in=place), register.new_id()
    assert credentials.of_account(register.db, shop)[0].kept_in == "The sheet"
    assert places.find(register.db, "the SHEET").keeps == {shop}
    register.fact("rotation.opened", rotation=rotation, credential=secret, trigger="manual")
    register.fact("version.staged", credential=secret, version=2, state="candidate", origin="set", rotation=rotation, manifest="ab" * 32)
    register.fact("rotation.confirmed", rotation=rotation, version=2, grade="claimed")
    assert credentials.of_account(register.db, shop)[0].kept_in == ""
    assert places.find(register.db, "the sheet").keeps == frozenset()


def test_the_sheet_s_rows_tell_who_could_know_what_works(register: Register) -> None:
    shop = register.account("shop")
    password, totp = register.password(shop), register.password(shop, "totp")
    register.fact("knowledge.declared", credential=totp, person=ANNA)
    register.account("empty")
    rows = {row.handle: row for row in knowledge.rows(register.db)}
    assert rows["shop"].credentials == {password: "password", totp: "totp"}
    assert rows["shop"].known == {ANNA: {totp}}
    assert (rows["empty"].credentials, rows["empty"].known) == ({}, {})
    assert knowledge.declared(register.db, {password, totp}, ANNA) == {totp}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(PEOPLE), st.sampled_from(["grant", "end", "declare"])), max_size=25))
def test_counts_are_those_of_a_plain_reading_of_the_tables(steps: list[tuple[int, str, str]]) -> None:
    register = Register()
    ids = [register.account(f"shop-{number}") for number in range(3)]
    secrets = [register.password(id_, others_unknown=number == 0) for number, id_ in enumerate(ids)]
    held: dict[int, dict[str, str]] = {0: {}, 1: {}, 2: {}}
    knows: dict[int, set[str]] = {0: {"others-unknown"}, 1: set(), 2: set()}
    for number, person, step in steps:
        if step == "grant" and person not in held[number]:
            held[number][person] = register.grant(ids[number], person)
        elif step == "end" and person in held[number]:
            register.fact("grant.ended", grants=[held[number].pop(person)], cause="revoked")
        elif step == "declare":
            register.fact("knowledge.declared", credential=secrets[number], person=person)
            knows[number].add(person)
    assert [(one.holders, one.exposed) for one in account_list.listed(register.db)] == [(len(held[n]), len(knows[n])) for n in range(3)]
