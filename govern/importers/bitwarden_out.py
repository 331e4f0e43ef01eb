"""Writes Bitwarden's plain JSON, so that everything kept here can be taken elsewhere again.

Knows the format only; that the export was recorded first, and who may have it, is decided by its caller.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from govern.errors import Malformed
from govern.vault.secret import Secret

_SEED: Final = "totp: "


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportItem:
    """One login to write. Empty texts and None are written as null. A line `totp: …` of the notes is a further seed."""

    title: str
    username: str = ""
    password: Secret | None = None
    totp: Secret | None = None
    urls: tuple[str, ...] = ()
    folder: str = ""
    notes: str = ""


def write_bitwarden_json(items: Iterable[ExportItem], *, random: Callable[[int], bytes]) -> bytes:
    """The file's bytes, UTF-8. `random(n)` gives n bytes for each id. Malformed: a text that is not valid Unicode."""
    folders: dict[str, str] = {}
    written = []
    for number, item in enumerate(items, start=1):
        if item.folder and item.folder not in folders:
            folders[item.folder] = _id(random)
        written.append(_item(item, _id(random), folders.get(item.folder)))
        _check(number, item)
    document = {
        "encrypted": False,
        "folders": [{"id": key, "name": name} for name, key in folders.items()],
        "items": written,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _item(item: ExportItem, key: str, folder: str | None) -> dict[str, object]:
    """The format has one seed per login; further ones go into hidden fields, which are read back (`bitwarden_json`)."""
    lines = item.notes.split("\n")
    further = [line.removeprefix(_SEED) for line in lines if line.startswith(_SEED)]
    notes = "\n".join(line for line in lines if not line.startswith(_SEED))
    fields = [{"name": f"TOTP {n}", "value": seed, "type": 1, "linkedId": None} for n, seed in enumerate(further, start=2)]
    return {
        "id": key,
        "organizationId": None,
        "folderId": folder,
        "type": 1,
        "reprompt": 0,
        "name": item.title,
        "notes": notes or None,
        "favorite": False,
        **({"fields": fields} if fields else {}),
        "login": {
            "uris": [{"match": None, "uri": url} for url in item.urls if url],
            "username": item.username or None,
            "password": item.password.reveal() if item.password is not None else None,
            "totp": item.totp.reveal() if item.totp is not None else None,
        },
        "collectionIds": None,
    }


def _id(random: Callable[[int], bytes]) -> str:
    return str(uuid.UUID(bytes=random(16), version=4))


def _check(number: int, item: ExportItem) -> None:
    held = [secret.reveal() for secret in (item.password, item.totp) if secret is not None]
    for value in (item.title, item.username, item.folder, item.notes, *item.urls, *held):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Malformed(f"item {number} of the export has a text that is not valid Unicode") from None
