"""How `govern import` tells what it did, or would do: numbers and handles on stdout, everything to look at on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from govern.cli import render

if TYPE_CHECKING:
    from govern.importers.login import Skipped
    from govern.procedures.import_ import Conflict, Result

_MOST = 20


def as_json(result: Result, skipped: Sequence[Skipped], warnings: Sequence[str]) -> dict[str, Any]:
    return {
        "created": result.created, "merged": result.merged, "conflicts": result.conflicts, "unchanged": result.unchanged,
        "skipped": [{"row": each.row, "reason": each.reason} for each in skipped],
        "people": [{"handle": each.handle, "name": each.name, "near": list(each.near)} for each in result.people],
        "warnings": list(warnings), "weak": result.weak, "easily_guessed": result.easy, "without_password": list(result.without_password),
        "differs": [
            {
                "account": conflict.handle, "row": conflict.found[0].row, "kind": kind,
                "credentials": list(ids) if len(ids) > 1 else [], "known_to": list(conflict.said),
            }
            for conflict in result.undecided
            for kind, ids in conflict.here.items()
        ],
    }  # fmt: skip


def show(result: Result, skipped: Sequence[Skipped], warnings: Sequence[str], *, dry_run: bool) -> None:
    """The outcome for a person."""
    if dry_run:
        render.table(
            ("account", "what", "platform", "login", "secrets"),
            [
                (
                    step.handle, step.outcome.value, step.found[1].platform, step.found[0].username,
                    ", ".join(piece.kind for piece in step.pieces),
                )
                for step in result.details
            ],
        )  # fmt: skip
        _more(sum(map(len, (result.created, result.merged, result.conflicts, result.unchanged))) - len(result.details))
    counts = {
        "created": result.created, "merged": result.merged, "conflicts": result.conflicts, "unchanged": result.unchanged,
        "skipped": skipped, "new people": result.people,
    }  # fmt: skip
    for name, found in counts.items():
        render.line(f"{name:<11}{len(found)}")
    for each in skipped[:_MOST]:
        render.note(f"skipped {render.safe(each.row)}: {render.safe(each.reason)}")
    _more(len(skipped) - _MOST)
    for conflict in result.undecided[:_MOST]:
        differs = "differs" if len(conflict.kinds) == 1 else "differ"
        left = "was left as it is" if len(conflict.kinds) == 1 else "were left as they are"
        render.note(
            f"conflict {conflict.handle}: its {' and '.join(conflict.kinds)} {differs} from the file's"
            f" ({render.safe(conflict.found[0].row)}), and {left}"
        )
        for kind, ids in conflict.here.items():
            if len(ids) > 1:
                render.note(f"  it has {len(ids)} of the kind {kind}: {', '.join(id_[:8] for id_ in ids)}")
    _more(len(result.undecided) - _MOST)
    for warning in warnings:
        render.note(f"note: {render.safe(warning)}")


def rotate(conflict: Conflict) -> tuple[str, str]:
    """The command that records the file's secret of a conflict, for the first kind that differs, and when it is the one to type."""
    kind, ids = next(iter(conflict.here.items()))
    words = ["govern", "rotate", conflict.handle, "--kind", kind, *(["--credential", "ID"] if len(ids) > 1 else []), "--already-changed"]
    which = f"; ID: the one of {len(ids)} that it replaced" if len(ids) > 1 else ""
    return " ".join(words), f"where the file's {kind} is the one that works{which}"


def again(file: Path, options: Sequence[tuple[str, object]]) -> str:
    """The command that imports this file with these options, as a shell reads it."""
    name = str(file)
    words = ["govern", "import", quote(f"./{name}" if name.startswith("-") else name)]
    for option, given in options:
        for value in given if isinstance(given, list) else [given]:
            if value is True:
                words.append(option)
            elif value:
                text = str(value)
                words.append(f"{option}={quote(text)}" if text.startswith("-") else f"{option} {quote(text)}")
    return " ".join(words)


def _more(count: int) -> None:
    if count > 0:
        render.note(f"  and {count} more: --json lists them all")
