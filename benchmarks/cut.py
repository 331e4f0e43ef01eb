"""The cut of one of five keyholders, and a new candidate of every secret that they could open, beside the bare HPKE seals that this needs.

What is measured is the one transaction of `offboard open --stage`: keys, grants and wraps ended, new epochs, one rotation and
one item per credential, each candidate generated and sealed to four who stay and to recovery. Our seals are shared out among the processors, the
bare ones follow each other; so the cut is told once more with a single processor.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, interleave, ms, timed
from member import NOW, Member, copies, found

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

HANDLES = ("anna", "ben", "cleo", "dora")
"""Four besides the founder."""


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    credentials = 100 if quick else 1_000
    member = found(folder / "five")
    fill(member, credentials)
    rounds = 5
    machines = copies(member, folder, 2 * (rounds + 1))
    lengths: list[int] = []

    def ours() -> float:
        seconds, lengths[:] = cut(machines.pop(), credentials)
        return seconds

    seals = credentials * (len(HANDLES) + 1)
    columns = interleave(rounds, ours, timed(bare(seals)), timed(lambda: cryptography(credentials, lengths)))
    took, floor, all_of_it = map(statistics.median, columns)
    work = f"cut of one of five, {credentials:,} credentials and their candidates"
    yield Result(work=work, subject=ms(took), floor=f"{seals:,} bare HPKE seals {ms(floor)}", ratio=took / floor, bar=1.6)
    yield Result(work=work, subject=ms(took), floor=f"its bare cryptography {ms(all_of_it)}", ratio=took / all_of_it, bar=1.5)
    with one_processor():
        columns = interleave(rounds, ours, timed(lambda: cryptography(credentials, lengths)))
    alone, floor = map(statistics.median, columns)
    yield Result(work=f"{work}, on one processor", subject=ms(alone), floor=f"its bare cryptography {ms(floor)}", ratio=alone / floor)


@contextmanager
def one_processor() -> Iterator[None]:
    """What follows on one of our processors, where this system can say so."""
    if sys.platform != "linux":
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(ours)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


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


def cut(member: Member, credentials: int) -> tuple[float, list[int]]:
    """Somebody leaves now, and every rotation of it gets its candidate; the seconds of the transaction, and how long each of its entries is."""
    from govern.offboarding.kinds import CaseKind
    from govern.procedures import offboard, staging

    with member.workspace() as workspace:
        (before,) = workspace.view().execute("SELECT count(*) FROM entries").fetchone()
        began = time.perf_counter()
        with workspace.transaction(NOW) as tx:
            case, made = offboard.open_(tx, offboard.Opening(person="anna", kind=CaseKind.LEAVER, cut_at=NOW))
            staged = staging.stage(tx, [case])
        seconds = time.perf_counter() - began
        with workspace.store.reading() as reading:
            lengths = [len(row[4]) for row in reading.entries(before, 2**62)]
    assert made is not None
    assert (made.wraps, made.rotations, staged) == (credentials, credentials, credentials)
    return seconds, lengths


def bare(seals: int) -> Callable[[], None]:
    """So many data keys sealed to five keys in turn, with contexts of the length that ours have."""
    from govern.vault import hpke
    from govern.vault.keys import Keys

    to = [Keys.from_seed(os.urandom(32)).recipient for _ in range(len(HANDLES) + 1)]

    def run() -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        suite = hpke.suite()
        public = [X25519PublicKey.from_public_bytes(one.public) for one in to]
        key, info = os.urandom(32), hpke.info(hpke.VERSION_WRAP, os.urandom(260), to[0].key)
        for number in range(seals):
            suite.encrypt(key, public[number % len(public)], info=info)

    return run


def cryptography(credentials: int, lengths: list[int]) -> None:
    """What the transaction can't do without, and nothing else: nothing is kept, spelled, judged or looked up.

    Of each credential: a random password and data key, the content sealed by AES-256-GCM, its commitment, the digests of ciphertext and manifest, a
    seal of the key to each of five and the digest of each, and the digest of the leaver's own wrap that ends. Of each entry (`lengths`: bytes of its
    ciphertext): salt, HMAC-SHA-256, AES-256-GCM, and the two hashes of its leaf. At the end one Ed25519 signature. Left out are the new
    epochs' wraps, a few dozen seals, and the hashes of the tree.
    """
    import hmac
    from hashlib import sha256

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from govern.vault import hpke

    suite, public = hpke.suite(), [X25519PrivateKey.generate().public_key() for _ in range(len(HANDLES) + 1)]
    context, content, manifest = os.urandom(240), os.urandom(256), os.urandom(410)
    info = hpke.info(hpke.VERSION_WRAP, context, os.urandom(16))
    keys = []
    for _ in range(credentials):
        os.urandom(24)
        key, nonce = os.urandom(32), os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, content, context)
        for part in (key + context, sealed, manifest):
            sha256(part).digest()
        keys.append(key)
    wraps = [suite.encrypt(key, one, info=info) for key in keys for one in public]
    for wrapped in wraps:
        sha256(context[:48] + wrapped).digest()
    for wrapped in wraps[:credentials]:
        sha256(context[:48] + wrapped).digest()
    epoch = AESGCM(os.urandom(32))
    for length in lengths:
        data, salt, nonce = bytes(length - 28), os.urandom(32), os.urandom(12)
        hmac.digest(salt, data, "sha256")
        sha256(os.urandom(65) + sha256(epoch.encrypt(nonce, data, context[:77])).digest()).digest()
    Ed25519PrivateKey.generate().sign(manifest)
