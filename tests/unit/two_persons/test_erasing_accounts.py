"""An account that was handed back is forgotten with its secrets: by two persons, when it is time, everywhere, and without the ledger losing an event."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from govern.errors import IntegrityError, NotFound, Refused
from govern.holdings.proposals import Act
from govern.offboarding.kinds import CaseKind
from govern.procedures import erase_accounts, people, proposals, retire
from govern.procedures.ledger import prove
from govern.procedures.refill import refill
from govern.procedures.restore import restore
from govern.register import connection
from govern.register.frames import VERSION, WRAP, frames, sealed_of
from govern.register.queries import versions
from govern.register.queries.credentials import of_account
from govern.register.queries.proposals import Proposal
from govern.register.reread import reread

from ..departing.conftest import copied
from .conftest import Firm
from .test_erasing import traces

LOGIN, TITLE, WALL = "kestrelworks.shop", "Kestrel Works Shop", "Kestrel wall sheet"
TEXTS = (LOGIN, TITLE, WALL, "kestrel asked for a look")


def _agency(folder: Path) -> Firm:
    """Two accounts: `shop` of a client, which went back three years ago, and `blog`, which is ours. ben, an admin, and mia have machines."""
    firm = Firm(folder)
    firm.enrol("ben", "admin")
    firm.account("shop", "mia", "ben", client="Kestrel")
    firm.fact("account.edited", {"account": firm.ids["shop"], "sets": ["login", "title"]}, {"login": LOGIN, "title": TITLE})
    firm.account("blog", "mia", "ben")
    for handle in ("shop", "blog"):
        firm.ids[f"{handle}-password"] = firm.secret(handle)
    firm.rotate(firm.ids["shop-password"])
    place = firm.do(lambda tx: tx.new_id())
    firm.fact("place.added", {"place": place, "kind": "paper"}, {"name": WALL})
    firm.fact("place.holds", {"place": place, "accounts": [firm.ids["shop"]]})
    firm.fact("secret.revealed", {"credential": firm.ids["shop-password"], "version": 2, "purpose": "reveal"}, {"reason": TEXTS[3]})
    return firm


def _returned(folder: Path) -> Firm:
    firm = _agency(folder)
    firm.do(retire.retire, "shop", returned=True)
    firm.later(days=1095)
    firm.db("ben")
    return firm


agency = copied(_agency)
returned = copied(_returned)


def forget(firm: Firm, selector: str = "shop", *, reason: str = "", by: str = "mia") -> Proposal:
    found: Proposal = firm.do(erase_accounts.propose, selector, reason, by=by)
    return found


def manifests(firm: Firm, handle: str) -> list[bytes]:
    query = "SELECT v.manifest FROM versions v JOIN credentials c ON c.id = v.credential WHERE c.account = ? AND v.manifest IS NOT NULL"
    return [bytes.fromhex(row[0]) for row in firm.db().execute(query, (firm.ids[handle],))]


def in_store(firm: Firm, target: bytes) -> int:
    with sqlite3.connect(firm.folder / "vault.db") as db:
        return int(
            db.execute("SELECT (SELECT count(*) FROM version WHERE digest = ?1) + (SELECT count(*) FROM wrap WHERE target = ?1)", (target,)).fetchone()[0]
        )  # fmt: skip


def in_journals(firm: Firm, targets: list[bytes]) -> int:
    found = 0
    for path in firm.folder.glob("*/journal"):
        with path.open("rb") as file:
            found += sum(kind in (VERSION, WRAP) and sealed_of(kind, payload) in targets for kind, payload, _ in frames(file, 0))
    return found


def everything(firm: Firm) -> list[str]:
    return [found for text in TEXTS for found in traces(firm.folder, text)]


def test_control_before_it_the_texts_are_on_the_machines_and_recovery_can_open_the_secrets(returned: Firm) -> None:
    assert any("register.db" in one for one in everything(returned))
    targets = manifests(returned, "shop")
    assert len(targets) == 2
    assert all(in_store(returned, target) == 2 for target in targets), "the version, and the wrap to recovery"
    assert in_journals(returned, targets) > 4, "the wraps that were ended lie in the journal of whoever wrote them"


def test_afterwards_no_text_no_version_and_no_wrap_is_left_on_any_machine(returned: Firm) -> None:
    targets, kept = manifests(returned, "shop"), manifests(returned, "blog")
    returned.approve(forget(returned, reason="kestrel asked for a look"), "ben")
    returned.db("mia")
    assert everything(returned) == []
    assert [in_store(returned, target) for target in targets] == [0, 0]
    assert in_journals(returned, targets) == 0
    assert all(in_store(returned, target) for target in kept)
    assert in_journals(returned, kept) > 0
    store = b"".join(path.read_bytes() for path in returned.folder.glob("vault.db*"))
    assert not any(target in store for target in targets)
    assert manifests(returned, "shop") == []
    assert [one.kept_in for one in of_account(returned.db(), returned.ids["shop"])] == ["nowhere (erased)"]
    assert [one.kept_in for one in of_account(returned.db(), returned.ids["blog"])] == [""], "the control"
    with pytest.raises(NotFound, match="was erased"):
        versions.the(returned.db(), returned.ids["shop"], "shop", "password")


def test_the_whole_ledger_still_verifies_everywhere_and_for_a_newcomer(returned: Firm) -> None:
    proof = prove(returned.members["mia"], 8)
    returned.approve(forget(returned), "ben")
    for member in ("mia", "ben"):
        assert reread(returned.members[member], deep=True).size == returned.size()
    assert prove(returned.members["mia"], 8) == proof, "a proof given out earlier is still what it was"
    returned.enrol("cleo")
    assert list(connection.dump(returned.db("cleo"))) == list(connection.dump(returned.db("mia")))
    assert reread(returned.members["cleo"], deep=True).size == returned.size()


@pytest.mark.parametrize("lies", [False, True], ids=["the control", "a lie"])
def test_a_lie_about_an_erased_wrap_is_a_finding_and_stops_nobody(returned: Firm, monkeypatch: pytest.MonkeyPatch, lies: bool) -> None:
    if lies:
        monkeypatch.setattr(erase_accounts, "wrap_digest", lambda *_: b"\0" * 32)
    returned.approve(forget(returned), "ben")
    for member in ("mia", "ben"):
        read = reread(returned.members[member], deep=True)
        assert (read.size, {one["code"] for one in read.findings}) == (returned.size(), {"wrap-digest"} if lies else set())


@pytest.mark.parametrize("gone", [("register.db",), ("register.db", "journal", "journal.personal"), ("register.db", "pin")], ids=" ".join)
def test_the_register_is_equal_after_a_rebuild(returned: Firm, gone: tuple[str, ...]) -> None:
    returned.approve(forget(returned), "ben")
    before = list(connection.dump(returned.db()))
    returned.members["mia"].close()
    for name in gone:
        for path in returned.folder.joinpath("mia").glob(f"{name}*" if name == "register.db" else name):
            path.unlink()
    assert list(connection.dump(returned.db())) == before
    assert everything(returned) == []


def test_who_could_know_what_stays(returned: Firm) -> None:
    exposures = returned.db().execute("SELECT * FROM exposures ORDER BY 1, 2, 3, 4").fetchall()
    returned.approve(forget(returned), "ben")
    assert returned.db().execute("SELECT * FROM exposures ORDER BY 1, 2, 3, 4").fetchall() == exposures
    returned.person("dora")
    returned.fact("grant.issued", {"grant": "0" * 32, "account": returned.ids["blog"], "person": returned.ids["dora"]})


def test_the_other_accounts_go_on_and_nothing_is_erased_twice(returned: Firm) -> None:
    returned.approve(forget(returned), "ben")
    returned.rotate(returned.ids["blog-password"])
    with pytest.raises(NotFound):
        forget(returned)
    returned.refuses(
        "erased", lambda: returned.fact("account.edited", {"account": returned.ids["shop"], "sets": ["login"]}, {"login": LOGIN})
    )
    assert reread(returned.members["ben"], deep=True)


# --- when it may be ---------------------------------------------------------------------------------------------------------------------


def test_what_was_not_handed_back_is_never_erased(agency: Firm) -> None:
    """Its secrets work, or somebody may still need them: no secret is lost."""
    agency.refuses("not-returned", lambda: forget(agency))
    agency.do(retire.retire, "shop")
    agency.later(days=5000)
    agency.refuses("not-returned", lambda: forget(agency))


def test_an_account_in_use_was_not_handed_back(agency: Firm) -> None:
    agency.refuses("returned-in-use", lambda: agency.fact("account.returned", {"account": agency.ids["shop"]}))


def test_nothing_is_erased_before_its_time(agency: Firm) -> None:
    agency.do(retire.retire, "shop", returned=True)
    agency.later(days=1094)
    refused = agency.refuses("retention", lambda: forget(agency))
    assert "policy" in refused.hint
    agency.later(days=1)
    forget(agency)


def test_the_retention_begins_with_the_ledgers_own_time(agency: Firm) -> None:
    """A statement that claims to be of three years ago hastens nothing."""
    agency.do(retire.retire, "shop")
    now, agency.moment = agency.moment, agency.moment.replace(year=2020)
    agency.fact("account.returned", {"account": agency.ids["shop"]})
    agency.moment = now
    agency.do(retire.retire, "shop", returned=True)
    agency.refuses("retention", lambda: forget(agency))


def test_nothing_is_erased_that_somebody_here_can_open(agency: Firm) -> None:
    agency.do(retire.retire, "shop")
    agency.fact("account.returned", {"account": agency.ids["shop"]})
    agency.later(days=1095)
    agency.refuses("erasure-early", lambda: forget(agency))
    agency.do(retire.retire, "shop", returned=True)
    forget(agency)


def test_nothing_is_erased_while_its_case_is_open(agency: Firm) -> None:
    agency.ids["carla"] = agency.do(people.add, people.NewPerson(name="Carla", handle="carla", agency="Kestrel")).id
    case = agency.offboard("carla", kind=CaseKind.CLIENT_ENDED)
    for entry in agency.items(case):
        if entry.item.kind in ("hand-back", "taken-over"):
            agency.end(case, entry.number)
    agency.do(retire.retire, "shop", returned=True)
    agency.later(days=1095)
    agency.refuses("open-case", lambda: forget(agency))
    entry = next(entry for entry in agency.items(case) if entry.item.kind == "retire-account")
    agency.end(case, entry.number)
    agency.close_case(case, by="ben")
    agency.approve(forget(agency), "ben")
    assert reread(agency.members["ben"], deep=True)


def test_one_person_erases_nothing(returned: Firm) -> None:
    proposal = forget(returned)
    returned.refuses("two-persons", lambda: returned.approve(proposal, "mia"))
    assert len(manifests(returned, "shop")) == 2


def test_what_was_sealed_after_the_list_makes_it_stale(returned: Firm) -> None:
    proposal = forget(returned)
    returned.secret("shop", "totp", "JBSWY3DPEHPK3PXP")
    refused = returned.refuses("erasure-early", lambda: returned.approve(proposal, "ben"))
    assert "--returned" in refused.hint
    returned.do(retire.retire, "shop", returned=True)
    returned.refuses("erasure-stale", lambda: returned.approve(proposal, "ben"))
    returned.do(proposals.withdraw, proposal)
    returned.approve(forget(returned), "ben")
    assert manifests(returned, "shop") == []


# --- attacks ----------------------------------------------------------------------------------------------------------------------------


def _propose(tx: object, firm: Firm, *, versions: list[list[object]], wraps: list[list[object]], entries: list[int]) -> Proposal:
    parameters = {"accounts": [firm.ids["shop"]], "entries": len(entries), "versions": len(versions), "wraps": len(wraps)}
    proposal = proposals.propose(tx, Act.ACCOUNTS, parameters)  # type: ignore[arg-type]
    tx.record("erasure.listed", {"proposal": proposal.id, "part": 1, "of": 1, "entries": entries})  # type: ignore[attr-defined]
    tx.record("erasure.sealed", {"proposal": proposal.id, "part": 1, "of": 1, "versions": versions, "wraps": wraps})  # type: ignore[attr-defined]
    return proposal


def test_an_erasure_takes_no_secret_and_no_text_of_another_account(returned: Firm) -> None:
    """Vandalism by two: they name what works."""
    shop, blog = returned.ids["shop-password"], returned.ids["blog-password"]
    other = returned.db().execute("SELECT entry FROM accounts WHERE handle = 'blog'").fetchone()[0]
    own = returned.db().execute("SELECT entry FROM accounts WHERE handle = 'shop'").fetchone()[0]
    key = returned.db().execute("SELECT key FROM wraps WHERE credential = ? AND ended IS NULL", (blog,)).fetchone()[0]

    def named(**more: list[object]) -> object:
        told = {"versions": [[shop, 1]], "wraps": [], "entries": [own]} | more
        return lambda: returned.do(_propose, returned, **told)

    for more in ({"versions": [[blog, 1]]}, {"wraps": [[blog, 1, key, "0" * 64]]}, {"entries": [own, other]}):
        returned.refuses("erasure-beyond", named(**more))
    returned.refuses("erasure-list", named(entries=[99_999]))
    named()()  # type: ignore[operator]


def test_a_list_that_leaves_something_out_erases_nothing(returned: Firm) -> None:
    shop = returned.ids["shop-password"]
    proposal = returned.do(_propose, returned, versions=[[shop, 1]], wraps=[], entries=[])
    returned.refuses("erasure-stale", lambda: returned.approve(proposal, "ben"))


def test_nothing_is_added_to_the_list_once_somebody_may_have_looked_at_it(returned: Firm) -> None:
    shop = returned.ids["shop-password"]
    proposal = returned.propose(Act.ACCOUNTS, {"accounts": [returned.ids["shop"]], "entries": 0, "versions": 1, "wraps": 0})
    returned.person("cleo")
    body = {"proposal": proposal.id, "part": 1, "of": 1, "versions": [[shop, 1]], "wraps": []}
    returned.refuses("erasure-list", lambda: returned.fact("erasure.sealed", body))
    returned.refuses("erasure-list", lambda: returned.approve(proposal, "ben"))


@pytest.mark.parametrize(("table", "column"), [("version", "digest"), ("wrap", "target")])
def test_a_secret_dropped_beyond_what_is_named_is_an_integrity_error(returned: Firm, table: str, column: str) -> None:
    returned.approve(forget(returned), "ben")
    assert reread(returned.members["mia"], deep=True), "the control"
    (other,) = manifests(returned, "blog")
    with sqlite3.connect(returned.folder / "vault.db") as db:
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (other,))
    with pytest.raises(IntegrityError, match="missing"):
        reread(returned.members["mia"], deep=True)


@pytest.mark.parametrize(("table", "column"), [("version", "digest"), ("wrap", "target")])
def test_a_secret_dropped_before_the_second_has_approved_is_an_integrity_error(returned: Firm, table: str, column: str) -> None:
    proposal, target = forget(returned), manifests(returned, "shop")[0]
    with sqlite3.connect(returned.folder / "vault.db") as db:
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (target,))
    with pytest.raises(IntegrityError, match="missing"):
        reread(returned.members["mia"], deep=True)
    returned.approve(proposal, "ben")
    assert reread(returned.members["mia"], deep=True), "the control: now an erasure says so"


def test_what_comes_back_with_a_backup_is_erased_again(returned: Firm) -> None:
    mia, targets = returned.members["mia"], manifests(returned, "shop")
    with sqlite3.connect(returned.folder / "vault.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = returned.folder / "backup.db"
    backup.write_bytes((returned.folder / "vault.db").read_bytes())
    try:
        returned.approve(forget(returned), "ben")
        returned.db("mia")
        for member in returned.members.values():
            member.close()
        restore(lambda: mia, returned.folder / "vault.db", returned.folder / "mia", backup)
    finally:
        backup.unlink()
    assert [in_store(returned, target) for target in targets] == [0, 0]
    assert all(reread(returned.members[one], deep=True) for one in ("mia", "ben"))


def test_what_is_put_back_into_the_database_is_dropped_again_and_stops_nobody(returned: Firm) -> None:
    target = manifests(returned, "shop")[0]
    with sqlite3.connect(returned.folder / "vault.db") as db:
        version = db.execute("SELECT * FROM version WHERE digest = ?", (target,)).fetchone()
        wraps = db.execute("SELECT * FROM wrap WHERE target = ?", (target,)).fetchall()
    returned.approve(forget(returned), "ben")
    returned.db("mia")
    with sqlite3.connect(returned.folder / "vault.db") as db:
        db.execute("INSERT INTO version VALUES (?, ?, ?)", version)
        db.executemany("INSERT INTO wrap VALUES (?, ?, ?)", wraps)
    assert reread(returned.members["mia"], deep=True)
    assert returned.members["mia"].erase_again() == 1
    assert in_store(returned, target) == 0
    assert refill(returned.members["mia"]).versions == 0
    assert in_store(returned, target) == 0


def test_an_interrupted_wipe_is_finished_by_the_next_command(returned: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.register import journal, wipe

    targets, proposal = manifests(returned, "shop"), forget(returned)

    def stopped(*_: object) -> int:
        raise RuntimeError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_without", stopped)
        with pytest.raises(RuntimeError):
            returned.approve(proposal, "ben")
    for member in returned.members.values():
        member.close()
    assert in_journals(returned, targets)
    assert wipe.is_due(returned.members["ben"].db)
    returned.db("ben")
    returned.db("mia")
    assert in_journals(returned, targets) == 0
    assert everything(returned) == []


def test_who_holds_nothing_of_it_is_refused_by_the_rule_of_proposals(returned: Firm) -> None:
    returned.enrol("cleo")
    with pytest.raises(Refused):
        forget(returned, by="cleo")
