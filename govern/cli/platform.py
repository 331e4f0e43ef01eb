"""`govern platform`: what is known of each platform, and how far it is to be trusted. Reads what is shipped; needs no vault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from govern.cli import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.policy.profile import Profile, Statement

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

_DELEGATION: Final = {"full": "own logins", "partly": "partly", "none": "shared password only"}


@app.command("list")
def list_(json: Json = False) -> None:
    """Every platform that is known: how it is changed, and how many statements have which grade."""
    from govern.policy.platforms import load_profiles
    from govern.policy.profile import GRADES

    found = sorted(load_profiles().values(), key=lambda one: one.id)
    if json:
        render.emit("platform.list", {
            "platforms": [
                {
                    "id": one.id, "name": one.name, "delegation": one.delegation, "kinds": list(one.kinds), "shared_with": list(one.shared_with),
                    "grade": one.grade, "checked_on": one.checked_on, "grades": _counts(one),
                }
                for one in found
            ]
        })  # fmt: skip
        return
    render.table(
        ("platform", "people", "kinds", *GRADES, "checked"),
        [
            (one.id, _DELEGATION[one.delegation], len(one.kinds), *(_counts(one)[grade] or "" for grade in GRADES), one.checked_on)
            for one in found
        ],
    )
    render.next_step("govern platform show PLATFORM")


@app.command("show")
def show(platform: Annotated[str, typer.Argument(metavar="NAME", help="Its id, or an address of it.")], json: Json = False) -> None:
    """One platform: limits, pages, steps for each kind, what else to cut, and what survives; each with its grade."""
    from govern.cli.telling_platform import duration, profile_json
    from govern.policy.platforms import load_profiles, profile, recognise

    wanted = platform.strip().casefold()
    about = profile(wanted if wanted in load_profiles() else recognise(wanted) or wanted)
    if json:
        render.emit("platform.show", {"platform": profile_json(about)})
        return
    render.line(f"{about.name} ({about.id}), {about.grade} where nothing else is said, as of {about.checked_on}")
    render.line(f"hosts: {', '.join(about.hosts)}")
    if about.shared_with:
        render.line(f"one login with: {', '.join(about.shared_with)}")
    for page in dict.fromkeys((about.change_password_url, *about.pages.values())):
        if page:
            render.line(f"change the password at: {page}{_mark(about.page_grade, about)}")
    render.line(f"a password there: {_limits(about)}")
    render.line(f"people with logins of their own: {about.delegation}. {about.delegation_said.text}{_mark(about.delegation_said, about)}")
    before = about.before
    render.line(f"\nBefore, about {before.minutes} minutes:")
    for name, said in (("prompts", before.prompts), ("logged out", before.logged_out), ("scheduled", before.scheduled)):
        render.line(f"  {name}: {said.text}{_mark(said, about)}")
    _lines(before.disconnects, about, "  disconnects: ")
    for kind, steps in about.rotate.items():
        render.line(f"\nChange the {kind}:")
        _lines(steps, about)
    for what, steps in about.cut.items():
        if steps:
            render.line(f"\nCut {what}:")
            _lines(steps, about)
    render.line("\nGoes on working after the password has changed:")
    _lines(about.survives, about)
    for rest in about.residual:
        render.line(f"  for {duration(rest.seconds)}: {rest.said.text}{_mark(rest.said, about)}")
    if about.lead_times:
        render.line("\nBefore somebody leaves who runs it:")
    for one in about.lead_times:
        render.line(f"  {render.count(one.days, 'day')}: {one.said.text}{_mark(one.said, about)}")
    if about.contact:
        render.line("\nIf the account was taken over:")
    for way in about.contact:
        render.line(f"  {way.said.text}{f': {way.url}' if way.url else ''}{_mark(way.said, about)}")
    render.line("\nSources:")
    for key, source in about.sources.items():
        render.line(f"  {key}: {source.name}, {source.url}")


def _counts(about: Profile) -> dict[str, int]:
    from govern.policy.profile import GRADES

    grades = [one.grade for one in about.statements()]
    return {grade: grades.count(grade) for grade in GRADES}


def _lines(said: Sequence[Statement], about: Profile, begin: str = "") -> None:
    for number, one in enumerate(said, start=1):
        render.line(f"{begin or f'  {number}. '}{one.text}{_mark(one, about)}")


def _mark(one: Statement, about: Profile) -> str:
    """Grade, source and day, where they are not the profile's."""
    said = [one.grade] if one.grade != about.grade else []
    said += [f"source {one.source}"] if one.source != about.source else []
    said += [one.checked_on] if one.checked_on != about.checked_on else []
    return f"  [{', '.join(said)}]" if said else ""


def _limits(about: Profile) -> str:
    limits = about.password
    told = []
    if limits.min is not None or limits.max is not None:
        told.append(f"{limits.min or 'any number of'} to {limits.max or 'any number of'} characters")
    if limits.needs:
        told.append(f"with {', '.join(limits.needs)}")
    if limits.symbols is not None:
        told.append(f"of symbols only {limits.symbols}" if limits.symbols else "without symbols")
    if limits.max_consecutive is not None:
        told.append(f"at most {limits.max_consecutive} of the same in a row")
    return f"{', '.join(told)}{_mark(about.password_grade, about)}" if told else "no limits are known"
