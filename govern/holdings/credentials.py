"""What may be said of a credential. Pure; knows words, no secret."""

from __future__ import annotations

from govern.errors import Usage
from govern.vocabulary import KINDS


def check_kind(kind: str) -> str:
    """The kind itself; Usage for what is none."""
    if kind not in KINDS:
        raise Usage(f"there is no kind {kind[:40]!r}", hint=f"one of {', '.join(KINDS)}")
    return kind
