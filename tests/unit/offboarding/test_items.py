"""Items as the ledger keeps them: read back as they were written, and refused in any other shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.canonical import canonical, decode
from govern.errors import Refused
from govern.offboarding import items
from govern.offboarding.items import Item, ItemKind

ID, ACCOUNT, CREDENTIAL = "1" * 32, "2" * 32, "3" * 32
DUE = "2026-11-24T09:00:00Z"
WHOLE = [
    Item(kind=ItemKind.SOLE_HOLDER, account=ACCOUNT, due=DUE, blocking=True),
    Item(kind=ItemKind.END_GRANT, account=ACCOUNT, due=DUE),
    Item(kind=ItemKind.ROTATE, account=ACCOUNT, credential=CREDENTIAL, version=3, due=DUE, basis="revealed"),
    Item(kind=ItemKind.CLEAN_PLACE, about=ID, due=DUE),
    Item(kind=ItemKind.WITHDRAW_ROLE, about="admin", due=DUE),
    Item(kind=ItemKind.NATIVE_ADMIN, account=ACCOUNT, about=ID, due=DUE, blocking=True),
    Item(kind=ItemKind.ENTITLEMENT, account=ACCOUNT, about=ID, due=DUE),
    Item(kind=ItemKind.PROMPTS, account=ACCOUNT, due=DUE),
    Item(kind=ItemKind.RECOVERY_CHANNEL, account=ACCOUNT, credential=CREDENTIAL, version=2, due=DUE),
    Item(kind=ItemKind.APP, account=ACCOUNT, about=ID, due=DUE),
    Item(kind=ItemKind.SESSION, account=ACCOUNT, about=ID, due=DUE),
    Item(kind=ItemKind.DEVICE, about=ID, due=DUE),
]


@pytest.mark.parametrize("item", WHOLE, ids=lambda item: item.kind.value)
def test_an_item_is_read_as_it_was_written(item: Item) -> None:
    assert items.read(decode(canonical(item.record(ID)))) == (ID, item)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"},
        {"id": None},
        {"kind": "hug"},
        {"kind": None},
        {"kind": ["rotate"]},
        {"due": "tomorrow"},
        {"due": None},
        {"blocking": 1},
        {"version": True},
        {"version": 0},
        {"version": 2**40},
        {"version": "3"},
        {"account": "shop"},
        {"account": None},
        {"basis": ""},
        {"basis": ["revealed"]},
        {"surprise": 1},
    ],
    ids=str,
)
def test_any_other_shape_is_refused(change: dict[str, Any]) -> None:
    record = WHOLE[2].record(ID)
    assert items.read(record)[0] == ID
    with pytest.raises(Refused):
        items.read({**record, **change})


@pytest.mark.parametrize("field", ["account", "credential", "version", "due"])
def test_a_rotation_item_names_the_very_version(field: str) -> None:
    record = WHOLE[2].record(ID)
    del record[field]
    with pytest.raises(Refused):
        items.read(record)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (ItemKind.NATIVE_ADMIN, "about"),
        (ItemKind.ENTITLEMENT, "about"),
        (ItemKind.ENTITLEMENT, "account"),
        (ItemKind.PROMPTS, "account"),
        (ItemKind.RECOVERY_CHANNEL, "version"),
        (ItemKind.APP, "about"),
        (ItemKind.SESSION, "account"),
        (ItemKind.DEVICE, "about"),
    ],
)
def test_an_item_beside_secrets_names_what_it_is_about(kind: ItemKind, field: str) -> None:
    """By an id: the word for it is found when it is shown."""
    record = next(item for item in WHOLE if item.kind is kind).record(ID)
    assert items.read(record)[0] == ID
    for wrong in ({name: value for name, value in record.items() if name != field}, {**record, field: "hootsuite"}):
        with pytest.raises(Refused):
            items.read(wrong)


@given(
    st.dictionaries(
        st.sampled_from(["id", "kind", "account", "credential", "version", "due", "blocking", "basis", "about"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=33) | st.lists(st.integers(), max_size=2),
    )
)
@settings(max_examples=200, deadline=None)
def test_no_record_gives_anything_but_an_item_or_a_refusal(record: dict[str, Any]) -> None:
    try:
        items.read(record)
    except Refused:
        pass
