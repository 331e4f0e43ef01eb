"""On a server: `..test_restored`."""

from __future__ import annotations

import pytest

from ..members import Member
from ..test_restored import *  # noqa: F403
from ..test_restored import go_on

pytestmark = pytest.mark.slow


@pytest.fixture
def since(mia: Member) -> Member:
    go_on(mia)
    return mia
