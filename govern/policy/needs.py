"""What each platform needs when somebody leaves, as one page of Markdown: what to have ready, what to do in which order, what works on.

Made from profiles, in any of our languages; knows no file, and nothing of any vault. A statement whose grade is not its profile's says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from govern.policy.profile import TRUST

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.languages import Language
    from govern.policy.profile import Profile, Statement

_KINDS: Final = {
    "password": "password", "totp": "authenticator codes", "backup-codes": "backup codes", "api-token": "API token",
    "app-password": "app password", "passkey": "passkey", "recovery-email": "mail address for recovery", "recovery-phone": "phone number for recovery",
}  # fmt: skip
"""As `govern.offboarding.wording` has them, which stands above."""


def page(profiles: Iterable[Profile], language: Language) -> str:
    """The whole page, the platforms by name."""
    found = sorted(profiles, key=lambda one: one.name.casefold())
    say = language.say
    head = (
        f"# {say('What each platform needs when somebody leaves')}",
        "",
        say(
            "One section for each platform: what to have ready, what to change, what to end besides, and what goes on working until somebody ends it."
        ),
        say("It says the same as a departure's checklist, for reading beforehand."),
        "",
        say("This page is made from {files} ({command}); don't edit it.").format(
            files="`policies/platforms/*.yaml`", command="`python -m govern.policy.compiled`"
        ),
        say(
            "How far each statement is to be trusted is said behind the platform's name, and behind the statement where that differs: {grades}."
        ).format(grades=f"[{say('the grades')}](platforms.md)"),
        say("Menus move often: if a step is wrong, look at the day first. {command} prints the same with its sources.").format(
            command="`govern platform show NAME`"
        ),
        "",
    )
    return "\n".join(
        [*head, *(f"- [{one.name}](#{_anchor(one)})" for one in found), "", *(line for one in found for line in _section(one, language))]
    )


def _anchor(about: Profile) -> str:
    return "".join(c for c in about.name.casefold().replace(" ", "-") if c.isalnum() or c == "-")


def _section(about: Profile, language: Language) -> Iterator[str]:
    before, say, count = about.before, language.say, language.count

    def said(one: Statement) -> str:
        return _said(one, about, language)

    minutes = count("about 1 minute", "about {n} minutes", before.minutes)
    grade = say("{grade}, looked at on {day}").format(grade=_trust(about.grade, say), day=about.checked_on)
    yield from (f"## {about.name}", "", f"*{grade}; {minutes}.*", "")
    if about.change_password_url:
        yield from (say("The page: {address}").format(address=_address(about.change_password_url)), "")
    if about.shared_with:
        yield from (say("One login with: {platforms}.").format(platforms=", ".join(about.shared_with)), "")
    yield f"- {say('Can people have logins of their own?')} {_own(about.delegation, say)} {said(about.delegation_said)}"
    yield f"- {say('Before you begin:')} {said(before.prompts)}"
    yield f"- {say('Who is logged out:')} {said(before.logged_out)}"
    yield f"- {say('Scheduled posts:')} {said(before.scheduled)}"
    yield from (f"- {say('What stops:')} {said(one)}" for one in before.disconnects)
    yield from (f"- **{count('1 day ahead', '{n} days ahead', one.days)}**: {said(one.said)}" for one in about.lead_times)
    for way in about.contact:
        yield f"- {say('If it was taken over:')} {said(way.said)}{f' {_address(way.url)}' if way.url else ''}"
    yield ""
    cuts = {"sessions": say("sign everybody out"), "apps": say("connected tools"), "roles": say("people and their roles")}
    for title, steps in (
        *((say(_KINDS.get(kind, kind), "credential"), steps) for kind, steps in about.rotate.items()),
        *((cuts[cut], steps) for cut, steps in about.cut.items()),
    ):
        if steps:
            yield from (f"**{title[0].upper()}{title[1:]}**", "", *(f"{n}. {said(one)}" for n, one in enumerate(steps, 1)), "")
    if about.survives or about.residual:
        yield from (f"**{say('Goes on working after the password has changed')}**", "")
        yield from (f"- {said(one)}" for one in about.survives)
        for rest in about.residual:
            yield f"- {count('for 1 minute:', 'for {n} minutes:', rest.seconds // 60)} {said(rest.said)}"
        yield ""


def _own(delegation: str, say: Callable[[str], str]) -> str:
    match delegation:
        case "full":
            return say("Yes: people can be given logins of their own there.")
        case "partly":
            return say("Partly.")
        case _:
            return say("No: there is only the shared password.")


def _trust(grade: str, say: Callable[[str, str], str]) -> str:
    return say(TRUST[grade], "trust")


def _said(one: Statement, about: Profile, language: Language) -> str:
    """A statement, menus quoted as on the platform's English pages, and its grade where that is not the usual one."""
    english = language.locale == "en"
    text = "".join(language.quoted(piece) if menu and not english else piece for piece, menu in language.there(one.text))
    text = text.replace("|", "\\|").replace("<", "&lt;").rstrip(".")
    return f"{text}. *({_trust(one.grade, language.say)})*" if one.grade != about.grade else f"{text}."


def _address(url: str) -> str:
    return f"`{url}`" if "{" in url else f"<{url}>"
