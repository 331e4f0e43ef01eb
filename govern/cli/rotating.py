"""What `govern rotate` would do, and what it says where there is nothing to do: reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.cli import render, settings
from govern.cli.rotated import row, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govern.errors import Refused
    from govern.procedures.choosing import Wanted
    from govern.register.queries.rotatable import Rotatable
    from govern.register.workspace import Workspace


def would(
    workspace: Workspace, found: Sequence[Rotatable], trigger: str, connectors: Mapping[str, str], beyond: Sequence[tuple[Rotatable, Refused]],
    *, json: bool,
) -> None:  # fmt: skip
    """What each would come to, by which connector (credential -> name), and what would be left out."""
    from govern.register.queries import rotations
    from govern.register.queries.people import handles

    db = workspace.view()
    left_out = {one.credential for one, _ in beyond}
    able = [one for one in found if one.credential not in left_out]
    under_way = rotations.open_among(db, {one.credential: one for one in able})
    names = handles(db)
    skipped = [{"account": one.handle, "kind": one.kind, "reason": error.message} for one, error in beyond]
    if json:
        rows = []
        for one in able:
            rotation = under_way.get(one.credential)
            fresh = {
                "id": None, "account": one.handle, "kind": one.kind, "state": None, "trigger": trigger, "grade": None, "opened_at": None,
                "due": None,
            }  # fmt: skip
            about = row(rotation, names) if rotation else fresh
            rows.append({**about, "connector": connectors.get(one.credential), "resumed": rotation is not None})
        render.emit("rotate", {"rotations": rows, "skipped": skipped, "dry_run": True})
        return
    render.table(
        ("account", "kind", "version", "changed", "would"),
        [
            (
                one.handle, one.kind, one.current or "", render.day(one.since),
                (f"go on with {short(rotation.id)}, {rotation.state}" if (rotation := under_way.get(one.credential)) else "open a rotation")
                + (f", by {by}" if (by := connectors.get(one.credential)) else ""),
            )
            for one in able
        ],
        empty="nothing is due",
    )  # fmt: skip
    for told in skipped:
        render.note(f"would be left out: {render.safe(told['account'])} {told['kind']}: {render.safe(told['reason'])}")
    if len(able) > 1:
        parts = [render.count(len(able) - len(under_way), "rotation") + " to open", f"{len(under_way)} under way"]
        if connectors:
            parts.append(f"{len(connectors)} by a connector")
        render.note(f"{', '.join(parts)}; nothing was recorded")


def nothing(workspace: Workspace, wanted: Wanted, *, json: bool) -> None:
    """Nothing is due, or nothing of a departure is open: what will be, and when."""
    from govern.procedures.choosing import next_due

    found = next_due(workspace.view(), wanted, reader=workspace.person, now=settings.now())
    if json:
        following = {"account": found[0].handle, "kind": found[0].kind, "due": found[1]} if found else None
        render.emit("rotate", {"rotations": [], "skipped": [], "next_due": following})
        return
    if wanted.case and not wanted.all_due:
        render.note("no rotation of this departure is open")
        render.next_step(f"govern offboard show {wanted.case}")
        return
    render.note("nothing is due")
    if found:
        render.note(f"the next: {render.safe(found[0].handle)} {found[0].kind}, on {render.day(found[1])}")
