"""Accounts: one identity on one platform, who answers for it, and what it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import beside, freezes, services
from govern.register.projection.scene import Scene
from govern.register.queries import gate

_COLUMNS = ("platform", "tier", "deputy", "department", "client", "prompts_reach")
_PERSONAL = ("login", "url", "title")


def _lists(scene: Scene, account: str) -> None:
    for table, column, field in (("tags", "tag", "tags"), ("depends", "needs", "depends_on")):
        if field in scene.body:
            scene.run(f"DELETE FROM {table} WHERE account = ?", account)  # noqa: S608  names are ours
            for value in scene.body[field]:
                scene.run(f"INSERT OR IGNORE INTO {table} (account, {column}) VALUES (?, ?)", account, value)  # noqa: S608


def _added(scene: Scene) -> None:
    body, personal = scene.body, scene.personal
    known = scene.one(_ADDING, body["tier"], body["custodian"])
    if known is None:
        raise scene.unknown("person")
    serves, asks, gone = known
    deputy = body.get("deputy")
    if gone or deputy is not None:
        _must_stay(scene, body["custodian"], deputy)
    if serves:  # without any, which of them serves need not be asked
        services.hold_nothing(scene, body["custodian"], deputy)
    scene.run(
        "INSERT INTO accounts (id, handle, platform, tier, custodian, deputy, department, client, prompts_reach, login, url, title, added_at, entry)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["account"], body["handle"], body["platform"], body["tier"], body["custodian"], body.get("deputy"), body.get("department"),
        body.get("client"), body.get("prompts_reach"), personal.get("login"), personal.get("url"), personal.get("title"), scene.at, scene.index,
    )  # fmt: skip
    _lists(scene, body["account"])
    if asks:
        _must_answer(scene, body["account"], body["custodian"], body.get("deputy"), new=True)


_ADDING: Final = """
SELECT EXISTS (SELECT 1 FROM services), EXISTS (SELECT 1 FROM asked WHERE tier = ? AND answering IS NOT NULL), leaving OR left_on IS NOT NULL
FROM people WHERE id = ?
"""


def _must_stay(scene: Scene, *people: str | None) -> None:
    """Refuse to make somebody who is leaving or has left responsible, or deputy, which opens every secret without a grant (PS-4). What a fork carries of
    the history that it gives up is let through: that somebody leaves may be in it already, and who answers for an account was so before."""
    gone = [one for one in people if one and scene.one("SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)", one)]
    if gone and not _forks(scene):
        raise Refused(
            "somebody who is leaving or has left answers for no account", rule="leaver", control="PS-4", hint="name somebody who stays"
        )


def _must_answer(scene: Scene, account: str, *people: str | None, new: bool = False) -> None:
    """Refuse people who lack what the tier asks of those who answer for the account (PL-4, AT-3), unless it is in use no more.

    What a fork carries over from the history that it gives up is let through: what its people signed by their keys is lost, and who answers for an account
    is so outside of every ledger. They lack it from that day on, with the grace that comes with a new rule.
    """
    handle, tier, state = scene.one("SELECT handle, tier, state FROM accounts WHERE id = ?", account)
    if state != "active":
        return
    today, named = (scene.now or scene.at)[:10], [one for one in people if one]
    try:
        gate.must_answer(scene.db, tier, named, today, account="" if new else account, handle=handle)
    except Refused:
        if not _forks(scene):
            raise
        scene.run("INSERT OR REPLACE INTO tiered VALUES (?, ?)", account, today)


_FORKS: Final = """
SELECT 1 FROM proposals o WHERE o.act = 'restore' AND o.proposer = ?1 AND o.key = ?2 AND o.made_at = ?3 AND o.state = 'open'
  AND NOT EXISTS (SELECT 1 FROM entries e
    WHERE e.idx > o.entry AND e.idx < ?4 AND e.compartment = '' AND e.at IS NOT NULL AND (e.key <> ?2 OR e.at <> ?3))
"""
"""A fork that is proposed in this very transaction: nothing that everybody reads stands between the two by another key, or of another time."""


def _forks(scene: Scene) -> bool:
    return scene.one(_FORKS, scene.actor, scene.key, scene.at, scene.index) is not None


def _edited(scene: Scene) -> None:
    account = scene.body["account"]
    erased = scene.one("SELECT erased FROM accounts WHERE id = ?", account)
    if erased is None:
        raise scene.unknown("account")
    if erased[0]:
        raise Refused(
            "an account that was erased is not described again", rule="erased", control="SI-12(3)", hint="add it anew if it came back"
        )
    if scene.has_personal:
        scene.run("INSERT INTO texts_of VALUES (?, ?)", account, scene.index)
    services.hold_nothing(scene, scene.body.get("deputy"))
    before, reached = scene.one("SELECT deputy, prompts_reach FROM accounts WHERE id = ?", account)
    if reached is not None and (scene.body.get("prompts_reach", reached) != reached or "prompts_reach" in scene.body.get("cleared", ())):
        beside.by_another(scene, reached, "phone or mailbox that codes go to", by_hr=False)
    if scene.body.get("deputy") not in (None, before):
        _must_stay(scene, scene.body["deputy"])
    if "tier" in scene.body and scene.body["tier"] != (tier := scene.one("SELECT tier FROM accounts WHERE id = ?", account)[0]):
        _excuses_not_oneself(scene, account, tier)
        scene.run("INSERT OR REPLACE INTO tiered VALUES (?, ?)", account, (scene.now or scene.at)[:10])
    for field in _COLUMNS:
        if field in scene.body:
            scene.run(f"UPDATE accounts SET {field} = ? WHERE id = ?", scene.body[field], account)  # noqa: S608  names are ours
    for field in scene.body.get("cleared", ()):
        if field in (*_COLUMNS, *_PERSONAL) and field not in ("platform", "tier"):
            scene.run(f"UPDATE accounts SET {field} = NULL WHERE id = ?", account)  # noqa: S608
    for field in scene.body.get("sets", _PERSONAL):
        if field in scene.personal:
            scene.run(f"UPDATE accounts SET {field} = ? WHERE id = ?", scene.personal[field], account)  # noqa: S608
    _url_set(scene, account)
    _lists(scene, account)
    if scene.body.get("deputy") not in (None, before):
        _must_answer(scene, account, scene.body["deputy"])


def _excuses_not_oneself(scene: Scene, account: str, tier: str) -> None:
    """Refuse another tier to whoever lacks what this one asks of them, and would not lack it there: it would be an exception for oneself."""
    answers, holds = scene.one(
        "SELECT ?2 IN (custodian, coalesce(deputy, '')), EXISTS (SELECT 1 FROM grants WHERE account = ?1 AND person = ?2 AND ended_at IS NULL)"
        " FROM accounts WHERE id = ?1", account, scene.actor,
    )  # fmt: skip
    today, lacks = (scene.now or scene.at)[:10], set()
    for concerned, answering in ((answers, True), (holds, False)):
        if concerned:
            before, after = (
                gate.lacking(scene.db, one, scene.actor, today, account=account, answering=answering) for one in (tier, scene.body["tier"])
            )
            lacks |= set(before) - set(after)
    if lacks and beside.another_admin(scene):
        raise Refused(
            "nobody excuses themselves by another tier of an account from what its present one asks of them", rule="own-exception", control="AC-5",
            hint=f"see to it: {', '.join(sorted(one.what for one in lacks))}; or another admin says that it is of that tier",
        )  # fmt: skip


def _url_set(scene: Scene, account: str) -> None:
    """Keep who set the url: from what the body says, never from the personal part. An edit that does not say what its personal part sets may have
    set it, so that its actor joins those of before."""
    if "url" in (*scene.body.get("sets", ()), *scene.body.get("cleared", ())):
        scene.run("DELETE FROM url_setters WHERE account = ?", account)
    elif "sets" in scene.body or not scene.has_personal:
        return
    elif scene.one("SELECT 1 FROM url_setters WHERE account = ?", account) is None:
        scene.run(
            "INSERT INTO url_setters SELECT a.id, e.actor, e.idx FROM accounts a JOIN entries e ON e.idx = a.entry WHERE a.id = ?", account
        )
    scene.run("INSERT OR REPLACE INTO url_setters VALUES (?, ?, ?)", account, scene.actor, scene.index)


def _custody(scene: Scene) -> None:
    scene.must("account", "accounts", scene.body["account"])
    freezes.may_hand_on(scene, scene.body["account"])
    scene.must("person", "people", scene.body["custodian"])
    services.hold_nothing(scene, scene.body["custodian"])
    scene.run(
        "INSERT INTO custody_changes SELECT id, ?, ? FROM accounts WHERE id = ? AND custodian <> ?"
        " ON CONFLICT DO UPDATE SET at = excluded.at, entry = excluded.entry",
        scene.at, scene.index, scene.body["account"], scene.body["custodian"],
    )  # fmt: skip
    if scene.one("SELECT 1 FROM accounts WHERE id = ? AND custodian = ?", scene.body["account"], scene.body["custodian"]) is None:
        _must_stay(scene, scene.body["custodian"])
        _must_answer(scene, scene.body["account"], scene.body["custodian"])
    scene.run("UPDATE accounts SET custodian = ? WHERE id = ?", scene.body["custodian"], scene.body["account"])


def _retired(scene: Scene) -> None:
    """Nothing is asked of an account that is in use no more, so that it ends what ties its people to it: as with each of these, somebody else says so."""
    scene.must("account", "accounts", scene.body["account"])
    if scene.one(_TIED, scene.body["account"], scene.actor) is not None and not _forks(scene):
        beside.by_another(scene, scene.actor, "tie to an account", by_hr=False)
    scene.run("UPDATE accounts SET state = 'retired' WHERE id = ?", scene.body["account"])


_TIED: Final = """
SELECT 1 FROM people WHERE id = ?2 AND (leaving OR left_on IS NOT NULL)
UNION ALL SELECT 1 FROM accounts WHERE id = ?1 AND state = 'active' AND prompts_reach = ?2
UNION ALL SELECT 1 FROM entitlements WHERE account = ?1 AND person = ?2 AND ended_at IS NULL
UNION ALL SELECT 1 FROM apps WHERE account = ?1 AND person = ?2 AND ended_at IS NULL
UNION ALL SELECT 1 FROM device_accounts d JOIN devices t ON t.id = d.device AND t.state IN ('held', 'lost')
  WHERE d.account = ?1 AND d.out_entry IS NULL AND t.person = ?2
LIMIT 1
"""
"""Whether the actor leaves, or has something there of which nobody says of their own that it has ended."""


def _returned(scene: Scene) -> None:
    """It is somebody else's now: whoever runs the account says so. The time is the ledger's own, since what is kept of it is kept from then on."""
    row = scene.one("SELECT state FROM accounts WHERE id = ?", scene.body["account"])
    if row is None:
        raise scene.unknown("account")
    if row[0] == "active":
        raise Refused(
            "an account that is in use was not handed back", rule="returned-in-use", control="PS-7", hint="govern account retire ACCOUNT --returned"
        )  # fmt: skip
    scene.run("UPDATE accounts SET returned_at = coalesce(returned_at, ?) WHERE id = ?", scene.now, scene.body["account"])


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {
    "account.added": _added,
    "account.edited": _edited,
    "account.custody": _custody,
    "account.retired": _retired,
    "account.returned": _returned,
}
