"""What to do next where the database is not what was verified and whoever saw it had no better word: nothing here looks at anything."""

from __future__ import annotations

from typing import Final

from govern.errors import IntegrityError

_EVIDENCE: Final = "keep a copy of the database as it is; `govern ledger verify --deep` names what was altered, and docs/restore.md says how to put it right"
_BACK: Final = "put the newest database back, or each member refills it: govern vault restore --refill"
_TELL: Final = "compare the checkpoints of several members before going on: govern ledger compare NOTE"

_BY_CODE: Final = {
    "rolled-back": _BACK, "tail": _BACK, "missing": _BACK, "empty": _BACK,
    "forked": _TELL, "signer": _TELL,
    "epoch": "the machine that wrote its wraps puts them back: govern vault restore --refill; docs/restore.md says what else there is",
    "register": "close every govern, remove register.db from the state folder: the next command makes it again from the journal",
    "invite": "ask the inviter for a new invite, over another way than the one by which this came",
}  # fmt: skip


def way_on(error: IntegrityError) -> str:
    """A hint for an integrity error that brings none."""
    return error.hint or _BY_CODE.get(error.code, _EVIDENCE)
