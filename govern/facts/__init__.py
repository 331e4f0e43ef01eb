"""Every fact that the ledger can hold: its name, its fields, the group of readers it is for.

Knows shapes, not meanings: whether a fact may be recorded by somebody is decided in `govern.holdings`, what it changes in
`govern.register`; how it is written in `govern.events`. The words that its fields are made of are in `govern.vocabulary`.

A type is never changed once released: fields are only added, as optional ones; anything else is a new type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from govern import vocabulary as words
from govern.facts.done import DONE
from govern.facts.fact import Fact, fact
from govern.facts.held import HELD
from govern.fields import count, digest, id_, many, record, signature, time, word

FACTS: Final[Mapping[str, Fact]] = {**HELD, **DONE}
"""Type -> shape. The order is the order of `docs/formats/event-types.md`."""

PARAMETERS: Final[Mapping[str, Fact]] = {
    "role": fact(person=id_, role=word(*words.ROLES), optional={"until": time}),
    "recovery-replaced": fact(key=id_, sign=digest, seal=digest, threshold=count, shares=count, proof=signature),
    "erasure": fact(person=id_, entries=count),
    "restore": fact(size=count, root=digest, note=digest),
    "policy": fact(policy=record, digest=digest),
    "account-erasure": fact(accounts=many(id_, 500), entries=count, versions=count, wraps=count),
}  # fmt: skip
"""Act -> the shape of the parameters of its proposal."""
