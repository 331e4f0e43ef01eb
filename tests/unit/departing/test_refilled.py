"""Yesterday's database back in place, with rotations of two members in between: what each has written comes from their own journal."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from govern.errors import GovernError, IntegrityError, Refused
from govern.procedures.refill import Refilled, refill
from govern.procedures.sealed_to import seal_to
from govern.procedures.sealing import open_fields, stored
from govern.register import reread

SUFFIXES = ("", "-wal", "-shm")


def keep(company: Any, name: str = "yesterday.db") -> Path:
    """A copy of the database as it is now."""
    company.close()
    for suffix in SUFFIXES:
        (company.folder / f"{name}{suffix}").unlink(missing_ok=True)
    with closing(sqlite3.connect(company.folder / "vault.db")) as db, closing(sqlite3.connect(company.folder / name)) as copy:
        db.backup(copy)
    return Path(company.folder / name)


def put_back(company: Any, copy: Path) -> None:
    company.close()
    for suffix in SUFFIXES:
        (company.folder / f"vault.db{suffix}").unlink(missing_ok=True)
    shutil.copyfile(copy, company.folder / "vault.db")


def opens(company: Any, credential: str, n: int, *, by: str) -> str:
    """The secret of a version, as this member's key opens it."""
    fields = company.do(lambda tx: open_fields(tx, stored(tx.register, credential, n)), by=by)
    return str(fields["secret"])


def deep(company: Any, by: str = "mia") -> None:
    reread.reread(company.members[by], deep=True)


def fill(company: Any, by: str) -> Refilled:
    return refill(company.members[by])


@pytest.fixture
def two(company: Any) -> Any:
    """Both hold shop and blog. Since the copy, mia has changed the one and ben the other."""
    company.enrol("ben", "admin")
    company.account("shop", "mia", "ben")
    company.account("blog", "mia", "ben")
    shop, blog = company.secret("shop"), company.secret("blog")
    company.credentials = (shop, blog)
    company.copy = keep(company)
    company.rotate(shop, "changed-by-mia")
    company.rotate(blog, "changed-by-ben", by="ben")
    company.db("mia")
    company.db("ben")
    return company


def test_control_yesterdays_database_is_refused(two: Any) -> None:
    put_back(two, two.copy)
    for who in ("mia", "ben"):
        with pytest.raises(IntegrityError) as refused:
            two.db(who)
        assert refused.value.code == "rolled-back"


@pytest.mark.parametrize("order", [("mia", "ben"), ("ben", "mia")])
def test_two_journals_put_back_everything(two: Any, order: tuple[str, str]) -> None:
    """After the first, the other's secret is still lacking, and is told so; after the second nothing is, and nothing was lost."""
    shop, blog = two.credentials
    put_back(two, two.copy)
    first = fill(two, order[0])
    assert first.entries > 0
    assert first.versions == 1
    assert {one.by for one in first.lacking} == {order[1]}
    assert {(one.what, one.account) for one in first.lacking} == {
        (what, "blog" if order[1] == "ben" else "shop") for what in ("version", "wrap")
    }
    with pytest.raises(GovernError):
        deep(two)
    second = fill(two, order[1])
    assert (second.entries, second.versions, second.lacking) == (0, 1, ())
    assert opens(two, shop, 2, by="ben") == "changed-by-mia"
    assert opens(two, blog, 2, by="mia") == "changed-by-ben"
    deep(two)


def test_it_is_safe_to_run_twice_and_on_a_whole_database(two: Any) -> None:
    for _ in range(2):
        done = fill(two, "mia")
        assert (done.entries, done.versions, done.wraps, done.dropped, done.lacking) == (0, 0, 0, 0, ())
    deep(two)


def test_epochs_that_two_members_began_come_back(two: Any) -> None:
    """The key of an epoch is a wrap as well: without it nobody could read what follows."""
    two.enrol("cleo")
    two.enrol("dora")
    copy = keep(two)
    for who, by in (("cleo", "mia"), ("dora", "ben")):
        two.offboard(who, by=by)
    two.db("mia")
    two.db("ben")
    put_back(two, copy)
    assert {one.what for one in fill(two, "mia").lacking} >= {"epoch"}
    fill(two, "ben")
    assert fill(two, "mia").lacking == ()
    deep(two)
    two.account("later", "mia")
    deep(two, "ben")


def test_a_wrap_that_was_ended_does_not_come_back(two: Any) -> None:
    """The copy still holds it. Control: it does, until the database is refilled."""
    shop, _ = two.credentials
    two.enrol("cleo")
    two.fact("grant.issued", {"grant": os.urandom(16).hex(), "account": two.ids["shop"], "person": two.ids["cleo"]})
    two.do(lambda tx: seal_to(tx, two.ids["cleo"]))
    copy = keep(two)
    two.offboard("cleo")
    put_back(two, copy)
    (target,) = two.members["mia"].db.execute("SELECT manifest FROM versions WHERE credential = ? AND n = 2", (shop,)).fetchone()
    key = two.members["mia"].db.execute("SELECT id FROM keys WHERE person = ?", (two.ids["cleo"],)).fetchone()[0]

    def there() -> bool:
        with two.members["mia"].store.reading() as reading:
            return reading.wrap(bytes.fromhex(target), bytes.fromhex(key)) is not None

    assert there()
    assert fill(two, "mia").dropped >= 1
    assert not there()
    deep(two)


def test_a_member_whose_register_is_gone_refills_all_the_same(two: Any) -> None:
    shop, _ = two.credentials
    put_back(two, two.copy)
    fill(two, "ben")
    for path in (two.folder / "mia").glob("register.db*"):
        path.unlink()
    assert fill(two, "mia").lacking == ()
    assert opens(two, shop, 2, by="mia") == "changed-by-mia"
    deep(two)


def test_another_history_is_not_filled_up(two: Any) -> None:
    """A copy that went on by itself is a fork: it is left as it is."""
    put_back(two, two.copy)
    home = two.folder / "mia"
    for name in ("pin", "journal", "journal.personal", "register.db", "register.db-wal", "register.db-shm"):
        (home / name).unlink(missing_ok=True)
    two.members["mia"].anew = True
    two.account("elsewhere", "mia")
    two.close()
    before = (two.folder / "vault.db").read_bytes()
    with pytest.raises(IntegrityError):
        fill(two, "ben")
    two.close()
    assert (two.folder / "vault.db").read_bytes() == before


def test_without_a_pin_nothing_is_filled(two: Any) -> None:
    two.close()
    (two.folder / "ben" / "pin").unlink()
    with pytest.raises(Refused) as refused:
        fill(two, "ben")
    assert refused.value.rule == "no-pin"
