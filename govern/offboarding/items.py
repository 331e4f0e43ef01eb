"""The items of a case: what there is to do when somebody leaves, as values and as the ledger keeps them. Pure.

Knows ids and words; names are found when they are shown. Which items a departure has is drawn up in `govern.offboarding.checklist`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, assert_never

from govern.errors import Refused
from govern.fields import id_, time


class ItemKind(StrEnum):
    """What an item is about."""

    SUCCESSOR_ADMIN = "successor-admin"
    """They are the only admin with a key. Holds up the closing, never the cut; so do the two that follow."""
    RECOVERY_SHEET = "recovery-sheet"
    """They keep a sheet of the recovery key in force. Ends when another key has taken its place."""
    SOLE_HOLDER = "sole-holder"
    """Nobody else could go on running the account: name a successor. Holds up the closing, never the cut."""
    NATIVE_ADMIN = "native-admin"
    """Nobody else can give and take roles on the platform. Holds up the closing, never the cut; platforms remove no last admin."""
    END_GRANT = "end-grant"
    """Ended by the cut itself."""
    CUSTODY = "custody"
    DEPUTY = "deputy"
    ENTITLEMENT = "entitlement"
    """A role on the platform under the person's own login: no password that is changed ends it."""
    PROMPTS = "prompts"
    """Codes and prompts of the account go to the person."""
    RECOVERY_CHANNEL = "recovery-channel"
    """One version of a recovery mail address or phone number that reaches the person."""
    ROTATE = "rotate"
    """One version of one secret that the person could know. Ends only by a rotation."""
    APP = "app"
    """A tool that the person connected: it may go on when they leave, or stop when they are removed."""
    SESSION = "session"
    """An account is signed in on a device that the person has, or has lost: whoever has the device needs no password."""
    DEVICE = "device"
    CLEAN_PLACE = "clean-place"
    """Copies lie there, and the person is in it."""
    WITHDRAW_ROLE = "withdraw-role"
    REVOKE_KEY = "revoke-key"
    DESTROY_COPIES = "destroy-copies"
    """The agency says in writing that it keeps no copy. PS-7 d."""
    HAND_BACK = "hand-back"
    """A client is given what it takes to run their account."""
    TAKEN_OVER = "taken-over"
    """The client says in writing that they changed its secrets and removed the company's people there."""
    RETIRE = "retire-account"
    """Nobody here can open it any more. Comes after the two before."""


class ItemState(StrEnum):
    """How an item stands. It never ends silently: by doing it, by a waiver, or because it does not apply, the latter two with a reason."""

    OPEN = "open"
    DONE = "done"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"


class Item(NamedTuple):
    """One thing to do. `version` is 0 and ids are empty where the kind has none; `about` is what else is concerned: a place, role or key, an
    entitlement, app or device."""

    kind: ItemKind
    due: str
    account: str = ""
    credential: str = ""
    version: int = 0
    blocking: bool = False
    basis: str = ""
    about: str = ""

    def record(self, item: str) -> dict[str, Any]:
        """As `case.items` keeps it, under this id."""
        values = {
            "id": item, "kind": self.kind.value, "account": self.account, "credential": self.credential, "version": self.version,
            "due": self.due, "blocking": self.blocking, "basis": self.basis, "about": self.about,
        }  # fmt: skip
        return {name: value for name, value in values.items() if value not in ("", 0, False) or value is True}


def read(record: Mapping[str, Any]) -> tuple[str, Item]:
    """Id and item of a record in the ledger. Raises Refused for anything that `Item.record` would not have written."""
    for name, value in record.items():
        check = _FIELDS.get(name)
        if check is None or not check(value):
            raise _malformed()
    get = record.get
    kind = _KINDS.get(get("kind", ""))
    if kind is None:
        raise _malformed()
    read = Item(
        kind, get("due", ""), get("account", ""), get("credential", ""), get("version", 0), get("blocking", False), get("basis", ""), get("about", "")
    )  # fmt: skip
    if "id" not in record or not read.due or not _complete(read):
        raise _malformed()
    return record["id"], read


_KINDS: Final[Mapping[str, ItemKind]] = {kind.value: kind for kind in ItemKind}
_FIELDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "id": id_,
    "kind": lambda value: isinstance(value, str),
    "account": id_,
    "credential": id_,
    "version": lambda value: type(value) is int and 0 < value < 2**31,
    "due": time,
    "blocking": lambda value: value is True,
    "basis": lambda value: isinstance(value, str) and 0 < len(value) <= 40,
    "about": lambda value: isinstance(value, str) and 0 < len(value) <= 40,
}


def _complete(item: Item) -> bool:
    match item.kind:
        case ItemKind.HAND_BACK | ItemKind.TAKEN_OVER | ItemKind.RETIRE:
            return bool(item.account)
        case ItemKind.SOLE_HOLDER | ItemKind.END_GRANT | ItemKind.CUSTODY | ItemKind.DEPUTY | ItemKind.PROMPTS:
            return bool(item.account)
        case ItemKind.ROTATE | ItemKind.RECOVERY_CHANNEL:
            return bool(item.account and item.credential and item.version)
        case ItemKind.NATIVE_ADMIN | ItemKind.ENTITLEMENT | ItemKind.APP | ItemKind.SESSION:
            return bool(item.account) and id_(item.about)
        case ItemKind.DEVICE:
            return id_(item.about)
        case ItemKind.CLEAN_PLACE | ItemKind.WITHDRAW_ROLE | ItemKind.REVOKE_KEY:
            return bool(item.about)
        case ItemKind.RECOVERY_SHEET:
            return id_(item.about)
        case ItemKind.DESTROY_COPIES | ItemKind.SUCCESSOR_ADMIN:
            return True
        case _:
            assert_never(item.kind)


def _malformed() -> Refused:
    return Refused("an item of the case is not of its shape", rule="shape")
