"""Who begins an epoch, or gives its key to somebody, commits to the wraps. A lie about them stops nobody for good: new epochs take the place of those
that it is about, and it stays as a finding that names who signed it. A store that alters a wrap of an epoch in use is refused as before.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from govern.canonical import canonical
from govern.ledger.commitment import EpochKey
from govern.vault.epoch import seal_previous, wrap_epoch
from govern.vault.keys import Recipient
from govern.vault.seal import set_digest, wrap_digest

from .insider import Insider
from .vaults import SECOND, Machine, enrol

_WRAP = wrap_epoch


class Liar:
    """ben, an admin, begins the next epoch of `base` by a program of his own: right in everything, unless he is told how to lie."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.insider = machine, Insider(machine.of("ben"))

    def start(self, *, digest: str = "", spoils: bytes = b"", drops: bytes = b"", chain: bytes = b"") -> int:
        """`digest`: said of the set; `spoils`, `drops`: the key whose wrap is rubbish, or is not put there; `chain`: in the place of the key before."""
        compartment, before = self.insider.base
        after = EpochKey(os.urandom(32))
        rows = self.machine.ask("SELECT id, seal FROM keys WHERE state IN ('active', 'recovery')")
        wraps = [(after.id, bytes.fromhex(key), wrap_epoch(after.key, after.id, Recipient(bytes.fromhex(key), seal))) for key, seal in rows]
        wraps = [(target, key, os.urandom(len(sealed)) if key == spoils else sealed) for target, key, sealed in wraps]
        chained = chain or seal_previous(before.key, after.key, after.id, random=os.urandom)
        with self.machine.database() as db:
            db.executemany(
                "INSERT INTO wrap VALUES (?, ?, ?)", [(*wrap,) for wrap in wraps if wrap[1] != drops] + [(after.id, before.id, chained)]
            )
        body: dict[str, Any] = {
            "compartment": compartment.hex(), "epoch": after.id.hex(), "number": 2, "recipients": sorted(key.hex() for _, key, _ in wraps),
            "wraps": digest or set_digest([wrap_digest(*wrap) for wrap in wraps]).hex(), "previous": before.id.hex(),
            "previous_wrap": wrap_digest(after.id, before.id, chained).hex(),
        }  # fmt: skip
        return self.insider.write(canonical(self.insider.event("epoch.started", body)), under=(compartment, after))

    def give(self, digest: str) -> int:
        """His own key again, in a set that says of itself what is not so."""
        epoch, key = self.insider.base[1].id, self.insider.keys.id
        return self.insider.write(self.insider.event("epoch.wrapped", {"wraps": [[epoch.hex(), key.hex()]], "digest": digest}))

    @property
    def key(self) -> str:
        return self.insider.keys.id.hex()


@pytest.fixture
def liar(machine: Machine) -> Liar:
    return Liar(machine)


def found(machine: Machine) -> list[tuple[int, str, str]]:
    told = machine.verify()
    assert told.code in (0, 7), told.err
    return [(one["index"], one["code"], one["signer"]) for one in told.json()["findings"]]


def lies(liar: Liar, lie: str) -> int:
    recovery = bytes.fromhex(liar.machine.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0])
    match lie:
        case "given":
            return liar.give("0" * 64)
        case "digest":
            return liar.start(digest="0" * 64)
        case "no wrap for recovery":
            return liar.start(drops=recovery)
    raise AssertionError(lie)


def test_control_an_epoch_that_is_what_it_says_leaves_nothing_to_find(machine: Machine, liar: Liar) -> None:
    liar.start()
    assert found(machine) == []
    machine.ok("key", "renew", "--all")
    assert found(machine) == []


@pytest.mark.parametrize("lie", ["given", "digest", "no wrap for recovery"])
def test_a_lie_about_the_wraps_of_an_epoch_is_followed_by_new_ones_and_stays_a_finding(machine: Machine, liar: Liar, lie: str) -> None:
    index = lies(liar, lie)
    machine.run("status")
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND, "nothing but the deep verification stops"
    error = machine.refuses("ledger", "verify", "--deep", "--json").json()["error"]
    assert (error["index"], error["code"]) == (index, "wrap")
    assert "govern key renew --all" in error["hint"]
    assert machine.json("key", "renew", "--all")["epochs"] == 2
    assert found(machine) == [(index, "wrap-digest", liar.key)]
    assert found(machine.of("ben")) == found(machine)
    machine.forget("register")
    assert found(machine) == [(index, "wrap-digest", liar.key)], "a register made again says the same"
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND


def test_whoever_was_shut_out_reads_on_after_it(machine: Machine, liar: Liar) -> None:
    """Dora's wrap is rubbish: she is told that somebody keeps a key from her, and how she gets it."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    person = str(machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0])
    dora = enrol(machine, "dora", person, reads=("base",))
    dora.ok("status")
    index = Liar(machine).start(spoils=dora.keys().id)
    assert "govern key renew --all" in dora.refuses("status", "--json").json()["error"]["hint"]
    machine.ok("key", "renew", "--all")
    dora.ok("status")
    assert machine.ok("person", "list", "--json").json()["people"] == dora.ok("person", "list", "--json").json()["people"]
    assert found(machine) == [], "her wrap is what was said of it, rubbish as it was"
    assert index < machine.ask("SELECT max(idx) FROM entries")[0][0]


def test_an_epoch_that_opens_for_nobody_else_is_undone_by_what_was_there_before(
    machine: Machine, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has gone past it, so that nothing is rolled back, and no second person needed; and then its maker signs no more."""
    before = machine.kept()
    monkeypatch.setitem(globals(), "wrap_epoch", lambda key, epoch, _: _WRAP(key, epoch, liar.insider.keys.recipient))
    liar.start()
    assert "docs/restore.md" in machine.refuses("status", "--json").json()["error"]["hint"]
    machine.put_back(before)
    machine.ok("status")
    machine.ok("key", "revoke", "--person", "ben", "--cause", "compromise")
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND
    assert found(machine) == []
    machine.of("ben").refuses("status", code=5)


def test_a_link_of_the_chain_that_does_not_open_is_made_anew(machine: Machine, liar: Liar) -> None:
    """Whoever joins after a lie about it would read nothing of the past."""
    index = liar.start(chain=os.urandom(60))
    machine.run("status")
    error = machine.refuses("ledger", "verify", "--deep", "--json").json()["error"]
    assert (error["index"], "govern key renew --all" in error["hint"]) == (index, True)
    machine.ok("key", "renew", "--all")
    assert found(machine) == []
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    emil = enrol(machine, "emil", str(machine.ask("SELECT id FROM people WHERE handle = 'emil'")[0][0]))
    assert emil.register() == machine.register()


def test_a_store_that_alters_or_drops_a_wrap_of_an_epoch_in_use_is_refused_as_before(machine: Machine, liar: Liar) -> None:
    lies(liar, "digest")
    machine.run("status")
    machine.ok("key", "renew", "--all")
    base = liar.insider.base[0].hex()
    epoch, entry = machine.ask("SELECT id, entry FROM epochs WHERE compartment = ? ORDER BY number DESC LIMIT 1", base)[0]
    ben, kept = machine.of("ben").keys().id, machine.kept()
    for change in ("UPDATE wrap SET sealed = zeroblob(80)", "DELETE FROM wrap"):
        with machine.database() as db:
            db.execute(f"{change} WHERE target = ? AND recipient = ?", (bytes.fromhex(epoch), ben))
        assert machine.named() == entry
        machine.put_back(kept)
    assert machine.verify().code == 7, "the control"
