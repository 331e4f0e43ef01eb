"""Holding a password that somebody typed against the policy: whether it is weak, and whether it may become the new one. Tells no secret."""

from __future__ import annotations

import re
import sqlite3
from typing import Protocol

from govern.errors import NotFound, Refused
from govern.policy.later_rules import TypedRule
from govern.register.queries import accounts, policies
from govern.vault.secret import Secret


class Weak(Protocol):
    """Whether a password is easily guessed, `about` being texts that anybody would try first."""

    def __call__(self, secret: Secret, /, *about: str) -> bool: ...


def is_weak(db: sqlite3.Connection, account: str, secret: Secret, *, in_force: bool) -> bool:
    """Whether the typed password of the account (id) is easily guessed, by the rule of the policy; False where that has none.

    Raises Refused where the policy takes no weak one and this one is not `in_force` on the platform yet: what works there is always kept.
    """
    rule = policies.policy(db).later.typed
    if rule is None:
        return False
    about = accounts.by_id(db, account)
    common, weak = _judged(rule, secret, _words(about.handle, about.platform, about.login, about.url))
    if weak and rule.refuse_weak and not in_force:
        raise Refused(
            "this password stands on a list of common ones" if common else f"this password takes fewer than 10^{rule.guesses} guesses",
            rule="weak-password",
            control=rule.control,
            hint=f"let one be made: govern rotate {about.handle}, without --stdin",
        )
    return weak


def brought(db: sqlite3.Connection) -> Weak:
    """How to tell of a password that an import brings whether it is easily guessed; nothing is, where the policy has no rule for it.

    Never refuses: what a file brings is in force somewhere. A password whose beginning stands up to the rule is not looked at any further, so that an
    import of thousands takes seconds.
    """
    from govern.vault.typed import begins_well

    try:
        rule = policies.policy(db).later.typed
    except NotFound:  # a preview without a vault
        rule = None
    if rule is None:
        return lambda _secret, *_about: False
    asked = rule

    def weak(secret: Secret, /, *about: str) -> bool:
        words = _words(*about)
        return not begins_well(secret, words, asked.guesses) and _judged(asked, secret, words)[1]

    return weak


def _words(*about: str) -> list[str]:
    """What anybody would try first, the longest foremost."""
    words = {word for text in about for word in (text, *re.split(r"[\W_]+", text)) if len(word) > 2}
    return sorted(words, key=lambda word: (-len(word), word))


def _judged(rule: TypedRule, secret: Secret, words: list[str]) -> tuple[bool, bool]:
    """Whether it is common, and whether it is weak."""
    from govern.vault.typed import estimate

    found = estimate(secret, words)
    return found.common, found.common or found.guesses < rule.guesses
