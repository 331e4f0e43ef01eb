"""Sealed versions and wraps, changed, exchanged or planted: what they belong to is refused, and the deep verification names it.

The control stands in `test_control`: on the untouched copy everything opens.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from govern.errors import GovernError, IntegrityError
from govern.procedures.sealing import open_fields, stored
from govern.vault.keys import Keys
from govern.vault.seal import Context, seal_version, set_digest, wrap_digest, wrap_version

from .test_every_entry import flipped
from .vaults import PASSWORD, SECOND, SEED, Builder, Machine, found

OPENS = {"totp": (1, SEED), "password": (2, SECOND)}
STAGED = {("password", 1): 12, ("totp", 1): 21, ("password", 2): 25}
"""Which entry commits to which version."""


def manifest(machine: Machine, kind: str, n: int) -> bytes:
    query = "SELECT v.manifest FROM versions v JOIN credentials c ON c.id = v.credential WHERE c.kind = ? AND v.n = ?"
    return bytes.fromhex(machine.ask(query, kind, n)[0][0])


def opened(machine: Machine, kind: str, n: int) -> str:
    """The secret, as procedures open it."""
    with machine.opened() as workspace, workspace.transaction("2098-01-01T09:00:00Z") as tx:
        (credential,) = tx.register.execute("SELECT id FROM credentials WHERE kind = ?", (kind,)).fetchone()
        return str(open_fields(tx, stored(tx.register, credential, n))["secret"])


def refused(machine: Machine, kind: str, n: int) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        opened(machine, kind, n)
    assert not [secret for secret in (PASSWORD, SEED, SECOND) if secret in str(caught.value)]
    if OPENS[kind][0] == n:
        machine.refuses("reveal", "shop", "--kind", kind, "--stdout")
        if kind == "totp":
            machine.refuses("code", "shop")
        else:
            machine.refuses("handover", "shop", "cleo", "--kind", kind, "--stdout")
    return caught.value


@pytest.mark.parametrize(("kind", "n"), [("totp", 1), ("password", 1), ("password", 2)])
def test_control_every_version_opens(machine: Machine, kind: str, n: int) -> None:
    assert opened(machine, kind, n) == {("totp", 1): SEED, ("password", 1): PASSWORD, ("password", 2): SECOND}[kind, n]


# --- a bit of it, and nothing of it ------------------------------------------------------------------------------------------------------

BITS = [0, pytest.param(7, marks=pytest.mark.slow), pytest.param(31, marks=pytest.mark.slow)]


@pytest.mark.parametrize("bit", BITS)
@pytest.mark.parametrize("column", ["digest", "commitment", "sealed"])
@pytest.mark.parametrize("kind", OPENS)
def test_a_changed_version_stops_its_reveal_and_is_named(machine: Machine, kind: str, column: str, bit: int) -> None:
    n = OPENS[kind][0]
    digest = manifest(machine, kind, n)
    with machine.database() as db:
        (value,) = db.execute(f"SELECT {column} FROM version WHERE digest = ?", (digest,)).fetchone()
        db.execute(f"UPDATE version SET {column} = ? WHERE digest = ?", (flipped(value, bit), digest))
    refused(machine, kind, n)
    assert machine.named() == (None if column == "digest" else STAGED[kind, n])


@pytest.mark.parametrize("kind", OPENS)
def test_a_removed_version_stops_its_reveal_and_is_named(machine: Machine, kind: str) -> None:
    n = OPENS[kind][0]
    with machine.database() as db:
        db.execute("DELETE FROM version WHERE digest = ?", (manifest(machine, kind, n),))
    assert refused(machine, kind, n).code == "missing"
    assert machine.named() == STAGED[kind, n]


@pytest.mark.parametrize("bit", BITS)
@pytest.mark.parametrize("column", ["target", "recipient", "sealed"])
@pytest.mark.parametrize("kind", OPENS)
def test_a_changed_wrap_stops_its_reveal_and_is_named(machine: Machine, kind: str, column: str, bit: int) -> None:
    n = OPENS[kind][0]
    row = (manifest(machine, kind, n), machine.keys().id)
    with machine.database() as db:
        (value,) = db.execute(f"SELECT {column} FROM wrap WHERE target = ? AND recipient = ?", row).fetchone()
        db.execute(f"UPDATE wrap SET {column} = ? WHERE target = ? AND recipient = ?", (flipped(value, bit), *row))
    refused(machine, kind, n)
    assert machine.named() == STAGED[kind, n]


@pytest.mark.parametrize("whose", ["mia", "ben", "recovery"])
def test_a_removed_wrap_is_named_whoever_it_is_for(machine: Machine, whose: str) -> None:
    key = bytes.fromhex(
        machine.ask("SELECT k.id FROM keys k LEFT JOIN people p ON p.id = k.person WHERE coalesce(p.handle, 'recovery') = ?", whose)[0][0]
    )
    with machine.database() as db:
        db.execute("DELETE FROM wrap WHERE target = ? AND recipient = ?", (manifest(machine, "password", 2), key))
    if whose == "mia":
        assert refused(machine, "password", 2).code == "missing"
    else:
        assert opened(machine, "password", 2) == SECOND  # the control: it was not hers
    assert machine.named() == STAGED["password", 2]


# --- one in the place of another ---------------------------------------------------------------------------------------------------------


def exchange(db: sqlite3.Connection, table: str, columns: str, one: str, other: str, *values: bytes) -> None:
    """Exchange columns between two rows, each chosen by a condition."""
    first = db.execute(f"SELECT {columns} FROM {table} WHERE {one}", values[: one.count("?")]).fetchone()
    second = db.execute(f"SELECT {columns} FROM {table} WHERE {other}", values[one.count("?") :]).fetchone()
    assigned = ", ".join(f"{column.strip()} = ?" for column in columns.split(","))
    db.execute(f"UPDATE {table} SET {assigned} WHERE {one}", (*second, *values[: one.count("?")]))
    db.execute(f"UPDATE {table} SET {assigned} WHERE {other}", (*first, *values[one.count("?") :]))


@pytest.mark.parametrize("columns", ["sealed", "commitment", "sealed, commitment"])
@pytest.mark.parametrize("other", [("password", 1), ("totp", 1)], ids=["between versions", "between kinds"])
def test_exchanged_versions_open_under_neither_name(machine: Machine, other: tuple[str, int], columns: str) -> None:
    digests = manifest(machine, "password", 2), manifest(machine, *other)
    with machine.database() as db:
        exchange(db, "version", columns, "digest = ?", "digest = ?", *digests)
    assert refused(machine, "password", 2).code == "manifest"
    assert refused(machine, *other).code == "manifest"
    assert machine.named() in (STAGED["password", 2], STAGED[other])


def test_whole_versions_exchanged_with_their_digests_are_still_what_each_is(machine: Machine) -> None:
    """The control: rows are found by what they are, so that their order in the table means nothing."""
    digests = manifest(machine, "password", 2), manifest(machine, "totp", 1)
    with machine.database() as db:
        rows = [db.execute("SELECT * FROM version WHERE digest = ?", (digest,)).fetchone() for digest in digests]
        db.execute("DELETE FROM version WHERE digest IN (?, ?)", digests)
        db.executemany("INSERT INTO version VALUES (?, ?, ?)", reversed(rows))
    assert opened(machine, "password", 2) == SECOND
    assert machine.verify().code == 0


def test_a_version_of_another_account_opens_nowhere_else(machine: Machine) -> None:
    machine.ok("account", "add", "news", "--platform", "x", "--login", "acme")
    machine.ok("credential", "add", "news", "--kind", "password", stdin="quite-another-secret")
    query = "SELECT v.manifest, v.entry FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account WHERE a.handle = ?"
    other, entry = machine.ask(query, "news")[0]
    with machine.database() as db:
        columns = "sealed, commitment"
        exchange(db, "version", columns, "digest = ?", "digest = ?", manifest(machine, "password", 2), bytes.fromhex(other))
        exchange(
            db, "wrap", "sealed", "target = ? AND recipient = ?", "target = ? AND recipient = ?", manifest(machine, "password", 2),
            machine.keys().id, bytes.fromhex(other), machine.keys().id,
        )  # fmt: skip
    machine.refuses("reveal", "shop", "--stdout")
    told = machine.refuses("reveal", "news", "--stdout")
    assert "quite-another-secret" not in told.err
    assert machine.named() in (entry, STAGED["password", 2])


@pytest.mark.parametrize("what", ["sealed", "recipient"])
def test_exchanged_wraps_open_for_neither_recipient(machine: Machine, what: str) -> None:
    digest, mia, ben = manifest(machine, "password", 2), machine.keys().id, machine.of("ben").keys().id
    with machine.database() as db:
        if what == "sealed":
            exchange(db, "wrap", "sealed", "target = ? AND recipient = ?", "target = ? AND recipient = ?", digest, mia, digest, ben)
        else:
            for old, new in ((mia, b"-" * 16), (ben, mia), (b"-" * 16, ben)):
                db.execute("UPDATE wrap SET recipient = ? WHERE target = ? AND recipient = ?", (new, digest, old))
    for member in (machine, machine.of("ben")):
        assert refused(member, "password", 2).code == "sealed"
    assert machine.named() == STAGED["password", 2]


def test_exchanged_wraps_of_two_versions_open_neither(machine: Machine) -> None:
    mia, row = machine.keys().id, "target = ? AND recipient = ?"
    with machine.database() as db:
        exchange(db, "wrap", "sealed", row, row, manifest(machine, "password", 2), mia, manifest(machine, "totp", 1), mia)
    assert refused(machine, "password", 2).code == "sealed"
    assert refused(machine, "totp", 1).code == "sealed"
    assert machine.named() in (STAGED["password", 2], STAGED["totp", 1])


def test_rows_of_another_vault_open_nothing(machine: Machine, tmp_path: Path) -> None:
    """Both vaults hold the same account, kind and number; even the keys could be the same."""
    other = Builder(found(tmp_path / "other")).build()
    theirs, ours = manifest(other, "password", 2), manifest(machine, "password", 2)
    with other.database() as there, machine.database() as here:
        commitment, sealed = there.execute("SELECT commitment, sealed FROM version WHERE digest = ?", (theirs,)).fetchone()
        (wrap,) = there.execute("SELECT sealed FROM wrap WHERE target = ? AND recipient = ?", (theirs, other.keys().id)).fetchone()
        here.execute("UPDATE version SET commitment = ?, sealed = ? WHERE digest = ?", (commitment, sealed, ours))
        here.execute("UPDATE wrap SET sealed = ? WHERE target = ? AND recipient = ?", (wrap, ours, machine.keys().id))
    refused(machine, "password", 2)


@pytest.mark.parametrize("change", ["tag", "info", "key"])
def test_refusals_read_alike_whatever_failed(machine: Machine, change: str) -> None:
    """Nobody learns from the text which of wrap, binding and key to work on."""
    digest, mia = manifest(machine, "password", 2), machine.keys()
    others: dict[str, Callable[[bytes], bytes]] = {
        "tag": lambda wrap: flipped(wrap, 639 - 37),
        "info": lambda _: b"",
        "key": lambda _: b"",
    }
    with machine.database() as db:
        (wrap,) = db.execute("SELECT sealed FROM wrap WHERE target = ? AND recipient = ?", (digest, mia.id)).fetchone()
        if change == "info":
            (new,) = db.execute(
                "SELECT sealed FROM wrap WHERE target = ? AND recipient = ?", (manifest(machine, "totp", 1), mia.id)
            ).fetchone()
        elif change == "key":
            (new,) = db.execute(
                "SELECT sealed FROM wrap WHERE target = ? AND recipient = ?", (digest, machine.of("ben").keys().id)
            ).fetchone()
        else:
            new = others[change](wrap)
        db.execute("UPDATE wrap SET sealed = ? WHERE target = ? AND recipient = ?", (new, digest, mia.id))
    credential = machine.ask("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
    assert str(refused(machine, "password", 2)) == f"version 2 (password) of credential {credential} does not open"


# --- planted -----------------------------------------------------------------------------------------------------------------------------


def context(machine: Machine, *, suite: int = 1) -> Context:
    vault = machine.workspace().vault
    account, credential = machine.ask("SELECT account, id FROM credentials WHERE kind = 'password'")[0]
    return Context(vault, bytes.fromhex(account), bytes.fromhex(credential), "password", 2, suite)


def test_a_planted_version_is_never_shown_and_is_named(machine: Machine) -> None:
    """Whoever knows a public key can seal to it; nobody but the ledger makes a version genuine (HPKE wraps are anonymous)."""
    bound = context(machine)
    forged, key = seal_version(bound, {"secret": "typed-by-the-attacker"}, random=os.urandom)
    with machine.database() as db:
        db.execute("INSERT INTO version VALUES (?, ?, ?)", (forged.digest, forged.commitment, forged.sealed))
        db.execute(
            "INSERT INTO wrap VALUES (?, ?, ?)", (forged.digest, machine.keys().id, wrap_version(key, bound, machine.keys().recipient))
        )
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND
    told = machine.refuses("ledger", "verify", "--deep", "--json").json()["error"]
    assert told["code"] == "version"
    assert forged.digest.hex()[:32] in told["message"]


def test_a_forged_version_in_the_place_of_the_genuine_one_is_refused(machine: Machine) -> None:
    bound, digest = context(machine), manifest(machine, "password", 2)
    forged, key = seal_version(bound, {"secret": "typed-by-the-attacker"}, random=os.urandom)
    with machine.database() as db:
        db.execute("UPDATE version SET commitment = ?, sealed = ? WHERE digest = ?", (forged.commitment, forged.sealed, digest))
        wrapped = wrap_version(key, bound, machine.keys().recipient)
        db.execute("UPDATE wrap SET sealed = ? WHERE target = ? AND recipient = ?", (wrapped, digest, machine.keys().id))
    assert refused(machine, "password", 2).code == "manifest"


def test_another_data_key_in_a_wrap_is_refused(machine: Machine) -> None:
    """AES-GCM can be made to open under two keys; the commitment to the data key rules the second one out."""
    bound, digest = context(machine), manifest(machine, "password", 2)
    _, key = seal_version(bound, {"secret": "typed-by-the-attacker"}, random=os.urandom)
    with machine.database() as db:
        wrapped = wrap_version(key, bound, machine.keys().recipient)
        db.execute("UPDATE wrap SET sealed = ? WHERE target = ? AND recipient = ?", (wrapped, digest, machine.keys().id))
    assert refused(machine, "password", 2).code == "sealed"


def test_a_wrap_planted_for_an_attacker_is_named_and_never_used(machine: Machine) -> None:
    """Recipients come from the register alone: neither a new version nor a grant is ever sealed to a key that stands only in the store."""
    attacker = Keys.from_seed(os.urandom(32))
    with machine.database() as db:
        for target in (
            manifest(machine, "password", 2),
            *(row[0] for row in db.execute("SELECT DISTINCT target FROM wrap WHERE length(target) = 16")),
        ):
            db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (target, attacker.id, os.urandom(80)))
    told = machine.refuses("ledger", "verify", "--deep", "--json").json()["error"]
    assert (told["code"], attacker.id.hex() in told["message"]) == ("wrap", True)
    with machine.database() as db:
        before = db.execute("SELECT count(*) FROM wrap WHERE recipient = ?", (attacker.id,)).fetchone()
    machine.ok("credential", "add", "shop", "--kind", "api-token", stdin="yet-another-secret")
    machine.ok("person", "add", "Dora Lund")
    machine.ok("grant", "shop", "dora.lund")
    machine.ok("rotate", "shop")
    with machine.database() as db:
        assert db.execute("SELECT count(*) FROM wrap WHERE recipient = ?", (attacker.id,)).fetchone() == before


def test_a_version_of_an_unknown_suite_is_refused() -> None:
    with pytest.raises(IntegrityError) as caught:
        Context(b"v" * 32, b"a" * 16, b"c" * 16, "password", 1, suite=2).encode()
    assert caught.value.code == "suite"


def test_the_same_version_under_another_suite_is_another_version(machine: Machine) -> None:
    """The suite stands in the manifest: a stored version can't be said to be of another one."""
    digest = manifest(machine, "password", 2)
    with machine.opened() as workspace, workspace.store.reading() as reading:
        found_ = reading.version(digest)
        wrapped = reading.wrap(digest, machine.keys().id)
    assert found_ is not None
    assert wrapped is not None
    from govern.vault.seal import SealedVersion, open_sealed

    version = SealedVersion(digest, *found_)
    assert open_sealed(version, context(machine), machine.keys(), wrapped, expected=digest)["secret"] == SECOND
    for other in (0, 2, 255):
        with pytest.raises(GovernError):
            open_sealed(version, context(machine, suite=other), machine.keys(), wrapped, expected=digest)


def test_an_epoch_wrap_replaced_by_another_key_is_refused_before_anything_is_sealed_under_it(machine: Machine) -> None:
    from govern.vault.epoch import epoch_id, wrap_epoch

    planted = os.urandom(32)
    wrapped = wrap_epoch(planted, epoch_id(planted), machine.keys().recipient)
    with machine.database() as db:
        targets = [
            row[0] for row in db.execute("SELECT target FROM wrap WHERE length(target) = 16 AND recipient = ?", (machine.keys().id,))
        ]
        for target in targets:
            db.execute("UPDATE wrap SET sealed = ? WHERE target = ? AND recipient = ?", (wrapped, target, machine.keys().id))
    machine.refuses("person", "add", "Dora Lund")
    assert len(targets) == 2


@pytest.mark.parametrize("which", ["base", "case"])
def test_an_epoch_wrap_that_is_withheld_is_missed_and_not_passed_over(machine: Machine, which: str) -> None:
    """Without the key of `case` its entries would look like those of a compartment that is none of ours."""
    import json

    founding = json.loads(machine.ask("SELECT value FROM state WHERE key = 'founding'")[0][0])
    ben = machine.of("ben")
    with machine.database() as db:
        for member in (machine, ben):
            row = (bytes.fromhex(founding[f"{which}_epoch"]), member.keys().id)
            db.execute("DELETE FROM wrap WHERE target = ? AND recipient = ?", row)
    for member in (machine, ben):
        member.refuses("person", "add", "Dora Lund")
    assert ben.forget("register", "journal", "journal.personal").refuses("offboard", "list", "--json").json()["error"]["code"] == "epoch"


def test_sets_are_recomputed_from_what_stands(machine: Machine) -> None:
    """The control of the wrap checks: the digest of the rows is the one in the ledger."""
    digest = manifest(machine, "password", 2)
    with machine.database() as db:
        rows = db.execute("SELECT target, recipient, sealed FROM wrap WHERE target = ?", (digest,)).fetchall()
    wanted = machine.ask("SELECT digest FROM wrap_sets WHERE entry = ?", STAGED["password", 2])[0][0]
    assert set_digest([wrap_digest(*row) for row in rows]).hex() == wanted
