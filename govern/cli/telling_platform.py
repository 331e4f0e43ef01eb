"""How what is known of a platform is told: before a change, step by step, and what it leaves alive; on stderr, or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govern.cli import render
from govern.policy.profile import TRUST
from govern.rotation.kinds import LABELLED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from govern.languages import Language
    from govern.policy.profile import Profile, Statement
    from govern.procedures.preflight import Preflight
    from govern.register.queries.rotations import Rotation

_CUTS: Final = {"sessions": "sign out", "apps": "apps", "roles": "people"}


def graded(one: Statement, usual: str) -> str:
    """A statement with its grade, where that is not the usual one, in English."""
    return one.line + (f"  [{one.grade}]" if one.grade != usual else "")


def spoken(one: Statement, usual: str, language: Language) -> str:
    """The same in the reader's language, and what its grade means."""
    text = "".join(language.quoted(piece) if menu and language.locale != "en" else piece for piece, menu in language.there(one.text))
    said = language.say("{name}: {text}").format(name=one.of, text=text) if one.of else text
    return said + (f"  [{language.say(TRUST[one.grade], 'trust')}]" if one.grade != usual else "")


def tell_before(told: Preflight, rotation: Rotation) -> None:
    """The box: whom prompts reach, who is logged out, what breaks, how long it takes."""
    about = told.about
    render.note("  before you begin:")
    if told.prompts_reach:
        gone = ", who is leaving or gone: ask them for the code now, or change the number or address first" if told.prompts_gone else ""
        render.note(f"    its codes and prompts reach {render.safe(told.prompts_reach)}{gone}")
    else:
        render.note(
            f"    whose phone or mailbox gets its codes is not recorded: govern account edit {rotation.handle} --prompts-reach PERSON"
        )
    if about is not None:
        usual, before = about.grade, about.before
        render.note(f"    prompts: {graded(before.prompts, usual)}")
        held = f" (held by {', '.join(map(render.safe, told.holders[:6]))}{' …' if len(told.holders) > 6 else ''})" if told.holders else ""
        if rotation.kind == "password":
            render.note(f"    logged out: {graded(before.logged_out, usual)}{held}")
            for one in before.disconnects:
                render.note(f"    disconnects: {graded(one, usual)}")
            render.note(f"    scheduled posts: {graded(before.scheduled, usual)}")
        elif rotation.kind in LABELLED:
            render.note("    disconnects: every tool that works with the present one, until it has the new one")
        render.note(f"    takes about {before.minutes} minutes, with everything that is to be cut besides")
    for other in told.with_it:
        render.note(f"    {render.safe(other)} has the same login: it changes with this one")


def tell_steps(told: Preflight, rotation: Rotation) -> None:
    """The page and the steps for this kind, and how far they are to be trusted."""
    about = told.about
    if about is None:
        render.note(f"  no steps are known for {render.safe(told.platform)}: change it in its security settings")
        return
    if told.page:
        render.note(f"  {'page' if rotation.kind == 'password' else 'page of its password'}: {render.safe(told.page)}")
    steps = about.rotate.get(rotation.kind, ())
    for number, step in enumerate(steps, start=1):
        render.note(f"  {number}. {graded(step, about.grade)}")
    if not steps:
        render.note(f"  no steps are known for its {rotation.kind}: look for it among the security settings there")
    render.note(f"  (as of {about.checked_on}, {about.grade} where nothing else is said)")


def tell_after(told: Preflight, rotation: Rotation) -> None:
    """What the change leaves alive, and how that is cut."""
    about = told.about
    if about is None or rotation.kind != "password":
        return
    for one in about.survives:
        render.note(f"  goes on working: {graded(one, about.grade)}")
    for what, steps in about.cut.items():
        for step in steps:
            render.note(f"  cut separately, {_CUTS[what]}: {graded(step, about.grade)}")
    for rest in about.residual:
        render.note(f"  {duration(rest.seconds)} longer: {graded(rest.said, about.grade)}")


def tell_shared(db: sqlite3.Connection, done: Rotation) -> None:
    """A command for each account with the same login and a secret of this kind, which is the new one now as well."""
    from govern.procedures.preflight import preflight
    from govern.register.queries import accounts, rotatable

    for other in preflight(db, done).with_it:
        if not rotatable.of_account(db, accounts.find(db, other).id, done.kind):
            continue
        render.next_step(
            f"govern rotate {other} --kind {done.kind} --already-changed --changed-on {render.day(done.ended_at)}",
            f"its login is that of {done.handle}: record the same change there",
        )


def duration(seconds: int) -> str:
    """Whole hours or minutes in words."""
    if seconds % 3600 == 0:
        return render.count(seconds // 3600, "hour")
    return render.count(max(1, round(seconds / 60)), "minute")


def before_json(told: Preflight, rotation: Rotation) -> dict[str, object]:
    """The same as JSON."""
    about = told.about
    return {
        "page": told.page or None, "login": told.login or None, "prompts_reach": told.prompts_reach or None, "prompts_gone": told.prompts_gone,
        "same_login": list(told.with_it), "platform": profile_json(about, kind=rotation.kind) if about else None,
    }  # fmt: skip


def profile_json(about: Profile, kind: str = "") -> dict[str, object]:
    """A profile as JSON; of one kind, its steps only."""
    limits = about.password
    return {
        "id": about.id, "name": about.name, "hosts": list(about.hosts), "kinds": list(about.kinds), "shared_with": list(about.shared_with),
        "change_password": {"url": about.change_password_url or None, "by_host": dict(about.pages), **_grade(about.page_grade)},
        "password": {
            "min": limits.min, "max": limits.max, "symbols": limits.symbols, "needs": list(limits.needs),
            "max_consecutive": limits.max_consecutive, **_grade(about.password_grade),
        },
        "delegation": {"native": about.delegation, "url": about.delegation_url or None, **_said(about.delegation_said)},
        "before": {
            "prompts": _said(about.before.prompts), "logged_out": _said(about.before.logged_out),
            "disconnects": _all(about.before.disconnects), "scheduled": _said(about.before.scheduled), "minutes": about.before.minutes,
        },
        "rotate": {one: _all(steps) for one, steps in about.rotate.items() if kind in ("", one)},
        "cut": {what: _all(steps) for what, steps in about.cut.items()},
        "survives": _all(about.survives),
        "residual": [{"seconds": one.seconds, **_said(one.said)} for one in about.residual],
        "lead_times": [{"days": one.days, **_said(one.said)} for one in about.lead_times],
        "contact": [contact_json(one.said, one.url) for one in about.contact],
        "grade": about.grade, "checked_on": about.checked_on,
        "sources": {key: {"name": one.name, "url": one.url} for key, one in about.sources.items()},
    }  # fmt: skip


def contact_json(one: Statement, url: str) -> dict[str, object]:
    """A way to reach a platform."""
    return {"url": url or None, **_said(one)}


def _grade(one: Statement) -> dict[str, object]:
    return {"grade": one.grade, "checked_on": one.checked_on, "source": one.source}


def _said(one: Statement) -> dict[str, object]:
    return {"text": one.text, **_grade(one)}


def _all(some: Sequence[Statement]) -> list[dict[str, object]]:
    return [_said(one) for one in some]
