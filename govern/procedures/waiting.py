"""Requests to join that wait for this member: told by `status` and `doctor`, believed by nobody before the fingerprint was typed.

Anybody may post anything. So only what lies under the ids of this member's own open invites is looked at, a few of them, and of each it is said
whether it was made with the invite's line, which this machine has kept. A machine without such invites doesn't look at all.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.errors import GovernError
from govern.holdings.findings import Finding
from govern.register.queries import keys as queries
from govern.shell import quoted
from govern.store.address import Server
from govern.store.peek import MOST_LETTER, posted

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

_FEW: Final = 20
"""So many invites are looked at, the newest first."""


def waiting(workspace: Workspace, db: sqlite3.Connection, today: str) -> list[Finding]:
    """One finding per answered invite of this member's on this machine: `request-waits`, or `request-odd` where it was not made with the invite."""
    own = [one for one in queries.answerable(db, workspace.person, today) if _copy(workspace, one[0]).exists()][:_FEW]
    return [_told(workspace, id_, handle, expires, body) for id_, handle, expires, body in _answers(workspace, own)]


def _copy(workspace: Workspace, id_: str) -> Path:
    return workspace.home / "invites" / id_


def _answers(workspace: Workspace, own: list[tuple[str, str, str]]) -> list[tuple[str, str, str, bytes]]:
    if not own:
        return []
    found = _mail(workspace, [bytes.fromhex(id_) for id_, _, _ in own])
    return [(id_, handle, expires, found[bytes.fromhex(id_)]) for id_, handle, expires in own if bytes.fromhex(id_) in found]


def _mail(workspace: Workspace, ids: list[bytes]) -> dict[bytes, bytes]:
    if not isinstance(workspace.path, Server):
        return posted(workspace.path, ids)
    with workspace.store.reading() as reading:
        found = ((id_, reading.mail(id_)) for id_ in ids)
        return {id_: body if len(body) <= MOST_LETTER else b"" for id_, body in found if body is not None}


def _told(workspace: Workspace, id_: str, handle: str, expires: str, body: bytes) -> Finding:
    if _was_made_with_it(workspace, id_, body):
        return Finding(
            code="request-waits", severity="info", subject=handle, message="has answered the invite and waits to be approved", due=expires[:10],
            key=f"request:{id_}", command=f"govern person approve {quoted(handle)} --fingerprint WORDS",
            why=f"{handle} has answered the invite: let them read their words to you, by voice or face to face",
        )  # fmt: skip
    return Finding(
        code="request-odd", severity="warning", subject=handle, message="what was posted for this invite was not made with it: somebody may be in between",
        due=expires[:10], key=f"request:{id_}", command=f"govern person invite {quoted(handle)} --withdraw", why="then invite them anew, over another way",
    )  # fmt: skip


def _was_made_with_it(workspace: Workspace, id_: str, body: bytes) -> bool:
    """By the HMAC under the token; loads ciphers, which only a letter under an own invite's id brings about. A copy that can't be read vouches for
    nothing."""
    from govern.ledger.checkpoint import parse_checkpoint, parse_note
    from govern.vault.custody.files import read_private
    from govern.vault.invite import is_answer, read_invite

    try:
        line = read_invite(read_private(_copy(workspace, id_), "the copy of the invite").decode("ascii", "replace"))
        return is_answer(body, line, parse_checkpoint(parse_note(line.checkpoint).text).root)
    except GovernError:
        return False
