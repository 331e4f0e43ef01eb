"""A source of bytes that repeats itself from run to run, two members' keys, and one sealed version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count

import pytest

from govern.vault.keys import Keys
from govern.vault.seal import Context


@pytest.fixture
def random() -> Callable[[int], bytes]:
    """Never the same bytes twice within a test, always the same in every run."""
    calls = count()
    return lambda size: hashlib.shake_256(b"test" + next(calls).to_bytes(8, "big")).digest(size)


@pytest.fixture(scope="session")
def anna() -> Keys:
    return Keys.from_seed(b"a" * 32)


@pytest.fixture(scope="session")
def bert() -> Keys:
    return Keys.from_seed(b"b" * 32)


@pytest.fixture(scope="session")
def context() -> Context:
    return Context(vault=b"V" * 32, account=b"A" * 16, credential=b"C" * 16, kind="password", version=3)
