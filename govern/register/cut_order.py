"""The order that an embargoed case holds for whoever makes its cut unattended: its opener's signature that this person leaves, from this time on.

Nothing in `base` may tell of the case before its cut, and nobody who does not read it can judge by it. So what a service needs in `base` to
say that somebody leaves is signed at the opening, kept in the sealed case, and told with the cut: everybody checks it against the opener's key.
Control: NIST SP 800-53 rev. 5 AC-6 (least privilege), PS-4 (termination).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from govern.canonical import canonical
from govern.errors import Refused
from govern.vault.keys import Keys, verify

if TYPE_CHECKING:
    from govern.register.projection.scene import Scene

_LABEL: Final = b"govern/cut-order/v1\0"


def _message(*, case: str, person: str, start: str, last_day: str) -> bytes:
    return _LABEL + canonical({"case": case, "from": start, "last_day": last_day, "person": person})


def sign(keys: Keys, *, case: str, person: str, start: str, last_day: str = "") -> str:
    """Ed25519 signature, 128 hex digits: the person (id) leaves from `start` (UTC) on, by their case (id) and with this last day or none."""
    return keys.sign(_message(case=case, person=person, start=start, last_day=last_day)).hex()


def stands(db: sqlite3.Connection, *, person: str, last_day: str, order: Sequence[str], now: str) -> bool:
    """Whether this order (case, from, key, signature) stands at `now` (UTC): signed with the active key of an admin or HR who stays, is
    somebody else than the person it is about, and may still say so."""
    case, start, key, signature = order
    row = db.execute(_SIGNER, {"key": key, "now": now}).fetchone()
    if row is None or row[1] == person or start > now:
        return False
    return verify(row[0], _message(case=case, person=person, start=start, last_day=last_day), bytes.fromhex(signature))


_SIGNER: Final = """
SELECT k.sign, k.person FROM keys k JOIN people p ON p.id = k.person
WHERE k.id = :key AND k.state = 'active' AND NOT p.leaving AND p.left_on IS NULL AND EXISTS (
  SELECT 1 FROM roles r WHERE r.person = k.person AND r.role IN ('admin', 'hr') AND (r.until IS NULL OR r.until > :now))
"""


def check(scene: Scene) -> None:
    """Raise Refused (rule `cut-order`) for a `person.leaving` whose order does not stand at the ledger's time."""
    body = scene.body
    if not stands(scene.db, person=body["person"], last_day=body.get("last_day", ""), order=body["order"], now=scene.now):
        raise Refused(
            "the order for this cut was given for another time or person, or by somebody who gives none any more", rule="cut-order",
            control="AC-6", hint="an admin or HR who reads the case makes the cut: govern offboard run-due",
        )  # fmt: skip
