"""`govern who`: who holds an account, and who could know its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.accounts import Account
    from govern.register.queries.exposures import Exposure
    from govern.register.queries.holdings import Grant

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def who(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    everything: Annotated[bool, typer.Option("--all", help="Also who knew what works no more.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Who holds an account, and who could know which version of its secrets, and by what."""
    from govern.register.queries import accounts, exposures, holdings, spokespersons
    from govern.register.queries.people import handles
    from govern.register.queries.residue import residue

    db = settings.workspace().view()
    found = accounts.find(db, account)
    grants = holdings.of_accounts(db, [found.id])
    known = exposures.of_account(db, found.id)
    names = handles(db)
    speaking = {one.person: one.trained_on for one in spokespersons.spokespersons(db, account=found.id)}
    late = {(one.person, one.credential, one.n): one.until for one in residue(db, settings.now(), account=found.id)}
    if json:
        render.emit("who", {
            "account": found.handle, "platform": found.platform, "tier": found.tier, "custodian": names.get(found.custodian, found.custodian),
            "deputy": names.get(found.deputy) if found.deputy else None,
            "holders": [
                {
                    "person": names.get(g.person, g.person), "since": g.since, "until": g.until or None, "kinds": list(g.kinds) or None,
                    "giver": names.get(g.giver, g.giver), "emergency": g.emergency, "keyholder": g.keyholder, "spokesperson": g.person in speaking,
                }
                for g in grants
            ],
            "exposed": [
                {
                    "person": names.get(e.person, e.person), "kind": e.kind, "version": e.n, "basis": e.basis, "strength": e.strength,
                    "since": e.since, "live": e.live, "residual_until": late.get((e.person, e.credential, e.n)),
                }
                for e in known
            ],
            "spokespersons": [{"person": names.get(person, person), "trained_on": day} for person, day in speaking.items()],
        })  # fmt: skip
        return
    _tell(db, found, grants, known, names, speaking, everything=everything)


def _tell(
    db: sqlite3.Connection,
    found: Account,
    grants: list[Grant],
    known: list[Exposure],
    names: dict[str, str],
    speaking: dict[str, str],
    *,
    everything: bool,
) -> None:
    from govern.cli.knowing import merged, section
    from govern.holdings.knowing import SCREEN_NAMES, Relation, standing
    from govern.register.queries import holdings, people
    from govern.register.queries.residue import residue

    head = [found.handle, found.platform, found.login, f"tier {found.tier}", f"responsible: {names.get(found.custodian, found.custodian)}"]
    render.line(" · ".join(render.safe(part) for part in head if part))
    now = settings.now()
    section(
        "\nHolders",
        ("person", "since", "until", "what", "given by"),
        [
            (
                names.get(g.person, g.person), render.day(g.since), until_words(g.until, now),
                ", ".join(g.kinds) or "all", names.get(g.giver, g.giver),
            )
            for g in grants
        ],
        empty=f"nobody holds it: govern grant {found.handle} PERSON",
    )  # fmt: skip
    if speaking:
        told = ", ".join(sorted(f"{names.get(person, person)} (trained on {day})" for person, day in speaking.items()))
        render.line(f"\nMay publish: {render.safe(told)}")
    holds = {g.person for g in grants}
    revoked, left = holdings.once_held(db, found.id), people.left(db)
    rows = []
    for group in merged(known):
        if group.live or everything:
            relation = Relation(
                holds=group.person in holds, responsible=group.person in (found.custodian, found.deputy),
                revoked=group.person in revoked, left=group.person in left,
            )  # fmt: skip
            person = SCREEN_NAMES.get(group.person, names.get(group.person, group.person))
            words = standing(relation, strength=group.strength, live=group.live)
            rows.append((person, f"{group.kind} v{group.n}", ", ".join(group.bases), group.strength, render.day(group.since), words))
    section("\nCould know", ("person", "what", "by", "strength", "since", "now"), rows, empty="nobody knows anything of it that works")
    for one in residue(db, now, account=found.id):
        render.line(f"{render.safe(names.get(one.person, one.person))} may still be signed in by {one.kind} v{one.n} until {one.until}")
    ended = sum(not group.live for group in merged(known))
    if ended and not everything:
        render.note(f"{ended} more knew what works no more: --all")


def until_words(until: str, now: str) -> str:
    """The day a grant ends; what has run out without anybody ending it is said."""
    return f"{render.day(until)} (over)" if until and until <= now else render.day(until)
