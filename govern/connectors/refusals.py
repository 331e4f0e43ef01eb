"""What the JSON interfaces of platforms have in common: how an api-token is shown, and what may be told of an answer that refuses something.

Told are the status and the short name that the platform has for the error, never its own sentence, which may quote what was sent.
"""

from __future__ import annotations

import re
from typing import Final

from govern.connectors.http import Reply
from govern.vault.secret import Secret

_IS_NAME: Final = re.compile(r"[A-Za-z_]{1,60}\Z").match


def bearer(api_token: Secret) -> dict[str, str]:
    """The header that shows it (RFC 6750, section 2.1)."""
    return {"Authorization": f"Bearer {api_token.reveal()}"}


def named(field: str, reply: Reply) -> str:
    """What the platform calls the error, in this field of its answer; empty where it says nothing that is a name."""
    name = reply.record().get(field)
    return name if isinstance(name, str) and _IS_NAME(name) else ""


def told(field: str, reply: Reply) -> str:
    """Status and name of the error, for a person."""
    return f"{reply.status} {named(field, reply)}".strip()
