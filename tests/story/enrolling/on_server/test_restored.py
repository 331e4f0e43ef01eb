"""On a server: `..test_restored`."""

from __future__ import annotations

import pytest

from ..test_restored import *  # noqa: F403

pytestmark = pytest.mark.slow
