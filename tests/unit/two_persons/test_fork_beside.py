"""What a fork carries of roles, tools, devices and recovery channels: they exist outside, whatever became of the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from govern.procedures import apps, channels, devices, entitlements
from govern.procedures.apps import Connection
from govern.procedures.devices import Given
from govern.procedures.entitlements import Role
from govern.register.queries import inventory

from ..departing.conftest import copied
from .test_fork import Forked, ended


class Tied(Forked):
    phone = ""


@copied
def tied(folder: Path) -> Tied:
    """Before yesterday's copy: an editor, a tool and a phone. Since then these have ended, and others of each kind were recorded."""
    firm = Tied(folder)
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    firm.account("shop", "mia", "cleo")
    firm.shop_secret, firm.phone = firm.secret("shop"), firm.secret("shop", "recovery-phone")
    firm.do(entitlements.add, "shop", "cleo", Role(name="editor", login="cleo.private"))
    firm.do(entitlements.add, "shop", "mia", Role(name="analyst"))
    firm.do(apps.add, "shop", Connection(tool="buffer", by="cleo"))
    firm.do(devices.add, "cleo", Given(kind="phone", name="Phone 1"))
    firm.keep()
    firm.do(entitlements.end, "shop", "cleo", on=firm.now[:10])
    firm.do(entitlements.end, "shop", "mia", by="ben")
    firm.do(apps.end, "shop", "buffer")
    firm.do(devices.sign_in, "phone 1", ["shop"])
    firm.do(devices.end, "phone 1", "lost")
    firm.do(entitlements.add, "shop", "cleo", Role(name="owner", login="cleo.private", since="2024-06-30"))
    firm.do(apps.add, "shop", Connection(tool="hootsuite", by="cleo", scopes=("publish",)))
    firm.do(devices.add, "ben", Given(kind="laptop", name="Laptop 2", signed_in=("shop",)))
    firm.do(channels.reaches, "shop", "recovery-phone", "personal", "cleo")
    firm.db("ben")
    firm.db("mia")
    return firm


def told(firm: Tied, by: str = "mia") -> dict[str, set[tuple[object, ...]]]:
    db = firm.db(by)
    return {
        "roles": {(one.id, one.person, one.role, one.admin, one.login, one.since, bool(one.ended_at), one.ended_on)
                  for one in inventory.entitlements(db, ended=True)},
        "tools": {(one.id, one.person, one.tool, one.scopes, bool(one.ended_at)) for one in inventory.apps(db, ended=True)},
        "devices": {(one.id, one.person, one.kind, one.name, one.state, one.accounts) for one in inventory.devices(db, ended=True)},
        "channels": {(one.credential, one.version, one.reach, one.person) for one in inventory.channels(db)},
    }  # fmt: skip


def test_all_of_it_is_there_again_and_what_had_ended_has_ended(tied: Tied) -> None:
    before = told(tied)
    made = ended(tied)
    tied.accept("ben", approve=made.proposal.id)
    after = told(tied)
    own = {row for row in before["roles"] if row[1] == tied.ids["mia"]}
    assert after["roles"] - before["roles"] == {(*row[:6], False, "") for row in own}, "mia, who restores, tells no end of her own"
    assert before["roles"] - after["roles"] == own
    assert {what: rows for what, rows in after.items() if what != "roles"} == {
        what: rows for what, rows in before.items() if what != "roles"
    }
    assert told(tied, "ben") == after


def test_control_yesterdays_database_knows_none_of_it(tied: Tied) -> None:
    with closing(sqlite3.connect(tied.folder / "yesterday.db")) as yesterday:
        size_then = yesterday.execute("SELECT count(*) FROM entry").fetchone()[0]
    db = tied.db()
    for table in ("entitlements", "apps", "devices"):
        (last, last_end) = db.execute(f"SELECT max(entry), min(ended_entry) FROM {table}").fetchone()
        assert last >= size_then
        assert last_end >= size_then
    assert db.execute("SELECT min(entry) FROM channels").fetchone()[0] >= size_then
