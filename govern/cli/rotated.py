"""How rotations are told: rows for JSON and the screen, what to type next, and what a confirmed one leaves to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from govern.cli import render
from govern.rotation.kinds import LABELLED, label
from govern.shell import quoted

if TYPE_CHECKING:
    import sqlite3

    from govern.procedures.rotate import Started
    from govern.procedures.rotation import Confirmed
    from govern.register.queries.rotations import Rotation

SHORT = 8
"""Hex digits of an id on the screen."""


def short(id_: str) -> str:
    return id_[:SHORT]


def row(rotation: Rotation, names: Mapping[str, str]) -> dict[str, object]:
    """One rotation for JSON."""
    return {
        "id": rotation.id, "account": rotation.handle, "kind": rotation.kind, "state": rotation.state.value, "trigger": rotation.trigger,
        "grade": rotation.grade or None, "opened_at": rotation.opened_at, "due": rotation.due or None, "version": rotation.candidate or None,
        "shown": rotation.shown, "opener": names.get(rotation.opener, rotation.opener), "ended_at": rotation.ended_at or None,
        "confirmer": names.get(rotation.confirmer) if rotation.confirmer else None, "next": next_of(rotation) or None,
        "cut": list(rotation.cut), "residual_until": rotation.residual_until or None,
        "label": label(rotation.id) if rotation.kind in LABELLED else None,
        "connector": rotation.connector or None, "sessions_cut": rotation.sessions_cut, "awaits": rotation.awaits or None,
    }  # fmt: skip


def table(found: Sequence[Rotation], told: Mapping[tuple[str, str], str] | None = None, *, empty: str) -> None:
    """`told`: when somebody is reminded of what next, as `govern.notices.due.upcoming` gives it; None: without that column."""
    rows = [(short(r.id), r.handle, r.kind, r.state, r.trigger, render.day(r.due), render.day(r.opened_at), r.grade) for r in found]
    head = ("id", "account", "kind", "state", "why", "due", "opened", "grade")
    if told is None:
        render.table(head, rows, empty=empty)
        return
    days = [render.day(told.get((r.id, ""))) for r in found]
    render.table((*head[:6], "reminder", *head[6:]), [(*one[:6], day, *one[6:]) for one, day in zip(rows, days, strict=True)], empty=empty)


def next_of(rotation: Rotation) -> str:
    """The command that carries an open rotation on; empty for one that has ended."""
    match rotation.state.value:
        case "planned" | "rejected" if rotation.connector:
            return f"govern rotation reconcile {short(rotation.id)}"
        case "planned" | "rejected" | "lost":
            given = "" if rotation.kind == "password" or rotation.kept_in else " --stdin"
            return f"govern rotate {rotation.handle} --kind {rotation.kind}{given}"
        case "staged" if rotation.shown or rotation.kept_in:
            return f"govern rotation confirm {short(rotation.id)}"
        case "staged" if rotation.kind == "totp":
            return f"govern rotation show {short(rotation.id)} --code"
        case "applied" | "verified":
            return f"govern rotation reconcile {short(rotation.id)}"
        case "unknown" if rotation.awaits:
            return f"govern rotation reconcile {short(rotation.id)} --mailed-code"
        case "unknown" if rotation.connector:
            return f"govern rotation reconcile {short(rotation.id)}"
        case "staged" | "unknown":
            return f"govern rotation show {short(rotation.id)} --secret new --stdout"
        case _:
            return ""


def tell_next(found: Sequence[Rotation]) -> None:
    """What to type for each, a few at most."""
    waiting = [rotation for rotation in found if rotation.open]
    for rotation in waiting[:3]:
        command = next_of(rotation)
        why = "" if "confirm" in command or "rotate " in command else f"then: govern rotation confirm {short(rotation.id)}"
        if rotation.kind in LABELLED and "rotate " in command:
            why = f"make a new one there, and call it {label(rotation.id)}"
        if rotation.awaits:
            why = f"asks for it; another one: govern rotate {rotation.handle} --kind {rotation.kind} --connector {rotation.connector}"
        if rotation.kept_in:
            why = f"once it is changed on the platform and in {render.safe(rotation.place)}"
        render.next_step(command, why)
    if len(waiting) > 3:
        render.next_step("govern rotation reconcile", f"{len(waiting) - 3} more to go on with")


def tell_started(started: Sequence[Started], names: Mapping[str, str]) -> None:
    """Warnings of a start: secrets that came back, candidates that somebody who is gone could know."""
    for one in started:
        where = f"{render.safe(one.rotation.handle)} {one.rotation.kind}"
        candidate = one.candidate
        if candidate is not None and not candidate.compared:
            render.note(f"{where}: not every earlier secret could be compared with this one")
        if candidate is not None and candidate.weak and one.rotation.kind == "password":
            render.note(f"{where}: this password is easy to guess, and is recorded as weak; without --stdin govern makes one")
        if one.tainted:
            render.note(
                f"{where}: the candidate was sealed or shown to {named(one.tainted, names)}; where it is not on the platform yet,"
                f" take another: govern rotation reject {short(one.rotation.id)}"
            )


def tell_reuse(db: sqlite3.Connection, started: Sequence[Started], names: Mapping[str, str]) -> None:
    from govern.register.queries.knowers import knowers

    for one in started:
        if one.candidate is not None and one.candidate.reuses:
            known = knowers(db, one.rotation.credential, one.candidate.reuses)
            render.note(
                f"{render.safe(one.rotation.handle)} {one.rotation.kind}: this secret was version {one.candidate.reuses} before;"
                f" still known to {named(known, names)}"
            )


def tell_confirmed(done: Confirmed, names: Mapping[str, str]) -> None:
    """What a confirmed rotation has ended, and what it leaves to do."""
    rotation = done.rotation
    where = f"{render.safe(rotation.handle)} {rotation.kind}"
    if done.done_before:
        render.note(f"{where}: done on {render.day(rotation.ended_at)} already")
        return
    render.note(f"{where}: done, version {rotation.candidate} is current" + (f", {rotation.grade}" if rotation.grade == "probed" else ""))
    tell_residue(rotation)
    if done.still_knows:
        render.note(f"{where}: still known to {named(done.still_knows, names)}")
    for settled in done.cases:
        if settled.ended:
            items = ", ".join(str(entry.number) for entry in settled.ended)
            render.note(f"case {short(settled.case.id)} of {names.get(settled.case.person, '')}: item {items} is done")
    if done.again:
        render.next_step(f"govern rotate {rotation.handle} --kind {rotation.kind}", "somebody who is gone could know the new one")
    for person in done.waiting:
        render.next_step(
            f"govern handover {rotation.handle} {names.get(person, person)} --kind {rotation.kind}",
            "holds it and does not have the new one",
        )
    for person in done.outside:
        render.next_step(
            f"govern place member {quoted(rotation.place)} {names.get(person, person)}", "holds it; once that place is open to them"
        )


def tell_lister(db: sqlite3.Connection, found: Sequence[Rotation]) -> None:
    """Where a connector sees what a changed password has left alive, how to look; a few at most."""
    from govern.cli.cutting import alive
    from govern.connectors.load import find
    from govern.procedures.ways_in import lister
    from govern.register.queries.policies import policy
    from govern.register.queries.rotatable import of_account

    left = [one for one in found if not one.open and not one.kept_in and alive(one)]
    rules = policy(db) if left else None
    for one in left[:3]:
        name = lister(one.platform, rules) if rules is not None else ""
        if rules is not None and name:
            own = find(name, rules).make.capabilities.own_helpers
            alone = not own or any(has.kind in own and has.current for has in of_account(db, one.account))
            render.next_step(f"govern credential ways-in {one.handle}{'' if alone else ' --by ACCOUNT'}", "what still gets in there")


def tell_residue(rotation: Rotation) -> None:
    """What a changed password leaves alive, as far as nobody recorded that it was ended there."""
    from govern.cli.cutting import alive

    where = f"{render.safe(rotation.handle)} {rotation.kind}"
    if rotation.residual_until:
        render.note(f"{where}: whoever was signed in still gets in until {rotation.residual_until}")
    left = alive(rotation)
    if left and not rotation.open:
        render.note(f"{where}: not recorded as ended there, and perhaps still good: {', '.join(left)}")


def confirmed(done: Confirmed, names: Mapping[str, str]) -> dict[str, object]:
    """The same for JSON."""
    from govern.cli.cutting import alive

    return {
        "still_knows": [
            {"person": names.get(person, person), "kind": done.rotation.kind, "version": done.rotation.candidate} for person in done.still_knows
        ],
        "handover_due": [{"person": names.get(person, person), "kind": done.rotation.kind} for person in done.waiting],
        "place_due": [
            {"person": names.get(person, person), "kind": done.rotation.kind, "place": done.rotation.place} for person in done.outside
        ],
        "items": [{"case": settled.case.id, "id": entry.id} for settled in done.cases for entry in settled.ended],
        "again": done.again or None, "not_ended": list(alive(done.rotation)),
    }  # fmt: skip


def named(people: Sequence[str], names: Mapping[str, str]) -> str:
    found = [render.safe(names.get(person, person)) for person in people]
    return ", ".join(found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")
