"""History goes on from an earlier point only if two persons say so, who are two by the register of each member who follows."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from govern.errors import IntegrityError, Refused
from govern.procedures import following, proposals
from govern.procedures import fork as procedure
from govern.procedures.set_aside import MEMORY
from govern.register import reread
from govern.register.pin import read_pin
from govern.register.queries import backup_codes, copies, policies
from govern.register.workspace import Workspace

from ..departing.conftest import copied
from .conftest import Firm

SUFFIXES = ("", "-wal", "-shm")


class Forked(Firm):
    """mia and ben are admins, cleo holds the shop; `copy` is yesterday's database; since then cleo has left and the shop was changed."""

    shop_secret = blog_secret = feed_secret = codes = ""

    def make(self, who: str) -> procedure.Make:
        member = self.members[who]

        def opened(*, home: Path | None = None, noted: bytes = b"") -> Workspace:
            return Workspace(
                path=self.folder / "vault.db", home=home or self.folder / who, vault=self.vault, person=self.ids[who], checkpoint=noted,
                unlock=lambda: member.keys, anew=bool(noted),
            )  # fmt: skip

        return opened

    def keep(self) -> Path:
        self.close()
        # Closed at once: one that is collected later would remove the WAL of whatever database lies there by then.
        with closing(sqlite3.connect(self.folder / "vault.db")) as db, closing(sqlite3.connect(self.folder / "yesterday.db")) as copy:
            db.backup(copy)
        return self.folder / "yesterday.db"

    def yesterday(self) -> None:
        """What a hostile host does as well."""
        self.close()
        for suffix in SUFFIXES:
            (self.folder / f"vault.db{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.folder / "yesterday.db", self.folder / "vault.db")

    def lose_journals(self) -> None:
        self.close()
        for name in ("journal", "journal.personal"):
            for who in self.members:
                (self.folder / who / name).write_bytes(b"")

    def fork(self, by: str = "mia", **more: Any) -> procedure.Fork:
        self.later(minutes=1)
        self.close()
        return procedure.fork(self.make(by), self.folder / "vault.db", self.folder / by, self.folder / "yesterday.db", self.now, **more)

    def noted(self, who: str = "mia") -> bytes:
        pin = read_pin(self.folder / who / "pin")
        assert pin is not None
        return pin.note

    def accept(self, who: str, noted: bytes = b"", **more: Any) -> following.Accepted:
        self.later(minutes=1)
        self.close()
        return following.accept(self.make(who), self.folder / who, noted or self.noted(), self.now, **more)

    def state(self, who: str) -> tuple[bytes, list[str]]:
        return self.noted(who), sorted(path.name for path in (self.folder / who).iterdir() if not path.name.endswith(("-wal", "-shm")))


@copied
def firm(folder: Path) -> Forked:
    firm = Forked(folder)
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    firm.account("shop", "mia", "cleo")
    firm.shop_secret = firm.secret("shop")
    firm.keep()
    firm.person("dora")
    firm.offboard("cleo")
    firm.rotate(firm.shop_secret, "changed-since")
    firm.declare(firm.shop_secret, "dora")
    firm.db("ben")
    firm.db("mia")
    return firm


def ended(firm: Forked) -> procedure.Fork:
    firm.yesterday()
    firm.lose_journals()
    return firm.fork()


def test_control_yesterdays_database_is_refused_by_everybody(firm: Forked) -> None:
    firm.yesterday()
    for who in ("mia", "ben"):
        with pytest.raises(IntegrityError):
            firm.db(who)


def test_what_the_journals_can_mend_is_no_fork(firm: Forked) -> None:
    firm.yesterday()
    before = firm.state("mia")
    with pytest.raises(Refused) as refused:
        firm.fork()
    assert refused.value.rule == "mendable"
    assert firm.state("mia") == before


def test_two_admins_go_on_from_yesterday(firm: Forked) -> None:
    """Proposed by one; the other approves it from a machine that still stands at the old head, and both write again."""
    old = firm.noted("ben")
    made = ended(firm)
    assert (made.proposal.state, made.given_up > made.taken) == ("open", True)
    with pytest.raises(IntegrityError):
        firm.db("ben")
    accepted = firm.accept("ben", approve=made.proposal.id)
    assert (accepted.proposer, accepted.second) == (firm.ids["mia"], firm.ids["ben"])
    assert (accepted.memory / "pin").exists()
    pin = read_pin(accepted.memory / "pin")
    assert pin is not None
    assert pin.note == old, "the old head stays"
    firm.person("emil")
    assert firm.db("ben").execute("SELECT 1 FROM people WHERE handle = 'emil'").fetchone()
    for who in ("mia", "ben"):
        reread.reread(firm.members[who], deep=True)


def test_what_the_tail_took_is_taken_again(firm: Forked) -> None:
    """Control: by yesterday's database cleo holds the shop with an active key, and dora knows nothing."""
    cleo = firm.db().execute("SELECT id FROM keys WHERE person = ?", (firm.ids["cleo"],)).fetchone()[0]
    ended(firm)
    db = firm.db()
    assert db.execute("SELECT state FROM keys WHERE id = ?", (cleo,)).fetchone() == ("revoked",)
    assert db.execute("SELECT count(*) FROM grants WHERE person = ? AND ended_at IS NULL", (firm.ids["cleo"],)).fetchone() == (0,)
    assert db.execute("SELECT leaving FROM people WHERE id = ?", (firm.ids["cleo"],)).fetchone() == (1,)
    assert ("password", 1) in firm.knows("dora")
    assert ("password", 1) in firm.knows("cleo")
    assert firm.open(firm.shop_secret).trigger == "manual", "the secret that is left may work no more"
    assert db.execute("SELECT count(*) FROM findings").fetchone() == (0,)


@copied
def grown(folder: Path) -> Forked:
    """Since yesterday: an account with a secret of its own, one kept in a place of its own, one retired; the shop changed hands; dora's case."""
    firm = Forked(folder)
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    firm.person("dora")
    firm.account("shop", "mia", custodian="cleo")
    firm.shop_secret = firm.secret("shop")
    firm.keep()
    firm.account("blog", "mia", "cleo", depends_on=[firm.ids["shop"]], tags=["press"])
    firm.blog_secret = firm.secret("blog")
    firm.declare(firm.blog_secret, "dora")
    firm.fact("place.added", {"place": "c" * 32, "kind": "chat"}, {"name": "the chat"})
    firm.fact("place.member", {"place": "c" * 32, "person": firm.ids["dora"]})
    firm.account("feed", "mia")
    firm.feed_secret = firm.secret("feed", kept_in="c" * 32)
    firm.fact("place.holds", {"place": "c" * 32, "accounts": [firm.ids["shop"]]})
    firm.account("old", "mia")
    firm.fact("account.retired", {"account": firm.ids["old"]})
    firm.fact("account.custody", {"account": firm.ids["shop"], "custodian": firm.ids["mia"]})
    firm.offboard("dora")
    firm.db("ben")
    return firm


def test_what_was_added_in_the_tail_is_there_again_with_whoever_knows_it(grown: Forked) -> None:
    """The account exists on its platform, and its password is in people's heads: only our copy of it is gone."""
    accounts = "SELECT handle, platform, tier, custodian, state FROM accounts ORDER BY handle"
    before = grown.db().execute(accounts).fetchall()
    knew = grown.db().execute("SELECT person, credential, basis FROM exposures ORDER BY 1, 2, 3").fetchall()
    made = ended(grown)
    db = grown.db()
    assert db.execute(accounts).fetchall() == before
    assert set(knew) <= set(db.execute("SELECT person, credential, basis FROM exposures")), "and nobody knows less"
    assert db.execute("SELECT needs FROM depends WHERE account = ?", (grown.ids["blog"],)).fetchall() == [(grown.ids["shop"],)]
    assert db.execute("SELECT tag FROM tags WHERE account = ?", (grown.ids["blog"],)).fetchall() == [("press",)]
    assert db.execute("SELECT n, state, manifest FROM versions WHERE credential = ?", (grown.blog_secret,)).fetchall() == [
        (1, "current", None)
    ]
    assert made.carried.lost == (("blog", "password"),)
    assert made.carried.cases == ("dora",)
    assert grown.open(grown.blog_secret).due <= grown.now, "it is to be changed now: nobody here can open it"
    assert db.execute("SELECT count(*) FROM rotations WHERE credential = ?", (grown.feed_secret,)).fetchone() == (0,), (
        "that one is kept elsewhere"
    )
    assert ("feed", "the chat") in db.execute(
        "SELECT a.handle, p.name FROM credentials c JOIN accounts a ON a.id = c.account JOIN places p ON p.id = c.kept_in"
    )
    assert ("c" * 32, grown.ids["shop"]) in db.execute("SELECT place, account FROM place_accounts WHERE cleaned_at IS NULL")
    assert db.execute("SELECT count(*) FROM findings").fetchone() == (0,)


def test_control_yesterdays_database_knows_nothing_of_it(grown: Forked) -> None:
    with closing(sqlite3.connect(grown.folder / "yesterday.db")) as yesterday:
        size_then = yesterday.execute("SELECT count(*) FROM entry").fetchone()[0]
    (entry,) = grown.db().execute("SELECT entry FROM accounts WHERE handle = 'blog'").fetchone()
    assert entry >= size_then


def test_who_answered_no_more_answers_no_more(grown: Forked) -> None:
    """By yesterday's database cleo is responsible for the shop, and opens it."""
    (key,) = grown.db().execute("SELECT id FROM keys WHERE person = ?", (grown.ids["cleo"],)).fetchone()
    ended(grown)
    assert grown.db().execute("SELECT custodian FROM accounts WHERE handle = 'shop'").fetchone() == (grown.ids["mia"],)
    open_wraps = "SELECT count(*) FROM wraps WHERE credential = ? AND key = ? AND ended IS NULL"
    assert grown.db().execute(open_wraps, (grown.shop_secret, key)).fetchone() == (0,)


def test_a_secret_lost_with_the_tail_is_set_anew_by_its_rotation(grown: Forked) -> None:
    made = ended(grown)
    grown.accept("ben", approve=made.proposal.id)
    grown.rotate(grown.blog_secret, "set-after-the-fork")
    (row,) = grown.db().execute("SELECT n, manifest FROM versions WHERE credential = ? AND state = 'current'", (grown.blog_secret,))
    assert row[0] == 2
    assert row[1] is not None
    for who in ("mia", "ben"):
        reread.reread(grown.members[who], deep=True)


def test_a_quorum_is_the_second_only_where_no_admin_could_be(firm: Forked) -> None:
    firm.yesterday()
    firm.lose_journals()
    before = firm.state("mia")
    with pytest.raises(Refused) as refused:
        firm.fork(sheets=firm.sheets())
    assert refused.value.rule == "quorum-needless"
    assert firm.state("mia") == before, "all is as it was"
    with pytest.raises(IntegrityError):
        firm.db("mia")


def test_a_quorum_of_before_the_second_admin_moves_no_second_admin(tmp_path: Path) -> None:
    """From a point at which mia was the only admin she and the sheets are two; by ben's register he could have been the second. Control: it is
    approved in the new history."""
    firm = Forked(tmp_path)
    firm.enrol("ben")
    firm.keep()
    firm.promote("ben")
    firm.db("ben")
    firm.yesterday()
    firm.lose_journals()
    assert firm.fork(sheets=firm.sheets()).proposal.state == "approved"
    before = firm.state("ben")
    with pytest.raises(Refused) as refused:
        firm.accept("ben")
    assert refused.value.rule == "quorum-needless"
    assert firm.state("ben") == before
    firm.close()


def test_with_one_admin_the_quorum_is_the_second(tmp_path: Path) -> None:
    firm = Forked(tmp_path)
    firm.enrol("ben")
    firm.keep()
    firm.person("emil")
    firm.db("ben")
    firm.yesterday()
    firm.lose_journals()
    assert firm.fork(sheets=firm.sheets()).proposal.state == "approved"
    assert firm.accept("ben").proposer == firm.ids["mia"]
    firm.person("later")
    assert firm.db("ben").execute("SELECT count(*) FROM people WHERE handle IN ('emil', 'later')").fetchone() == (2,)
    firm.close()


def test_nobody_follows_what_one_has_signed(firm: Forked) -> None:
    ended(firm)
    before = firm.state("ben")
    with pytest.raises(Refused) as refused:
        firm.accept("ben")
    assert refused.value.rule == "fork-unsigned"
    assert firm.state("ben") == before
    with pytest.raises(IntegrityError):
        firm.db("ben")


def test_the_proposer_is_not_the_second(firm: Forked) -> None:
    made = ended(firm)
    with pytest.raises(Refused) as refused:
        firm.do(proposals.approve, made.proposal)
    assert refused.value.rule == "two-persons"


def test_whoever_was_sent_away_since_signs_no_way_back(firm: Forked) -> None:
    """By yesterday's database ben is an admin; by the register of anna, who follows, he is none any more. Control: the other tests."""
    firm.enrol("anna", "admin")
    firm.keep()
    firm.fact("role.withdrawn", {"person": firm.ids["ben"], "role": "admin"}, by="anna")
    for who in ("mia", "ben", "anna"):
        firm.db(who)
    firm.yesterday()
    firm.lose_journals()
    # Both sign in a history that begins at yesterday's point, as if the withdrawal had never been: nothing of it is carried over.
    noted = noted_of(firm.folder / "yesterday.db")
    told = {"size": size(firm, "anna"), "root": "0" * 64, "note": "0" * 64}
    told["size"] += 1
    for who in ("mia", "ben"):
        for name in MEMORY:
            (firm.folder / who / name).unlink(missing_ok=True)
    mia, ben = firm.make("mia")(noted=noted), firm.make("ben")(noted=noted)
    firm.members["mia"], firm.members["ben"] = mia, ben
    proposal = firm.do(proposals.propose, proposals.Act.RESTORE, told)
    firm.do(proposals.approve, proposal, by="ben")
    assert firm.db().execute("SELECT state FROM proposals WHERE id = ?", (proposal.id,)).fetchone() == ("approved",), "there it counts"
    before = firm.state("anna")
    with pytest.raises(Refused) as refused:
        firm.accept("anna", firm.noted("mia"))
    assert refused.value.rule == "fork-signer"
    assert firm.state("anna") == before


def size(firm: Forked, who: str) -> int:
    pin = read_pin(firm.folder / who / "pin")
    assert pin is not None
    return pin.size


def noted_of(database: Path) -> bytes:
    with closing(sqlite3.connect(database)) as db, db:
        return bytes(db.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()[0])


def test_who_knows_more_than_was_given_up_follows_nobody(firm: Forked) -> None:
    """mia was behind when she made the fork: ben, who has seen more, is who would lose it."""
    firm.close()
    kept = firm.folder / "behind"
    shutil.copytree(firm.folder / "mia", kept)
    firm.person("emil")
    firm.db("ben")
    firm.close()
    shutil.rmtree(firm.folder / "mia")
    os.replace(kept, firm.folder / "mia")
    made = ended(firm)
    with pytest.raises(Refused) as refused:
        firm.accept("ben", approve=made.proposal.id)
    assert refused.value.rule == "fork-older"


def test_it_can_be_looked_at_before_it_is_followed(firm: Forked) -> None:
    firm.enrol("anna")
    made = ended_for(firm, "anna")
    firm.accept("ben", approve=made.proposal.id)
    before = firm.state("anna")
    told = firm.accept("anna", firm.noted("ben"), look=True)
    assert (told.proposer, told.second, told.memory) == (firm.ids["mia"], firm.ids["ben"], None)
    assert firm.state("anna") == before


def ended_for(firm: Forked, *who: str) -> procedure.Fork:
    """A fork from behind the enrolment of these members."""
    firm.keep()
    firm.person("emil")
    for one in ("ben", *who):
        firm.db(one)
    return ended(firm)


def test_without_a_fork_there_is_nothing_to_accept(firm: Forked) -> None:
    with pytest.raises(Refused) as refused:
        firm.accept("ben")
    assert refused.value.rule == "pinned"


def test_a_third_member_follows_by_themselves(firm: Forked) -> None:
    firm.enrol("anna")
    made = ended_for(firm, "anna")
    firm.accept("ben", approve=made.proposal.id)
    with pytest.raises(IntegrityError):
        firm.db("anna")
    assert firm.accept("anna", firm.noted("ben")).second == firm.ids["ben"]
    assert firm.db("anna").execute("SELECT 1 FROM people WHERE handle = 'emil'").fetchone(), "carried over"


def followed_once(firm: Forked) -> bytes:
    """anna follows a fork and the three go on; what lies in the database's place is how it was as the fork had just been approved. Its note."""
    firm.enrol("anna")
    firm.keep()
    for _ in range(9):
        firm.fact("recovery.drilled", {"versions": 1, "failed": 0})
    for one in ("ben", "anna"):
        firm.db(one)
    made = ended(firm)
    firm.accept("ben", approve=made.proposal.id)
    firm.keep()
    noted = firm.noted("ben")
    firm.accept("anna", noted)
    firm.person("frida")
    for one in ("ben", "anna"):
        firm.db(one)
    assert size(firm, "anna") <= made.given_up, "else the head given up is behind hers"
    firm.yesterday()
    return noted


@pytest.mark.parametrize("look", [False, True])
def test_a_fork_that_was_followed_is_no_reason_to_go_back_behind_it(firm: Forked, look: bool) -> None:
    """Its two signatures are genuine, and were given for another head: a host that shows them again takes back all that was recorded since."""
    noted = followed_once(firm)
    before = firm.state("anna")
    with pytest.raises(IntegrityError):
        firm.db("anna")
    with pytest.raises(Refused) as refused:
        firm.accept("anna", noted, look=look)
    assert refused.value.rule == "fork-followed"
    assert firm.state("anna") == before


def test_control_a_second_fork_is_followed_as_the_first_was(firm: Forked) -> None:
    followed_once(firm)
    firm.lose_journals()
    made = firm.fork()
    accepted = firm.accept("ben", approve=made.proposal.id)
    assert accepted.second == firm.ids["ben"]
    assert firm.accept("anna", firm.noted("ben")).second == firm.ids["ben"]


CHAT, PAPER, NEW_PAPER = "c" * 32, "d" * 32, "e" * 32


@copied
def sent(folder: Path) -> Forked:
    """Since yesterday: the shop's password sent to dora, one envelope opened by her and another printed, and codes used by mia and for cleo."""
    firm = Forked(folder)
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    firm.person("dora")
    firm.account("shop", "mia", "cleo")
    firm.shop_secret = firm.secret("shop")
    firm.codes = firm.secret("shop", "backup-codes", "1111 1111\n2222 2222\n3333 3333\n4444 4444")
    envelope(firm, PAPER, "the safe", (firm.shop_secret, 1))
    spent(firm, 1, 3)
    firm.keep()
    firm.fact("place.added", {"place": CHAT, "kind": "chat"}, {"name": "the chat"})
    firm.fact("place.member", {"place": CHAT, "person": firm.ids["dora"]})
    firm.fact("place.holds", {"place": CHAT, "accounts": [], "versions": [[firm.shop_secret, 1]]})
    firm.fact("envelope.opened", {"place": PAPER, "person": firm.ids["dora"]})
    firm.rotate(firm.shop_secret, "changed-since")
    envelope(firm, NEW_PAPER, "the other safe", (firm.shop_secret, 2))
    spent(firm, 2, 2)
    spent(firm, 3, 1, recipient=firm.ids["cleo"])
    firm.db("ben")
    return firm


def envelope(firm: Forked, place: str, name: str, version: tuple[str, int]) -> None:
    firm.fact("place.added", {"place": place, "kind": "paper"}, {"name": name})
    firm.fact("place.holds", {"place": place, "accounts": [], "versions": [list(version)]})


def spent(firm: Forked, ordinal: int, left: int, **more: str) -> None:
    firm.fact("code.spent", {"credential": firm.codes, "version": 1, "ordinal": ordinal, "left": left, **more})


def test_copies_that_left_in_the_tail_still_lie_where_they_lie(sent: Forked) -> None:
    """The message is in dora's phone and the paper in the safe, whatever became of the database. Of version 2, which is gone, version 1 counts."""
    ended(sent)
    shop, dora = sent.shop_secret, sent.ids["dora"]
    lies = sent.db().execute(
        "SELECT place, n, opener FROM place_versions WHERE credential = ? AND cleaned_at IS NULL ORDER BY place", (shop,)
    )
    assert lies.fetchall() == [(CHAT, 1, None), (PAPER, 1, dora), (NEW_PAPER, 1, None)]
    assert {"place", "handed-over"} <= sent.bases("dora", shop, 1)
    assert sent.db().execute("SELECT count(*) FROM findings").fetchone() == (0,)
    assert [one.code for one in copies.findings(sent.db(), policies.policy(sent.db()), sent.now[:10])].count("place-to-clean") == 1


def test_control_yesterdays_database_knows_of_no_copy(sent: Forked) -> None:
    rows = "SELECT place, opener FROM place_versions"
    assert len(sent.db().execute(rows).fetchall()) == 3
    with closing(sqlite3.connect(sent.folder / "yesterday.db")) as yesterday:
        size_then = yesterday.execute("SELECT count(*) FROM entry").fetchone()[0]
    assert sent.db().execute("SELECT count(*) FROM place_versions WHERE entry < ?", (size_then,)).fetchone() == (1,)
    assert sent.db().execute("SELECT count(*) FROM spent WHERE entry < ?", (size_then,)).fetchone() == (1,)


def test_a_backup_code_that_was_used_in_the_tail_is_used(sent: Forked) -> None:
    """The platform takes it no more: the next one is given out, by both who follow, and nobody knows more than they did."""
    rows = "SELECT n, ordinal, remaining, person, recipient FROM spent WHERE credential = ? ORDER BY ordinal"
    before = sent.db().execute(rows, (sent.codes,)).fetchall()
    knew = {who: sent.bases(who, sent.codes, 1) for who in ("mia", "ben", "cleo")}
    made = ended(sent)
    assert sent.db().execute(rows, (sent.codes,)).fetchall() == before
    assert backup_codes.left(sent.db(), sent.codes, 1) == 1
    assert {who: sent.bases(who, sent.codes, 1) for who in knew} == knew
    sent.accept("ben", approve=made.proposal.id)
    assert backup_codes.spent(sent.db("ben"), sent.codes, 1) == {1, 2, 3}
    with pytest.raises(Refused) as refused:
        spent(sent, 3, 0)
    assert refused.value.rule == "single-use"
    spent(sent, 4, 0)
    (few,) = backup_codes.findings(sent.db(), policies.policy(sent.db()), sent.now[:10])
    assert few.message == "no backup code is left"
    for who in ("mia", "ben"):
        reread.reread(sent.members[who], deep=True)


def test_nobody_says_without_a_fork_which_codes_were_used(sent: Forked) -> None:
    """Else an admin who holds nothing could use up the codes of every account. Control: the fork above."""
    codes = [[sent.codes, 1, 4, 0, sent.ids["mia"], "", sent.now]]
    other = sent.propose(proposals.Act.ROLE, {"person": sent.ids["cleo"], "role": "admin"})
    for proposal, rule in ((other.id, "no-fork"), ("f" * 32, "unknown-reference")):
        with pytest.raises(Refused) as refused:
            sent.fact("codes.carried", {"proposal": proposal, "codes": codes})
        assert refused.value.rule == rule
    told = {"size": 1, "root": "0" * 64, "note": "0" * 64}
    restore = sent.propose(proposals.Act.RESTORE, told)
    with pytest.raises(Refused) as refused:
        sent.fact("codes.carried", {"proposal": restore.id, "codes": codes}, by="ben")
    assert refused.value.rule == "no-fork"
    sent.fact("codes.carried", {"proposal": restore.id, "codes": codes})
