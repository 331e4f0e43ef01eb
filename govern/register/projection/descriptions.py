"""What is said of an account beside its login: what it is for, its second factor, whose mail address and phone are registered, the business feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.register.projection.scene import Scene

_COLUMNS: Final = ("business", "second_factor", "mail", "phone")


def _described(scene: Scene) -> None:
    """Only what is named changes. No second factor is no state that an account is left in: it takes an exception, with a reason and an end."""
    body, account = scene.body, scene.body["account"]
    row = scene.one("SELECT erased FROM accounts WHERE id = ?", account)
    if row is None:
        raise scene.unknown("account")
    if row[0]:
        raise Refused(
            "an account that was erased is not described again", rule="erased", control="SI-12(3)", hint="add it anew if it came back"
        )
    if body.get("second_factor") == "none" and not scene.one(
        "SELECT 1 FROM exceptions WHERE point = 'second-factor' AND account = ? AND ended_at IS NULL AND until >= ?",
        account,
        (scene.now or scene.at)[:10],
    ):
        raise Refused(
            "an account without a second factor takes an exception", rule="second-factor-off", control="IA-2(1)",
            hint="govern exception add ACCOUNT --point second-factor --reason R --until DATE",
        )  # fmt: skip
    scene.run("INSERT OR IGNORE INTO descriptions (account) VALUES (?)", account)
    for field in _COLUMNS:
        if field in body:
            value = int(body[field]) if field == "business" else body[field]
            scene.run(f"UPDATE descriptions SET {field} = ? WHERE account = ?", value, account)  # noqa: S608  names are ours
    if scene.has_personal:
        scene.run("INSERT OR IGNORE INTO texts_of VALUES (?, ?)", account, scene.index)
        if "purpose" in scene.personal:
            scene.run("UPDATE descriptions SET purpose = ?, entry = ? WHERE account = ?", scene.personal["purpose"], scene.index, account)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"account.described": _described}
