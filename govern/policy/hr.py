"""How the export of an HR program is read, and how far it is believed: `policies/hr.yaml`, with a map of one's own laid over it.

Takes bytes; opens no file but the shipped one. Knows neither people nor tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from govern.errors import Malformed
from govern.policy.document import malformed, read_document
from govern.policy.files import policy_text

if TYPE_CHECKING:
    from govern.policy.hr_model import Columns, HrFile

ROLES: Final = ("name", "given", "infix", "family", "mail", "department", "first-day", "last-day", "status", "locale")
"""All that is ever read of an export."""

LOCAL: Final = "local"


class Most(NamedTuple):
    """More people than `few` and more than `percent` of all are too many. `control`: the control id that the rule comes from."""

    control: str
    few: int
    percent: int

    def exceeded(self, count: int, of: int) -> bool:
        return count > self.few and count * 100 > self.percent * of


@dataclass(frozen=True, slots=True, kw_only=True)
class HrRules:
    """`zone`: where a last day ends, None for this machine's; `dates`: refuse, day-first or month-first; `columns`: role -> headings of a map of
    one's own, empty without one; `systems`: the same by program. `open_ahead`, `move_after`: days."""

    zone: ZoneInfo | None
    dates: str
    vanished: Most
    leaving: Most
    joining: Most
    """More than that is the first file of all: those who are added by it have been here for long, and have no case."""
    open_ahead: int
    move_after: int
    gone: tuple[str, ...]
    never: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    systems: Mapping[str, Mapping[str, tuple[str, ...]]]


def rules(own: bytes | None = None, *, name: str = "") -> HrRules:
    """The shipped rules, with those of the map `own` (bytes; `name` is told in errors) in their place; what is never read is only added to.

    Raises Malformed "NAME:LINE: key: what is wrong".
    """
    from govern.policy.checked import checked
    from govern.policy.hr_model import HrFile

    shipped = read_document(policy_text("hr"), name="policies/hr.yaml")
    plain = checked(HrFile, shipped.root, name=shipped.name, line=shipped.line)
    if own is None:
        return _rules(plain, plain, shipped.name)
    document = read_document(own, name=name)
    found = checked(HrFile, document.root, name=name, line=document.line)
    try:
        return _rules(plain, found, name)
    except Malformed as error:
        raise malformed(name, document.line(("zone",)), error.message, hint=error.hint) from None


def _rules(plain: HrFile, own: HrFile, name: str) -> HrRules:
    zone, vanished, leaving = own.zone or plain.zone, own.vanished or plain.vanished, own.leaving or plain.leaving
    joining = own.joining or plain.joining
    ahead, after = own.open_ahead or plain.open_ahead, own.move_after or plain.move_after
    if zone is None or vanished is None or leaving is None or joining is None or ahead is None or after is None:
        raise Malformed(f"{name}: is not whole", hint="install the program again")
    return HrRules(
        zone=_zone(zone),
        dates=own.dates or plain.dates or "refuse",
        vanished=Most(vanished.control, vanished.few, vanished.percent),
        leaving=Most(leaving.control, leaving.few, leaving.percent),
        joining=Most(joining.control, joining.few, joining.percent),
        open_ahead=ahead.days,
        move_after=after.days,
        gone=tuple((plain.gone if own.gone is None else own.gone) or ()),
        never=tuple(dict.fromkeys((*(plain.never or ()), *(own.never or ())))),
        columns=_columns(own.columns) if own.columns is not None else {},
        systems={one: _columns(columns) for one, columns in (own.systems or plain.systems or {}).items()},
    )


def _columns(columns: Columns) -> dict[str, tuple[str, ...]]:
    said = columns.model_dump(by_alias=True)
    return {role: tuple(said[role]) for role in ROLES if said[role]}


def _zone(name: str) -> ZoneInfo | None:
    if name == LOCAL:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise Malformed(f"zone: {name} is no zone that this machine knows", hint="a name such as Europe/Copenhagen, or: local") from None
