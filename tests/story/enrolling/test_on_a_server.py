"""Two people and one vault on a PostgreSQL server, each under a login of their own that has the documented rights and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...postgres import Cluster, prepared
from .test_two_keyholders import SECRET, Member, enrolled

LEA = "Lea Maybrook"


class Remote(Member):
    """A machine that reaches the vault under its member's login."""

    cluster: Cluster
    database: str

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self.vault = self.cluster.address(self.database, name.partition("-")[0])

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(**more) | {"GOVERN_VAULT": self.vault}


@pytest.fixture
def admin(cluster: Cluster, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The server's administrator, who has prepared a database."""
    name = postgres.rpartition("/")[2].partition("?")[0]
    monkeypatch.setattr(f"{enrolled.__module__}.Member", Remote)
    Remote.cluster, Remote.database = cluster, name
    with prepared(cluster, name), cluster.connect(name) as connection:
        yield connection


@pytest.fixture
def mia(admin: Any, tmp_path: Path) -> Remote:
    mia = Remote(tmp_path, "mia")
    mia.init(preset="small")
    mia.ok("person", "add", "Ben Bos <ben@acme.example>", "--handle", "ben")
    mia.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    mia.ok("credential", "add", "shop", "--kind", "password", stdin=SECRET)
    mia.ok("grant", "shop", "ben", "--reason", "work")
    return mia


def sheets(mia: Member) -> list[str]:
    return [word for n in (1, 2) for word in ("--sheet", str(mia.home / "recovery" / f"recovery-sheet-{n}-of-3.txt"))]


def parts(admin: Any) -> set[int]:
    return {row[0] for row in admin.execute("SELECT idx FROM govern.entry WHERE personal IS NOT NULL")}


def test_a_member_is_invited_joins_is_approved_and_works(mia: Remote, admin: Any) -> None:
    ben = Remote(mia.folder, "ben")
    line = mia.json("person", "invite", "ben")["invite"]
    assert ben.run("status").code == 5
    words = ben.json("join", "-", stdin=line)["words"]
    assert admin.execute("SELECT kind FROM govern.mailbox").fetchall() == [("request",)]
    assert ben.run("join").code == 5
    mia.ok("person", "approve", "ben", "--fingerprint", words)
    assert admin.execute("SELECT kind FROM govern.mailbox").fetchall() == []
    assert ben.spawn("join").code == 0
    told = ben.spawn("reveal", "shop", "--stdout", "--reason", "work")
    assert (told.code, told.out) == (0, SECRET), told

    mia.ok("person", "add", "Cy Lund", "--handle", "cy")
    assert ben.json("person", "list") == mia.json("person", "list")
    for member in (mia, ben):
        assert member.run("ledger", "verify", "--deep").code == 0
    assert not (mia.folder / "vault.db").exists()

    told = mia.json("key", "revoke", "--person", "ben", "--cause", "lost")
    assert (len(told["keys"]), told["wraps"]) == (1, 1)
    assert ben.refused("reveal", "shop", "--stdout", "--reason", "work", code=5)["code"] == "revoked"
    assert mia.run("ledger", "verify", "--deep").code == 0


def test_somebody_is_forgotten_on_every_machine_whatever_its_login_may_do(mia: Remote, admin: Any) -> None:
    ben = enrolled(mia, "ben")
    mia.ok("person", "add", f"{LEA} <lea@acme.example>", "--handle", "lea.maybrook", "--left", "2019-05-31")
    assert LEA in ben.ok("person", "list").out
    before = parts(admin)
    (proposal,) = mia.json("person", "erase", "lea.maybrook")["proposals"]
    mia.ok("proposal", "approve", proposal["id"], *sheets(mia))
    gone = before - parts(admin)
    assert gone
    assert LEA not in ben.ok("person", "list").out
    for member in (mia, ben):
        held = b"".join(path.read_bytes() for path in member.home.rglob("*") if path.is_file())
        assert LEA.encode() not in held
        assert b"Ben Bos" in held, "the control: it would be found"
        assert member.run("ledger", "verify", "--deep").code == 0

    admin.execute("UPDATE govern.entry SET personal = 'put back' WHERE idx = %s", (min(gone),))
    found = {each["code"] for each in ben.run("doctor", "--json").json()["findings"]}
    assert "erased-back" in found, "ben's login may not drop it, and he is told"
    found = {each["code"] for each in mia.run("doctor", "--json").json()["findings"]}
    assert "erased-again" in found
    assert gone.isdisjoint(parts(admin))


def test_an_approval_under_a_login_that_may_not_erase_is_refused_and_changes_nothing(mia: Remote, admin: Any) -> None:
    ben = enrolled(mia, "ben")
    (proposal,) = mia.json("person", "role", "ben", "admin")["proposals"]
    mia.ok("proposal", "approve", proposal["id"], *sheets(mia))
    mia.ok("person", "add", LEA, "--handle", "lea.maybrook", "--left", "2019-05-31")
    (proposal,) = mia.json("person", "erase", "lea.maybrook")["proposals"]
    before, size = parts(admin), mia.json("ledger", "verify")["size"]
    error = ben.refused("proposal", "approve", proposal["id"], code=1)
    assert error["code"] == "privilege"
    assert "docs/security/postgresql.md" in error["hint"]
    assert (parts(admin), mia.json("ledger", "verify")["size"]) == (before, size)
    ben.ok("person", "add", "Dora Lund", "--handle", "dora")
    admin.execute("GRANT govern_admin TO ben")
    ben.ok("proposal", "approve", proposal["id"])
    assert parts(admin) < before | {size, size + 1, size + 2}
    for member in (mia, ben):
        assert LEA not in member.ok("person", "list").out
        assert member.run("ledger", "verify", "--deep").code == 0
