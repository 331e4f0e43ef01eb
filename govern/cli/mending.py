"""What to do next where whoever refused had no better word, above all where the database is not what was verified: nothing here looks at anything."""

from __future__ import annotations

from typing import Final

from govern.errors import Failed, GovernError, IntegrityError, Locked, Malformed, NotFound, Refused, Usage

_EVIDENCE: Final = "keep a copy of the database as it is; `govern ledger verify --deep` names what was altered, and docs/restore.md says how to put it right"
_BACK: Final = "put the newest database back, or each member refills it: govern vault restore --refill"
_TELL: Final = (
    "hold what each member's machine has verified against the others before going on: govern ledger checkpoint --remembered,"
    " govern ledger compare NOTE; docs/restore.md says how"
)

_ALTERED: Final = {
    "rolled-back": _BACK, "tail": _BACK, "missing": _BACK, "empty": _BACK,
    "forked": _TELL, "signer": _TELL,
    "epoch": "the machine that wrote its wraps puts them back: govern vault restore --refill; where these were never good, somebody else who reads begins"
    " new epochs: govern key renew --all; docs/restore.md says what else there is",
    "register": "close every govern, remove register.db from the state folder: the next command makes it again from the journal",
    "invite": "ask the inviter for a new invite, over another way than the one by which this came",
}  # fmt: skip

_BY_CLASS: Final[dict[type[GovernError], str]] = {
    Usage: "--help behind the command says what it takes",
    NotFound: "check the name",
    Malformed: "check that it is the file or the text that was meant",
    Refused: "govern policy show says which rules hold, govern status what is open",
    Locked: "govern doctor looks at this machine's key and folder",
    Failed: "try again; govern doctor looks at this machine and the vault",
}


def way_on(error: GovernError) -> str:
    """A hint for an error that brings none."""
    if error.hint:
        return error.hint
    if isinstance(error, IntegrityError):
        return _ALTERED.get(error.code, _EVIDENCE)
    return next((hint for kind, hint in _BY_CLASS.items() if isinstance(error, kind)), "")
