"""On a server: `..test_waiting`."""

from __future__ import annotations

import pytest

from ..test_waiting import *  # noqa: F403

pytestmark = pytest.mark.slow
