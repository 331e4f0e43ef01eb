"""Holding a password that somebody typed against the policy: whether it is weak, and whether it may become the new one. Tells no secret."""

from __future__ import annotations

import re
import sqlite3

from govern.errors import Refused
from govern.policy.later_rules import TypedRule
from govern.register.queries import accounts, policies
from govern.vault.secret import Secret


def is_weak(db: sqlite3.Connection, account: str, secret: Secret, *, in_force: bool) -> bool:
    """Whether the typed password of the account (id) is easily guessed, by the rule of the policy; False where that has none.

    Raises Refused where the policy takes no weak one and this one is not `in_force` on the platform yet: what works there is always kept.
    """
    rule = policies.policy(db).later.typed
    if rule is None:
        return False
    about = accounts.by_id(db, account)
    words = {
        word
        for text in (about.handle, about.platform, about.login, about.url)
        for word in (text, *re.split(r"[\W_]+", text))
        if len(word) > 2
    }
    common, weak = _judged(rule, secret, sorted(words, key=lambda word: (-len(word), word)))
    if weak and rule.refuse_weak and not in_force:
        raise Refused(
            "this password stands on a list of common ones" if common else f"this password takes fewer than 10^{rule.guesses} guesses",
            rule="weak-password",
            control=rule.control,
            hint=f"let one be made: govern rotate {about.handle}, without --stdin",
        )
    return weak


def _judged(rule: TypedRule, secret: Secret, words: list[str]) -> tuple[bool, bool]:
    """Whether it is common, and whether it is weak."""
    from govern.vault.typed import estimate

    found = estimate(secret, words)
    return found.common, found.common or found.guesses < rule.guesses
