"""How acts of two persons are told: rows for JSON, one sentence each, and who has to type what next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from govern.cli import render
from govern.cli.rotated import short

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.proposals import Proposal


def name(person: str, names: Mapping[str, str]) -> str:
    """A handle; `recovery` for the recovery key."""
    return names.get(person, "recovery") if person else ""


def row(proposal: Proposal, names: Mapping[str, str], now: str) -> dict[str, object]:
    """One proposal for JSON, as it stands at `now` (UTC)."""
    return {
        "id": proposal.id, "act": proposal.act.value, "by": name(proposal.proposer, names), "state": proposal.stands(now).value,
        "about": names.get(proposal.subject) if proposal.subject else None, "what": what(proposal, names),
        "second": name(proposal.second, names) or None, "made_at": proposal.made_at, "ended_at": proposal.ended_at or None,
        "reason": proposal.reason or None, "expires": proposal.until(now),
    }  # fmt: skip


def what(proposal: Proposal, names: Mapping[str, str]) -> str:
    """What happens when it is approved, in a few words."""
    told = proposal.parameters
    match proposal.act.value:
        case "role":
            until = f" until {render.day(told['until'])}" if "until" in told else ""
            return f"{names.get(proposal.subject, proposal.subject)} becomes {told['role']}{until}"
        case "recovery-replaced":
            return f"the recovery key becomes {told['key']}, by {told['threshold']} of {told['shares']} sheets"
        case "erasure":
            return f"{names.get(proposal.subject, proposal.subject)} is forgotten: {render.count(told['entries'], 'personal part')}"
        case "account-erasure":
            secrets, parts = render.count(told["versions"], "sealed version"), render.count(told["entries"], "entry", "entries")
            return f"{render.count(len(told['accounts']), 'account')} handed back, forgotten with {secrets} and what {parts} say"
        case "policy":
            return f"the policy {told['digest'][:16]} is in force, preset {told['policy']['preset']}"
        case _:
            return f"the ledger goes on from {told['size']} entries"


def tell_proposed(db: sqlite3.Connection, proposal: Proposal, now: str, *, json: bool) -> None:
    """A step that waits for its second person: what was proposed, and who does what next."""
    from govern.register.queries.people import handles
    from govern.register.queries.proposals import seconds

    names = handles(db)
    if json:
        render.emit("proposal", {"proposals": [row(proposal, names, now)]})
    else:
        render.line(f"proposed {short(proposal.id)}: {render.safe(what(proposal, names))}")
    others = sorted(names.get(person, person) for person in seconds(db, proposal, now))
    render.note("nothing has changed yet: this takes a second person")
    if others:
        render.next_step(f"govern proposal approve {short(proposal.id)}", f"by {render.safe(' or '.join(others))}")
    else:
        render.next_step(
            f"govern proposal approve {short(proposal.id)} --sheet FILE", "recovery sheets, as no other admin could be the second"
        )
