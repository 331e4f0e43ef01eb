"""What each platform needs when somebody leaves, as one page of Markdown: what to have ready, what to do in which order, what works on.

Made from profiles; knows no file, and nothing of any vault. A statement whose grade is not its profile's says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from govern.policy.profile import Profile, Statement

_HEAD: Final = """# What each platform needs when somebody leaves

One section for each platform: what to have ready, what to change, what to end besides, and what goes on working until somebody ends it.
It says the same as a departure's checklist, for reading beforehand.

This page is made from `policies/platforms/*.yaml` (`python -m govern.policy.compiled`); don't edit it. How far each statement is to be trusted
is said behind the platform's name, and behind the statement where that differs: [the grades](platforms.md). Menus move often: if a step is wrong, look at the
day first. `govern platform show NAME` prints the same with its sources.
"""
_KINDS: Final = {
    "password": "Password", "totp": "Codes from an app (totp)", "backup-codes": "Backup codes", "api-token": "API tokens",
    "app-password": "App passwords", "passkey": "Passkeys", "recovery-email": "Mail address for recovery", "recovery-phone": "Phone number for recovery",
}  # fmt: skip
_CUTS: Final = {"sessions": "Sign everybody out", "apps": "Connected tools", "roles": "People and their roles"}
_OWN: Final = {
    "full": "Yes: people can be given logins of their own there",
    "partly": "Partly",
    "none": "No: there is only the shared password",
}


def page(profiles: Iterable[Profile]) -> str:
    """The whole page, the platforms by name."""
    found = sorted(profiles, key=lambda one: one.name.casefold())
    return "\n".join(
        [_HEAD, *(f"- [{one.name}](#{_anchor(one)})" for one in found), "", *(line for one in found for line in _section(one))]
    )


def _anchor(about: Profile) -> str:
    return "".join(c for c in about.name.casefold().replace(" ", "-") if c.isalnum() or c == "-")


def _section(about: Profile) -> Iterator[str]:
    before = about.before
    yield from (f"## {about.name}", "", f"*{about.grade}, looked at on {about.checked_on}; about {before.minutes} minutes.*", "")
    if about.change_password_url:
        yield from (f"The page: {_address(about.change_password_url)}", "")
    if about.shared_with:
        yield from (f"One login with: {', '.join(about.shared_with)}.", "")
    yield f"- Can people have logins of their own? {_OWN[about.delegation]}. {_said(about.delegation_said, about)}"
    yield f"- Before you begin: {_said(before.prompts, about)}"
    yield f"- Who is logged out: {_said(before.logged_out, about)}"
    yield f"- Scheduled posts: {_said(before.scheduled, about)}"
    yield from (f"- What stops: {_said(one, about)}" for one in before.disconnects)
    yield from (f"- **{one.days} days ahead**: {_said(one.said, about)}" for one in about.lead_times)
    yield ""
    for title, steps in (
        *((_KINDS.get(kind, kind), steps) for kind, steps in about.rotate.items()),
        *((_CUTS[cut], steps) for cut, steps in about.cut.items()),
    ):
        if steps:
            yield from (f"**{title}**", "", *(f"{n}. {_said(one, about)}" for n, one in enumerate(steps, 1)), "")
    if about.survives or about.residual:
        yield from ("**Goes on working after the password has changed**", "")
        yield from (f"- {_said(one, about)}" for one in about.survives)
        yield from (f"- for {rest.seconds // 60} minutes: {_said(rest.said, about)}" for rest in about.residual)
        yield ""


def _said(one: Statement, about: Profile) -> str:
    text = one.text.replace("|", "\\|").replace("<", "&lt;").rstrip(".")
    return f"{text}. *({one.grade})*" if one.grade != about.grade else f"{text}."


def _address(url: str) -> str:
    return f"`{url}`" if "{" in url else f"<{url}>"
