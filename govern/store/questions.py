"""The questions that a store is asked, in SQLAlchemy's words: one statement each, put together when it is first asked,
and nothing larger than any of govern's is handed over."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from govern.store import tables
from govern.store.peek import MOST_NOTE, MOST_VALUE

if TYPE_CHECKING:
    Question = sa.Select[*tuple[Any, ...]]

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


def _note() -> sa.ColumnElement[Any]:
    """A checkpoint's note; None where it is none, or larger than any."""
    return sa.case((_IsNote(_checkpoint.note), _checkpoint.note))


_entry, _checkpoint, _wrap, _version = tables.entry.c, tables.checkpoint.c, tables.wrap.c, tables.version.c


@cache
def head() -> Question:
    """Greatest index, size and note of the newest checkpoint."""
    last = sa.select(sa.func.max(_entry.idx).label("idx")).subquery("last")
    newest = (
        sa.select(_checkpoint.size, _note().label("note")).order_by(_checkpoint.size.desc()).limit(sa.literal_column("1")).subquery("newest")
    )  # fmt: skip
    return sa.select(last.c.idx, newest.c.size, newest.c.note).select_from(last.outerjoin(newest, sa.literal_column("1 = 1")))


@cache
def everything(table: sa.Table) -> Question:
    """Every row of a table."""
    return sa.select(*_fitting(table).values())


@cache
def entries() -> Question:
    """Those with first <= index < until."""
    between = (_entry.idx >= sa.bindparam("first"), _entry.idx < sa.bindparam("until"))
    return sa.select(*_fitting(tables.entry).values()).where(*between).order_by(_entry.idx)


@cache
def checkpoint() -> Question:
    return sa.select(_note()).where(_checkpoint.size == sa.bindparam("size"))


@cache
def checkpoints() -> Question:
    """A page of them, above a size."""
    return sa.select(_checkpoint.size, _note()).where(_checkpoint.size > sa.bindparam("after")).order_by(_checkpoint.size).limit(BATCH)


@cache
def version() -> Question:
    whole = _fitting(tables.version)
    return sa.select(whole["commitment"], whole["sealed"]).where(_version.digest == sa.bindparam("digest"))


@cache
def versions() -> Question:
    whole = _fitting(tables.version)
    return sa.select(_version.digest, whole["commitment"], whole["sealed"]).where(
        _version.digest.in_(sa.bindparam("digests", expanding=True))
    )  # fmt: skip


@cache
def mail() -> Question:
    return sa.select(_fitting(tables.mailbox)["body"]).where(tables.mailbox.c.id == sa.bindparam("of"))


@cache
def wrap() -> Question:
    of = (_wrap.target == sa.bindparam("target"), _wrap.recipient == sa.bindparam("recipient"))
    return sa.select(_fitting(tables.wrap)["sealed"]).where(*of)


@cache
def wraps_to() -> Question:
    """Those of many targets to one recipient."""
    of = (_wrap.recipient == sa.bindparam("recipient"), _wrap.target.in_(sa.bindparam("targets", expanding=True)))
    return sa.select(_wrap.target, _fitting(tables.wrap)["sealed"]).where(*of)


@cache
def wraps_of() -> Question:
    """Those of one target."""
    return sa.select(_wrap.recipient, _fitting(tables.wrap)["sealed"]).where(_wrap.target == sa.bindparam("target"))


@cache
def epoch_wraps() -> Question:
    """Those of epoch keys to one recipient."""
    of = (_wrap.recipient == sa.bindparam("recipient"), sa.func.length(_wrap.target) == 16)
    return sa.select(_wrap.target, _fitting(tables.wrap)["sealed"]).where(*of)


@cache
def drop_wrap() -> sa.Delete:
    return sa.delete(tables.wrap).where(_wrap.target == sa.bindparam("t"), _wrap.recipient == sa.bindparam("r"))
