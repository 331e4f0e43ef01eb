"""Check what an evidence pack of govern claims: python verify.py VAULT_ID evidence.json, with evidence.tlog-proof beside it.

Part of verify.py, which reads entries and signatures; shares no line with govern. Of evidence.json this checks `claims`:

1. each entry that the claims cite is proved by evidence.tlog-proof (v 2), all under one signed checkpoint, recorded under keys of its chain; and
   the file proves no entry that they do not cite;
2. whatever the claims say (times, who by id, states, grades, lags, which account and secret) is worked out again from those entries alone, by the
   rules of docs/formats/evidence.md, and has to be the same.

Not checked: `told` and `controls` (names, notes and sentences are erasable, and in no proof: ids are what is proved), pages and PDF made of
them; that no entry is missing, such as a later one that opens an item again: only the whole ledger shows that (replay.py --about CASE); and that
no entry is void. So the line says who enrolled each key for whom, and counts what the pack claims and its entries don't prove.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from verify import (
    MAX_FILE,
    Entry,
    Key,
    Refusal,
    canonical,
    check_signature,
    links,
    need,
    read_chain,
    read_checkpoint,
    read_entry,
    read_proof,
    recorder,
    unhex,
)

Claims = dict[str, Any]
PROOF = "evidence.tlog-proof"
BEARS = {
    "entitlement": {"entitlement.ended": ("entitlement", "about")},
    "app": {"app.ended": ("app", "about")},
    "device": {"device.ended": ("device", "about")},
    "session": {"device.ended": ("device", "about"), "device.signed_in": ("device", "about")},
    "native-admin": {"entitlement.recorded": ("account", "account")},
    "recovery-channel": {"channel.reaches": ("credential", "credential")},
    "revoke-key": {"key.revoked": ("key", "about")},
}
KINDS = ("leaver", "mover", "agency-ended", "client-ended", "pause", "device-lost")
STAGED, SHOWN = ("version.staged", "candidates.staged"), ("secret.handed_over", "envelope.opened", "code.spent")
BASES = {
    "sealed": (*STAGED, "wraps.added"),
    "revealed": ("secret.revealed", "channel.opened", *SHOWN),
    "set": (*STAGED, "rotation.confirmed"),
    "handed-over": SHOWN,
    "place": (*STAGED, "rotation.confirmed", "place.member", "place.holds"),
    "declared": ("knowledge.declared",),
    "exported": ("secrets.exported",),
    "imported": ("version.staged",),
    "recovery": (),
    "unknown": ("version.staged",),
}


class Events:
    """The proved events by index. Asking for one that is not proved, or is of another type, is a refusal."""

    def __init__(self, entries: Mapping[int, Entry]) -> None:
        self.all = {index: entry.event for index, entry in sorted(entries.items())}

    def at(self, index: object, *types: str) -> dict[str, Any]:
        if type(index) is not int or index not in self.all:
            raise Refusal(f"entry {index!r:.20} is cited and not proved")
        event = self.all[index]
        need(not types or event["type"] in types, f"entry {index} is {event['type']}, which does not bear out what is claimed of it")
        return event

    def by(self, index: object, *types: str) -> Claims:
        event = self.at(index, *types)
        return {"entry": index, "at": event["at"], "by": event["actor"]}


def proved(data: bytes, vault: str) -> tuple[Events, Claims, str]:
    """Events of a proof of many entries, what its chain and checkpoint say (organisation and size), and its signer with the links of all keys used."""
    need(len(data) <= MAX_FILE, f"{PROOF} is too large")
    index, path, note, extra = read_proof(data)
    checkpoint = read_checkpoint(note, vault)
    value = canonical(extra, "its extra line")
    if not isinstance(value, dict) or set(value) != {"v", "chain", "entries", "nodes"} or type(value["v"]) is not int or value["v"] != 2:
        raise Refusal("its extra line is not of version 2")
    need(all(isinstance(value[name], list) for name in ("chain", "entries", "nodes")), "its extra line is not of its form")
    nodes = [unhex(node, 32, "a node").hex() for node in value["nodes"]]
    used: dict[str, int] = {}
    chain, shown = ([_whole(one, nodes, used) for one in value[name]] for name in ("chain", "entries"))
    need(list(used) == nodes, "its nodes are not each once, in the order in which they are used")
    keys = read_chain(chain, checkpoint, vault)
    signer = keys.get(checkpoint.signer)
    if signer is None or signer.until < checkpoint.size:
        raise Refusal("its checkpoint is signed by a key that the chain does not enrol, or revokes")
    check_signature(checkpoint, signer.sign)
    entries = [read_entry(one, checkpoint) for one in shown]
    places = [entry.place for entry in entries]
    need(bool(places) and places == sorted(set(places)), "its entries are not in order")
    need((entries[-1].place, entries[-1].path) == (index, path), "its last entry is not the one of its index and path")
    used_by = [recorder(entry, keys) for entry in entries]
    founded = read_entry(chain[0], checkpoint).event["body"]
    told = {"organisation": founded.get("organisation"), "size": checkpoint.size}
    whose = [
        f"signed by {signer.person or 'recovery'} with key {checkpoint.signer}",
        *_keys_used(entries, used_by, checkpoint.signer, keys),
    ]
    return Events({entry.place: entry for entry in entries}), told, "; ".join(whose)


def _keys_used(entries: list[Entry], used_by: list[Key], signer: str, keys: Mapping[str, Key]) -> list[str]:
    """Who enrolled each key used for whom, and what was recorded under a recovery key, which can record in anybody's name."""
    told = dict.fromkeys(link for key in dict.fromkeys([signer, *(one.event["key"] for one in entries)]) for link in links(key, dict(keys)))
    recovered = [str(entry.place) for entry, key in zip(entries, used_by, strict=True) if key.person is None]
    if recovered:
        told[f"recorded with a recovery key, whoever they name: {', '.join(recovered)}"] = None
    return [*told, "that each was allowed, and that no entry is void, is not shown"]


def _whole(value: object, nodes: list[str], used: dict[str, int]) -> object:
    """The entry with its path spelled out."""
    if not isinstance(value, dict) or not isinstance(value.get("path"), list) or len(value["path"]) > 63:
        raise Refusal("an entry does not have the keys of an entry")
    need(all(type(at) is int and 0 <= at < len(nodes) for at in value["path"]), "a path leads to no node")
    path = [nodes[at] for at in value["path"]]
    for node in path:
        used.setdefault(node, len(used))
    return {**value, "path": path}


def again(claims: Claims, events: Events, proof: Claims) -> Claims:
    """The claims worked out anew. Of what is claimed only the indexes are taken, as hints where to look, and each is held against its event."""
    first = events.at(claims["case"]["opened"]["entry"], "case.opened")
    body, case = first["body"], first["body"]["case"]
    unhex(case, 16, "the case's id")
    unhex(body["person"], 16, "the case's person")
    need(body["kind"] in KINDS, "the case is of no known kind")
    own = {index: event for index, event in events.all.items() if event["type"].startswith("case.")}
    need(all(event["body"].get("case") == case for event in own.values()), "an entry of another case is among them")
    once = {}
    for name in ("opened", "cut", "closed"):
        found = [index for index, event in own.items() if event["type"] == f"case.{name}"]
        need(len(found) <= 1, f"the case was {name} twice")
        once[name] = found[0] if found else None
    listed = [(index, record) for index, event in own.items() if event["type"] == "case.items" for record in event["body"]["items"]]
    need(len(listed) >= body["items"], f"{body['items']} items were listed at the opening, and {len(listed)} are proved")
    need(len(claims["items"]) == len(listed), f"{len(listed)} items are proved, and {len(claims['items'])} claimed")
    cut, closed = once["cut"], once["closed"]
    _ended_before(claims, listed, body["kind"])
    signed = {"signed_by_one": own[closed]["body"]["signed_by_one"]} if closed is not None else {}
    return {
        **proof,
        "case": {
            "id": case, "kind": body["kind"], "person": body["person"],
            "state": "closed" if closed is not None else "cut" if cut is not None else "open",
            "opened": events.by(once["opened"]), "cut": None if cut is None else events.by(cut),
            "closed": None if closed is None else events.by(closed) | signed,
            "cut_planned": body.get("cut_at"), "last_day": body.get("last_day"), "requested_by": body.get("requested_by"),
            "evidence": body.get("evidence"), "items": body["items"], "frozen": body["frozen"], "frozen_at": body["frozen_at"],
        },
        "accounts": {
            event["body"]["account"]: {"entry": index, "handle": event["body"]["handle"]}
            for index, event in events.all.items() if event["type"] == "account.added"
        },
        "credentials": {
            event["body"]["credential"]: {"entry": index, "account": event["body"]["account"], "kind": event["body"]["kind"]}
            for index, event in events.all.items() if event["type"] == "credential.added"
        },
        "items": [
            _item(number, index, record, claims["items"][number - 1], own, events, body, cut)
            for number, (index, record) in enumerate(listed, start=1)
        ],
    }  # fmt: skip


def _ended_before(claims: Claims, listed: list[tuple[int, Claims]], kind: str) -> None:
    """Where the case itself did end the person's grant on an account, no item of that account says that there was none."""
    rows = list(enumerate(zip(claims["items"], listed, strict=True), start=1))
    mine = () if kind == "client-ended" else rows  # there the grants that end are those of others
    ended = {record.get("account") for _, (claim, (_, record)) in mine if record["kind"] == "end-grant" and claim["state"] == "done"}
    for number, (claim, (_, record)) in rows:
        without = isinstance(claim["revoked"], dict) and claim["revoked"]["grant"] is None
        need(not without or record.get("account") not in ended, f"item {number} is claimed to have had no grant, and the case ends one")


def _item(
    number: int, listed: int, record: Claims, claim: Claims, own: dict[int, Claims], events: Events, opened: Claims, cut: int | None
) -> Claims:  # fmt: skip
    kind = record["kind"]
    history = [_step(index, event, events) for index, event in own.items() if event["body"].get("item") == record["id"]]
    bearing = _borne_out(record, claim["borne_out"], events, opened["person"])
    ended = kind == "end-grant" or (kind == "revoke-key" and bearing is not None and cut is not None and bearing["entry"] < cut)
    if cut is not None and ended and _state([step for step in history if step["entry"] < cut]) == "open":
        history.append({**events.by(cut), "did": "done", "person": None, "evidence": None})
        history.sort(key=lambda step: int(step["entry"]))
    state = _state(history)
    rotated = _rotated(record, claim["rotated"], events, opened, listed)
    need(kind == "rotate" or rotated is None or kind == "recovery-channel", f"item {number} asks for no rotation")
    revoked = _revoked(record, claim["revoked"], events, opened, cut) if kind in ("rotate", "end-grant") else None
    needed = cut is not None and (kind == "rotate" or (kind == "end-grant" and state == "done"))
    need(revoked is not None or not needed, f"item {number} is claimed to have been revoked by nothing, and the cut is proved")
    need(kind == "rotate" or claim["known"] == [], f"item {number} is about no secret that could be known")
    bearing = bearing if state == "done" else None
    return {
        "number": number, "listed": {"entry": listed}, "id": record["id"], "kind": kind, "account": record.get("account"),
        "credential": record.get("credential"), "version": record.get("version"), "about": record.get("about"), "basis": record.get("basis"),
        "due": record["due"], "blocking": record.get("blocking", False), "state": state, "history": history, "borne_out": bearing,
        "grade": _grade(state, history, kind, rotated, bearing), "revoked": revoked, "rotated": rotated,
        "known": [_known(one, record, events, opened["person"]) for one in claim["known"]],
        "lag_minutes": _lag(revoked, rotated) if kind == "rotate" else None,
    }  # fmt: skip


def _step(index: int, event: Claims, events: Events) -> Claims:
    body, did = event["body"], event["type"].removeprefix("case.item_")
    who, done = body.get("on_behalf", body.get("person")), body["state"] if did == "ended" else did
    return {**events.by(index), "did": done, "person": who, "evidence": body.get("evidence")}


def _state(history: list[Claims]) -> str:
    ends = [step["did"] for step in history if step["did"] not in ("assigned", "verified")]
    return ends[-1] if ends and ends[-1] != "reopened" else "open"


def _borne_out(record: Claims, claim: Claims | None, events: Events, person: str) -> Claims | None:
    if claim is None:
        return None
    types = BEARS.get(record["kind"], {})
    event = events.at(claim["entry"], *types)
    body, (field, of) = event["body"], types.get(event["type"], ("", ""))
    need(bool(field) and body.get(field) == record.get(of), f"entry {claim['entry']} is about something else than its item")
    theirs = body.get("person") == person  # what is recorded of the one who leaves ends nothing of theirs
    beside = {
        "entitlement.recorded": theirs or body.get("admin") is not True, "channel.reaches": theirs or body.get("version") != record.get("version"),
        "device.signed_in": record.get("account") in body.get("accounts", ()), "device.ended": body.get("how") not in ("returned", "wiped"),
    }  # fmt: skip
    need(not beside.get(event["type"]), f"entry {claim['entry']} does not say that what its item is about has ended")
    return {**events.by(claim["entry"]), "type": event["type"], "on": event["body"].get("on")}


def _rotated(record: Claims, claim: Claims | None, events: Events, opened: Claims, listed: int) -> Claims | None:
    """The rotation is of the item's secret, leaves another version than the item's, and was confirmed by somebody else than the person."""
    if claim is None:
        return None
    index = claim["entry"]
    event = events.at(index, "rotation.confirmed")
    body, start = event["body"], events.at(claim["opened"]["entry"], "rotation.opened", "rotations.opened")["body"]
    rows = start["rotations"] if "rotations" in start else [[start["rotation"], start["credential"]]]
    need(
        [body["rotation"], record.get("credential")] in [row[:2] for row in rows], f"entry {index} confirms the rotation of another secret"
    )
    need(index > listed or record["kind"] != "rotate", f"entry {index} confirms a rotation before the item was listed")
    need(body["version"] != record.get("version"), f"entry {index} leaves the version that the item is about")
    need(event["key"] not in opened.get("keys", ()), f"entry {index} was signed with the machine that is lost")
    by_whom = opened["kind"] == "device-lost" or record["kind"] != "rotate" or event["actor"] != opened["person"]
    need(by_whom, f"entry {index} was recorded by the person whom the case is about")
    changed = None
    if claim["staged"] is not None:
        staged = events.at(claim["staged"], "version.staged")["body"]
        need((staged["credential"], staged["version"]) == (record.get("credential"), body["version"]), "another version was staged")
        changed = staged.get("changed_at")
    return {
        **events.by(index), "grade": body["grade"], "rotation": body["rotation"], "opened": {"entry": claim["opened"]["entry"]},
        "version": body["version"], "staged": claim["staged"], "changed_at": changed, "residual_until": body.get("residual_until"),
        "cut": body.get("cut", []), "sessions_cut": body.get("sessions_cut", False),
    }  # fmt: skip


def _revoked(record: Claims, claim: Claims | None, events: Events, opened: Claims, cut: int | None) -> Claims | None:
    """The end of a grant of the person on the item's account; else the cut."""
    if claim is None:
        return None
    if claim["grant"] is None:
        need(claim["entry"] == cut, "what ended without a grant ended with the cut")
        return {**events.by(cut), "grant": None, "issued": None}
    issued, ended = events.at(claim["issued"], "grant.issued")["body"], events.at(claim["entry"], "grant.ended")["body"]
    whose = (issued["grant"], issued["account"], issued["person"])
    need(whose == (claim["grant"], record.get("account"), opened["person"]), f"entry {claim['issued']} is another grant than the item's")
    need(claim["grant"] in ended["grants"] and claim["entry"] > claim["issued"], f"entry {claim['entry']} ends other grants")
    return {**events.by(claim["entry"]), "grant": claim["grant"], "issued": claim["issued"]}


def _known(claim: Claims, record: Claims, events: Events, person: str) -> Claims:
    basis = claim["basis"]
    need(isinstance(basis, str) and basis in BASES, f"{basis!r:.40} is no basis on which a secret is known")
    if claim["entry"] is None:
        return {"basis": basis, "entry": None, "type": None, "at": None}
    event = events.at(claim["entry"])
    anew = event["type"] in STAGED and _came_back(event["body"], record.get("credential"))
    bears = anew or event["type"] in (*BASES[basis], "exposures.carried")
    need(bears, f"entry {claim['entry']} is {event['type']}, on which nobody is {basis!r}")
    text = json.dumps([event["actor"], event["body"]])
    named = any(id_ and id_ in text for id_ in (person, record.get("credential"), record.get("account")))
    need(named, f"entry {claim['entry']} is about neither the person nor the secret of its item")
    return {"basis": basis, "entry": claim["entry"], "type": event["type"], "at": event["at"]}


def _came_back(body: Claims, credential: object) -> bool:
    """Whether an earlier value of the secret is staged again: whoever knew it then, on whatever basis, knows it now."""
    rows = body["candidates"] if "candidates" in body else [[body["credential"], 0, "", "", body.get("reuses")]]
    return any(row[0] == credential and bool(row[4]) for row in rows)


def _grade(state: str, history: list[Claims], kind: str, rotated: Claims | None, bearing: Claims | None) -> str | None:
    if state != "done":
        return None
    done = [step for step in history if step["did"] == "done"][-1]
    proof = rotated if rotated is not None and rotated["entry"] < done["entry"] else bearing
    if proof is not None and (kind == "rotate" or done["person"] is None or proof["by"] != done["by"]):
        return str(proof.get("grade", "one-person"))
    return "on-behalf" if done["person"] else "one-person"


def _lag(revoked: Claims | None, rotated: Claims | None) -> int | None:
    if revoked is None or rotated is None or rotated["at"] < revoked["at"]:
        return None
    return int((datetime.fromisoformat(rotated["at"]) - datetime.fromisoformat(revoked["at"])).total_seconds() // 60)


def cited(value: Any) -> Iterator[int]:
    """Every index that claims cite."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if name in ("entry", "issued", "staged") and type(inner) is int:
            yield inner
        else:
            yield from cited(inner)


def difference(claimed: Any, found: Any, where: str = "claims") -> str:
    """Where two values part first, and how; empty where they do not."""
    where = where[:200]
    if type(claimed) is type(found) and isinstance(found, dict):
        for name in sorted(claimed.keys() | found.keys()):
            if told := difference(claimed.get(name, "nothing"), found.get(name, "nothing"), f"{where}.{name}"):
                return told
        return ""
    if type(claimed) is type(found) and isinstance(found, list) and len(claimed) == len(found):
        return next((told for at, pair in enumerate(zip(claimed, found, strict=True)) if (told := difference(*pair, f"{where}[{at}]"))), "")
    return "" if type(claimed) is type(found) and claimed == found else f"{where} is {claimed!r:.60}, and the entries say {found!r:.60}"


def verify(name: str, data: bytes, vault: str) -> str:
    """What the pack shows, in one line; raises Refusal, or OSError where the proof is not beside it."""
    need(len(data) <= MAX_FILE, "it is too large")
    try:
        value = json.loads(data.decode("ascii"))
        spelled = (json.dumps(value, ensure_ascii=True, indent=1) + "\n").encode() == data
    except (ValueError, RecursionError):
        raise Refusal("it is no JSON") from None
    need(spelled, "it is JSON in another spelling than govern's")
    if not isinstance(value, dict) or value.get("schema") != "govern.evidence/1" or not isinstance(value.get("claims"), dict):
        raise Refusal("it is no evidence pack of version 1")
    need(value.get("vault") == vault, "it is evidence from another vault")
    with open(Path(name).with_name(PROOF), "rb") as file:
        events, proof, signer = proved(shown := file.read(MAX_FILE + 1), vault)
    if (note := Path(name).with_name("checkpoint.note")).exists():
        need(note.read_bytes() == read_proof(shown)[2], "the checkpoint.note beside it is not the one that its proof runs to")
    claims = value["claims"]
    try:
        need(set(cited(claims)) == events.all.keys(), "entries are proved that nothing is claimed of, or claimed that are not proved")
        found = again(claims, events, proof)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError):
        raise Refusal("its claims, or the entries that they cite, are not of their form") from None
    told = difference(claims, found)
    need(not told, told)
    return _summary(found, len(events.all), signer)


def _unproved(items: list[Claims]) -> str:
    """What of the claims is said and not proved by an entry: an empty list, a null, the cut in place of the end of a grant."""
    secrets = [one for one in items if one["kind"] == "rotate"]
    known = sum(
        not one["known"] or any(by["entry"] is None for by in one["known"]) or one["basis"] not in [None, *(by["basis"] for by in one["known"])]
        for one in secrets
    )  # fmt: skip
    granted = sum(one["revoked"] is None or one["revoked"]["grant"] is None for one in secrets)
    return (
        f"not proved: by what all of it could be known (of {known} of {len(secrets)} secrets), "
        f"that no grant ended before the cut (of {granted} of {len(secrets)}), "
        "names, notes and controls in it, when it was made, nor that no entry is missing"
    )


def _summary(claims: Claims, entries: int, signer: str) -> str:
    case, items = claims["case"], claims["items"]
    states = ", ".join(f"{number} {state}" for state in ("done", "waived", "not-applicable", "open")
        if (number := sum(one["state"] == state for one in items)))  # fmt: skip
    secrets = [one for one in items if one["kind"] == "rotate"]
    lags = [one["lag_minutes"] for one in secrets if one["lag_minutes"] is not None]
    longest = f" (longest lag {max(lags)} min)" if lags else ""
    end = f"closed at {case['closed']['at']} by {case['closed']['by']}" if case["closed"] else "not closed"
    return (
        f"case {case['id']} of person {case['person']} ({case['kind']}): {len(items)} {'item' if len(items) == 1 else 'items'} ({states or 'none'}); "
        f"{sum(one['rotated'] is not None for one in secrets)} of {len(secrets)} {'secret' if len(secrets) == 1 else 'secrets'} rotated{longest}; "
        f"cut {case['cut']['at'] if case['cut'] else 'not made'}; {end}; {entries} entries of a log of {claims['size']}, {signer}; "
        f"{_unproved(items)}"
    )
