#!/usr/bin/env python3
"""Replay an exported govern ledger without govern: python replay.py VAULT_ID FILE [--about ID]...

Needs Python 3.11, `cryptography`, and verify.py beside it; shares no line with govern. VAULT_ID is the 64 hex digits that you were given by
somebody you trust, not by whoever gave you the file. What `govern ledger export` writes is every entry of a ledger, in order. Checked:

1. the entries are 0, 1, 2, … without a gap, and each leaf is made of its columns;
2. after each transaction all leaves so far give the root of a checkpoint of the log govern/VAULT_ID, signed by a key that was enrolled, and not
   revoked, by the end of the transaction before (of the first one: by the founder's, which the vault id vouches for);
3. each event that is shown was committed to, is spelled in the one way there is, and names the key that signed its transaction;
4. each personal part that is shown is the one that its event commits to.

So nothing was left out, put in or changed, up to the last checkpoint of the file; hold that against one that you have from elsewhere. Not
checked: rules (who may do what), which is what govern judges. Entries that the file calls void counted for nothing to whoever exported it; they
enrol nobody here either. `--about ID` prints each event that names this person, account, credential or case (32 hex digits): all there are.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from verify import Checkpoint, Refusal, canonical, check_signature, enrolled, need, read_checkpoint, read_event, unhex

COLUMNS = {"index", "compartment", "epoch", "commitment", "sealed_sha256"}
MAX_LINE = 1 << 20


class Tree:
    """Root of a growing log (RFC 6962): one hash for each full subtree, the largest first."""

    def __init__(self) -> None:
        self.size, self.parts = 0, list[bytes]()

    def append(self, leaf: bytes) -> None:
        self.parts.append(leaf)
        self.size += 1
        at = self.size
        while not at & 1:
            right, left = self.parts.pop(), self.parts.pop()
            self.parts.append(hashlib.sha256(b"\x01" + left + right).digest())
            at >>= 1

    def root(self) -> bytes:
        node = self.parts[-1]
        for left in reversed(self.parts[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node


class Replay:
    """How far the file was read, and which keys may sign the next checkpoint."""

    def __init__(self, vault: str, about: Iterable[str] = ()) -> None:
        self.vault, self.about, self.tree = vault, tuple(about), Tree()
        self.keys: dict[str, bytes] = {}  # key id -> Ed25519 public key, of those that may sign
        self.recovery, self.proposed = "", dict[str, tuple[str, bytes]]()
        self.waiting: list[tuple[int, dict[str, Any], bool]] = []  # events since the last checkpoint: index, event, void
        self.first = 0  # index of the first entry since the last checkpoint
        self.hidden, self.void, self.checkpoints, self.last = 0, 0, 0, ""
        self.found: list[str] = []

    def line(self, data: bytes) -> None:
        need(len(data) <= MAX_LINE and data.endswith(b"\n"), "a line is too long, or the file is cut off")
        value = canonical(data[:-1], "a line")
        if not isinstance(value, dict):
            raise Refusal("a line is no object")
        if set(value) == {"checkpoint"}:
            need(isinstance(value["checkpoint"], str), "a checkpoint is no text")
            self.close(read_checkpoint(value["checkpoint"].encode(), self.vault))
        else:
            self.entry(value)

    def entry(self, value: dict[str, Any]) -> None:
        what = f"entry {self.tree.size}"
        need(
            set(value) >= COLUMNS and set(value) <= COLUMNS | {"event", "salt", "personal", "void"}, f"{what} has other keys than an entry"
        )
        need(value["index"] == self.tree.size and type(value["index"]) is int, f"{what} is missing, or not in its place")
        compartment, epoch = (unhex(value[name], 16, f"{name} of {what}") for name in ("compartment", "epoch"))
        commitment, sealed = (unhex(value[name], 32, f"{name} of {what}") for name in ("commitment", "sealed_sha256"))
        if self.tree.size == 0:
            need(hashlib.sha256(commitment).hexdigest() == self.vault, "entry 0 is that of another vault")
        if "event" in value:
            self.waiting.append((self.tree.size, self.event(value, commitment, what), value.get("void") is True))
            self.void += value.get("void") is True
        else:
            need("salt" not in value and "personal" not in value, f"{what} has a salt or a personal part and no event")
            self.hidden += 1
        self.tree.append(hashlib.sha256(b"\x00\x01" + compartment + epoch + commitment + sealed).digest())

    def event(self, value: dict[str, Any], commitment: bytes, what: str) -> dict[str, Any]:
        need(isinstance(value["event"], str), f"the event of {what} is no text")
        data = value["event"].encode("utf-8", "surrogatepass")
        salt = unhex(value.get("salt"), 32, f"the salt of {what}")
        need(hmac.digest(salt, data, "sha256") == commitment, f"the event of {what} is not what was committed to")
        if value.get("void") is True:  # it may be anything that an enrolled key has signed
            return {"type": "void", "text": value["event"]}
        event = read_event(data, what)
        if "personal" in value:
            part = value["personal"]
            if not isinstance(part, dict) or set(part) != {"part", "salt"} or not isinstance(part["part"], str):
                raise Refusal(f"the personal part of {what} is none")
            told = hmac.digest(
                unhex(part["salt"], 32, f"the salt of {what}"), part["part"].encode("utf-8", "surrogatepass"), "sha256"
            ).hex()
            need(told == event.get("personal"), f"the personal part of {what} is not what its event commits to")
        return event

    def close(self, checkpoint: Checkpoint) -> None:
        """Steps 2 and 3 for the entries since the last checkpoint; then what they enrol and revoke counts."""
        need(
            checkpoint.size == self.tree.size > self.first, f"a checkpoint of size {checkpoint.size} stands behind {self.tree.size} entries"
        )
        need(checkpoint.root == self.tree.root(), f"the entries up to {self.tree.size - 1} are not what was signed")
        if self.first == 0:
            self.found_vault()
        public = self.keys.get(checkpoint.signer)
        if public is None:
            raise Refusal(f"the checkpoint of size {checkpoint.size} is signed by a key that was not enrolled before it, or is revoked")
        check_signature(checkpoint, public)
        for index, event, void in self.waiting:
            if not void:
                need(event["key"] == checkpoint.signer, f"entry {index} names another key than the one that signed it")
                self.follow(index, event)
            self.tell(index, event)
        self.waiting, self.first = [], self.tree.size
        self.checkpoints += 1

    def found_vault(self) -> None:
        need(
            bool(self.waiting) and self.waiting[0][0] == 0 and self.waiting[0][1]["type"] == "vault.founded",
            "entry 0 does not found a vault",
        )
        body = self.waiting[0][1]["body"]
        key, sign = enrolled(body, "", "entry 0")
        self.keys[key] = sign
        if "recovery_key" in body:
            self.recovery, sign = enrolled(body, "recovery_", "the recovery key")
            self.keys[self.recovery] = sign

    def follow(self, index: int, event: dict[str, Any]) -> None:
        body, what = event["body"], f"entry {index}"
        self.last = event["at"]
        match event["type"]:
            case "key.enrolled":
                key, sign = enrolled(body, "", what)
                self.keys[key] = sign
            case "key.revoked":
                self.keys.pop(str(body.get("key")), None)
            case "proposal.made" if body.get("act") == "recovery-replaced" and isinstance(body.get("parameters"), dict):
                self.proposed[str(body.get("proposal"))] = enrolled(body["parameters"], "", what)
            case "proposal.approved" if str(body.get("proposal")) in self.proposed:
                self.keys.pop(self.recovery, None)
                self.recovery, sign = self.proposed.pop(str(body["proposal"]))
                self.keys[self.recovery] = sign

    def tell(self, index: int, event: dict[str, Any]) -> None:
        text = repr(event)
        if any(f"'{wanted}'" in text for wanted in self.about):
            shown = "".join(char if char.isprintable() else "?" for char in text)
            self.found.append(f"{index} {event.get('at', '')} {event['type']} {shown}")

    def end(self) -> str:
        need(self.first == self.tree.size > 0, "the file ends without a checkpoint")
        return (
            f"{self.tree.size} entries under {self.checkpoints} checkpoints, the last at {self.last}; {self.hidden} not shown (sealed to others), "
            f"{self.void} void; none is missing"
        )


def read(lines: Iterable[bytes], vault: str, about: Iterable[str] = ()) -> Replay:
    """The file replayed to its end; raises Refusal."""
    source = iter(lines)
    head = canonical(next(source, b"{}\n").rstrip(b"\n"), "its first line")
    if not isinstance(head, dict) or set(head) != {"format", "vault", "pseudonymous"} or head["format"] != "govern-ledger/1":
        raise Refusal("it is no exported ledger of version 1")
    need(head["vault"] == vault, "it is the ledger of another vault")
    replay = Replay(vault, about)
    for line in source:
        replay.line(line)
    return replay


def main(arguments: list[str]) -> int:
    about = [arguments[at + 1] for at, word in enumerate(arguments[:-1]) if word == "--about"]
    names = [word for at, word in enumerate(arguments) if word != "--about" and (at == 0 or arguments[at - 1] != "--about")]
    if len(names) != 2 or not re.fullmatch(r"[0-9a-f]{64}", names[0]) or not all(re.fullmatch(r"[0-9a-f]{32}", id_) for id_ in about):
        print("usage: python replay.py VAULT_ID FILE [--about ID]...   (VAULT_ID: 64 hex digits, from somebody you trust)", file=sys.stderr)
        return 1
    shown = "".join(char if char.isascii() and char.isprintable() else "?" for char in names[1])
    try:
        with open(names[1], "rb") as file:
            replay = read(iter(lambda: file.readline(MAX_LINE + 1), b""), names[0], about)
            result = replay.end()
    except (Refusal, OSError, ValueError) as error:
        print(f"{shown}: REFUSED: {error if isinstance(error, Refusal) else 'it can not be read'}", flush=True)
        return 1
    print("".join(f"{line}\n" for line in replay.found), end="")
    print(f"{shown}: replayed: {result}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as error:  # leaving by the usual way would try to write it once more, and complain at length
        os._exit(bool(sys.stderr.write(f"error: what was found can not be written: {error.strerror}\n")))
