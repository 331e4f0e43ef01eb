"""What is claimed of a departure, and follows from entries of the ledger that anybody can check: times, states and grades by ids alone.

Takes opened events; knows neither register nor names. Every value stands in an event that is cited by its index, or follows from such by the rules of
`docs/formats/evidence.md`, which `docs/verify_evidence.py` applies to the same events without a line of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from govern.events import Event
from govern.register.queries.cited import Cited, Rotated

Claims = dict[str, Any]


def cited_by(cited: Mapping[str, Cited]) -> set[int]:
    """Every index that may have to be opened for these items."""
    found: set[int | None] = set()
    for one in cited.values():
        found |= {one.account, one.credential, one.ended, one.key, *(known.entry for known in one.known)}
        found |= {one.revoked.issued, *one.revoked.ends} if one.revoked else set()
        found |= set(one.rotated) if one.rotated else set()
    return {index for index in found if index is not None}


def claims(case: str, events: Mapping[int, Event], cited: Mapping[str, Cited], *, organisation: str, size: int) -> Claims:
    """All that is claimed of the case (id) from these events, under a checkpoint of `size` entries."""
    own = {index: event for index, event in sorted(events.items()) if event.type.startswith("case.") and event.body["case"] == case}
    opened, told = next((index, event) for index, event in own.items() if event.type == "case.opened")
    cut = next((index for index, event in own.items() if event.type == "case.cut"), None)
    closed = next((index for index, event in own.items() if event.type == "case.closed"), None)
    items = [
        _item(number, index, record, own, events, cited[record["id"]], cut)
        for number, (index, record) in enumerate(
            ((index, record) for index, event in own.items() if event.type == "case.items" for record in event.body["items"]), start=1
        )
    ]
    body = told.body
    return {
        "organisation": organisation, "size": size,
        "case": {
            "id": case, "kind": body["kind"], "person": body["person"], "state": "closed" if closed else "cut" if cut else "open",
            "opened": _by(opened, told), "cut": _by(cut, own[cut]) if cut else None,
            "closed": _by(closed, own[closed]) | {"signed_by_one": own[closed].body["signed_by_one"]} if closed else None,
            "cut_planned": body.get("cut_at"), "last_day": body.get("last_day"), "requested_by": body.get("requested_by"),
            "evidence": body.get("evidence"), "items": body["items"], "frozen": body["frozen"], "frozen_at": body["frozen_at"],
        },
        "accounts": {
            event.body["account"]: {"entry": index, "handle": event.body["handle"]}
            for index, event in sorted(events.items()) if event.type == "account.added"
        },
        "credentials": {
            event.body["credential"]: {"entry": index, "account": event.body["account"], "kind": event.body["kind"]}
            for index, event in sorted(events.items()) if event.type == "credential.added"
        },
        "items": items,
    }  # fmt: skip


def indexes(value: Any) -> Iterable[int]:
    """Every entry that claims cite: all that a pack has to prove, and nothing else."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("entry", "issued", "staged") and isinstance(inner, int):
                yield inner
            else:
                yield from indexes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from indexes(inner)


def _by(index: int, event: Event) -> Claims:
    return {"entry": index, "at": event.at, "by": event.actor}


def _item(
    number: int, listed: int, record: Mapping[str, Any], own: Mapping[int, Event], events: Mapping[int, Event], cited: Cited, cut: int | None
) -> Claims:  # fmt: skip
    history = [_step(index, event) for index, event in own.items() if event.body.get("item") == record["id"]]
    if cut is not None and _by_the_cut(record, cited, cut) and _state(step for step in history if step["entry"] < cut) == "open":
        history.append({**_by(cut, own[cut]), "did": "done", "person": None, "evidence": None})
        history.sort(key=lambda step: int(step["entry"]))
    state = _state(history)
    rotated = _rotated(events, cited.rotated) if cited.rotated else None
    by_cut = cut if record["kind"] == "rotate" or state == "done" else None
    revoked = _revoked(events, cited, by_cut) if record["kind"] in ("rotate", "end-grant") else None
    proof = cited.ended if cited.ended is not None else cited.key
    borne_out = None if proof is None or state != "done" or not bears_out(record, events[proof]) else _bearing(proof, events[proof])
    return {
        "number": number, "listed": {"entry": listed}, "id": record["id"], "kind": record["kind"], "account": record.get("account"),
        "credential": record.get("credential"), "version": record.get("version"), "about": record.get("about"), "basis": record.get("basis"),
        "due": record["due"], "blocking": record.get("blocking", False), "state": state, "history": history, "borne_out": borne_out,
        "grade": _grade(state, history, record["kind"], rotated, borne_out), "revoked": revoked, "rotated": rotated,
        "known": [_known(known.basis, known.entry, events) for known in cited.known],
        "lag_minutes": lag(revoked["at"] if revoked else None, rotated["at"] if rotated else None) if record["kind"] == "rotate" else None,
    }  # fmt: skip


def _by_the_cut(record: Mapping[str, Any], cited: Cited, cut: int) -> bool:
    """A cut does the grants, and the keys that were revoked before it."""
    return record["kind"] == "end-grant" or (record["kind"] == "revoke-key" and cited.key is not None and cited.key < cut)


def _state(history: Iterable[Claims]) -> str:
    did = [step["did"] for step in history if step["did"] not in ("assigned", "verified")]
    return "open" if not did or did[-1] == "reopened" else str(did[-1])


BEARS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "entitlement": {"entitlement.ended": ("entitlement", "about")},
    "app": {"app.ended": ("app", "about")},
    "device": {"device.ended": ("device", "about")},
    "session": {"device.ended": ("device", "about"), "device.signed_in": ("device", "about")},
    "native-admin": {"entitlement.recorded": ("account", "account")},
    "recovery-channel": {"channel.reaches": ("credential", "credential")},
    "revoke-key": {"key.revoked": ("key", "about")},
}
"""Kind of item -> type of the entry that bears its end out -> which field of its body is which of the item's."""


def bears_out(record: Mapping[str, Any], event: Event) -> bool:
    """Whether the event is of a type that ends such an item, and about the very thing."""
    field, of = BEARS.get(record["kind"], {}).get(event.type, ("", ""))
    return bool(field) and event.body.get(field) == record.get(of)


def _bearing(index: int, event: Event) -> Claims:
    return {**_by(index, event), "type": event.type, "on": event.body.get("on")}


def _step(index: int, event: Event) -> Claims:
    did = event.type.removeprefix("case.item_")
    return {
        **_by(index, event), "did": event.body["state"] if did == "ended" else did,
        "person": event.body.get("on_behalf", event.body.get("person")), "evidence": event.body.get("evidence"),
    }  # fmt: skip


def _grade(state: str, history: list[Claims], kind: str, rotated: Claims | None, borne_out: Claims | None) -> str | None:
    """Of what is done: that of the rotation; else on behalf where a returned sheet says so and nobody else recorded the end; else one person's word."""
    if state != "done":
        return None
    done = next(step for step in reversed(history) if step["did"] == "done")
    proof = rotated if rotated is not None and rotated["entry"] < done["entry"] else borne_out
    if proof is not None and (kind == "rotate" or done["person"] is None or proof["by"] != done["by"]):
        return str(proof.get("grade", "one-person"))
    return "on-behalf" if done["person"] else "one-person"


def _rotated(events: Mapping[int, Event], found: Rotated) -> Claims:
    event, staged = events[found.confirmed], events[found.staged] if found.staged is not None else None
    body = event.body
    return {
        **_by(found.confirmed, event), "grade": body["grade"], "rotation": body["rotation"], "opened": {"entry": found.opened},
        "version": body["version"], "staged": found.staged, "changed_at": staged.body.get("changed_at") if staged else None,
        "residual_until": body.get("residual_until"), "cut": body.get("cut", []), "sessions_cut": body.get("sessions_cut", False),
    }  # fmt: skip


def _revoked(events: Mapping[int, Event], cited: Cited, cut: int | None) -> Claims | None:
    """The end of the grant; of who held none, the cut (`None` where there is none, or it ended nothing)."""
    if cited.revoked is not None:
        for index in cited.revoked.ends:
            if cited.revoked.grant in events[index].body["grants"]:
                return {**_by(index, events[index]), "grant": cited.revoked.grant, "issued": cited.revoked.issued}
    if cut is None:
        return None
    return {**_by(cut, events[cut]), "grant": None, "issued": None}


def _known(basis: str, entry: int | None, events: Mapping[int, Event]) -> Claims:
    return {
        "basis": basis,
        "entry": entry,
        "type": None if entry is None else events[entry].type,
        "at": None if entry is None else events[entry].at,
    }


def lag(revoked: str | None, rotated: str | None) -> int | None:
    """Whole minutes from the end of the grant to the change; None where one of them has not come, or the change came first."""
    if not (revoked and rotated) or rotated < revoked:
        return None
    return int((datetime.fromisoformat(rotated) - datetime.fromisoformat(revoked)).total_seconds() // 60)
