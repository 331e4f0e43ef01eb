"""`govern holds`: what a person holds, and what they could know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.exposures import Exposure
    from govern.register.queries.holdings import Grant

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def holds(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    everything: Annotated[bool, typer.Option("--all", help="Also what they knew that works no more.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """What a person holds, and which versions of which secrets they could know. `others-unknown` stands for whoever nobody can name."""
    from govern.cli.beside_show import of_person
    from govern.holdings.exposures import OTHERS_UNKNOWN
    from govern.register.queries import exposures, holdings
    from govern.register.queries.people import find, handles
    from govern.register.queries.residue import residue

    db = settings.workspace().view()
    if person == OTHERS_UNKNOWN:
        id_, handle, status = OTHERS_UNKNOWN, OTHERS_UNKNOWN, ""
    else:
        found = find(db, person)
        id_, handle, status = found.id, found.handle, found.status
    grants = holdings.of_person(db, id_)
    known = exposures.of_person(db, id_)
    late = {(one.credential, one.n): one.until for one in residue(db, settings.now(), person=id_)}
    if json:
        render.emit("holds", {
            "person": handle, "status": status or None,
            "grants": [
                {"account": g.handle, "since": g.since, "until": g.until or None, "kinds": list(g.kinds) or None, "emergency": g.emergency}
                for g in grants
            ],
            "exposures": [
                {
                    "account": e.handle, "kind": e.kind, "version": e.n, "basis": e.basis, "strength": e.strength, "since": e.since,
                    "live": e.live, "residual_until": late.get((e.credential, e.n)),
                }
                for e in known
            ],
            **of_person(db, id_, handles(db)),
        })  # fmt: skip
        return
    _tell(db, id_, handle, status, grants, known, everything=everything)


def _tell(
    db: sqlite3.Connection, id_: str, handle: str, status: str, grants: list[Grant], known: list[Exposure], *, everything: bool
) -> None:
    from govern.cli.beside_show import of_person, tell_person
    from govern.cli.knowing import merged, section
    from govern.cli.who import until_words
    from govern.holdings.knowing import SCREEN_NAMES, Relation, standing, summary
    from govern.register.queries import holdings
    from govern.register.queries.people import handles
    from govern.register.queries.residue import residue

    now, who = settings.now(), render.safe(SCREEN_NAMES.get(id_, handle))
    if id_ not in SCREEN_NAMES:
        section(
            "Holds",
            ("account", "platform", "since", "until", "what"),
            [(g.handle, g.platform, render.day(g.since), until_words(g.until, now), ", ".join(g.kinds) or "all") for g in grants],
            empty=f"{who} holds nothing",
        )
        render.line()
    held, answers, lost = {g.account for g in grants}, holdings.answers_for(db, id_), holdings.lost(db, id_)
    groups = merged(known)
    rows = [
        (
            group.handle, f"{group.kind} v{group.n}", ", ".join(group.bases), group.strength, render.day(group.since),
            standing(
                Relation(holds=group.account in held, responsible=group.account in answers, revoked=group.account in lost, left=status == "former"),
                strength=group.strength, live=group.live,
            ),
        )
        for group in groups
        if group.live or everything
    ]  # fmt: skip
    section("Could know", ("account", "what", "by", "strength", "since", "now"), rows, empty=f"{who} knows nothing that works")
    for one in residue(db, now, person=id_):
        render.line(f"{who} may still be signed in to {one.handle} by {one.kind} v{one.n} until {one.until}")
    ended = sum(not group.live for group in groups)
    if ended and not everything:
        render.note(f"{ended} more that works no more: --all")
    if id_ not in SCREEN_NAMES:
        tell_person(of_person(db, id_, handles(db)))
        knows = sum(group.live for group in groups)
        render.line(f"\n{summary(who, holds=len(grants), revoked=bool(lost), knows=knows)}")
