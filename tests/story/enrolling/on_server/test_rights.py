"""Two people and one vault on a PostgreSQL server, each under a login of their own that has the documented rights and no more."""

from __future__ import annotations

from shlex import quote
from typing import Any

from ..members import SECRET, Member, enrolled
from .remote import Remote

LEA = "Lea Maybrook"


def sheets(mia: Member) -> list[str]:
    return [word for n in (1, 2) for word in ("--sheet", str(mia.home / "recovery" / f"recovery-sheet-{n}-of-3.txt"))]


def parts(admin: Any) -> set[int]:
    return {row[0] for row in admin.execute("SELECT idx FROM govern.entry WHERE personal IS NOT NULL")}


def test_a_member_is_invited_joins_is_approved_and_works(mia: Remote, admin: Any) -> None:
    ben = mia.other("ben")
    line = mia.json("person", "invite", "ben")["invite"]
    assert ben.run("status").code == 5
    words = ben.json("join", "-", stdin=line)["words"]
    assert admin.execute("SELECT kind FROM govern.mailbox").fetchall() == [("request",)]
    assert ben.run("join").code == 5
    mia.ok("person", "approve", "ben", "--fingerprint", words)
    assert admin.execute("SELECT kind FROM govern.mailbox").fetchall() == []
    assert ben.spawn("join").code == 0
    told = ben.spawn("reveal", "shop", "--stdout", "--reason", "work")
    assert (told.code, told.out) == (0, f"{SECRET}-shop"), told

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


RIGHTS = """
SELECT c.relname, pg_get_userbyid(c.relowner), ARRAY(SELECT unnest(c.relacl)::text ORDER BY 1),
  (SELECT array_agg(f.attname || f.attacl::text ORDER BY f.attnum) FROM pg_attribute f WHERE f.attrelid = c.oid AND f.attacl IS NOT NULL),
  pg_get_userbyid(n.nspowner), n.nspacl::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'govern' AND c.relkind = 'r' ORDER BY 1
"""
ODD = 'o"d %s'


def test_a_backup_is_put_in_place_by_whom_the_administrator_lets_and_everybody_keeps_their_rights(mia: Remote, admin: Any) -> None:
    ben, copy = enrolled(mia, "ben"), str(mia.folder / "copy.db")
    mia.ok("vault", "backup", "--out", copy)
    mia.ok("person", "add", "Cy Lund", "--handle", "cy")
    admin.execute(f"""CREATE ROLE "{ODD.replace('"', '""')}" """)
    try:
        admin.execute(f"""GRANT SELECT ON govern.entry TO "{ODD.replace('"', '""')}" """)
        before, size = admin.execute(RIGHTS).fetchall(), mia.json("ledger", "verify")["size"]
        assert mia.refused("vault", "restore", copy, code=1)["code"] == "privilege", "control"
        assert admin.execute(RIGHTS).fetchall() == before
        mia.may_replace()
        told = mia.json("vault", "restore", copy)
        assert "before_restore_1" in told["aside"]
        assert admin.execute(RIGHTS).fetchall() == before
    finally:
        admin.execute(f"""DROP OWNED BY "{ODD.replace('"', '""')}"; DROP ROLE "{ODD.replace('"', '""')}" """)
    ben.ok("person", "list")
    assert ben.json("ledger", "verify")["size"] == size
    ben.ok("reveal", "shop", "--stdout", "--reason", "work")
    assert mia.run("ledger", "verify", "--deep").code == 0


def test_a_vault_is_moved_to_a_file_and_back_under_a_members_login_and_both_go_on(mia: Remote, admin: Any) -> None:
    ben, server, file = enrolled(mia, "ben"), mia.vault, str(mia.folder / "vault.db")
    logins = {member: member.vault for member in (mia, ben)}
    size = mia.json("ledger", "verify")["size"]
    assert mia.json("vault", "move", server, file)["size"] == size
    for member in (mia, ben):
        member.vault = file
    ben.ok("reveal", "shop", "--stdout", "--reason", "work")
    assert mia.refused("vault", "move", file, server, code=1)["code"] == "exists"
    admin.execute("TRUNCATE govern.entry, govern.checkpoint, govern.version, govern.wrap, govern.mailbox")
    told = mia.spawn("vault", "move", file, server)
    assert told.code == 0, told
    assert f"export GOVERN_VAULT={quote(server)}" in told.err
    for member, login in logins.items():
        member.vault = login
        assert member.ok("reveal", "shop", "--stdout", "--reason", "work").out == f"{SECRET}-shop"
        assert member.json("ledger", "verify", "--deep")["findings"] == []
    assert ben.json("ledger", "verify")["size"] == size + 3
