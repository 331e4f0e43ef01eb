"""1Password's 1PUX: a zip file with one JSON of accounts, vaults and items of many categories.

Knows which items are logins and that seeds lie among the fields of any section, several on one item. A vault is where people share: it
comes back as a collection. Source: support.1password.com/1pux-format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from govern.errors import Malformed
from govern.importers import archive, claims, jsontext
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import entries, gather, mapping, mappings, one_by_one, secret, seeds_of, text

_LOGIN = "001"
_CATEGORIES = {
    "002": "a credit card",
    "003": "a secure note",
    "004": "an identity",
    "005": "a password that stands alone",
    "006": "a document",
    "100": "a software licence",
    "101": "a bank account",
    "102": "a database",
    "103": "a driver's licence",
    "105": "a membership",
    "106": "a passport",
    "107": "a rewards programme",
    "109": "a router",
    "110": "a server",
    "111": "a mail account",
    "112": "an API credential",
    "114": "an SSH key",
}

Item = tuple[str, object]


def read(data: bytes) -> Reading:
    """Every item of category login, archived ones too. Malformed: no whole 1PUX."""
    document = jsontext.parse(archive.member(data, "export.data"))
    left: list[str] = []

    def one(place: str, found: Item) -> Login | Skipped:
        vault, item = found
        if not isinstance(item, dict):
            raise Malformed("the item is no object")
        if jsontext.ambiguous(item):
            raise Malformed("a field stands twice in it")
        category = text(item, "categoryUuid")
        if category != _LOGIN:
            return Skipped(place, f"{_CATEGORIES.get(category, 'an item of an unknown category')}, not a login")
        if text(item, "state") in ("trashed", "deleted"):
            return Skipped(place, "it lies in the bin")
        overview, details = mapping(item, "overview"), mapping(item, "details")
        seeds, others = _sections(details)
        if others or mapping(details, "documentAttributes"):
            left.append(place)
        return Login(
            row=place,
            title=text(overview, "title"),
            username=_designated(details, "username"),
            password=secret(_designated(details, "password")),
            totp=seeds_of(seeds),
            urls=_urls(overview),
            collections=(vault,) if vault else (),
            password_changed=claims.latest(claims.from_seconds(each.get("time")) for each in mappings(details, "passwordHistory")),
            note_present=bool(text(details, "notesPlain").strip()),
        )

    return gather("1pux", list(one_by_one(_items(document), one)), left=left)


def _items(document: Mapping[str, object]) -> Iterator[tuple[str, Item]]:
    if "accounts" not in document:
        raise Malformed("a 1PUX file without accounts")
    number = 0
    for account in mappings(document, "accounts"):
        for vault in mappings(account, "vaults"):
            name = mapping(vault, "attrs").get("name")
            for item in entries(vault, "items"):
                number += 1
                inner = item.get("item") if isinstance(item, dict) else None
                yield f"item {number}", (name if isinstance(name, str) else "", inner if isinstance(inner, dict) else item)


def _designated(details: Mapping[str, object], what: str) -> str:
    found = (text(field, "value") for field in mappings(details, "loginFields") if field.get("designation") == what)
    return next((value for value in found if value), "")


def _sections(details: Mapping[str, object]) -> tuple[list[str], bool]:
    """The seeds of all sections, and whether there are other fields with something in them."""
    seeds: list[str] = []
    others = False
    for section in mappings(details, "sections"):
        for field in mappings(section, "fields"):
            value = mapping(field, "value")
            if "totp" in value:
                seeds.append(text(value, "totp"))
            else:
                others = others or any(held not in (None, "") for held in value.values())
    return seeds, others


def _urls(overview: Mapping[str, object]) -> tuple[str, ...]:
    named = [text(each, "url") for each in mappings(overview, "urls")] or [text(overview, "url")]
    return tuple(dict.fromkeys(url for url in named if url))
