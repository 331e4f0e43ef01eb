"""What the facts about roles, tools, devices and recovery channels have in common: who may say that one of one's own is no more.

An end that nobody else has seen is worth nothing in a departure: whoever still has the role would be the one to say that they have not.
"""

from __future__ import annotations

from typing import Final

from govern.errors import Refused
from govern.holdings.inventory import ends_after_beginning
from govern.register.projection.scene import Scene

_ANOTHER: Final = """
SELECT 1 FROM roles r JOIN people p ON p.id = r.person WHERE r.role IN ('admin', :hr) AND r.person <> :actor AND (r.until IS NULL OR r.until > :now)
  AND NOT p.leaving AND p.left_on IS NULL AND EXISTS (SELECT 1 FROM keys k WHERE k.person = r.person AND k.state = 'active') LIMIT 1
"""

TIES: Final = """
(SELECT 1 FROM entitlements t JOIN accounts a ON a.id = t.account AND a.state = 'active' WHERE t.person = ? AND t.ended_at IS NULL
 UNION ALL SELECT 1 FROM apps t JOIN accounts a ON a.id = t.account AND a.state = 'active' WHERE t.person = ? AND t.ended_at IS NULL
 UNION ALL SELECT 1 FROM devices t WHERE t.person = ? AND t.state = 'held'
 UNION ALL SELECT 1 FROM channels t JOIN versions v ON v.credential = t.credential AND v.n = t.n AND v.ended_at IS NULL AND v.state = 'current'
   JOIN credentials c ON c.id = t.credential JOIN accounts a ON a.id = c.account AND a.state = 'active' WHERE t.person = ?)
"""
"""One row for each thing in use that ties a person (asked for four times) to an account in use."""


def by_another(scene: Scene, person: str | None, what: str, *, by_hr: bool = True) -> None:
    """Refuse to somebody who leaves, or where another could, the end of what is their own (NIST SP 800-53 AC-5). `by_hr`: HR could, too."""
    if person is None or person != scene.actor:
        return
    leaves = scene.one("SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)", scene.actor)
    if leaves or another_admin(scene, or_hr=by_hr):
        raise Refused(
            f"nobody says of their own {what} that it has ended", rule="own-end", control="AC-5",
            hint=f"another admin{' or HR' if by_hr else ''} looks and records it",
        )  # fmt: skip


def another_admin(scene: Scene, *, or_hr: bool = False) -> bool:
    """Whether an admin other than the actor has keys and stays; `or_hr`: or somebody of HR."""
    asked = {"actor": scene.actor, "now": scene.agreed(), "hr": "hr" if or_hr else "admin"}
    return scene.db.execute(_ANOTHER, asked).fetchone() is not None


def still_open(scene: Scene, row: tuple[str, str | None, str | None] | None, noun: str) -> None:
    """Refuse to end what the ledger does not have, what belongs to another account than is said, or what has ended. `row`: account, person, end."""
    if row is None:
        raise scene.unknown(noun)
    if row[0] != scene.body["account"]:
        raise Refused(f"{scene.type} names another account than that of its {noun}", rule="unknown-reference")
    if row[2] is not None:
        raise Refused(f"this {noun} has ended", rule="ended", hint=f"govern {noun} list")


def end(scene: Scene, table: str, id_: str, *, began: str = "since") -> None:
    """Write down that it has ended: when it was recorded, when it is said to have happened, by whom. Refused before it began (column `began`)."""
    since = scene.one(f"SELECT {began} FROM {table} WHERE id = ?", id_)  # noqa: S608  names are ours
    ends_after_beginning(since[0] or "" if since else "", scene.body.get("on") or "")
    scene.run(
        f"UPDATE {table} SET ended_at = ?, ended_on = ?, ender = ?, ended_entry = ? WHERE id = ?",  # noqa: S608  names are ours
        scene.at, scene.body.get("on"), scene.actor, scene.index, id_,
    )  # fmt: skip
