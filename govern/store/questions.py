"""The questions that a store is asked, in SQLAlchemy's words: one statement each, and nothing larger than any of govern's is handed over."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from govern.store import tables
from govern.store.peek import MOST_NOTE

BATCH: Final = 2_000
"""Rows of a page."""


class _Bytes(sa.ColumnElement[bool]):
    """Whether what stands in a column is bytes at all: SQLite keeps any type in any column, a server keeps a column's type."""

    inherit_cache = True
    type = sa.Boolean()
    _traverse_internals = [("column", sa.sql.visitors.InternalTraversal.dp_clauseelement)]

    def __init__(self, column: sa.ColumnElement[Any]) -> None:
        self.column = column


@compiles(_Bytes)
def _typed(element: _Bytes, compiler: Any, **options: Any) -> str:
    return f"typeof({compiler.process(element.column, **options)}) = 'blob'"


@compiles(_Bytes, "postgresql")
def _kept(_element: _Bytes, _compiler: Any, **_options: Any) -> str:
    return "true"


_entry, _checkpoint, _wrap = tables.entry.c, tables.checkpoint.c, tables.wrap.c
_NOTE = sa.case(
    (sa.and_(_Bytes(_checkpoint.note), sa.func.length(_checkpoint.note) <= sa.literal_column(str(MOST_NOTE))), _checkpoint.note)
)
"""A checkpoint's note; None where it is none, or larger than any. `length` of bytes is their number on either engine."""

_last = sa.select(sa.func.max(_entry.idx).label("idx")).subquery("last")
_newest = (
    sa.select(_checkpoint.size, _NOTE.label("note")).order_by(_checkpoint.size.desc()).limit(sa.literal_column("1")).subquery("newest")
)  # fmt: skip
HEAD: Final = sa.select(_last.c.idx, _newest.c.size, _newest.c.note).select_from(_last.outerjoin(_newest, sa.literal_column("1 = 1")))
"""Greatest index, size and note of the newest checkpoint."""

ENTRIES: Final = (
    sa.select(tables.entry).where(_entry.idx >= sa.bindparam("first"), _entry.idx < sa.bindparam("until")).order_by(_entry.idx)
)  # fmt: skip
CHECKPOINT: Final = sa.select(_NOTE).where(_checkpoint.size == sa.bindparam("size"))
CHECKPOINTS: Final = (
    sa.select(_checkpoint.size, _NOTE).where(_checkpoint.size > sa.bindparam("after")).order_by(_checkpoint.size).limit(BATCH)
)  # fmt: skip
VERSION: Final = sa.select(tables.version.c.commitment, tables.version.c.sealed).where(tables.version.c.digest == sa.bindparam("digest"))
MAIL: Final = sa.select(tables.mailbox.c.body).where(tables.mailbox.c.id == sa.bindparam("of"))
WRAP: Final = sa.select(_wrap.sealed).where(_wrap.target == sa.bindparam("target"), _wrap.recipient == sa.bindparam("recipient"))
DROP_WRAP: Final = sa.delete(tables.wrap).where(_wrap.target == sa.bindparam("t"), _wrap.recipient == sa.bindparam("r"))
