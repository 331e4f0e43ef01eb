"""The six tables of the store, as SQLAlchemy Core declares them. No column here is believed: what it must hold follows from the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy.types import TypeDecorator


class Blob(TypeDecorator[bytes]):
    """Bytes as the driver gives them. SQLAlchemy's own conversion would turn a planted integer n into n zero bytes."""

    impl = LargeBinary
    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> None:  # noqa: ARG002
        return None


metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Blob, nullable=False))

entry = Table(
    "entry",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("compartment", Blob, nullable=False),
    Column("epoch", Blob, nullable=False),
    Column("commitment", Blob, nullable=False),
    Column("sealed", Blob, nullable=False),
    Column("personal", Blob),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Blob, nullable=False),
)

version = Table(
    "version",
    metadata,
    Column("digest", Blob, primary_key=True),
    Column("commitment", Blob, nullable=False),
    Column("sealed", Blob, nullable=False),
)

wrap = Table(
    "wrap",
    metadata,
    Column("target", Blob, nullable=False),
    Column("recipient", Blob, nullable=False),
    Column("sealed", Blob, nullable=False),
    PrimaryKeyConstraint("target", "recipient"),
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("id", Blob, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Blob, nullable=False),
)
