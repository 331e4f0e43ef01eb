"""What became of a COMMIT that failed or was never answered: found by looking, never guessed.

A file either has it or not. A server may still be at it when the connection is lost, and may have shown the signed checkpoint to others
even where it says that nothing was kept. So it is asked under the write lock, which whatever is still under way holds; and what it does not
have is put in again, the same bytes, never new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.errors import Failed
from govern.register import letters, wipe
from govern.register.frames import Written
from govern.register.journal import Journal
from govern.register.resubmit import put

if TYPE_CHECKING:
    from govern.register.parts import Parts

_TRIES = 3


def settle(parts: Parts, journal: Journal, start: tuple[int, int]) -> bool:
    """Whether the transaction that the journal holds from `start` on stands in the store. False: it never will.

    Raises Failed (code `unknown`) where the store gives no answer; the next command that writes finds out and goes on.
    """
    tail = next(journal.read(start))
    gone = wipe.erased(parts.db, since=tail.entries[0][0])
    lost: Exception | None = None
    for _ in range(_TRIES):
        try:
            return _put_again(parts, tail, gone) if parts.store.server else _look(parts, tail)
        except Exception as error:
            lost = error
            passes = isinstance(error, Failed) and (error.code in ("connection", "race") or parts.store.passes(error, waiting=False))
            if not (parts.store.server and passes):
                break
    if isinstance(lost, Failed) and lost.code not in ("connection", "busy") and parts.store.server:
        raise Failed(f"{lost.message}; what was recorded is kept here, and put in by your next command", hint=lost.hint, code=lost.code)
    raise Failed(
        "the database did not answer whether it has committed", code="unknown",
        hint="your next command that writes finds out and goes on; govern doctor tells of it",
    ) from lost  # fmt: skip


def _look(parts: Parts, tail: Written) -> bool:
    with parts.store.reading() as reading:
        return reading.checkpoint(tail.size) == tail.note


def _put_again(parts: Parts, tail: Written, gone: wipe.Gone) -> bool:
    # We hold the register's lock, for which another process of ours may be waiting with this one in its hands: not for long.
    with parts.store.writing(patient=False) as writing:
        if writing.checkpoint(tail.size) == tail.note:
            return True
        if writing.head()[0] != tail.size - len(tail.entries):
            return False  # others went on from where it began
        put(writing, tail, gone)
        writing.drop_mail(letters.ended(parts.db))
        writing.commit()
        return True
