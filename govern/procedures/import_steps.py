"""What one login of a foreign file comes to: the credentials it adds, the people it names, and what is odd about it. Nouns only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from govern.holdings.importing import Outcome, Placed
from govern.importers.login import Login
from govern.procedures.import_people import Named
from govern.vault import otp
from govern.vault.secret import Secret

Found = tuple[Login, Placed]
"""A login of the file and where it belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One credential to add. `value` is None where its secret stays outside; `seen`: the file holds it; `mark` is how it is compared."""

    credential: str
    kind: str
    value: Secret | otp.Otp | None
    seen: bool
    mark: bytes | None
    weak: bool = False
    changed_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one login comes to. Ids are those that will be recorded."""

    outcome: Outcome
    found: Found
    account: str
    handle: str
    pieces: tuple[Piece, ...] = ()
    people: tuple[Named, ...] = ()
    responsible: Named | None = None
    department: str = ""
    knowledge: tuple[tuple[str, str], ...] = ()
    """(credential id, person id) to declare."""
    differs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a conflict: each kind that differs, with the ids of the credentials of that kind here."""
    said: tuple[str, ...] = ()
    """Of a conflict: who is said to know the file's secret, by handle where they have one; it is not the one here."""


@dataclass(slots=True)
class Warnings:
    """What a person should look at afterwards: rows or handles, by what is odd about them."""

    odd_seeds: list[str] = field(default_factory=list)
    several_seeds: list[str] = field(default_factory=list)
    no_secret_to_know: list[str] = field(default_factory=list)
    kept_elsewhere: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    responsible_gone: dict[str, list[str]] = field(default_factory=dict)
    responsible_lacks: dict[str, list[str]] = field(default_factory=dict)
    """Handle, and what they have not acknowledged or been trained in -> rows."""
    gone_before: dict[str, list[str]] = field(default_factory=dict)

    def add(self, later: Warnings) -> None:
        """Take in what was odd about logins that were walked later."""
        for name in (each.name for each in fields(self)):
            ours, theirs = getattr(self, name), getattr(later, name)
            if isinstance(ours, list):
                ours += theirs
            else:
                for who, what in theirs.items():
                    ours.setdefault(who, []).extend(what)
