"""What the shape of a fact can't say of it: a key's id is its keys', none is weak, and a policy is one that can be read. Knows no register."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from govern import events
from govern.canonical import canonical
from govern.errors import Refused
from govern.policy.rules import Policy
from govern.vault.keys import check_possession, check_public, key_id


def check_sound(event: events.Event, vault: bytes) -> None:
    """Raise Refused or Malformed for a fact that contradicts itself. `vault` is the vault id (32 bytes)."""
    match event.type:
        case "proposal.made":
            _proposal(event, vault)
        case "key.enrolled":
            sign, seal = _public_keys(event.body)
            check_public(sign, seal)
        case "policy.adopted":
            _policy(event.body)
        case _:
            pass


def _public_keys(body: Mapping[str, Any]) -> tuple[bytes, bytes]:
    sign, seal = bytes.fromhex(body["sign"]), bytes.fromhex(body["seal"])
    if key_id(sign, seal).hex() != body["key"]:
        raise Refused("the id of the key is not that of its public keys", rule="key-id")
    return sign, seal


def _policy(body: Mapping[str, Any]) -> None:
    Policy.from_record(body["policy"])
    if hashlib.sha256(canonical(body["policy"])).hexdigest() != body["digest"]:
        raise Refused("the digest is not that of the policy", rule="policy-digest")


def _proposal(event: events.Event, vault: bytes) -> None:
    """The parameters are those of the act; whoever proposes a recovery key holds it (the challenge: vault id and proposal id)."""
    act, parameters = event.body["act"], event.body["parameters"]
    events.check_parameters(act, parameters)
    if act == "policy":
        _policy(parameters)
    elif act == "recovery-replaced":
        sign, seal = _public_keys(parameters)
        check_possession(sign, seal, vault + bytes.fromhex(event.body["proposal"]), bytes.fromhex(parameters["proof"]))
