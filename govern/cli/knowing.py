"""Exposures as rows of a screen: one for each person and version, whatever number of bases it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from govern.cli import render

if TYPE_CHECKING:
    from govern.register.queries.exposures import Exposure


class Group(NamedTuple):
    """What one person could know of one version; `since` is the earliest, `strength` the strongest."""

    person: str
    account: str
    handle: str
    kind: str
    n: int
    bases: tuple[str, ...]
    strength: str
    since: str
    live: bool


def merged(exposures: Iterable[Exposure]) -> list[Group]:
    """In the order in which person and version first come."""
    from govern.holdings.knowing import strongest

    found: dict[tuple[str, str, int], list[Exposure]] = {}
    for exposure in exposures:
        found.setdefault((exposure.person, exposure.credential, exposure.n), []).append(exposure)
    return [
        Group(
            person=of[0].person, account=of[0].account, handle=of[0].handle, kind=of[0].kind, n=of[0].n, bases=tuple(dict.fromkeys(e.basis for e in of)),
            strength=strongest({e.strength for e in of}), since=min(e.since for e in of), live=of[0].live,
        )
        for of in found.values()
    ]  # fmt: skip


def section(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A title and its table. That there is nothing is a result as well, and stands where the table would."""
    render.line(title)
    if rows:
        render.table(head, rows)
    else:
        render.line(render.safe(empty))
