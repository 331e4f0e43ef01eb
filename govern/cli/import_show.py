"""How `govern import` tells what it did, or would do: numbers and handles on stdout, everything to look at on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govern.cli import render

if TYPE_CHECKING:
    from govern.importers.login import Skipped
    from govern.procedures.import_ import Result

_MOST = 20


def as_json(result: Result, skipped: Sequence[Skipped], warnings: Sequence[str]) -> dict[str, Any]:
    return {
        "created": result.created, "merged": result.merged, "conflicts": result.conflicts, "unchanged": result.unchanged,
        "skipped": [{"row": each.row, "reason": each.reason} for each in skipped],
        "people": [{"handle": each.handle, "name": each.name, "near": list(each.near)} for each in result.people],
        "warnings": list(warnings), "weak": result.weak, "without_password": list(result.without_password),
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
        "created": result.created, "merged": result.merged, "conflicts": result.conflicts, "unchanged": result.unchanged, "skipped": skipped,
        "new people": result.people,
    }  # fmt: skip
    for name, found in counts.items():
        render.line(f"{name:<11}{len(found)}")
    for each in skipped[:_MOST]:
        render.note(f"skipped {render.safe(each.row)}: {render.safe(each.reason)}")
    _more(len(skipped) - _MOST)
    for handle in result.conflicts[:_MOST]:
        render.note(f"conflict {handle}: its secret differs from the file's, and was left as it is")
    _more(len(result.conflicts) - _MOST)
    for warning in warnings:
        render.note(f"note: {render.safe(warning)}")


def _more(count: int) -> None:
    if count > 0:
        render.note(f"  and {count} more: --json lists them all")
