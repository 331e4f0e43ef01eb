"""What may be said of an account, and what an edit changes. Pure: texts and ids in, bodies of facts or Usage out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from govern.errors import Usage
from govern.vocabulary import TIERS

LONGEST: Final[Mapping[str, int]] = {"login": 500, "url": 2000, "title": 500, "platform": 100, "department": 100, "client": 100, "tag": 100}
"""Characters that a text of an account may have."""

MOST: Final = 50
"""Tags, and accounts that one depends on."""

CLEARABLE: Final = ("deputy", "department", "client", "prompts-reach", "login", "url", "title", "tags", "depends-on")
"""What `--clear` takes away."""

_IN_BODY: Final = ("deputy", "department", "client", "prompts_reach")


class About(NamedTuple):
    """What is said of an account: ids of people and accounts, texts, empty for nothing. In an edit: what is to be otherwise."""

    platform: str = ""
    tier: str = ""
    deputy: str = ""
    department: str = ""
    client: str = ""
    prompts_reach: str = ""
    login: str = ""
    url: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


def text(value: str, what: str) -> str:
    """The text without blanks around it; Usage where it is too long."""
    value = value.strip()
    if len(value) > LONGEST[what]:
        raise Usage(f"--{what} has {len(value)} characters, and {LONGEST[what]} at most are kept", hint="shorten it")
    return value


def tier(value: str) -> str:
    """The tier itself; Usage for what is none."""
    if value not in TIERS:
        raise Usage(f"there is no tier {value[:40]!r}", hint="critical, standard or low")
    return value


def tags(values: Iterable[str]) -> tuple[str, ...]:
    """Tags without repetition, whatever their case, sorted."""
    found: dict[str, str] = {}
    for value in values:
        tag = text(value, "tag")
        if not tag or ":" in tag:
            raise Usage(f"{value[:40]!r} is no tag", hint="a word or two, without a colon")
        found.setdefault(tag.casefold(), tag)
    return _at_most(tuple(sorted(found.values(), key=str.casefold)), "tags")


def depends_on(account: str, needs: Iterable[str]) -> tuple[str, ...]:
    """Ids of accounts without repetition; Usage for an account that depends on itself."""
    found = tuple(dict.fromkeys(needs))
    if account in found:
        raise Usage("an account can't depend on itself", hint="--depends-on names the mailbox, phone or domain by which it is recovered")
    return _at_most(found, "accounts to depend on")


def _at_most(values: tuple[str, ...], what: str) -> tuple[str, ...]:
    if len(values) > MOST:
        raise Usage(f"{len(values)} {what}, and {MOST} at most are kept")
    return values


def check_cleared(fields: Collection[str]) -> None:
    """Usage where a field can't be cleared."""
    for field in fields:
        if field not in CLEARABLE:
            raise Usage(f"{field[:40]!r} can't be cleared", hint=f"one of {', '.join(CLEARABLE)}")


def changes(now: About, asked: About, *, cleared: Collection[str], untagged: Collection[str] = ()) -> tuple[dict[str, Any], dict[str, str]]:
    """Body and personal part of `account.edited` without the account's id, empty where nothing changes.

    Tags and dependencies are added to those there are; `cleared` takes all of a field away, `untagged` single tags. Raises Usage for a
    field that is set and cleared at once.
    """
    check_cleared(cleared)
    for field in cleared:
        if field not in ("tags", "depends-on") and getattr(asked, field.replace("-", "_")):
            raise Usage(f"--{field} is set and cleared at once", hint="one or the other")
    body: dict[str, Any] = {}
    gone = []
    for field in ("platform", "tier", *_IN_BODY, "login", "url", "title"):
        old, new = getattr(now, field), getattr(asked, field)
        if field.replace("_", "-") in cleared and old:
            gone.append(field)
        elif new and new != old and field not in ("login", "url", "title"):
            body[field] = new
    if gone:
        body["cleared"] = gone
    without = {tag.casefold() for tag in untagged}
    kept = () if "tags" in cleared else tuple(tag for tag in now.tags if tag.casefold() not in without)
    wanted = tags((*kept, *asked.tags))
    if wanted != now.tags:
        body["tags"] = list(wanted)
    needs = tuple(dict.fromkeys((*(() if "depends-on" in cleared else now.depends_on), *asked.depends_on)))
    if set(needs) != set(now.depends_on):
        body["depends_on"] = list(needs)
    personal = {
        field: new for field in ("login", "url", "title") if (new := getattr(asked, field)) and new != getattr(now, field)
    }  # fmt: skip
    return body, personal
