"""Forgetting a person: which entries' personal parts go, put to a second person. With the approval they are gone (`register.wipe`)."""

from __future__ import annotations

from typing import Final

from govern.errors import GovernError, NotFound, Refused
from govern.events import decode_event
from govern.holdings.erasure import concerned
from govern.holdings.proposals import Act
from govern.ledger.commitment import Entry, open_event
from govern.procedures.proposals import propose as make_proposal
from govern.register.queries.proposals import Proposal
from govern.register.transaction import Transaction

_PART: Final = 5000


def propose(tx: Transaction, person: str, reason: str = "") -> Proposal:
    """Propose to forget a person (id), with the list of everything about them that this member reads, this proposal's own reason included."""
    if tx.register.execute("SELECT 1 FROM cases WHERE person = ? AND state <> 'closed'", (person,)).fetchone():
        raise Refused("their case is still open", rule="open-case", control="SI-12(3)", hint="close it first: govern offboard list")
    entries = _about(tx, person)
    if not entries:
        raise NotFound("nothing is kept of them that could be erased", hint="govern person list says who is remembered by name")
    own = [tx.size] if reason else []
    parameters = {"person": person, "entries": len(entries) + len(own)}
    proposal = make_proposal(tx, Act.ERASURE, parameters, reason)
    listed = sorted({*entries, *own})
    parts = range(0, len(listed), _PART)
    for number, start in enumerate(parts, start=1):
        tx.record(
            "erasure.listed",
            {"proposal": proposal.id, "part": number, "of": len(parts), "entries": listed[start : start + _PART]},
        )
    return proposal


def _about(tx: Transaction, person: str) -> list[int]:
    """Entries with a personal part about them: those that count, as the register knows them, and void ones, by what they say."""
    found = {
        row[0]
        for row in tx.register.execute(
            "SELECT entry FROM concerns WHERE person = ? AND entry NOT IN (SELECT entry FROM erased)", (person,)
        )
    }  # fmt: skip
    void = tx.register.execute("SELECT idx FROM entries WHERE type = 'void' AND idx NOT IN (SELECT entry FROM erased) ORDER BY idx")
    found |= {index for (index,) in void.fetchall() if _void_about(tx, index, person)}
    return sorted(found)


def _void_about(tx: Transaction, index: int, person: str) -> bool:
    """Whether what somebody wrote in vain is about them as well. What can't be opened says nothing of anybody."""
    entry = Entry(*tx.read_entry(index))
    key = tx.workspace.epochs.get(entry.epoch)
    if key is None or entry.personal is None:
        return False
    try:
        event = decode_event(open_event(entry, vault=tx.workspace.vault, epoch=key)[1])
    except GovernError:
        return False
    return person in concerned(event.type, event.actor, event.body)
