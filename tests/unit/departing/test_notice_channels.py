"""By which ways messages go out: who may say so, whose secret opens one, and that a secret goes nowhere by it that its holder did not name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from govern.errors import NotFound, Refused, Usage
from govern.holdings.services import Purpose
from govern.notices.message import Delivery, Outcome
from govern.procedures import notice_channels as procedure
from govern.procedures import sealing, services
from govern.procedures.notice_channels import Settings
from govern.register import connection
from govern.register.queries import findings, policies
from govern.register.queries import notice_channels as queries
from govern.vault.keys import Keys
from govern.vault.secret import SecretBytes

from .conftest import Company, copied


class Firm(Company):
    """Mia and bo are admins; mia answers for `post`, the login of the mail relay, and cy for `page`; dan holds `post` and is no admin."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("cy")
        self.enrol("dan")
        self.account("post", "mia", "dan", platform="mail-relay")
        self.password = self.secret("post", secret="of-the-relay")
        self.totp = self.secret("post", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        self.account("page", custodian="cy")
        self.pages = self.secret("page", "api-token", "json://127.0.0.1:9/hook")

    def add(self, name: str = "office", *, by: str = "mia", **more: Any) -> queries.NoticeChannel:
        return self.do(procedure.add, name, "mail", Settings(**{"account": "post", **SMTP, **more}), by=by)

    def body(self, **more: Any) -> dict[str, Any]:
        return {
            "channel": os.urandom(16).hex(),
            "name": "office",
            "kind": "mail",
            "credential": self.password,
            "tls": "tls",
            "port": 465,
            **more,
        }

    def codes(self) -> list[str]:
        db = self.db()
        found = findings.findings(db, policies.policy(db), self.now[:10], self.ids["mia"])
        return [one.code for one in found if one.code.startswith("channel-")]

    def let(self, handle: str) -> None:
        """Mia, who can open the relay's password, seals it to somebody who may have it."""
        self.do(sealing.add_wraps, [sealing.stored(self.db(), self.password, 1)], [self.members[handle].keys.recipient])

    def grant(self, handle: str) -> str:
        grant = os.urandom(16).hex()
        self.fact("grant.issued", {"grant": grant, "account": self.ids["post"], "person": self.ids[handle]})
        return grant

    def night(self, *accounts: str) -> None:
        """A service for reminders, entrusted with these accounts."""
        ids = [self.ids[one] for one in accounts]
        keys = Keys(SecretBytes(os.urandom(32)))
        made = self.do(services.authorise, "night", [Purpose.REMIND], None, keys, ids)
        self.ids["night"] = made.person
        self._join("night", keys)


SMTP = {"host": "mail.acme.example", "tls": "tls", "sender": "reminders@acme.example"}
firm = copied(Firm)


def rule(work: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refusal:
        work(*arguments, **more)
    assert refusal.value.hint
    assert refusal.value.control
    return refusal.value.rule


def test_a_channel_is_set_changed_and_ended(firm: Firm) -> None:
    made = firm.add(reply_to="it@acme.example")
    assert (made.name, made.port, made.tls, made.account, made.credential_kind, made.works) == (
        "office",
        465,
        "tls",
        "post",
        "password",
        None,
    )
    changed = firm.do(procedure.edit, "office", Settings(tls="starttls", reply_to=""))
    assert (changed.id, changed.port, changed.host, changed.reply_to, changed.sender) == (made.id, 587, made.host, "", made.sender)
    firm.do(procedure.end, "OFFICE")
    assert queries.in_use(firm.db()) == []
    with pytest.raises(NotFound):
        firm.do(procedure.edit, "office", Settings(port=1))
    assert firm.add().id != made.id


def test_addresses_stand_in_the_personal_part_alone(firm: Firm) -> None:
    firm.add()
    row = firm.db().execute("SELECT host, sender FROM notice_channels").fetchone()
    assert row == ("mail.acme.example", "reminders@acme.example")
    from govern.facts import FACTS

    assert set(FACTS["channel.set"].fields) == {"channel", "name", "kind", "credential", "tls", "port"}


def test_only_admins_set_end_and_try_channels(firm: Firm) -> None:
    made = firm.add()
    for type_, body in (
        ("channel.set", firm.body(name="other")), ("channel.ended", {"channel": made.id}),
        ("channel.tested", {"channel": made.id, "person": firm.ids["bo"]}), ("channel.answered", {"channel": made.id, "works": True}),
    ):  # fmt: skip
        assert rule(firm.fact, type_, body, by="dan") == "authority"
        firm.fact(type_, body) if type_ != "channel.ended" else None
    firm.fact("channel.ended", {"channel": made.id})


def test_attack_an_admin_has_no_secret_sent_to_a_server_of_their_own(firm: Firm) -> None:
    """Bo is an admin, neither answers for the relay's account nor holds it, and so may not say where its secret goes."""
    firm.add()
    assert rule(firm.fact, "channel.set", firm.body(name="bos"), {"host": "thief.example"}, by="bo") == "channel-holder"
    assert rule(firm.do, procedure.edit, "office", Settings(host="thief.example"), by="bo") == "channel-holder"
    # The controls: without the secret bo may change it, and once mia has granted it and sealed it to bo, too.
    firm.do(procedure.add, "local", "mail", Settings(tls="local", sender="a@acme.example"), by="bo")
    firm.grant("bo")
    assert rule(firm.do, procedure.edit, "office", Settings(host="new.acme.example"), by="bo") == "channel-holder"
    firm.let("bo")
    assert firm.do(procedure.edit, "office", Settings(host="new.acme.example"), by="bo").host == "new.acme.example"


def test_attack_an_admin_who_takes_an_account_over_has_its_secret_sent_nowhere(firm: Firm) -> None:
    """Custody alone opens nothing: bo takes it, names a server, and gives it back before the next reminder."""
    firm.add()
    firm.fact("account.custody", {"account": firm.ids["post"], "custodian": firm.ids["bo"]}, by="bo")
    assert rule(firm.do, procedure.edit, "office", Settings(host="thief.example"), by="bo") == "channel-holder"
    assert rule(firm.fact, "channel.set", firm.body(name="bos"), {"host": "thief.example"}, by="bo") == "channel-holder"
    # The control: to whom it was sealed, who could know it by that.
    firm.let("bo")
    assert firm.do(procedure.edit, "office", Settings(host="mail.bo.example"), by="bo").host == "mail.bo.example"
    assert "sealed" in firm.bases("bo", firm.password, 1)


@pytest.mark.parametrize(
    ("more", "personal", "said"),
    [
        ({"tls": "local"}, {}, "channel-tls"),
        ({"tls": "local", "credential": None}, {"host": "mail.acme.example"}, "channel-tls"),
        ({"tls": "local", "credential": None}, {"login": "kim"}, "channel-tls"),
        ({"tls": None}, {}, "channel-settings"),
        ({"port": 0}, {}, "channel-settings"),
        ({"port": 70_000}, {}, "channel-settings"),
        ({"kind": "chat"}, {}, "channel-settings"),
        ({"kind": "chat", "tls": None, "port": None, "credential": None}, {}, "channel-secret"),
        ({"credential": None}, {"login": "kim"}, "channel-secret"),
        ({"credential": "0" * 32}, {}, "unknown-reference"),
    ],
)
def test_attack_settings_that_would_send_a_secret_in_the_clear_or_make_no_sense_are_void(
    firm: Firm, more: dict[str, Any], personal: dict[str, Any], said: str
) -> None:
    body = {name: value for name, value in firm.body(**more).items() if value is not None}
    with pytest.raises(Refused) as refusal:
        firm.fact("channel.set", body, personal)
    assert refusal.value.rule == said
    firm.fact("channel.set", firm.body(), {"host": "mail.acme.example", "sender": "a@acme.example", "login": "kim"})


def test_a_secret_that_can_t_be_used_opens_no_channel(firm: Firm) -> None:
    assert rule(firm.fact, "channel.set", firm.body(credential=firm.totp)) == "channel-kind"
    firm.fact("place.added", {"place": "ab" * 16, "kind": "manager"}, {"name": "elsewhere"})
    firm.account("away", "mia")
    kept = firm.secret("away", kept_in="ab" * 16)
    assert rule(firm.fact, "channel.set", firm.body(credential=kept)) == "channel-kept-elsewhere"
    assert rule(firm.add, account="away") == "channel-kept-elsewhere"
    firm.fact("account.retired", {"account": firm.ids["away"]})
    assert rule(firm.fact, "channel.set", firm.body(credential=kept)) == "channel-account"
    firm.fact("channel.set", firm.body())


def test_names_are_free_again_once_a_channel_has_ended_and_what_ended_stays_so(firm: Firm) -> None:
    made = firm.add()
    assert rule(firm.add) == "channel-name"
    firm.fact("channel.ended", {"channel": made.id})
    for type_, more in (("channel.ended", {}), ("channel.tested", {"person": firm.ids["bo"]}), ("channel.answered", {"works": True})):
        assert rule(firm.fact, type_, {"channel": made.id, **more}) == "channel-ended"
    assert rule(firm.fact, "channel.set", firm.body(channel=made.id)) == "channel-ended"
    firm.add()


@pytest.mark.parametrize(
    "settings",
    [{"host": ""}, {"host": "two words"}, {"host": "https://mail"}, {"sender": ""}, {"sender": "nobody"}, {"tls": "none"}, {"port": -1},
     {"reply_to": "x\r\nBcc: y"}],
)  # fmt: skip
def test_settings_that_can_t_be_read_are_told(firm: Firm, settings: dict[str, Any]) -> None:
    with pytest.raises(Usage) as usage:
        firm.add(**settings)
    assert usage.value.hint


# --- opening ------------------------------------------------------------------------------------------------------------------------


def test_opening_is_recorded_first_and_whoever_opened_it_could_know(firm: Firm) -> None:
    made = firm.add()
    ready = firm.do(procedure.open_, made, by="mia")
    assert ready.secret is not None
    assert ready.secret.reveal() == "of-the-relay"
    assert "of-the-relay" not in repr(ready)
    assert firm.db().execute("SELECT type FROM entries ORDER BY idx DESC LIMIT 1").fetchone() == ("channel.opened",)
    assert "revealed" in firm.bases("mia", firm.password, 1)
    assert firm.db().execute("SELECT purpose FROM shown").fetchall() == [("send",)]


def test_whoever_does_not_hold_it_does_not_open_it(firm: Firm) -> None:
    made = firm.add()
    assert rule(firm.do, procedure.open_, made, by="bo") == "holder"
    assert rule(firm.fact, "channel.opened", {"channel": made.id, "credential": firm.password, "version": 1}, by="bo") == "authority"
    firm.fact("channel.opened", {"channel": made.id, "credential": firm.password, "version": 1}, by="dan")


def test_attack_a_service_opens_the_secret_of_a_channel_and_no_other(firm: Firm) -> None:
    firm.account("brand", "mia")
    brand = firm.secret("brand")
    made = firm.add()
    firm.night("post", "brand")
    body = {"channel": made.id, "credential": firm.password, "version": 1}
    assert rule(firm.fact, "channel.opened", {**body, "credential": brand}, by="night") == "channel-secret"
    assert rule(firm.fact, "channel.opened", {**body, "credential": firm.pages}, by="night") == "service-entrusted"
    assert (
        rule(firm.fact, "secret.revealed", {"credential": firm.password, "version": 1, "purpose": "reveal"}, by="night")
        == "authority-purpose"
    )
    assert rule(firm.fact, "channel.set", firm.body(name="nights"), by="night") == "authority-purpose"
    firm.fact("channel.opened", body, by="night")
    firm.fact("channel.answered", {"channel": made.id, "works": False}, by="night")
    assert firm.do(procedure.open_, made, by="night").secret.reveal() == "of-the-relay"
    firm.do(services.relieve, "night", [firm.ids["post"]])
    assert rule(firm.fact, "channel.opened", body, by="night") == "service-entrusted"


def test_attack_a_void_opening_still_exposes(firm: Firm) -> None:
    """What a thief's entry says may have happened: written past every procedure it is void, and whoever signed it could know all the same."""
    from govern.register.projection import Scene
    from govern.register.void import still_exposes

    made = firm.add()
    with firm.members["mia"].transaction(firm.now) as tx:
        scene = Scene(
            tx.register, 1, "channel.opened", firm.ids["bo"], firm.now, {"channel": made.id, "credential": firm.password, "version": 1}, {}
        )
        assert "revealed" not in firm.bases("bo", firm.password, 1)
        still_exposes(scene, None)
        found = tx.register.execute(
            "SELECT basis FROM exposures WHERE person = ? AND credential = ?", (firm.ids["bo"], firm.password)
        ).fetchall()
    assert ("revealed",) in found


def test_whoever_set_a_channel_could_know_every_version_that_is_sent_by_it(firm: Firm) -> None:
    """The server that they named may be one of their own: a new secret reaches it by the next reminder, sealed to them or not."""
    firm.grant("bo")
    firm.let("bo")
    made = firm.add(by="bo")
    firm.rotate(firm.password)
    firm.night("post")
    assert "revealed" not in firm.bases("bo", firm.password, 2), "the control: nothing was sent"
    firm.do(procedure.open_, made, by="night")
    assert "revealed" in firm.bases("bo", firm.password, 2)
    assert "revealed" not in firm.bases("dan", firm.password, 2), "the control: who only holds it"


def test_attack_nothing_goes_where_a_leaver_had_it_sent(firm: Firm) -> None:
    """What is changed because bo leaves does not go to bo's server with the next reminder."""
    firm.grant("bo")
    firm.let("bo")
    made = firm.add(by="bo")
    firm.night("post")
    firm.do(procedure.open_, made, by="night")  # the control: it works while bo is here
    assert firm.codes() == []
    firm.offboard("bo")
    firm.rotate(firm.password)
    body = {"channel": made.id, "credential": firm.password, "version": 2}
    assert rule(firm.do, procedure.open_, made, by="night") == "channel-setter"
    assert rule(firm.fact, "channel.opened", body, by="night") == "channel-setter"
    assert ("password", 2) not in firm.knows("bo")
    assert firm.codes() == ["channel-setter"]
    again = firm.do(procedure.edit, "office", Settings())
    assert firm.codes() == []
    assert firm.do(procedure.open_, again, by="night").secret is not None
    assert ("password", 2) not in firm.knows("bo")


def test_attack_nothing_goes_where_somebody_had_it_sent_who_holds_it_no_more(firm: Firm) -> None:
    grant = firm.grant("bo")
    firm.let("bo")
    made = firm.add(by="bo")
    body = {"channel": made.id, "credential": firm.password, "version": 1}
    firm.fact("channel.opened", body)
    firm.fact("grant.ended", {"grants": [grant], "cause": "revoked"})
    assert rule(firm.fact, "channel.opened", body) == "channel-setter"
    assert firm.codes() == ["channel-setter"]
    firm.do(procedure.edit, "office", Settings())
    firm.fact("channel.opened", body)


def test_sending_by_it_shows_the_secret_to_nobody_as_far_as_a_rotation_goes(firm: Firm) -> None:
    made = firm.add()
    firm.start(firm.password)
    firm.do(procedure.open_, made)
    assert firm.open(firm.password).shown is False


# --- findings ------------------------------------------------------------------------------------------------------------------------


def test_a_channel_that_fails_is_told_until_it_works(firm: Firm) -> None:
    made = firm.add()
    assert firm.codes() == []
    firm.do(procedure.answered, made.id, False)
    since = queries.find(firm.db(), "office").since
    firm.do(lambda tx: tx.record("channel.answered", {"channel": made.id, "works": False}))
    assert queries.find(firm.db(), "office").since == since
    assert firm.codes() == ["channel-failing"]
    firm.do(procedure.answered, made.id, True)
    assert firm.codes() == []


def test_an_answer_is_recorded_where_it_is_new(firm: Firm) -> None:
    made = firm.add()
    before = firm.db().execute("SELECT count(*) FROM entries").fetchone()[0]
    for told in (True, True, None, True):
        firm.do(procedure.answered, made.id, told)
    assert firm.db().execute("SELECT count(*) FROM entries").fetchone()[0] == before + 1


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [([], None), (["later"], False), (["later", "delivered"], True), (["refused"], True), (["later", "refused"], True)],
)
def test_a_server_that_refuses_a_recipient_works(outcomes: list[str], found: bool | None) -> None:
    assert procedure.works(Delivery(outcome=Outcome(one)) for one in outcomes) is found


def test_a_channel_whose_account_is_retired_is_told(firm: Firm) -> None:
    made = firm.add()
    firm.fact("account.retired", {"account": firm.ids["post"]})
    assert firm.codes() == ["channel-account-retired"]
    assert rule(firm.do, procedure.open_, made) == "channel-account"


def test_a_channel_that_the_service_for_reminders_can_t_open_is_told(firm: Firm) -> None:
    firm.add()
    firm.night()
    assert firm.codes() == ["channel-unopened"]
    firm.do(services.authorise, "night", [Purpose.REMIND], None, None, [firm.ids["post"]])
    assert firm.codes() == []
    firm.rotate(firm.password)
    assert firm.codes() == []


def test_nobody_is_told_of_unattended_reminders_that_nobody_has_set_up(firm: Firm) -> None:
    firm.add()
    assert firm.codes() == []


def test_everybody_s_replay_makes_the_same_of_it(firm: Firm) -> None:
    made = firm.add()
    firm.do(procedure.answered, made.id, False)
    firm.do(procedure.open_, made)
    firm.do(procedure.edit, "office", Settings(port=2465))
    dumps = {who: list(connection.dump(firm.db(who))) for who in ("mia", "bo")}
    rows = [[row for row in dump if row[0] == "notice_channels"] for dump in dumps.values()]
    assert rows[0] == rows[1] != []
