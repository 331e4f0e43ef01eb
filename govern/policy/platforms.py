"""What is known of each platform: by which hosts it is recognised, where its password is changed, what its passwords may be.

Reads `policies/platforms.json`, which is made from `policies/platforms/*.yaml` (see `govern.policy.compiled`), since reading two dozen
YAML files takes longer than a command should. Nothing here was proved against a platform: every profile says how far it is to be trusted.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from govern.errors import Malformed, NotFound
from govern.policy.files import shipped
from govern.policy.hosts import app_of, host_of, path_of, suffixes
from govern.policy.profile import Profile, Statement, from_entry

COMPILED: Final = "platforms.json"


@cache
def load_profiles() -> Mapping[str, Profile]:
    """All profiles by id, read once per process; raises Failed or Malformed where the installation is damaged."""
    try:
        entries = json.loads(shipped(COMPILED))
        return MappingProxyType({entry["id"]: from_entry(entry) for entry in entries})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed(f"{COMPILED} is damaged", hint="install the program again") from error


def profile(platform: str) -> Profile:
    """The profile of that id; raises NotFound."""
    found = load_profiles().get(platform)
    if found is None:
        raise NotFound(f"no platform is called {platform[:60]!r}", hint=f"known are {', '.join(sorted(load_profiles()))}")
    return found


def recognise(address: str) -> str | None:
    """The platform of a web address, bare host or app address, by the longest known host that it lies under; None if unknown."""
    by_host, by_app, by_path, _words, _whole = _index()
    app = app_of(address)
    if app is not None:
        return by_app.get(app)
    host = host_of(address)
    if host is None:
        return None
    for suffix in suffixes(host):
        if suffix in by_host:
            return by_host[suffix]
    path = path_of(address)
    return next((platform for steps, platform in by_path.items() if f"{steps}/" in f"{path}/"), None)


def recognise_title(title: str) -> str | None:
    """The platform that the title of an entry names by a whole word (`Instagram brand`); None if it names none, or several.

    Names that are also plain words, such as X or Threads, count only where they are the whole title. An address within a title counts as
    an address, so that `evil-facebook.com` names nothing.
    """
    _hosts, _apps, _paths, words, whole = _index()
    said = _words_of(title)
    if " ".join(said) in whole:
        return whole[" ".join(said)]
    found = {platform for text in title.split() if (platform := recognise(text)) is not None}
    phrases = {" ".join(said[start:end]) for start in range(len(said)) for end in (start + 1, start + 2)}
    found |= {words[phrase] for phrase in phrases if phrase in words}
    return found.pop() if len(found) == 1 else None


def page(platform: Profile, address: str = "") -> str:
    """The settings page for an account at `address`; empty where none is known."""
    host = host_of(address) if address else None
    if host is not None:
        for suffix in suffixes(host):
            if suffix in platform.pages:
                return platform.pages[suffix]
    if "{host}" not in platform.change_password_url:
        return platform.change_password_url
    host = host or next(iter(platform.hosts), None)
    return platform.change_password_url.replace("{host}", host) if host else ""


def contacts(platform: Profile, address: str = "") -> list[tuple[Statement, str]]:
    """(what is said, its page) of whoever takes word of an account at `address` that was taken over; the page is empty where there is none, and where
    it lies on a server that the address does not name: another's would take word of nothing."""
    host = host_of(address) if address else None
    return [(one.said, one.url.replace("{host}", host or "") if host or "{host}" not in one.url else "") for one in platform.contact]


_Index = tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str], Mapping[str, str], Mapping[str, str]]


@cache
def _index() -> _Index:
    """Host, app, steps of a path, title word and whole title, each to its platform."""
    profiles = load_profiles().values()
    return (
        {host: one.id for one in profiles for host in one.hosts},
        {app: one.id for one in profiles for app in one.apps},
        {path: one.id for one in profiles for path in one.paths},
        {word: one.id for one in profiles for word in one.title_words},
        {word: one.id for one in profiles for word in one.whole_titles},
    )


def _words_of(title: str) -> list[str]:
    """Letters and digits of a title, folded; addresses and mail addresses left out, for they are no words."""
    folded = unicodedata.normalize("NFKC", title[:500]).casefold()
    texts = (text for text in folded.split() if "@" not in text[1:] and not re.search(r"\w\.\w", text))
    return [word for text in texts for word in re.split(r"[\W_]+", text) if word]
