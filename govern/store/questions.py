"""The questions that a store is asked, in SQLAlchemy's words: one statement each, and nothing larger than any of govern's is handed over."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from govern.store import tables
from govern.store.peek import MOST_NOTE, MOST_VALUE

BATCH: Final = 2_000
"""Rows of a page."""


class _Fits(FunctionElement[bool]):
    """Whether each of these columns holds no more than govern ever writes.

    A connection to SQLite has been told what the largest value may be (`peek.bound`); a server has to be asked.
    """

    inherit_cache = True


class _IsNote(FunctionElement[bool]):
    """Whether a column holds bytes, and no more than a checkpoint has. SQLite keeps any type in any column, a server keeps a column's type."""

    inherit_cache = True


@compiles(_Fits)
def _is_bound(_element: _Fits, _compiler: Any, **_options: Any) -> str:
    return "1"


@compiles(_Fits, "postgresql")
def _asked(element: _Fits, compiler: Any, **options: Any) -> str:
    lengths = (f"coalesce(octet_length({compiler.process(column, **options)}), 0)" for column in element.clauses)
    return " AND ".join(f"{length} <= {MOST_VALUE}" for length in lengths)


@compiles(_IsNote)
def _typed(element: _IsNote, compiler: Any, **options: Any) -> str:
    (name,) = (compiler.process(column, **options) for column in element.clauses)
    return f"typeof({name}) = 'blob' AND length({name}) <= {MOST_NOTE}"


@compiles(_IsNote, "postgresql")
def _measured(element: _IsNote, compiler: Any, **options: Any) -> str:
    (name,) = (compiler.process(column, **options) for column in element.clauses)
    return f"octet_length({name}) <= {MOST_NOTE}"


def _fitting(table: sa.Table) -> dict[str, sa.ColumnElement[Any]]:
    """The table's columns: None for a value that is larger than any of govern's, and in the first such column for one anywhere in the row."""
    large = [column for column in table.c if not isinstance(column.type, sa.BigInteger)]
    found: dict[str, sa.ColumnElement[Any]] = {column.name: column for column in table.c}
    for number, column in enumerate(large):
        found[column.name] = sa.case((_Fits(*(large if number == 0 else [column])), column)).label(column.name)
    return found


_entry, _checkpoint, _wrap = tables.entry.c, tables.checkpoint.c, tables.wrap.c
_NOTE = sa.case((_IsNote(_checkpoint.note), _checkpoint.note))
"""A checkpoint's note; None where it is none, or larger than any."""

_last = sa.select(sa.func.max(_entry.idx).label("idx")).subquery("last")
_newest = (
    sa.select(_checkpoint.size, _NOTE.label("note")).order_by(_checkpoint.size.desc()).limit(sa.literal_column("1")).subquery("newest")
)  # fmt: skip
HEAD: Final = sa.select(_last.c.idx, _newest.c.size, _newest.c.note).select_from(_last.outerjoin(_newest, sa.literal_column("1 = 1")))
"""Greatest index, size and note of the newest checkpoint."""

_whole_entry, _whole_version, _whole_wrap = _fitting(tables.entry), _fitting(tables.version), _fitting(tables.wrap)
ALL_VERSIONS: Final = sa.select(*_whole_version.values())
ALL_WRAPS: Final = sa.select(*_whole_wrap.values())
LETTERS: Final = sa.select(*_fitting(tables.mailbox).values())
META: Final = sa.select(*_fitting(tables.meta).values())
ENTRIES: Final = (
    sa.select(*_whole_entry.values()).where(_entry.idx >= sa.bindparam("first"), _entry.idx < sa.bindparam("until")).order_by(_entry.idx)
)  # fmt: skip
CHECKPOINT: Final = sa.select(_NOTE).where(_checkpoint.size == sa.bindparam("size"))
CHECKPOINTS: Final = (
    sa.select(_checkpoint.size, _NOTE).where(_checkpoint.size > sa.bindparam("after")).order_by(_checkpoint.size).limit(BATCH)
)  # fmt: skip
VERSION: Final = sa.select(_whole_version["commitment"], _whole_version["sealed"]).where(tables.version.c.digest == sa.bindparam("digest"))
MAIL: Final = sa.select(_fitting(tables.mailbox)["body"]).where(tables.mailbox.c.id == sa.bindparam("of"))
WRAP: Final = sa.select(_whole_wrap["sealed"]).where(_wrap.target == sa.bindparam("target"), _wrap.recipient == sa.bindparam("recipient"))
WRAPS_OF: Final = sa.select(_wrap.recipient, _whole_wrap["sealed"]).where(_wrap.target == sa.bindparam("target"))
EPOCH_WRAPS: Final = sa.select(_wrap.target, _whole_wrap["sealed"]).where(
    _wrap.recipient == sa.bindparam("recipient"), sa.func.length(_wrap.target) == 16
)
DROP_WRAP: Final = sa.delete(tables.wrap).where(_wrap.target == sa.bindparam("t"), _wrap.recipient == sa.bindparam("r"))
