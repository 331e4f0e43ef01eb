"""What each fact changes in the register, one file per noun. The same code runs in a replay and in a member's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.register.projection import (
    accounts,
    apps,
    backup_codes,
    candidates,
    cases,
    channels,
    connecting,
    copies,
    credentials,
    descriptions,
    devices,
    documents,
    entitlements,
    exceptions,
    founding,
    freezes,
    grants,
    incidents,
    keys,
    notice_channels,
    notices,
    people,
    places,
    proposals,
    reviews,
    rotations,
    services,
    showing,
    spokespersons,
    ways,
)
from govern.register.projection.scene import Scene

APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    **founding.APPLY,
    **people.APPLY,
    **keys.APPLY,
    **services.APPLY,
    **proposals.APPLY,
    **accounts.APPLY,
    **credentials.APPLY,
    **candidates.APPLY,
    **grants.APPLY,
    **places.APPLY,
    **copies.APPLY,
    **showing.APPLY,
    **backup_codes.APPLY,
    **entitlements.APPLY,
    **apps.APPLY,
    **devices.APPLY,
    **channels.APPLY,
    **notice_channels.APPLY,
    **spokespersons.APPLY,
    **exceptions.APPLY,
    **incidents.APPLY,
    **freezes.APPLY,
    **reviews.APPLY,
    **descriptions.APPLY,
    **documents.APPLY,
    **rotations.APPLY,
    **connecting.APPLY,
    **ways.APPLY,
    **cases.APPLY,
    **notices.APPLY,
}
"""Type -> what it changes. A test compares the keys with `govern.facts.FACTS`."""

__all__ = ["APPLY", "Scene"]
