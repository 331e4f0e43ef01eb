"""What becomes of a login from a foreign file: its platform, which account it is, what that is called, and whether it adds or differs.

Pure: knows texts and opaque values, no file, no register, and no secret by its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from govern.errors import NotFound
from govern.fields import handle as is_handle
from govern.holdings.names import slug
from govern.policy.hosts import app_of, host_of
from govern.policy.platforms import load_profiles, profile, recognise, recognise_title

OTHER: Final = "other"
"""The platform of an account that none of the profiles recognises."""

LONGEST_LOGIN: Final = 500
LONGEST_TITLE: Final = 500
LONGEST_URL: Final = 2000
LONGEST_SECRET: Final = 10_000
"""Characters; the first three are the limits of `account.added`, the last keeps a sealed version below 64 KiB however it is spelled."""

_LONGEST_BASE: Final = 50  # leaves room for a number within the 63 characters of a handle
_MAIL: Final = re.compile(r"[^\s@<>]*@")

Identity = tuple[str, ...]
Value = TypeVar("Value")


class Outcome(StrEnum):
    """What an import made of one login."""

    CREATED = "created"
    MERGED = "merged"
    CONFLICT = "conflict"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a login belongs. `url` is the one address of it that an account keeps."""

    platform: str
    url: str


def place(urls: Sequence[str], title: str, named: str = "") -> Placed:
    """The platform by the name in a platform column, where that is a known one; else by host, else by that name as written, else by title."""
    known = next(((found, url) for url in urls if (found := recognise(url)) is not None), None)
    platform = _known_name(named) or (known[0] if known else "") or (slug(named, fallback="") if named.strip() else "")
    platform = platform or recognise_title(title) or OTHER
    ours = [known[1]] if known and known[0] == platform else []
    hosted = [url for url in urls if host_of(url) is not None or app_of(url) is not None]
    url = next((url.strip() for url in [*ours, *hosted, *urls] if 0 < len(url.strip()) <= LONGEST_URL), "")
    return Placed(platform=platform, url=url)


def identity(platform: str, login: str, url: str, title: str) -> Identity:
    """Two logins of one identity are one account: same platform and same login, whatever its case.

    An unknown platform, and one that is many (WordPress, Mastodon, mailboxes, …), stands for nothing by itself: there the host counts, and
    where there is none the title. Without a login the title counts besides: nobody knows whether two nameless logins are one.
    """
    who = login.strip().casefold()
    name = title.strip().casefold()
    if platform in load_profiles() and not _is_many(platform):
        where = ("platform", platform)
    elif host := host_of(url) or app_of(url) or "":
        where = ("host", host.removeprefix("www."))
    else:
        where = ("title", f"{platform} {name}")
    return (*where, who) if who else (*where, who, name)


def base_handle(platform: str, title: str, login: str, url: str, *, named: str = "") -> str:
    """What the account is called, before a number is put behind it where that is taken: `instagram.acme.shop`.

    What a spreadsheet calls it (`named`), where that can be a handle and is no mail address. Else the title as it is written, behind the
    platform's name where it doesn't say it; where the title is only the platform or its address, the login. A handle stands in the ledger
    for good, so the part of a mail address that names a person is left out.
    """
    if is_handle(named) and "@" not in named[1:] and len(named) <= _LONGEST_BASE:
        return named
    told = _words(title)
    only_place = host_of(title) is not None or (recognise_title(title) == platform and "." not in told)
    if platform == OTHER:
        host = (host_of(url) or "").removeprefix("www.")
        base = told or slug(host, fallback="") or _words(login) or "account"
    elif only_place or not told:
        base = ".".join(part for part in (platform, "" if "@" in login[1:] else _words(login)) if part)
    elif platform in told.split("."):
        base = told
    else:
        base = f"{platform}.{told}"
    return base[:_LONGEST_BASE].strip("._-+@") or "account"


def numbering(taken: Callable[[str], bool]) -> Callable[[str], str]:
    """Gives `base`, `base-2`, `base-3`, …, whichever nobody has and it has not given yet; a base of which there are many costs no search."""
    last: dict[str, int] = {}

    def give(base: str) -> str:
        number = last.get(base, 0) + 1
        while (handle := base if number == 1 else f"{base}-{number}") in given or taken(handle):
            number += 1
        last[base] = number
        given.add(handle)
        return handle

    given: set[str] = set()
    return give


def judge(have: Sequence[Value | None], comes: Sequence[Value]) -> tuple[list[Value], bool]:
    """Which values of one kind are missing here, and whether they differ from what is here. None is one that can't be compared.

    Where nothing is here, all are missing. Where one is the same, others come beside it (an account may have two seeds). Where none is, the
    two sides differ and somebody must decide.
    """
    fresh = list(comes)
    if not have or not comes:
        return fresh, False
    known = [value for value in have if value is not None]
    missing = [value for value in fresh if value not in known]
    return ([], True) if len(missing) == len(fresh) else (missing, False)


def outcome(*, here: bool, adds: bool, differs: bool) -> Outcome:
    """The one list that a login goes to. A difference is told whatever else came in beside it."""
    if not here:
        return Outcome.CREATED
    if differs:
        return Outcome.CONFLICT
    return Outcome.MERGED if adds else Outcome.UNCHANGED


def left_before(left_on: str, changed_at: str | None) -> bool:
    """Whether somebody was gone when a password was changed, as far as its file claims: they may know only an earlier one."""
    return bool(left_on and changed_at) and left_on < (changed_at or "")[:10]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which part of a file is wanted: anything in one of the named folders, collections or platforms, and in none of the excluded."""

    folders: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def takes(self, folder: str, collections: Sequence[str], platform: str) -> bool:
        """Whether a login of this folder, these collections and this platform is wanted."""
        places = (folder, *collections)
        if any(_within(each, name) for name in self.excluded for each in (*places, platform)):
            return False
        wanted = [_within(folder, name) for name in self.folders]
        wanted += [_within(each, name) for name in self.collections for each in collections]
        wanted += [platform == name.strip().casefold() for name in self.platforms]
        return any(wanted) or not (self.folders or self.collections or self.platforms)

    def check(self, folders: set[str], collections: set[str], platforms: set[str]) -> None:
        """Refuse (NotFound) a name that nothing in the file has: a typing error would quietly bring in nothing, or too much."""
        for noun, names, there in (
            ("folder", self.folders, folders),
            ("collection", self.collections, collections),
            ("platform", self.platforms, platforms),
            ("folder, collection or platform", self.excluded, folders | collections | platforms),
        ):
            for name in names:
                if not any(_within(each, name) for each in there):
                    shown = ", ".join(sorted(each for each in there if each)[:12])
                    raise NotFound(
                        f"no login of the file is in a {noun} {name[:80]!r}", hint=f"there are {shown}" if shown else "there are none"
                    )


def _within(path: str, name: str) -> bool:
    """Whether a folder is the named one or lies in it; folders are written with slashes whatever the format."""
    inner, outer = path.strip().casefold(), name.strip().strip("/").casefold()
    return bool(outer) and (inner == outer or inner.startswith(f"{outer}/"))


def _known_name(named: str) -> str:
    wanted = named.strip().casefold()
    if not wanted:
        return ""
    return wanted if wanted in load_profiles() else recognise(named) or recognise_title(named) or ""


def _is_many(platform: str) -> bool:
    """Whether one platform stands for installations of many makers: the same login on two of them is two accounts."""
    known = profile(platform)
    return bool(known.pages or known.paths or "{host}" in known.change_password_url)


def _words(text: str) -> str:
    """A slug without the names of people that stand in mail addresses."""
    plain = _MAIL.sub(lambda found: "@" if found.start() == 0 and found[0] == "@" else " ", text)
    host = host_of(plain.strip())
    return slug(host.removeprefix("www.") if host is not None else plain, fallback="")
