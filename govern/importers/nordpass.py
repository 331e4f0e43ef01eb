"""NordPass' CSV, which is read as a spreadsheet: folders, notes and cards stand in it as rows of their own.

Knows its headings and what a row is by them; older exports have no column of types, there the filled cells tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from govern.importers.records import NO_LOGIN

HEADER: Final = frozenset({"name", "url", "username", "password", "note", "cardholdername", "cardnumber"})
_TYPES: Final = {
    "folder": "a folder", "note": "a secure note", "credit_card": "a card", "card": "a card", "identity": "an identity",
    "personal_info": "an identity", "document": "a document",
}  # fmt: skip
_LOGIN: Final = ("url", "username", "password")
_CARD: Final = ("cardholdername", "cardnumber", "cvc", "expirydate")
_IDENTITY: Final = ("full_name", "phone_number", "email", "address1", "address2", "city", "country", "state", "zipcode")


def not_a_login(cells: Mapping[str, str]) -> str:
    """Why a row, by lower-case heading, is no login; empty if it is one."""

    def filled(*names: str) -> bool:
        return any(cells.get(name, "").strip() for name in names)

    if kind := _TYPES.get(cells.get("type", "").strip().casefold()):
        return f"{kind}, not a login"
    if filled(*_LOGIN):
        return ""
    if filled(*_CARD):
        return "a card, not a login"
    if filled(*_IDENTITY):
        return "an identity, not a login"
    if filled("note"):
        return "a secure note, not a login"
    return f"a folder or an empty entry: {NO_LOGIN}" if not filled("folder") else f"an empty entry: {NO_LOGIN}"
