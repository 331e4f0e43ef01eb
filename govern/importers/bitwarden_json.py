"""Bitwarden's JSON: personal (folders), organisation (collections), the authenticator's, and the one protected by a password.

Knows what its items mean; how a protected one is opened is `bitwarden_sealed`. Source: bitwarden.com/help/condition-bitwarden-import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from govern.errors import Malformed
from govern.importers import bitwarden_sealed, claims, jsontext, seeds
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import entries, gather, mapping, mappings, one_by_one, secret, seeds_of, text
from govern.vault.secret import Secret

_LOGIN = 1
_KINDS = {2: "a secure note", 3: "a card", 4: "an identity", 5: "an SSH key"}


def read(data: bytes, passphrase: Callable[[], Secret] | None) -> Reading:
    """Every item of type login, whatever it holds. Errors of `bitwarden_sealed.opened` for a protected export."""
    document = jsontext.parse(data)
    if document.get("encrypted") not in (None, False):
        document = jsontext.parse(bitwarden_sealed.opened(document, passphrase))
    if "items" not in document:
        raise Malformed("Bitwarden JSON without items")
    folders = _names(document, "folders")
    collections = _names(document, "collections")
    left: list[str] = []

    def one(place: str, item: object) -> Login | Skipped:
        if not isinstance(item, dict):
            raise Malformed("the item is no object")
        if jsontext.ambiguous(item):
            raise Malformed("a field stands twice in it")
        kind = item.get("type")
        if kind != _LOGIN or isinstance(kind, bool):
            known = _KINDS.get(kind) if isinstance(kind, int) else None
            return Skipped(place, f"{known or 'an item of an unknown type'}, not a login")
        if item.get("deletedDate") is not None:
            return Skipped(place, "it lies in the bin")
        login = mapping(item, "login")
        extra = [seed for field in mappings(item, "fields") if (seed := _seed(field))]
        if len(entries(item, "fields")) > len(extra) or entries(login, "fido2Credentials"):
            left.append(place)
        return Login(
            row=place,
            title=text(item, "name"),
            username=text(login, "username"),
            password=secret(text(login, "password")),
            totp=seeds_of([text(login, "totp"), *extra]),
            urls=tuple(url for each in mappings(login, "uris") if (url := text(each, "uri"))),
            folder=folders.get(text(item, "folderId"), ""),
            collections=tuple(collections[key] for key in entries(item, "collectionIds") if isinstance(key, str) and key in collections),
            password_changed=_changed(item, login),
            note_present=bool(text(item, "notes").strip()),
        )

    return gather("bitwarden-json", list(one_by_one(_numbered(document), one)), left=left)


def _seed(field: Mapping[str, object]) -> str:
    """A further seed in a custom field: an otpauth URI anywhere, or whatever `bitwarden_out` wrote; empty where it is none."""
    name, value = field.get("name"), field.get("value")
    if not isinstance(value, str):
        return ""
    return value if seeds.is_uri(value) or (isinstance(name, str) and seeds.is_further(name)) else ""


def _numbered(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for number, item in enumerate(entries(document, "items"), start=1):
        yield f"item {number}", item


def _names(document: Mapping[str, object], field: str) -> dict[str, str]:
    """Names by id; an odd folder costs its name, not the file."""
    found: dict[str, str] = {}
    for each in entries(document, field):
        if isinstance(each, dict):
            key, name = each.get("id"), each.get("name")
            if isinstance(key, str) and isinstance(name, str):
                found[key] = name
    return found


def _changed(item: Mapping[str, object], login: Mapping[str, object]) -> str | None:
    """The date that the login states; else the day the last earlier password was used last, which is when it was replaced."""
    if (stated := claims.from_iso(login.get("passwordRevisionDate"))) is not None:
        return stated
    return claims.latest(claims.from_iso(each.get("lastUsedDate")) for each in mappings(item, "passwordHistory"))
