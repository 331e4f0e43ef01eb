"""The cut of one of five keyholders, and a new candidate of every secret that they could open, beside the bare HPKE seals that this needs.

What is measured are the two transactions of `offboard open` and `rotate --case`: keys, grants and wraps ended, new epochs, one rotation and
one item per credential, each candidate generated, held against the secrets before it and sealed to four who stay and to recovery.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, interleave, ms, timed
from member import NOW, Member, copies, found

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.keys import Recipient

HANDLES = ("anna", "ben", "cleo", "dora")
"""Four besides the founder."""


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    credentials = 100 if quick else 1_000
    member = found(folder / "five")
    fill(member, credentials)
    rounds = 3
    machines = copies(member, folder, rounds + 1)
    columns = interleave(rounds, lambda: cut(machines.pop(), credentials), timed(bare(credentials * (len(HANDLES) + 1))))
    ours, floor = map(statistics.median, columns)
    yield Result(
        work=f"cut of one of five, {credentials:,} credentials and their candidates", subject=ms(ours),
        floor=f"{credentials * (len(HANDLES) + 1):,} bare HPKE seals {ms(floor)}", ratio=ours / floor, bar=1.6,
    )  # fmt: skip


def fill(member: Member, credentials: int) -> None:
    """Four more keyholders, and as many accounts that all five hold, with a sealed password each."""
    from govern.procedures.people import NewPerson, add

    with member.workspace() as workspace:
        with workspace.transaction(NOW) as tx:
            people = {handle: add(tx, NewPerson(name=handle.title(), handle=handle)).id for handle in HANDLES}
        for handle, person in people.items():
            with workspace.transaction(NOW) as tx:
                enrol(tx, handle, person)
        with workspace.transaction(NOW) as tx:
            for number in range(credentials):
                _account(tx, number, list(people.values()))


def enrol(tx: Transaction, handle: str, person: str) -> bytes:
    """Keys for somebody, as an enrolment would leave them; their seed."""
    from govern.procedures.enrol import invite
    from govern.procedures.epochs import wrap
    from govern.vault.keys import Keys

    seed = os.urandom(32)
    keys = Keys.from_seed(seed)
    issued = invite(tx, handle, "join")
    epochs, digest = wrap(tx, keys.recipient, ("base",))
    tx.record(
        "key.enrolled",
        {
            "person": person, "key": keys.id.hex(), "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(), "custody": "keyfile",
            "epochs": epochs, "wraps": digest, "invite": issued.id.hex(),
        },
    )  # fmt: skip
    return seed


def _account(tx: Transaction, number: int, holders: list[str]) -> None:
    from govern.procedures.sealing import recipients, seal
    from govern.vault import fingerprint
    from govern.vault.seal import Context

    account, credential = tx.new_id(), tx.new_id()
    body = {"account": account, "handle": f"shop-{number:06}", "platform": "instagram", "tier": "standard", "custodian": tx.actor}
    tx.record("account.added", body, {"login": f"brand{number}@acme.example"})
    tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": tx.actor, "founding": True})
    for person in holders:
        tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": person})
    tx.record("credential.added", {"credential": credential, "account": account, "kind": "password"})
    secret = os.urandom(9).hex()
    fields = {"secret": secret, "fingerprints": fingerprint.remember(None, secret, 1, os.urandom)}
    context = Context(tx.workspace.vault, bytes.fromhex(account), bytes.fromhex(credential), "password", 1)
    named = seal(tx, context, fields, recipients(tx.register, account, kind="password"))
    tx.record(
        "version.staged",
        {"credential": credential, "version": 1, "state": "current", "origin": "imported", "others_unknown": True, **named},
    )


def cut(member: Member, credentials: int) -> float:
    """Somebody leaves now, and every rotation of it gets its candidate; the seconds of the two transactions."""
    from govern.offboarding.kinds import CaseKind
    from govern.procedures import offboard, rotate
    from govern.procedures.choosing import Wanted, chosen
    from govern.rotation.triggers import Trigger

    with member.workspace() as workspace:
        workspace.view()
        began = time.perf_counter()
        with workspace.transaction(NOW) as tx:
            case, made = offboard.open_(tx, offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at=NOW))
        wanted = Wanted(selector="", kind="", credential="", case=case.id, all_due=False)
        with workspace.transaction(NOW) as tx:
            started, skipped = rotate.start(tx, chosen(tx.register, wanted, reader=tx.actor, now=NOW), Trigger.MEMBERSHIP)
        seconds = time.perf_counter() - began
    assert made is not None
    assert (made.wraps, made.rotations, len(started), len(skipped)) == (credentials, credentials, credentials, 0)
    return seconds


def bare(seals: int) -> Callable[[], None]:
    """So many data keys sealed to five keys in turn, with contexts of the length that ours have."""
    from govern.vault import hpke
    from govern.vault.keys import Keys

    to: list[Recipient] = [Keys.from_seed(os.urandom(32)).recipient for _ in range(len(HANDLES) + 1)]

    def run() -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
        from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

        suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
        public = [X25519PublicKey.from_public_bytes(one.public) for one in to]
        key, info = os.urandom(32), hpke.info(hpke.VERSION_WRAP, os.urandom(260), to[0].key)
        for number in range(seals):
            suite.encrypt(key, public[number % len(public)], info=info)

    return run
