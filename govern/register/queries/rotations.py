"""Questions about rotations: by id or the beginning of one, by credential, lists of what is open and what is due."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from govern.errors import NotFound, Refused, Usage
from govern.register.queries.rotatable import Rotatable, place_called
from govern.rotation.machine import Candidate, State, is_open


class Rotation(NamedTuple):
    """One rotation and what it rotates. Ids are hex, texts empty and numbers 0 where there is none; `kept_in` is a place's id, `place` its name.

    `candidate` is the version that stands for it: the newest staged, or the confirmed one; `shown`: somebody has seen it.
    """

    id: str
    credential: str
    account: str
    handle: str
    platform: str
    tier: str
    kind: str
    kept_in: str
    trigger: str
    state: State
    due: str
    opened_at: str
    opener: str
    candidate: int
    shown: bool
    ended_at: str
    confirmer: str
    grade: str
    entry: int
    place: str
    connector: str = ""
    """The connector that has it in hand, or carried it out."""
    sessions_cut: bool | None = None
    cut: tuple[str, ...] = ()
    """What was ended there with it, as recorded at the confirmation."""
    residual_until: str = ""
    """Until when whoever was signed in gets in all the same; a UTC time."""
    awaits: str = ""
    """`mailed-code`: the platform has mailed a code, without which the connector can't go on."""

    @property
    def open(self) -> bool:
        return is_open(self.state)


_DUE: Final = """nullif(min(coalesce(r.due, '~'), coalesce((
    SELECT min(i.due) FROM items i JOIN cases k ON k.id = i.case_id AND k.state = 'cut'
    WHERE i.credential = r.credential AND i.kind = 'rotate' AND i.state = 'open'), '~')), '~')"""
"""While it is open it is due by its own deadline, or by that of a departure it serves, whichever comes first."""

_COLUMNS: Final = f"""
SELECT r.id, r.credential, c.account, a.handle, a.platform, a.tier, c.kind, c.kept_in, r.trigger, r.state,
  CASE WHEN r.ended_at IS NULL THEN {_DUE} ELSE r.due END AS due_by,
  r.opened_at, r.opener, r.candidate, r.shown, r.ended_at, r.confirmer, r.grade, r.entry, p.name, r.cut, r.residual_until,
  r.connector, r.sessions_cut, CASE WHEN r.state = 'unknown' THEN r.awaits END
FROM rotations r JOIN credentials c ON c.id = r.credential JOIN accounts a ON a.id = c.account LEFT JOIN places p ON p.id = c.kept_in
"""  # noqa: S608  SQL of ours


def _rotation(row: Sequence[object]) -> Rotation:
    texts = [str(value or "") for value in row]
    return Rotation(
        id=texts[0], credential=texts[1], account=texts[2], handle=texts[3], platform=texts[4], tier=texts[5], kind=texts[6], kept_in=texts[7],
        trigger=texts[8], state=State(texts[9]), due=texts[10], opened_at=texts[11], opener=texts[12], candidate=int(texts[13] or 0),
        shown=bool(row[14]), ended_at=texts[15], confirmer=texts[16], grade=texts[17], entry=int(texts[18] or 0),
        place=place_called(texts[7], texts[19]), cut=tuple(texts[20].split()), residual_until=texts[21],
        connector=texts[22], sessions_cut=None if row[23] is None else bool(row[23]), awaits=texts[24],
    )  # fmt: skip


def by_id(db: sqlite3.Connection, id_: str) -> Rotation:
    row = db.execute(_COLUMNS + "WHERE r.id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no rotation {id_[:40]!r}", hint="govern rotation list")
    return _rotation(row)


def find(db: sqlite3.Connection, text: str) -> Rotation:
    """The rotation of this id, or of the only id that begins so (six hex digits at least)."""
    return by_id(db, whole_id(db, "rotations", "rotation", text, hint="govern rotation list"))


def whole_id(db: sqlite3.Connection, table: str, noun: str, text: str, *, hint: str) -> str:
    """The id in a table of ours that begins so; Usage for what is no id, NotFound, or Refused where several do."""
    wanted = text.strip().casefold()
    if not re.fullmatch(r"[0-9a-f]{6,32}", wanted):
        raise Usage(f"{text[:40]!r} is no id of a {noun}", hint=f"six or more of its hex digits: {hint}")
    last = wanted[:-1] + chr(ord(wanted[-1]) + 1)
    found = [row[0] for row in db.execute(f"SELECT id FROM {table} WHERE id >= ? AND id < ? ORDER BY id LIMIT 3", (wanted, last))]  # noqa: S608
    if not found:
        raise NotFound(f"there is no {noun} {text[:40]!r}", hint=hint)
    if len(found) > 1:
        raise Refused(f"several ids begin with {wanted}", rule="ambiguous", hint="type more of it")
    return str(found[0])


def open_of(db: sqlite3.Connection, credential: str) -> Rotation | None:
    """The open rotation of a credential."""
    row = db.execute(_COLUMNS + "WHERE r.credential = ? AND r.ended_at IS NULL", (credential,)).fetchone()
    return None if row is None else _rotation(row)


_OPEN_AMONG: Final = f"""
SELECT r.credential, r.id, r.trigger, r.state, {_DUE}, r.opened_at, r.opener, coalesce(r.candidate, 0), r.shown, r.entry, coalesce(r.connector, ''),
  iif(r.state = 'unknown', coalesce(r.awaits, ''), '')
FROM rotations r WHERE r.ended_at IS NULL AND r.credential IN (SELECT value FROM json_each(?))
"""  # noqa: S608  SQL of ours


def open_among(db: sqlite3.Connection, of: Mapping[str, Rotatable]) -> dict[str, Rotation]:
    """Credential -> its open rotation, of these credentials; asked for what they do not tell already, which is half of the time."""
    found = {}
    for credential, id_, trigger, state, due, opened_at, opener, candidate, shown, entry, connector, awaits in db.execute(
        _OPEN_AMONG, (json.dumps(list(of)),)
    ):
        one = of[credential]
        found[credential] = Rotation(
            id_, credential, one.account, one.handle, one.platform, one.tier, one.kind, one.kept_in, trigger, State(state), due or "", opened_at, opener,
            candidate, bool(shown), "", "", "", entry, one.place, connector, None, (), "", awaits,
        )  # fmt: skip
    return found


def under_way(db: sqlite3.Connection, credentials: Sequence[str]) -> set[str]:
    """Those of these credentials that have an open rotation."""
    query = "SELECT credential FROM rotations WHERE ended_at IS NULL AND credential IN (SELECT value FROM json_each(?))"
    return {row[0] for row in db.execute(query, (json.dumps(list(credentials)),))}


def rotations(db: sqlite3.Connection, *, only_open: bool = False, due_by: str = "") -> list[Rotation]:
    """All, or the open ones, or the open ones due by a UTC time; what is due first, then the newest."""
    where = "WHERE r.ended_at IS NULL " if only_open or due_by else ""
    where += "AND due_by <= :due " if due_by else ""
    order = "ORDER BY r.ended_at IS NOT NULL, due_by IS NULL, due_by, r.opened_at DESC, r.entry DESC"
    return [_rotation(row) for row in db.execute(_COLUMNS + where + order, {"due": due_by})]


def candidate(db: sqlite3.Connection, rotation: Rotation, n: int) -> Candidate:
    """What is told about a version that may be confirmed. NotFound where the rotation has no such version."""
    row = db.execute(
        "SELECT origin FROM versions WHERE credential = ? AND n = ? AND rotation = ?", (rotation.credential, n, rotation.id)
    ).fetchone()
    if row is None:
        raise NotFound(f"the rotation has no candidate {n}", hint=f"govern rotation show {rotation.id[:8]}")
    query = (
        "SELECT what FROM shown WHERE credential = ? AND n = ? AND purpose NOT IN ('probe', 'send')"  # a program tried it: nobody saw it
    )
    shown = {what for (what,) in db.execute(query, (rotation.credential, n))}
    return Candidate(kind=rotation.kind, origin=row[0], seen=bool(shown - {"code"}), coded="code" in shown)


class Staged(NamedTuple):
    """One version as the rotation sees it. `manifest`: 64 hex digits, empty where it is kept elsewhere; `reuses`: 0 or an earlier version."""

    n: int
    state: str
    origin: str
    manifest: str
    reuses: int
    staged_at: str


def newest_among(db: sqlite3.Connection, credentials: Sequence[str]) -> dict[str, int]:
    """Credential -> number of its newest version; nothing where there is none yet."""
    query = "SELECT value, (SELECT max(n) FROM versions WHERE credential = value) AS newest FROM json_each(?) WHERE newest IS NOT NULL"
    return dict(db.execute(query, (json.dumps(list(credentials)),)).fetchall())


_STAGED: Final = "SELECT credential, n, state, origin, coalesce(manifest, ''), coalesce(reuses, 0), staged_at FROM versions WHERE "


def versions(db: sqlite3.Connection, credential: str) -> list[Staged]:
    """Every version of a credential, the newest first."""
    return [Staged(*row[1:]) for row in db.execute(_STAGED + "credential = ? ORDER BY n DESC", (credential,))]


def remembered(db: sqlite3.Connection, credential: str) -> dict[int, bytes]:
    """Version -> the fingerprints of earlier secrets that its confirmation sealed beside it."""
    rows = db.execute("SELECT n, sealed FROM remembered WHERE credential = ?", (credential,))
    return {n: bytes.fromhex(sealed) for n, sealed in rows}


def newest_sealed(db: sqlite3.Connection, credentials: Sequence[str]) -> list[bytes]:
    """Manifest digests of the newest version of each of these credentials that is sealed here."""
    rows = db.execute(
        "SELECT v.manifest FROM json_each(?) j JOIN versions v ON v.credential = j.value AND v.n ="
        " (SELECT max(n) FROM versions WHERE credential = j.value AND manifest IS NOT NULL)",
        (json.dumps(list(credentials)),),
    )
    return [bytes.fromhex(row[0]) for row in rows]
