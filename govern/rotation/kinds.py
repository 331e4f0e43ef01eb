"""Who makes the new secret of each kind: we do, the platform does, or there is none to keep. Pure."""

from __future__ import annotations

from typing import Final

GENERATED: Final = frozenset({"password"})
"""Kinds that we make ourselves."""

FACTS: Final = frozenset({"passkey", "recovery-email", "recovery-phone"})
"""Kinds that are changed on the platform without a secret to keep; one may be given all the same. The platform issues all others."""


FEW_CODES: Final = 3
"""So many backup codes left, or fewer, are told: new ones take somebody who is still logged in."""


LABELLED: Final = frozenset({"api-token", "app-password"})
"""Kinds that the platform lists by a name of our choice: by it the one of a rotation is found again after a crash."""


def label(rotation: str) -> str:
    """What to call the new one there: the rotation's id (hex), as far as it is shown everywhere."""
    return f"govern-{rotation[:8]}"


def makes(kind: str, *, kept_elsewhere: bool) -> bool:
    """Whether a candidate can be staged without a secret being given: it is generated, or only the fact is recorded here."""
    return kind in GENERATED or kind in FACTS or kept_elsewhere
