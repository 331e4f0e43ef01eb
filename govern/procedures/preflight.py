"""What to know before a secret is changed on its platform: whom its prompts reach, who is logged out, what breaks, how long it takes. Reads only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from govern.errors import NotFound
from govern.policy.platforms import page, profile
from govern.policy.profile import Profile
from govern.register.queries import accounts, logins, people
from govern.register.queries.rotations import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """`about` is None for a platform that is not known. `prompts_gone`: that person is leaving or has left; `with_it`: handles of accounts
    with the same login, which change too."""

    about: Profile | None
    platform: str
    page: str
    login: str
    prompts_reach: str
    prompts_gone: bool
    holders: tuple[str, ...]
    with_it: tuple[str, ...]


def preflight(db: sqlite3.Connection, rotation: Rotation) -> Preflight:
    """What is known about the change of this rotation's secret. `holders` and `prompts_reach` are handles."""
    account = accounts.by_id(db, rotation.account)
    try:
        about = profile(account.platform)
    except NotFound:
        about = None
    person = people.by_id(db, account.prompts_reach) if account.prompts_reach else None
    held = db.execute(
        "SELECT DISTINCT p.handle FROM grants g JOIN people p ON p.id = g.person WHERE g.account = ? AND g.ended_at IS NULL AND p.handle <> ''"
        " ORDER BY p.handle",
        (account.id,),
    )
    return Preflight(
        about=about,
        platform=account.platform,
        page=page(about, account.url) if about else "",
        login=account.login,
        prompts_reach=person.handle if person else "",
        prompts_gone=person is not None and person.status != "active",
        holders=tuple(handle for (handle,) in held),
        with_it=tuple(one.handle for one in logins.same_login(db, account, about.shared_with)) if about else (),
    )
