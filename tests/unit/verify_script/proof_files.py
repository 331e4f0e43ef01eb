"""A ledger made with govern's own bytes and the proof files, honest or not, that can be written from it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govern.ledger.checkpoint import Checkpoint, origin, sign_note
from govern.ledger.commitment import Entry, EpochKey, commit, seal_entry, vault_id
from govern.ledger.merkle import CompactRange, inclusion_proof
from govern.ledger.proof import write_proof

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "verify.py"
EPOCH = EpochKey(b"K" * 32)
AT = "2026-11-21T09:00:00Z"
PERSONAL = b"Anna, anna@example.com"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify = _load()


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass
class Member:
    name: str

    def __post_init__(self) -> None:
        self.person = hashlib.sha256(self.name.encode()).hexdigest()[:32]
        self.secret = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.name.encode()).digest())
        self.sign = self.secret.public_key().public_bytes_raw()
        self.seal = hashlib.sha256(b"seal" + self.name.encode()).digest()
        self.key = hashlib.sha256(self.sign + self.seal).hexdigest()[:32]

    def keys(self, prefix: str = "") -> dict[str, str]:
        return {prefix + "key": self.key, prefix + "sign": self.sign.hex(), prefix + "seal": self.seal.hex()}

    def note(self, text: bytes) -> bytes:
        return sign_note(text, name=self.key, public=self.sign, sign=self.secret.sign)


ANNA, BEN, CLEO, RECOVERY = Member("Anna"), Member("Ben"), Member("Cleo"), Member("recovery")


@dataclass
class Log:
    """A ledger whose events and salts are kept, so that any proof, honest or not, can be written from it."""

    vault: bytes = bytes(32)
    entries: list[Entry] = field(default_factory=list)
    events: list[tuple[bytes, bytes]] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(3))

    def add(self, by: Member, type_: str, body: dict[str, Any], *, actor: str = "", personal: bool = False, raw: bytes = b"") -> int:
        event = {"v": 1, "id": self.random.randbytes(16).hex(), "type": type_, "actor": actor or by.person, "key": by.key, "at": AT}
        event["body"] = body
        if personal:
            event["personal"] = commit(b"p" * 32, PERSONAL).hex()
        data, salt = raw or canonical(event), self.random.randbytes(32)
        entry = seal_entry(
            vault=self.vault, index=len(self.entries), compartment=b"C" * 16, epoch=EPOCH, event=data, salt=salt,
            personal=(b"p" * 32, PERSONAL) if personal else None, random=self.random.randbytes,
        )  # fmt: skip
        if not self.entries:
            self.vault = vault_id(entry.commitment)
        self.entries.append(entry)
        self.events.append((data, salt))
        return entry.index

    def enrol(self, by: Member, whom: Member, **changes: Any) -> int:
        return self.add(by, "key.enrolled", {"person": whom.person, "custody": "keyfile"} | whom.keys() | changes)

    def note(self, signer: Member, size: int) -> bytes:
        tree = CompactRange()
        for entry in self.entries[:size]:
            tree.append(entry.leaf())
        return signer.note(Checkpoint(origin(self.vault), size, tree.root()).text())

    def part(self, index: int, size: int, **changes: Any) -> dict[str, Any]:
        entry, (event, salt) = self.entries[index], self.events[index]
        path = inclusion_proof([entry.leaf() for entry in self.entries], index, size)
        part: dict[str, Any] = {
            "index": index, "compartment": entry.compartment.hex(), "epoch": entry.epoch.hex(), "commitment": entry.commitment.hex(),
            "sealed_sha256": hashlib.sha256(entry.sealed).hexdigest(), "event": event.decode(), "salt": salt.hex(),
            "path": [item.hex() for item in path],
        }  # fmt: skip
        return part | changes

    def proof(self, index: int, chain: list[int], *, signer: Member, size: int = 0, extra: bytes = b"", note: bytes = b"") -> bytes:
        size = size or len(self.entries)
        shown = {"v": 1, "entry": self.part(index, size), "chain": [self.part(at, size) for at in chain]}
        return write_proof(
            index=index,
            path=inclusion_proof([entry.leaf() for entry in self.entries], index, size),
            checkpoint_note=note or self.note(signer, size),
            extra=extra or canonical(shown),
        )


FOUNDED: dict[str, Any] = {"founder": ANNA.person, "format": 1, "organisation": "Бюро Süd"} | ANNA.keys() | RECOVERY.keys("recovery_")


def written(founded: dict[str, Any] | None = None) -> Log:
    """0 founded by Anna, 2 Ben's key, 4 Cleo's key by Ben, 5 an account by Cleo (with a personal part), 6 a grant by Anna."""
    log = Log()
    log.add(ANNA, "vault.founded", founded or FOUNDED, personal=True)
    log.add(ANNA, "policy.adopted", {"policy": {"rules": [{"most": 5}]}})
    log.enrol(ANNA, BEN)
    log.add(BEN, "person.added", {"person": CLEO.person}, personal=True)
    log.enrol(BEN, CLEO)
    log.add(CLEO, "account.added", {"account": "ab" * 16, "handle": "instagram"}, personal=True)
    log.add(ANNA, "grant.issued", {"grant": "cd" * 16})
    return log


LOG = written()
VAULT = LOG.vault.hex()
FILE = LOG.proof(5, [0, 2, 4], signer=CLEO, size=6)


def proved(data: bytes, vault: str = VAULT) -> str:
    line = verify.verify(data, vault)
    assert isinstance(line, str)
    return line


def refused(data: bytes, vault: str = VAULT) -> str:
    with pytest.raises(verify.Refusal) as caught:
        verify.verify(data, vault)
    return str(caught.value)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=60)


def with_extra(change: Any) -> bytes:
    size = 6
    value: dict[str, Any] = {"v": 1, "entry": LOG.part(5, size), "chain": [LOG.part(at, size) for at in (0, 2, 4)]}
    data = change(value)
    return LOG.proof(5, [], signer=CLEO, size=size, extra=data if isinstance(data, bytes) else canonical(value))
