#!/usr/bin/env python3
"""Check proofs from a govern ledger without govern: python verify.py VAULT_ID FILE...

Needs Python 3.11 and `cryptography`, and shares no line with govern. VAULT_ID is the 64 hex digits that you were given by somebody you trust,
not by whoever gave you the file. One line per file: what was proved, or why it is refused; exit 0 if all are proved, else 1. A file is a
c2sp.org/tlog-proof@v1 that shows an entry and, in its extra line, those that enrolled the keys concerned; or evidence.json of a pack. Checked:

1. the checkpoint is of the log govern/VAULT_ID, and signed (Ed25519, c2sp.org/signed-note) by a key that the chain enrols;
2. each entry's event bytes and salt give its commitment, its commitment stands in its leaf, its leaf under the checkpoint's root;
3. entry 0 is the one that the vault id is made of, and names the founder's key and the recovery key;
4. each further entry was recorded under a key enrolled before it, and enrols a key (a person's second: by their own, by recovery, or once
   their first was revoked; a later recovery key: by its proposal and approval) or revokes one; so was the shown event, by its actor's key.

Not shown: that an entry is missing, a key revoked since, a rule broken (a member can put down an event in another's name, which govern calls
void). So the line says who signed, and who enrolled each key for whom; "the actor's own signature" of the founder's first key alone.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import importlib
import json
import os
import re
import sys
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_FILE, MAX_EVENT, MAX_DEPTH = 64 * 2**20, 65_536, 8
ENTRY = {"index", "compartment", "epoch", "commitment", "sealed_sha256", "event", "salt", "path"}
ENVELOPE = {"v", "id", "type", "actor", "key", "at", "body"}
TIME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
P, ORDER_EIGHT = 2**255 - 19, 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = (0, 1, P - 1, P, P + 1, ORDER_EIGHT, P - ORDER_EIGHT)


class Refusal(Exception):
    """Why the file does not prove anything."""


class Checkpoint(NamedTuple):
    size: int
    root: bytes
    text: bytes
    signer: str
    key_hash: bytes
    signature: bytes


class Entry(NamedTuple):
    place: int
    commitment: bytes
    path: list[bytes]
    event: dict[str, Any]


class Key(NamedTuple):
    since: int  # index of the entry that enrols it
    person: str | None  # None: the recovery key
    sign: bytes  # Ed25519 public key
    by: str  # the key that enrolled it; itself in entry 0
    until: int = 2**53  # index of the entry that revokes it, where the chain holds one


def need(holds: bool, why: str) -> None:
    if not holds:
        raise Refusal(why)


def unhex(value: object, size: int, what: str) -> bytes:
    """`size` bytes written as lower-case hex digits."""
    need(isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", value) is not None, f"{what} is not {2 * size} hex digits")
    return bytes.fromhex(str(value))


def unbase64(text: str, what: str) -> bytes:
    need(re.fullmatch(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text) is not None, f"{what} is not base64")
    data = binascii.a2b_base64(text)
    need(binascii.b2a_base64(data, newline=False).decode() == text, f"{what} is base64 in another spelling")
    return data


def number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,16}", text) or abs(int(text)) >= 2**53:
        raise ValueError("a float, NaN, or beyond 2^53")
    return int(text)


def too_deep(value: object, left: int = MAX_DEPTH) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return items is not None and (left == 0 or any(too_deep(item, left - 1) for item in items))


def canonical(data: bytes, what: str) -> Any:
    """The value of canonical JSON: sorted keys, no white space, no floats, no duplicates, bounded depth; it must spell itself again."""
    try:
        value = json.loads(data.decode("utf-8"), parse_float=number, parse_constant=number, parse_int=number)
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
        need(again == data and not too_deep(value), f"{what} is not canonical JSON")
    except (ValueError, RecursionError):
        raise Refusal(f"{what} is not canonical JSON") from None
    return value


def read_proof(data: bytes) -> tuple[int, list[bytes], bytes, bytes]:
    """Index, path, note and extra bytes of a tlog-proof."""
    start, _, note = data.partition(b"\n\n")
    lines = start.decode("ascii", "replace").split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1", "it is not a proof file")
    need(len(lines) > 2 and lines[1].startswith("extra ") and lines[2].startswith("index "), "its head is not: extra, index")
    need(NUMBER.fullmatch(lines[2][6:]) is not None, "its index is no number")
    path = [unbase64(line, "its path") for line in lines[3:]]
    return int(lines[2][6:]), path, note, unbase64(lines[1].removeprefix("extra "), "its extra line")


def read_checkpoint(note: bytes, vault: str) -> Checkpoint:
    """Origin, size, root and the one signature; the signature is not checked here."""
    lines = note.decode("utf-8", "replace").split("\n")
    need(len(lines) == 6 and lines[3] == "" and lines[5] == "", "its checkpoint is not origin, size, root and one signature")
    need(lines[0] == f"govern/{vault}", "its checkpoint is of another vault")
    need(NUMBER.fullmatch(lines[1]) is not None, "its checkpoint's size is no number")
    root = unbase64(lines[2], "its checkpoint's root")
    match = re.fullmatch(r"\u2014 ([0-9a-f]{32}) ([A-Za-z0-9+/=]+)", lines[4])
    if match is None:
        raise Refusal("its checkpoint's signature line is not of its form")
    data = unbase64(match[2], "its checkpoint's signature")
    need(len(root) == 32 and len(data) == 68, "its checkpoint's root or signature is of another length")
    return Checkpoint(int(lines[1]), root, "\n".join(lines[:3]).encode() + b"\n", match[1], data[:4], data[4:])


def check_signature(checkpoint: Checkpoint, public: bytes) -> None:
    hashed = hashlib.sha256(checkpoint.signer.encode() + b"\n\x01" + public).digest()[:4]
    need(hashed == checkpoint.key_hash, "its checkpoint's signature is of another key")
    need(int.from_bytes(public, "little") & (2**255 - 1) not in SMALL_ORDER, "its checkpoint is signed by a key of small order")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(checkpoint.signature, checkpoint.text)
    except (InvalidSignature, ValueError):
        raise Refusal("its checkpoint's signature is not valid") from None


def check_inclusion(index: int, leaf: bytes, path: list[bytes], checkpoint: Checkpoint) -> None:
    """RFC 9162 section 2.1.3.2, over the trees of RFC 6962."""
    need(index < checkpoint.size, f"entry {index} lies outside the log")
    at, last, node = index, checkpoint.size - 1, leaf
    for sibling in path:
        need(last > 0, f"the path of entry {index} is too long")
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        at, last = at >> 1, last >> 1
    need(last == 0 and node == checkpoint.root, f"entry {index} is not under the checkpoint's root")


def read_entry(value: object, checkpoint: Checkpoint) -> Entry:
    """An entry whose event was committed to and is in the log."""
    if not isinstance(value, dict) or set(value) != ENTRY or type(value["index"]) is not int or value["index"] < 0:
        raise Refusal("an entry does not have the keys of an entry")
    index, text, what = value["index"], value["event"], f"entry {value['index']}"
    if not isinstance(text, str) or not isinstance(value["path"], list):
        raise Refusal(f"{what} has no event or no path")
    event = text.encode()
    path = [unhex(item, 32, f"the path of {what}") for item in value["path"]]
    commitment = unhex(value["commitment"], 32, f"the commitment of {what}")
    salt = unhex(value["salt"], 32, f"the salt of {what}")
    need(hmac.digest(salt, event, "sha256") == commitment, f"the event of {what} is not what was committed to")
    columns = [unhex(value[name], size, f"{name} of {what}") for name, size in (("compartment", 16), ("epoch", 16), ("sealed_sha256", 32))]
    leaf = hashlib.sha256(b"\x00\x01" + columns[0] + columns[1] + commitment + columns[2]).digest()
    check_inclusion(index, leaf, path, checkpoint)
    return Entry(index, commitment, path, read_event(event, what))


def read_event(data: bytes, what: str) -> dict[str, Any]:
    event = canonical(data, f"the event of {what}")
    if len(data) > MAX_EVENT or not isinstance(event, dict) or set(event) - {"personal", "authority"} != ENVELOPE:
        raise Refusal(f"the event of {what} is no event")
    for name, size in (("id", 16), ("actor", 16), ("key", 16), ("personal", 32), ("authority", 16)):
        unhex(event.get(name, "0" * 2 * size if name in ("personal", "authority") else ""), size, f"{name} of {what}")
    need(type(event["v"]) is int and event["v"] == 1, f"the event of {what} is of another version")
    need(isinstance(event["type"], str) and re.fullmatch(r"[a-z_.]{1,60}", event["type"]) is not None, f"{what} has no type")
    timed = isinstance(event["at"], str) and TIME.fullmatch(event["at"]) is not None
    need(timed and isinstance(event["body"], dict), f"{what} has no time or no body")
    return event


def enrolled(body: dict[str, Any], prefix: str, what: str) -> tuple[str, bytes]:
    """Key id and Ed25519 public key; the id must be that of both public keys."""
    sign, seal = (unhex(body.get(prefix + name), 32, f"{name} of {what}") for name in ("sign", "seal"))
    key = unhex(body.get(prefix + "key"), 16, f"key of {what}")
    need(hashlib.sha256(sign + seal).digest()[:16] == key, f"{what} names another key than it enrols")
    return key.hex(), sign


def recorder(entry: Entry, keys: dict[str, Key]) -> Key:
    """The key under which an entry was recorded, enrolled before it, for its actor."""
    key = keys.get(entry.event["key"])
    if key is None or not (key.since < entry.place < key.until or entry.place == 0):
        raise Refusal(f"entry {entry.place} was recorded under a key that the chain does not enrol before it, or revokes")
    need(key.person in (None, entry.event["actor"]), f"entry {entry.place} was recorded under a key that is not its actor's")
    return key


def read_chain(values: Any, checkpoint: Checkpoint, vault: str) -> dict[str, Key]:
    need(isinstance(values, list) and len(values) > 0, "it has no chain of enrolments")
    keys: dict[str, Key] = {}
    before, proposed = -1, dict[object, tuple[str, bytes]]()
    for value in values:
        entry = read_entry(value, checkpoint)
        what, body = f"entry {entry.place}", entry.event["body"]
        need(entry.place > before, "its chain is not in order")
        if before < 0:
            need(entry.place == 0 and hashlib.sha256(entry.commitment).hexdigest() == vault, "its chain does not start this vault")
            need(entry.event["type"] == "vault.founded", "entry 0 does not found a vault")
            key, sign = enrolled(body, "", what)
            keys[key] = Key(0, unhex(body.get("founder"), 16, "the founder").hex(), sign, key)
            need(entry.event["key"] == key, "entry 0 was not recorded under the founder's key")
            if "recovery_key" in body:
                recovery, sign = enrolled(body, "recovery_", "the recovery key")
                need(keys.setdefault(recovery, Key(0, None, sign, recovery)).person is None, "the recovery key is the founder's")
        elif entry.event["type"] == "proposal.made" and body.get("act") == "recovery-replaced" and isinstance(body.get("parameters"), dict):
            proposed[str(body.get("proposal"))] = enrolled(body["parameters"], "", what)
        elif entry.event["type"] == "key.revoked" and (gone := keys.get(str(body.get("key")))) is not None:
            keys[str(body["key"])] = gone._replace(until=min(entry.place, gone.until))
        else:
            again = entry.event["type"] == "proposal.approved" and proposed.pop(str(body.get("proposal")), None)
            need(bool(again) or entry.event["type"] == "key.enrolled", f"{what} stands in the chain and enrols nobody")
            key, sign = again or enrolled(body, "", what)
            need(key not in keys, f"{what} enrols a key again")
            person = None if again else unhex(body.get("person"), 16, f"person of {what}").hex()
            held = [known for known in keys.values() if known.person == person and known.until > entry.place and person]
            need(not held or recorder(entry, keys).person in (person, None), f"{what} enrols a second key for a person, by another")
            keys[key] = Key(entry.place, person, sign, entry.event["key"])
        recorder(entry, keys)
        before = entry.place
    return keys


def links(key: str, keys: dict[str, Key]) -> list[str]:
    """Who enrolled a key for whom, and who enrolled that one's key, up to entry 0."""
    told = []
    while (by := keys[key].by) != key:
        told.append(f"key {key} was enrolled for {keys[key].person} by {keys[by].person or 'recovery'} with key {by}")
        key = by
    return told


def verify(data: bytes, vault: str) -> str:
    """What the proof file shows, in one line; raises Refusal."""
    need(len(data) <= MAX_FILE, "it is too large")
    index, path, note, extra = read_proof(data)
    checkpoint, value = read_checkpoint(note, vault), canonical(extra, "its extra line")
    if not isinstance(value, dict) or set(value) != {"v", "entry", "chain"} or type(value["v"]) is not int or value["v"] != 1:
        raise Refusal("its extra line is not of version 1" + ": of a pack, evidence.json is checked" * extra.endswith(b'"v":2}'))
    keys = read_chain(value["chain"], checkpoint, vault)
    if (signer := keys.get(checkpoint.signer)) is None or signer.until < checkpoint.size:
        raise Refusal("its checkpoint is signed by a key that the chain does not enrol, or revokes")
    check_signature(checkpoint, signer.sign)
    entry = read_entry(value["entry"], checkpoint)
    need(entry.place == index and entry.path == path, "its entry is not the one of its index and path")
    key, event = recorder(entry, keys), entry.event
    signed = f"signed by {signer.person or 'recovery'} with key {checkpoint.signer}"
    if checkpoint.signer == event["key"] and index == checkpoint.size - 1:
        signed = "signed with that key" if key.since or key.person is None else "the actor's own signature"
    told = dict.fromkeys(links(event["key"], keys) + links(checkpoint.signer, keys))
    signed = "; ".join([signed, *told, *(["that each was allowed to is not shown by this file"] if told else [])])
    who = f"{event['at']} by {event['actor']} with {'key' if key.person else 'recovery key'} {event['key']}"
    return f"entry {index} of a log of {checkpoint.size} is {event['type']} at {who}; {signed}"


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or not re.fullmatch(r"[0-9a-f]{64}", arguments[0]):
        print("usage: python verify.py VAULT_ID FILE...   (VAULT_ID: 64 hex digits, from somebody you trust)", file=sys.stderr)
        return 1
    refused = 0
    for name in arguments[1:]:
        try:
            with open(name, "rb") as file:
                data = file.read(MAX_FILE + 1)
            pack = importlib.import_module("verify_evidence") if data.startswith(b"{") else None
            line = f"proved: {pack.verify(name, data, arguments[0]) if pack else verify(data, arguments[0])}"
        except (Refusal, OSError, ValueError, ImportError) as error:
            other = "it can not be read" if not isinstance(error, ImportError) else "verify_evidence.py is not beside verify.py"
            refused, line = 1, f"REFUSED: {error if isinstance(error, Refusal) else other}"
        print("".join(char if char.isascii() and char.isprintable() else "?" for char in f"{name}: {line}"), flush=True)
    return refused


if __name__ == "__main__":
    sys.modules["verify"] = sys.modules["__main__"]  # one Refusal for both scripts
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as error:
        os._exit(bool(sys.stderr.write(f"error: what was found can not be written: {error.strerror}\n")))
