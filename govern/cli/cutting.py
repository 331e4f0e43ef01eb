"""Asking what was ended on a platform along with a password, and telling what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govern.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection

    from govern.register.queries.rotations import Rotation

_QUESTIONS: Final = {
    "sessions": "Signed out everywhere else there?",
    "app-passwords": "App passwords removed there?",
    "oauth-apps": "Connected apps and websites removed there?",
}


def alive(rotation: Rotation) -> tuple[str, ...]:
    """What nobody said was ended there, as far as the platform has it."""
    return _left(rotation.platform, rotation.kind, rotation.cut)


def _left(platform: str, kind: str, cut: Collection[str]) -> tuple[str, ...]:
    from govern.policy.platforms import profile
    from govern.rotation.residue import left

    try:
        there = profile(platform).kinds
    except NotFound:
        there = None
    return left(kind, cut, there)


def ask(platform: str, kind: str) -> list[str]:
    """What was ended there, asked one by one; nothing is asked of what survives no change of this kind."""
    from govern.cli.prompt import confirm

    return [word for word in _left(platform, kind, ()) if confirm(_QUESTIONS[word])]
