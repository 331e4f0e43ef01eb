"""Accounts: one identity on one platform, who answers for it, and what it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection import freezes, services
from govern.register.projection.scene import Scene

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
    serves = scene.one("SELECT EXISTS (SELECT 1 FROM services) FROM people WHERE id = ?", body["custodian"])
    if serves is None:
        raise scene.unknown("person")
    if serves[0]:  # without any, which of them serves need not be asked
        services.hold_nothing(scene, body["custodian"], body.get("deputy"))
    scene.run(
        "INSERT INTO accounts (id, handle, platform, tier, custodian, deputy, department, client, prompts_reach, login, url, title, added_at, entry)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["account"], body["handle"], body["platform"], body["tier"], body["custodian"], body.get("deputy"), body.get("department"),
        body.get("client"), body.get("prompts_reach"), personal.get("login"), personal.get("url"), personal.get("title"), scene.at, scene.index,
    )  # fmt: skip
    _lists(scene, body["account"])


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
    if "tier" in scene.body and scene.body["tier"] != scene.one("SELECT tier FROM accounts WHERE id = ?", account)[0]:
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
    scene.run("UPDATE accounts SET custodian = ? WHERE id = ?", scene.body["custodian"], scene.body["account"])


def _retired(scene: Scene) -> None:
    scene.must("account", "accounts", scene.body["account"])
    scene.run("UPDATE accounts SET state = 'retired' WHERE id = ?", scene.body["account"])


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
