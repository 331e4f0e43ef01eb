"""The items of a case: what there is to do when somebody leaves or joins, as values and as the ledger keeps them. Pure.

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
    HAND_OUT = "hand-out"
    """Somebody new is given their welcome sheet and what they are to read. This and all that follows is of joiners alone."""
    ACKNOWLEDGE = "acknowledge"
    """A document. Ends only by its acknowledgement."""
    TRAINING = "training"
    """In a subject. Ends only by the training as it is recorded."""
    ADDRESS = "mail-address"
    """Nobody knows where to write to them."""
    ENROL_KEY = "enrol-key"
    """They will hold shared secrets, and have no keys. Where it is given up, secrets are handed over."""
    NATIVE_ROLE = "native-role"
    """A role of their own on a platform that has roles. Where it is waived, they are granted the shared secret."""
    GRANT = "grant"
    HAND_OVER = "hand-over"
    """Of an account: they have no keys, and are given a secret of it by hand."""
    SPOKESPERSON = "spokesperson"
    """They will publish in the company's name."""


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
        found: dict[str, Any] = {"id": item, "kind": str(self.kind), "due": self.due}
        if self.account:
            found["account"] = self.account
        if self.credential:
            found["credential"] = self.credential
        if self.version:
            found["version"] = self.version
        if self.blocking:
            found["blocking"] = True
        if self.basis:
            found["basis"] = self.basis
        if self.about:
            found["about"] = self.about
        return found


def sound(record: Mapping[str, Any]) -> None:
    """Refuse (Refused) a record in the ledger that `Item.record` would not have written."""
    for name, value in record.items():
        check = _FIELDS.get(name)
        if check is None or not check(value):
            raise _malformed()
    needed = _NEEDED.get(record.get("kind", ""))
    if needed is None or not needed.issubset(record):
        raise _malformed()
    if record["kind"] in _ABOUT_AN_ID and not id_(record["about"]):
        raise _malformed()


def read(record: Mapping[str, Any]) -> tuple[str, Item]:
    """Id and item of a record in the ledger. Raises Refused as `sound` does."""
    sound(record)
    get = record.get
    return record["id"], Item(
        ItemKind(record["kind"]), record["due"], get("account", ""), get("credential", ""), get("version", 0), get("blocking", False),
        get("basis", ""), get("about", ""),
    )  # fmt: skip


_FIELDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "id": id_,
    "kind": lambda value: isinstance(value, str),
    "account": id_,
    "credential": id_,
    "version": lambda value: type(value) is int and 0 < value < 2**31,
    "due": time,
    "blocking": lambda value: value is True,
    "basis": lambda value: isinstance(value, str) and 0 < len(value) <= 40,
    "about": lambda value: isinstance(value, str) and 0 < len(value) <= 63,
}


def _needs(kind: ItemKind) -> set[str]:
    """What an item of this kind names besides its id, kind and due time."""
    match kind:
        case ItemKind.HAND_BACK | ItemKind.TAKEN_OVER | ItemKind.RETIRE:
            return {"account"}
        case ItemKind.NATIVE_ROLE | ItemKind.GRANT | ItemKind.HAND_OVER | ItemKind.SPOKESPERSON:
            return {"account"}
        case ItemKind.ACKNOWLEDGE | ItemKind.TRAINING:
            return {"about"}
        case ItemKind.SOLE_HOLDER | ItemKind.END_GRANT | ItemKind.CUSTODY | ItemKind.DEPUTY | ItemKind.PROMPTS:
            return {"account"}
        case ItemKind.ROTATE | ItemKind.RECOVERY_CHANNEL:
            return {"account", "credential", "version"}
        case ItemKind.NATIVE_ADMIN | ItemKind.ENTITLEMENT | ItemKind.APP | ItemKind.SESSION:
            return {"account", "about"}
        case ItemKind.DEVICE | ItemKind.RECOVERY_SHEET | ItemKind.CLEAN_PLACE | ItemKind.WITHDRAW_ROLE | ItemKind.REVOKE_KEY:
            return {"about"}
        case ItemKind.DESTROY_COPIES | ItemKind.SUCCESSOR_ADMIN | ItemKind.HAND_OUT | ItemKind.ADDRESS | ItemKind.ENROL_KEY:
            return set()
        case _:
            assert_never(kind)


_NEEDED: Final[Mapping[str, frozenset[str]]] = {kind.value: frozenset({"id", "kind", "due", *_needs(kind)}) for kind in ItemKind}
_ABOUT_AN_ID: Final = frozenset(
    kind.value
    for kind in (
        ItemKind.NATIVE_ADMIN, ItemKind.ENTITLEMENT, ItemKind.APP, ItemKind.SESSION, ItemKind.DEVICE, ItemKind.RECOVERY_SHEET,
        ItemKind.ACKNOWLEDGE,
    )
)  # fmt: skip


def _malformed() -> Refused:
    return Refused("an item of the case is not of its shape", rule="shape")
